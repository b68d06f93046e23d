"""Reading one cell: a text in, a value out, or a sentence that says what was expected.

Blank cells are None. Full-width digits and letters are made plain in numbers and codes, where nobody means
them, and left alone in names, where somebody may.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Final

from wuma_gs1.application_identifiers import AIS
from wuma_gs1.keys import Gln, Gtin, ParseError, check_digit

TEXT_CHARACTERS_MAX: Final = 200
CODE_CHARACTERS_MAX: Final = 64
VALUES_REMEMBERED: Final = 4096  # a file says 900 g and 2段 a hundred thousand times


class CellFault(ValueError):
    """A cell that cannot be read. The text says what was expected."""


def read_text(text: str) -> str:
    r"""Read a name or an address: one line, without control characters.

    >>> read_text(" 金装　奶粉 ")
    '金装　奶粉'
    >>> read_text("南京路 1 号\n三楼")
    '南京路 1 号 三楼'
    """
    value = text.strip()
    if not value.isprintable():
        value = _BREAKS.sub(" ", value)
        found = _CONTROL.search(value)
        if found is not None:
            raise CellFault(f"text without control characters (there is U+{ord(found[0]):04X})")
    if _LOST in value:
        raise CellFault(f"text, not {_LOST}: a character was lost when the file was saved")
    if len(value) > TEXT_CHARACTERS_MAX:
        raise CellFault(f"at most {TEXT_CHARACTERS_MAX} characters, not {len(value)}")
    return value


def read_code(text: str) -> str | None:
    """Read somebody's own number of a thing.

    >>> read_code("Ｄ００１")
    'D001'
    """
    value = _not_a_formula(plain(text))
    if not value:
        return None
    if _CONTROL.search(value):
        raise CellFault("a code without control characters")
    if len(value) > CODE_CHARACTERS_MAX:
        raise CellFault(f"a code of at most {CODE_CHARACTERS_MAX} characters, not {len(value)}")
    return value


def read_gtin(text: str) -> str | None:
    """Read a GTIN into its 14 digits.

    >>> read_gtin("690 1234 567892"), read_gtin("６９０１２３４５６７８９２")
    ('06901234567892', '06901234567892')
    >>> read_gtin("6901234567893")
    Traceback (most recent call last):
    wuma.support.masterdata.importing.cells.CellFault: check digit 2 at the end of a GTIN
    """
    digits = _digits(text, "GTIN", (8, 12, 13, 14))
    if digits is None:
        return None
    if not digits.strip("0"):
        raise CellFault("a GTIN other than zeros")
    try:
        return Gtin.parse(digits).value
    except ParseError:
        raise CellFault(f"check digit {check_digit(digits[:-1])} at the end of a GTIN") from None


def read_gln(text: str) -> str | None:
    """Read a GLN of 13 digits."""
    digits = _digits(text, "GLN", (13,))
    if digits is None:
        return None
    try:
        return Gln.parse(digits).value
    except ParseError:
        raise CellFault(f"check digit {check_digit(digits[:-1])} at the end of a GLN") from None


def read_gln_extension(text: str) -> str | None:
    """Read the extension component of a GLN (AI 254)."""
    value = _not_a_formula(plain(text))
    if not value:
        return None
    flaw = AIS["254"].flaw(value)
    if flaw is not None:
        raise CellFault(f"a GLN extension of up to 20 characters: {flaw.code.expected}")
    return value


def read_company_prefix(text: str) -> str | None:
    """Read a GS1 Company Prefix (General Specifications 1.4.5: 4 to 12 digits)."""
    value = _not_a_formula("".join(plain(text).split()))
    if not value:
        return None
    if not (value.isascii() and value.isdecimal() and 4 <= len(value) <= 12):
        raise CellFault("a GS1 Company Prefix of 4 to 12 digits")
    return value


def whole_number(
    what: str, least: int, most: int, units: Mapping[str, int] | None = None
) -> Callable[[str], int | None]:
    """Return a reader of whole numbers between two bounds, with or without a unit.

    >>> read = whole_number("grams", 1, 10_000, {"g": 1, "kg": 1000})
    >>> read("900"), read("900.0"), read("0.9 kg"), read("１，２００Ｇ"), read("")
    (900, 900, 900, 1200, None)
    """
    factors = {"": 1, **(units or {})}

    @lru_cache(VALUES_REMEMBERED)
    def read(text: str) -> int | None:
        value = plain(text)
        if not value:
            return None
        found = _NUMBER.fullmatch(value)
        factor = factors.get(found["unit"].lower()) if found else None
        if found is None or factor is None:
            raise CellFault(f"a whole number of {what}")
        number = Decimal(found["number"].replace(",", "")) * factor
        if number != int(number) or not least <= number <= most:
            raise CellFault(f"a whole number of {what}, {least} to {most}")
        return int(number)

    return read


def degrees(what: str) -> Callable[[str], float | None]:
    """Return a reader of decimal degrees. Which of two is the longitude is judged for both together."""

    def read(text: str) -> float | None:
        value = plain(text)
        if not value:
            return None
        if not _DEGREES.fullmatch(value) or abs(float(value)) > 180:
            raise CellFault(f"{what} in decimal degrees, like {_DEGREES_EXAMPLES.get(what, '1.5')}")
        return float(value)

    return read


def one_of(meanings: Mapping[str, str], expected: str) -> Callable[[str], str | None]:
    """Return a reader of words that mean one of a few things; case and full width do not matter."""

    @lru_cache(VALUES_REMEMBERED)
    def read(text: str) -> str | None:
        value = plain(text).lower()
        if not value:
            return None
        meaning = meanings.get(value)
        if meaning is None:
            raise CellFault(expected)
        return meaning

    return read


@lru_cache(VALUES_REMEMBERED)
def read_stage(text: str) -> int | None:
    """Read the stage of infant formula; 无 says that it has none.

    >>> read_stage("3段"), read_stage("二段"), read_stage("Ⅱ"), read_stage("Stage 1"), read_stage("无")
    (3, 2, 2, 1, None)
    """
    value = plain(text).lower()
    if value in _NO_STAGE:
        return None
    found = _STAGE.fullmatch(value)
    stage = _STAGES.get(found["stage"]) if found else None
    if stage is None:
        raise CellFault("a stage of 1, 2, 3 or 4 (段), or nothing")
    return stage


def plain(text: str) -> str:
    """Return a text without space around it, full-width forms, or the apostrophe that marks text in Excel."""
    value = text.strip()
    if not value.isascii():
        value = unicodedata.normalize("NFKC", value).translate(_INVISIBLE).strip()
    return value.removeprefix("'")


_BREAKS: Final = re.compile(r"[\t\r\n\v\f\x85\u2028\u2029]+")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LOST: Final = "\ufffd"
_INVISIBLE: Final = dict.fromkeys([0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])  # pasted along from web pages
_NUMBER: Final = re.compile(r"(?P<number>\d{1,15}(?:,\d{3})*(?:\.\d{1,9})?)\s*(?P<unit>[^\d\s]*)", re.ASCII)
_DEGREES: Final = re.compile(r"[+-]?\d{1,3}(?:\.\d{1,20})?", re.ASCII)
_DEGREES_EXAMPLES: Final = {"a longitude": "114.0579", "a latitude": "22.5431"}
_SHORTENED: Final = re.compile(r"\d(?:\.\d+)?e\+?\d+", re.ASCII | re.IGNORECASE)
_NO_STAGE: Final = frozenset({"", "无", "none", "-", "/"})
_STAGE: Final = re.compile(r"(?:stage|第)?\s*(?P<stage>[1-4]|[一二三四]|i{1,3}|iv)\s*段?")
_STAGES: Final = {
    word: stage
    for stage, words in enumerate(
        [("1", "一", "i"), ("2", "二", "ii"), ("3", "三", "iii"), ("4", "四", "iv")], 1
    )
    for word in words
}


def _digits(text: str, what: str, lengths: tuple[int, ...]) -> str | None:
    """Return the digits of a key, or say why they are not."""
    value = "".join(plain(text).split())
    if not value:
        return None
    if value.isascii() and value.isdecimal() and len(value) in lengths:
        return value
    _not_a_formula(value)
    expected = " or ".join(", ".join(map(str, lengths)).rsplit(", ", 1))
    if _SHORTENED.fullmatch(value):
        raise CellFault(
            f"all {expected} digits of a {what}: Excel has shortened it, format the column as text"
        )
    if value.isascii() and value.isdecimal() and any(len(value) + lost in lengths for lost in (1, 2)):
        raise CellFault(f"a {what} of {expected} digits, not {len(value)}: were zeros at the beginning lost?")
    raise CellFault(f"a {what} of {expected} digits")


def _not_a_formula(value: str) -> str:
    if value[:1] in {"=", "+", "-", "@"}:
        raise CellFault("a value that does not begin with = + - or @, as formulas do")
    return value
