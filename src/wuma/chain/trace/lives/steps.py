"""The way of many items at once, in a few queries: what a consumer may see of where an item has been.

The same walk as `timeline`, made for the scan route: own events and those of case and pallet while the item
was in them, but only what is filed with the events (step, time, place) and only the steps that tell a
consumer something. All items of a batch go up one level together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from wuma.chain.trace.lives.containment import Bond, Mark, stays
from wuma.chain.trace.shelves.kinds import ACTIONS, TYPES
from wuma.chain.trace.shelves.postings import EVENT_OF_HIT, HITS, Role
from wuma.chain.trace.vocabulary import Action, EventType
from wuma_gs1.cbv import BizStep

LEVELS_MAX: Final = 4  # can, case, pallet, truck
STEPS_MAX: Final = 12
TOLD: Final = frozenset(
    {
        BizStep.COMMISSIONING,
        BizStep.INSPECTING,
        BizStep.PACKING,
        BizStep.SHIPPING,
        BizStep.DEPARTING,
        BizStep.ARRIVING,
        BizStep.RECEIVING,
        BizStep.STORING,
        BizStep.RETAIL_SELLING,
    }
)
"""Steps worth telling a consumer. Loading and counting are the house's own affair."""

_BONDS: Final = {
    ACTIONS[Action.ADD]: Bond.JOINED,
    ACTIONS[Action.OBSERVE]: Bond.SEEN_INSIDE,
    ACTIONS[Action.DELETE]: Bond.LEFT,
}
_CONTAINING: Final = {TYPES[EventType.AGGREGATION], TYPES[EventType.ASSOCIATION]}
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
_FIRST: Final = datetime.min.replace(tzinfo=UTC)

_TOUCHES: Final = f"""
SELECT hit.thing, hit.event_id, e.at, hit.role, hit.other_first, kind.type, kind.action, kind.biz_step,
    c.locations[e.pair] AS location
FROM unnest($1::bigint[], $2::bigint[]) AS given (tenant_id, thing)
{HITS}
{EVENT_OF_HIT}
JOIN trace.kind kind ON kind.id = c.kinds[e.pair]
"""


class StepSeen(NamedTuple):
    """One step of an item's way; `location` is the number of the place, if the event named one."""

    at: datetime
    biz_step: str
    location: int | None


class _Row(NamedTuple):
    thing: int
    event_id: int
    at: datetime
    role: int
    other_first: int | None
    type: int
    action: int | None
    biz_step: str | None
    location: int | None


@dataclass(frozen=True, slots=True)
class _Walk:
    """We follow a thing on behalf of an item, for as long as the item was in it."""

    item: int
    tenant_id: int
    thing: int
    since: datetime
    until: datetime


async def steps_of(
    connection: asyncpg.Connection, items: Sequence[tuple[int, int]]
) -> dict[int, list[StepSeen]]:
    """Return the way of items, given as (tenant, thing), the earliest step first."""
    found: defaultdict[int, dict[int, StepSeen]] = defaultdict(dict)
    walks = [_Walk(item, tenant_id, item, _FIRST, _FOREVER) for tenant_id, item in items]
    for _level in range(LEVELS_MAX):
        if not walks:
            break
        rows = await _touches(connection, {(walk.tenant_id, walk.thing) for walk in walks})
        walks = [above for walk in walks for above in _look(walk, rows.get(walk.thing, []), found[walk.item])]
    return {item: _shortened(sorted(steps.values())) for item, steps in found.items()}


def _shortened(steps: list[StepSeen]) -> list[StepSeen]:
    """Keep the beginning, which is where a thing was made, and the end."""
    return steps if len(steps) <= STEPS_MAX else [*steps[:2], *steps[2 - STEPS_MAX :]]


def _look(walk: _Walk, rows: list[_Row], steps: dict[int, StepSeen]) -> list[_Walk]:
    """Take the steps of a thing, and return what it was in."""
    until = min((row.at for row in rows if _empties(row) and row.at > walk.since), default=walk.until)
    until = min(until, walk.until)
    marks = []
    for row in rows:
        if row.role == Role.CHILD and row.other_first is not None and row.type in _CONTAINING:
            marks.append(
                Mark(row.at, row.event_id, _BONDS[row.action or 0], row.other_first, UUID(int=row.event_id))
            )
        if row.role != Role.PARENT and walk.since <= row.at < until and row.biz_step in TOLD:
            steps.setdefault(row.event_id, StepSeen(row.at, row.biz_step, row.location))
    return [
        _Walk(walk.item, walk.tenant_id, stay.parent, since, end)
        for stay in stays(marks)
        if (since := max(stay.since, walk.since)) < (end := min(stay.until or _FOREVER, until))
        and stay.parent != walk.thing
    ]


def _empties(row: _Row) -> bool:
    return row.role == Role.PARENT and row.other_first is None and row.action == ACTIONS[Action.DELETE]


async def _touches(connection: asyncpg.Connection, things: set[tuple[int, int]]) -> dict[int, list[_Row]]:
    tenant_ids, numbers = zip(*sorted(things), strict=True)
    rows = await connection.fetch(_TOUCHES, tenant_ids, numbers)
    found: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in rows:
        found[row["thing"]].append(_Row(*row))
    return found
