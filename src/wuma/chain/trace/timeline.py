"""One thing's whole life: its own events, and those of whatever it was in, while it was in it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.capture import ACTIONS, TYPES, name_of
from wuma.chain.trace.containment import Bond, Mark, Stay, stays
from wuma.chain.trace.postings import Role, Touched, touches_of
from wuma.chain.trace.vocabulary import Action, EventType

DEPTH_MAX: Final = 6  # can, case, layer, pallet, container, ship
EVENTS_TOLD_MAX: Final = 1_000

_TYPE_OF: Final = {number: type_ for type_, number in TYPES.items()}
_ACTION_OF: Final = {number: action for action, number in ACTIONS.items()}
_BONDS: Final = {Action.ADD: Bond.JOINED, Action.OBSERVE: Bond.SEEN_INSIDE, Action.DELETE: Bond.LEFT}

_EVENTS = text(
    "SELECT id, key, at, captured_at, type, action, biz_step, disposition, location, chunk_id, place"
    " FROM trace.event WHERE tenant_id = :tenant_id AND id = ANY (:ids)"
)
_CHUNKS = text(
    "SELECT k.id, k.body, c.context FROM trace.chunk k JOIN trace.capture c ON c.id = k.capture_id"
    " WHERE k.tenant_id = :tenant_id AND k.id = ANY (:ids)"
)


@dataclass(frozen=True, slots=True)
class Event:
    """A captured event, as it is filed; `fields` is all it says, as it came, and an eventID in any case."""

    id: int
    at: datetime
    captured_at: datetime
    type: EventType
    action: Action | None
    biz_step: str | None
    disposition: str | None
    location: int | None
    fields: Mapping[str, Any]
    context: Any


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
            marks.append(Mark(touched.at, touched.event_id, _BONDS[event.action], touched.other_first))
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
        Mark(touched.at, touched.event_id, Bond.EMPTIED, parent)
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


def read_events(session: Session, tenant_id: int, ids: Sequence[int]) -> dict[int, Event]:
    """Return events by number, with everything they say."""
    if not ids:
        return {}
    rows = session.execute(_EVENTS, {"tenant_id": tenant_id, "ids": sorted(set(ids))}).all()
    chunks = session.execute(_CHUNKS, {"tenant_id": tenant_id, "ids": sorted({row.chunk_id for row in rows})})
    bodies = {chunk.id: (msgspec.json.decode(zlib.decompress(chunk.body)), chunk.context) for chunk in chunks}
    return {
        row.id: Event(
            id=row.id,
            at=row.at,
            captured_at=row.captured_at,
            type=_TYPE_OF[row.type],
            action=_ACTION_OF.get(row.action),
            biz_step=row.biz_step,
            disposition=row.disposition,
            location=row.location,
            fields=_named(bodies[row.chunk_id][0][row.place], row.key),
            context=bodies[row.chunk_id][1],
        )
        for row in rows
    }


def _named(fields: dict[str, Any], key: UUID) -> Mapping[str, Any]:
    return fields if "eventID" in fields else {**fields, "eventID": name_of(fields, key)}
