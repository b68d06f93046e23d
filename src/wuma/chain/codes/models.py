"""The tables in the schema ``codes``."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, FetchedValue, Integer, LargeBinary, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Instant = TIMESTAMP(timezone=True)


class Tables(DeclarativeBase):
    """The tables of codes."""

    metadata = MetaData(schema="codes")


class EpochCounter(Tables):
    """The next free unit index of an epoch."""

    __tablename__ = "epoch_counter"

    epoch: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    next_index: Mapped[int] = mapped_column(BigInteger)


class SsccCounter(Tables):
    """How many SSCCs were issued under a company prefix."""

    __tablename__ = "sscc_counter"

    company_prefix: Mapped[str] = mapped_column(Text, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    next_position: Mapped[int] = mapped_column(BigInteger)


class CodeOrder(Tables):
    """An order: consecutive units, for one product at one packaging level."""

    __tablename__ = "code_order"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[UUID]
    level: Mapped[str] = mapped_column(Text)
    gtin: Mapped[str | None] = mapped_column(Text)
    first_unit: Mapped[int] = mapped_column(BigInteger)
    last_unit: Mapped[int] = mapped_column(BigInteger)
    has_hidden: Mapped[bool]
    company_prefix: Mapped[str | None] = mapped_column(Text)
    first_position: Mapped[int | None] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text, default="")
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    ordered_by: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_reason: Mapped[str | None] = mapped_column(Text)
    changed_xid: Mapped[str] = mapped_column(Text, server_default=FetchedValue())
    """The transaction that changed it last (xid8): by it the directories of other processes find changes."""

    @property
    def quantity(self) -> int:
        """How many codes were ordered."""
        return self.last_unit - self.first_unit + 1


class Batch(Tables):
    """A production batch (lot, AI 10) of a product."""

    __tablename__ = "batch"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    product_id: Mapped[UUID]
    gtin: Mapped[str] = mapped_column(Text)
    number: Mapped[str] = mapped_column(Text)
    produced_on: Mapped[date]
    expires_on: Mapped[date]
    line_id: Mapped[UUID | None]
    created_at: Mapped[datetime] = mapped_column(Instant)
    recalled_at: Mapped[datetime | None] = mapped_column(Instant)
    recall_notice: Mapped[str | None] = mapped_column(Text)


class RunRow(Tables):
    """Units from first to last, all in one state."""

    __tablename__ = "run"

    tenant_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    first_unit: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    last_unit: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None]


class Transition(Tables):
    """What happened to units; never changed."""

    __tablename__ = "transition"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    first_unit: Mapped[int] = mapped_column(BigInteger)
    last_unit: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, default="")


class PrintFile(Tables):
    """Codes of a part of an order, written for one recipient and given out once."""

    __tablename__ = "print_file"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Text)
    part: Mapped[int] = mapped_column(Integer)
    part_count: Mapped[int] = mapped_column(Integer)
    first_unit: Mapped[int] = mapped_column(BigInteger)
    last_unit: Mapped[int] = mapped_column(BigInteger)
    layout: Mapped[dict[str, Any]] = mapped_column(JSONB)
    recipient_name: Mapped[str] = mapped_column(Text)
    recipient_public_key: Mapped[str] = mapped_column(Text)
    recipient_account: Mapped[UUID | None]
    reprint_reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    attempt: Mapped[UUID | None]
    made_count: Mapped[int] = mapped_column(BigInteger, default=0)
    progress_at: Mapped[datetime] = mapped_column(Instant)
    failure: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None] = mapped_column(LargeBinary)
    ordered_at: Mapped[datetime] = mapped_column(Instant)
    ordered_by: Mapped[str] = mapped_column(Text)
    ready_at: Mapped[datetime | None] = mapped_column(Instant)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    released_to: Mapped[str | None] = mapped_column(Text)
    ticket_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    ticket_until: Mapped[datetime | None] = mapped_column(Instant)
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    @property
    def count(self) -> int:
        """How many codes are in it."""
        return self.last_unit - self.first_unit + 1
