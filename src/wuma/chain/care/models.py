"""The tables in the schema ``care``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Integer, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class Tables(DeclarativeBase):
    """The tables of care."""

    metadata = MetaData(schema="care")


class Recall(Tables):
    """A recall. `number` counts a tenant's recalls, drills among them."""

    __tablename__ = "recall"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    risk_class: Mapped[int] = mapped_column(SmallInteger)
    is_drill: Mapped[bool]
    scope: Mapped[dict[str, Any]] = mapped_column(JSONB)
    notice: Mapped[str] = mapped_column(Text)
    """What whoever scans such a unit reads."""
    opened_at: Mapped[datetime] = mapped_column(Instant)
    opened_by: Mapped[str] = mapped_column(Text)
    listing: Mapped[int] = mapped_column(Integer, default=0)
    """How often the goods have been listed; the last listing counts."""
    listed_at: Mapped[datetime | None] = mapped_column(Instant)
    list_ms: Mapped[int | None] = mapped_column(Integer)
    is_cut: Mapped[bool] = mapped_column(default=False)
    """Whether there are more goods than a listing holds."""
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    closed_by: Mapped[str | None] = mapped_column(Text)
    closing: Mapped[str | None] = mapped_column(Text)


class Part(Tables):
    """A run of things of a listing, all in one place and one hand."""

    __tablename__ = "part"

    recall_id: Mapped[UUID] = mapped_column(primary_key=True)
    listing: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    level: Mapped[str] = mapped_column(Text)
    first_thing: Mapped[int] = mapped_column(BigInteger)
    last_thing: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[UUID | None]
    batch_id: Mapped[UUID | None]
    holder: Mapped[str | None] = mapped_column(Text)
    location: Mapped[str | None] = mapped_column(Text)
    parent: Mapped[int | None] = mapped_column(BigInteger)
    disposition: Mapped[str | None] = mapped_column(Text)
    last_event_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def count(self) -> int:
        """How many things these are."""
        return self.last_thing - self.first_thing + 1


class Entry(Tables):
    """A line of a recall's log; never changed."""

    __tablename__ = "entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    recall_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    holder: Mapped[str | None] = mapped_column(Text)
    unit_count: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str] = mapped_column(Text, default="")


class Recovered(Tables):
    """A run of items that came back, or were destroyed."""

    __tablename__ = "recovered"

    recall_id: Mapped[UUID] = mapped_column(primary_key=True)
    fate: Mapped[str] = mapped_column(Text, primary_key=True)
    first_thing: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_thing: Mapped[int] = mapped_column(BigInteger)
    entry_id: Mapped[UUID]
    tenant_id: Mapped[int] = mapped_column(BigInteger)
