"""The API of links: writing, scheduling, importing, and seeing what a phone would get.

Whose a GTIN is, master data knows; everything else about links, links know: so this is a journey.
"""

from __future__ import annotations

from datetime import datetime
from itertools import chain
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session
from starlette.requests import Request

from wuma.journeys.resolve_link.resolve import (
    Asked,
    Choices,
    Missing,
    Redirect,
    WholeSet,
    decide,
    offered,
    walk,
)
from wuma.kernel.errors import FieldError, Forbidden, InvalidInput, Refusal
from wuma.kernel.http.access import PLATFORM_TENANT, needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Moment
from wuma.kernel.http.if_match import Version
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.links import facade as links
from wuma.support.masterdata.facade import Product, product_by_gtin
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import ParseError
from wuma_gs1.linkset import LINK_TYPES, linkset

READ: Final = "links.read"
WRITE: Final = "links.write"
REASON_CHARACTERS_MAX: Final = 500
EXPORT_ANCHORS_MAX: Final = 50_000

routes = APIRouter(route_class=Endpoint, tags=["links"])

AnchorParameter = Annotated[
    str,
    Query(
        max_length=500,
        description="A GS1 key as in a Digital Link, perhaps with qualifiers.",
        examples=["/01/06901234567892/10/L7"],
    ),
]


