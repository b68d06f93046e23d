"""How many scans a minute, good and bad: what the guess-attack alarm watches.

A forged code is refused without a database, so its only trace is a number here. Each process adds up in
memory and hands the sums to PostgreSQL once a second; a crash loses at most that second of *statistics*.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

MINUTE_SECONDS: Final = 60

_ADD = text(
    "INSERT INTO authenticity.minute (tenant_id, minute, kind, outcome, scans)"
    " VALUES (:tenant_id, :minute, :kind, :outcome, :scans)"
    " ON CONFLICT (tenant_id, minute, kind, outcome) DO UPDATE SET scans = minute.scans + excluded.scans"
)

_Key = tuple[int, int, str, str]


class Minutes:
    """The sums of this process that PostgreSQL does not know yet."""

    def __init__(self) -> None:
        self._lock = Lock()  # scans are counted in one thread and handed over in another
        self._sums: Counter[_Key] = Counter()

    def add(self, tenant_id: int, at: datetime, kind: str, outcome: str) -> None:
        """Count one scan."""
        with self._lock:
            self._sums[tenant_id, int(at.timestamp()) // MINUTE_SECONDS, kind, outcome] += 1

    def flush(self, session: Session) -> None:
        """Hand the sums over; `session` sees the whole platform. On failure they are kept for next time."""
        if not self._sums:
            return
        with self._lock:
            taken, self._sums = self._sums, Counter()
        rows = [
            {
                "tenant_id": tenant_id,
                "minute": datetime.fromtimestamp(minute * MINUTE_SECONDS, UTC),
                "kind": str(kind),
                "outcome": str(outcome),
                "scans": scans,
            }
            for (tenant_id, minute, kind, outcome), scans in sorted(taken.items())  # in order: no deadlocks
        ]
        try:
            session.execute(_ADD, rows)
            session.commit()
        except BaseException:
            with self._lock:
                self._sums.update(taken)
            raise
