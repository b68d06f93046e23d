"""What went wrong, told as RFC 9457 problem documents, whatever it was and wherever it happened."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any, Final

import msgspec
import psycopg
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from wuma.kernel import telemetry
from wuma.kernel.errors import ComeAgain, DatabaseAway, DiskFull, FieldError, InvalidInput, Refusal

MEDIA_TYPE: Final = "application/problem+json"
GOT_CHARACTERS_MAX: Final = 120
_OF_PYDANTIC: Final = "Value error, "
"""What pydantic puts before the words of a check of ours."""

log = telemetry.logger(__name__)


def problem(status: int, slug: str, title: str, detail: str, **members: Any) -> Response:
    """Return a problem document. `slug` is stable; it ends the type's URI."""
    return _problem(status, f"urn:wuma:problem:{slug}", title, detail, **members)


def _problem(status: int, type_uri: str, title: str, detail: str, **members: Any) -> Response:
    document = {"type": type_uri, "title": title, "status": status, "detail": detail, **members}
    return Response(msgspec.json.encode(document), status_code=status, media_type=MEDIA_TYPE)


def refused(refusal: Refusal) -> Response:
    """Answer a refusal."""
    return told(refusal, status=refusal.status, type_uri=refusal.type_uri)


def told(refusal: Refusal, *, status: int, type_uri: str) -> Response:
    """Answer a refusal by a name and a status that another standard has for it."""
    response = _problem(status, type_uri, refusal.title, refusal.detail, **refusal.members)
    if isinstance(refusal, ComeAgain):
        response.headers["Retry-After"] = str(refusal.retry_after_seconds)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


async def on_refusal(_request: Request, refusal: Exception) -> Response:
    """Handle the first kind of error: the world said no."""
    assert isinstance(refusal, Refusal)
    return refused(refusal)


async def on_invalid_request(_request: Request, error: Exception) -> Response:
    """Handle input that does not fit the route's declaration."""
    assert isinstance(error, RequestValidationError)
    return refused(invalid_request(error))


def invalid_request(error: RequestValidationError) -> InvalidInput:
    """Return what does not fit the route's declaration: every fault with its place."""
    faults = [
        FieldError(
            at="/" + "/".join(_pointer_token(part) for part in fault["loc"]),
            expected=str(fault["msg"]).removeprefix(_OF_PYDANTIC),
            got=_shown(fault.get("input")),
        )
        for fault in error.errors()
    ]
    places = ", ".join(fault.at for fault in faults[:3])
    return InvalidInput(f"{len(faults)} fault(s) in the request: {places}", faults)


async def on_http_exception(_request: Request, error: Exception) -> Response:
    """Handle what the framework itself refuses: no such route, wrong method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    response = problem(error.status_code, phrase.lower().replace(" ", "-"), phrase, str(error.detail))
    response.headers.update(error.headers or {})
    return response


async def on_disconnect(_request: Request, _error: Exception) -> Response:
    """Handle a body that ended early. Whoever sent it may still listen: only their side is closed."""
    return problem(
        HTTPStatus.BAD_REQUEST, "cut-short", "The request ended before its body did", "Please send it again."
    )


async def on_database_error(request: Request, error: Exception) -> Response:
    """Handle what PostgreSQL refuses or cannot do just now."""
    assert isinstance(error, DBAPIError | PoolTimeout)
    if isinstance(error, DataError):
        return refused(InvalidInput("A value is outside of what can be stored."))
    if isinstance(error, IntegrityError):
        # The constraint's name only: its message would show values, perhaps those of another tenant.
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        return problem(HTTPStatus.CONFLICT, "conflict", "It does not fit what is there", str(constraint))
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        log.warning("http.database_away", path=request.url.path, failure=type(error).__name__)
        is_full = isinstance(getattr(error, "orig", None), psycopg.errors.DiskFull)
        return refused(DiskFull() if is_full else DatabaseAway())
    return await on_bug(request, error)


async def on_bug(request: Request, error: Exception) -> Response:
    """Handle the third kind: we were wrong. The number leads to the log line, the log line to the bug."""
    incident = uuid.uuid4().hex[:12]
    log.error("http.bug", incident=incident, method=request.method, path=request.url.path, exc_info=error)
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "bug",
        "This is our mistake",
        f"Please tell us the number {incident}.",
        incident=incident,
    )


def _pointer_token(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")  # RFC 6901


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= GOT_CHARACTERS_MAX else text[:GOT_CHARACTERS_MAX] + "…"
