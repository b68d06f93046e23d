"""Forty phones under one lid at the same moment: one is the first, and everybody is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from tests.conftest import Brand
from tests.labels import bring, make_product, open_batch, place_order
from wuma.chain.authenticity.judge import NOWHERE, Outcome
from wuma.chain.authenticity.remember import Judged, Scan, judge_and_remember, locks_on
from wuma.chain.codes.directory import OrderDirectory, OrderEntry
from wuma.chain.codes.identify import Kind
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.entrypoints import wiring
from wuma.kernel.db import HotPool
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

PHONES = 40
CANS = 5


def _order_on_cans(runtime: Runtime, brand: Brand) -> OrderEntry:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, CANS)
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
    directory = OrderDirectory()
    with runtime.database.transaction(PLATFORM) as session:
        directory.refresh(session)
    entry = directory.order_of(order.first_unit)
    assert entry is not None
    return entry


def _scan(order: OrderEntry, can: int, phone: int) -> Scan:
    return Scan(
        id=uuid7(),
        kind=Kind.HIDDEN,
        unit=order.first_unit + can,
        order=order,
        at=datetime.now(UTC),
        person=f"{phone:016x}",
        network=f"{phone + 1000:016x}",
        place=NOWHERE,
        client="browser",
    )


async def _judged(pool: HotPool, brand: Brand, scans: list[Scan]) -> list[Judged]:
    async with pool.transaction(brand.scope, locks=locks_on(scans)) as connection:
        return await judge_and_remember(connection, scans)


def test_each_can_has_one_first_scan_in_however_many_batches_they_come(
    runtime: Runtime, brand: Brand
) -> None:
    order = _order_on_cans(runtime, brand)

    async def all_at_once() -> list[tuple[int, Outcome]]:
        # Two pools are two processes, as far as PostgreSQL can tell.
        dsn, signer = wiring.program_dsn(runtime.settings), wiring.token_signer(runtime.keyring)
        pools = [await HotPool.open(dsn, signer, connections=4) for _ in range(2)]
        scans = [_scan(order, can, phone) for phone in range(PHONES) for can in range(CANS)]
        batches = [scans[start : start + 7] for start in range(0, len(scans), 7)]

        async def one(place: int, batch: list[Scan]) -> list[tuple[int, Outcome]]:
            judged = await _judged(pools[place % 2], brand, batch)
            return [(scan.unit, done.verdict.outcome) for scan, done in zip(batch, judged, strict=True)]

        answers = await asyncio.gather(*(one(place, batch) for place, batch in enumerate(batches)))
        for pool in pools:
            await pool.close()
        return [answer for batch in answers for answer in batch]

    answers = asyncio.run(all_at_once())

    firsts = Counter(unit for unit, outcome in answers if outcome is Outcome.FIRST_GENUINE)
    assert firsts == {order.first_unit + can: 1 for can in range(CANS)}
    with runtime.database.transaction(brand.scope) as session:
        logged = session.scalar(text("SELECT count(*) FROM authenticity.scan"))
        remembered = session.scalars(text("SELECT scan_count FROM authenticity.history")).all()
        told = session.scalar(
            text(
                "SELECT sum(jsonb_array_length(body->'scans')) FROM kernel.fact"
                " WHERE name = 'authenticity.codes_scanned'"
            )
        )
    assert logged == told == PHONES * CANS
    assert remembered == [PHONES] * CANS


def test_a_scan_sent_twice_is_one_scan(runtime: Runtime, brand: Brand) -> None:
    order = _order_on_cans(runtime, brand)
    scan = _scan(order, 0, 1)

    async def twice() -> list[Outcome]:
        dsn, signer = wiring.program_dsn(runtime.settings), wiring.token_signer(runtime.keyring)
        pool = await HotPool.open(dsn, signer, connections=2)
        both = await asyncio.gather(_judged(pool, brand, [scan]), _judged(pool, brand, [scan]))
        await pool.close()
        return [judged.verdict.outcome for batch in both for judged in batch]

    assert asyncio.run(twice()) == [Outcome.FIRST_GENUINE, Outcome.FIRST_GENUINE]
    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT count(*) FROM authenticity.scan")) == 1


def test_whoever_gives_up_waiting_for_a_lock_leaves_a_connection_that_works(
    runtime: Runtime, brand: Brand
) -> None:
    async def give_up() -> int:
        dsn, signer = wiring.program_dsn(runtime.settings), wiring.token_signer(runtime.keyring)
        holder, waiter = [await HotPool.open(dsn, signer, connections=1) for _ in range(2)]

        async def wait() -> None:
            async with waiter.transaction(brand.scope, locks=[-7, 2**62]):
                raise AssertionError("somebody else holds a lock")

        async with holder.transaction(brand.scope, locks=[2**62]):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wait(), 0.3)
        async with waiter.transaction(brand.scope, locks=[-7, 2**62]) as connection:
            held: int = await connection.fetchval(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
            )
        await holder.close()
        await waiter.close()
        return held

    assert asyncio.run(give_up()) == 2
