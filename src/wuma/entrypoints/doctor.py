"""``wuma doctor``: what this installation consists of, piece by piece, and whether each is well."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from wuma.entrypoints import wiring
from wuma.kernel.external_postgres import refuse_unfit
from wuma.kernel.keys import KeyFileError, Keyring
from wuma.kernel.migrate import current_revision, newest_revision
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import StartFailed
from wuma.kernel.tenancy import PLATFORM

FREE_BYTES_MIN: Final = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One piece of the installation."""

    piece: str
    is_well: bool
    what: str

    def __str__(self) -> str:
        return f"{'ok ' if self.is_well else 'BAD'}  {self.piece:<14}{self.what}"

    def as_json(self) -> dict[str, object]:
        """Return the finding for programs."""
        return {"piece": self.piece, "well": self.is_well, "what": self.what}


def examine(settings: Settings) -> list[Finding]:
    """Look at every piece; one that cannot be looked at is not well, and says why."""
    pieces: list[tuple[str, Callable[[Settings], Finding]]] = [
        ("profile", _profile),
        ("data folder", _data_folder),
        ("keys", _keys),
        ("database", _database),
        ("pages", _pages),
        ("regions", _regions),
    ]
    return [_looked_at(piece, look, settings) for piece, look in pieces]


def _looked_at(piece: str, look: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return look(settings)
    except (OSError, KeyFileError, StartFailed, SQLAlchemyError) as failure:
        return Finding(piece, False, str(failure).splitlines()[0])


def _profile(settings: Settings) -> Finding:
    where = "a database of your own" if settings.dsn else "PostgreSQL embedded in the data folder"
    return Finding("profile", settings.profile == "single", f"{settings.profile}: {where}")


def _data_folder(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    what = f"{settings.data.resolve()}, {free / 1024**3:.1f} GiB free"
    return Finding("data folder", free >= FREE_BYTES_MIN, what)


def _keys(settings: Settings) -> Finding:
    path = wiring.key_file(settings)
    if not path.exists():
        return Finding("keys", False, f"{path}: missing; it is made at the first start")
    keyring = Keyring(wiring.key_port(settings))
    return Finding(
        "keys", True, f"{path}: epoch {keyring.issuing_epoch} issues, {len(keyring.live_epochs)} verify"
    )


def _database(settings: Settings) -> Finding:
    owner_dsn = wiring.owner_dsn(settings)
    if settings.dsn is not None:
        refuse_unfit(owner_dsn, settings.dsn)
    revision = current_revision(owner_dsn)
    newest = newest_revision()
    runtime = wiring.build_runtime(settings)
    try:
        with runtime.database.transaction(PLATFORM) as session:
            release = session.scalar(text("SELECT current_setting('server_version')"))
            believed = bool(session.scalar(text("SELECT kernel.token_is_platform()")))
    finally:
        runtime.database.close()
    what = f"PostgreSQL {release}, revision {revision}" + (
        "" if revision == newest else f", expected {newest}"
    )
    if not believed:
        what += "; it does not believe our tenant tokens"
    return Finding("database", believed and revision == newest, what)


def _pages(_settings: Settings) -> Finding:
    console = wiring.ASSETS / "console" / "index.html"
    what = "the console is built" if console.exists() else "the console is not built: make setup"
    return Finding("pages", console.exists(), what)


def _regions(settings: Settings) -> Finding:
    file: Path = settings.ip_regions or wiring.ASSETS / "ip2region.xdb"
    what = str(file) if file.exists() else f"{file}: missing; scans will have no place from their address"
    return Finding("regions", file.exists(), what)
