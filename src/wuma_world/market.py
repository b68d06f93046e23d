"""Who buys which can, when: the shelf of each store, first in, first out."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from wuma_world.brand import Product, Store
from wuma_world.distribution import CaseTrip, Distribution
from wuma_world.people import Household
from wuma_world.production import Can
from wuma_world.scale import WEEKS

LAST_DAY: Final = WEEKS * 7 - 1
OTHER_STORE_SHARE: Final = 0.15
"""Purchases in another store of the city than the usual one."""


@dataclass(frozen=True, slots=True)
class Sale:
    """A can that a family took home."""

    can: Can
    product: Product
    store: Store
    family: Household
    day: int


@dataclass(frozen=True, slots=True)
class Market:
    """What was sold, and what is still on the shelves at the end."""

    sales: tuple[Sale, ...]
    left: dict[Store, list[tuple[int, Can]]]
    """Cans that nobody bought, with the day they came."""


def plan_sales(
    stores: Sequence[Store], distribution: Distribution, families: Sequence[Household], chance: Random
) -> Market:
    """Let every family buy a can when the last one is empty, where there is one."""
    arriving: defaultdict[int, list[CaseTrip]] = defaultdict(list)
    for trip in distribution.cases:
        arriving[trip.received_day].append(trip)
    buying: defaultdict[int, list[Household]] = defaultdict(list)
    for family in families:
        buying[chance.randrange(family.days_per_can)].append(family)
    stores_in: defaultdict[str, list[Store]] = defaultdict(list)
    for one in stores:
        stores_in[one.city.code].append(one)
    shelves: defaultdict[tuple[Store, Product], deque[tuple[int, Can]]] = defaultdict(deque)
    sales = []
    for day in range(LAST_DAY + 1):
        for trip in arriving[day]:
            shelves[trip.store, trip.pallet.product].extend((day, can) for can in trip.case.cans)
        for family in buying[day]:
            usual = family.store
            wanders = chance.random() < OTHER_STORE_SHARE
            tried = [chance.choice(stores_in[family.city.code]), usual] if wanders else [usual]
            store = next((shop for shop in tried if shelves[shop, family.product]), None)
            if store is None:
                buying[day + 1 + chance.randrange(3)].append(family)  # comes again in a few days
                continue
            _, can = shelves[store, family.product].popleft()
            sales.append(Sale(can, family.product, store, family, day))
            buying[day + family.days_per_can].append(family)
    left: defaultdict[Store, list[tuple[int, Can]]] = defaultdict(list)
    for (shop, _product), cans in shelves.items():
        if cans:
            left[shop].extend(cans)
    return Market(tuple(sales), dict(left))
