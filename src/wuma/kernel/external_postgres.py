"""An operator's own PostgreSQL, looked at before it is used: what is missing is said in words.

Two roles sign in. The owner makes the tables; the program, `PROGRAM` or a member of it, uses them. The
second must be unable to pass row-level security or to read the key of tenant tokens, or no tenant would be
safe from another; so a program that signs in as a superuser or as the owner is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Row, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from wuma.kernel.db import sqlalchemy_url
from wuma.kernel.supervise import StartFailed

PROGRAM: Final = "wuma_app"
RELEASE_MIN: Final = 15
CONNECT_SECONDS_MAX: Final = 10  # long enough for another continent, short enough for somebody who waits

_OWNER: Final = text(
    "SELECT current_user AS role, current_database() AS database,"
    " current_setting('server_version') AS version,"
    " current_setting('server_version_num')::integer / 10000 AS release,"
    " current_setting('server_encoding') AS encoding,"
    " to_regrole(CAST(:program AS text)) IS NOT NULL AS has_program,"
    " has_database_privilege(current_database(), 'CREATE') AS makes_schemas,"
    " has_schema_privilege('public', 'CREATE') AS makes_tables"
)
_PROGRAM: Final = text(
    "SELECT current_user AS role, current_database() AS database, rolsuper OR rolbypassrls AS passes_rls,"
    " pg_has_role(current_user, CAST(:program AS name), 'USAGE') AS is_program,"
    " pg_has_role(current_user, CAST(:owner AS name), 'MEMBER') AS is_owner"
    " FROM pg_roles WHERE rolname = current_user"
)


class DatabaseUnfit(StartFailed):
    """The operator's database cannot be used as it is: which setting, why, and what to do."""


def refuse_unfit(owner_dsn: str, program_dsn: str) -> None:
    """Look at a database as its owner and as the program.

    Raises:
        DatabaseUnfit: when it cannot be reached, is too old, or the roles may too little or too much.
    """
    owner = _look("WUMA_OWNER_DSN", owner_dsn, _OWNER, program=PROGRAM)
    for fault in _faults_of_owner(owner):
        raise DatabaseUnfit(f"WUMA_OWNER_DSN: {fault}")
    program = _look("WUMA_DSN", program_dsn, _PROGRAM, program=PROGRAM, owner=owner.role)
    for fault in _faults_of_program(program, owner):
        raise DatabaseUnfit(f"WUMA_DSN: {fault}")


def _faults_of_owner(owner: Any) -> Iterator[str]:
    database, role = f'"{owner.database}"', f'"{owner.role}"'
    if owner.release < RELEASE_MIN:
        yield f"it is PostgreSQL {owner.version}; expected {RELEASE_MIN} or later."
    if owner.encoding != "UTF8":
        yield (
            f"database {database} is in {owner.encoding}; expected UTF8:"
            " CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )
    if not owner.has_program:
        yield (
            f"there is no role {PROGRAM}, which the program signs in as:"
            f" CREATE ROLE {PROGRAM} LOGIN PASSWORD '…'."
        )
    if not (owner.makes_schemas and owner.makes_tables):
        yield (
            f"role {role} may not make schemas in database {database} and tables in its schema public:"
            f" ALTER DATABASE {database} OWNER TO {role}."
        )


def _faults_of_program(program: Any, owner: Any) -> Iterator[str]:
    if program.database != owner.database:
        yield f'it is database "{program.database}", and WUMA_OWNER_DSN is "{owner.database}".'
    if program.passes_rls:
        yield (
            f'role "{program.role}" passes row-level security, which keeps tenants apart:'
            f" use {PROGRAM}, without SUPERUSER and BYPASSRLS."
        )
    if program.is_owner:
        yield (
            f'role "{program.role}" is or may become the owner, "{owner.role}", who may read the key of'
            f" tenant tokens: use {PROGRAM}."
        )
    if not program.is_program:
        yield (
            f'role "{program.role}" is not {PROGRAM} and has not its rights:'
            f' GRANT {PROGRAM} TO "{program.role}".'
        )


def _look(setting: str, dsn: str, statement: Any, **parameters: str) -> Row[Any]:
    engine = create_engine(
        sqlalchemy_url(dsn), poolclass=NullPool, connect_args={"connect_timeout": CONNECT_SECONDS_MAX}
    )
    try:
        with engine.connect() as connection:
            return connection.execute(statement, parameters).one()
    except OperationalError as failure:
        place = make_url(dsn).set(query={}).render_as_string(hide_password=True)
        raise DatabaseUnfit(f"{setting} ({place}): {_reason(failure)}") from failure


def _reason(failure: OperationalError) -> str:
    """Return what PostgreSQL or the network said, without the hints that follow on further lines."""
    return str(failure.orig).strip().splitlines()[0]
