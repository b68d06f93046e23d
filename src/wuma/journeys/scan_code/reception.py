"""Where scans come in: what a request says of its visitor, and how an answer goes out.

Works on the raw headers of ASGI: a scan has some tens of microseconds, and the comfortable objects of a web
framework cost more than checking the code.
"""

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from wuma.chain.authenticity.facade import GeoSource, Place, Pseudonyms
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.answer import Answer
from wuma.journeys.scan_code.scan import ScanDesk, Visitor
from wuma.journeys.scan_code.texts import Language
from wuma.kernel.clock import WORLD_CLOCK_HEADER, read_clock, utc_now
from wuma.kernel.errors import ComeAgain, FieldError, InvalidInput, Refusal
from wuma.kernel.http.edge import Headers
from wuma.kernel.http.origin import TrustedProxies, forwarded_for
from wuma.kernel.http.problems import refused
from wuma.kernel.http.reply import Reply
from wuma.kernel.settings import Settings
from wuma.support.masterdata.facade import nearest_place

COOKIE: Final = "wuma_p"
COOKIE_SECONDS: Final = 2 * 365 * 24 * 3600
LANGUAGE_COOKIE: Final = "wuma_lang"
ACCURACY_M_MAX: Final = 10_000_000
IPV4_BYTES: Final = 4

_COOKIE: Final = re.compile(rb"(?:^|;\s*)wuma_p=([A-Za-z0-9_-]{22})(?:;|$)")
_LANGUAGE: Final = re.compile(rb"(?:^|;\s*)wuma_lang=([a-z]{2})(?:;|$)")
_LANGUAGE_ASKED: Final = re.compile(rb"(?:^|&)lang=([A-Za-z-]{2,12})(?:&|$)")
_WORLD_CLOCK: Final = WORLD_CLOCK_HEADER.encode()
_JSON_HEADERS: Final = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
_HTML_HEADERS: Final = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"no-store")]
_encode: Final = msgspec.json.Encoder().encode


class Whence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the scanning person is, as their device or their shop declares it; all of it optional."""

    longitude: float | None = None
    latitude: float | None = None
    accuracy_m: int | None = None
    source: GeoSource = GeoSource.GPS_EXACT


class Reception:
    """What the addresses of scans share: the desk that answers, and how visitors are met."""

    def __init__(self, *, settings: Settings, desk: ScanDesk, pseudonyms: Pseudonyms) -> None:
        self.desk = desk
        self.pseudonyms = pseudonyms
        self._settings = settings
        self._proxies = TrustedProxies(settings.trusted_proxies)
        self._cookie_tail = b"; Max-Age=%d; Path=/; HttpOnly; SameSite=Lax" % COOKIE_SECONDS
        if settings.cookies_secure:
            self._cookie_tail += b"; Secure"

    def now(self, headers: Headers) -> datetime:
        """Return the instant of a request."""
        told = headers.get(_WORLD_CLOCK)
        return utc_now() if told is None else read_clock(self._settings.clock, _text(told))

    def visitor(self, scope: Scope, headers: Headers, whence: Whence | None = None) -> Visitor:
        """Return what a request says of whoever sent it."""
        client = scope["client"]
        told = headers.get(b"x-forwarded-for")
        if told and len(headers) < len(scope["headers"]):  # some header came twice: perhaps this one
            told = forwarded_for(scope["headers"])
        address = self._proxies.client_behind(client[0] if client else "", told)
        cookies = headers.get(b"cookie")
        brought = None if cookies is None else _COOKIE.search(cookies)
        agent = headers.get(b"user-agent", b"")
        return Visitor(
            None if brought is None else brought[1],
            address + agent,
            address[: 3 if len(address) == IPV4_BYTES else 7].hex(),
            _client_of(agent),
            address,
            None if whence is None else declared_place(whence),
        )

    def reply(
        self,
        scope: Scope,
        headers: Headers,
        answer: Answer,
        visitor: Visitor,
        now: datetime,
        *,
        scanned: str,
    ) -> Reply:
        """Return an answer as a page, or as JSON to whoever accepts that."""
        if wants_json(headers):
            if answer.is_bare:
                return _bare_in_json(answer)
            sent, body = _JSON_HEADERS, _encode(answer)
        else:
            body = page.render_answer(answer, language=language_of(scope, headers), at=now, scanned=scanned)
            sent = [*_HTML_HEADERS, *page.page_headers()]
        status = HTTPStatus.OK
        if answer.retry_after_seconds is not None:
            status = HTTPStatus.TOO_MANY_REQUESTS
            sent = [*sent, (b"retry-after", b"%d" % answer.retry_after_seconds)]
        if visitor.given is not None and answer.scan_id is not None:
            sent = [*sent, self.cookie(visitor.given)]
        return Reply(status, sent, body)

    def refusal(self, scope: Scope, headers: Headers, failure: Refusal) -> Reply:
        """Return why there is no answer, as a page or as a problem document."""
        response = refused(failure)
        if wants_json(headers):
            own = [pair for pair in response.raw_headers if pair[0] != b"content-length"]
            return Reply(response.status_code, own, bytes(response.body))
        problem = page.Problem.BUSY if isinstance(failure, ComeAgain) else page.Problem.MALFORMED
        body = page.render_problem(problem, language=language_of(scope, headers))
        return Reply(response.status_code, [*_HTML_HEADERS, *page.page_headers()], body)

    def cookie(self, secret: bytes) -> tuple[bytes, bytes]:
        """Return the header of the one cookie we give: a random name, so that a person is one person."""
        return b"set-cookie", b"%s=%s%s" % (COOKIE.encode(), secret, self._cookie_tail)


@cache
def _bare_in_json(answer: Answer) -> Reply:
    if answer.retry_after_seconds is None:
        return Reply(HTTPStatus.OK, _JSON_HEADERS, _encode(answer))
    wait = (b"retry-after", b"%d" % answer.retry_after_seconds)
    return Reply(HTTPStatus.TOO_MANY_REQUESTS, [*_JSON_HEADERS, wait], _encode(answer))


def html_reply(body: bytes) -> Reply:
    """Return a page with the headers that every page has."""
    return Reply(HTTPStatus.OK, [*_HTML_HEADERS, *page.page_headers()], body)


def html(body: bytes, status: int = HTTPStatus.OK) -> Response:
    """Return a page to the framework."""
    response = Response(body, status)
    response.raw_headers.extend([*_HTML_HEADERS, *page.page_headers()])
    return response


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Return the headers of a request by name."""
    return dict(scope["headers"])