class LinkBody(BaseModel):
    """A link; `{21}` in its address stands for what AI (21) says in the request."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")

    link_type: str = Field(max_length=200, examples=["gs1:pip"])
    href: str = Field(max_length=2048, examples=["https://www.brand.example/p/1?sn={21}"])
    title: str = Field(max_length=200, examples=["产品信息"])
    languages: list[str] = Field([], max_length=20, examples=[["zh"]])
    media_type: str = Field("", max_length=140, examples=["text/html"])
    contexts: list[str] = Field([], max_length=20, examples=[["CN"]])
    forwards_query: bool = Field(True, description="Whether the request's query string goes along.")
    is_default: bool = Field(False, description="Whether it is meant when nothing particular is asked for.")

    def draft(self) -> links.LinkDraft:
        """Return it as the context knows it."""
        return links.LinkDraft(
            link_type=self.link_type,
            href=self.href,
            title=self.title.strip(),
            languages=tuple(self.languages),
            media_type=self.media_type,
            contexts=tuple(self.contexts),
            forwards_query=self.forwards_query,
            is_default=self.is_default,
        )


class EditionBody(BaseModel):
    """What is said of an anchor, whole, and why."""

    model_config = ConfigDict(extra="forbid")

    description: str = Field("", max_length=links.DESCRIPTION_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")
    links: list[LinkBody] = Field(max_length=100)
    reason: str = Field("", max_length=REASON_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")
    effective_at: Moment | None = Field(None, description="From when on; at once without.")


class EditionView(BaseModel):
    """All links of an anchor from a time on."""

    model_config = ConfigDict(from_attributes=True)

    anchor: str
    number: int
    description: str
    links: list[LinkBody]
    reason: str
    actor: str
    written_at: datetime
    effective_at: datetime
    withdrawn_at: datetime | None


class HostBody(BaseModel):
    """A host to which links may lead."""

    host: str = Field(max_length=253, examples=["www.brand.example"])


class WithdrawalBody(BaseModel):
    """An edition that is not to come into effect."""

    anchor: str = Field(max_length=500)
    number: int = Field(ge=1, le=2**31 - 1)


class ImportView(BaseModel):
    """What came, or would come, of a file of links."""

    anchors: int
    changed: int
    unchanged: int
    dry_run: bool


class PreviewView(BaseModel):
    """What a phone would get."""

    status: int
    outcome: Literal["redirect", "choices", "linkset", "nothing", "item_page"]
    location: str | None = None
    link_type: str | None = None
    title: str | None = None
    choices: list[str] = []
    linkset: dict[str, Any] = {}


class AliasBody(BaseModel):
    """A prefix of another numbering system that names items of a key."""

    prefix: str = Field(max_length=120, examples=["/88.100.1/"])
    scheme: links.Scheme
    anchor: str = Field(max_length=120, examples=["/01/06901234567892"])
    qualifier: str = Field("21", pattern=r"^[0-9]{2,4}$")


class AliasView(BaseModel):
    """An alias as it is kept."""

    model_config = ConfigDict(from_attributes=True)

    prefix: str
    scheme: links.Scheme
    key: str
    qualifier: str


class NotYours(Refusal):
    """This GTIN is not one of your products."""

    slug = "gtin-not-yours"


@routes.get("/links")
@needs(READ)
def list_links(
    db: Db,
    actor: Actor,
    now: Now,
    q: Annotated[
        str | None, Query(max_length=100, description="A part of the key or the description.")
    ] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[EditionView]:
    """List what is linked, by key: of each anchor the edition in effect, or else the next to come."""
    place = None if after is None else read_cursor(after, str)[0]
    found = links.find(db, actor.tenant_id, q=q, after=place, limit=limit + 1, at=now)
    return cut(found, limit, key=lambda edition: [edition.anchor], item=EditionView.model_validate)


@routes.get("/links/editions")
@needs(READ)
def list_editions(anchor: AnchorParameter, db: Db, actor: Actor, response: Response) -> list[EditionView]:
    """List the editions of an anchor, the latest first: what was said, by whom, why, from when on."""
    editions = links.history(db, actor.tenant_id, links.read_anchor(anchor, at="query/anchor"))
    response.headers["ETag"] = f'"{editions[0].number}"'
    return [EditionView.model_validate(edition) for edition in editions]


@routes.put("/links")
@needs(WRITE)
def write_links(
    anchor: AnchorParameter,
    body: EditionBody,
    version: Version,
    db: Db,
    actor: Actor,
    now: Now,
    response: Response,
) -> EditionView:
    """Write the next edition of an anchor. If-Match names the latest that was seen, or is `"0"`."""
    place = links.read_anchor(anchor, at="query/anchor")
    _own_gtin(db, actor.brand_id, place)
    draft = links.EditionDraft(
        description=body.description.strip(),
        links=[link.draft() for link in body.links],
        reason=body.reason.strip(),
        effective_at=body.effective_at,
    )
    author = links.Author(actor.brand_id, actor.actor, now)
    written = links.write(db, author, place, draft, version=version)
    response.headers["ETag"] = f'"{written.number}"'
    return EditionView.model_validate(written)


@routes.post("/links/withdrawals")
@needs(WRITE)
def withdraw_edition(body: WithdrawalBody, db: Db, actor: Actor, now: Now) -> EditionView:
    """Take back an edition that is scheduled; one in effect is replaced by the next instead."""
    author = links.Author(actor.brand_id, actor.actor, now)
    return EditionView.model_validate(links.withdraw(db, author, links.read_anchor(body.anchor), body.number))


async def _read_file(request: Request) -> bytes:
    return await request.body()


@routes.post(
    "/links/import",
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "CSV with a row for each link, or JSON with an object for each anchor.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/json": {"schema": {"type": "object"}},
            },
        }
    },
)
@needs(WRITE)
def import_links(
    request: Request,
    body: Annotated[bytes, Depends(_read_file)],
    db: Db,
    actor: Actor,
    now: Now,
    dry_run: Annotated[bool, Query(description="Only say what would come of it.")] = False,
    reason: Annotated[str, Query(max_length=REASON_CHARACTERS_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")] = "",
) -> ImportView:
    """Merge a file into what is linked: all of it, or nothing and every fault with its place.

    A link of the file replaces those of its anchor that are meant for the same (type, languages, media type,
    contexts). Whatever the file does not name stays. Sent again it changes nothing.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    said = links.read_json(body) if media_type == "application/json" else links.read_csv(body)
    author = links.Author(actor.brand_id, actor.actor, now)
    changed, faults = 0, []
    with db.begin_nested() as saved:
        for one in said:
            draft = links.EditionDraft(description=one.description, links=one.links, reason=reason)
            try:
                _own_gtin(db, actor.brand_id, one.anchor)
                changed += links.merge(db, author, one.anchor, draft) is not None
            except InvalidInput as failure:
                faults += [
                    FieldError(f"{one.at}{fault.at}", fault.expected, fault.got) for fault in failure.errors
                ]
            except Refusal as failure:
                faults.append(FieldError(one.at, failure.title, failure.detail))
        if faults:
            raise InvalidInput(f"{len(faults)} fault(s) in the file; nothing was changed.", faults[:200])
        if dry_run:
            saved.rollback()
    return ImportView(anchors=len(said), changed=changed, unchanged=len(said) - changed, dry_run=dry_run)


