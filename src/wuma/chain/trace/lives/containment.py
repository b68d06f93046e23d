"""What was in what, and when: derived from what events said, in the order in which things happened.

Nothing about containment is stored but the events themselves, so a late, repeated or corrected event needs
no repair: the answer is computed anew. Only the direct parent counts; a pallet's movements reach a can
through its case, while it is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Bond(StrEnum):
    """What an event says about a thing and a parent."""

    JOINED = "joined"
    SEEN_INSIDE = "seen_inside"
    LEFT = "left"
    EMPTIED = "emptied"
    """The parent let go of everything in it (DELETE without children)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One event about a thing and one parent.

    `name` is the digest of its eventID: of events of one moment, joining comes before leaving, and else the
    name decides, so that it does not matter which we heard of first.
    """

    at: datetime
    event_id: int
    bond: Bond
    parent: int
    name: UUID

    @property
    def order(self) -> tuple[datetime, int, UUID]:
        """Where the event stands among those of a thing."""
        return self.at, _TURNS[self.bond], self.name


_TURNS = {Bond.JOINED: 0, Bond.SEEN_INSIDE: 1, Bond.LEFT: 2, Bond.EMPTIED: 2}


@dataclass(frozen=True, slots=True)
class Stay:
    """A thing was directly in a parent from `since`, until `until` or to this day."""

    parent: int
    since: datetime
    until: datetime | None
    began_with: int
    """The event that put it there."""
    ended_with: int | None

    def covers(self, at: datetime) -> bool:
        """Whether the thing was inside at a moment; at its end it is outside again."""
        return self.since <= at and (self.until is None or at < self.until)


def stays(marks: Iterable[Mark]) -> list[Stay]:
    """Return where a thing was, the earliest first.

    A thing is in one parent at a time: joining another ends the stay before, because somebody forgot to say
    so. Being seen inside without having joined begins a stay, for the same reason. Leaving where it is not
    says nothing.
    """
    found: list[Stay] = []
    for mark in sorted(marks, key=lambda one: one.order):
        last = found[-1] if found and found[-1].until is None else None
        if mark.bond in {Bond.JOINED, Bond.SEEN_INSIDE}:
            if last is not None and last.parent == mark.parent:
                continue
            if last is not None:
                found[-1] = _ended(last, mark)
            found.append(Stay(mark.parent, mark.at, None, mark.event_id, None))
        elif last is not None and last.parent == mark.parent:
            found[-1] = _ended(last, mark)
    return found


def _ended(stay: Stay, mark: Mark) -> Stay:
    return Stay(stay.parent, stay.since, mark.at, stay.began_with, mark.event_id)
