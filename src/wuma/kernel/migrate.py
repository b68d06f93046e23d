"""Bring the database to the form the program expects, or back: Alembic, run from inside the program."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from wuma.kernel.db import sqlalchemy_url

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK_TIMEOUT = "5s"  # a migration that waits longer holds everybody behind it: better to fail and try again
_ONE_AT_A_TIME = 0x77756D61  # "wuma": the advisory lock under which migrations run


def migrate_up(owner_dsn: str, revision: str = "head") -> None:
    """Apply every migration up to `revision`; harmless when there is nothing to do or another does it."""
    with _configured(owner_dsn) as config:
        command.upgrade(config, revision)


def migrate_down(owner_dsn: str, revision: str) -> None:
    """Take migrations back down to `revision` (``base``: all of them)."""
    with _configured(owner_dsn) as config:
        command.downgrade(config, revision)


def newest_revision() -> str:
    """Name the revision this program was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "no migrations found"
    return head


def current_revision(owner_dsn: str) -> str | None:
    """Name the revision the database is at; None for an empty one."""
    engine = create_engine(sqlalchemy_url(owner_dsn), poolclass=NullPool)
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('public.wuma_migration')")) is None:
            return None
        revision: str | None = connection.scalar(text("SELECT version_num FROM public.wuma_migration"))
        return revision


def _script_folder() -> Path:
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_migrations"  # where the wheel carries them
    return packaged if packaged.is_dir() else package.parents[1] / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_script_folder()))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _configured(owner_dsn: str) -> Iterator[Config]:
    config = _config()
    engine = create_engine(sqlalchemy_url(owner_dsn), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.commit()
        config.attributes["connection"] = connection
        yield config
        connection.commit()
