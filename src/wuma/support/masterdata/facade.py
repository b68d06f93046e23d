"""The door of master data: what other contexts may use.

Reading is in the scope of the session: a session of a tenant finds its own things, archived ones included,
because what was made and shipped under them goes on.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.support.masterdata.directory import ProductCard, ProductDirectory
from wuma.support.masterdata.division_names import canonical_code, codes_above
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
from wuma.support.masterdata.partners import Partner, as_partner, find_dealers_of_region
from wuma.support.masterdata.places import Place, Precision, place_names, place_of, place_of_ip_region
from wuma.support.masterdata.products import Case, Pallet, Product, assembled
from wuma.support.masterdata.regions import Region, region
from wuma.support.masterdata.sites import Line, Site, as_line, as_site

__all__ = [
    "Case",
    "Datum",
    "Level",
    "Line",
    "Pallet",
    "Partner",
    "PartnerKind",
    "Place",
    "Precision",
    "Product",
    "ProductCard",
    "ProductDirectory",
    "Region",
    "Site",
    "SiteKind",
    "canonical_code",
    "codes_above",
    "find_dealers_of_region",
    "line",
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
]


def product(session: Session, product_id: UUID) -> Product | None:
    """Return a product."""
    return products(session, [product_id]).get(product_id)


def products(session: Session, product_ids: Collection[UUID]) -> dict[UUID, Product]:
    """Return those of the products that there are."""
    rows = session.scalars(select(ProductRow).where(ProductRow.id.in_(product_ids))).all()
    return {found.id: found for found in assembled(session, rows)}


def product_by_gtin(session: Session, gtin: str) -> Product | None:
    """Return the product that a GTIN of 14 digits names: the item's, or a case's."""
    row = session.scalar(
        select(ProductRow).where(
            ProductRow.id
            == select(PackagingRow.product_id).where(PackagingRow.gtin == gtin).scalar_subquery()
        )
    )
    return None if row is None else assembled(session, [row])[0]


def site(session: Session, site_id: UUID) -> Site | None:
    """Return a site."""
    row = session.get(SiteRow, site_id)
    return None if row is None else as_site(row)


def site_by_gln(session: Session, tenant_id: int, gln: str) -> Site | None:
    """Return the site of a tenant with a GLN of 13 digits."""
    row = session.scalar(select(SiteRow).where(SiteRow.tenant_id == tenant_id, SiteRow.gln == gln))
    return None if row is None else as_site(row)


def line(session: Session, line_id: UUID) -> Line | None:
    """Return a packing line."""
    row = session.get(LineRow, line_id)
    return None if row is None else as_line(row)


def partner(session: Session, partner_id: UUID) -> Partner | None:
    """Return a dealer or a store."""
    return partners(session, [partner_id]).get(partner_id)


def partners(session: Session, partner_ids: Collection[UUID]) -> dict[UUID, Partner]:
    """Return those of the partners that there are."""
    rows = session.scalars(select(PartnerRow).where(PartnerRow.id.in_(partner_ids)))
    return {row.id: as_partner(row) for row in rows}


def partner_by_code(session: Session, tenant_id: int, code: str) -> Partner | None:
    """Return the partner that a tenant calls by a code."""
    row = session.scalar(select(PartnerRow).where(PartnerRow.tenant_id == tenant_id, PartnerRow.code == code))
    return None if row is None else as_partner(row)
