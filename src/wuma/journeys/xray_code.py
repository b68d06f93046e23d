"""Code X-ray: paste or scan anything, and see every fact there is about it on one page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wuma.chain.authenticity.facade import ScanView, scans_of
from wuma.chain.codes.facade import (
    CodeState,
    Identified,
    Identifier,
    Rejected,
    TenantDirectory,
    UnitFacts,
    WhyNot,
    facts_of,
    identify,
    public_names,
    read_label,
)
from wuma.chain.trace.facade import FOREIGN_FROM, Things, Timeline, foreign_keys, timeline_of
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Program
from wuma.kernel.keys import Keyring
from wuma.support.masterdata import facade as masterdata

routes = APIRouter(route_class=Endpoint, tags=["journeys"])

CODE_CHARACTERS_MAX: Final = 2000
SCANS_SHOWN_MAX: Final = 100
EVENTS_SHOWN_MAX: Final = 300
CONTENTS_SHOWN_MAX: Final = 500


class ThingView(BaseModel):
    """A thing by its number and its public name."""

    number: int
    name: str


class OrderFacts(BaseModel):
    """The order a code came from."""

    id: int
    level: str
    quantity: int
    number: int
    ordered_at: datetime
    note: str
    revoked_at: datetime | None
    revoked_reason: str | None


class BatchFacts(BaseModel):
    """The batch the item belongs to."""

    id: UUID
    number: str
    produced_on: date
    expires_on: date
    line: str | None
    recalled_at: datetime | None


class ProductFacts(BaseModel):
    """What the item is."""

    id: UUID
    gtin: str
    name_zh: str
    name_en: str


class ChangeView(BaseModel):
    """One change of a code's state."""

    state: CodeState
    at: datetime
    recorded_at: datetime
    actor: str
    reason: str


class PrintingView(BaseModel):
    """One time the code was given out for printing."""

    print_file_id: UUID
    recipient_name: str
    released_at: datetime
    reprint_reason: str | None


class StayView(BaseModel):
    """An interval in which the thing was directly in another."""

    parent: ThingView
    since: datetime
    until: datetime | None


class EventView(BaseModel):
    """An event of the thing's life; `via` is the way up to what it happened to, when it was in that."""

    id: int
    at: datetime
    captured_at: datetime
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    via: list[ThingView]
    fields: dict[str, Any]


class XRay(BaseModel):
    """Every fact about one code. What it names but does not hold, somebody's permissions left out."""

    code: str
    kind: str | None
    """open, hidden or sscc; None for something that is no code of ours."""
    why_not: WhyNot | None
    """Why it stands for no item of ours, when it does not."""
    thing: ThingView | None
    state: CodeState | None
    order: OrderFacts | None
    product: ProductFacts | None
    batch: BatchFacts | None
    recall_notice: str | None
    """What whoever scans it is told, when it is under recall."""
    history: list[ChangeView]
    printings: list[PrintingView]
    stays: list[StayView]
    contents: list[ThingView]
    contents_count: int
    events: list[EventView]
    scans: list[ScanView]


@routes.get("/xray")
@needs("codes.read")
def xray(
    code: Annotated[str, Query(min_length=1, max_length=CODE_CHARACTERS_MAX, description="In any form.")],
    db: Db,
    actor: Actor,
    program: Program,
) -> XRay:
    """Say everything about one code: a Digital Link, an element string, an EPC URN, a bare code."""
    found = _identify(db, program.keyring, code)
    unit = found.unit if found is not None else None
    number = unit if unit is not None else _foreign(db, program.keyring, actor.tenant_id, code)
    facts = None if unit is None else facts_of(db, unit)
    life = None
    if number is not None and actor.may("trace.read"):
        life = timeline_of(db, actor.tenant_id, number, limit=EVENTS_SHOWN_MAX)
    scans = (
        scans_of(db, unit, limit=SCANS_SHOWN_MAX)
        if unit is not None and actor.may("authenticity.read")
        else []
    )
    names = _Names(db, program.keyring, life, number)
    return XRay(
        code=code,
        kind=None if found is None else found.kind.value,
        why_not=found.why if isinstance(found, Rejected) else None,
        thing=None if number is None else names.view(number),
        state=None if facts is None else facts.state,
        order=_order(facts),
        product=_product(db, facts),
        batch=_batch(db, facts),
        recall_notice=None if facts is None else facts.recall_notice,
        history=[]
        if facts is None
        else [ChangeView.model_validate(one, from_attributes=True) for one in facts.history],
        printings=_printings(facts),
        stays=[]
        if life is None
        else [StayView(parent=names.view(s.parent), since=s.since, until=s.until) for s in life.stays],
        contents=[] if life is None else names.contents(),
        contents_count=0 if life is None else sum(last - first + 1 for first, last in life.contents),
        events=[] if life is None else _events(life, names),
        scans=scans,
    )


