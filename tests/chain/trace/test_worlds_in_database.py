"""The same random worlds through capture, PostgreSQL and back: nothing is lost or added on the way.

WUMA_WORLDS_IN_DATABASE=300 pytest tests/chain/trace/test_worlds_in_database.py -s
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.chain.trace import plain_genealogy, plain_state
from tests.chain.trace.test_genealogy import WEIGHT, edges, parts
from tests.chain.trace.test_state import named
from tests.chain.trace.worlds import CLASSES, MOMENTS, THINGS, Event, worlds
from tests.conftest import Brand
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import ReadDocument, ReadEvent
from wuma.chain.trace.lives.genealogy import Direction, trace
from wuma.chain.trace.lives.known import Known, Run
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.lives.state import states_of
from wuma.chain.trace.shelves.things import Things, key_of
from wuma.chain.trace.vocabulary import Action, EventType
from wuma.kernel.runtime import Runtime

WORLDS: Final = int(os.environ.get("WUMA_WORLDS_IN_DATABASE", "8"))


class _Stored:
    """The names of events and things of a captured world, as the helpers of the tests ask for them."""

    def __init__(self, session: Session, runtime: Runtime, tenant_id: int, known: Known) -> None:
        every = [*THINGS, *CLASSES]
        self.numbers = Things(session, runtime.keyring, tenant_id).find(every)
        self.things = {number: name for name, number in self.numbers.items()}
        self.names = _EventNames(known)

    def named(self, run: Run) -> list[str]:
        return [self.things[number] for number in range(run[0], run[1] + 1)]


class _EventNames(dict[int, str]):
    def __init__(self, known: Known) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, event_id: int) -> str:
        act = self._known.act(event_id)
        assert act is not None
        return act.name


@settings(
    max_examples=WORLDS,
    deadline=None,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(captured=worlds(), as_of=st.sampled_from(MOMENTS), start=st.sampled_from([*THINGS, *CLASSES]))
def test_a_captured_world_is_what_a_plain_reading_says(
    runtime: Runtime, brand: Brand, captured: list[Event], as_of: datetime, start: str
) -> None:
    plain = plain_state.World(captured, as_of)
    with runtime.database.session(brand.scope) as session:
        for event in captured:
            capture(session, runtime.keyring, brand.id, _document(event), actor="test", now=MOMENTS[0])
        known = Known(Captured(session, brand.id), as_of)
        stored = _Stored(session, runtime, brand.id, known)

        found = states_of(known, sorted((number, number) for number in stored.things))

        for state in found:
            for number in range(state.first, state.last + 1):
                name = stored.things[number]
                assert named(state, stored, stored.things) == plain.state(name, as_of), name  # type: ignore[arg-type]
        if start in stored.numbers:
            for direction in Direction:
                walk = plain_genealogy.Walk(plain, THINGS, CLASSES, direction.value)
                walk.go(start)
                number = stored.numbers[start]
                went = trace(known, [(number, number)], direction)
                heaviest = {name: max(some, key=WEIGHT.index) for name, some in walk.parts.items()}
                assert parts(went, stored) == heaviest, direction  # type: ignore[arg-type]
                assert edges(went, stored) == walk.edges, direction  # type: ignore[arg-type]
        session.rollback()


def _document(event: Event) -> ReadDocument:
    action = event.get("action")
    at = datetime.fromisoformat(event["eventTime"])
    kind, done = EventType(event["type"]), None if action is None else Action(action)
    return ReadDocument(None, [ReadEvent(event, kind, at, done, 0)], [])


def test_names_of_worlds_are_keys() -> None:
    assert [key_of(name) for name in [*THINGS, *CLASSES]] == [*THINGS, *CLASSES]
