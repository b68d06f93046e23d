"""Subscriptions to named queries (EPCIS 2.0, section 8.2.5.3): who is told, where, when, and how far.

A subscription is a cursor in the order in which events appear. What is after it has not been acknowledged;
nothing ever appears before it, because captures of a tenant come one after the other and what is captured
whole appears at its end. So however often telling fails or is begun anew, no event is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.queries.exceptions import NoSuchNameException, ValidationException
from wuma.chain.trace.subscriptions.schedules import Times, next_time, read_schedule
from wuma.chain.trace.subscriptions.webhooks import read_target
from wuma.kernel.crypto import Cell, FieldCipher
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.ids import uuid7
from wuma.kernel.jobs import enqueue

SUBSCRIPTIONS_MAX: Final = 20_000
"""Of one brand."""
TOKEN_CHARACTERS: Final = range(8, 501)
LEASE: Final = timedelta(seconds=90)  # longer than sending takes at the most
FAILURES_MAX: Final = 14
"""With waits of 5 s, 10 s, … at most an hour: some seven hours of silence, then it is dead."""
RETRY_SECONDS: Final = 5
RETRY_SECONDS_MAX: Final = 3600
DELIVER_TASK: Final = "trace.deliver"
BEGINNING: Final = datetime(1900, 1, 1, tzinfo=UTC)


class SubscriptionControlsException(InvalidInput):
    """This is no subscription."""

    status = HTTPStatus.BAD_REQUEST
    type_uri = "epcisException:SubscriptionControlsException"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told what a named query means, and how far they are."""

    id: UUID
    tenant_id: int
    query_name: str
    dest: str
    schedule: Mapping[str, str] | None
    report_if_empty: bool
    initial_at: datetime | None
    created_at: datetime
    state: str
    told_at: datetime
    told_id: int
    due_at: datetime | None
    failed_count: int
    failure: str | None
    last_notified_at: datetime | None
    woken_count: int
    secret: bytes | None

    @property
    def times(self) -> Times | None:
        """When it is told; None when it is whenever there is something."""
        return None if self.schedule is None else read_schedule(self.schedule, "", [])


def subscribe(
    session: Session,
    cipher: FieldCipher,
    tenant_id: int,
    query_name: str,
    body: bytes,
    *,
    actor: str,
    now: datetime,
) -> Subscription:
    """Subscribe an address to a named query.

    Raises:
        SubscriptionControlsException: naming what is wrong.
    """
    said = _read(body)
    if (session.scalar(_COUNT, {"tenant_id": tenant_id}) or 0) >= SUBSCRIPTIONS_MAX:
        fault = FieldError("", f"at most {SUBSCRIPTIONS_MAX} subscriptions", "one more")
        raise SubscriptionControlsException("There are too many: delete one.", [fault])
    subscription_id = uuid7(int(now.timestamp() * 1000))
    token = said.get("signatureToken")
    secret = None if token is None else cipher.seal(token.encode(), _cell(tenant_id, subscription_id))
    schedule = said.get("schedule")
    initial_at = _instant(said["initialRecordTime"]) if "initialRecordTime" in said else None
    end = session.execute(_END, {"tenant_id": tenant_id}).one_or_none()
    told_at, told_id = (BEGINNING, 0) if end is None else (end.captured_at, end.id)
    if initial_at is not None:  # what was recorded before it is none of theirs, what came since is
        told_at, told_id = max(initial_at, BEGINNING) - timedelta(microseconds=1), 0
    due_at = now if schedule is None else next_time(read_schedule(schedule, "", []), now)
    session.execute(
        _ADD,
        {
            "id": subscription_id,
            "tenant_id": tenant_id,
            "query_name": query_name,
            "dest": said["dest"],
            "secret": secret,
            "schedule": None if schedule is None else msgspec.json.encode(schedule).decode(),
            "report_if_empty": said.get("reportIfEmpty", False),
            "initial_at": initial_at,
            "now": now,
            "actor": actor,
            "told_at": told_at,
            "told_id": told_id,
            "due_at": due_at,
        },
    )
    ask_at(session, tenant_id, due_at)
    return find(session, tenant_id, query_name, subscription_id)


def find(session: Session, tenant_id: int, query_name: str, subscription_id: UUID) -> Subscription:
    """Return a subscription.

    Raises:
        NoSuchNameException: there is none.
    """
    wanted = {"tenant_id": tenant_id, "query_name": query_name, "id": subscription_id}
    row = session.execute(_FIND, wanted).one_or_none()
    if row is None:
        raise NoSuchNameException(f"Subscription {subscription_id}: there is none.")
    return Subscription(**row._mapping)


