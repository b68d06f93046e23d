"""Those who copy codes, guess them and steal them, and the people who are sold their cans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from wuma_world.brand import PRINTING_VENDORS, PrintingVendor
from wuma_world.geography import City, Network
from wuma_world.market import LAST_DAY, Market, Sale
from wuma_world.people import Phone, Phones
from wuma_world.production import Label, Level, Production
from wuma_world.scale import Scale
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS, Invented, Printed, Scan, Side, Story

COPIES: Final = (1, 2, 3, 5, 10, 20, 50)
COPIES_WEIGHTS: Final = (10, 20, 20, 20, 15, 10, 5)
BOUGHT_SHARE: Final = 0.5
"""Codes copied from a can that the counterfeiter bought; the others from a family's empty can."""
TRIED_SHARE: Final = 0.4
VICTIM_SCANS_SHARE: Final = 0.4
VICTIM_AGAIN_SHARE: Final = 0.18
VICTIM_SHOPPER_SHARE: Final = 0.15
CITIES_OF_A_RING: Final = (3, 8)
OPEN_COPIES: Final = (20, 80)
REFILLS_PER_CLONE: Final = 0.3
SALE_DAYS: Final = (3, 20)
GUESS_SECONDS: Final = 2.0
ATTACK_GUESSES: Final = 60
ATTACK_SECONDS: Final = 0.5
BOT_AGENT: Final = "python-requests/2.31.0"
LEAK_LABELS_SOLD_SHARE: Final = 0.5
LEAK_DAYS: Final = (3, 16)
"""From the day after the labels were printed; before the cans that bear them are made."""


@dataclass(slots=True)
class Cheats:
    """What was planted, for the day of reckoning."""

    hidden_clones: dict[Label, int] = field(default_factory=dict)
    """Copied hidden codes, and how many fake cans carry each."""
    refills: set[Label] = field(default_factory=set)
    open_clones: dict[Label, int] = field(default_factory=dict)
    leaked: set[Label] = field(default_factory=set)
    leaking_vendor: PrintingVendor = PRINTING_VENDORS[-1]
    bought_up: frozenset[Label] = frozenset()
    """Genuine cans in the hands of counterfeiters."""

    @property
    def labels(self) -> set[Label]:
        """Every label of which a copy is about."""
        return {*self.hidden_clones, *self.refills, *self.open_clones, *self.leaked}


