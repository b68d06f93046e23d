"""What is said of a scan: never a doubt aloud on one weak sign, and never a better word for a worse fact."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from wuma.chain.authenticity.judge import (
    DOUBT_SPOKEN,
    DOUBTS,
    NOWHERE,
    GeoSource,
    History,
    Outcome,
    Place,
    Reason,
    Subject,
    Verdict,
    Visit,
    distance_km,
    judge_hidden,
    judge_open,
)
from wuma.chain.codes.facade import CodeState

NOON = datetime(2026, 5, 1, 4, tzinfo=UTC)
ON_A_CAN = Subject(CodeState.COMMISSIONED)
STRONG = {reason for reason, doubt in DOUBTS.items() if doubt >= DOUBT_SPOKEN}

BEIJING = Place("1101", 116.41, 39.90, 50_000, GeoSource.IP)
GUANGZHOU = Place("4401", 113.26, 23.13, 50_000, GeoSource.IP)
URUMQI = Place("6501", 87.62, 43.82, 50_000, GeoSource.IP)
TIANJIN = Place("12", 117.20, 39.13, 50_000, GeoSource.IP)
CHENGDU = Place("5101", 104.07, 30.67, 50_000, GeoSource.IP)
PLACES = st.sampled_from([BEIJING, GUANGZHOU, URUMQI, TIANJIN, CHENGDU, NOWHERE])
PEOPLE = st.sampled_from([f"person {number}" for number in range(8)])


def _in_order(visits: Sequence[Visit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(visit.person for visit in visits))


@st.composite
def histories(draw: st.DrawFn, people: st.SearchStrategy[str] = PEOPLE) -> History:
    """What can be remembered of a code: visits in order, and sums that hold at least what they say."""
    minutes = sorted(draw(st.lists(st.integers(-100_000, 0), max_size=8)))
    visits = tuple(Visit(draw(people), NOON + timedelta(minutes=at), draw(PLACES)) for at in minutes)
    forgotten = draw(st.integers(0, 20)) if len(visits) > 2 else 0
    return History(
        count=len(visits) + forgotten,
        early_count=draw(st.integers(0, 2)),
        visits=visits,
        persons=_in_order(visits),
        cities=frozenset(visit.place.city for visit in visits if visit.place.city),
    )


VISITS = st.builds(lambda person, place: Visit(person, NOON, place), PEOPLE, PLACES)
JUDGES = st.sampled_from([judge_open, judge_hidden])


def _visits(*seen: tuple[str, Place, float]) -> History:
    """What is remembered of visits: who, where, how many hours ago."""
    visits = tuple(Visit(who, NOON - timedelta(hours=hours), where) for who, where, hours in seen)
    persons = _in_order(visits)
    cities = frozenset(visit.place.city for visit in visits if visit.place.city)
    return History(len(visits), 0, visits, persons, cities)


def test_the_first_to_scratch_the_lid_is_told_so() -> None:
    verdict = judge_hidden(ON_A_CAN, History(), Visit("mother", NOON, BEIJING))

    assert verdict == Verdict(Outcome.FIRST_GENUINE, (Reason.FIRST_SCAN,))


def test_a_grandmother_far_away_is_another_person_and_no_suspect() -> None:
    seen = _visits(("mother", BEIJING, 72))

    verdict = judge_hidden(ON_A_CAN, seen, Visit("grandmother", NOON, GUANGZHOU))

    assert verdict == Verdict(Outcome.GENUINE_AGAIN, (Reason.OTHER_PERSON, Reason.FAR_AWAY), 0.5)


def test_a_second_can_with_the_code_at_the_same_hour_elsewhere_is_suspect() -> None:
    seen = _visits(("mother", BEIJING, 0.5))

    verdict = judge_hidden(ON_A_CAN, seen, Visit("another mother", NOON, GUANGZHOU))

    assert verdict.outcome is Outcome.SUSPECT
    assert verdict.reasons == (Reason.OTHER_PERSON, Reason.FAR_AWAY, Reason.IMPOSSIBLE_SPEED)


def test_a_code_printed_on_many_cans_is_suspect_though_nobody_says_where_they_are() -> None:
    seen = _visits(*((f"buyer {number}", NOWHERE, 100 - number) for number in range(6)))
    somewhere = replace(seen, cities=frozenset({"1101", "4401", "6501"}))

    alone = judge_hidden(ON_A_CAN, seen, Visit("one more", NOON, NOWHERE))
    together = judge_hidden(ON_A_CAN, somewhere, Visit("one more", NOON, NOWHERE))

    assert (alone.outcome, alone.reasons[1:]) == (Outcome.GENUINE_AGAIN, (Reason.MANY_PEOPLE,))
    assert (together.outcome, together.reasons[1:]) == (
        Outcome.SUSPECT,
        (Reason.MANY_PEOPLE, Reason.MANY_CITIES),
    )


def test_a_label_seen_before_it_was_on_a_can_is_remembered_against_it() -> None:
    early = History(early_count=1)

    alone = judge_hidden(ON_A_CAN, early, Visit("mother", NOON, BEIJING))
    with_more = judge_hidden(
        ON_A_CAN, replace(_visits(("mother", BEIJING, 0.5)), early_count=1), Visit("b", NOON, GUANGZHOU)
    )

    assert alone == Verdict(Outcome.FIRST_GENUINE, (Reason.FIRST_SCAN, Reason.BEFORE_ACTIVATION), 0.4)
    assert with_more.outcome is Outcome.SUSPECT


@pytest.mark.parametrize(
    ("subject", "verdict"),
    [
        (Subject(CodeState.ALLOCATED), Verdict(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))),
        (Subject(CodeState.ENCODED), Verdict(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))),
        (Subject(CodeState.SCRAPPED), Verdict(Outcome.VOID, (Reason.LABEL_SCRAPPED,))),
        (Subject(CodeState.DESTROYED), Verdict(Outcome.VOID, (Reason.AFTER_RETURN,))),
        (Subject(CodeState.VOID), Verdict(Outcome.VOID, (Reason.DECLARED_VOID,))),
        (Subject(CodeState.SAMPLED), Verdict(Outcome.VOID, (Reason.SAMPLE,))),
        (Subject(CodeState.COMMISSIONED, is_recalled=True), Verdict(Outcome.RECALLED, (Reason.RECALL,))),
        (
            Subject(CodeState.COMMISSIONED, expires_on=date(2026, 4, 30)),
            Verdict(Outcome.EXPIRED, (Reason.PAST_EXPIRY,)),
        ),
        (
            Subject(CodeState.COMMISSIONED, expires_on=date(2026, 4, 30), is_recalled=True),
            Verdict(Outcome.RECALLED, (Reason.RECALL,)),  # the reason to stop feeding it comes first
        ),
    ],
)
@given(judge=JUDGES, history=histories(), visit=VISITS)
def test_what_must_not_be_in_anybodys_hands_is_said_so_whoever_scans(
    subject: Subject, verdict: Verdict, judge, history: History, visit: Visit
) -> None:
    assert judge(subject, history, visit) == verdict


def test_every_state_has_a_word() -> None:
    outcomes = {
        state: judge_hidden(Subject(state), History(), Visit("mother", NOON, NOWHERE)).outcome
        for state in CodeState
    }

    assert [state for state, outcome in outcomes.items() if outcome is Outcome.FIRST_GENUINE] == [
        CodeState.COMMISSIONED
    ]


def test_an_item_is_good_to_the_end_of_its_day_where_it_is_sold() -> None:
    subject = Subject(CodeState.COMMISSIONED, expires_on=date(2026, 5, 1))
    last_minute = datetime(2026, 5, 1, 15, 59, tzinfo=UTC)  # 23:59 in China

    last, next_day = (
        judge_hidden(subject, History(), Visit("mother", at, NOWHERE)).outcome
        for at in (last_minute, last_minute + timedelta(minutes=1))
    )

    assert (last, next_day) == (Outcome.FIRST_GENUINE, Outcome.EXPIRED)


def test_an_item_that_came_back_is_suspect_when_it_is_scanned_again() -> None:
    returned = Subject(CodeState.COMMISSIONED, was_returned=True)

    verdict = judge_hidden(returned, _visits(("mother", BEIJING, 72)), Visit("mother", NOON, BEIJING))

    assert verdict == Verdict(Outcome.SUSPECT, (Reason.SAME_PERSON, Reason.AFTER_RETURN), 1.0)


@given(judge=JUDGES, history=histories(), visit=VISITS)
def test_one_weak_sign_alone_never_makes_a_suspect(judge, history: History, visit: Visit) -> None:
    verdict = judge(ON_A_CAN, history, visit)

    doubts = [reason for reason in verdict.reasons if reason in DOUBTS]
    assert (verdict.outcome is Outcome.SUSPECT) == (verdict.doubt >= DOUBT_SPOKEN)
    assert verdict.outcome is not Outcome.SUSPECT or len(doubts) >= 2 or STRONG & set(doubts)
    assert verdict.doubt == round(sum(DOUBTS[reason] for reason in doubts), 3)
    assert len(set(verdict.reasons)) == len(verdict.reasons)


@given(history=histories(), visit=VISITS, subject=st.builds(Subject, st.sampled_from(CodeState)))
def test_an_open_code_is_never_called_genuine(history: History, visit: Visit, subject: Subject) -> None:
    outcome = judge_open(subject, history, visit).outcome

    assert outcome not in {Outcome.FIRST_GENUINE, Outcome.GENUINE_AGAIN}


@given(history=histories(st.just("mother")), place=PLACES)
def test_whoever_scans_again_and_alone_stays_with_a_genuine_can_wherever_they_travel(
    history: History, place: Place
) -> None:
    assume(history.count)

    verdict = judge_hidden(ON_A_CAN, history, Visit("mother", NOON, place))

    assert verdict.outcome is Outcome.GENUINE_AGAIN
    assert verdict.reasons[0] is Reason.SAME_PERSON


@given(judge=JUDGES, history=histories(), visit=VISITS, strangers=st.integers(1, 20))
def test_more_people_never_make_it_better(judge, history: History, visit: Visit, strangers: int) -> None:
    crowd = tuple(f"stranger {number}" for number in range(strangers))
    crowded = replace(history, persons=history.persons + crowd, count=history.count + strangers)

    assert judge(ON_A_CAN, crowded, visit).doubt >= judge(ON_A_CAN, history, visit).doubt


@given(judge=JUDGES, history=histories(), visit=VISITS, more=st.sets(st.sampled_from(["2101", "2201", "81"])))
def test_more_cities_never_make_it_better(judge, history: History, visit: Visit, more: set[str]) -> None:
    wider = replace(history, cities=history.cities | more)

    assert judge(ON_A_CAN, wider, visit).doubt >= judge(ON_A_CAN, history, visit).doubt


@given(judge=JUDGES, history=histories(), visit=VISITS, share=st.floats(0, 1))
def test_less_time_to_travel_never_makes_it_better(
    judge, history: History, visit: Visit, share: float
) -> None:
    hurried = tuple(replace(one, at=one.at + (NOON - one.at) * share) for one in history.visits)

    sooner = judge(ON_A_CAN, replace(history, visits=hurried), visit)
    assert sooner.doubt >= judge(ON_A_CAN, history, visit).doubt


@given(judge=JUDGES, history=histories(), visit=VISITS)
def test_a_label_seen_early_and_a_return_never_make_it_better(judge, history: History, visit: Visit) -> None:
    before = judge(ON_A_CAN, history, visit).doubt

    assert judge(ON_A_CAN, replace(history, early_count=history.early_count + 1), visit).doubt >= before
    assert judge(replace(ON_A_CAN, was_returned=True), history, visit).doubt >= before


@given(history=histories(), person=PEOPLE, other=PEOPLE)
def test_who_tells_nobody_where_they_are_raises_no_doubt_of_place(
    history: History, person: str, other: str
) -> None:
    assume(person not in history.persons)

    hidden = judge_hidden(ON_A_CAN, history, Visit(person, NOON, NOWHERE))

    assert not {Reason.FAR_AWAY, Reason.IMPOSSIBLE_SPEED} & set(hidden.reasons)


def test_a_crowd_in_front_of_a_shelf_is_no_sign_even_when_addresses_err() -> None:
    shoppers = _visits(*((f"shopper {n}", CHENGDU if n % 5 == 4 else BEIJING, 30 - n) for n in range(12)))

    for place in (BEIJING, GUANGZHOU):
        assert judge_open(ON_A_CAN, shoppers, Visit("another", NOON + timedelta(days=1), place)).outcome is (
            Outcome.REGISTERED
        )


def test_an_open_code_that_is_nowhere_in_particular_has_been_copied() -> None:
    everywhere = [BEIJING, GUANGZHOU, CHENGDU, BEIJING, GUANGZHOU, CHENGDU]
    shoppers = _visits(*((f"shopper {n}", place, 30 - n) for n, place in enumerate(everywhere)))

    verdict = judge_open(ON_A_CAN, shoppers, Visit("another", NOON - timedelta(hours=24), GUANGZHOU))

    assert verdict.outcome is Outcome.SUSPECT
    assert Reason.MANY_CITIES in verdict.reasons


COORDINATES = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


@given(one=COORDINATES, other=COORDINATES)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_the_earth(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    here, there = (Place(None, *point, None, GeoSource.GPS_EXACT) for point in (one, other))
    there_and_back = distance_km(here, there), distance_km(there, here)

    assert there_and_back[0] is not None
    assert there_and_back[0] == pytest.approx(there_and_back[1], abs=1e-6)
    assert 0 <= there_and_back[0] <= 20_016
    assert distance_km(here, here) == 0
    assert distance_km(here, NOWHERE) is None
