"""Handing in EPCIS documents, as GS1's OpenAPI says: ``/epcis/capture`` and its jobs.

A small document is captured before it is answered, and its job is finished then; a large one waits in a file
for the worker, and its job tells how far it is. What is too large is refused at once.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from wuma.chain.trace.capturing import capture_job, outcomes
from wuma.chain.trace.capturing.capture import Behaviour, capture
from wuma.chain.trace.capturing.outcomes import EventOutcome, Fate
from wuma.chain.trace.documents.xml.capture_job import job_document
from wuma.chain.trace.queries.exceptions import (
    NoSuchNameException,
    ValidationException,
)
from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.rest import (
    DOCUMENT_TYPES,
    PER_PAGE,
    PREFIX,
    VERSIONS,
    XML_TYPES,
    EpcisEndpoint,
    PerPage,
    Token,
    accepted,
    discovery,
    link_on,
)
from wuma.chain.trace.queries.routes import JSON_BODY, media_type_of, read_valid
from wuma.chain.trace.shelves.chunks import BeingCaptured
from wuma.kernel.errors import InvalidInput
from wuma.kernel.http.access import needs
from wuma.kernel.http.edge import LARGE_BODIES
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.paging import PAGE_COUNT, After, Limit, Page, cut, read_cursor
from wuma.kernel.http.spool import HELD_BYTES_MAX, Spooled, SpooledEndpoint

BYTES_MAX: Final = LARGE_BODIES[f"{PREFIX}/capture"]
AT_ONCE_BYTES_MAX: Final = 4 * HELD_BYTES_MAX
"""What is captured before it is answered, once unpacked; some ten thousand events, a second or two."""
ERRORS_SHOWN_MAX: Final = 100
RUNS_SHOWN_MAX: Final = 1_000


class CaptureEndpoint(EpcisEndpoint, SpooledEndpoint):
    """Where documents are handed in: large ones are looked over before their turn at the database."""

    async def receive(self, request: Request) -> None:
        """Receive a document; count the events of a large one."""
        media_type = media_type_of(request)
        await super().receive(request)
        spooled: Spooled = request.state.spooled
        request.state.event_count = None
        if spooled.path is not None and media_type not in XML_TYPES:  # the worker counts them
            try:
                request.state.event_count = await run_in_threadpool(capture_job.count_events, spooled)
            except InvalidInput as invalid:
                raise ValidationException(invalid.detail, invalid.errors) from None


routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])
received = APIRouter(route_class=CaptureEndpoint, tags=["EPCIS"])
api_routes = APIRouter(route_class=Endpoint, tags=["EPCIS"])


class CaptureProblem(BaseModel):
    """Why an event of a document, or all of it, was not captured."""

    type: str
    title: str
    status: int
    place: int | None = None
    """Which event of the document, from 0 on; none when it is about the document."""
    errors: list[dict[str, Any]]


class CaptureJob(BaseModel):
    """What became of a document that was handed in."""

    captureID: str  # noqa: N815 - the standard's own name
    createdAt: datetime  # noqa: N815
    finishedAt: datetime | None  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: Behaviour  # noqa: N815
    errors: list[CaptureProblem]
    """The first hundred; `errorFile` has all."""
    errorFile: str | None = None  # noqa: N815
    events: int | None
    """How many events there are, as far as is known."""
    accepted: int
    duplicate: int
    rejected: int
    warned: int
    duplicates: list[tuple[int, int]]
    """Which events of the document were known before, as runs, from 0 on."""


class EventOutcomeView(BaseModel):
    """What became of the events from place to last_place."""

    place: int
    last_place: int
    outcome: EventOutcome
    errors: list[dict[str, Any]] = []


ErrorBehaviour = Annotated[
    Behaviour,
    Header(
        alias="GS1-Capture-Error-Behaviour",
        description="Events that are not valid: refuse all of the document, or only those.",
    ),
]


@received.post("/capture", status_code=202, openapi_extra=JSON_BODY)
@needs("trace.capture")
def capture_document(
    request: Request,
    response: Response,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    behaviour: ErrorBehaviour = "rollback",
) -> CaptureJob:
    """Capture an EPCIS document: all of its events, or those that are valid."""
    spooled: Spooled = request.state.spooled
    capture_id = None
    body = _held(spooled)
    if body is not None:
        document = read_valid(body, spooled.media_type, proceed=behaviour == "proceed")
        try:
            capture_id = capture(
                db,
                program.keyring,
                actor.brand_id,
                document,
                actor=actor.actor,
                now=now,
                behaviour=behaviour,
                byte_count=spooled.byte_count,
            ).capture_id
        except BeingCaptured:
            db.rollback()
    if capture_id is None:
        capture_id = capture_job.accept(
            db,
            spooled,
            tenant_id=actor.brand_id,
            actor=actor.actor,
            behaviour=behaviour,
            event_count=request.state.event_count,
            now=now,
        )
    response.headers["Location"] = f"{PREFIX}/capture/{capture_id}"
    response.headers.update(VERSIONS)
    return _find(db, capture_id)


def _held(spooled: Spooled) -> bytes | None:
    """Return the body unpacked, when it is small."""
    if spooled.path is not None:
        return None
    with spooled.open(bytes_max=capture_job.PLAIN_BYTES_MAX) as plain:
        body = bytearray()
        while block := plain.read(AT_ONCE_BYTES_MAX):
            body += block
            if len(body) > AT_ONCE_BYTES_MAX:
                return None
    return bytes(body)


routes.include_router(received)


@routes.get("/capture")
@needs("trace.read")
def list_captures(
    request: Request,
    response: Response,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> list[CaptureJob]:
    """List capture jobs, the latest first."""
    tokens = PageTokens(program.keyring, actor.tenant_id, "capture", now=now)
    (before,) = tokens.read(token, UUID) or (None,)
    rows = db.execute(
        text(
            f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE tenant_id = :tenant_id"
            + (" AND id < :before" if token else "")
            + " ORDER BY id DESC LIMIT :limit"
        ),
        {"tenant_id": actor.tenant_id, "before": before, "limit": per_page + 1},
    ).all()
    if len(rows) > per_page:
        link_on(response, request, tokens.write([rows[per_page - 1].id]), tokens.expires_at)
    return [_job(db, row) for row in rows[:per_page]]


@routes.get("/capture/{capture_id}", responses={200: {"content": {"application/xml": {}}}})
@needs("trace.read")
def get_capture(capture_id: UUID, request: Request, response: Response, db: Db) -> CaptureJob:
    """Return a capture job: whether it still runs, and what became of the document's events so far."""
    response.headers.update(VERSIONS)
    media_type = accepted(request, DOCUMENT_TYPES)
    job = _find(db, capture_id)
    if media_type in XML_TYPES:
        return _in_xml(job, media_type)  # type: ignore[return-value] # a response is given as it is
    return job


