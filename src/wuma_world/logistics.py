"""The road: dealers receive pallets, take them apart, send cases to stores, and stores open them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from wuma_world.brand import Dealer
from wuma_world.capture import capture
from wuma_world.distribution import CaseTrip, Moves, PalletTrip
from wuma_world.epcis import LINKS, URNS, Event, Naming, Writer
from wuma_world.labels import Labels, Row
from wuma_world.office import Office
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS
from wuma_world.world import World

PALLETS_RECEIVED_HOUR: Final = 9
PALLETS_UNPACKED_HOUR: Final = 10
CASES_SHIPPED_HOUR: Final = 11
CASES_RECEIVED_HOUR: Final = 14  # also on the same day
CASES_UNPACKED_HOUR: Final = 16
PALLETS_SHIPPED_HOUR: Final = 17  # what was made today is on no truck before three days
TOLD_HOUR: Final = 20
"""Once a day, in the evening, everybody's software tells what happened."""

TOLD_AT_ONCE_MAX: Final = 3

Trip = TypeVar("Trip")
Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class Logistics:
    """Everybody who moves goods, and what their software tells Wuma."""

    world: World
    office: Office
    labels: Labels

    async def run(self, day: int) -> int:
        """Tell everything that moved on a day, and return how many events that was."""
        moves = self.world.distribution.touching(day)
        gate = asyncio.Semaphore(TOLD_AT_ONCE_MAX)

        async def tell(place: int, dealer: Dealer) -> int:
            async with gate:
                events = list(self._events(dealer, URNS if place % 2 else LINKS, moves[dealer], day))
                await capture(self.office.admin, events, at=self._at(day, TOLD_HOUR))
                return len(events)

        busy = [(place, dealer) for place, dealer in enumerate(self.world.brand.dealers) if dealer in moves]
        async with asyncio.TaskGroup() as all_of_them:
            tasks = [all_of_them.create_task(tell(place, dealer)) for place, dealer in busy]
        return sum(task.result() for task in tasks)

    def _events(self, dealer: Dealer, naming: Naming, moves: Moves, day: int) -> Iterator[Event]:
        """Yield the events of a dealer, of the factory that supplies them and of the stores they supply."""
        yield from self._pallets_shipped(moves.pallets_shipped, day)
        yield from self._pallets_received(moves.pallets_received, dealer, naming, day)
        yield from self._cases_shipped(moves.cases_shipped, dealer, naming, day)
        yield from self._cases_received(moves.cases_received, naming, day)

    def _pallets_shipped(self, trips: Iterable[PalletTrip], day: int) -> Iterator[Event]:
        at = self._at(day, PALLETS_SHIPPED_HOUR)
        for (gln, dealer), some in _grouped(
            trips, lambda trip: (trip.pallet.batch.line.site_gln, trip.dealer)
        ).items():
            writer = Writer(LINKS, some[0].pallet.product.company_prefix, gln)
            yield writer.shipped(self._pallets(some), dealer.gln, at, f"P{day:03d}{dealer.code}")

    def _pallets_received(
        self, trips: Iterable[PalletTrip], dealer: Dealer, naming: Naming, day: int
    ) -> Iterator[Event]:
        at = self._at(day, PALLETS_RECEIVED_HOUR)
        by_origin = _grouped(trips, lambda trip: (trip.pallet.batch.line.site_gln, trip.shipped_day))
        for (gln, shipped_day), some in by_origin.items():
            writer = Writer(naming, some[0].pallet.product.company_prefix, dealer.gln)
            yield writer.received(self._pallets(some), gln, at, f"P{shipped_day:03d}{dealer.code}")

    def _cases_shipped(
        self, trips: Sequence[CaseTrip], dealer: Dealer, naming: Naming, day: int
    ) -> Iterator[Event]:
        for pallet, some in _grouped(trips, lambda trip: trip.pallet).items():
            writer = Writer(naming, pallet.product.company_prefix, dealer.gln)
            yield writer.unpacked(
                self.labels.row(pallet.label), self._cases(some), self._at(day, PALLETS_UNPACKED_HOUR)
            )
        for store, some in _grouped(trips, lambda trip: trip.store).items():
            writer = Writer(naming, some[0].pallet.product.company_prefix, dealer.gln)
            yield writer.shipped(
                self._cases(some), store.gln, self._at(day, CASES_SHIPPED_HOUR), f"C{day:03d}{store.code}"
            )

    def _cases_received(self, trips: Iterable[CaseTrip], naming: Naming, day: int) -> Iterator[Event]:
        for (store, shipped_day), some in _grouped(
            trips, lambda trip: (trip.store, trip.shipped_day)
        ).items():
            writer = Writer(naming, some[0].pallet.product.company_prefix, store.gln)
            advice = f"C{shipped_day:03d}{store.code}"
            yield writer.received(
                self._cases(some), store.dealer.gln, self._at(day, CASES_RECEIVED_HOUR), advice
            )
            for trip in some:
                cans = [self.labels.row(can.label) for can in trip.case.cans]
                yield writer.unpacked(
                    self.labels.row(trip.case.label), cans, self._at(day, CASES_UNPACKED_HOUR)
                )

    def _pallets(self, trips: Iterable[PalletTrip]) -> list[Row]:
        return [self.labels.row(trip.pallet.label) for trip in trips]

    def _cases(self, trips: Iterable[CaseTrip]) -> list[Row]:
        return [self.labels.row(trip.case.label) for trip in trips]

    def _at(self, day: int, hour: int) -> datetime:
        return self.world.at(day * DAY_SECONDS + hour * HOUR_SECONDS)


def _grouped(trips: Iterable[Trip], key: Callable[[Trip], Key]) -> Mapping[Key, list[Trip]]:
    groups: defaultdict[Key, list[Trip]] = defaultdict(list)
    for trip in trips:
        groups[key(trip)].append(trip)
    return groups
