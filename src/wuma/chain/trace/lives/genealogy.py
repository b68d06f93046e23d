"""Where things went and what became of them; where they came from and what was in them.

Two kinds of things are met on the way. What is *affected* has the thing asked for in it, was made from it or
is part of it, or the other way round when we look back. A *carrier* only held something affected for a time:
it says where to look, its other contents do not matter. What is only *mentioned* is told and not followed.

Forward, from something affected since a moment:
    up      into what it was put; a carrier for as long as it was in it, and so on up
    made    if it, or a carrier while it was in it, went into a transformation: all that came out of that
    down    what it contained since then is affected from then on
    lot     the items of a lot
Back, from something as it was at a moment:
    up      in what it was until then: carriers
    made    if it came out of a transformation: all that had gone in, as it was when it went in
    down    what was in it at that moment
    lot     the lot it is of, by the event that made it

Events with one transformationID are one transformation: all that went in may be in all that came out (EPCIS
2.0, section 7.4.6), in whichever order we hear of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from wuma.chain.trace.documents.ilmd import gtin_of
from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.containment import Stay
from wuma.chain.trace.lives.contents import ever_in
from wuma.chain.trace.lives.known import Cell, Contact, Known, Run, merged
from wuma.chain.trace.lives.lives import EVER, FOREVER, Window
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import Action, EventType

DEPTH_MAX: Final = 24
EDGES_MAX: Final = 400_000
"""Edges found for one question; a batch of 50,000 cans in cases on pallets has some 17,000."""


class Direction(StrEnum):
    """Which way to look."""

    FORWARD = "forward"
    BACK = "back"


class Part(StrEnum):
    """What a thing has to do with the question."""

    AFFECTED = "affected"
    CARRIER = "carrier"
    MENTIONED = "mentioned"


class Link(StrEnum):
    """How two things hang together; an edge leads from child to parent, input to output, lot to item."""

    CONTAINED = "contained"
    ASSOCIATED = "associated"
    TRANSFORMED = "transformed"
    OF_LOT = "of_lot"


class Edge(NamedTuple):
    """Why the things at one end have to do with those at the other: an event, and until when it held."""

    source: Run
    target: Run
    link: Link
    event_id: int
    until: datetime | None = None
    ended_with: int | None = None


@dataclass(slots=True)
class Genealogy:
    """What was found: things by the part they have, nearest first, and the edges between them."""

    start: list[Run]
    parts: dict[Run, Part] = field(default_factory=dict)
    depths: dict[Run, int] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    is_cut: bool = False
    """Whether there was more than was looked at."""

    def runs(self, part: Part) -> list[Run]:
        """Return the things that have a part, and none that weighs more, as runs."""
        heavier = [run for run, found in self.parts.items() if _WEIGHT[found] > _WEIGHT[part]]
        return without(merged(run for run, found in self.parts.items() if found is part), merged(heavier))


@dataclass(frozen=True, slots=True)
class _Step:
    """Something to be looked at: things, for a time."""

    run: Run
    part: Part
    window: Window
    is_start: bool = False


def trace(
    known: Known,
    start: Sequence[Run],
    direction: Direction,
    *,
    since: datetime = EVER,
    depth_max: int = DEPTH_MAX,
    edges_max: int = EDGES_MAX,
) -> Genealogy:
    """Follow things forward or back, as of the moment of what is known.

    `since` is from when on they are affected, when looking forward.
    """
    found = Genealogy(merged(start))
    window = Window(since if direction is Direction.FORWARD else EVER, FOREVER)
    steps = [_Step(run, Part.AFFECTED, window, is_start=True) for run in found.start]
    seen: dict[tuple[Run, Part, bool], list[Window]] = {}
    follow = _Forward if direction is Direction.FORWARD else _Back
    for depth in range(depth_max + 1):
        level = follow(known, found, depth)
        fresh = []
        known.learn(step.run for step in steps)
        for step in steps:
            for cell in known.cells(step.run):
                if _is_news(seen, cell, step):
                    fresh.append((cell, step))
                    level.meet(cell.run, step.part)
        if not fresh:
            break
        if depth == depth_max or len(found.edges) > edges_max:
            found.is_cut = True
            break
        steps = level.steps(fresh)
    found.is_cut = found.is_cut or known.is_cut
    return found


def _is_news(seen: dict[tuple[Run, Part, bool], list[Window]], cell: Cell, step: _Step) -> bool:
    """Whether the things have not been looked at yet, for all of this time."""
    windows = seen.setdefault((cell.run, step.part, step.is_start), [])
    if any(one.since <= step.window.since and step.window.until <= one.until for one in windows):
        return False
    windows.append(step.window)
    return True


@dataclass(slots=True)
class _Level:
    """One level of the walk: many things looked at together, so that few reads do."""

    known: Known
    found: Genealogy
    depth: int
    next: list[_Step] = field(default_factory=list)

    def meet(self, run: Run, part: Part) -> None:
        """Note things; whoever is affected is no mere carrier."""
        before = self.found.parts.get(run)
        if before is None or _WEIGHT[part] > _WEIGHT[before]:
            self.found.parts[run] = part
        self.found.depths.setdefault(run, self.depth)

    def say(
        self,
        source: Run,
        target: Run,
        link: Link,
        event_id: int,
        until: datetime | None = None,
        ended_with: int | None = None,
    ) -> None:
        self.found.edges[Edge(source, target, link, event_id, until, ended_with)] = None

    def go(self, run: Run, part: Part, window: Window) -> None:
        self.next.append(_Step(run, part, window))

    def up(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """Into what things were put: carriers."""
        self.known.learn_parents(cell.run for cell, _ in fresh)
        for cell, step in fresh:
            for inside in self.known.stays(cell):
                overlap = step.window.within(inside.stay)
                if overlap is None or inside.kind is not EventType.AGGREGATION:
                    continue
                stay, parent = inside.stay, (inside.stay.parent, inside.stay.parent)
                self.say(cell.run, parent, Link.CONTAINED, stay.began_with, stay.until, stay.ended_with)
                self.go(parent, Part.CARRIER, overlap)

    def class_up(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """Into what quantities of classes were put."""
        for cell, step, stay in self.class_stays(fresh):
            if (overlap := step.window.within(stay)) is not None:
                parent = stay.parent, stay.parent
                self.say(cell.run, parent, Link.CONTAINED, stay.began_with, stay.until, stay.ended_with)
                self.go(parent, Part.CARRIER, overlap)

    def class_stays(self, fresh: Sequence[tuple[Cell, _Step]]) -> Iterator[tuple[Cell, _Step, Stay]]:
        classes = [(cell, step) for cell, step in fresh if _is_class(cell)]
        packed = [
            act.id
            for cell, _ in classes
            for act, contact in cell.touched
            if contact.role is Role.CLASS and act.type is EventType.AGGREGATION
        ]
        self.known.learn_events(packed)
        parents = {contact.first for one in packed for contact in self._touching(one, Role.PARENT)}
        self.known.learn((parent, parent) for parent in parents)
        for cell, step in classes:
            for stay in amounts_inside(self.known, cell):
                yield cell, step, stay

    def contents(
        self, fresh: Sequence[tuple[Cell, _Step]], kind: EventType
    ) -> Iterator[tuple[Cell, _Step, Cell, Stay]]:
        """Yield what was ever in things: container, child, and the stay."""
        wholes = [(cell, step) for cell, step in fresh if step.part is Part.AFFECTED]
        self.known.learn_parents(ever_in([cell for cell, _ in wholes], kind))
        for cell, step in wholes:
            for run in ever_in([cell], kind):
                for child in self.known.cells(run):
                    for inside in self.known.stays(child):
                        if inside.kind is kind and inside.stay.parent == cell.first:
                            yield cell, step, child, inside.stay

    def mention_associated(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """What was attached to things: told, not followed."""
        for cell, step, child, stay in self.contents(fresh, EventType.ASSOCIATION):
            if step.window.within(stay) is not None:
                self.say(child.run, cell.run, Link.ASSOCIATED, stay.began_with, stay.until, stay.ended_with)
                self.meet(child.run, Part.MENTIONED)

    def transformations(self, event_ids: Iterable[int]) -> dict[int, list[Act]]:
        """Return for events of transformations all events of the same one, themselves included."""
        wanted = sorted(set(event_ids))
        self.known.learn_events(wanted)
        names = {one: [c.first for c in self._touching(one, Role.TRANSFORMATION)] for one in wanted}
        self.known.learn((name, name) for some in names.values() for name in some)
        mates: dict[int, list[Act]] = {}
        for one in wanted:
            ids = {one} | {
                act.id
                for name in names[one]
                for act, contact in self.known.cell(name).touched
                if contact.role is Role.TRANSFORMATION
            }
            mates[one] = [act for mate in sorted(ids) if (act := self.known.act(mate)) is not None]
        self.known.learn_events(act.id for some in mates.values() for act in some)
        return mates

    def side(self, act: Act, role: Role, list_name: str) -> Iterator[Run]:
        """Yield the things on one side of a transformation, one by one named and by class."""
        for contact in self.known.touches_of(act.id):
            if contact.role is role:
                yield contact.first, contact.last
            elif contact.role is Role.CLASS:
                for thing in range(contact.first, contact.last + 1):
                    if act.amount_in(list_name, self.known.key(thing)) is not None:
                        yield thing, thing

    def _touching(self, event_id: int, role: Role) -> Iterator[Contact]:
        return (contact for contact in self.known.touches_of(event_id) if contact.role is role)

    def lots_of(self, event_id: int) -> list[int]:
        """Return the lots that an event says its items are of."""
        return [contact.first for contact in self._touching(event_id, Role.LOT)]

    def is_of_lot(self, thing: int, lot: int, lots: Sequence[int]) -> bool:
        """Whether a thing of an event is of one of its lots: there are several when products are mixed."""
        return len(lots) == 1 or self.known.source.gtin(thing) == gtin_of(self.known.key(lot))


class _Forward(_Level):
    def steps(self, fresh: Sequence[tuple[Cell, _Step]]) -> list[_Step]:
        self.up(fresh)
        self.class_up([one for one in fresh if one[1].part is Part.AFFECTED])
        self._made(fresh)
        for cell, step, child, stay in self.contents(fresh, EventType.AGGREGATION):
            if (overlap := step.window.within(stay)) is not None:
                self.say(child.run, cell.run, Link.CONTAINED, stay.began_with, stay.until, stay.ended_with)
                self.go(child.run, Part.AFFECTED, Window(overlap.since))
        self.mention_associated(fresh)
        self._watched([one for one in fresh if one[1].is_start])
        self._mention_amounts(fresh)
        self._items(fresh)
        return self.next

    def _made(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """What came out of what things went into."""
        going_in = [
            (cell, act)
            for cell, step in fresh
            for act in _in_list(self.known, cell, Role.INPUT, "inputQuantityList")
            if step.window.since <= act.at < step.window.until
        ]
        mates = self.transformations(act.id for _, act in going_in)
        for cell, act in going_in:
            for mate in mates[act.id]:
                for run in self.side(mate, Role.OUTPUT, "outputQuantityList"):
                    self.say(cell.run, run, Link.TRANSFORMED, mate.id)
                    self.go(run, Part.AFFECTED, Window(mate.at))

    def _watched(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """What a sensor was attached to, for that time: whoever asks for the sensor means that."""
        for cell, step in fresh:
            for inside in self.known.stays(cell):
                overlap = step.window.within(inside.stay)
                if overlap is not None and inside.kind is EventType.ASSOCIATION:
                    stay, parent = inside.stay, (inside.stay.parent, inside.stay.parent)
                    self.say(cell.run, parent, Link.ASSOCIATED, stay.began_with, stay.until, stay.ended_with)
                    self.go(parent, Part.AFFECTED, overlap)

    def _mention_amounts(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """The lots of which some was in things: the rest of the lot is not affected."""
        packed = [
            (cell, act)
            for cell, step in fresh
            if step.part is Part.AFFECTED
            for act in _packings_by_class(cell)
            if step.window.since <= act.at < step.window.until
        ]
        self.known.learn_events(act.id for _, act in packed)
        for cell, act in packed:
            for run in self.side(act, Role.CLASS, "childQuantityList"):
                self.say(run, cell.run, Link.CONTAINED, act.id)
                self.meet(run, Part.MENTIONED)

    def _items(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """The items of lots."""
        made = [
            (cell, act)
            for cell, step in fresh
            if step.part is Part.AFFECTED
            for act, contact in cell.touched
            if contact.role is Role.LOT and step.window.since <= act.at < step.window.until
        ]
        self.known.learn_events(act.id for _, act in made)
        for cell, act in made:
            lots = self.lots_of(act.id)
            for contact in self.known.touches_of(act.id):
                if contact.role in {Role.OBSERVED, Role.OUTPUT}:
                    for run in self._of_lot(contact, cell.first, lots):
                        self.say(cell.run, run, Link.OF_LOT, act.id)
                        self.go(run, Part.AFFECTED, Window(act.at))

    def _of_lot(self, contact: Contact, lot: int, lots: Sequence[int]) -> Iterator[Run]:
        if len(lots) == 1:
            yield contact.first, contact.last
            return
        things = range(contact.first, contact.last + 1)
        yield from merged((thing, thing) for thing in things if self.is_of_lot(thing, lot, lots))


class _Back(_Level):
    def steps(self, fresh: Sequence[tuple[Cell, _Step]]) -> list[_Step]:
        self.up(fresh)
        wholes = [one for one in fresh if one[1].part is Part.AFFECTED]
        self._made_from(wholes)
        for cell, step, child, stay in self.contents(wholes, EventType.AGGREGATION):
            if _at_the_end(step.window, stay):
                self.say(child.run, cell.run, Link.CONTAINED, stay.began_with, stay.until, stay.ended_with)
                self.go(child.run, Part.AFFECTED, step.window)
        self.mention_associated(fresh)
        self._amounts_in(wholes)
        self.class_up(wholes)
        self._lots(wholes)
        return self.next

    def _made_from(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """What had gone into what things came out of."""
        coming_out = [
            (cell, act)
            for cell, step in fresh
            for act in {
                *_in_list(self.known, cell, Role.OUTPUT, "outputQuantityList"),
                *_transformations_of_lot(cell),
            }
            if act.at < step.window.until
        ]
        mates = self.transformations(act.id for _, act in coming_out)
        for cell, act in coming_out:
            for mate in mates[act.id]:
                for run in self.side(mate, Role.INPUT, "inputQuantityList"):
                    self.say(run, cell.run, Link.TRANSFORMED, mate.id)
                    self.go(run, Part.AFFECTED, Window(EVER, _just_after(mate.at)))

    def _amounts_in(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """The lots of which some was in things at that moment."""
        packings = [(cell, step, act) for cell, step in fresh for act in _packings_by_class(cell)]
        self.known.learn_events(act.id for _, _, act in packings)
        asked: dict[Run, list[tuple[Cell, _Step]]] = defaultdict(list)
        for cell, step, act in packings:
            for run in self.side(act, Role.CLASS, "childQuantityList"):
                if (cell, step) not in asked[run]:
                    asked[run].append((cell, step))
        self.known.learn_parents(asked)
        for run, holders in asked.items():
            for class_cell, _, stay in self.class_stays(
                [(one, holders[0][1]) for one in self.known.cells(run)]
            ):
                for cell, step in holders:
                    if stay.parent == cell.first and _at_the_end(step.window, stay):
                        self.say(
                            class_cell.run,
                            cell.run,
                            Link.CONTAINED,
                            stay.began_with,
                            stay.until,
                            stay.ended_with,
                        )
                        self.go(class_cell.run, Part.AFFECTED, step.window)

    def _lots(self, fresh: Sequence[tuple[Cell, _Step]]) -> None:
        """The lots that things are of."""
        made = [
            (cell, step, act)
            for cell, step in fresh
            for act, contact in cell.touched
            if contact.role in {Role.OBSERVED, Role.OUTPUT} and act.lot and act.at < step.window.until
        ]
        self.known.learn_events(act.id for _, _, act in made)
        for cell, step, act in made:
            lots = self.lots_of(act.id)
            for lot in lots:
                if self.is_of_lot(cell.first, lot, lots):
                    self.say((lot, lot), cell.run, Link.OF_LOT, act.id)
                    self.go((lot, lot), Part.AFFECTED, step.window)


def amounts_inside(known: Known, cell: Cell) -> list[Stay]:
    """Return when quantities of a class were in parents, whose emptyings are known.

    What was put in is counted against what was taken out; where a quantity is not said, taking some out is
    taking all out.
    """
    key = known.key(cell.first)
    marks: defaultdict[int, dict[int, Act]] = defaultdict(dict)
    for act, contact in cell.touched:
        if contact.role is Role.CLASS and act.type is EventType.AGGREGATION:
            for other in known.touches_of(act.id):
                if other.role is Role.PARENT and act.amount_in("childQuantityList", key) is not None:
                    marks[other.first][act.id] = act
    for parent, acts in marks.items():
        for act, contact in known.cell(parent).touched:
            if contact.role is Role.PARENT and act.type is EventType.AGGREGATION and act.empties:
                acts[act.id] = act
    return [
        stay
        for parent, acts in sorted(marks.items())
        for stay in _balance(parent, key, sorted(acts.values(), key=lambda act: act.order))
    ]


def _balance(parent: int, key: str, acts: Iterable[Act]) -> Iterator[Stay]:
    began: Act | None = None
    left = 0.0
    for act in acts:
        amount = act.amount_in("childQuantityList", key)
        quantity = None if amount is None else amount.quantity
        if act.action is Action.DELETE:
            left = left - quantity if quantity is not None else 0.0
            if began is not None and left <= 0:
                yield Stay(parent, began.at, act.at, began.id, act.id)
                began = None
        elif began is None:
            began, left = act, float("inf") if quantity is None else quantity
        elif act.action is Action.ADD:
            left += float("inf") if quantity is None else quantity
    if began is not None:
        yield Stay(parent, began.at, None, began.id, None)


def _is_class(cell: Cell) -> bool:
    return any(contact.role is Role.CLASS for _, contact in cell.touched)


def _in_list(known: Known, cell: Cell, role: Role, list_name: str) -> Iterator[Act]:
    """Yield the events of a cell in which it is on one side of a transformation."""
    for act, contact in cell.touched:
        if contact.role is role or (
            contact.role is Role.CLASS and act.amount_in(list_name, known.key(cell.first)) is not None
        ):
            yield act


def _transformations_of_lot(cell: Cell) -> Iterator[Act]:
    for act, contact in cell.touched:
        if contact.role is Role.LOT and act.type is EventType.TRANSFORMATION:
            yield act


def _packings_by_class(cell: Cell) -> Iterator[Act]:
    """Yield the events that put quantities of classes into a thing."""
    for act, contact in cell.touched:
        is_packing = act.type is EventType.AGGREGATION and act.action is not Action.DELETE
        if is_packing and contact.role is Role.PARENT and act.amounts:
            yield act


def _at_the_end(window: Window, stay: Stay) -> bool:
    """Whether a stay lasted up to the moment that a window ends with."""
    return stay.since < window.until and (stay.until is None or stay.until >= window.until)


def _just_after(at: datetime) -> datetime:
    """Return the end of a window that has a moment in it, and nothing later."""
    return at + MICROSECOND


def without(runs: Sequence[Run], others: Sequence[Run]) -> list[Run]:
    """Return what is in runs and not in others, both in order and apart.

    >>> without([(1, 9), (12, 12)], [(0, 2), (5, 5), (9, 11)])
    [(3, 4), (6, 8), (12, 12)]
    """
    left: list[Run] = []
    for first, last in runs:
        at = first
        for start, end in others:
            if end < at:
                continue
            if start > last:
                break
            if at < start:
                left.append((at, start - 1))
            at = max(at, end + 1)
        if at <= last:
            left.append((at, last))
    return left


MICROSECOND: Final = timedelta(microseconds=1)  # as fine as times are kept
_WEIGHT: Final = {Part.MENTIONED: 0, Part.CARRIER: 1, Part.AFFECTED: 2}
