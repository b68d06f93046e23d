"""What the house does by itself: opens months, forgets what has ended, checks what must always be true."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from sqlalchemy import text

from wuma.kernel import invariants
from wuma.kernel.auth import sessions
from wuma.kernel.clock import utc_now
from wuma.kernel.http.endpoint import IDEMPOTENCY_DAYS
from wuma.kernel.invariants import Invariant
from wuma.kernel.jobs import Task
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

MONTHS_AHEAD: Final = 2
COUNTERS_KEPT_HOURS: Final = 3  # the longest limit looks back an hour


def open_months(runtime: Runtime, *tables: str) -> None:
    """Create the partitions of the months to come; run at every start and once a day."""
    with runtime.database.transaction(PLATFORM) as session:
        for table in tables:
            session.execute(
                text("SELECT kernel.open_months(:table, :ahead)"), {"table": table, "ahead": MONTHS_AHEAD}
            )


def forget(runtime: Runtime) -> None:
    """Remove ended sessions, old idempotency keys and counters."""
    now = utc_now()
    with runtime.database.transaction(PLATFORM) as session:
        sessions.forget_ended(session, now=now)
        session.execute(
            text("DELETE FROM kernel.idempotency WHERE created_at < :before"),
            {"before": now - timedelta(days=IDEMPOTENCY_DAYS)},
        )
        session.execute(
            text("DELETE FROM kernel.counter WHERE window_at < :before"),
            {"before": now - timedelta(hours=COUNTERS_KEPT_HOURS)},
        )


def check_invariants(runtime: Runtime, promises: Iterable[Invariant]) -> list[invariants.Checked]:
    """Check what must always be true, and keep the results."""
    with runtime.database.transaction(PLATFORM) as session:
        return invariants.check(session, promises)


def tasks(promises: tuple[Invariant, ...], partitioned: tuple[str, ...]) -> tuple[Task, ...]:
    """Return the scheduled tasks of the house."""

    def check(runtime: Runtime) -> None:
        check_invariants(runtime, promises)

    def open_ahead(runtime: Runtime) -> None:
        open_months(runtime, *partitioned)

    return (
        Task("ops.check_invariants", check, schedule="*/5 * * * *"),
        Task("ops.open_months", open_ahead, schedule="17 3 * * *"),
        Task("ops.forget", forget, schedule="43 * * * *"),
    )
