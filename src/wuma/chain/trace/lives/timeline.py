"""One thing's whole life: its own events, and those of whatever it was in, while it was in it.

This is history: an event that was declared wrong is told, and so is the declaration. Where the thing *was*
is read from the events that stand (state.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from wuma.chain.trace.lives.containment import Stay
from wuma.chain.trace.lives.contents import contents_of
from wuma.chain.trace.lives.known import Known
from wuma.chain.trace.lives.lives import DEPTH_MAX, FOREVER, Window, learn_lives
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.shelves.chunks import Event
from wuma.chain.trace.shelves.postings import Role, Touched, touches_of_each
from wuma.chain.trace.vocabulary import Action

EVENTS_TOLD_MAX: Final = 1_000


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


def timeline_of(
    session: Session,
    tenant_id: int,
    thing: int,
    *,
    limit: int = EVENTS_TOLD_MAX,
    as_of: datetime = FOREVER,
) -> Timeline:
    """Return the life of a thing."""
    source = Captured(session, tenant_id)
    known = Known(source, as_of)
    learn_lives(known, [(thing, thing)])
    life = Timeline(thing)
    life.stays = sorted(
        (one.stay for one in known.stays(known.cell(thing))), key=lambda stay: (stay.since, stay.parent)
    )
    life.contents = contents_of(known, thing)
    times = list(_times_inside(known, thing, Window(), ()))
    touches = touches_of_each(session, tenant_id, {thing, *(via[-1] for via, _ in times)}, limit=limit)
    life.is_cut = len(touches[thing]) == limit or known.is_cut
    seen: Seen = {touched.event_id: (touched, ()) for touched in touches[thing]}
    for via, window in times:
        for touched in touches[via[-1]]:
            if window.since <= touched.at < window.until or touched.event_id == window.ended_with:
                seen.setdefault(touched.event_id, (touched, via))
    events = source.events(seen)
    told = [
        Told(events[touched.event_id], touched.thing, touched.role, via)
        for touched, via in seen.values()
        if touched.event_id in events and touched.at <= as_of and _is_its_story(touched, via, events)
    ]
    life.told = sorted(told, key=lambda one: (one.event.at, one.event.id), reverse=True)[:limit]
    return life


Seen = dict[int, tuple[Touched, tuple[int, ...]]]
"""An event is told once, by what it touches nearest."""


def _times_inside(
    known: Known, thing: int, window: Window, via: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], Window]]:
    """Yield the way up to each parent, with the time of the stay in it, before the way up to its parents."""
    if len(via) >= DEPTH_MAX:
        return
    for inside in known.stays(known.cell(thing)):
        parent, overlap = inside.stay.parent, window.within(inside.stay)
        if overlap is None or parent in via:  # somebody packed a box into itself
            continue
        way = (*via, parent)
        yield way, overlap
        yield from _times_inside(known, parent, overlap, way)


def _is_its_story(touched: Touched, via: tuple[int, ...], events: Mapping[int, Event]) -> bool:
    """What was put into a parent beside the thing is not its story; what happened to the parent is."""
    if not via or touched.role is not Role.PARENT:
        return True
    event = events[touched.event_id]
    has_children = event.lists("childEPCs") or event.lists("childQuantityList")
    return event.action is Action.OBSERVE or (event.action is Action.DELETE and not has_children)
