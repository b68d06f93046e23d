"""What all resources under ``/epcis`` have in common (EPCIS 2.0, section 12): exceptions, versions, pages.

The standard has names of its own for what goes wrong; `EpcisEndpoint` tells every refusal by them, so that no
route has to. It also answers what a client asks of versions and formats before the route does any work, and
tags what is given, so that what has not changed is not sent again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from importlib.metadata import version
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

import msgspec
from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import Response

from wuma.chain.trace.queries.exceptions import NotAcceptableException, URITooLongException
from wuma.chain.trace.queries.parameters import Asked
from wuma.kernel.errors import FieldError, Refusal
from wuma.kernel.http.endpoint import Endpoint
from wuma.kernel.http.problems import invalid_request, refused, told

PREFIX: Final = "/epcis"
STANDARD_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
VERSION: Final = "2.0.0"
VERSIONS: Final = {"GS1-EPCIS-Version": VERSION, "GS1-CBV-Version": VERSION}
OLDEST: Final = "1.2.0"
"""The oldest version that is spoken, in XML."""
VERSIONS_1_2: Final = {"GS1-EPCIS-Version": OLDEST, "GS1-CBV-Version": OLDEST}
DISCOVERY: Final = {
    **VERSIONS,
    "GS1-EPCIS-Min": OLDEST,
    "GS1-EPCIS-Max": VERSION,
    "GS1-CBV-Min": OLDEST,
    "GS1-CBV-Max": VERSION,
    "GS1-EPC-Format": "No_Preference",
    "GS1-CBV-XML-Format": "No_Preference",
    "GS1-Vendor-Version": f"wuma-{version('wuma')}",
}
"""What every resource says of itself; things are found by every name, and given back as they were named if
nothing else is asked for."""
LD_JSON: Final = "application/ld+json"
JSON_TYPES: Final = ("application/json", LD_JSON)
XML_TYPES: Final = ("application/xml", "text/xml")
DOCUMENT_TYPES: Final = (*JSON_TYPES, *XML_TYPES)
"""What events are handed in as."""
PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 1_000
QUERY_CHARACTERS_MAX: Final = 16_000
"""Of a URL; longer queries are named first (``POST /queries``)."""

PerPage = Annotated[int, Query(alias="perPage", ge=1, le=PER_PAGE_MAX, description="How many at the most.")]
Token = Annotated[
    str | None,
    Query(alias="nextPageToken", max_length=2_000, description="From the link of the page before."),
]


_NAMES: Final[Mapping[int, str]] = {
    HTTPStatus.BAD_REQUEST: "epcisException:ValidationException",
    HTTPStatus.UNAUTHORIZED: "epcisException:SecurityException",
    HTTPStatus.FORBIDDEN: "epcisException:SecurityException",
    HTTPStatus.NOT_FOUND: "epcisException:NoSuchNameException",
    HTTPStatus.NOT_ACCEPTABLE: "epcisException:NotAcceptableException",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "epcisException:CaptureLimitExceededException",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "epcisException:UnsupportedMediaTypeException",
}
"""What the standard calls the refusals that do not know it."""


def _named(refusal: Refusal) -> Response:
    """Answer a refusal by the standard's name for it."""
    if refusal.type_uri.startswith("epcisException:"):
        return refused(refusal)
    status = refusal.status
    type_uri = _NAMES.get(status, refusal.type_uri)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        status, type_uri = HTTPStatus.BAD_REQUEST, "epcisException:ValidationException"
        faults = getattr(refusal, "errors", ())
        if faults and all(fault.at.lstrip("/").startswith("query/") for fault in faults):
            type_uri = "epcisException:QueryParameterException"
    return told(refusal, status=status, type_uri=type_uri)


class EpcisEndpoint(Endpoint):
    """A route of the standard: its exceptions, its headers."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of the platform in the manners of the standard."""
        handle = super().get_route_handler()

        async def run(request: Request) -> Response:
            try:
                negotiate(request.headers)
                if len(request.url.query) > QUERY_CHARACTERS_MAX:
                    expected = f"at most {QUERY_CHARACTERS_MAX} characters; name the query (POST /queries)"
                    fault = FieldError("query", expected, f"{len(request.url.query)} characters")
                    raise URITooLongException("The query.", [fault])
                response = await handle(request)
            except RequestValidationError as error:
                response = _named(invalid_request(error))
            except Refusal as refusal:
                response = _named(refusal)
            for name, value in VERSIONS.items():
                response.headers.setdefault(name, value)
            return _unless_known(request, response)

        return run


# -- what a client asks for (section 12.4) -----------------------------------------------------------------


def negotiate(headers: Mapping[str, str]) -> None:
    """Refuse what cannot be given: versions before and after ours, and 1.2 in anything but XML.

    Raises:
        NotAcceptableException: naming the header.
    """
    faults = []
    for what in ("EPCIS", "CBV"):
        for bound in ("Min", "Max", "Version"):
            name = f"GS1-{what}-{bound}"
            said = headers.get(name)
            if said is not None and not _admits(said, bound, is_xml_liked=_likes_xml(headers)):
                faults.append(FieldError(f"header/{name}", _BOUNDS[bound], said[:80]))
    if faults:
        raise NotAcceptableException(
            f"EPCIS and CBV {VERSION} are spoken here, in JSON and XML; {OLDEST} in XML.", faults
        )


_BOUNDS: Final = {
    "Min": f"a version up to {VERSION}",
    "Max": f"a version from {VERSION} on, or from {OLDEST} on for XML",
    "Version": f"a version from 1.0 to {VERSION}",
}


