"""The API of whole dossiers: one to read, one as PDF, and the list with its scores."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BaseModel

from wuma.chain.codes.facade import latest_batches
from wuma.chain.dossier.facade import (
    GapView,
    ReleasesView,
    StandingView,
    completeness,
    gap_view,
    named,
    open_alarm_counts,
    releases_of_all,
    releases_view,
    standing_view,
    standings_of,
)
from wuma.journeys.batch_dossier.gather import Dossier, Step, gather
from wuma.journeys.batch_dossier.pdf import printed
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Db, Endpoint, Program
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.masterdata import facade as masterdata

routes = APIRouter(route_class=Endpoint, tags=["dossier"])


class StepView(BaseModel):
    """One event: of the lot, or of an item that stands for it."""

    at: datetime
    biz_step: str
    place: str
    event_id: int


class ComplaintView(BaseModel):
    """What a consumer reported about an item of the batch; nobody's contact."""

    id: UUID
    at: datetime
    concern: str
    state: str
    handled_note: str | None


class DossierView(BaseModel):
    """The dossier of a batch."""

    batch_id: UUID
    gtin: str
    lot: str
    product_id: UUID
    product_zh: str
    product_en: str
    stage: int | None
    produced_on: date
    expires_on: date
    recalled_at: datetime | None
    standing: list[StandingView]
    drawn: dict[str, str]
    """What other contexts keep, by item."""
    required_count: int
    good_count: int
    percent: int
    gaps: list[GapView]
    releases: ReleasesView
    contents: str
    """The digest of what is entered now."""
    stored: list[StepView]
    sold: list[StepView]
    complaints: list[ComplaintView]
    open_alarm_count: int


class DossierSummary(BaseModel):
    """A dossier in the list."""

    batch_id: UUID
    gtin: str
    lot: str
    product_zh: str
    product_en: str
    stage: int | None
    produced_on: date
    percent: int
    gap_count: int
    state: str
    open_alarm_count: int
    recalled_at: datetime | None


@routes.get("/dossiers")
@needs("dossier.read")
def list_dossiers(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    q: Annotated[
        str | None, Query(max_length=20, pattern=r"^[^\x00]*$", description="How the lot begins.")
    ] = None,
) -> Page[DossierSummary]:
    """List dossiers by batch, the newest first, with their scores."""
    before = None if after is None else read_cursor(after, UUID)[0]
    batches = latest_batches(db, q=q, before=before, limit=limit + 1)
    products = masterdata.products(db, {batch.product_id for batch in batches})
    names = {batch.id: named(batch, products[batch.product_id]) for batch in batches}
    wanted = list(names.values())
    standings = standings_of(db, wanted)
    releases = releases_of_all(db, wanted)
    alarms = open_alarm_counts(db, wanted)

    def summary(batch_id: UUID) -> DossierSummary:
        batch = next(one for one in batches if one.id == batch_id)
        name, product = names[batch_id], products[batch.product_id]
        complete = completeness([one.stated for one in standings[name].values()], name.stage)
        return DossierSummary(
            batch_id=batch.id,
            gtin=batch.gtin,
            lot=batch.number,
            product_zh=product.name_zh,
            product_en=product.name_en,
            stage=product.stage,
            produced_on=batch.produced_on,
            percent=complete.percent,
            gap_count=len(complete.gaps),
            state=releases[name].state,
            open_alarm_count=alarms[name],
            recalled_at=batch.recalled_at,
        )

    return cut(batches, limit, key=lambda batch: [batch.id], item=lambda batch: summary(batch.id))


@routes.get("/batches/{batch_id}/dossier")
@needs("dossier.read")
def get_dossier(batch_id: UUID, db: Db, program: Program) -> DossierView:
    """Return the dossier of a batch: what stands, what is missing, who released it, where it went."""
    return _view(gather(db, program.keyring, batch_id))


@routes.get("/batches/{batch_id}/dossier.pdf", response_class=Response)
@needs("dossier.read")
def print_dossier(batch_id: UUID, db: Db, program: Program) -> Response:
    """Return the dossier as a PDF in Chinese: the same bytes for the same dossier."""
    dossier = gather(db, program.keyring, batch_id)
    filename = quote(f"批次档案-{dossier.batch.number}.pdf", safe="")
    return Response(
        printed(dossier),
        media_type="application/pdf",
        headers={"Content-Disposition": f"attachment; filename=\"dossier.pdf\"; filename*=UTF-8''{filename}"},
    )


def _view(dossier: Dossier) -> DossierView:
    batch, product = dossier.batch, dossier.product
    return DossierView(
        batch_id=batch.id,
        gtin=batch.gtin,
        lot=batch.number,
        product_id=product.id,
        product_zh=product.name_zh,
        product_en=product.name_en,
        stage=product.stage,
        produced_on=batch.produced_on,
        expires_on=batch.expires_on,
        recalled_at=batch.recalled_at,
        standing=[standing_view(one, product.stage) for one in dossier.standing.values()],
        drawn=dossier.drawn(),
        required_count=dossier.complete.required,
        good_count=dossier.complete.good,
        percent=dossier.complete.percent,
        gaps=[gap_view(gap) for gap in dossier.complete.gaps],
        releases=releases_view(dossier.releases),
        contents=dossier.contents.hex(),
        stored=[_step(step) for step in dossier.stored],
        sold=[_step(step) for step in dossier.sold],
        complaints=[ComplaintView.model_validate(one, from_attributes=True) for one in dossier.reports],
        open_alarm_count=dossier.open_alarms,
    )


def _step(step: Step) -> StepView:
    return StepView.model_validate(step, from_attributes=True)
