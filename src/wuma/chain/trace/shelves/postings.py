"""The index from things to events: runs of things touched by runs of events (docs/adr/0006).

Codes of ours are consecutive numbers, so what an event names is mostly a run: a lot of 40,000 cans is one,
a case of six is one. And what a line does next is mostly the same again: the next case holds the next six
cans. So one row says "of these `event_count` events, each touches the next `per_event` things". A packed
lot of 40,000 cans in 6,667 cases is some dozens of rows.

A row is filed under its *slot*: the size class of all its things (powers of 16), then its first thing. A
thing can only be in rows of class k that begin in the 16^k numbers up to it: nine short reads of one index
find all of them, however large the table is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from wuma.chain.trace.shelves.filing import EVENTS_PER_CHUNK

THING_BITS: Final = 44
CLASS_BITS: Final = 4
CLASSES: Final = range(32 // CLASS_BITS + 1)  # runs of up to 2^32 things; an order has at most 2 * 10^8
EVENT_COUNT_MAX: Final = 32_000  # fits a smallint
TOUCHES_READ_MAX: Final = 10_000
"""Events read for one thing: beyond, the answer is cut, newest first. A busy place has more, no item has."""


class Role(IntEnum):
    """How an event touches things. `CHILD` and `PARENT` are the two sides of one fact."""

    OBSERVED = 1
    CHILD = 2
    PARENT = 3
    INPUT = 4
    OUTPUT = 5
    CLASS = 6
    """Named by class (a lot, a product), not one by one."""
    LOT = 7
    """The lot that the items of the event are of; only mentioned (mentions.py)."""
    TRANSFORMATION = 8
    """What holds the events of one transformation together; only mentioned."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One event touches things from first to last; with `parent`, they are its children."""

    event_id: int
    at: datetime
    role: Role
    first: int
    last: int
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Touched:
    """A thing was touched by an event; `other` is the parent of a child, or the first child of a parent."""

    thing: int
    event_id: int
    at: datetime
    role: Role
    other_first: int | None
    other_last: int | None


@dataclass(frozen=True, slots=True)
class Posting:
    """One row of the index."""

    first: int
    event_id: int
    at: datetime
    per_event: int
    event_count: int
    role: Role
    other: int | None

    @property
    def slot(self) -> int:
        """Where the row is filed: the things of all its events lie one after the other."""
        per_event = 1 if self.role is Role.PARENT else self.per_event
        return slot(self.first, per_event * self.event_count)


def size_class(count: int) -> int:
    """Return the least k with count <= 16^k.

    >>> [size_class(count) for count in (1, 2, 16, 17, 256, 40_000)]
    [0, 1, 1, 2, 2, 4]
    """
    return -(-(count - 1).bit_length() // CLASS_BITS)


def slot(first: int, count: int) -> int:
    """Return where a run of things is filed."""
    return size_class(count) << THING_BITS | first


def fold(touches: Iterable[Touch]) -> list[Posting]:
    """Write touches, in the order of their events, as few rows.

    Two touches become one row when the second event is the next one, at the same moment or later in the same
    capture, touches the next things in the same number and role, and, for children, the next parent.
    """
    postings: list[Posting] = []
    run: list[Touch] = []
    for touch in touches:
        if run and not _goes_on(run, touch):
            postings.extend(_rows(run))
            run = []
        run.append(touch)
    if run:
        postings.extend(_rows(run))
    return postings


def _goes_on(run: Sequence[Touch], touch: Touch) -> bool:
    last = run[-1]
    return (
        len(run) < EVENT_COUNT_MAX
        and touch.event_id == last.event_id + 1
        and touch.role is last.role
        and touch.first == last.last + 1
        and touch.last - touch.first == last.last - last.first
        and (touch.parent == (None if last.parent is None else last.parent + 1))
    )


def _rows(run: Sequence[Touch]) -> list[Posting]:
    head = run[0]
    per_event, count = head.last - head.first + 1, len(run)
    rows = [Posting(head.first, head.event_id, head.at, per_event, count, head.role, head.parent)]
    if head.role is Role.CHILD and head.parent is not None:
        rows.append(Posting(head.parent, head.event_id, head.at, per_event, count, Role.PARENT, head.first))
    return rows


def runs_of(things: Sequence[int]) -> list[tuple[int, int]]:
    """Return the runs that numbers make up, each once.

    >>> runs_of([5, 1, 2, 3, 9, 8, 2])
    [(1, 3), (5, 5), (8, 9)]
    """
    runs: list[tuple[int, int]] = []
    for thing in sorted(set(things)):
        if runs and thing == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], thing)
        else:
            runs.append((thing, thing))
    return runs


_WRITE = text("""
INSERT INTO trace.posting (tenant_id, slot, event_id, at, per_event, event_count, role, other)
SELECT :tenant_id, s, e, a, p, c, r, o
FROM unnest(CAST(:slots AS bigint[]), CAST(:events AS bigint[]), CAST(:ats AS timestamptz[]),
    CAST(:sizes AS integer[]), CAST(:counts AS smallint[]), CAST(:roles AS smallint[]),
    CAST(:others AS bigint[])) AS w (s, e, a, p, c, r, o)
""")

