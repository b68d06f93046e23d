"""The process that does what need not be done at once: jobs, schedules, and telling subscribers the facts."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from typing import Final

from procrastinate.exceptions import ConnectorException
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from wuma.entrypoints.wiring import build_runtime, program_dsn, refresh_divisions
from wuma.entrypoints.work import SUBSCRIPTIONS, TASKS
from wuma.kernel import outbox, telemetry
from wuma.kernel.jobs import build_worker
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings

JOBS_AT_ONCE: Final = 2
LOOK_EVERY_SECONDS: Final = 0.3  # how long a fact waits for its subscribers when there was nothing to do
BREATH_SECONDS: Final = 0.1  # between two looks while facts trickle in: a look costs milliseconds
WAIT_AFTER_FAILURE_SECONDS: Final = 2.0

log = telemetry.logger(__name__)


def main() -> None:
    """Work until told to stop, with the settings of the environment."""
    work(Settings())


def work(settings: Settings) -> None:
    """Work until told to stop."""
    telemetry.configure_logging(settings.log_level)
    runtime = build_runtime(settings)
    _prepare(runtime)
    stopping = threading.Event()
    teller = threading.Thread(target=tell_facts, args=(runtime, stopping), name="teller")
    teller.start()
    try:
        asyncio.run(_run_jobs(settings, runtime))
    finally:
        stopping.set()
        teller.join()
        runtime.database.close()


def _prepare(runtime: Runtime) -> None:
    """Do what a beginning takes, again and again until the database stays for it: twice is harmless."""
    while True:
        try:
            outbox.register(runtime.database, SUBSCRIPTIONS)
            refresh_divisions(runtime)  # here, because nobody waits for this process to begin
        except (OperationalError, InterfaceError, PoolTimeout) as failure:
            log.warning("worker.database_away", failure=type(failure).__name__)
            time.sleep(WAIT_AFTER_FAILURE_SECONDS)
        else:
            return


async def _run_jobs(settings: Settings, runtime: Runtime) -> None:
    working = asyncio.create_task(_work_off_jobs(settings, runtime))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, working.cancel)
    try:
        await working
    except asyncio.CancelledError:
        log.info("worker.stopped")


async def _work_off_jobs(settings: Settings, runtime: Runtime) -> None:
    """Work off jobs for ever: procrastinate ends when its database goes away, and is begun anew."""
    while True:
        app = build_worker(program_dsn(settings), runtime, list(TASKS))
        try:
            async with app.open_async():
                await app.run_worker_async(concurrency=JOBS_AT_ONCE, install_signal_handlers=False)
        except ConnectorException as failure:
            log.warning("worker.database_away", failure=type(failure).__name__)
        else:
            log.warning("worker.ended_by_itself")
        await asyncio.sleep(WAIT_AFTER_FAILURE_SECONDS)


def tell_facts(runtime: Runtime, stopping: threading.Event) -> None:
    """Hand every subscription its facts, again and again."""
    while not stopping.is_set():
        told_count = 0
        for subscription in SUBSCRIPTIONS:
            try:
                told_count += outbox.deliver(runtime.database, subscription)
            except Exception as failure:  # noqa: BLE001 - one bad handler must not silence the others
                _put_off(runtime, subscription, failure, stopping)
        if told_count < outbox.BATCH_COUNT_MAX:  # what comes meanwhile is told together
            stopping.wait(BREATH_SECONDS if told_count else LOOK_EVERY_SECONDS)


def _put_off(
    runtime: Runtime, subscription: outbox.Subscription, failure: Exception, stopping: threading.Event
) -> None:
    try:
        outbox.note_failure(runtime.database, subscription, failure)
    except Exception as second:  # noqa: BLE001 - the database itself is away: wait for it
        log.warning("worker.database_away", failure=type(second).__name__)
        stopping.wait(WAIT_AFTER_FAILURE_SECONDS)


if __name__ == "__main__":
    main()
