"""Schedules of subscriptions: second, minute, hour, day of month, month, day of week (EPCIS 2.0, 8.2.5.3).

An element is a number or a range in brackets, several are separated by commas: ``0,15,[30-40]``. A field that
is left out means any value, but the first one where a coarser field is given: ``{"hour": "1"}`` is once a
day. Times are in UTC; Monday is 1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from wuma.kernel.errors import FieldError

FIELDS: Final[Mapping[str, range]] = {
    "second": range(60),
    "minute": range(60),
    "hour": range(24),
    "dayOfMonth": range(1, 32),
    "month": range(1, 13),
    "dayOfWeek": range(1, 8),
}
YEARS_AHEAD_MAX: Final = 8
"""The 29th of February may be eight years away."""

_ELEMENT: Final = re.compile(r"(\d{1,2})|\[(\d{1,2})-(\d{1,2})\]")

Times = Mapping[str, frozenset[int]]


def read_schedule(said: Mapping[str, str], at: str, faults: list[FieldError]) -> Times:
    """Read a schedule; what is wrong with it is added to the faults."""
    times: dict[str, frozenset[int]] = {}
    for name, text in said.items():
        known = FIELDS.get(name)
        found = None if known is None else _read(str(text), known)
        if found is None:
            within = "one of " + ", ".join(FIELDS) if known is None else f"{known.start} to {known.stop - 1}"
            expected = f"{within}: numbers and ranges such as 0,15,[30-40]"
            faults.append(FieldError(f"{at}/{name[:40]}", expected, str(text)[:60]))
        else:
            times[name] = found
    if not times:
        faults.append(FieldError(at, "one of " + ", ".join(FIELDS), "none"))
    elif not faults and next_time(times, datetime.now(UTC)) is None:
        faults.append(FieldError(at, "a time that comes", "a day that no month has"))
    return times


def _read(text: str, within: range) -> frozenset[int] | None:
    values: set[int] = set()
    for part in text.split(","):
        match = _ELEMENT.fullmatch(part)
        if match is None:
            return None
        first = int(match[1] or match[2])
        last = int(match[1] or match[3])
        if first > last or first not in within or last not in within:
            return None
        values.update(range(first, last + 1))
    return frozenset(values)


def next_time(times: Times, after: datetime) -> datetime | None:
    """Return the first moment of a schedule after another; None when there is none.

    >>> next_time({"hour": frozenset({1}), "minute": frozenset({5})}, datetime(2026, 5, 1, 1, 5, tzinfo=UTC))
    datetime.datetime(2026, 5, 2, 1, 5, tzinfo=datetime.timezone.utc)
    """
    seconds, minutes, hours = _clock(times)
    days = times.get("dayOfMonth"), times.get("month"), times.get("dayOfWeek")
    moment = after.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=1)
    day = moment.replace(hour=0, minute=0, second=0)
    for _ in range(366 * YEARS_AHEAD_MAX + 2):
        is_day = all(
            chosen is None or value in chosen
            for chosen, value in zip(days, (day.day, day.month, day.isoweekday()), strict=True)
        )
        if is_day:
            earliest = (
                (moment.hour, moment.minute, moment.second) if day.date() == moment.date() else (0, 0, 0)
            )
            for hour in hours:
                for minute in minutes if hour >= earliest[0] else ():
                    if (hour, minute) < earliest[:2]:
                        continue
                    for second in seconds:
                        if (hour, minute, second) >= earliest:
                            return day.replace(hour=hour, minute=minute, second=second)
        day += timedelta(days=1)
    return None


def _clock(times: Times) -> tuple[list[int], list[int], list[int]]:
    """Return seconds, minutes and hours: the first one of what is left out below what is given."""
    coarser = bool({"dayOfMonth", "month", "dayOfWeek"} & set(times))
    found = []
    for name in ("hour", "minute", "second"):
        if name in times:
            found.append(sorted(times[name]))
            coarser = True
        else:
            found.append([0] if coarser else list(FIELDS[name]))
    hours, minutes, seconds = found
    return seconds, minutes, hours
