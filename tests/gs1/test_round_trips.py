"""What one codec writes, it reads again as the same; what it reads, it writes again as it was."""

from __future__ import annotations

from random import Random

from hypothesis import given

from tests.gs1 import generated
from wuma_gs1 import element_strings, scan_data
from wuma_gs1.application_identifiers import Element
from wuma_gs1.canonical import canonical_key, key_of
from wuma_gs1.compression import compress, decompress, is_compressed
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.scan_data import Symbology
from wuma_gs1.tags import Tag

Elements = tuple[Element, ...]


@given(generated.values)
def test_every_ai_takes_the_values_made_for_it(element: Element) -> None:
    message = element_strings.read(element_strings.bracketed([element]), associations=False)
    assert message.elements == (element,)
    assert message.problems == ()


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
