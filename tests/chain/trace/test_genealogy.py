"""Forward and back through random worlds: what is reached, and every edge, is what a plain walk finds.

WUMA_WORLDS=10000 pytest tests/chain/trace/test_genealogy.py -s
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trace import plain_genealogy, plain_state
from tests.chain.trace.test_state import many
from tests.chain.trace.worlds import CLASSES, MOMENTS, THINGS, Event, Listed, worlds
from wuma.chain.trace.lives.genealogy import Direction, Genealogy, Part, trace
from wuma.chain.trace.lives.known import Known

WEIGHT = ["mentioned", "carrier", "affected"]


@pytest.mark.parametrize("direction", list(Direction))
@many
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS), start=st.sampled_from([*THINGS, *CLASSES]))
def test_what_is_reached_is_what_a_plain_walk_finds(
    direction: Direction, captured: list[Event], as_of: datetime, start: str
) -> None:
    plain = plain_genealogy.Walk(plain_state.World(captured, as_of), THINGS, CLASSES, direction.value)
    plain.go(start)
    source = Listed(captured)
    number = source.numbers[start]

    found = trace(Known(source, as_of), [(number, number)], direction)

    assert not found.is_cut
    assert parts(found, source) == {name: max(some, key=WEIGHT.index) for name, some in plain.parts.items()}
    assert edges(found, source) == plain.edges


@many
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS), first=st.integers(0, 5), count=st.integers(1, 6))
def test_many_at_once_reach_what_each_of_them_reaches(
    captured: list[Event], as_of: datetime, first: int, count: int
) -> None:
    source = Listed(captured)
    run = 1000 + first, 1000 + min(first + count - 1, 5)

    together = trace(Known(source, as_of), [run], Direction.FORWARD)

    each = [trace(Known(source, as_of), [(one, one)], Direction.FORWARD) for one in range(run[0], run[1] + 1)]
    assert edges(together, source) == set().union(*(edges(one, source) for one in each))
    affected = {name for one in each for name, part in parts(one, source).items() if part == "affected"}
    assert {name for name, part in parts(together, source).items() if part == "affected"} == affected


def parts(found: Genealogy, source: Listed) -> dict[str, str]:
    """Every thing by its name, with the weightiest part it has."""
    told: dict[str, str] = {}
    for run, part in found.parts.items():
        for name in source.named(run):
            if name not in told or WEIGHT.index(part.value) > WEIGHT.index(told[name]):
                told[name] = part.value
    return told


def edges(found: Genealogy, source: Listed) -> set[Any]:
    """Every edge between two things by their names, with the names of events."""
    return {
        (
            one,
            other,
            edge.link.value,
            source.names[edge.event_id],
            edge.ended_with and source.names[edge.ended_with],
        )
        for edge in found.edges
        for one in source.named(edge.source)
        for other in source.named(edge.target)
    }


def test_parts_have_weights() -> None:
    assert {part.value for part in Part} == set(WEIGHT)
