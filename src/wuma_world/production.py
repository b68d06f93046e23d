"""What is made and when: batches on lines, labels on cans, cans in cases, cases on pallets.

A plan, made before the world begins. It speaks of *places* on rolls of labels; what is printed at a place
the world learns from the print files, as the line does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from random import Random
from typing import Final, TypeVar

from wuma_world.brand import PRINTING_VENDORS, Brand, Line, PrintingVendor, Product
from wuma_world.people import LARGE_CAN_G, popularity

FIRST_DAY: Final = 5
LAST_DAY: Final = 46
BATCH_CANS_MAX: Final = 900
BATCHES_MIN: Final = 14
"""A world has at least about so many batches, however small it is."""
REJECTED_SHARE: Final = 0.01
"""Labels that the camera behind the applicator cannot read: taken out, and scrapped."""
SPARE_SHARE: Final = 0.03
"""Labels ordered beyond need."""


class Level(StrEnum):
    """What a label is for; the names are the server's."""

    ITEM = "item"
    CASE = "case"
    PALLET = "pallet"


@dataclass(frozen=True, slots=True)
class RollKey:
    """One roll of labels: one order of codes, printed by one vendor."""

    product: Product
    level: Level
    vendor: PrintingVendor


@dataclass(frozen=True, slots=True)
class Label:
    """One label: the place on its roll, from 0."""

    roll: RollKey
    place: int


@dataclass(frozen=True, slots=True, eq=False)
class Can:
    """A can that left the line."""

    number: int
    label: Label


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A case and the cans in it."""

    label: Label
    cans: tuple[Can, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pallet:
    """A pallet and the cases on it."""

    label: Label
    cases: tuple[Case, ...]
    batch: Batch

    @property
    def product(self) -> Product:
        """What is on it."""
        return self.batch.product


@dataclass(slots=True, eq=False)
class Batch:
    """A batch of one product, made on one line on one day."""

    product: Product
    line: Line
    day: int
    number: str
    roll: RollKey
    places: range
    """The part of the roll that went through the applicator."""
    rejected: tuple[Label, ...]
    sampled: tuple[Can, ...]
    """Cans that stay in the laboratory: what did not fill the last case."""
    pallets: list[Pallet] = field(default_factory=list)

    @property
    def cases(self) -> Iterator[Case]:
        """All its cases."""
        for pallet in self.pallets:
            yield from pallet.cases

    @property
    def labels_used(self) -> tuple[list[Label], ...]:
        """The labels that are now on cans, on cases and on pallets, each in the order of their roll."""
        cans = [can.label for case in self.cases for can in case.cans] + [can.label for can in self.sampled]
        cases = [case.label for case in self.cases]
        return cans, cases, [pallet.label for pallet in self.pallets]

    @property
    def label_count(self) -> int:
        """How many labels are in use because of it."""
        return sum(len(labels) for labels in self.labels_used)


@dataclass(frozen=True, slots=True)
class Production:
    """Everything that is made."""

    batches: tuple[Batch, ...]
    """By day."""
    rolls: dict[RollKey, int]
    """The rolls, and how many labels are ordered for each."""

    @property
    def cans(self) -> Iterator[Can]:
        """All cans in cases, by number."""
        for batch in self.batches:
            for case in batch.cases:
                yield from case.cans


def plan_production(brand: Brand, cans: int, begins_on: date, chance: Random) -> Production:
    """Plan about so many cans, in batches over the first weeks, each product as much as is eaten of it."""
    slots = sorted(_slots(brand, cans, chance), key=lambda slot: (slot[0], slot[1].gtin))
    used: Counter[RollKey] = Counter()
    numbers = iter(range(10 * cans + 10_000))
    batches = []
    for turn, (day, product, count) in enumerate(slots):
        line = brand.lines[turn % len(brand.lines)]
        vendor = PRINTING_VENDORS[turn % len(PRINTING_VENDORS)]
        made_on = date.fromordinal(begins_on.toordinal() + day)
        number = f"{line.code}{made_on:%y%m%d}{turn % 100:02d}"
        batches.append(_batch(product, line, day, number, vendor, count, used, numbers, chance))
    rolls = {key: _ordered(count) for key, count in used.items()}
    return Production(tuple(batches), rolls)


def _slots(brand: Brand, cans: int, chance: Random) -> Iterator[tuple[int, Product, int]]:
    """Yield the days, products and numbers of cans of all batches."""
    eaten = [
        weight * (1.0 if product.net_weight_g >= LARGE_CAN_G else 2.0)  # small cans are empty sooner
        for product, weight in zip(brand.products, popularity(brand.products), strict=True)
    ]
    size = min(BATCH_CANS_MAX, cans // BATCHES_MIN)
    for product, weight in zip(brand.products, eaten, strict=True):
        wanted = cans * weight / sum(eaten)
        batch_count = max(1, round(wanted / size))
        for turn in range(batch_count):
            day = FIRST_DAY + round((LAST_DAY - FIRST_DAY) * turn / batch_count) + chance.randrange(3)
            yield day, product, max(30, round(wanted / batch_count * chance.uniform(0.9, 1.1)))


def _batch(
    product: Product,
    line: Line,
    day: int,
    number: str,
    vendor: PrintingVendor,
    count: int,
    used: Counter[RollKey],
    numbers: Iterator[int],
    chance: Random,
) -> Batch:
    roll = RollKey(product, Level.ITEM, vendor)
    places = range(used[roll], used[roll] + count)
    used[roll] += count
    labels = [Label(roll, place) for place in places]
    rejected = tuple(label for label in labels if chance.random() < REJECTED_SHARE)
    bad = set(rejected)
    cans = [Can(next(numbers), label) for label in labels if label not in bad]
    full = len(cans) - len(cans) % product.case_item_count
    batch = Batch(product, line, day, number, roll, places, rejected, tuple(cans[full:]))
    cases = [
        Case(_next(RollKey(product, Level.CASE, PRINTING_VENDORS[0]), used), tuple(group))
        for group in _groups(cans[:full], product.case_item_count)
    ]
    batch.pallets.extend(
        Pallet(_next(RollKey(product, Level.PALLET, PRINTING_VENDORS[0]), used), tuple(group), batch)
        for group in _groups(cases, product.pallet_case_count)
    )
    return batch


def _next(roll: RollKey, used: Counter[RollKey]) -> Label:
    used[roll] += 1
    return Label(roll, used[roll] - 1)


def _ordered(used: int) -> int:
    """Return how many labels are ordered when so many are needed."""
    return max(20, -(-int(used * (1 + SPARE_SHARE) + 1) // 10) * 10)


Thing = TypeVar("Thing")


def _groups(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
