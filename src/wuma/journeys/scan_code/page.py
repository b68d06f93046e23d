"""How the answer to a scan looks on a phone: whole pages of HTML, made from values by pure functions.

A page is one file: its sheet is inside, nothing of it comes from another host, and it says everything
without scripts. It is meant to fit into the first flight of a TCP connection (ten segments, 14,600 bytes),
so that a phone on a slow network waits for one round trip.

What never changes (words, icons, the sheet) is put into the templates before Jinja compiles them, once for
each language. What many scans share (a verdict on an item of some batch) is rendered once and kept, with
marks in the places of what is a scan's own.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.resources
import json
import re
import secrets
from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple, assert_never
from urllib.parse import quote, urlsplit
from uuid import UUID

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import escape

from wuma.chain.authenticity.facade import Outcome
from wuma.journeys.scan_code.answer import SAID_OUTSIDE, Answer, Batch, Product, Scans, Step
from wuma.journeys.scan_code.story import story_of
from wuma.journeys.scan_code.texts import TEXTS, Language
from wuma.kernel.clock import CHINA_TIME

REPORT_TEXT_CHARACTERS_MAX: Final = 2000
REPORT_CONTACT_CHARACTERS_MAX: Final = 100
REPORT_PHOTO_BYTES_MAX: Final = 6 * 1024 * 1024  # what a phone's camera makes; with a script it is far less

ASSETS_PATH: Final = "/m/assets/"
"""Where the built scripts of web/apps/h5 are served, from `assets_folder()`."""


class Concern(StrEnum):
    """What somebody reports: the field ``concern`` of the form that is sent to ``/m/reports``."""

    OPENED = "opened"
    PACKAGING = "packaging"
    CODE_COPIED = "code_copied"
    CODE_UNREADABLE = "code_unreadable"
    CONTENTS = "contents"
    UNWELL = "unwell"
    OTHER = "other"


class Problem(StrEnum):
    """Why there is no answer; each has its headline and its advice in the texts."""

    NOT_FOUND = "not_found"
    MALFORMED = "malformed"
    NO_LINK = "no_link"
    REPORT_REFUSED = "report_refused"
    PHOTO_TOO_LARGE = "photo_too_large"
    NO_DOSSIER = "no_dossier"
    BUSY = "busy"
    BROKEN = "broken"


# ---- the pages -----------------------------------------------------------------------------------------


def render_answer(
    answer: Answer,
    *,
    language: Language,
    at: datetime,
    hotline: str | None = None,
    scanned: str | None = None,
) -> bytes:
    """Return the page of one answer.

    `at` is the instant of this scan, aware. `hotline` is the brand's telephone number as people read it.
    `scanned` is the hidden code or the path that was scanned: it goes along with a report when the scan has
    no number, and it lets a person change the language where the address does not name the code.
    """
    scans = answer.scans or _NO_SCANS
    shared = Answer(
        kind=answer.kind,
        verdict=answer.verdict,
        reasons=answer.reasons,
        product=answer.product,
        batch=answer.batch,
        mistyped=answer.mistyped,
        retry_after_seconds=answer.retry_after_seconds,
    )
    story = _way(answer.trace, language) if answer.trace else None
    own = _Own(
        number=answer.scan_id is not None,
        scanned=scanned is not None,
        way=story is not None,
        earlier=bool(scans.earlier),
        all_yours=len(scans.earlier) == scans.count - 1 and all(scan.by_you for scan in scans.earlier),
    )
    html = _shared_page(shared, own, hotline, language)
    html = html.replace(_AT_HERE, written_moment(at, language).encode())
    html = html.replace(_COUNT_HERE, b"%d" % scans.count)
    if answer.scan_id is not None:
        html = html.replace(_NUMBER_HERE, str(answer.scan_id).encode())
    if scanned is not None:
        html = html.replace(_PATH_HERE, f"/h/{quote(scanned, safe='')}".encode())
        html = html.replace(_SCANNED_HERE, escape(scanned).encode())
    if story is not None:
        html = html.replace(_WAY_HERE, story)
    if scans.earlier:
        html = html.replace(_EARLIER_HERE, _earlier(scans, language))
    return html


def render_open_hidden(*, language: Language, scan_id: UUID | None = None) -> bytes:
    """Return the page of ``GET /h/{code}``, which counts nothing: link previews and crawlers come here, too.

    Its button sends an empty form to the page's own address; its script presses the button for a person
    who looks at the page. `scan_id` goes along, so that a page that is sent twice is one scan.
    """
    return _template("open_hidden.html", language).render(scan_id=scan_id).encode()


def render_landing(*, language: Language, epochs: Collection[int], public_url: str | None = None) -> bytes:
    """Return the entrance: scan, or type a hidden code.

    `epochs` are those that were ever opened; `public_url` is what our codes are printed with, where it is
    not the address of the page itself.
    """
    host = urlsplit(public_url).netloc if public_url else ""
    return _landing(language, " ".join(map(str, sorted(epochs))), host)


def render_received(*, language: Language, reference: str) -> bytes:
    """Return the page that thanks for a report and names its number."""
    return _template("received.html", language).render(reference=reference).encode()


def render_choices(*, name: str, links: Collection[tuple[str, str, str]], language: Language) -> bytes:
    """Return the page that lets a person choose where to go: address, title, languages of each link."""
    return _template("choices.html", language).render(name=name, links=links).encode()


def render_page(name: str, *, language: Language, **values: object) -> bytes:
    """Return a page of another journey that looks like ours; its template is beside the others."""
    return _template(name, language).render(**values).encode()


def render_problem(
    problem: Problem, *, language: Language, incident: str | None = None, name: str = ""
) -> bytes:
    """Return the page that says why there is no answer.

    `incident` leads us to the log line; `name` is that of the product, where it is known.
    """
    texts = TEXTS[language]
    template = _template("problem.html", language)
    headline, lead = texts[f"{problem}.headline"], texts[f"{problem}.lead"]
    return template.render(headline=headline, lead=lead, incident=incident, name=name).encode()


@functools.cache
def page_headers() -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that every page is sent with beside its content type, ready for ASGI.

    The policy lets a page run our own scripts and nothing else; the sheet and the one script inside a page
    are named by their hashes.
    """
    policy = (
        f"default-src 'none'; script-src 'self' {_hash_source(_open_hidden_source())};"
        f" style-src {_hash_source(_style())};"
        " img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode()),
        (b"permissions-policy", b"camera=(self), geolocation=(self)"),
        (b"vary", b"accept, accept-language, cookie"),
    )


