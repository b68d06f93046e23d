"""One thing has one key, also in the forms that look like something else."""

from __future__ import annotations

import pytest

from wuma_gs1.canonical import canonical_key
from wuma_gs1.epc import Epc
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.tags import Tag

CAN = "https://id.gs1.org/01/06901234567892/21/42"


@pytest.mark.parametrize(
    "text",
    [
        "^01069012345678922142",
        "\x1d01069012345678922142",
        "\x1d01069012345678922142\x1d17261231\r\n",
        " (01)06901234567892(21)42\n",
        "\u3000https://brand.example/01/6901234567892/21/42/",
        "https://%42rand.example/%30%31/06901234567892/21/%34%32",
        "URN:EPC:id:sgtin:6901234.056789.42",
        "3035a537c83775400000002a",
        "urn:epc:raw:96.x3035A537C83775400000002A",
    ],
)
def test_all_forms_of_a_can_have_its_key(text: str) -> None:
    assert canonical_key(text) == CAN


def test_an_element_string_that_looks_like_a_tag_is_none() -> None:
    raw = "\x1d30356901^8006069012345678920102^21A"  # a count first: in hexadecimal, the header of SGTIN-96
    assert canonical_key(raw) == "https://id.gs1.org/8006/069012345678920102/21/A"


@pytest.mark.parametrize(
    "text",
    [
        "urn:epc:tag:sgtin-96:01.6901234.056789.42",
        "urn:epc:tag:sgtin-96:８.6901234.056789.42",
        "urn:epc:raw:0.x3035A537C83775400000002A",
        "urn:epc:raw:96.x3035A537C83775400000002A0000",
        "urn:epc:raw:96.x3035A537C83775400000002",
        "urn:epc:tag:gid-96:1.1." + "9" * 5000,
    ],
)
def test_a_tag_uri_has_one_spelling(text: str) -> None:
    with pytest.raises(ParseError):
        Tag.parse(text)


def test_any_piece_of_a_trade_item_is_a_pattern_without_a_key() -> None:
    pattern = Epc.parse("urn:epc:idpat:itip:4012345.012345.*.*.*")
    assert pattern.uri == "urn:epc:idpat:itip:4012345.012345.*.*.*"
    with pytest.raises(ParseError) as refusal:
        _ = pattern.elements
    assert refusal.value.code is Code.PATTERN_WITHOUT_KEY
    with pytest.raises(ParseError):
        Epc.parse("urn:epc:idpat:itip:4012345.012345.*.02.*")
