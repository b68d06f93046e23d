"""How far a recall has come, from its goods and its log: an equation that always holds.

affected = destroyed + back, not destroyed + outstanding, for all goods and for those of each holder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from wuma.chain.codes.facade import UnitRange, normalise, within

HOURS_OF_CLASS: Final = {1: 24, 2: 48, 3: 72}
"""Hours within which a recall must begin, by its class (食品召回管理办法, article 13)."""
TARGETS: Final = {"eu_4h": timedelta(hours=4), "fsma_24h": timedelta(hours=24)}
"""How soon the goods and their holders have to be named: large retailers and the EU's practice ask for four
hours, FSMA section 204 for 24 (21 CFR 1.1455)."""


class Fate(StrEnum):
    """What became of recalled goods. Whatever is destroyed is back, too."""

    RETURNED = "returned"
    DESTROYED = "destroyed"


@dataclass(frozen=True, slots=True)
class Balance:
    """Items under recall, and where they are."""

    affected: int
    destroyed: int
    held: int
    """Back with us, and not destroyed yet."""
    outstanding: int

    @property
    def recovered(self) -> int:
        """How many are back, destroyed ones among them."""
        return self.destroyed + self.held


@dataclass(frozen=True, slots=True)
class HolderProgress:
    """How far a recall has come with one holder; `holder` is None for goods that nobody is known to have."""

    holder: str | None
    balance: Balance
    notified_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Goods:
    """A run of items and who has it."""

    items: UnitRange
    holder: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """A holder was told, or answered."""

    holder: str
    is_answer: bool
    at: datetime


def balance_of(items: Iterable[UnitRange], recovered: Iterable[tuple[Fate, UnitRange]]) -> Balance:
    """Count items by what became of them.

    >>> balance_of([UnitRange(1, 10)], [(Fate.RETURNED, UnitRange(1, 4)), (Fate.DESTROYED, UnitRange(3, 6))])
    Balance(affected=10, destroyed=4, held=2, outstanding=4)
    """
    goods = normalise(items)
    known = list(recovered)
    back = _count(within(goods, (one for _, one in known)))
    destroyed = _count(within(goods, (one for fate, one in known if fate is Fate.DESTROYED)))
    affected = _count(goods)
    return Balance(affected, destroyed, back - destroyed, affected - back)


def progress_of(
    goods: Sequence[Goods], recovered: Sequence[tuple[Fate, UnitRange]], contacts: Iterable[Contact]
) -> list[HolderProgress]:
    """Say how far a recall has come with each holder, those with most outstanding first."""
    by_holder: defaultdict[str | None, list[UnitRange]] = defaultdict(list)
    for one in goods:
        by_holder[one.holder].append(one.items)
    notified: dict[str, datetime] = {}
    answered: dict[str, datetime] = {}
    for contact in contacts:
        first = answered if contact.is_answer else notified
        first[contact.holder] = min(contact.at, first.get(contact.holder, contact.at))
        by_holder.setdefault(contact.holder, [])
    found = [
        HolderProgress(
            holder,
            balance_of(items, recovered),
            None if holder is None else notified.get(holder),
            None if holder is None else answered.get(holder),
        )
        for holder, items in by_holder.items()
    ]
    return sorted(found, key=lambda one: (-one.balance.outstanding, -one.balance.affected, one.holder or ""))


def all_reached_at(holders: Iterable[HolderProgress]) -> datetime | None:
    """Return when the last known holder had been told; None while one has not."""
    told = [one.notified_at for one in holders if one.holder is not None]
    known = [at for at in told if at is not None]
    return max(known) if known and len(known) == len(told) else None


def _count(ranges: Iterable[UnitRange]) -> int:
    return sum(one.count for one in ranges)
