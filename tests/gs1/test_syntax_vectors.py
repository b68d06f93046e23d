"""The unit tests of GS1's Barcode Syntax Engine, dumped as data, hold for our element strings and links."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gs1.vectors import Vector, failures, load
from wuma_gs1 import coupons, element_strings, linters
from wuma_gs1.digital_link import DigitalLink, escaped, unescaped
from wuma_gs1.errors import ParseError


def test_every_linter_finds_the_published_flaw_at_the_published_place(shared: Path) -> None:
    found: list[object] = []
    for name, vectors in load(shared, "syntax-vectors/linters.json").items():
        linter = getattr(linters, name, None) or getattr(coupons, name, None)
        if linter is None:
            assert not vectors, f"no linter {name}, which has vectors"
            continue
        found += [vector for vector in vectors if not _lints(linter, vector)]

    # These four call a lookup service that the C library's test makes up: it knows no prefix, or is away.
    assert [(v["in"], v["error"].removeprefix("GS1_LINTER_")) for v in found if isinstance(v, dict)] == [
        ("012345612345611110123", "INVALID_GCP_PREFIX"),
        ("012345612345611110123", "GCP_DATASOURCE_OFFLINE"),
        ("1234567", "INVALID_GCP_PREFIX"),
        ("1234567", "GCP_DATASOURCE_OFFLINE"),
    ]


def _lints(linter: linters.Linter, vector: Vector) -> object:
    flaw = linter(vector["in"])
    if vector["valid"]:
        return flaw is None
    code = vector["error"].removeprefix("GS1_LINTER_").replace("EXIPIRATION", "EXPIRATION").lower()
    text = vector["in"]
    return (
        flaw is not None
        and flaw.code == code
        and f"{text[: flaw.start]}*{text[flaw.start : flaw.end]}*{text[flaw.end :]}" == vector["highlight"]
    )


@pytest.mark.parametrize("name", ["ai_linter", "parseAIdata_bracketed", "processAIdata_unbracketed"])
def test_element_strings_are_judged_as_published(shared: Path, name: str) -> None:
    def passes(vector: Vector) -> object:
        message = element_strings.read(vector["in"], associations=False)
        if message.valid and vector["valid"] and "expect" in vector:
            return message.raw == vector["expect"]
        return message.valid == vector["valid"]

    assert failures(load(shared, f"syntax-vectors/{name}.json"), passes) == []


def test_associations_are_judged_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        return element_strings.read(vector["in"], unknown_ais=True).valid == vector["valid"]

    assert failures(load(shared, "syntax-vectors/validateAIs.json"), passes) == []


def test_digital_links_are_read_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            link = DigitalLink.parse(
                vector["in"],
                convenience_names=vector["permitConvenienceAlphas"],
                short_gtins=vector["permitZeroSuppressedGTIN"],
                associations=False,
            )
        except ParseError:
            return not vector["valid"]
        return vector["valid"] and element_strings.raw(link.elements) == vector["expect"]

    assert failures(load(shared, "syntax-vectors/parseDLuri.json"), passes) == []


def test_digital_links_are_written_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        unknown_ais = vector["permitUnknownAIs"]
        try:
            elements = element_strings.parse(vector["in"], unknown_ais=unknown_ais, associations=False)
            link = DigitalLink.of(elements, stem=vector["stem"], unknown_ais=unknown_ais, associations=False)
        except ParseError:
            return vector["expect"] is None
        return link.uri == vector["expect"]

    assert failures(load(shared, "syntax-vectors/generateDLuri.json"), passes) == []


def test_values_are_escaped_as_published(shared: Path) -> None:
    # In a query the engine writes a space as '+'; no value of an AI has a space, so we never meet one.
    def passes(vector: Vector) -> object:
        return escaped(vector["in"]) == vector["expect_path"]

    assert failures(load(shared, "syntax-vectors/URIescape.json"), passes) == []


def test_values_are_unescaped_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        return (
            unescaped(vector["in"]) == vector["expect_path"]
            and unescaped(vector["in"], query=True) == vector["expect_query"]
        )

    assert failures(load(shared, "syntax-vectors/URIunescape.json"), passes) == []
