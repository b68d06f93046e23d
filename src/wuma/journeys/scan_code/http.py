"""The addresses that are printed on items: ``/01/{gtin}/21/{serial}`` and ``/h/{code}``.

Plain ASGI in front of everything else, because these answer thousands of scans a second. A browser gets a
page, a program that accepts JSON gets the `Answer`.

An open code is answered on GET: it consumes nothing. A hidden code is answered on POST only, because the
first scan counts and link previews, virus scanners and impatient browsers fetch whatever they see.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, unquote
from uuid import UUID

from starlette.types import ASGIApp, Receive, Scope, Send

from wuma.chain.authenticity.facade import Outcome
from wuma.chain.codes.facade import Identified
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.reception import (
    Reception,
    Whence,
    has_cookie,
    headers_of,
    html_reply,
    language_of,
    read_whence,
)
from wuma.journeys.scan_code.scan import new_cookie
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.edge import Headers
from wuma.kernel.http.reply import Reply
from wuma.kernel.ids import uuid7
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import ParseError

BODY_BYTES_MAX: Final = 4096

_OPEN_CODE: Final = re.compile(
    r"/01/(\d{8}|\d{12,14})(?:/22/[^/]{1,240})?(?:/10/[^/]{1,240})?/21/([^/]{1,240})/?", re.ASCII
)
"""The address of an item: its GTIN and serial, perhaps with variant and lot between them, all escaped."""
_SERIAL_CHARACTERS_MAX: Final = 60  # GS1 allows 20; what is longer is explained by the resolver
_HIDDEN_CODE: Final = re.compile(r"/[hH]/([^/]{1,80})/?", re.ASCII)
_OPEN_HEADERS: Final = [
    (b"link", b'<?linkType=linkset>; rel="linkset"; type="application/linkset+json"'),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Link"),
]
"""The address of an item is a Digital Link, too: its page names its links, for pages of any origin."""


def item_at(scope: Scope) -> tuple[str, str] | None:
    """Return GTIN and serial of the item whose address was asked for; None if it is no address of an item."""
    path: str = scope["path"]
    if path[:3] != "/01":
        return None
    raw: bytes = scope.get("raw_path") or b""
    found = _OPEN_CODE.fullmatch(raw.decode("latin-1") if b"%" in raw else path)
    if found is None:
        return None
    serial = unquote(found[2]) if "%" in found[2] else found[2]
    return (found[1], serial) if len(serial) <= _SERIAL_CHARACTERS_MAX else None


class OpenCodes:
    """Answers scans of open codes; everything else goes on to the application behind."""

    def __init__(self, app: ASGIApp, reception: Reception) -> None:
        self._app = app
        self._reception = reception

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        item = item_at(scope) if scope["type"] == "http" else None
        if item is None:
            await self._app(scope, receive, send)
            return
        scope["state"]["route"] = "/01/{gtin}/21/{serial}"
        try:
            reply = await self._open(scope, *item)
        except Refusal as failure:
            reply = self._reception.refusal(scope, headers_of(scope), failure)
        await reply.send(send)

    async def _open(self, scope: Scope, gtin: str, serial: str) -> Reply:
        if scope["method"] != "GET":
            reply = html_reply(b"") if scope["method"] == "HEAD" else _method_not_allowed(b"GET, HEAD")
            return reply._replace(headers=[*reply.headers, *_OPEN_HEADERS])
        headers = headers_of(scope)
        now = self._reception.now(headers)
        visitor = self._reception.visitor(scope, headers)
        found = self._reception.desk.open_code(gtin.zfill(14), serial, visitor, now=now)
        if isinstance(found, Identified):
            answer = await self._reception.desk.answer(found, visitor, None, now=now)
        else:
            answer = found
        reply = self._reception.reply(scope, headers, answer, visitor, now, scanned=scope["path"])
        if (
            answer.verdict is Outcome.UNKNOWN
            and reply.status == HTTPStatus.OK
            and not _is_digital_link(scope)
        ):
            # An address that GS1 does not allow is an error to whoever follows the standard of resolvers;
            # what a person sees stays the same. A genuine code is answered, whatever else its address says.
            reply = reply._replace(status=HTTPStatus.BAD_REQUEST)
        return reply._replace(headers=[*reply.headers, *_OPEN_HEADERS])


class HiddenCodes:
    """Answers the addresses of hidden codes, before everything else is asked (`kernel.http.edge.Quick`)."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def __call__(self, scope: Scope, headers: Headers, receive: Receive) -> Reply | Awaitable[Reply] | None:
        """Answer one request: at once when the code is refused, for that needs nothing but memory."""
        found = _HIDDEN_CODE.fullmatch(scope["path"])
        if found is None:
            return None
        scope["state"]["route"] = "/h/{code}"
        method: str = scope["method"]
        if method in {"GET", "HEAD"}:
            return self._ask_to_check(scope, headers)
        if method != "POST":
            return _method_not_allowed(b"GET, HEAD, POST")
        if headers.get(b"content-type", b"").startswith(b"application/json"):
            return self._check_somewhere(scope, headers, receive, found[1])
        return self._check(scope, headers, found[1], None)

    async def _check_somewhere(self, scope: Scope, headers: Headers, receive: Receive, code: str) -> Reply:
        try:
            whence = await _whence(receive)
        except Refusal as failure:
            return self._reception.refusal(scope, headers, failure)
        answer = self._check(scope, headers, code, whence)
        return answer if isinstance(answer, Reply) else await answer

    def _check(
        self, scope: Scope, headers: Headers, code: str, whence: Whence | None
    ) -> Reply | Awaitable[Reply]:
        reception = self._reception
        try:
            scan_id = _given_id(scope)
        except Refusal as failure:
            return reception.refusal(scope, headers, failure)
        now = reception.now(headers)
        visitor = reception.visitor(scope, headers, whence)
        found = reception.desk.hidden_code(code, visitor, now=now)
        if not isinstance(found, Identified):
            return reception.reply(scope, headers, found, visitor, now, scanned=code)

        async def judged() -> Reply:
            try:
                answer = await reception.desk.answer(found, visitor, scan_id, now=now)
            except Refusal as failure:
                return reception.refusal(scope, headers, failure)
            return reception.reply(scope, headers, answer, visitor, now, scanned=code)

        return judged()

    def _ask_to_check(self, scope: Scope, headers: Headers) -> Reply:
        body = b""
        if scope["method"] == "GET":
            body = page.render_open_hidden(language=language_of(scope, headers), scan_id=uuid7())
        reply = html_reply(body)
        if not has_cookie(headers):
            reply.headers.append(self._reception.cookie(new_cookie()))
        return reply


def _is_digital_link(scope: Scope) -> bool:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    uri = "https://id.gs1.org" + raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    try:
        DigitalLink.parse(uri, short_gtins=True, trailing_slash=True)
    except ParseError:
        return False
    return True


async def _whence(receive: Receive) -> Whence | None:
    """Read the JSON body, which may be empty."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX:
            fault = FieldError("/", f"at most {BODY_BYTES_MAX} bytes", f"{len(body)} bytes")
            raise InvalidInput("Where the scan happened.", [fault])
        if not message.get("more_body"):
            return read_whence(body) if body else None


def _given_id(scope: Scope) -> UUID | None:
    """Return the number a program gave this scan: sent twice, it is the same scan."""
    if b"scan=" not in scope["query_string"]:
        return None
    text = parse_qs(scope["query_string"].decode("latin-1")).get("scan", [""])[0]
    try:
        return UUID(text)
    except ValueError:
        fault = FieldError("query/scan", "a UUID", text[:60])
        raise InvalidInput("The number of the scan.", [fault]) from None


def _method_not_allowed(allowed: bytes) -> Reply:
    return Reply(HTTPStatus.METHOD_NOT_ALLOWED, [(b"allow", allowed)], b"")
