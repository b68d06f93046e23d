"""What a tag must not hold though its bits could: a kind of thing, or more digits than its table has."""

from __future__ import annotations

import pytest

from wuma_gs1 import element_strings
from wuma_gs1.errors import ParseError
from wuma_gs1.tags import Tag


@pytest.mark.parametrize(
    ("encoding", "text"),
    [("GRAI+", "(8003)09521141123454"), ("GDTI+", "(253)9521141123454"), ("SGCN+", "(255)9521141678909")],
)
def test_a_kind_of_thing_has_no_tag_of_its_own(encoding: str, text: str) -> None:
    with pytest.raises(ParseError, match="cannot hold"):
        Tag.of_elements(element_strings.parse(text), encoding=encoding)

    made = Tag.of_elements(element_strings.parse(f"{text}7"), encoding=encoding)
    assert Tag.parse(made.hex).bracketed == f"{text}7"


def test_a_tag_that_names_a_kind_of_thing_is_refused() -> None:
    with pytest.raises(ParseError, match="a serial number"):
        Tag.parse("F1309521141123454000")


def test_a_part_reference_is_as_long_as_its_partition_table_says() -> None:
    assert Tag.parse("urn:epc:tag:cpi-96:0.952114112345.999.1").epc is not None
    with pytest.raises(ParseError, match="at most 3 digits"):
        Tag.parse("urn:epc:tag:cpi-96:0.952114112345.1000.1")


@pytest.mark.parametrize("companion", ["(253)9521141123454", "(255)9521141678909", "(8003)09521141123454"])
def test_a_key_without_a_serial_number_may_stand_behind_another(companion: str) -> None:
    elements = element_strings.parse(f"(00)369012340000000420{companion}", associations=False)

    tag = Tag.of_elements(elements, encoding="SSCC+")

    assert Tag.parse(tag.hex).data == elements[1:]
