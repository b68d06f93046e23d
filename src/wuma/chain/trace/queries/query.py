"""Answering SimpleEventQuery (EPCIS 2.0, section 8.2.7.1) page by page.

The index narrows, the conditions decide: events are read in the order that was asked for, and those are kept
that the query means. A page is as full as `EVENTS_LOOKED_AT_MAX` allows; where it is not, its token leads on
from where the looking ended (the standard lets a page be short). What is captured after the first page was
asked for is on none of the pages that follow from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.documents.said import Said
from wuma.chain.trace.queries.conditions import Hint, Test, Touching
from wuma.chain.trace.queries.exceptions import QueryParameterException, QueryTooLargeException
from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.parameters import Asked, Prefixes, Query, read_query
from wuma.chain.trace.queries.vocabularies import resolved
from wuma.chain.trace.shelves.chunks import Event, events_named, read_events
from wuma.chain.trace.shelves.postings import TOUCHES_READ_MAX, touches_of
from wuma.chain.trace.shelves.things import Things
from wuma.chain.trace.shelves.walk import Narrowing, Order, Position, both, walk
from wuma.chain.trace.sights.sight import Sight
from wuma.kernel.errors import FieldError
from wuma.kernel.keys import Keyring

PER_PAGE: Final = 30
EVENTS_LOOKED_AT_MAX: Final = 20_000
"""Events read for one page: some two seconds, where a query matches one in thousands."""
EVENTS_READ_AT_ONCE: Final = 1_000


class _Place(msgspec.Struct, array_like=True):
    """Where a page ends: what the next one needs to know."""

    at: datetime
    event_id: int
    as_of: datetime
    remaining: int | None


@dataclass(slots=True)
class _Narrowed:
    """A query as the index takes it: what is filed of events, and the tests that are left."""

    sight: Sight
    filed: Narrowing = field(default_factory=Narrowing)
    tests: list[Test] = field(default_factory=list)
    looked_at_max: int = 0
    """How many events are looked at for one page."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, in the order that was asked for, and where to go on."""

    events: list[Event]
    next_page_token: str | None
    token_expires_at: datetime


def query_events(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    asked: Asked,
    prefixes: Prefixes | None = None,
    *,
    sight: Sight,
    also: Asked | None = None,
    per_page: int = PER_PAGE,
    token: str | None = None,
    looked_at_max: int | None = None,
    now: datetime,
) -> EventPage:
    """Answer a query.

    Args:
        session: in the scope of the tenant.
        keyring: to know codes of ours, and to sign page tokens.
        tenant_id: whose events.
        asked: the parameters of the query by name.
        prefixes: what the asker's prefixes of extension fields stand for.
        sight: what the asker sees; there is nothing else.
        also: what holds beside it, whatever it says: the resource whose events these are.
        per_page: how many events at the most.
        token: of the page before.
        looked_at_max: how many events are looked at for a page; as a rule `EVENTS_LOOKED_AT_MAX`.
        now: page tokens are good for a day.

    Raises:
        QueryParameterException: naming every parameter that is wrong or not supported.
        QueryTooLargeException: there are more than `maxEventCount` events.
    """
    query = understood(asked, prefixes or {})
    query.conditions += understood(also or {}, {}).conditions
    query.conditions = resolved(session, tenant_id, query.conditions, sight)
    said = msgspec.json.encode([asked, prefixes or {}, also or {}], order="sorted")
    digest = hashlib.sha256(said).hexdigest()[:16]
    # A token leads on in its own query only, and for whom it was made.
    tokens = PageTokens(keyring, tenant_id, f"events {sight.who} {digest}", now=now)
    read = tokens.read(token, datetime, int, datetime, int | None)
    place = None if read is None else _Place(*read)
    as_of = place.as_of if place else session.scalar(_NEWEST, {"tenant_id": tenant_id})
    if as_of is None:
        return EventPage([], None, tokens.expires_at)
    narrowed = _narrow(query, session, keyring, tenant_id, sight)
    narrowed.looked_at_max = looked_at_max or narrowed.looked_at_max
    narrowed.filed.captured_before = _least(narrowed.filed.captured_before, as_of + timedelta(microseconds=1))
    if query.max_event_count is not None and place is None:
        _refuse_too_many(session, tenant_id, query, narrowed, query.max_event_count)
    remaining = place.remaining if place else query.event_count_limit
    limit = per_page if remaining is None else min(per_page, remaining)
    found, ended_at = _look(session, tenant_id, query, narrowed, place, limit)
    left = None if remaining is None else remaining - len(found)
    if ended_at is None or left == 0:
        return EventPage(found, None, tokens.expires_at)
    return EventPage(found, tokens.write([*ended_at, as_of, left]), tokens.expires_at)


