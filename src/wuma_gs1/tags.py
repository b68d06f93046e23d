"""RFID tags: the EPC memory bank of TDS 1.x and 2.x, in hexadecimal, as tag URI, as the key it carries.

A tag of TDS 1.x (`SGTIN-96`, …) holds an EPC with its company prefix; one of TDS 2.x (`SGTIN+`, …) holds
the AIs themselves and may append more data about the thing. Both are a `Tag`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from wuma_gs1.application_identifiers import Element
from wuma_gs1.bits import BitReader, BitWriter
from wuma_gs1.element_strings import bracketed
from wuma_gs1.epc import SCHEMES, CompanyPrefixLengths, Epc
from wuma_gs1.errors import Code, ParseError, full_width, shown
from wuma_gs1.plus_encodings import PLUS_ENCODINGS, PlusEncoding
from wuma_gs1.tag_encodings import ENCODINGS, Encoding, decode_sgtin_96

WORD_BITS = 16  # a tag's memory is written and counted in words
DEPRECATED = {"GDTI-113"}  # since TDS 1.9; written when asked for by name
SGTIN_96_HEADER = 0x30
HEX_CHARACTERS_MAX = 128  # 512 bits: the largest EPC memory bank on sale is 496


class Tag(NamedTuple):
    """What the EPC memory of a tag says.

    >>> tag = Tag.parse("3034257BF7194E4000001A85")
    >>> tag.encoding, tag.filter_value, tag.epc.uri
    ('SGTIN-96', 1, 'urn:epc:id:sgtin:0614141.812345.6789')
    >>> Tag.parse(tag.uri).hex == tag.hex
    True
    """

    encoding: str
    filter_value: int
    epc: Epc | None
    """The EPC; None for an encoding of TDS 2.x, which does not say how long the company prefix is."""
    identity: tuple[Element, ...] = ()
    """The key in AIs, where `epc` is None."""
    data: tuple[Element, ...] = ()
    """More AIs about the thing (`+AIDC data`, TDS 2.x section 15.3), the date of a DSGTIN+ first."""

    @classmethod
    def parse(cls, text: str) -> Tag:
        """Read hexadecimal EPC memory or a URI that begins with urn:epc:tag: or urn:epc:raw:.

        Raises:
            ParseError: naming what is wrong.
        """
        if ":" in text:
            return _of_raw_uri(text) if text[:12].lower() == "urn:epc:raw:" else _of_tag_uri(text)
        return _of_hex(text)

    @classmethod
    def of(cls, epc: Epc, *, encoding: str | None = None, filter_value: int = 0) -> Tag:
        """Write an EPC; without a name, the shortest TDS 1.x encoding that holds it is taken.

        >>> Tag.of(Epc.parse("urn:epc:id:sgtin:6901234.056789.A1"), filter_value=1).encoding
        'SGTIN-198'

        Raises:
            ParseError: if the EPC or the filter value does not fit.
        """
        if encoding is not None and encoding.upper() in PLUS_ENCODINGS:
            return cls.of_elements(epc.elements, encoding=encoding, filter_value=filter_value)
        if encoding is None:
            candidates = [
                each for each in ENCODINGS if each.scheme == epc.scheme and each.name not in DEPRECATED
            ]
        else:
            named = _BY_NAME.get(encoding.upper())
            candidates = [named] if named is not None and named.scheme == epc.scheme else []
        if not candidates or epc.kind != "id":
            raise ParseError(f"{encoding or 'TDS 1.x'} cannot hold {epc.uri}", code=Code.NOT_ENCODABLE)
        for candidate in candidates:
            _check_filter(candidate, filter_value)
            try:
                candidate.encode(epc, filter_value)
            except ParseError:
                if candidate is candidates[-1]:
                    raise
            else:
                break
        return cls(candidate.name, filter_value, epc)

    @classmethod
    def of_elements(
        cls,
        elements: Sequence[Element],
        *,
        encoding: str | None = None,
        filter_value: int = 0,
        company_prefix_length: int | None = None,
        table: CompanyPrefixLengths | None = None,
    ) -> Tag:
        """Write a thing given in AIs; TDS 2.x encodings need no company prefix.

        >>> tag = Tag.of_elements([Element("01", "06901234567892"), Element("21", "A1")], encoding="SGTIN+")
        >>> Tag.parse(tag.hex).bracketed
        '(01)06901234567892(21)A1'

        Raises:
            ParseError: if the thing does not fit the encoding.
        """
        if encoding is not None and encoding.upper() not in PLUS_ENCODINGS:
            epc = Epc.of(elements, company_prefix_length=company_prefix_length, table=table)
            return cls.of(epc, encoding=encoding, filter_value=filter_value)
        candidates = [PLUS_ENCODINGS[encoding.upper()]] if encoding else list(PLUS_ENCODINGS.values())
        for candidate in candidates:
            if (found := candidate.split(elements)) is not None:
                _check_filter(candidate, filter_value)
                tag = cls(candidate.name, filter_value, None, *found)
                length = candidate.encode(tag.identity, tag.data, filter_value).length
                if length > 4 * HEX_CHARACTERS_MAX:
                    raise ParseError(
                        f"{tag.encoding}: expected at most {4 * HEX_CHARACTERS_MAX} bits, got {length}",
                        code=Code.NOT_ENCODABLE,
                    )
                return tag
        listed = "".join(f"({ai})" for ai, _ in elements)
        raise ParseError(f"{encoding or 'TDS 2.x'} cannot hold {listed}", code=Code.NOT_ENCODABLE)

    @property
    def elements(self) -> tuple[Element, ...]:
        """The key in AIs.

        Raises:
            ParseError: if the EPC has no GS1 key (GID, US DoD, ADI).
        """
        return self.identity if self.epc is None else self.epc.elements

    @property
    def bracketed(self) -> str:
        """The key and the data as an element string."""
        return bracketed((*self.elements, *self.data))

    @property
    def has_key(self) -> bool:
        """Whether the tag carries a GS1 key."""
        return self.epc is None or self.epc.scheme in SCHEMES

    @property
    def uri(self) -> str:
        """The EPC tag URI, which only encodings of TDS 1.x have (TDS 12).

        Raises:
            ParseError: for an encoding of TDS 2.x.
        """
        if self.epc is None:
            raise ParseError(
                f"{self.encoding} has no EPC tag URI (TDS 2.x section 12)", code=Code.BAD_EPC_URI
            )
        body = self.epc.uri.split(":", 4)[4]
        filtered = body if self.encoding == "GID-96" else f"{self.filter_value}.{body}"
        return f"urn:epc:tag:{self.encoding.lower()}:{filtered}"

    @property
    def bits(self) -> BitWriter:
        """The bits of the EPC, without filling."""
        if self.epc is None:
            return PLUS_ENCODINGS[self.encoding].encode(self.identity, self.data, self.filter_value)
        return _BY_NAME[self.encoding.upper()].encode(self.epc, self.filter_value)

    @property
    def hex(self) -> str:
        """The EPC memory in hexadecimal, filled up to whole words."""
        bits = self.bits
        words = -(-bits.length // WORD_BITS)
        return f"{bits.value << words * WORD_BITS - bits.length:0{words * WORD_BITS // 4}X}"


def _of_hex(text: str) -> Tag:
    try:
        value = int(text, 16) if text.isalnum() and text.isascii() else -1
    except ValueError:
        value = -1
    if value < 0 or not 4 <= len(text) <= HEX_CHARACTERS_MAX:
        wide = full_width(text)
        raise ParseError(
            f"tag {shown(text)}: expected 4 to {HEX_CHARACTERS_MAX} hexadecimal digits"
            + (f", got full-width {wide!r}" if wide else ""),
            code=Code.FULL_WIDTH if wide else Code.BAD_TAG_MEMORY,
        )
    length = 4 * len(text)
    header = value >> length - 8
    if header == SGTIN_96_HEADER and length == 96:
        return Tag("SGTIN-96", *decode_sgtin_96(value & _SGTIN_96_BODY))
    encoding = _BY_HEADER.get(header)
    if encoding is None:
        raise ParseError(f"tag {shown(text)}: no EPC header {header:02X} in TDS", code=Code.UNKNOWN_HEADER)
    bits = BitReader(value & ((1 << length - 8) - 1), length - 8)
    if isinstance(encoding, PlusEncoding):
        filter_value, identity, data = encoding.decode(bits)
        return Tag(encoding.name, filter_value, None, identity, data)
    filter_value, epc = encoding.decode(bits)
    if bits.value:
        raise ParseError(
            f"{encoding.name} tag {shown(text)}: expected zeros after the EPC", code=Code.BAD_TAG_MEMORY
        )
    return Tag(encoding.name, filter_value, epc)


def _of_tag_uri(uri: str) -> Tag:
    if (plain := _SGTIN_96_URI(uri)) and len(plain[2]) + len(plain[3]) == 13 and int(plain[4]) < 1 << 38:
        return Tag("SGTIN-96", int(plain[1]), Epc("sgtin", (plain[2], plain[3], plain[4])))
    if uri[:12].lower() != "urn:epc:tag:":
        raise ParseError(
            f"tag URI {shown(uri)}: expected urn:epc:tag: or urn:epc:raw:", code=Code.BAD_EPC_URI, position=0
        )
    name, _, body = uri[12:].partition(":")
    encoding = _BY_NAME.get(name.upper())
    if encoding is None or name != name.lower():
        raise ParseError(f"tag URI {shown(uri)}: {name!r} is no encoding of TDS", code=Code.BAD_EPC_URI)
    filter_value = 0
    if encoding.filter_max:
        filter_text, _, body = body.partition(".")
        if not _FILTER(filter_text):
            raise ParseError(f"tag URI {shown(uri)}: expected a filter value first", code=Code.BAD_EPC_URI)
        filter_value = int(filter_text)
    scheme = name.partition("-")[0]
    return Tag.of(Epc.parse(f"urn:epc:id:{scheme}:{body}"), encoding=encoding.name, filter_value=filter_value)


def _of_raw_uri(uri: str) -> Tag:
    """Read `urn:epc:raw:96.x3034…`, the form for bits that mean nothing to the reader (TDS 12.4)."""
    length, _, digits = uri[12:].partition(".x")
    if not (_BIT_COUNT(length) and len(digits) == -(-int(length) // 4)):
        raise ParseError(
            f"raw URI {shown(uri)}: expected <bits>.x<hexadecimal>, four bits a digit", code=Code.BAD_EPC_URI
        )
    return _of_hex(digits)


def _check_filter(encoding: Encoding | PlusEncoding, filter_value: int) -> None:
    if not 0 <= filter_value <= encoding.filter_max:
        raise ParseError(
            f"{encoding.name}: expected a filter value of 0 to {encoding.filter_max}, got {filter_value}",
            code=Code.NOT_ENCODABLE,
        )


# By far the most of what printers write; all that the general way would check of it is in the expression.
_SGTIN_96_URI = re.compile(
    r"urn:epc:tag:sgtin-96:([0-7])\.([0-9]{6,12})\.([0-9]{1,7})\.(0|[1-9][0-9]{0,11})"
).fullmatch
_FILTER = re.compile(r"0|[1-9][0-9]?").fullmatch
_BIT_COUNT = re.compile(r"[1-9][0-9]{0,3}").fullmatch
_SGTIN_96_BODY = (1 << 88) - 1
_BY_NAME: dict[str, Encoding] = {encoding.name.upper(): encoding for encoding in ENCODINGS}
_BY_HEADER: dict[int, Encoding | PlusEncoding] = {
    **{encoding.header: encoding for encoding in ENCODINGS},
    **{encoding.header: encoding for encoding in PLUS_ENCODINGS.values()},
}