# Which rows hold a thing that is `given (tenant_id, thing)`, and which event of the row touched it how. One
# probe of the index for each class: its bounds are the slots where rows begin that may hold the thing.
HITS: Final = f"""
CROSS JOIN LATERAL (
    SELECT given.tenant_id, given.thing, class.k::bigint << {THING_BITS} | given.thing AS high,
        class.k::bigint << {THING_BITS}
            | greatest(given.thing - (1::bigint << {CLASS_BITS} * class.k) + 1, 0) AS low
    FROM generate_series({CLASSES.start}, {CLASSES.stop - 1}) AS class (k)
) AS probe
CROSS JOIN LATERAL (
    SELECT probe.tenant_id, probe.thing, p.event_id + place.nth AS event_id, p.role,
           CASE p.role WHEN 2 THEN p.other + place.nth WHEN 3 THEN p.other + place.nth * p.per_event END
               AS other_first,
           CASE p.role WHEN 2 THEN p.other + place.nth
                       WHEN 3 THEN p.other + (place.nth + 1) * p.per_event - 1 END AS other_last
    FROM trace.posting p
    CROSS JOIN LATERAL (
        SELECT (probe.thing - (p.slot & {(1 << THING_BITS) - 1}))
            / CASE p.role WHEN 3 THEN 1 ELSE p.per_event END
    ) AS place (nth)
    WHERE p.tenant_id = probe.tenant_id AND p.slot BETWEEN probe.low AND probe.high
        AND place.nth < p.event_count
    ORDER BY p.slot DESC, p.at DESC LIMIT {TOUCHES_READ_MAX}
) AS hit
"""

# What is filed of the event that hits: its chunk is the last one that begins at or before it. The event's own
# time decides, not the row's: events of one row happened one after the other.
EVENT_OF_HIT: Final = f"""
CROSS JOIN LATERAL (
    SELECT c.* FROM trace.chunk c
    WHERE c.id <= hit.event_id AND c.id > hit.event_id - {EVENTS_PER_CHUNK} AND c.tenant_id = hit.tenant_id
    ORDER BY c.id DESC LIMIT 1
) AS c
CROSS JOIN LATERAL (
    SELECT trace.filed_pair(c.filing, cardinality(c.kinds), (hit.event_id - c.id)::integer) AS pair,
        trace.filed_at(c.at_min, c.tick, c.filing, cardinality(c.kinds), c.event_count,
            (hit.event_id - c.id)::integer) AS at
) AS e
"""

_READ = text(f"""
SELECT hit.thing, hit.event_id, e.at, hit.role, hit.other_first, hit.other_last
FROM (SELECT CAST(:tenant_id AS bigint), unnest(CAST(:things AS bigint[]))) AS given (tenant_id, thing)
{HITS}
{EVENT_OF_HIT}
ORDER BY e.at DESC, hit.event_id DESC LIMIT :limit
""")

_READ_OF_EACH = text(f"""
SELECT touched.*
FROM unnest(CAST(:things AS bigint[])) AS wanted (thing)
CROSS JOIN LATERAL (
    SELECT hit.thing, hit.event_id, e.at, hit.role, hit.other_first, hit.other_last
    FROM (SELECT CAST(:tenant_id AS bigint), wanted.thing) AS given (tenant_id, thing)
    {HITS}
    {EVENT_OF_HIT}
    ORDER BY e.at DESC, hit.event_id DESC LIMIT :limit
) AS touched
""")


def write(session: Session, tenant_id: int, postings: Sequence[Posting]) -> None:
    """Write rows of the index."""
    if postings:
        session.execute(
            _WRITE,
            {
                "tenant_id": tenant_id,
                "slots": [row.slot for row in postings],
                "events": [row.event_id for row in postings],
                "ats": [row.at for row in postings],
                "sizes": [row.per_event for row in postings],
                "counts": [row.event_count for row in postings],
                "roles": [row.role.value for row in postings],
                "others": [row.other for row in postings],
            },
        )


def touches_of(
    session: Session, tenant_id: int, things: Sequence[int], *, limit: int = TOUCHES_READ_MAX
) -> list[Touched]:
    """Return the events that touch things, newest first."""
    rows = session.execute(_READ, {"tenant_id": tenant_id, "things": list(things), "limit": limit})
    return [_touched(row) for row in rows]


def touches_of_each(
    session: Session, tenant_id: int, things: Collection[int], *, limit: int = TOUCHES_READ_MAX
) -> dict[int, list[Touched]]:
    """Return for each thing the events that touch it, newest first; up to `limit` of each."""
    found: dict[int, list[Touched]] = {thing: [] for thing in things}
    for row in session.execute(
        _READ_OF_EACH, {"tenant_id": tenant_id, "things": list(found), "limit": limit}
    ):
        found[row.thing].append(_touched(row))
    return found


def _touched(row: Row[Any]) -> Touched:
    return Touched(row.thing, row.event_id, row.at, Role(row.role), row.other_first, row.other_last)