def events_after(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    query: Query,
    after: Position,
    *,
    sight: Sight,
    since: datetime | None = None,
    limit: int,
) -> tuple[list[Event], Position, bool]:
    """Return what a query means of the events captured after a position, in the order in which they appeared.

    Only what somebody sees; there is nothing else.

    Also returned: how far was looked, and whether there may be more.
    """
    until = session.execute(_END, {"tenant_id": tenant_id}).one_or_none()
    if until is None or (until.captured_at, until.id) <= after:
        return [], after, False
    ordered = replace(query, order_by="recordTime", descending=False)
    narrowed = _narrow(ordered, session, keyring, tenant_id, sight)
    narrowed.filed.captured_from = _greatest(narrowed.filed.captured_from, max(after[0], since or after[0]))
    narrowed.filed.captured_before = _least(
        narrowed.filed.captured_before, until.captured_at + timedelta(microseconds=1)
    )
    place = _Place(after[0], after[1], until.captured_at, None)
    found, ended_at = _look(session, tenant_id, ordered, narrowed, place, limit)
    if ended_at is None:
        return found, (until.captured_at, until.id), False
    return found, ended_at, True


def events_by_name(session: Session, tenant_id: int, name: str, sight: Sight) -> list[Event]:
    """Return what somebody sees under an eventID: the event and the declarations that it was wrong."""
    found = events_named(session, tenant_id, [name])
    known = {event.id for event in found}
    meant = read_events(session, tenant_id, sight.ids_meant([name]) - known)
    seen = (sight.shown(event) for event in [*found, *meant.values()])
    return [event for event in seen if event is not None and event.fields["eventID"] == name]


def understood(asked: Asked, prefixes: Prefixes) -> Query:
    """Return what a query asks for.

    Raises:
        QueryParameterException: naming every parameter that is wrong or not supported.
    """
    query, faults = read_query(asked, prefixes)
    if faults:
        raise QueryParameterException(f"{len(faults)} parameter(s) cannot be used.", faults)
    return query


def _look(
    session: Session, tenant_id: int, query: Query, narrowed: _Narrowed, place: _Place | None, limit: int
) -> tuple[list[Event], Position | None]:
    """Return up to `limit` events, and where the looking ended if there may be more."""
    found: list[Event] = []
    after = None if place is None else (place.at, place.event_id)
    positions = _positions(session, tenant_id, query, narrowed, after)
    looked_at = 0
    is_narrow = not narrowed.tests and narrowed.sight.is_whole
    batch = limit + 1 if is_narrow else EVENTS_READ_AT_ONCE
    while looked_at < narrowed.looked_at_max:
        some = list(islice(positions, batch))
        events = read_events(session, tenant_id, [event_id for _, event_id in some])
        for position in some:
            event = narrowed.sight.shown(events[position[1]])
            if event is not None and _means(event, narrowed.tests):
                if len(found) == limit:
                    return found, after
                found.append(event)
            after = position
        looked_at += len(some)
        if len(some) < batch:
            return found, None
    return found, after


