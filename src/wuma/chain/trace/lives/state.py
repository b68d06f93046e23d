"""How a thing stands at a moment: where, whose, in what, in which condition, of which lot, and since when.

A pure function of the events that stand, in the order in which they happened. So a late event, one captured
twice, and one that is taken back by an error declaration give the same state as if nobody had ever erred.

What is said of a parent is said of all that is in it then: where it is, who holds it, its disposition, that
it was destroyed. What is commissioned or decommissioned is that thing alone; but what is in a drum that is
poured into a batch goes with the drum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from wuma.chain.trace.lives.acts import IS_OUTGOING, IS_SALE, Act
from wuma.chain.trace.lives.known import Cell, Known, Run, merged
from wuma.chain.trace.lives.lives import DEPTH_MAX, Lived, learn_lives, lived
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.shelves.things import FOREIGN_FROM
from wuma.chain.trace.vocabulary import Action, EventType
from wuma_gs1.cbv import BizStep


class Existence(StrEnum):
    """Whether a thing is there."""

    UNKNOWN = "unknown"
    """Seen, or not even that; never commissioned as far as we know."""
    ACTIVE = "active"
    SOLD = "sold"
    """It left the chain at the point of sale; whoever sees it in the chain again, sees it active."""
    CONSUMED = "consumed"
    """It went into something else."""
    DECOMMISSIONED = "decommissioned"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was said, and by which event."""

    at: datetime
    event_id: int


