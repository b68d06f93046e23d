"""Facts under fire: many writers, competing readers, readers that die. None is lost, none is told twice."""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import dataclass
from typing import ClassVar

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.kernel import outbox
from wuma.kernel.fact import Fact, publish
from wuma.kernel.outbox import Subscription
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

WRITERS = 8
FACTS_EACH = 100


@dataclass(frozen=True, kw_only=True)
class Counted(Fact):
    """A number was counted."""

    name: ClassVar[str] = "test.counted"
    number: int


class Died(Exception):
    """A worker was killed, as far as its transaction can tell."""


def test_800_facts_of_eight_writers_have_800_effects(runtime: Runtime, brand: Brand) -> None:
    # Effects are audit entries: rows of the same database, written in the transaction of the cursor.
    def effect(session: Session, fact: Counted) -> None:
        session.execute(
            text(
                "INSERT INTO kernel.audit_entry (tenant_id, at, actor, action, target, request_id, address)"
                " VALUES (:tenant, now(), 'test', 'counted', :number, '', '')"
            ),
            {"tenant": fact.tenant_id, "number": str(fact.number)},
        )
        if random.random() < 0.02:
            raise Died

    subscription = Subscription(f"test-{os.getpid()}-{brand.id}", {Counted: effect})
    outbox.register(runtime.database, [subscription])
    writing = threading.Event()
    writing.set()

    def write(writer: int) -> None:
        for step in range(FACTS_EACH):
            with runtime.database.transaction(brand.scope) as session:
                publish(session, Counted(tenant_id=brand.id, number=writer * FACTS_EACH + step))
                if random.random() < 0.1:
                    time.sleep(random.random() / 100)  # commits overtake each other

    def read() -> None:
        idle = 0
        while writing.is_set() or idle < 5:
            try:
                told = outbox.deliver(runtime.database, subscription, limit=37)
            except Died:
                continue
            idle = 0 if told else idle + 1
            if not told:
                time.sleep(0.05)

    readers = [threading.Thread(target=read) for _ in range(2)]
    writers = [threading.Thread(target=write, args=(n,)) for n in range(WRITERS)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    writing.clear()
    for thread in readers:
        thread.join()

    with runtime.database.transaction(brand.scope) as session:
        effects = session.scalars(
            text("SELECT target::int FROM kernel.audit_entry WHERE action = 'counted'")
        ).all()
    assert sorted(effects) == list(range(WRITERS * FACTS_EACH))


def test_a_fact_waits_for_transactions_that_began_before_it(runtime: Runtime, brand: Brand) -> None:
    told: list[int] = []
    subscription = Subscription(
        f"waits-{os.getpid()}-{brand.id}",
        {Counted: lambda _session, fact: told.append(fact.number) if fact.tenant_id == brand.id else None},
    )
    outbox.register(runtime.database, [subscription])
    with runtime.database.session(brand.scope) as slow:
        publish(slow, Counted(tenant_id=brand.id, number=1))
        with runtime.database.transaction(brand.scope) as quick:
            publish(quick, Counted(tenant_id=brand.id, number=2))

        while outbox.deliver(runtime.database, subscription):
            pass
        while_slow_is_open = list(told)
        slow.commit()
    while outbox.deliver(runtime.database, subscription):
        pass

    assert while_slow_is_open == []
    assert told == [1, 2]


def test_a_fact_that_cannot_be_handled_holds_back_only_itself_and_is_tried_again(
    runtime: Runtime, brand: Brand
) -> None:
    handled: list[int] = []
    broken = True

    def handle(_session: Session, fact: Counted) -> None:
        if fact.tenant_id != brand.id:
            return
        if fact.number == 3 and broken:
            raise Died
        handled.append(fact.number)

    subscription = Subscription(f"broken-{os.getpid()}-{brand.id}", {Counted: handle})
    outbox.register(runtime.database, [subscription])
    with runtime.database.transaction(brand.scope) as session:
        publish(session, *(Counted(tenant_id=brand.id, number=number) for number in range(1, 5)))
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(
            text(
                "UPDATE kernel.subscription SET (xid, position) = (SELECT xid, position - 1 FROM kernel.fact"
                " WHERE tenant_id = :tenant ORDER BY xid, position LIMIT 1) WHERE name = :name"
            ),
            {"tenant": brand.id, "name": subscription.name},
        )
    with pytest.raises(Died) as caught:
        outbox.deliver(runtime.database, subscription)
    outbox.note_failure(runtime.database, subscription, caught.value)
    handled.clear()

    one_by_one = [outbox.deliver(runtime.database, subscription) for _ in range(2)]
    with pytest.raises(Died) as caught:
        outbox.deliver(runtime.database, subscription)
    outbox.note_failure(runtime.database, subscription, caught.value)
    put_off = outbox.deliver(runtime.database, subscription)
    before_the_broken_one = list(handled)
    broken = False
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(
            text("UPDATE kernel.subscription SET retry_at = NULL WHERE name = :name"),
            {"name": subscription.name},
        )
    while outbox.deliver(runtime.database, subscription):
        pass

    assert (one_by_one, put_off) == ([1, 1], 0)
    assert before_the_broken_one == [1, 2]
    assert handled == [1, 2, 3, 4]
