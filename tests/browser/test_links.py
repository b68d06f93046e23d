"""Where codes lead, kept by people at the console, and seen by a phone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PHONE, Opens, Server, Visitor
from tests.conftest import Brand
from tests.labels import make_product
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.support.masterdata.facade import Product

Photograph = Callable[[Page, str], None]


@pytest.fixture
def product(runtime: Runtime, brand: Brand, server: Server) -> Product:
    with runtime.database.transaction(brand.scope) as session:
        made = make_product(session, brand.id)
    server.application.keep_up()
    return made


def host(visitor: Visitor) -> None:
    visitor.post("links/hosts", {"host": "www.brand.example"})


def link_fields(page: Page, number: int) -> Locator:
    return page.get_by_role("group", name=f"Link {number}")


def scanned(server: Server, path: str, language: str = "zh-CN") -> str:
    answer = httpx.get(f"{server.url}{path}", headers={"accept-language": language})
    return answer.headers.get("location", str(answer.status_code))


def test_a_marketer_says_where_a_product_leads(
    visit: Opens, brand: Brand, product: Product, server: Server, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.MARKETER)
    page = visitor.go("/links")
    expect(page.get_by_text("No links yet")).to_be_visible()

    page.get_by_role("button", name="Allowed hosts").click()
    hosts = page.get_by_role("dialog", name="Allowed hosts")
    hosts.get_by_label("Host").fill("www.brand.example")
    hosts.get_by_role("button", name="Add").click()
    expect(hosts.get_by_role("list", name="Allowed hosts")).to_contain_text("www.brand.example")
    photograph(page, "links-hosts-en-1440")
    hosts.get_by_role("button", name="Close").last.click()

    page.get_by_role("button", name="Set links").first.click()
    drawer = page.get_by_role("dialog", name="Set links")
    drawer.get_by_role("combobox", name="Product").click()
    page.get_by_text(product.gtin).click()
    drawer.get_by_role("button", name="Continue").click()

    first = link_fields(page, 1)
    first.get_by_label("Title").fill("关于产品")
    first.get_by_label("Address").fill("https://elsewhere.example/zh")
    page.get_by_role("button", name="Save").click()
    expect(first).to_contain_text("a host you have named: www.brand.example")
    photograph(page, "links-refused-en-1440")
    first.get_by_label("Address").fill("https://www.brand.example/zh")
    first.get_by_label("Languages").fill("zh")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a link").click()
    second = link_fields(page, 2)
    second.get_by_label("Title").fill("About the product")
    second.get_by_label("Address").fill("https://www.brand.example/en")
    second.get_by_label("Languages").fill("en")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    second.get_by_label("Default").click()
    page.get_by_label("Why").fill("first pages")
    photograph(page, "links-editor-en-1440")
    page.get_by_role("button", name="Save").click()

    now = page.get_by_role("table", name="Where it leads now")
    expect(now.get_by_role("row")).to_have_count(3)
    expect(page.get_by_role("table", name="History")).to_contain_text("first pages")
    assert scanned(server, f"/01/{product.gtin}") == "https://www.brand.example/zh"
    assert scanned(server, f"/01/{product.gtin}", "en") == "https://www.brand.example/en"

    page.get_by_role("combobox", name="Language of the phone").click()
    page.get_by_title("en", exact=True).click()
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("It is led on (307)")).to_be_visible()
    expect(page.locator(".wm-facts")).to_contain_text("https://www.brand.example/en")
    photograph(page, "links-anchor-en-1440")


def test_who_changed_what_somebody_changed_meanwhile_is_told_and_keeps_what_was_typed(
    visit: Opens, brand: Brand, product: Product
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.MARKETER)
    page = visitor.go("/")
    host(visitor)
    put(visitor, product, 0, "first")
    page = visitor.go(f"/links/anchor?path=/01/{product.gtin}")
    page.get_by_role("button", name="Change").click()
    link_fields(page, 1).get_by_label("Title").fill("mine")
    put(visitor, product, 1, "somebody else's")

    page.get_by_role("button", name="Save").click()

    expect(page.get_by_role("alert")).to_contain_text("Somebody changed it meanwhile")
    expect(link_fields(page, 1).get_by_label("Title")).to_have_value("mine")
    page.reload()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("table", name="Where it leads now")).to_contain_text("somebody else's")


def test_a_change_is_scheduled_seen_beforehand_and_withdrawn(
    visit: Opens, brand: Brand, product: Product, server: Server, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.MARKETER)
    page = visitor.go("/")
    host(visitor)
    put(visitor, product, 0, "平时")
    page = visitor.go(f"/links/anchor?path=/01/{product.gtin}")

    page.get_by_role("button", name="修改").click()
    page.get_by_role("group", name="第 1 条").get_by_label("网址").fill("https://www.brand.example/festival")
    page.get_by_label("何时生效").fill("2036-02-01 00:00")
    page.keyboard.press("Enter")
    page.get_by_label("修改原因").fill("春节")
    page.get_by_role("button", name="保存").click()

    later = page.get_by_role("table", name="待生效的修改")
    expect(later).to_contain_text("https://www.brand.example/festival")
    assert scanned(server, f"/01/{product.gtin}") == "https://www.brand.example/0"
    page.get_by_label("在什么时候").fill("2036-02-02 00:00")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="看结果").click()
    expect(page.locator(".wm-facts")).to_contain_text("https://www.brand.example/festival")
    photograph(page, "links-scheduled-zh-1440")
    page.get_by_role("button", name="修改").click()
    expect(page.get_by_role("alert").first).to_contain_text("整个取代")
    page.get_by_role("button", name="取消").click()

    page.get_by_role("button", name="撤回").click()
    page.get_by_role("dialog").get_by_role("button", name="撤回").click()
    expect(later).to_have_count(0)
    expect(page.get_by_role("table", name="历史")).to_contain_text("已撤回")


def test_a_file_is_checked_then_taken_in_and_given_back(
    visit: Opens, brand: Brand, product: Product, server: Server, tmp_path: Path, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.MARKETER)
    visitor.go("/")
    host(visitor)
    page = visitor.go("/links/exchange")
    file = tmp_path / "links.json"

    def say(href: str) -> None:
        said = {"link_type": "gs1:pip", "href": href, "title": "产品", "is_default": True}
        anchor = {"anchor": f"/01/{product.gtin}", "description": "奶粉", "links": [said]}
        file.write_text(json.dumps({"anchors": [anchor]}), encoding="utf-8")

    say("https://elsewhere.example/p")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_role("alert")).to_contain_text("www.brand.example")
    photograph(page, "links-import-refused-zh-1440")
    page.get_by_role("button", name="换一个文件").click()
    say("https://www.brand.example/p")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="导入 1 处变化").click()
    expect(page.get_by_role("heading", name="links.json 已导入")).to_be_visible()
    photograph(page, "links-imported-zh-1440")
    assert scanned(server, f"/01/{product.gtin}") == "https://www.brand.example/p"

    with page.expect_download() as downloading:
        page.get_by_role("button", name="导出 CSV").click()
    table = Path(downloading.value.path()).read_text(encoding="utf-8-sig")
    assert downloading.value.suggested_filename == "links.csv"
    assert "https://www.brand.example/p" in table


def test_who_may_only_read_is_offered_no_change(visit: Opens, brand: Brand, product: Product) -> None:
    marketer = visit(locale="en")
    marketer.sign_in(brand.id, Role.MARKETER)
    marketer.go("/")
    host(marketer)
    put(marketer, product, 0, "first")
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.AUDITOR)

    page = visitor.go("/links")
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_role("table", name="Where it leads now")).to_be_visible()

    for change in ("Change", "Set links", "Save", "Withdraw"):
        expect(page.get_by_role("button", name=change)).to_have_count(0)
    page = visitor.go("/links/exchange")
    expect(page.get_by_role("button", name="Export CSV")).to_be_visible()
    expect(page.locator("input[type=file]")).to_have_count(0)


def test_links_are_read_and_changed_on_a_phone(
    visit: Opens, brand: Brand, product: Product, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN", viewport=PHONE)
    visitor.sign_in(brand.id, Role.MARKETER)
    visitor.go("/")
    host(visitor)
    put(visitor, product, 0, "很长的标题，写的是三段幼儿配方奶粉八百克罐装的产品信息页")
    page = visitor.go("/links")
    photograph(page, "links-zh-375")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("table", name="现在的去向")).to_be_visible()
    photograph(page, "links-anchor-zh-375")
    page.get_by_role("button", name="修改").click()
    photograph(page, "links-editor-zh-375")

    excess = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    assert excess <= 0


def put(visitor: Visitor, product: Product, version: int, title: str) -> None:
    """Write an edition from within the page, as a colleague would."""
    said = {
        "link_type": "gs1:pip",
        "href": f"https://www.brand.example/{version}",
        "title": title,
        "is_default": True,
    }
    status = visitor.page.evaluate(
        """async ([anchor, version, link]) => (await fetch(
            `/api/v1/links?anchor=${encodeURIComponent(anchor)}`,
            {
                method: "PUT",
                headers: { "content-type": "application/json", "if-match": `"${version}"` },
                body: JSON.stringify({ links: [link] }),
            },
        )).status""",
        [f"/01/{product.gtin}", version, said],
    )
    assert status == 200