def _identify(db: Session, keyring: Keyring, code: str) -> Identified | Rejected | None:
    identifier = Identifier(keyring, TenantDirectory(db))
    return next(iter(identify(identifier, read_label(code))), None)


def _foreign(db: Session, keyring: Keyring, tenant_id: int, code: str) -> int | None:
    """Return the number of a thing that is not a code of ours, if an event ever named it."""
    return Things(db, keyring, tenant_id).find([code]).get(code)


class _Names:
    """The public names of all things on one page, looked up together."""

    def __init__(self, db: Session, keyring: Keyring, life: Timeline | None, number: int | None) -> None:
        self._contents: list[int] = []
        wanted = set() if number is None else {number}
        if life is not None:
            wanted |= {stay.parent for stay in life.stays}
            wanted |= {thing for told in life.told for thing in told.via}
            for first, last in life.contents:
                room = CONTENTS_SHOWN_MAX - len(self._contents)
                self._contents.extend(range(first, min(last + 1, first + room)))
            wanted |= set(self._contents)
        units = {thing for thing in wanted if thing < FOREIGN_FROM}
        self._names = public_names(db, keyring, units) | foreign_keys(db, wanted - units)

    def view(self, number: int) -> ThingView:
        return ThingView(number=number, name=self._names.get(number, f"#{number}"))

    def contents(self) -> list[ThingView]:
        return [self.view(number) for number in self._contents]


def _events(life: Timeline, names: _Names) -> list[EventView]:
    return [
        EventView(
            id=told.event.id,
            at=told.event.at,
            captured_at=told.event.captured_at,
            type=told.event.type.value,
            action=None if told.event.action is None else told.event.action.value,
            biz_step=told.event.biz_step,
            disposition=told.event.disposition,
            via=[names.view(thing) for thing in told.via],
            fields=_shortened(dict(told.event.fields)),
        )
        for told in life.told
    ]


LIST_SHOWN_MAX: Final = 20


def _shortened(fields: dict[str, Any]) -> dict[str, Any]:
    """Return an event's fields with long lists of identifiers cut: a lot names tens of thousands."""
    return {
        name: [*value[:LIST_SHOWN_MAX], f"… {len(value) - LIST_SHOWN_MAX} more"]
        if isinstance(value, list) and len(value) > LIST_SHOWN_MAX
        else value
        for name, value in fields.items()
    }


def _order(facts: UnitFacts | None) -> OrderFacts | None:
    if facts is None:
        return None
    order = facts.order
    return OrderFacts(
        id=order.id,
        level=order.level,
        quantity=order.quantity,
        number=facts.number,
        ordered_at=order.ordered_at,
        note=order.note,
        revoked_at=order.revoked_at,
        revoked_reason=order.revoked_reason,
    )


def _product(db: Session, facts: UnitFacts | None) -> ProductFacts | None:
    if facts is None:
        return None
    product = masterdata.products(db, [facts.order.product_id]).get(facts.order.product_id)
    if product is None:
        return None
    return ProductFacts(id=product.id, gtin=product.gtin, name_zh=product.name_zh, name_en=product.name_en)


def _batch(db: Session, facts: UnitFacts | None) -> BatchFacts | None:
    if facts is None or facts.batch is None:
        return None
    batch = facts.batch
    line = None if batch.line_id is None else masterdata.line(db, batch.line_id).name
    return BatchFacts(
        id=batch.id,
        number=batch.number,
        produced_on=batch.produced_on,
        expires_on=batch.expires_on,
        line=line,
        recalled_at=batch.recalled_at,
    )


def _printings(facts: UnitFacts | None) -> list[PrintingView]:
    if facts is None or facts.origin is None:
        return []
    return [PrintingView.model_validate(one, from_attributes=True) for one in facts.origin.printings]
