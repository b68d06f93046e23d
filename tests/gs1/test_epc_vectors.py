"""The published pairs of EPC URIs, keys, Digital Links and tags hold for ours."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.gs1.vectors import Vector, failures, load
from wuma_gs1 import element_strings
from wuma_gs1.canonical import canonical_key
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import ParseError
from wuma_gs1.tags import Tag


def test_names_of_one_thing_have_the_published_canonical_form(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            return canonical_key(vector["input"]) == vector["expect"]
        except ParseError:
            return vector["expect"] is None

    vectors = load(shared, "digital-link/ralphtro_canonical_normaliser.json")
    assert failures(vectors, passes, name="input") == []


def test_urns_become_the_published_digital_links_and_back(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        if vector["input"].startswith("urn:"):
            expected = DigitalLink.parse(vector["expect"], associations=False)
            return Epc.parse(vector["input"]).canonical == expected.canonical
        link = DigitalLink.parse(vector["input"], associations=False)
        # Where the vector gives no length, the library looked it up: its answer is the length.
        length = vector["gcpLength"] or len(Epc.parse(vector["expect"]).fields[0])
        return Epc.of(link.elements, company_prefix_length=length).uri == vector["expect"]

    vectors = [
        vector
        for vector in load(shared, "digital-link/openepcis_urn_dl_pairs.json")
        if vector["dl_valid_per_gs1_engine"]
    ]
    assert failures(vectors, passes, name="input") == []


def test_epc_uris_are_accepted_and_refused_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            Epc.parse(vector["uri"])
        except ParseError:
            return not vector["valid"]
        return vector["valid"]

    vectors = [*_kind(shared, "EPCSchemeInit"), *_kind(shared, "parsers:VALID_TEST_DATA")]
    assert failures(vectors, passes, name="uri") == []


GS1_ELEMENT_EXCEPTIONS = {
    # TDS 2.x section 7.5: extension 0 of an SGLN means that there is none, so there is no AI (254).
    "urn:epc:id:sgln:0614141.12345.0": "TDS 7.5",
}


def test_epcs_have_the_published_element_strings(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            epc = Epc.parse(vector["uri"])
        except ParseError:
            return not vector["valid"]
        if not vector["valid"]:
            # These ask for a shorter form of a GTIN that has none; their EPC is right.
            return "gtin_type" in vector["kwargs"]
        return epc.bracketed == vector["gs1_element_string"] and vector.get("gs1_key", epc.key) in epc.key

    published = [*_kind(shared, "GS1Element"), *_kind(shared, "parsers:VALID_TEST_DATA")]
    vectors = [v for v in published if "gs1_element_string" in v or not v["valid"]]
    assert failures(vectors, passes, exceptions=GS1_ELEMENT_EXCEPTIONS, name="uri") == []


ELEMENT_STRING_EXCEPTIONS = {
    # General Specifications 3.9.7: pieces are counted from 1, so this is an EPC but no element string.
    "urn:epc:id:itip:0123456.012345.00.00.01234567890123456789": "GenSpecs 3.9.7",
}


def test_element_strings_have_the_published_epcs(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            elements = element_strings.parse(vector["gs1_element_string"], associations=False)
        except ParseError:
            return False
        return Epc.of(elements, company_prefix_length=vector["company_prefix_length"]).uri == vector["uri"]

    vectors = [v for v in _kind(shared, "GS1Element") if v["valid"] and "company_prefix_length" in v]
    assert failures(vectors, passes, exceptions=ELEMENT_STRING_EXCEPTIONS, name="uri") == []


PATTERN_EXCEPTIONS = {
    # TDS 8.2 has a pattern for coupons, and openEPCIS's vectors turn them into links.
    "urn:epc:idpat:sgcn:401234512345..*": "TDS 8.2.11",
}


def test_patterns_name_a_class_or_are_refused_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            key = Epc.parse(vector["idpat"]).key
        except ParseError:
            return not vector["valid"]
        return vector["valid"] and key.endswith(vector["gs1_key"])

    vectors = [*_kind(shared, "parsers:VALID_ID_PATTERNS"), *_kind(shared, "parsers:INVALID_ID_PATTERNS")]
    assert failures(vectors, passes, exceptions=PATTERN_EXCEPTIONS, name="idpat") == []


def test_tags_are_read_and_written_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        tag = Tag.parse(vector["hex"])
        return (
            tag.uri == vector["tag_uri"]
            and tag.epc == Epc.parse(vector["uri"])
            and Tag.parse(vector["tag_uri"]).hex == vector["hex"]
        )

    vectors = [vector for vector in load(shared, "tds/epcpy_vectors.json") if vector.get("hex")]
    assert failures(vectors, passes, name="uri") == []


def test_what_no_tag_can_hold_is_refused_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        encoding = vector["kwargs"]["binary_coding_scheme"].replace("_", "-")
        try:
            Tag.of(Epc.parse(vector["uri"]), encoding=encoding)
        except ParseError:
            return True
        return False

    vectors = [vector for vector in _kind(shared, "TagEncodable") if not vector["valid"]]
    assert failures(vectors, passes, name="uri") == []


def _kind(shared: Path, kind: str) -> Iterable[Vector]:
    return [vector for vector in load(shared, "tds/epcpy_vectors.json") if vector["kind"] == kind]
