"""The checks that a component of an element string must pass: one small pure function each.

A linter reads one component and answers None, or the first `Flaw` in it. The functions bear the names of
the GS1 Barcode Syntax Dictionary, so that our table of Application Identifiers reads beside GS1's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from wuma_gs1.check_characters import CHECKED_CHARACTERS_MAX, check_pair, has_check_digit
from wuma_gs1.code_lists import (
    COUNTRIES_ALPHA2,
    COUNTRIES_NUMERIC,
    CURRENCIES_NUMERIC,
    MEDIA_TYPES,
    PACKAGE_TYPES,
)
from wuma_gs1.errors import Code


class Flaw(NamedTuple):
    """What is wrong with a component, and which of its characters are to blame: `start` up to `end`."""

    code: Code
    start: int
    end: int


Linter = Callable[[str], Flaw | None]


def whole(code: Code, text: str) -> Flaw:
    """Blame the component as a whole."""
    return Flaw(code, 0, len(text))


# --- character sets (General Specifications 7.11) -------------------------------------------------------


def csetnumeric(text: str) -> Flaw | None:
    """Digits only; full-width and other Unicode digits are none.

    >>> csetnumeric("12a4")
    Flaw(code=<Code.NON_DIGIT_CHARACTER: 'non_digit_character'>, start=2, end=3)
    """
    return _blame(_NON_DIGIT(text), Code.NON_DIGIT_CHARACTER)


def cset82(text: str) -> Flaw | None:
    """GS1 AI encodable character set 82."""
    return _blame(_NON_CSET82(text), Code.INVALID_CSET82_CHARACTER)


def cset39(text: str) -> Flaw | None:
    """GS1 AI encodable character set 39."""
    return _blame(_NON_CSET39(text), Code.INVALID_CSET39_CHARACTER)


def cset64(text: str) -> Flaw | None:
    """File-safe base 64 with its padding: whole groups of three characters, as GS1 counts them."""
    body = text.rstrip("=")
    if found := _NON_CSET64(body):
        return Flaw(Code.INVALID_CSET64_CHARACTER, found.start(), found.end())
    pads = len(text) - len(body)
    if pads and (pads > 2 or len(text) % 3 or not body):
        return Flaw(Code.INVALID_CSET64_PADDING, len(body), len(text))
    return None


def hasnondigit(text: str) -> Flaw | None:
    """At least one character that is no digit (a MUDI, which must not look like a GTIN)."""
    return None if _NON_DIGIT(text) else whole(Code.REQUIRES_NON_DIGIT_CHARACTER, text)


def pcenc(text: str) -> Flaw | None:
    """Each '%' begins an escape of two hexadecimal digits."""
    found = _BAD_ESCAPE(text)
    return Flaw(Code.INVALID_PERCENT_SEQUENCE, found.start(), found.end()) if found else None


def _blame(found: re.Match[str] | None, code: Code) -> Flaw | None:
    return Flaw(code, found.start(), found.end()) if found else None


_NON_DIGIT = re.compile(r"[^0-9]").search
_NON_CSET82 = re.compile(r"[^!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]").search
_NON_CSET39 = re.compile(r"[^#\-/0-9A-Z]").search
_NON_CSET64 = re.compile(r"[^\-0-9A-Z_a-z]").search
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2}).{0,2}", re.DOTALL).search


# --- check characters and company prefixes (7.9, 1.4) ---------------------------------------------------


def csum(text: str) -> Flaw | None:
    """The last digit is the check digit.

    >>> csum("6901234567893")
    Flaw(code=<Code.INCORRECT_CHECK_DIGIT: 'incorrect_check_digit'>, start=12, end=13)
    """
    if has_check_digit(text):
        return None
    if not text:
        return whole(Code.TOO_SHORT_FOR_CHECK_DIGIT, text)
    return csetnumeric(text) or Flaw(Code.INCORRECT_CHECK_DIGIT, len(text) - 1, len(text))


def csumalpha(text: str) -> Flaw | None:
    """The last two characters are the check pair (Global Model Number)."""
    if len(text) < 2:
        return whole(Code.TOO_SHORT_FOR_CHECK_PAIR, text)
    if len(text) - 2 > CHECKED_CHARACTERS_MAX:
        return whole(Code.TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION, text)
    if flaw := cset82(text[:-2]):
        return flaw
    if check_pair(text[:-2]) != text[-2:]:
        return Flaw(Code.INCORRECT_CHECK_PAIR, len(text) - 2, len(text))
    return None


def gcppos1(text: str) -> Flaw | None:
    """A GS1 Company Prefix stands at the first position: at least four digits (the shortest ever issued)."""
    return _company_prefix_at(0, text)


def gcppos2(text: str) -> Flaw | None:
    """A GS1 Company Prefix stands after an indicator or extension digit."""
    return _company_prefix_at(1, text)


def _company_prefix_at(offset: int, text: str) -> Flaw | None:
    if len(text) - offset < COMPANY_PREFIX_DIGITS_MIN:
        return whole(Code.TOO_SHORT_FOR_GCP, text)
    found = _NON_DIGIT(text, offset, offset + COMPANY_PREFIX_DIGITS_MIN)
    return _blame(found, Code.INVALID_GCP_PREFIX)


COMPANY_PREFIX_DIGITS_MIN = 4


# --- numbers --------------------------------------------------------------------------------------------


def nonzero(text: str) -> Flaw | None:
    """A number other than zero."""
    return csetnumeric(text) or (None if text.strip("0") else whole(Code.ILLEGAL_ZERO_VALUE, text))


def nozeroprefix(text: str) -> Flaw | None:
    """A number that does not begin with zero."""
    if text.startswith("0"):
        return Flaw(Code.ILLEGAL_ZERO_PREFIX, 0, 1)
    return csetnumeric(text)


def zero(text: str) -> Flaw | None:
    """Zeros only: a digit reserved for later."""
    return whole(Code.NOT_ZERO, text) if text.strip("0") else None


def yesno(text: str) -> Flaw | None:
    """A boolean: 0 is no, 1 is yes."""
    return None if text in {"0", "1"} else whole(Code.NOT_ZERO_OR_ONE, text)


def hyphen(text: str) -> Flaw | None:
    """A minus sign: the temperature is below zero."""
    return None if not text.strip("-") else whole(Code.NOT_HYPHEN, text)


# --- dates and times (3.4, 3.5) -------------------------------------------------------------------------


DATES_CACHED_MAX = 4096  # eleven years: what is on sale has expiry dates within three


def yymmd0(text: str) -> Flaw | None:
    """A date of which the day may be unknown: 00."""
    return _date(text, 2, _OR_UNKNOWN)


def yymmdd(text: str) -> Flaw | None:
    """A date with its day.

    >>> yymmdd("250230")
    Flaw(code=<Code.ILLEGAL_DAY: 'illegal_day'>, start=4, end=6)
    """
    return _date(text, 2, _KNOWN)


def yyyymmd0(text: str) -> Flaw | None:
    """A date with its century, of which the day may be unknown."""
    return _date(text, 4, _OR_UNKNOWN)


def yyyymmdd(text: str) -> Flaw | None:
    """A date with its century."""
    return _date(text, 4, _KNOWN)


_KNOWN, _OR_UNKNOWN = 0, 1  # the day; not by keyword, which the cache makes dear


@lru_cache(maxsize=DATES_CACHED_MAX)
def _date(text: str, year_digits: int, day_may_be_unknown: int) -> Flaw | None:
    if len(text) < year_digits + 4:
        return whole(Code.DATE_TOO_SHORT, text)
    if len(text) > year_digits + 4:
        return whole(Code.DATE_TOO_LONG, text)
    if flaw := csetnumeric(text):
        return flaw
    # Two-digit years lie between 1950 and 2049 by the century rule, where every fourth is a leap year,
    # 2000 among them: reading them as 20yy gives the right length of February.
    year = int(text) // 10_000 + (2000 if year_digits == 2 else 0)
    month, day = int(text[-4:-2]), int(text[-2:])
    if not 1 <= month <= 12:
        return Flaw(Code.ILLEGAL_MONTH, year_digits, year_digits + 2)
    if day > _days_in(year, month) or (day == 0 and not day_may_be_unknown):
        return Flaw(Code.ILLEGAL_DAY, year_digits + 2, year_digits + 4)
    return None


def _days_in(year: int, month: int) -> int:
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


def hh(text: str) -> Flaw | None:
    """Hours, 00 to 23."""
    return _clock(text, 24, Code.HOUR_TOO_SHORT, Code.HOUR_TOO_LONG, Code.ILLEGAL_HOUR)


def mi(text: str) -> Flaw | None:
    """Minutes, 00 to 59."""
    return _clock(text, 60, Code.MINUTE_TOO_SHORT, Code.MINUTE_TOO_LONG, Code.ILLEGAL_MINUTE)


def ss(text: str) -> Flaw | None:
    """Seconds, 00 to 59."""
    return _clock(text, 60, Code.SECOND_TOO_SHORT, Code.SECOND_TOO_LONG, Code.ILLEGAL_SECOND)


def hhmi(text: str) -> Flaw | None:
    """Hours and minutes."""
    if len(text) < 4:
        return whole(Code.HOUR_WITH_MINUTE_TOO_SHORT, text)
    if len(text) > 4:
        return whole(Code.HOUR_WITH_MINUTE_TOO_LONG, text)
    if flaw := csetnumeric(text) or hh(text[:2]):
        return flaw
    return Flaw(Code.ILLEGAL_MINUTE, 2, 4) if mi(text[2:]) else None


def _clock(text: str, limit: int, short: Code, long: Code, illegal: Code) -> Flaw | None:
    if len(text) < 2:
        return whole(short, text)
    if len(text) > 2:
        return whole(long, text)
    return csetnumeric(text) or (whole(illegal, text) if int(text) >= limit else None)


# --- code lists -----------------------------------------------------------------------------------------


def iso3166(text: str) -> Flaw | None:
    """A country, by its ISO 3166-1 numeric code."""
    return None if text in COUNTRIES_NUMERIC else whole(Code.NOT_ISO3166, text)


def iso3166999(text: str) -> Flaw | None:
    """A country, or 999 for several."""
    return None if text == "999" or text in COUNTRIES_NUMERIC else whole(Code.NOT_ISO3166_OR_999, text)


def iso3166alpha2(text: str) -> Flaw | None:
    """A country, by its ISO 3166-1 alpha-2 code."""
    return None if text in COUNTRIES_ALPHA2 else whole(Code.NOT_ISO3166_ALPHA2, text)


def iso4217(text: str) -> Flaw | None:
    """A currency, by its ISO 4217 numeric code."""
    return None if text in CURRENCIES_NUMERIC else whole(Code.NOT_ISO4217, text)


def iso5218(text: str) -> Flaw | None:
    """Biological sex: 0 not known, 1 male, 2 female, 9 not applicable."""
    return None if text in {"0", "1", "2", "9"} else whole(Code.INVALID_BIOLOGICAL_SEX_CODE, text)


def mediatype(text: str) -> Flaw | None:
    """What carries the identifier of a person: wristband, card, …"""
    return None if text in MEDIA_TYPES else whole(Code.INVALID_MEDIA_TYPE, text)


def packagetype(text: str) -> Flaw | None:
    """A kind of freight unit."""
    return None if text in PACKAGE_TYPES else whole(Code.INVALID_PACKAGE_TYPE, text)


def winding(text: str) -> Flaw | None:
    """Winding direction of roll products: 0 face out, 1 face in, 9 undefined."""
    return None if text in {"0", "1", "9"} else whole(Code.INVALID_WINDING_DIRECTION, text)


def importeridx(text: str) -> Flaw | None:
    """The importer index of an EU tobacco UIC: one character of file-safe base 64."""
    if len(text) != 1:
        return whole(Code.IMPORTER_IDX_MUST_BE_ONE_CHARACTER, text)
    return whole(Code.INVALID_IMPORT_IDX_CHARACTER, text) if _NON_CSET64(text) else None


# --- structured values ----------------------------------------------------------------------------------


def pieceoftotal(text: str) -> Flaw | None:
    """A piece number and the total of pieces, equally long.

    >>> pieceoftotal("0102"), pieceoftotal("0302").code.value
    (None, 'piece_number_exceeds_total')
    """
    half, odd = divmod(len(text), 2)
    if odd or not half:
        return whole(Code.INVALID_LENGTH_FOR_PIECE_OF_TOTAL, text)
    if flaw := csetnumeric(text):
        return flaw
    piece, total = text[:half], text[half:]
    if not piece.strip("0"):
        return Flaw(Code.ZERO_PIECE_NUMBER, 0, half)
    if not total.strip("0"):
        return Flaw(Code.ZERO_TOTAL_PIECES, half, len(text))
    return whole(Code.PIECE_NUMBER_EXCEEDS_TOTAL, text) if piece > total else None


def posinseqslash(text: str) -> Flaw | None:
    """A position in a sequence, such as a twin's order of birth: 1/2."""
    position, slash, end = text.partition("/")
    if not (slash and position and end) or csetnumeric(position) or csetnumeric(end):
        return whole(Code.POSITION_IN_SEQUENCE_MALFORMED, text)
    if position[0] == "0":
        return Flaw(Code.ILLEGAL_ZERO_PREFIX, 0, len(position))
    if end[0] == "0":
        return Flaw(Code.ILLEGAL_ZERO_PREFIX, len(position) + 1, len(text))
    # Without leading zeros, the longer number is the larger.
    if (len(position), position) > (len(end), end):
        return whole(Code.POSITION_EXCEEDS_END, text)
    return None


