"""One thing's whole life: its own events, and those of whatever it was in, while it was in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy.orm import Session

from wuma.chain.trace.chunks import Event, read_events
from wuma.chain.trace.containment import Bond, Mark, Stay, stays
from wuma.chain.trace.names import name_key
from wuma.chain.trace.postings import Role, Touched, touches_of
from wuma.chain.trace.vocabulary import Action, EventType

DEPTH_MAX: Final = 6  # can, case, layer, pallet, container, ship
EVENTS_TOLD_MAX: Final = 1_000

_BONDS: Final = {Action.ADD: Bond.JOINED, Action.OBSERVE: Bond.SEEN_INSIDE, Action.DELETE: Bond.LEFT}


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a timeline: which thing it was about, and how that thing was touched.

    `via` is empty for the thing's own events; otherwise it is the way up: case, pallet, …
    """

    event: Event
    thing: int
    role: Role
    via: tuple[int, ...]


@dataclass(slots=True)
class Timeline:
    """The life of one thing: events with the latest first, and where it was."""

    thing: int
    told: list[Told] = field(default_factory=list)
    stays: list[Stay] = field(default_factory=list)
    contents: list[tuple[int, int]] = field(default_factory=list)
    """What is in it now, as runs of things."""
    is_cut: bool = False
    """Whether there were more events than are told."""


def timeline_of(session: Session, tenant_id: int, thing: int, *, limit: int = EVENTS_TOLD_MAX) -> Timeline:
    """Return the life of a thing."""
    life = Timeline(thing)
    seen: dict[int, tuple[Touched, tuple[int, ...]]] = {}  # an event is told once, by what it touches nearest
    own = touches_of(session, tenant_id, [thing], limit=limit)
    life.is_cut = len(own) == limit
    events = read_events(session, tenant_id, [touched.event_id for touched in own])
    for touched in own:
        seen[touched.event_id] = touched, ()
    life.stays = _stays(session, tenant_id, own, events)
    life.contents = _contents(own, events)
    _tell_of_parents(session, tenant_id, life.stays, (), seen, limit)
    events.update(read_events(session, tenant_id, [one for one in seen if one not in events]))
    told = [
        Told(events[touched.event_id], touched.thing, touched.role, via)
        for touched, via in seen.values()
        if touched.event_id in events
    ]
    life.told = sorted(told, key=lambda one: (one.event.at, one.event.id), reverse=True)[:limit]
    return life


def _tell_of_parents(
    session: Session,
    tenant_id: int,
    while_in: Sequence[Stay],
    via: tuple[int, ...],
    seen: dict[int, tuple[Touched, tuple[int, ...]]],
    limit: int,
) -> None:
    """Add what happened to each parent during the stay in it, and to its parents then."""
    if len(via) >= DEPTH_MAX:
        return
    for stay in while_in:
        if stay.parent in via:  # somebody packed a box into itself
            continue
        touches = touches_of(session, tenant_id, [stay.parent], limit=limit)
        events = read_events(session, tenant_id, [touched.event_id for touched in touches])
        way = (*via, stay.parent)
        for touched in touches:
            # What was put into the parent beside it is not its story; what happened to the parent is.
            is_packing = touched.role is Role.PARENT and events[touched.event_id].action is not Action.OBSERVE
            if (stay.covers(touched.at) and not is_packing) or touched.event_id == stay.ended_with:
                seen.setdefault(touched.event_id, (touched, way))
        above = [cut for one in _stays(session, tenant_id, touches, events) if (cut := _overlap(one, stay))]
        _tell_of_parents(session, tenant_id, above, way, seen, limit)


def _overlap(above: Stay, stay: Stay) -> Stay | None:
    since = max(above.since, stay.since)
    ends = [end for end in (above.until, stay.until) if end is not None]
    until = min(ends) if ends else None
    if until is not None and until <= since:
        return None
    return Stay(above.parent, since, until, above.began_with, above.ended_with)


def _stays(
    session: Session, tenant_id: int, touches: Iterable[Touched], events: Mapping[int, Event]
) -> list[Stay]:
    """Return where the thing was that is touched: from its own events, and from parents being emptied."""
    marks = []
    for touched in touches:
        event = events.get(touched.event_id)
        if event is None or touched.role is not Role.CHILD or touched.other_first is None:
            continue
        if event.type in {EventType.AGGREGATION, EventType.ASSOCIATION} and event.action is not None:
            bond, name = _BONDS[event.action], name_key(event.fields["eventID"])
            marks.append(Mark(touched.at, touched.event_id, bond, touched.other_first, name))
    for parent in {mark.parent for mark in marks}:
        marks.extend(_emptyings(session, tenant_id, parent))
    return stays(marks)


def _emptyings(session: Session, tenant_id: int, parent: int) -> list[Mark]:
    touches = [
        touched
        for touched in touches_of(session, tenant_id, [parent])
        if touched.role is Role.PARENT and touched.other_first is None
    ]
    events = read_events(session, tenant_id, [touched.event_id for touched in touches])
    return [
        Mark(
            touched.at,
            touched.event_id,
            Bond.EMPTIED,
            parent,
            name_key(events[touched.event_id].fields["eventID"]),
        )
        for touched in touches
        if events[touched.event_id].action is Action.DELETE
    ]


def _contents(touches: Iterable[Touched], events: Mapping[int, Event]) -> list[tuple[int, int]]:
    """Return what was put into the thing and not taken out again, from its own events."""
    inside: list[tuple[int, int]] = []
    for touched in sorted(touches, key=lambda one: (one.at, one.event_id)):
        if touched.role is not Role.PARENT:
            continue
        taken_out = events[touched.event_id].action is Action.DELETE
        if touched.other_first is None or touched.other_last is None:
            inside = [] if taken_out else inside
            continue
        run = touched.other_first, touched.other_last
        inside = _subtract(inside, run)
        if not taken_out:
            inside.append(run)
    return sorted(inside)


def _subtract(runs: Iterable[tuple[int, int]], gone: tuple[int, int]) -> list[tuple[int, int]]:
    """Take one run away from others.

    >>> _subtract([(1, 6), (8, 9)], (3, 3))
    [(1, 2), (4, 6), (8, 9)]
    """
    first, last = gone
    left = []
    for start, end in runs:
        if last < start or end < first:
            left.append((start, end))
            continue
        if start < first:
            left.append((start, first - 1))
        if last < end:
            left.append((last + 1, end))
    return left
