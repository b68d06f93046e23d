"""The engine's examples of scan data hold for ours, translated between its message form and our elements."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.gs1.vectors import Vector, failures, load
from wuma_gs1 import element_strings, scan_data
from wuma_gs1.application_identifiers import Element
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.keys import Gtin, check_digit
from wuma_gs1.scan_data import Symbology

SYMBOLOGIES = {
    "QR": Symbology.GS1_QR,
    "DM": Symbology.GS1_DATA_MATRIX,
    "DotCode": Symbology.GS1_DOTCODE,
    "DataBarExpanded": Symbology.DATABAR,
    "DataBarLimited": Symbology.DATABAR,
    "GS1_128_CCA": Symbology.GS1_128,
    "UPCE": Symbology.EAN_13,
    "EAN13": Symbology.EAN_13,
    "EAN8": Symbology.EAN_8,
}
"""The engine's names for what it draws; with plain text, the identifier of a QR code is another."""


def test_scans_are_read_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            scan = scan_data.read(vector["in"])
        except ParseError:
            return not vector["valid"]
        if not vector["valid"]:
            return not scan.message.valid
        return scan.message.valid and _engine_form(scan) == vector["expect"]

    assert failures(load(shared, "syntax-vectors/processScanData.json"), passes) == []


def _engine_form(scan: scan_data.Scan) -> str:
    """Write a scan as the engine does: ^ for FNC1, ^ of a text escaped, | before a composite."""
    if scan.symbology in {Symbology.EAN_13, Symbology.EAN_8}:
        primary, composite = scan.message.elements[0], scan.message.elements[1:]
        linear = Gtin(primary.value).shortest
        return linear + ("|" + element_strings.raw(composite) if composite else "")
    if scan.symbology in {Symbology.QR, Symbology.DATA_MATRIX, Symbology.DOTCODE}:
        return ("\\" if scan.text.lstrip("\\").startswith("^") else "") + scan.text
    return scan.message.raw


GENERATE_EXCEPTIONS = {
    # General Specifications 7.8.6: no separator after the last element string; elements have none to keep.
    "^011231231231233310ABC123^99TESTING^": "GenSpecs 7.8.6",
}


def test_scans_are_written_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            return _written(vector) == vector["expect"]
        except ParseError:
            return vector["expect"] is None

    vectors = [v for v in load(shared, "syntax-vectors/generateScanData.json") if _carries_ais(v)]
    assert len(vectors) == 15
    assert failures(vectors, passes, exceptions=GENERATE_EXCEPTIONS) == []


def _carries_ais(vector: Vector) -> bool:
    return vector["symbology"] in SYMBOLOGIES and (vector["in"][:1] == "^" or vector["in"][:1].isdigit())


def _written(vector: Vector) -> str:
    linear, _, composite = vector["in"].partition("|")
    if linear.startswith("^"):
        elements = element_strings.parse(linear, associations=False)
    else:
        if vector["addCheckDigit"]:
            if len(linear) != 12:
                raise ParseError("the engine adds a check digit to exactly 12 digits")
            linear += str(check_digit(linear))
        elements = (Element("01", Gtin.parse(linear).value),)
    companion = element_strings.parse(composite, associations=False) if composite else ()
    return scan_data.write(SYMBOLOGIES[vector["symbology"]], elements, composite=companion)


@pytest.mark.parametrize("text", ["", "]", "]Z9012345", "0123456789012"])
def test_what_has_no_gs1_symbology_identifier_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="symbology identifier"):
        scan_data.read(text)


def test_a_composite_component_is_about_the_item_of_its_linear_symbol() -> None:
    assert (
        scan_data.read("]E06901234567892|]e010A1\x1d21B").message.bracketed == "(01)06901234567892(10)A1(21)B"
    )
    assert scan_data.read("]E06901234567892|]e010A1\x1d21B").message.valid
    [problem] = scan_data.read("]E06901234567892|]e00100012345678905").message.problems
    assert problem.code is Code.CONFLICTING_REPEAT


@pytest.mark.parametrize(
    "text",
    [
        "]d20106901234567893",
        "]C110A\x1d17261301",
        "]E06901234567892|]e017261301",
        "]E06901234567892|]e017^",
        "(10)A\\(\\(~",
    ],
)
def test_problems_are_where_they_are_said_to_be(text: str) -> None:
    message = scan_data.read(text).message if text[0] == "]" else element_strings.read(text)
    [problem] = [problem for problem in message.problems if problem.position is not None]
    assert problem.position is not None
    assert text[problem.position :][: problem.length or 1] in {"3", "13", "^", "~"}
