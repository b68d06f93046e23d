"""Migrations go up, come down, and go up again; and what they make is what the models say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool
from sqlalchemy.types import NullType, TypeEngine

from wuma.chain.authenticity.models import Tables as AuthenticityTables
from wuma.chain.codes.models import Tables as CodesTables
from wuma.kernel.auth.models import Tables as AuthTables
from wuma.kernel.db import sqlalchemy_url
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.migrate import current_revision, migrate_down, migrate_up, newest_revision
from wuma.kernel.runtime import Runtime
from wuma.support.masterdata.models import Tables as MasterdataTables

MODELS = [AuthTables, CodesTables, MasterdataTables, AuthenticityTables]
_SHAPE = text(
    "SELECT c.oid::regclass::text || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)"
    " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE a.attnum > 0 AND NOT a.attisdropped AND n.nspname NOT LIKE 'pg_%'"
    " AND n.nspname <> 'information_schema' ORDER BY 1"
)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres) -> Iterator[str]:
    """A database of its own, owned by the owner role, as the launcher makes the first."""
    name = f"migrations_{uuid4().hex[:8]}"
    engine = create_engine(
        sqlalchemy_url(postgres.dsn("postgres")), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER wuma_owner"))
        yield postgres.dsn("wuma_owner", name)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _shape(dsn: str) -> list[str]:
    engine = create_engine(sqlalchemy_url(dsn), poolclass=NullPool)
    with engine.connect() as connection:
        return list(connection.scalars(_SHAPE))


def test_up_down_up_ends_where_up_ends(empty_database: str) -> None:
    migrate_up(empty_database)
    first = _shape(empty_database)
    migrate_down(empty_database, "base")
    bare = [line for line in _shape(empty_database) if "wuma_migration" not in line]
    migrate_up(empty_database)

    assert bare == []
    assert _shape(empty_database) == first
    assert current_revision(empty_database) == newest_revision()


def test_migrating_twice_changes_nothing(empty_database: str) -> None:
    migrate_up(empty_database)
    before = _shape(empty_database)
    migrate_up(empty_database)

    assert _shape(empty_database) == before


@pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")
def test_the_models_describe_the_tables(runtime: Runtime) -> None:
    inspector = inspect(runtime.database.engine)
    wrong = []
    for tables in MODELS:
        for table in tables.metadata.sorted_tables:
            columns = {
                column["name"]: column for column in inspector.get_columns(table.name, schema=table.schema)
            }
            for column in table.columns:
                found = columns.get(column.name)
                if found is None:
                    wrong.append(f"{table}.{column.name}: no such column")
                    continue
                ours, theirs = (_written(type_, runtime) for type_ in (column.type, found["type"]))
                if theirs is not None and ours != theirs:
                    wrong.append(f"{table}.{column.name}: {ours} here, {theirs} there")
                if not column.primary_key and bool(column.nullable) != bool(found["nullable"]):
                    wrong.append(f"{table}.{column.name}: nullable {column.nullable} here")

    assert wrong == []


def _written(type_: TypeEngine[Any], runtime: Runtime) -> str | None:
    if isinstance(type_, NullType):  # xid8, which SQLAlchemy has no name for
        return None
    return re.sub(r"\(.*\)| COLLATE \S+", "", type_.compile(runtime.database.engine.dialect).upper())
