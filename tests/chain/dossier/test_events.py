"""What events say is entered once, whatever their order, and can be taken back; sensors raise alarms."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand, SignedInClient
from tests.labels import make_product, open_batch
from wuma.chain.dossier import derive
from wuma.chain.dossier.entries import standing_of
from wuma.chain.dossier.from_events import said_by
from wuma.chain.dossier.models import AlarmRow, ReadingRow, SeriesRow
from wuma.chain.dossier.names import BatchName, name_of
from wuma.chain.trace.facade import events_with_words
from wuma.facts.trace import EventsCaptured
from wuma.kernel import outbox
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime

LD = {"content-type": "application/ld+json"}
CONTEXT = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"dossier": "urn:wuma:dossier:"}]
COLD_STORE = "https://id.gs1.org/414/6901234567892"


@pytest.fixture
def name(runtime: Runtime, brand: Brand) -> BatchName:
    with runtime.database.transaction(brand.scope) as session:
        return name_of(session, open_batch(session, make_product(session, brand.id)).id)[0]


def capture(admin: SignedInClient, *events: dict[str, Any]) -> None:
    body = json.dumps({**document(*events), "@context": CONTEXT})
    answer = admin.post("/epcis/capture", content=body, headers=LD)
    assert answer.status_code == 202, answer.text


def told(runtime: Runtime) -> None:
    outbox.register(runtime.database, [derive.SUBSCRIPTION])
    while outbox.deliver(runtime.database, derive.SUBSCRIPTION):
        pass


def inspected(name: BatchName, moisture: str, at: str, **more: Any) -> dict[str, Any]:
    lot = f"https://id.gs1.org/01/{name.gtin}/10/{name.lot}"
    return event(
        at=at,
        action="OBSERVE",
        bizStep="inspecting",
        quantityList=[{"epcClass": lot}],
        **{"dossier:lab.moisture": {"value": moisture, "method": "GB 5009.3", "instrument": "M-2"}},
        **more,
    )


def stands(runtime: Runtime, brand: Brand, name: BatchName) -> dict[tuple[str, str], str]:
    with runtime.database.transaction(brand.scope) as session:
        return {place: one.entry.value for place, one in standing_of(session, name).items()}


def test_a_transformation_names_what_went_in(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName
) -> None:
    milk = "urn:epc:class:lgtin:6901234.056789.RM-7"
    made = event(
        "TransformationEvent",
        inputQuantityList=[{"epcClass": milk, "quantity": 1.25, "uom": "TNE"}],
        outputQuantityList=[{"epcClass": f"https://id.gs1.org/01/{name.gtin}/10/{name.lot}"}],
        ilmd={
            "dossier:process.heat_temperature": {"value": 88.5, "least": 85, "most": 92},
            "dossier:material.supplier": [{"subject": "RM-7", "value": "黑龙江牧场"}],
        },
    )

    capture(admin, made)
    told(runtime)

    assert stands(runtime, brand, name) == {
        ("material.key", "RM-7"): "https://id.gs1.org/01/06901234567892/10/RM-7",
        ("material.supplier", "RM-7"): "黑龙江牧场",
        ("material.quantity", "RM-7"): "1250",
        ("process.heat_temperature", ""): "88.5",
    }


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_the_latest_event_counts_whatever_the_order_they_come_in(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName, order: tuple[int, ...]
) -> None:
    wrong = inspected(name, "4.9", "2026-05-03T08:00:00Z", eventID=f"urn:uuid:{uuid7()}")
    events = [
        inspected(name, "3.1", "2026-05-01T08:00:00Z"),
        inspected(name, "3.2", "2026-05-02T08:00:00Z"),
        wrong,
        {**wrong, "errorDeclaration": {"declarationTime": "2026-05-04T08:00:00Z"}},
    ]

    for place in order:
        capture(admin, events[place])
    told(runtime)

    assert stands(runtime, brand, name) == {("lab.moisture", ""): "3.2"}


def test_told_again_an_event_changes_nothing(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName
) -> None:
    capture(admin, inspected(name, "3.1", "2026-05-01T08:00:00Z"), warm(name, 0, 21.5))
    told(runtime)
    tables = ("dossier.entry", "dossier.series", "dossier.reading", "dossier.alarm")

    def counts() -> list[int]:
        with runtime.database.transaction(brand.scope) as session:
            return [session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]

    before = counts()
    with runtime.database.transaction(brand.scope) as session:
        for row in session.execute(
            text("SELECT body FROM kernel.fact WHERE name = 'trace.events_captured' AND tenant_id = :t"),
            {"t": brand.id},
        ).all():
            derive.enter_captured(session, EventsCaptured.read(brand.id, row.body))

    assert counts() == before
    assert before[:3] == [1, 1, 1]


def test_what_a_person_has_said_counts_more_and_the_contradiction_is_shown(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName
) -> None:
    capture(admin, inspected(name, "3.1", "2026-05-01T08:00:00Z"))
    told(runtime)
    with runtime.database.transaction(brand.scope) as session:
        batch = session.execute(text("SELECT id FROM codes.batch")).scalar_one()
    entries = f"/batches/{batch}/dossier/entries"

    unsaid = admin.post(entries, json={"entries": [{"item": "lab.moisture", "value": "3.6"}]})
    entry = {"item": "lab.moisture", "value": "3.6", "reason": "仪器校准后复测"}
    admin.post(entries, json={"entries": [entry]})
    capture(admin, inspected(name, "3.2", "2026-05-09T08:00:00Z"))
    told(runtime)

    assert unsaid.json()["type"] == "urn:wuma:problem:correction-without-reason"
    with runtime.database.transaction(brand.scope) as session:
        standing = standing_of(session, name)["lab.moisture", ""]
        assert (standing.entry.value, standing.is_contradicted, len(standing.others)) == ("3.6", True, 2)


def test_a_lot_that_is_opened_later_finds_what_was_said_of_it(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
    early = BatchName(brand.id, product.cases[0].gtin, "L9", (product.cases[0].gtin,))
    capture(admin, inspected(early, "3.1", "2026-05-01T08:00:00Z"))
    told(runtime)

    with runtime.database.transaction(brand.scope) as session:
        opened = name_of(session, open_batch(session, product, number="L9").id)[0]

    assert stands(runtime, brand, opened) == {("lab.moisture", ""): "3.1"}


def warm(name: BatchName, minute: int, celsius: float, **more: Any) -> dict[str, Any]:
    reading = {
        "type": "Temperature",
        "value": celsius * 9 / 5 + 32,
        "uom": "FAH",
        "time": f"2026-05-01T08:{minute:02}:00Z",
        "deviceID": "urn:epc:id:giai:6901234.T7",
    }
    return event(
        at="2026-05-01T09:00:00Z",
        action="OBSERVE",
        bizStep="sensor_reporting",
        bizLocation={"id": "urn:epc:id:sgln:6901234.56789.0"},
        quantityList=[{"epcClass": f"https://id.gs1.org/01/{name.gtin}/10/{name.lot}"}],
        sensorElementList=[{"sensorReport": [reading]}],
        **more,
    )


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0), (3, 0, 5, 1, 4, 2)])
def test_readings_outside_for_too_long_raise_one_alarm_whatever_their_order(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName, order: tuple[int, ...]
) -> None:
    rule = {"name": "冷库", "quantity": "Temperature", "unit": "CEL", "most": 8, "seconds": 600}
    assert admin.post("/dossier/rules", json=rule).status_code == 201
    readings = [(0, 7.0), (5, 9.0), (10, 11.5), (16, 8.5), (20, 6.0), (30, 9.5)]

    for place in order:
        capture(admin, warm(name, *readings[place]))
        told(runtime)

    alarms = admin.get("/dossier/alarms", params={"state": "open"}).json()["items"]
    assert [(one["since"], one["until"], round(one["worst"], 2), one["readings"]) for one in alarms] == [
        ("2026-05-01T08:05:00Z", "2026-05-01T08:20:00Z", 11.5, 3)
    ]
    assert alarms[0]["is_over"] is True
    assert alarms[0]["series"]["unit"] == "CEL"


def test_an_alarm_is_void_when_its_readings_are_taken_back(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName
) -> None:
    wrong = warm(name, 0, 30.0, eventID=f"urn:uuid:{uuid7()}")
    capture(admin, wrong)
    told(runtime)
    rule = {"name": "冷库", "quantity": "Temperature", "unit": "CEL", "most": 8}
    admin.post("/dossier/rules", json=rule)
    raised = admin.get("/dossier/alarms", params={"state": "open"}).json()["items"]

    capture(admin, {**wrong, "errorDeclaration": {"declarationTime": "2026-05-04T08:00:00Z"}})
    told(runtime)

    assert len(raised) == 1
    assert admin.get("/dossier/alarms", params={"state": "open"}).json()["items"] == []
    assert [one["id"] for one in admin.get("/dossier/alarms", params={"state": "void"}).json()["items"]] == [
        raised[0]["id"]
    ]


def test_what_cannot_be_understood_does_not_stop_the_rest(
    runtime: Runtime, brand: Brand, admin: SignedInClient, name: BatchName
) -> None:
    nonsense = inspected(name, "3.1", "2026-05-01T08:00:00Z")
    nonsense |= {
        "dossier:lab.moisture": "damp",
        "dossier:lab.phlogiston": 7,
        "dossier:lab.ash": {"value": {"deep": [1]}, "time": "yesterday"},
        "dossier:lab.impurity": [[], {}, None, {"value": "2", "least": "x"}],
        "sensorElementList": [
            {
                "sensorReport": [
                    {"type": "Temperature"},
                    {"type": "Mass", "uom": "KGM"},
                    {"type": "Mass", "value": 1e300, "uom": "TNE"},
                ]
            }
        ],
    }

    capture(admin, nonsense, inspected(name, "3.3", "2026-05-02T08:00:00Z"))
    told(runtime)

    assert stands(runtime, brand, name) == {("lab.moisture", ""): "3.3"}


def test_the_published_sensor_documents_are_charted_in_plain_units(
    shared: Path, runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    folder = shared / "gs1" / "epcis-docs" / "gs1-JSON" / "WithSensorData"
    files = sorted(folder.glob("*.jsonld"))
    reports = 0
    for file in files:
        answer = admin.post("/epcis/capture", content=file.read_bytes(), headers=LD)
        assert answer.status_code == 202, answer.text
    with runtime.database.transaction(brand.scope) as session:
        ids = session.execute(text("SELECT min(id), max(id) + 200 FROM trace.chunk")).one()
        events = list(
            events_with_words(
                session, brand.id, first_event_id=ids[0], last_event_id=ids[1], words=['"sensorElementList"']
            )
        )
        said = {event.id: said_by(event) for event in events}
        reports = sum(len(one.readings) for one in said.values())

    told(runtime)

    with runtime.database.transaction(brand.scope) as session:
        series = {row.id: row for row in session.scalars(select(SeriesRow))}
        readings = session.scalars(select(ReadingRow)).all()
        assert session.scalars(select(AlarmRow)).all() == []
    assert len(readings) >= reports >= 40
    units = {(row.quantity, row.unit) for row in series.values()}
    assert {
        ("Temperature", "CEL"),
        ("AbsoluteHumidity", "A93"),
        ("Speed", "KMH"),
        ("Illuminance", "LUX"),
    } <= units
    celsius = sorted({row.value for row in readings if series[row.series_id].quantity == "Temperature"})
    assert {26.0, 26.1, 26.2} <= set(celsius)
