"""XML is read as the XSD judges it, into the events that its JSON twin holds; and garbage is only refused."""

from __future__ import annotations

import json
import random
import time
import tracemalloc
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trace.xml_documents import Xsds, mutated, published, without_types
from wuma.chain.trace.documents.json_ld import ReadEvent, read_document
from wuma.chain.trace.documents.xml.parsing import DEPTH_MAX, TAG_BYTES_MAX
from wuma.chain.trace.documents.xml.reading import XmlReader, read_xml_document
from wuma.chain.trace.shelves.things import key_of
from wuma.kernel.errors import FieldError, InvalidInput
from wuma_gs1.event_hash import event_hashes, hash_of_json

MUTATIONS_PER_DOCUMENT: Final = 40

REFUSED_THOUGH_PUBLISHED: Final = {
    "Jumbled_attributes_order.xml": "elements in disorder: the XSD refuses it (xsd:sequence)",
    "1.2 TransactionEvent_all_possible_fields.xml": "a time without seconds: no xsd:dateTime",
    "TransformationEvent_with_error_declaration.xml": "a time without seconds: no xsd:dateTime",
    "SensorData_with_combined_events.xml": "sensor reports without a type, which JSON demands",
}
TAKEN_THOUGH_NOT_OF_THE_XSD: Final = {
    "AggregationEvent_all_possible_fields.xml": "valid: libxml2 does not collapse blanks under xsi:type",
    "Document_with_namespace.xml": "qualifies the names of EPCIS",
    "Single_event_with_namespace.xml": "one event, as POST /events takes it; qualified",
    "Namespace_event.xml": "one event, qualified",
    "Combination_of_different_event.xml": "an answer without queryName and creationDate",
    "AggregationEvent.xml": "one event", "ObjectEvent.xml": "one event",
    "TransactionEvent.xml": "one event", "TransformationEvent.xml": "one event",
}  # fmt: skip

# What the XSD lets pass and we do not, by what is then expected; and where it is said.
STRICTER: Final = {
    "a URI": "EPCIS 2.0 section 6.4: identifiers are URIs (RFC 3986); xsd:anyURI takes any text",
    "of the CBV": "CBV 2.0 section 7: words of the CBV, or URIs of other vocabularies",
    "an offset such as": "EPCIS 2.0 section 7.4.1: the form of eventTimeZoneOffset; the XSD takes any text",
    "an instant with an offset": "EPCIS 1.2 section 7.3.1: a time zone is demanded; years 1900 to 9998",
    "UN/CEFACT Recommendation 20": "EPCIS 2.0 section 7.3.3.3: units are codes of Recommendation 20",
    "epcList": "EPCIS 2.0 sections 7.4.2 and 7.4.4: something is named, unless it is deleted",
    "childEPCs or": "EPCIS 2.0 sections 7.4.3 and 7.4.6: children are named, unless all are deleted",
    "inputs and outputs": "EPCIS 2.0 section 7.4.5: inputs and outputs, or one and a transformationID",
    "ilmd with the action ADD": "EPCIS 2.0 section 7.4.2: ILMD at the beginning of life only",
    "this field": "JSON schema: declarationTime and the type of a sensor report are demanded",
    "set or unset": "JSON schema: one of them",
    "a list of": "JSON schema: at least one disposition",
    "each of them once": "JSON schema: uniqueItems",
    "an attribute with a namespace": "JSON has no field without a namespace (section 9.1)",
    "prefix:name": "JSON has no field without a namespace (section 9.1)",
    "a field of the standard": "JSON has no field without a namespace (section 9.1)",
    "elements of another namespace": "JSON has no field without a namespace (section 9.1)",
    "attributes, and nothing in it": "JSON has no place for text in a sensor report",
    "text or elements, not both": "JSON has no place for text among elements",
    "an event of a standard type": "an index of the five types has no place for others",
    "one <": "XSD 2.0 lets an error declaration say a thing twice; JSON does not",
    "no attributes": "XSD lets extension layers have attributes; they are not of the event",
    # In the innermost extension, 1.2 takes whatever has no namespace; what 2.0 has added is read there.
    "<sensorElement>": "1.2", "<sensorReport>": "1.2", "<sensorMetadata>": "1.2", "<set>": "1.2",
    "<persistentDisposition>": "1.2", "<certificationInfo>": "1.2", "nothing more": "1.2", "no text": "1.2",
    "elements, and no text among them": "1.2", "no such attribute": "1.2", "text": "1.2", "a number": "1.2",
    "hexadecimal": "JSON schema: at least one digit",
    "<id> | <extension>": "other schemas of EPCIS have nothing that stands in an event",
    "at most": "bounds of ours",
}  # fmt: skip


