"""The scans of a brand at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from wuma.chain.authenticity.alarms import INVALID
from wuma.chain.authenticity.judge import Outcome
from wuma.chain.authenticity.log import ScanView, scan_view
from wuma.chain.authenticity.models import Alarm, Report, ScanRow

TELLING: Final = (Outcome.SUSPECT, Outcome.VOID, Outcome.RECALLED, Outcome.NOT_ACTIVATED)
TELLING_SHOWN_MAX: Final = 10
HOURS_SHOWN: Final = 24

_HOURS = text("""
SELECT h.hour, coalesce(sum(m.scans), 0)::bigint AS scans,
       coalesce(sum(m.scans) FILTER (WHERE m.outcome = ANY (:invalid)), 0)::bigint AS invalid,
       coalesce(sum(m.scans) FILTER (WHERE m.outcome = 'suspect'), 0)::bigint AS suspect
FROM generate_series(date_trunc('hour', CAST(:now AS timestamptz)) - interval '23 hours',
                     date_trunc('hour', CAST(:now AS timestamptz)), interval '1 hour') AS h (hour)
LEFT JOIN authenticity.minute m ON m.minute >= h.hour AND m.minute < h.hour + interval '1 hour'
GROUP BY h.hour ORDER BY h.hour
""")
_OUTCOMES = text(
    "SELECT kind, outcome, sum(scans)::bigint AS scans FROM authenticity.minute"
    " WHERE minute > :since AND minute <= :now GROUP BY kind, outcome ORDER BY kind, outcome"
)


@dataclass(frozen=True, slots=True)
class Hour:
    """The scans of one hour."""

    hour: datetime
    scans: int
    invalid: int
    suspect: int


@dataclass(frozen=True, slots=True)
class Overview:
    """What a brand wants to know first in the morning."""

    hours: list[Hour]
    outcomes: dict[str, int]
    """Scans of the last 24 hours by outcome, the refused ones included."""
    telling: list[ScanView]
    """The latest scans that somebody should look at."""
    open_alarm_count: int
    open_report_count: int

    @property
    def scan_count(self) -> int:
        """Scans of the last 24 hours."""
        return sum(self.outcomes.values())

    @property
    def invalid_share(self) -> float:
        """The share of them that were of no code of ours."""
        invalid = sum(self.outcomes.get(outcome, 0) for outcome in INVALID)
        return invalid / self.scan_count if self.scan_count else 0.0


def overview(session: Session, *, now: datetime) -> Overview:
    """Look at the scans of the last 24 hours."""
    since = now - timedelta(hours=HOURS_SHOWN)
    outcomes: dict[str, int] = {}
    for row in session.execute(_OUTCOMES, {"since": since, "now": now}):
        outcomes[row.outcome] = outcomes.get(row.outcome, 0) + row.scans
    telling = session.scalars(
        select(ScanRow)
        .where(ScanRow.outcome.in_([outcome.value for outcome in TELLING]), ScanRow.at <= now)
        .order_by(ScanRow.at.desc(), ScanRow.id.desc())
        .limit(TELLING_SHOWN_MAX)
    )
    hours = session.execute(_HOURS, {"now": now, "invalid": list(INVALID)})
    return Overview(
        hours=[Hour(*row) for row in hours],
        outcomes=outcomes,
        telling=[scan_view(row) for row in telling],
        open_alarm_count=session.scalar(select(func.count(Alarm.id)).where(Alarm.ended_at.is_(None))) or 0,
        open_report_count=session.scalar(select(func.count(Report.id)).where(Report.state == "open")) or 0,
    )