@dataclass(frozen=True, slots=True)
class Where:
    """The place of which we heard last."""

    key: str
    is_read_point: bool
    """Where it was read, the event having said nothing of where it was left."""
    since: Moment


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the thing: a party that an event named, or whoever the place belongs to."""

    key: str
    by_place: bool
    since: Moment


@dataclass(frozen=True, slots=True)
class Heading:
    """Whither the thing was sent, and has not been heard to arrive."""

    party: str | None
    location: str | None
    since: Moment


@dataclass(frozen=True, slots=True)
class InParent:
    """A parent at the moment, from when on, and the event that says so."""

    parent: int
    since: Moment


@dataclass(frozen=True, slots=True)
class State:
    """How the things from first to last stand, all alike."""

    first: int
    last: int
    existence: Existence = Existence.UNKNOWN
    commissioned: Moment | None = None
    ended: Moment | None = None
    """When it was sold, consumed, decommissioned or destroyed."""
    parents: tuple[InParent, ...] = ()
    """From the direct parent up to the outermost."""
    associated_with: tuple[InParent, ...] = ()
    where: Where | None = None
    holder: Holder | None = None
    heading: Heading | None = None
    disposition: str | None = None
    disposition_since: Moment | None = None
    persistent: tuple[str, ...] = ()
    lot: str | None = None
    produced_on: str | None = None
    expires_on: str | None = None
    last_act: Act | None = None
    via: tuple[int, ...] = ()
    """By way of which parents the last event concerned it."""
    event_count: int = 0

    @property
    def top(self) -> int | None:
        """The outermost parent."""
        return self.parents[-1].parent if self.parents else None


def states_of(known: Known, runs: Sequence[Run]) -> list[State]:
    """Return how things stand, as runs of things that stand alike and have one life."""
    learn_lives(known, runs)
    return [state_of(known, cell) for run in merged(runs) for cell in known.cells(run)]


def state_of(known: Known, cell: Cell) -> State:
    """Return how the things of a cell stand; what it takes to know that has been learnt."""
    life = lived(known, cell)
    return fold(
        life,
        cell.run,
        class_key=known.key(cell.first) if cell.first >= FOREIGN_FROM else "",
        parents=parents_of(known, cell, EventType.AGGREGATION),
        associated_with=parents_of(known, cell, EventType.ASSOCIATION)[:1],
    )


def parents_of(known: Known, cell: Cell, kind: EventType) -> tuple[InParent, ...]:
    """Return in what the things of a cell are, from inside out."""
    found: list[InParent] = []
    here = cell
    while len(found) < DEPTH_MAX:
        current = [one.stay for one in known.stays(here) if one.kind is kind and one.stay.until is None]
        if not current or current[-1].parent in {cell.first, *(one.parent for one in found)}:
            break
        stay = current[-1]
        found.append(InParent(stay.parent, Moment(stay.since, stay.began_with)))
        here = known.cell(stay.parent)
    return tuple(found)


@dataclass(slots=True)
class _Reading:
    """The state as far as the events have been read."""

    existence: Existence = Existence.UNKNOWN
    commissioned: Moment | None = None
    ended: Moment | None = None
    where: Where | None = None
    holder: Holder | None = None
    heading: Heading | None = None
    disposition: str | None = None
    disposition_since: Moment | None = None
    persistent: set[str] = field(default_factory=set)
    lot: str | None = None
    produced_on: str | None = None
    expires_on: str | None = None


def fold(
    life: Sequence[Lived],
    run: Run,
    *,
    class_key: str = "",
    parents: tuple[InParent, ...] = (),
    associated_with: tuple[InParent, ...] = (),
) -> State:
    """Read a life, the earliest event first, and say how the thing stands after it.

    `class_key` is the key of a thing that events name by class.
    """
    read = _Reading()
    for one in life:
        now = Moment(one.act.at, one.act.id)
        _exist(read, one, class_key, now)
        _be_somewhere(read, one.act, now)
        _hold(read, one.act, now)
        if _only_goes_in(one, class_key):
            continue  # disposition and lot of a transformation are those of what comes out
        _be_somehow(read, one.act, now)
        if not one.via and one.roles & _MAKING:
            read.lot = one.act.lot or read.lot
            read.produced_on = one.act.produced_on or read.produced_on
            read.expires_on = one.act.expires_on or read.expires_on
    return State(
        first=run[0],
        last=run[1],
        existence=read.existence,
        commissioned=read.commissioned,
        ended=read.ended,
        parents=parents,
        associated_with=associated_with,
        where=read.where,
        holder=read.holder,
        heading=read.heading,
        disposition=read.disposition,
        disposition_since=read.disposition_since,
        persistent=tuple(sorted(read.persistent)),
        lot=read.lot,
        produced_on=read.produced_on,
        expires_on=read.expires_on,
        last_act=life[-1].act if life else None,
        via=life[-1].via if life else (),
        event_count=len(life),
    )


_MAKING = frozenset({Role.OBSERVED, Role.OUTPUT, Role.CLASS, Role.LOT})


def _exist(read: _Reading, one: Lived, class_key: str, now: Moment) -> None:
    act, own = one.act, not one.via
    if own and _begins(one, class_key):
        read.existence, read.commissioned, read.ended = Existence.ACTIVE, now, None
    elif act.biz_step == BizStep.DESTROYING and one.roles != {Role.LOT}:
        read.existence, read.ended = Existence.DESTROYED, now
    elif Role.INPUT in one.roles:
        read.existence, read.ended = Existence.CONSUMED, now
    elif own and Role.OBSERVED in one.roles and act.biz_step in IS_SALE:
        read.existence, read.ended = Existence.SOLD, now
    elif own and _ends(one):
        read.existence, read.ended = Existence.DECOMMISSIONED, now
    elif read.existence is Existence.SOLD:
        read.existence = Existence.UNKNOWN if read.commissioned is None else Existence.ACTIVE
        read.ended = None


def _begins(one: Lived, class_key: str) -> bool:
    if one.act.type is EventType.TRANSFORMATION:
        made = one.act.amount_in("outputQuantityList", class_key) is not None
        return Role.OUTPUT in one.roles or (Role.CLASS in one.roles and made)
    is_made = one.act.type is EventType.OBJECT and one.act.action is Action.ADD
    return is_made and bool(one.roles & {Role.OBSERVED, Role.CLASS, Role.LOT})


def _ends(one: Lived) -> bool:
    """An ObjectEvent DELETE says that a thing is no more; of a class it only says that some is no more."""
    is_ended = one.act.type is EventType.OBJECT and one.act.action is Action.DELETE
    return Role.OBSERVED in one.roles and (is_ended or one.act.biz_step == BizStep.DECOMMISSIONING)


def _only_goes_in(one: Lived, class_key: str) -> bool:
    """Whether an event is about what goes into a transformation, and not about what comes out."""
    if one.act.type is not EventType.TRANSFORMATION or one.roles & {Role.OUTPUT, Role.LOT}:
        return False
    return Role.CLASS not in one.roles or one.act.amount_in("outputQuantityList", class_key) is None


def _be_somewhere(read: _Reading, act: Act, now: Moment) -> None:
    place = act.biz_location or act.read_point
    if place is not None:
        read.where = Where(place, act.biz_location is None, now)


def _be_somehow(read: _Reading, act: Act, now: Moment) -> None:
    if act.disposition is not None:
        read.disposition, read.disposition_since = act.disposition, now
    read.persistent -= set(act.unset)
    read.persistent |= set(act.set)


def _hold(read: _Reading, act: Act, now: Moment) -> None:
    if act.biz_step == BizStep.VOID_SHIPPING:
        read.heading = None
        return
    if act.biz_step in IS_OUTGOING:
        if act.destination.party or act.destination.location:
            read.heading = Heading(act.destination.party, act.destination.location, now)
        party, place = act.source.party, act.biz_location or act.read_point
    else:
        party, place = act.destination.party, act.biz_location
        if party or place:
            read.heading = None
    if party is not None:
        read.holder = Holder(party, by_place=False, since=now)
    elif place is not None:
        read.holder = Holder(place, by_place=True, since=now)
