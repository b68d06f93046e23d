"""Bringing units into another state: one transaction, under the lock of their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from wuma.chain.codes import batches, orders
from wuma.chain.codes.lifecycle import Change, CodeState, Run, UnitRange, decide, normalise
from wuma.chain.codes.models import CodeOrder, RunRow, Transition
from wuma.facts.codes import UnitsCommissioned, UnitsTaken
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7

RANGES_MAX: Final = 100_000
"""Ranges of one request: a roll of 100,000 labels of which every other one is damaged."""
RANGES_PER_FACT_MAX: Final = 5_000  # keeps a fact's row below 200 kB


class OrderIsRevoked(Refusal):
    """The order of these codes is burnt."""

    slug = "order-revoked"


class WrongProduct(Refusal):
    """The batch is of another product than these codes."""

    slug = "wrong-product"


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for: these units into that state."""

    ranges: Sequence[UnitRange]
    to: CodeState
    batch_id: UUID | None
    at: datetime
    actor: str
    reason: str = ""


@dataclass(slots=True)
class Outcome:
    """What became of it, in numbers."""

    changed_count: int = 0
    unchanged_count: int = 0
    passed_over: dict[CodeState, int] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        """Add the change of one order."""
        self.changed_count += change.changed_count
        self.unchanged_count += change.unchanged_count
        for state, count in change.passed_over.items():
            self.passed_over[state] = self.passed_over.get(state, 0) + count


def change(session: Session, asked: Asked, *, now: datetime) -> Outcome:
    """Bring units into a state, all of them or, when one may not, none.

    Asking twice changes nothing the second time. The orders concerned are locked in the order of their
    ids, so that two requests about the same codes wait for each other and never deadlock.

    Raises:
        TransitionRefused: some may not go there from where they are.
        OrderIsRevoked: their order is burnt.
        InvalidInput: some belong to no order of this tenant.
    """
    if (asked.batch_id is None) == (asked.to is CodeState.COMMISSIONED):
        fault = FieldError(
            "/batch_id", "a batch if, and only if, codes are commissioned", str(asked.batch_id)
        )
        raise InvalidInput("The batch.", [fault])
    by_order = _by_order(session, normalise(asked.ranges))
    outcome = Outcome()
    for order_id in sorted(by_order):
        order = orders.get(session, order_id, lock=True)
        if order.revoked_at is not None:
            raise OrderIsRevoked(f"Order {order.id} was revoked: {order.revoked_reason}", order_id=order.id)
        outcome.add(_change_in_order(session, order, by_order[order_id], asked, now))
    return outcome


def _change_in_order(
    session: Session, order: CodeOrder, ranges: list[UnitRange], asked: Asked, now: datetime
) -> Change:
    if asked.batch_id is not None:
        batch = batches.get(session, asked.batch_id)
        if batch.product_id != order.product_id:
            raise WrongProduct(f"Batch {batch.number} is of another product than order {order.id}.")
    change_ = decide(_runs(session, order.id, ranges), ranges, asked.to, asked.batch_id)
    if change_.gone:
        session.execute(delete(RunRow).where(RunRow.first_unit.in_([run.first for run in change_.gone])))
    if change_.come:
        session.execute(insert(RunRow), [_as_row(order, run) for run in change_.come])
    if change_.changed:
        session.execute(
            insert(Transition), [_as_transition(order, item, asked, now) for item in change_.changed]
        )
        _tell(session, order, change_.changed, asked)
    return change_


def _by_order(session: Session, ranges: list[UnitRange]) -> dict[int, list[UnitRange]]:
    """Cut ranges at the borders of the orders they lie in."""
    if not ranges or len(ranges) > RANGES_MAX:
        fault = FieldError("/ranges", f"1 to {RANGES_MAX} ranges", str(len(ranges)))
        raise InvalidInput("The ranges.", [fault])
    rows = session.execute(
        select(CodeOrder.id, CodeOrder.first_unit, CodeOrder.last_unit)
        .where(CodeOrder.first_unit <= ranges[-1].last, CodeOrder.last_unit >= ranges[0].first)
        .order_by(CodeOrder.first_unit)
    ).all()
    cut: defaultdict[int, list[UnitRange]] = defaultdict(list)
    place = 0
    for item in ranges:
        start = item.first
        while start <= item.last:
            while place < len(rows) and rows[place].last_unit < start:
                place += 1
            if place == len(rows) or rows[place].first_unit > start:
                fault = FieldError("/ranges", "codes that were ordered by this tenant", f"unit {start}")
                raise InvalidInput("The ranges.", [fault])
            end = min(item.last, rows[place].last_unit)
            cut[rows[place].id].append(UnitRange(start, end))
            start = end + 1
    return cut


def _runs(session: Session, order_id: int, ranges: list[UnitRange]) -> list[Run]:
    rows = session.scalars(
        select(RunRow)
        .where(
            RunRow.order_id == order_id,
            RunRow.first_unit <= ranges[-1].last,
            RunRow.last_unit >= ranges[0].first,
        )
        .order_by(RunRow.first_unit)
    )
    return [Run(row.first_unit, row.last_unit, CodeState(row.state), row.batch_id) for row in rows]


def _as_row(order: CodeOrder, run: Run) -> dict[str, object]:
    return {
        "tenant_id": order.tenant_id,
        "order_id": order.id,
        "first_unit": run.first,
        "last_unit": run.last,
        "state": run.state.value,
        "batch_id": run.batch_id,
    }


def _as_transition(order: CodeOrder, item: UnitRange, asked: Asked, now: datetime) -> dict[str, object]:
    return {
        "id": uuid7(),
        "tenant_id": order.tenant_id,
        "order_id": order.id,
        "first_unit": item.first,
        "last_unit": item.last,
        "state": asked.to.value,
        "batch_id": asked.batch_id,
        "at": asked.at,
        "recorded_at": now,
        "actor": asked.actor,
        "reason": asked.reason,
    }


def _tell(session: Session, order: CodeOrder, changed: Sequence[UnitRange], asked: Asked) -> None:
    for some in _chunks(changed):
        pairs = [(item.first, item.last) for item in some]
        if asked.batch_id is not None:
            batch = batches.get(session, asked.batch_id)
            publish(
                session,
                UnitsCommissioned(
                    tenant_id=order.tenant_id,
                    order_id=order.id,
                    batch_id=batch.id,
                    product_id=batch.product_id,
                    produced_on=batch.produced_on,
                    ranges=pairs,
                    at=asked.at,
                ),
            )
        elif asked.to is not CodeState.ENCODED:
            publish(
                session,
                UnitsTaken(
                    tenant_id=order.tenant_id,
                    order_id=order.id,
                    state=asked.to.value,
                    ranges=pairs,
                    reason=asked.reason,
                    at=asked.at,
                ),
            )


def _chunks(changed: Sequence[UnitRange]) -> Iterable[Sequence[UnitRange]]:
    for start in range(0, len(changed), RANGES_PER_FACT_MAX):
        yield changed[start : start + RANGES_PER_FACT_MAX]
