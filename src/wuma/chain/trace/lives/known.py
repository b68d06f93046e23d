"""What is known of things while a question is answered: their contacts with events, and where they were.

Everything here is about *runs* of things (docs/adr/0006): a batch of 50,000 cans is loaded in one read, cut
into *cells* of things that had contact with exactly the same events, and each cell is looked at once.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.containment import Bond, Mark, Stay, stays
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import Action, EventType

CONTACTS_MAX: Final = 1_500_000
"""Contacts looked at for one question; a batch of 50,000 cans in cases on pallets takes some 80,000."""
GATHERED: Final = frozenset({EventType.AGGREGATION, EventType.ASSOCIATION})

Run = tuple[int, int]


class Contact(NamedTuple):
    """An event touches things from first to last; `other` is a child's parent, or a parent's children."""

    event_id: int
    role: Role
    first: int
    last: int
    other_first: int | None = None
    other_last: int | None = None


class Source(Protocol):
    """Where contacts and acts come from."""

    def contacts_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        """Return the contacts of things in runs that do not overlap, each cut to its run."""

    def contacts_of(self, event_ids: Iterable[int], limit: int) -> list[Contact]:
        """Return all contacts of events."""

    def acts(self, event_ids: Iterable[int]) -> dict[int, Act]:
        """Return those of the events that stand: no error declarations, and nothing that one takes back."""

    def keys(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the keys of things of the dictionary."""

    def gtin(self, number: int) -> str | None:
        """Return the GTIN of a thing, if it has one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Things that had contact with the same events; the acts in order."""

    first: int
    last: int
    touched: tuple[tuple[Act, Contact], ...]

    @property
    def run(self) -> Run:
        """The things."""
        return self.first, self.last


@dataclass(frozen=True, slots=True)
class Inside:
    """A stay of a thing in a parent, and by which kind of event: aggregation or association."""

    stay: Stay
    kind: EventType


