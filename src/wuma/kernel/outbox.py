"""Who is told what: subscriptions read facts in order and move a cursor, both in one transaction.

A cursor on a sequence alone loses facts: numbers are handed out before commits, so a reader passes a
number whose transaction is still open. Facts are therefore ordered by ``(xid, position)`` and read only
below ``pg_snapshot_xmin(pg_current_snapshot())``, under which no transaction is still running. What a
handler writes to the database happens exactly once; what it does outside belongs in a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.kernel import telemetry
from wuma.kernel.db import Database
from wuma.kernel.fact import Fact
from wuma.kernel.tenancy import PLATFORM, Scope

BATCH_COUNT_MAX: Final = 500
RETRY_SECONDS_MAX: Final = 300

log = telemetry.logger(__name__)

Handler = Callable[[Session, Any], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A named reader of some kinds of facts; its name is the identity of its cursor, so never reuse one."""

    name: str
    handlers: dict[type[Fact], Handler]


_REGISTER = text(
    "INSERT INTO kernel.subscription (name, xid, position) VALUES (:name, '0', 0)"
    " ON CONFLICT (name) DO NOTHING"
)
_LOCK = text(
    "SELECT xid::text AS xid, position, careful_count FROM kernel.subscription"
    " WHERE name = :name AND (retry_at IS NULL OR retry_at <= now()) FOR UPDATE SKIP LOCKED"
)
# The outer query orders by the columns themselves: an output column "xid::text" would sort as text.
# The bodies of facts that a subscription passes over stay where they are: those of scans are large and many.
_READ = text(
    "SELECT f.xid::text AS cursor_xid, f.position, f.tenant_id, f.name,"
    " CASE WHEN f.name = ANY(:names) THEN f.body END AS body FROM kernel.fact f"
    " WHERE (f.xid, f.position) > (CAST(:xid AS xid8), :position)"
    " AND f.xid < pg_snapshot_xmin(pg_current_snapshot())"
    " ORDER BY f.xid, f.position LIMIT :limit"
)
_MOVE = text(
    "UPDATE kernel.subscription SET xid = CAST(:xid AS xid8), position = :position, moved_at = now(),"
    " careful_count = greatest(careful_count - 1, 0), failed_count = 0, failure = NULL, retry_at = NULL"
    " WHERE name = :name"
)
_BE_CAREFUL = text(
    "UPDATE kernel.subscription SET careful_count = :limit, failure = :failure"
    " WHERE name = :name AND careful_count = 0 RETURNING 1"
)
_PUT_OFF = text(
    "UPDATE kernel.subscription SET failed_count = failed_count + 1, failure = :failure,"
    " retry_at = now() + make_interval(secs => least(power(2, failed_count), :seconds_max))"
    " WHERE name = :name"
)


def register(database: Database, subscriptions: Iterable[Subscription]) -> None:
    """Give every subscription its cursor; a new one starts at the first fact there is."""
    with database.transaction(PLATFORM) as session:
        for subscription in subscriptions:
            session.execute(_REGISTER, {"name": subscription.name})


def deliver(database: Database, subscription: Subscription, *, limit: int = BATCH_COUNT_MAX) -> int:
    """Hand the next facts to a subscription and say how many it has passed; 0 when there is nothing to do.

    Two workers may call this at once: one works, the other finds the row locked and returns 0. When a
    handler fails, all of its batch is rolled back and the caller tells `note_failure`. From then on facts
    are told one by one, so that everything before the one that cannot be handled is done; that one is tried
    again, later and later.
    """
    with database.transaction(PLATFORM) as session:
        return _deliver_batch(database, session, subscription, limit)


def _deliver_batch(database: Database, session: Session, subscription: Subscription, limit: int) -> int:
    cursor = session.execute(_LOCK, {"name": subscription.name}).one_or_none()
    if cursor is None:
        return 0
    batch_limit = 1 if cursor.careful_count else limit
    kinds = {kind.name: (kind, handle) for kind, handle in subscription.handlers.items()}
    after = {"xid": cursor.xid, "position": cursor.position, "limit": batch_limit}
    rows = session.execute(_READ, {**after, "names": list(kinds)}).all()
    if not rows:
        return 0
    tenant_id: int | None = None
    for row in rows:
        if row.name not in kinds:
            continue
        if row.tenant_id != tenant_id:
            tenant_id = row.tenant_id
            database.narrow(session, Scope.of(row.tenant_id))
        kind, handle = kinds[row.name]
        handle(session, kind.read(row.tenant_id, row.body))
    last = rows[-1]
    session.flush()
    session.execute(_MOVE, {"name": subscription.name, "xid": last.cursor_xid, "position": last.position})
    return len(rows)


def note_failure(database: Database, subscription: Subscription, failure: Exception) -> None:
    """Write down that a handler failed: after a batch go on one by one; a single fact is put off."""
    log.error("outbox.delivery_failed", subscription=subscription.name, failure=type(failure).__name__)
    message = {"name": subscription.name, "failure": f"{type(failure).__name__}: {failure}"[:2000]}
    with database.transaction(PLATFORM) as session:
        if session.scalar(_BE_CAREFUL, {**message, "limit": BATCH_COUNT_MAX}) is None:
            session.execute(_PUT_OFF, {**message, "seconds_max": RETRY_SECONDS_MAX})


def rewind(session: Session, name: str) -> None:
    """Move a cursor back to the first fact, so that everything is told again."""
    session.execute(
        text("UPDATE kernel.subscription SET xid = '0', position = 0, retry_at = NULL WHERE name = :name"),
        {"name": name},
    )
