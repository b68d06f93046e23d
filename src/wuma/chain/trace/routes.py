"""The EPCIS 2.0 REST interface under ``/epcis``: capture, capture jobs, events."""

from __future__ import annotations

import zlib
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Response
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from wuma.chain.trace import query
from wuma.chain.trace.answers import answer_events, answer_page
from wuma.chain.trace.capture import Behaviour, Captured, capture
from wuma.chain.trace.chunks import Event, events_named
from wuma.chain.trace.documents import EVENTS_MAX, ReadDocument, read_document
from wuma.chain.trace.exceptions import (
    NoSuchNameException,
    ResourceAlreadyExistsException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from wuma.chain.trace.names import event_key, name_of
from wuma.chain.trace.page_tokens import PageTokens
from wuma.chain.trace.rest import (
    JSON_TYPES,
    PER_PAGE,
    PREFIX,
    VERSIONS,
    EpcisEndpoint,
    PerPage,
    Token,
    asked,
    discovery,
    link_on,
    prefixes_of,
)
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.http.access import needs
from wuma.kernel.http.edge import LARGE_BODIES
from wuma.kernel.http.endpoint import Actor, Db, Now, Program

BYTES_MAX: Final = LARGE_BODIES[f"{PREFIX}/capture"]

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])


class CaptureProblem(BaseModel):
    """Why an event of a document was not captured."""

    type: str
    title: str
    status: int
    place: int
    """Which event of the document, from 0 on."""
    errors: list[dict[str, Any]]


class CaptureJob(BaseModel):
    """What became of a document that was handed in."""

    captureID: str  # noqa: N815 - the standard's own name
    createdAt: datetime  # noqa: N815
    finishedAt: datetime  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: Behaviour  # noqa: N815
    errors: list[CaptureProblem]
    accepted: int
    duplicate: int
    rejected: int
    duplicates: list[tuple[int, int]]
    """Which events of the document were known before, as runs, from 0 on."""