def language_of(scope: Scope, headers: Headers) -> Language:
    """Choose the language to answer a request in."""
    asked = _LANGUAGE_ASKED.search(scope.get("query_string", b""))
    chosen = _LANGUAGE.search(headers.get(b"cookie", b""))
    return page.choose_language(
        _text(headers.get(b"accept-language")),
        asked[1].decode() if asked else None,
        chosen[1].decode() if chosen else None,
    )


def has_cookie(headers: Headers) -> bool:
    """Whether a request brings our cookie."""
    return _COOKIE.search(headers.get(b"cookie", b"")) is not None


def wants_json(headers: Headers) -> bool:
    """Whether a request comes from a program."""
    return b"application/json" in headers.get(b"accept", b"")


def read_whence(body: bytes) -> Whence:
    """Read where a scan happened from a JSON body.

    Raises:
        InvalidInput: when it is no such object, or no place on Earth.
    """
    try:
        whence = msgspec.json.decode(body, type=Whence)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        fault = FieldError("/", "an object with longitude, latitude, accuracy_m, source", str(error)[:120])
        raise InvalidInput("Where the scan happened.", [fault]) from None
    if not (-180 <= (whence.longitude or 0) <= 180 and -90 <= (whence.latitude or 0) <= 90):
        got = f"{whence.longitude}, {whence.latitude}"
        raise InvalidInput("Where the scan happened.", [FieldError("/longitude", "degrees", got)])
    if whence.accuracy_m is not None and not 0 <= whence.accuracy_m <= ACCURACY_M_MAX:
        fault = FieldError("/accuracy_m", f"0 to {ACCURACY_M_MAX} metres", str(whence.accuracy_m))
        raise InvalidInput("Where the scan happened.", [fault])
    return whence


def declared_place(whence: Whence) -> Place | None:
    """Return the place somebody declares, with the city it is nearest to; None when they declare none."""
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


def read_request(request: Request) -> tuple[Scope, dict[bytes, bytes]]:
    """Return what the functions here work on, from a request of the framework."""
    return request.scope, headers_of(request.scope)


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")


def _client_of(agent: bytes) -> str:
    if b"MicroMessenger" in agent:
        return "wechat"
    if b"AlipayClient" in agent:
        return "alipay"
    return "browser" if b"Mozilla" in agent else "program"