def list_of(
    session: Session, tenant_id: int, query_name: str, *, after: UUID | None, limit: int
) -> list[Subscription]:
    """Return the subscriptions of a query, in the order of their making."""
    values = {"tenant_id": tenant_id, "query_name": query_name, "limit": limit}
    rows = session.execute(_LIST, {**values, "after": after or UUID(int=0)})
    return [Subscription(**row._mapping) for row in rows]


def unsubscribe(session: Session, tenant_id: int, query_name: str, subscription_id: UUID) -> None:
    """End a subscription."""
    find(session, tenant_id, query_name, subscription_id)
    session.execute(_DELETE, {"tenant_id": tenant_id, "id": subscription_id})


def replay(session: Session, subscription: Subscription, since: datetime | None, now: datetime) -> None:
    """Tell everything again that was recorded from a moment on; without one, go on where it died."""
    place = (None, None) if since is None else (since - timedelta(microseconds=1), 0)
    values = {"id": subscription.id, "told_at": place[0], "told_id": place[1], "now": now}
    session.execute(_REVIVE, values)
    ask_at(session, subscription.tenant_id, now)


# -- telling -----------------------------------------------------------------------------------------------


def wake(session: Session, tenant_id: int, query_names: Sequence[str], now: datetime) -> int:
    """Note that there may be something to tell those who are told at once; say to how many."""
    woken: int = session.execute(
        _WAKE, {"tenant_id": tenant_id, "names": list(query_names), "now": now}
    ).rowcount  # type: ignore[attr-defined]
    if woken:
        ask_at(session, tenant_id, None)
    return woken


def ask_at(session: Session, tenant_id: int, at: datetime | None) -> None:
    """Ask for whoever is due to be told, now or at a moment."""
    key = f"{DELIVER_TASK}:{tenant_id}" + ("" if at is None else f":{at.replace(microsecond=0).isoformat()}")
    enqueue(session, DELIVER_TASK, {"tenant_id": tenant_id}, key=key, run_at=at)


def claim(session: Session, tenant_id: int, now: datetime, limit: int) -> list[Subscription]:
    """Take subscriptions that are due; nobody else takes them until the lease is over."""
    values = {"tenant_id": tenant_id, "now": now, "until": now + LEASE, "limit": limit}
    return [Subscription(**row._mapping) for row in session.execute(_CLAIM, values)]


def acknowledged(
    session: Session,
    told: Subscription,
    place: tuple[datetime, int],
    *,
    is_more: bool,
    was_sent: bool,
    now: datetime,
) -> bool:
    """Move the cursor over what was told; say whether it was still ours to move."""
    times = told.times
    due_at = now if is_more else (None if times is None else next_time(times, now))
    moved: int = session.execute(
        _ADVANCE,
        {
            "id": told.id,
            "from_at": told.told_at,
            "from_id": told.told_id,
            "told_at": place[0],
            "told_id": place[1],
            "due_at": due_at,
            "now": now,
            "was_sent": was_sent,
            "woken_count": told.woken_count,
            "is_stream": times is None,
        },
    ).rowcount  # type: ignore[attr-defined]
    if moved and times is not None and due_at is not None:
        ask_at(session, told.tenant_id, due_at)
    return bool(moved)


def failed(session: Session, told: Subscription, why: str, now: datetime) -> None:
    """Note that telling failed: again, later and later; after too many times it is dead."""
    seconds = min(RETRY_SECONDS * 2**told.failed_count, RETRY_SECONDS_MAX)
    is_dead = told.failed_count + 1 >= FAILURES_MAX
    due_at = now + timedelta(seconds=seconds)
    values = {"id": told.id, "failure": why[:500], "due_at": due_at, "state": "dead" if is_dead else "active"}
    session.execute(_FAILED, values)
    if not is_dead:
        ask_at(session, told.tenant_id, due_at)


def secret_of(cipher: FieldCipher, told: Subscription) -> bytes | None:
    """Return what a subscription's messages are signed with."""
    return None if told.secret is None else cipher.open(told.secret, _cell(told.tenant_id, told.id))


