"""A whole Wuma as an operator runs it: `wuma serve` in a folder of its own, on a port of its own.

Nothing of it is inside the test: it is started by the command line, spoken to through sockets, and killed
by number. At the end the folder is gone and no process is left, or the test that used it fails.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

from wuma.kernel.supervise import spawn

START_SECONDS_MAX: Final = 90  # two processes import the program while others use the machine
STOP_SECONDS_MAX: Final = 45
GONE_SECONDS_MAX: Final = 10  # from the death of the supervisor to that of the last session of the database
PROBE_SECONDS_MAX: Final = 2
BUG_SIGNS: Final = ('"http.bug"', "Exception in ASGI application", "Task exception was never retrieved")


class Part(StrEnum):
    """What a running Wuma consists of."""

    HTTP = "an HTTP worker"
    WORKER = "the job worker"
    CREW = "the crew"
    """What the HTTP workers and the job worker are copies of; they end with it."""
    POSTGRES = "the postmaster"
    SUPERVISOR = "the supervisor"


_NAMES: Final = {Part.HTTP: "wuma http", Part.WORKER: "wuma worker"}
_COMMANDS: Final = {Part.CREW: "wuma.entrypoints.crew", Part.POSTGRES: "/postgres -D "}


class LiveServer:
    """`wuma serve`, started and watched from outside."""

    def __init__(
        self,
        folder: Path,
        *,
        http_workers: int = 1,
        public_url: str = "https://id.wuma.test",
        **settings: str,
    ) -> None:
        self.data = folder
        self.http_workers = http_workers
        self.port = free_port()
        self.log = folder / "server.log"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("WUMA_")},
            "WUMA_DATA": str(folder),
            "WUMA_PORT": str(self.port),
            "WUMA_HTTP_WORKERS": str(http_workers),
            "WUMA_PUBLIC_URL": public_url,
            "WUMA_LOG_LEVEL": "info",
            **{f"WUMA_{name.upper()}": value for name, value in settings.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address it listens on."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until all of it serves."""
        self.launch()
        self.wait_until_whole(START_SECONDS_MAX)

    def launch(self) -> None:
        """Start it; nothing is waited for."""
        with self.log.open("ab") as log:
            self._process = spawn(  # a test that is killed leaves no server behind
                [sys.executable, "-m", "wuma.entrypoints.cli", "serve"],
                environment=self._environment,
                death_signal=signal.SIGTERM,
                output=log.fileno(),
            )

    def wait_until_whole(self, seconds_max: float, *, but: int | None = None) -> None:
        """Wait until every part runs and the database answers; `but` is a process that must be another."""
        self.wait(lambda: self.is_whole(but=but), seconds_max, "whole")

    def wait(self, is_so: Callable[[], bool], seconds_max: float, what: str) -> None:
        """Wait until something is so; fail with the end of the log when it does not come."""
        due_at = time.monotonic() + seconds_max
        while not is_so():
            assert self.supervisor.poll() is None, f"the server gave up:\n{self.log_tail()}"
            assert time.monotonic() < due_at, f"not {what} within {seconds_max} s:\n{self.log_tail()}"
            time.sleep(0.02)

    def is_whole(self, *, but: int | None = None) -> bool:
        """Whether every part runs, none as process `but`, and each HTTP worker reaches the database."""
        expected = {Part.POSTGRES: 1, Part.CREW: 1, Part.WORKER: 1, Part.HTTP: self.http_workers}
        running = {part: self.pids(part) for part in expected}
        if any(len(running[part]) != count or but in running[part] for part, count in expected.items()):
            return False
        # They share the port, so that each has to be seen to serve: another one may answer in its place.
        said = self.log.read_text(errors="replace")
        if not all(f"Started server process [{pid}]" in said for pid in running[Part.HTTP]):
            return False
        return all(self.answers() for _ in range(2 * self.http_workers))

    def answers(self) -> bool:
        """Whether one HTTP worker, whichever the kernel chooses, serves and reaches the database."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=PROBE_SECONDS_MAX) as answer:
                return bool(answer.status == 200)
        except OSError:  # nobody listens, it is too slow, or it says 503
            return False

    @property
    def supervisor(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        assert self._process is not None, "the server was not started"
        return self._process

    def pids(self, part: Part) -> list[int]:
        """The processes of a part, the eldest first."""
        if part is Part.SUPERVISOR:
            return [self.supervisor.pid]
        if part in _COMMANDS:
            # Until it becomes the program, a process of ours is the one that ties it to us.
            found = [
                child.pid
                for child in _children_of(self.supervisor.pid)
                if "-I" not in (command := _command_of(child))[:2] and _COMMANDS[part] in " ".join(command)
            ]
        else:
            found = [
                child.pid
                for crew in self.pids(Part.CREW)
                for child in _children_of(crew)
                if _name_of(child).startswith(_NAMES[part])
            ]
        return sorted(found)

    def kill(self, part: Part, *, which: int = 0) -> int:
        """Kill one process of a part as a power cut does, and return its number."""
        running = self.pids(part)
        victim = running[which % len(running)]
        os.kill(victim, signal.SIGKILL)
        if part is Part.SUPERVISOR:
            self.supervisor.wait()
        return victim

    def stop(self) -> int:
        """Stop it as an operator does, and return its exit code."""
        self.supervisor.send_signal(signal.SIGTERM)
        return self.supervisor.wait(STOP_SECONDS_MAX)

    def leftovers(self) -> list[str]:
        """Command lines of processes of this folder, once those that are ending have gone."""
        due_at = time.monotonic() + GONE_SECONDS_MAX
        while (found := self._belonging()) and time.monotonic() < due_at:
            time.sleep(0.05)
        return found

    def _belonging(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                if process.status() == psutil.STATUS_ZOMBIE:
                    continue
                if str(self.data) in " ".join(process.cmdline()) or (
                    "wuma" in " ".join(process.cmdline())
                    and process.environ().get("WUMA_DATA") == str(self.data)
                ):
                    found.append(f"{process.pid}: {' '.join(process.cmdline())}")
        return found

    def bugs(self) -> list[str]:
        """What it has said of mistakes of ours: an exception that nobody expected."""
        lines = self.log.read_text(errors="replace").splitlines()
        return [line for line in lines if any(sign in line for sign in BUG_SIGNS)]

    def log_tail(self, line_count: int = 25) -> str:
        """The end of what it has said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-line_count:])

    def close(self) -> list[str]:
        """End whatever runs and remove the folder; return what was left running against our will."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()
        left = self.leftovers()
        for line in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line.partition(":")[0]), signal.SIGKILL)
        shutil.rmtree(self.data, ignore_errors=True)
        return left


def _children_of(pid: int) -> list[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        return list(psutil.Process(pid).children())
    return []


def _command_of(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return list(process.cmdline())
    return []


def _name_of(process: psutil.Process) -> str:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return str(process.name())
    return ""


@contextlib.contextmanager
def live_server(*, http_workers: int = 1, **settings: str) -> Iterator[LiveServer]:
    """A server that runs as long as the block; afterwards nothing of it is there."""
    folder = Path(tempfile.mkdtemp(prefix="wuma-live-"))
    folder.chmod(0o755)  # the database's user passes through
    server = LiveServer(folder, http_workers=http_workers, **settings)
    try:
        server.start()
        yield server
    finally:
        left = server.close()
    assert left == []


def free_port() -> int:
    """A port that nobody listens on; the kernel chooses, so that parallel tests get different ones."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
