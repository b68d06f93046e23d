"""Reading what people write for an item, by the kind of value it has; the text that was written is kept.

>>> read_value(Kind.NUMBER, "＜０.０２").results
(Result(number=Decimal('0.02'), below=True),)
>>> read_value(Kind.SAMPLES, "<10, <10, 20, 未检出, ND").text
'<10, <10, 20, ND, ND'
>>> read_value(Kind.VERDICT, "合格").text
'pass'
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

from wuma.chain.dossier.limits import Result

TEXT_CHARACTERS_MAX: Final = 500
SAMPLES_MAX: Final = 60
DIGITS_MAX: Final = 20
YEARS: Final = range(1900, 9999)


class Kind(StrEnum):
    """What kind of value an item has."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    INSTANT = "instant"
    VERDICT = "verdict"
    """Conforming or not."""
    SAMPLES = "samples"
    """The results of several samples, for a sampling plan."""


class Unreadable(ValueError):
    """A value that is not of its kind. The text says what was expected."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value as it is kept: its plain text, and the numbers in it."""

    text: str
    results: tuple[Result, ...] = ()

    @property
    def is_fail(self) -> bool:
        """Whether it says of itself that something does not conform."""
        return self.text == "fail"


def read_value(kind: Kind, written: str) -> Value:
    """Read a value.

    Raises:
        Unreadable: when it is none of this kind.
    """
    match kind:
        case Kind.TEXT:
            return Value(read_text(written))
        case Kind.NUMBER:
            result = _result(_plain(written))
            return Value(_shown(result), (result,))
        case Kind.SAMPLES:
            return _samples(written)
        case Kind.DATE:
            return Value(_date(_plain(written)).isoformat())
        case Kind.INSTANT:
            return Value(_instant(_plain(written)))
        case Kind.VERDICT:
            verdict = _VERDICTS.get(_plain(written).lower())
            if verdict is None:
                raise Unreadable("pass or fail (合格 or 不合格)")
            return Value(verdict)


def read_text(written: str, characters_max: int = TEXT_CHARACTERS_MAX) -> str:
    """Read text of one line, without control characters, that is not empty."""
    text = " ".join(written.split())
    if not text or not text.isprintable() or "\ufffd" in text:
        raise Unreadable("text without control characters")
    if len(text) > characters_max:
        raise Unreadable(f"at most {characters_max} characters, not {len(text)}")
    return text


def read_number(written: str) -> Decimal:
    """Read a plain decimal number."""
    text = _plain(written).replace(",", "")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unreadable("a number") from None
    if (
        not number.is_finite()
        or len(number.as_tuple().digits) > DIGITS_MAX
        or abs(number.adjusted()) > DIGITS_MAX
    ):
        raise Unreadable(f"a number of at most {DIGITS_MAX} digits")
    return number


def _samples(written: str) -> Value:
    parts = [part for part in re.split(r"[,;，；、\s]+", _plain(written)) if part]
    if not 1 <= len(parts) <= SAMPLES_MAX:
        raise Unreadable(f"the results of 1 to {SAMPLES_MAX} samples, with commas between them")
    results = tuple(_result(part) for part in parts)
    return Value(", ".join(map(_shown, results)), results)


def _result(text: str) -> Result:
    if text.lower() in _NOT_DETECTED:
        return NOT_DETECTED
    below = text.startswith("<")
    number = read_number(text.removeprefix("<").strip())
    if below and number <= 0:
        raise Unreadable("a positive number after <")
    return Result(number, below)


def _shown(result: Result) -> str:
    if result is NOT_DETECTED:
        return "ND"
    return f"{'<' if result.below else ''}{result.number:f}"


def _date(text: str) -> date:
    found = _DATE.fullmatch(text)
    try:
        if found:
            day = date(int(found[1]), int(found[2]), int(found[3]))
            if day.year in YEARS:
                return day
    except ValueError:
        pass
    raise Unreadable("a date such as 2026-05-01")


def _instant(text: str) -> str:
    expected = "an instant with an offset, such as 2026-05-01T08:00:00+08:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Unreadable(expected) from None
    if moment.tzinfo is None or moment.year not in YEARS:
        raise Unreadable(expected)
    return moment.astimezone(UTC).isoformat()


def _plain(written: str) -> str:
    return unicodedata.normalize("NFKC", written).strip()


NOT_DETECTED: Final = Result(Decimal(0))
"""Shown as ND, which says more than a zero."""
_NOT_DETECTED: Final = frozenset({"nd", "未检出", "not detected", "absent", "阴性"})
_VERDICTS: Final = {
    word: verdict
    for verdict, words in {
        "pass": ("pass", "passed", "合格", "符合", "ok", "yes", "是", "true"),
        "fail": ("fail", "failed", "不合格", "不符合", "no", "否", "false"),
    }.items()
    for word in words
}
_DATE: Final = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
