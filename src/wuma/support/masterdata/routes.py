"""The API of master data. A change names the version it was made on, in If-Match."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from typing import IO, Annotated, Any, Final, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from wuma.kernel.errors import NotFound, Refusal, TooMany
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import IDEMPOTENCY_HEADER, Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.if_match import Version
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.masterdata import partners, products, regions, sites
from wuma.support.masterdata.importing.detect import declared_format
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.load import ImportOrder, ImportRefused, take_in
from wuma.support.masterdata.importing.report import ImportReport
from wuma.support.masterdata.models import PartnerKind, SiteKind
from wuma.support.masterdata.schemas import (
    LineBody,
    LineView,
    PartnerBody,
    PartnerView,
    ProductBody,
    ProductView,
    RegionCodeField,
    RegionView,
    SiteBody,
    SiteView,
)

READ: Final = "masterdata.read"
WRITE: Final = "masterdata.write"

UPLOAD_BUFFER_BYTES: Final = 1024 * 1024
IMPORTS_AT_ONCE_MAX: Final = 2  # of one process: each holds a connection, of twelve, for up to minutes
RETRY_AFTER_SECONDS: Final = 30

routes = APIRouter(route_class=Endpoint, tags=["master data"])


Words = Annotated[
    str | None, Query(max_length=100, description="A part of a name, or the beginning of a number.")
]
IsArchived = Annotated[bool, Query(description="Those that are archived, instead of those in use.")]


def _place_after(after: str | None) -> UUID | None:
    return None if after is None else read_cursor(after, UUID)[0]


@routes.get("/products")
@needs(READ)
def list_products(
    db: Db,
    actor: Actor,
    q: Words = None,
    stage: Annotated[int | None, Query(ge=1, le=4)] = None,
    archived: IsArchived = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[ProductView]:
    """List products."""
    wanted = products.ProductFilter(actor.tenant_id, q, stage, archived)
    found = products.find_products(db, wanted, after=_place_after(after), limit=limit + 1)
    return cut(found, limit, key=lambda product: [product.id], item=_product_view)


@routes.post("/products", status_code=201)
@needs(WRITE)
def create_product(body: ProductBody, db: Db, actor: Actor, now: Now, response: Response) -> ProductView:
    """Make a product."""
    return _tagged(
        response, _product_view(products.create_product(db, actor.brand_id, body.draft(), now=now))
    )


@routes.get("/products/{product_id}")
@needs(READ)
def get_product(product_id: UUID, db: Db, actor: Actor, response: Response) -> ProductView:
    """Return a product."""
    return _tagged(response, _product_view(products.get_product(db, actor.tenant_id, product_id)))


@routes.put("/products/{product_id}")
@needs(WRITE)
def change_product(
    product_id: UUID, body: ProductBody, version: Version, db: Db, actor: Actor, now: Now, response: Response
) -> ProductView:
    """Change a product. Its GTIN stays what it is."""
    changed = products.change_product(db, actor.brand_id, product_id, body.draft(), version=version, now=now)
    return _tagged(response, _product_view(changed))


@routes.post("/products/{product_id}/archive")
@needs(WRITE)
def archive_product(product_id: UUID, db: Db, actor: Actor, now: Now) -> ProductView:
    """Archive a product: it can no longer be ordered or changed; its codes stay genuine."""
    return _product_view(
        products.set_product_archived(db, actor.brand_id, product_id, archived=True, now=now)
    )


@routes.post("/products/{product_id}/restore")
@needs(WRITE)
def restore_product(product_id: UUID, db: Db, actor: Actor, now: Now) -> ProductView:
    """Take a product out of the archive."""
    return _product_view(
        products.set_product_archived(db, actor.brand_id, product_id, archived=False, now=now)
    )


@routes.get("/sites")
@needs(READ)
def list_sites(
    db: Db,
    actor: Actor,
    q: Words = None,
    kind: SiteKind | None = None,
    archived: IsArchived = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[SiteView]:
    """List factories and warehouses."""
    found = sites.find_sites(
        db, actor.tenant_id, q=q, kind=kind, archived=archived, after=_place_after(after), limit=limit + 1
    )
    return cut(found, limit, key=lambda site: [site.id], item=_site_view)


@routes.post("/sites", status_code=201)
@needs(WRITE)
def create_site(body: SiteBody, db: Db, actor: Actor, now: Now, response: Response) -> SiteView:
    """Make a factory or a warehouse."""
    return _tagged(response, _site_view(sites.create_site(db, actor.brand_id, body.draft(), now=now)))


@routes.get("/sites/{site_id}")
@needs(READ)
def get_site(site_id: UUID, db: Db, actor: Actor, response: Response) -> SiteView:
    """Return a factory or a warehouse."""
    return _tagged(response, _site_view(sites.get_site(db, actor.tenant_id, site_id)))


@routes.put("/sites/{site_id}")
@needs(WRITE)
def change_site(
    site_id: UUID, body: SiteBody, version: Version, db: Db, actor: Actor, now: Now, response: Response
) -> SiteView:
    """Change a factory or a warehouse."""
    changed = sites.change_site(db, actor.brand_id, site_id, body.draft(), version=version, now=now)
    return _tagged(response, _site_view(changed))


@routes.post("/sites/{site_id}/archive")
@needs(WRITE)
def archive_site(site_id: UUID, db: Db, actor: Actor, now: Now) -> SiteView:
    """Archive a factory or a warehouse."""
    return _site_view(sites.set_site_archived(db, actor.brand_id, site_id, archived=True, now=now))


@routes.post("/sites/{site_id}/restore")
@needs(WRITE)
def restore_site(site_id: UUID, db: Db, actor: Actor, now: Now) -> SiteView:
    """Take a factory or a warehouse out of the archive."""
    return _site_view(sites.set_site_archived(db, actor.brand_id, site_id, archived=False, now=now))


@routes.get("/lines")
@needs(READ)
def list_lines(
    db: Db,
    actor: Actor,
    q: Words = None,
    site_id: UUID | None = None,
    archived: IsArchived = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[LineView]:
    """List packing lines."""
    found = sites.find_lines(
        db,
        actor.tenant_id,
        q=q,
        site_id=site_id,
        archived=archived,
        after=_place_after(after),
        limit=limit + 1,
    )
    return cut(found, limit, key=lambda line: [line.id], item=_line_view)


@routes.post("/lines", status_code=201)
@needs(WRITE)
def create_line(body: LineBody, db: Db, actor: Actor, now: Now, response: Response) -> LineView:
    """Make a packing line."""
    return _tagged(response, _line_view(sites.create_line(db, actor.brand_id, body.draft(), now=now)))


@routes.get("/lines/{line_id}")
@needs(READ)
def get_line(line_id: UUID, db: Db, actor: Actor, response: Response) -> LineView:
    """Return a packing line."""
    return _tagged(response, _line_view(sites.get_line(db, actor.tenant_id, line_id)))


@routes.put("/lines/{line_id}")
@needs(WRITE)
def change_line(
    line_id: UUID, body: LineBody, version: Version, db: Db, actor: Actor, now: Now, response: Response
) -> LineView:
    """Change a packing line."""
    changed = sites.change_line(db, actor.brand_id, line_id, body.draft(), version=version, now=now)
    return _tagged(response, _line_view(changed))


@routes.post("/lines/{line_id}/archive")
@needs(WRITE)
def archive_line(line_id: UUID, db: Db, actor: Actor, now: Now) -> LineView:
    """Archive a packing line."""
    return _line_view(sites.set_line_archived(db, actor.brand_id, line_id, archived=True, now=now))


@routes.post("/lines/{line_id}/restore")
@needs(WRITE)
def restore_line(line_id: UUID, db: Db, actor: Actor, now: Now) -> LineView:
    """Take a packing line out of the archive."""
    return _line_view(sites.set_line_archived(db, actor.brand_id, line_id, archived=False, now=now))


@routes.get("/partners")
@needs(READ)
def list_partners(
    db: Db,
    actor: Actor,
    q: Words = None,
    kind: PartnerKind | None = None,
    region: Annotated[RegionCodeField | None, Query(description="In this division and all in it.")] = None,
    parent_id: UUID | None = None,
    archived: IsArchived = False,
    limit: Limit = 50,
    after: After = None,
) -> Page[PartnerView]:
    """List dealers and stores."""
    wanted = partners.PartnerFilter(actor.tenant_id, q, kind, region, parent_id, archived)
    found = partners.find_partners(db, wanted, after=_place_after(after), limit=limit + 1)
    return cut(found, limit, key=lambda partner: [partner.id], item=_partner_view)


@routes.post("/partners", status_code=201)
@needs(WRITE)
def create_partner(body: PartnerBody, db: Db, actor: Actor, now: Now, response: Response) -> PartnerView:
    """Make a dealer or a store."""
    return _tagged(
        response, _partner_view(partners.create_partner(db, actor.brand_id, body.draft(), now=now))
    )


@routes.get("/partners/{partner_id}")
@needs(READ)
def get_partner(partner_id: UUID, db: Db, actor: Actor, response: Response) -> PartnerView:
    """Return a dealer or a store."""
    return _tagged(response, _partner_view(partners.get_partner(db, actor.tenant_id, partner_id)))


@routes.put("/partners/{partner_id}")
@needs(WRITE)
def change_partner(
    partner_id: UUID, body: PartnerBody, version: Version, db: Db, actor: Actor, now: Now, response: Response
) -> PartnerView:
    """Change a dealer or a store."""
    changed = partners.change_partner(db, actor.brand_id, partner_id, body.draft(), version=version, now=now)
    return _tagged(response, _partner_view(changed))


@routes.post("/partners/{partner_id}/archive")
@needs(WRITE)
def archive_partner(partner_id: UUID, db: Db, actor: Actor, now: Now) -> PartnerView:
    """Archive a dealer or a store."""
    return _partner_view(
        partners.set_partner_archived(db, actor.brand_id, partner_id, archived=True, now=now)
    )


@routes.post("/partners/{partner_id}/restore")
@needs(WRITE)
def restore_partner(partner_id: UUID, db: Db, actor: Actor, now: Now) -> PartnerView:
    """Take a dealer or a store out of the archive."""
    return _partner_view(
        partners.set_partner_archived(db, actor.brand_id, partner_id, archived=False, now=now)
    )


@routes.get("/regions")
@needs(READ)
def list_regions(
    db: Db,
    parent: Annotated[RegionCodeField | None, Query(description="Those directly below this one.")] = None,
    q: Annotated[str | None, Query(max_length=40, description="A part of the name.")] = None,
    limit: Limit = 50,
    after: After = None,
) -> Page[RegionView]:
    """List administrative divisions of China: the provinces, or those below one, or those named so."""
    place = None if after is None else read_cursor(after, str)[0]
    found = regions.find_regions(db, parent=parent, q=q, after=place, limit=limit + 1)
    return cut(found, limit, key=lambda region: [region.code], item=_region_view)


@routes.get("/regions/{code}")
@needs(READ)
def get_region(code: RegionCodeField, db: Db) -> RegionView:
    """Return an administrative division by its code."""
    found = regions.region(db, code)
    if found is None:
        raise NotFound(f"Region {code}: there is none.")
    return _region_view(found)


class StreamedEndpoint(Endpoint):
    """A route that reads its body as a stream, too large to be held in memory.

    An Idempotency-Key would have the whole body read for its fingerprint. What comes this way does not need
    one: the same file a second time changes nothing. So the header is taken off.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of `Endpoint`."""
        handle = super().get_route_handler()

        async def run(request: Request) -> Response:
            headers = [pair for pair in request.scope["headers"] if pair[0] != IDEMPOTENCY_HEADER.encode()]
            return await handle(Request({**request.scope, "headers": headers}, request.receive))

        return run


class UploadCutShort(Refusal):
    """The upload ended before the file did."""

    status = HTTPStatus.BAD_REQUEST
    slug = "upload-cut-short"


_seats = BoundedSemaphore(IMPORTS_AT_ONCE_MAX)

streamed = APIRouter(route_class=StreamedEndpoint, tags=["master data"])

_FILE_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The file as it is: CSV, XLSX or JSON, at most 512 MiB.",
        "content": {
            media_type: {"schema": {"type": "string", "format": "binary"}}
            for media_type in (
                "text/csv",
                "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
                "application/json",
                "application/octet-stream",
            )
        },
    }
}


@streamed.post("/imports", openapi_extra=_FILE_BODY)
@needs(WRITE)
async def import_table(
    kind: ImportKind,
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    filename: Annotated[
        str | None, Query(max_length=255, description="Its ending says the format, before the Content-Type.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Only say what would come of it.")] = False,
) -> ImportReport:
    """Take in a file of products, sites, lines or partners: all of it, or nothing and the errors by row."""
    order = ImportOrder(
        tenant_id=actor.brand_id,
        kind=kind,
        declared=declared_format(filename, request.headers.get("content-type")),
        dry_run=dry_run,
    )

    def renew_scope() -> None:
        program.database.narrow(db, actor.scope)

    def take() -> ImportReport:
        if not _seats.acquire(blocking=False):
            raise TooMany("Other imports are running.", retry_after_seconds=RETRY_AFTER_SECONDS)
        try:
            return take_in(db, file, order, now=now, renew_scope=renew_scope)
        finally:
            _seats.release()

    file = await run_in_threadpool(_open_upload, program.settings.data / "uploads")
    try:
        await _receive(request, file)
        report = await run_in_threadpool(take)
    finally:
        await run_in_threadpool(file.close)
    if report.error_count:
        raise ImportRefused(report)
    return report


def _open_upload(folder: Path) -> IO[bytes]:
    """Open a nameless file, which no crash leaves behind, in the data folder: /tmp is often memory."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return TemporaryFile(dir=folder, buffering=UPLOAD_BUFFER_BYTES)


async def _receive(request: Request, file: IO[bytes]) -> None:
    try:
        async for chunk in request.stream():
            await run_in_threadpool(file.write, chunk)
    except ClientDisconnect:
        raise UploadCutShort("Please send the file again.") from None


routes.include_router(streamed)

View = TypeVar("View", ProductView, SiteView, LineView, PartnerView)


def _tagged(response: Response, view: View) -> View:
    response.headers["ETag"] = f'"{view.version}"'
    return view


def _product_view(product: products.Product) -> ProductView:
    return ProductView.model_validate(product)


def _site_view(site: sites.Site) -> SiteView:
    return SiteView.model_validate(site)


def _line_view(line: sites.Line) -> LineView:
    return LineView.model_validate(line)


def _partner_view(partner: partners.Partner) -> PartnerView:
    return PartnerView.model_validate(partner)


def _region_view(region: regions.Region) -> RegionView:
    return RegionView.model_validate(region)