@routes.get("/links/export", response_class=Response)
@needs(READ)
def export_links(
    db: Db, actor: Actor, now: Now, as_: Annotated[Literal["csv", "json"], Query(alias="format")] = "csv"
) -> Response:
    """Return all that is in effect as a file that the import takes."""
    found = links.find(db, actor.tenant_id, q=None, after=None, limit=EXPORT_ANCHORS_MAX + 1, at=now)
    if len(found) > EXPORT_ANCHORS_MAX:
        raise InvalidInput(
            "Too many anchors for one file.",
            [FieldError("/", f"at most {EXPORT_ANCHORS_MAX}; read page by page from GET /links", "more")],
        )
    rows = ((one.anchor, one.description, one.links) for one in found if one.effective_at <= now)
    written = links.write_csv(rows) if as_ == "csv" else links.write_json(rows)
    marked = chain([b"\xef\xbb\xbf"], written) if as_ == "csv" else written  # else Excel guesses GBK
    return Response(
        b"".join(marked),
        media_type="text/csv; charset=utf-8" if as_ == "csv" else "application/json",
        headers={"content-disposition": f'attachment; filename="links.{as_}"'},
    )


@routes.get("/links/types")
@needs(READ)
def list_link_types() -> list[str]:
    """List the link types of the GS1 Web vocabulary; which links are the default, each link says itself."""
    return sorted(f"gs1:{name}" for name in LINK_TYPES if not name.startswith("defaultLink"))


@routes.get("/links/preview")
@needs(READ)
def preview_link(
    uri: Annotated[
        str, Query(max_length=4000, description="What is scanned.", examples=["/01/06901234567892"])
    ],
    db: Db,
    program: Program,
    now: Now,
    accept_language: Annotated[str, Query(max_length=200)] = "",
    accept: Annotated[str, Query(max_length=200)] = "text/html",
    link_type: Annotated[str, Query(max_length=200)] = "",
    context: Annotated[str, Query(max_length=50)] = "",
    at: Moment | None = None,
) -> PreviewView:
    """Say what a phone would get that scans this, now or at another time."""
    whole = uri if "://" in uri else f"https://id.gs1.org{uri}"
    try:
        link = DigitalLink.parse(whole, short_gtins=True, trailing_slash=True)
    except ParseError as failure:
        fault = FieldError("query/uri", "a GS1 Digital Link", uri[:120])
        raise InvalidInput(str(failure), [fault]) from None
    product = product_by_gtin(db, link.key.value) if link.key.ai == "01" else None
    replaced_by = product.replacement(link.key.value) if product else None
    anchors = [anchor.path for anchor, _ in walk(link, replaced_by)]
    kept = links.in_effect(db, anchors, at or now)
    levels = offered(
        link,
        [(one.description, one.links) if (one := kept.get(anchor)) else None for anchor in anchors],
        root=program.settings.public_url.rstrip("/"),
        name=_name(product, accept_language),
        has_items=product is not None,
        replaced_by=replaced_by,
    )
    query = "&".join(f"{name}={value or ''}" for name, value in link.parameters)
    asked = Asked(link_type, context, accept, accept_language, query)
    if (
        product is not None
        and link.qualifiers[-1:]
        and link.qualifiers[-1].ai == "21"
        and not (link_type or asked.wants_linkset)
    ):
        return PreviewView(status=200, outcome="item_page", location=levels[0].anchor)
    return _previewed(decide(levels, asked))