class Known:
    """What has been read so far for one question, as of one moment.

    `as_of` takes the world as it was: what happened later did not. What was heard later did, unless the
    source was told otherwise.
    """

    def __init__(self, source: Source, as_of: datetime, *, contacts_max: int = CONTACTS_MAX) -> None:
        self.source = source
        self.as_of = as_of
        self.is_cut = False
        self._room = contacts_max
        self._acts: dict[int, Act | None] = {}
        self._firsts: list[int] = []
        self._cells: list[Cell] = []
        self._stays: dict[int, list[Inside]] = {}
        self._of_events: dict[int, list[Contact]] = {}
        self._keys: dict[int, str] = {}

    # ---- reading -----------------------------------------------------------------------------------------

    def learn(self, runs: Iterable[Run]) -> None:
        """Read the contacts of things that are not known yet."""
        self._learn(runs, generations=0)

    def learn_parents(self, runs: Iterable[Run], *, generations: int = 1) -> None:
        """Read the contacts of things, and of all they ever were in: enough to know their stays.

        With two generations, those of all that *that* ever was in, too: enough to know the stays of both.
        """
        self._learn(runs, generations=generations)

    def _learn(self, runs: Iterable[Run], *, generations: int) -> None:
        """Read contacts generation by generation, and the events of all of them at once."""
        frontier = merged(runs)
        read: list[tuple[list[Run], list[Contact]]] = []
        taken: list[Run] = []
        for generation in range(generations + 1):
            wanted = [run for run in self._unknown(frontier) if not (generation and _holds(taken, run[0]))]
            contacts: list[Contact] = []
            if wanted:
                contacts = self._bounded(self.source.contacts_over(wanted, self._room + 1))
                read.append((wanted, contacts))
            if generation == generations:
                break
            taken = merged([*taken, *wanted])
            parents = {parent for run in frontier for cell in self.cells(run) for parent in _parents(cell)}
            parents |= {
                one.other_first for one in contacts if one.role is Role.CHILD and one.other_first is not None
            }
            frontier = [(parent, parent) for parent in sorted(parents)]
        if not read:
            return
        self._learn_acts(contact.event_id for _, contacts in read for contact in contacts)
        for wanted, contacts in read:
            self._cells += self._cut(wanted, contacts)
        self._cells.sort(key=lambda cell: cell.first)
        self._firsts = [cell.first for cell in self._cells]

    def learn_events(self, event_ids: Iterable[int]) -> None:
        """Read all contacts of events."""
        unknown = sorted({one for one in event_ids if one not in self._of_events})
        if not unknown:
            return
        self._of_events.update((one, []) for one in unknown)
        for contact in self._bounded(self.source.contacts_of(unknown, self._room + 1)):
            self._of_events[contact.event_id].append(contact)
        self._learn_acts(unknown)

    def _bounded(self, contacts: list[Contact]) -> list[Contact]:
        if len(contacts) > self._room:
            self.is_cut = True
            contacts = contacts[: self._room]
        self._room -= len(contacts)
        return contacts

    def _learn_acts(self, event_ids: Iterable[int]) -> None:
        unknown = {one for one in event_ids if one not in self._acts}
        if unknown:
            found = self.source.acts(unknown)
            self._acts.update((one, found.get(one)) for one in unknown)

    def _unknown(self, runs: Iterable[Run]) -> list[Run]:
        left = []
        for first, last in runs:
            at = first
            for cell in self._overlapping(first, last):
                if at < cell.first:
                    left.append((at, cell.first - 1))
                at = cell.last + 1
            if at <= last:
                left.append((at, last))
        return left

    def _cut(self, runs: Sequence[Run], contacts: Iterable[Contact]) -> Iterator[Cell]:
        """Cut runs where the contacts change."""
        starting: dict[int, list[Contact]] = {}
        ends: dict[int, list[Contact]] = {}
        for contact in _classes_apart(contacts):
            act = self._acts.get(contact.event_id)
            if act is not None and act.at <= self.as_of:
                starting.setdefault(contact.first, []).append(contact)
                ends.setdefault(contact.last + 1, []).append(contact)
        edges = sorted({*starting, *ends, *(run[0] for run in runs), *(run[1] + 1 for run in runs)})
        open_runs = iter(runs)
        run: Run | None = next(open_runs)
        active: dict[Contact, None] = {}
        for at, until in zip(edges, [*edges[1:], None], strict=True):
            for contact in ends.get(at, ()):
                active.pop(contact, None)
            for contact in starting.get(at, ()):
                active[contact] = None
            while run is not None and at > run[1]:
                run = next(open_runs, None)
            if run is None or until is None:
                break
            if at >= run[0]:
                yield Cell(at, until - 1, self._in_order(active))

    def _in_order(self, contacts: Iterable[Contact]) -> tuple[tuple[Act, Contact], ...]:
        touched = [(act, contact) for contact in contacts if (act := self._acts[contact.event_id])]
        return tuple(sorted(touched, key=lambda one: (one[0].order, one[1].role, one[1].other_first or 0)))

    # ---- looking -----------------------------------------------------------------------------------------

    def act(self, event_id: int) -> Act | None:
        """Return a known event, if it stands and has happened."""
        found = self._acts.get(event_id)
        return found if found is not None and found.at <= self.as_of else None

    def touches_of(self, event_id: int) -> Sequence[Contact]:
        """Return all contacts of an event that was learnt."""
        return self._of_events.get(event_id, ())

    def cells(self, run: Run) -> list[Cell]:
        """Return the cells of known things, cut to a run."""
        first, last = run
        return [
            cell
            if first <= cell.first and cell.last <= last
            else Cell(max(first, cell.first), min(last, cell.last), cell.touched)
            for cell in self._overlapping(first, last)
        ]

    def cell(self, thing: int) -> Cell:
        """Return what is known of one thing; nothing, if it was not learnt."""
        place = bisect_right(self._firsts, thing) - 1
        if place < 0 or self._cells[place].last < thing:
            return Cell(thing, thing, ())
        cell = self._cells[place]
        return cell if cell.first == cell.last else Cell(thing, thing, cell.touched)

    def _overlapping(self, first: int, last: int) -> Iterator[Cell]:
        place = max(bisect_right(self._firsts, first) - 1, 0)
        for at in range(place, len(self._cells)):
            cell = self._cells[at]
            if cell.first > last:
                break
            if cell.last >= first:
                yield cell

    def stays(self, cell: Cell) -> list[Inside]:
        """Return where the things of a cell were, whose parents are known."""
        if cell.first not in self._stays:
            self._stays[cell.first] = [
                Inside(stay, kind) for kind in sorted(GATHERED) for stay in stays(self._marks(cell, kind))
            ]
        return self._stays[cell.first]

    def _marks(self, cell: Cell, kind: EventType) -> list[Mark]:
        marks = [
            Mark(act.at, act.id, _BONDS[act.action], contact.other_first, act.order[2])
            for act, contact in cell.touched
            if contact.role is Role.CHILD
            and act.type is kind
            and act.action
            and contact.other_first is not None
        ]
        for parent in {mark.parent for mark in marks}:
            marks += [
                Mark(act.at, act.id, Bond.EMPTIED, parent, act.order[2])
                for act, contact in self.cell(parent).touched
                if contact.role is Role.PARENT and act.type is kind and act.empties
            ]
        return marks

    def key(self, number: int) -> str:
        """Return the key of a thing of the dictionary; empty for others."""
        if number not in self._keys:
            self._keys[number] = self.source.keys([number]).get(number, "")
        return self._keys[number]


_BONDS: Final[Mapping[Action, Bond]] = {
    Action.ADD: Bond.JOINED,
    Action.OBSERVE: Bond.SEEN_INSIDE,
    Action.DELETE: Bond.LEFT,
}


def _classes_apart(contacts: Iterable[Contact]) -> Iterator[Contact]:
    """Yield contacts with classes one by one: an event says something else of each."""
    for contact in contacts:
        if contact.role is Role.CLASS:
            for thing in range(contact.first, contact.last + 1):
                yield contact._replace(first=thing, last=thing)
        else:
            yield contact


def _parents(cell: Cell) -> Iterator[int]:
    for _, contact in cell.touched:
        if contact.role is Role.CHILD and contact.other_first is not None:
            yield contact.other_first


def _holds(runs: Sequence[Run], thing: int) -> bool:
    """Whether a thing is in runs that are in order and apart."""
    place = bisect_right(runs, thing, key=lambda run: run[0]) - 1
    return place >= 0 and thing <= runs[place][1]


def merged(runs: Iterable[Run]) -> list[Run]:
    """Bring runs into order, joining those that meet or overlap.

    >>> merged([(5, 9), (1, 3), (4, 4), (8, 12)])
    [(1, 12)]
    """
    found: list[Run] = []
    for first, last in sorted(runs):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found
