"""The resolver at the root of the server: any GS1 Digital Link, whole or compressed, on our own domain.

Plain ASGI around the routes of scans. An item's own address, ``/01/{gtin}/21/{serial}``, is answered by the
scan unless links are asked for; hidden codes are nothing of GS1's and never come here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from wuma.journeys.resolve_link.resolve import (
    Asked,
    Choices,
    LinkDesk,
    Missing,
    Redirect,
    WholeSet,
    decide,
)
from wuma.journeys.scan_code import page
from wuma.journeys.scan_code.http import item_at
from wuma.journeys.scan_code.reception import Reception, headers_of, language_of
from wuma.journeys.scan_code.texts import Language
from wuma.kernel.errors import FieldError, InvalidInput, NotFound, Refusal
from wuma.kernel.http.edge import Headers
from wuma.kernel.http.problems import refused
from wuma.kernel.http.reply import Reply
from wuma.support.links.facade import AliasDirectory
from wuma_gs1.compression import decompress
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import ParseError
from wuma_gs1.linkset import (
    JSON_LD_CONTEXT,
    LINK_TYPES,
    LINKSET_TYPE,
    Level,
    link_header,
    linkset,
    wants_linkset,
)

DESCRIPTION_PATH: Final = "/.well-known/gs1resolver"
CONTEXT_PATH: Final = "/.well-known/linkset-context.jsonld"
LINK_HEADER_BYTES_MAX: Final = 4000
"""Servers on the way take some 8 kB of headers; beyond this only the linkset is named."""

_KEY_PATH: Final = re.compile(r"/[0-9]{2,4}/")
_PACKED: Final = re.compile(r"/([A-Za-z0-9_-]{6,2048})/?")
_CORS: Final = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Link, Location"),
]
_OPTIONS: Final = [
    *_CORS,
    (b"allow", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-methods", b"GET, HEAD, OPTIONS"),
    (b"access-control-allow-headers", b"Accept, Accept-Language, Content-Type"),
    (b"access-control-max-age", b"86400"),
]
_VARY: Final = (b"vary", b"accept, accept-language")
_FRESH: Final = (b"cache-control", b"no-cache")
"""Links change; whoever keeps an answer asks whether it still holds."""


class ResolverRoutes:
    """Answers Digital Links; items and everything else go on to the application behind."""

    def __init__(
        self,
        app: ASGIApp,
        reception: Reception,
        desk: LinkDesk,
        aliases: AliasDirectory,
        *,
        public_url: str,
        taken: Collection[str],
    ) -> None:
        """`taken` are the first segments of the server's other addresses: they are no packed links."""
        self._app = app
        self._reception = reception
        self._desk = desk
        self._aliases = aliases
        self._root = public_url.rstrip("/")
        self._taken = frozenset(taken)
        self._documents = {
            DESCRIPTION_PATH: (b"application/json", msgspec.json.encode(_description(self._root))),
            CONTEXT_PATH: (b"application/ld+json", msgspec.json.encode(JSON_LD_CONTEXT)),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        if path[:4] == "/88." or path[:7] == "/ecode/":
            meant = self._aliases.meant_by(path)
            if meant is not None:
                path = meant
                scope = {**scope, "path": meant, "raw_path": meant.encode()}
        if not self._is_ours(path, scope):
            await self._app(scope, receive, send)
            return
        scope["state"]["route"] = "/{gs1_digital_link}"
        reply = await self._reply(scope, path)
        if scope["method"] == "HEAD":
            length = (b"content-length", b"%d" % len(reply.body))
            await send(
                {"type": "http.response.start", "status": reply.status, "headers": [*reply.headers, length]}
            )
            await send({"type": "http.response.body", "body": b""})
        else:
            await reply.send(send)

    def _is_ours(self, path: str, scope: Scope) -> bool:
        if path in self._documents:
            return True
        if _KEY_PATH.match(path):
            return item_at(scope) is None or scope["method"] == "OPTIONS" or _asks_for_links(scope)
        found = _PACKED.fullmatch(path)
        return found is not None and found[1] not in self._taken and self._unpacked(scope) is not None

    async def _reply(self, scope: Scope, path: str) -> Reply:
        if scope["method"] == "OPTIONS":
            return Reply(HTTPStatus.NO_CONTENT, list(_OPTIONS), b"")
        if scope["method"] not in {"GET", "HEAD"}:
            return Reply(HTTPStatus.METHOD_NOT_ALLOWED, list(_OPTIONS), b"")
        if path in self._documents:
            media_type, body = self._documents[path]
            return Reply(HTTPStatus.OK, [(b"content-type", media_type), *_CORS], body)
        headers = headers_of(scope)
        try:
            return await self._resolve(scope, headers)
        except Refusal as refusal:
            return _refusal(refusal, headers, scope)

    async def _resolve(self, scope: Scope, headers: Headers) -> Reply:
        link, is_packed = self._read(scope)
        asked = _asked(scope, headers)
        language = language_of(scope, headers)
        levels = await self._desk.levels(link, at=self._reception.now(headers), language=language)
        same_as = self._root + link.identity.removeprefix("https://id.gs1.org") if is_packed else ""
        outcome = decide(levels, asked)
        match outcome:
            case WholeSet(present):
                body = msgspec.json.encode(linkset(present))
                sent = [
                    (b"content-type", LINKSET_TYPE.encode()),
                    self._links((), link, same_as, context=True),
                ]
                return Reply(HTTPStatus.OK, [*sent, _VARY, _FRESH, *_CORS], body)
            case Redirect(present, _, location):
                sent = [(b"location", location.encode("ascii", "xmlcharrefreplace"))]
                return Reply(
                    HTTPStatus.TEMPORARY_REDIRECT,
                    [*sent, self._links(present, link, same_as), _VARY, _FRESH, *_CORS],
                    b"",
                )
            case Choices(present, links):
                shown = Level(levels[0].anchor, levels[0].description, tuple(links))
                if _wants_html(headers):
                    media_type, body = b"text/html; charset=utf-8", _choices_page(shown, language)
                else:
                    media_type, body = LINKSET_TYPE.encode(), msgspec.json.encode(linkset([shown]))
                sent = [(b"content-type", media_type), self._links(present, link, same_as)]
                return Reply(HTTPStatus.MULTIPLE_CHOICES, [*sent, _VARY, _FRESH, *_CORS], body)
            case Missing(present):
                if present:
                    types = sorted({one.link_type for level in present for one in level.links})
                    raise NotFound(
                        f"No link of the type {asked.link_type[:80]} is kept; there is: {', '.join(types)}."
                    )
                known = {"name": levels[-1].description} if levels[-1].description else {}
                raise NotFound(f"{link.bracketed}: valid, and nobody has said where it leads.", **known)

    def _read(self, scope: Scope) -> tuple[DigitalLink, bool]:
        uri = self._uri(scope)
        try:
            return DigitalLink.parse(uri, short_gtins=True, trailing_slash=True), False
        except ParseError as failure:
            unpacked = self._unpacked(scope)
            if unpacked is not None:
                return unpacked, True
            # The address is the whole input: positions count from its path, as people see it.
            faults = [
                FieldError(
                    "path"
                    if one.position is None
                    else f"path, character {one.position - len(_ANY_HOST) + 1}",
                    one.code.expected,
                    one.message,
                )
                for one in failure.problems
            ]
            raise NotALink("This is no valid GS1 Digital Link.", faults) from None

    def _unpacked(self, scope: Scope) -> DigitalLink | None:
        try:
            return decompress(self._uri(scope).rstrip("/"))
        except ParseError:
            return None

    @staticmethod
    def _uri(scope: Scope) -> str:
        query: bytes = scope["query_string"]
        raw: bytes = scope.get("raw_path") or scope["path"].encode()
        return _ANY_HOST + raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")

    def _links(
        self, levels: Sequence[Level], link: DigitalLink, same_as: str, *, context: bool = False
    ) -> tuple[bytes, bytes]:
        here = self._root + link.identity.removeprefix("https://id.gs1.org")
        to_linkset = f'<{here}?linkType=linkset>; rel="linkset"; type="{LINKSET_TYPE}"'
        context_at = self._root + CONTEXT_PATH if context else ""
        others = link_header(levels, same_as=same_as, json_ld_context=context_at)
        if len(others) > LINK_HEADER_BYTES_MAX:
            others = link_header((), same_as=same_as, json_ld_context=context_at)
        return b"link", ", ".join(part for part in (to_linkset, others) if part).encode("latin-1", "replace")


class NotALink(InvalidInput):
    """This is no valid GS1 Digital Link."""

    status = HTTPStatus.BAD_REQUEST
    slug = "not-a-digital-link"


_ANY_HOST: Final = "https://id.gs1.org"


def _asks_for_links(scope: Scope) -> bool:
    if _LINK_TYPE_ASKED(scope["query_string"]):
        return True
    return any(
        name == b"accept" and b"linkset" in value and wants_linkset(value.decode("latin-1"))
        for name, value in scope["headers"]
    )


_LINK_TYPE_ASKED: Final = re.compile(rb"(?:\A|&)linkType=[^&]").search


def _asked(scope: Scope, headers: Headers) -> Asked:
    query = scope["query_string"].decode("latin-1")
    said = dict(parse_qsl(query, encoding="latin-1")) if "linkType=" in query or "context=" in query else {}
    return Asked(
        link_type=said.get("linkType", ""),
        context=said.get("context", ""),
        accept=headers.get(b"accept", b"").decode("latin-1"),
        accept_language=headers.get(b"accept-language", b"").decode("latin-1"),
        query=query,
    )


def _wants_html(headers: Headers) -> bool:
    return b"text/html" in headers.get(b"accept", b"")


def _refusal(refusal: Refusal, headers: Headers, scope: Scope) -> Reply:
    response = refused(refusal)
    own = [pair for pair in response.raw_headers if pair[0] not in {b"content-length", b"content-type"}]
    if not _wants_html(headers):
        media_type = (b"content-type", response.headers["content-type"].encode())
        return Reply(response.status_code, [media_type, *own, *_CORS], bytes(response.body))
    problem = page.Problem.MALFORMED if isinstance(refusal, InvalidInput) else page.Problem.NO_LINK
    name = str(refusal.members.get("name", ""))
    body = page.render_problem(problem, language=language_of(scope, headers), name=name)
    sent = [(b"content-type", b"text/html; charset=utf-8"), *page.page_headers()]
    return Reply(response.status_code, [*sent, *own, *_CORS], body)


def _choices_page(choices: Level, language: Language) -> bytes:
    return page.render_choices(
        name=choices.description,
        links=[(link.href, link.title, " ".join(link.languages)) for link in choices.links],
        language=language,
    )


def _description(root: str) -> dict[str, Any]:
    """Return the resolver description file (GS1-Conformant Resolver 1.0)."""
    return {
        "name": "Wuma",
        "resolverRoot": root,
        "supportedLinkType": [{"namespace": "https://gs1.org/voc/", "prefix": "gs1:"}],
        "supportedPrimaryKeys": ["all"],
        "linkTypeDefaultCanBeLinkset": False,
        "supportsLanguageVariants": True,
        "supportsMultipleMediaTypes": True,
        "supportsCompressedURIs": True,
        "validatesAICombinations": True,
        "jsonLdContext": root + CONTEXT_PATH,
        "activeLinkTypes": sorted(f"gs1:{name}" for name in LINK_TYPES),
    }
