"""One Idempotency-Key, one effect: sent twice, sent by thirty at once, sent with another body."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from sqlalchemy import text

from tests.conftest import Brand, SignedInClient
from tests.labels import make_product
from wuma.kernel.runtime import Runtime


def _order(runtime: Runtime, brand: Brand, quantity: int = 100) -> dict[str, object]:
    with runtime.database.transaction(brand.scope) as session:
        return {"product_id": str(make_product(session, brand.id).id), "quantity": quantity}


def test_thirty_at_once_make_one_order_and_get_one_answer(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    order = _order(runtime, brand)

    def send(_number: int) -> tuple[int, dict[str, object]]:
        answer = admin.post("/code-orders", json=order, headers={"idempotency-key": "one-order"})
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(30)))

    assert {status for status, _ in answers} == {201}
    assert len({str(body) for _, body in answers}) == 1
    with runtime.database.transaction(brand.scope) as session:
        assert session.scalar(text("SELECT count(*) FROM codes.code_order")) == 1


def test_a_repetition_says_that_it_is_one(admin: SignedInClient, runtime: Runtime, brand: Brand) -> None:
    order = _order(runtime, brand)
    first = admin.post("/code-orders", json=order, headers={"idempotency-key": "k"})
    again = admin.post("/code-orders", json=order, headers={"idempotency-key": "k"})

    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()


def test_the_same_key_with_another_body_is_refused(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    order = _order(runtime, brand)
    admin.post("/code-orders", json=order, headers={"idempotency-key": "k"})
    other = admin.post("/code-orders", json={**order, "quantity": 7}, headers={"idempotency-key": "k"})

    assert other.status_code == 422
    assert other.json()["type"] == "urn:wuma:problem:idempotency-key-reused"


def test_a_refused_request_does_not_use_up_its_key(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    order = _order(runtime, brand)
    refused = admin.post("/code-orders", json={**order, "quantity": 0}, headers={"idempotency-key": "k"})
    corrected = admin.post("/code-orders", json=order, headers={"idempotency-key": "k"})

    assert (refused.status_code, corrected.status_code) == (422, 201)


def test_orders_placed_at_once_share_no_unit(admin: SignedInClient, runtime: Runtime, brand: Brand) -> None:
    order = _order(runtime, brand, quantity=1000)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _n: admin.post("/code-orders", json=order).status_code, range(24)))

    assert answers == [201] * 24
    with runtime.database.transaction(brand.scope) as session:
        ranges = session.execute(text("SELECT first_unit, last_unit FROM codes.code_order ORDER BY 1")).all()
    assert len(ranges) == 24
    assert all(last < first for (_, last), (first, _) in pairwise(ranges))
