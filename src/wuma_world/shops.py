"""What happens in shops: customers and assistants scan the open codes on the shelf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from wuma_world.brand import Store
from wuma_world.distribution import CaseTrip, Distribution
from wuma_world.geography import City, Network
from wuma_world.market import LAST_DAY, Market
from wuma_world.people import Phone, Phones
from wuma_world.production import Label
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS, Printed, Scan, Side, Story

SHOPPER_SHARE: Final = 0.08
"""Cans whose open code a customer scans before buying."""
STAFF_SHARE: Final = 0.03
"""Cans whose open code an assistant scans."""
STAFF_AGAIN_SHARE: Final = 0.3
DISPLAY_SHARE: Final = 0.25
"""Shops with a can on the counter for everybody to try."""
DISPLAY_SCANS: Final = (5, 30)
ADVERTISED_PER_SALE: Final = 0.0005
ADVERTISED_SCANS: Final = (2, 8)
OPENING_HOURS: Final = (9.0, 21.0)


@dataclass(frozen=True, slots=True)
class Shops:
    """The scans in shops, and of what is offered second-hand."""

    network: Network
    phones: Phones
    cities: Sequence[City]
    chance: Random

    def scans(self, distribution: Distribution, market: Market) -> Iterator[Scan]:
        """Yield all of them."""
        for sale in market.sales:
            if self.chance.random() < SHOPPER_SHARE:
                shopper = sale.family.phones[0]
                yield self._in_shop(sale.store, sale.day, shopper, sale.can.label, Story.SHOPPER)
            if self.chance.random() < ADVERTISED_PER_SALE:
                yield from self._advertised(sale.can.label, sale.day)
        assistants = {store: self.phones.new() for store in {trip.store: None for trip in distribution.cases}}
        for trip in distribution.cases:
            yield from self._shelved(trip, assistants[trip.store])
        for store, cans in market.left.items():
            if self.chance.random() < DISPLAY_SHARE:
                day, can = cans[0]
                yield from self._on_display(store, day, can.label)

    def _shelved(self, trip: CaseTrip, assistant: Phone) -> Iterator[Scan]:
        for can in trip.case.cans:
            day = trip.received_day
            while day <= LAST_DAY and self.chance.random() < (
                STAFF_SHARE if day == trip.received_day else STAFF_AGAIN_SHARE
            ):
                yield self._in_shop(trip.store, day, assistant, can.label, Story.STAFF)
                day += self.chance.randint(1, 5)

    def _on_display(self, store: Store, since: int, label: Label) -> Iterator[Scan]:
        for _ in range(self.chance.randint(*DISPLAY_SCANS)):
            day = self.chance.randint(min(since + 1, LAST_DAY), LAST_DAY)
            yield self._in_shop(store, day, self.phones.new(), label, Story.DISPLAY)

    def _advertised(self, label: Label, day: int) -> Iterator[Scan]:
        for _ in range(self.chance.randint(*ADVERTISED_SCANS)):
            at = (day + self.chance.uniform(1, 14)) * DAY_SECONDS
            city = self.chance.choice(self.cities)
            address = self.network.address(city, self.chance)
            yield Scan(at, self.phones.new(), Printed(label, Side.OPEN), city, address, Story.ADVERTISED)

    def _in_shop(self, store: Store, day: int, phone: Phone, label: Label, story: Story) -> Scan:
        at = day * DAY_SECONDS + self.chance.uniform(*OPENING_HOURS) * HOUR_SECONDS
        address = self.network.address(store.city, self.chance)
        return Scan(at, phone, Printed(label, Side.OPEN), store.city, address, story)
