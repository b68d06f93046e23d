"""Units under recall: whoever scans one is warned, whatever else is true of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text, update
from sqlalchemy.orm import Session

from wuma.chain.codes.lifecycle import UnitRange, normalise
from wuma.chain.codes.models import Batch

_MARKED = text("SELECT first_unit, last_unit FROM codes.recalled WHERE recall_id = :recall_id")
_MARK = text(
    "INSERT INTO codes.recalled (tenant_id, recall_id, first_unit, last_unit, notice, since)"
    " SELECT :tenant_id, :recall_id, f, l, :notice, :now"
    " FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS w (f, l)"
)
_END = text("UPDATE codes.recalled SET ended_at = :now WHERE recall_id = :recall_id AND ended_at IS NULL")


def mark_recalled(
    session: Session,
    tenant_id: int,
    recall_id: UUID,
    ranges: Iterable[UnitRange],
    *,
    notice: str,
    now: datetime,
) -> int:
    """Put units under a recall and say how many are new to it; the caller lets one at a time do so."""
    known = [UnitRange(*row) for row in session.execute(_MARKED, {"recall_id": recall_id})]
    fresh = without(normalise(ranges), known)
    if fresh:
        session.execute(
            _MARK,
            {
                "tenant_id": tenant_id,
                "recall_id": recall_id,
                "notice": notice,
                "now": now,
                "firsts": [one.first for one in fresh],
                "lasts": [one.last for one in fresh],
            },
        )
    return sum(one.count for one in fresh)


def mark_batch_recalled(session: Session, batch_id: UUID, *, notice: str, now: datetime) -> None:
    """Put a batch under recall, with all that is or will be commissioned for it."""
    session.execute(update(Batch).where(Batch.id == batch_id).values(recalled_at=now, recall_notice=notice))


def end_recall(session: Session, recall_id: UUID, *, now: datetime) -> None:
    """Take the units of a recall out of it again."""
    session.execute(_END, {"recall_id": recall_id, "now": now})


def end_batch_recall(session: Session, batch_id: UUID) -> None:
    """Take a batch out of recall again."""
    session.execute(update(Batch).where(Batch.id == batch_id).values(recalled_at=None, recall_notice=None))


def without(ranges: Iterable[UnitRange], gone: Iterable[UnitRange]) -> list[UnitRange]:
    """Return what of some ranges is in none of others.

    >>> without([UnitRange(1, 9)], [UnitRange(3, 3), UnitRange(8, 20)])
    [UnitRange(first=1, last=2), UnitRange(first=4, last=7)]
    """
    left: list[UnitRange] = []
    taken = normalise(gone)
    place = 0
    for one in normalise(ranges):
        first = one.first
        while place < len(taken) and taken[place].last < first:
            place += 1
        at = place
        while at < len(taken) and taken[at].first <= one.last:
            if first < taken[at].first:
                left.append(UnitRange(first, taken[at].first - 1))
            first = max(first, taken[at].last + 1)
            at += 1
        if first <= one.last:
            left.append(UnitRange(first, one.last))
    return left


def within(ranges: Iterable[UnitRange], limits: Iterable[UnitRange]) -> list[UnitRange]:
    """Return what of some ranges is in others, too.

    >>> within([UnitRange(1, 9)], [UnitRange(3, 3), UnitRange(8, 20)])
    [UnitRange(first=3, last=3), UnitRange(first=8, last=9)]
    """
    some = normalise(ranges)
    return without(some, without(some, limits))