def _positions(
    session: Session, tenant_id: int, query: Query, narrowed: _Narrowed, after: Position | None
) -> Iterator[Position]:
    order: Order = "at" if query.order_by == "eventTime" else "captured_at"
    return walk(session, tenant_id, narrowed.filed, order=order, descending=query.descending, after=after)


def _means(event: Event, tests: list[Test]) -> bool:
    if not tests:
        return True
    said = Said(event.fields, event.context, at=event.at, captured_at=event.captured_at)
    return all(test(said) for test in tests)


def _refuse_too_many(
    session: Session, tenant_id: int, query: Query, narrowed: _Narrowed, count_max: int
) -> None:
    must_look = bool(narrowed.tests) or not narrowed.sight.is_whole
    if count_max >= EVENTS_LOOKED_AT_MAX and must_look:
        fault = FieldError("query/maxEventCount", f"below {EVENTS_LOOKED_AT_MAX}", str(count_max))
        raise QueryParameterException("So many events cannot be looked at.", [fault])
    if must_look:
        found, ended_at = _look(session, tenant_id, query, narrowed, None, count_max)
        is_more = ended_at is not None
        count = len(found)
    else:
        positions = _positions(session, tenant_id, query, narrowed, None)
        count = sum(1 for _ in islice(positions, count_max + 1))
        is_more = count > count_max
    if is_more:
        fault = FieldError("query/maxEventCount", f"at most {count_max} events", f"more than {count} perhaps")
        raise QueryTooLargeException("Narrow the query, or allow more events.", [fault])


def _narrow(query: Query, session: Session, keyring: Keyring, tenant_id: int, sight: Sight) -> _Narrowed:
    """Say to the index what it can answer, and keep the tests of the rest.

    The index knows all that an event says. For whoever does not, it only narrows: every test is made again on
    what they see.
    """
    narrowed = _Narrowed(sight, looked_at_max=EVENTS_LOOKED_AT_MAX)
    filed = narrowed.filed
    for condition in query.conditions:
        is_answered = True
        match condition.hint:
            case Hint("at", (at, *_), ">="):
                filed.at_from = _greatest(filed.at_from, at)
            case Hint("at", (at, *_), "<"):
                filed.at_before = _least(filed.at_before, at)
            case Hint("captured_at", (at, *_), ">="):
                filed.captured_from = _greatest(filed.captured_from, at)
            case Hint("captured_at", (at, *_), "<"):
                filed.captured_before = _least(filed.captured_before, at)
            case Hint("type", values):
                filed.types = both(filed.types, values)
            case Hint("action", values):
                filed.actions = both(filed.actions, values)
            case Hint("biz_step", values):
                filed.biz_steps = both(filed.biz_steps, values)
            case Hint("disposition", values):
                filed.dispositions = both(filed.dispositions, values)
            case Hint("event_id", values):
                named = {event.id for event in events_named(session, tenant_id, values)}
                filed.ids = both(filed.ids, named | sight.ids_meant(values))
            case Touching(names, roles):
                numbers = sorted(set(Things(session, keyring, tenant_id).find(names).values()))
                touches = touches_of(session, tenant_id, numbers) if numbers else []
                is_answered = len(touches) < TOUCHES_READ_MAX
                if is_answered:
                    filed.ids = both(filed.ids, {one.event_id for one in touches if one.role in roles})
            case _:
                is_answered = False
        if not (is_answered and condition.is_whole and sight.is_whole):
            narrowed.tests.append(condition.test)
    return narrowed


def _least(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _greatest(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


_END = text(
    "SELECT captured_at, id + event_count - 1 AS id FROM trace.chunk WHERE tenant_id = :tenant_id"
    " ORDER BY captured_at DESC, id DESC LIMIT 1"
)
# Captures of a tenant come one after the other, each later than the one before (see capture.py).
_NEWEST = text(
    "SELECT captured_at FROM trace.capture WHERE tenant_id = :tenant_id ORDER BY captured_at DESC LIMIT 1"
)