@pytest.fixture(scope="module")
def xsds(shared: Path) -> Xsds:
    return Xsds(shared)


def _faults(body: bytes) -> list[FieldError]:
    try:
        read_xml_document(body)
    except InvalidInput as refused:
        return list(refused.errors) or [FieldError("", "a fault", "a refusal that names none")]
    return []


def _name(file: Path) -> str:
    return f"1.2 {file.name}" if "1.2" in file.parts and file.name.startswith("Transaction") else file.name


def test_published_documents_are_judged_as_the_xsd_judges_them_or_for_a_reason(
    shared: Path, xsds: Xsds
) -> None:
    differing, taken_count = [], 0
    for file in published(shared):
        body = file.read_bytes()
        faults, of_xsd = _faults(body), xsds.faults(body)
        taken_count += not faults
        is_named = _name(file) in REFUSED_THOUGH_PUBLISHED or file.name in TAKEN_THOUGH_NOT_OF_THE_XSD
        if bool(faults) != (of_xsd is not None) and not is_named:
            differing.append(f"{file}: {faults} {of_xsd}")
        should_be_taken = "Invalid" not in file.parts and _name(file) not in REFUSED_THOUGH_PUBLISHED
        if bool(faults) == should_be_taken:
            differing.append(f"{file}: {faults}")
        if faults and not all(error.at.startswith("/") and "(line " in error.at for error in faults):
            differing.append(f"{file}: the place is not named: {faults}")

    assert differing == []
    assert taken_count >= 50


def test_documents_with_something_wrong_in_them_are_judged_as_the_xsd_judges_them(
    shared: Path, xsds: Xsds
) -> None:
    chance = random.Random(7)
    differing = []
    judged = {True: 0, False: 0}
    for file in published(shared):
        root = without_types(file.read_bytes())
        if xsds.faults(file.read_bytes()) is not None or _faults(file.read_bytes()):
            continue
        for _ in range(MUTATIONS_PER_DOCUMENT):
            body = mutated(root, chance)
            faults, of_xsd = _faults(body), xsds.faults(body)
            judged[not faults] += 1
            if not faults and of_xsd is not None:
                differing.append(f"{file.name}: taken against the XSD: {of_xsd}")
            if faults and of_xsd is None and not any(known in faults[0].expected for known in STRICTER):
                differing.append(f"{file.name}: refused against the XSD: {faults[0]}")

    assert differing == []
    assert min(judged.values()) > 300


def _twins(shared: Path) -> list[tuple[Path, Path]]:
    found = []
    for file in published(shared):
        twin = Path(str(file).replace("/XML/", "/JSON/")).with_suffix(".json")
        if twin.exists() and "Invalid" not in file.parts and _name(file) not in REFUSED_THOUGH_PUBLISHED:
            found.append((file, twin))
    return found


