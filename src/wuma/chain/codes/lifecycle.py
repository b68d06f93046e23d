"""The life of a unit, decided for whole ranges at once.

States and their names follow OPEN-SCS (OPC 30260). What is stored is the present state of every order as
few and as long *runs* as possible: an order is born as one run, activating a roll of labels makes it two
or three, each damaged label in the middle adds two more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from wuma.kernel.errors import Refusal


class CodeState(StrEnum):
    """Where in its life a code is."""

    ALLOCATED = "allocated"
    """Ordered; not yet given out for printing."""
    ENCODED = "encoded"
    """Given out in a print file: on a label, as far as we know."""
    COMMISSIONED = "commissioned"
    """On a real item of a known batch."""
    SAMPLED = "sampled"
    """Taken out for the laboratory or as a reference."""
    SCRAPPED = "scrapped"
    """A label thrown away before it was on an item."""
    DESTROYED = "destroyed"
    """The item is gone, and was seen to go."""
    VOID = "void"
    """Declared invalid; must not appear anywhere."""


ALLOWED: Final[dict[CodeState, frozenset[CodeState]]] = {
    CodeState.ALLOCATED: frozenset({CodeState.ENCODED, CodeState.COMMISSIONED, CodeState.VOID}),
    CodeState.ENCODED: frozenset(
        {CodeState.COMMISSIONED, CodeState.SAMPLED, CodeState.SCRAPPED, CodeState.VOID}
    ),
    CodeState.COMMISSIONED: frozenset({CodeState.SAMPLED, CodeState.DESTROYED, CodeState.VOID}),
    CodeState.SAMPLED: frozenset({CodeState.DESTROYED, CodeState.VOID}),
    CodeState.SCRAPPED: frozenset(),
    CodeState.DESTROYED: frozenset(),
    CodeState.VOID: frozenset(),
}
"""What may follow what. A label may be applied before anybody tells us that it was printed."""

PASSED_OVER: Final[dict[CodeState, frozenset[CodeState]]] = {
    CodeState.ENCODED: frozenset(CodeState) - {CodeState.ALLOCATED},
    CodeState.COMMISSIONED: frozenset(
        {CodeState.SAMPLED, CodeState.SCRAPPED, CodeState.DESTROYED, CodeState.VOID}
    ),
}
"""Exceptions inside a range: a roll is activated from first to last label; those taken out stay out."""

OFFENDERS_NAMED_MAX: Final = 5


@dataclass(frozen=True, slots=True, order=True)
class Run:
    """Units from first to last, all in one state."""

    first: int
    last: int
    state: CodeState
    batch_id: UUID | None = None

    @property
    def count(self) -> int:
        """How many units these are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True, order=True)
class UnitRange:
    """Units from first to last."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many units these are."""
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Change:
    """What a transition does: which runs go, which come, and what it means in numbers."""

    gone: tuple[Run, ...]
    come: tuple[Run, ...]
    changed: tuple[UnitRange, ...]
    changed_count: int
    unchanged_count: int
    passed_over: dict[CodeState, int]


class TransitionRefused(Refusal):
    """These codes cannot go into that state from where they are."""

    slug = "transition-refused"


def decide(runs: Sequence[Run], ranges: Iterable[UnitRange], to: CodeState, batch_id: UUID | None) -> Change:
    """Decide the transition of ranges of units.

    Units that are already there (same state, same batch) stay; exceptions named in `PASSED_OVER` stay what
    they are; anything else that may not follow refuses the whole transition.

    Args:
        runs: sorted and without gaps, the runs that the ranges touch, or more.
        ranges: where to change; sorted, not overlapping, all within the runs.
        to: the new state.
        batch_id: the batch, when units are commissioned; otherwise they keep theirs.
    """
    wanted = list(ranges)
    offenders: list[tuple[UnitRange, CodeState]] = []
    rebuilt: list[Run] = []
    changed: list[UnitRange] = []
    unchanged_count = 0
    passed_over: Counter[CodeState] = Counter()
    place = 0
    for run in runs:
        start = run.first
        while place < len(wanted) and wanted[place].first <= run.last:
            first, last = max(wanted[place].first, run.first), min(wanted[place].last, run.last)
            if start < first:
                rebuilt.append(Run(start, first - 1, run.state, run.batch_id))
            after = Run(first, last, to, batch_id if to is CodeState.COMMISSIONED else run.batch_id)
            if (run.state, run.batch_id) == (after.state, after.batch_id):
                unchanged_count += after.count
            elif to in ALLOWED[run.state]:
                changed.append(UnitRange(first, last))
            elif run.state in PASSED_OVER.get(to, frozenset()):
                passed_over[run.state] += after.count
                after = Run(first, last, run.state, run.batch_id)
            else:
                offenders.append((UnitRange(first, last), run.state))
            rebuilt.append(after)
            start = last + 1
            if wanted[place].last > run.last:
                break
            place += 1
        if start <= run.last:
            rebuilt.append(Run(start, run.last, run.state, run.batch_id))
    if offenders:
        raise _refusal(offenders, to)
    return _as_change(runs, merge(rebuilt), changed, unchanged_count, passed_over)


def merge(runs: Iterable[Run]) -> list[Run]:
    """Join neighbours that say the same."""
    merged: list[Run] = []
    for run in runs:
        before = merged[-1] if merged else None
        if (
            before
            and before.last + 1 == run.first
            and (before.state, before.batch_id) == (run.state, run.batch_id)
        ):
            merged[-1] = Run(before.first, run.last, run.state, run.batch_id)
        else:
            merged.append(run)
    return merged


def normalise(ranges: Iterable[UnitRange]) -> list[UnitRange]:
    """Sort ranges and join those that touch or overlap.

    >>> normalise([UnitRange(7, 9), UnitRange(1, 3), UnitRange(4, 8)])
    [UnitRange(first=1, last=9)]
    """
    joined: list[UnitRange] = []
    for item in sorted(ranges):
        if joined and item.first <= joined[-1].last + 1:
            joined[-1] = UnitRange(joined[-1].first, max(joined[-1].last, item.last))
        else:
            joined.append(item)
    return joined


def _as_change(
    runs: Sequence[Run],
    rebuilt: list[Run],
    changed: list[UnitRange],
    unchanged_count: int,
    passed_over: Counter[CodeState],
) -> Change:
    before, after = set(runs), set(rebuilt)
    return Change(
        gone=tuple(sorted(before - after)),
        come=tuple(sorted(after - before)),
        changed=tuple(normalise(changed)),
        changed_count=sum(item.count for item in changed),
        unchanged_count=unchanged_count,
        passed_over=dict(passed_over),
    )


def _refusal(offenders: list[tuple[UnitRange, CodeState]], to: CodeState) -> TransitionRefused:
    count = sum(item.count for item, _ in offenders)
    states = sorted({state.value for _, state in offenders})
    return TransitionRefused(
        f"{count} code(s) cannot become {to}: they are {', '.join(states)}.",
        to=to.value,
        offender_count=count,
        offender_states=states,
        offenders=[
            {"first_unit": item.first, "last_unit": item.last, "state": state.value}
            for item, state in offenders[:OFFENDERS_NAMED_MAX]
        ],
    )
