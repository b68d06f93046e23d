"""All products of the platform, in memory: a scan shows what the item is without asking the database.

Every process keeps its own copy and asks from time to time for what has changed. It remembers what it has
seen as a snapshot of PostgreSQL's, not as the highest number so far: numbers are handed out before commits,
so a cursor on numbers passes changes that are still open and never sees them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

REFRESH_SECONDS: Final = 5.0
"""How often a process asks: a new name may reach a phone that much later."""


class ProductCard(NamedTuple):
    """What a GTIN says on the platform, at one packaging level."""

    gtin: str
    """14 digits, of the item or of a case."""
    level: str
    contains_count: int
    """How many items are in it."""
    tenant_id: int
    product_id: UUID
    name_zh: str
    name_en: str
    brand_zh: str
    brand_en: str
    category: str
    stage: int | None
    age_from_months: int | None
    net_weight_g: int | None
    shelf_life_days: int | None
    replaced_by: str | None
    """The GTIN in force, where this one was corrected; what was printed with it stays genuine."""
    is_archived: bool
    """Archived products are no longer made; their items are still in kitchens, and still genuine."""


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """One state of the directory; replaced as a whole, so that readers need no lock."""

    seen: str | None
    by_gtin: dict[str, ProductCard]
    gtins: dict[UUID, tuple[str, ...]]


class ProductDirectory:
    """The products of all tenants by GTIN, as of the last refresh."""

    def __init__(self) -> None:
        self._held = _Snapshot(None, {}, {})

    def __len__(self) -> int:
        return len(self._held.by_gtin)

    def refresh(self, session: Session) -> int:
        """Take in what has changed and say how many products that is. `session` sees the whole platform."""
        held = self._held
        # Asked first: what commits between the two statements is read now and again next time, never missed.
        seen: str = session.execute(_SNAPSHOT).scalar_one()
        rows = session.execute(_ALL) if held.seen is None else session.execute(_CHANGED, {"seen": held.seen})
        cards = [ProductCard._make(row) for row in rows]
        if not cards:
            self._held = _Snapshot(seen, held.by_gtin, held.gtins)
            return 0
        by_gtin, gtins = dict(held.by_gtin), dict(held.gtins)
        changed_count = 0
        for product_id, group in groupby(cards, key=lambda card: card.product_id):
            for gtin in gtins.get(product_id, ()):
                del by_gtin[gtin]
            own = tuple(group)
            by_gtin.update((card.gtin, card) for card in own)
            gtins[product_id] = tuple(card.gtin for card in own)
            changed_count += 1
        self._held = _Snapshot(seen, by_gtin, gtins)
        return changed_count

    def by_gtin(self, gtin: str) -> ProductCard | None:
        """Return what a GTIN of 14 digits names; None when it is nobody's here."""
        return self._held.by_gtin.get(gtin)

    def owner_of(self, gtin: str) -> int | None:
        """Return the tenant whose product a GTIN of 14 digits names."""
        card = self._held.by_gtin.get(gtin)
        return None if card is None else card.tenant_id


_SNAPSHOT: Final = text("SELECT pg_current_snapshot()::text")
_CARDS: Final = (
    "SELECT k.gtin, k.level, k.contains_count, p.tenant_id, p.id, p.name_zh, p.name_en, p.brand_zh,"
    " p.brand_en, p.category, p.stage, p.age_from_months, p.net_weight_g, p.shelf_life_days,"
    " k.replaced_by, p.archived_at IS NOT NULL"
    " FROM masterdata.product p JOIN masterdata.packaging k ON k.product_id = p.id"
)
_ALL: Final = text(f"{_CARDS} ORDER BY p.id, k.gtin")
_CHANGED: Final = text(
    f"{_CARDS} WHERE p.changed_xid >= pg_snapshot_xmin(CAST(:seen AS pg_snapshot))"
    " AND NOT pg_visible_in_snapshot(p.changed_xid, CAST(:seen AS pg_snapshot)) ORDER BY p.id, k.gtin"
)
