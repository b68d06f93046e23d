"""What the phone pages promise, as far as it can be told from their bytes."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from importlib.resources import files
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.browser.gallery import ANSWERS, AT, BATCH, LANGUAGES, PAGES, PRODUCT, SCAN
from wuma.chain.authenticity.facade import Outcome, Reason
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.answer import SAID_OUTSIDE, Answer, Batch, Earlier, Product, Scans, Step
from wuma.journeys.scan_code.story import Turn
from wuma.journeys.scan_code.texts import EN, TEXTS, ZH, Language

FIRST_FLIGHT_BYTES = 10 * 1460  # RFC 6928: what a server sends before the phone has said anything
HEADER_BYTES = 1_200  # ours, a cookie, and what proxies add
VOID_ELEMENTS = {"meta", "link", "input", "path", "circle", "rect"}
PAGE_NAMES = list(PAGES)
TEMPLATES = files("wuma.journeys.scan_code") / "templates"

each_page = pytest.mark.parametrize("name", PAGE_NAMES)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def rendered(answer: Answer, language: Language = "zh") -> str:
    return page.render_answer(answer, language=language, at=AT).decode()


def said(html: str) -> str:
    """What a person reads of a page."""
    body = html[html.index("<body") :]
    return re.sub(r"<script.*?</script>|<[^>]+>", " ", body, flags=re.DOTALL)


# ---- the words -----------------------------------------------------------------------------------------


def test_both_languages_say_the_same_things() -> None:
    assert ZH.keys() == EN.keys()


def test_both_languages_fill_in_the_same_values() -> None:
    def values(text: str) -> set[str]:
        return set(re.findall(r"\{([\w.]+)\}", text))

    assert {key: values(ZH[key]) for key in ZH} == {key: values(EN[key]) for key in EN}


def test_no_text_is_without_use_and_no_page_names_a_text_that_is_not_there() -> None:
    sources = "".join(file.read_text("utf-8") for file in TEMPLATES.iterdir() if file.name.endswith(".html"))
    named = set(re.findall(r"\[\[([a-z0-9_.]+)\]\]", sources))
    families = ("reason.", "story.", *(f"{problem}." for problem in page.Problem))

    assert {key for key in ZH if not key.startswith(families)} == {
        name
        for name in named
        if not name.startswith(("icon.", "language", "limit.")) and not name.endswith(".html")
    } - {"style", "script", "open_hidden_script"}


def test_every_fact_that_may_be_said_has_words_and_no_other_has() -> None:
    assert {key for key in ZH if key.startswith("reason.")} == {f"reason.{reason}" for reason in SAID_OUTSIDE}


def test_every_turn_of_a_story_has_words_with_a_place_and_without() -> None:
    turns = {f"story.{turn}{where}" for turn in Turn for where in ("", ".somewhere")}

    assert {key for key in ZH if key.startswith("story.")} == turns
    assert all(("{place}" in ZH[key]) == (not key.endswith(".somewhere")) for key in turns)


@each_language
def test_no_page_accuses_and_none_promotes(language: Language) -> None:
    # A doubt is not proof; and stage-1 formula must not be promoted, so nothing here promotes anything.
    words = " ".join(TEXTS[language].values()).lower()

    for word in (
        "假",
        "仿冒",
        "fake",
        "counterfeit",
        "优惠",
        "红包",
        "抽奖",
        "积分",
        "coupon",
        "discount",
        "prize",
    ):
        assert word not in words


@pytest.mark.parametrize("name", ["registered", "registered_bare", "registered_long", "suspect_open"])
def test_the_outer_code_is_never_called_genuine(name: str) -> None:
    assert "正品" not in said(PAGES[name]("zh").decode())
    assert "genuine" not in said(PAGES[name]("en").decode()).lower()


# ---- the answers ---------------------------------------------------------------------------------------


@each_language
def test_a_code_on_no_item_yet_looks_exactly_like_one_that_was_never_issued(language: Language) -> None:
    not_activated = Answer("hidden", Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))
    unknown = Answer("hidden", Outcome.UNKNOWN, ())

    assert rendered(not_activated, language) == rendered(unknown, language)


@each_language
def test_facts_that_would_teach_a_counterfeiter_are_not_shown_even_when_given(language: Language) -> None:
    told = Answer("hidden", Outcome.SUSPECT, (Reason.FAR_AWAY, *(set(Reason) - SAID_OUTSIDE)), scan_id=SCAN)
    expected = Answer("hidden", Outcome.SUSPECT, (Reason.FAR_AWAY,), scan_id=SCAN)

    assert rendered(told, language) == rendered(expected, language)


def test_each_verdict_has_a_headline_of_its_own() -> None:
    headlines = {
        re.search(r"<h1>(.*?)</h1>", rendered(answer))[1]  # type: ignore[index]
        for name, answer in ANSWERS.items()
        if "_" not in name or name in {"first_genuine", "genuine_again", "too_many"}
    }

    assert headlines == {
        "已登记", "正品 · 首次查询", "正品 · 第 3 次查询", "存疑", "未查询到此码", "此码已作废",
        "已召回 · 停止使用", "已过保质期", "查询过于频繁",
    }  # fmt: skip


def test_a_recall_is_said_before_anything_about_the_item() -> None:
    html = PAGES["recalled"]("zh").decode()

    assert html.index("召回通知") < html.index("可能受潮") < html.index("商品信息")


def test_strangers_among_the_earlier_checks_are_warned_of() -> None:
    assert EN["genuine_again.strangers"] in PAGES["genuine_again"]("en").decode()
    assert EN["genuine_again.strangers"] not in PAGES["genuine_again_yours"]("en").decode()


def test_checks_that_are_not_listed_are_counted_between_the_first_and_the_latest() -> None:
    html = PAGES["genuine_again_often"]("zh").decode()

    assert html.index("2026年3月21日") < html.index("另有 6 次未列出") < html.index("2026年5月12日")


def test_checks_that_are_not_listed_may_have_been_strangers() -> None:
    scans = Scans(3, (Earlier(AT, "", "", by_you=True),))
    answer = Answer("hidden", Outcome.GENUINE_AGAIN, (Reason.SAME_PERSON,), PRODUCT, BATCH, (), scans, SCAN)

    assert ZH["genuine_again.strangers"] in rendered(answer)


@pytest.mark.parametrize(("seconds", "minutes"), [(1, 1), (60, 1), (61, 2), (600, 10)])
def test_a_wait_is_never_said_to_be_shorter_than_it_is(seconds: int, minutes: int) -> None:
    answer = Answer("hidden", Outcome.UNKNOWN, (), retry_after_seconds=seconds)

    assert f"about {minutes} min" in rendered(answer, "en")


def test_a_name_in_one_language_only_is_shown_and_tells_its_language() -> None:
    html = PAGES["registered_newborn"]("en").decode()

    assert '<p class="name" lang="zh-CN">沐源婴儿配方奶粉</p>' in html
    assert "from birth" in html


def test_a_step_that_we_have_no_word_for_is_left_out() -> None:
    answer = Answer("open", Outcome.REGISTERED, (), PRODUCT, BATCH, (Step("teleporting", AT, "", ""),))

    assert "teleporting" not in rendered(answer, "en")
    assert EN["trace.missing"] in rendered(answer, "en")


def test_a_way_is_told_as_sentences_with_their_places() -> None:
    made = Step("commissioning", AT, "内蒙古自治区呼和浩特市", "Hohhot, Inner Mongolia")
    left = Step("shipping", AT, "", "")
    answer = Answer("open", Outcome.REGISTERED, (), PRODUCT, BATCH, (made, left))

    assert "在内蒙古自治区呼和浩特市生产" in rendered(answer, "zh")
    assert "Made in Hohhot, Inner Mongolia" in rendered(answer, "en")
    assert "Left the factory" in rendered(answer, "en")


def test_the_other_language_is_a_link_of_an_open_code_and_the_same_scan_of_a_hidden_one() -> None:
    assert '<a class="switch" href="?lang=en"' in PAGES["registered"]("zh").decode()
    assert f'<form method="post" action="?lang=en&amp;scan={SCAN}">' in PAGES["suspect"]("zh").decode()


def test_the_language_of_a_code_that_was_typed_changes_at_the_address_of_the_code() -> None:
    html = page.render_answer(ANSWERS["suspect"], language="zh", at=AT, scanned="7Z3K 0011/Q").decode()

    assert f'<form method="post" action="/h/7Z3K%200011%2FQ?lang=en&amp;scan={SCAN}">' in html


def test_what_is_kept_of_a_page_is_nobodys_own() -> None:
    first, second = (
        page.render_answer(
            msgspec.structs.replace(ANSWERS[name], scan_id=UUID(int=number)),
            language="zh",
            at=AT + timedelta(days=number),
            scanned=f"{number}{number}",
        ).decode()
        for number, name in [(1, "first_genuine"), (2, "first_genuine")]
    )

    assert first != second
    assert second == first.replace(str(UUID(int=1)), str(UUID(int=2))).replace("/h/11", "/h/22").replace(
        "2026年5月21日", "2026年5月22日"
    )


def test_a_report_carries_the_scan_or_else_what_was_scanned() -> None:
    unknown = page.render_answer(
        ANSWERS["unknown_open"], language="zh", at=AT, scanned='/01/06901234567892/21/"7Z3K'
    ).decode()

    assert f'name="scan_id" value="{SCAN}"' in PAGES["suspect"]("zh").decode()
    assert 'name="scanned" value="/01/06901234567892/21/&#34;7Z3K"' in unknown


@each_language
def test_every_concern_can_be_chosen(language: Language) -> None:
    offered = re.findall(r'<option value="(\w+)">', PAGES["suspect"](language).decode())

    assert offered == [concern.value for concern in page.Concern]


def test_the_entrance_knows_the_epochs_that_were_opened() -> None:
    html = page.render_landing(language="zh", epochs={7, 0, 3}, public_url="https://id.muyuan.cn/x").decode()

    assert html.count('data-epochs="0 3 7"') == 2
    assert 'data-host="id.muyuan.cn"' in html


# ---- every page ----------------------------------------------------------------------------------------


class Outline(HTMLParser):
    """Reads a page as it is written, and fails where an element is not closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID_ELEMENTS:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


