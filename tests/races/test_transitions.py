"""Rolls activated, labels scrapped and orders revoked at the same moment: every code ends in one state."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.conftest import Brand
from tests.labels import bring, make_product, open_batch, place_order
from wuma.chain.codes import orders
from wuma.chain.codes.invariants import INVARIANTS
from wuma.chain.codes.lifecycle import CodeState, TransitionRefused, UnitRange
from wuma.chain.codes.reconcile import reconcile
from wuma.chain.codes.transitions import OrderIsRevoked
from wuma.kernel import invariants
from wuma.kernel.clock import utc_now
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


def test_a_hundred_overlapping_requests_leave_each_code_in_one_state(runtime: Runtime, brand: Brand) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 1000)
        batches = [open_batch(session, product, number=f"B{number}").id for number in range(3)]

    def attempt(seed: int) -> tuple[CodeState, int] | None:
        chance = random.Random(seed)
        first = order.first_unit + chance.randrange(990)
        item = UnitRange(first, min(first + chance.randrange(120), order.last_unit))
        to = chance.choice(
            [CodeState.COMMISSIONED, CodeState.COMMISSIONED, CodeState.VOID, CodeState.ENCODED]
        )
        batch_id = chance.choice(batches) if to is CodeState.COMMISSIONED else None
        try:
            with runtime.database.transaction(brand.scope) as session:
                bring(session, [item], to, batch_id)
        except TransitionRefused:
            return None
        return to, item.count

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(attempt, range(100)))

    assert any(done)
    with runtime.database.transaction(PLATFORM) as session:
        broken = [result for result in invariants.check(session, INVARIANTS) if result.violation_count]
    assert broken == []
    with runtime.database.transaction(brand.scope) as session:
        assert reconcile(session, order.id, ordered=order.quantity).balances


def test_two_lines_that_activate_the_same_roll_for_two_batches_do_not_both_get_it(
    runtime: Runtime, brand: Brand
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 500)
        batches = [open_batch(session, product, number=f"B{number}").id for number in range(2)]
    roll = [UnitRange(order.first_unit, order.last_unit)]

    def activate(number: int) -> bool:
        try:
            with runtime.database.transaction(brand.scope) as session:
                bring(session, roll, CodeState.COMMISSIONED, batches[number % 2])
        except TransitionRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = [number % 2 for number, ok in enumerate(pool.map(activate, range(16))) if ok]

    assert len(set(won)) == 1
    assert len(won) == 8  # the winner's repetitions change nothing and are welcome


def test_a_revocation_stands_whatever_else_is_going_on(runtime: Runtime, brand: Brand) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 500)
        batch_id = open_batch(session, product).id

    def act(number: int) -> str:
        try:
            with runtime.database.transaction(brand.scope) as session:
                if number == 5:
                    orders.revoke(session, order.id, reason="leaked", now=utc_now())
                    return "revoked"
                unit = order.first_unit + number
                bring(session, [UnitRange(unit, unit)], CodeState.COMMISSIONED, batch_id)
                return "activated"
        except OrderIsRevoked:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(act, range(24)))

    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT revoked_reason FROM codes.code_order")) == "leaked"
        with pytest.raises(OrderIsRevoked):
            bring(session, [UnitRange(order.first_unit, order.first_unit)], CodeState.VOID)
    assert done.count("revoked") == 1


@pytest.mark.parametrize("seed", range(3))
def test_requests_about_several_orders_never_deadlock(runtime: Runtime, brand: Brand, seed: int) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        placed = [place_order(session, runtime.keyring, product, 10) for _ in range(6)]

    def act(number: int) -> bool:
        chance = random.Random(seed * 1000 + number)
        some = chance.sample(placed, 3)
        try:
            with runtime.database.transaction(brand.scope) as session:
                bring(session, [UnitRange(o.first_unit, o.last_unit) for o in some], CodeState.VOID)
        except OperationalError as failure:
            return "deadlock" not in str(failure)
        return True

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(act, range(40)))
