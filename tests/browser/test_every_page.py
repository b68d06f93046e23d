"""What every page of the console promises: no barrier axe knows, no overflow, no word left untranslated."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Opens, Visitor
from tests.conftest import Brand
from tests.labels import bring, make_product, open_batch, place_order
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

Photograph = Callable[[Page, str], None]

AXE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
PATHS: Final = [
    "/",
    "/code-orders",
    "/code-orders/new",
    "/print-files",
    "/print-files/new",
    "/batches",
    "/trace",
    "/dossiers",
    "/dossiers/import",
    "/excursions",
    "/xray",
    "/xray?code=0000-0000-0000-0000",
    "/scans",
    "/anomalies",
    "/reports",
    "/recalls",
    "/recalls/new",
    "/products",
    "/partners",
    "/sites",
    "/imports",
    "/links",
    "/links/anchor?path=/01/06901234567892",
    "/links/preview",
    "/links/exchange",
    "/accounts",
    "/tokens",
    "/security",
    "/audit",
    "/operations",
    "/no-such-page",
]
WIDE: Final = {"width": 2560, "height": 1200}
CHINESE_ON_PURPOSE: Final = ("某人", "中文")
"""The name of the person signed in, and of the other language."""


@pytest.fixture
def stocked(runtime: Runtime, brand: Brand) -> Brand:
    """A brand with a product, an order, and a batch in production."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 1_000_000)
        batch = open_batch(session, product)
        on_cans = [UnitRange(order.first_unit, order.first_unit + 249_999)]
        bring(session, on_cans, CodeState.COMMISSIONED, batch.id)
    return brand


@pytest.mark.slow
@pytest.mark.parametrize(("locale", "viewport"), [("en", DESKTOP), ("zh-CN", PHONE), ("zh-CN", WIDE)])
def test_no_page_has_a_barrier_overflows_or_speaks_the_wrong_language(
    visit: Opens, stocked: Brand, locale: str, viewport: dict[str, int], photograph: Photograph
) -> None:
    if not AXE.is_file():
        pytest.skip(f"axe-core is not at {AXE}: run scripts/build-web")
    visitor = visit(locale=locale, viewport=viewport)
    visitor.sign_in(stocked.id, Role.BRAND_ADMIN)

    faults: list[str] = []
    for path in ["/sign-in", *PATHS]:
        page = visitor.go(path)
        expect(page.get_by_role("main")).to_be_visible()
        expect(page.locator(".ant-skeleton, .ant-spin")).to_have_count(0)
        photograph(page, f"page{path.replace('/', '-')}-{locale}-{viewport['width']}")
        faults += [f"{path}: {fault}" for fault in _faults(page, locale)]

    assert not faults, "\n".join(faults)


def test_the_keyboard_reaches_the_content_at_once_and_menus_say_what_they_are(
    visit: Opens, stocked: Brand
) -> None:
    visitor: Visitor = visit(locale="en", viewport=PHONE)
    visitor.sign_in(stocked.id, Role.BRAND_ADMIN)
    page = visitor.go("/products")
    expect(page.get_by_role("table")).to_be_visible()

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("navigation").get_by_role("link", name="Batches", exact=True).click()
    expect(page.get_by_role("heading", name="Batches")).to_be_visible()
    expect(page.get_by_role("navigation")).to_be_hidden()


def _faults(page: Page, locale: str) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("axe.run()")
    faults = [
        f"{violation['id']}: {violation['nodes'][0]['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"}
    ]
    excess: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if excess > 0:
        faults.append(f"{excess} px wider than the window")
    text: str = page.evaluate("document.body.innerText")
    for known in CHINESE_ON_PURPOSE:
        text = text.replace(known, "")
    if locale == "en" and (chinese := re.search(r"[\u4e00-\u9fff]+", text)):
        faults.append(f"Chinese on an English page: {chinese[0]}")
    return faults
