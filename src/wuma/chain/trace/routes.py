"""The EPCIS 2.0 REST interface under ``/epcis``: capture, capture jobs, events."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel
from sqlalchemy import text
from starlette.requests import Request

from wuma.chain.trace import query
from wuma.chain.trace.capture import capture
from wuma.chain.trace.documents import read_document
from wuma.chain.trace.timeline import Event
from wuma.kernel.errors import FieldError, InvalidInput, NotFound
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program

PREFIX: Final = "/epcis"
STANDARD_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
VERSIONS: Final = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
JSON_TYPES: Final = ("application/json", "application/ld+json")

routes = APIRouter(prefix=PREFIX, route_class=Endpoint, tags=["EPCIS"])


class ValidationException(InvalidInput):
    """The document is not valid EPCIS."""

    status = HTTPStatus.BAD_REQUEST

    @property
    def type_uri(self) -> str:
        """The name the standard gives this problem."""
        return "epcisException:ValidationException"


class UnsupportedMedia(InvalidInput):
    """Only JSON-LD is taken here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"


class CaptureJob(BaseModel):
    """What became of a document that was handed in."""

    captureID: str  # noqa: N815 - the standard's own name
    createdAt: datetime  # noqa: N815
    finishedAt: datetime  # noqa: N815
    running: bool
    success: bool
    captureErrorBehaviour: str  # noqa: N815
    errors: list[dict[str, Any]]
    accepted: int
    duplicate: int


async def read_body(request: Request) -> bytes:
    """Return the body, once its type has been looked at."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        fault = FieldError("header/Content-Type", " or ".join(JSON_TYPES), media_type)
        raise UnsupportedMedia("XML will come; JSON-LD is taken now.", [fault])
    return await request.body()


@routes.post(
    "/capture",
    status_code=202,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {media_type: {"schema": {"type": "object"}} for media_type in JSON_TYPES},
        }
    },
)
@needs("trace.capture")
def capture_document(
    body: Annotated[bytes, Depends(read_body)],
    response: Response,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
) -> CaptureJob:
    """Capture an EPCIS document: all of its events or, when one is not valid, none."""
    try:
        document = read_document(body)
    except InvalidInput as invalid:
        raise ValidationException(invalid.detail, invalid.errors) from None
    captured = capture(db, program.keyring, actor.brand_id, document, actor=actor.actor, now=now)
    response.headers["Location"] = f"{PREFIX}/capture/{captured.capture_id}"
    response.headers.update(VERSIONS)
    return _job(captured.capture_id, now, captured.accepted, captured.duplicate)


@routes.get("/capture/{capture_id}")
@needs("trace.read")
def get_capture(capture_id: UUID, response: Response, db: Db) -> CaptureJob:
    """Return a capture job. Documents are captured before they are acknowledged, so it is always finished."""
    row = db.execute(
        text("SELECT captured_at, accepted, duplicate FROM trace.capture WHERE id = :id"), {"id": capture_id}
    ).one_or_none()
    if row is None:
        raise NotFound(f"Capture {capture_id}: there is none.")
    response.headers.update(VERSIONS)
    return _job(capture_id, row.captured_at, row.accepted, row.duplicate)


def _job(capture_id: UUID, at: datetime, accepted: int, duplicate: int) -> CaptureJob:
    return CaptureJob(
        captureID=str(capture_id),
        createdAt=at,
        finishedAt=at,
        running=False,
        success=True,
        captureErrorBehaviour="rollback",
        errors=[],
        accepted=accepted,
        duplicate=duplicate,
    )


@routes.get("/events", response_class=Response)
@needs("trace.read")
def list_events(request: Request, db: Db, actor: Actor, program: Program, now: Now) -> Response:
    """Answer a SimpleEventQuery; its parameters are those of the standard, values separated by pipes."""
    parameters: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        parameters[name] = f"{parameters[name]}|{value}" if name in parameters else value
    page = query.query_events(db, program.keyring, actor.tenant_id, parameters)
    document = {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {
            "queryResults": {
                "queryName": "SimpleEventQuery",
                "resultsBody": {"eventList": [given_back(event) for event in page.events]},
            }
        },
    }
    response = Response(msgspec.json.encode(document), media_type="application/ld+json", headers=VERSIONS)
    if page.next_page_token is not None:
        url = request.url.include_query_params(nextPageToken=page.next_page_token)
        response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'
    return response


def given_back(event: Event) -> dict[str, Any]:
    """Return an event as it came, with when it was captured and what its own prefixes mean."""
    fields = {**event.fields, "recordTime": event.captured_at.isoformat()}
    parts = event.context if isinstance(event.context, list) else [event.context]
    own = [part for part in parts if isinstance(part, dict)]
    if own and "@context" not in fields:
        fields["@context"] = own
    return fields
