"""A planned world keeps the laws of the real one, and one seed gives one world."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from tests.world.conftest import BEGINS_AT
from wuma_world.brand import Brand
from wuma_world.geography import AddressBook
from wuma_world.market import LAST_DAY
from wuma_world.production import Label, Level
from wuma_world.scale import SMALL
from wuma_world.scans import CHEAT, FAKE, Invented, Printed, Scan, Side, Story
from wuma_world.world import World, plan_world


def _told(scan: Scan) -> tuple[object, ...]:
    label = scan.shown.label if isinstance(scan.shown, Printed) else None
    where = (scan.city.code, scan.address)
    return (
        scan.at,
        scan.phone.number,
        scan.phone.agent,
        where,
        scan.story,
        label and (label.roll.product.gtin, label.place),
    )


def test_one_seed_gives_one_world(world: World, brand: Brand, addresses: AddressBook) -> None:
    again = plan_world(brand, SMALL, seed=world.seed, begins_at=BEGINS_AT, addresses=addresses)
    other = plan_world(brand, SMALL, seed=world.seed + 1, begins_at=BEGINS_AT, addresses=addresses)

    assert [_told(scan) for scan in again.scans] == [_told(scan) for scan in world.scans]
    assert [_told(scan) for scan in other.scans] != [_told(scan) for scan in world.scans]


def test_every_label_is_used_once_at_the_most(world: World) -> None:
    used: Counter[Label] = Counter()
    for batch in world.production.batches:
        used.update(batch.rejected)
        for labels in batch.labels_used:
            used.update(labels)

    assert set(used.values()) == {1}
    assert all(label.place < world.production.rolls[label.roll] for label in used)


def test_every_case_is_full_and_what_is_left_over_goes_to_the_laboratory(world: World) -> None:
    for batch in world.production.batches:
        assert {len(case.cans) for case in batch.cases} <= {batch.product.case_item_count}
        assert len(batch.sampled) < batch.product.case_item_count
        assert all(len(pallet.cases) <= batch.product.pallet_case_count for pallet in batch.pallets)
        on_cans = sum(len(case.cans) for case in batch.cases) + len(batch.sampled)
        assert on_cans + len(batch.rejected) == len(batch.places)


def test_goods_move_forward_in_time_and_stay_in_their_territory(world: World) -> None:
    arrived = {trip.pallet: trip.received_day for trip in world.distribution.pallets}
    for trip in world.distribution.cases:
        assert trip.pallet.batch.day < arrived[trip.pallet] < trip.shipped_day <= trip.received_day
        assert trip.store.dealer is trip.dealer
        assert trip.store.city.province_code in trip.dealer.territory


def test_a_can_is_sold_once_after_it_came(world: World) -> None:
    came = {can: trip for trip in world.distribution.cases for can in trip.case.cans}
    sold = Counter(sale.can for sale in world.market.sales)

    assert set(sold.values()) == {1}
    for sale in world.market.sales:
        assert came[sale.can].received_day <= sale.day <= LAST_DAY
        assert came[sale.can].store is sale.store
        assert sale.family.product is came[sale.can].pallet.product


def test_nobody_scans_a_can_before_it_is_made_except_with_a_stolen_label(world: World) -> None:
    made = {
        label: batch.day
        for batch in world.production.batches
        for labels in batch.labels_used
        for label in labels
    }
    for scan in world.scans:
        if not isinstance(scan.shown, Printed):
            continue
        if scan.story in {Story.LEAK_TRIED, Story.LEAK_SOLD}:
            assert scan.shown.label in world.cheats.leaked
            assert scan.day < made.get(scan.shown.label, LAST_DAY + 1)
        else:
            assert made[scan.shown.label] < scan.day


def test_every_scan_of_a_fake_is_of_a_planted_code(world: World) -> None:
    planted = {
        Story.COPIED_HIDDEN: set(world.cheats.hidden_clones),
        Story.COPIED_OPEN: set(world.cheats.open_clones),
        Story.REFILLED: world.cheats.refills,
        Story.LEAK_SOLD: world.cheats.leaked,
    }
    for scan in world.scans:
        if scan.story in planted:
            assert isinstance(scan.shown, Printed)
            assert scan.shown.label in planted[scan.story]
            assert scan.copy > 0
        elif scan.story not in FAKE:
            assert scan.copy == 0


def test_the_stolen_labels_are_of_one_vendor_who_is_the_one(world: World) -> None:
    assert {label.roll.vendor for label in world.cheats.leaked} == {world.cheats.leaking_vendor}
    assert {label.roll.level for label in world.cheats.leaked} == {Level.ITEM}
    assert len(world.cheats.leaked) == SMALL.leaked_labels


def test_invented_codes_are_tried_by_cheats_victims_and_slips_only(world: World) -> None:
    stories = {scan.story for scan in world.scans if isinstance(scan.shown, Invented)}

    assert stories <= CHEAT | {Story.INVENTED_HIDDEN, Story.MISTYPED}
    assert {Story.GUESS, Story.MUTATED, Story.INVENTED_HIDDEN} <= stories


def test_scans_come_in_order_and_at_times_when_people_are_awake(world: World) -> None:
    at = [scan.at for scan in world.scans]
    hours = [scan.at % 86_400 / 3_600 for scan in world.scans if scan.story is Story.OPENED]

    assert at == sorted(at)
    assert all(7 <= hour <= 23 for hour in hours)


def test_a_larger_world_has_more_of_everything(world: World, brand: Brand, addresses: AddressBook) -> None:
    twice = replace(SMALL, cans=2 * SMALL.cans, households=2 * SMALL.households)
    larger = plan_world(brand, twice, seed=7, begins_at=BEGINS_AT, addresses=addresses)

    assert len(larger.market.sales) > 1.5 * len(world.market.sales)
    opened = [sum(scan.story is Story.OPENED for scan in one.scans) for one in (larger, world)]
    assert opened[0] > 1.3 * opened[1]


def test_hidden_codes_are_for_kitchens_and_open_ones_for_shops(world: World) -> None:
    sides = {
        (scan.story, scan.shown.side)
        for scan in world.scans
        if scan.story in {Story.OPENED, Story.SHOPPER, Story.STAFF}
    }

    assert sides <= {
        (Story.OPENED, Side.HIDDEN),
        (Story.OPENED, Side.TYPED),
        (Story.SHOPPER, Side.OPEN),
        (Story.STAFF, Side.OPEN),
    }
