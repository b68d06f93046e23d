"""One code, every fact: the X-ray page, and the home page that counts them all."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx2 as httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Server, Visitor
from tests.conftest import Brand
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]

SHENZHEN = "119.136.19.5"


@pytest.fixture
def cans(runtime: Runtime, brand: Brand, server: Server) -> list[Label]:
    """Six activated cans and, last, the label of their case."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 6)
        case = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 1, Level.CASE))
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
        labels = print_labels(runtime.keyring, order)
    server.application.keep_up()
    return [*labels, *case]


def test_a_can_tells_its_whole_life_and_leads_to_its_case(
    visit: Opens, brand: Brand, cans: list[Label], photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    visitor.go("/")
    _pack_and_ship(visitor, cans)
    _scan(visitor, cans[0])
    page = visitor.go("/")

    serial = cans[0].open_path.rsplit("/", 1)[1]
    page.get_by_label("查任意码").fill(serial.lower())
    page.keyboard.press("Enter")
    life = page.get_by_role("list").filter(has_text="订码")
    expect(life.get_by_role("listitem")).to_have_count(5)
    expect(life.get_by_role("listitem").first).to_contain_text("正品 · 首次")
    for words in ("扫码", "已激活", "订码", "装箱", "发货"):
        expect(life).to_contain_text(words)
    picture = page.get_by_role("img", name="二维码")
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0
    photograph(page, "xray-zh-1440")
    assert cans[0].typed_path.rsplit("/", 1)[1] not in page.content()

    page.get_by_role("table", name="在哪里面").get_by_role("link").click()
    expect(page.get_by_role("heading", name="里面有 6 件")).to_be_visible()
    page.get_by_role("link", name=re.compile(serial)).click()
    expect(page.get_by_text("正品 · 首次")).to_be_visible()


def test_a_misread_code_is_told_apart_from_one_that_was_never_issued(
    visit: Opens, brand: Brand, cans: list[Label], photograph: Photograph
) -> None:
    code = cans[0].typed_path.rsplit("/", 1)[1]
    misread = code[:-1] + ("0" if code[-1] != "0" else "1")
    visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/xray")

    page.get_by_label("Code", exact=True).fill(misread)
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_text("Its check character does not fit")).to_be_visible()
    photograph(page, "xray-misread-en-375")

    page.get_by_label("Code", exact=True).fill("https://example.com/")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Its check character does not fit")).to_have_count(0)
    expect(page.get_by_text("No event names it")).to_be_visible()


def test_the_home_page_counts_scans_and_codes_as_they_come(
    visit: Opens, brand: Brand, cans: list[Label], server: Server, photograph: Photograph
) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.QA)
    visitor.go("/")
    for can in cans[:3]:
        _scan(visitor, can)
    server.application.keep_up()
    page = visitor.go("/")

    scans = (
        page.get_by_role("main")
        .locator("section")
        .filter(has=page.get_by_role("heading", name="Scans of the last 24 hours"))
    )
    expect(scans.get_by_role("definition").first).to_have_text("3")
    expect(scans.get_by_role("img")).to_have_accessible_name(re.compile("3 in all"))
    codes = (
        page.get_by_role("main")
        .locator("section")
        .filter(has=page.get_by_role("heading", name="Codes", exact=True))
    )
    expect(codes).to_contain_text("Activated6")
    photograph(page, "home-en-1440")


def _scan(visitor: Visitor, label: Label) -> None:
    answer = httpx.post(
        visitor.url + label.hidden_path,
        headers={"accept": "application/json", "user-agent": "a phone", "x-forwarded-for": SHENZHEN},
    )
    assert answer.json()["verdict"] == "first_genuine"


def _pack_and_ship(visitor: Visitor, cans: list[Label]) -> None:
    """Tell by EPCIS that the cans went into the case, and the case out of the door."""
    *items, case = [f"https://id.gs1.org{one.open_path}" for one in cans]
    common = {"eventTimeZoneOffset": "+08:00", "eventTime": "2026-05-01T08:00:00Z"}
    packing = {"type": "AggregationEvent", "action": "ADD", "parentID": case, "childEPCs": items}
    shipping = {"type": "ObjectEvent", "action": "OBSERVE", "epcList": [case]}
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-02T08:00:00Z",
        "epcisBody": {
            "eventList": [
                {**common, **packing, "bizStep": "packing"},
                {**common, **shipping, "bizStep": "shipping", "eventTime": "2026-05-02T08:00:00Z"},
            ]
        },
    }
    visitor.post("/epcis/capture", document)
