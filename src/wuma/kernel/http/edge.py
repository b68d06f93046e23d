"""The outermost layer of the server: numbers requests, bounds bodies, refuses what no route should see.

It is plain ASGI and counts microseconds, because it also stands in front of the routes that answer
thousands of scans a second. Log lines name the route, never the path: a path may hold somebody's hidden code.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from itertools import count
from types import MappingProxyType
from typing import Final, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wuma.kernel import telemetry
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.problems import refused
from wuma.kernel.http.reply import Reply

Headers: TypeAlias = Mapping[bytes, bytes]
"""Headers by lower-case name; of several of one name the last."""
Quick: TypeAlias = Callable[[Scope, Headers, Receive], "Reply | Awaitable[Reply] | None"]
"""Answers a request at once, or promises to, or leaves it to the application. It names its route."""

QUICK_CHARACTERS: Final = 3
"""So many first characters of a path tell a quick route."""
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

    def __init__(self, app: ASGIApp, quick: Mapping[str, Quick] = MappingProxyType({})) -> None:
        """`quick` are the routes asked before the application, by how their paths begin: ``/h/``.

        They return what is sent, instead of sending it through every layer above them. A forged code is
        refused without a task, a coroutine or a framework of its own.
        """
        assert all(len(start) == QUICK_CHARACTERS for start in quick), list(quick)
        self._app = app
        self._quick = dict(quick)
        self._numbers = count(1)
        self._process = secrets.token_hex(6).encode()
        self._meters: dict[tuple[str, int], telemetry.Tally] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request; lifespan and anything else goes straight through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        path: str = scope["path"]
        headers = dict(scope["headers"])
        request_id = headers.get(b"x-request-id")
        if request_id is None or not _REQUEST_ID.fullmatch(request_id):
            request_id = b"%s-%x" % (self._process, next(self._numbers))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500
        try:
            length = _declared_length(headers)
            refusal = _refuse_early(scope, length)
            if length != 0:
                receive = _bounded(receive, _bytes_max(path))
            answer = None
            if refusal is None and (quick := self._quick.get(path[:QUICK_CHARACTERS])) is not None:
                answer = quick(scope, headers, receive)
            if answer is None:
                way_out = _WayOut(send, request_id)
                try:
                    await self._through(scope, receive, way_out, refusal)
                finally:
                    status = way_out.status
                return
            reply = answer if isinstance(answer, Reply) else await answer
            status = reply.status
            await send(
                {
                    "type": "http.response.start",
                    "status": status,
                    "headers": [
                        *reply.headers,
                        (b"content-length", b"%d" % len(reply.body)),
                        *_SECURITY_HEADERS,
                        (b"x-request-id", request_id),
                    ],
                }
            )
            await send({"type": "http.response.body", "body": reply.body})
        finally:
            self._note(scope, status, time.perf_counter() - started, request_id)

    async def _through(
        self, scope: Scope, receive: Receive, way_out: _WayOut, refusal: Refusal | None
    ) -> None:
        if refusal is not None:
            await refused(refusal)(scope, receive, way_out.send)
            return
        try:
            await self._app(scope, receive, way_out.send)
        except BodyTooLarge as too_large:
            await refused(too_large)(scope, receive, way_out.send)

    def _note(self, scope: Scope, status: int, seconds: float, request_id: bytes) -> None:
        route = _route_name(scope)
        meter = self._meters.get((route, status))
        if meter is None:
            meter = self._meters[route, status] = telemetry.Tally(_seconds.labels(route, status))
        meter.observe(seconds)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or seconds > SLOW_SECONDS:
            ms = round(seconds * 1000)
            log.warning("http.request", route=route, status=status, ms=ms, request=request_id.decode())


class _WayOut:
    """Adds the headers that every answer has to what the application sends, and remembers its status."""

    __slots__ = ("_request_id", "_send", "status")

    def __init__(self, send: Send, request_id: bytes) -> None:
        self._send = send
        self._request_id = request_id
        self.status = 500

    async def send(self, message: Message) -> None:
        """Send a message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = (b"x-request-id", self._request_id)
            message["headers"] = [*message["headers"], *_SECURITY_HEADERS, own]
        await self._send(message)


def _declared_length(headers: Headers) -> int | None:
    """Return the length of body that a request declares; None for a body of unknown length."""
    if b"transfer-encoding" in headers:
        return None
    declared = headers.get(b"content-length")
    if declared is None:
        return 0
    return int(declared) if declared.isdigit() else None


def _refuse_early(scope: Scope, length: int | None) -> Refusal | None:
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    if len(raw_path) > PATH_BYTES_MAX:
        fault = FieldError("path", f"at most {PATH_BYTES_MAX} bytes", str(len(raw_path)))
        return InvalidInput("The path.", [fault])
    query: bytes = scope.get("query_string", b"")
    if b"%00" in raw_path or b"\0" in raw_path or (query and (b"%00" in query or b"\0" in query)):
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
    named: str = scope["state"].get("route", "other")
    return named
