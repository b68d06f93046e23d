"""A tenant's rows are seen in the tenant's scope, and by no trick in another's."""

from __future__ import annotations

import hmac
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import NOBODY, PLATFORM, Scope, TokenSigner

SEEN = text("SELECT id FROM kernel.tenant WHERE id > 0 ORDER BY id")


@pytest.fixture
def bare(runtime: Runtime) -> Iterator[Session]:
    """A session without any token: what an attacker has who reaches the pool."""
    with Session(runtime.database.engine) as session:
        yield session
        session.rollback()


def test_a_scope_sees_its_tenants_and_no_other(runtime: Runtime, brand: Brand, other_brand: Brand) -> None:
    with runtime.database.transaction(Scope.of(brand.id)) as session:
        one = session.scalars(SEEN).all()
    with runtime.database.transaction(Scope.of(brand.id, other_brand.id)) as session:
        two = session.scalars(SEEN).all()
    with runtime.database.transaction(NOBODY) as session:
        none = session.scalars(SEEN).all()

    assert one == [brand.id]
    assert two == [brand.id, other_brand.id]
    assert none == []


def test_nothing_of_a_scope_is_left_in_the_pool(runtime: Runtime, brand: Brand, bare: Session) -> None:
    for _ in range(50):
        with runtime.database.transaction(brand.scope) as session:
            assert session.scalars(SEEN).all() == [brand.id]
        assert bare.scalars(SEEN).all() == []
        bare.rollback()


def test_an_injected_setting_opens_nothing(bare: Session, brand: Brand) -> None:
    for forged in (
        str(brand.id),
        f"1.{brand.id}.99999999999.{'0' * 32}",
        f"1.*.99999999999.{'0' * 32}",
        TokenSigner(b"x" * 32, kid=1).sign(brand.scope),
        TokenSigner(b"x" * 32, kid=77).sign(PLATFORM),
        "1.*.99999999999",
        "....",
        "\u2460.*.99999999999.0",
        "1.1);DROP TABLE x;--.9.9",
    ):
        bare.execute(text("SELECT set_config('wuma.token', :token, true)"), {"token": forged})
        assert bare.scalars(SEEN).all() == [], forged


def test_a_token_ends(runtime: Runtime, bare: Session, brand: Brand) -> None:
    signer = runtime.database._signer
    expired = signer.sign(brand.scope, ttl_seconds=-1)
    stretched = expired.replace(expired.split(".")[2], "99999999999")

    for token in (expired, stretched):
        bare.execute(text("SELECT set_config('wuma.token', :token, true)"), {"token": token})
        assert bare.scalars(SEEN).all() == []


def test_a_scope_cannot_be_widened_by_editing_its_token(
    runtime: Runtime, bare: Session, brand: Brand
) -> None:
    token = runtime.database._signer.sign(brand.scope)
    kid, _tenants, expiry, mac = token.split(".")

    for tenants in ("*", f"{brand.id},1", "", str(brand.id + 1)):
        edited = f"{kid}.{tenants}.{expiry}.{mac}"
        bare.execute(text("SELECT set_config('wuma.token', :token, true)"), {"token": edited})
        assert bare.scalars(SEEN).all() == []


def test_the_program_cannot_read_the_key_of_tokens(bare: Session) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        bare.execute(text("SELECT * FROM kernel.token_key"))


def test_the_database_computes_the_same_mac_as_we(runtime: Runtime, brand: Brand) -> None:
    signer = runtime.database._signer
    token = signer.sign(brand.scope)
    body, _, mac = token.rpartition(".")

    assert hmac.digest(signer._secret, body.encode(), "sha256")[:16].hex() == mac
    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT kernel.verified_scope()")) == str(brand.id)


def test_rows_of_another_tenant_cannot_be_written(runtime: Runtime, brand: Brand, other_brand: Brand) -> None:
    with (
        pytest.raises(DBAPIError, match="row-level security"),
        runtime.database.transaction(brand.scope) as session,
    ):
        session.execute(
            text("INSERT INTO kernel.fact (tenant_id, name, body) VALUES (:tenant, 'x', '{}')"),
            {"tenant": other_brand.id},
        )
