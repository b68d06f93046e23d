"""A can's life as it would be told: its own events, and those of case and pallet while it was in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.event import listen

from tests.chain.trace.test_capture import capture, event
from tests.conftest import Brand, SignedInClient
from tests.labels import make_product, place_order, print_labels
from wuma.chain.codes.orders import Level
from wuma.chain.trace.lives.containment import Bond, Mark, Stay, stays
from wuma.chain.trace.lives.timeline import Timeline, timeline_of
from wuma.kernel.runtime import Runtime

T0 = datetime(2026, 5, 1, tzinfo=UTC)
PALLET = "urn:epc:id:sscc:0614141.1234567890"
WAREHOUSE = {"id": "urn:epc:id:sgln:0614141.00777.0"}


def _at(hour: int) -> str:
    return f"2026-05-01T{hour:02}:00:00Z"


@pytest.fixture
def life(admin: SignedInClient, runtime: Runtime, brand: Brand) -> tuple[int, int, list[str]]:
    """One can: made, packed, put on a pallet, shipped, taken off, received with its case, unpacked, sold."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        cans = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 12))
        cases = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 2, Level.CASE))
    can_uris = [f"https://id.gs1.org{can.open_path}" for can in cans]
    case_uris = [f"https://id.gs1.org{case.open_path}" for case in cases]
    told = [
        event(at=_at(1), action="ADD", bizStep="commissioning", epcList=can_uris),
        event(
            "AggregationEvent",
            at=_at(2),
            action="ADD",
            bizStep="packing",
            parentID=case_uris[0],
            childEPCs=can_uris[:6],
        ),
        event(
            "AggregationEvent",
            at=_at(2),
            action="ADD",
            bizStep="packing",
            parentID=case_uris[1],
            childEPCs=can_uris[6:],
        ),
        event(
            "AggregationEvent",
            at=_at(3),
            action="ADD",
            bizStep="loading",
            parentID=PALLET,
            childEPCs=case_uris,
        ),
        event(at=_at(4), action="OBSERVE", bizStep="shipping", epcList=[PALLET], bizLocation=WAREHOUSE),
        event("AggregationEvent", at=_at(5), action="DELETE", bizStep="unloading", parentID=PALLET),
        event(at=_at(6), action="OBSERVE", bizStep="shipping", epcList=[PALLET]),
        event(at=_at(7), action="OBSERVE", bizStep="receiving", epcList=[case_uris[0]]),
        event(
            "AggregationEvent",
            at=_at(8),
            action="DELETE",
            bizStep="unpacking",
            parentID=case_uris[0],
            childEPCs=can_uris[:6],
        ),
        event(at=_at(9), action="OBSERVE", bizStep="storing", epcList=[case_uris[0]]),
        event(at=_at(10), action="DELETE", bizStep="retail_selling", epcList=[can_uris[2]]),
    ]
    capture(admin, *told[5:])  # late events come later and take their place in time
    capture(admin, *told[:5])
    return cans[2].unit, cases[0].unit, case_uris


def _timeline(runtime: Runtime, brand: Brand, thing: int) -> Timeline:
    with runtime.database.transaction(brand.scope) as session:
        return timeline_of(session, brand.id, thing)


def test_a_can_lives_with_its_case_and_pallet_while_it_is_in_them(
    life: tuple[int, int, list[str]], runtime: Runtime, brand: Brand
) -> None:
    can, _case, _uris = life
    told = _timeline(runtime, brand, can).told

    assert [(one.event.at.hour, one.event.biz_step, len(one.via)) for one in reversed(told)] == [
        (1, "commissioning", 0),
        (2, "packing", 0),
        (3, "loading", 1),
        (4, "shipping", 2),
        (5, "unloading", 2),
        (7, "receiving", 1),
        (8, "unpacking", 0),
        (10, "retail_selling", 0),
    ]


def test_a_life_takes_few_statements(
    life: tuple[int, int, list[str]], runtime: Runtime, brand: Brand
) -> None:
    can, _case, _uris = life
    _timeline(runtime, brand, can)  # kinds of events are remembered from here on
    said: list[str] = []
    with runtime.database.transaction(brand.scope) as session:
        connection = session.connection()
        listen(connection, "before_cursor_execute", lambda *told: said.append(told[2]))
        timeline_of(session, brand.id, can)

    # Contacts of can, case and pallet, and whether the dictionary's things are mentioned; their events;
    # what may take those back; and all that touched any of the three.
    assert len(said) <= 7, said


def test_where_it_was_is_said_with_since_and_until(
    life: tuple[int, int, list[str]], runtime: Runtime, brand: Brand
) -> None:
    can, case, _ = life

    stay = _timeline(runtime, brand, can).stays
    assert [(one.parent, one.since.hour, one.until and one.until.hour) for one in stay] == [(case, 2, 8)]
    on_pallet = _timeline(runtime, brand, case).stays
    assert [(one.since.hour, one.until and one.until.hour) for one in on_pallet] == [(3, 5)]


def test_a_case_says_what_is_left_in_it(
    life: tuple[int, int, list[str]], admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    _can, case, _uris = life
    assert _timeline(runtime, brand, case).contents == []
    assert _timeline(runtime, brand, case + 1).contents != []


MOMENTS = [T0 + timedelta(hours=hour) for hour in range(6)]
marks = st.lists(
    st.builds(
        Mark,
        at=st.sampled_from(MOMENTS),
        event_id=st.integers(1, 50),
        bond=st.sampled_from(Bond),
        parent=st.sampled_from([71, 72, 73]),
    ),
    max_size=8,
    unique_by=lambda mark: (mark.at, mark.event_id),
)


@given(said=marks)
def test_the_order_in_which_events_arrive_does_not_matter(said: list[Mark]) -> None:
    expected = stays(said)

    for some, order in enumerate(permutations(said)):
        assert stays(order) == expected
        if some > 20:
            break


@given(said=marks)
def test_a_thing_is_in_one_parent_at_a_time(said: list[Mark]) -> None:
    found = stays(said)

    for one, next_one in pairwise(found):
        assert one.until is not None
        assert one.since <= one.until <= next_one.since
    assert all(isinstance(stay, Stay) for stay in found)
