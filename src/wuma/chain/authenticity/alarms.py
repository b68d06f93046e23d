"""The guess-attack alarm: a brand's share of invalid scans jumps.

Compared are the last minutes with the day before: three times the usual share, and enough scans that it is
no accident. A brand that never had an invalid scan is measured against a floor of one in fifty.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.kernel import telemetry
from wuma.kernel.ids import uuid7

KIND: Final = "invalid_share"
NOW_MINUTES: Final = 10
BEFORE_HOURS: Final = 24
TIMES_USUAL: Final = 3.0
USUAL_SHARE_MIN: Final = 0.02
INVALID_COUNT_MIN: Final = 20
INVALID: Final = ("unknown", "mistyped", "not_a_code", "wrong_product", "revoked")

log = telemetry.logger(__name__)


@dataclass(frozen=True, slots=True)
class Shares:
    """Scans and invalid scans of one brand: in the last minutes, and in the day before them."""

    tenant_id: int
    scans: int
    invalid: int
    scans_before: int
    invalid_before: int

    @property
    def share(self) -> float:
        """The share of invalid scans in the last minutes."""
        return self.invalid / self.scans if self.scans else 0.0

    @property
    def usual_share(self) -> float:
        """The share that is usual, but never below the floor."""
        before = self.invalid_before / self.scans_before if self.scans_before else 0.0
        return max(before, USUAL_SHARE_MIN)

    @property
    def is_alarming(self) -> bool:
        """Whether somebody is trying codes.

        >>> Shares(1, 1000, 90, 100_000, 800).is_alarming, Shares(1, 1000, 30, 100_000, 800).is_alarming
        (True, False)
        """
        return self.invalid >= INVALID_COUNT_MIN and self.share >= TIMES_USUAL * self.usual_share


_SHARES = text("""
SELECT tenant_id,
       coalesce(sum(scans) FILTER (WHERE minute > :recent), 0) AS scans,
       coalesce(sum(scans) FILTER (WHERE minute > :recent AND outcome = ANY (:invalid)), 0) AS invalid,
       coalesce(sum(scans) FILTER (WHERE minute <= :recent), 0) AS scans_before,
       coalesce(sum(scans) FILTER (WHERE minute <= :recent AND outcome = ANY (:invalid)), 0) AS invalid_before
FROM authenticity.minute WHERE minute > :before AND minute <= :now GROUP BY tenant_id ORDER BY tenant_id
""")
_RAISE = text(
    "INSERT INTO authenticity.alarm (id, tenant_id, kind, raised_at, facts)"
    " VALUES (:id, :tenant_id, :kind, :now, CAST(:facts AS jsonb)) ON CONFLICT DO NOTHING RETURNING id"
)
_END = text(
    "UPDATE authenticity.alarm SET ended_at = :now WHERE kind = :kind AND ended_at IS NULL"
    " AND tenant_id <> ALL (:alarming)"
)


def watch(session: Session, *, now: datetime) -> list[Shares]:
    """Raise and end alarms, and return what is alarming. `session` sees the whole platform."""
    rows = session.execute(
        _SHARES,
        {
            "recent": now - timedelta(minutes=NOW_MINUTES),
            "before": now - timedelta(hours=BEFORE_HOURS),
            "now": now,
            "invalid": list(INVALID),
        },
    )
    alarming = [shares for shares in (Shares(*map(int, row)) for row in rows) if shares.is_alarming]
    for shares in alarming:
        facts = {
            "scans": shares.scans,
            "invalid": shares.invalid,
            "share": round(shares.share, 4),
            "usual_share": round(shares.usual_share, 4),
        }
        row = {"id": uuid7(), "tenant_id": shares.tenant_id, "kind": KIND, "now": now}
        if session.scalar(_RAISE, {**row, "facts": json.dumps(facts)}):
            log.warning("authenticity.invalid_share", tenant=shares.tenant_id, **facts)
    session.execute(_END, {"now": now, "kind": KIND, "alarming": [shares.tenant_id for shares in alarming]})
    return alarming
