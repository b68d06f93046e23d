"""All orders of the platform, in memory: to whom a unit belongs is answered without the database.

An order is a range, so a hundred thousand orders are a list to bisect. Every process keeps its own copy and
asks once a second for what has changed; a revocation therefore holds everywhere within about a second.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.construction import epoch_of_unit

REFRESH_SECONDS: Final = 1.0

_ORDERS = text(
    "SELECT id, tenant_id, product_id, level, gtin, first_unit, last_unit, has_hidden, company_prefix,"
    " first_position, revoked_at IS NOT NULL AS is_revoked FROM codes.code_order"
    # Whatever committed since the last look has an xid that was not yet below the horizon then.
    " WHERE changed_xid >= CAST(:since AS xid8) ORDER BY first_unit"
)
_HORIZON = text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")


class OrderEntry(NamedTuple):
    """What the directory knows of an order."""

    id: int
    tenant_id: int
    product_id: UUID
    level: str
    gtin: str | None
    first_unit: int
    last_unit: int
    has_hidden: bool
    company_prefix: str | None
    first_position: int | None
    is_revoked: bool

    @property
    def epoch(self) -> int:
        """The epoch whose keys made the order's codes."""
        return epoch_of_unit(self.first_unit)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One consistent state of the directory; replaced as a whole, so that readers need no lock."""

    horizon: str
    first_units: list[int]
    entries: list[OrderEntry]
    pallets: dict[str, list[OrderEntry]]


class OrderDirectory:
    """The orders of all tenants, as of the last refresh."""

    def __init__(self) -> None:
        self._snapshot = _Snapshot("0", [], [], {})

    def __len__(self) -> int:
        return len(self._snapshot.entries)

    def refresh(self, session: Session) -> int:
        """Take in what has changed and say how many orders that is. `session` sees the whole platform."""
        held = self._snapshot
        # Asked first: what commits between the two statements is seen again next time, never missed.
        horizon: str = session.execute(_HORIZON).scalar_one()
        changed = [OrderEntry._make(row) for row in session.execute(_ORDERS, {"since": held.horizon})]
        by_unit = {entry.first_unit: entry for entry in held.entries}
        fresh = sum(1 for entry in changed if by_unit.get(entry.first_unit) != entry)
        if fresh:
            by_unit.update((entry.first_unit, entry) for entry in changed)
            entries = [by_unit[first] for first in sorted(by_unit)]
            self._snapshot = _Snapshot(
                horizon, [entry.first_unit for entry in entries], entries, _pallets(entries)
            )
        else:
            self._snapshot = _Snapshot(horizon, held.first_units, held.entries, held.pallets)
        return fresh

    def order_of(self, unit: int) -> OrderEntry | None:
        """Return the order a unit belongs to, revoked or not; None when it was never ordered."""
        held = self._snapshot
        place = bisect_right(held.first_units, unit) - 1
        if place < 0:
            return None
        entry = held.entries[place]
        return entry if unit <= entry.last_unit else None

    def orders_of(self, units: Sequence[int]) -> list[OrderEntry]:
        """Return the orders that any of these units belong to, each once."""
        found = {entry.id: entry for unit in units if (entry := self.order_of(unit)) is not None}
        return list(found.values())

    def company_prefixes(self) -> list[str]:
        """The company prefixes under which SSCCs were ordered, the longest first."""
        return sorted(self._snapshot.pallets, key=len, reverse=True)

    def pallet_order_of(self, company_prefix: str, position: int) -> OrderEntry | None:
        """Return the order that holds a position of the SSCCs of a company prefix."""
        for entry in self._snapshot.pallets.get(company_prefix, []):
            assert entry.first_position is not None
            if 0 <= position - entry.first_position <= entry.last_unit - entry.first_unit:
                return entry
        return None


def _pallets(entries: list[OrderEntry]) -> dict[str, list[OrderEntry]]:
    pallets: dict[str, list[OrderEntry]] = {}
    for entry in entries:
        if entry.company_prefix is not None:
            pallets.setdefault(entry.company_prefix, []).append(entry)
    return pallets
