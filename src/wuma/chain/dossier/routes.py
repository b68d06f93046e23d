"""The API of the dossier: the template, entries, releases, readings, rules and alarms."""

from __future__ import annotations

from datetime import datetime, timedelta
from tempfile import TemporaryFile
from typing import IO, Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from wuma.chain.dossier import alarms, from_files, release
from wuma.chain.dossier.entries import ENTRIES_MAX, Draft, read_draft, record
from wuma.chain.dossier.models import AlarmRow, EntryRow, RuleRow, SeriesRow
from wuma.chain.dossier.names import BatchName, is_of, name_of
from wuma.chain.dossier.readings import chart
from wuma.chain.dossier.release import Signer
from wuma.chain.dossier.template import HEADINGS, VERSION, items_for
from wuma.chain.dossier.views import (
    ExcursionRuleForm,
    ExcursionRuleView,
    ExcursionView,
    HandledForm,
    ItemEntryForm,
    ItemEntryView,
    PointView,
    ReleaseForm,
    SeriesView,
    SignatureView,
    TemplateView,
    WithdrawalForm,
    WithdrawalView,
    entry_view,
    excursion_view,
    rule_view,
    series_view,
    signature_view,
    template_item,
    template_section,
    withdrawal_view,
)
from wuma.kernel.errors import FieldError, InvalidInput, NotFound
from wuma.kernel.http.access import Principal, needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Moment
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.masterdata.facade import ImportReport, declared_format

routes = APIRouter(route_class=Endpoint, tags=["dossier"])
streamed = APIRouter(route_class=Endpoint, tags=["dossier"])

FILE_BYTES_MAX: Final = 32 * 1024 * 1024  # 20,000 rows of 1.6 kB
CHART_DAYS: Final = 30


@routes.get("/dossier/template")
@needs("dossier.read")
def get_template(
    stage: Annotated[int | None, Query(ge=1, le=4, description="The stage of the formula.")] = None,
) -> TemplateView:
    """Say what a dossier has to hold: sections and items, their limits and where they are written."""
    return TemplateView(
        version=VERSION,
        sections=[template_section(section) for section in HEADINGS],
        items=[template_item(item, stage) for item in items_for(stage)],
    )


class EntriesForm(BaseModel):
    """What is entered into the dossier of a batch: all of it or nothing."""

    entries: list[ItemEntryForm] = Field(min_length=1, max_length=ENTRIES_MAX)


class EntriesView(BaseModel):
    """What came of it."""

    new_count: int
    corrected_count: int
    unchanged_count: int


@routes.post("/batches/{batch_id}/dossier/entries", status_code=201)
@needs("dossier.write")
def enter(batch_id: UUID, form: EntriesForm, db: Db, actor: Actor, now: Now) -> EntriesView:
    """Enter items of a batch. What stands already changes nothing; a correction says why."""
    name = _named(db, actor, batch_id)
    faults: list[FieldError] = []
    drafts: list[Draft | None] = [
        read_draft(f"/entries/{place}", faults, **entry.model_dump())
        for place, entry in enumerate(form.entries)
    ]
    if faults:
        raise InvalidInput(f"{len(faults)} fault(s); nothing was entered.", faults[:100])
    read = [draft for draft in drafts if draft is not None]
    told = record(db, name, read, source="form", actor=actor.actor, now=now)
    return EntriesView(new_count=told.new, corrected_count=told.corrected, unchanged_count=told.unchanged)


@routes.get("/batches/{batch_id}/dossier/entries")
@needs("dossier.read")
def list_entries(
    batch_id: UUID,
    db: Db,
    limit: Limit = 50,
    after: After = None,
    item: Annotated[str | None, Query(max_length=100, description="Only of this item.")] = None,
    subject: Annotated[
        str | None, Query(max_length=100, description="Only of this lot, machine, post.")
    ] = None,
) -> Page[ItemEntryView]:
    """List everything that was ever said of a batch, the latest first: nothing is overwritten."""
    name, _, _ = name_of(db, batch_id)
    query = select(EntryRow).where(is_of(EntryRow, name)).order_by(EntryRow.id.desc())
    if item is not None:
        query = query.where(EntryRow.item == _plain(item, "item"))
    if subject is not None:
        query = query.where(EntryRow.subject == _plain(subject, "subject"))
    if after is not None:
        query = query.where(EntryRow.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=entry_view)


