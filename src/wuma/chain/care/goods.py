"""The goods of a recall: what a scope means at this moment, as runs of things with their holders."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from wuma.chain.care.scope import Scope, starts_of
from wuma.chain.codes.facade import Labelled, UnitRange, labelled, normalise, without
from wuma.chain.trace.facade import FOREIGN_FROM, State, affected, foreign_keys, standing
from wuma.kernel.keys import Keyring

RUNS_MAX: Final = 100_000
"""Runs of one listing: 600,000 cans in cases of six that all lie somewhere else."""


class GoodsLevel(StrEnum):
    """What the things of a run are."""

    ITEM = "item"
    CASE = "case"
    PALLET = "pallet"
    OTHER = "other"
    """What is known by class only: a lot, a raw material."""


_ORDER: Final = {level: place for place, level in enumerate(GoodsLevel)}


@dataclass(frozen=True, slots=True)
class GoodsRun:
    """A run of things, all in one place and one hand; `holder` and `location` are canonical keys."""

    level: GoodsLevel
    first: int
    last: int
    product_id: UUID | None
    batch_id: UUID | None
    holder: str | None
    location: str | None
    parent: int | None
    disposition: str | None
    last_event_at: datetime | None

    @property
    def count(self) -> int:
        """How many things these are."""
        return self.last - self.first + 1


def list_goods(
    session: Session, keyring: Keyring, tenant_id: int, scope: Scope, *, now: datetime
) -> tuple[list[GoodsRun], bool]:
    """Return the goods of a scope as they stand now, and whether there are more than are listed.

    What holds them (cases, pallets) is listed, too: it has to be found, and opened.
    """
    starts = [(one.first, one.last) for one in starts_of(session, keyring, tenant_id, scope)]
    found = affected(session, tenant_id, starts, as_of=now)
    # Carriers that were left behind long ago are nobody's concern; those that hold something now are.
    above = {one.parent for state in found.states for one in state.parents}
    meant = [UnitRange(one.first, one.last) for one in found.states]
    around = without((UnitRange(number, number) for number in above), meant)
    carriers = standing(session, tenant_id, [(one.first, one.last) for one in around], as_of=now)
    states = [*found.states, *carriers]
    kinds = _Kinds(session, states)
    goods = sorted(
        (run for state in states for run in kinds.runs_of(state)),
        key=lambda run: (_ORDER[run.level], run.first),
    )
    return goods[:RUNS_MAX], found.is_cut or len(goods) > RUNS_MAX


class _Kinds:
    """What things are: own units by their orders and batches, others by what their keys say."""

    def __init__(self, session: Session, states: Sequence[State]) -> None:
        own = normalise(UnitRange(one.first, one.last) for one in states if one.last < FOREIGN_FROM)
        self._labelled = labelled(session, own)
        self._firsts = [one.units.first for one in self._labelled]
        foreign = [n for one in states if one.first >= FOREIGN_FROM for n in range(one.first, one.last + 1)]
        self._keys = foreign_keys(session, foreign)

    def runs_of(self, state: State) -> Iterator[GoodsRun]:
        """Cut a run of things that stand alike into runs of the same kind."""
        if state.first >= FOREIGN_FROM:
            for number in range(state.first, state.last + 1):
                yield _goods(state, level_of_key(self._keys.get(number, "")), number, number, None)
            return
        for place in range(max(bisect_right(self._firsts, state.first) - 1, 0), len(self._labelled)):
            one = self._labelled[place]
            if one.units.first > state.last:
                break
            first, last = max(one.units.first, state.first), min(one.units.last, state.last)
            if first <= last:
                yield _goods(state, GoodsLevel(one.level.value), first, last, one)


def level_of_key(key: str) -> GoodsLevel:
    """Say what a thing of others is, by its canonical key: an indicator digit means a case (GenSpecs 2.1.7).

    >>> level_of_key("https://id.gs1.org/01/10614141073464/21/2017").value
    'case'
    >>> level_of_key("https://id.gs1.org/01/06901234567892/10/L1").value
    'other'
    """
    if key.startswith("https://id.gs1.org/00/"):
        return GoodsLevel.PALLET
    found = _ITEM.fullmatch(key)
    if found is None:
        return GoodsLevel.OTHER
    return GoodsLevel.ITEM if found[1] == "0" else GoodsLevel.CASE


_ITEM: Final = re.compile(r"https://id\.gs1\.org/01/(\d)\d{13}(?:/.+)?/21/.+")


def _goods(state: State, level: GoodsLevel, first: int, last: int, labels: Labelled | None) -> GoodsRun:
    return GoodsRun(
        level=level,
        first=first,
        last=last,
        product_id=labels.product_id if labels else None,
        batch_id=labels.batch_id if labels else None,
        holder=state.holder.key if state.holder else None,
        location=state.where.key if state.where else None,
        parent=state.parents[0].parent if state.parents else None,
        disposition=state.disposition,
        last_event_at=state.last_act.at if state.last_act else None,
    )