def _cell(tenant_id: int, subscription_id: UUID) -> Cell:
    return Cell(tenant_id, "trace.subscription", "secret", str(subscription_id))


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValidationException("The body.", [FieldError("", "a JSON object", str(error)[:80])]) from None
    faults: list[FieldError] = []
    dest = said.get("dest")
    target = read_target(dest) if isinstance(dest, str) else FieldError("/dest", "an address", str(dest)[:80])
    if isinstance(target, FieldError):
        faults.append(target)
    token = said.get("signatureToken")
    if token is not None and not (
        isinstance(token, str) and len(token) in TOKEN_CHARACTERS and token.isascii()
    ):
        faults.append(FieldError("/signatureToken", "8 to 500 ASCII characters", type(token).__name__))
    for name in ("stream", "reportIfEmpty"):
        if not isinstance(said.get(name, False), bool):
            faults.append(FieldError(f"/{name}", "true or false", str(said[name])[:40]))
    schedule = said.get("schedule")
    if (schedule is not None) == (said.get("stream") is True):
        faults.append(
            FieldError("/stream", "either stream: true or a schedule", "both" if schedule else "none")
        )
    if schedule is not None and not isinstance(schedule, dict):
        faults.append(FieldError("/schedule", "an object", str(schedule)[:40]))
    elif schedule is not None:
        read_schedule(schedule, "/schedule", faults)
    initial = said.get("initialRecordTime")
    if initial is not None and _instant(initial) is None:
        faults.append(FieldError("/initialRecordTime", "an instant with an offset", str(initial)[:40]))
    known = {"dest", "signatureToken", "stream", "schedule", "reportIfEmpty", "initialRecordTime"}
    for name in sorted(set(said) - known):
        faults.append(FieldError(f"/{name[:40]}", " | ".join(sorted(known)), "another member"))
    if faults:
        raise SubscriptionControlsException(f"{len(faults)} fault(s) in the subscription.", faults)
    return {name: value for name, value in said.items() if value is not None}


def _instant(said: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
        return at.astimezone(UTC) if at.tzinfo is not None and 1900 <= at.year <= 9990 else None
    except (TypeError, ValueError, OverflowError):
        return None


_COLUMNS: Final = (
    "id, tenant_id, query_name, dest, schedule, report_if_empty, initial_at, created_at, state, told_at,"
    " told_id, due_at, failed_count, failure, last_notified_at, woken_count, secret"
)
_COUNT = text("SELECT count(*) FROM trace.subscription WHERE tenant_id = :tenant_id")
_END = text(
    "SELECT captured_at, id + event_count - 1 AS id FROM trace.chunk WHERE tenant_id = :tenant_id"
    " ORDER BY captured_at DESC, id DESC LIMIT 1"
)
_ADD = text("""
INSERT INTO trace.subscription (id, tenant_id, query_name, dest, secret, schedule, report_if_empty,
    initial_at, created_at, created_by, told_at, told_id, due_at)
VALUES (:id, :tenant_id, :query_name, :dest, :secret, CAST(:schedule AS jsonb), :report_if_empty, :initial_at,
    :now, :actor, :told_at, :told_id, :due_at)
""")
_FIND = text(
    f"SELECT {_COLUMNS} FROM trace.subscription"
    " WHERE tenant_id = :tenant_id AND query_name = :query_name AND id = :id"
)
_LIST = text(
    f"SELECT {_COLUMNS} FROM trace.subscription"
    " WHERE tenant_id = :tenant_id AND query_name = :query_name AND id > :after ORDER BY id LIMIT :limit"
)
_DELETE = text("DELETE FROM trace.subscription WHERE tenant_id = :tenant_id AND id = :id")
# The one that fails waits for its own time; the event that wakes it is after its cursor all the same.
_WAKE = text("""
UPDATE trace.subscription SET woken_count = woken_count + 1,
    due_at = CASE WHEN failed_count = 0 THEN least(due_at, :now) ELSE due_at END
WHERE tenant_id = :tenant_id AND query_name = ANY (:names) AND state = 'active' AND schedule IS NULL
""")
_CLAIM = text(f"""
UPDATE trace.subscription SET leased_until = :until WHERE id IN (
    SELECT id FROM trace.subscription
    WHERE tenant_id = :tenant_id AND state = 'active' AND due_at <= :now
        AND (leased_until IS NULL OR leased_until < :now)
    ORDER BY due_at LIMIT :limit FOR UPDATE SKIP LOCKED
) RETURNING {_COLUMNS}
""")
_ADVANCE = text("""
UPDATE trace.subscription SET told_at = :told_at, told_id = :told_id, failed_count = 0, failure = NULL,
    leased_until = NULL, last_notified_at = CASE WHEN :was_sent THEN :now ELSE last_notified_at END,
    due_at = CASE WHEN :is_stream AND woken_count <> :woken_count THEN :now
        ELSE CAST(:due_at AS timestamptz) END
WHERE id = :id AND told_at = :from_at AND told_id = :from_id
""")
_FAILED = text("""
UPDATE trace.subscription SET failed_count = failed_count + 1, failure = :failure, due_at = :due_at,
    state = :state, leased_until = NULL
WHERE id = :id
""")
_REVIVE = text("""
UPDATE trace.subscription SET state = 'active', failed_count = 0, failure = NULL, due_at = :now,
    leased_until = NULL, told_at = coalesce(CAST(:told_at AS timestamptz), told_at),
    told_id = coalesce(CAST(:told_id AS bigint), told_id)
WHERE id = :id
""")
