"""The EPCIS 2.0 REST interface under ``/epcis``: capture, capture jobs, events."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from wuma.chain.trace import query
from wuma.chain.trace.capture import Behaviour, Captured, capture, event_key, name_of
from wuma.chain.trace.documents import EVENTS_MAX, ReadDocument, read_document
from wuma.chain.trace.timeline import Event
from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, NotFound
from wuma.kernel.http.access import needs
from wuma.kernel.http.edge import LARGE_BODIES
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.paging import read_cursor, write_cursor

PREFIX: Final = "/epcis"
STANDARD_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
DISCOVERY: Final = {
    **VERSIONS,
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Min": "2.0.0",
    "GS1-CBV-Max": "2.0.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-CBV-XML-Format": "Never_Translates",
}
"""What every resource says of itself; things are given back as they were named, and found by every name."""
BYTES_MAX: Final = LARGE_BODIES[f"{PREFIX}/capture"]
JSON_TYPES: Final = ("application/json", "application/ld+json")
PER_PAGE_MAX: Final = 200

routes = APIRouter(prefix=PREFIX, route_class=Endpoint, tags=["EPCIS"])


class ValidationException(InvalidInput):
    """The document is not valid EPCIS."""

    status = HTTPStatus.BAD_REQUEST

    @property
    def type_uri(self) -> str:
        """The name the standard gives this problem."""
        return "epcisException:ValidationException"


class ResourceAlreadyExistsException(AlreadyExists):
    """This event was captured before."""

    @property
    def type_uri(self) -> str:
        """The name the standard gives this problem."""
        return "epcisException:ResourceAlreadyExistsException"


class UnsupportedMedia(InvalidInput):
    """Only JSON-LD is taken here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"


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
        raise UnsupportedMedia("XML will come; JSON-LD is taken now.", [fault])
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding in {"gzip", "x-gzip"}:
        return _unzipped(body)
    if encoding != "identity":
        fault = FieldError("header/Content-Encoding", "gzip, or none", encoding[:40])
        raise UnsupportedMedia("The body cannot be unpacked.", [fault])
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
    response: Response,
    db: Db,
    actor: Actor,
    per_page: Annotated[int, Query(alias="perPage", ge=1, le=PER_PAGE_MAX)] = query.PER_PAGE,
    token: Annotated[str | None, Query(alias="nextPageToken", max_length=500)] = None,
) -> list[CaptureJob]:
    """List capture jobs, the latest first."""
    before, last_id = (None, None) if token is None else read_cursor(token, datetime, UUID)
    rows = db.execute(
        text(
            f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE tenant_id = :tenant_id"
            + (" AND (captured_at, id) < (:before, :last_id)" if token else "")
            + " ORDER BY captured_at DESC, id DESC LIMIT :limit"
        ),
        {"tenant_id": actor.tenant_id, "before": before, "last_id": last_id, "limit": per_page + 1},
    ).all()
    response.headers.update(VERSIONS)
    if len(rows) > per_page:
        last = rows[per_page - 1]
        next_token = write_cursor([last.captured_at, last.id])
        response.headers["Link"] = (
            f'<{PREFIX}/capture?perPage={per_page}&nextPageToken={next_token}>; rel="next"'
        )
    return [_job(row) for row in rows[:per_page]]


@routes.get("/capture/{capture_id}")
@needs("trace.read")
def get_capture(capture_id: UUID, response: Response, db: Db) -> CaptureJob:
    """Return a capture job. Documents are captured before they are acknowledged, so it is always finished."""
    row = db.execute(
        text(f"SELECT {_JOB_COLUMNS} FROM trace.capture WHERE id = :id"), {"id": capture_id}
    ).one_or_none()
    if row is None:
        raise NotFound(f"Capture {capture_id}: there is none.")
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
def list_events(request: Request, db: Db, actor: Actor, program: Program, now: Now) -> Response:
    """Answer a SimpleEventQuery; its parameters are those of the standard, values separated by pipes."""
    parameters: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        parameters[name] = f"{parameters[name]}|{value}" if name in parameters else value
    page = query.query_events(db, program.keyring, actor.tenant_id, parameters, _prefixes(request))
    response = _query_document(page.events, now)
    if page.next_page_token is not None:
        url = request.url.include_query_params(nextPageToken=page.next_page_token)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return response


@routes.get("/events/{event_id:path}", response_class=Response)
@needs("trace.read")
def get_event(event_id: str, db: Db, actor: Actor, now: Now) -> Response:
    """Return an event by its eventID, with the declarations that it was wrong."""
    events = query.events_named(db, actor.tenant_id, event_id)
    if not events:
        raise NotFound(f"Event {event_id[:200]}: there is none.")
    return _query_document(events, now)


def _discovery(allow: str, more: Mapping[str, str]) -> Response:
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allow, **DISCOVERY, **more})


@routes.options("/capture", status_code=204, response_class=Response)
@needs("trace.read")
def describe_capture() -> Response:
    """Say what the capture interface takes."""
    limits = {
        "GS1-EPCIS-Capture-Limit": str(EVENTS_MAX),
        "GS1-EPCIS-Capture-File-Size-Limit": str(BYTES_MAX),
        "GS1-Capture-Error-Behaviour": "all",
    }
    return _discovery("OPTIONS, GET, POST", limits)


@routes.options("/events", status_code=204, response_class=Response)
@needs("trace.read")
def describe_events() -> Response:
    """Say what is spoken here."""
    return _discovery("OPTIONS, GET, POST", {})


def _prefixes(request: Request) -> dict[str, str]:
    """Return what the asker's prefixes of extension fields stand for: ``GS1-Extensions: ex=https://…``."""
    said = request.headers.get("gs1-extensions", "")
    pairs = (part.strip().partition("=") for part in said.split(","))
    return {name: iri for name, equals, iri in pairs if equals and name and iri}


def _query_document(events: list[Event], now: datetime) -> Response:
    document = {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {
            "queryResults": {
                "queryName": "SimpleEventQuery",
                "resultsBody": {"eventList": [given_back(event) for event in events]},
            }
        },
    }
    return Response(msgspec.json.encode(document), media_type="application/ld+json", headers=VERSIONS)


def given_back(event: Event) -> dict[str, Any]:
    """Return an event as it came, with when it was captured and what its own prefixes mean."""
    fields = {**event.fields, "recordTime": event.captured_at.isoformat()}
    parts = event.context if isinstance(event.context, list) else [event.context]
    own = [part for part in parts if isinstance(part, dict)]
    if own and "@context" not in fields:
        fields["@context"] = own
    return fields
