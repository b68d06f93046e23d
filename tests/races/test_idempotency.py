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


def test_a_secret_that_is_shown_once_is_kept_by_no_key(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    order = {"name": "line 1", "permissions": ["codes.read"]}
    first = admin.post("/tokens", json=order, headers={"idempotency-key": "k"})
    again = admin.post("/tokens", json=order, headers={"idempotency-key": "k"})

    secret = first.json()["token"].encode()
    assert again.json() == first.json()
    with runtime.database.transaction(brand.scope) as session:
        (kept,) = session.scalars(text("SELECT body FROM kernel.idempotency")).all()
    assert secret not in kept
    assert secret[-20:] not in kept


def test_a_repetition_brings_the_headers_of_the_first_answer(admin: SignedInClient) -> None:
    event = {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "ObjectEvent",
        "eventTime": "2026-05-01T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "action": "OBSERVE",
        "epcList": ["urn:epc:id:sgtin:6901234.056789.A1"],
    }
    both = [
        admin.post(
            "/epcis/capture", json=event, headers={"idempotency-key": "k", "x-request-id": "request-1"}
        )
        for _ in range(2)
    ]

    told = [{k: v for k, v in one.headers.items() if k != "idempotency-replayed"} for one in both]
    assert "location" in told[0]
    assert told[0] == told[1]