def test_twins_in_xml_and_json_are_the_same_events(shared: Path) -> None:
    pairs = _twins(shared)
    differing = []
    for xml, twin in pairs:
        of_xml, of_json = read_xml_document(xml.read_bytes()), read_document(twin.read_bytes())
        said = [hash_of_json(one.fields, of_xml.context).uri for one in of_xml.events]
        told = [hash_of_json(one.fields, of_json.context).uri for one in of_json.events]
        if xml.name == "epcisDocWithAllGS1Keys.xml":  # names an SSCC twice, and has that in its hash
            assert _things(of_xml.events[0]) == _things(of_json.events[0])
            continue
        if not said == told == [one.uri for one in event_hashes(xml.read_bytes())]:
            differing.append(xml.name)

    assert differing == []
    assert len(pairs) >= 25


def _things(event: ReadEvent) -> set[str]:
    return {key_of(name) for name in event.fields["epcList"]}


def test_read_piece_by_piece_a_document_gives_the_same_events(shared: Path) -> None:
    for file in published(shared):
        body = file.read_bytes()
        if _faults(body):
            continue
        whole = read_xml_document(body)
        reader = XmlReader()
        events: list[Any] = []
        for start in range(0, len(body), 7):
            events += reader.feed(body[start : start + 7])
        events += reader.close()
        assert (events, reader.context) == (whole.events, whole.context)


def event_xml(inner: str, *, around: str = "", version: int = 2, kind: str = "ObjectEvent") -> bytes:
    return f"""<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:{version}" xmlns:ex="https://ns.brand.example/"
      xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" schemaVersion="{version}.0"
      creationDate="2026-05-01T08:00:00Z" {around}><EPCISBody><EventList><{kind}>
      <eventTime>2026-05-01T08:00:00Z</eventTime><eventTimeZoneOffset>+08:00</eventTimeZoneOffset>{inner}
      </{kind}></EventList></EPCISBody></epcis:EPCISDocument>""".encode()


SEEN: Final = "<epcList><epc>urn:epc:id:sgtin:0614141.107346.2017</epc></epcList><action>OBSERVE</action>"


def _fields(body: bytes) -> dict[str, Any]:
    [event] = read_xml_document(body).events
    return dict(event.fields)


def test_extensions_keep_their_namespaces_attributes_and_order() -> None:
    inner = (
        SEEN + '<ex:mark grade="A" ex:by="line 3">ok<ex:part>1</ex:part><ex:part>2</ex:part></ex:mark>'
        '<mine xmlns="urn:brand:mine">x</mine><ex:批号>B7</ex:批号><a_b:c xmlns:a_b="urn:brand:ab"/>'
        "<ex:mark/>"
    )

    fields = _fields(event_xml(inner))

    assert fields["ex:mark"] == [
        {"@grade": "A", "@ex:by": "line 3", "#text": "ok", "ex:part": ["1", "2"]},
        "",
    ]
    assert fields["ns1:mine"] == "x"
    assert fields["ns2:c"] == ""
    assert fields["ex:%E6%89%B9%E5%8F%B7"] == "B7"
    assert fields["@context"] == [{"ns1": "urn:brand:mine"}, {"ns2": "urn:brand:ab"}]


def test_an_event_of_1_2_comes_out_of_its_layers() -> None:
    inner = """<baseExtension><eventID>urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8</eventID></baseExtension>
      <epcList/><action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
      <extension><quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.012345.998877</epcClass>
      <quantity>200.50</quantity><uom>KGM</uom></quantityElement></quantityList>
      <ilmd><cbvmda:lotNumber xmlns:cbvmda="urn:epcglobal:cbv:mda">998877</cbvmda:lotNumber></ilmd>
      <extension><persistentDisposition><set>urn:epcglobal:cbv:disp:completeness_verified</set>
      </persistentDisposition></extension></extension><ex:a>1</ex:a>"""

    fields = _fields(event_xml(inner, version=1))

    assert fields == {
        "type": "ObjectEvent",
        "eventTime": "2026-05-01T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "action": "ADD",
        "bizStep": "commissioning",
        "quantityList": [
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.998877", "quantity": 200.5, "uom": "KGM"}
        ],
        "ilmd": {"cbvmda:lotNumber": "998877"},
        "persistentDisposition": {"set": ["completeness_verified"]},
        "ex:a": "1",
    }


