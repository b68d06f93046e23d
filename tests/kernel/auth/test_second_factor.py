"""The second factor: it counts once shown to work, a code counts once, and old ones never."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Brand, SignedInClient, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.sessions import (
    TOTP_STEP_SECONDS,
    NewSession,
    SecondFactorNeeded,
    SignIn,
    WrongCredentials,
    sign_in,
    totp_step,
)
from wuma.kernel.errors import Refusal
from wuma.kernel.runtime import Runtime

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
INSTANTS = st.integers(1_600_000_000, 4_000_000_000).map(lambda at: datetime.fromtimestamp(at, UTC))


@pytest.fixture
def person(runtime: Runtime, client: TestClient, brand: Brand) -> SignedInClient:
    return SignedInClient(client, make_account(runtime, brand.id, Role.QA))


def _enrol(person: SignedInClient) -> tuple[pyotp.TOTP, str]:
    """Give somebody a second factor; return it with the code that confirmed it."""
    prepared = person.post("/me/totp")
    assert prepared.status_code == 201, prepared.text
    factor = pyotp.parse_uri(prepared.json()["otpauth_uri"])
    assert isinstance(factor, pyotp.TOTP)
    code = factor.now()
    assert person.put("/me/totp", json={"totp": code}).status_code == 204
    return factor, code


def _next_code(factor: pyotp.TOTP) -> str:
    """The code of the step that begins next: borne already, and surely not used yet."""
    return factor.at(int(datetime.now(UTC).timestamp()) + TOTP_STEP_SECONDS)


def _try(runtime: Runtime, email: str, totp: str | None, *, later_seconds: int = 0) -> NewSession:
    now = datetime.now(UTC) + timedelta(seconds=later_seconds)
    return sign_in(runtime.database, runtime.fields, SignIn(email, PASSWORD, totp, ""), now=now)


def test_once_confirmed_the_password_alone_is_not_enough(
    person: SignedInClient, runtime: Runtime, client: TestClient
) -> None:
    factor, _ = _enrol(person)
    credentials = {"email": person.email, "password": PASSWORD}

    without = client.post("/api/v1/session", json=credentials)
    with_it = client.post("/api/v1/session", json={**credentials, "totp": _next_code(factor)})
    client.cookies.clear()

    assert without.json()["type"] == "urn:wuma:problem:second-factor-needed"
    assert with_it.status_code == 204
    assert person.get("/me").json()["has_totp"] is True


def test_an_operator_who_acts_for_a_brand_still_has_a_second_factor(
    operator: SignedInClient, brand: Brand
) -> None:
    _enrol(operator)

    assert operator.get("/me", headers={"wuma-tenant": brand.slug}).json()["has_totp"] is True


def test_a_prepared_factor_that_was_never_shown_to_work_is_not_asked_for(
    person: SignedInClient, runtime: Runtime
) -> None:
    person.post("/me/totp")
    wrong = person.put("/me/totp", json={"totp": "000000"})

    assert _try(runtime, person.email, None)
    assert person.get("/me").json()["has_totp"] is False
    assert wrong.status_code in {422, 204}  # one time in 333,333 it is the code


def test_without_a_prepared_factor_there_is_nothing_to_confirm(person: SignedInClient) -> None:
    assert person.put("/me/totp", json={"totp": "123456"}).status_code == 404


def test_a_code_counts_once_the_one_that_confirmed_it_included(
    person: SignedInClient, runtime: Runtime
) -> None:
    factor, confirmed = _enrol(person)
    next_code = _next_code(factor)

    with pytest.raises(WrongCredentials):
        _try(runtime, person.email, confirmed)
    assert _try(runtime, person.email, next_code)
    with pytest.raises(WrongCredentials):
        _try(runtime, person.email, next_code)


def test_of_ten_that_read_a_code_over_a_shoulder_one_gets_in(
    person: SignedInClient, runtime: Runtime
) -> None:
    factor, _ = _enrol(person)
    code = _next_code(factor)

    def attempt(_number: int) -> bool:
        try:
            return bool(_try(runtime, person.email, code))
        except Refusal:
            return False

    with ThreadPoolExecutor(5) as pool:
        assert sum(pool.map(attempt, range(10))) == 1


def test_the_right_code_beside_a_wrong_password_says_nothing_of_the_code(
    person: SignedInClient, runtime: Runtime
) -> None:
    factor, _ = _enrol(person)
    said = []
    for totp in (_next_code(factor), "000000", None):
        presented = SignIn(person.email, "not the password", totp, "")
        with pytest.raises(WrongCredentials) as refused:
            sign_in(runtime.database, runtime.fields, presented, now=datetime.now(UTC))
        said.append(refused.value.detail)

    assert len(set(said)) == 1


def test_taken_off_it_is_asked_for_no_more(person: SignedInClient, runtime: Runtime) -> None:
    _enrol(person)
    with pytest.raises(SecondFactorNeeded):
        _try(runtime, person.email, None)

    assert person.delete("/me/totp").status_code == 204
    assert _try(runtime, person.email, None)


def test_its_secret_is_sealed_at_rest_for_its_own_account(
    person: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    factor, _ = _enrol(person)

    with runtime.database.transaction(brand.scope) as session:
        sealed = session.scalar(
            text("SELECT totp_secret FROM kernel.account WHERE email = :email"), {"email": person.email}
        )
    assert factor.secret.encode() not in sealed


@given(now=INSTANTS, drift=st.integers(-1, 1))
def test_a_clock_that_is_one_step_off_is_borne(now: datetime, drift: int) -> None:
    code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=drift * TOTP_STEP_SECONDS))
    present = int(now.timestamp()) // TOTP_STEP_SECONDS

    found = totp_step(SECRET, f" {code} ", now)

    assert found is not None  # another step of the three may have the same code, once in 500,000
    assert abs(found - present) <= 1


@given(now=INSTANTS, steps=st.integers(2, 10**6) | st.integers(-(10**6), -2))
def test_a_code_of_another_time_is_worth_nothing(now: datetime, steps: int) -> None:
    code = pyotp.TOTP(SECRET).at(now + timedelta(seconds=steps * TOTP_STEP_SECONDS))
    valid = {pyotp.TOTP(SECRET).at(now + timedelta(seconds=near)) for near in (-30, 0, 30)}

    assert (totp_step(SECRET, code, now) is not None) == (code in valid)


@given(digits=st.text(max_size=12))
def test_whatever_is_typed_is_answered(digits: str) -> None:
    assert totp_step(SECRET, digits, datetime(2026, 5, 1, tzinfo=UTC)) is None
