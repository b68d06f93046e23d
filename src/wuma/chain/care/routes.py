"""The API of recalls: open, list, tell, count back, close; and the sheets an authority asks for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from sqlalchemy import select, tuple_

from wuma.chain.authenticity.facade import reachable, scan_counts, scanned_by
from wuma.chain.care import recall as recalls
from wuma.chain.care import sheet
from wuma.chain.care.goods import GoodsLevel, list_goods
from wuma.chain.care.models import Entry, Part, Recall
from wuma.chain.care.naming import names_of_parts
from wuma.chain.care.progress import (
    HOURS_OF_CLASS,
    TARGETS,
    Balance,
    HolderProgress,
    all_reached_at,
    balance_of,
    progress_of,
)
from wuma.chain.care.scope import Name, Scope
from wuma.chain.codes.facade import UnitRange, normalise
from wuma.chain.trace.facade import Parties
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Line, Moment
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.masterdata.facade import place_names

routes = APIRouter(route_class=Endpoint, prefix="/recalls", tags=["care"])

Text = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=1000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]+$"
    ),
]
"""Some lines that people read."""
HOLDERS_PREVIEWED_MAX: Final = 50
CODES_MAX: Final = 10_000


class RecallForm(BaseModel):
    """A recall to be opened."""

    model_config = ConfigDict(extra="forbid")

    title: Line
    reason: Text
    risk_class: int = Field(ge=1, le=3, description="1 to 3: 食品召回管理办法, article 13.")
    is_drill: bool = Field(description="A drill warns nobody and is timed like the real thing.")
    scope: Scope
    notice: Text = Field(description="What whoever scans such an item reads.")


class PreviewForm(BaseModel):
    """What a recall would mean."""

    model_config = ConfigDict(extra="forbid")

    scope: Scope


class HolderCount(BaseModel):
    """How many items somebody has; `holder` is None for those that nobody is known to have."""

    holder: str | None
    name: str
    items: int


class Preview(BaseModel):
    """The goods a scope means now."""

    items: int
    cases: int
    pallets: int
    others: int
    holders: list[HolderCount]
    is_cut: bool
    milliseconds: int


class BalanceView(BaseModel):
    """affected = destroyed + held + outstanding."""

    affected: int
    destroyed: int
    held: int
    outstanding: int


class Target(BaseModel):
    """A time to be kept; `met` is None while it runs."""

    name: str
    seconds: int
    reached_seconds: float | None
    met: bool | None


class RecallView(BaseModel):
    """A recall and how far it has come."""

    id: UUID
    number: int
    title: str
    reason: str
    risk_class: int
    is_drill: bool
    scope: Scope
    notice: str
    opened_at: datetime
    opened_by: str
    listing: int
    listed_at: datetime | None
    list_ms: int | None
    is_cut: bool
    closed_at: datetime | None
    closed_by: str | None
    closing: str | None


class RecallReport(BaseModel):
    """A recall with its balance, its clock and the people it concerns."""

    recall: RecallView
    balance: BalanceView
    cases: int
    pallets: int
    holder_count: int
    notified_count: int
    answered_count: int
    all_notified_at: datetime | None
    people: int
    scanned_items: int
    scans_since: int
    targets: list[Target]


class HoldingView(BaseModel):
    """A holder of recalled goods."""

    holder: str | None
    name: str
    place_zh: str
    place_en: str
    balance: BalanceView
    notified_at: datetime | None
    answered_at: datetime | None


class GoodsView(BaseModel):
    """A run of recalled goods, all in one place and one hand."""

    place: int
    level: GoodsLevel
    first_code: str
    last_code: str
    quantity: int
    product_id: UUID | None
    lot: str | None
    packed_in: str | None
    holder: str | None
    holder_name: str
    location: str | None
    location_name: str
    disposition: str | None
    last_event_at: datetime | None


class EntryForm(BaseModel):
    """Something that happened; `codes` name goods that came back or were destroyed, or what they are in."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["notified", "answered", "returned", "destroyed", "note"]
    holder: Annotated[str, StringConstraints(max_length=500)] | None = None
    codes: Annotated[list[Name], Field(max_length=CODES_MAX)] = []
    at: Moment
    note: Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00-\x09\x0b-\x1f\x7f]*$")] = ""

    @model_validator(mode="after")
    def _is_whole(self) -> EntryForm:
        if self.kind in {"notified", "answered"} and self.holder is None:
            raise ValueError("holder: who was told, or answered")
        if (self.kind in {"returned", "destroyed"}) != bool(self.codes):
            raise ValueError("codes: the goods that came back or were destroyed, and only those")
        if self.kind == "note" and not self.note.strip():
            raise ValueError("note: what is to be noted")
        return self


