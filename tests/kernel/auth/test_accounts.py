"""Accounts: who may make them, with which roles, and that an ended one ends everywhere at once."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Brand, SignedInClient, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


def _order(email: str, *roles: str, password: str = "long enough!") -> dict[str, object]:
    return {"email": email, "name": "新人", "roles": roles, "password": password}


def test_an_account_that_an_administrator_makes_can_sign_in_and_do_what_its_roles_say(
    admin: SignedInClient, client: TestClient, brand: Brand
) -> None:
    email = f"Qa.{brand.slug}@Example.CN"
    made = admin.post("/accounts", json=_order(f" {email} ", "qa", "auditor", password=PASSWORD))
    new = SignedInClient(client, email)

    me = new.get("/me").json()

    assert made.status_code == 201, made.text
    assert (me["email"], sorted(me["roles"])) == (email.lower(), ["auditor", "qa"])
    assert {"codes.void", "audit.read"} <= set(me["permissions"])
    assert "accounts.manage" not in me["permissions"]
    assert new.post("/accounts", json=_order("x@example.cn", "qa")).status_code == 403
    assert "password" not in made.text


def test_an_ended_account_is_signed_out_everywhere_and_cannot_come_back(
    admin: SignedInClient, runtime: Runtime, client: TestClient, brand: Brand
) -> None:
    leaver = SignedInClient(client, make_account(runtime, brand.id, Role.QA))
    issued = leaver.post("/tokens", json={"name": "p", "permissions": ["codes.read"]}).json()["token"]
    bearer = {"authorization": f"Bearer {issued}"}
    assert client.get("/api/v1/code-orders", headers=bearer).status_code == 200

    path = f"/accounts/{leaver.get('/me').json()['account_id']}"
    ended, again = admin.delete(path), admin.delete(path)

    assert (ended.status_code, again.status_code) == (204, 404)
    assert leaver.get("/me").status_code == 401
    assert client.get("/api/v1/code-orders", headers=bearer).status_code == 401
    refused = client.post("/api/v1/session", json={"email": leaver.email, "password": PASSWORD})
    unknown = client.post("/api/v1/session", json={"email": "no@example.cn", "password": PASSWORD})
    assert refused.status_code == 401
    assert refused.json() == unknown.json(), "nobody learns that the account was there"


def test_what_a_role_loses_its_sessions_lose_at_the_next_request(
    admin: SignedInClient, runtime: Runtime
) -> None:
    assert admin.get("/accounts").status_code == 200
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(
            text("UPDATE kernel.account SET roles = '{marketer}' WHERE email = :email"),
            {"email": admin.email},
        )

    assert admin.get("/accounts").status_code == 403


def test_an_administrator_makes_no_operator_of_the_platform(admin: SignedInClient, brand: Brand) -> None:
    for roles in (["platform_operator"], ["brand_admin", "platform_operator"]):
        refused = admin.post("/accounts", json=_order(f"o.{brand.slug}@example.cn", *roles))
        assert (refused.status_code, refused.json()["type"]) == (403, "urn:wuma:problem:forbidden")


def test_the_platform_itself_has_operators_only(operator: SignedInClient, brand: Brand) -> None:
    refused = operator.post("/accounts", json=_order(f"p.{brand.slug}@example.cn", "auditor"))
    made = operator.post("/accounts", json=_order(f"p.{brand.slug}@example.cn", "platform_operator"))

    assert (refused.status_code, made.status_code) == (403, 201)


def test_nobody_acts_for_another_brand_but_an_operator(
    admin: SignedInClient, operator: SignedInClient, brand: Brand, other_brand: Brand
) -> None:
    chosen = {"wuma-tenant": other_brand.slug}

    assert admin.get("/accounts", headers=chosen).status_code == 403
    assert admin.get("/accounts", headers={"wuma-tenant": "no-such-brand"}).status_code == 403
    assert admin.get("/accounts", headers={"wuma-tenant": brand.slug}).status_code == 200
    assert operator.get("/me", headers=chosen).json()["tenant_id"] == other_brand.id
    assert operator.get("/me", headers={"wuma-tenant": "no-such-brand"}).status_code == 404


@pytest.mark.parametrize("email", ["", "a", "a@", "@b", "a@b@c", "a b@c", "a@b\u3000c", "a@b\n"])
def test_what_is_no_address_makes_no_account(admin: SignedInClient, email: str) -> None:
    refused = admin.post("/accounts", json=_order(email, "qa"))

    if refused.status_code == 201:  # white space around an address is taken off
        assert refused.json()["email"] == email.strip()
    else:
        assert refused.status_code == 422
        assert refused.json()["errors"][0]["at"] == "/email"


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", "abababababababab", "x1y2" * 51])
def test_a_weak_password_makes_no_account(admin: SignedInClient, brand: Brand, password: str) -> None:
    refused = admin.post("/accounts", json=_order(f"w.{brand.slug}@example.cn", "qa", password=password))

    assert refused.status_code == 422
    assert password == "" or password not in refused.text, "not even a refused one is told back"


def test_an_address_belongs_to_one_account_on_the_whole_platform(
    admin: SignedInClient, runtime: Runtime, other_brand: Brand
) -> None:
    taken = make_account(runtime, other_brand.id, Role.QA)

    refused = admin.post("/accounts", json=_order(taken.upper(), "qa"))

    assert refused.status_code == 409
