"""What partners see: rules are written, looked at with their eyes, and lent out, in both languages."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import httpx2 as httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opens, Visitor
from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand
from wuma.kernel.auth.grants import Role

Photograph = Callable[[Page, str], None]
MINE = "6901234567892"


def furnished(visitor: Visitor, brand: Brand) -> str:
    """Capture a shipment to a dealer and one to somebody else; return the dealer."""
    visitor.sign_in(brand.id, Role.BRAND_ADMIN)
    visitor.go("/partners")
    partner = visitor.post(
        "partners", {"code": "D-01", "kind": "dealer", "name": "华东母婴经销有限公司", "gln": MINE}
    )
    for gln, serial in ((MINE, "1"), ("6901234500011", "2")):
        visitor.post(
            "/epcis/capture",
            document(
                event(
                    action="OBSERVE",
                    bizStep="shipping",
                    epcList=[f"urn:epc:id:sgtin:6901234.056789.{serial}"],
                    destinationList=[
                        {"type": "possessing_party", "destination": f"https://id.gs1.org/414/{gln}"}
                    ],
                    bizTransactionList=[{"type": "po", "bizTransaction": f"urn:x:order:{serial}"}],
                )
            ),
        )
    return str(partner["id"])


@pytest.mark.parametrize(("locale", "viewport"), [("zh-CN", PHONE), ("en", DESKTOP)])
def test_a_dealer_is_shown_what_comes_to_it_and_reads_it_with_a_token(
    visit: Opens, brand: Brand, server_url: str, photograph: Photograph, locale: str, viewport: dict[str, int]
) -> None:
    visitor = visit(locale=locale, viewport=viewport)
    furnished(visitor, brand)
    is_chinese, size = locale == "zh-CN", viewport["width"]
    say = (lambda zh, en: zh) if is_chinese else (lambda zh, en: en)
    page = visitor.go("/partner-sights")
    expect(page.get_by_text(say("什么也看不到", "Nothing"), exact=True)).to_be_visible()
    photograph(page, f"partner-sights-{locale}-{size}")

    page.get_by_text("华东母婴经销有限公司").first.click()
    expect(
        page.get_by_text(say("按现在的规则，它什么也看不到。", "By the rules of now it sees nothing."))
    ).to_be_visible()
    page.get_by_role("button", name=say("添加规则", "Add a rule")).click()
    page.get_by_label(say("业务单据", "Business documents")).check()
    page.get_by_role("button", name=say("保存规则", "Save the rules")).click()

    events = page.get_by_role("list", name=say("它现在能看到的", "What it sees now")).get_by_role("listitem")
    expect(events).to_have_count(1)
    events.first.locator("summary").click()
    expect(events.first.locator("pre")).to_contain_text("sgtin:6901234.056789.1")
    expect(events.first.locator("pre")).not_to_contain_text("order:1")
    photograph(page, f"partner-sight-{locale}-{size}")

    page.get_by_role("button", name=say("新建令牌", "New token")).first.click()
    page.get_by_role("dialog").get_by_label(say("名称", "Name")).fill("ERP")
    page.get_by_role("dialog").get_by_role("button", name=say("新建令牌", "New token")).click()
    secret = page.locator(".sight-secret code")
    expect(secret).to_have_text(re.compile(r"^wuma_"))
    read = httpx.get(f"{server_url}/epcis/events", headers={"authorization": f"Bearer {secret.inner_text()}"})
    told = json.loads(read.text)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert [one["epcList"] for one in told] == [["urn:epc:id:sgtin:6901234.056789.1"]]
    page.get_by_role("button", name=say("我已保存", "I have saved it")).click()
    page.get_by_role("button", name=say("收回", "Take back")).click()
    page.get_by_role("dialog").get_by_role("button", name=say("收回", "Take back")).click()
    expect(page.get_by_text(say("已收回", "Taken back"), exact=True)).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= viewport["width"]


def test_a_rule_that_cannot_be_meant_is_told_where_it_is(visit: Opens, brand: Brand) -> None:
    visitor = visit()
    partner_id = furnished(visitor, brand)
    page = visitor.go(f"/partner-sights/{partner_id}")
    page.get_by_role("button", name="添加规则").click()
    page.get_by_role("switch").click()
    page.get_by_role("button", name="保存规则").click()

    expect(page.locator("form")).to_contain_text("own, places, products or biz_steps")
