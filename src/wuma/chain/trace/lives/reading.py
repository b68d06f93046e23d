"""Contacts and acts as the database has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import TenantDirectory
from wuma.chain.trace.documents.ilmd import gtin_of
from wuma.chain.trace.documents.names import filed_key
from wuma.chain.trace.lives.acts import Act, act_of
from wuma.chain.trace.lives.known import Contact, Run
from wuma.chain.trace.shelves.chunks import Event, filed_under, read_events, told_together
from wuma.chain.trace.shelves.postings import CLASS_BITS, CLASSES, THING_BITS, Role
from wuma.chain.trace.shelves.things import FOREIGN_FROM, foreign_keys

ROWS_OF_RUN_MAX: Final = 50_000
"""Rows of the index read for one size class of one run: a batch of 50,000 cans has some dozens."""
EVENTS_AT_ONCE: Final = 20_000
EVENTS_KEPT_MAX: Final = 2_000
"""Events kept to be told after the acts were read of them: those of a life, not those of a recall."""
CAPTURE_STEP: Final = 65_536  # event numbers of one capture begin at a multiple of it (migration 0030)


class Captured:
    """What a tenant has captured; with `known_at`, as it was known at a moment of the past.

    With `before`, the contacts over runs are those of events with lower numbers.
    """

    def __init__(
        self,
        session: Session,
        tenant_id: int,
        *,
        known_at: datetime | None = None,
        before: int | None = None,
    ) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._known_at = known_at
        self._before = _NUMBERS_END if before is None else before
        self._orders = TenantDirectory(session)
        self._events: dict[int, Event] = {}

    def contacts_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        """Return the contacts of things in runs that do not overlap, each cut to its run."""
        found = self.touches_over(runs, limit)
        return found if len(found) > limit else found + self._mentions_over(runs, limit)

    def touches_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        """Return the same without what events only mention."""
        rows = self._session.execute(
            _OVER,
            {
                "tenant_id": self._tenant_id,
                "firsts": [first for first, _ in runs],
                "lasts": [last for _, last in runs],
                "limit": limit,
                "before": self._before,
            },
        )
        found: list[Contact] = []
        for row in rows:
            found.extend(_between(row, row.from_thing, row.to_thing))
            if len(found) > limit:
                break
        return found

    def _mentions_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        foreign = [(max(first, FOREIGN_FROM), last) for first, last in runs if last >= FOREIGN_FROM]
        if not foreign:
            return []
        rows = self._session.execute(
            _MENTIONS_OVER,
            {
                "tenant_id": self._tenant_id,
                "firsts": [first for first, _ in foreign],
                "lasts": [last for _, last in foreign],
                "limit": limit,
            },
        )
        return [
            Contact(event_id, Role(row.role), row.thing, row.thing)
            for row in rows
            for event_id in range(row.event_id, row.event_id + row.event_count)
        ]

    def contacts_of(self, event_ids: Iterable[int], limit: int) -> list[Contact]:
        """Return all contacts of events."""
        wanted = {"tenant_id": self._tenant_id, "ids": sorted(set(event_ids)), "limit": limit}
        return [
            *(_nth(row, row.wanted - row.event_id) for row in self._session.execute(_OF, wanted)),
            *(
                Contact(row.wanted, Role(row.role), row.thing, row.thing)
                for row in self._session.execute(_MENTIONS_OF, wanted)
            ),
        ]

    def acts(self, event_ids: Iterable[int]) -> dict[int, Act]:
        """Return those of the events that stand."""
        ids = sorted(set(event_ids))
        found: dict[int, Act] = {}
        for start in range(0, len(ids), EVENTS_AT_ONCE):
            read = read_events(self._session, self._tenant_id, ids[start : start + EVENTS_AT_ONCE])
            if len(self._events) + len(read) <= EVENTS_KEPT_MAX:
                self._events |= read
            acts = {event.id: act_of(event) for event in self._heard_of(read)}
            wrong = self.taken_back(acts)
            found.update((event_id, act) for event_id, act in acts.items() if act.name not in wrong)
        return found

    def events(self, event_ids: Iterable[int]) -> dict[int, Event]:
        """Return events to be told; those whose acts were read are not read again."""
        ids = set(event_ids)
        found = {one: self._events[one] for one in ids if one in self._events}
        found |= read_events(self._session, self._tenant_id, ids - found.keys())
        return told_together(self._session, self._tenant_id, found)

    def _heard_of(self, events: dict[int, Event]) -> list[Event]:
        return [
            event
            for event in events.values()
            if "errorDeclaration" not in event.brief
            and (self._known_at is None or event.captured_at <= self._known_at)
        ]

    def taken_back(self, acts: Mapping[int, Act]) -> set[str]:
        """Return the eventIDs of acts that an error declaration has, too (EPCIS 2.0, section 7.4.1.3).

        A declaration is filed under the key of the eventID that it names (chunks.write).
        """
        keys = [filed_key(self._tenant_id, act.name_key) for act in acts.values()]
        found = filed_under(self._session, self._tenant_id, keys)
        others = [event_id for event_id in found if event_id not in acts]
        return {
            event.name
            for event in read_events(self._session, self._tenant_id, others).values()
            if "errorDeclaration" in event.brief
            and (self._known_at is None or event.captured_at <= self._known_at)
        }

    def keys(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the keys of things of the dictionary."""
        return foreign_keys(self._session, numbers)

    def gtin(self, number: int) -> str | None:
        """Return the GTIN of a thing, if it has one."""
        if number >= FOREIGN_FROM:
            return gtin_of(self.keys([number]).get(number, ""))
        order = self._orders.order_of(number)
        return None if order is None else order.gtin


