"""Which index answers "what touched this thing" best: bytes per item, load, latency, and what breaks it.

    python benchmarks/trace_index.py --items 1000000 [--candidates items_btree,runs]

A seeded world of infant formula (lots, cases of 6, pallets of 60 cases, stores, consumers; 50 tenants of very
different size) is loaded into one table after the other, by COPY and with the indexes present, and every
table answers the same questions. Each answer is first compared with what the world says itself. Times are
the client's: psycopg, prepared, over a Unix socket. The run is written to
benchmarks/results/trace_index.json, in place of an earlier run of the same world.
`docs/adr/0006-trace-index.md` draws the conclusion.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import psycopg
from psycopg.types.numeric import Int2, Int8

from benchmarks import report
from wuma.kernel.embedded_postgres import EmbeddedPostgres

Ints = npt.NDArray[np.int64]
Connection = psycopg.Connection[tuple[Any, ...]]

SECOND: Final = (
    1_000_000  # instants are microseconds since 2000-01-01 UTC, as PostgreSQL's binary format has them
)
DAY: Final = 86_400 * SECOND
EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
BEGIN: Final = 24 * 365 * DAY

CANS_PER_CASE: Final = 6
CASES_PER_PALLET: Final = 60
TENANTS: Final = 50

ROWS_PER_COPY: Final = 10_000
ITEMS_CHECKED: Final = 60
ITEMS_ASKED: Final = 2_000
WARM_UP: Final = 200
SECONDS_PER_QUESTION_MAX: Final = 20.0  # a candidate that needs more is told apart well enough by then
EVENTS_PER_THING_MAX: Final = 200_000
DEPTH_MAX: Final = 8  # can, shrink-wrap, case, pallet, container, vessel, and two to spare

ID_BITS: Final = 56
ID_MASK: Final = (1 << ID_BITS) - 1


class Role(IntEnum):
    """What a thing is to an event: its side in the lowest two bits, above it the action (0 ADD, 2 DELETE)."""

    LISTED = 1
    CHILD = 2
    PARENT = 3
    EMPTIED = 2 << 2 | 3  # the parent of a DELETE without children: all leave it (EPCIS 2.0, 7.4.3)


class Kind(IntEnum):
    """What happens to cans."""

    COMMISSION = 0
    PACK = 1
    PALLETISE = 2
    SHIP = 3
    RECEIVE = 4
    UNPACK = 5
    STORE = 6
    CONSUMER = 7
    RETURN = 8


# -- the world -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Events:
    """Events in the order of their capture; event i has the id ``first_id + i``."""

    tenant: Ints
    at: Ints
    captured: Ints
    kind: Ints
    first_id: int = 1


@dataclass(frozen=True, slots=True)
class Touches:
    """What the events list, one row for each run of consecutive things; `parent` is 0 if there is none."""

    event: Ints
    role: Ints
    first: Ints
    last: Ints
    parent: Ints


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot of one tenant, and the ids of its things."""

    tenant: int
    items: range
    cases: range
    pallets: range


@dataclass(frozen=True, slots=True)
class World:
    """All that happened."""

    events: Events
    touches: Touches
    lots: list[Lot] = field(default_factory=list)

    def touching(self, thing: int) -> list[Touch]:
        """Return what touched a thing, by looking at everything: the oracle."""
        t, found = self.touches, []
        for row in np.flatnonzero((t.first <= thing) & (thing <= t.last)):
            parent = int(t.parent[row])
            found.append((row, int(t.role[row]), parent or None, parent or None))
        found += [
            (row, Role.PARENT, int(t.first[row]), int(t.last[row]))
            for row in np.flatnonzero(t.parent == thing)
        ]
        touches = []
        for row, role, other_first, other_last in found:
            event_id = int(t.event[row])
            at = EPOCH + timedelta(microseconds=int(self.events.at[event_id - self.events.first_id]))
            touches.append(Touch(thing, event_id, at, role, other_first, other_last))
        return touches


class Touch(NamedTuple):
    """One event of one thing, with its parent or its children."""

    thing: int
    event_id: int
    at: datetime
    role: int
    other_first: int | None
    other_last: int | None


class Draft:
    """A world that is still being told, in any order."""

    def __init__(self) -> None:
        self._events: list[tuple[Ints, ...]] = []
        self._touches: list[tuple[Ints, ...]] = []
        self._event_count = 0

    def happen(self, kind: Kind, *, tenant: int, at: Ints, captured: Ints) -> Ints:
        """Add events, and return their numbers."""
        count = len(at)
        self._events.append((np.full(count, tenant), at, captured, np.full(count, kind)))
        self._event_count += count
        return np.arange(self._event_count - count, self._event_count)

    def touch(self, role: Role, event: Ints, first: Ints, last: Ints, parent: Ints | None = None) -> None:
        """Add what they list."""
        none = np.zeros(len(event), np.int64)
        self._touches.append(
            (event, np.full(len(event), role), first, last, none if parent is None else parent)
        )

    def told(self, lots: list[Lot], *, first_id: int = 1) -> World:
        """Return the world, its events numbered in the order of their capture."""
        tenant, at, captured, kind = (np.concatenate(column) for column in zip(*self._events, strict=True))
        event, role, first, last, parent = (
            np.concatenate(column) for column in zip(*self._touches, strict=True)
        )
        order = np.argsort(captured, kind="stable")
        ids = np.empty(len(order), np.int64)
        ids[order] = np.arange(first_id, first_id + len(order))
        event = ids[event]
        by_event = np.argsort(event, kind="stable")
        return World(
            Events(tenant[order], at[order], captured[order], kind[order], first_id),
            Touches(*(column[by_event] for column in (event, role, first, last, parent))),
            lots,
        )


