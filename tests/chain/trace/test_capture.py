"""Documents go in whole and come back with all their fields; bad ones are refused naming the place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Brand, SignedInClient
from tests.labels import make_product, place_order, print_labels
from wuma.chain.codes.orders import Level
from wuma.kernel.runtime import Runtime

LD_JSON = {"content-type": "application/ld+json"}
OWN_MEASUREMENT_TYPES = {"TransactionEvent_with_userExtensions.json", "SensorData_with_combined_events.json"}
"""Published as valid, with bare words that no vocabulary has: the JSON schema refuses them, and so do we."""
SUITES = ("gs1-JSON", "openepcis-test-resources/2.0/EPCIS/JSON/Capture")


def document(*events: dict[str, Any]) -> dict[str, Any]:
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T08:00:00Z",
        "epcisBody": {"eventList": list(events)},
    }


def event(type_: str = "ObjectEvent", *, at: str = "2026-05-01T08:00:00Z", **fields: Any) -> dict[str, Any]:
    return {"type": type_, "eventTime": at, "eventTimeZoneOffset": "+08:00", **fields}


def capture(admin: SignedInClient, *events: dict[str, Any]) -> dict[str, Any]:
    answer = admin.post("/epcis/capture", content=json.dumps(document(*events)), headers=LD_JSON)
    assert answer.status_code == 202, answer.text
    return answer.json()


def _published(shared: Path) -> list[Path]:
    files = []
    for suite in SUITES:
        folder = shared / "gs1" / "epcis-docs" / suite
        files += [*folder.rglob("*.jsonld"), *folder.rglob("*.json")]
    return sorted(file for file in files if "Query" not in file.name)


def test_every_published_document_is_taken_and_given_back_or_refused_as_published(
    shared: Path, admin: SignedInClient
) -> None:
    wrong = []
    for file in _published(shared):
        body = _renamed(file.read_bytes())
        answer = admin.post("/epcis/capture", content=body, headers=LD_JSON)
        should_be_valid = "Invalid" not in file.parts and file.name not in OWN_MEASUREMENT_TYPES
        if (answer.status_code == 202) != should_be_valid:
            wrong.append(f"{file.name}: {answer.status_code} {answer.text[:200]}")
        if not should_be_valid and not answer.json()["errors"][0]["at"].startswith("/"):
            wrong.append(f"{file.name}: the place is not named")
        if answer.status_code != 202:
            continue
        sent = json.loads(body)
        events = sent["epcisBody"]["eventList"] if "epcisBody" in sent else [sent]
        for one in events:
            given = _given_back(admin, one)
            told = {name: value for name, value in one.items() if name not in {"recordTime", "@context"}}
            if given is None or {name: given.get(name) for name in told} != told:
                wrong.append(f"{file.name}: an event did not come back as it went in")

    assert wrong == []


def _renamed(body: bytes) -> bytes:
    """Give events names of their own: the published documents use one for several."""
    sent = json.loads(body)
    for one in sent.get("epcisBody", {}).get("eventList", [sent]):
        if isinstance(one, dict):  # without an ID, the same event in another form would be the same
            one["eventID"] = f"urn:uuid:{uuid4()}"
    return json.dumps(sent).encode()


def _given_back(admin: SignedInClient, sent: dict[str, Any]) -> dict[str, Any] | None:
    wanted = {"GE_eventTime": sent["eventTime"], "perPage": "1000"}
    if "eventID" in sent:
        wanted = {"EQ_eventID": sent["eventID"]}
    answer = admin.get("/epcis/events", params=wanted)
    assert answer.status_code == 200, answer.text
    found = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    told = {name: value for name, value in sent.items() if name not in {"recordTime", "@context"}}
    return next((one for one in found if {name: one.get(name) for name in told} == told), None)


def test_a_document_captured_twice_is_captured_once(admin: SignedInClient) -> None:
    one = event(action="OBSERVE", epcList=["urn:epc:id:sgtin:0614141.107346.2017"])

    first, again = capture(admin, one), capture(admin, one)

    assert (first["accepted"], first["duplicate"]) == (1, 0)
    assert (again["accepted"], again["duplicate"]) == (0, 1)


def test_a_urn_and_its_digital_link_find_the_same_events(admin: SignedInClient) -> None:
    capture(
        admin,
        event(action="OBSERVE", epcList=["urn:epc:id:sgtin:0614141.107346.2017"]),
        event(
            action="OBSERVE",
            at="2026-05-02T08:00:00Z",
            epcList=["https://id.gs1.org/01/10614141073464/21/2017"],
        ),
    )

    for name in ("urn:epc:id:sgtin:0614141.107346.2017", "https://brand.example/01/10614141073464/21/2017"):
        found = admin.get("/epcis/events", params={"MATCH_epc": name}).json()
        assert len(found["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 2, name


def test_another_brand_sees_nothing_of_it(
    admin: SignedInClient, runtime: Runtime, other_brand: Brand, client: Any
) -> None:
    from tests.conftest import make_account
    from wuma.kernel.auth.grants import Role

    capture(admin, event(action="OBSERVE", epcList=["urn:epc:id:sgtin:0614141.107346.2017"]))
    stranger = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))

    for parameters in ({}, {"MATCH_anyEPC": "urn:epc:id:sgtin:0614141.107346.2017"}):
        found = stranger.get("/epcis/events", params=parameters).json()
        assert found["epcisBody"]["queryResults"]["resultsBody"]["eventList"] == []


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"\xff\xfe", ""),
        (b'{"type":"EPCISDocument"}', "/"),
        (
            json.dumps(document(event(action="CREATE", epcList=["urn:x:y"]))).encode(),
            "/epcisBody/eventList/0/action",
        ),
        (
            json.dumps(document(event(action="ADD", epcList=["not a uri"]))).encode(),
            "/epcisBody/eventList/0/epcList/0",
        ),
        (
            json.dumps(document(event(action="ADD", epcList=["urn:x:y"], colour="red"))).encode(),
            "/epcisBody/eventList/0/colour",
        ),
        (
            json.dumps(document(event(action="ADD", at="yesterday", epcList=["urn:x:y"]))).encode(),
            "/epcisBody/eventList/0/eventTime",
        ),
    ],
)
def test_a_bad_document_is_refused_with_the_place(admin: SignedInClient, body: bytes, place: str) -> None:
    answer = admin.post("/epcis/capture", content=body, headers=LD_JSON)

    assert answer.status_code == 400
    assert answer.json()["type"] == "epcisException:ValidationException"
    assert any(error["at"].startswith(place) for error in answer.json()["errors"])


def test_an_unknown_query_parameter_is_refused_by_name(admin: SignedInClient) -> None:
    answer = admin.get("/epcis/events", params={"MATCH_color": "red"})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["at"] == "query/MATCH_color"


def test_pages_of_events_meet_without_gap_or_overlap(admin: SignedInClient) -> None:
    capture(
        admin,
        *(
            event(action="OBSERVE", at=f"2026-05-01T08:{n // 2:02}:00Z", epcList=[f"urn:x:{n}"])
            for n in range(25)
        ),
    )

    seen, path, parameters = [], "/epcis/events", {"perPage": "7"}
    while True:
        answer = admin.get(path, params=parameters)
        seen += [
            one["epcList"][0]
            for one in answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        ]
        if "link" not in answer.headers:
            break
        token = answer.headers["link"].split("nextPageToken=")[1].split(">")[0].split("&")[0]
        parameters = {"perPage": "7", "nextPageToken": token}

    assert sorted(seen) == sorted(f"urn:x:{n}" for n in range(25))


def test_a_packed_lot_takes_a_handful_of_postings(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        cans = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 600))
        cases = print_labels(runtime.keyring, place_order(session, runtime.keyring, product, 100, Level.CASE))
    uris = [f"https://id.gs1.org{can.open_path}" for can in cans]
    parents = [f"https://id.gs1.org{case.open_path}" for case in cases]

    capture(
        admin,
        event(action="ADD", bizStep="commissioning", epcList=uris),
        *(
            event(
                "AggregationEvent",
                at=f"2026-05-01T09:{n // 60:02}:{n % 60:02}Z",
                action="ADD",
                bizStep="packing",
                parentID=parents[n],
                childEPCs=uris[6 * n : 6 * n + 6],
            )
            for n in range(100)
        ),
    )

    from sqlalchemy import text

    with runtime.database.transaction(brand.scope) as session:
        rows = session.execute(
            text("SELECT role, event_count, per_event FROM trace.posting ORDER BY role")
        ).all()
    assert [tuple(row) for row in rows] == [(1, 1, 600), (2, 100, 6), (3, 100, 6)]
