"""The scan log, as it is told."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.chain.authenticity.judge import GeoSource, Outcome, Reason
from wuma.chain.authenticity.models import ScanRow
from wuma.support.masterdata.facade import place_names


class ScanView(BaseModel):
    """A scan as it was answered. `person` is a pseudonym; `region` a division code."""

    id: UUID
    at: datetime
    kind: str
    unit: int
    order_id: int
    product_id: UUID
    person: str
    client: str
    region: str | None
    place_zh: str
    place_en: str
    longitude: float | None
    latitude: float | None
    accuracy_m: int | None
    geo_source: GeoSource
    outcome: Outcome
    reasons: list[Reason]
    doubt: float


def scan_view(row: ScanRow) -> ScanView:
    """Return a scan as the API tells it."""
    zh, en = place_names(row.region)
    return ScanView(
        id=row.id,
        at=row.at,
        kind=row.kind,
        unit=row.unit,
        order_id=row.order_id,
        product_id=row.product_id,
        person=row.person,
        client=row.client,
        region=row.region,
        place_zh=zh,
        place_en=en,
        longitude=row.longitude,
        latitude=row.latitude,
        accuracy_m=row.accuracy_m,
        geo_source=GeoSource(row.geo_source),
        outcome=Outcome(row.outcome),
        reasons=[Reason(reason) for reason in row.reasons],
        doubt=row.doubt,
    )


def scans_of(session: Session, unit: int, *, limit: int) -> list[ScanView]:
    """Return the scans of one unit, the latest first."""
    query = select(ScanRow).where(ScanRow.unit == unit).order_by(ScanRow.at.desc(), ScanRow.id.desc())
    return [scan_view(row) for row in session.scalars(query.limit(limit))]
