"""Ordering codes, and burning an order.

An order is a few numbers in one row: codes are computed when they are printed and when they are scanned.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from wuma.chain.codes.construction import EPOCH_UNITS_MAX, unit_of
from wuma.chain.codes.lifecycle import CodeState
from wuma.chain.codes.models import CodeOrder, EpochCounter, RunRow, SsccCounter
from wuma.facts.codes import CodesOrdered, OrderRevoked
from wuma.kernel.errors import FieldError, InvalidInput, NotFound, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.keys import Keyring

QUANTITY_MAX: Final = 200_000_000
SSCC_DIGITS: Final = 17  # without the check digit: extension, company prefix, serial reference


class Level(StrEnum):
    """The packaging level that codes are for."""

    ITEM = "item"
    CASE = "case"
    PALLET = "pallet"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What somebody orders. A pallet has a company prefix for its SSCCs, all else a GTIN."""

    tenant_id: int
    product_id: UUID
    level: Level
    quantity: int
    gtin: str | None
    company_prefix: str | None
    has_hidden: bool
    note: str = ""


class EpochFull(Refusal):
    """No codes are left under the present keys."""

    status = HTTPStatus.INSUFFICIENT_STORAGE
    slug = "epoch-full"


class PrefixTaken(Refusal):
    """This company prefix belongs to somebody else here."""

    slug = "prefix-taken"


def place(session: Session, keyring: Keyring, new: NewOrder, *, actor: str, now: datetime) -> CodeOrder:
    """Order codes under the issuing epoch: take a range of units and write it down.

    Raises:
        InvalidInput: when the quantity is out of bounds.
        EpochFull: when the epoch has too few units left; open a new one.
    """
    if not 1 <= new.quantity <= QUANTITY_MAX:
        fault = FieldError("/quantity", f"1 to {QUANTITY_MAX}", str(new.quantity))
        raise InvalidInput("The quantity.", [fault])
    epoch = keyring.issuing_epoch
    first_unit = unit_of(epoch, _take_indices(session, epoch, new.quantity))
    order = CodeOrder(
        tenant_id=new.tenant_id,
        product_id=new.product_id,
        level=new.level.value,
        gtin=new.gtin,
        first_unit=first_unit,
        last_unit=first_unit + new.quantity - 1,
        has_hidden=new.has_hidden,
        company_prefix=new.company_prefix,
        first_position=_take_positions(session, new),
        note=new.note,
        ordered_at=now,
        ordered_by=actor,
    )
    session.add(order)
    session.flush()
    session.add(
        RunRow(
            tenant_id=order.tenant_id,
            order_id=order.id,
            first_unit=order.first_unit,
            last_unit=order.last_unit,
            state=CodeState.ALLOCATED.value,
        )
    )
    publish(
        session,
        CodesOrdered(
            tenant_id=order.tenant_id,
            order_id=order.id,
            product_id=order.product_id,
            level=order.level,
            first_unit=order.first_unit,
            last_unit=order.last_unit,
        ),
    )
    return order


def revoke(session: Session, order_id: int, *, reason: str, now: datetime) -> CodeOrder:
    """Burn an order: from now on none of its codes is good, whatever state it is in. There is no way back."""
    order = get(session, order_id, lock=True)
    if order.revoked_at is not None:
        return order
    session.execute(
        update(CodeOrder)
        .where(CodeOrder.id == order_id)
        .values(revoked_at=now, revoked_reason=reason, changed_xid=text("pg_current_xact_id()"))
    )
    session.refresh(order)
    publish(session, OrderRevoked(tenant_id=order.tenant_id, order_id=order.id, reason=reason))
    return order


def get(session: Session, order_id: int, *, lock: bool = False) -> CodeOrder:
    """Return an order; locked, it keeps everybody else from changing the states of its codes."""
    query = select(CodeOrder).where(CodeOrder.id == order_id)
    if lock:
        # What was read before the lock may have changed while we waited for it.
        query = query.with_for_update().execution_options(populate_existing=True)
    order = session.scalar(query)
    if order is None:
        raise NotFound(f"Code order {order_id}: there is none.")
    return order


def order_of(session: Session, unit: int) -> CodeOrder | None:
    """Return the order a unit belongs to, when this scope sees it."""
    return session.scalar(select(CodeOrder).where(CodeOrder.first_unit <= unit, CodeOrder.last_unit >= unit))


def _take_indices(session: Session, epoch: int, quantity: int) -> int:
    take = insert(EpochCounter).values(epoch=epoch, next_index=quantity)
    take = take.on_conflict_do_update(
        index_elements=[EpochCounter.epoch],
        set_={"next_index": EpochCounter.next_index + quantity},
        where=EpochCounter.next_index + quantity <= EPOCH_UNITS_MAX,
    )
    next_index: int | None = session.scalar(take.returning(EpochCounter.next_index))
    if next_index is None:
        raise EpochFull(f"Epoch {epoch} has fewer than {quantity} units left.", epoch=epoch)
    return next_index - quantity


def _take_positions(session: Session, new: NewOrder) -> int | None:
    if new.company_prefix is None:
        return None
    room = 10 ** (SSCC_DIGITS - len(new.company_prefix))
    take = insert(SsccCounter).values(
        company_prefix=new.company_prefix, tenant_id=new.tenant_id, next_position=new.quantity
    )
    take = take.on_conflict_do_update(
        index_elements=[SsccCounter.company_prefix],
        set_={"next_position": SsccCounter.next_position + new.quantity},
        where=SsccCounter.next_position + new.quantity <= room,
    )
    try:
        with session.begin_nested():
            next_position: int | None = session.scalar(take.returning(SsccCounter.next_position))
    except ProgrammingError:  # row-level security: the counter is another tenant's
        raise PrefixTaken(f"Company prefix {new.company_prefix}: used by another brand here.") from None
    if next_position is None:
        raise EpochFull(f"Company prefix {new.company_prefix} has no room for {new.quantity} more SSCCs.")
    return next_position - new.quantity
