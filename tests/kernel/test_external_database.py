"""Wuma on a PostgreSQL of the operator's own: it runs there, or says in words why it cannot."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from tests.faults.live_server import free_port
from wuma.entrypoints import wiring
from wuma.entrypoints.doctor import Finding, examine
from wuma.kernel import external_postgres
from wuma.kernel.auth import accounts
from wuma.kernel.clock import utc_now
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.external_postgres import DatabaseUnfit, refuse_unfit
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope

_names = count(1)


@dataclass(frozen=True)
class Cluster:
    """A plain PostgreSQL that listens on TCP, as a distribution would install it."""

    port: int

    def dsn(self, role: str, database: str, password: str = "secret-of-") -> str:
        password = password + role if password == "secret-of-" else password
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, sql: str, database: str = "postgres") -> None:
        with psycopg.connect(self.dsn("postgres", database), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[call-overload]

    def database(self, options: str = "OWNER wuma_owner") -> str:
        """Make an empty database and return its name."""
        name = f"wuma_{next(_names)}"
        self.run(f"CREATE DATABASE {name} {options}")
        return name


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    place = Path(tempfile.mkdtemp(prefix="wuma-external-"))
    place.chmod(0o755)
    with EmbeddedPostgres(place / "finds-the-binaries", fsync=False) as embedded:
        argv = Path(f"/proc/{embedded.pid}/cmdline").read_bytes().split(b"\0")
        programs = Path(os.fsdecode(argv[0])).parent
        user = {"user": embedded._uid, "extra_groups": []} if os.geteuid() == 0 else {}
    data, password = place / "data", place / "password"
    password.write_text("secret-of-postgres")
    data.mkdir()
    if user:
        shutil.chown(data, user["user"])
    subprocess.run(
        [
            *(programs / "initdb", "-D", data, "-U", "postgres", "-A", "scram-sha-256"),
            *("-E", "UTF8", "--locale=C", "--no-sync", f"--pwfile={password}"),
        ],
        check=True,
        capture_output=True,
        cwd=place,
        **user,
    )
    port = free_port()
    settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *(w for k, v in settings.items() for w in ("-c", f"{k}={v}"))],
        stderr=subprocess.DEVNULL,
        cwd=place,
        **user,
    )
    cluster = Cluster(port)
    _wait_for(cluster)
    for role in ("wuma_owner", "wuma_app", "stranger", "careless"):
        cluster.run(f"CREATE ROLE {role} LOGIN PASSWORD 'secret-of-{role}'")
    cluster.run("ALTER ROLE careless BYPASSRLS")
    yield cluster
    server.terminate()
    server.wait(30)
    shutil.rmtree(place)


def _wait_for(cluster: Cluster) -> None:
    for _ in range(300):
        with suppress(psycopg.OperationalError):
            cluster.run("SELECT 1")
            return
        time.sleep(0.1)
    raise AssertionError("the cluster does not answer")


@pytest.fixture
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="wuma-external-data-"))
    yield folder
    shutil.rmtree(folder)


def _settings(folder: Path, cluster: Cluster, database: str) -> Settings:
    return Settings(
        data=folder, dsn=cluster.dsn("wuma_app", database), owner_dsn=cluster.dsn("wuma_owner", database)
    )


def test_a_runtime_works_on_it_and_tenants_are_kept_apart(cluster: Cluster, folder: Path) -> None:
    settings = _settings(folder, cluster, cluster.database())
    wiring.prepare(settings)
    wiring.prepare(settings)  # every start does it
    runtime = wiring.build_runtime(settings)

    try:
        with runtime.database.transaction(PLATFORM) as session:
            made = [
                accounts.create_tenant(session, slug=slug, name_zh="甲", name_en="A", now=utc_now()).id
                for slug in ("first-brand", "second-brand")
            ]
        with runtime.database.transaction(Scope.of(made[0])) as session:
            seen = session.connection().exec_driver_sql("SELECT id FROM kernel.tenant").scalars().all()
    finally:
        runtime.database.close()

    assert seen == made[:1]
    assert not (folder / "pg").exists()


def test_the_doctor_finds_it_well(cluster: Cluster, folder: Path) -> None:
    settings = _settings(folder, cluster, cluster.database())
    wiring.prepare(settings)

    database = _found(settings)

    assert database.is_well, database.what
    assert database.what.startswith("PostgreSQL 1")


def test_all_of_it_is_served_from_there_and_stops_cleanly(cluster: Cluster, folder: Path) -> None:
    name = cluster.database()
    serving, port = _serve(folder, cluster.dsn("wuma_app", name), cluster.dsn("wuma_owner", name))
    try:
        status = _ready(port)
    finally:
        serving.terminate()
        _, told = serving.communicate(timeout=60)

    assert status == 200, told
    assert serving.returncode == 0, told
    assert "postgresql" not in {line.get("part") for line in _lines(told)}, "no embedded one beside it"


@pytest.mark.parametrize("level", ["info", "error"])
def test_a_wrong_password_ends_the_start_and_is_said_at_any_level(
    cluster: Cluster, folder: Path, level: str
) -> None:
    name = cluster.database()
    owner = cluster.dsn("wuma_owner", name, "not-this-one")
    serving, _ = _serve(folder, cluster.dsn("wuma_app", name), owner, level=level)

    _, told = serving.communicate(timeout=60)

    assert serving.returncode == 1
    (gave_up,) = [line for line in _lines(told) if line["event"] == "crew.gave_up"]
    assert gave_up["error"].startswith("WUMA_OWNER_DSN (")
    assert "password authentication failed" in gave_up["error"]
    assert "not-this-one" not in told
    assert "Traceback" not in told


def test_without_the_owner_the_start_says_what_to_set(cluster: Cluster, folder: Path) -> None:
    serving, _ = _serve(folder, cluster.dsn("wuma_app", "postgres"), None)

    _, told = serving.communicate(timeout=60)

    assert serving.returncode == 1
    assert "set WUMA_OWNER_DSN too" in told


def test_both_passwords_are_tried(cluster: Cluster) -> None:
    name = cluster.database()

    with pytest.raises(DatabaseUnfit, match=r"^WUMA_DSN \(.*password authentication failed"):
        refuse_unfit(cluster.dsn("wuma_owner", name), cluster.dsn("wuma_app", name, "wrong"))


def test_nobody_listening_and_no_such_host_are_said(cluster: Cluster, folder: Path) -> None:
    nobody = f"postgresql://wuma_owner:pw-pw-pw@127.0.0.1:{free_port()}/wuma"
    settings = Settings(data=folder, dsn=cluster.dsn("wuma_app", "wuma"), owner_dsn=nobody)
    nowhere = settings.model_copy(update={"owner_dsn": "postgresql://o:pw-pw-pw@no.such.host.invalid/wuma"})

    told = [_found(settings).what, _found(nowhere).what]

    assert "Connection refused" in told[0]
    assert "no.such.host.invalid" in told[1]
    assert all(what.startswith("WUMA_OWNER_DSN (") and "pw-pw-pw" not in what for what in told)


def test_a_database_that_is_not_there_is_said(cluster: Cluster) -> None:
    with pytest.raises(DatabaseUnfit, match='database "nothing" does not exist'):
        refuse_unfit(cluster.dsn("wuma_owner", "nothing"), cluster.dsn("wuma_app", "nothing"))


@pytest.mark.parametrize(
    ("options", "owner", "program", "told"),
    [
        ("OWNER stranger", "wuma_owner", "wuma_app", r"may not make schemas .*ALTER DATABASE"),
        ("OWNER wuma_owner", "wuma_owner", "stranger", r'"stranger" is not wuma_app .*GRANT wuma_app TO'),
        ("OWNER wuma_owner", "wuma_owner", "careless", r'"careless" passes row-level security'),
        ("OWNER wuma_owner", "wuma_owner", "postgres", r'"postgres" passes row-level security'),
        ("OWNER wuma_owner", "wuma_owner", "wuma_owner", r'"wuma_owner" is or may become the owner'),
        ("OWNER wuma_owner ENCODING 'LATIN1' TEMPLATE template0", "wuma_owner", "wuma_app", "in LATIN1"),
    ],
)
def test_too_few_and_too_many_rights_are_said(
    cluster: Cluster, options: str, owner: str, program: str, told: str
) -> None:
    name = cluster.database(options)

    with pytest.raises(DatabaseUnfit, match=told):
        refuse_unfit(cluster.dsn(owner, name), cluster.dsn(program, name))


def test_a_program_that_may_not_even_connect_is_told(cluster: Cluster) -> None:
    name = cluster.database()
    cluster.run(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")

    with pytest.raises(DatabaseUnfit, match=r'WUMA_DSN .*permission denied for database "wuma_'):
        refuse_unfit(cluster.dsn("wuma_owner", name), cluster.dsn("wuma_app", name))


def test_two_different_databases_are_noticed(cluster: Cluster) -> None:
    one, other = cluster.database(), cluster.database()

    with pytest.raises(DatabaseUnfit, match=f'it is database "{other}", and WUMA_OWNER_DSN is "{one}"'):
        refuse_unfit(cluster.dsn("wuma_owner", one), cluster.dsn("wuma_app", other))


def test_a_member_of_the_programs_role_will_do(cluster: Cluster) -> None:
    name = cluster.database()
    cluster.run("CREATE ROLE member LOGIN PASSWORD 'secret-of-member' IN ROLE wuma_app")

    refuse_unfit(cluster.dsn("wuma_owner", name), cluster.dsn("member", name))


def test_an_old_release_is_refused_by_its_number() -> None:
    """No old server is at hand: what one would tell of itself is put into words here."""
    fit = {"database": "d", "role": "r", "encoding": "UTF8", "has_program": True}
    fit |= {"makes_schemas": True, "makes_tables": True}

    def told(release: int) -> list[str]:
        row = SimpleNamespace(**fit, version=f"{release}.4", release=release)
        return list(external_postgres._faults_of_owner(row))

    assert told(14) == ["it is PostgreSQL 14.4; expected 15 or later."]
    assert told(15) == told(18) == []


def _found(settings: Settings) -> Finding:
    return next(finding for finding in examine(settings) if finding.piece == "database")


def _serve(
    folder: Path, dsn: str, owner_dsn: str | None, *, level: str = "info"
) -> tuple[subprocess.Popen[str], int]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("WUMA_")}
    environment |= {"WUMA_DATA": str(folder), "WUMA_PORT": str(port), "WUMA_DSN": dsn}
    environment |= {"WUMA_LOG_LEVEL": level}
    if owner_dsn is not None:
        environment["WUMA_OWNER_DSN"] = owner_dsn
    argv = [sys.executable, "-c", "from wuma.entrypoints.cli import main; main()", "serve"]
    serving = subprocess.Popen(
        argv, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    return serving, port


def _ready(port: int) -> int:
    for _ in range(900):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz") as answer:
            return int(answer.status)
        time.sleep(0.1)
    raise AssertionError("it does not get ready")


def _lines(told: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in told.splitlines() if line.startswith("{")]
