"""Every table with a tenant is closed by row-level security; a migration that forgets it fails here."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import NOBODY, PLATFORM

OPEN_TO_ALL = {
    # Platform-wide by nature, without a tenant's data in them.
    "codes.epoch_counter",
    "kernel.counter",
    "kernel.invariant_result",
    "kernel.subscription",
    "kernel.token_key",
    "masterdata.region",
}
_TABLES = text(
    "SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity, c.relforcerowsecurity,"
    " EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id') AS has_tenant"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'jobs', 'public') ORDER BY 1"
)


@pytest.fixture
def tables(platform_db: Session) -> list[tuple[str, bool, bool, bool]]:
    return [tuple(row) for row in platform_db.execute(_TABLES)]


def test_every_table_is_closed_unless_named_here(tables: list[tuple[str, bool, bool, bool]]) -> None:
    open_tables = {name for name, on, forced, _ in tables if not (on and forced)}

    assert open_tables <= OPEN_TO_ALL


def test_no_open_table_has_a_tenant(tables: list[tuple[str, bool, bool, bool]]) -> None:
    assert [name for name, _, _, has_tenant in tables if has_tenant and name in OPEN_TO_ALL] == []


def test_a_stranger_sees_no_row_of_any_table(
    runtime: Runtime, tables: list[tuple[str, bool, bool, bool]], brand: Brand, other_brand: Brand
) -> None:
    with runtime.database.transaction(PLATFORM) as session:
        closed = [
            name
            for name, *_ in tables
            if name not in OPEN_TO_ALL and session.scalar(text(f"SELECT EXISTS (SELECT FROM {name})"))
        ]

    assert "kernel.tenant" in closed
    with runtime.database.transaction(NOBODY) as session:
        assert [name for name in closed if session.scalar(text(f"SELECT count(*) FROM {name}"))] == []
    for name in closed:
        if name == "kernel.tenant":
            continue
        with runtime.database.transaction(other_brand.scope) as session:
            others = session.scalar(
                text(f"SELECT count(*) FROM {name} WHERE tenant_id <> :own"), {"own": other_brand.id}
            )
        assert others == 0, name


def test_partitions_cannot_be_read_behind_their_parent(runtime: Runtime, platform_db: Session) -> None:
    partitions = platform_db.scalars(
        text("SELECT oid::regclass::text FROM pg_class WHERE relispartition AND relkind = 'r'")
    ).all()
    readable = [
        name
        for name in partitions
        if platform_db.scalar(
            text("SELECT has_table_privilege(current_user, :name, 'SELECT, INSERT, UPDATE, DELETE')"),
            {"name": name},
        )
    ]

    assert partitions
    assert readable == []


def test_the_program_owns_nothing_and_bypasses_nothing(platform_db: Session) -> None:
    role = platform_db.execute(
        text(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user"
        )
    ).one()
    owned = platform_db.scalar(
        text(
            "SELECT count(*) FROM pg_class"
            " WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)"
        )
    )

    assert tuple(role) == (False, False, False, False)
    assert owned == 0
