"""Where scans come in: what a request says of its visitor, and how an answer goes out."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from wuma.chain.authenticity.facade import GeoSource, Place, Pseudonyms, Whereabouts
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.answer import Answer
from wuma.journeys.scan_code.scan import ScanDesk, Visitor
from wuma.journeys.scan_code.texts import Language
from wuma.kernel.batching import Overloaded
from wuma.kernel.clock import WORLD_CLOCK_HEADER, read_clock
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.origin import believed_address
from wuma.kernel.http.problems import refused
from wuma.kernel.settings import Settings
from wuma.support.masterdata.facade import nearest_place

COOKIE: Final = "wuma_p"
COOKIE_SECONDS: Final = 2 * 365 * 24 * 3600
COOKIE_BYTES: Final = 16
LANGUAGE_COOKIE: Final = "wuma_lang"
ACCURACY_M_MAX: Final = 10_000_000
IPV4_BYTES: Final = 4

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


class Reception:
    """What the addresses of scans share: the desk that answers, and how visitors are met."""

    def __init__(
        self, *, settings: Settings, desk: ScanDesk, whereabouts: Whereabouts, pseudonyms: Pseudonyms
    ) -> None:
        self.desk = desk
        self.pseudonyms = pseudonyms
        self._settings = settings
        self._trusted = tuple(settings.trusted_proxies)
        self._whereabouts = whereabouts

    def now(self, request: Request) -> datetime:
        """Return the instant of a request."""
        return read_clock(self._settings.clock, request.headers.get(WORLD_CLOCK_HEADER))

    def visitor(self, request: Request, whence: Whence | None = None) -> Visitor:
        """Return what a request says of whoever sent it."""
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
            address_range=address.packed[: 3 if len(address.packed) == IPV4_BYTES else 7].hex(),
            client=_client_of(agent),
            place=declared_place(whence) or place if whence else place,
        )

    def respond(self, request: Request, answer: Answer, visitor: Visitor, now: datetime) -> Response:
        """Return an answer as a page, or as JSON to whoever accepts that."""
        if _wants_json(request):
            response = Response(_encode(answer), media_type="application/json")
        else:
            response = html(page.render_answer(answer, language=language_of(request), at=now))
        response.headers["Cache-Control"] = "no-store"
        if answer.retry_after_seconds is not None:
            response.status_code = HTTPStatus.TOO_MANY_REQUESTS
            response.headers["Retry-After"] = str(answer.retry_after_seconds)
        if not visitor.has_cookie:
            self.give_cookie(response, visitor.cookie)
        return response

    def refuse(self, request: Request, failure: Refusal | Overloaded) -> Response:
        """Return why there is no answer, as a page or as a problem document."""
        if isinstance(failure, Overloaded):
            failure = TooBusy(f"Please try again in a moment: {failure}.")
        response = refused(failure)
        if _wants_json(request):
            return response
        problem = page.Problem.BUSY if isinstance(failure, TooBusy) else page.Problem.MALFORMED
        told = html(page.render_problem(problem, language=language_of(request)))
        told.status_code = response.status_code
        return told

    def give_cookie(self, response: Response, secret: str) -> None:
        """Give somebody the one cookie we have: a random name, so that a person is one person."""
        response.set_cookie(
            COOKIE,
            secret,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="lax",
            secure=self._settings.cookies_secure,
        )


def html(body: bytes) -> Response:
    """Return a page with the headers that every page has."""
    response = Response(body, media_type="text/html; charset=utf-8")
    response.raw_headers.extend(page.page_headers())
    return response


def language_of(request: Request) -> Language:
    """Choose the language to answer a request in."""
    return page.choose_language(
        request.headers.get("accept-language"),
        request.query_params.get("lang"),
        request.cookies.get(LANGUAGE_COOKIE),
    )


def has_cookie(request: Request) -> bool:
    """Whether a request brings our cookie."""
    return _COOKIE.search(request.headers.get("cookie", "")) is not None


def read_whence(body: bytes) -> Whence:
    """Read where a scan happened from a JSON body.

    Raises:
        InvalidInput: when it is no such object, or no place on Earth.
    """
    try:
        whence = msgspec.json.decode(body, type=Whence)
    except msgspec.MsgspecError as error:
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


def _wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def _client_of(agent: str) -> str:
    if "MicroMessenger" in agent:
        return "wechat"
    if "AlipayClient" in agent:
        return "alipay"
    return "browser" if "Mozilla" in agent else "program"
