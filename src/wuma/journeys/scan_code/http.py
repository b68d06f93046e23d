"""The addresses that are printed on items: ``/01/{gtin}/21/{serial}`` and ``/h/{code}``.

Plain ASGI in front of everything else, because these answer thousands of scans a second. A browser gets a
page, a program that accepts JSON gets the `Answer`.

An open code is answered on GET: it consumes nothing. A hidden code is answered on POST only, because the
first scan counts and link previews, virus scanners and impatient browsers fetch whatever they see.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable
from datetime import datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.reception import (
    COOKIE_BYTES,
    Reception,
    Whence,
    has_cookie,
    html,
    language_of,
    read_whence,
)
from wuma.kernel.batching import Overloaded
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.ids import uuid7

BODY_BYTES_MAX: Final = 4096

_OPEN_CODE: Final = re.compile(r"/01/(\d{8}|\d{12,14})(?:/10/[^/]{1,60})?/21/([^/]{1,60})/?", re.ASCII)
_HIDDEN_CODE: Final = re.compile(r"/h/([^/]{1,80})/?", re.ASCII | re.IGNORECASE)


class ScanRoutes:
    """Answers scans; everything else goes on to the application behind."""

    def __init__(self, app: ASGIApp, reception: Reception) -> None:
        self._app = app
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        if path.startswith("/01/") and (found := _OPEN_CODE.fullmatch(path)):
            scope.setdefault("state", {})["route"] = "/01/{gtin}/21/{serial}"
            request = Request(scope, receive)
            answering = self._open(request, found[1], found[2])
        elif path[:3] in {"/h/", "/H/"} and (found := _HIDDEN_CODE.fullmatch(path)):
            scope.setdefault("state", {})["route"] = "/h/{code}"
            request = Request(scope, receive)
            answering = self._hidden(request, found[1])
        else:
            await self._app(scope, receive, send)
            return
        response = await self._or_refusal(request, answering)
        await response(scope, receive, send)

    async def _or_refusal(self, request: Request, answering: Awaitable[Response]) -> Response:
        try:
            return await answering
        except (Refusal, Overloaded) as failure:
            return self._reception.refuse(request, failure)

    async def _open(self, request: Request, gtin: str, serial: str) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _method_not_allowed("GET, HEAD")
        if request.method == "HEAD":
            return html(b"")
        now = self._reception.now(request)
        visitor = self._reception.visitor(request)
        answer = await self._reception.desk.open_code(
            gtin.zfill(14), serial, visitor, scan_id=_new_id(now), now=now
        )
        return self._reception.respond(request, answer, visitor, now)

    async def _hidden(self, request: Request, code: str) -> Response:
        if request.method in {"GET", "HEAD"}:
            return self._ask_to_check(request)
        if request.method != "POST":
            return _method_not_allowed("GET, HEAD, POST")
        now = self._reception.now(request)
        visitor = self._reception.visitor(request, await _whence(request))
        scan_id = _given_id(request) or _new_id(now)
        answer = await self._reception.desk.hidden_code(code, visitor, scan_id=scan_id, now=now)
        return self._reception.respond(request, answer, visitor, now)

    def _ask_to_check(self, request: Request) -> Response:
        is_head = request.method == "HEAD"
        response = html(b"" if is_head else page.render_open_hidden(language=language_of(request)))
        if not has_cookie(request):
            self._reception.give_cookie(response, secrets.token_urlsafe(COOKIE_BYTES))
        return response


async def _whence(request: Request) -> Whence | None:
    """Read the optional JSON body; a form without one is a person's tap on the button."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        fault = FieldError("/", f"at most {BODY_BYTES_MAX} bytes", f"{len(body)} bytes")
        raise InvalidInput("Where the scan happened.", [fault])
    return read_whence(body) if body else None


def _given_id(request: Request) -> UUID | None:
    """Return the number a program gave this scan: sent twice, it is the same scan."""
    text: str | None = request.query_params.get("scan")
    if not text:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(
            "The number of the scan.", [FieldError("query/scan", "a UUID", text[:60])]
        ) from None


def _new_id(now: datetime) -> UUID:
    return uuid7(int(now.timestamp() * 1000))


def _method_not_allowed(allowed: str) -> Response:
    return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": allowed})
