"""Telling subscribers: whoever waits for an event is woken when it is captured, and told in capture order."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.queries.answers import given_back, query_document
from wuma.chain.trace.queries.exceptions import NoSuchNameException
from wuma.chain.trace.queries.named_queries import NamedQuery, named_query
from wuma.chain.trace.queries.parameters import Query
from wuma.chain.trace.queries.query import events_after
from wuma.chain.trace.shelves.chunks import read_events
from wuma.chain.trace.sights.sight import WHOLE
from wuma.chain.trace.subscriptions import subscriptions
from wuma.chain.trace.subscriptions.matching import Matcher
from wuma.chain.trace.subscriptions.subscriptions import DELIVER_TASK, Subscription
from wuma.chain.trace.subscriptions.webhooks import NotDelivered, send, signature
from wuma.facts.trace import EventsCaptured
from wuma.kernel import outbox, telemetry
from wuma.kernel.clock import utc_now
from wuma.kernel.jobs import Task
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM, Scope

EVENTS_PER_MESSAGE: Final = 200
EVENTS_READ_AT_ONCE: Final = 2_000
AT_ONCE: Final = 8
CLAIMED_AT_ONCE: Final = 32
SLICE_SECONDS: Final = 15.0
SWEEP_TASK: Final = "trace.sweep_subscriptions"

log = telemetry.logger(__name__)


# -- waking ------------------------------------------------------------------------------------------------


def wake_subscribers(session: Session, fact: EventsCaptured) -> None:
    """Wake those who wait for one of these events."""
    matcher = _matcher(session, fact.tenant_id)
    if matcher is None:
        return
    found: set[str] = set()
    for first in range(fact.first_event_id, fact.last_event_id + 1, EVENTS_READ_AT_ONCE):
        last = min(first + EVENTS_READ_AT_ONCE - 1, fact.last_event_id)
        events = read_events(session, fact.tenant_id, range(first, last + 1))
        found |= matcher.matches(events.values())
    if found:
        subscriptions.wake(session, fact.tenant_id, sorted(found), utc_now())


SUBSCRIPTION: Final = outbox.Subscription("trace.wake_subscribers", {EventsCaptured: wake_subscribers})


def _matcher(session: Session, tenant_id: int) -> Matcher | None:
    """Return the queries that somebody waits for; they are filed anew when there are others."""
    rows = session.execute(_WAITED_FOR, {"tenant_id": tenant_id}).all()
    if not rows:
        return None
    return _filed(tenant_id, tuple((row.name, row.created_at) for row in rows), _Queries(rows))


class _Queries:
    """The definitions behind a cache key; equal to every other, so that the key alone decides."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Queries)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=64)
def _filed(_tenant_id: int, _names: tuple[tuple[str, datetime], ...], queries: _Queries) -> Matcher:
    found: dict[str, Query] = {
        row.name: NamedQuery(row.name, row.definition, row.prefixes, row.created_at).query()
        for row in queries.rows
    }
    return Matcher(found)


# -- telling -----------------------------------------------------------------------------------------------


def deliver(runtime: Runtime, tenant_id: int) -> None:
    """Tell whoever is due, several at once and each in order; then ask again if there are more."""
    until = time.monotonic() + SLICE_SECONDS
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="deliver") as senders:
        while True:
            with runtime.database.transaction(Scope.of(tenant_id)) as session:
                due = subscriptions.claim(session, tenant_id, utc_now(), CLAIMED_AT_ONCE)
            if not due:
                return
            list(senders.map(lambda one: _tell(runtime, one), due))
            if time.monotonic() >= until:
                with runtime.database.transaction(Scope.of(tenant_id)) as session:
                    subscriptions.ask_at(session, tenant_id, None)
                return


def _tell(runtime: Runtime, told: Subscription) -> None:
    """Tell one subscriber the next events; the cursor moves when they have acknowledged."""
    now = utc_now()
    scope = Scope.of(told.tenant_id)
    with runtime.database.transaction(scope) as session:
        try:
            query = named_query(session, told.tenant_id, told.query_name)
        except NoSuchNameException:  # deleted a moment ago, and this with it
            return
        events, place, is_more = events_after(
            session,
            runtime.keyring,
            told.tenant_id,
            query.query(),
            (told.told_at, told.told_id),
            sight=WHOLE,  # only whoever sees everything subscribes
            since=told.initial_at,
            limit=EVENTS_PER_MESSAGE,
        )
    is_silent = not events and not (told.report_if_empty and told.schedule is not None)
    if not is_silent:
        try:
            _send(runtime, told, query_document([given_back(one) for one in events], now, told.query_name))
        except NotDelivered as failure:
            log.info("trace.not_delivered", subscription_id=str(told.id), failed_count=told.failed_count + 1)
            with runtime.database.transaction(scope) as session:
                subscriptions.failed(session, told, str(failure), utc_now())
            return
    with runtime.database.transaction(scope) as session:
        subscriptions.acknowledged(
            session, told, place, is_more=is_more, was_sent=not is_silent, now=utc_now()
        )


def _send(runtime: Runtime, told: Subscription, document: Mapping[str, Any]) -> None:
    body = msgspec.json.encode(document)
    headers = {
        "Content-Type": "application/json",
        "GS1-EPCIS-Version": "2.0.0",
        "GS1-CBV-Version": "2.0.0",
        "Idempotency-Key": f"{told.id}-{told.told_at.timestamp():.6f}-{told.told_id}",
    }
    secret = subscriptions.secret_of(runtime.fields, told)
    if secret is not None:
        headers["GS1-Signature"] = signature(secret, body)
    send(told.dest, body, headers, allow_private=runtime.settings.private_webhooks)


def sweep(runtime: Runtime) -> None:
    """Ask again for whoever is due and was forgotten: a worker died on the way."""
    with runtime.database.transaction(PLATFORM) as session:
        for tenant_id in session.scalars(_OVERDUE, {"now": utc_now()}).all():
            subscriptions.ask_at(session, tenant_id, None)


TASKS: Final[tuple[Task, ...]] = (Task(DELIVER_TASK, deliver), Task(SWEEP_TASK, sweep, schedule="* * * * *"))

_WAITED_FOR = text("""
SELECT name, definition, prefixes, created_at FROM trace.named_query q
WHERE tenant_id = :tenant_id AND EXISTS (
    SELECT FROM trace.subscription s
    WHERE s.tenant_id = q.tenant_id AND s.query_name = q.name AND s.state = 'active' AND s.schedule IS NULL)
ORDER BY name
""")
_OVERDUE = text(
    "SELECT DISTINCT tenant_id FROM trace.subscription"
    " WHERE state = 'active' AND due_at <= :now AND (leased_until IS NULL OR leased_until < :now)"
)