@each_page
@each_language
def test_a_page_is_well_formed_and_has_one_headline(name: str, language: Language) -> None:
    outline = Outline(PAGES[name](language).decode())
    ids = [value for key, value in outline.attributes if key == "id"]

    assert outline.tags.count("h1") == 1
    assert sorted(ids, key=str) == sorted(set(ids), key=str)


@each_page
@each_language
def test_a_page_arrives_in_the_first_flight_of_a_connection(name: str, language: Language) -> None:
    assert len(PAGES[name](language)) <= FIRST_FLIGHT_BYTES - HEADER_BYTES


@each_page
@each_language
def test_a_page_loads_nothing_from_elsewhere_and_runs_nothing_that_its_policy_does_not_name(
    name: str, language: Language
) -> None:
    html = PAGES[name](language).decode()
    policy = dict(page.page_headers())[b"content-security-policy"].decode()
    outline = Outline(html)

    assert [key for key, _ in outline.attributes if key.startswith("on") or key == "style"] == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", html) == []
    for inside in re.findall(r"<style>(.*?)</style>|<script>(.*?)</script>", html, flags=re.DOTALL):
        digest = hashlib.sha256("".join(inside).encode()).digest()
        assert f"'sha256-{base64.b64encode(digest).decode()}'" in policy