def _likes_xml(headers: Mapping[str, str]) -> bool:
    return any(type_ in headers.get("accept", "").lower() for type_ in XML_TYPES)


def is_old_wanted(headers: Mapping[str, str]) -> bool:
    """Say whether an answer in EPCIS 1.2 is asked for: 2.0 is too new, or 1.x is named."""
    most = headers.get("gs1-epcis-max", "2").strip()
    return most.startswith("1") or headers.get("gs1-epcis-version", "2").strip().startswith("1")


def one_of(request: Request, name: str, choices: type[_Choice], default: _Choice) -> _Choice:
    """Return what a header chooses.

    Raises:
        NotAcceptableException: it is none of the choices.
    """
    said = request.headers.get(name)
    if said is None:
        return default
    try:
        return choices(said.strip())
    except ValueError:
        fault = FieldError(f"header/{name}", " | ".join(choices), said[:80])
        raise NotAcceptableException("There is no such form.", [fault]) from None


_Choice = TypeVar("_Choice", bound=StrEnum)


def _admits(said: str, bound: str, *, is_xml_liked: bool) -> bool:
    parts = said.strip().split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isascii() and part.isdecimal() for part in parts):
        return False
    numbers = tuple(int(part[:6]) for part in parts)
    newest = tuple(int(part) for part in VERSION.split("."))
    ours = tuple(int(part) for part in OLDEST.split(".")) if bound == "Max" and is_xml_liked else newest
    padded = (*numbers, *(0 for _ in range(len(ours) - len(numbers))))
    if bound == "Max":  # 2 means any 2.x
        return numbers >= ours[: len(numbers)]
    return padded <= ours


def accepted(request: Request, offers: Sequence[str]) -> str:
    """Return which of the types that are offered, the best first, the client likes most (RFC 9110, 12.5.1).

    Raises:
        NotAcceptableException: it likes none of them.
    """
    liked = [_read_range(part) for part in request.headers.get("accept", "*/*").split(",") if part.strip()]
    best = max(((_quality(offer, liked), -place) for place, offer in enumerate(offers)), default=(0.0, 0))
    if liked and best[0] <= 0:
        fault = FieldError("header/Accept", " or ".join(offers), request.headers.get("accept", "")[:80])
        raise NotAcceptableException("It cannot be given in this form.", [fault])
    return offers[-best[1]]


def _read_range(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
    return media_range.lower(), quality


def _quality(offer: str, liked: Sequence[tuple[str, float]]) -> float:
    """Return how much a type is liked: the range that says most of it decides."""
    for wanted in (offer, f"{offer.partition('/')[0]}/*", "*/*"):
        found = [quality for media_range, quality in liked if media_range == wanted]
        if found:
            return max(found)
    return 0.0


def discovery(allow: str, more: Mapping[str, str] | None = None) -> Response:
    """Say what a resource can do (``OPTIONS``)."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"Allow": allow, **DISCOVERY, **(more or {})})


def _unless_known(request: Request, response: Response) -> Response:
    """Tag what is given, and leave the body out for whoever has it already (RFC 9110, 13.1.2)."""
    if request.method != "GET" or response.status_code != HTTPStatus.OK:
        return response
    if "etag" not in response.headers:
        response.headers["ETag"] = f'"{hashlib.sha256(bytes(response.body)).hexdigest()[:32]}"'
    known = {one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")}
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if response.headers["ETag"].removeprefix("W/") not in known and "*" not in known:
        return response
    kept = {name: value for name, value in response.headers.items() if name in _KEPT}
    return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=kept)


_KEPT: Final = frozenset({"etag", "cache-control", "link", "gs1-epcis-version", "gs1-cbv-version",
                          "gs1-next-page-token-expires", "vary"})  # fmt: skip


# -- lists -------------------------------------------------------------------------------------------------


def collection(members: Sequence[str]) -> Response:
    """Return a list of names, as a document of JSON-LD."""
    document = {"@context": STANDARD_CONTEXT, "type": "Collection", "member": members}
    return as_json(document)


def as_json(document: Any) -> Response:
    """Return a document."""
    return Response(msgspec.json.encode(document), media_type="application/json")


def link_on(response: Response, request: Request, token: str, expires_at: datetime) -> None:
    """Say where the next page is, and until when."""
    pairs = [pair for pair in request.query_params.multi_items() if pair[0] != "nextPageToken"]
    query = urlencode([*pairs, ("nextPageToken", token)])
    path = request.scope.get("raw_path", request.url.path.encode()).partition(b"?")[0].decode("ascii")
    response.headers["Link"] = f'<{path}?{query}>; rel="next"'
    response.headers["GS1-Next-Page-Token-Expires"] = expires_at.isoformat()


# -- what is asked -----------------------------------------------------------------------------------------


def asked(request: Request) -> Asked:
    """Return the parameters of a URL; several values of one are separated by pipes, or it is there twice."""
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in {"perPage", "nextPageToken"}:
            found.setdefault(name, []).extend(one for one in value.split("|") if one)
    return found


def prefixes_of(request: Request) -> dict[str, str]:
    """Return what the asker's prefixes of extension fields stand for: ``GS1-Extensions: ex=https://…``."""
    said = request.headers.get("gs1-extensions", "")
    pairs = (part.strip().partition("=") for part in said.split(","))
    return {name: iri for name, equals, iri in pairs if equals and name and iri}
