"""The tables in the schema ``dossier``."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Double, Integer, LargeBinary, MetaData, Numeric, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class Tables(DeclarativeBase):
    """The tables of the dossier."""

    metadata = MetaData(schema="dossier")


class EntryRow(Tables):
    """What was said of an item of a batch; `replaces` is what a person's correction takes the place of."""

    __tablename__ = "entry"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    gtin: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)
    item: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    least: Mapped[Decimal | None] = mapped_column(Numeric)
    most: Mapped[Decimal | None] = mapped_column(Numeric)
    method: Mapped[str] = mapped_column(Text)
    instrument: Mapped[str] = mapped_column(Text)
    operator: Mapped[str] = mapped_column(Text)
    measured_at: Mapped[datetime | None] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    replaces: Mapped[UUID | None]
    event_id: Mapped[int | None] = mapped_column(BigInteger)
    event_at: Mapped[datetime | None] = mapped_column(Instant)
    event_key: Mapped[UUID | None]
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)


class RetractionRow(Tables):
    """An event that was declared an error."""

    __tablename__ = "retraction"

    tenant_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_key: Mapped[UUID] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)


class SignatureRow(Tables):
    """A release, who signed it, and the digest of what was released."""

    __tablename__ = "signature"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    gtin: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    signer: Mapped[str] = mapped_column(Text)
    deviation: Mapped[str] = mapped_column(Text)
    gaps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    contents: Mapped[bytes] = mapped_column(LargeBinary)


class WithdrawalRow(Tables):
    """A round of releases that was taken back."""

    __tablename__ = "withdrawal"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    gtin: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)
    round: Mapped[int] = mapped_column(Integer)
    withdrawn_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class SeriesRow(Tables):
    """Readings of one kind by one device at one place; `gtin` and `lot` are empty without a batch."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[str] = mapped_column(Text)
    component: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    device: Mapped[str] = mapped_column(Text)
    place: Mapped[str] = mapped_column(Text)
    gtin: Mapped[str] = mapped_column(Text)
    lot: Mapped[str] = mapped_column(Text)


class ReadingRow(Tables):
    """One reading, in the unit of its series."""

    __tablename__ = "reading"

    series_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    place: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    event_key: Mapped[UUID]
    value: Mapped[float] = mapped_column(Double)
    low: Mapped[float] = mapped_column(Double)
    high: Mapped[float] = mapped_column(Double)


class RuleRow(Tables):
    """What readings of a kind have to keep to, everywhere or at one place."""

    __tablename__ = "rule"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    quantity: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    place: Mapped[str | None] = mapped_column(Text)
    least: Mapped[float | None] = mapped_column(Double)
    most: Mapped[float | None] = mapped_column(Double)
    seconds: Mapped[int] = mapped_column(Integer)
    since: Mapped[datetime] = mapped_column(Instant)
    made_by: Mapped[str] = mapped_column(Text)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by: Mapped[str | None] = mapped_column(Text)


class AlarmRow(Tables):
    """An excursion, and what was done about it."""

    __tablename__ = "alarm"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    rule_id: Mapped[UUID]
    series_id: Mapped[int] = mapped_column(BigInteger)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    worst: Mapped[float] = mapped_column(Double)
    readings: Mapped[int] = mapped_column(Integer)
    is_over: Mapped[bool]
    raised_at: Mapped[datetime] = mapped_column(Instant)
    void_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_at: Mapped[datetime | None] = mapped_column(Instant)
    handled_by: Mapped[str | None] = mapped_column(Text)
    handled_note: Mapped[str | None] = mapped_column(Text)
