"""Questions that are answered together: each gets its own answer, and nobody's bad luck is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wuma.kernel import batching
from wuma.kernel.batching import BATCH_COUNT_MAX, BATCH_WORTH_COUNT, BATCHES_IN_FLIGHT_MAX, Batcher
from wuma.kernel.errors import DatabaseAway, TooBusy

PATIENCE_SECONDS = 10  # only a bound: nothing here takes long


class House:
    """Answers questions with their double, when it is let."""

    def __init__(self, *, open_at_once: bool = True) -> None:
        self.batches: list[list[int]] = []
        self.at_work = self.at_work_max = 0
        self.fails: set[int] = set()
        self.gate = asyncio.Event()
        if open_at_once:
            self.gate.set()

    async def answer(self, questions: Sequence[int]) -> list[int]:
        self.batches.append(list(questions))
        self.at_work += 1
        self.at_work_max = max(self.at_work_max, self.at_work)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
        finally:
            self.at_work -= 1
        if self.fails & set(questions):
            raise DatabaseAway
        return [2 * question for question in questions]


async def _all(batcher: Batcher[int, int], questions: Sequence[int]) -> list[int | BaseException]:
    asked = asyncio.gather(*map(batcher.ask, questions), return_exceptions=True)
    return await asyncio.wait_for(asked, PATIENCE_SECONDS)


@settings(deadline=None)
@given(waves=st.lists(st.integers(1, 600), max_size=4))
def test_everybody_gets_the_answer_to_their_own_question(waves: list[int]) -> None:
    async def run() -> None:
        house = House()
        batcher = Batcher(house.answer)
        for count in waves:
            assert await _all(batcher, range(count)) == [2 * number for number in range(count)]
        assert sum(map(len, house.batches)) == sum(waves), "each is asked once"
        assert all(len(batch) <= BATCH_COUNT_MAX for batch in house.batches)
        assert house.at_work_max <= BATCHES_IN_FLIGHT_MAX

    asyncio.run(run())


def test_a_lone_caller_is_answered_at_once_and_a_crowd_together() -> None:
    async def run() -> list[int]:
        house = House()
        batcher = Batcher(house.answer)
        assert await _all(batcher, [21]) == [42]
        await _all(batcher, range(100))
        return list(map(len, house.batches))

    assert asyncio.run(run()) == [1, 100]


def test_few_wait_for_the_batch_on_its_way_and_many_are_worth_another() -> None:
    async def run() -> None:
        house = House(open_at_once=False)
        batcher = Batcher(house.answer)

        async def batches_after(count: int) -> int:
            asked.extend(asyncio.create_task(batcher.ask(number)) for number in range(count))
            for _ in range(5):  # until everybody has asked, and a batch that was begun is at work
                await asyncio.sleep(0)
            return len(house.batches)

        asked: list[asyncio.Task[int]] = []
        assert await batches_after(1) == 1
        assert await batches_after(BATCH_WORTH_COUNT - 1) == 1
        assert await batches_after(1) == 2
        house.gate.set()
        await asyncio.wait_for(asyncio.gather(*asked), PATIENCE_SECONDS)

    asyncio.run(run())


def test_a_batch_that_fails_fails_for_its_callers_and_for_no_other() -> None:
    async def run() -> None:
        house = House()
        house.fails = {5}
        batcher = Batcher(house.answer)

        together = await _all(batcher, range(10))
        later = await _all(batcher, range(10, 20))

        assert [type(answer) for answer in together] == [DatabaseAway] * 10
        assert later == [2 * number for number in range(10, 20)]

    asyncio.run(run())


def test_whoever_goes_away_disturbs_nobody() -> None:
    async def run() -> None:
        house = House(open_at_once=False)
        batcher = Batcher(house.answer)
        first = asyncio.create_task(batcher.ask(0))
        await asyncio.sleep(0.01)
        callers = [asyncio.create_task(batcher.ask(number)) for number in range(1, 11)]
        await asyncio.sleep(0.01)

        first.cancel()  # its batch is on its way
        for caller in callers[::2]:
            caller.cancel()  # theirs is not
        await asyncio.sleep(0.01)
        house.gate.set()
        answers = await asyncio.wait_for(asyncio.gather(*callers[1::2]), PATIENCE_SECONDS)

        assert answers == [2 * number for number in range(2, 11, 2)]
        assert not {1, 3, 5, 7, 9} & {question for batch in house.batches for question in batch}

    asyncio.run(run())


def test_all_that_wait_may_go_away_and_the_next_is_answered_all_the_same() -> None:
    async def run() -> None:
        batcher = Batcher(House().answer)
        leavers = [asyncio.create_task(batcher.ask(number)) for number in range(10)]
        await asyncio.sleep(0)
        for leaver in leavers:
            leaver.cancel()
        await asyncio.gather(*leavers, return_exceptions=True)

        assert await _all(batcher, [21]) == [42]

    asyncio.run(run())


def test_too_many_are_told_to_come_again_and_the_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(batching, "WAITING_MAX", 1000)

    async def run() -> None:
        house = House(open_at_once=False)
        batcher = Batcher(house.answer)
        asked = asyncio.gather(*map(batcher.ask, range(4000)), return_exceptions=True)
        await asyncio.sleep(0.05)
        house.gate.set()
        answers = await asyncio.wait_for(asked, PATIENCE_SECONDS)

        refused = [answer for answer in answers if isinstance(answer, TooBusy)]
        assert len(refused) >= 4000 - 1000 - BATCHES_IN_FLIGHT_MAX * BATCH_COUNT_MAX
        assert all(
            answer == 2 * number for number, answer in enumerate(answers) if not isinstance(answer, TooBusy)
        )
        assert await _all(batcher, [21]) == [42]

    asyncio.run(run())


@pytest.mark.parametrize("short_by", [-1, 1])
def test_answers_that_are_too_few_or_too_many_are_a_bug_and_leave_nobody_waiting(short_by: int) -> None:
    async def miscounting(questions: Sequence[int]) -> list[int]:
        return [0] * (len(questions) - short_by)

    async def run() -> list[int | BaseException]:
        return await _all(Batcher(miscounting), range(5))

    assert {type(answer) for answer in asyncio.run(run())} == {ValueError}
