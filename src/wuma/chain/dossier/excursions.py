"""Excursions: readings outside of a rule's limits for longer than it allows. All of it is pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple


class Seen(NamedTuple):
    """A reading: when, and between what it was."""

    at: datetime
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bounds:
    """What readings have to keep to, and for how long they may fail to."""

    least: float | None
    most: float | None
    seconds: int

    def breaks(self, reading: Seen) -> bool:
        """Whether a reading is outside."""
        too_low = self.least is not None and reading.low < self.least
        return too_low or (self.most is not None and reading.high > self.most)

    def excess(self, reading: Seen) -> float:
        """Return how far outside a reading is."""
        below = self.least - reading.low if self.least is not None else 0.0
        above = reading.high - self.most if self.most is not None else 0.0
        return max(below, above)

    def worst(self, reading: Seen) -> float:
        """Return the end of a reading that is farther outside."""
        below = self.least - reading.low if self.least is not None else float("-inf")
        above = reading.high - self.most if self.most is not None else float("-inf")
        return reading.low if below > above else reading.high


@dataclass(frozen=True, slots=True)
class Excursion:
    """Readings outside without a good one between them: from the first to the first good one after."""

    since: datetime
    until: datetime
    """When it was over, or the last that is known of it."""
    worst: float
    readings: int
    is_over: bool


def excursions(readings: Iterable[Seen], bounds: Bounds) -> list[Excursion]:
    """Return the excursions among readings, in any order they are given in.

    How long one lasted is told from its first reading outside to the first one inside again: what happened
    between two readings nobody has seen, and the careful reading of it is the longer one.
    """
    found: list[Excursion] = []
    run: list[Seen] = []
    for reading in sorted(readings):
        if bounds.breaks(reading):
            run.append(reading)
        elif run:
            found += _of(run, reading.at, bounds, is_over=True)
            run = []
    if run:
        found += _of(run, run[-1].at, bounds, is_over=False)
    return found


def _of(run: list[Seen], until: datetime, bounds: Bounds, *, is_over: bool) -> list[Excursion]:
    if until - run[0].at < timedelta(seconds=bounds.seconds):
        return []
    worst = max(run, key=bounds.excess)
    return [Excursion(run[0].at, until, bounds.worst(worst), len(run), is_over)]
