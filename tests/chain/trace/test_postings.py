"""The folded index, held against a plain list of "event touches thing"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.chain.trace.shelves import postings
from wuma.chain.trace.shelves.postings import Role, Touch, fold, touches_of
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime

BEGAN = datetime(2026, 5, 1, tzinfo=UTC)


@st.composite
def worlds(draw: st.DrawFn) -> list[Touch]:
    """Events of a line and of chance: cases packed in a row, lots, and single sightings of a few things."""
    touches: list[Touch] = []
    event_id = 1
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(["cases", "lot", "single"]))
        first = draw(st.integers(1, 60))
        if kind == "cases":
            size, count = draw(st.integers(1, 7)), draw(st.integers(1, 12))
            parent = draw(st.integers(1000, 1020))
            for place in range(count):
                start = first + place * size
                touches.append(_touch(event_id, Role.CHILD, start, start + size - 1, parent + place))
                event_id += 1
        elif kind == "lot":
            touches.append(_touch(event_id, Role.OBSERVED, first, first + draw(st.integers(0, 5000)), None))
            event_id += 1
        else:
            role = draw(st.sampled_from([Role.OBSERVED, Role.INPUT, Role.OUTPUT, Role.PARENT, Role.CLASS]))
            touches.append(_touch(event_id, role, first, first, None))
            event_id += 1
        event_id += draw(st.integers(0, 1))
    return touches


def _touch(event_id: int, role: Role, first: int, last: int, parent: int | None) -> Touch:
    return Touch(event_id, BEGAN + timedelta(seconds=event_id), role, first, last, parent)


def _plainly(touches: list[Touch], thing: int) -> set[tuple[int, Role, int | None, int | None]]:
    """What touches a thing, read from the list itself."""
    found: set[tuple[int, Role, int | None, int | None]] = set()
    for touch in touches:
        if touch.first <= thing <= touch.last:
            found.add((touch.event_id, touch.role, touch.parent, touch.parent))
        if touch.parent == thing:
            found.add((touch.event_id, Role.PARENT, touch.first, touch.last))
    return found


def chunks_at(session: Session, tenant_id: int, ats: dict[int, datetime]) -> int:
    """Write a chunk for each of some events; return what is added to their numbers."""
    capture_id = uuid7()
    session.execute(
        text("INSERT INTO trace.capture VALUES (:id, :tenant, now(), 'test', 0, 0, '[]')"),
        {"id": capture_id, "tenant": tenant_id},
    )
    base = session.scalars(text("SELECT nextval('trace.event_id')")).one()  # as no other test has
    for event_id, at in ats.items():
        session.execute(
            text(
                "INSERT INTO trace.chunk (id, tenant_id, capture_id, captured_at, at_min, at_max, tick,"
                " event_count, coding, kinds, locations, filing, body) VALUES (:id, :tenant, :capture, now(),"
                " :at, :at, 1, 1, 1, '{1}', '{NULL}', '', '')"
            ),
            {"id": base + event_id, "tenant": tenant_id, "at": at, "capture": capture_id},
        )
    return base


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(touches=worlds())
def test_the_folded_index_says_what_the_events_said(
    runtime: Runtime, brand: Brand, touches: list[Touch]
) -> None:
    rows = fold(touches)
    with runtime.database.session(brand.scope) as session:
        base = chunks_at(session, brand.id, {touch.event_id: touch.at for touch in touches})
        moved = [Touch(base + t.event_id, t.at, t.role, t.first, t.last, t.parent) for t in touches]
        postings.write(session, brand.id, fold(moved))
        things = sorted({1, 2, 30, 59, 100, 1000, 1005, *(touch.first for touch in touches)})

        for thing in things:
            read = {
                (one.event_id - base, one.role, one.other_first, one.other_last)
                for one in touches_of(session, brand.id, [thing])
            }
            assert read == _plainly(touches, thing), thing
        session.rollback()
    assert len(rows) <= 2 * len(touches)


def test_a_thousand_cases_in_a_row_are_two_rows() -> None:
    touches = [_touch(n, Role.CHILD, 6 * n, 6 * n + 5, 9000 + n) for n in range(1000)]

    assert [(row.role, row.event_count) for row in fold(touches)] == [(Role.CHILD, 1000), (Role.PARENT, 1000)]


def test_a_swapped_can_costs_the_rows_around_it_only() -> None:
    touches = [_touch(n, Role.CHILD, 6 * n, 6 * n + 5, 9000 + n) for n in range(100)]
    swapped = [
        *touches[:50],
        _touch(50, Role.CHILD, 300, 304, 9050),
        _touch(50, Role.CHILD, 777, 777, 9050),
        *touches[51:],
    ]

    assert len(fold(swapped)) == 8
