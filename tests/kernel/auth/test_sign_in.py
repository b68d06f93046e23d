"""Signing in: who gets in, who does not, and what it leaves behind."""

from __future__ import annotations

from starlette.testclient import TestClient

from tests.conftest import PASSWORD, Brand, SignedInClient, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime


def test_an_administrator_signs_in_and_is_told_who_they_are(admin: SignedInClient, brand: Brand) -> None:
    me = admin.get("/me").json()

    assert (me["email"], me["tenant_slug"], me["roles"]) == (admin.email, brand.slug, ["brand_admin"])


def test_nobody_gets_in_without_credentials(client: TestClient) -> None:
    answer = client.get("/api/v1/me")

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:wuma:problem:unauthenticated"


def test_the_sixth_wrong_password_meets_a_locked_door(
    runtime: Runtime, client: TestClient, brand: Brand
) -> None:
    email = make_account(runtime, brand.id, Role.QA)
    from_here = {"x-forwarded-for": "192.0.2.7"}  # from where nobody else signs in

    tries = [
        client.post(
            "/api/v1/session", json={"email": email, "password": "wrong password"}, headers=from_here
        ).status_code
        for _ in range(5)
    ]
    locked = client.post("/api/v1/session", json={"email": email, "password": PASSWORD}, headers=from_here)

    assert tries == [401] * 5
    assert locked.status_code == 429
    assert int(locked.headers["retry-after"]) > 30
