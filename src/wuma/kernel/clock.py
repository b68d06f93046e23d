"""The time, as the edge reads it once per request and hands on.

Nothing inside asks for the time: a function that needs it takes ``now``. The demo's simulated brand
lives through months in minutes, so a server started with ``clock = "world"`` accepts the time from
its client; no other server does.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final, Literal

Clock = Literal["system", "world"]

CHINA_TIME: Final = timezone(timedelta(hours=8))
"""One time for all of China, and no summer time since 1991."""
WORLD_CLOCK_HEADER: Final = "wuma-world-clock"


def day_in_china(moment: datetime) -> date:
    """Return the day it is in China at an instant: what a label, a calendar and an inspector mean by a date.

    >>> day_in_china(datetime(2026, 5, 1, 17, tzinfo=UTC)).isoformat()
    '2026-05-02'
    """
    return moment.astimezone(CHINA_TIME).date()


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC."""
    return datetime.now(UTC)


def read_clock(clock: Clock, world_time: str | None) -> datetime:
    """Return the instant a request happens at.

    >>> read_clock("world", "2026-05-01T08:00:00Z").isoformat()
    '2026-05-01T08:00:00+00:00'
    >>> read_clock("system", "2026-05-01T08:00:00Z").year > 2025
    True
    """
    if clock == "world" and world_time:
        try:
            moment = datetime.fromisoformat(world_time)
        except ValueError:
            return utc_now()
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    return utc_now()
