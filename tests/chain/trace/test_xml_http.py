"""XML over HTTP: documents go in, and come back in JSON and in XML of both versions, valid and the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jsonschema_rs
import pytest

from tests.chain.trace.test_capture import document, event
from tests.chain.trace.test_json_strictness import documents
from tests.chain.trace.test_xml_reading import SEEN, event_xml
from tests.chain.trace.xml_documents import Xsds, published
from tests.conftest import SignedInClient
from wuma.chain.trace.documents.json_ld import ReadDocument, read_document
from wuma.chain.trace.documents.xml.reading import read_xml_document
from wuma.kernel.errors import InvalidInput
from wuma_gs1.event_hash import hash_of_json

XML: Final = {"content-type": "application/xml"}
LD_JSON: Final = {"content-type": "application/ld+json"}
ANSWERS: Final[tuple[dict[str, str], ...]] = (
    {"accept": "application/ld+json"},
    {"accept": "application/xml"},
    {"accept": "application/xml", "GS1-EPCIS-Max": "1.2", "GS1-EPC-Format": "Never_Translates"},
)
NAME: Final = re.compile(r'(?<=<eventID>)[^<]+|(?<=<epcis:eventID>)[^<]+|(?<="eventID": ")[^"]+')


@pytest.fixture(scope="module")
def xsds(shared: Path) -> Xsds:
    return Xsds(shared)


@pytest.fixture(scope="module")
def schema(shared: Path) -> Any:
    file = shared / "gs1" / "spec" / "json-schema" / "epcis-json-schema.json"
    return jsonschema_rs.Draft7Validator(json.loads(file.read_text()), validate_formats=True)


def _all_documents(shared: Path) -> list[tuple[str, dict[str, str], bytes, ReadDocument]]:
    """Every published document that is taken, its events named apart: the published ones share names."""
    found = []
    for name, body in documents(shared):
        found.append((name, LD_JSON, body))
    for file in published(shared):
        found.append((file.name, XML, file.read_bytes()))
    taken = []
    for name, type_, body in found:
        apart = NAME.sub(lambda _: f"urn:uuid:{uuid4()}", body.decode()).encode()
        try:
            read = read_xml_document(apart) if type_ is XML else read_document(apart)
        except InvalidInput:
            continue
        if read.events:
            taken.append((name, type_, apart, read))
    return taken


def _prehashes(read: ReadDocument) -> set[str]:
    return {hash_of_json(one.fields, read.context).prehash for one in read.events}


def test_every_published_document_comes_back_in_every_form_valid_and_the_same(
    shared: Path, admin: SignedInClient, xsds: Xsds, schema: Any
) -> None:
    wrong = []
    all_documents = _all_documents(shared)
    for name, type_, body, _ in all_documents:
        answer = admin.post("/epcis/capture", content=body, headers=type_)
        if answer.status_code != 202:
            wrong.append(f"{name}: {answer.text[:200]}")
    for headers in ANSWERS:
        given: set[str] = set()
        path: str | None = "/epcis/events?perPage=1000"
        while path:
            answer = admin.get(path, headers=headers)
            assert answer.status_code == 200, answer.text
            if "xml" in headers["accept"]:
                if (fault := xsds.faults(answer.content)) is not None:
                    wrong.append(f"{headers}: {fault}")
                given |= _prehashes(read_xml_document(answer.content))
            else:
                wrong += [
                    f"{one.instance_path} {one.message[:200]}" for one in schema.iter_errors(answer.json())
                ]
                given |= _prehashes(read_document(answer.content))
            link = answer.headers.get("link", "")
            path = link[1 : link.index(">")] if link else None
        for name, _, _, sent in all_documents:
            if not _prehashes(sent) <= given:
                wrong.append(f"{headers}: {name} did not come back")

    assert wrong == []
    assert len(all_documents) >= 125


def test_one_event_is_the_same_in_xml_and_in_json(admin: SignedInClient) -> None:
    of_json = event(
        at="2026-05-01T08:00:00Z", action="OBSERVE", epcList=["urn:epc:id:sgtin:0614141.107346.2017"]
    )

    first = admin.post("/epcis/capture", content=event_xml(SEEN), headers=XML).json()
    second = admin.post("/epcis/capture", content=json.dumps(document(of_json)), headers=LD_JSON).json()

    assert (first["accepted"], second["duplicate"]) == (1, 1)


def test_a_fault_in_xml_is_told_with_its_element_and_line(admin: SignedInClient) -> None:
    answer = admin.post("/epcis/capture", content=event_xml(SEEN.replace("OBSERVE", "SEE")), headers=XML)

    assert answer.status_code == 400
    assert answer.json()["type"] == "epcisException:ValidationException"
    place = "/EPCISDocument/EPCISBody/EventList/ObjectEvent[1]/action (line 4)"
    assert answer.json()["errors"] == [{"at": place, "expected": "ADD | OBSERVE | DELETE", "got": "SEE"}]


def test_what_is_valid_of_a_document_goes_in_when_that_is_wanted(admin: SignedInClient) -> None:
    good, bad = event_xml(SEEN), event_xml(SEEN.replace("OBSERVE", "SEE"))
    one = bad[bad.index(b"<ObjectEvent>") : bad.index(b"</EventList>")]
    body = good.replace(b"<EventList>", b"<EventList>" + one)

    headers = {**XML, "GS1-Capture-Error-Behaviour": "proceed"}
    answer = admin.post("/epcis/capture", content=body, headers=headers).json()

    assert (answer["accepted"], answer["rejected"]) == (1, 1)
    assert answer["errors"][0]["place"] == 0


def test_one_event_by_itself_goes_to_events(admin: SignedInClient) -> None:
    body = event_xml(SEEN)
    one = body[body.index(b"<ObjectEvent>") : body.index(b"</EventList>")]

    answer = admin.post("/epcis/events", content=one, headers={"content-type": "text/xml; charset=utf-8"})

    assert answer.status_code == 201, answer.text
    assert admin.get(answer.headers["location"]).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "type_", "version"),
    [
        ({"accept": "application/xml"}, 200, "application/xml", "2.0.0"),
        ({"accept": "text/xml;q=0.5, application/json;q=0.1"}, 200, "text/xml", "2.0.0"),
        ({"accept": "application/xml", "GS1-EPCIS-Max": "1.2.0"}, 200, "application/xml", "1.2.0"),
        ({"accept": "application/xml", "GS1-EPCIS-Version": "1.2"}, 200, "application/xml", "1.2.0"),
        ({"accept": "application/json", "GS1-EPCIS-Max": "1.2.0"}, 406, "application/problem+json", "2.0.0"),
        ({"accept": "application/xml", "GS1-EPCIS-Max": "1.1"}, 406, "application/problem+json", "2.0.0"),
        (
            {"accept": "application/xml", "GS1-EPC-Format": "Sideways"},
            406,
            "application/problem+json",
            "2.0.0",
        ),
        ({"accept": "image/png"}, 406, "application/problem+json", "2.0.0"),
    ],
)
def test_the_form_of_an_answer_is_negotiated(
    admin: SignedInClient, headers: dict[str, str], status: int, type_: str, version: str
) -> None:
    answer = admin.get("/epcis/events", headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"].partition(";")[0] == type_
    assert answer.headers["GS1-EPCIS-Version"] == version


def test_names_come_as_they_are_asked_for(admin: SignedInClient) -> None:
    admin.post("/epcis/capture", content=event_xml(SEEN), headers=XML)

    def given(wanted: str) -> str:
        answer = admin.get("/epcis/events", headers={"GS1-EPC-Format": wanted})
        assert answer.headers["GS1-EPC-Format"] == wanted
        return str(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]["epcList"][0])

    assert given("Always_GS1_Digital_Link") == "https://id.gs1.org/01/10614141073464/21/2017"
    assert given("Always_EPC_URN") == given("Never_Translates") == "urn:epc:id:sgtin:0614141.107346.2017"


def test_what_xml_cannot_say_is_not_acceptable_in_xml_and_is_given_in_json(admin: SignedInClient) -> None:
    body = document(event(action="OBSERVE", epcList=["urn:x:1"], **{"ex:1st": "x"}))
    admin.post("/epcis/capture", content=json.dumps(body), headers=LD_JSON)

    answer = admin.get("/epcis/events", headers={"accept": "application/xml"})

    assert answer.status_code == 406
    assert answer.json()["errors"][0]["at"] == "/eventList/0/ex:1st"
    assert admin.get("/epcis/events").status_code == 200


@pytest.mark.parametrize(
    ("context", "name"),
    [
        ({"ex": "https://ns.brand.example/"}, "ex:mark"),
        ({"brand": {"@id": "https://ns.brand.example/", "@prefix": True}}, "brand:mark"),
        ({"b": "https://ns.", "brand": "b:brand.example/"}, "brand:mark"),
        ({"unused": "urn:x:"}, "https://ns.brand.example/mark"),
    ],
)
def test_all_spellings_of_an_extension_field_are_one(
    admin: SignedInClient, context: dict[str, Any], name: str
) -> None:
    """No context is fetched: what prefixes stand for is in the document, or in the context of EPCIS."""
    admin.post("/epcis/capture", content=event_xml(SEEN + "<ex:mark>7</ex:mark>"), headers=XML)
    body = document(event(action="OBSERVE", epcList=["urn:epc:id:sgtin:0614141.107346.2017"], **{name: "7"}))
    body["@context"].append(context)

    again = admin.post("/epcis/capture", content=json.dumps(body), headers=LD_JSON).json()
    found = admin.get(
        "/epcis/events", params={"EQ_x:mark": "7"}, headers={"GS1-Extensions": "x=https://ns.brand.example/"}
    )

    assert again["duplicate"] == 1
    assert len(found.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]) == 1


def test_a_context_that_gives_a_term_of_epcis_another_meaning_is_refused(admin: SignedInClient) -> None:
    body = document(event(action="OBSERVE", epcList=["urn:x:1"]))
    body["@context"].append({"bizStep": "https://ns.brand.example/step"})

    answer = admin.post("/epcis/capture", content=json.dumps(body), headers=LD_JSON)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["at"] == "/@context/1/bizStep"


def test_a_capture_job_is_told_in_xml_too(admin: SignedInClient, xsds: Xsds) -> None:
    bad = event_xml(SEEN.replace("OBSERVE", "SEE"))
    headers = {**XML, "GS1-Capture-Error-Behaviour": "proceed"}
    for body in (event_xml(SEEN), bad):
        job = admin.post("/epcis/capture", content=body, headers=headers).json()

        answer = admin.get(f"/epcis/capture/{job['captureID']}", headers={"accept": "application/xml"})

        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == "application/xml"
        assert xsds.faults(answer.content) is None
        assert job["captureID"].encode() in answer.content
    assert b"ObjectEvent[1]/action (line 4): expected ADD | OBSERVE | DELETE, got SEE" in answer.content