class EntryView(BaseModel):
    """A line of a recall's log."""

    id: UUID
    kind: str
    at: datetime
    recorded_at: datetime
    actor: str
    holder: str | None
    holder_name: str
    unit_count: int | None
    note: str


class Closing(BaseModel):
    """Why a recall is over."""

    model_config = ConfigDict(extra="forbid")

    note: Text


class PersonView(BaseModel):
    """Somebody who scanned recalled items, by pseudonym."""

    person: str
    items: int
    scans: int
    first_at: datetime
    last_at: datetime
    place_zh: str
    place_en: str
    unit: int


class ReachableView(BaseModel):
    """Somebody who agreed to be warned, with how to reach them."""

    report_id: UUID
    unit: int
    at: datetime
    contact: str


@routes.post("/previews")
@needs("care.recall.open")
def preview(form: PreviewForm, db: Db, actor: Actor, program: Program, now: Now) -> Preview:
    """Say what a recall would mean, and change nothing."""
    began = time.monotonic()
    goods, is_cut = list_goods(db, program.keyring, actor.brand_id, form.scope, now=now)
    counts = {level: sum(one.count for one in goods if one.level is level) for level in GoodsLevel}
    by_holder: dict[str | None, int] = {}
    for one in goods:
        if one.level is GoodsLevel.ITEM:
            by_holder[one.holder] = by_holder.get(one.holder, 0) + one.count
    most = sorted(by_holder.items(), key=lambda pair: (-pair[1], pair[0] or ""))[:HOLDERS_PREVIEWED_MAX]
    parties = Parties(db, actor.brand_id, [holder for holder, _ in most if holder])
    return Preview(
        items=counts[GoodsLevel.ITEM],
        cases=counts[GoodsLevel.CASE],
        pallets=counts[GoodsLevel.PALLET],
        others=counts[GoodsLevel.OTHER],
        holders=[
            HolderCount(holder=holder, name=parties.view(holder).name or "" if holder else "", items=items)
            for holder, items in most
        ],
        is_cut=is_cut,
        milliseconds=round((time.monotonic() - began) * 1000),
    )


@routes.post("", status_code=201)
@needs("care.recall.open")
def open_recall(form: RecallForm, db: Db, actor: Actor, program: Program, now: Now) -> RecallView:
    """Open a recall: its goods are listed, and whoever scans one is warned from now on."""
    new = recalls.NewRecall(
        actor.brand_id, form.title, form.reason, form.risk_class, form.is_drill, form.scope, form.notice
    )
    return _view(recalls.open_recall(db, program.keyring, new, actor=actor.actor, now=now))


@routes.get("")
@needs("care.read")
def list_recalls(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    state: Annotated[str | None, Query(pattern="^(open|closed)$")] = None,
) -> Page[RecallView]:
    """List recalls, the newest first."""
    query = select(Recall).order_by(Recall.opened_at.desc(), Recall.id.desc())
    if state is not None:
        query = query.where(Recall.closed_at.is_(None) if state == "open" else Recall.closed_at.is_not(None))
    if after is not None:
        query = query.where(tuple_(Recall.opened_at, Recall.id) < tuple(read_cursor(after, datetime, UUID)))
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.opened_at, row.id], item=_view)


@routes.get("/{recall_id}")
@needs("care.read")
def get_recall(recall_id: UUID, db: Db, now: Now) -> RecallReport:
    """Return a recall with its balance and its clock."""
    recall = recalls.get(db, recall_id)
    goods = recalls.goods_of(db, recall)
    items = normalise(one.items for one in goods)
    holders = progress_of(goods, recalls.recovered_of(db, recall), recalls.contacts_of(db, recall))
    known = [one for one in holders if one.holder is not None]
    reached_at = all_reached_at(holders)
    people, scanned, since = scan_counts(db, items, recall.opened_at)
    return RecallReport(
        recall=_view(recall),
        balance=_balance(balance_of(items, recalls.recovered_of(db, recall))),
        cases=_count(db, recall, GoodsLevel.CASE),
        pallets=_count(db, recall, GoodsLevel.PALLET),
        holder_count=len(known),
        notified_count=sum(one.notified_at is not None for one in known),
        answered_count=sum(one.answered_at is not None for one in known),
        all_notified_at=reached_at,
        people=people,
        scanned_items=scanned,
        scans_since=since,
        targets=_targets(recall, reached_at, now),
    )


@routes.post("/{recall_id}/listings", status_code=201)
@needs("care.recall.record")
def list_again(recall_id: UUID, db: Db, actor: Actor, program: Program, now: Now) -> RecallView:
    """List the goods as they are now; those that joined are warned of, too."""
    recall = recalls.lock(db, recall_id)
    if recall.closed_at is not None:
        raise recalls.RecallIsClosed("Its goods are listed no more.")
    recalls.relist(db, program.keyring, recall, actor=actor.actor, now=now)
    return _view(recall)