@pytest.mark.parametrize("verdict", Outcome)
def test_what_comes_from_outside_is_text_and_nothing_else(verdict: Outcome) -> None:
    def page_with(text: str) -> str:
        product = Product("06901234567892", text, text, text, text, 2, 6, 800)
        batch = Batch(text, date(2026, 3, 1), date(2028, 2, 29), text)
        scans = Scans(2, (Earlier(AT, text, text, by_you=False),))
        answer = Answer("hidden", verdict, (), product, batch, (Step(text, AT, text, text),), scans)
        return page.render_answer(answer, language="zh", at=AT, hotline=text, scanned=text).decode()

    nasty, plain = page_with("\"'><script>alert(1)</script>{{ 7 * 7 }}{% raw %}&amp;"), page_with("x")

    assert Outline(nasty).tags == Outline(plain).tags
    assert len(Outline(nasty).attributes) == len(Outline(plain).attributes)
    assert said(nasty).count("{{ 7 * 7 }}{% raw %}&amp;amp;") == said(plain).count("x")


places = st.text(max_size=20)
answers = st.builds(
    Answer,
    kind=st.sampled_from(["open", "hidden"]),
    verdict=st.sampled_from(Outcome),
    reasons=st.lists(st.sampled_from(Reason), max_size=4).map(tuple),
    product=st.none()
    | st.builds(
        Product,
        gtin=st.text("0123456789", min_size=14, max_size=14),
        name_zh=st.text(max_size=80),
        name_en=st.text(max_size=80),
        brand_zh=places,
        brand_en=places,
        stage=st.none() | st.integers(0, 9),
        age_from_months=st.none() | st.integers(0, 99),
        net_weight_g=st.none() | st.integers(0, 10**6),
    ),
    batch=st.none()
    | st.builds(
        Batch,
        number=places,
        produced_on=st.dates(),
        expires_on=st.dates(),
        recall_notice=st.none() | st.text(max_size=200),
    ),
    trace=st.lists(
        st.builds(
            Step,
            step=places,
            at=st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
            place_zh=places,
            place_en=places,
        ),
        max_size=8,
    ).map(tuple),
    scans=st.none() | st.just(Scans(1, ())) | st.just(Scans(4, (Earlier(AT, "京", "", by_you=True),))),
    scan_id=st.none() | st.just(SCAN),
    mistyped=st.booleans(),
    retry_after_seconds=st.none() | st.integers(0, 10**6),
)


