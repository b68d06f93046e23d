"""The EPCIS 2.0 REST interface under ``/epcis``: events."""

from __future__ import annotations

import io
from http import HTTPStatus
from typing import Annotated, Final, NamedTuple
from urllib.parse import quote

import msgspec
from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from wuma.chain.trace.capturing.capture import Captured, capture
from wuma.chain.trace.capturing.split import EVENT_BYTES_MAX
from wuma.chain.trace.documents.json_ld import ReadDocument, read_document
from wuma.chain.trace.documents.names import event_key, name_of
from wuma.chain.trace.documents.xml.reading import read_xml_document
from wuma.chain.trace.queries import query
from wuma.chain.trace.queries.answers import answer_events, answer_page
from wuma.chain.trace.queries.exceptions import (
    NoSuchNameException,
    ResourceAlreadyExistsException,
    UnsupportedMediaTypeException,
    ValidationException,
)
from wuma.chain.trace.queries.rest import (
    DOCUMENT_TYPES,
    JSON_TYPES,
    PER_PAGE,
    PREFIX,
    VERSIONS,
    XML_TYPES,
    EpcisEndpoint,
    PerPage,
    Token,
    asked,
    discovery,
    prefixes_of,
)
from wuma.chain.trace.shelves.chunks import Event
from wuma.chain.trace.sights.partner_sights import sight_of
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Now, Program
from wuma.kernel.http.spool import ENCODINGS, unpacked

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])


class Received(NamedTuple):
    """A body, and what it is written in."""

    plain: bytes
    media_type: str


def media_type_of(request: Request) -> str:
    """Return what a document that is handed in is written in.

    Raises:
        UnsupportedMediaTypeException: it is neither JSON nor XML.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in DOCUMENT_TYPES:
        fault = FieldError("header/Content-Type", " or ".join(DOCUMENT_TYPES), media_type[:80])
        raise UnsupportedMediaTypeException("Documents are taken in JSON-LD and in XML.", [fault])
    return media_type


async def read_body(request: Request) -> Received:
    """Return the body, once its type has been looked at; and unpacked."""
    media_type = media_type_of(request)
    body = await request.body()
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ENCODINGS:
        fault = FieldError("header/Content-Encoding", "gzip, zstd, or none", encoding[:40])
        raise UnsupportedMediaTypeException("The body cannot be unpacked.", [fault])
    plain = bytearray()
    with unpacked(io.BytesIO(body), encoding, len(body), bytes_max=EVENT_BYTES_MAX) as file:
        while block := file.read(EVENT_BYTES_MAX):
            plain += block
    return Received(bytes(plain), media_type)


Body = Annotated[Received, Depends(read_body)]
JSON_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            **{media_type: {"schema": {"type": "object"}} for media_type in JSON_TYPES},
            **{media_type: {"schema": {"type": "string"}} for media_type in XML_TYPES},
        },
    }
}


def read_valid(body: bytes, media_type: str, *, proceed: bool = False) -> ReadDocument:
    """Read a document; what is wrong with it is told by the standard's name."""
    read = read_xml_document if media_type in XML_TYPES else read_document
    try:
        return read(body, proceed=proceed)
    except InvalidInput as invalid:
        raise ValidationException(invalid.detail, invalid.errors) from None


@routes.post("/events", status_code=201, openapi_extra=JSON_BODY, response_class=Response)
@needs("trace.capture")
def capture_event(body: Body, db: Db, actor: Actor, program: Program, now: Now) -> Response:
    """Capture one event at once."""
    document = read_valid(body.plain, body.media_type)
    if len(document.events) != 1:
        fault = FieldError("/epcisBody/eventList", "one event", f"{len(document.events)} events")
        raise ValidationException("Several events go to /epcis/capture.", [fault])
    (event,) = document.events
    name = name_of(event.fields, event_key(event.fields, document.context))
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
@needs("trace.read", or_less="trace.read.partner")
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
        sight=sight_of(db, program.keyring, actor),
        per_page=per_page,
        token=token,
        now=now,
    )
    return answer_page(request, page, now)


@routes.get("/events/{event_id:path}", response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def get_event(event_id: str, request: Request, db: Db, actor: Actor, program: Program, now: Now) -> Response:
    """Return an event by its eventID, with the declarations that it was wrong."""
    return answer_events(request, _events_named(db, actor, program, event_id), now)


def _events_named(db: Db, actor: Actor, program: Program, event_id: str) -> list[Event]:
    sight = sight_of(db, program.keyring, actor)
    events = query.events_by_name(db, actor.tenant_id, event_id, sight)
    if not events:
        raise NoSuchNameException(f"Event {event_id[:200]}: there is none.")
    return events


@routes.options("/events", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_events() -> Response:
    """Say what is spoken here."""
    return discovery("OPTIONS, GET, POST")


@routes.options("/events/{event_id:path}", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_event(event_id: str, db: Db, actor: Actor, program: Program) -> Response:
    """Say what can be done with an event."""
    _events_named(db, actor, program, event_id)
    return discovery("OPTIONS, GET")
