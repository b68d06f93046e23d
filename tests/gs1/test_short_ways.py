"""Nearly every scan is read in a short way of its own; it must say what the general way says."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given

from tests.gs1 import generated
from wuma_gs1 import digital_link
from wuma_gs1.application_identifiers import Element
from wuma_gs1.bits import BitReader
from wuma_gs1.check_characters import check_digit
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import ParseError
from wuma_gs1.tag_encodings import ENCODINGS
from wuma_gs1.tags import Tag

PARTS = "17=261231 3103=000195 99=ab 10=L 21=A utm_source=x a =b 998=1 17= 17=261331".split()


def _said(uri: str) -> DigitalLink | str:
    try:
        return DigitalLink.parse(uri)
    except ParseError as refusal:
        return str(refusal)


@given(generated.randoms)
def test_a_link_of_a_trade_item_is_read_alike_in_both_ways(source: Random) -> None:
    digits = generated.text(source, "0123456789", 13, 13)
    uri = (
        source.choice(generated.STEMS)
        + f"/01/{digits}{(check_digit(digits) + source.choice((0, 0, 0, 1))) % 10}"
    )
    for ai in ("22", "10", "21"):
        if source.random() < 0.5:
            uri += f"/{ai}/{generated.text(source, 'Aa0-._%2F+', 0, 21)}"
    if source.random() < 0.7:
        uri += "?" + "&".join(source.choice(PARTS) for _ in range(source.randint(0, 4)))
    if source.random() < 0.2:
        uri += "#top"

    short = _said(uri)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(digital_link, "_plain_trade_item", lambda _: None)
        general = _said(uri)

    assert short == general


def test_the_short_way_is_taken_at_all() -> None:
    read = digital_link._plain_trade_item("https://a.cn/01/06901234567892/21/A1?17=261231&utm_source=x")

    assert read is not None
    assert (read.attributes, read.parameters) == ((Element("17", "261231"),), (("utm_source", "x"),))


@given(generated.randoms)
def test_an_sgtin_96_is_read_alike_in_both_ways(source: Random) -> None:
    body = source.getrandbits(88)
    memory = f"30{body:022X}"
    [general] = [encoding for encoding in ENCODINGS if encoding.name == "SGTIN-96"]

    short: Tag | str
    try:
        short = Tag.parse(memory)
    except ParseError as refusal:
        short = str(refusal)
    try:
        expected: Tag | str = Tag("SGTIN-96", *general.decode(BitReader(body, 88)))
    except ParseError as refusal:
        expected = str(refusal)

    assert short == expected


@given(generated.randoms)
def test_the_uri_of_an_sgtin_96_is_read_alike_in_both_ways(source: Random) -> None:
    prefix = generated.text(source, "0123456789", 5, 13)
    reference = generated.text(source, "0123456789", 0, max(0, 13 - len(prefix)))
    serial = str(source.randrange(2 ** source.choice((1, 30, 38, 39, 41))))
    body = f"{prefix}.{reference or source.choice(('', '1', 'A'))}.{source.choice(('', '0'))}{serial}"
    filter_value = source.choice("0789")

    short: Tag | str
    try:
        short = Tag.parse(f"urn:epc:tag:sgtin-96:{filter_value}.{body}")
    except ParseError as refusal:
        short = str(refusal)
    try:
        epc = Epc.parse(f"urn:epc:id:sgtin:{body}")
        expected: Tag | str = Tag.of(epc, encoding="SGTIN-96", filter_value=int(filter_value))
    except ParseError as refusal:
        expected = str(refusal)

    assert short == expected
