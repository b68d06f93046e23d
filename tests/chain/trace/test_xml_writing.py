"""What is written as XML is valid against the XSDs, says all that was said, and comes back as it went in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.chain.trace.test_json_strictness import documents
from tests.chain.trace.xml_documents import Xsds, published
from wuma.chain.trace.documents.json_ld import ReadDocument, read_document
from wuma.chain.trace.documents.xml.reading import read_xml_document
from wuma.chain.trace.documents.xml.writing import CbvFormat, Unsayable, query_document
from wuma.chain.trace.queries.epc_formats import EpcFormat, in_format, prefixes_in
from wuma.kernel.errors import InvalidInput
from wuma_gs1.event_hash import hash_of_json

NOW: Final = datetime(2026, 5, 1, 8, tzinfo=UTC)
EVENT: Final = {
    "type": "ObjectEvent",
    "eventTime": "2026-05-01T08:00:00Z",
    "eventTimeZoneOffset": "+08:00",
    "action": "OBSERVE",
    "epcList": ["urn:epc:id:sgtin:0614141.107346.2017"],
}


@pytest.fixture(scope="module")
def xsds(shared: Path) -> Xsds:
    return Xsds(shared)


def read_documents(shared: Path) -> Iterator[tuple[str, ReadDocument]]:
    """Every published document that is taken, JSON or XML."""
    for name, body in documents(shared):
        try:
            yield name, read_document(body)
        except InvalidInput:
            continue
    for file in published(shared):
        try:
            yield file.name, read_xml_document(file.read_bytes())
        except InvalidInput:
            continue


def _hashes(document: ReadDocument) -> list[str]:
    return [hash_of_json(event.fields, document.context).prehash for event in document.events]


def _written(document: ReadDocument, **options: Any) -> bytes:
    events = [(event.fields, document.context) for event in document.events]
    return query_document(events, NOW, "SimpleEventQuery", **options)


@pytest.mark.parametrize("version", ["2.0", "1.2"])
def test_published_documents_are_written_validly_and_read_back_as_the_same_events(
    shared: Path, xsds: Xsds, version: str
) -> None:
    differing, count = [], 0
    for name, document in read_documents(shared):
        body = _written(document, version=version)
        count += 1
        again = read_xml_document(body)
        if (of_xsd := xsds.faults(body)) is not None:
            differing.append(f"{name}: {of_xsd}")
        if _hashes(again) != _hashes(document):
            differing.append(f"{name}: says something else")
        errors = [[one.fields.get("errorDeclaration") for one in some.events] for some in (again, document)]
        if [bool(one) for one in errors[0]] != [bool(one) for one in errors[1]]:
            differing.append(f"{name}: the error declaration is lost")

    assert differing == []
    assert count >= 125


@pytest.mark.parametrize(
    ("wanted", "written"),
    [
        (CbvFormat.NO_PREFERENCE, "urn:epcglobal:cbv:bizstep:shipping"),
        (CbvFormat.ALWAYS_URN, "urn:epcglobal:cbv:bizstep:shipping"),
        (CbvFormat.ALWAYS_WEB_URI, "https://ref.gs1.org/cbv/BizStep-shipping"),
    ],
)
def test_words_of_the_cbv_are_written_as_asked_for(wanted: CbvFormat, written: str) -> None:
    body = query_document([({**EVENT, "bizStep": "shipping"}, None)], NOW, "q", cbv_format=wanted)

    assert f"<bizStep>{written}</bizStep>".encode() in body


def test_what_2_0_has_added_stands_in_the_extensions_of_1_2(xsds: Xsds) -> None:
    event = {
        **EVENT,
        "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        "certificationInfo": "https://brand.example/certificate",
        "persistentDisposition": {"set": ["completeness_verified"]},
        "sensorElementList": [{"sensorReport": [{"type": "Temperature", "value": 4.5, "uom": "CEL"}]}],
    }
    association = {
        "type": "AssociationEvent",
        "eventTime": "2026-05-01T08:00:00Z",
        "eventTimeZoneOffset": "+08:00",
        "parentID": "urn:epc:id:grai:4012345.55555.987",
        "childEPCs": ["urn:epc:id:giai:4000001.12345"],
        "action": "ADD",
    }

    body = query_document([(event, None), (association, None)], NOW, "q", version="1.2")

    assert xsds.faults(body) is None
    assert [dict(one.fields) for one in read_xml_document(body).events] == [event, association]


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"ex:1st": "x"}, "/0/ex:1st"),
        ({"ex:a": "bell \a"}, "/0/ex:a"),
        ({"certificationInfo": ["urn:x:1", "urn:x:2"]}, "/0/certificationInfo"),
        ({"quantityList": [{"epcClass": "urn:x:y", "uom": "KGM"}]}, "/0/quantityList/uom"),
    ],
)
def test_what_xml_cannot_say_is_refused_by_name(fields: dict[str, Any], at: str) -> None:
    with pytest.raises(Unsayable) as cannot:
        query_document([({**EVENT, **fields}, None)], NOW, "q")

    assert cannot.value.at == at


def test_two_spellings_of_an_extension_field_are_one_in_xml() -> None:
    by_prefix = query_document([({**EVENT, "ex:mark": "A"}, {"ex": "https://ns.brand.example/"})], NOW, "q")
    by_address = query_document([({**EVENT, "https://ns.brand.example/mark": "A"}, None)], NOW, "q")

    [one], [other] = read_xml_document(by_prefix).events, read_xml_document(by_address).events
    assert hash_of_json(one.fields) == hash_of_json(other.fields)


def test_names_are_given_as_links_or_as_urns() -> None:
    event = {
        **EVENT,
        "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.998877"}],
        "readPoint": {"id": "https://id.gs1.org/414/0614141073467/254/1234"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "https://brand.example/po/7"}],
    }
    known = prefixes_in([event], ["690123"])

    links, urns = (
        in_format(event, EpcFormat.ALWAYS_LINK, known),
        in_format(event, EpcFormat.ALWAYS_URN, known),
    )

    assert links["epcList"] == ["https://id.gs1.org/01/10614141073464/21/2017"]
    assert links["quantityList"] == [{"epcClass": "https://id.gs1.org/01/04012345123456/10/998877"}]
    assert urns["readPoint"] == {"id": "urn:epc:id:sgln:0614141.07346.1234"}
    assert links["bizTransactionList"] == urns["bizTransactionList"] == event["bizTransactionList"]
    assert in_format(links, EpcFormat.ALWAYS_URN, known) == urns
    assert in_format(event, EpcFormat.NEVER_TRANSLATES, known) == event


NAMES: Final = st.from_regex(r"ex:[A-Za-z_][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
TEXTS: Final = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=20
).map(lambda text: " ".join(text.split()))
VALUES: Final = st.recursive(
    TEXTS,
    lambda inner: st.dictionaries(
        NAMES, inner | st.lists(inner, min_size=2, max_size=3), min_size=1, max_size=3
    ),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.sampled_from(["2.0", "1.2"]))
def test_extensions_come_back_as_they_went_in(extensions: dict[str, Any], version: str) -> None:
    event = {**EVENT, **extensions}
    context = {"ex": "https://ns.brand.example/"}

    [read] = read_xml_document(query_document([(event, context)], NOW, "q", version=version)).events

    fields = dict(read.fields)
    fields.pop("@context", None)
    assert fields == event
