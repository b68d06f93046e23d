"""The API of codes: orders, batches, and what becomes of units."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wuma.chain.codes import batches, orders, transitions
from wuma.chain.codes.construction import epoch_of_unit
from wuma.chain.codes.identify import Identified, Identifier
from wuma.chain.codes.labels import TenantDirectory, identify, read_label
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.models import Batch, CodeOrder, RunRow
from wuma.chain.codes.orders import QUANTITY_MAX, Level, NewOrder
from wuma.chain.codes.reconcile import count_states, tally
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Line, Moment
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.kernel.runtime import Runtime
from wuma.support.masterdata import facade as masterdata

routes = APIRouter(route_class=Endpoint, tags=["codes"])

RANGES_OF_A_REQUEST_MAX: Final = 10_000
FAULTS_NAMED_MAX: Final = 100
LotNumber = Annotated[str, StringConstraints(pattern=r"""^[!-"%-?A-Z_a-z]{1,20}$""")]
"""A lot or batch number, AI (10): up to 20 characters of GS1 character set 82."""


class OrderForm(BaseModel):
    """Codes to be ordered."""

    product_id: UUID
    level: Level = Level.ITEM
    quantity: int = Field(ge=1, le=QUANTITY_MAX)
    gtin: str | None = Field(None, max_length=14, description="Which case, when the product has several.")
    has_hidden: bool | None = Field(
        None,
        description="Whether each also gets a hidden code; by default items do, cases and pallets do not.",
    )
    note: str = Field("", max_length=500)


class ReconciliationView(BaseModel):
    """ordered = not_printed + printed; printed = used + scrapped + void + missing."""

    ordered: int
    not_printed: int
    printed: int
    used: int
    scrapped: int
    void: int
    missing: int
    balances: bool


class OrderView(BaseModel):
    """An order of codes."""

    id: int
    product_id: UUID
    level: Level
    gtin: str | None
    quantity: int
    has_hidden: bool
    epoch: int
    note: str
    ordered_at: datetime
    ordered_by: str
    revoked_at: datetime | None
    revoked_reason: str | None
    reconciliation: ReconciliationView


class Revocation(BaseModel):
    """Why an order is burnt."""

    reason: Line


@routes.post("/code-orders", status_code=201)
@needs("codes.order")
def place_order(form: OrderForm, db: Db, actor: Actor, program: Program, now: Now) -> OrderView:
    """Order codes. They are ready at once: codes are computed, not stored."""
    product = _product(db, form.product_id)
    gtin, company_prefix = _labelled(product, form)
    wants_hidden = form.level is Level.ITEM if form.has_hidden is None else form.has_hidden
    new = NewOrder(
        tenant_id=actor.brand_id,
        product_id=product.id,
        level=form.level,
        quantity=form.quantity,
        gtin=gtin,
        company_prefix=company_prefix,
        has_hidden=wants_hidden and gtin is not None,
        note=form.note,
    )
    order = orders.place(db, program.keyring, new, actor=actor.actor, now=now)
    return _order_view(order, {CodeState.ALLOCATED: order.quantity})


