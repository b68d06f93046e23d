"""Sessions: they begin anew, end by themselves, and are ended by whoever has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Brand, SignedInClient, make_account
from wuma.kernel.auth import sessions
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.sessions import SESSION_HOURS, SESSION_IDLE_HOURS, SignIn
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def email(runtime: Runtime, brand: Brand) -> str:
    return make_account(runtime, brand.id, Role.QA)


def _open(runtime: Runtime, email: str, now: datetime = NOON, agent: str = "") -> str:
    return sessions.sign_in(
        runtime.database, runtime.fields, SignIn(email, PASSWORD, None, agent), now=now
    ).secret


def _lives(runtime: Runtime, secret: str, now: datetime) -> bool:
    who = sessions.principal_of(runtime.database, secret, runtime.grants, now=now, tenant_slug=None)
    return who is not None


def test_a_session_that_is_not_used_ends_after_two_hours(runtime: Runtime, email: str) -> None:
    secret = _open(runtime, email)
    idle = timedelta(hours=SESSION_IDLE_HOURS)

    assert _lives(runtime, secret, NOON + idle - timedelta(seconds=1))
    assert _lives(runtime, secret, NOON + 2 * idle - timedelta(seconds=2)), "using it keeps it"
    assert not _lives(runtime, secret, NOON + 3 * idle)


def test_however_much_it_is_used_it_ends_after_twelve_hours(runtime: Runtime, email: str) -> None:
    secret = _open(runtime, email)
    ended_at = NOON + timedelta(hours=SESSION_HOURS)

    alive = [_lives(runtime, secret, NOON + timedelta(hours=hour)) for hour in range(SESSION_HOURS)]

    assert all(alive)
    assert _lives(runtime, secret, ended_at - timedelta(seconds=1))
    assert not _lives(runtime, secret, ended_at)


def test_each_signing_in_has_a_secret_of_its_own_whatever_was_brought(
    runtime: Runtime, client: TestClient, email: str
) -> None:
    planted = "planted-by-somebody-who-waits-for-it-to-be-taken"
    answers = [
        client.post(
            "/api/v1/session",
            json={"email": email, "password": PASSWORD},
            headers={"cookie": f"wuma_session={planted}"},
        )
        for _ in range(2)
    ]
    client.cookies.clear()
    given = [answer.headers["set-cookie"] for answer in answers]

    assert len({cookie.split(";")[0] for cookie in given}) == 2
    assert not any(planted in cookie for cookie in given)
    assert all({"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= set(c.split("; ")) for c in given)
    assert not _lives(runtime, planted, datetime.now(UTC))


def test_nothing_that_is_stored_is_a_cookie(runtime: Runtime, brand: Brand, email: str) -> None:
    secret = _open(runtime, email)

    with runtime.database.transaction(brand.scope) as session:
        (row,) = session.scalars(text("SELECT s::text FROM kernel.session s")).all()
    assert secret not in row


def test_signed_out_is_out_also_for_an_operator_who_acts_for_a_brand(
    operator: SignedInClient, admin: SignedInClient, brand: Brand
) -> None:
    assert admin.delete("/session").status_code == 204
    assert operator.delete("/session", headers={"wuma-tenant": brand.slug}).status_code == 204

    assert admin.get("/me").status_code == 401
    assert operator.get("/me").status_code == 401


def test_one_sees_where_one_is_signed_in_and_ends_what_one_likes(
    admin: SignedInClient, runtime: Runtime
) -> None:
    now = datetime.now(UTC)
    _open(runtime, admin.email, now - timedelta(hours=SESSION_IDLE_HOURS), agent="asleep for long")
    lost = _open(runtime, admin.email, now, agent="a lost telephone")

    seen = admin.get("/me/sessions").json()["items"]
    (other,) = [one for one in seen if not one["is_this"]]
    ended = admin.delete(f"/me/sessions/{other['id']}")
    again = admin.delete(f"/me/sessions/{other['id']}")

    assert sorted(one["is_this"] for one in seen) == [False, True]
    assert other["user_agent"] == "a lost telephone"
    assert (ended.status_code, again.status_code) == (204, 404)
    assert not _lives(runtime, lost, now)
    assert admin.get("/me").status_code == 200


def test_the_list_comes_in_pages(admin: SignedInClient, runtime: Runtime) -> None:
    for number in range(3):
        _open(runtime, admin.email, datetime.now(UTC), agent=f"agent {number}")

    first = admin.get("/me/sessions", params={"limit": 2}).json()
    second = admin.get("/me/sessions", params={"limit": 2, "after": first["next"]}).json()

    assert [one["user_agent"] for one in first["items"]] == ["agent 2", "agent 1"]
    assert [one["is_this"] for one in second["items"]] == [False, True]
    assert second["next"] is None


def test_nobody_sees_or_ends_anothers_session(
    admin: SignedInClient, runtime: Runtime, client: TestClient, brand: Brand, operator: SignedInClient
) -> None:
    colleague = SignedInClient(client, make_account(runtime, brand.id, Role.BRAND_ADMIN))
    (own,) = admin.get("/me/sessions").json()["items"]

    assert own["id"] not in colleague.get("/me/sessions").text
    assert colleague.delete(f"/me/sessions/{own['id']}").status_code == 404
    assert operator.delete(f"/me/sessions/{own['id']}").status_code == 404
    assert admin.get("/me").status_code == 200


def test_a_changed_password_ends_ones_other_sessions_and_keeps_this_one(
    admin: SignedInClient, runtime: Runtime, client: TestClient
) -> None:
    elsewhere = _open(runtime, admin.email, datetime.now(UTC))

    changed = admin.put(
        "/me/password", json={"current_password": PASSWORD, "new_password": "staple the horses"}
    )

    assert changed.status_code == 204, changed.text
    assert admin.get("/me").status_code == 200
    assert not _lives(runtime, elsewhere, datetime.now(UTC))
    by_password = [
        client.post("/api/v1/session", json={"email": admin.email, "password": password}).status_code
        for password in (PASSWORD, "staple the horses")
    ]
    client.cookies.clear()
    assert by_password == [401, 204]


@pytest.mark.parametrize(
    ("current", "new", "at"),
    [
        ("a wrong password", "staple the horses", "/current_password"),
        (PASSWORD, "short", "/new_password"),
        (PASSWORD, PASSWORD, "/new_password"),
    ],
)
def test_a_password_is_changed_by_whoever_knows_it_into_a_good_one(
    admin: SignedInClient, runtime: Runtime, current: str, new: str, at: str
) -> None:
    elsewhere = _open(runtime, admin.email, datetime.now(UTC))

    refused = admin.put("/me/password", json={"current_password": current, "new_password": new})

    assert refused.status_code == 422
    assert [fault["at"] for fault in refused.json()["errors"]] == [at]
    assert _lives(runtime, elsewhere, datetime.now(UTC))


def test_the_current_password_cannot_be_guessed_by_who_has_found_a_session(
    admin: SignedInClient, runtime: Runtime
) -> None:
    body = {"current_password": "a wrong password", "new_password": "staple the horses"}
    weak = [admin.put("/me/password", json={**body, "new_password": "x"}).status_code for _ in range(6)]
    wrong = [admin.put("/me/password", json=body).status_code for _ in range(5)]
    right = admin.put("/me/password", json={**body, "current_password": PASSWORD})

    assert weak == [422] * 6, "a weak new one is no guess"
    assert wrong == [422] * 5
    assert right.status_code == 429


def test_of_two_changes_at_once_one_is_made(admin: SignedInClient) -> None:
    def change(number: int) -> int:
        body = {"current_password": PASSWORD, "new_password": f"staple the horses {number}"}
        return admin.put("/me/password", json=body).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(change, range(4)))

    assert statuses.count(204) == 1
    assert set(statuses) <= {204, 409, 422}


def test_what_has_ended_is_forgotten_and_what_lives_is_not(
    runtime: Runtime, brand: Brand, email: str
) -> None:
    _open(runtime, email, NOON - timedelta(hours=SESSION_HOURS))
    living = _open(runtime, email, NOON)

    with runtime.database.session(PLATFORM) as session:
        sessions.forget_ended(session, now=NOON)
        left = session.scalar(
            text("SELECT count(*) FROM kernel.session WHERE tenant_id = :id"), {"id": brand.id}
        )
        session.rollback()

    assert left == 1
    assert _lives(runtime, living, NOON)
