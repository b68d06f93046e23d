"""What happened to things: to themselves, and to whatever they were in, while they were in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.containment import Stay
from wuma.chain.trace.lives.known import Cell, Known, Run
from wuma.chain.trace.shelves.postings import Role

DEPTH_MAX: Final = 6  # can, case, layer, pallet, container, ship
EVER: Final = datetime.min.replace(tzinfo=UTC)
FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Window(NamedTuple):
    """A time in which we follow a thing: from `since` on, before `until`, and the event that ended it."""

    since: datetime = EVER
    until: datetime = FOREVER
    ended_with: int | None = None

    def holds(self, act: Act) -> bool:
        """Whether an event about the thing followed is one about what we follow it for."""
        return self.since <= act.at < self.until or act.id == self.ended_with

    def within(self, stay: Stay) -> Window | None:
        """Return when the thing followed was in a parent; the parent is followed then."""
        since, until, ended_with = max(self.since, stay.since), self.until, None
        if stay.until is not None and stay.until < until:
            until, ended_with = stay.until, stay.ended_with
        return Window(since, until, ended_with) if since < until else None


@dataclass(frozen=True, slots=True)
class Lived:
    """An event in a thing's life; `via` is empty for its own, otherwise the way up: case, pallet, …"""

    act: Act
    roles: frozenset[Role]
    """How it touched what was nearest to the thing."""
    via: tuple[int, ...]


def learn_lives(known: Known, runs: Iterable[Run]) -> None:
    """Read all that `lived` and `parents_of` need for things."""
    frontier: dict[Run, Window] = {run: Window() for run in runs}
    for depth in range(DEPTH_MAX):
        if not frontier:
            return
        known.learn_parents(frontier, generations=1 if depth else 2)  # mostly: can, case, pallet, and no more
        above: dict[Run, Window] = {}
        for run, window in frontier.items():
            for cell in known.cells(run):
                for inside in known.stays(cell):
                    if (overlap := window.within(inside.stay)) is not None:
                        parent = inside.stay.parent, inside.stay.parent
                        above[parent] = _hull(above.get(parent), overlap)
        frontier = above
    known.learn(frontier)


def _hull(one: Window | None, other: Window) -> Window:
    if one is None:
        return other
    return Window(min(one.since, other.since), max(one.until, other.until))


def lived(known: Known, cell: Cell) -> list[Lived]:
    """Return the life of the things of a cell, the earliest first; each event once, by what is nearest."""
    found: dict[int, Lived] = {}
    _collect(known, cell, Window(), (), found)
    return sorted(found.values(), key=lambda one: one.act.order)


def _collect(known: Known, cell: Cell, window: Window, via: tuple[int, ...], found: dict[int, Lived]) -> None:
    for act, contact in cell.touched:
        if window.holds(act):
            before = found.get(act.id)
            if before is None or len(before.via) > len(via):
                found[act.id] = Lived(act, frozenset({contact.role}), via)
            elif len(before.via) == len(via) and contact.role not in before.roles:
                found[act.id] = Lived(act, before.roles | {contact.role}, before.via)
    if len(via) >= DEPTH_MAX:
        return
    for inside in known.stays(cell):
        parent = inside.stay.parent
        overlap = window.within(inside.stay)
        if overlap is not None and parent not in via:  # somebody packed a box into itself
            _collect(known, known.cell(parent), overlap, (*via, parent), found)
