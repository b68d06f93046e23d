"""What happens to codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from wuma.kernel.fact import Fact


@dataclass(frozen=True, kw_only=True)
class CodesOrdered(Fact):
    """A brand has ordered codes; they exist from now on, and nowhere as rows."""

    name: ClassVar[str] = "codes.ordered"
    order_id: int
    product_id: UUID
    level: str
    first_unit: int
    last_unit: int


@dataclass(frozen=True, kw_only=True)
class OrderRevoked(Fact):
    """All codes of an order are burnt: its file leaked, or its keys."""

    name: ClassVar[str] = "codes.order_revoked"
    order_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class UnitsCommissioned(Fact):
    """Codes are on real items of a batch now. `ranges` are pairs of first and last unit."""

    name: ClassVar[str] = "codes.units_commissioned"
    order_id: int
    batch_id: UUID
    product_id: UUID
    produced_on: date
    ranges: list[tuple[int, int]]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class UnitsTaken(Fact):
    """Codes went into another state than commissioned: sampled, scrapped, destroyed, void."""

    name: ClassVar[str] = "codes.units_taken"
    order_id: int
    state: str
    ranges: list[tuple[int, int]]
    reason: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class PrintFileReleased(Fact):
    """A print file went out to its recipient; it will not go out again."""

    name: ClassVar[str] = "codes.print_file_released"
    print_file_id: UUID
    order_id: int
    first_unit: int
    last_unit: int
