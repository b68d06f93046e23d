"""Transitions of ranges, held against a list of single units that cannot be wrong."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma.chain.codes.lifecycle import (
    ALLOWED,
    PASSED_OVER,
    CodeState,
    Run,
    TransitionRefused,
    UnitRange,
    decide,
    merge,
    normalise,
)

BATCHES = [UUID(int=1), UUID(int=2)]
UNITS = 24

ranges = st.lists(
    st.tuples(st.integers(0, UNITS - 1), st.integers(0, UNITS - 1)).map(lambda p: UnitRange(min(p), max(p))),
    min_size=1,
    max_size=4,
)
states = st.lists(
    st.tuples(st.sampled_from(CodeState), st.sampled_from([None, *BATCHES])), min_size=UNITS, max_size=UNITS
)


def _runs(units: list[tuple[CodeState, UUID | None]]) -> list[Run]:
    return merge(Run(place, place, state, batch) for place, (state, batch) in enumerate(units))


@given(units=states, wanted=ranges, to=st.sampled_from(CodeState), batch=st.sampled_from(BATCHES))
def test_a_range_does_what_its_units_would_do_one_by_one(
    units: list[tuple[CodeState, UUID | None]], wanted: list[UnitRange], to: CodeState, batch: UUID
) -> None:
    meant = {unit for item in wanted for unit in range(item.first, item.last + 1)}
    expected, changed, unchanged, passed, refused = list(units), 0, 0, 0, 0
    for unit in sorted(meant):
        state, before = units[unit]
        after = (to, batch if to is CodeState.COMMISSIONED else before)
        if (state, before) == after:
            unchanged += 1
        elif to in ALLOWED[state]:
            changed += 1
            expected[unit] = after
        elif state in PASSED_OVER.get(to, frozenset()):
            passed += 1
        else:
            refused += 1

    if refused:
        with pytest.raises(TransitionRefused) as caught:
            decide(_runs(units), normalise(wanted), to, batch)
        assert caught.value.members["offender_count"] == refused
        return
    change = decide(_runs(units), normalise(wanted), to, batch)

    left = sorted((set(_runs(units)) - set(change.gone)) | set(change.come))
    assert left == _runs(expected)
    assert (change.changed_count, change.unchanged_count) == (changed, unchanged)
    assert sum(change.passed_over.values()) == passed
    assert sum(item.count for item in change.changed) == changed


def test_a_roll_is_activated_from_first_to_last_label_and_the_scrapped_ones_stay_out() -> None:
    runs = [Run(0, 4, CodeState.ENCODED), Run(5, 5, CodeState.SCRAPPED), Run(6, 9, CodeState.ENCODED)]

    change = decide(runs, [UnitRange(0, 9)], CodeState.COMMISSIONED, BATCHES[0])

    assert change.passed_over == {CodeState.SCRAPPED: 1}
    assert change.come == (
        Run(0, 4, CodeState.COMMISSIONED, BATCHES[0]),
        Run(6, 9, CodeState.COMMISSIONED, BATCHES[0]),
    )


def test_one_code_in_another_batch_refuses_the_whole_roll_and_is_named() -> None:
    runs = [Run(0, 6, CodeState.ENCODED), Run(7, 7, CodeState.COMMISSIONED, BATCHES[1])]

    with pytest.raises(TransitionRefused) as caught:
        decide(runs, [UnitRange(0, 7)], CodeState.COMMISSIONED, BATCHES[0])

    assert caught.value.members["offenders"] == [{"first_unit": 7, "last_unit": 7, "state": "commissioned"}]


def test_nothing_follows_the_end_of_a_life() -> None:
    assert {state for state in CodeState if not ALLOWED[state]} == {
        CodeState.SCRAPPED,
        CodeState.DESTROYED,
        CodeState.VOID,
    }
