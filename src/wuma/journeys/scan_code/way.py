"""Where an item has been, as far as a consumer is told: steps of the trace with rough places.

The names of places are kept: a brand has hundreds of warehouses and dealers, and they do not move.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from typing import Final

from starlette.concurrency import run_in_threadpool

from wuma.chain.trace.facade import StepSeen, foreign_keys
from wuma.journeys.scan_code.answer import Step
from wuma.kernel.db import Database
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata.facade import named_by_gln, place_names

NAMES_KEPT_SECONDS: Final = 600
NAMES_KEPT_MAX: Final = 100_000

_GLN: Final = re.compile(r"https://id\.gs1\.org/41[47]/(\d{13})(?:/254/.+)?")
_Place = tuple[int, int]
Seen = Sequence[StepSeen]
"""The steps of one item, the earliest first."""


class Ways:
    """Tells the steps that were seen of an item."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._names: dict[_Place, tuple[str, str]] = {}
        self._names_until = 0.0

    async def told(self, tenant_id: int, seen: Seen) -> tuple[Step, ...]:
        """Return steps, the earliest first, with the places a consumer is told."""
        if not seen:
            return ()
        places = {(tenant_id, step.location) for step in seen if step.location is not None}
        await self._learn(place for place in places if place not in self._names)
        steps = []
        for step in seen:
            zh, en = (
                ("", "") if step.location is None else self._names.get((tenant_id, step.location), ("", ""))
            )
            steps.append(Step(step.biz_step, step.at, zh, en))
        return tuple(steps)

    async def _learn(self, places: Iterable[_Place]) -> None:
        if time.monotonic() > self._names_until or len(self._names) > NAMES_KEPT_MAX:
            self._names_until = time.monotonic() + NAMES_KEPT_SECONDS
            self._names = {}
        unknown = list(places)
        if unknown:
            self._names |= await run_in_threadpool(self._name, unknown)

    def _name(self, places: Sequence[_Place]) -> dict[_Place, tuple[str, str]]:
        with self._database.transaction(PLATFORM) as session:
            keys = foreign_keys(session, [location for _, location in places])
            glns = {location: found[1] for location, key in keys.items() if (found := _GLN.fullmatch(key))}
            named = named_by_gln(session, set(glns.values()))
        return {
            (tenant_id, location): place_names(named.get((tenant_id, glns.get(location, "")), ("", None))[1])
            for tenant_id, location in places
        }