@routes.post("/batches/{batch_id}/dossier/quality-release", status_code=201)
@needs("dossier.release.quality")
def release_by_quality(batch_id: UUID, form: ReleaseForm, db: Db, actor: Actor, now: Now) -> SignatureView:
    """Sign the quality release (质量放行): over a gap only with a written deviation."""
    return _sign(db, actor, batch_id, release.QUALITY, form, now)


@routes.post("/batches/{batch_id}/dossier/market-release", status_code=201)
@needs("dossier.release.market")
def release_to_market(batch_id: UUID, form: ReleaseForm, db: Db, actor: Actor, now: Now) -> SignatureView:
    """Sign the market release (上市放行): after quality, over the same contents, by somebody else."""
    return _sign(db, actor, batch_id, release.MARKET, form, now)


@routes.post("/batches/{batch_id}/dossier/withdrawals", status_code=201)
@needs("dossier.release.withdraw")
def withdraw_release(batch_id: UUID, form: WithdrawalForm, db: Db, actor: Actor, now: Now) -> WithdrawalView:
    """Take the release of a batch back; it can be signed anew."""
    name = _named(db, actor, batch_id)
    return withdrawal_view(release.withdraw(db, name, actor=actor.actor, reason=form.reason, now=now))


@routes.get("/dossier/series")
@needs("dossier.read")
def list_series(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    batch_id: UUID | None = None,
    place: Annotated[str | None, Query(max_length=500)] = None,
) -> Page[SeriesView]:
    """List series of readings, of a batch or at a place."""
    query = select(SeriesRow).order_by(SeriesRow.id)
    if batch_id is not None:
        query = query.where(is_of(SeriesRow, name_of(db, batch_id)[0]))
    if place is not None:
        query = query.where(SeriesRow.place == _plain(place, "place"))
    if after is not None:
        query = query.where(SeriesRow.id > read_cursor(after, int)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=series_view)


class ChartView(BaseModel):
    """Readings of a series in a stretch of time, and the rules that speak of them."""

    series: SeriesView
    points: list[PointView]
    rules: list[ExcursionRuleView]


@routes.get("/dossier/series/{series_id}/readings")
@needs("dossier.read")
def get_readings(
    series_id: Annotated[int, Field(ge=1, lt=2**62)],
    db: Db,
    now: Now,
    since: Annotated[Moment | None, Query()] = None,
    until: Annotated[Moment | None, Query()] = None,
) -> ChartView:
    """Return readings, by default of the last thirty days; of very many the means of stretches."""
    series = db.get(SeriesRow, series_id)
    if series is None:
        raise NotFound(f"Series {series_id}: there is none.")
    end = until or now
    begin = since or _days_before(end)
    if begin >= end:
        raise InvalidInput(
            "The time.", [FieldError("query/since", f"before {end.isoformat()}", begin.isoformat())]
        )
    rules = db.scalars(
        select(RuleRow)
        .where(
            RuleRow.tenant_id == series.tenant_id,
            RuleRow.quantity == series.quantity,
            RuleRow.unit == series.unit,
            or_(RuleRow.place.is_(None), RuleRow.place == series.place),
            RuleRow.ended_at.is_(None),
        )
        .order_by(RuleRow.id)
    )
    points = chart(db, series.id, since=begin, until=end)
    return ChartView(
        series=series_view(series),
        points=[PointView.model_validate(point, from_attributes=True) for point in points],
        rules=[rule_view(rule) for rule in rules],
    )


@routes.get("/dossier/rules")
@needs("dossier.read")
def list_rules(db: Db, limit: Limit = 50, after: After = None) -> Page[ExcursionRuleView]:
    """List rules, those that have ended, too; the latest first."""
    query = select(RuleRow).order_by(RuleRow.id.desc())
    if after is not None:
        query = query.where(RuleRow.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=rule_view)


@routes.post("/dossier/rules", status_code=201)
@needs("dossier.write")
def make_rule(form: ExcursionRuleForm, db: Db, actor: Actor, now: Now) -> ExcursionRuleView:
    """Make a rule for readings; what is known already is held against it at once."""
    if form.least is None and form.most is None:
        raise InvalidInput("The rule.", [FieldError("/least", "least, most, or both", "neither")])
    if form.least is not None and form.most is not None and form.least > form.most:
        raise InvalidInput("The rule.", [FieldError("/most", f"{form.least} or more", str(form.most))])
    new = alarms.NewRule(**form.model_dump())
    return rule_view(alarms.make_rule(db, actor.brand_id, new, actor=actor.actor, now=now))


