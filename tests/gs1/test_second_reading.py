"""Tags by the product and by the tables of the Tag Data Translation standard are the same, bit by bit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.gs1 import generated
from tests.gs1.tdt import Tables
from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.epc import SCHEMES, Epc
from wuma_gs1.plus_encodings import PLUS_ENCODINGS
from wuma_gs1.tag_encodings import ENCODINGS, Field, PartitionedEncoding
from wuma_gs1.tags import Tag


@pytest.fixture(scope="module")
def tables(shared: Path) -> Tables:
    return Tables(shared / "gs1/spec/tdt-2.2-json")


def _bits(tag: Tag) -> str:
    bits = tag.bits
    return f"{bits.value:0{bits.length}b}"


def test_tags_of_tds_1_at_random(tables: Tables) -> None:
    source = Random(20)
    seen: Counter[str] = Counter()
    for _ in range(4000):
        tag = generated.tag(source)
        assert tables.bits_of_tag_uri(tag.encoding, tag.uri) == _bits(tag), tag.uri
        seen[tag.encoding] += 1
    assert set(seen) == {encoding.name for encoding in generated.PARTITIONED}


@pytest.mark.parametrize("encoding", generated.PARTITIONED, ids=lambda encoding: encoding.name)
@pytest.mark.parametrize("digits", range(6, 13))
def test_the_least_and_the_greatest_that_an_encoding_holds(
    tables: Tables, encoding: PartitionedEncoding, digits: int
) -> None:
    scheme = SCHEMES[encoding.scheme]
    for prefix in ("0" * digits, "9" * digits):
        room = scheme.digits - digits
        references = ["0" * room, "9" * room] if scheme.digits else _free_references(encoding, digits)
        for reference in references:
            for piece in (["00", "00"], ["99", "99"]) if scheme.piece else ([],):
                for serial in _serials(encoding):
                    epc = Epc(encoding.scheme, (prefix, reference, *piece, *serial))
                    for filter_value in (0, 7):
                        tag = Tag.of(epc, encoding=encoding.name, filter_value=filter_value)
                        assert tables.bits_of_tag_uri(tag.encoding, tag.uri) == _bits(tag), tag.uri
                        assert Tag.parse(tag.hex) == tag


def _free_references(encoding: PartitionedEncoding, digits: int) -> list[str]:
    if encoding.reference is Field.NUMBER:
        width = encoding.split_bits - {12: 40, 11: 37, 10: 34, 9: 30, 8: 27, 7: 24, 6: 20}[digits]
        most = {"CPI-96": 15, "GIAI-96": 25}[encoding.name] - digits  # of the partition tables
        greatest = min((1 << width) - 1, 10**most - 1)
        return ["0", str(greatest)]
    if encoding.scheme == "cpi":
        return ["A", "#" * (30 - digits), "0-/Z"]
    return ["!", "z" * min(30 - digits, (encoding.split_bits - 20) // 7 - digits + 6)]


def _serials(encoding: PartitionedEncoding) -> list[list[str]]:
    width = encoding.serial_bits
    if encoding.serial is Field.NONE:
        return [[]]
    if encoding.serial is Field.NUMBER:
        most = {"cpi": 10**12 - 1}.get(encoding.scheme, 10**20 - 1)
        return [["0"], [str(min((1 << width) - 1, most))]]
    if encoding.serial is Field.NUMERIC_STRING:
        return [["0"], ["0" * 12], ["9" * 12]]
    longest = min(width // 7, {"grai": 16, "gdti": 17}.get(encoding.scheme, 20))
    return [["!"], ["z" * longest], ["\"%&'()*+,-./:;<=>?"[:longest]]]


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("gid-96:0.0.0", "GID-96"),
        (f"gid-96:{2**28 - 1}.{2**24 - 1}.{2**36 - 1}", "GID-96"),
        ("usdod-96:0.00000.0", "USDOD-96"),
        (f"usdod-96:9.ZZZZZZ.{2**36 - 1}", "USDOD-96"),
        ("adi-var:0.00000..A", "ADI-var"),
        ("adi-var:3.W81X9C.3KL984PX1.2WMA52", "ADI-var"),
        ("adi-var:63.ZZZZZZ." + "%2F" * 32 + ".%23" + "-" * 29, "ADI-var"),
    ],
)
def test_encodings_without_a_company_prefix(tables: Tables, uri: str, name: str) -> None:
    tag = Tag.parse(f"urn:epc:tag:{uri}")
    assert tables.bits_of_tag_uri(name, tag.uri) == _bits(tag)
    assert Tag.parse(tag.hex) == tag


def test_tags_of_tds_2_at_random(tables: Tables) -> None:
    source = Random(21)
    seen: Counter[str] = Counter()
    for _ in range(3000):
        tag = generated.plus_tag(source)
        dated = PLUS_ENCODINGS[tag.encoding].dated
        values = dict((*tag.identity, *tag.data[dated:]))
        date = (tag.data[0].ai, tag.data[0].value) if dated else None
        assert tables.bits_of_ais(tag.encoding, tag.filter_value, values, date) == _bits(tag), tag
        seen[tag.encoding] += 1
    assert set(seen) == set(PLUS_ENCODINGS)


def test_every_ai_of_table_f_behind_a_key(tables: Tables) -> None:
    source = Random(22)
    key = [Element("00", "369012340000000420")]
    ais = sorted(AIS.keys() & tables.ais - {"00"})
    assert len(ais) > 500
    for ai in ais:
        for _ in range(8):
            element = Element(ai, generated.value(source, ai))
            if len(element.value) > 50:  # seven bits each: longer than the memory of any tag
                continue
            tag = Tag.of_elements([*key, element], encoding="SSCC+")
            assert tables.bits_of_ais("SSCC+", 0, dict([*key, element]), None) == _bits(tag), element
            assert Tag.parse(tag.hex).data == (element,)


def test_every_date_of_a_dsgtin(tables: Tables) -> None:
    key = {"01": "06901234567892", "21": "A1"}
    for date in [
        ("11", "260131"), ("13", "000101"), ("15", "991231"), ("16", "260200"), ("17", "491231"),
        ("7006", "260131"), ("7007", "260131"),
    ]:  # fmt: skip
        tag = Tag.of_elements([*(Element(*pair) for pair in key.items()), Element(*date)], encoding="DSGTIN+")
        assert tables.bits_of_ais("DSGTIN+", 0, key, date) == _bits(tag)
        assert Tag.parse(tag.hex).data == (Element(*date),)


def test_no_encoding_is_left_out(shared: Path) -> None:
    names = {path.stem for path in (shared / "gs1/spec/tdt-2.2-json").glob("*-*.json")} | {
        path.stem for path in (shared / "gs1/spec/tdt-2.2-json").glob("*+.json")
    }
    assert names == {encoding.name for encoding in ENCODINGS} | set(PLUS_ENCODINGS)