@dataclass(frozen=True, slots=True)
class Underworld:
    """The scans of cheats and of their victims."""

    scale: Scale
    network: Network
    phones: Phones
    cities: Sequence[City]
    chance: Random

    def plant(self, production: Production, market: Market) -> tuple[Cheats, list[Scan]]:
        """Decide who copies what, and what comes of it."""
        planted = Cheats()
        copied_from = [sale for sale in market.sales if sale.day <= LAST_DAY - SALE_DAYS[1] // 2]
        refill_count = round(self.scale.hidden_clones * REFILLS_PER_CLONE)
        wanted = self.scale.hidden_clones + refill_count + self.scale.open_clones
        sales = iter(self.chance.sample(copied_from, min(wanted, len(copied_from))))
        bought_up = set()
        scans: list[Scan] = []
        for sale, _ in zip(sales, range(self.scale.hidden_clones), strict=False):
            copies = self.chance.choices(COPIES, COPIES_WEIGHTS)[0]
            planted.hidden_clones[sale.can.label] = copies
            if self.chance.random() < BOUGHT_SHARE:
                bought_up.add(sale.can.label)
            scans += self._hidden_ring(sale, copies)
        for sale, _ in zip(sales, range(refill_count), strict=False):
            planted.refills.add(sale.can.label)
            scans += self._refill(sale)
        for sale in sales:
            copies = self.chance.randint(*OPEN_COPIES)
            planted.open_clones[sale.can.label] = copies
            scans += self._open_ring(sale, copies)
        planted.bought_up = frozenset(bought_up)
        stolen = _stolen_labels(production, planted.leaking_vendor, self.scale.leaked_labels)
        planted.leaked = set(stolen)
        scans += self._leak(stolen)
        scans += self._bots([sale.can.label for sale in market.sales])
        return planted, scans

    def _hidden_ring(self, sale: Sale, copies: int) -> Iterator[Scan]:
        chance = self.chance
        shown = Printed(sale.can.label, Side.HIDDEN)
        copied_at = (sale.day + chance.uniform(2, 8)) * DAY_SECONDS
        if chance.random() < TRIED_SHARE:
            yield self._scan(copied_at, self.phones.new(), shown, sale.family.city, Story.COUNTERFEITER)
        ring = self._ring()
        for copy in range(1, copies + 1):
            if chance.random() >= VICTIM_SCANS_SHARE:
                continue
            at = copied_at + chance.uniform(*SALE_DAYS) * DAY_SECONDS
            yield from self._victim(at, shown, chance.choice(ring), Story.COPIED_HIDDEN, copy)

    def _refill(self, sale: Sale) -> Iterator[Scan]:
        if self.chance.random() < VICTIM_SCANS_SHARE:
            at = (sale.day + self.chance.uniform(12, 30)) * DAY_SECONDS
            shown = Printed(sale.can.label, Side.HIDDEN)
            yield from self._victim(at, shown, sale.family.city, Story.REFILLED, 1)

    def _open_ring(self, sale: Sale, copies: int) -> Iterator[Scan]:
        chance = self.chance
        copied_at = (sale.day + chance.uniform(1, 8)) * DAY_SECONDS
        ring = self._ring()
        for copy in range(1, copies + 1):
            city = chance.choice(ring)
            victim = self.phones.new()
            at = copied_at + chance.uniform(*SALE_DAYS) * DAY_SECONDS
            if chance.random() < VICTIM_SHOPPER_SHARE:
                shown = Printed(sale.can.label, Side.OPEN)
                yield self._scan(at, victim, shown, city, Story.COPIED_OPEN, copy)
            if chance.random() < VICTIM_SCANS_SHARE:
                invented = Invented(chance.getrandbits(48), Side.HIDDEN)
                yield self._scan(at + DAY_SECONDS, victim, invented, city, Story.INVENTED_HIDDEN, copy)

    def _leak(self, stolen: Mapping[Label, float]) -> Iterator[Scan]:
        """Scan stolen labels: the thief to see whether they work, and whoever is sold a fake can."""
        chance = self.chance
        thief, city = self.phones.new(), chance.choice(self.cities)
        ring = self._ring()
        for label, used_on in stolen.items():
            shown = Printed(label, Side.HIDDEN)
            day = chance.uniform(LEAK_DAYS[0], min(LEAK_DAYS[1], used_on - 1))
            if chance.random() < LEAK_LABELS_SOLD_SHARE:
                victim = self.phones.new()
                yield self._scan(day * DAY_SECONDS, victim, shown, chance.choice(ring), Story.LEAK_SOLD, 1)
            else:
                yield self._scan(day * DAY_SECONDS, thief, shown, city, Story.LEAK_TRIED)

    def _bots(self, genuine: Sequence[Label]) -> Iterator[Scan]:
        """Three programs: one hammers from one address, one spreads over many, one varies genuine codes."""
        count = self.scale.guesses // 3
        hammer = self.network.address(self.chance.choice(self.cities), self.chance)
        spread = [self.network.address(self.chance.choice(self.cities), self.chance) for _ in range(20)]
        vary = [self.network.address(self.chance.choice(self.cities), self.chance) for _ in range(3)]
        yield from self._bot(count, [hammer], Story.GUESS, genuine)
        yield from self._bot(count, spread, Story.GUESS, genuine)
        yield from self._bot(count, vary, Story.MUTATED, genuine)

    def attack(self, at: float) -> Iterator[Scan]:
        """Yield what a program tries within a minute from an instant on, from one address."""
        city = self.chance.choice(self.cities)
        address = self.network.address(city, self.chance)
        phone = self.phones.new(agent=BOT_AGENT, keeps_cookies=False)
        for turn in range(ATTACK_GUESSES):
            shown = Invented(self.chance.getrandbits(48), Side.OPEN)
            yield Scan(at + turn * ATTACK_SECONDS, phone, shown, city, address, Story.GUESS)

    def _bot(
        self, count: int, addresses: Sequence[str], story: Story, genuine: Sequence[Label]
    ) -> Iterator[Scan]:
        chance = self.chance
        city = chance.choice(self.cities)
        phone = self.phones.new(agent=chance.choice([BOT_AGENT, None]), keeps_cookies=False)
        at = chance.uniform(20, LAST_DAY - 5) * DAY_SECONDS
        target = chance.choice(genuine)
        for turn in range(count):
            at += chance.expovariate(1 / GUESS_SECONDS)
            near = target if story is Story.MUTATED else None
            side = chance.choice([Side.OPEN, Side.HIDDEN, Side.TYPED])
            shown = Invented(chance.getrandbits(48), side, near)
            yield Scan(at, phone, shown, city, addresses[turn % len(addresses)], story)

    def _ring(self) -> list[City]:
        """Return where a ring sells: cities of several provinces."""
        by_province: defaultdict[str, list[City]] = defaultdict(list)
        for city in self.cities:
            by_province[city.province].append(city)
        count = min(self.chance.randint(*CITIES_OF_A_RING), len(by_province))
        provinces = self.chance.sample(sorted(by_province), count)
        return [self.chance.choice(by_province[province]) for province in provinces]

    def _victim(self, at: float, shown: Printed, city: City, story: Story, copy: int) -> Iterator[Scan]:
        phone = self.phones.new()
        yield self._scan(at, phone, shown, city, story, copy)
        if self.chance.random() < VICTIM_AGAIN_SHARE:
            later = at + self.chance.uniform(0.1, 10) * DAY_SECONDS
            yield self._scan(later, phone, shown, city, story, copy)

    def _scan(
        self, at: float, phone: Phone, shown: Printed | Invented, city: City, story: Story, copy: int = 0
    ) -> Scan:
        hour = self.chance.triangular(7.0, 23.0, 20.0) * HOUR_SECONDS
        address = self.network.address(city, self.chance)
        return Scan(at // DAY_SECONDS * DAY_SECONDS + hour, phone, shown, city, address, story, copy)


def _stolen_labels(production: Production, vendor: PrintingVendor, count: int) -> dict[Label, float]:
    """Return labels from the end of the vendor's longest roll, and the day a can bears each, if ever.

    Half of them are printed beyond need and never used. The stolen ones are copies: the roll goes on to
    the line as if nothing had happened.
    """
    rolls = [roll for roll in production.rolls if roll.vendor is vendor and roll.level is Level.ITEM]
    roll = max(rolls, key=lambda one: production.rolls[one])
    batches = [batch for batch in production.batches if batch.roll == roll]
    used = max(batch.places.stop for batch in batches)
    until = min(production.rolls[roll], used + count // 2)
    days: dict[Label, float] = {}
    for place in range(until - count, until):
        days[Label(roll, place)] = next((b.day for b in batches if place in b.places), float("inf"))
    return days
