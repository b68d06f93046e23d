"""The guess-attack alarm: it rings when the share of invalid scans jumps, once, and stops by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.conftest import Brand, SignedInClient
from wuma.chain.authenticity.alarms import INVALID_COUNT_MIN, TIMES_USUAL, USUAL_SHARE_MIN, Shares, watch
from wuma.chain.authenticity.minutes import Minutes
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def _scanned(session: Session, brand: Brand, outcome: str, scans: int, *, minutes_ago: int) -> None:
    session.execute(
        text(
            "INSERT INTO authenticity.minute (tenant_id, minute, kind, outcome, scans)"
            " VALUES (:tenant, :minute, 'hidden', :outcome, :scans)"
        ),
        {
            "tenant": brand.id,
            "minute": NOON - timedelta(minutes=minutes_ago),
            "outcome": outcome,
            "scans": scans,
        },
    )


def _alarms(session: Session, brand: Brand) -> list[tuple[datetime, datetime | None]]:
    rows = session.execute(
        text("SELECT raised_at, ended_at FROM authenticity.alarm WHERE tenant_id = :id ORDER BY id"),
        {"id": brand.id},
    )
    return [tuple(row) for row in rows]


def test_a_jump_rings_once_and_ends_when_it_is_over(platform_db: Session, brand: Brand) -> None:
    _scanned(platform_db, brand, "first_genuine", 5_000, minutes_ago=600)
    _scanned(platform_db, brand, "first_genuine", 50, minutes_ago=3)
    _scanned(platform_db, brand, "unknown", 40, minutes_ago=2)

    for minute in (0, 1, 15, 16):
        watch(platform_db, now=NOON + timedelta(minutes=minute))

    assert _alarms(platform_db, brand) == [(NOON, NOON + timedelta(minutes=15))]


def test_a_second_attack_is_a_second_alarm(platform_db: Session, brand: Brand) -> None:
    _scanned(platform_db, brand, "first_genuine", 5_000, minutes_ago=900)
    _scanned(platform_db, brand, "unknown", 40, minutes_ago=302)
    _scanned(platform_db, brand, "not_a_code", 400, minutes_ago=2)

    for minutes_ago in (300, 200, 0):
        watch(platform_db, now=NOON - timedelta(minutes=minutes_ago))

    raised = [raised_at for raised_at, _ in _alarms(platform_db, brand)]
    assert raised == [NOON - timedelta(minutes=300), NOON]


@pytest.mark.parametrize(
    ("what", "before", "now"),
    [
        ("too few to be an attack", {"first_genuine": 10_000}, {"unknown": INVALID_COUNT_MIN - 1}),
        ("as bad as every day", {"registered": 900, "mistyped": 100}, {"registered": 90, "mistyped": 25}),
        ("many scans and few bad ones", {"registered": 9_000}, {"registered": 1_000, "unknown": 40}),
        ("labels that leaked are another alarm", {"registered": 9_000}, {"not_activated": 500}),
        ("nothing at all", {}, {}),
    ],
)
def test_what_is_no_jump_does_not_ring(
    platform_db: Session, brand: Brand, what: str, before: dict[str, int], now: dict[str, int]
) -> None:
    for scans, minutes_ago in ((before, 700), (now, 2)):
        for outcome, count in scans.items():
            _scanned(platform_db, brand, outcome, count, minutes_ago=minutes_ago)

    watch(platform_db, now=NOON)

    assert _alarms(platform_db, brand) == [], what


def test_an_attack_on_one_brand_rings_at_that_brand(
    platform_db: Session, brand: Brand, other_brand: Brand
) -> None:
    for one, invalid in ((brand, 400), (other_brand, 3)):
        _scanned(platform_db, one, "registered", 1_000, minutes_ago=700)
        _scanned(platform_db, one, "unknown", invalid, minutes_ago=1)

    watch(platform_db, now=NOON)

    assert len(_alarms(platform_db, brand)) == 1
    assert _alarms(platform_db, other_brand) == []


def test_two_workers_that_watch_at_once_raise_one_alarm(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    with runtime.database.transaction(PLATFORM) as session:
        _scanned(session, brand, "unknown", 500, minutes_ago=1)

    def look() -> None:
        with runtime.database.transaction(PLATFORM) as session:
            watch(session, now=NOON)

    watchers = [Thread(target=look) for _ in range(6)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()

    (alarm,) = admin.get("/alarms").json()["items"]
    assert (alarm["kind"], alarm["facts"]["share"], alarm["ended_at"]) == ("invalid_share", 1.0, None)


COUNTS = st.integers(0, 10**6)


@given(good=COUNTS, bad=COUNTS, good_before=COUNTS, bad_before=COUNTS, more=COUNTS)
def test_more_invalid_scans_never_silence_it_and_few_never_ring(
    good: int, bad: int, good_before: int, bad_before: int, more: int
) -> None:
    shares = Shares(1, good + bad, bad, good_before + bad_before, bad_before)
    worse = Shares(1, good + bad + more, bad + more, good_before + bad_before, bad_before)

    assert worse.is_alarming or not shares.is_alarming
    if shares.is_alarming:
        assert bad >= INVALID_COUNT_MIN
        assert shares.share >= TIMES_USUAL * USUAL_SHARE_MIN


def test_counts_of_several_threads_and_flushes_add_up(runtime: Runtime, brand: Brand) -> None:
    minutes = Minutes()

    def count() -> None:
        for _ in range(500):
            minutes.add(brand.id, NOON, "hidden", "unknown")

    def flush() -> None:
        for _ in range(20):
            with runtime.database.session(PLATFORM) as session:
                minutes.flush(session)

    threads = [Thread(target=work) for work in (count, count, count, flush, flush)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flush()

    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT sum(scans) FROM authenticity.minute")) == 1500


def test_counts_that_could_not_be_handed_over_are_kept(runtime: Runtime, brand: Brand) -> None:
    minutes = Minutes()
    minutes.add(brand.id, NOON, "open", "registered")
    with runtime.database.session(PLATFORM) as session:
        session.execute(text("SET TRANSACTION READ ONLY"))
        with pytest.raises(DBAPIError, match="read-only transaction"):
            minutes.flush(session)

    minutes.add(brand.id, NOON, "open", "registered")
    with runtime.database.session(PLATFORM) as session:
        minutes.flush(session)
        minutes.flush(session)

    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT scans FROM authenticity.minute")) == 2
