"""The tables in the schema ``authenticity``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import REAL, BigInteger, Integer, LargeBinary, MetaData, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class Tables(DeclarativeBase):
    """The tables of authenticity."""

    metadata = MetaData(schema="authenticity")


class ScanRow(Tables):
    """A scan of one of our codes, as it was answered. Cut by month."""

    __tablename__ = "scan"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    unit: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[UUID]
    person: Mapped[str] = mapped_column(Text)
    network: Mapped[str] = mapped_column(Text)
    client: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(Text)
    longitude: Mapped[float | None] = mapped_column(REAL)
    latitude: Mapped[float | None] = mapped_column(REAL)
    accuracy_m: Mapped[int | None] = mapped_column(Integer)
    geo_source: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    doubt: Mapped[float] = mapped_column(REAL)


class HistoryRow(Tables):
    """What is remembered of a code's scans."""

    __tablename__ = "history"

    unit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    scan_count: Mapped[int] = mapped_column(BigInteger)
    early_count: Mapped[int] = mapped_column(BigInteger)
    visits: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    persons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    cities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    changed_at: Mapped[datetime] = mapped_column(Instant)


class MinuteRow(Tables):
    """Scans by the minute, the refused ones included."""

    __tablename__ = "minute"

    tenant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    minute: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    outcome: Mapped[str] = mapped_column(Text, primary_key=True)
    scans: Mapped[int] = mapped_column(BigInteger)


class Alarm(Tables):
    """Something unusual that somebody should look at; open until it ends."""

    __tablename__ = "alarm"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)


class Report(Tables):
    """What a consumer reported. `scanned` is what was scanned when it is no code of ours."""

    __tablename__ = "report"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    scan_id: Mapped[UUID | None]
    unit: Mapped[int | None] = mapped_column(BigInteger)
    scanned: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
    concern: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    contact: Mapped[bytes | None] = mapped_column(LargeBinary)
    may_warn: Mapped[bool] = mapped_column(default=False)
    photo_sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(Text, default="open")
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_by: Mapped[str | None] = mapped_column(Text)
    handled_note: Mapped[str | None] = mapped_column(Text)
