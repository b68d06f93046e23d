"""Many small questions, one round trip: concurrent callers are answered together.

While one batch is on its way to PostgreSQL the next ones gather; nobody waits for a timer, so a lone
caller is answered at once. Measured on the scan route: twice the rate of one transaction a request, and a
fifth less work with one batch on its way at a time than with three.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from wuma.kernel.errors import TooBusy

Question = TypeVar("Question")
Answer = TypeVar("Answer")

BATCH_COUNT_MAX: Final = 256
BATCHES_IN_FLIGHT_MAX: Final = 3
BATCH_WORTH_COUNT: Final = 128
"""So many waiting are worth a second batch on its way; fewer are cheaper together, a moment later."""
WAITING_MAX: Final = (
    20_000  # at 5,000 a second that is four seconds; whoever comes later is told to come again
)


class Batcher(Generic[Question, Answer]):
    """Gathers questions asked at the same time and has them answered in batches."""

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[Sequence[Answer]]]) -> None:
        self._answer = answer
        self._waiting: deque[tuple[Question, asyncio.Future[Answer]]] = deque()
        self._in_flight: set[asyncio.Task[None]] = set()

    async def ask(self, question: Question) -> Answer:
        """Return the answer to a question.

        Raises:
            TooBusy: when too many are waiting already.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise TooBusy(f"{len(self._waiting)} callers are waiting.")
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        self._start_if_worth()
        return await future

    def _start_if_worth(self) -> None:
        in_flight = len(self._in_flight)
        if in_flight and (in_flight >= BATCHES_IN_FLIGHT_MAX or len(self._waiting) < BATCH_WORTH_COUNT):
            return
        task = asyncio.create_task(self._run())
        self._in_flight.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._in_flight.discard(task)
        if self._waiting:
            self._start_if_worth()

    async def _run(self) -> None:
        await asyncio.sleep(0)  # let everybody who is ready to ask get in
        batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_COUNT_MAX))]
        batch = [(question, future) for question, future in batch if not future.done()]
        if not batch:
            return
        try:
            answers = await self._answer([question for question, _ in batch])
            if len(answers) != len(batch):
                raise ValueError(f"{len(answers)} answers to {len(batch)} questions")
        except BaseException as failure:
            for _, future in batch:
                if not future.done():
                    future.set_exception(failure)
            if not isinstance(failure, Exception):
                raise
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
