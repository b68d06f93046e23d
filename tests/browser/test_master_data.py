"""Products, partners and sites: made, found, changed and archived in the console."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Visitor, fresh_gtin
from tests.conftest import Brand
from wuma.kernel.auth.grants import Role

Photograph = Callable[[Page, str], None]


def test_a_product_is_made_with_its_packing_and_found_again(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    gtin, case_gtin = fresh_gtin(), fresh_gtin("1")
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/products")
    expect(page.get_by_text("还没有产品")).to_be_visible()

    page.get_by_role("button", name="新建产品").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("GTIN", exact=True).fill(_misread(gtin))
    form.get_by_label("中文名称").fill("晨牧幼儿配方奶粉")
    form.get_by_label("英文名称").fill("Morning Meadow growing-up formula")
    form.get_by_label("中文品牌").fill("晨牧")
    form.get_by_label("段数").click()
    page.get_by_title("3 段").click()
    form.get_by_label("净含量（克）").fill("800")
    form.get_by_label("保质期（天）").fill("730")
    form.get_by_role("button", name="添加箱规").click()
    form.get_by_label("箱的 GTIN").fill(_misread(case_gtin))
    form.get_by_label("每箱件数").fill("6")
    form.get_by_label("按垛（托盘）发货").click()
    form.get_by_label("SSCC 的厂商识别代码").fill("6901234")
    form.get_by_label("每垛箱数").fill("60")
    photograph(page, "product-form-zh-1440")
    form.get_by_role("button", name="新建产品").click()
    expect(form.get_by_text(re.compile("check digit"))).to_have_count(2)  # each at its field
    form.get_by_label("GTIN", exact=True).fill(gtin)
    form.get_by_label("箱的 GTIN").fill(case_gtin)
    form.get_by_role("button", name="新建产品").click()

    expect(page.get_by_role("heading", name="晨牧幼儿配方奶粉")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"箱.*{case_gtin}.*6 件"))).to_be_visible()
    photograph(page, "product-zh-1440")

    page.get_by_role("link", name="产品", exact=True).first.click()
    page.get_by_label("名称或 GTIN").fill("幼儿")
    expect(page).to_have_url(re.compile(r"\?q=%E5%B9%BC%E5%84%BF$"))
    expect(page.get_by_role("row", name=re.compile(f"{gtin}.*6 件.箱 · 60 箱.垛"))).to_be_visible()
    photograph(page, "products-zh-1440")
    page.get_by_label("名称或 GTIN").fill("no such thing")
    expect(page.get_by_text("没有符合条件的记录")).to_be_visible()
    page.get_by_role("button", name="清除筛选").click()
    expect(page.get_by_role("link", name="晨牧幼儿配方奶粉")).to_be_visible()


def test_two_people_change_a_product_and_the_second_is_told(visit: Opens, brand: Brand) -> None:
    first, second = visit(locale="en"), visit(locale="en")
    product = _make_product(first, brand, "First name")
    second.sign_in(brand.id, Role.BRAND_ADMIN)
    pages = [visitor.go(f"/products/{product}") for visitor in (first, second)]
    for page in pages:
        page.get_by_role("button", name="Edit").click()
        expect(page.get_by_role("dialog").get_by_label("English name")).to_have_value("First name")

    for page, name in zip(pages, ("Second name", "Third name"), strict=True):
        page.get_by_role("dialog").get_by_label("English name").fill(name)
        page.get_by_role("dialog").get_by_role("button", name="Save").click()

    expect(pages[0].get_by_role("heading", name="Second name")).to_be_visible()
    expect(pages[1].get_by_role("dialog").get_by_role("alert")).to_be_visible()
    expect(pages[1].get_by_role("dialog").get_by_label("English name")).to_have_value("Third name")


def test_a_wrong_gtin_is_corrected_and_the_product_is_found_by_both(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    wrong, right = fresh_gtin(), fresh_gtin()
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    visitor.go("/")
    made = visitor.post("products", {"gtin": wrong, "name_zh": "晨牧奶粉"})
    taken = visitor.post("products", {"gtin": fresh_gtin(), "name_zh": "另一种"})["gtin"]
    page = visitor.go(f"/products/{made['id']}")

    page.get_by_role("button", name="更正 GTIN").click()
    form = page.get_by_role("dialog")
    form.get_by_label("正确的 GTIN").fill(str(taken))
    form.get_by_label("原因").fill("录成了二段的条码")
    form.get_by_role("button", name="更正 GTIN").click()
    expect(form.get_by_role("alert")).to_contain_text("这个 GTIN 已被使用")
    form.get_by_label("正确的 GTIN").fill(right)
    photograph(page, "product-correction-zh-1440")
    form.get_by_role("button", name="更正 GTIN").click()

    former = page.get_by_role("table", name="以前的 GTIN")
    expect(former.get_by_role("row", name=re.compile(f"{wrong}.*{right}.*录成了二段的条码"))).to_be_visible()
    expect(page.get_by_role("row", name=re.compile(f"单品.*{right}")).first).to_be_visible()
    photograph(page, "product-corrected-zh-1440")
    for gtin in (wrong, right):
        page = visitor.go(f"/products?q={gtin}")
        expect(page.get_by_role("link", name="晨牧奶粉")).to_be_visible()


def test_a_long_list_is_walked_forth_and_back_and_a_link_shows_the_same_rows(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/partners")
    for number in range(51):
        visitor.post("partners", {"code": f"D{number:03}", "kind": "dealer", "name": f"Dealer {number:03}"})
    page.reload()

    expect(page.get_by_role("link", name="Dealer 049")).to_be_visible()
    expect(page.get_by_role("link", name="Dealer 050")).to_have_count(0)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("link", name="Dealer 050")).to_be_visible()
    photograph(page, "partners-second-page-en-375")
    second_page = page.url

    page.get_by_role("button", name="Previous").click()
    expect(page.get_by_role("link", name="Dealer 000")).to_be_visible()
    page.goto(second_page)
    expect(page.get_by_role("link", name="Dealer 050")).to_be_visible()
    expect(page.get_by_role("link", name="Dealer 000")).to_have_count(0)
    page.get_by_role("button", name="Back to the first page").click()
    expect(page.get_by_role("link", name="Dealer 000")).to_be_visible()


def test_a_store_belongs_to_its_dealer(visit: Opens, brand: Brand, photograph: Photograph) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.CHANNEL_MANAGER)
    page = visitor.go("/partners")

    page.get_by_role("button", name="新建伙伴").first.click()
    page.get_by_label("编号", exact=True).fill("D-0755")
    page.get_by_label("名称", exact=True).fill("深圳晨光商贸")
    page.get_by_label("详细地址").fill("南山区科技园 1 号")
    page.get_by_role("dialog").get_by_role("button", name="新建伙伴").click()
    expect(page.get_by_text("还没有门店由它供货")).to_be_visible()
    page.get_by_role("link", name="经销商与门店").first.click()
    page.get_by_role("button", name="新建伙伴").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("类型").click()
    page.get_by_title("门店", exact=True).click()
    form.get_by_label("编号", exact=True).fill("S-0001")
    form.get_by_label("名称", exact=True).fill("科技园母婴店")
    form.get_by_label("供货经销商").fill("晨光")
    page.get_by_title("深圳晨光商贸 · D-0755").click()
    form.get_by_role("button", name="新建伙伴").click()

    page.get_by_role("link", name="深圳晨光商贸").click()
    expect(page.get_by_role("row", name=re.compile("科技园母婴店.*门店"))).to_be_visible()
    photograph(page, "partner-zh-1440")


def test_a_factory_gets_a_line_and_is_archived_and_restored(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/sites")

    page.get_by_role("button", name="New site").first.click()
    page.get_by_label("Name", exact=True).fill("Hulunbuir plant")
    page.get_by_label("GLN", exact=True).fill("6901234000016")
    page.get_by_role("dialog").get_by_role("button", name="New site").click()
    page.get_by_role("button", name="Add a line").click()
    page.get_by_label("Line number").fill("L1")
    page.get_by_label("Line name").fill("Canning line 1")
    page.get_by_role("dialog").get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name=re.compile("L1.*Canning line 1"))).to_be_visible()
    photograph(page, "site-en-1440")

    page.get_by_role("button", name="Archive").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="Edit").first).to_be_visible()


def _make_product(visitor: Visitor, brand: Brand, name: str) -> str:
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    visitor.go("/")
    return str(visitor.post("products", {"gtin": fresh_gtin(), "name_en": name})["id"])


def _misread(gtin: str) -> str:
    return gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
