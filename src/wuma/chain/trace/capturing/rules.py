"""Business rules: what cannot be true of things together, whatever each event says by itself.

Pure decisions on lives. A life is what happened to things in the order in which it happened, not in which it
was heard: an event that comes late is judged where it belongs, and what it shows to be wrong is told of the
event that is new. Rules are about runs of things that share one life, so a pallet of cans is judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.known import Cell, Contact, Run
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import Action, EventType
from wuma_gs1.cbv import BizStep


class Rule(StrEnum):
    """A rule that can be set for each brand."""

    COMMISSIONED_TWICE = "commissioned_twice"
    SHIPPED_BEFORE_COMMISSIONED = "shipped_before_commissioned"
    PACKED_TWICE = "packed_twice"
    SEEN_AFTER_END = "seen_after_end"
    WRONG_PARENT = "wrong_parent"
    RECEIVED_OTHERWISE = "received_otherwise"


class Setting(StrEnum):
    """What becomes of an event that breaks a rule."""

    OFF = "off"
    WARN = "warn"
    REFUSE = "refuse"


DEFAULT: Final = Setting.WARN

EXPECTED: Final[Mapping[Rule, str]] = {
    Rule.COMMISSIONED_TWICE: "a thing that has not been commissioned",
    Rule.SHIPPED_BEFORE_COMMISSIONED: "a thing that has been commissioned before it is shipped",
    Rule.PACKED_TWICE: "a thing that is in no other parent",
    Rule.SEEN_AFTER_END: "a thing that has not been decommissioned or destroyed",
    Rule.WRONG_PARENT: "a thing that is in this parent",
    Rule.RECEIVED_OTHERWISE: "what was shipped under the same business transaction",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """An event breaks a rule with things from first to last; the other event is what it does not fit."""

    rule: Rule
    event_id: int
    first: int
    last: int
    other_event_id: int | None = None


IsNew = Callable[[int], bool]
Emptied = Callable[[int], Sequence[Act]]
"""The acts by which a parent lets go of all that is in it."""
Step = tuple[Act, Contact | None, int | None]

_SHIPPED: Final = frozenset({BizStep.SHIPPING, BizStep.DEPARTING})
_ENDED: Final = frozenset({BizStep.DECOMMISSIONING, BizStep.DESTROYING})


def judge(cell: Cell, is_new: IsNew, emptied: Emptied, *, is_own: bool) -> list[Breach]:
    """Return which rules the new events break with the things of a cell."""
    pairs = [
        *_commissioned_twice(cell),
        *_shipped_early(cell, is_own=is_own),
        *_seen_after_end(cell),
        *_packing(cell, emptied),
    ]
    found: dict[Breach, None] = {}
    for rule, act, other in pairs:
        # Of two events that do not fit, the one that is new is told; of two new ones, the later.
        if is_new(act.id):
            found[Breach(rule, act.id, cell.first, cell.last, None if other is None else other.id)] = None
        elif other is not None and is_new(other.id):
            found[Breach(rule, other.id, cell.first, cell.last, act.id)] = None
    return list(found)


Pair = tuple[Rule, Act, Act | None]


def _commissions(act: Act, contact: Contact) -> bool:
    return (
        contact.role is Role.OBSERVED
        and act.type is EventType.OBJECT
        and act.action is Action.ADD
        and act.biz_step == BizStep.COMMISSIONING
    )


def _commissioned_twice(cell: Cell) -> Iterator[Pair]:
    before: Act | None = None
    for act, contact in cell.touched:
        if _commissions(act, contact):
            if before is not None:
                yield Rule.COMMISSIONED_TWICE, act, before
            before = act


def _shipped_early(cell: Cell, *, is_own: bool) -> Iterator[Pair]:
    """A thing of ours is commissioned first. Of what others made we may not hear; but not later."""
    commissioned = [act for act, contact in cell.touched if _commissions(act, contact)]
    is_container = any(contact.role is Role.PARENT for _, contact in cell.touched)
    for act, contact in cell.touched:
        if contact.role is Role.CLASS or act.biz_step not in _SHIPPED:
            continue
        if commissioned and act.order < commissioned[0].order:
            yield Rule.SHIPPED_BEFORE_COMMISSIONED, act, commissioned[0]
        elif not commissioned and is_own and not is_container:
            yield Rule.SHIPPED_BEFORE_COMMISSIONED, act, None


def _seen_after_end(cell: Cell) -> Iterator[Pair]:
    end: Act | None = None
    for act, contact in cell.touched:
        if contact.role is Role.CLASS:
            continue
        if act.biz_step in _ENDED and contact.role is Role.OBSERVED:
            end = end or act
        elif end is not None:
            yield Rule.SEEN_AFTER_END, act, end


def _packing(cell: Cell, emptied: Emptied) -> Iterator[Pair]:
    inside: int | None = None
    since: Act | None = None
    for act, contact, parent in _steps(cell, emptied):
        if contact is None:
            if inside == parent:
                inside, since = None, act
        elif act.action is Action.ADD:
            if inside is not None and inside != parent:
                yield Rule.PACKED_TWICE, act, since
            inside, since = parent, act
        elif act.action is Action.OBSERVE:
            inside, since = parent, act
        else:
            if inside != parent:
                yield Rule.WRONG_PARENT, act, since
            inside, since = None, act


def goes_in_and_out(cell: Cell) -> set[int]:
    """Return the parents of which one has to know when they were emptied, to judge a cell.

    A thing that was packed or unpacked once was in nothing before, whatever was emptied.
    """
    steps = _moves(cell)
    return {parent for _, _, parent in steps if parent is not None} if len(steps) > 1 else set()


def _steps(cell: Cell, emptied: Emptied) -> list[Step]:
    """Return how things went into parents and out, in order; a parent that is emptied lets go of them."""
    steps = _moves(cell)
    if len(steps) < 2:
        return steps
    for parent in {parent for _, _, parent in steps if parent is not None}:
        steps += [(act, None, parent) for act in emptied(parent)]
    return sorted(steps, key=lambda step: step[0].order)


def _moves(cell: Cell) -> list[Step]:
    return [
        (act, contact, contact.other_first)
        for act, contact in cell.touched
        if contact.role is Role.CHILD
        and act.type is EventType.AGGREGATION
        and contact.other_first is not None
    ]


# -- a transaction ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transfer:
    """What one event shipped or received: things, and quantities of classes."""

    event_id: int
    is_receipt: bool
    runs: tuple[Run, ...]
    quantities: tuple[tuple[int, float], ...] = ()


def compare(transfers: Iterable[Transfer], is_new: IsNew) -> list[Breach]:
    """Return what was received and not shipped, or shipped and not received, under one transaction.

    Only a receipt that is new is told of; without any shipment there is nothing to compare it with.
    """
    every = list(transfers)
    receipts = [one for one in every if one.is_receipt and is_new(one.event_id)]
    if not receipts or all(one.is_receipt for one in every):
        return []
    shipped = _all(one for one in every if not one.is_receipt)
    received = _all(one for one in every if one.is_receipt)
    last = max(receipts, key=lambda one: one.event_id)
    found = [
        Breach(Rule.RECEIVED_OTHERWISE, one.event_id, first, end)
        for one in receipts
        for first, end in without(one.runs, shipped[0])
    ]
    found += [
        Breach(Rule.RECEIVED_OTHERWISE, last.event_id, first, end)
        for first, end in without(shipped[0], received[0])
    ]
    found += [
        Breach(Rule.RECEIVED_OTHERWISE, last.event_id, thing, thing)
        for thing in sorted({*shipped[1], *received[1]})
        if shipped[1].get(thing, 0) != received[1].get(thing, 0)
    ]
    return list(dict.fromkeys(found))


def _all(transfers: Iterable[Transfer]) -> tuple[tuple[Run, ...], dict[int, float]]:
    runs: list[Run] = []
    sums: dict[int, float] = {}
    for one in transfers:
        runs += one.runs
        for thing, quantity in one.quantities:
            sums[thing] = sums.get(thing, 0) + quantity
    return tuple(runs), sums


def without(runs: Iterable[Run], gone: Iterable[Run]) -> list[Run]:
    """Take runs away from runs.

    >>> without([(1, 9)], [(2, 3), (5, 5), (9, 20)])
    [(1, 1), (4, 4), (6, 8)]
    """
    taken = sorted(gone)
    left: list[Run] = []
    for first, last in sorted(runs):
        at = first
        for start, end in taken:
            if end < at or start > last:
                continue
            if start > at:
                left.append((at, start - 1))
            at = end + 1
        if at <= last:
            left.append((at, last))
    return left
