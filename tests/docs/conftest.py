"""An installation as docs/how-to/run-on-your-own-postgresql.md describes it, for the guides to be run on.

The PostgreSQL is a bare one: the roles and the database that our launcher makes are dropped, and those of
the guide take their place. `wuma serve` and all commands of the guides then find it by its two DSNs.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.docs.guides import blocks
from wuma.kernel.embedded_postgres import EmbeddedPostgres

START_SECONDS_MAX = 120
OWNER_PASSWORD, PROGRAM_PASSWORD = "owner-password", "program-password"  # as the guide has them


@dataclass(frozen=True)
class Installation:
    """A running `wuma serve`, and the environment in which commands find it."""

    url: str
    environment: dict[str, str]
    """As an operator's shell would have it: the settings, and the folder of our programs on the path."""


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    folder = Path(tempfile.mkdtemp(prefix="wuma-guides-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder / "database", fsync=False) as server:
            _follow_the_guide(server)
            yield from _served(folder, server)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _follow_the_guide(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as superuser:
        superuser.execute("DROP DATABASE wuma")
        superuser.execute("DROP ROLE wuma_app")
        superuser.execute("DROP ROLE wuma_owner")
        (block,) = blocks("run-on-your-own-postgresql.md", "sql", "roles")
        for statement in block.split(";\n"):
            if statement.strip():
                superuser.execute(statement.encode())


def _served(folder: Path, server: EmbeddedPostgres) -> Iterator[Installation]:
    host = f"/wuma?host={server.socket_folder}"
    port = _free_port()
    programs = Path(sys.executable).parent
    environment = {
        "PATH": f"{programs}:{os.defpath}:/usr/local/bin",
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "WUMA_DSN": f"postgresql://wuma_app:{PROGRAM_PASSWORD}@{host}",
        "WUMA_OWNER_DSN": f"postgresql://wuma_owner:{OWNER_PASSWORD}@{host}",
        "WUMA_DATA": str(folder / "data"),
        "WUMA_PORT": str(port),
        "WUMA_PUBLIC_URL": "https://id.wuma.test",
    }
    log = folder / "serve.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            [str(programs / "wuma"), "serve"], env=environment, stdout=written, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process, log)
        yield Installation(url, environment)
    finally:
        process.terminate()
        process.wait(START_SECONDS_MAX)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    due_at = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < due_at, f"not ready after {START_SECONDS_MAX} s: {log.read_text()}"
            time.sleep(0.1)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])