def _previewed(outcome: object) -> PreviewView:
    match outcome:
        case Redirect(levels, link, location):
            return PreviewView(
                status=307,
                outcome="redirect",
                location=location,
                link_type=link.link_type,
                title=link.title,
                linkset=linkset(levels),
            )
        case Choices(levels, chosen):
            return PreviewView(
                status=300,
                outcome="choices",
                choices=[link.href for link in chosen],
                linkset=linkset(levels),
            )
        case WholeSet(levels):
            return PreviewView(status=200, outcome="linkset", linkset=linkset(levels))
        case Missing(levels):
            return PreviewView(status=404, outcome="nothing", linkset=linkset(levels) if levels else {})
        case _:
            raise AssertionError(outcome)


@routes.get("/links/hosts")
@needs(READ)
def list_hosts(db: Db, actor: Actor) -> list[str]:
    """List the hosts to which links may lead."""
    return links.hosts(db, actor.tenant_id)


@routes.post("/links/hosts", status_code=201)
@needs(WRITE)
def allow_host(body: HostBody, db: Db, actor: Actor, program: Program, now: Now) -> HostBody:
    """Let links lead to a host: `www.brand.example`, or `*.brand.example` for all below it."""
    host = links.read_host(body.host)
    own = program.settings.public_url.partition("://")[2].partition("/")[0].partition(":")[0].lower()
    if host == own or (host.startswith("*.") and own.endswith(host[1:])):
        fault = FieldError("/host", "another host than the resolver's own, which would lead in circles", host)
        raise InvalidInput("The host.", [fault])
    links.allow_host(db, links.Author(actor.brand_id, actor.actor, now), host)
    return HostBody(host=host)


@routes.delete("/links/hosts/{host}", status_code=204)
@needs(WRITE)
def disallow_host(host: str, db: Db, actor: Actor, now: Now) -> None:
    """Take back a host that no link leads to, now or later."""
    links.disallow_host(db, links.Author(actor.brand_id, actor.actor, now), host)


@routes.get("/links/aliases")
@needs(READ)
def list_aliases(db: Db, actor: Actor) -> list[AliasView]:
    """List the prefixes of other numbering systems that name our items."""
    tenant_id = None if actor.tenant_id == PLATFORM_TENANT else actor.tenant_id
    return [AliasView.model_validate(alias) for alias in links.aliases(db, tenant_id)]


@routes.post("/links/aliases", status_code=201)
@needs("tenants.manage")
def register_alias(body: AliasBody, db: Db, actor: Actor, now: Now) -> AliasView:
    """Register a prefix (Ecode, Handle) for the items of a product; an operator checks whose it is."""
    _as_platform(actor.tenant_id)
    anchor = links.read_anchor(body.anchor)
    product = product_by_gtin(db, anchor.key.split("/")[2]) if anchor.key.startswith("/01/") else None
    if product is None or not anchor.is_key:
        raise InvalidInput("The key.", [FieldError("/anchor", "the GTIN of a product", body.anchor)])
    alias = links.Alias(body.prefix, product.tenant_id, body.scheme, anchor.key, body.qualifier)
    links.register(db, links.Author(product.tenant_id, actor.actor, now), alias)
    return AliasView.model_validate(alias)


@routes.delete("/links/aliases", status_code=204)
@needs("tenants.manage")
def remove_alias(prefix: Annotated[str, Query(max_length=120)], db: Db, actor: Actor) -> None:
    """Remove a prefix: numbers that begin so are nobody's again."""
    _as_platform(actor.tenant_id)
    links.remove(db, prefix)


def _as_platform(tenant_id: int) -> None:
    if tenant_id != PLATFORM_TENANT:
        raise Forbidden("Aliases are registered by the platform itself: leave Wuma-Tenant out.")


def _own_gtin(session: Session, tenant_id: int, anchor: links.Anchor) -> None:
    """Refuse to speak for somebody else's product, or for one that nobody has entered."""
    if anchor.key.startswith("/01/"):
        gtin = anchor.key.removeprefix("/01/")
        product = product_by_gtin(session, gtin)
        if product is None or product.tenant_id != tenant_id:
            raise NotYours(f"GTIN {gtin}: enter the product first.")


def _name(product: Product | None, accept_language: str) -> str:
    if product is None:
        return ""
    names = (product.name_en, product.name_zh)
    return names[0] or names[1] if accept_language.lower().startswith("en") else names[1] or names[0]
