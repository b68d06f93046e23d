"""What is in a thing at a moment: what was put into it, and has not been heard of elsewhere since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wuma.chain.trace.lives.known import Cell, Known, Run, merged
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import EventType


def contents_of(known: Known, thing: int, kind: EventType = EventType.AGGREGATION) -> list[Run]:
    """Return what is directly in a thing, as runs."""
    known.learn([(thing, thing)])
    candidates = merged(_ever_in(known.cell(thing), kind))
    known.learn_parents(candidates)
    inside = [
        cell.run
        for run in candidates
        for cell in known.cells(run)
        for one in known.stays(cell)
        if one.kind is kind and one.stay.until is None and one.stay.parent == thing
    ]
    return merged(inside)


def ever_in(cells: Sequence[Cell], kind: EventType) -> list[Run]:
    """Return whatever was put into things, or seen in them, by events of a kind."""
    return merged(run for cell in cells for run in _ever_in(cell, kind))


def _ever_in(cell: Cell, kind: EventType) -> Iterable[Run]:
    for act, contact in cell.touched:
        if (
            contact.role is Role.PARENT
            and act.type is kind
            and contact.other_first is not None
            and contact.other_last is not None
        ):
            yield contact.other_first, contact.other_last
