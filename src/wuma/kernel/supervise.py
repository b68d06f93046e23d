"""Keep the parts of one Wuma running: start them in order, restart what dies, stop them in reverse.

A part is whatever can be launched, asked whether it is ready, polled and stopped: the embedded PostgreSQL
is one, a `Child` (an HTTP worker, the job worker) is another. When PostgreSQL dies it alone is started
again; the others are told nothing, their pools reconnect.

Nothing outlives us. Every process is started by `spawn`, which asks the kernel to signal it when we die,
however we die. Only Linux can; elsewhere a kill -9 leaves them, and the next start of the embedded PostgreSQL
stops the old one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pwd import struct_passwd
from threading import Thread
from typing import Final, Protocol

POLL_SECONDS: Final = 0.1  # how late a death or a SIGTERM is noticed; ten system calls a second and part
READY_SECONDS_MAX: Final = 60.0  # a worker imports in 1-3 s; a loaded one-core machine takes ten times that
GRACE_SECONDS: Final = 10.0  # the slowest request may end; docker stop kills us after 10 s by default
KILLED_SECONDS_MAX: Final = 10.0  # a killed process is gone at once unless its disk hangs


class StartFailed(Exception):
    """A part could not be started; the message says which, why, and what to do."""


class Part(Protocol):
    """One part of a running Wuma."""

    @property
    def name(self) -> str:
        """What the log calls it."""

    @property
    def pid(self) -> int | None:
        """Its process, once launched."""

    def launch(self) -> None:
        """Begin to start it; nothing happens if it runs. Raises StartFailed."""

    def ready(self) -> bool:
        """Whether it now serves. Raises StartFailed once it is clear that it never will."""

    def poll(self) -> int | None:
        """Return how it ended (as `subprocess.Popen.poll`), or None while it runs."""

    def stop(self) -> bool:
        """Stop it within a bound and say whether it went by itself. May be called in any state."""


class Log(Protocol):
    """Where the supervisor says what it does, as in ``structlog.get_logger().info``."""

    def __call__(self, event: str, /, **facts: object) -> object:
        """Write one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a part may die before we give up.

    >>> [Patience().delay_seconds(deaths) for deaths in range(1, 9)]
    [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 16.0]
    """

    delay_first_seconds: float = 0.25
    delay_max_seconds: float = 16.0
    deaths_max: int = 8  # 0.25 + 0.5 + … + 16 = 32 s of trying, against a fault that does not go away
    window_seconds: float = 300.0  # deaths longer ago are forgiven

    def delay_seconds(self, deaths: int) -> float:
        """Return how long to wait before the next launch, after so many deaths in the window."""
        return min(self.delay_first_seconds * 2.0 ** (deaths - 1), self.delay_max_seconds)


def supervise(stages: Sequence[Sequence[Part]], *, log: Log, patience: Patience | None = None) -> int:
    """Run the parts until SIGTERM or SIGINT, and return the exit code of the program.

    The parts of one stage start together, once those of the stage before are ready, and stop together.
    A part that dies before it was ever ready is a mistake of configuration: nothing is retried. Later
    deaths are answered by a new launch, later each time, until `patience` ends.

    Returns:
        0: we were asked to stop, and every part went by itself. 1: a part could not be started or kept
        dying, or one had to be killed at the end.
    """
    asked_by: list[int] = []

    def ask(signal_number: int, _frame: object) -> None:
        asked_by.append(signal_number)

    handlers_before = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    launched: list[list[_Watched]] = []
    clean = True
    try:
        for stage in stages:
            watched = [_Watched(part, log, patience or Patience()) for part in stage]
            launched.append(watched)
            for part in watched:
                part.launch()
            while not asked_by and [part for part in watched if not part.is_ready()]:
                _look_after(launched[:-1])
                time.sleep(POLL_SECONDS)
            if asked_by:
                break
        while not asked_by:
            _look_after(launched)
            time.sleep(POLL_SECONDS)
    except (StartFailed, _TooManyDeaths) as failure:
        log("supervise.gave_up", error=str(failure))
        clean = False
    finally:
        log("supervise.stopping", signal=signal.Signals(asked_by[0]).name if asked_by else None)
        for stopping in reversed(launched):
            with ThreadPoolExecutor(max_workers=len(stopping) or 1) as pool:
                clean = all(list(pool.map(_Watched.stop, stopping))) and clean
        for number, handler in handlers_before.items():
            signal.signal(number, handler)
    return 0 if clean else 1


class _TooManyDeaths(Exception):
    """A part dies again and again."""


def _look_after(stages: Sequence[Sequence[_Watched]]) -> None:
    for stage in stages:
        for part in stage:
            part.look_after()


@dataclass(slots=True)
class _Watched:
    """A part, and what we know of its life so far."""

    part: Part
    log: Log
    patience: Patience
    launched_at: float = 0.0  # on the monotonic clock, as all instants here
    launch_due_at: float | None = None  # while it is down
    was_ready: bool = False
    deaths_at: deque[float] = field(default_factory=deque)

    def launch(self) -> None:
        self.launch_due_at, self.was_ready, self.launched_at = None, False, time.monotonic()
        self.part.launch()
        self.log("supervise.part_launched", part=self.part.name, pid=self.part.pid)

    def is_ready(self) -> bool:
        if not self.was_ready and self.part.ready():
            self.was_ready = True
            seconds = round(time.monotonic() - self.launched_at, 3)
            self.log("supervise.part_ready", part=self.part.name, pid=self.part.pid, seconds=seconds)
        return self.was_ready

    def look_after(self) -> None:
        """Notice a death, or launch again when that is due."""
        try:
            if self.launch_due_at is not None:
                if time.monotonic() >= self.launch_due_at:
                    self.launch()
            elif self.is_ready() and (exit_code := self.part.poll()) is not None:
                self._died(f"ended with exit code {exit_code}")
        except StartFailed as failure:
            self.part.stop()
            self._died(str(failure))

    def _died(self, how: str) -> None:
        now = time.monotonic()
        self.deaths_at.append(now)
        while self.deaths_at[0] < now - self.patience.window_seconds:
            self.deaths_at.popleft()
        deaths = len(self.deaths_at)
        if deaths >= self.patience.deaths_max:
            raise _TooManyDeaths(
                f"{self.part.name} died {deaths} times within {self.patience.window_seconds:g} s; last: {how}"
            )
        delay_seconds = self.patience.delay_seconds(deaths)
        self.launch_due_at = now + delay_seconds
        self.log(
            "supervise.part_died",
            part=self.part.name,
            how=how,
            deaths=deaths,
            launch_in_seconds=delay_seconds,
        )

    def stop(self) -> bool:
        begun_at = time.monotonic()
        clean = self.part.stop()
        seconds = round(time.monotonic() - begun_at, 3)
        self.log("supervise.part_stopped", part=self.part.name, by_itself=clean, seconds=seconds)
        return clean


class OneProcess(ABC):
    """A part that is one process: whether it serves, and how long we wait until it does."""

    def __init__(self, name: str, ready: Callable[[], bool], ready_seconds_max: float) -> None:
        self.name = name
        self._is_serving = ready
        self._ready_seconds_max = ready_seconds_max
        self._ready_due_at = 0.0

    @abstractmethod
    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""

    def ready(self) -> bool:
        """Whether it serves."""
        if (exit_code := self.poll()) is not None:
            raise StartFailed(f"{self.name} ended with exit code {exit_code} before it was ready")
        if self._is_serving():
            return True
        if time.monotonic() > self._ready_due_at:
            raise StartFailed(f"{self.name} was not ready within {self._ready_seconds_max:g} s")
        return False

    def _was_launched(self) -> None:
        self._ready_due_at = time.monotonic() + self._ready_seconds_max


class Child(OneProcess):
    """A part that is a program of its own; its output is ours.

    It gets a session of its own, so that Ctrl-C reaches it through us, in order.

    Args:
        ready: Whether it serves, for example a look at its ``/readyz``; asked ten times a second.
        grace_seconds: The time between SIGTERM and SIGKILL.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        ready: Callable[[], bool] = lambda: True,
        ready_seconds_max: float = READY_SECONDS_MAX,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        super().__init__(name, ready, ready_seconds_max)
        self._argv = argv
        self._environment = environment
        self._grace_seconds = grace_seconds
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process, once launched."""
        return self._process.pid if self._process else None

    def launch(self) -> None:
        """Start the process, unless it runs."""
        if self._process is not None and self._process.poll() is None:
            return
        try:
            self._process = spawn(self._argv, environment=self._environment)
        except OSError as error:
            raise StartFailed(f"{self.name}: {self._argv[0]!r} cannot be started: {error}") from error
        self._was_launched()

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""
        return self._process.poll() if self._process else None

    def stop(self) -> bool:
        """Ask it to end; kill it and what it started when it has not ended after its grace."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return True
        process.terminate()
        try:
            process.wait(self._grace_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(KILLED_SECONDS_MAX)
            return False
        return True


def spawn(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    user: struct_passwd | None = None,
    death_signal: signal.Signals = signal.SIGKILL,
    stdin: int = subprocess.DEVNULL,
    output: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process that gets `death_signal` when we die, even by kill -9.

    What that process starts in its turn is not tied. Given a `user`, which only root may, the process runs
    as that one, in none but its own group. `output` is the file descriptor of both its outputs.
    """
    program = shutil.which(argv[0])
    if program is None:
        raise FileNotFoundError("expected an executable file, or the name of one in PATH")
    who = f"{user.pw_uid}:{user.pw_gid}" if user else ""
    tie = [sys.executable, "-I", "-S", "-c", _TIE, str(os.getpid()), str(int(death_signal)), who, program]
    started: Future[subprocess.Popen[bytes]] = Future()

    # The kernel means the death of the *thread* that started the process, so that one waits for its end.
    def keep() -> None:
        try:
            process = subprocess.Popen(
                [*tie, *argv[1:]],
                env=environment,
                stdin=stdin,
                stdout=output,
                stderr=output,
                cwd="/" if user else None,  # it may not be allowed where we are
                start_new_session=True,
            )
        except OSError as error:
            started.set_exception(error)
        else:
            started.set_result(process)
            process.wait()

    Thread(target=keep, name=f"keeper of {program}", daemon=True).start()
    return started.result()


# Runs in the new process and then becomes the program. `preexec_fn` would be shorter, but it may deadlock in
# a program with threads. The order matters: a change of user clears the death signal, and a parent that died
# before the signal was set is seen by asking for it afterwards.
_TIE: Final = """
import ctypes, os, signal, sys
parent, death_signal, user, *argv = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
if user:
    uid, gid = map(int, user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
if sys.platform == "linux" and libc.prctl(1, int(death_signal)) != 0:  # 1 is PR_SET_PDEATHSIG
    sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
if os.getppid() != int(parent):
    sys.exit("the parent is gone")
for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
    signal.signal(ignored_by_python, signal.SIG_DFL)
try:
    os.execv(argv[0], argv)
except OSError as error:
    sys.exit(f"{argv[0]}: {error}")
"""
