"""Captures, activations and scans at once: one event is one, one code has one batch, one phone is first."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from secrets import token_urlsafe
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.chain.trace.test_capture import LD_JSON, document, event
from tests.conftest import Brand, SignedInClient
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.invariants import INVARIANTS
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import order_of
from wuma.entrypoints import work
from wuma.journeys.scan_code.reception import COOKIE
from wuma.journeys.scan_code.scan import COOKIE_BYTES
from wuma.kernel import invariants, outbox
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata.products import get_product

AT_ONCE = 8
CANS = 12


@pytest.fixture
def labels(runtime: Runtime, brand: Brand, client: TestClient) -> list[Label]:
    """Labels that are on no can yet."""
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), CANS)
        labels = print_labels(runtime.keyring, order)
    client.app.keep_up()  # type: ignore[attr-defined]
    return labels


def _uris(labels: list[Label]) -> list[str]:
    return [f"https://id.gs1.org{label.open_path}" for label in labels]


def _commissioned(labels: list[Label], lot: str) -> dict[str, Any]:
    ilmd = {"cbvmda:lotNumber": lot}
    return event(action="ADD", bizStep="commissioning", epcList=_uris(labels), ilmd=ilmd)


def _capture_at_once(admin: SignedInClient, documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def send(one: dict[str, Any]) -> dict[str, Any]:
        answer = admin.post("/epcis/capture", content=json.dumps(one), headers=LD_JSON)
        assert answer.status_code == 202, answer.text
        return answer.json()  # type: ignore[no-any-return]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, documents))


def _deliver(runtime: Runtime) -> None:
    """Tell the facts, as two workers would at the same time."""
    outbox.register(runtime.database, work.SUBSCRIPTIONS)

    def tell(_worker: int) -> None:
        for subscription in work.SUBSCRIPTIONS:
            while outbox.deliver(runtime.database, subscription, limit=3):
                pass

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tell, range(2)))
    tell(0)


def _count(runtime: Runtime, brand: Brand, query: str) -> int:
    with runtime.database.transaction(brand.scope) as session:
        return int(session.scalar(text(query)) or 0)


def test_one_document_sent_by_eight_at_once_is_captured_once(
    runtime: Runtime, brand: Brand, admin: SignedInClient, labels: list[Label]
) -> None:
    one = document(*(event(action="OBSERVE", epcList=[uri]) for uri in _uris(labels)))

    _capture_at_once(admin, [one] * AT_ONCE)

    assert _count(runtime, brand, "SELECT count(*) FROM trace.event") == CANS
    assert _count(runtime, brand, "SELECT sum(accepted) FROM trace.capture") == CANS
    assert _count(runtime, brand, "SELECT sum(duplicate) FROM trace.capture") == CANS * (AT_ONCE - 1)
    found = admin.get("/epcis/events", params={"MATCH_anyEPC": _uris(labels)[0]})
    assert len(found.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


def test_documents_that_overlap_share_no_event_and_lose_none(
    runtime: Runtime, brand: Brand, admin: SignedInClient, labels: list[Label]
) -> None:
    events = [event(action="OBSERVE", epcList=[uri]) for uri in _uris(labels)]

    _capture_at_once(admin, [document(*events[start : start + 6]) for start in range(7)])

    assert _count(runtime, brand, "SELECT count(*) FROM trace.event") == CANS
    assert _count(runtime, brand, "SELECT count(DISTINCT key) FROM trace.event_key") == CANS


def test_two_lines_that_claim_the_same_cans_leave_each_in_one_batch(
    runtime: Runtime, brand: Brand, admin: SignedInClient, labels: list[Label]
) -> None:
    halves = {"L1": labels[:8], "L2": labels[4:]}  # four cans are claimed by both

    _capture_at_once(admin, [document(_commissioned(some, lot)) for lot, some in halves.items()])
    _deliver(runtime)

    with runtime.database.transaction(brand.scope) as session:
        runs = session.execute(
            text(
                "SELECT b.number, sum(r.last_unit - r.first_unit + 1)::int FROM codes.run r"
                " JOIN codes.batch b ON b.id = r.batch_id WHERE r.state = 'commissioned' GROUP BY b.number"
            )
        ).all()
    assert dict(map(tuple, runs)) in ({"L1": 8}, {"L2": 8}), "the first to come has all of it"
    with runtime.database.transaction(PLATFORM) as session:
        assert [found for found in invariants.check(session, INVARIANTS) if found.violation_count] == []


def test_a_can_that_is_scanned_while_it_is_activated_has_one_first_scan_all_the_same(
    runtime: Runtime, brand: Brand, client: TestClient, labels: list[Label]
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        order = order_of(session, labels[0].unit)
        assert order is not None
        product = get_product(session, brand.id, order.product_id)
        batch_id = open_batch(session, product).id

    def activate(label: Label) -> None:
        with runtime.database.transaction(brand.scope) as session:
            bring(session, [UnitRange(label.unit, label.unit)], CodeState.COMMISSIONED, batch_id)

    def scan(step: tuple[int, Label]) -> tuple[int, str]:
        number, label = step
        headers = {"accept": "application/json", "x-forwarded-for": f"36.20.{number}.{label.unit % 250}"}
        headers["cookie"] = f"{COOKIE}={token_urlsafe(COOKIE_BYTES)}"  # each is another phone
        headers["user-agent"] = f"phone {number}"
        answer = client.post(label.hidden_path, headers=headers)
        return label.unit, answer.json()["verdict"]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        steps = [(number, label) for label in labels for number in range(4)]
        scans = [pool.submit(scan, step) for step in steps[: len(steps) // 2]]
        activations = [pool.submit(activate, label) for label in labels]
        scans += [pool.submit(scan, step) for step in steps[len(steps) // 2 :]]
        for activation in activations:
            activation.result()
        said = [one.result() for one in scans]
    said += [scan((99, label)) for label in labels]

    firsts = Counter(unit for unit, verdict in said if verdict == "first_genuine")
    assert firsts == {label.unit: 1 for label in labels}
    assert {verdict for _, verdict in said} <= {"unknown", "first_genuine", "genuine_again"}
    logged = _count(runtime, brand, "SELECT count(*) FROM authenticity.scan")
    assert logged == len(said)