def imagine(*, items: int, seed: int, cases_per_receipt_max: int, cases_per_capture: int) -> World:
    """Tell the world of so many cans; a tenant's share falls like 1/rank."""
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, TENANTS + 1)
    shares = np.maximum((items * weights / weights.sum()).astype(int), CANS_PER_CASE * 2)
    draft, lots, next_id = Draft(), [], 1
    for tenant, share in enumerate(shares, start=1):
        sizes: list[int] = []
        while (left := int(share) - sum(sizes)) > 0:
            sizes.append(left if left < 20_000 else min(left, int(rng.integers(20_000, 50_001))))
        case_counts = [size // CANS_PER_CASE + size // 500 + 8 for size in sizes]
        pallet_counts = [count // CASES_PER_PALLET + 1 for count in case_counts]
        # A tenant orders codes for many lots at a time, so the lots of an order are neighbours.
        item, case = next_id, next_id + sum(sizes)
        pallet = case + sum(case_counts)
        next_id = pallet + sum(pallet_counts)
        for size, case_count, pallet_count in zip(sizes, case_counts, pallet_counts, strict=True):
            lot = Lot(
                tenant,
                range(item, item + size),
                range(case, case + case_count),
                range(pallet, pallet + pallet_count),
            )
            lots.append(lot)
            live(
                draft,
                lot,
                rng,
                cases_per_receipt_max=cases_per_receipt_max,
                cases_per_capture=cases_per_capture,
            )
            item, case, pallet = item + size, case + case_count, pallet + pallet_count
    return draft.told(lots)


def live(
    draft: Draft, lot: Lot, rng: np.random.Generator, *, cases_per_receipt_max: int, cases_per_capture: int
) -> None:
    """Tell the life of one lot."""
    tenant = lot.tenant

    def soon(at: Ints) -> Ints:
        """When such events are captured: within minutes, but one in a hundred within ten days."""
        late = rng.random(len(at)) < 0.01
        delay = np.where(late, rng.random(len(at)) * 10 * DAY, rng.exponential(60 * SECOND, len(at)))
        return np.add(at, delay.astype(np.int64), dtype=np.int64)

    def later(at: Ints, days_min: float, days_max: float) -> Ints:
        return np.add(at, (rng.uniform(days_min, days_max, len(at)) * DAY).astype(np.int64), dtype=np.int64)

    # The line prints the serials in order, and throws out some cans: one to five runs of good ones.
    start = BEGIN + int(rng.random() * 730 * DAY)
    good = np.ones(len(lot.items), bool)
    for place in rng.integers(0, len(good), int(rng.integers(0, 5))):
        good[place : place + int(rng.integers(1, 4))] = False
    cans = np.flatnonzero(good) + lot.items.start
    _, first, last = runs(np.zeros(len(cans), np.int64), cans)
    event = draft.happen(
        Kind.COMMISSION, tenant=tenant, at=np.array([start]), captured=np.array([start + SECOND])
    )
    draft.touch(Role.LISTED, np.repeat(event, len(first)), first, last)

    # Six cans in the order of the line make a case; in 2 % of the cases a can was swapped by hand. One case
    # label in 200 is spoilt, so that the next one is used. The line's box hands over its events in batches.
    case_count = len(cans) // CANS_PER_CASE
    if case_count == 0:
        return
    packed = cans[: case_count * CANS_PER_CASE].reshape(case_count, CANS_PER_CASE)
    swapped = np.sort(rng.permutation(case_count)[: case_count // 100 * 2]).reshape(-1, 2)
    if len(swapped):
        a, b = (
            (swapped[:, 0], rng.integers(0, 6, len(swapped))),
            (swapped[:, 1], rng.integers(0, 6, len(swapped))),
        )
        packed[a], packed[b] = packed[b], packed[a]
    packed = np.sort(packed, axis=1)
    cases = lot.cases.start + np.arange(case_count) + np.cumsum(rng.random(case_count) < 0.005)
    assert cases[-1] < lot.cases.stop
    packed_at = start + np.arange(case_count) * SECOND * 6 // 10
    batch = np.arange(case_count) // cases_per_capture
    batch_end = np.append(np.flatnonzero(np.diff(batch)), case_count - 1)
    event = draft.happen(Kind.PACK, tenant=tenant, at=packed_at, captured=soon(packed_at[batch_end])[batch])
    case, first, last = runs(np.repeat(np.arange(case_count), CANS_PER_CASE), packed.ravel())
    draft.touch(Role.CHILD, event[case], first, last, cases[case])

    # Sixty cases make a pallet, which travels as one thing and is taken apart by a DELETE without children.
    on = np.arange(case_count) // CASES_PER_PALLET
    pallet_count = int(on[-1]) + 1
    pallets = lot.pallets.start + np.arange(pallet_count)
    at = packed_at[np.append(np.flatnonzero(np.diff(on)), case_count - 1)] + 60 * SECOND
    event = draft.happen(Kind.PALLETISE, tenant=tenant, at=at, captured=soon(at))
    pallet, first, last = runs(on, cases)
    draft.touch(Role.CHILD, event[pallet], first, last, pallets[pallet])
    for kind, role, days in (
        (Kind.SHIP, Role.LISTED, (1, 10)),
        (Kind.RECEIVE, Role.LISTED, (0.5, 5)),
        (Kind.UNPACK, Role.EMPTIED, (0, 20)),
    ):
        at = later(at, *days)
        event = draft.happen(kind, tenant=tenant, at=at, captured=soon(at))
        draft.touch(role, event, pallets, pallets)

    # A store gets a few cases at a time; one case in ten is taken from elsewhere in the stack.
    moved = np.where(rng.random(case_count) < 0.1, rng.uniform(-30, 30, case_count), 0)
    order = np.argsort(np.arange(case_count) + moved, kind="stable")
    sizes = rng.integers(1, cases_per_receipt_max + 1, case_count)
    receipt = np.searchsorted(np.cumsum(sizes), np.arange(case_count), side="right")
    receipt_begin = np.append(0, np.flatnonzero(np.diff(receipt)) + 1)
    at = later(np.maximum.reduceat(at[on[order]], receipt_begin), 0, 30)
    event = draft.happen(Kind.STORE, tenant=tenant, at=at, captured=soon(at))
    by_case = np.lexsort((cases[order], receipt))
    group, first, last = runs(receipt[by_case], cases[order][by_case])
    draft.touch(Role.LISTED, event[group], first, last)

    # Some cans are seen one by one afterwards.
    stored_at = np.empty(case_count, np.int64)
    stored_at[order] = at[receipt]
    for kind, share, days in ((Kind.CONSUMER, 0.05, (0, 60)), (Kind.RETURN, 0.005, (60, 90))):
        chosen = np.flatnonzero(rng.random(packed.size) < share)
        at = later(stored_at[chosen // CANS_PER_CASE], *days)
        event = draft.happen(kind, tenant=tenant, at=at, captured=soon(at))
        draft.touch(Role.LISTED, event, packed.ravel()[chosen], packed.ravel()[chosen])


def runs(group: Ints, things: Ints) -> tuple[Ints, Ints, Ints]:
    """Split things, sorted within each group, into runs; return group, first and last of each."""
    begins = np.flatnonzero(np.append(True, (np.diff(things) != 1) | (np.diff(group) != 0)))
    ends = np.append(begins[1:], len(things)) - 1
    return group[begins], things[begins], things[ends]


# -- the questions -------------------------------------------------------------------------------------------

Stab = Callable[[Sequence[int]], list[Touch]]
"""Return what touched each of these things."""


def trace(stab: Stab, thing: int) -> list[int]:
    """Return the ids of the events of a thing and of whatever it was in, while it was in it, newest first.

    Membership is derived here, so a late ADD or DELETE counts from its event time, whenever it was captured:
    a thing is in its parent from the ADD until the parent is emptied or the thing is added to another one.
    """
    found: dict[int, datetime] = {}
    frontier = [(thing, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))]
    for _ in range(DEPTH_MAX):
        touches = defaultdict(list)
        for touch in stab(sorted({one for one, _, _ in frontier})):
            touches[touch.thing].append(touch)
        above = []
        for one, since, until in frontier:
            own = touches[one]
            until = min([until, *(t.at for t in own if t.role == Role.EMPTIED and t.at > since)])
            found.update((t.event_id, t.at) for t in own if t.role != Role.PARENT and since <= t.at <= until)
            added = sorted((t.at, t.other_first) for t in own if t.role == Role.CHILD and t.other_first)
            for number, (at, parent) in enumerate(added):
                left_at = added[number + 1][0] if number + 1 < len(added) else until
                if since <= at <= until:
                    above.append((parent, at, left_at))
        frontier = above
        if not frontier:
            break
    return sorted(found, key=lambda event_id: (found[event_id], event_id), reverse=True)


def contents(stab: Stab, pallet: int) -> list[int]:
    """Return the cans that were ever packed into the cases of a pallet."""
    things = [pallet]
    for _ in ("cases", "cans"):
        things = sorted(
            child
            for touch in stab(things)
            if touch.role == Role.PARENT and touch.other_first and touch.other_last
            for child in range(touch.other_first, touch.other_last + 1)
        )
    return things


# -- the candidates ------------------------------------------------------------------------------------------


class Column(NamedTuple):
    """A column as COPY wants it: its type, its values, for a range also the upper bounds."""

    kind: str
    values: Ints
    upper: Ints | None = None


Columns = dict[str, Column]
Parameters = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way to store what touched what, and to ask for it.

    Args:
        columns: The rows of its table; in a last column of kind ``int8?`` 0 stands for NULL.
        is_steered: Whether the planner is told to prefer index scans and generic plans.
        ask: What `sql` wants for these things; it has ``tenant`` and ``limit`` besides.
    """

    name: str
    idea: str
    ddl: str
    sql: str
    columns: Callable[[Events, Touches], Columns]
    ask: Callable[[Sequence[int]], Parameters]
    is_steered: bool = True


def common_columns(events: Events, touches: Touches) -> Columns:
    """Return the columns that every range row has."""
    event = touches.event - events.first_id
    return {
        "tenant_id": Column("int8", events.tenant[event]),
        "event_id": Column("int8", touches.event),
        "event_at": Column("timestamptz", events.at[event]),
        "role": Column("int2", touches.role),
        "parent": Column("int8?", touches.parent),
    }


def only_things(things: Sequence[int]) -> Parameters:
    return {"things": [Int8(thing) for thing in things]}


# A. One row for each thing that an event lists, as EPCIS repositories have it, with the indexes they lack.


def item_columns(events: Events, touches: Touches) -> Columns:
    count = touches.last - touches.first + 1
    row = np.repeat(np.arange(len(count)), count)
    thing = touches.first[row] + np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    event, role = touches.event[row], touches.role[row]
    # A parent is one more row of its event, however many runs its children make.
    has_parent = np.flatnonzero(touches.parent)
    pairs = np.unique(np.stack([touches.event[has_parent], touches.parent[has_parent]]), axis=1)
    event = np.concatenate([event, pairs[0]])
    thing = np.concatenate([thing, pairs[1]])
    role = np.concatenate([role, np.full(pairs.shape[1], Role.PARENT)])
    order = np.argsort(event, kind="stable")
    event, thing, role = event[order], thing[order], role[order]
    at = event - events.first_id
    return {
        "tenant_id": Column("int8", events.tenant[at]),
        "thing": Column("int8", thing),
        "event_id": Column("int8", event),
        "event_at": Column("timestamptz", events.at[at]),
        "role": Column("int2", role),
    }


ITEMS_BTREE: Final = Candidate(
    name="items_btree",
    idea="a row for each thing of each event; btrees on the thing and on the event",
    ddl="""
    CREATE TABLE posting (
        tenant_id bigint NOT NULL, thing bigint NOT NULL, event_id bigint NOT NULL,
        event_at timestamptz NOT NULL, role smallint NOT NULL
    );
    CREATE INDEX posting_thing ON posting (tenant_id, thing, event_at);
    CREATE INDEX posting_event ON posting (event_id, role);
    """,
    sql="""
    SELECT x.thing, hit.event_id, hit.event_at, hit.role, other.thing, other.thing
    FROM unnest(%(things)s::bigint[]) AS x(thing)
    CROSS JOIN LATERAL (
        SELECT event_id, event_at, role, CASE role WHEN 2 THEN 3 WHEN 3 THEN 2 END AS other_role FROM posting
        WHERE tenant_id = %(tenant)s AND thing = x.thing
        ORDER BY event_at DESC LIMIT %(limit)s
    ) AS hit
    LEFT JOIN posting AS other ON other.event_id = hit.event_id AND other.role = hit.other_role
    ORDER BY hit.event_at DESC LIMIT %(limit)s
    """,
    columns=item_columns,
    ask=only_things,
)


# B to E share the row of a range; what differs is how the ranges that contain a thing are found. The second
# half of each question finds the events whose parent the thing is.


def range_sql(containing: str) -> str:
    return f"""
    SELECT hit.thing, event_id, event_at, role, other_first, other_last
    FROM (
        {containing}
        UNION ALL
        SELECT x.thing, event_id, event_at, 3::smallint, lower, upper
        FROM unnest(%(things)s::bigint[]) AS x(thing)
        JOIN children ON tenant_id = %(tenant)s AND parent = x.thing
    ) AS hit(thing, event_id, event_at, role, other_first, other_last)
    ORDER BY event_at DESC LIMIT %(limit)s
    """


RANGE_TABLE: Final = """
    CREATE TABLE posting (
        tenant_id bigint NOT NULL, first bigint NOT NULL, last bigint NOT NULL, event_id bigint NOT NULL,
        event_at timestamptz NOT NULL, role smallint NOT NULL, size_class smallint NOT NULL, parent bigint
    )"""
PARENT_INDEX: Final = "CREATE INDEX posting_parent ON posting (tenant_id, parent) WHERE parent IS NOT NULL;"


def children(first: str, last: str) -> str:
    """Return what stands for a case's or pallet's children in the question."""
    columns = f"tenant_id, parent, event_id, event_at, {first} AS lower, {last} AS upper"
    return f"(SELECT {columns} FROM posting) AS children"


def range_columns(events: Events, touches: Touches, *, base_bits: int = 1) -> Columns:
    common = common_columns(events, touches)
    return {
        "tenant_id": common["tenant_id"],
        "first": Column("int8", touches.first),
        "last": Column("int8", touches.last),
        "event_id": common["event_id"],
        "event_at": common["event_at"],
        "role": common["role"],
        "size_class": Column("int2", size_class(touches.last - touches.first + 1, base_bits=base_bits)),
        "parent": common["parent"],
    }


def size_class(length: Ints, *, base_bits: int) -> Ints:
    """Return the smallest k with ``length <= 2 ** (base_bits * k)``; exact below 2^53."""
    bits = np.frexp((length - 1).astype(float))[1]
    classes: Ints = np.floor_divide(bits + base_bits - 1, base_bits, dtype=np.int64)
    return classes


def span_columns(events: Events, touches: Touches) -> Columns:
    common = common_columns(events, touches)
    return {
        "tenant_id": common["tenant_id"],
        "span": Column("int8range", touches.first, touches.last + 1),
        "event_id": common["event_id"],
        "event_at": common["event_at"],
        "role": common["role"],
        "parent": common["parent"],
    }


def span_candidate(name: str, idea: str, index: str) -> Candidate:
    return Candidate(
        name=name,
        idea=idea,
        ddl=f"""
        CREATE TABLE posting (
            tenant_id bigint NOT NULL, event_id bigint NOT NULL, event_at timestamptz NOT NULL,
            role smallint NOT NULL, span int8range NOT NULL, parent bigint
        );
        {index}; {PARENT_INDEX}
        """,
        sql=range_sql("""
        SELECT x.thing, event_id, event_at, role, parent, parent FROM unnest(%(things)s::bigint[]) AS x(thing)
        JOIN posting ON tenant_id = %(tenant)s AND span @> x.thing
        """).replace("children", children("lower(span)", "upper(span) - 1"), 1),
        columns=span_columns,
        ask=only_things,
        is_steered=False,
    )


GIST: Final = span_candidate(
    "gist",
    "int8range under GiST (btree_gist for the tenant)",
    "CREATE INDEX posting_span ON posting USING gist (tenant_id, span)",
)
SPGIST: Final = span_candidate(
    "spgist", "int8range under SP-GiST", "CREATE INDEX posting_span ON posting USING spgist (span)"
)


def class_candidate(name: str, idea: str, *, base_bits: int) -> Candidate:
    """Ranges filed by size: one of class k that contains x begins in ``(x - 2 ** (base_bits * k), x]``."""
    classes = range(32 // base_bits + 1)

    def ask(things: Sequence[int]) -> Parameters:
        return only_things(things) | {
            "probe_things": [Int8(thing) for thing in things for _ in classes],
            "classes": [Int2(k) for _ in things for k in classes],
            "lows": [Int8(max(thing - (1 << base_bits * k) + 1, 0)) for thing in things for k in classes],
        }

    return Candidate(
        name=name,
        idea=idea,
        ddl=f"""
        {RANGE_TABLE};
        CREATE INDEX posting_class ON posting (tenant_id, size_class, first);
        {PARENT_INDEX}
        """,
        sql=range_sql("""
        SELECT thing, event_id, event_at, role, parent, parent
        FROM unnest(%(probe_things)s::bigint[], %(classes)s::smallint[], %(lows)s::bigint[])
            AS probe(thing, class, low)
        JOIN posting ON tenant_id = %(tenant)s AND size_class = class
            AND first BETWEEN low AND thing AND last >= thing
        """).replace("children", children("first", "last"), 1),
        columns=lambda events, touches: range_columns(events, touches, base_bits=base_bits),
        ask=ask,
    )


CLASSES_2: Final = class_candidate("classes_2", "ranges filed by size in steps of 2; btree", base_bits=1)
CLASSES_16: Final = class_candidate("classes_16", "ranges filed by size in steps of 16; btree", base_bits=4)


# D. Aligned blocks of a power of two, numbered like the nodes of a heap: the parent of n is n >> 1.

BLOCK_BITS_MAX: Final = 28


def blocks(first: Ints, last: Ints) -> tuple[Ints, Ints]:
    """Split ranges into aligned blocks; return of each block its range's number and its node."""
    row, first, end = np.arange(len(first)), first.copy(), last + 1
    parts: list[tuple[Ints, Ints]] = []

    def cut(level: int, fits: npt.NDArray[np.bool_]) -> None:
        nonlocal row, first, end
        parts.append((row[fits], (first[fits] >> level) | (1 << ID_BITS - level)))
        first = first + (fits.astype(np.int64) << level)
        left = first < end
        row, first, end = row[left], first[left], end[left]

    for level in range(BLOCK_BITS_MAX):
        cut(level, ((first >> level) & 1 == 1) & (first + (1 << level) <= end))
    while len(row) and bool(((first + (1 << BLOCK_BITS_MAX)) <= end).any()):
        cut(BLOCK_BITS_MAX, first + (1 << BLOCK_BITS_MAX) <= end)
    for level in reversed(range(BLOCK_BITS_MAX)):
        cut(level, first + (1 << level) <= end)
    assert len(row) == 0
    numbers, nodes = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(numbers, kind="stable")
    return numbers[order], nodes[order]


def block_columns(events: Events, touches: Touches) -> Columns:
    row, node = blocks(touches.first, touches.last)
    common = common_columns(
        events,
        Touches(*(getattr(touches, name)[row] for name in ("event", "role", "first", "last", "parent"))),
    )
    return {"tenant_id": common["tenant_id"], "node": Column("int8", node)} | common


def block_probes(things: Sequence[int]) -> Parameters:
    return only_things(things) | {
        "probe_things": [Int8(thing) for thing in things for _ in range(BLOCK_BITS_MAX + 1)],
        "nodes": [
            Int8((thing >> level) | (1 << ID_BITS - level))
            for thing in things
            for level in range(BLOCK_BITS_MAX + 1)
        ],
    }


_LEVEL: Final = f"({ID_BITS} - (length(ltrim(node::bit(64)::text, '0')) - 1))"
_BLOCK_FIRST: Final = f"((node - (1::bigint << ({ID_BITS} - {_LEVEL}))) << {_LEVEL})"

BLOCKS: Final = Candidate(
    name="blocks",
    idea="ranges cut into aligned power-of-two blocks; btree on the block",
    ddl=f"""
    CREATE TABLE posting (
        tenant_id bigint NOT NULL, node bigint NOT NULL, event_id bigint NOT NULL,
        event_at timestamptz NOT NULL, role smallint NOT NULL, parent bigint
    );
    CREATE INDEX posting_node ON posting (tenant_id, node);
    {PARENT_INDEX}
    """,
    sql=range_sql("""
    SELECT thing, event_id, event_at, role, parent, parent
    FROM unnest(%(probe_things)s::bigint[], %(nodes)s::bigint[]) AS probe(thing, node)
    JOIN posting ON tenant_id = %(tenant)s AND posting.node = probe.node
    """).replace("children", children(_BLOCK_FIRST, f"{_BLOCK_FIRST} + (1::bigint << {_LEVEL}) - 1"), 1),
    columns=block_columns,
    ask=block_probes,
)


# E. Block ranges of months, and the relational interval tree.

_MONTHS: Final = [f"{year}-{month:02}-01" for year in range(2023, 2028) for month in range(1, 13)]

BRIN: Final = Candidate(
    name="brin",
    idea="ranges in months, under BRIN",
    ddl=f"""
    {RANGE_TABLE} PARTITION BY RANGE (event_at);
    {
        " ".join(
            f"CREATE TABLE posting_{since[:7].replace('-', '_')} PARTITION OF posting "
            f"FOR VALUES FROM ('{since}') TO ('{until}');"
            for since, until in itertools.pairwise(_MONTHS)
        )
    }
    CREATE INDEX posting_brin ON posting USING brin (first, last) WITH (pages_per_range = 16);
    {PARENT_INDEX}
    """,
    sql=range_sql("""
    SELECT x.thing, event_id, event_at, role, parent, parent FROM unnest(%(things)s::bigint[]) AS x(thing)
    JOIN posting ON tenant_id = %(tenant)s AND first <= x.thing AND last >= x.thing
    """).replace("children", children("first", "last"), 1),
    columns=range_columns,
    ask=only_things,
    is_steered=False,
)


def fork_columns(events: Events, touches: Touches) -> Columns:
    """File a range under the number in it with most trailing zeros (Kriegel, Pötke, Seidl: RI-tree, 2000)."""
    bits = np.frexp(((touches.first - 1) ^ touches.last).astype(float))[1].astype(np.int64) - 1
    columns = range_columns(events, touches)
    del columns["size_class"]
    return {"node": Column("int8", (touches.last >> bits) << bits)} | columns


def fork_probes(things: Sequence[int]) -> Parameters:
    left: list[tuple[Int8, Int8]] = []
    right: list[tuple[Int8, Int8]] = []
    for thing in things:
        # The numbers on the way from the root of the virtual backbone down to the thing itself.
        trailing = (thing & -thing).bit_length() - 1
        for level in range(trailing, BACKBONE_BITS):
            node = (thing >> level + 1 << level + 1) + (1 << level)
            (left if node <= thing else right).append((Int8(thing), Int8(node)))
    return only_things(things) | {
        "left_things": [thing for thing, _ in left],
        "left_nodes": [node for _, node in left],
        "right_things": [thing for thing, _ in right],
        "right_nodes": [node for _, node in right],
    }


BACKBONE_BITS: Final = 36

INTERVAL_TREE: Final = Candidate(
    name="interval_tree",
    idea="ranges under their fork node; two btrees (relational interval tree)",
    ddl=f"""
    CREATE TABLE posting (
        tenant_id bigint NOT NULL, node bigint NOT NULL, first bigint NOT NULL, last bigint NOT NULL,
        event_id bigint NOT NULL, event_at timestamptz NOT NULL, role smallint NOT NULL, parent bigint
    );
    CREATE INDEX posting_first ON posting (tenant_id, node, first);
    CREATE INDEX posting_last ON posting (tenant_id, node, last);
    {PARENT_INDEX}
    """,
    sql=range_sql("""
    SELECT thing, event_id, event_at, role, parent, parent
    FROM unnest(%(left_things)s::bigint[], %(left_nodes)s::bigint[]) AS probe(thing, node)
    JOIN posting ON tenant_id = %(tenant)s AND posting.node = probe.node AND last >= thing
    UNION ALL
    SELECT thing, event_id, event_at, role, parent, parent
    FROM unnest(%(right_things)s::bigint[], %(right_nodes)s::bigint[]) AS probe(thing, node)
    JOIN posting ON tenant_id = %(tenant)s AND posting.node = probe.node AND first <= thing
    """).replace("children", children("first", "last"), 1),
    columns=fork_columns,
    ask=fork_probes,
)


# F. Runs of events: event_id + i lists the next per_event things, for i below event_count. A row says it for
# one side of an aggregation, a second row for the other; what belongs to one event alone is a run of one.


def run_columns(events: Events, touches: Touches) -> Columns:
    t, length = touches, touches.last - touches.first + 1
    captured = events.captured[t.event - events.first_id]
    tenant = events.tenant[t.event - events.first_id]
    goes_on = (
        (np.diff(t.event) == 1)
        & (t.first[1:] == t.last[:-1] + 1)
        & (np.diff(t.role) == 0)
        & (np.diff(length) == 0)
        & (np.diff(captured) == 0)  # the same capture
        & (np.diff(tenant) == 0)
        & (((t.parent[:-1] > 0) & (np.diff(t.parent) == 1)) | ((t.parent[:-1] == 0) & (t.parent[1:] == 0)))
    )
    begins = np.flatnonzero(np.append(True, ~goes_on))
    count = np.diff(np.append(begins, len(length)))
    assert int(count.max()) < 1 << 15, f"a run of {count.max()} events does not fit a smallint"
    things = Columns(
        slot=Column("int8", slot(t.first[begins], length[begins] * count)),
        event_id=Column("int8", t.event[begins]),
        per_event=Column("int4", length[begins]),
        event_count=Column("int2", count),
        role=Column("int2", t.role[begins]),
        other=Column("int8?", t.parent[begins]),
    )
    paired = np.flatnonzero(t.parent[begins])
    parents = Columns(
        slot=Column("int8", slot(t.parent[begins][paired], count[paired])),
        event_id=Column("int8", t.event[begins][paired]),
        per_event=Column("int4", length[begins][paired]),
        event_count=Column("int2", count[paired]),
        role=Column("int2", np.full(len(paired), Role.PARENT)),
        other=Column("int8?", t.first[begins][paired]),
    )
    order = np.argsort(np.concatenate([things["event_id"].values, parents["event_id"].values]), kind="stable")
    both = {
        name: Column(one.kind, np.concatenate([one.values, parents[name].values])[order])
        for name, one in things.items()
    }
    event = both["event_id"].values - events.first_id
    return {
        "tenant_id": Column("int8", events.tenant[event]),
        "slot": both["slot"],
        "event_id": both["event_id"],
        "event_at": Column("timestamptz", events.at[event]),
        "per_event": both["per_event"],
        "event_count": both["event_count"],
        "role": both["role"],
        "other": both["other"],
    }


CLASS_BITS: Final = 4
CLASSES: Final = range(32 // CLASS_BITS + 1)


def slot(first: Ints, length: Ints) -> Ints:
    """Return where a run of things is filed: by size class, then by its first thing."""
    return size_class(length, base_bits=CLASS_BITS) << ID_BITS | first


RUNS: Final = Candidate(
    name="runs",
    idea="runs of events, filed by size in steps of 16; one btree",
    # Nothing is left to the planner, whose guess for each probe is half a percent of the table. Both inner
    # LIMITs are fences: a join with event would take the arithmetic into its condition, which is not
    # leakproof and so may use no index under row-level security; and for the outer LIMIT it has sorted all
    # events. The settings leave only the index, read backwards until there are enough, and one plan for all.
    ddl=f"""
    CREATE TABLE posting (
        tenant_id bigint NOT NULL, slot bigint NOT NULL, event_id bigint NOT NULL,
        event_at timestamptz NOT NULL, per_event integer NOT NULL, event_count smallint NOT NULL,
        role smallint NOT NULL, other bigint
    );
    CREATE INDEX posting_slot ON posting (slot, event_at);

    CREATE OR REPLACE FUNCTION touching(things bigint[], tenant bigint, count_max bigint)
    RETURNS TABLE (
        thing bigint, event_id bigint, event_at timestamptz, role smallint,
        other_first bigint, other_last bigint
    )
    LANGUAGE plpgsql STABLE ROWS 100
    SET plan_cache_mode = force_generic_plan
    SET enable_bitmapscan = off SET enable_seqscan = off SET max_parallel_workers_per_gather = 0
    SET search_path = bench, pg_temp AS $$
    #variable_conflict use_column
    BEGIN
        RETURN QUERY
        SELECT
            asked.thing, hit.event_id, told.event_at, hit.role,
            CASE hit.role & 3 WHEN 2 THEN other + nth WHEN 3 THEN other + nth * per_event END,
            CASE hit.role & 3 WHEN 2 THEN other + nth WHEN 3 THEN other + (nth + 1) * per_event - 1 END
        FROM unnest(touching.things) AS asked(thing)
        CROSS JOIN generate_series(0, {CLASSES.stop - 1}) AS class(k)
        CROSS JOIN LATERAL (
            SELECT posting.event_id + nth AS event_id, nth, role, other, per_event
            FROM posting
            CROSS JOIN LATERAL (
                SELECT (asked.thing - (slot & {ID_MASK})) / CASE role & 3 WHEN 3 THEN 1 ELSE per_event END
            ) AS place(nth)
            WHERE tenant_id = touching.tenant
                AND slot >= (k::bigint << {ID_BITS})
                    + greatest(asked.thing - (1::bigint << {CLASS_BITS} * k) + 1, 0)
                AND slot <= (k::bigint << {ID_BITS}) + asked.thing
                AND nth < event_count
            ORDER BY slot DESC, event_at DESC LIMIT touching.count_max
        ) AS hit
        CROSS JOIN LATERAL (SELECT event_at FROM event WHERE id = hit.event_id LIMIT 1) AS told
        ORDER BY told.event_at DESC LIMIT touching.count_max;
    END $$;
    """,
    sql="SELECT * FROM touching(%(things)s::bigint[], %(tenant)s, %(limit)s)",
    columns=run_columns,
    ask=only_things,
)

CANDIDATES: Final = {
    one.name: one
    for one in (ITEMS_BTREE, GIST, SPGIST, CLASSES_2, CLASSES_16, BLOCKS, BRIN, INTERVAL_TREE, RUNS)
}


# -- the measurement -----------------------------------------------------------------------------------------

POLICY: Final = "tenant_id = ANY ((SELECT bench.tenants())::bigint[]) OR (SELECT bench.is_platform())"
"""The shape of the tenant policy of every table (`wuma.kernel.ddl`), with a plain setting for its token."""

GROUND: Final = """
CREATE SCHEMA bench;
CREATE FUNCTION bench.tenants() RETURNS bigint[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN string_to_array(current_setting('bench.tenants', true), ',')::bigint[];
CREATE FUNCTION bench.is_platform() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('bench.tenants', true) = '*', false);
GRANT USAGE ON SCHEMA bench TO wuma_app;
CREATE EXTENSION btree_gist;
CREATE TABLE bench.event (
    tenant_id bigint NOT NULL, id bigint NOT NULL, event_at timestamptz NOT NULL,
    captured_at timestamptz NOT NULL, kind smallint NOT NULL, PRIMARY KEY (id)
);
"""


def main() -> int:
    """Run the candidates on one world and write down what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--candidates", default=",".join(CANDIDATES), help="comma-separated; default: all")
    parser.add_argument(
        "--cases-per-receipt-max", type=int, default=4, help="a store receives 1 to so many at a time"
    )
    parser.add_argument(
        "--cases-per-capture", type=int, default=100, help="what the box of a line hands over at once"
    )
    parser.add_argument(
        "--folder", type=Path, default=None, help="where the database is made; default: temporary"
    )
    options = parser.parse_args()
    chosen = options.candidates.split(",")
    if unknown := set(chosen) - set(CANDIDATES):
        parser.error(f"unknown candidates {sorted(unknown)}; expected some of {list(CANDIDATES)}")

    world = imagine(
        items=options.items,
        seed=options.seed,
        cases_per_receipt_max=options.cases_per_receipt_max,
        cases_per_capture=options.cases_per_capture,
    )
    run: dict[str, Any] = {
        "items": options.items,
        "cases_per_receipt_max": options.cases_per_receipt_max,
        "cases_per_capture": options.cases_per_capture,
        "seed": options.seed,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "events": len(world.events.at),
        "touch_runs": len(world.touches.event),
        "things_listed": int((world.touches.last - world.touches.first + 1).sum()),
        "round_trip_ms": {},
        "candidates": {},
    }
    print(
        f"{options.items:,} items: {run['events']:,} events list {run['touch_runs']:,} runs of things",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="wuma-trace-index-", dir=options.folder) as folder:
        Path(folder).chmod(0o711)  # as root, the server is another user
        with EmbeddedPostgres(Path(folder) / "data") as server, Bench.open(server, world) as bench:
            run["versions"] = report.versions("numpy", "psycopg", "embedded-postgres") | {
                "postgresql": bench.owner.info.parameter_status("server_version")
            }
            run["event_table"] = bench.load_events()
            run["round_trip_ms"] = bench.round_trip()
            run["trace_lengths"] = bench.lengths()
            for name in chosen:
                started = time.perf_counter()
                run["candidates"][name] = measured = bench.measure(CANDIDATES[name])
                print(summary(name, measured, time.perf_counter() - started), flush=True)
                record(run)
    return 0


class Bench:
    """A world, a server, and two who sign in: the owner, and the program that row-level security binds."""

    def __init__(self, server: EmbeddedPostgres, world: World) -> None:
        self.world = world
        self.owner: Connection = psycopg.connect(server.dsn("wuma_owner"), autocommit=True)
        self.program: Connection = psycopg.connect(server.dsn("wuma_app"), autocommit=True)
        superuser: Connection = psycopg.connect(server.dsn("postgres"), autocommit=True)
        superuser.execute("GRANT wuma_owner TO postgres")
        superuser.close()
        self.owner.execute(GROUND.encode())
        for connection in (self.owner, self.program):
            connection.execute("SET search_path = bench, public")
        rng = np.random.default_rng(1)
        sizes = np.array([len(lot.items) for lot in world.lots])
        lots = rng.choice(len(sizes), ITEMS_ASKED + WARM_UP, p=sizes / sizes.sum())
        self.asked = [(int(rng.choice(world.lots[lot].items)), world.lots[lot].tenant) for lot in lots]
        self.pallets = [
            (int(rng.choice(world.lots[lot].pallets)), world.lots[lot].tenant) for lot in lots[:300]
        ]

    @classmethod
    def open(cls, server: EmbeddedPostgres, world: World) -> Self:
        """Sign in and prepare the ground."""
        return cls(server, world)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.owner.close()
        self.program.close()

    def load_events(self) -> dict[str, Any]:
        """Load the table of events, which all candidates share and which is counted apart."""
        seconds = self._load_events(self.world.events)
        self.owner.execute("VACUUM (FREEZE, ANALYZE) event")
        self._protect("event")
        return {"load_seconds": round(seconds, 2), "bytes": self._bytes("event")}

    def _load_events(self, events: Events) -> float:
        return load(
            self.owner,
            "event",
            {
                "tenant_id": Column("int8", events.tenant),
                "id": Column("int8", events.first_id + np.arange(len(events.at))),
                "event_at": Column("timestamptz", events.at),
                "captured_at": Column("timestamptz", events.captured),
                "kind": Column("int2", events.kind),
            },
        )

    def round_trip(self) -> dict[str, float]:
        """Return what the cheapest question costs; it is in every latency below."""
        return timed(lambda _: self.program.execute("SELECT 1", prepare=True).fetchall(), range(1_000))

    def lengths(self) -> dict[str, float]:
        """Return how many events an item has, its own and its parents', according to the world."""
        own, whole = [], []
        for item, _ in self.asked[:ITEMS_CHECKED]:
            own.append(len(self.world.touching(item)))
            whole.append(len(trace(self._oracle, item)))
        return {
            "own_mean": round(float(np.mean(own)), 2),
            "with_parents_mean": round(float(np.mean(whole)), 2),
        }

    def _oracle(self, things: Sequence[int]) -> list[Touch]:
        return [touch for thing in things for touch in self.world.touching(thing)]

    def measure(self, candidate: Candidate) -> dict[str, Any]:
        """Load a candidate, hold its answers against the world, ask, attack, and drop it."""
        self.owner.execute(candidate.ddl.encode())
        columns = candidate.columns(self.world.events, self.world.touches)
        row_count = len(next(iter(columns.values())).values)
        seconds = load(self.owner, "posting", columns)
        del columns
        self.owner.execute("VACUUM (FREEZE, ANALYZE) posting")
        size = self._bytes("posting")
        items = sum(len(lot.items) for lot in self.world.lots)
        measured: dict[str, Any] = {
            "idea": candidate.idea,
            "rows": row_count,
            "rows_per_item": round(row_count / items, 4),
            "bytes": size,
            "bytes_per_item": round(sum(size.values()) / items, 2),
            "load_seconds": round(seconds, 2),
            "rows_per_second": round(row_count / seconds),
            "events_per_second": round(len(self.world.events.at) / seconds),
        }
        asked = self.asked[WARM_UP:]
        stab = Stabber(self.owner, candidate)
        stab.warm_up(self.asked)
        measured["stab_ms"] = timed(stab.one, asked)
        self._protect("posting")
        stab = Stabber(self.program, candidate)
        self._check(stab)
        stab.warm_up(self.asked)
        measured["stab_rls_ms"] = timed(stab.one, asked, before=stab.sign_in)
        measured["trace_rls_ms"] = timed(
            lambda question: trace(stab.many, question[0]), asked[: ITEMS_ASKED // 2], before=stab.sign_in
        )
        measured["pallet_contents_rls_ms"] = timed(
            lambda question: contents(stab.many, question[0]), self.pallets, before=stab.sign_in
        )
        measured["explained_rls"] = stab.explain(asked[:20])
        measured["attacked_rls_ms"] = self._attack(candidate, stab)
        self.owner.execute("DROP TABLE posting CASCADE")
        return measured

    def _check(self, stab: Stabber) -> None:
        """Compare answers with the world's: items, cases, pallets; stabs and traces."""
        lots = [
            self.world.lots[number] for number in np.linspace(0, len(self.world.lots) - 1, 10).astype(int)
        ]
        questions = [*self.asked[:ITEMS_CHECKED]]
        questions += [
            (int(things[len(things) // 3]), lot.tenant) for lot in lots for things in (lot.cases, lot.pallets)
        ]
        for thing, tenant in questions:
            stab.sign_in((thing, tenant))
            own = _comparable(self.world.touching(thing))
            got = _comparable(stab.many([thing]))
            assert got == own, f"{stab.candidate.name}, thing {thing}: expected {own}, got {got}"
            assert trace(stab.many, thing) == trace(self._oracle, thing), (
                f"{stab.candidate.name}: trace of {thing}"
            )
            stab.sign_in((thing, TENANTS + 1))
            assert stab.many([thing]) == [], f"{stab.candidate.name}: a stranger sees thing {thing}"

    def _attack(self, candidate: Candidate, stab: Stabber) -> dict[str, Any]:
        """Add what hurts, one kind after the other, and ask again."""
        results: dict[str, Any] = {}
        lot = max(self.world.lots, key=lambda lot: len(lot.items))
        next_thing = max(lot.pallets.stop for lot in self.world.lots) + 1_000
        next_event = int(self.owner.execute("SELECT max(id) + 1 FROM event").fetchall()[0][0])
        middle = lot.items[len(lot.items) // 2]
        near = lot.items[len(lot.items) // 4]
        attacks = {
            # name: first and last thing of each event, how many such events, which thing is asked for
            "busy_thing": (next_thing, next_thing, 100_000, next_thing),
            "huge_range": (next_thing + 10, next_thing + 200_000_009, 1, next_thing + 123_456_789),
            "thousand_lot_events": (lot.items.start, lot.items.stop - 1, 1_000, middle),
            "thousand_near_misses": (near - 200, near - 100, 1_000, near),
        }
        for name, (first, last, count, asked) in attacks.items():
            if candidate is ITEMS_BTREE and (last - first + 1) * count > 2_000_000:
                results[name] = f"not stored: {(last - first + 1) * count:,} rows"
                continue
            draft = Draft()
            at = BEGIN + 900 * DAY + np.arange(count) * SECOND
            event = draft.happen(Kind.CONSUMER, tenant=lot.tenant, at=at, captured=at)
            draft.touch(Role.LISTED, event, np.full(count, first), np.full(count, last))
            world = draft.told([], first_id=next_event)
            next_event += count
            self._load_events(world.events)
            seconds = load(self.owner, "posting", candidate.columns(world.events, world.touches))
            self.owner.execute("ANALYZE posting")
            question = (asked, lot.tenant)
            stab.sign_in(question)
            results[name] = {
                "load_seconds": round(seconds, 2),
                "answers": len(stab.many([asked])),
                "all_ms": timed(stab.one, [question] * 30),
                "newest_100_ms": timed(stab.newest, [question] * 30),
            }
        self.owner.execute(
            "DELETE FROM event WHERE id >= %s", (self.world.events.first_id + len(self.world.events.at),)
        )
        return results

    def _protect(self, table: str) -> None:
        self.owner.execute(
            f"""
            ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
            CREATE POLICY tenant ON {table} USING ({POLICY}) WITH CHECK ({POLICY});
            GRANT SELECT ON {table} TO wuma_app
            """.encode()
        )

    def _bytes(self, table: str) -> dict[str, int]:
        """Return the size of a table and of each index, over all partitions."""
        rows = self.owner.execute(
            """
            WITH part AS (
                SELECT relid FROM pg_partition_tree(%(table)s::regclass) UNION SELECT %(table)s::regclass
            )
            SELECT 'table', sum(pg_table_size(relid))::bigint FROM part
            UNION ALL
            SELECT split_part(pg_get_indexdef(indexrelid), ' USING ', 2), pg_table_size(indexrelid)
            FROM part JOIN pg_index ON indrelid = relid
            """,
            {"table": table},
        ).fetchall()
        sizes: dict[str, int] = defaultdict(int)
        for name, size in rows:
            sizes[name] += size
        return dict(sizes)


class Stabber:
    """Asks one candidate."""

    def __init__(self, connection: Connection, candidate: Candidate) -> None:
        self.candidate = candidate
        self._connection = connection
        self._sql = candidate.sql.encode()
        self._tenant = 0
        # One plan for every question, and none that collects before it sorts, where it helps the candidate.
        connection.execute("RESET ALL; SET search_path = bench, public")
        if candidate.is_steered:
            connection.execute("SET plan_cache_mode = force_generic_plan; SET enable_bitmapscan = off")

    def sign_in(self, question: tuple[int, int]) -> None:
        """Become the tenant of the question."""
        self._tenant = question[1]
        self._connection.execute("SELECT set_config('bench.tenants', %s, false)", (str(self._tenant),))

    def warm_up(self, questions: Sequence[tuple[int, int]]) -> None:
        """Read the upper levels of the index, and let the planner settle on its plan."""
        deadline = time.perf_counter() + SECONDS_PER_QUESTION_MAX / 4
        for question in questions[:WARM_UP]:
            self.sign_in(question)
            self.one(question)
            if time.perf_counter() > deadline:
                break

    def one(self, question: tuple[int, int]) -> list[Touch]:
        """Ask for all events of one thing."""
        self._tenant = question[1]
        return self.many([question[0]])

    def newest(self, question: tuple[int, int]) -> list[Touch]:
        """Ask for its last hundred."""
        self._tenant = question[1]
        return self.many([question[0]], limit=100)

    def many(self, things: Sequence[int], *, limit: int = EVENTS_PER_THING_MAX) -> list[Touch]:
        """Ask for all events of some things at once."""
        parameters = self._parameters(things, limit)
        rows = self._connection.execute(self._sql, parameters, prepare=True, binary=True).fetchall()
        return [Touch._make(row) for row in rows]

    def _parameters(self, things: Sequence[int], limit: int) -> Parameters:
        return self.candidate.ask(things) | {"tenant": Int8(self._tenant), "limit": Int8(limit)}

    def explain(self, questions: Sequence[tuple[int, int]]) -> dict[str, Any]:
        """Return pages touched and the server's own time for some stabs, and how they were planned."""
        pages, milliseconds, nodes = [], [], set()
        for question in questions:
            self.sign_in(question)
            parameters = self._parameters([question[0]], EVENTS_PER_THING_MAX)
            explain = b"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + self._sql
            plan = self._connection.execute(explain, parameters).fetchall()[0][0][0]
            pages.append(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"])
            milliseconds.append(plan["Execution Time"])
            nodes |= {
                _named(node)
                for node in _nodes(plan["Plan"])
                if "Relation Name" in node or "Index Name" in node
            }
        return {
            "pages_median": float(np.median(pages)),
            "pages_max": int(max(pages)),
            "server_ms_median": round(float(np.median(milliseconds)), 3),
            "reads": sorted(nodes)[:8],
        }


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _named(node: Mapping[str, Any]) -> str:
    what = node.get("Index Name") or node["Relation Name"]
    condition = node.get("Index Cond") or node.get("Recheck Cond") or "no index condition"
    what, condition = re.sub(r"_20\d\d_\d\d", "", what), re.sub(r"'\d+'::bigint", "$", condition)
    return f"{node['Node Type']} {what}: {condition}"


def _comparable(touches: Sequence[Touch]) -> list[tuple[int, int, list[int]]]:
    """Return events with the others they name one by one, since candidates cut ranges differently."""
    others: dict[tuple[int, int], set[int]] = defaultdict(set)
    for touch in touches:
        named = others[touch.event_id, touch.role]
        if touch.other_first and touch.other_last:
            named.update(range(touch.other_first, touch.other_last + 1))
    return sorted((event_id, role, sorted(named)) for (event_id, role), named in others.items())


def timed(
    ask: Callable[[Any], object], questions: Sequence[Any], *, before: Callable[[Any], None] | None = None
) -> dict[str, float]:
    """Ask each question three times in a row, until the time is up; return milliseconds.

    ``p50`` and ``p99`` are of the first answers, with whatever else the machine did and the pages not yet in
    shared buffers; ``best_p50`` and ``best_p99`` are of the best answer to each question, which is disturbed
    less.
    """
    first: list[float] = []
    best: list[float] = []
    deadline = time.perf_counter() + SECONDS_PER_QUESTION_MAX
    for question in questions:
        if before is not None:
            before(question)
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            ask(question)
            taken.append((time.perf_counter() - start) * 1e3)
        first.append(taken[0])
        best.append(min(taken))
        if time.perf_counter() > deadline:
            break
    return {
        "p50": _percentile(first, 50),
        "p99": _percentile(first, 99),
        "best_p50": _percentile(best, 50),
        "best_p99": _percentile(best, 99),
        "asked": len(first),
    }


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(float(np.percentile(values, percent)), 3)


def load(connection: Connection, table: str, columns: Columns) -> float:
    """COPY rows in chunks, each a transaction of its own; return the seconds it took the server."""
    count = len(next(iter(columns.values())).values)
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)".encode()
    seconds = 0.0
    for begin in range(0, count, ROWS_PER_COPY):
        chunk = binary_rows(list(columns.values()), slice(begin, min(begin + ROWS_PER_COPY, count)))
        start = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(chunk)
        seconds += time.perf_counter() - start
    return seconds


DTYPES: Final[dict[str, np.dtype[Any]]] = {
    "int2": np.dtype(">i2"),
    "int4": np.dtype(">i4"),
    "int8": np.dtype(">i8"),
    "int8?": np.dtype(">i8"),
    "timestamptz": np.dtype(">i8"),
    "int8range": np.dtype(
        [("flags", "u1"), ("lower_size", ">i4"), ("lower", ">i8"), ("upper_size", ">i4"), ("upper", ">i8")]
    ),
}


def binary_rows(columns: Sequence[Column], rows: slice) -> bytes:
    """Return rows in the binary format of COPY, header to trailer; those that end in NULL come first."""
    assert all(column.kind != "int8?" for column in columns[:-1]), "only the last column may be NULL"
    is_null = (columns[-1].values[rows] == 0) & (columns[-1].kind == "int8?")
    parts = [b"PGCOPY\n\xff\r\n\0" + bytes(8)]
    for null in (True, False):
        chosen = np.flatnonzero(is_null == null) + rows.start
        layout: list[tuple[str, Any]] = [("count", ">i2")]
        for number, column in enumerate(columns):
            layout.append((f"size{number}", ">i4"))
            if not (null and number == len(columns) - 1):
                layout.append((f"value{number}", DTYPES[column.kind]))
        table = np.zeros(len(chosen), np.dtype(layout))
        table["count"] = len(columns)
        for number, column in enumerate(columns):
            if null and number == len(columns) - 1:
                table[f"size{number}"] = -1
                continue
            table[f"size{number}"] = DTYPES[column.kind].itemsize
            if column.upper is None:
                table[f"value{number}"] = column.values[chosen]
            else:
                value = table[f"value{number}"]
                value["flags"], value["lower_size"], value["upper_size"] = 0x02, 8, 8  # lower inclusive
                value["lower"], value["upper"] = column.values[chosen], column.upper[chosen]
        parts.append(table.tobytes())
    return b"".join([*parts, b"\xff\xff"])


def summary(name: str, measured: Mapping[str, Any], seconds: float) -> str:
    """One line for whoever watches."""
    return (
        f"{name:14} {measured['bytes_per_item']:7.1f} B/item  {measured['rows_per_item']:6.3f} rows/item"
        f"  {measured['events_per_second']:9,} events/s"
        + "".join(
            f"  {what} {'/'.join(f'{measured[key][one]:.2f}' for one in ('p50', 'p99', 'best_p99'))} ms"
            for what, key in (
                ("stab", "stab_ms"),
                ("rls", "stab_rls_ms"),
                ("trace", "trace_rls_ms"),
                ("pallet", "pallet_contents_rls_ms"),
            )
        )
        + f"  ({seconds:.0f} s)"
    )


def record(run: Mapping[str, Any]) -> None:
    """Put a run into the file of results, in place of an earlier one of the same world."""
    path = Path(__file__).parent / "results" / "trace_index.json"
    path.parent.mkdir(exist_ok=True)
    earlier: list[dict[str, Any]] = json.loads(path.read_text())["runs"] if path.exists() else []
    world = ("items", "cases_per_receipt_max", "cases_per_capture", "seed")
    same = [one for one in earlier if all(one[key] == run[key] for key in world)]
    candidates = {name: measured for one in same for name, measured in one["candidates"].items()}
    merged = dict(run) | {"candidates": candidates | run["candidates"]}
    runs = [*(one for one in earlier if one not in same), merged]
    results = {
        "benchmark": "trace_index",
        "runs": sorted(runs, key=lambda one: [one[key] for key in world]),
    }
    path.write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
