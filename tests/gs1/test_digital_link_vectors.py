"""Solidsoft's published examples of Digital Links, compressed or not, hold for ours.

They were made for release 1.1 of the standard, so three kinds of them say what release 1.6 does not:
convenience names (removed with 1.3) are compared by the AIs they stand for; keys that are none any more
are left out, by name, below; ITIPs with piece 2 of 1 are read without looking at contents.
"""

from __future__ import annotations

import re
from pathlib import Path

from tests.gs1.vectors import Vector, failures, load
from wuma_gs1 import element_strings
from wuma_gs1.application_identifiers import Element
from wuma_gs1.compression import compress, decompress
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import ParseError

KEYS_NO_MORE = re.compile(
    r"/(41[01236]|shipTo|billTo|purchasedFrom|shipFor|glnProd|payTo)/"
    r"|^\(?41[01236]\)?\d{13}$|/Q[QRSTW]SaVjC_dA$"
)
"""(410) to (413) and (416) are no primary keys (DL 1.6 section 4.3), `payTo` is no name of release 1.2."""


def link_of(uri: str) -> DigitalLink:
    return DigitalLink.parse(
        uri.replace("?exp=", "?17=").replace("&exp=", "&17="),
        convenience_names=True,
        short_gtins=True,
        contents=False,
        associations=False,
    )


def leniently_decompressed(uri: str) -> DigitalLink:
    return decompress(uri, contents=False, associations=False)


def elements_of(text: str) -> tuple[Element, ...]:
    raw = text if text.startswith("(") else "^" + re.sub("<GS>", "^", text, flags=re.IGNORECASE)
    return element_strings.parse(raw, contents=False, associations=False)


def of_release_1_6(vectors: list[Vector]) -> list[Vector]:
    kept = [
        v
        for v in vectors
        if not any(KEYS_NO_MORE.search(str(v.get(k, ""))) for k in ("dl", "es", "compressed"))
    ]
    assert len(kept) > len(vectors) * 0.7
    return kept


def test_links_are_compressed_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        link = link_of(vector["dl"])
        packed = compress(link, partly=vector["mode"] == "partial")
        if vector["shortNamesOut"]:
            return leniently_decompressed(vector["compressed"]).canonical == link.canonical
        return packed == vector["compressed"]

    vectors = of_release_1_6(load(shared, "digital-link/solidsoft/compress.json"))
    assert failures(vectors, passes, name="dl") == []


DECOMPRESS_EXCEPTIONS = {
    # Holds (235) beside (253), of which it is no attribute; was expected to lose it silently.
    "https://id.gs1.org/I1j3FSNWcOGeFywaR5CZmSmWQ9a1EOwA": "DL 1.6 section 4.6",
}


def test_links_are_decompressed_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        try:
            link = leniently_decompressed(vector["compressed"])
        except ParseError:
            return False
        return link.canonical == link_of(vector["dl"]).canonical

    vectors = of_release_1_6(load(shared, "digital-link/solidsoft/decompress.json"))
    assert failures(vectors, passes, exceptions=DECOMPRESS_EXCEPTIONS, name="compressed") == []


def test_element_strings_become_links_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        stem = vector["dl"].split("/")[2]
        link = DigitalLink.of(
            elements_of(vector["es"]), stem=f"https://{stem}", contents=False, associations=False
        )
        if vector.get("compressed") == "full":
            return sorted(leniently_decompressed(vector["dl"]).elements) == sorted(link.elements)
        if vector.get("compressed") == "partial":
            expected = leniently_decompressed(vector["dl"])
            return expected.canonical == link.canonical
        return link_of(vector["dl"]).canonical == link.canonical

    vectors = of_release_1_6(load(shared, "digital-link/solidsoft/es2dl.json"))
    assert failures(vectors, passes, name="es") == []


def test_links_become_element_strings_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        link = leniently_decompressed(vector["dl"])
        # The examples sort the AIs or put those of predefined length first; the order says nothing.
        return sorted(link.elements) == sorted(elements_of(vector["es"]))

    vectors = of_release_1_6(load(shared, "digital-link/solidsoft/dl2es.json"))
    assert failures(vectors, passes, name="dl") == []


def test_ais_are_extracted_as_published(shared: Path) -> None:
    def passes(vector: Vector) -> object:
        return dict(leniently_decompressed(vector["dl"]).elements) == vector["ais"]

    vectors = of_release_1_6(load(shared, "digital-link/solidsoft/extract.json"))
    assert failures(vectors, passes, name="dl") == []
