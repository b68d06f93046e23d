"""Every phone page there is, from values: what the tests drive, and what people look at.

``python -m tests.browser.gallery FOLDER`` writes a picture of each, in both languages, light and dark, at
the widths of phones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final, get_args
from uuid import UUID

from playwright.sync_api import sync_playwright

from wuma.chain.authenticity.facade import Outcome, Reason
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.answer import Answer, Batch, Earlier, Product, Scans, Step
from wuma.journeys.scan_code.texts import Language

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
WIDTHS: Final = (320, 375, 414)
EPOCHS: Final = frozenset({5})

AT: Final = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)
SCAN: Final = UUID("019a3c5e-7c00-7000-8000-3f2a9b17c6d4")
HOTLINE: Final = "400-820-0000"

PRODUCT: Final = Product(
    gtin="06901234567892",
    name_zh="沐源较大婴儿配方奶粉",
    name_en="Muyuan follow-on formula",
    brand_zh="沐源",
    brand_en="Muyuan",
    stage=2,
    age_from_months=6,
    net_weight_g=800,
)
NEWBORN: Final = Product(
    gtin="06901234567885",
    name_zh="沐源婴儿配方奶粉",
    name_en="",
    brand_zh="沐源",
    brand_en="",
    stage=1,
    age_from_months=0,
    net_weight_g=400,
)
LONG: Final = Product(
    gtin="06901234567878",
    name_zh="沐源臻享有机草饲全脂A2β-酪蛋白乳铁蛋白益生元组合幼儿配方奶粉（12—36月龄，3段）节日纪念装",
    name_en="Muyuan Reserve organic grass-fed A2 beta-casein lactoferrin prebiotic growing-up formula, gift",
    brand_zh="沐源国际营养科技（呼伦贝尔）有限公司",
    brand_en="Muyuan International Nutrition Technology (Hulunbuir) Co., Ltd.",
    stage=3,
    age_from_months=12,
    net_weight_g=1200,
)
BATCH: Final = Batch("20260301A2", date(2026, 3, 1), date(2028, 2, 29), None)
LONG_BATCH: Final = Batch(
    "HLBE-2026-03-01-LINE07-SHIFT-B-000045873-X", date(2026, 3, 1), date(2028, 2, 29), None
)
EXPIRED_BATCH: Final = Batch("20240301A2", date(2024, 3, 1), date(2026, 2, 28), None)
RECALLED_BATCH: Final = Batch(
    "20260301A2",
    date(2026, 3, 1),
    date(2028, 2, 29),
    "因密封不良，批号 20260301A2 的商品可能受潮。\n请凭小票到购买门店退货，或致电客服预约上门取回。",
)
WAY: Final = tuple(
    Step(step, datetime(2026, 3, 1, 1, 20, tzinfo=UTC) + timedelta(days=days), zh, en)
    for step, days, zh, en in [
        ("commissioning", 0, "内蒙古自治区 呼伦贝尔市", "Hulunbuir, Inner Mongolia"),
        ("inspecting", 3, "内蒙古自治区 呼伦贝尔市", "Hulunbuir, Inner Mongolia"),
        ("shipping", 9, "内蒙古自治区 呼伦贝尔市", "Hulunbuir, Inner Mongolia"),
        ("receiving", 12, "广东省 广州市", "Guangzhou, Guangdong"),
        ("stocking", 20, "广东省 深圳市", "Shenzhen, Guangdong"),
    ]
)


def earlier(
    *, by_you: bool = False, days: int = 40, place: tuple[str, str] = ("广东省 深圳市", "Shenzhen")
) -> Earlier:
    """An earlier scan, so many days before this one."""
    return Earlier(AT - timedelta(days=days), *place, by_you=by_you)


def hidden(verdict: Outcome, *reasons: Reason, scans: Scans | None = None, batch: Batch = BATCH) -> Answer:
    """The answer to a hidden code of an item that is known well."""
    return Answer("hidden", verdict, reasons, PRODUCT, batch, WAY, scans, SCAN)


ANSWERS: Final[dict[str, Answer]] = {
    "registered": Answer("open", Outcome.REGISTERED, (), PRODUCT, BATCH, WAY, None, SCAN),
    "registered_bare": Answer("open", Outcome.REGISTERED, (), scan_id=SCAN),
    "registered_newborn": Answer("open", Outcome.REGISTERED, (), NEWBORN, None, WAY[:1], None, SCAN),
    "registered_long": Answer("open", Outcome.REGISTERED, (), LONG, LONG_BATCH, WAY, None, SCAN),
    "first_genuine": hidden(Outcome.FIRST_GENUINE, Reason.FIRST_SCAN, scans=Scans(1, ())),
    "genuine_again": hidden(
        Outcome.GENUINE_AGAIN,
        Reason.OTHER_PERSON,
        scans=Scans(3, (earlier(), earlier(by_you=True, days=2, place=("", "")))),
    ),
    "genuine_again_yours": hidden(
        Outcome.GENUINE_AGAIN, Reason.SAME_PERSON, scans=Scans(2, (earlier(by_you=True),))
    ),
    "genuine_again_often": hidden(
        Outcome.GENUINE_AGAIN,
        Reason.OTHER_PERSON,
        scans=Scans(12, tuple(earlier(days=days) for days in (60, 8, 6, 4, 2))),
    ),
    "suspect": hidden(
        Outcome.SUSPECT,
        Reason.OTHER_PERSON,
        Reason.MANY_PEOPLE,
        Reason.FAR_AWAY,
        Reason.IMPOSSIBLE_SPEED,
        scans=Scans(
            9, tuple(earlier(days=days, place=("黑龙江省 哈尔滨市", "Harbin")) for days in (9, 3, 2, 1))
        ),
    ),
    "suspect_open": Answer(
        "open", Outcome.SUSPECT, (Reason.MANY_PEOPLE, Reason.MANY_CITIES), PRODUCT, BATCH, WAY, None, SCAN
    ),
    "unknown": Answer("hidden", Outcome.UNKNOWN, ()),
    "unknown_mistyped": Answer("hidden", Outcome.UNKNOWN, (), mistyped=True),
    "unknown_open": Answer("open", Outcome.UNKNOWN, (), mistyped=True),
    "void": hidden(Outcome.VOID, Reason.LABEL_SCRAPPED),
    "recalled": hidden(Outcome.RECALLED, Reason.RECALL, batch=RECALLED_BATCH),
    "recalled_unexplained": hidden(Outcome.RECALLED, Reason.RECALL),
    "expired": hidden(Outcome.EXPIRED, Reason.PAST_EXPIRY, batch=EXPIRED_BATCH),
    "too_many": Answer("hidden", Outcome.UNKNOWN, (), retry_after_seconds=600),
}

PAGES: Final[dict[str, Callable[[Language], bytes]]] = {
    **{
        name: lambda language, answer=answer: page.render_answer(  # type: ignore[misc]
            answer, language=language, at=AT, hotline=HOTLINE
        )
        for name, answer in ANSWERS.items()
    },
    "suspect_without_hotline": lambda language: page.render_answer(
        ANSWERS["suspect"], language=language, at=AT
    ),
    "open_hidden": lambda language: page.render_open_hidden(language=language, scan_id=SCAN),
    "landing": lambda language: page.render_landing(
        language=language, epochs=EPOCHS, public_url="https://id.muyuan.example"
    ),
    "received": lambda language: page.render_received(language=language, reference="R-2026-000123"),
    **{
        f"problem_{problem}": lambda language, problem=problem: page.render_problem(  # type: ignore[misc]
            problem, language=language, incident="3f2a9b17c6d4" if problem is page.Problem.BROKEN else None
        )
        for problem in page.Problem
    },
}


def photograph_all(folder: Path) -> None:
    """Leave a picture of every page in a folder: name, language, scheme, width."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in WIDTHS:
                window = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
                for name, render in PAGES.items():
                    for language in LANGUAGES:
                        window.set_content(render(language).decode())
                        window.screenshot(
                            path=folder / f"{name}-{language}-{scheme}-{width}.png", full_page=True
                        )
                window.close()
        browser.close()


if __name__ == "__main__":
    photograph_all(Path(sys.argv[1]))
