"""Mothers, their families, their phones."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from wuma_world.brand import Brand, Product, Store
from wuma_world.geography import City, Network

COOKIES_KEPT_SHARE: Final = 0.9
"""Phones that bring the cookie of their last visit; the others look new every time."""
HOME_NETWORK_SHARE: Final = 0.75
"""Scans at home that go through the family's Wi-Fi; the others through the carrier."""
HOME_ADDRESS_DAYS: Final = 21  # then the provider gives the family another one


@dataclass(frozen=True, slots=True)
class Agents:
    """What browsers call themselves, and how many people use each."""

    names: tuple[str, ...]
    weights: tuple[int, ...]

    @classmethod
    def read(cls, file: Path) -> Agents:
        """Read them from a CSV file."""
        with file.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines))
        return cls(tuple(row["agent"] for row in rows), tuple(int(row["weight"]) for row in rows))

    def draw(self, chance: Random) -> str:
        """Return somebody's."""
        return chance.choices(self.names, self.weights)[0]


@dataclass(frozen=True, slots=True, eq=False)
class Phone:
    """A phone and the app its owner scans with. A second app has cookies of its own: another phone, to us."""

    number: int
    agent: str
    keeps_cookies: bool


@dataclass(slots=True)
class Phones:
    """All phones of the world."""

    chance: Random
    agents: Agents
    known: list[Phone] = field(default_factory=list)

    def new(self, *, agent: str | None = None, keeps_cookies: bool | None = None) -> Phone:
        """Return somebody's phone."""
        if keeps_cookies is None:
            keeps_cookies = self.chance.random() < COOKIES_KEPT_SHARE
        phone = Phone(len(self.known), agent or self.agents.draw(self.chance), keeps_cookies)
        self.known.append(phone)
        return phone


@dataclass(frozen=True, slots=True, eq=False)
class Household:
    """A family with a baby that drinks one product."""

    number: int
    city: City
    store: Store
    product: Product
    days_per_can: int
    scans_share: float
    """How many of their cans they check under the lid."""
    phones: tuple[Phone, ...]
    """The mother's, the father's, a grandparent's who lives with them."""
    relatives_city: City
    """Where the rest of the family lives."""
    network_seed: int

    def home_address(self, network: Network, day: int) -> str:
        """Return the address of the family's Wi-Fi on a day: the same for weeks, right or wrong."""
        chance = Random(f"{self.network_seed}/{day // HOME_ADDRESS_DAYS}")
        return network.address(self.city, chance)


FAMILY_PHONES: Final = 3
SCANS_SHARE_ALPHA, SCANS_SHARE_BETA = 0.9, 1.9  # most families check few cans, some check every one
SMALL_CANS_SHARE: Final = 0.25
DAYS_PER_KILOGRAM: Final = 10


def households(
    brand: Brand, stores: Sequence[Store], count: int, phones: Phones, chance: Random
) -> list[Household]:
    """Return the families of a world, where people live and shops are."""
    cities = sorted({store.city for store in stores}, key=lambda city: city.code)
    weights = [city.residents_million for city in cities]
    stores_in = {city: [store for store in stores if store.city == city] for city in cities}
    return [
        _household(number, city, stores_in[city], brand, phones, chance)
        for number, city in enumerate(chance.choices(cities, weights, k=count))
    ]


def _household(
    number: int, city: City, stores: Sequence[Store], brand: Brand, phones: Phones, chance: Random
) -> Household:
    product = chance.choices(brand.products, list(popularity(brand.products)))[0]
    kilograms = (product.net_weight_g or 800) / 1000
    return Household(
        number=number,
        city=city,
        store=chance.choice(stores),
        product=product,
        days_per_can=max(2, round(kilograms * DAYS_PER_KILOGRAM * chance.uniform(0.75, 1.4))),
        scans_share=chance.betavariate(SCANS_SHARE_ALPHA, SCANS_SHARE_BETA),
        phones=tuple(phones.new() for _ in range(FAMILY_PHONES)),
        relatives_city=chance.choice(brand.cities),
        network_seed=chance.getrandbits(48),
    )


def popularity(products: Sequence[Product]) -> Iterator[float]:
    """Yield how many families drink each product, as weights: most cans are large."""
    for product in products:
        yield 1.0 - SMALL_CANS_SHARE if product.net_weight_g >= LARGE_CAN_G else SMALL_CANS_SHARE


LARGE_CAN_G: Final = 700
