"""The sentences that every migration needs: a schema for a context, a table that belongs to a tenant.

Migrations run as the owner of the database; the program signs in as `PROGRAM`, which owns nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from alembic import op

from wuma.kernel.external_postgres import PROGRAM as PROGRAM

# The sub-selects make PostgreSQL verify the token once per statement instead of once per row.
TENANT_POLICY = (
    "tenant_id = ANY ((SELECT kernel.token_tenants())::bigint[]) OR (SELECT kernel.token_is_platform())"
)


def run(sql: str) -> None:
    """Execute statements as they stand: no parameter is read into a colon or a percent sign."""
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def create_schema(name: str) -> None:
    """Create the schema of a context; the program may use it, and only use it."""
    run(f"CREATE SCHEMA {name}; GRANT USAGE ON SCHEMA {name} TO {PROGRAM}")


def drop_schema(name: str) -> None:
    """Drop the schema of a context and all it holds."""
    run(f"DROP SCHEMA {name} CASCADE")


def grant(table: str, may: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Let the program use a table; name less where rows are never changed or never deleted."""
    run(f"GRANT {may} ON {table} TO {PROGRAM}")


def tenant_table(table: str, may: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Make a table, which must have a ``tenant_id``, belong to tenants: row by row, the owner included."""
    run(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY;"
        f"CREATE POLICY tenant ON {table} USING ({TENANT_POLICY}) WITH CHECK ({TENANT_POLICY})"
    )
    grant(table, may)


def tenant_tables(tables: Iterable[str], may: str = "SELECT, INSERT, UPDATE, DELETE") -> None:
    """Do so for several tables."""
    for table in tables:
        tenant_table(table, may)
