"""``wuma serve``: the whole of Wuma from one data folder, watched over by one process."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from wuma.entrypoints.wiring import prepare
from wuma.kernel import telemetry
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import Child, Part, StartFailed, supervise

READY_TIMEOUT_SECONDS: Final = 0.5

log = telemetry.logger(__name__)


class Preparation:
    """A part that is done as soon as it has run: the database gets its form, the keys are made."""

    name = "preparation"
    pid = None

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def launch(self) -> None:
        """Prepare; a failure is a mistake that no retry mends."""
        try:
            prepare(self._settings)
        except StartFailed:
            raise
        except Exception as error:
            raise StartFailed(f"preparation: {error}") from error

    def ready(self) -> bool:
        """Return True: it has been done."""
        return True

    def poll(self) -> int | None:
        """Return None: it cannot die any more."""
        return None

    def stop(self) -> bool:
        """Nothing is left to stop."""
        return True


def serve(settings: Settings) -> int:
    """Run everything until told to stop; return the exit code."""
    _refuse_taken_port(settings)
    environment = {**os.environ, **as_environment(settings)}
    metrics = settings.data / "run" / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    environment["PROMETHEUS_MULTIPROC_DIR"] = str(metrics.resolve())
    stages: list[list[Part]] = []
    if settings.dsn is None:
        stages.append([EmbeddedPostgres(settings.data)])
    stages.append([Preparation(settings)])
    metrics.mkdir(parents=True)
    stages.append([_http_worker(number, settings, environment) for number in range(settings.http_workers)])
    stages[-1].append(
        Child("worker", [sys.executable, "-m", "wuma.entrypoints.worker"], environment=environment)
    )
    return supervise(stages, log=_say)


def _say(event: str, /, **facts: object) -> None:
    """Write what the supervisor does; why it gave up must be read at any level."""
    (log.error if "error" in facts else log.info)(event, **facts)


def as_environment(settings: Settings) -> dict[str, str]:
    """Write settings as the environment variables they are read from, for our own processes."""
    written = {}
    for name, value in settings:
        if value is None:
            continue
        if hasattr(value, "get_secret_value"):
            value = value.get_secret_value()
        elif isinstance(value, list):
            value = ",".join(map(str, value))
        elif name in {"data", "key_file", "ip_regions"}:
            value = value.resolve()
        written[f"WUMA_{name.upper()}"] = str(value)
    return written


def _http_worker(number: int, settings: Settings, environment: Mapping[str, str]) -> Child:
    argv = [sys.executable, "-m", "wuma.entrypoints.http_worker"]
    return Child(f"http {number + 1}", argv, environment=environment, ready=lambda: _answers(settings))


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    host = f"[{host}]" if ":" in host else host
    with suppress(urllib.error.URLError, OSError):
        url = f"http://{host}:{settings.port}/healthz"
        with urllib.request.urlopen(url, timeout=READY_TIMEOUT_SECONDS) as answer:
            return bool(answer.status == 200)
    return False


def _refuse_taken_port(settings: Settings) -> None:
    """Fail early and in words: our own processes share the port, so they would not notice a stranger."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
            probe.listen(1)
        except OSError as error:
            raise StartFailed(
                f"{settings.host}:{settings.port} cannot be listened on: {error.strerror}."
                " Stop what uses it, or choose another port with --port."
            ) from error