# ---- the language --------------------------------------------------------------------------------------

ACCEPT_LANGUAGE_CHARACTERS_MAX: Final = 200  # browsers send less than half; what is longer is not read


def choose_language(accept_language: str | None, query_lang: str | None, cookie: str | None) -> Language:
    """Choose what to speak: what was asked for by a link, then what was chosen before, then the browser's.

    Chinese when nothing says otherwise. Weights are those of RFC 9110, section 12.5.4.

    >>> choose_language("zh-CN,zh;q=0.9,en;q=0.8", None, None)
    'zh'
    >>> choose_language("de, en-GB;q=0.7, zh;q=0.3", None, None)
    'en'
    >>> choose_language("en-US", "zh-CN", "en")
    'zh'
    >>> choose_language("en;q=0, *", None, None), choose_language(None, "fr", "en")
    ('zh', 'en')
    """
    for wish in (query_lang, cookie):
        spoken = _spoken(wish or "")
        if spoken is not None:
            return spoken
    return _preferred((accept_language or "")[:ACCEPT_LANGUAGE_CHARACTERS_MAX])


@functools.lru_cache(maxsize=1024)  # most phones of a country say one of some dozen things
def _preferred(accept_language: str) -> Language:
    best: Language = "zh"
    best_weight = 0.0
    for part in accept_language.split(","):
        name, _, weight_text = part.partition(";")
        spoken = _spoken(name)
        weight = _weight(weight_text)
        if spoken is not None and weight > best_weight:
            best, best_weight = spoken, weight
    return best


