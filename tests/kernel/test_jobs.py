"""Jobs: asked for in a transaction, run at least once, tried again, taken over from the dead."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text

from tests.conftest import Brand
from wuma.entrypoints import wiring
from wuma.entrypoints.work import TASKS
from wuma.kernel.jobs import ATTEMPTS_MAX, STALLED_SECONDS, Task, build_worker, enqueue
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import NOBODY, PLATFORM
from wuma.ops.housekeeping import MONTHS_AHEAD, open_months

_names = count(1)


@dataclass
class Board:
    """The jobs of one task of its own, and what was done of them."""

    runtime: Runtime
    task: Task = field(init=False)
    done: list[int] = field(default_factory=list)
    failures: int = 0
    """How many more times it fails."""

    def __post_init__(self) -> None:
        self.task = Task(f"test.task_{next(_names)}", self._run)

    def _run(self, _runtime: Runtime, number: int) -> None:
        self.done.append(number)
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the printer does not answer")

    def ask(self, number: int = 1, **options: Any) -> None:
        with self.runtime.database.transaction(NOBODY) as session:
            enqueue(session, self.task.name, {"number": number}, **options)

    def work(self) -> None:
        """Do what is due, as a worker does that is started and stopped."""

        async def run() -> None:
            app = build_worker(wiring.program_dsn(self.runtime.settings), self.runtime, [self.task])
            async with app.open_async():
                await app.run_worker_async(wait=False, install_signal_handlers=False, concurrency=2)

        asyncio.run(run())

    def rescue(self) -> None:
        """Look after the jobs of dead workers, as is done every minute."""

        async def run() -> None:
            app = build_worker(wiring.program_dsn(self.runtime.settings), self.runtime, [self.task])
            async with app.open_async():
                await app.tasks["kernel.rescue_jobs"].func(0)

        asyncio.run(run())

    def jobs(self) -> list[tuple[str, int, bool]]:
        """Return status, attempts, and whether it waits for a time to come, of each job."""
        with self.runtime.database.transaction(PLATFORM) as session:
            rows = session.execute(
                text(
                    "SELECT status::text, attempts, coalesce(scheduled_at > now(), false)"
                    " FROM jobs.procrastinate_jobs WHERE task_name = :task ORDER BY id"
                ),
                {"task": self.task.name},
            )
            return [tuple(row) for row in rows]

    def change(self, statement: str) -> None:
        with self.runtime.database.transaction(PLATFORM) as session:
            session.execute(text(statement), {"task": self.task.name})


@pytest.fixture
def board(runtime: Runtime) -> Iterator[Board]:
    board = Board(runtime)
    yield board
    board.change("DELETE FROM jobs.procrastinate_jobs WHERE task_name = :task")


def test_a_job_is_there_when_what_it_is_about_is_there(board: Board, runtime: Runtime, brand: Brand) -> None:
    board.ask(1)
    with runtime.database.session(brand.scope) as session:
        enqueue(session, board.task.name, {"number": 2})
        session.rollback()

    board.work()

    assert board.done == [1]
    assert board.jobs() == [("succeeded", 1, False)]


def test_what_fails_is_tried_again_later_and_then_counts(board: Board) -> None:
    board.failures = 1
    board.ask()

    board.work()
    waiting = board.jobs()
    board.work()  # it is not due yet
    assert board.done == [1]
    board.change("UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE task_name = :task")
    board.work()

    assert waiting == [("todo", 1, True)]
    assert board.done == [1, 1]
    assert board.jobs() == [("succeeded", 2, False)]


def test_what_never_works_is_given_up_and_stays_to_be_seen(board: Board) -> None:
    board.failures = 1000
    board.ask()
    for _ in range(ATTEMPTS_MAX + 2):
        board.work()
        board.change(
            "UPDATE jobs.procrastinate_jobs SET scheduled_at = now() WHERE task_name = :task"
            " AND status = 'todo'"
        )

    assert [status for status, _, _ in board.jobs()] == ["failed"]
    assert len(board.done) == ATTEMPTS_MAX


def test_a_job_of_a_worker_that_died_in_the_middle_goes_to_another(board: Board) -> None:
    board.ask()
    board.change(
        "WITH dead AS (INSERT INTO jobs.procrastinate_workers (last_heartbeat)"
        f" VALUES (now() - interval '{STALLED_SECONDS + 5} seconds') RETURNING id)"
        " UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = dead.id, attempts = 1"
        " FROM dead WHERE task_name = :task"
    )

    board.rescue()  # a worker that starts may do it, too: it is due every minute
    board.work()

    assert board.done == [1]
    assert [status for status, _, _ in board.jobs()] == ["succeeded"]


def test_a_job_of_a_dead_worker_makes_way_for_the_same_work_that_waits(board: Board) -> None:
    """It cannot wait in line a second time, and what waits cannot begin before it is out of the way."""
    names = {"key": f"the key of {board.task.name}", "one_at_a_time": f"the lock of {board.task.name}"}
    board.ask(1, **names)
    board.change(
        "WITH dead AS (INSERT INTO jobs.procrastinate_workers (last_heartbeat)"
        f" VALUES (now() - interval '{STALLED_SECONDS + 5} seconds') RETURNING id)"
        " UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = dead.id, attempts = 1"
        " FROM dead WHERE task_name = :task"
    )
    board.ask(2, **names)

    board.rescue()
    board.work()

    assert board.done == [2]
    assert [status for status, _, _ in board.jobs()] == ["failed", "succeeded"]


def test_a_job_of_a_living_worker_is_left_to_it(board: Board) -> None:
    board.ask()
    board.change(
        "WITH alive AS (INSERT INTO jobs.procrastinate_workers (last_heartbeat) VALUES (now()) RETURNING id)"
        " UPDATE jobs.procrastinate_jobs SET status = 'doing', worker_id = alive.id FROM alive"
        " WHERE task_name = :task"
    )

    board.rescue()

    assert [status for status, _, _ in board.jobs()] == ["doing"]


def test_of_many_that_ask_at_once_with_one_key_one_job_waits(board: Board) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: board.ask(number, key=f"the key of {board.task.name}"), range(24)))

    assert board.jobs() == [("todo", 0, False)]
    board.work()
    board.ask(99, key=f"the key of {board.task.name}")
    assert [status for status, _, _ in board.jobs()] == ["succeeded", "todo"]


def test_a_job_for_later_waits_for_its_time(board: Board) -> None:
    board.ask(run_at=datetime.now(UTC) + timedelta(hours=1))

    board.work()

    assert (board.done, board.jobs()) == ([], [("todo", 0, True)])


def test_what_is_scheduled_is_scheduled_once_and_takes_no_arguments(runtime: Runtime) -> None:
    app = build_worker(wiring.program_dsn(runtime.settings), runtime, list(TASKS))

    scheduled = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    wanted = {task.name: task.schedule for task in TASKS if task.schedule is not None}
    assert scheduled == {**wanted, "kernel.rescue_jobs": "* * * * *"}
    assert len({task.name for task in TASKS}) == len(TASKS)
    assert all(app.tasks[name].queueing_lock == name for name in scheduled), "never two of them waiting"


@pytest.mark.parametrize("task", [task for task in TASKS if task.schedule], ids=lambda task: task.name)
def test_whatever_is_scheduled_can_be_run_twice_in_a_row_and_at_once(runtime: Runtime, task: Task) -> None:
    task.run(runtime)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _time: task.run(runtime), range(2)))


def test_what_came_before_its_month_was_opened_moves_into_it(runtime: Runtime, brand: Brand) -> None:
    insert = text(
        "INSERT INTO kernel.fact (at, tenant_id, name, body) SELECT now() + n * interval '1 month',"
        " :tenant_id, 'test.early', '{}' FROM generate_series(0, 4) n"
    )
    with runtime.database.transaction(brand.scope) as session:
        session.execute(insert, {"tenant_id": brand.id})

    open_months(runtime, "kernel.fact")
    open_months(runtime, "kernel.fact")

    with runtime.database.transaction(brand.scope) as session:
        session.execute(insert, {"tenant_id": brand.id})
        kept_in = session.scalars(
            text("SELECT tableoid::regclass::text FROM kernel.fact WHERE name = 'test.early'")
        ).all()
    counted = Counter(kept_in)
    assert counted.pop("kernel.fact_default") == 2 * (4 - MONTHS_AHEAD)
    assert list(counted.values()) == [2] * (MONTHS_AHEAD + 1)