def test_a_quantity_event_of_1_0_is_an_object_event_with_a_quantity() -> None:
    inner = "<epcClass>urn:epc:idpat:sgtin:4012345.098765.*</epcClass><quantity>40</quantity>"

    fields = _fields(event_xml(inner, version=1, kind="QuantityEvent"))

    assert (fields["type"], fields["action"]) == ("ObjectEvent", "OBSERVE")
    assert fields["quantityList"] == [{"epcClass": "urn:epc:idpat:sgtin:4012345.098765.*", "quantity": 40}]


def test_the_header_tells_sender_receiver_and_master_data(shared: Path) -> None:
    [file] = [one for one in published(shared) if one.name.startswith("GS1_US_Pharma")]
    reader = XmlReader()
    list(reader.feed(file.read_bytes()))

    assert reader.header["sender"] == "urn:epc:id:sgln:030001.111111.0"
    assert reader.header["instanceIdentifier"] == "1100220001"
    vocabularies = reader.header["epcisHeader"]["epcisMasterData"]["vocabularyList"]
    assert vocabularies[0]["vocabularyElementList"][0]["attributes"][2] == {
        "id": "urn:epcglobal:cbv:mda#regulatedProductName",
        "attribute": "Epcistra",
    }


@pytest.mark.parametrize(
    ("inner", "place"),
    [
        (SEEN.replace("OBSERVE", "SEE"), "/ObjectEvent[1]/action (line 4)"),
        (SEEN + "<bizStep>polishing</bizStep>", "/ObjectEvent[1]/bizStep (line 4)"),
        (SEEN.replace("<epcList>", "<epcList><epc>urn:x:1</epc><epc>no</epc>"), "/epcList/epc[2] (line 4)"),
        (SEEN + "<readPoint><id>a b</id></readPoint>", "/readPoint/id (line 4)"),
        (
            SEEN + "<sourceList><source type='urn:x:y'>urn:x:z</source><source>urn:x</source></sourceList>",
            "/sourceList/source[2] (line 4)",
        ),
        (
            SEEN + "<sensorElementList><sensorElement><sensorReport type='gs1:Mass' value='x'/>"
            "</sensorElement></sensorElementList>",
            "/sensorElement/sensorReport/@value (line 4)",
        ),
        (
            SEEN + "<sensorElementList><sensorElement><sensorReport type='gs1:Mass' time='now'/>"
            "</sensorElement></sensorElementList>",
            "/sensorElement/sensorReport/@time (line 4)",
        ),
    ],
)
def test_a_fault_names_its_element_and_line(inner: str, place: str) -> None:
    [fault, *_] = _faults(event_xml(inner))

    assert fault.at.startswith("/EPCISDocument/EPCISBody/EventList/")
    assert place in fault.at


BOMBS: Final = {
    "entities": b'<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;&a;">]><a>&b;</a>',
    "many entities": b"<!DOCTYPE a ["
    + b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 30))
    + b"]><a>&e29;</a>",
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "external subset": b'<!DOCTYPE a SYSTEM "https://brand.example/a.dtd"><a/>',
    "parameter entity": b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
    "depth": event_xml(SEEN + "<ex:a>" * 100_000),
    "attributes": event_xml(SEEN + "<ex:a " + " ".join(f'a{n}=""' for n in range(20_000)) + "/>"),
    "a long name": b"<" + b"a" * 5_000_000,
    "a long comment": b"<a><!--" + b"-a" * 3_000_000,
    "a long attribute": b"<a a='" + b"a" * 5_000_000,
    "no XML": b"{}",
    "nothing": b"",
    "half of one": event_xml(SEEN)[:-40],
    "two": event_xml(SEEN) * 2,
    "another encoding": '<?xml version="1.0" encoding="GBK"?><a>批</a>'.encode("gbk"),
    "a made up encoding": b'<?xml version="1.0" encoding="x-made-up"?><a/>',
    "UTF-7": b'<?xml version="1.0" encoding="utf-7"?><a>+AGE-</a>',
    "NUL": b"<a>\0</a>",
    "another language": b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    "XInclude": event_xml(
        SEEN + '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd"/>'
    ),
}  # fmt: skip


