"""The whole world, planned before it is played: one seed, one world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from random import Random
from typing import Final

from wuma_world.brand import INVENTED, Brand, Store
from wuma_world.cheats import Cheats, Underworld
from wuma_world.distribution import Distribution, plan_distribution
from wuma_world.geography import AddressBook, Network, Wrong
from wuma_world.kitchens import Kitchens
from wuma_world.market import LAST_DAY, Market, plan_sales
from wuma_world.people import Agents, Household, Phone, Phones, households
from wuma_world.production import Production, plan_production
from wuma_world.scale import Scale
from wuma_world.scans import DAY_SECONDS, Scan
from wuma_world.shops import Shops


@dataclass(frozen=True, slots=True)
class World:
    """Everything that will happen, and the truth about it."""

    seed: int
    scale: Scale
    brand: Brand
    begins_at: datetime
    families: tuple[Household, ...]
    phones: tuple[Phone, ...]
    production: Production
    distribution: Distribution
    market: Market
    cheats: Cheats
    scans: tuple[Scan, ...]
    """By time."""
    attack: Callable[[float], Iterator[Scan]]
    """What a program tries at an instant that is not planned: now."""

    def at(self, seconds: float) -> datetime:
        """Return an instant of the world, to the millisecond."""
        return self.begins_at + timedelta(milliseconds=round(seconds * 1000))

    def day(self, day: int) -> date:
        """Return the date of a day of the world, where the brand is at home."""
        return (self.begins_at.astimezone(HOME) + timedelta(days=day)).date()


HOME: Final = timezone(timedelta(hours=8))
END: Final = (LAST_DAY + 1) * DAY_SECONDS


def plan_world(
    brand: Brand, scale: Scale, *, seed: int, begins_at: datetime, addresses: AddressBook
) -> World:
    """Plan a world; the same arguments give the same world."""

    def chance(part: str) -> Random:
        return Random(f"{seed}/{part}")

    stores = _first_of_each_city(brand.stores, scale.stores)
    phones = Phones(chance("phones"), Agents.read(INVENTED / "agents.csv"))
    network = Network(addresses, brand.cities, Wrong())
    families = households(brand, stores, scale.households, phones, chance("families"))
    production = plan_production(brand, scale.cans, begins_at.astimezone(HOME).date(), chance("production"))
    distribution = plan_distribution(production, families, chance("distribution"))
    market = plan_sales(stores, distribution, families, chance("market"))
    underworld = Underworld(scale, network, phones, brand.cities, chance("cheats"))
    cheats, scans = underworld.plant(production, market)
    kitchens = Kitchens(network, phones, brand.cities, chance("kitchens"))
    scans.extend(kitchens.scans(market, cheats.bought_up))
    scans.extend(Shops(network, phones, brand.cities, chance("shops")).scans(distribution, market))
    lived = sorted((scan for scan in scans if scan.at < END), key=lambda scan: scan.at)
    return World(
        seed,
        scale,
        brand,
        begins_at,
        tuple(families),
        tuple(phones.known),
        production,
        distribution,
        market,
        cheats,
        tuple(lived),
        Underworld(scale, network, phones, brand.cities, chance("attack")).attack,
    )


def _first_of_each_city(stores: tuple[Store, ...], count: int) -> list[Store]:
    """Return so many stores, the first of every city before any second one."""
    turn: dict[str, int] = {}
    ranked = []
    for place, store in enumerate(stores):
        turn[store.city.code] = turn.get(store.city.code, 0) + 1
        ranked.append((turn[store.city.code], place))
    return [stores[place] for _, place in sorted(sorted(ranked)[:count], key=lambda pair: pair[1])]
