"""The balance of a recall always adds up, and agrees with counting item by item."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from wuma.chain.care.progress import Balance, Contact, Fate, Goods, all_reached_at, balance_of, progress_of
from wuma.chain.codes.facade import UnitRange, within, without

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
RANGES = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 9)).map(lambda pair: UnitRange(pair[0], sum(pair))),
    max_size=9,
)


def members(ranges: list[UnitRange]) -> set[int]:
    return {unit for one in ranges for unit in range(one.first, one.last + 1)}


@given(RANGES, RANGES)
def test_runs_are_taken_away_and_cut_as_sets_are(some: list[UnitRange], others: list[UnitRange]) -> None:
    assert members(without(some, others)) == members(some) - members(others)
    assert members(within(some, others)) == members(some) & members(others)


@given(RANGES, st.lists(st.tuples(st.sampled_from(Fate), RANGES.filter(bool).map(lambda ranges: ranges[0]))))
def test_a_balance_counts_each_item_once(
    items: list[UnitRange], recovered: list[tuple[Fate, UnitRange]]
) -> None:
    goods = members(items)
    back = goods & members([one for _, one in recovered])
    destroyed = goods & members([one for fate, one in recovered if fate is Fate.DESTROYED])

    found = balance_of(items, recovered)

    assert found == Balance(len(goods), len(destroyed), len(back - destroyed), len(goods - back))


def test_all_are_reached_when_the_last_known_holder_was_told() -> None:
    goods = [Goods(UnitRange(1, 6), "a"), Goods(UnitRange(7, 9), "b"), Goods(UnitRange(10, 10), None)]
    told = [Contact("a", False, NOW), Contact("a", False, NOW + timedelta(hours=9))]

    before = progress_of(goods, [], told)
    after = progress_of(goods, [], [*told, Contact("b", False, NOW + timedelta(hours=1))])

    assert all_reached_at(before) is None
    assert all_reached_at(after) == NOW + timedelta(hours=1)
    assert [one.holder for one in after] == ["a", "b", None]


def test_nobody_to_tell_is_nobody_told() -> None:
    assert all_reached_at(progress_of([Goods(UnitRange(1, 6), None)], [], [])) is None