@routes.get("/{recall_id}/holders")
@needs("care.read")
def list_holders(recall_id: UUID, db: Db) -> list[HoldingView]:
    """List who has recalled goods, those with most outstanding first."""
    recall = recalls.get(db, recall_id)
    found = progress_of(
        recalls.goods_of(db, recall), recalls.recovered_of(db, recall), recalls.contacts_of(db, recall)
    )
    parties = Parties(db, recall.tenant_id, [one.holder for one in found if one.holder])
    return [_holder_view(one, parties) for one in found]


@routes.get("/{recall_id}/goods")
@needs("care.read")
def list_recalled_goods(
    recall_id: UUID,
    db: Db,
    program: Program,
    limit: Limit = 50,
    after: After = None,
    level: GoodsLevel | None = None,
    holder: Annotated[str | None, Query(max_length=500)] = None,
) -> Page[GoodsView]:
    """List the goods of the last listing."""
    recall = recalls.get(db, recall_id)
    query = (
        select(Part).where(Part.recall_id == recall.id, Part.listing == recall.listing).order_by(Part.place)
    )
    if level is not None:
        query = query.where(Part.level == level.value)
    if holder is not None:
        query = query.where(Part.holder == holder)
    if after is not None:
        query = query.where(Part.place > read_cursor(after, int)[0])
    parts = db.scalars(query.limit(limit + 1)).all()
    names = names_of_parts(db, program.keyring, recall.tenant_id, parts)
    return cut(parts, limit, key=lambda part: [part.place], item=lambda part: _goods_view(part, names))


@routes.get("/{recall_id}/sheet.csv", response_class=Response)
@needs("care.read")
def get_sheet_as_csv(recall_id: UUID, db: Db, program: Program) -> Response:
    """Return the sortable sheet of a recall's goods (FSMA section 204 asks for it within 24 hours)."""
    recall, rows = _sheet_rows(db, program, recall_id)
    return _download(recall, sheet.as_csv(rows), "csv", "text/csv; charset=utf-8")


@routes.get("/{recall_id}/sheet.xlsx", response_class=Response)
@needs("care.read")
def get_sheet_as_workbook(recall_id: UUID, db: Db, program: Program) -> Response:
    """Return the same sheet as a workbook."""
    recall, rows = _sheet_rows(db, program, recall_id)
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _download(recall, sheet.as_xlsx(rows), "xlsx", media_type)


def _sheet_rows(db: Db, program: Program, recall_id: UUID) -> tuple[Recall, Iterable[Sequence[str | int]]]:
    recall = recalls.get(db, recall_id)
    query = select(Part).where(Part.recall_id == recall.id, Part.listing == recall.listing)
    parts = db.scalars(query.order_by(Part.place)).all()
    return recall, sheet.rows_of(parts, names_of_parts(db, program.keyring, recall.tenant_id, parts))


def _download(recall: Recall, written: bytes, ending: str, media_type: str) -> Response:
    kind = "drill" if recall.is_drill else "recall"
    disposition = f'attachment; filename="{kind}-{recall.number}-listing-{recall.listing}.{ending}"'
    return Response(written, media_type=media_type, headers={"Content-Disposition": disposition})


@routes.post("/{recall_id}/entries", status_code=201)
@needs("care.recall.record")
def add_entry(
    recall_id: UUID, form: EntryForm, db: Db, actor: Actor, program: Program, now: Now
) -> EntryView:
    """Write down what happened: somebody told, goods back, goods destroyed, a note."""
    new = recalls.NewEntry(form.kind, form.holder, form.codes, form.at, form.note)
    recall = recalls.get(db, recall_id)
    entry = recalls.record(db, program.keyring, recall, new, actor=actor.actor, now=now)
    return _entry_view(entry, Parties(db, recall.tenant_id, [entry.holder] if entry.holder else []))


