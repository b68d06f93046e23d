"""Whose a GLN is: a site of the brand's own, a dealer, a store, and where that is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.support.masterdata.models import PartnerRow, SiteRow
from wuma.support.masterdata.places import place_names, place_of


@dataclass(frozen=True, slots=True)
class Owner:
    """Whoever a GLN stands for. Coordinates are of the thing itself, or of the city it lies in."""

    gln: str
    kind: str
    """A `SiteKind`, which is the brand's own, or a `PartnerKind`."""
    id: UUID
    name: str
    region_code: str | None
    region_zh: str
    region_en: str
    longitude: float | None
    latitude: float | None

    @property
    def is_partner(self) -> bool:
        """Whether it is somebody else's than the brand's."""
        return self.kind in {"dealer", "store"}


def owners_by_gln(session: Session, tenant_id: int, glns: Collection[str]) -> dict[str, Owner]:
    """Return whose GLNs of 13 digits are, as a tenant knows it; a site goes before a partner."""
    found: dict[str, Owner] = {}
    partners = select(PartnerRow).where(PartnerRow.tenant_id == tenant_id, PartnerRow.gln.in_(glns))
    for row in session.scalars(partners):
        assert row.gln is not None
        found[row.gln] = _owner(row, row.gln, row.longitude, row.latitude)
    for site in session.scalars(select(SiteRow).where(SiteRow.tenant_id == tenant_id, SiteRow.gln.in_(glns))):
        found[site.gln] = _owner(site, site.gln, None, None)
    return found


def _owner(row: PartnerRow | SiteRow, gln: str, longitude: float | None, latitude: float | None) -> Owner:
    zh, en = place_names(row.region_code)
    place = None if row.region_code is None else place_of(row.region_code)
    if (longitude is None or latitude is None) and place is not None:
        longitude, latitude = place.longitude, place.latitude
    return Owner(gln, row.kind, row.id, row.name, row.region_code, zh, en, longitude, latitude)