@routes.post("/dossier/rules/{rule_id}/end")
@needs("dossier.write")
def end_rule(rule_id: UUID, db: Db, actor: Actor, now: Now) -> ExcursionRuleView:
    """End a rule; its alarms stay."""
    return rule_view(alarms.end_rule(db, actor.brand_id, rule_id, actor=actor.actor, now=now))


@routes.get("/dossier/alarms")
@needs("dossier.read")
def list_excursions(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    state: Annotated[str | None, Query(pattern="^(open|handled|void)$")] = None,
    batch_id: UUID | None = None,
) -> Page[ExcursionView]:
    """List excursions, the latest first: open, handled, or void because later readings show it was none."""
    query = (
        select(AlarmRow, RuleRow, SeriesRow)
        .join(RuleRow, RuleRow.id == AlarmRow.rule_id)
        .join(SeriesRow, SeriesRow.id == AlarmRow.series_id)
        .order_by(AlarmRow.id.desc())
    )
    match state:
        case "open":
            query = query.where(AlarmRow.handled_at.is_(None), AlarmRow.void_at.is_(None))
        case "handled":
            query = query.where(AlarmRow.handled_at.is_not(None))
        case "void":
            query = query.where(AlarmRow.void_at.is_not(None))
    if batch_id is not None:
        query = query.where(is_of(SeriesRow, name_of(db, batch_id)[0]))
    if after is not None:
        query = query.where(AlarmRow.id < read_cursor(after, UUID)[0])
    rows = db.execute(query.limit(limit + 1)).all()
    return cut(
        rows, limit, key=lambda row: [row[0].id], item=lambda row: excursion_view(row[0], row[1], row[2])
    )


@routes.post("/dossier/alarms/{alarm_id}/handling", status_code=201)
@needs("dossier.write")
def handle_excursion(alarm_id: UUID, form: HandledForm, db: Db, actor: Actor, now: Now) -> ExcursionView:
    """Close an excursion with what was done about it."""
    alarm = alarms.handle_alarm(db, actor.brand_id, alarm_id, actor=actor.actor, note=form.note, now=now)
    return excursion_view(alarm, db.get_one(RuleRow, alarm.rule_id), db.get_one(SeriesRow, alarm.series_id))


_FILE_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The file as it is: CSV or XLSX, at most 32 MiB.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in (
                "text/csv",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/octet-stream",
            )
        },
    }
}


@streamed.post("/dossier/imports", openapi_extra=_FILE_BODY)
@needs("dossier.write")
async def import_entries(
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    filename: Annotated[
        str | None, Query(max_length=255, description="Its ending says the format, before the Content-Type.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Only say what would come of it.")] = False,
) -> ImportReport:
    """Take in a file of entries, one row for each item: all of it, or nothing and the errors by row."""
    _ = actor.brand_id  # a file is a brand's
    declared = declared_format(filename, request.headers.get("content-type"))
    folder = program.settings.data / "uploads"

    def open_upload() -> IO[bytes]:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return TemporaryFile(dir=folder)

    file = await run_in_threadpool(open_upload)
    try:
        received = 0
        async for chunk in request.stream():
            received += len(chunk)
            if received > FILE_BYTES_MAX:
                fault = FieldError("/", f"at most {FILE_BYTES_MAX} bytes", "more")
                raise InvalidInput("The file.", [fault])
            await run_in_threadpool(file.write, chunk)
        report = await run_in_threadpool(
            lambda: from_files.take_in(db, file, declared, dry_run=dry_run, actor=actor.actor, now=now)
        )
    finally:
        await run_in_threadpool(file.close)
    if report.error_count:
        raise from_files.EntriesRefused(report)
    return report


routes.include_router(streamed)


def _named(db: Session, actor: Principal, batch_id: UUID) -> BatchName:
    tenant_id = actor.brand_id
    name, _, _ = name_of(db, batch_id)
    if name.tenant_id != tenant_id:
        raise NotFound(f"Batch {batch_id}: there is none.")
    return name


def _sign(
    db: Session, actor: Principal, batch_id: UUID, kind: str, form: ReleaseForm, now: datetime
) -> SignatureView:
    name = _named(db, actor, batch_id)
    signer = Signer(actor.actor, actor.name)
    return signature_view(release.sign(db, name, kind, signer, deviation=form.deviation, now=now))


def _plain(text: str, parameter: str) -> str:
    if "\0" in text:
        raise InvalidInput("The search.", [FieldError(f"query/{parameter}", "text", "a NUL")])
    return text


def _days_before(moment: datetime) -> datetime:
    return moment - timedelta(days=CHART_DAYS)