@routes.get("/{recall_id}/entries")
@needs("care.read")
def list_entries(recall_id: UUID, db: Db, limit: Limit = 50, after: After = None) -> Page[EntryView]:
    """List the log of a recall, the latest first."""
    recall = recalls.get(db, recall_id)
    query = select(Entry).where(Entry.recall_id == recall.id).order_by(Entry.id.desc())
    if after is not None:
        query = query.where(Entry.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    parties = Parties(db, recall.tenant_id, [row.holder for row in rows if row.holder])
    return cut(rows, limit, key=lambda row: [row.id], item=lambda row: _entry_view(row, parties))


@routes.get("/{recall_id}/people")
@needs("care.read")
def list_people(recall_id: UUID, db: Db, limit: Limit = 50, after: After = None) -> Page[PersonView]:
    """List who scanned recalled items, by pseudonym."""
    recall = recalls.get(db, recall_id)
    items = normalise(one.items for one in recalls.goods_of(db, recall))
    last = None if after is None else read_cursor(after, str)[0]
    rows = scanned_by(db, items, limit=limit + 1, after=last)
    return cut(
        rows,
        limit,
        key=lambda row: [row.person],
        item=lambda row: PersonView(
            person=row.person,
            items=row.unit_count,
            scans=row.scan_count,
            first_at=row.first_at,
            last_at=row.last_at,
            place_zh=place_names(row.region)[0],
            place_en=place_names(row.region)[1],
            unit=row.sample_unit,
        ),
    )


@routes.get("/{recall_id}/reachable")
@needs("care.people")
def list_reachable(recall_id: UUID, db: Db, program: Program) -> list[ReachableView]:
    """List those who agreed to be warned of a recall of their item, with how to reach them."""
    recall = recalls.get(db, recall_id)
    items = normalise(one.items for one in recalls.goods_of(db, recall))
    return [
        ReachableView(report_id=one.report_id, unit=one.unit, at=one.at, contact=one.contact)
        for one in reachable(db, program.fields, items)
    ]


@routes.post("/{recall_id}/closing", status_code=201)
@needs("care.recall.open")
def close_recall(recall_id: UUID, form: Closing, db: Db, actor: Actor, now: Now) -> RecallView:
    """Close a recall; its items are warned of no longer."""
    recall = recalls.get(db, recall_id)
    return _view(recalls.close(db, recall, actor=actor.actor, closing=form.note, now=now))


def _view(recall: Recall) -> RecallView:
    return RecallView.model_validate(recall, from_attributes=True)


def _balance(balance: Balance) -> BalanceView:
    return BalanceView.model_validate(balance, from_attributes=True)


def _count(db: Db, recall: Recall, level: GoodsLevel) -> int:
    rows = db.execute(
        select(Part.first_thing, Part.last_thing).where(
            Part.recall_id == recall.id, Part.listing == recall.listing, Part.level == level.value
        )
    )
    return sum(one.count for one in normalise(UnitRange(*row) for row in rows))


def _targets(recall: Recall, reached_at: datetime | None, now: datetime) -> list[Target]:
    listed = None if recall.list_ms is None else recall.list_ms / 1000
    told = None if reached_at is None else (reached_at - recall.opened_at).total_seconds()
    running = ((recall.closed_at or now) - recall.opened_at).total_seconds()
    legal = HOURS_OF_CLASS[recall.risk_class] * 3600
    wanted = [
        *((name, target.total_seconds(), listed) for name, target in TARGETS.items()),
        ("cn_notice", float(legal), told),
    ]
    return [
        Target(
            name=name,
            seconds=round(seconds),
            reached_seconds=reached,
            met=(reached <= seconds) if reached is not None else False if running > seconds else None,
        )
        for name, seconds, reached in wanted
    ]


def _goods_view(part: Part, names: sheet.Names) -> GoodsView:
    lot = names.lots.get(part.batch_id) if part.batch_id else None
    return GoodsView(
        place=part.place,
        level=GoodsLevel(part.level),
        first_code=names.things.get(part.first_thing, f"#{part.first_thing}"),
        last_code=names.things.get(part.last_thing, f"#{part.last_thing}"),
        quantity=part.count,
        product_id=part.product_id,
        lot=lot.number if lot else None,
        packed_in=None if part.parent is None else names.things.get(part.parent, f"#{part.parent}"),
        holder=part.holder,
        holder_name=names.places.get(part.holder or "", ""),
        location=part.location,
        location_name=names.places.get(part.location or "", ""),
        disposition=part.disposition,
        last_event_at=part.last_event_at,
    )


def _holder_view(one: HolderProgress, parties: Parties) -> HoldingView:
    party = parties.view(one.holder) if one.holder else None
    return HoldingView(
        holder=one.holder,
        name=party.name or "" if party else "",
        place_zh=party.region_zh if party else "",
        place_en=party.region_en if party else "",
        balance=_balance(one.balance),
        notified_at=one.notified_at,
        answered_at=one.answered_at,
    )


def _entry_view(entry: Entry, parties: Parties) -> EntryView:
    return EntryView(
        id=entry.id,
        kind=entry.kind,
        at=entry.at,
        recorded_at=entry.recorded_at,
        actor=entry.actor,
        holder=entry.holder,
        holder_name=parties.view(entry.holder).name or "" if entry.holder else "",
        unit_count=entry.unit_count,
        note=entry.text,
    )
