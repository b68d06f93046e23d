"""Where an item has been, as far as a consumer is told: steps of the trace with rough places.

Asked for many items at once, like the verdict. The names of places are kept: a brand has hundreds of
warehouses and dealers, and they do not move.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool

from wuma.chain.trace.facade import StepSeen, foreign_keys, steps_of
from wuma.journeys.scan_code.answer import Step
from wuma.kernel.batching import Batcher
from wuma.kernel.db import Database, HotPool
from wuma.kernel.tenancy import PLATFORM, Scope
from wuma.support.masterdata.facade import named_by_gln, place_names

NAMES_KEPT_SECONDS: Final = 600
NAMES_KEPT_MAX: Final = 100_000

_GLN: Final = re.compile(r"https://id\.gs1\.org/41[47]/(\d{13})(?:/254/.+)?")
_Item = tuple[int, int]


class Ways:
    """Tells the way of items: (tenant, unit) in, steps out."""

    def __init__(self, pool: HotPool, database: Database) -> None:
        self._pool = pool
        self._database = database
        self._names: dict[_Item, tuple[str, str]] = {}
        self._names_until = 0.0
        self._batcher: Batcher[_Item, list[StepSeen]] = Batcher(self._read)

    async def of(self, tenant_id: int, unit: int) -> tuple[Step, ...]:
        """Return the steps of one item, the earliest first."""
        seen = await self._batcher.ask((tenant_id, unit))
        places = {(tenant_id, step.location) for step in seen if step.location is not None}
        await self._learn(place for place in places if place not in self._names)
        steps = []
        for step in seen:
            zh, en = (
                ("", "") if step.location is None else self._names.get((tenant_id, step.location), ("", ""))
            )
            steps.append(Step(step.biz_step, step.at, zh, en))
        return tuple(steps)

    async def _read(self, items: Sequence[_Item]) -> Sequence[list[StepSeen]]:
        async with self._pool.transaction(Scope.of(*{tenant_id for tenant_id, _ in items})) as connection:
            found = await steps_of(connection, sorted(set(items)))
        return [found.get(unit, []) for _, unit in items]

    async def _learn(self, places: Iterable[_Item]) -> None:
        if time.monotonic() > self._names_until or len(self._names) > NAMES_KEPT_MAX:
            self._names_until = time.monotonic() + NAMES_KEPT_SECONDS
            self._names = {}
        unknown = list(places)
        if unknown:
            self._names |= await run_in_threadpool(self._name, unknown)

    def _name(self, places: Sequence[_Item]) -> dict[_Item, tuple[str, str]]:
        with self._database.transaction(PLATFORM) as session:
            keys = foreign_keys(session, [location for _, location in places])
            glns = {location: found[1] for location, key in keys.items() if (found := _GLN.fullmatch(key))}
            named = named_by_gln(session, set(glns.values()))
        return {
            (tenant_id, location): place_names(named.get((tenant_id, glns.get(location, "")), ("", None))[1])
            for tenant_id, location in places
        }
