"""From the first look at a label to the recall: what is said of one code in the course of its life."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from tests.conftest import Brand
from tests.labels import bring, make_product, open_batch, place_order
from wuma.chain.authenticity.judge import NOWHERE, GeoSource, Outcome, Place, Reason
from wuma.chain.authenticity.pseudonyms import Pseudonyms
from wuma.chain.authenticity.refine import REFINABLE_HOURS, refine_place
from wuma.chain.authenticity.remember import (
    PERSONS_KEPT_MAX,
    REPEAT_SECONDS,
    VISITS_KEPT_MAX,
    Judged,
    Scan,
    judge_and_remember,
    locks_on,
)
from wuma.chain.codes.directory import OrderDirectory, OrderEntry
from wuma.chain.codes.identify import Kind
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.entrypoints import wiring
from wuma.kernel.db import HotPool
from wuma.kernel.errors import NotFound
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

NOON = datetime.now(UTC).replace(microsecond=0)
BEIJING = Place("1101", 116.41, 39.90, 50_000, GeoSource.IP)
GUANGZHOU = Place("4401", 113.26, 23.13, 50_000, GeoSource.IP)


class Can:
    """One code: its life so far, and people who scan it."""

    def __init__(self, runtime: Runtime, brand: Brand, expires_on: date | None) -> None:
        self.runtime, self.brand = runtime, brand
        with runtime.database.transaction(brand.scope) as session:
            product = make_product(session, brand.id)
            order = place_order(session, runtime.keyring, product, 1)
            self.batch = open_batch(session, product, expires_on=expires_on)
        self.unit = order.first_unit
        directory = OrderDirectory()
        with runtime.database.transaction(PLATFORM) as session:
            directory.refresh(session)
        entry = directory.order_of(self.unit)
        assert entry is not None
        self.order: OrderEntry = entry

    def become(self, state: CodeState) -> None:
        batch_id = self.batch.id if state is CodeState.COMMISSIONED else None
        with self.runtime.database.transaction(self.brand.scope) as session:
            bring(session, [UnitRange(self.unit, self.unit)], state, batch_id)

    def scan(
        self, person: str, *, hours: float = 0, place: Place = NOWHERE, kind: Kind = Kind.HIDDEN
    ) -> Scan:
        at = NOON + timedelta(hours=hours)
        return Scan(uuid7(), kind, self.unit, self.order, at, person, f"net {person}", place, "browser")

    def judge(self, *scans: Scan) -> list[Judged]:
        async def run() -> list[Judged]:
            dsn = wiring.program_dsn(self.runtime.settings)
            pool = await HotPool.open(dsn, wiring.token_signer(self.runtime.keyring), connections=2)
            try:
                judged = []
                for scan in scans:
                    async with pool.transaction(self.brand.scope, locks=locks_on([scan])) as connection:
                        judged += await judge_and_remember(connection, [scan])
                return judged
            finally:
                await pool.close()

        return asyncio.run(run())

    def said(self, *scans: Scan) -> list[tuple[Outcome, tuple[Reason, ...]]]:
        return [(judged.verdict.outcome, judged.verdict.reasons) for judged in self.judge(*scans)]


@pytest.fixture
def can(runtime: Runtime, brand: Brand) -> Can:
    return Can(runtime, brand, None)


def test_a_label_that_was_scanned_at_the_printers_is_genuine_later_and_the_look_is_not_forgotten(
    can: Can,
) -> None:
    early = can.said(can.scan("printer"), can.scan("printer", hours=1))
    can.become(CodeState.COMMISSIONED)
    later = can.said(can.scan("mother", hours=100))

    assert early == [(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))] * 2
    assert later == [(Outcome.FIRST_GENUINE, (Reason.FIRST_SCAN, Reason.BEFORE_ACTIVATION))]


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (CodeState.VOID, (Outcome.VOID, (Reason.DECLARED_VOID,))),
        (CodeState.DESTROYED, (Outcome.VOID, (Reason.AFTER_RETURN,))),
        (CodeState.SAMPLED, (Outcome.VOID, (Reason.SAMPLE,))),
    ],
)
def test_what_becomes_of_the_item_is_said_at_the_next_scan(
    can: Can, state: CodeState, verdict: tuple[Outcome, tuple[Reason, ...]]
) -> None:
    can.become(CodeState.COMMISSIONED)
    (first,) = can.said(can.scan("mother"))
    can.become(state)

    assert first[0] is Outcome.FIRST_GENUINE
    assert can.said(can.scan("mother", hours=1), can.scan("mother", hours=1, kind=Kind.OPEN)) == [verdict] * 2


def test_a_recall_is_told_to_everybody_at_once(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    can.judge(can.scan("mother"))
    with can.runtime.database.transaction(can.brand.scope) as session:
        session.execute(text("UPDATE codes.batch SET recalled_at = now(), recall_notice = '请停止食用'"))

    (judged,) = can.judge(can.scan("mother", hours=1))

    assert (judged.verdict.outcome, judged.verdict.reasons) == (Outcome.RECALLED, (Reason.RECALL,))
    assert judged.subject is not None
    assert judged.subject.recall_notice == "请停止食用"


def test_a_can_past_its_day_is_said_to_be(runtime: Runtime, brand: Brand) -> None:
    old = Can(runtime, brand, expires_on=date(2026, 2, 1))
    old.become(CodeState.COMMISSIONED)

    assert old.said(old.scan("mother")) == [(Outcome.EXPIRED, (Reason.PAST_EXPIRY,))]


def test_the_same_person_again_stays_with_a_genuine_can(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    places = [BEIJING, GUANGZHOU, BEIJING, NOWHERE]

    said = can.said(*(can.scan("mother", hours=hour, place=place) for hour, place in enumerate(places)))

    assert said[0] == (Outcome.FIRST_GENUINE, (Reason.FIRST_SCAN,))
    assert said[1:] == [(Outcome.GENUINE_AGAIN, (Reason.SAME_PERSON,))] * 3


def test_an_answer_that_got_lost_is_given_again(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    tapped_twice = [can.scan("mother"), can.scan("mother", hours=(REPEAT_SECONDS - 1) / 3600)]

    judged = can.judge(*tapped_twice, can.scan("mother", hours=1))

    assert [one.verdict.outcome for one in judged] == [
        Outcome.FIRST_GENUINE,
        Outcome.FIRST_GENUINE,
        Outcome.GENUINE_AGAIN,
    ]
    assert [one.count for one in judged] == [1, 1, 2]


def test_a_doubt_told_again_has_the_same_reasons(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    strangers = [can.scan(f"person {number}", hours=number, place=BEIJING) for number in range(6)]
    far_away = can.scan("somebody", hours=5.1, place=GUANGZHOU)
    again = can.scan("somebody", hours=5.1 + (REPEAT_SECONDS - 1) / 3600, place=GUANGZHOU)

    (*_, told, told_again) = can.said(*strangers, far_away, again)

    assert told[0] is Outcome.SUSPECT
    assert Reason.FAR_AWAY in told[1]
    assert told_again == told


def test_a_stranger_who_was_told_of_doubts_is_not_at_home_by_asking_again(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    mother = can.scan("mother", place=BEIJING)
    victim = [can.scan("victim", hours=hours, place=GUANGZHOU) for hours in (0.5, 1, 5, 500)]

    said = can.said(mother, *victim, can.scan("mother", hours=600, place=BEIJING))

    assert [outcome for outcome, _ in said[1:-1]] == [Outcome.SUSPECT] * len(victim)
    assert said[-1] == (Outcome.GENUINE_AGAIN, (Reason.SAME_PERSON,))


def test_a_numbered_scan_sent_again_is_one_scan_however_many_came_between(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    numbered = replace(can.scan("mother"), is_numbered=True)
    crowd = [can.scan(f"person {number}", hours=number) for number in range(1, VISITS_KEPT_MAX + 3)]
    again = replace(numbered, at=NOON + timedelta(hours=20))

    dropped = replace(can.scan("late", hours=0.5), is_numbered=True)
    judged = can.judge(numbered, dropped, *crowd, again, replace(dropped, at=again.at))

    assert [one.verdict for one in judged[-2:]] == [one.verdict for one in judged[:2]]
    assert _logged(can) == len(crowd) + 2


def test_the_number_of_anothers_scan_does_not_buy_their_answer(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)
    first = replace(can.scan("copier", place=BEIJING), is_numbered=True)
    same_number = [
        replace(can.scan(f"buyer {n}", hours=n, place=GUANGZHOU), id=first.id, is_numbered=True)
        for n in range(1, VISITS_KEPT_MAX + 3)
    ]

    judged = can.judge(first, *same_number)

    assert judged[0].verdict.outcome is Outcome.FIRST_GENUINE
    assert Outcome.FIRST_GENUINE not in {one.verdict.outcome for one in judged[1:]}
    assert judged[-1].count == len(judged)
    assert len({one.id for one in judged}) == len(judged)


def test_the_number_of_a_scan_of_another_code_says_nothing_of_this_one(
    runtime: Runtime, brand: Brand, can: Can
) -> None:
    other = Can(runtime, brand, None)
    for one in (can, other):
        one.become(CodeState.COMMISSIONED)
    (genuine,) = other.judge(replace(other.scan("copier"), is_numbered=True))
    can.judge(*[can.scan(f"buyer {n}", hours=n) for n in range(VISITS_KEPT_MAX + 3)])

    (judged,) = can.judge(replace(can.scan("copier", hours=20), id=genuine.id, is_numbered=True))

    assert genuine.verdict.outcome is Outcome.FIRST_GENUINE
    assert judged.verdict.outcome is not Outcome.FIRST_GENUINE


def test_a_numbered_scan_of_a_label_on_no_can_is_one_scan_too(can: Can) -> None:
    numbered = replace(can.scan("printer"), is_numbered=True)

    said = can.said(numbered, replace(numbered, at=NOON + timedelta(minutes=5)))

    assert said == [(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))] * 2
    assert _logged(can) == 1


def _logged(can: Can) -> int:
    with can.runtime.database.transaction(can.brand.scope) as session:
        return session.scalar(text("SELECT count(*) FROM authenticity.scan")) or 0


def test_however_often_a_code_is_scanned_what_is_kept_of_it_is_bounded(can: Can) -> None:
    can.become(CodeState.COMMISSIONED)

    judged = can.judge(*(can.scan(f"person {number}", hours=number) for number in range(40)))

    with can.runtime.database.transaction(can.brand.scope) as session:
        kept = session.execute(
            text(
                "SELECT scan_count, jsonb_array_length(visits), cardinality(persons)"
                " FROM authenticity.history"
            )
        ).one()
    assert tuple(kept) == (40, VISITS_KEPT_MAX, PERSONS_KEPT_MAX)
    assert judged[-1].history.first is not None
    assert judged[-1].history.first.person == "person 0"


# ---- telling afterwards where one is ----------------------------------------------------------------------


@pytest.fixture
def pseudonyms(runtime: Runtime) -> Pseudonyms:
    return Pseudonyms(runtime.keyring)


def _refine(can: Can, pseudonyms: Pseudonyms, scan: Scan, cookie: str, *, hours: float = 0.1) -> None:
    exact = Place("110105", 116.48, 39.92, 20, GeoSource.GPS_EXACT)
    with can.runtime.database.transaction(PLATFORM) as session:
        at = NOON + timedelta(hours=hours)
        refine_place(session, pseudonyms, scan.id, cookie=cookie, place=exact, now=at)


def test_ones_own_scan_gets_a_better_place_in_the_log_and_in_the_memory(
    can: Can, pseudonyms: Pseudonyms
) -> None:
    can.become(CodeState.COMMISSIONED)
    own = can.scan(pseudonyms.of(can.brand.id, b"cookie"), place=BEIJING)
    can.judge(own, can.scan("somebody else", hours=0.05, place=GUANGZHOU))

    _refine(can, pseudonyms, own, "cookie")

    with can.runtime.database.transaction(can.brand.scope) as session:
        logged = session.execute(
            text("SELECT region, accuracy_m, geo_source FROM authenticity.scan ORDER BY at")
        ).all()
        visits = session.scalar(text("SELECT visits FROM authenticity.history"))
    assert [tuple(row) for row in logged] == [("110105", 20, "gps_exact"), ("4401", 50_000, "ip")]
    assert [(visit["r"], visit["g"]) for visit in visits] == [("110105", "gps_exact"), ("4401", "ip")]


@pytest.mark.parametrize(
    ("cookie", "hours"), [("another cookie", 0.1), ("", 0.1), ("cookie", REFINABLE_HOURS + 0.01)]
)
def test_nobody_moves_anothers_scan_or_one_of_long_ago(
    can: Can, pseudonyms: Pseudonyms, cookie: str, hours: float
) -> None:
    can.become(CodeState.COMMISSIONED)
    own = can.scan(pseudonyms.of(can.brand.id, b"cookie"), place=GUANGZHOU)
    can.judge(own)

    with pytest.raises(NotFound):
        _refine(can, pseudonyms, own, cookie, hours=hours)

    with can.runtime.database.transaction(can.brand.scope) as session:
        assert session.scalars(text("SELECT region FROM authenticity.scan")).all() == ["4401"]


def test_the_same_cookie_is_another_person_with_every_brand(
    pseudonyms: Pseudonyms, brand: Brand, other_brand: Brand
) -> None:
    names = {pseudonyms.of(one.id, b"cookie") for one in (brand, other_brand)}

    assert len(names) == 2
    assert all(len(name) == 16 and int(name, 16) >= 0 for name in names)
