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

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from wuma.chain.authenticity.facade import GeoSource, Place, Whereabouts
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.answer import Answer
from wuma.journeys.scan_code.texts import Language
from wuma.journeys.scan_code.scan import ScanDesk, Visitor
from wuma.kernel.batching import Overloaded
from wuma.kernel.clock import WORLD_CLOCK_HEADER, read_clock
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.origin import believed_address
from wuma.kernel.http.problems import refused
from wuma.kernel.ids import uuid7
from wuma.kernel.settings import Settings
from wuma.support.masterdata.facade import nearest_place

COOKIE: Final = "wuma_p"
COOKIE_SECONDS: Final = 2 * 365 * 24 * 3600
COOKIE_BYTES: Final = 16
BODY_BYTES_MAX: Final = 4096
LANGUAGE_COOKIE: Final = "wuma_lang"
IPV4_BYTES: Final = 4

_OPEN_CODE: Final = re.compile(r"/01/(\d{8}|\d{12,14})(?:/10/[^/]{1,60})?/21/([^/]{1,60})/?", re.ASCII)
_HIDDEN_CODE: Final = re.compile(r"/h/([^/]{1,80})/?", re.ASCII | re.IGNORECASE)
_COOKIE: Final = re.compile(r"(?:^|;\s*)wuma_p=([A-Za-z0-9_-]{22})(?:;|$)")
_encode: Final = msgspec.json.Encoder().encode


class Whence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the scanning person is, as their device or their shop declares it; all of it optional."""

    longitude: float | None = None
    latitude: float | None = None
    accuracy_m: int | None = None
    source: GeoSource = GeoSource.GPS_EXACT


class TooBusy(Refusal):
    """Too many people are scanning just now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "too-busy"


class ScanRoutes:
    """Answers scans; everything else goes on to the application behind."""

    def __init__(self, app: ASGIApp, *, settings: Settings, desk: ScanDesk, whereabouts: Whereabouts) -> None:
        self._app = app
        self._settings = settings
        self._trusted = tuple(settings.trusted_proxies)
        self._desk = desk
        self._whereabouts = whereabouts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        path: str = scope["path"] if scope["type"] == "http" else ""
        if path.startswith("/01/") and (found := _OPEN_CODE.fullmatch(path)):
            scope.setdefault("state", {})["route"] = "/01/{gtin}/21/{serial}"
            answer = await self._refusals_told(self._open(Request(scope, receive), found[1], found[2]))
        elif path[:3] in {"/h/", "/H/"} and (found := _HIDDEN_CODE.fullmatch(path)):
            scope.setdefault("state", {})["route"] = "/h/{code}"
            answer = await self._refusals_told(self._hidden(Request(scope, receive), found[1]))
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)

    async def _open(self, request: Request, gtin: str, serial: str) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _method_not_allowed("GET, HEAD")
        if request.method == "HEAD":
            return Response(media_type="text/html; charset=utf-8")
        now = self._now(request)
        visitor = self._visitor(request, None)
        answer = await self._desk.open_code(gtin.zfill(14), serial, visitor, scan_id=_new_id(now), now=now)
        return self._respond(request, answer, visitor, now)

    async def _hidden(self, request: Request, code: str) -> Response:
        if request.method in {"GET", "HEAD"}:
            return self._ask_to_check(request)
        if request.method != "POST":
            return _method_not_allowed("GET, HEAD, POST")
        now = self._now(request)
        visitor = self._visitor(request, await _read_whence(request))
        scan_id = _given_id(request) or _new_id(now)
        answer = await self._desk.hidden_code(code, visitor, scan_id=scan_id, now=now)
        return self._respond(request, answer, visitor, now)

    def _ask_to_check(self, request: Request) -> Response:
        language = _language(request)
        body = b"" if request.method == "HEAD" else page.render_open_hidden(language=language)
        response = _page(body)
        if _COOKIE.search(request.headers.get("cookie", "")) is None:
            self._give_cookie(response, secrets.token_urlsafe(COOKIE_BYTES))
        return response

    def _respond(self, request: Request, answer: Answer, visitor: Visitor, now: datetime) -> Response:
        if "application/json" in request.headers.get("accept", ""):
            response = Response(_encode(answer), media_type="application/json")
        else:
            response = _page(page.render_answer(answer, language=_language(request), at=now))
        response.headers["Cache-Control"] = "no-store"
        if answer.retry_after_seconds is not None:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response.headers["Retry-After"] = str(answer.retry_after_seconds)
        if not visitor.has_cookie:
            self._give_cookie(response, visitor.cookie)
        return response

    def _give_cookie(self, response: Response, secret: str) -> None:
        response.set_cookie(
            COOKIE,
            secret,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._settings.cookies_secure,
        )

    def _visitor(self, request: Request, whence: Whence | None) -> Visitor:
        headers = request.headers
        peer = request.client.host if request.client else ""
        address = believed_address(peer, headers.get("x-forwarded-for"), self._trusted)
        agent = headers.get("user-agent", "")
        brought = _COOKIE.search(headers.get("cookie", ""))
        place = self._whereabouts.of(address)
        return Visitor(
            cookie=brought[1] if brought else secrets.token_urlsafe(COOKIE_BYTES),
            has_cookie=brought is not None,
            network=f"{address} {agent}".encode("utf-8", "replace"),
            address_range=_range_of(address.packed),
            client=_client_of(agent),
            place=_declared(whence) or place if whence else place,
        )

    def _now(self, request: Request) -> datetime:
        return read_clock(self._settings.clock, request.headers.get(WORLD_CLOCK_HEADER))

    async def _refusals_told(self, answering: Awaitable[Response]) -> Response:
        try:
            return await answering
        except Refusal as refusal:
            return refused(refusal)
        except Overloaded as overload:
            return refused(TooBusy(f"Please try again in a moment: {overload}."))


