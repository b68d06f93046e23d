"""What one codec writes, it reads again as the same; what it reads, it writes again as it was."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gs1 import generated
from wuma_gs1 import element_strings, keys, scan_data
from wuma_gs1.application_identifiers import Element
from wuma_gs1.canonical import canonical_key, key_of
from wuma_gs1.compression import compress, decompress, is_compressed
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.scan_data import Symbology
from wuma_gs1.tags import Tag

Elements = tuple[Element, ...]


@given(generated.values)
def test_every_ai_takes_the_values_made_for_it(element: Element) -> None:
    message = element_strings.read(element_strings.bracketed([element]), associations=False)
    assert message.elements == (element,)
    assert message.problems == ()


NUMBERED: dict[type[keys.Key], int] = {
    keys.Gtin: 12, keys.Gln: 12, keys.Grai: 12, keys.Gdti: 12, keys.Gcn: 12,
    keys.Gsrn: 17, keys.Gsrnp: 17, keys.Gsin: 16,
}  # fmt: skip
"""Keys of a company prefix and a number, and how many digits both have together."""
TEXTUAL = (keys.Giai, keys.Ginc, keys.Cpid, keys.Gmn)
"""Keys of a company prefix and a text."""
PREFIX = st.text("0123456789", min_size=4, max_size=12)


@given(st.sampled_from(list(NUMBERED)), PREFIX, st.integers(0))
def test_numbered_keys_are_built_of_what_they_are_taken_apart_into(
    kind: type[keys.Key], prefix: str, number: int
) -> None:
    room = NUMBERED[kind] - len(prefix)
    reference = str(number % 10**room) if room else ""

    key = kind.build(prefix, reference)  # type: ignore[attr-defined]

    assert kind.parse(key.value) == key
    assert key.company_prefix(len(prefix)) == prefix
    start = kind.company_prefix_at + len(prefix)
    assert key.value[start : start + room] == reference.zfill(room if reference else 0)
    [element] = element_strings.parse(key.bracketed, associations=False)
    assert element == (kind.ai, key.value)


@given(st.sampled_from(TEXTUAL), PREFIX, st.text("0123456789ABCXYZ-/", min_size=1, max_size=10))
def test_textual_keys_are_built_of_what_they_are_taken_apart_into(
    kind: type[keys.Key], prefix: str, reference: str
) -> None:
    key = kind.build(prefix, reference)  # type: ignore[attr-defined]

    assert kind.parse(key.value) == key
    assert key.company_prefix(len(prefix)) == prefix
    assert key.value[len(prefix) :].startswith(reference)


@given(generated.messages)
def test_element_strings_in_both_forms(elements: Elements) -> None:
    assert element_strings.parse(element_strings.bracketed(elements)) == elements
    assert element_strings.parse(element_strings.raw(elements)) == elements
    assert element_strings.parse(element_strings.raw(elements, fnc1=element_strings.GS)) == elements


@given(generated.messages)
def test_scans(elements: Elements) -> None:
    if any("^" in value for _, value in elements):
        return
    for symbology in (Symbology.GS1_DATA_MATRIX, Symbology.GS1_QR, Symbology.GS1_128):
        assert scan_data.read(scan_data.write(symbology, elements)).message.elements == elements


@given(generated.links)
def test_links_on_any_stem(link: DigitalLink) -> None:
    read = DigitalLink.parse(link.uri)
    assert (read.path, set(read.attributes), read.stem) == (link.path, set(link.attributes), link.stem)
    assert read.canonical == link.canonical
    assert DigitalLink.parse(link.canonical).uri == link.canonical
    assert DigitalLink.of(link.elements).canonical == link.canonical


@given(generated.links)
def test_compressed_links(link: DigitalLink) -> None:
    for partly in (False, True):
        for optimised in (False, True):
            short = compress(link, partly=partly, optimised=optimised)
            assert is_compressed(short) or (partly and len(link.elements) == 1)
            assert sorted(decompress(short).elements) == sorted(link.elements)


def test_a_link_that_is_too_long_to_be_read_again_is_not_compressed() -> None:
    link = DigitalLink.parse(f"https://a.cn/{'p' * 2030}/01/06901234567892/21/A1")
    with pytest.raises(ParseError) as refusal:
        compress(link)
    assert refusal.value.code is Code.NOT_ENCODABLE


@given(generated.tags)
def test_tags_with_a_company_prefix(tag: Tag) -> None:
    assert Tag.parse(tag.hex) == tag
    assert Tag.parse(tag.uri) == tag
    assert tag.epc is not None
    assert Epc.parse(tag.epc.uri) == tag.epc
    assert Epc.of(tag.elements, company_prefix_length=tag.epc.company_prefix_length) == tag.epc


@given(generated.plus_tags)
def test_tags_without_a_company_prefix(tag: Tag) -> None:
    read = Tag.parse(tag.hex)
    # An SGLN+ always has an extension in its bits; the one that means none is no AI (TDS 14.6.13).
    identity = tuple(element for element in tag.identity if element != ("254", "0"))
    assert (read.encoding, read.filter_value, read.identity, read.data) == (
        tag.encoding,
        tag.filter_value,
        identity,
        tag.data,
    )


@given(generated.tags)
def test_one_key_in_all_forms(tag: Tag) -> None:
    key = key_of(tag.elements)
    assert tag.epc is not None
    link = tag.epc.digital_link
    forms = [
        tag.hex,
        tag.uri,
        tag.epc.uri,
        tag.epc.bracketed,
        link.canonical,
        link.on("https://brand.example/c"),
    ]
    assert {canonical_key(form) for form in forms} == {key}
    assert canonical_key(key) == key


@given(generated.randoms)
def test_a_random_source_makes_the_same_again(source: Random) -> None:
    seed = source.getrandbits(32)
    assert generated.message(Random(seed)) == generated.message(Random(seed))