def _in_xml(job: CaptureJob, media_type: str) -> Response:
    body = job_document(
        capture_id=job.captureID,
        created_at=job.createdAt,
        finished_at=job.finishedAt,
        running=job.running,
        success=job.success,
        behaviour=job.captureErrorBehaviour,
        errors=((one.type, one.title, one.status, _about(one)) for one in job.errors),
        error_file=job.errorFile,
    )
    return Response(body, media_type=media_type, headers={**VERSIONS, "Vary": "Accept"})


def _about(problem: CaptureProblem) -> str:
    """Say in one line what is wrong with an event."""
    where = "" if problem.place is None else f"event {problem.place}: "
    faults = (f"{one['at']}: expected {one['expected']}, got {one['got']}" for one in problem.errors)
    said = f"{where}{'; '.join(faults)}"
    return "".join(one if one.isprintable() else "\ufffd" for one in said)


@api_routes.get("/captures/{capture_id}/outcomes")
@needs("trace.read")
def list_outcomes(
    capture_id: UUID,
    db: Db,
    outcome: Annotated[list[EventOutcome] | None, Query(description="Only these.")] = None,
    limit: Limit = PAGE_COUNT,
    after: After = None,
) -> Page[EventOutcomeView]:
    """List what became of each event of a document; neighbours with the same fate are one line."""
    _find_row(db, capture_id)
    place, last_outcome = (-1, "") if after is None else read_cursor(after, int, str)
    rows = outcomes.read(
        db, capture_id, only=outcome or tuple(EventOutcome), after=(place, last_outcome), limit=limit + 1
    )
    return cut(rows, limit, key=lambda fate: (fate.place, fate.outcome.value), item=_view)


