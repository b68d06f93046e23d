"""Guessing passwords: a handful of tries, then waiting, however many guess at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import PASSWORD, Brand, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.sessions import (
    FAILURES_BEFORE_LOCK,
    LOCK_SECONDS_MAX,
    NewSession,
    SignIn,
    WrongCredentials,
    sign_in,
)
from wuma.kernel.errors import Refusal, TooMany
from wuma.kernel.runtime import Runtime

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def email(runtime: Runtime, brand: Brand) -> str:
    return make_account(runtime, brand.id, Role.QA)


def _try(runtime: Runtime, email: str, password: str, now: datetime) -> NewSession:
    return sign_in(runtime.database, runtime.fields, SignIn(email, password, None, ""), now=now)


def _fail(runtime: Runtime, email: str, times: int, now: datetime) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            _try(runtime, email, "a wrong password", now)


def _wait_seconds(runtime: Runtime, email: str, now: datetime) -> int:
    with pytest.raises(TooMany) as locked:
        _try(runtime, email, PASSWORD, now)
    return locked.value.retry_after_seconds


def test_of_forty_guesses_at_once_five_are_looked_at(runtime: Runtime, email: str) -> None:
    def guess(number: int) -> str:
        try:
            _try(runtime, email, PASSWORD if number == 39 else "a wrong password", NOON)
        except Refusal as refusal:
            return refusal.slug
        return "in"

    with ThreadPoolExecutor(8) as pool:
        said = Counter(pool.map(guess, range(40)))

    assert said == {"wrong-credentials": FAILURES_BEFORE_LOCK, "too-many-requests": 35}


def test_each_further_failure_costs_twice_the_wait_up_to_an_hour(runtime: Runtime, email: str) -> None:
    now, waits = NOON, []
    _fail(runtime, email, FAILURES_BEFORE_LOCK, now)
    for _ in range(8):
        waits.append(_wait_seconds(runtime, email, now) - 1)
        now += timedelta(seconds=waits[-1] + 1)
        _fail(runtime, email, 1, now)

    assert waits == [60, 120, 240, 480, 960, 1920, LOCK_SECONDS_MAX, LOCK_SECONDS_MAX]


def test_waiting_and_the_right_password_open_the_door_and_forget_the_failures(
    runtime: Runtime, email: str
) -> None:
    _fail(runtime, email, FAILURES_BEFORE_LOCK, NOON)
    later = NOON + timedelta(seconds=61)

    assert _try(runtime, email, PASSWORD, later)
    _fail(runtime, email, FAILURES_BEFORE_LOCK - 1, later)
    assert _try(runtime, email, PASSWORD, later)


def test_an_attempt_while_locked_does_not_lengthen_the_wait(runtime: Runtime, email: str) -> None:
    _fail(runtime, email, FAILURES_BEFORE_LOCK, NOON)
    waits = [_wait_seconds(runtime, email, NOON + timedelta(seconds=second)) for second in (0, 20, 40)]

    assert waits == [61, 41, 21]


def test_guesses_at_one_account_lock_no_other(runtime: Runtime, brand: Brand, email: str) -> None:
    _fail(runtime, email, FAILURES_BEFORE_LOCK, NOON)

    assert _try(runtime, make_account(runtime, brand.id, Role.QA), PASSWORD, NOON)


def test_an_unknown_address_is_never_locked_and_says_the_same(runtime: Runtime, email: str) -> None:
    with pytest.raises(WrongCredentials) as wrong:
        _try(runtime, email, "a wrong password", NOON)
    with pytest.raises(WrongCredentials) as unknown:
        _try(runtime, "nobody@example.cn", PASSWORD, NOON)

    assert (wrong.value.detail, wrong.value.slug) == (unknown.value.detail, unknown.value.slug)
