"""What families do with the cans they bring home: the honest scans, confusing ones among them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from wuma_world.geography import City, Network
from wuma_world.market import Market, Sale
from wuma_world.people import HOME_NETWORK_SHARE, Household, Phone, Phones
from wuma_world.production import Label
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS, Invented, Printed, Scan, Side, Story

TYPED_SHARE: Final = 0.04
"""First scans in which the code is typed, because the camera will not."""
MISTYPED_SHARE: Final = 0.25
"""Typed codes with an error at first."""
OPENED_DAYS_MAX: Final = 6

# What happens to a can that was checked, as shares of such cans. Nobody has published such numbers for
# formula: they are guesses, on the high side, so that false suspicion is not underrated.
AGAIN_SHARE: Final = 0.18
OTHER_APP_SHARE: Final = 0.02
PARTNER_SHARE: Final = 0.10
GRANDPARENT_SHARE: Final = 0.04
TRAVEL_SHARE: Final = 0.010
PHOTO_SENT_SHARE: Final = 0.006
BROUGHT_ALONG_SHARE: Final = 0.004
RESOLD_SHARE: Final = 0.003
GROUP_CHAT_SHARE: Final = 0.0005
GIFT_SHARE: Final = 0.015
"""Cans that are given away unopened to relatives in another city."""
GROUP_CHAT_PEOPLE: Final = (4, 15)


@dataclass(frozen=True, slots=True)
class Kitchens:
    """The scans of families."""

    network: Network
    phones: Phones
    cities: Sequence[City]
    chance: Random

    def scans(self, market: Market, bought_up: frozenset[Label]) -> Iterator[Scan]:
        """Yield all scans of cans that families bought; `bought_up` are those a counterfeiter got hold of."""
        for sale in market.sales:
            if sale.can.label not in bought_up and self.chance.random() < sale.family.scans_share:
                yield from self._of_can(sale)

    def _of_can(self, sale: Sale) -> Iterator[Scan]:
        family, chance = sale.family, self.chance
        opened = self.moment(sale.day + chance.randint(1, OPENED_DAYS_MAX))
        if chance.random() < GIFT_SHARE and family.relatives_city is not family.city:
            yield self._away(
                sale, opened + 2 * DAY_SECONDS, self.phones.new(), family.relatives_city, Story.GIFT
            )
            return
        mother = family.phones[0]
        typed = chance.random() < TYPED_SHARE
        if typed and chance.random() < MISTYPED_SHARE:
            slip = Invented(chance.getrandbits(48), Side.TYPED, near=sale.can.label)
            yield self._at_home(family, opened - 40, mother, slip, Story.MISTYPED)
        side = Side.TYPED if typed else Side.HIDDEN
        yield self._at_home(family, opened, mother, Printed(sale.can.label, side), Story.OPENED)
        yield from self._later(sale, opened)

    def _later(self, sale: Sale, opened: float) -> Iterator[Scan]:
        family, chance = sale.family, self.chance
        hidden = Printed(sale.can.label, Side.HIDDEN)
        mother, father, grandparent = family.phones

        def days(most: float) -> float:
            return opened + chance.uniform(0.1, most) * DAY_SECONDS

        def happens(share: float) -> bool:
            return chance.random() < share

        if happens(AGAIN_SHARE):
            yield self._at_home(family, days(15), mother, hidden, Story.AGAIN)
        if happens(OTHER_APP_SHARE):
            yield self._at_home(family, days(3), self.phones.new(), hidden, Story.OTHER_APP)
        if happens(PARTNER_SHARE):
            yield self._at_home(family, days(3), father, hidden, Story.PARTNER)
        if happens(GRANDPARENT_SHARE):
            yield self._at_home(family, days(7), grandparent, hidden, Story.GRANDPARENT)
        if happens(TRAVEL_SHARE):
            yield self._away(sale, days(8), mother, chance.choice(self.cities), Story.TRAVEL)
        if happens(PHOTO_SENT_SHARE):
            sent = opened + chance.uniform(0.05, 20) * HOUR_SECONDS
            yield self._away(sale, sent, self.phones.new(), family.relatives_city, Story.PHOTO_SENT)
        if happens(BROUGHT_ALONG_SHARE):
            yield self._away(sale, days(12), self.phones.new(), family.relatives_city, Story.BROUGHT_ALONG)
        if happens(RESOLD_SHARE):
            yield self._away(sale, days(14), self.phones.new(), chance.choice(self.cities), Story.RESOLD)
        if happens(GROUP_CHAT_SHARE):
            for _ in range(chance.randint(*GROUP_CHAT_PEOPLE)):
                where = family.city if happens(0.5) else chance.choice(self.cities)
                yield self._away(sale, days(2), self.phones.new(), where, Story.GROUP_CHAT)

    def moment(self, day: int) -> float:
        """Return an instant of a day: people are awake from seven to eleven, and busiest in the evening."""
        return day * DAY_SECONDS + self.chance.triangular(7.0, 23.0, 20.0) * HOUR_SECONDS

    def _at_home(
        self, family: Household, at: float, phone: Phone, shown: Printed | Invented, story: Story
    ) -> Scan:
        at_home = self.chance.random() < HOME_NETWORK_SHARE
        day = int(at // DAY_SECONDS)
        address = (
            family.home_address(self.network, day)
            if at_home
            else self.network.address(family.city, self.chance)
        )
        return Scan(at, phone, shown, family.city, address, story)

    def _away(self, sale: Sale, at: float, phone: Phone, city: City, story: Story) -> Scan:
        address = self.network.address(city, self.chance)
        return Scan(at, phone, Printed(sale.can.label, Side.HIDDEN), city, address, story)