def _page(body: bytes) -> Response:
    response = Response(body, media_type="text/html; charset=utf-8")
    response.raw_headers.extend(page.page_headers())
    return response


def _language(request: Request) -> Language:
    return page.choose_language(
        request.headers.get("accept-language"),
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
    )


def _declared(whence: Whence) -> Place | None:
    if whence.longitude is None or whence.latitude is None:
        return None
    near = nearest_place(whence.longitude, whence.latitude)
    return Place(
        region=near.code if near else None,
        longitude=whence.longitude,
        latitude=whence.latitude,
        accuracy_m=whence.accuracy_m,
        source=whence.source,
    )


async def _read_whence(request: Request) -> Whence | None:
    """Read the optional JSON body; a form without one is a person's tap on the button."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        return None
    body = await request.body()
    if not body:
        return None
    try:
        whence = msgspec.json.decode(body[: BODY_BYTES_MAX + 1], type=Whence)
    except msgspec.MsgspecError as error:
        fault = FieldError("/", "an object with longitude, latitude, accuracy_m, source", str(error)[:120])
        raise InvalidInput("Where the scan happened.", [fault]) from None
    if not (-180 <= (whence.longitude or 0) <= 180 and -90 <= (whence.latitude or 0) <= 90):
        got = f"{whence.longitude}, {whence.latitude}"
        raise InvalidInput("Where the scan happened.", [FieldError("/longitude", "degrees", got)])
    if whence.accuracy_m is not None and not 0 <= whence.accuracy_m <= 10_000_000:
        fault = FieldError("/accuracy_m", "0 to 10,000,000 metres", str(whence.accuracy_m))
        raise InvalidInput("Where the scan happened.", [fault])
    return whence


def _given_id(request: Request) -> UUID | None:
    """Return the number this scan was given by our page: sent twice, it is the same scan."""
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


def _range_of(packed: bytes) -> str:
    return packed[: 3 if len(packed) == IPV4_BYTES else 7].hex()


def _client_of(agent: str) -> str:
    if "MicroMessenger" in agent:
        return "wechat"
    if "AlipayClient" in agent:
        return "alipay"
    return "browser" if "Mozilla" in agent else "program"


def _method_not_allowed(allowed: str) -> Response:
    return Response(status_code=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": allowed})
