"""What a line tells the trace activates codes; what it tells wrongly stops nobody else's line."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.chain.trace.test_capture import capture, event
from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import Label, make_product, place_order, print_labels
from wuma.entrypoints import work
from wuma.kernel import outbox
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime


def _labels(runtime: Runtime, brand: Brand, count: int) -> list[Label]:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        return print_labels(runtime.keyring, place_order(session, runtime.keyring, product, count))


def _commissioning(labels: list[Label], **ilmd: Any) -> dict[str, Any]:
    uris = [f"https://id.gs1.org{label.open_path}" for label in labels]
    named = {f"cbvmda:{name}": value for name, value in ilmd.items()}
    return event(action="ADD", bizStep="commissioning", epcList=uris, ilmd=named)


def _tell(runtime: Runtime) -> None:
    """Deliver all facts as the worker does, but let a handler's failure fail the test."""
    outbox.register(runtime.database, work.SUBSCRIPTIONS)
    for subscription in work.SUBSCRIPTIONS:
        while outbox.deliver(runtime.database, subscription):
            pass


def _states(runtime: Runtime, brand: Brand) -> dict[str, int]:
    with runtime.database.transaction(brand.scope) as session:
        query = text("SELECT state, sum(last_unit - first_unit + 1)::int AS n FROM codes.run GROUP BY state")
        return {row.state: row.n for row in session.execute(query)}


def test_a_commissioning_event_activates_the_codes_it_names(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    labels = _labels(runtime, brand, 10)
    capture(admin, _commissioning(labels[:4], lotNumber="L7", itemExpirationDate="2028-01-01"))

    _tell(runtime)
    _tell(runtime)

    assert _states(runtime, brand) == {"commissioned": 4, "allocated": 6}


def test_one_event_may_name_items_of_two_products_made_before_breakfast(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    labels = _labels(runtime, brand, 2) + _labels(runtime, brand, 3)
    capture(admin, {**_commissioning(labels, lotNumber="L7"), "eventTime": "2026-05-01T22:30:00Z"})

    _tell(runtime)

    assert _states(runtime, brand) == {"commissioned": 5}
    with runtime.database.transaction(brand.scope) as session:
        batches = session.execute(
            text(
                "SELECT b.produced_on::text AS day, sum(r.last_unit - r.first_unit + 1)::int AS cans"
                " FROM codes.batch b JOIN codes.run r ON r.batch_id = b.id"
                " JOIN codes.code_order o ON r.first_unit BETWEEN o.first_unit AND o.last_unit"
                " WHERE o.product_id = b.product_id GROUP BY b.id ORDER BY cans"
            )
        ).all()
    assert [tuple(batch) for batch in batches] == [("2026-05-02", 2), ("2026-05-02", 3)]


@pytest.mark.parametrize(
    "ilmd",
    [
        {"lotNumber": "L" * 21},
        {"lotNumber": "L" * 10_000},
        {"lotNumber": "a\nb"},
        {"lotNumber": "L1", "productionDate": "9999-12-31"},
        {"lotNumber": "L1", "productionDate": "9998-06-01"},
        {"lotNumber": "L1", "productionDate": "2026-05-01", "itemExpirationDate": "2026-05-01"},
        {"lotNumber": "L1", "productionDate": "0001-01-01"},
        {"lotNumber": "L1", "productionDate": "yesterday"},
    ],
)
def test_an_event_that_makes_no_batch_leaves_the_lines_of_other_brands_alone(
    admin: SignedInClient,
    runtime: Runtime,
    brand: Brand,
    other_brand: Brand,
    client: TestClient,
    ilmd: dict[str, str],
) -> None:
    capture(admin, _commissioning(_labels(runtime, brand, 3), **ilmd))
    neighbour = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))
    capture(neighbour, _commissioning(_labels(runtime, other_brand, 3), lotNumber="L1"))

    _tell(runtime)

    assert _states(runtime, other_brand) == {"commissioned": 3}


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_an_instant_that_no_clock_can_hold_is_refused_with_its_place(admin: SignedInClient, at: str) -> None:
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        **event(at=at, action="OBSERVE", epcList=["urn:epc:id:sgtin:6901234.056789.A1"]),
    }
    answer = admin.post("/epcis/capture", json=document)

    assert answer.status_code == 400
    assert [error["at"] for error in answer.json()["errors"]] == ["/eventTime"]
