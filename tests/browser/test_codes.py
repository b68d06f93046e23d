"""Codes ordered, activated and accounted for in the console."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Visitor, fresh_gtin
from tests.conftest import Brand
from wuma.kernel.auth.grants import Role

Photograph = Callable[[Page, str], None]


def test_codes_are_ordered_activated_and_every_one_is_accounted_for(
    visit: Opens, brand: Brand, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    _make_product(visitor)
    page = visitor.go("/code-orders/new")

    page.get_by_label("产品").fill("幼儿")
    page.get_by_title(re.compile("^晨牧幼儿配方奶粉 · ")).click()
    expect(page.get_by_role("radio", name="垛")).to_be_disabled()  # it has no pallets
    page.get_by_label("数量").fill("100000")
    page.get_by_label("备注").fill("首批，交华新印刷")
    photograph(page, "order-form-zh-1440")
    page.get_by_role("button", name="下单 100,000 个码").click()
    expect(page.get_by_role("heading", name=re.compile(r"^订单 \d+$"))).to_be_visible()
    expect(page.get_by_text("订购数已全部对上")).to_be_visible()

    page.get_by_role("button", name="变更状态").click()
    _choose(page, "变更为", "已印刷")
    page.get_by_role("dialog").get_by_role("button", name="变更状态").click()
    expect(page.get_by_text("100,000 个码已变更")).to_be_visible()
    expect(page.get_by_text("100,000 个标签已印刷但没有回报")).to_be_visible()

    page.get_by_role("link", name="批次", exact=True).click()
    page.get_by_role("button", name="新建批次").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("产品").fill("幼儿")
    page.get_by_title(re.compile("^晨牧幼儿配方奶粉 · ")).click()
    form.get_by_label("批号").fill("B260301")
    form.get_by_label("生产日期").fill("2026-03-01")
    page.keyboard.press("Tab")
    form.get_by_role("button", name="新建批次").click()
    expect(page.get_by_role("heading", name="批次 B260301")).to_be_visible()
    expect(page.get_by_text("2028年2月29日")).to_be_visible()  # 730 days on

    page.get_by_role("button", name="激活码").click()
    page.get_by_role("dialog").get_by_label("订单", exact=True).click()
    page.get_by_title(re.compile("单品 · 100,000")).click()
    page.get_by_label("末个序号").fill("96000")
    photograph(page, "activate-zh-1440")
    page.get_by_role("dialog").get_by_role("button", name="激活码").click()
    expect(page.get_by_text("96,000 个码已变更")).to_be_visible()

    page.get_by_role("link", name="码订单").click()
    row = page.get_by_role("row", name=re.compile("晨牧幼儿配方奶粉"))
    expect(row).to_contain_text("4,000 个未回报")
    photograph(page, "orders-zh-1440")
    row.get_by_role("link").click()
    photograph(page, "order-zh-1440")

    page.get_by_role("button", name="变更状态").click()
    _choose(page, "变更为", "标签报废")
    page.get_by_label("首个序号").fill("96001")
    page.get_by_role("dialog").get_by_role("button", name="变更状态").click()
    expect(page.get_by_text("已印刷的全部有下落")).to_be_visible()


def test_an_impossible_range_is_told_before_anything_changes(visit: Opens, brand: Brand) -> None:
    visitor = visit(locale="en")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    product = _make_product(visitor)
    order = visitor.post("code-orders", {"product_id": product, "quantity": 10})["id"]
    page = visitor.go(f"/code-orders/{order}")

    page.get_by_role("button", name="Change state").click()
    _choose(page, "They are now", "Printed")
    page.get_by_label("To number").fill("11")
    page.get_by_role("dialog").get_by_role("button", name="Change state").click()

    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("1 to 10")


def test_a_leaked_order_is_burnt(visit: Opens, brand: Brand, photograph: Photograph) -> None:
    visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    product = _make_product(visitor)
    order = visitor.post("code-orders", {"product_id": product, "quantity": 5000})["id"]
    page = visitor.go(f"/code-orders/{order}")

    page.get_by_role("button", name="Revoke order").click()
    page.get_by_label("Reason").fill("The file was mailed in the clear")
    photograph(page, "revoke-en-375")
    page.get_by_role("dialog").get_by_role("button", name="Revoke order").click()

    expect(page.get_by_text("Revoked", exact=True).first).to_be_visible()
    expect(page.get_by_text("The file was mailed in the clear")).to_be_visible()
    expect(page.get_by_role("button", name="Change state")).to_have_count(0)
    photograph(page, "order-revoked-en-375")


def test_an_order_that_is_not_there_is_said_not_to_be(visit: Opens, brand: Brand) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/code-orders/999999")

    expect(page.get_by_role("alert")).to_contain_text("没有找到")


def _make_product(visitor: Visitor) -> str:
    visitor.go("/")
    body = {
        "gtin": fresh_gtin(),
        "name_zh": "晨牧幼儿配方奶粉",
        "name_en": "Morning Meadow",
        "shelf_life_days": 730,
        "cases": [{"gtin": fresh_gtin("1"), "item_count": 6}],
    }
    return str(visitor.post("products", body)["id"])


def _choose(page: Page, label: str, option: str) -> None:
    page.get_by_label(label).click()
    page.get_by_title(option, exact=True).click()