def latitude(text: str) -> Flaw | None:
    """Degrees × 10^7, offset by 90°: 0000000000 is the South Pole."""
    return _angle(text, "1800000000", Code.LATITUDE_INVALID_LENGTH, Code.INVALID_LATITUDE)


def longitude(text: str) -> Flaw | None:
    """Degrees × 10^7, eastward."""
    return _angle(text, "3600000000", Code.LONGITUDE_INVALID_LENGTH, Code.INVALID_LONGITUDE)


def _angle(text: str, limit: str, length: Code, value: Code) -> Flaw | None:
    if len(text) != len(limit):
        return whole(length, text)
    return csetnumeric(text) or (whole(value, text) if text > limit else None)


def iban(text: str) -> Flaw | None:
    """An International Bank Account Number (ISO 13616-1), its check digits by ISO 7064 mod 97-10.

    >>> iban("GB98MIDL07009312345678")
    >>> iban("GB99MIDL07009312345678")
    Flaw(code=<Code.INCORRECT_IBAN_CHECKSUM: 'incorrect_iban_checksum'>, start=2, end=4)
    """
    if len(text) < 4:
        return whole(Code.IBAN_TOO_SHORT, text)
    if text[:2] not in COUNTRIES_ALPHA2:
        return Flaw(Code.ILLEGAL_IBAN_COUNTRY_CODE, 0, 2)
    if len(text) > IBAN_CHARACTERS_MAX:
        return whole(Code.IBAN_TOO_LONG, text)
    if len(text) <= IBAN_CHARACTERS_MIN:
        return whole(Code.IBAN_TOO_SHORT, text)
    for position in (*range(4, len(text)), 2, 3):
        if text[position] not in _IBAN_CHARACTERS:
            return Flaw(Code.INVALID_IBAN_CHARACTER, position, position + 1)
    number = "".join(str(int(character, 36)) for character in text[4:] + text[:4])
    return None if int(number) % 97 == 1 else Flaw(Code.INCORRECT_IBAN_CHECKSUM, 2, 4)


IBAN_CHARACTERS_MIN = 10
IBAN_CHARACTERS_MAX = 34
_IBAN_CHARACTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
