"""The outermost layer of the server: numbers requests, bounds bodies, refuses what no route should see.

It is plain ASGI and counts microseconds, because it also stands in front of the routes that answer
thousands of scans a second. Log lines name the route, never the path: a path may hold somebody's hidden code.
"""

from __future__ import annotations

import re
import secrets
import time
from http import HTTPStatus
from itertools import count
from typing import Final

from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wuma.kernel import telemetry
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.problems import refused

BODY_BYTES_MAX: Final = 4 * 1024 * 1024
"""Enough for any form; what is larger (imports, EPCIS documents) is named in `LARGE_BODIES`."""
LARGE_BODIES: Final = {
    "/api/v1/imports": 512 * 1024 * 1024,
    "/api/v1/links/import": 32 * 1024 * 1024,
    "/epcis/capture": 4 * 1024 * 1024 * 1024,
    "/m/reports": 8 * 1024 * 1024,
}
"""Paths by beginning, and what they take."""
PATH_BYTES_MAX: Final = 4096
SLOW_SECONDS: Final = 1.0

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SECURITY_HEADERS: Final = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"x-frame-options", b"DENY"),
]

_seconds = telemetry.histogram(
    "http_request_seconds", "Requests, and their time to the last byte, by route.", ("route", "status")
)
log = telemetry.logger(__name__)


class BodyTooLarge(Refusal):
    """The body is larger than this route takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "body-too-large"


class Edge:
    """Stands between the server and the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._numbers = count(1)
        self._process = secrets.token_hex(6)
        self._meters: dict[tuple[str, int], Histogram] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan and anything else goes straight through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id, length = self._read_headers(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_SECURITY_HEADERS, (b"x-request-id", request_id)]
            await send(message)

        try:
            refusal = _refuse_early(scope, length)
            if refusal is not None:
                await refused(refusal)(scope, receive, send_with_headers)
            elif length == 0:
                await self._app(scope, receive, send_with_headers)
            else:
                await self._app(scope, _bounded(receive, _bytes_max(scope["path"])), send_with_headers)
        except BodyTooLarge as refusal:
            await refused(refusal)(scope, receive, send_with_headers)
        finally:
            self._note(scope, status, time.perf_counter() - started, request_id)

    def _read_headers(self, scope: Scope) -> tuple[bytes, int | None]:
        """Return the request's number and the length it declares; None for a body of unknown length."""
        given: bytes | None = None
        length: int | None = 0
        for name, value in scope["headers"]:
            if name == b"content-length":
                length = int(value) if value.isdigit() else None
            elif name == b"transfer-encoding":
                length = None
            elif name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
                given = value
        return given or f"{self._process}-{next(self._numbers):x}".encode(), length

    def _note(self, scope: Scope, status: int, seconds: float, request_id: bytes) -> None:
        route = _route_name(scope)
        meter = self._meters.get((route, status))
        if meter is None:
            meter = self._meters[route, status] = _seconds.labels(route, status)
        meter.observe(seconds)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or seconds > SLOW_SECONDS:
            ms = round(seconds * 1000)
            log.warning("http.request", route=route, status=status, ms=ms, request=request_id.decode())


def _refuse_early(scope: Scope, length: int | None) -> Refusal | None:
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    if len(raw_path) > PATH_BYTES_MAX:
        fault = FieldError("path", f"at most {PATH_BYTES_MAX} bytes", str(len(raw_path)))
        return InvalidInput("The path.", [fault])
    query: bytes = scope.get("query_string", b"")
    if b"%00" in raw_path or b"\0" in raw_path or b"%00" in query or b"\0" in query:
        return InvalidInput("The path or the query.", [FieldError("path", "no NUL character", "%00")])
    if length and length > _bytes_max(scope["path"]):
        return BodyTooLarge(f"At most {_bytes_max(scope['path'])} bytes; these are {length}.")
    return None


def _bytes_max(path: str) -> int:
    for prefix, limit in LARGE_BODIES.items():
        if path.startswith(prefix):
            return limit
    return BODY_BYTES_MAX


def _bounded(receive: Receive, bytes_max: int) -> Receive:
    seen = 0

    async def receive_bounded() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > bytes_max:
                raise BodyTooLarge(f"At most {bytes_max} bytes; there were more.")
        return message

    return receive_bounded


def _route_name(scope: Scope) -> str:
    route = scope.get("route")
    if route is not None:
        return getattr(route, "path", "other")
    return str(scope["state"].get("route", "other"))
