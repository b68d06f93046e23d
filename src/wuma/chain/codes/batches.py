"""Production batches: what a code belongs to once it is on an item."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.chain.codes.models import Batch
from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, NotFound
from wuma.kernel.ids import uuid7


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
    expires_on = new.expires_on or new.produced_on + timedelta(days=new.shelf_life_days)
    if expires_on <= new.produced_on:
        fault = FieldError("/expires_on", f"a day after {new.produced_on}", str(expires_on))
        raise InvalidInput("The day of expiry.", [fault])
    known = session.scalar(
        select(Batch).where(Batch.product_id == new.product_id, Batch.number == new.number)
    )
    if known is not None:
        if (known.produced_on, known.expires_on, known.line_id) == (new.produced_on, expires_on, new.line_id):
            return known
        raise AlreadyExists(f"Batch {new.number!r} of this product exists with other dates or another line.")
    batch = Batch(
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
    session.add(batch)
    session.flush()
    return batch


def get(session: Session, batch_id: UUID) -> Batch:
    """Return a batch."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        raise NotFound(f"Batch {batch_id}: there is none.")
    return batch
