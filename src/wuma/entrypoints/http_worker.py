"""One process that answers HTTP. Several of them share the port; the kernel hands out connections."""

from __future__ import annotations

import gc
import socket

import uvicorn
from starlette.types import ASGIApp

from wuma.entrypoints.api import build_app
from wuma.entrypoints.wiring import build_runtime
from wuma.kernel import telemetry
from wuma.kernel.settings import Settings

BACKLOG_COUNT = 2048
YOUNG_OBJECTS_MAX = 20_000
GRACE_SECONDS = 8  # less than the supervisor's patience, so that requests under way end by themselves


def main() -> None:
    """Serve until told to stop, as a process of its own, with the settings of the environment."""
    settings = Settings()
    telemetry.configure_logging(settings.log_level)
    application = build_app(build_runtime(settings))
    gc.collect()
    gc.freeze()
    answer(application, settings)


def answer(application: ASGIApp, settings: Settings) -> None:
    """Serve until told to stop.

    Whoever made the application has told the garbage collector that it stays (`gc.freeze`). Otherwise the
    collector walks through some 400,000 lasting objects again and again, and scans wait for it.
    """
    gc.set_threshold(YOUNG_OBJECTS_MAX, 20, 100)
    config = uvicorn.Config(
        application,
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # we believe only whom the settings name: kernel/http/origin.py
        backlog=BACKLOG_COUNT,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    with listen(settings.host, settings.port) as listener:
        uvicorn.Server(config).run(sockets=[listener])


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket that other processes of ours may share."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((host, port))
    listener.listen(BACKLOG_COUNT)
    listener.set_inheritable(True)
    return listener


if __name__ == "__main__":
    main()
