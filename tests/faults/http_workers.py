"""HTTP workers as the supervisor starts them, on the database of the tests: processes behind a socket."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults.live_server import free_port
from wuma.entrypoints.serve import as_environment
from wuma.kernel.settings import Settings

START_SECONDS_MAX: Final = 90
STOP_SECONDS_MAX: Final = 20


@dataclass(frozen=True)
class HttpWorkers:
    """Processes that share a port."""

    port: int
    logs: list[Path]

    @property
    def url(self) -> str:
        """Where they listen."""
        return f"http://127.0.0.1:{self.port}"

    def bugs(self) -> list[str]:
        """What they have logged of mistakes of ours: errors with tracebacks, and lines that are no JSON."""
        found = []
        for log in self.logs:
            for line in log.read_text(errors="replace").splitlines():
                try:
                    said = json.loads(line)
                except ValueError:
                    found.append(line)
                    continue
                if said.get("level") in {"error", "critical"}:
                    found.append(f"{said.get('path', '')} {said.get('event')} {said.get('exception', '')}")
        return found

    def started_count(self) -> int:
        """How many of them serve."""
        return sum("Application startup complete" in log.read_text(errors="replace") for log in self.logs)


@contextlib.contextmanager
def http_workers(settings: Settings, *, count: int = 1) -> Iterator[HttpWorkers]:
    """Start workers on the database of these settings, which must be running; end them afterwards."""
    port = free_port()
    ours = settings.model_copy(update={"port": port, "host": "127.0.0.1", "log_level": "info"})
    environment = {**os.environ, **as_environment(ours)}
    with tempfile.TemporaryDirectory(prefix="wuma-http-") as folder:
        logs = [Path(folder) / f"worker-{number}.log" for number in range(count)]
        processes = []
        try:
            for log in logs:
                with log.open("wb") as output:
                    argv = [sys.executable, "-m", "wuma.entrypoints.http_worker"]
                    processes.append(
                        subprocess.Popen(argv, env=environment, stdout=output, stderr=subprocess.STDOUT)
                    )
            workers = HttpWorkers(port, logs)
            due_at = time.monotonic() + START_SECONDS_MAX
            while workers.started_count() < count:
                assert all(process.poll() is None for process in processes), workers.bugs()
                assert time.monotonic() < due_at, f"not serving within {START_SECONDS_MAX} s"
                time.sleep(0.05)
            with urllib.request.urlopen(f"{workers.url}/readyz", timeout=10) as answer:
                assert answer.status == 200
            yield workers
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(STOP_SECONDS_MAX)