@routes.get("/code-orders")
@needs("codes.read")
def list_orders(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    product_id: UUID | None = None,
    level: Level | None = None,
) -> Page[OrderView]:
    """List orders, the newest first."""
    query = select(CodeOrder).order_by(CodeOrder.id.desc())
    if product_id is not None:
        query = query.where(CodeOrder.product_id == product_id)
    if level is not None:
        query = query.where(CodeOrder.level == level.value)
    if after is not None:
        query = query.where(CodeOrder.id < read_cursor(after, int)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    counts = _states_of(db, [row.id for row in rows])
    return cut(
        rows, limit, key=lambda row: [row.id], item=lambda row: _order_view(row, counts.get(row.id, {}))
    )


@routes.get("/code-orders/{order_id}")
@needs("codes.read")
def get_order(order_id: int, db: Db) -> OrderView:
    """Return an order with its reconciliation."""
    return _order_view(orders.get(db, order_id), count_states(db, order_id))


@routes.post("/code-orders/{order_id}/revocation", status_code=201)
@needs("codes.revoke")
def revoke_order(order_id: int, form: Revocation, db: Db, now: Now) -> OrderView:
    """Burn an order for ever: from now on every scan of its codes is told that they are void."""
    order = orders.revoke(db, order_id, reason=form.reason, now=now)
    return _order_view(order, count_states(db, order_id))


class BatchForm(BaseModel):
    """A production batch."""

    product_id: UUID
    number: LotNumber
    produced_on: date
    expires_on: date | None = Field(None, description="By default the product's shelf life after production.")
    line_id: UUID | None = None


class BatchView(BaseModel):
    """A production batch, and how many codes are on its items."""

    id: UUID
    product_id: UUID
    gtin: str
    number: str
    produced_on: date
    expires_on: date
    line_id: UUID | None
    created_at: datetime
    recalled_at: datetime | None
    recall_notice: str | None
    commissioned_count: int


@routes.post("/batches", status_code=201)
@needs("codes.activate")
def open_batch(form: BatchForm, db: Db, actor: Actor, now: Now) -> BatchView:
    """Open a batch; opening it twice with the same facts is harmless."""
    product = _product(db, form.product_id)
    if product.shelf_life_days is None and form.expires_on is None:
        raise InvalidInput(
            "The day of expiry: the product has no shelf life to reckon it from.",
            [FieldError("/expires_on", "a date", "nothing")],
        )
    if form.line_id is not None:
        masterdata.line(db, form.line_id)
    new = batches.NewBatch(
        tenant_id=actor.brand_id,
        product_id=product.id,
        gtin=product.gtin,
        number=form.number,
        produced_on=form.produced_on,
        shelf_life_days=product.shelf_life_days or 0,
        expires_on=form.expires_on,
        line_id=form.line_id,
    )
    batch = batches.open_batch(db, new, now=now)
    return _batch_view(batch, batches.commissioned_counts(db, [batch.id]))


@routes.get("/batches")
@needs("codes.read")
def list_batches(
    db: Db, limit: Limit = 50, after: After = None, product_id: UUID | None = None, q: str | None = None
) -> Page[BatchView]:
    """List batches, the newest first; `q` is the beginning of a batch number."""
    query = select(Batch).order_by(Batch.id.desc())
    if product_id is not None:
        query = query.where(Batch.product_id == product_id)
    if q:
        query = query.where(Batch.number.startswith(q, autoescape=True))
    if after is not None:
        query = query.where(Batch.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    counts = batches.commissioned_counts(db, [row.id for row in rows])
    return cut(rows, limit, key=lambda row: [row.id], item=lambda row: _batch_view(row, counts))


@routes.get("/batches/{batch_id}")
@needs("codes.read")
def get_batch(batch_id: UUID, db: Db) -> BatchView:
    """Return a batch."""
    return _batch_view(batches.get(db, batch_id), batches.commissioned_counts(db, [batch_id]))


class Positions(BaseModel):
    """Part of an order, by running numbers as printed in the file: 1 is the order's first code."""

    order_id: int
    first: int = Field(1, ge=1)
    last: int | None = Field(None, description="By default the order's last code.")


class CodeSpan(BaseModel):
    """Everything from one code of a roll to another, as read from the labels (open codes or SSCCs)."""

    first: str = Field(max_length=300)
    last: str = Field(max_length=300)


class Wanted(BaseModel):
    """Which codes are meant: by running numbers, by first and last code, or one by one."""

    positions: list[Positions] = Field([], max_length=RANGES_OF_A_REQUEST_MAX)
    spans: list[CodeSpan] = Field([], max_length=RANGES_OF_A_REQUEST_MAX)
    codes: list[Annotated[str, StringConstraints(max_length=300)]] = Field(
        [], max_length=RANGES_OF_A_REQUEST_MAX
    )


class ActivationForm(Wanted):
    """Codes that are now on the items of a batch."""

    batch_id: UUID
    at: Moment | None = Field(None, description="When it happened; by default now.")
    reason: str = Field("", max_length=500)


class TransitionForm(Wanted):
    """Codes that go into another state."""

    to: Literal["encoded", "sampled", "scrapped", "destroyed", "void"]
    at: Moment | None = Field(None, description="When it happened; by default now.")
    reason: str = Field("", max_length=500)


class OutcomeView(BaseModel):
    """What became of it: how many codes changed, were there already, or stayed out as exceptions."""

    changed_count: int
    unchanged_count: int
    passed_over: dict[CodeState, int]


@routes.post("/activations", status_code=201)
@needs("codes.activate")
def activate(form: ActivationForm, db: Db, actor: Actor, program: Program, now: Now) -> OutcomeView:
    """Activate codes: they are on items of a batch. Labels already scrapped or sampled stay out."""
    asked = transitions.Asked(
        ranges=_ranges(db, program, form),
        to=CodeState.COMMISSIONED,
        batch_id=form.batch_id,
        at=form.at or now,
        actor=actor.actor,
        reason=form.reason,
    )
    return OutcomeView.model_validate(transitions.change(db, asked, now=now), from_attributes=True)


@routes.post("/transitions", status_code=201)
@needs("codes.void")
def take(form: TransitionForm, db: Db, actor: Actor, program: Program, now: Now) -> OutcomeView:
    """Bring codes into another state: sampled, scrapped, destroyed, void."""
    asked = transitions.Asked(
        ranges=_ranges(db, program, form),
        to=CodeState(form.to),
        batch_id=None,
        at=form.at or now,
        actor=actor.actor,
        reason=form.reason,
    )
    return OutcomeView.model_validate(transitions.change(db, asked, now=now), from_attributes=True)


def _product(db: Session, product_id: UUID) -> masterdata.Product:
    product = masterdata.products(db, [product_id]).get(product_id)
    if product is None:
        raise InvalidInput("The product.", [FieldError("/product_id", "a product of yours", str(product_id))])
    return product


def _labelled(product: masterdata.Product, form: OrderForm) -> tuple[str | None, str | None]:
    """Return what identifies the labels of an order: a GTIN, or the company prefix of SSCCs."""
    if form.level is Level.ITEM:
        return product.gtin, None
    if form.level is Level.PALLET:
        if product.pallet is None:
            fault = FieldError("/level", "a level the product is packed in", "pallet")
            raise InvalidInput("The product has no pallets.", [fault])
        return None, product.pallet.company_prefix
    gtins = [case.gtin for case in product.cases]
    if form.gtin is None and len(gtins) == 1:
        return gtins[0], None
    if form.gtin not in gtins:
        fault = FieldError(
            "/gtin", f"the GTIN of a case: {', '.join(gtins) or 'it has none'}", str(form.gtin)
        )
        raise InvalidInput("Which case of the product.", [fault])
    return form.gtin, None


def _ranges(db: Session, program: Runtime, wanted: Wanted) -> list[UnitRange]:
    """Turn what is meant into units. Every code that cannot be read is named, not only the first."""
    identifier = Identifier(program.keyring, TenantDirectory(db))
    faults: list[FieldError] = []
    ranges = [_of_positions(db, item) for item in wanted.positions]
    for number, text in enumerate(wanted.codes):
        found = _unit(identifier, text, f"/codes/{number}", faults)
        if found is not None:
            ranges.append(UnitRange(found.unit, found.unit))
    for number, span in enumerate(wanted.spans):
        first = _unit(identifier, span.first, f"/spans/{number}/first", faults)
        last = _unit(identifier, span.last, f"/spans/{number}/last", faults)
        if first is None or last is None:
            continue
        if first.order.id != last.order.id or first.unit > last.unit:
            expected = f"a later code of the same order ({first.order.id})"
            faults.append(FieldError(f"/spans/{number}/last", expected, span.last))
            continue
        ranges.append(UnitRange(first.unit, last.unit))
    if faults:
        raise InvalidInput(f"{len(faults)} code(s) cannot be read.", faults[:FAULTS_NAMED_MAX])
    if not ranges:
        fault = FieldError("/", "positions, spans or codes", "none of them")
        raise InvalidInput("It is not said which codes are meant.", [fault])
    return ranges


def _of_positions(db: Session, item: Positions) -> UnitRange:
    order = orders.get(db, item.order_id)
    last = order.quantity if item.last is None else item.last
    if not item.first <= last <= order.quantity:
        fault = FieldError(
            "/positions", f"1 to {order.quantity}, first before last", f"{item.first} to {last}"
        )
        raise InvalidInput(f"The running numbers of order {order.id}.", [fault])
    return UnitRange(order.first_unit + item.first - 1, order.first_unit + last - 1)


def _unit(identifier: Identifier, text: str, at: str, faults: list[FieldError]) -> Identified | None:
    for found in identify(identifier, read_label(text)):
        if isinstance(found, Identified):
            return found
    faults.append(FieldError(at, "a code of this tenant", text))
    return None


def _order_view(order: CodeOrder, counts: dict[CodeState, int]) -> OrderView:
    tallied = tally(counts, ordered=order.quantity)
    return OrderView(
        id=order.id,
        product_id=order.product_id,
        level=Level(order.level),
        gtin=order.gtin,
        quantity=order.quantity,
        has_hidden=order.has_hidden,
        epoch=epoch_of_unit(order.first_unit),
        note=order.note,
        ordered_at=order.ordered_at,
        ordered_by=order.ordered_by,
        revoked_at=order.revoked_at,
        revoked_reason=order.revoked_reason,
        reconciliation=ReconciliationView.model_validate(tallied, from_attributes=True),
    )


def _states_of(db: Session, order_ids: list[int]) -> dict[int, dict[CodeState, int]]:
    length = func.sum(RunRow.last_unit - RunRow.first_unit + 1)
    query = select(RunRow.order_id, RunRow.state, length).where(RunRow.order_id.in_(order_ids))
    counts: dict[int, dict[CodeState, int]] = {}
    for order_id, state, count in db.execute(query.group_by(RunRow.order_id, RunRow.state)):
        counts.setdefault(order_id, {})[CodeState(state)] = int(count)
    return counts


def _batch_view(batch: Batch, counts: dict[UUID, int]) -> BatchView:
    return BatchView(
        id=batch.id,
        product_id=batch.product_id,
        gtin=batch.gtin,
        number=batch.number,
        produced_on=batch.produced_on,
        expires_on=batch.expires_on,
        line_id=batch.line_id,
        created_at=batch.created_at,
        recalled_at=batch.recalled_at,
        recall_notice=batch.recall_notice,
        commissioned_count=counts.get(batch.id, 0),
    )