async def read_body(request: Request) -> bytes:
    """Return the body, once its type has been looked at; gzip is undone."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        fault = FieldError("header/Content-Type", " or ".join(JSON_TYPES), media_type)
        raise UnsupportedMediaTypeException("XML will come; JSON-LD is taken now.", [fault])
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        return _unzipped(body)
    if encoding != "identity":
        fault = FieldError("header/Content-Encoding", "gzip, or none", encoding[:40])
        raise UnsupportedMediaTypeException("The body cannot be unpacked.", [fault])
    return body


def _unzipped(body: bytes) -> bytes:
    unpacking = zlib.decompressobj(wbits=31)
    try:
        plain = unpacking.decompress(body, BYTES_MAX)
    except zlib.error as error:
        fault = FieldError("", "a body in gzip", str(error)[:80])
        raise ValidationException("The body cannot be unpacked.", [fault]) from None
    if unpacking.unconsumed_tail or not unpacking.eof:
        fault = FieldError("", f"a whole body in gzip, of at most {BYTES_MAX} bytes", f"{len(body)} bytes")
        raise ValidationException("The body cannot be unpacked.", [fault])
    return plain


Body = Annotated[bytes, Depends(read_body)]
ErrorBehaviour = Annotated[
    Behaviour,
    Header(
        alias="GS1-Capture-Error-Behaviour",
        description="Events that are not valid: refuse all of the document, or only those.",
    ),
]
_JSON_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {media_type: {"schema": {"type": "object"}} for media_type in JSON_TYPES},
    }
}


@routes.post("/capture", status_code=202, openapi_extra=_JSON_BODY)
@needs("trace.capture")
def capture_document(
    body: Body,
    response: Response,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    behaviour: ErrorBehaviour = "rollback",
) -> CaptureJob:
    """Capture an EPCIS document: all of its events, or those that are valid."""
    document = _read(body, proceed=behaviour == "proceed")
    captured = capture(
        db, program.keyring, actor.brand_id, document, actor=actor.actor, now=now, behaviour=behaviour
    )
    response.headers["Location"] = f"{PREFIX}/capture/{captured.capture_id}"
    response.headers.update(VERSIONS)
    return get_capture(captured.capture_id, response, db)


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
    before, last_id = tokens.read(token, datetime, UUID) or (None, None)
    rows = db.execute(
        text(
            f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE tenant_id = :tenant_id"
            + (" AND (captured_at, id) < (:before, :last_id)" if token else "")
            + " ORDER BY captured_at DESC, id DESC LIMIT :limit"
        ),
        {"tenant_id": actor.tenant_id, "before": before, "last_id": last_id, "limit": per_page + 1},
    ).all()
    if len(rows) > per_page:
        last = rows[per_page - 1]
        link_on(response, request, tokens.write([last.captured_at, last.id]), tokens.expires_at)
    return [_job(row) for row in rows[:per_page]]


@routes.get("/capture/{capture_id}")
@needs("trace.read")
def get_capture(capture_id: UUID, response: Response, db: Db) -> CaptureJob:
    """Return a capture job. Documents are captured before they are acknowledged, so it is always finished."""
    row = db.execute(
        text(f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE id = :id"), {"id": capture_id}
    ).one_or_none()
    if row is None:
        raise NoSuchNameException(f"Capture {capture_id}: there is none.")
    response.headers.update(VERSIONS)
    return _job(row)


_JOB_COLUMNS: Final = "id, captured_at, accepted, duplicate, rejected, behaviour, outcomes"


def _job(row: Any) -> CaptureJob:
    return CaptureJob(
        captureID=str(row.id),
        createdAt=row.captured_at,
        finishedAt=row.captured_at,
        running=False,
        success=row.rejected == 0,
        captureErrorBehaviour=row.behaviour,
        errors=[
            CaptureProblem(
                type="epcisException:ValidationException",
                title="The event is not valid EPCIS",
                status=HTTPStatus.BAD_REQUEST,
                place=one["place"],
                errors=one["errors"],
            )
            for one in row.outcomes
            if one["outcome"] == "rejected"
        ],
        accepted=row.accepted,
        duplicate=row.duplicate,
        rejected=row.rejected,
        duplicates=[one["places"] for one in row.outcomes if one["outcome"] == "duplicate"],
    )


def _read(body: bytes, *, proceed: bool = False) -> ReadDocument:
    try:
        return read_document(body, proceed=proceed)
    except InvalidInput as invalid:
        raise ValidationException(invalid.detail, invalid.errors) from None


@routes.post("/events", status_code=201, openapi_extra=_JSON_BODY, response_class=Response)
@needs("trace.capture")
def capture_event(body: Body, db: Db, actor: Actor, program: Program, now: Now) -> Response:
    """Capture one event at once."""
    document = _read(body)
    if len(document.events) != 1:
        fault = FieldError("/epcisBody/eventList", "one event", f"{len(document.events)} events")
        raise ValidationException("Several events go to /epcis/capture.", [fault])
    (event,) = document.events
    name = name_of(event.fields, event_key(event.fields))
    captured: Captured = capture(db, program.keyring, actor.brand_id, document, actor=actor.actor, now=now)
    if captured.duplicates:
        raise ResourceAlreadyExistsException(f"{name} was captured before.")
    said = {**event.fields, "@context": document.context, "eventID": name}
    said["recordTime"] = captured.at.isoformat()
    headers = {**VERSIONS, "Location": f"{PREFIX}/events/{quote(name, safe=':')}"}
    return Response(
        msgspec.json.encode(said),
        status_code=HTTPStatus.CREATED,
        media_type="application/ld+json",
        headers=headers,
    )


@routes.get("/events", response_class=Response)
@needs("trace.read")
def list_events(
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> Response:
    """Answer a SimpleEventQuery; its parameters are those of the standard, values separated by pipes."""
    page = query.query_events(
        db,
        program.keyring,
        actor.tenant_id,
        asked(request),
        prefixes_of(request),
        per_page=per_page,
        token=token,
        now=now,
    )
    return answer_page(request, page, now)


@routes.get("/events/{event_id:path}", response_class=Response)
@needs("trace.read")
def get_event(event_id: str, request: Request, db: Db, actor: Actor, now: Now) -> Response:
    """Return an event by its eventID, with the declarations that it was wrong."""
    return answer_events(request, _events_named(db, actor.tenant_id, event_id), now)


def _events_named(db: Db, tenant_id: int, event_id: str) -> list[Event]:
    events = events_named(db, tenant_id, [event_id])
    if not events:
        raise NoSuchNameException(f"Event {event_id[:200]}: there is none.")
    return events


@routes.options("/capture", status_code=204, response_class=Response)
@needs("trace.read")
def describe_capture() -> Response:
    """Say what the capture interface takes."""
    limits = {
        "GS1-EPCIS-Capture-Limit": str(EVENTS_MAX),
        "GS1-EPCIS-Capture-File-Size-Limit": str(BYTES_MAX),
        "GS1-Capture-Error-Behaviour": "all",
    }
    return discovery("OPTIONS, GET, POST", limits)


@routes.options("/events", status_code=204, response_class=Response)
@needs("trace.read")
def describe_events() -> Response:
    """Say what is spoken here."""
    return discovery("OPTIONS, GET, POST")


@routes.options("/events/{event_id:path}", status_code=204, response_class=Response)
@needs("trace.read")
def describe_event(event_id: str, db: Db, actor: Actor) -> Response:
    """Say what can be done with an event."""
    _events_named(db, actor.tenant_id, event_id)
    return discovery("OPTIONS, GET")


@routes.options("/capture/{capture_id}", status_code=204, response_class=Response)
@needs("trace.read")
def describe_capture_job(capture_id: UUID, response: Response, db: Db) -> Response:
    """Say what can be done with a capture job."""
    get_capture(capture_id, response, db)
    return discovery("OPTIONS, GET")
