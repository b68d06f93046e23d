"""What people scan is in the console at once: the log, anomalies, reports."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO

import httpx2 as httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, Opens, Server
from tests.conftest import Brand
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]

SHENZHEN = "119.136.19.5"
BEIJING = "36.110.1.1"


@dataclass
class Shelf:
    """Ten labels of one order; the first six are on cans."""

    labels: list[Label]
    order_id: int
    url: str

    def scan(self, number: int, *, address: str, phone: str) -> dict[str, object]:
        """Scan the hidden code of a label with a phone that was never seen before."""
        answer = httpx.post(
            self.url + self.labels[number].hidden_path,
            headers={"accept": "application/json", "user-agent": phone, "x-forwarded-for": address},
        )
        return dict(answer.json())


@pytest.fixture
def shelf(runtime: Runtime, brand: Brand, server: Server) -> Shelf:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 10)
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.first_unit + 5)], CodeState.COMMISSIONED, batch.id)
        labels = print_labels(runtime.keyring, order)
    server.application.keep_up()
    return Shelf(labels, order.id, server.url)


def test_scans_are_in_the_log_and_are_found_by_verdict_and_item(
    visit: Opens, brand: Brand, shelf: Shelf, photograph: Photograph
) -> None:
    shelf.scan(0, address=SHENZHEN, phone="mother")
    shelf.scan(0, address=BEIJING, phone="a stranger")
    shelf.scan(1, address=SHENZHEN, phone="another mother")
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.CUSTOMER_SERVICE)
    page = visitor.go("/scans")

    rows = page.get_by_role("table").get_by_role("row")
    expect(rows).to_have_count(1 + 3)
    expect(rows.nth(1)).to_contain_text("正品 · 首次")
    expect(rows.nth(1)).to_contain_text("深圳")
    photograph(page, "scans-zh-1440")

    page.get_by_label("结论").click()
    page.get_by_title("正品 · 首次").click()
    page.keyboard.press("Escape")
    expect(rows).to_have_count(1 + 2)
    expect(page).to_have_url(re.compile(r"\?outcome=first_genuine$"))
    link = page.url

    rows.nth(2).get_by_role("button").click()
    photograph(page, "scan-zh-1440")
    page.get_by_role("button", name="只看此件").click()
    expect(rows).to_have_count(1 + 1)
    page.get_by_role("button", name="取消这个筛选").click()
    expect(rows).to_have_count(1 + 2)
    page.goto(link)
    expect(rows).to_have_count(1 + 2)


def test_labels_scanned_before_activation_point_to_their_order(
    visit: Opens, brand: Brand, shelf: Shelf, photograph: Photograph
) -> None:
    shelf.scan(8, address=BEIJING, phone="a buyer of labels")
    shelf.scan(9, address=BEIJING, phone="a buyer of labels")
    visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(brand.id, Role.QA)
    page = visitor.go("/anomalies")

    link = page.get_by_role("table", name="Scanned before activation").get_by_role("link")
    expect(link).to_have_text(f"#{shelf.order_id}")
    expect(page.get_by_text("No alarms")).to_be_visible()
    photograph(page, "anomalies-en-375")
    link.click()
    expect(page.get_by_role("heading", name=f"Order {shelf.order_id}")).to_be_visible()


def test_a_report_with_its_photo_is_read_and_handled(
    visit: Opens, brand: Brand, shelf: Shelf, photograph: Photograph
) -> None:
    scan = shelf.scan(2, address=SHENZHEN, phone="a mother")
    photo = BytesIO()
    Image.new("RGB", (320, 240), "teal").save(photo, "JPEG")
    sent = httpx.post(
        f"{shelf.url}/m/reports",
        data={
            "concern": "opened",
            "text": "买回来封口已经开了",
            "scan_id": str(scan["scan_id"]),
            "contact": "13800000000",
        },
        files={"photo": ("can.jpg", photo.getvalue(), "image/jpeg")},
        headers={"accept": "application/json", "x-forwarded-for": SHENZHEN},
    )
    assert sent.is_success, sent.text
    visitor = visit(locale="zh-CN")
    visitor.sign_in(brand.id, Role.CUSTOMER_SERVICE)
    page = visitor.go("/reports")

    row = page.get_by_role("row", name=re.compile("封口破损.*买回来封口已经开了.*待处理"))
    row.get_by_role("button").click()
    picture = page.get_by_role("dialog").get_by_role("img", name=re.compile("反馈照片"))
    expect(picture).to_be_visible()
    assert picture.evaluate("picture => picture.naturalWidth") == 320
    expect(page.get_by_text("13800000000")).to_be_visible()
    photograph(page, "report-zh-1440")
    page.get_by_label("处理结果").fill("已联系顾客换货，批次抽检")
    page.get_by_role("dialog").get_by_role("button", name="处理", exact=True).click()

    expect(page.get_by_role("row", name=re.compile("已处理"))).to_be_visible()
    expect(page.get_by_role("dialog").get_by_text("已联系顾客换货，批次抽检")).to_be_visible()
