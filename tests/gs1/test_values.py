"""What values mean, above all dates, whose century depends on the day they are read."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gs1 import generated
from wuma_gs1.application_identifiers import Element
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.values import day, meaning


@given(generated.values, st.dates())
def test_every_valid_value_means_something_or_is_refused(element: Element, today: date) -> None:
    with suppress(ParseError):
        assert meaning(element, today=today) is not None


@given(st.dates(date(1000, 1, 1), date(9000, 1, 1)), st.integers(-49 * 365, 50 * 365))
def test_a_day_within_half_a_century_has_its_own_century(today: date, days: int) -> None:
    meant = date.fromordinal(today.toordinal() + days)
    if -50 < meant.year - today.year < 51:
        assert day(f"{meant:%y%m%d}", today=today) == meant


@pytest.mark.parametrize(
    ("year", "expected"), [(1999, date(2049, 2, 28)), (2000, date(2049, 2, 28)), (2098, date(2049, 2, 28))]
)
def test_the_unknown_day_is_the_last_of_its_month(year: int, expected: date) -> None:
    assert day("490200", today=date(year, 6, 1)) == expected


@pytest.mark.parametrize(
    "element", [("17", "000229"), ("7007", "000229000301"), ("8008", "00022912"), ("7003", "0002291200")]
)
def test_a_leap_day_that_its_century_does_not_have_is_refused(element: tuple[str, str]) -> None:
    assert meaning(Element(*element), today=date(2026, 1, 1))
    with pytest.raises(ParseError) as refusal:
        meaning(Element(*element), today=date(2060, 1, 1))
    assert refusal.value.code is Code.ILLEGAL_DAY


@pytest.mark.parametrize("text", ["", "9", "261301", "26０１０１", "20260101", "260230"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="date"):
        day(text, today=date(2026, 1, 1))


def test_moments_have_what_precision_they_have() -> None:
    assert meaning(Element("8008", "26013115"), today=date(2026, 1, 1)) == datetime(2026, 1, 31, 15)  # noqa: DTZ001
    assert meaning(Element("7011", "260131"), today=date(2026, 1, 1)) == date(2026, 1, 31)
