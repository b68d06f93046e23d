"""The door of master data: what other contexts may use.

Reading is in the scope of the session: a session of a tenant finds its own things, archived ones included,
because what was made and shipped under them goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.kernel.errors import NotFound
from wuma.support.masterdata.directory import ProductCard, ProductDirectory
from wuma.support.masterdata.division_names import canonical_code, codes_above
from wuma.support.masterdata.importing.detect import declared_format, open_source
from wuma.support.masterdata.importing.report import Faults, ImportReport
from wuma.support.masterdata.importing.source import Format, Record, Source, Unreadable, is_blank
from wuma.support.masterdata.models import (
    Datum,
    Level,
    LineRow,
    PackagingRow,
    PartnerKind,
    PartnerRow,
    ProductRow,
    SiteKind,
    SiteRow,
)
from wuma.support.masterdata.owners import Owner, owners_by_gln
from wuma.support.masterdata.partners import Partner, as_partner, find_dealers_of_region
from wuma.support.masterdata.places import (
    Place,
    Precision,
    nearest_place,
    place_names,
    place_of,
    place_of_ip_region,
)
from wuma.support.masterdata.products import (
    Case,
    Correction,
    FormerGtin,
    Packaging,
    Pallet,
    Product,
    assembled,
    correct_gtin,
)
from wuma.support.masterdata.regions import Region, region
from wuma.support.masterdata.schemas import GtinField, ProductView
from wuma.support.masterdata.sites import Line, Site, as_line, as_site

__all__ = [
    "Case",
    "Correction",
    "Datum",
    "Faults",
    "Format",
    "FormerGtin",
    "GtinField",
    "ImportReport",
    "Level",
    "Line",
    "Owner",
    "Packaging",
    "Pallet",
    "Partner",
    "PartnerKind",
    "Place",
    "Precision",
    "Product",
    "ProductCard",
    "ProductDirectory",
    "ProductView",
    "Record",
    "Region",
    "Site",
    "SiteKind",
    "Source",
    "Unreadable",
    "canonical_code",
    "codes_above",
    "correct_gtin",
    "declared_format",
    "find_dealers_of_region",
    "glns_of_partner",
    "glns_supplied",
    "is_blank",
    "line",
    "lines",
    "named_by_gln",
    "nearest_place",
    "open_source",
    "owners_by_gln",
    "partner",
    "partner_by_code",
    "partners",
    "place_names",
    "place_of",
    "place_of_ip_region",
    "product",
    "product_by_gtin",
    "products",
    "region",
    "site",
    "site_by_gln",
    "sites",
]

Thing = TypeVar("Thing")


def product(session: Session, product_id: UUID) -> Product:
    """Return a product, or refuse (`NotFound`)."""
    return _the(products(session, [product_id]), product_id, "Product")


def products(session: Session, product_ids: Collection[UUID]) -> dict[UUID, Product]:
    """Return those of the products that there are."""
    rows = session.scalars(select(ProductRow).where(ProductRow.id.in_(product_ids))).all()
    return {found.id: found for found in assembled(session, rows)}


def product_by_gtin(session: Session, gtin: str) -> Product | None:
    """Return the product that a GTIN of 14 digits names: the item's, a case's, or one it once had."""
    named = select(PackagingRow.product_id).where(PackagingRow.gtin == gtin).scalar_subquery()
    row = session.scalar(select(ProductRow).where(ProductRow.id == named))
    return None if row is None else assembled(session, [row])[0]


def site(session: Session, site_id: UUID) -> Site:
    """Return a site, or refuse (`NotFound`)."""
    return _the(sites(session, [site_id]), site_id, "Site")


def sites(session: Session, site_ids: Collection[UUID]) -> dict[UUID, Site]:
    """Return those of the sites that there are."""
    rows = session.scalars(select(SiteRow).where(SiteRow.id.in_(site_ids)))
    return {row.id: as_site(row) for row in rows}


def site_by_gln(session: Session, tenant_id: int, gln: str) -> Site | None:
    """Return the site of a tenant with a GLN of 13 digits."""
    row = session.scalar(select(SiteRow).where(SiteRow.tenant_id == tenant_id, SiteRow.gln == gln))
    return None if row is None else as_site(row)


def line(session: Session, line_id: UUID) -> Line:
    """Return a packing line, or refuse (`NotFound`)."""
    return _the(lines(session, [line_id]), line_id, "Line")


def lines(session: Session, line_ids: Collection[UUID]) -> dict[UUID, Line]:
    """Return those of the lines that there are."""
    rows = session.scalars(select(LineRow).where(LineRow.id.in_(line_ids)))
    return {row.id: as_line(row) for row in rows}


def partner(session: Session, partner_id: UUID) -> Partner:
    """Return a dealer or a store, or refuse (`NotFound`)."""
    return _the(partners(session, [partner_id]), partner_id, "Partner")


def partners(session: Session, partner_ids: Collection[UUID]) -> dict[UUID, Partner]:
    """Return those of the partners that there are."""
    rows = session.scalars(select(PartnerRow).where(PartnerRow.id.in_(partner_ids)))
    return {row.id: as_partner(row) for row in rows}


def named_by_gln(session: Session, glns: Collection[str]) -> dict[tuple[int, str], tuple[str, str | None]]:
    """Return the name and division code of sites and partners, by tenant and GLN of 13 digits."""
    found: dict[tuple[int, str], tuple[str, str | None]] = {}
    for table in (PartnerRow, SiteRow):  # a site's own name wins where a GLN names both
        rows = session.execute(
            select(table.tenant_id, table.gln, table.name, table.region_code).where(table.gln.in_(glns))
        )
        found.update(((row.tenant_id, row.gln), (row.name, row.region_code)) for row in rows)
    return found


def partner_by_code(session: Session, tenant_id: int, code: str) -> Partner | None:
    """Return the partner that a tenant calls by a code."""
    row = session.scalar(select(PartnerRow).where(PartnerRow.tenant_id == tenant_id, PartnerRow.code == code))
    return None if row is None else as_partner(row)


def glns_of_partner(session: Session, partner_id: UUID) -> frozenset[str]:
    """Return the GLNs of a partner and of the stores it supplies, 13 digits each."""
    rows = session.scalars(
        select(PartnerRow.gln).where(
            (PartnerRow.id == partner_id) | (PartnerRow.parent_id == partner_id), PartnerRow.gln.is_not(None)
        )
    )
    return frozenset(gln for gln in rows if gln is not None)


def glns_supplied(session: Session, glns: Collection[str]) -> set[str]:
    """Return the GLNs of the stores that partners with these GLNs supply."""
    if not glns:
        return set()
    dealers = select(PartnerRow.id).where(PartnerRow.gln.in_(glns))
    rows = session.scalars(
        select(PartnerRow.gln).where(PartnerRow.parent_id.in_(dealers), PartnerRow.gln.is_not(None))
    )
    return {gln for gln in rows if gln is not None}


def _the(found: Mapping[UUID, Thing], thing_id: UUID, noun: str) -> Thing:
    if thing_id not in found:
        raise NotFound(f"{noun} {thing_id}: there is none.")
    return found[thing_id]