def _between(row: Any, first: int, last: int) -> Iterator[Contact]:
    """Yield the contacts of a row of the index with things from first to last."""
    per_event = 1 if row.role == Role.PARENT else row.per_event
    begin = max((first - row.first) // per_event, 0)
    end = min((last - row.first) // per_event, row.event_count - 1)
    for nth in range(begin, end + 1):
        contact = _nth(row, nth)
        yield contact._replace(first=max(contact.first, first), last=min(contact.last, last))


def _nth(row: Any, nth: int) -> Contact:
    role = Role(row.role)
    event_id = row.event_id + nth
    if role is Role.PARENT:
        thing = row.first + nth
        if row.other is None:
            return Contact(event_id, role, thing, thing)
        children = row.other + nth * row.per_event
        return Contact(event_id, role, thing, thing, children, children + row.per_event - 1)
    first = row.first + nth * row.per_event
    parent = row.other + nth if role is Role.CHILD and row.other is not None else None
    return Contact(event_id, role, first, first + row.per_event - 1, parent, parent)


_NUMBERS_END: Final = (1 << 63) - 1
_MASK: Final = (1 << THING_BITS) - 1

# As for one thing (postings.HITS), but a run is held by rows that begin in it, too.
_OVER = text(f"""
SELECT probe.from_thing, probe.to_thing, row.*
FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS given (from_thing, to_thing)
CROSS JOIN LATERAL (
    SELECT given.from_thing, given.to_thing, class.k::bigint << {THING_BITS} | given.to_thing AS high,
        class.k::bigint << {THING_BITS}
            | greatest(given.from_thing - (1::bigint << {CLASS_BITS} * class.k) + 1, 0) AS low
    FROM generate_series({CLASSES.start}, {CLASSES.stop - 1}) AS class (k)
) AS probe
CROSS JOIN LATERAL (
    SELECT p.slot & {_MASK} AS first, p.event_id, p.per_event, p.event_count, p.role, p.other
    FROM trace.posting p
    WHERE p.tenant_id = CAST(:tenant_id AS bigint) AND p.slot BETWEEN probe.low AND probe.high
        AND (p.slot & {_MASK}) + CASE p.role WHEN 3 THEN 1 ELSE p.per_event END * p.event_count
            > probe.from_thing
        AND p.event_id < CAST(:before AS bigint)
    ORDER BY p.slot DESC, p.at DESC LIMIT {ROWS_OF_RUN_MAX}
) AS row
LIMIT :limit
""")

# The rows of a capture lie together and rows never reach across captures (migration 0086 has the index).
_OF = text(f"""
SELECT wanted.id AS wanted, row.*
FROM unnest(CAST(:ids AS bigint[])) AS wanted (id)
CROSS JOIN LATERAL (
    SELECT p.slot & {_MASK} AS first, p.event_id, p.per_event, p.event_count, p.role, p.other
    FROM trace.posting p
    WHERE p.tenant_id = CAST(:tenant_id AS bigint)
        AND p.event_id BETWEEN wanted.id - wanted.id % {CAPTURE_STEP} AND wanted.id
        AND p.event_id + p.event_count > wanted.id
) AS row
LIMIT :limit
""")

_MENTIONS_OVER = text("""
SELECT m.thing, m.role, m.event_id, m.event_count
FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS given (first, last)
JOIN trace.mention m ON m.tenant_id = CAST(:tenant_id AS bigint)
    AND m.thing BETWEEN given.first AND given.last
ORDER BY m.event_id DESC LIMIT :limit
""")
_MENTIONS_OF = text(f"""
SELECT wanted.id AS wanted, m.thing, m.role
FROM unnest(CAST(:ids AS bigint[])) AS wanted (id)
JOIN trace.mention m ON m.tenant_id = CAST(:tenant_id AS bigint)
    AND m.event_id BETWEEN wanted.id - wanted.id % {CAPTURE_STEP} AND wanted.id
    AND m.event_id + m.event_count > wanted.id
LIMIT :limit
""")
