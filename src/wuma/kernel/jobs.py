"""Work that is done later, or every so often: a queue in PostgreSQL, kept by procrastinate.

A job is enqueued in the caller's transaction: it exists if, and only if, what it is about exists. It runs
at least once, so a task has to bear being run twice, beside itself, and after a crash in the middle.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.kernel.runtime import Runtime

if TYPE_CHECKING:
    import procrastinate  # slow to import, and only the worker runs it

SCHEMA: Final = "jobs"
HEARTBEAT_SECONDS: Final = 5
STALLED_SECONDS: Final = 20  # a worker that missed four heartbeats is dead; its jobs go to another
ATTEMPTS_MAX: Final = 12
DONE_HOURS: Final = 24 * 7

_ALREADY_QUEUED = text("SELECT 1 FROM jobs.procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo'")
_SERIALISE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_ENQUEUE = text(
    "SELECT jobs.procrastinate_defer_jobs_v1(ARRAY[ROW('default', :task, 0, CAST(:lock AS text),"
    " CAST(:key AS text), CAST(:args AS jsonb), CAST(:run_at AS timestamptz))"
    "::jobs.procrastinate_job_to_defer_v1])"
)


@dataclass(frozen=True, slots=True)
class Task:
    """Something a worker can do: a name that is never reused, and a function of the runtime and plain values.

    `schedule` is a cron line in UTC; a scheduled task takes no other arguments.
    """

    name: str
    run: Callable[..., None]
    schedule: str | None = None


def enqueue(
    session: Session,
    task: str,
    arguments: Mapping[str, Any],
    *,
    key: str | None = None,
    one_at_a_time: str | None = None,
    run_at: datetime | None = None,
) -> None:
    """Ask for a task to be run once this transaction has committed.

    Of jobs with the same `key` at most one waits at a time: asking again while one waits changes nothing.
    Jobs with the same `one_at_a_time` run one after the other.
    """
    if key is not None:
        session.execute(_SERIALISE, {"key": f"job:{key}"})
        if session.scalar(_ALREADY_QUEUED, {"key": key}):
            return
    parameters = {"task": task, "lock": one_at_a_time, "key": key, "run_at": run_at}
    session.execute(_ENQUEUE, {**parameters, "args": json.dumps(dict(arguments), default=str)})


def build_worker(dsn: str, runtime: Runtime, tasks: list[Task]) -> procrastinate.App:
    """Return the procrastinate application that runs these tasks."""
    import procrastinate

    connector = procrastinate.PsycopgConnector(
        conninfo=dsn, min_size=1, max_size=4, kwargs={"options": f"-c search_path={SCHEMA} -c timezone=UTC"}
    )
    app = procrastinate.App(
        connector=connector,
        worker_defaults={
            "update_heartbeat_interval": HEARTBEAT_SECONDS,
            "stalled_worker_timeout": STALLED_SECONDS,
            "delete_jobs": "never",
        },
    )
    for task in tasks:
        _add(app, runtime, task)
    _add_rescue(app)
    return app


def _add(app: procrastinate.App, runtime: Runtime, task: Task) -> None:
    import procrastinate

    if task.schedule is None:
        # What procrastinate calls attempts are those after the first.
        retry = procrastinate.RetryStrategy(max_attempts=ATTEMPTS_MAX - 1, exponential_wait=2)

        @app.task(name=task.name, retry=retry)
        def run(**arguments: Any) -> None:
            task.run(runtime, **arguments)

    else:

        @app.periodic(cron=task.schedule)
        @app.task(name=task.name, queueing_lock=task.name, lock=task.name)
        def run_scheduled(timestamp: int) -> None:  # noqa: ARG001 - when it was due; procrastinate passes it
            task.run(runtime)


def _add_rescue(app: procrastinate.App) -> None:
    """Give the jobs of dead workers to living ones, and forget what is long done."""
    from procrastinate.exceptions import UniqueViolation
    from procrastinate.jobs import Status

    @app.periodic(cron="* * * * *")
    @app.task(name="kernel.rescue_jobs", queueing_lock="kernel.rescue_jobs")
    async def rescue(timestamp: int) -> None:  # noqa: ARG001
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
            try:
                await app.job_manager.retry_job(job)
            except UniqueViolation:  # the same work waits in line already, behind this one's lock
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)
        await app.job_manager.delete_old_jobs(nb_hours=DONE_HOURS)
