"""One page with every fact about a code, whatever form it is given in."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.chain.trace.test_capture import capture, event
from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime


@pytest.fixture
def can(admin: SignedInClient, runtime: Runtime, brand: Brand, client: TestClient) -> Label:
    """A can that was activated, packed, shipped and scanned."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 6)
        case = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 1, Level.CASE))[0]
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
        cans = print_labels(runtime.keyring, order)
    client.app.keep_up()  # type: ignore[attr-defined]
    uris = [f"https://id.gs1.org{one.open_path}" for one in cans]
    case_uri = f"https://id.gs1.org{case.open_path}"
    capture(
        admin,
        event("AggregationEvent", action="ADD", bizStep="packing", parentID=case_uri, childEPCs=uris),
        event(at="2026-05-02T08:00:00Z", action="OBSERVE", bizStep="shipping", epcList=[case_uri]),
    )
    client.cookies.clear()
    client.post(cans[0].hidden_path, headers={"accept": "application/json"})
    return cans[0]


def test_every_form_of_a_code_leads_to_the_same_can(admin: SignedInClient, can: Label) -> None:
    serial = can.open_path.rsplit("/", 1)[1]
    gtin = can.open_path.split("/")[2]
    forms = [
        f"https://id.wuma.test{can.open_path}",
        f"HTTPS://ANYWHERE.EXAMPLE{can.open_path}",
        f"(01){gtin}(21){serial}",
        serial,
        serial.lower(),
        f"{serial[:4]}-{serial[4:8]}-{serial[8:12]}-{serial[12:]}",
        f"https://id.wuma.test{can.hidden_path}",
        can.typed_path.rsplit("/", 1)[1],
    ]

    things = [admin.get("/xray", params={"code": form}).json()["thing"] for form in forms]

    assert {thing["number"] for thing in things} == {can.unit}


def test_it_says_everything(admin: SignedInClient, can: Label) -> None:
    page = admin.get("/xray", params={"code": can.open_path.rsplit("/", 1)[1]}).json()

    assert page["state"] == "commissioned"
    assert page["batch"]["number"] == "B1"
    assert page["order"]["number"] == 1
    assert [change["state"] for change in page["history"]] == ["commissioned"]
    assert [stay["until"] for stay in page["stays"]] == [None]
    assert [(one["biz_step"], len(one["via"])) for one in page["events"]] == [("shipping", 1), ("packing", 0)]
    assert [scan["outcome"] for scan in page["scans"]] == ["first_genuine"]


def test_it_never_shows_a_hidden_code(admin: SignedInClient, can: Label) -> None:
    page = admin.get("/xray", params={"code": can.open_path.rsplit("/", 1)[1]}).text

    assert can.hidden_path.rsplit("/", 1)[1] not in page
    assert can.typed_path.rsplit("/", 1)[1] not in page


def test_a_case_names_its_contents(admin: SignedInClient, can: Label) -> None:
    parent = admin.get("/xray", params={"code": can.open_path.rsplit("/", 1)[1]}).json()["stays"][0]["parent"]
    page = admin.get("/xray", params={"code": parent["name"]}).json()

    assert page["contents_count"] == 6
    assert page["contents"][0]["name"].endswith(can.open_path)


def test_another_brand_learns_nothing(
    admin: SignedInClient, can: Label, runtime: Runtime, other_brand: Brand, client: TestClient
) -> None:
    stranger = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))
    page = stranger.get("/xray", params={"code": f"https://id.wuma.test{can.open_path}"}).json()

    assert (page["thing"], page["order"], page["events"], page["scans"]) == (None, None, [], [])
    assert page["why_not"] == "unknown"


def test_the_home_page_counts(admin: SignedInClient, can: Label, client: TestClient) -> None:
    client.app.keep_up()  # type: ignore[attr-defined]
    page = admin.get("/home").json()

    assert (page["order_count"], page["codes_ordered"]) == (2, 7)
    assert page["codes_by_state"] == {"commissioned": 6, "allocated": 1}
    assert page["scans"]["scans_by_outcome"] == {"first_genuine": 1}
    assert page["scans"]["hours"][-1]["scans"] == 1
    assert len(page["scans"]["hours"]) == 24


def test_the_home_page_shows_scans_to_whoever_may_read_them(
    runtime: Runtime, brand: Brand, can: Label, client: TestClient
) -> None:
    client.app.keep_up()  # type: ignore[attr-defined]
    line = SignedInClient(client, make_account(runtime, brand.id, Role.LINE_OPERATOR)).get("/home").json()
    auditor = SignedInClient(client, make_account(runtime, brand.id, Role.AUDITOR)).get("/home").json()

    assert (line["codes_ordered"], line["scans"]) == (7, None)
    assert auditor["scans"]["scan_count"] == 1
