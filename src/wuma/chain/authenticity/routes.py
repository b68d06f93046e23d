"""The API of authenticity: the scan log, alarms, reports, and leaks before activation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel
from sqlalchemy import func, select, tuple_

from wuma.chain.authenticity import reports
from wuma.chain.authenticity.judge import Outcome
from wuma.chain.authenticity.log import ScanView, scan_view
from wuma.chain.authenticity.models import Alarm, Report, ScanRow
from wuma.chain.codes.facade import Origin, origins
from wuma.kernel.errors import NotFound
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Line
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor

routes = APIRouter(route_class=Endpoint, tags=["authenticity"])

LEAKS_MAX: Final = 200
UNITS_TRACED_MAX: Final = 100  # of one leak: more would name the same files


@routes.get("/scans")
@needs("authenticity.read")
def list_scans(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    outcome: Annotated[list[Outcome] | None, Query(description="Only these outcomes.")] = None,
    kind: Annotated[str | None, Query(pattern="^(open|hidden)$")] = None,
    product_id: UUID | None = None,
    order_id: int | None = None,
    unit: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    person: Annotated[str | None, Query(pattern="^[0-9a-f]{16}$")] = None,
    region: Annotated[
        str | None, Query(pattern="^[0-9]{2,6}$", description="A division, with all below it.")
    ] = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
) -> Page[ScanView]:
    """List scans, the latest first."""
    query = select(ScanRow).order_by(ScanRow.at.desc(), ScanRow.id.desc())
    if outcome:
        query = query.where(ScanRow.outcome.in_([one.value for one in outcome]))
    if kind is not None:
        query = query.where(ScanRow.kind == kind)
    if product_id is not None:
        query = query.where(ScanRow.product_id == product_id)
    if order_id is not None:
        query = query.where(ScanRow.order_id == order_id)
    if unit is not None:
        query = query.where(ScanRow.unit == unit)
    if person is not None:
        query = query.where(ScanRow.person == person)
    if region is not None:
        query = query.where(ScanRow.region.startswith(region, autoescape=True))
    if since is not None:
        query = query.where(ScanRow.at >= since)
    if until is not None:
        query = query.where(ScanRow.at < until)
    if after is not None:
        at, scan_id = read_cursor(after, datetime, UUID)
        query = query.where(tuple_(ScanRow.at, ScanRow.id) < (at, scan_id))
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.at, row.id], item=scan_view)


class LeakSource(BaseModel):
    """Somebody who was given the file with these codes, and when."""

    print_file_id: UUID
    recipient_name: str
    released_at: datetime


class Leak(BaseModel):
    """Codes of an order were scanned before they were on any item: somebody has labels, or the file."""

    order_id: int
    product_id: UUID
    scan_count: int
    code_count: int
    person_count: int
    first_at: datetime
    last_at: datetime
    regions: list[str]
    sample_unit: int
    sources: list[LeakSource]
    """Who had the scanned codes for printing; nobody, when no file with them was ever released."""


@routes.get("/leaks")
@needs("authenticity.read")
def list_leaks(db: Db) -> list[Leak]:
    """List orders whose codes were scanned before activation, most scans first, with who printed them."""
    scan_count = func.count()
    rows = db.execute(
        select(
            ScanRow.order_id,
            ScanRow.product_id,
            scan_count.label("scan_count"),
            func.count(ScanRow.unit.distinct()).label("code_count"),
            func.count(ScanRow.person.distinct()).label("person_count"),
            func.min(ScanRow.at).label("first_at"),
            func.max(ScanRow.at).label("last_at"),
            func.array_remove(func.array_agg(ScanRow.region.distinct()), None).label("regions"),
            func.array_agg(ScanRow.unit.distinct()).label("units"),
        )
        .where(ScanRow.outcome == Outcome.NOT_ACTIVATED.value)
        .group_by(ScanRow.order_id, ScanRow.product_id)
        .order_by(scan_count.desc(), ScanRow.order_id)
        .limit(LEAKS_MAX)
    ).all()
    known = origins(db, [unit for row in rows for unit in row.units[:UNITS_TRACED_MAX]])
    return [
        Leak(
            order_id=row.order_id,
            product_id=row.product_id,
            scan_count=row.scan_count,
            code_count=row.code_count,
            person_count=row.person_count,
            first_at=row.first_at,
            last_at=row.last_at,
            regions=row.regions,
            sample_unit=row.units[0],
            sources=_sources(row.units, known),
        )
        for row in rows
    ]


def _sources(units: list[int], known: dict[int, Origin]) -> list[LeakSource]:
    """Return who had any of these units printed, each file once."""
    printings = (printing for unit in units if unit in known for printing in known[unit].printings)
    by_file = {
        printing.print_file_id: LeakSource.model_validate(printing, from_attributes=True)
        for printing in printings
    }
    return sorted(by_file.values(), key=lambda source: source.released_at)


class AlarmView(BaseModel):
    """Something unusual."""

    id: UUID
    kind: str
    raised_at: datetime
    ended_at: datetime | None
    facts: dict[str, float]


@routes.get("/alarms")
@needs("authenticity.read")
def list_alarms(db: Db, limit: Limit = 50, after: After = None) -> Page[AlarmView]:
    """List alarms, the latest first."""
    query = select(Alarm).order_by(Alarm.id.desc())
    if after is not None:
        query = query.where(Alarm.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(
        rows,
        limit,
        key=lambda row: [row.id],
        item=lambda row: AlarmView.model_validate(row, from_attributes=True),
    )


class ReportView(BaseModel):
    """What a consumer reported."""

    id: UUID
    at: datetime
    concern: str
    text: str
    scan_id: UUID | None
    unit: int | None
    scanned: str | None
    contact: str | None
    has_photo: bool
    state: str
    handled_at: datetime | None
    handled_by: str | None
    handled_note: str | None


class Handling(BaseModel):
    """What was done about a report."""

    note: Line


@routes.get("/reports")
@needs("authenticity.report.handle")
def list_reports(
    db: Db,
    program: Program,
    limit: Limit = 50,
    after: After = None,
    state: Annotated[str | None, Query(pattern="^(open|handled)$")] = None,
) -> Page[ReportView]:
    """List reports, the latest first."""
    query = select(Report).order_by(Report.id.desc())
    if state is not None:
        query = query.where(Report.state == state)
    if after is not None:
        query = query.where(Report.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=lambda row: _report_view(row, program))


@routes.post("/reports/{report_id}/handling", status_code=201)
@needs("authenticity.report.handle")
def handle_report(
    report_id: UUID, form: Handling, db: Db, actor: Actor, program: Program, now: Now
) -> ReportView:
    """Close a report with what was done about it."""
    return _report_view(reports.handle(db, report_id, actor=actor.actor, note=form.note, now=now), program)


@routes.get("/reports/{report_id}/photo", response_class=FileResponse)
@needs("authenticity.report.handle")
def report_photo(report_id: UUID, db: Db, program: Program) -> FileResponse:
    """Return the photograph of a report."""
    report = db.get(Report, report_id)
    if report is None or report.photo_sha256 is None:
        raise NotFound(f"Report {report_id}: there is no photograph.")
    return FileResponse(reports.photo_path(program.blobs, report.id), media_type="image/jpeg")


def _report_view(report: Report, program: Program) -> ReportView:
    contact = None
    if report.contact is not None:
        contact = program.fields.open(report.contact, reports.contact_cell(report)).decode()
    return ReportView(
        id=report.id,
        at=report.at,
        concern=report.concern,
        text=report.text,
        scan_id=report.scan_id,
        unit=report.unit,
        scanned=report.scanned,
        contact=contact,
        has_photo=report.photo_sha256 is not None,
        state=report.state,
        handled_at=report.handled_at,
        handled_by=report.handled_by,
        handled_note=report.handled_note,
    )