@settings(max_examples=200, deadline=None)
@given(answer=answers, language=st.sampled_from(LANGUAGES))
def test_every_answer_has_a_page(answer: Answer, language: Language) -> None:
    Outline(page.render_answer(answer, language=language, at=AT).decode())


# ---- the language --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept_language", "query", "cookie", "chosen"),
    [
        (None, None, None, "zh"),
        ("", None, None, "zh"),
        ("zh-TW,zh;q=0.9,en-US;q=0.8", None, None, "zh"),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", None, None, "en"),
        ("zh;q=0.5,en;q=0.6", None, None, "en"),
        ("zh;q=0.5,en;q=0.5", None, None, "zh"),
        ("en;q=0.5,zh;q=0.5", None, None, "en"),
        ("en;q=0", None, None, "zh"),
        ("fr-FR,fr", None, None, "zh"),
        ("en; q = 0.8", None, None, "en"),
        ("en;q=1.5", None, None, "zh"),
        ("en;q=nonsense", None, None, "zh"),
        ("english", None, None, "zh"),
        ("," * 5000 + "en", None, None, "zh"),
        ("zh", "en", None, "en"),
        ("zh", "EN-us", "zh", "en"),
        ("zh", None, "en", "en"),
        ("en", "xx", "yy", "en"),
    ],
)
def test_a_person_is_spoken_to_as_they_asked(
    accept_language: str | None, query: str | None, cookie: str | None, chosen: Language
) -> None:
    assert page.choose_language(accept_language, query, cookie) == chosen
