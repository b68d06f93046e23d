"""Scans from the outside: what people are told, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.kernel.runtime import Runtime

AS_JSON = {"accept": "application/json"}


@dataclass
class Shelf:
    """Ten labels of one order; the first six are on cans."""

    labels: list[Label]
    order_id: int
    gtin: str


@pytest.fixture
def shelf(runtime: Runtime, brand: Brand, client: TestClient) -> Shelf:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 10)
        batch = open_batch(session, product)
        on_cans = [UnitRange(order.first_unit, order.first_unit + 5)]
        bring(session, on_cans, CodeState.COMMISSIONED, batch.id)
        labels = print_labels(runtime.keyring, order)
    client.cookies.clear()
    client.app.keep_up()  # type: ignore[attr-defined]
    return Shelf(labels, order.id, product.gtin)


def test_an_open_code_is_registered_and_never_called_genuine(client: TestClient, shelf: Shelf) -> None:
    answer = client.get(shelf.labels[0].open_path, headers=AS_JSON).json()

    assert answer["verdict"] == "registered"
    assert answer["product"]["gtin"] == shelf.gtin
    assert answer["batch"]["number"] == "B1"


def test_the_first_hidden_scan_is_genuine_and_a_stranger_later_hears_of_it(
    client: TestClient, shelf: Shelf
) -> None:
    first = client.post(shelf.labels[1].hidden_path, headers=AS_JSON).json()
    client.cookies.clear()
    later = client.post(shelf.labels[1].typed_path, headers={**AS_JSON, "user-agent": "somebody else"}).json()

    assert (first["verdict"], first["reasons"]) == ("first_genuine", ["first_scan"])
    assert (later["verdict"], later["reasons"]) == ("genuine_again", ["other_person"])
    assert later["scans"]["count"] == 2


def test_looking_at_a_hidden_code_consumes_nothing(client: TestClient, shelf: Shelf) -> None:
    looked = client.get(shelf.labels[2].hidden_path)
    scanned = client.post(shelf.labels[2].hidden_path, headers=AS_JSON).json()

    assert looked.status_code == 200
    assert scanned["verdict"] == "first_genuine"


def test_unknown_and_not_activated_codes_look_the_same(client: TestClient, shelf: Shelf) -> None:
    not_on_a_can = client.post(shelf.labels[9].hidden_path, headers=AS_JSON)
    never_issued = client.post(shelf.labels[9].hidden_path[:-3] + "000", headers=AS_JSON)

    assert not_on_a_can.json()["verdict"] == never_issued.json()["verdict"] == "unknown"
    assert {**not_on_a_can.json(), "mistyped": None} == {**never_issued.json(), "mistyped": None}


def test_every_answered_scan_is_in_the_log(
    runtime: Runtime, brand: Brand, client: TestClient, shelf: Shelf
) -> None:
    answers = [client.get(label.open_path, headers=AS_JSON).json() for label in shelf.labels[:6]]

    with runtime.database.transaction(brand.scope) as session:
        logged = session.scalars(text("SELECT id::text FROM authenticity.scan")).all()

    assert {answer["scan_id"] for answer in answers} <= set(logged)
