"""More people at once than there are connections and threads: everybody is served, in turn."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from tests.conftest import SignedInClient
from wuma.kernel.errors import TooBusy
from wuma.kernel.http import turns
from wuma.kernel.http.turns import Turns

CROWD = 96  # more than the 40 threads and 12 connections together: that is where they used to lock up


def test_a_crowd_at_the_api_is_served_and_nobody_is_sent_away(admin: SignedInClient) -> None:
    with ThreadPoolExecutor(CROWD) as people:
        answers = list(people.map(lambda _n: admin.get("/home").status_code, range(3 * CROWD)))

    assert Counter(answers) == {200: 3 * CROWD}


def test_requests_with_keys_hold_connections_and_are_served_all_the_same(admin: SignedInClient) -> None:
    def make(number: int) -> int:
        body = {"gln": "", "kind": "factory", "name": f"Factory {number}"}
        return admin.post("/sites", json=body, headers={"idempotency-key": f"k{number}"}).status_code

    with ThreadPoolExecutor(CROWD) as people:
        answers = list(people.map(make, range(CROWD)))

    assert Counter(answers) == {422: CROWD}  # refused for their GLN, every one of them, and none for waiting


def test_whoever_would_wait_too_long_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "WAITING_MAX", 3)
    told = Counter[str]()

    async def ask(row: Turns) -> None:
        try:
            async with row.one():
                told["served"] += 1
        except TooBusy as refusal:
            told[refusal.slug] += 1

    async def crowd() -> None:
        row = Turns(1)
        async with anyio.create_task_group() as group, row.one():
            for _ in range(10):
                group.start_soon(ask, row)
            await anyio.sleep(0.01)

    anyio.run(crowd)

    assert told == {"served": 3, "too-busy": 7}
