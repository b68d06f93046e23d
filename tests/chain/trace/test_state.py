"""The state of things: the same in whatever order events arrive, and the same as a plain reading of them.

WUMA_WORLDS=10000 pytest tests/chain/trace/test_state.py -s
"""

from __future__ import annotations

import os
import random
from datetime import datetime
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.chain.trace import plain_state
from tests.chain.trace.worlds import CLASSES, MOMENTS, THINGS, Event, Listed, worlds
from wuma.chain.trace.lives.contents import contents_of
from wuma.chain.trace.lives.known import Known
from wuma.chain.trace.lives.state import InParent, Moment, State, states_of
from wuma.chain.trace.vocabulary import EventType

WORLDS: Final = int(os.environ.get("WUMA_WORLDS", "60"))
PHASES: Final = [Phase.explicit, Phase.generate, *([Phase.shrink] if "WUMA_SHRINK" in os.environ else [])]
many = settings(
    max_examples=WORLDS, deadline=None, phases=PHASES, suppress_health_check=list(HealthCheck), database=None
)


@many
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS))
def test_the_state_of_everything_is_what_a_plain_reading_says(captured: list[Event], as_of: datetime) -> None:
    plain = plain_state.World(captured, as_of)

    found = states(captured, as_of)

    for name in [*THINGS, *CLASSES]:
        assert found[name] == plain.state(name, as_of), name


@many
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS), seed=st.integers(0, 1 << 20))
def test_the_order_in_which_events_arrive_does_not_matter(
    captured: list[Event], as_of: datetime, seed: int
) -> None:
    in_order = sorted(captured, key=lambda event: event["eventTime"])
    shuffled = list(captured)
    random.Random(seed).shuffle(shuffled)

    assert states(in_order, as_of) == states(captured, as_of) == states(shuffled, as_of)


@many
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS))
def test_what_is_in_a_thing_is_what_a_plain_reading_says(captured: list[Event], as_of: datetime) -> None:
    plain = plain_state.World(captured, as_of)
    source = Listed(captured)

    for kind in (EventType.AGGREGATION, EventType.ASSOCIATION):
        for name in THINGS:
            runs = contents_of(Known(source, as_of), source.numbers[name], kind)
            found = {one for one in THINGS if any(a <= source.numbers[one] <= b for a, b in runs)}
            assert found == plain.contents(name, kind, as_of, THINGS), (kind, name)


def states(captured: list[Event], as_of: datetime) -> dict[str, Any]:
    """The states of all things of a world, events and things by their names."""
    source = Listed(captured)
    numbers = {source.numbers[name]: name for name in [*THINGS, *CLASSES]}
    found = states_of(Known(source, as_of), [(number, number) for number in sorted(numbers)])
    return {
        numbers[thing]: named(state, source, numbers)
        for state in found
        for thing in range(state.first, state.last + 1)
    }


def named(state: State, source: Listed, numbers: dict[int, str]) -> dict[str, Any]:
    """A state with names in the place of numbers."""

    def event(moment: Moment | None) -> str | None:
        return None if moment is None else source.names[moment.event_id]

    def chain(parents: tuple[InParent, ...]) -> list[tuple[str, str | None]]:
        return [(numbers[one.parent], event(one.since)) for one in parents]

    where, holder, heading = state.where, state.holder, state.heading
    return {
        "existence": state.existence.value,
        "commissioned": event(state.commissioned),
        "ended": event(state.ended),
        "parents": chain(state.parents),
        "associated_with": chain(state.associated_with),
        "where": where and (where.key, where.is_read_point, event(where.since)),
        "holder": holder and (holder.key, holder.by_place, event(holder.since)),
        "heading": heading and (heading.party, heading.location, event(heading.since)),
        "disposition": state.disposition,
        "persistent": list(state.persistent),
        "lot": state.lot,
        "last": state.last_act and state.last_act.name,
        "event_count": state.event_count,
    }
