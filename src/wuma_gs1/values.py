"""What the value of an AI means: a day, a moment, a measure with its unit, an amount of money.

General Specifications section 3 for each AI, 7.12 for the century of a two-digit year.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.errors import Code, ParseError, shown
from wuma_gs1.linters import yymmd0


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity in the unit that the AI names."""

    value: Decimal
    unit: str


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money; `currency` is the ISO 4217 number, None for the local currency."""

    value: Decimal
    currency: str | None


Meaning = date | datetime | Decimal | Measure | Amount | tuple[date, date] | tuple[str, ...] | bool | str


def meaning(element: Element, *, today: date) -> Meaning:
    """Say what a valid element means; a string where the value is its own meaning.

    >>> today = date(2026, 11, 22)
    >>> meaning(Element("17", "270200"), today=today)
    datetime.date(2027, 2, 28)
    >>> meaning(Element("3103", "000195"), today=today)
    Measure(value=Decimal('0.195'), unit='kg')
    >>> meaning(Element("3912", "15600299"), today=today)
    Amount(value=Decimal('2.99'), currency='156')
    >>> meaning(Element("8008", "2601311530"), today=today)
    datetime.datetime(2026, 1, 31, 15, 30)

    Raises:
        ParseError: if the value is not one that the AI takes.
    """
    ai, value = element
    spec = AIS.get(ai)
    if spec is None or (flaw := spec.flaw(value)) is not None:
        expected = "an AI" if spec is None or flaw is None else flaw.code.expected
        code = Code.UNKNOWN_AI if spec is None or flaw is None else flaw.code
        raise ParseError(f"AI ({ai}) {value!r}: expected {expected}", code=code, ai=ai)
    if ai in _DATES:
        return day(value[:6], today=today)
    if ai in _MOMENTS:
        return _moment(value, today=today)
    if ai == "7007":
        first = day(value[:6], today=today)
        return (first, day(value[6:], today=today)) if len(value) > 6 else first
    if ai in {"7250", "7251"}:
        try:
            born = datetime.strptime(value.ljust(12, "0"), "%Y%m%d%H%M")  # noqa: DTZ007  # local time, as printed
        except ValueError:
            raise ParseError(f"AI ({ai}) {value!r}: expected a year from 1", ai=ai) from None
        return born if ai == "7251" else born.date()
    if ai[:2] in _MEASURES:
        return Measure(_decimal(value, int(ai[3])), _unit(spec.title))
    if ai[:3] in _AMOUNTS:
        return Amount(_decimal(value, int(ai[3])), None)
    if ai[:3] in _FOREIGN_AMOUNTS:
        return Amount(_decimal(value[3:], int(ai[3])), value[:3])
    if ai[:3] == "394":
        return Measure(_decimal(value, int(ai[3])), "%")
    if ai in {"4330", "4331", "4332", "4333"}:
        sign = "-" if value.endswith("-") else ""
        return Measure(Decimal(f"{sign}{value[:4]}.{value[4:6]}"), "°C" if ai in {"4331", "4333"} else "°F")
    if ai in {"423", "425"}:
        return tuple(value[at : at + 3] for at in range(0, len(value), 3))
    if ai in {"4321", "4322", "4323"}:
        return value == "1"
    return value


def day(yymmdd: str, *, today: date) -> date:
    """Resolve a two-digit year by the century rule (7.12); day 00 is the last of the month (3.4).

    >>> day("750615", today=date(2026, 11, 22)), day("770615", today=date(2026, 11, 22))
    (datetime.date(2075, 6, 15), datetime.date(1977, 6, 15))

    Raises:
        ParseError: if it is no date; 000229 was one in 2000 and is none in 2100, which `today` decides.
    """
    if flaw := yymmd0(yymmdd):
        raise ParseError(f"date {shown(yymmdd)}: expected {flaw.code.expected}", code=flaw.code)
    year, month, number = _year(int(yymmdd[:2]), today.year), int(yymmdd[2:4]), int(yymmdd[4:6])
    try:
        return date(year, month, number or monthrange(year, month)[1])
    except ValueError:
        raise ParseError(
            f"date {yymmdd!r}: there is none in {year}, got by the century rule from {today.year}",
            code=Code.ILLEGAL_DAY,
        ) from None


def _year(two_digits: int, this_year: int) -> int:
    century, this = divmod(this_year, 100)
    if two_digits - this >= 51:
        century -= 1
    elif two_digits - this <= -50:
        century += 1
    return 100 * century + two_digits


def _moment(value: str, *, today: date) -> date | datetime:
    on = day(value[:6], today=today)
    clock = [int(value[at : at + 2]) for at in range(6, len(value), 2)]
    if not clock:
        return on
    hour, minute, second = [*clock, 0, 0][:3]
    return datetime(on.year, on.month, on.day, hour, minute, second)  # noqa: DTZ001  # local time, as printed


def _decimal(digits: str, places: int) -> Decimal:
    return Decimal(digits).scaleb(-places)


def _unit(title: str) -> str:
    """Take the unit out of a data title: `NET WEIGHT (kg)`, `KG PER m²`."""
    found = _UNIT(title)
    return found[1] if found else "kg/m²"


_UNIT = re.compile(r"\(((?:[^()]|\([^()]*\))+)\)").search
_DATES = {"11", "12", "13", "15", "16", "17", "4326", "7006"}
_MOMENTS = {"4324", "4325", "7003", "7011", "8008"}
_MEASURES = {str(prefix) for prefix in range(31, 37)}
_AMOUNTS = {"390", "392", "395"}
_FOREIGN_AMOUNTS = {"391", "393"}