def _view(fate: Fate) -> EventOutcomeView:
    return EventOutcomeView(
        place=fate.place,
        last_place=fate.last_place,
        outcome=fate.outcome,
        errors=[dict(one) for one in fate.faults or ()],
    )


@routes.options("/capture", status_code=204, response_class=Response)
@needs("trace.read")
def describe_capture() -> Response:
    """Say what the capture interface takes."""
    limits = {
        "GS1-EPCIS-Capture-Limit": str(capture_job.EVENTS_MAX),
        "GS1-EPCIS-Capture-File-Size-Limit": str(BYTES_MAX),
        "GS1-Capture-Error-Behaviour": "all",
    }
    return discovery("OPTIONS, GET, POST", limits)


@routes.options("/capture/{capture_id}", status_code=204, response_class=Response)
@needs("trace.read")
def describe_capture_job(capture_id: UUID, db: Db) -> Response:
    """Say what is spoken here."""
    _find_row(db, capture_id)
    return discovery("OPTIONS, GET", {})


_JOB_COLUMNS: Final = (
    "id, coalesce(created_at, captured_at) AS created_at, coalesce(finished_at, captured_at) AS finished_at,"
    " state, event_count, accepted, duplicate, rejected, warned, behaviour, failure"
)


def _find(session: Session, capture_id: UUID) -> CaptureJob:
    return _job(session, _find_row(session, capture_id))


def _find_row(session: Session, capture_id: UUID) -> Any:
    row = session.execute(
        text(f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE id = :id"), {"id": capture_id}
    ).one_or_none()
    if row is None:
        raise NoSuchNameException(f"Capture {capture_id}: there is none.")
    return row


def _job(session: Session, row: Any) -> CaptureJob:
    running = row.state in {"checking", "storing"}
    errors = [] if row.failure is None else [_problem(row.failure["detail"], row.failure["errors"])]
    rejected, duplicates = (
        outcomes.read(session, row.id, only=[outcome], limit=count_max) if count else []
        for outcome, count_max, count in (
            (EventOutcome.REJECTED, ERRORS_SHOWN_MAX, row.rejected),
            (EventOutcome.DUPLICATE, RUNS_SHOWN_MAX, row.duplicate),
        )
    )
    errors += [
        _problem("The event is not valid EPCIS", fate.faults or (), place=fate.place) for fate in rejected
    ]
    is_long = row.rejected > ERRORS_SHOWN_MAX
    return CaptureJob(
        captureID=str(row.id),
        createdAt=row.created_at,
        finishedAt=None if running else row.finished_at,
        running=running,
        success=row.rejected == 0 and row.state != "failed",
        captureErrorBehaviour=row.behaviour,
        errors=errors,
        errorFile=f"/api/v1/captures/{row.id}/outcomes?outcome=rejected" if is_long else None,
        events=row.event_count,
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
        warned=row.warned,
        duplicates=[(fate.place, fate.last_place) for fate in duplicates],
    )


def _problem(title: str, errors: Any, *, place: int | None = None) -> CaptureProblem:
    return CaptureProblem(
        type="epcisException:ValidationException",
        title=title,
        status=HTTPStatus.BAD_REQUEST,
        place=place,
        errors=[dict(error) for error in errors],
    )
