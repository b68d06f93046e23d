"""API tokens: some of what their owner may do, for a while, and nothing that would outlast them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from wuma.kernel.auth import tokens
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account, ApiToken
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.errors import Unauthenticated
from wuma.kernel.http.access import Principal
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def owner(runtime: Runtime, brand: Brand) -> Principal:
    email = make_account(runtime, brand.id, Role.QA)
    with runtime.database.transaction(PLATFORM) as session:
        account = session.scalars(select(Account).where(Account.email == email)).one()
        return principal_for(session, account, runtime.grants, tenant_slug=None)


def _issue(runtime: Runtime, owner: Principal, *permissions: str, days: int = 7) -> str:
    with runtime.database.transaction(owner.scope) as session:
        return tokens.issue(
            session, owner, name="line 1", permissions=frozenset(permissions), days=days, now=NOON
        )[1]


def _principal(runtime: Runtime, token: str, now: datetime = NOON) -> Principal:
    return tokens.principal_of(runtime.database, token, runtime.grants, now=now, tenant_slug=None)


def test_a_token_may_what_it_was_made_for_and_no_more(runtime: Runtime, owner: Principal) -> None:
    principal = _principal(runtime, _issue(runtime, owner, "codes.read", "codes.void"))

    assert principal.permissions == {"codes.read", "codes.void"} < owner.permissions
    assert (principal.account_id, principal.tenant_id) == (owner.account_id, owner.tenant_id)
    assert principal.session_id is None


def test_nobody_gives_what_they_do_not_have(admin: SignedInClient) -> None:
    refused = admin.post("/tokens", json={"name": "x", "permissions": ["codes.read", "tenants.manage"]})

    assert (refused.status_code, refused.json()["permissions"]) == (403, ["tenants.manage"])


def test_a_token_loses_what_its_owner_loses(runtime: Runtime, owner: Principal) -> None:
    token = _issue(runtime, owner, "codes.read", "codes.void")
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(update(Account).where(Account.id == owner.account_id).values(roles=["marketer"]))

    assert _principal(runtime, token).permissions == {"codes.read"}


def test_it_ends_on_the_day_and_when_it_is_revoked(runtime: Runtime, owner: Principal) -> None:
    token, revoked = _issue(runtime, owner, "codes.read"), _issue(runtime, owner, "codes.read")
    with runtime.database.transaction(owner.scope) as session:
        number = session.scalars(select(ApiToken.id).order_by(ApiToken.id.desc())).first()
        assert number is not None
        tokens.revoke(session, owner, number, now=NOON)

    assert _principal(runtime, token, NOON + timedelta(days=7, microseconds=-1))
    for dead, now in ((token, NOON + timedelta(days=7)), (revoked, NOON)):
        with pytest.raises(Unauthenticated):
            _principal(runtime, dead, now)


def test_nothing_that_is_stored_is_a_token(runtime: Runtime, owner: Principal) -> None:
    token = _issue(runtime, owner, "codes.read")
    secret = token.split("_", 2)[2]

    with runtime.database.transaction(owner.scope) as session:
        (row,) = session.execute(text("SELECT t::text AS row, secret_hash FROM kernel.api_token t")).all()
    assert secret not in row.row
    assert secret.encode() not in bytes(row.secret_hash)
    with pytest.raises(Unauthenticated):  # what a thief of the table has
        _principal(runtime, token.replace(secret, bytes(row.secret_hash).hex()[:43]))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_token_with_any_other_character_is_none(
    runtime: Runtime, owner: Principal, data: st.DataObject
) -> None:
    token = _issue(runtime, owner, "codes.read")
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda c: c.lower() != token[place].lower()))

    with pytest.raises(Unauthenticated):
        _principal(runtime, token[:place] + other + token[place + 1 :])


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic dTpw", "wuma_x_y", "Bearer wuma_0_", "Bearer wuma__" + "x" * 43],
)
def test_what_is_no_token_is_refused_even_beside_a_good_cookie(admin: SignedInClient, header: str) -> None:
    assert admin.get("/me", headers={"authorization": header}).status_code == 401


def test_a_stolen_token_makes_no_other_and_does_not_change_how_its_owner_signs_in(
    admin: SignedInClient, client: TestClient
) -> None:
    wanted = {"name": "p", "permissions": admin.get("/me").json()["permissions"], "days": 1}
    made = admin.post("/tokens", json=wanted).json()
    headers = {"authorization": f"Bearer {made['token']}"}
    password = {"current_password": "correct horse battery", "new_password": "a thief's own one"}

    def answers(method: str, path: str, **options: object) -> int:
        return client.request(method, f"/api/v1{path}", headers=headers, **options).status_code  # type: ignore[arg-type]

    assert answers("GET", "/me") == 200
    assert {
        answers("POST", "/tokens", json={**wanted, "days": 366}),
        answers("DELETE", f"/tokens/{made['id']}"),
        answers("POST", "/me/totp"),
        answers("PUT", "/me/totp", json={"totp": "123456"}),
        answers("DELETE", "/me/totp"),
        answers("PUT", "/me/password", json=password),
        answers("GET", "/me/sessions"),
    } == {403}


def test_one_revokes_ones_own_and_nobody_elses(
    admin: SignedInClient, runtime: Runtime, client: TestClient, brand: Brand
) -> None:
    made = admin.post("/tokens", json={"name": "mine", "permissions": ["codes.read"]}).json()
    colleague = SignedInClient(client, make_account(runtime, brand.id, Role.BRAND_ADMIN))

    assert colleague.delete(f"/tokens/{made['id']}").status_code == 404
    assert colleague.get("/tokens").json()["items"] == []
    assert admin.delete(f"/tokens/{made['id']}").status_code == 204
    assert admin.delete(f"/tokens/{made['id']}").status_code == 404
    assert "token" not in admin.get("/tokens").json()["items"][0]
