"""A part that is a copy of this process: what all have imported and built is there at once, and shared.

Only Linux ties a process to its parent, so elsewhere a kill -9 of the parent leaves the copies running, as
`supervise.spawn` says of the processes it starts.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from typing import Final, NoReturn

from wuma.kernel.supervise import READY_SECONDS_MAX, OneProcess, StartFailed

GRACE_SECONDS: Final = 9.0  # less than the supervisor above us allows
KILLED_SECONDS_MAX: Final = 10.0
LOOK_SECONDS: Final = 0.02
_SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG, see prctl(2)
_SET_NAME: Final = 15  # PR_SET_NAME: what `ps` and `top` show, 15 characters


class Fork(OneProcess):
    """A part that is one function, running in a copy of this process; it ends when the function returns.

    Make it in a process without other threads: a copy has only the thread that copied, and what the others
    held stays locked in it for ever. The copy gets a session of its own, as a `Child` does.

    Args:
        run: What the copy does. It stops when it gets SIGTERM.
        ready: Whether it serves, for example a look at its ``/healthz``; asked ten times a second.
    """

    def __init__(
        self, name: str, run: Callable[[], None], *, ready: Callable[[], bool] = lambda: True
    ) -> None:
        super().__init__(name, ready, READY_SECONDS_MAX)
        self._run = run
        self._pid: int | None = None
        self._exit_code: int | None = None

    @property
    def pid(self) -> int | None:
        """Its process, once launched."""
        return self._pid

    def launch(self) -> None:
        """Copy this process, unless the copy runs."""
        if self._pid is not None and self.poll() is None:
            return
        assert threading.active_count() == 1, [thread.name for thread in threading.enumerate()]
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            pid = os.fork()
        except OSError as error:
            raise StartFailed(f"{self.name}: no process can be made for it: {error}") from error
        if pid == 0:
            _be(self.name, self._run, parent)
        self._pid, self._exit_code = pid, None
        self._was_launched()

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""
        if self._pid is not None and self._exit_code is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._exit_code = os.waitstatus_to_exitcode(status)
        return self._exit_code

    def stop(self) -> bool:
        """Ask it to end; kill it and what it started when it has not ended after its grace."""
        if self._pid is None or self.poll() is not None:
            return True
        os.kill(self._pid, signal.SIGTERM)
        if self._ends_within(GRACE_SECONDS):
            return True
        with contextlib.suppress(ProcessLookupError):  # so young that it has no session of its own yet
            os.killpg(self._pid, signal.SIGKILL)
        os.kill(self._pid, signal.SIGKILL)
        self._ends_within(KILLED_SECONDS_MAX)
        return False

    def _ends_within(self, seconds: float) -> bool:
        due_at = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > due_at:
                return False
            time.sleep(LOOK_SECONDS)
        return True


def _be(name: str, run: Callable[[], None], parent: int) -> NoReturn:
    """Be the copy. Nothing of the caller's is unwound: its clean-up is the parent's business."""
    exit_code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _tie_to(parent, name)
        run()
        exit_code = 0
    except SystemExit as ending:
        exit_code = ending.code if isinstance(ending.code, int) else 1
    except BaseException:  # noqa: BLE001 - the last that can say something of it
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(exit_code)


def _tie_to(parent: int, name: str) -> None:
    """Die with the parent, however it dies; a parent that died before this is noticed afterwards."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_SET_DEATH_SIGNAL, int(signal.SIGKILL)) != 0:
            raise OSError(ctypes.get_errno(), "prctl")
        libc.prctl(_SET_NAME, name.encode())
    if os.getppid() != parent:
        os._exit(1)
