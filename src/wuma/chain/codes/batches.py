"""Production batches: what a code belongs to once it is on an item."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.models import Batch, RunRow
from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, NotFound
from wuma.kernel.ids import uuid7

NUMBER_CHARACTERS_MAX: Final = 20  # GS1 AI (10)


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A batch to be opened. `number` is what is printed on the item, GS1 AI (10)."""

    tenant_id: int
    product_id: UUID
    gtin: str
    number: str
    produced_on: date
    shelf_life_days: int
    expires_on: date | None
    line_id: UUID | None


def open_batch(session: Session, new: NewBatch, *, now: datetime) -> Batch:
    """Open a batch. Opening it again with the same facts returns it; with other facts it is refused."""
    expires_on = new.expires_on or _day_after(new.produced_on, new.shelf_life_days)
    if expires_on <= new.produced_on:
        fault = FieldError("/expires_on", f"a day after {new.produced_on}", str(expires_on))
        raise InvalidInput("The day of expiry.", [fault])
    if not 1 <= len(new.number) <= NUMBER_CHARACTERS_MAX or not new.number.isprintable():
        fault = FieldError("/number", f"1 to {NUMBER_CHARACTERS_MAX} characters", new.number[:40])
        raise InvalidInput("The number of the batch.", [fault])
    session.execute(
        insert(Batch)
        .values(
            id=uuid7(),
            tenant_id=new.tenant_id,
            product_id=new.product_id,
            gtin=new.gtin,
            number=new.number,
            produced_on=new.produced_on,
            expires_on=expires_on,
            line_id=new.line_id,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[Batch.tenant_id, Batch.product_id, Batch.number])
    )
    batch = session.scalars(
        select(Batch).where(
            Batch.tenant_id == new.tenant_id, Batch.product_id == new.product_id, Batch.number == new.number
        )
    ).one()
    if (batch.produced_on, batch.expires_on, batch.line_id) != (new.produced_on, expires_on, new.line_id):
        raise AlreadyExists(f"Batch {new.number!r} of this product exists with other dates or another line.")
    return batch


def _day_after(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        fault = FieldError("/produced_on", f"a day with {days} days after it in the calendar", str(day))
        raise InvalidInput("The day of production.", [fault]) from None


def batches_of(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, Batch]:
    """Return those of the batches that there are."""
    return {row.id: row for row in session.scalars(select(Batch).where(Batch.id.in_(batch_ids)))}


def get(session: Session, batch_id: UUID) -> Batch:
    """Return a batch."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound(f"Batch {batch_id}: there is none.")
    return batch


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """A batch, as other contexts see it."""

    id: UUID
    tenant_id: int
    product_id: UUID
    gtin: str
    number: str
    produced_on: date
    expires_on: date
    line_id: UUID | None
    created_at: datetime
    recalled_at: datetime | None
    recall_notice: str | None


def batch_facts(session: Session, batch_id: UUID) -> BatchFacts:
    """Return a batch, or refuse (`NotFound`)."""
    return _facts(get(session, batch_id))


def batch_of_lot(session: Session, product_id: UUID, number: str) -> BatchFacts | None:
    """Return the batch of a product that has this number."""
    found = session.scalar(select(Batch).where(Batch.product_id == product_id, Batch.number == number))
    return None if found is None else _facts(found)


def batches_numbered(session: Session, number: str) -> list[BatchFacts]:
    """Return the batches of all products that have this number."""
    rows = session.scalars(select(Batch).where(Batch.number == number).order_by(Batch.id))
    return [_facts(row) for row in rows]


def latest_batches(
    session: Session, *, q: str | None = None, before: UUID | None = None, limit: int
) -> list[BatchFacts]:
    """Return batches, the newest first; `q` is the beginning of a number."""
    query = select(Batch).order_by(Batch.id.desc()).limit(limit)
    if q:
        query = query.where(Batch.number.startswith(q, autoescape=True))
    if before is not None:
        query = query.where(Batch.id < before)
    return [_facts(row) for row in session.scalars(query)]


def commissioned_counts(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how many codes are on the items of batches; a batch without any is left out."""
    length = func.sum(RunRow.last_unit - RunRow.first_unit + 1)
    query = (
        select(RunRow.batch_id, length)
        .where(RunRow.batch_id.in_(batch_ids), RunRow.state == CodeState.COMMISSIONED.value)
        .group_by(RunRow.batch_id)
    )
    return {batch_id: int(count) for batch_id, count in session.execute(query) if batch_id is not None}


def units_of(session: Session, batch_id: UUID, *, limit: int) -> list[UnitRange]:
    """Return the runs of units that are, or were, on the items of a batch, in order; at most so many."""
    query = (
        select(RunRow.first_unit, RunRow.last_unit)
        .where(RunRow.batch_id == batch_id)
        .order_by(RunRow.first_unit)
        .limit(limit)
    )
    return [UnitRange(first, last) for first, last in session.execute(query)]


def _facts(batch: Batch) -> BatchFacts:
    return BatchFacts(
        batch.id,
        batch.tenant_id,
        batch.product_id,
        batch.gtin,
        batch.number,
        batch.produced_on,
        batch.expires_on,
        batch.line_id,
        batch.created_at,
        batch.recalled_at,
        batch.recall_notice,
    )
