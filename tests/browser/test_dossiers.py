"""A batch dossier in the console, and its public part on a phone."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens
from tests.chain.dossier.written import whole_dossier
from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand
from tests.labels import make_product, open_batch
from wuma.chain.dossier import derive
from wuma.kernel import outbox
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]


@pytest.fixture
def made(runtime: Runtime, brand: Brand) -> tuple[UUID, str]:
    """A batch, and the GTIN on its items."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        return open_batch(session, product, number="B260105").id, product.gtin


def _warm(gtin: str) -> dict[str, object]:
    reports = [
        {
            "type": "Temperature",
            "value": 5 + (hour % 7) * 0.8 + (4 if hour == 30 else 0),
            "uom": "CEL",
            "time": f"2026-01-{6 + hour // 24:02}T{hour % 24:02}:00:00Z",
            "deviceID": "https://id.gs1.org/8004/6901234T7",
        }
        for hour in range(72)
    ]
    return event(
        action="OBSERVE",
        bizStep="sensor_reporting",
        quantityList=[{"epcClass": f"https://id.gs1.org/01/{gtin}/10/B260105"}],
        sensorElementList=[{"sensorReport": reports}],
    )


def test_a_dossier_is_filled_released_and_read_on_a_phone(
    runtime: Runtime,
    brand: Brand,
    made: tuple[UUID, str],
    server_url: str,
    visit: Opens,
    photograph: Photograph,
) -> None:
    batch_id, gtin = made
    qa = visit(locale="zh-CN")
    qa.sign_in(brand.id, Role.QA)
    entries = whole_dossier(leave_out=("lab.moisture", "lab.lead"))
    qa.go("/dossiers")
    qa.post(f"batches/{batch_id}/dossier/entries", {"entries": entries})
    qa.post("/epcis/capture", document(_warm(gtin)))
    outbox.register(runtime.database, [derive.SUBSCRIPTION])
    while outbox.deliver(runtime.database, derive.SUBSCRIPTION):
        pass

    page = qa.go("/excursions")
    page.get_by_role("button", name="新规则").first.click()
    form = page.get_by_role("dialog")
    form.get_by_label("名称").fill("成品库")
    form.get_by_label("上限").fill("10.5")
    form.get_by_label("允许时长（分钟）").fill("0")
    form.get_by_role("button", name="新规则").click()
    expect(page.get_by_text("规则已生效，已按它检查全部读数")).to_be_visible()
    photograph(page, "excursions-zh-1440")

    page = qa.go("/dossiers")
    page.get_by_role("link", name="B260105").click()
    expect(page.get_by_text("还差 2 项")).to_be_visible()
    photograph(page, "dossier-gaps-zh-1440")
    page.get_by_role("button", name="水分").click()
    form = page.get_by_role("dialog")
    form.get_by_label("记录值").fill("3.1")
    form.get_by_label("方法").fill("GB 5009.3")
    photograph(page, "dossier-entry-zh-1440")
    form.get_by_role("button", name="录入").click()
    expect(page.get_by_text("还差 1 项")).to_be_visible()
    page.get_by_role("button", name="质量放行").click()
    form = page.get_by_role("dialog")
    form.get_by_label("偏差说明").fill("铅的结果待第三方报告，见偏差单 D-7")
    form.get_by_role("button", name="签字放行").click()
    expect(page.get_by_text("质量已放行").first).to_be_visible()
    expect(page.locator(".wm-chart svg").first).to_be_visible()
    photograph(page, "dossier-zh-1440")

    admin = visit(locale="en", viewport=PHONE)
    admin.sign_in(brand.id, Role.BRAND_ADMIN)
    page = admin.go(f"/dossiers/{batch_id}")
    page.get_by_role("button", name="Market release").click()
    page.get_by_role("dialog").get_by_label("Deviation").fill("As quality says in D-7")
    page.get_by_role("dialog").get_by_role("button", name="Sign").click()
    expect(page.get_by_text("on the market").first).to_be_visible()
    photograph(page, "dossier-en-375")

    for locale, word in (("zh-CN", "已检验放行"), ("en", "Tested and released")):
        phone = visit(locale=locale, viewport=PHONE).page
        phone.goto(f"{server_url}/m/dossier/01/{gtin}/10/B260105")
        expect(phone.get_by_role("heading", name=word)).to_be_visible()
        assert phone.locator("dt").count() >= 32
        phone.locator("summary").nth(4).click()
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        photograph(phone, f"dossier-public-{locale}-375")
