"""How cans get from the factory to the shelf: pallets to dealers, cases to stores."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Generic, TypeVar

from wuma_world.brand import Dealer, Product, Store
from wuma_world.people import Household
from wuma_world.production import Case, Pallet, Production

RELEASE_DAYS: Final = (2, 4)  # the laboratory lets a batch go
ROAD_DAYS: Final = (1, 4)
DEALER_DAYS: Final = (1, 6)
LOCAL_DAYS: Final = (0, 2)


@dataclass(frozen=True, slots=True)
class PalletTrip:
    """A pallet on its way to a dealer."""

    pallet: Pallet
    dealer: Dealer
    shipped_day: int
    received_day: int


@dataclass(frozen=True, slots=True)
class CaseTrip:
    """A case on its way to a store; the pallet was taken apart the day it left."""

    case: Case
    pallet: Pallet
    dealer: Dealer
    store: Store
    shipped_day: int
    received_day: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """All trips, by the day they begin."""

    pallets: tuple[PalletTrip, ...]
    cases: tuple[CaseTrip, ...]

    def touching(self, day: int) -> Mapping[Dealer, Moves]:
        """Return what leaves and arrives on a day, by dealer."""
        moves: defaultdict[Dealer, Moves] = defaultdict(Moves)
        for pallet in self.pallets:
            if pallet.shipped_day == day:
                moves[pallet.dealer].pallets_shipped.append(pallet)
            if pallet.received_day == day:
                moves[pallet.dealer].pallets_received.append(pallet)
        for case in self.cases:
            if case.shipped_day == day:
                moves[case.dealer].cases_shipped.append(case)
            if case.received_day == day:
                moves[case.dealer].cases_received.append(case)
        return moves


@dataclass(slots=True)
class Moves:
    """What leaves and arrives on one day, of the goods of one dealer."""

    pallets_shipped: list[PalletTrip] = field(default_factory=list)
    pallets_received: list[PalletTrip] = field(default_factory=list)
    cases_shipped: list[CaseTrip] = field(default_factory=list)
    cases_received: list[CaseTrip] = field(default_factory=list)


def plan_distribution(production: Production, families: Sequence[Household], chance: Random) -> Distribution:
    """Send every pallet to the dealer, and every case to the store, that is furthest behind its demand."""
    demand = _demand(families)
    stores_of: defaultdict[tuple[Dealer, Product], Counter[Store]] = defaultdict(Counter)
    dealers_of: defaultdict[Product, Counter[Dealer]] = defaultdict(Counter)
    for (store, product), weight in demand.items():
        stores_of[store.dealer, product][store] += weight
        dealers_of[product][store.dealer] += weight
    to_dealers = {product: _Shares(wanted) for product, wanted in dealers_of.items()}
    to_stores = {key: _Shares(wanted) for key, wanted in stores_of.items()}
    pallets, cases = [], []
    for batch in production.batches:
        for pallet in batch.pallets:
            if pallet.product not in to_dealers:
                continue  # nobody drinks it: it stays in the factory
            trip = _pallet_trip(pallet, to_dealers[pallet.product].next(len(pallet.cases)), chance)
            pallets.append(trip)
            shares = to_stores[trip.dealer, pallet.product]
            opened_day = trip.received_day + chance.randint(*DEALER_DAYS)
            for case in pallet.cases:
                arrives = opened_day + chance.randint(*LOCAL_DAYS)
                cases.append(CaseTrip(case, pallet, trip.dealer, shares.next(1), opened_day, arrives))
    return Distribution(
        tuple(sorted(pallets, key=lambda trip: trip.shipped_day)),
        tuple(sorted(cases, key=lambda trip: trip.shipped_day)),
    )


def _pallet_trip(pallet: Pallet, dealer: Dealer, chance: Random) -> PalletTrip:
    shipped = pallet.batch.day + chance.randint(*RELEASE_DAYS)
    return PalletTrip(pallet, dealer, shipped, shipped + chance.randint(*ROAD_DAYS))


def _demand(families: Sequence[Household]) -> Counter[tuple[Store, Product]]:
    demand: Counter[tuple[Store, Product]] = Counter()
    for family in families:
        demand[family.store, family.product] += 1000 // family.days_per_can
    return demand


Receiver = TypeVar("Receiver", Store, Dealer)


class _Shares(Generic[Receiver]):
    """Gives, turn by turn, to whoever is furthest behind their share."""

    def __init__(self, wanted: Mapping[Receiver, int]) -> None:
        total = sum(wanted.values())
        self._share: dict[Receiver, float] = {receiver: weight / total for receiver, weight in wanted.items()}
        self._given: dict[Receiver, int] = dict.fromkeys(wanted, 0)
        self._given_count = 0

    def next(self, count: int) -> Receiver:
        """Give so many at once, and return to whom."""
        self._given_count += count
        receiver = max(self._share, key=lambda one: self._share[one] * self._given_count - self._given[one])
        self._given[receiver] += count
        return receiver
