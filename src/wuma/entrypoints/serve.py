"""``wuma serve``: the whole of Wuma from one data folder, watched over by one process."""

from __future__ import annotations

import os
import shutil
import socket
import sys
import urllib.error
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Final

from wuma.kernel import telemetry
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.settings import Settings
from wuma.kernel.supervise import Child, Part, StartFailed, supervise

READY_TIMEOUT_SECONDS: Final = 0.5

log = telemetry.logger(__name__)


class Sign:
    """A part that tells the crew, which imports meanwhile, that the database is there."""

    name = "sign"
    pid = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def launch(self) -> None:
        """Give the sign."""
        self._path.touch()

    def ready(self) -> bool:
        """Return True: it has been given."""
        return True

    def poll(self) -> int | None:
        """Return None: it cannot die."""
        return None

    def stop(self) -> bool:
        """Take it back."""
        self._path.unlink(missing_ok=True)
        return True


def serve(settings: Settings) -> int:
    """Run everything until told to stop; return the exit code."""
    _refuse_taken_port(settings)
    metrics = settings.data / "run" / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    sign = database_sign(settings)
    sign.unlink(missing_ok=True)
    environment = {
        **os.environ,
        **as_environment(settings),
        "PROMETHEUS_MULTIPROC_DIR": str(metrics.resolve()),
        "OPENBLAS_NUM_THREADS": "1",  # NumPy's helper threads would not survive the copying, nor have work
    }
    crew = Child(
        "crew",
        [sys.executable, "-m", "wuma.entrypoints.crew"],
        environment=environment,
        ready=lambda: answers(settings),
    )
    stages: list[list[Part]] = [[Sign(sign)], [crew]]
    if settings.dsn is None:
        stages.insert(0, [EmbeddedPostgres(settings.data)])
    crew.launch()  # it imports while the database starts
    try:
        return supervise(stages, log=say)
    finally:
        crew.stop()


def database_sign(settings: Settings) -> Path:
    """Return the file that is there while the database is."""
    return settings.data / "run" / "database-started"


def say(event: str, /, **facts: object) -> None:
    """Write what a supervisor does; why it gave up must be read at any level."""
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


def answers(settings: Settings) -> bool:
    """Whether an HTTP worker serves."""
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
