"""A recall in the console: seen before it is started, its holders told, its goods counted back, closed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Server
from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand
from tests.fuzz.everything import new_gln
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]


@dataclass
class Goods:
    """Twelve cans in two cases, of one batch."""

    cans: list[Label]
    cases: list[Label]


@pytest.fixture
def goods(runtime: Runtime, brand: Brand, server: Server) -> Goods:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 12)
        cases = place_order(session, runtime.keyring, product, 2, Level.CASE)
        batch = open_batch(session, product, number="B260501")
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
        made = Goods(print_labels(runtime.keyring, order), print_labels(runtime.keyring, cases))
    server.application.keep_up()
    return made


def uri(label: Label) -> str:
    return f"https://id.gs1.org{label.open_path}"


def test_a_recall_is_seen_started_told_counted_back_and_closed(
    visit: Opens, brand: Brand, goods: Goods, photograph: Photograph
) -> None:
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    page = visitor.go("/recalls")
    expect(page.get_by_text("没有召回")).to_be_visible()
    dealer = new_gln()
    visitor.post("partners", {"code": "D1", "kind": "dealer", "name": "郑州中原母婴", "gln": dealer})
    visitor.post("/epcis/capture", _shipped(goods, dealer))

    page.get_by_role("link", name="发起召回").first.click()
    page.get_by_label("批次").click()
    page.get_by_title(re.compile("^B260501")).click()
    page.get_by_role("button", name="查看涉及范围").click()
    expect(page.get_by_text("郑州中原母婴")).to_be_visible()
    page.get_by_text("正式召回").click()
    page.get_by_label("名称").fill("B260501 批次金属异物")
    page.get_by_label("原因").fill("客户投诉 3 起，留样检出金属碎屑。")
    page.get_by_label("给扫码者的告知").fill("请停止食用，凭罐身二维码到门店全额退款，客服 400-800-0000。")
    photograph(page, "recall-new-zh-1440")
    page.get_by_role("button", name="发起召回，警示 12 件").click()
    expect(page.get_by_role("heading", name="1 · B260501 批次金属异物")).to_be_visible()
    expect(page.get_by_text("12 件尚未收回")).to_be_visible()

    page.get_by_role("button", name="登记已通知").click()
    page.get_by_role("dialog").get_by_label("说明").fill("电话通知，已下架")
    page.get_by_role("dialog").get_by_role("button", name="登记已通知").click()
    expect(page.get_by_role("button", name="登记已回复")).to_be_visible()
    page.get_by_role("button", name="登记", exact=True).click()
    page.get_by_label("收回或销毁的编码").fill(uri(goods.cases[0]))
    page.get_by_role("dialog").get_by_role("button", name="登记", exact=True).click()
    expect(page.get_by_text("6 件尚未收回")).to_be_visible()
    photograph(page, "recall-zh-1440")

    phone = visit(locale="en", viewport=PHONE)
    phone.sign_in(brand.id, Role.QA)
    small = phone.go("/recalls")
    photograph(small, "recalls-en-375")
    small.get_by_role("link", name="1 · B260501").click()
    expect(small.get_by_text("6 items are not back yet")).to_be_visible()
    excess = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert small.evaluate(excess) <= 0
    expect(small.get_by_text("郑州中原母婴").first).to_be_visible()
    photograph(small, "recall-en-375")

    page.get_by_role("button", name="结束召回").click()
    page.get_by_label("结论").fill("其余 6 件已确认在售前拦截。")
    page.get_by_role("dialog").get_by_role("button", name="结束召回").click()
    expect(page.get_by_text("已结束")).to_be_visible()
    expect(page.get_by_role("button", name="登记", exact=True)).to_have_count(0)


def _shipped(goods: Goods, dealer: str) -> dict[str, object]:
    packed = [
        event(
            "AggregationEvent",
            action="ADD",
            bizStep="packing",
            parentID=uri(case),
            childEPCs=[uri(one) for one in goods.cans[6 * number : 6 * number + 6]],
        )
        for number, case in enumerate(goods.cases)
    ]
    received = event(
        at="2026-05-03T08:00:00Z",
        action="OBSERVE",
        bizStep="receiving",
        epcList=[uri(goods.cases[0])],
        bizLocation={"id": f"https://id.gs1.org/414/{dealer}"},
    )
    return document(*packed, received)
