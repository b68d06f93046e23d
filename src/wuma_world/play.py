"""Playing a planned world against a server: ten weeks, day by day."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol, TypeVar

from wuma_world.client import Server
from wuma_world.factory import Factory
from wuma_world.labels import Labels
from wuma_world.laboratory import Laboratory
from wuma_world.logistics import Logistics
from wuma_world.market import LAST_DAY
from wuma_world.office import Credentials, Office, found_brand, open_office
from wuma_world.print_shop import PrintShop
from wuma_world.production import RollKey
from wuma_world.scanning import Crowd, Heard
from wuma_world.scans import HOUR_SECONDS
from wuma_world.website import lead_codes
from wuma_world.world import World

OPENED_HOUR: Final = 8


class Told(Protocol):
    """Hears how far the play has come."""

    def __call__(self, part: str, done: int, total: int) -> None:
        """A part of the play: its name, how much is done, of how much."""


@dataclass(frozen=True, slots=True)
class People:
    """Who signs in where."""

    operator: Credentials
    """Runs the platform; exists already."""
    admin: Credentials
    staff: tuple[Credentials, ...]
    vendors: tuple[Credentials, ...]


@dataclass(frozen=True, slots=True)
class Played:
    """A world that has been played."""

    office: Office
    labels: Labels
    orders: Mapping[RollKey, int]
    """The server's number of the order each roll was printed from."""
    heard: tuple[Heard, ...]
    """What phones were told, in the order of the scans."""
    attacks: int
    """Codes a program tried while the play began, in real time."""
    event_count: int
    """EPCIS events captured."""


OFFICE: Final = "office"
PRINTING: Final = "printing"
LIVING: Final = "living"
PARTS: Final = (OFFICE, PRINTING, LIVING)


async def play(world: World, server: Server, people: People, folder: Path, told: Told) -> Played:
    """Play a world from its first day to its last; `folder` has the CSV files of its brand."""
    told(OFFICE, 0, 1)
    opened_at = world.at(OPENED_HOUR * HOUR_SECONDS)
    await found_brand(server, people.operator, people.admin, world.brand, at=opened_at)
    office = await open_office(server, people.admin, people.staff, people.vendors, folder, at=opened_at)
    await lead_codes(office.admin, world.brand, at=opened_at)
    told(OFFICE, 1, 1)
    shop = PrintShop.with_new_keys(world, office)
    labels, orders = await shop.print_all(world.production, lambda done, total: told(PRINTING, done, total))
    factory, logistics = (
        Factory(world, office, labels, Laboratory(world, office)),
        Logistics(world, office, labels),
    )
    crowd = Crowd(world, server, labels)
    batches, scans = (
        _by_day(world.production.batches, lambda one: one.day),
        _by_day(world.scans, lambda one: one.day),
    )
    attack = list(world.attack((datetime.now(UTC) - world.begins_at).total_seconds()))
    await crowd.scan(attack)  # in this very minute, so that the alarm is there to be seen
    event_count = 0
    for day in range(LAST_DAY + 1):
        # Nothing of one day waits for another thing of it: what is made today is scanned days later.
        async with asyncio.TaskGroup() as today:
            made = today.create_task(factory.run(sampled=batches[day - 1], made=batches[day]))
            moved = today.create_task(logistics.run(day))
            today.create_task(crowd.scan(scans[day]))
        event_count += made.result() + moved.result()
        told(LIVING, day + 1, LAST_DAY + 1)
    return Played(office, labels, orders, tuple(crowd.heard), len(attack), event_count)


Happening = TypeVar("Happening")


def _by_day(
    happenings: Iterable[Happening], day_of: Callable[[Happening], int]
) -> Mapping[int, list[Happening]]:
    days: defaultdict[int, list[Happening]] = defaultdict(list)
    for one in happenings:
        days[day_of(one)].append(one)
    return days
