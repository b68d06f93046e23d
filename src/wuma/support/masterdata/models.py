"""The tables in the schema ``masterdata``."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, Double, FetchedValue, Integer, MetaData, SmallInteger, Text, func
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class Level(StrEnum):
    """A packaging level: what a consumer buys, what a dealer buys, what a forklift carries."""

    ITEM = "item"
    CASE = "case"
    PALLET = "pallet"


class SiteKind(StrEnum):
    """What a site is."""

    FACTORY = "factory"
    WAREHOUSE = "warehouse"


class PartnerKind(StrEnum):
    """What a partner is; it stays that."""

    DEALER = "dealer"
    STORE = "store"


class Datum(StrEnum):
    """What coordinates refer to. Chinese maps show GCJ-02, satellite receivers give WGS-84."""

    WGS84 = "WGS-84"
    GCJ02 = "GCJ-02"


class RegionLevel(StrEnum):
    """A level of administrative divisions, from large to small."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STREET = "street"


class Tables(DeclarativeBase):
    """The tables of master data."""

    metadata = MetaData(schema="masterdata")


class Kept:
    """What every thing of a tenant has: an identity, an owner, a version. It is archived, never deleted."""

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Instant)
    changed_at: Mapped[datetime] = mapped_column(Instant)
    archived_at: Mapped[datetime | None] = mapped_column(Instant)


class ProductRow(Kept, Tables):
    """What the GTIN of an item names. Texts that nobody gave are empty, numbers that nobody gave are NULL."""

    __tablename__ = "product"

    name_zh: Mapped[str] = mapped_column(Text)
    name_en: Mapped[str] = mapped_column(Text)
    brand_zh: Mapped[str] = mapped_column(Text)
    brand_en: Mapped[str] = mapped_column(Text)
    category: Mapped[str] = mapped_column(Text)
    stage: Mapped[int | None] = mapped_column(SmallInteger)
    age_from_months: Mapped[int | None] = mapped_column(SmallInteger)
    net_weight_g: Mapped[int | None] = mapped_column(Integer)
    shelf_life_days: Mapped[int | None] = mapped_column(Integer)
    company_prefix: Mapped[str | None] = mapped_column(Text)
    extension: Mapped[int | None] = mapped_column(SmallInteger)
    pallet_case_count: Mapped[int | None] = mapped_column(Integer)
    changed_xid: Mapped[str] = mapped_column(
        Text, server_default=FetchedValue(), onupdate=func.pg_current_xact_id(), deferred=True
    )
    """The transaction of the last change, by which `ProductDirectory` finds what it has not seen."""


class PackagingRow(Tables):
    """A GTIN: of the item, or of a case with so many of them. It is never given to another product."""

    __tablename__ = "packaging"

    gtin: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[UUID]
    level: Mapped[str] = mapped_column(Text)
    contains_count: Mapped[int] = mapped_column(Integer)
    former_since: Mapped[datetime | None] = mapped_column(Instant)
    """Since when nothing is made with it any more; what was printed with it stays alive."""
    replaced_by: Mapped[str | None] = mapped_column(Text)
    """The GTIN in force instead, if there is one."""
    reason: Mapped[str] = mapped_column(Text, default="")


class SiteRow(Kept, Tables):
    """A factory or a warehouse."""

    __tablename__ = "site"

    gln: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    region_code: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)


class LineRow(Kept, Tables):
    """A packing line of a site."""

    __tablename__ = "line"

    site_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    gln_extension: Mapped[str | None] = mapped_column(Text)


class PartnerRow(Kept, Tables):
    """A dealer or a store."""

    __tablename__ = "partner"

    code: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    gln: Mapped[str | None] = mapped_column(Text)
    parent_id: Mapped[UUID | None]
    region_code: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str] = mapped_column(Text)
    longitude: Mapped[float | None] = mapped_column(Double)
    latitude: Mapped[float | None] = mapped_column(Double)
    datum: Mapped[str | None] = mapped_column(Text)
    territory: Mapped[list[str]] = mapped_column(ARRAY(Text))


class RegionRow(Tables):
    """An administrative division of China."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(Text, primary_key=True)
    level: Mapped[str] = mapped_column(Text)
    parent_code: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    longitude: Mapped[float | None] = mapped_column(Double)
    latitude: Mapped[float | None] = mapped_column(Double)
    retired_at: Mapped[datetime | None] = mapped_column(Instant)