@pytest.mark.parametrize("body", BOMBS.values(), ids=BOMBS.keys())
def test_bombs_and_garbage_are_refused_at_once_naming_the_place(body: bytes) -> None:
    started_at = time.process_time()
    faults = _faults(body)

    if b"XInclude" in body:  # an element like any other: nothing is fetched
        assert _fields(body)["xi:include"] == {"@href": "/etc/passwd"}
    else:
        assert "line " in faults[0].at
    assert time.process_time() - started_at < 2


def test_limits_are_wide_enough() -> None:
    nested = "<ex:a>" * 20 + "x" + "</ex:a>" * 20
    assert DEPTH_MAX > 30
    assert _faults(event_xml(SEEN + nested)) == []
    assert _faults(event_xml(SEEN + f"<ex:a>{'x' * (2 * TAG_BYTES_MAX)}</ex:a>")) == []


def test_twice_the_document_takes_twice_the_time() -> None:
    def seconds(count: int) -> float:
        body = event_xml(SEEN).replace(b"<EventList>", b"<EventList>" + _one() * count)
        reader = XmlReader()
        started_at = time.process_time()
        for _ in reader.feed(body):
            pass
        return time.process_time() - started_at

    def _one() -> bytes:
        text = event_xml(SEEN)
        return text[text.index(b"<ObjectEvent>") : text.index(b"</EventList>")]

    seconds(100)
    few, many = min(seconds(2_000) for _ in range(5)), min(seconds(8_000) for _ in range(5))
    assert many < 10 * few  # 4 times; what is quadratic takes 16 times


def test_ten_times_the_document_takes_no_more_memory() -> None:
    text = event_xml(SEEN)
    one = text[text.index(b"<ObjectEvent>") : text.index(b"</EventList>")]
    head, tail = text[: text.index(b"<ObjectEvent>")], text[text.index(b"</EventList>") :]

    def peak_bytes(count: int) -> int:
        reader = XmlReader(events_max=1_000_000)
        tracemalloc.start()
        seen = sum(1 for piece in [head, *[one * 100] * (count // 100), tail] for _ in reader.feed(piece))
        list(reader.close())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == count
        return peak

    peak_bytes(100)
    assert peak_bytes(10_000) < 2 * peak_bytes(1_000) < 8_000_000


@given(st.data())
def test_damaged_documents_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    body = bytearray(event_xml(SEEN + '<ilmd/><ex:a ex:b="c">&lt;<ex:d/></ex:a>'))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                body[at] = data.draw(st.integers(0, 255))
            case 1:
                del body[at : at + data.draw(st.integers(1, 30))]
            case 2:
                body[at:at] = data.draw(st.sampled_from(PIECES))
            case _:
                body[at:at] = body[at : at + data.draw(st.integers(1, 200))]
        if not body:
            return

    for fault in _faults(bytes(body)):
        json.dumps(fault.as_json()).encode()


PIECES: Final = (
    b"<", b">", b"/>", b"&", b"&#0;", b"&#x10FFFF;", b"&#xD800;", b"<![CDATA[x]]>", b"<!-- -->", b"<?x y?>",
    b"]]>", b"<!DOCTYPE a>", b'xmlns=""', b'xmlns:ex="urn:x"', b"\xff\xfe", b"\xef\xbb\xbf", b"<epcis:epc>",
    b"<ex:a xmlns:ex='urn:other'>", b"\xe6\x89", b"<extension>", b"</ObjectEvent><ObjectEvent>",
)  # fmt: skip