def _spoken(tag: str) -> Language | None:
    match tag.strip().partition("-")[0].lower():
        case "zh":
            return "zh"
        case "en":
            return "en"
        case _:
            return None


def _weight(text: str) -> float:
    if not text.strip():
        return 1.0
    found = _WEIGHT.fullmatch(text)
    return float(found[1]) if found else 0.0


_WEIGHT: Final = re.compile(r"\s*[qQ]\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*")


# ---- values as people read them ------------------------------------------------------------------------

_MONTHS: Final = ["", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def written_date(day: date, language: Language) -> str:
    """Write a date.

    >>> written_date(date(2026, 3, 1), "zh"), written_date(date(2026, 3, 1), "en")
    ('2026年3月1日', '1 Mar 2026')
    """
    if language == "zh":
        return f"{day.year}年{day.month}月{day.day}日"
    return f"{day.day} {_MONTHS[day.month]} {day.year}"


def written_moment(at: datetime, language: Language) -> str:
    """Write an instant to the minute, in the time of China.

    >>> from datetime import UTC
    >>> written_moment(datetime(2026, 3, 1, 16, 5, tzinfo=UTC), "en")
    '2 Mar 2026, 00:05'
    """
    there = at.astimezone(CHINA_TIME)
    between = " " if language == "zh" else ", "
    return f"{written_date(there, language)}{between}{there.hour:02}:{there.minute:02}"


def _in_language(zh: str, en: str, language: Language) -> tuple[str, str]:
    """Return a name in this language or else in the other, and then the tag that tells screen readers so."""
    own, other = (zh, en) if language == "zh" else (en, zh)
    return (own, "") if own or not other else (other, _TAGS[_OTHER[language]])


_TAGS: Final[dict[Language, str]] = {"zh": "zh-CN", "en": "en"}
_NAMES: Final[dict[Language, str]] = {"zh": "中文", "en": "English"}
_OTHER: Final[dict[Language, Language]] = {"zh": "en", "en": "zh"}


# ---- what many scans share, and what is a scan's own --------------------------------------------------

PAGES_KEPT_MAX: Final = 2048
"""About 11 kB each. A large brand sells some hundred products from some hundred batches, and nearly all of
its scans have one of three verdicts."""

WAYS_KEPT_MAX: Final = 8192  # about 1 kB each; the cans of one case went the same way

_NO_SCANS: Final = Scans(1, ())
_NOT_DIALLED: Final = re.compile(r"[^\d+]")


class _Own(NamedTuple):
    """What of its own a scan has, beside its time; of the rest of its page there is one for many scans."""

    number: bool
    scanned: bool
    way: bool
    earlier: bool
    all_yours: bool


def _place() -> bytes:
    """Return a mark for a place in a kept page; nobody can guess it, so no name can contain it."""
    return secrets.token_hex(16).encode()


_AT_HERE, _COUNT_HERE, _NUMBER_HERE, _PATH_HERE = _place(), _place(), _place(), _place()
_SCANNED_HERE, _WAY_HERE, _EARLIER_HERE = _place(), _place(), _place()


@functools.lru_cache(PAGES_KEPT_MAX)
def _shared_page(shared: Answer, own: _Own, hotline: str | None, language: Language) -> bytes:
    """Return the page of an answer, with marks in the places of what is a scan's own."""
    texts = TEXTS[language]
    html = _template(_template_name(shared), language).render(
        kind=shared.kind,
        reasons=[texts[f"reason.{reason}"] for reason in shared.reasons if reason in SAID_OUTSIDE],
        product=_product_view(shared.product, language) if shared.product else None,
        batch=_batch_view(shared.batch, language) if shared.batch else None,
        mistyped=shared.mistyped,
        minutes=-(-(shared.retry_after_seconds or 0) // 60),
        hotline=hotline,
        hotline_digits=_NOT_DIALLED.sub("", hotline) if hotline else None,
        checked_at=_AT_HERE.decode(),
        count=_COUNT_HERE.decode(),
        scan_id=_NUMBER_HERE.decode() if own.number else None,
        path_here=_PATH_HERE.decode() if own.scanned else "",
        scanned=_SCANNED_HERE.decode() if own.scanned else None,
        has_way=own.way,
        way_here=_WAY_HERE.decode(),
        has_earlier=own.earlier,
        earlier_here=_EARLIER_HERE.decode(),
        all_yours=own.all_yours,
    )
    return html.encode()


@functools.lru_cache(WAYS_KEPT_MAX)
def _way(trace: tuple[Step, ...], language: Language) -> bytes | None:
    """Return the story of a way; None when nothing of it is one."""
    texts = TEXTS[language]
    way = []
    for one in story_of(trace):
        place, other_language = _in_language(one.place_zh, one.place_en, language)
        says_where = bool(place) and not other_language  # a foreign name stands by itself, marked as one
        said = texts[f"story.{one.turn}" if says_where else f"story.{one.turn}.somewhere"]
        on = written_date(one.at.astimezone(CHINA_TIME), language)
        way.append((said.format(place=place), on, "" if says_where else place, other_language))
    return _template("way.html", language).render(way=way).encode() if way else None


def _earlier(scans: Scans, language: Language) -> bytes:
    earlier = [
        (
            written_moment(scan.at, language),
            *_in_language(scan.place_zh, scan.place_en, language),
            scan.by_you,
        )
        for scan in scans.earlier
    ]
    gap = scans.count - 1 - len(earlier)
    return _template("earlier.html", language).render(earlier=earlier, gap=gap).encode()


class _ProductView(NamedTuple):
    name: str
    lang: str
    brand: str
    brand_lang: str
    stage: int | None
    age: int | None
    weight: int | None
    gtin: str


def _product_view(product: Product, language: Language) -> _ProductView:
    name, lang = _in_language(product.name_zh, product.name_en, language)
    brand, brand_lang = _in_language(product.brand_zh, product.brand_en, language)
    return _ProductView(
        name=name,
        lang=lang,
        brand=brand,
        brand_lang=brand_lang,
        stage=product.stage,
        age=product.age_from_months,
        weight=product.net_weight_g,
        gtin=_as_on_pack(product.gtin),
    )


def _as_on_pack(gtin: str) -> str:
    """Return a GTIN-14 with the digits that are below the bar code of a pack.

    >>> _as_on_pack("06901234567892"), _as_on_pack("00000096385074"), _as_on_pack("16901234567899")
    ('6901234567892', '96385074', '16901234567899')
    """
    return gtin.removeprefix("000000" if gtin.startswith("000000") else "0")


class _BatchView(NamedTuple):
    number: str
    produced: str
    produced_iso: str
    expires: str
    expires_iso: str
    recall_notice: str
    recall_notice_lang: str
    dossier: str | None


def _batch_view(batch: Batch, language: Language) -> _BatchView:
    notice = batch.recall_notice or ""
    return _BatchView(
        number=batch.number,
        produced=written_date(batch.produced_on, language),
        produced_iso=batch.produced_on.isoformat(),
        expires=written_date(batch.expires_on, language),
        expires_iso=batch.expires_on.isoformat(),
        recall_notice=notice,
        # Brands write their notices in their own language; what it is, its characters tell.
        recall_notice_lang=_TAGS["zh"] if language == "en" and not notice.isascii() else "",
        dossier=batch.dossier,
    )


# ---- the templates -------------------------------------------------------------------------------------

_TEMPLATES: Final = importlib.resources.files("wuma.journeys.scan_code") / "templates"
_WORD: Final = re.compile(r"\[\[([a-z0-9_.]+)\]\]")
_IN_BRACES: Final = re.compile(r"\{([\w.]+)\}")
_BETWEEN_LINES: Final = re.compile(r"\s*\n\s*")


def _template_name(answer: Answer) -> str:
    if answer.retry_after_seconds is not None:
        return "too_many.html"
    match answer.verdict:
        case Outcome.REGISTERED:
            return "registered.html"
        case Outcome.FIRST_GENUINE:
            return "first_genuine.html"
        case Outcome.GENUINE_AGAIN:
            return "genuine_again.html"
        case Outcome.SUSPECT:
            return "suspect.html"
        case Outcome.RECALLED:
            return "recalled.html"
        case Outcome.EXPIRED:
            return "expired.html"
        case Outcome.VOID:
            return "void.html"
        case Outcome.UNKNOWN | Outcome.NOT_ACTIVATED:
            return "unknown.html"
        case _:
            assert_never(answer.verdict)


@functools.cache
def _template(name: str, language: Language) -> Template:
    return _environment(language).get_template(name)


@functools.lru_cache(maxsize=64)  # two languages, and an epoch is opened once in years
def _landing(language: Language, epochs: str, host: str) -> bytes:
    template = _template("landing.html", language)
    return template.render(epochs=epochs, host=host, scan_id=None, scanned=None).encode()


@functools.cache
def _environment(language: Language) -> Environment:
    words = _words(language)

    def with_words(name: str) -> str:
        source = _BETWEEN_LINES.sub("\n", (_TEMPLATES / name).read_text("utf-8"))
        return _WORD.sub(
            lambda found: with_words(found[1]) if found[1].endswith(".html") else words[found[1]], source
        )

    return Environment(
        loader=FunctionLoader(with_words),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=-1,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _words(language: Language) -> dict[str, str]:
    """Return all that a template may name in double brackets, as template source in this language."""
    other = _OTHER[language]
    words = {
        "language": language,
        "language.tag": _TAGS[language],
        "language.other": other,
        "language.other_tag": _TAGS[other],
        "language.other_name": _NAMES[other],
        "limit.text": str(REPORT_TEXT_CHARACTERS_MAX),
        "limit.contact": str(REPORT_CONTACT_CHARACTERS_MAX),
        "limit.photo_bytes": str(REPORT_PHOTO_BYTES_MAX),
        "style": _verbatim(_style()),
        "script": _verbatim(_script_element()),
        "open_hidden_script": _verbatim(f"<script>{_open_hidden_source()}</script>"),
    }
    for icon in (_TEMPLATES / "icons").iterdir():
        words[f"icon.{icon.name.removesuffix('.svg')}"] = icon.read_text("utf-8").strip()
    for key, text in TEXTS[language].items():
        escaped = str(escape(text))
        words[key] = escaped if key.startswith("script.") else _IN_BRACES.sub(r"{{ \1 }}", escaped)
    return words


def _verbatim(source: str) -> str:
    return f"{{% raw %}}{source}{{% endraw %}}"


@functools.cache
def _style() -> str:
    """Return the sheet without comments and without the spaces that only people need."""
    sheet = re.sub(r"/\*.*?\*/", "", (_TEMPLATES / "style.css").read_text("utf-8"), flags=re.DOTALL)
    return re.sub(r"\s*([{};,>]|:\s)\s*", lambda found: found[1].strip(), re.sub(r"\s+", " ", sheet)).strip()


def _hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# ---- the scripts, when they are built ------------------------------------------------------------------


def assets_folder() -> Traversable:
    """Return the folder of the built scripts; it need not exist, as every page works without."""
    return importlib.resources.files("wuma") / "_assets" / "h5"


def _script_element() -> str:
    manifest = assets_folder() / ".vite" / "manifest.json"
    if not manifest.is_file():
        return ""
    entry = json.loads(manifest.read_text("utf-8"))["src/page.ts"]["file"]
    return f'<script type="module" src="{ASSETS_PATH}{entry}"></script>'


@functools.cache
def _open_hidden_source() -> str:
    """Return the script that is inside the page of a hidden code, where one more request would be a wait."""
    script = assets_folder() / "open-hidden.js"
    return script.read_text("utf-8").strip() if script.is_file() else ""
