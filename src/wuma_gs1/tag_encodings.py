"""The binary encodings of TDS 1.x: header, filter, partition, company prefix, reference, serial.

TDS 2.x section 14.6 has a coding table for each; they differ only in the widths and kinds of three
fields, so one reader and one writer serve all that have a company prefix. GID, US DoD and ADI have none
and are written out at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from wuma_gs1.bits import BitReader, BitWriter
from wuma_gs1.epc import SCHEMES, Epc
from wuma_gs1.errors import Code, ParseError, shown


class Field(StrEnum):
    """How a reference or serial stands in the bits (TDS 14.3)."""

    NONE = "none"
    NUMBER = "number"
    """An integer, so without leading zeros (14.3.1)."""
    NUMERIC_STRING = "numeric string"
    """Digits behind a 1 that keeps leading zeros (14.3.9)."""
    TEXT_7 = "7-bit text"
    """Seven bits a character, zero bits at the end (14.3.2)."""
    TEXT_6 = "6-bit text"
    """Six bits a character, ended by six zero bits (14.3.5)."""


class Encoding(Protocol):
    """A way to write an EPC into a tag."""

    @property
    def name(self) -> str:
        """What TDS calls it."""
        ...

    @property
    def header(self) -> int:
        """The first eight bits (14.2)."""
        ...

    @property
    def scheme(self) -> str:
        """The EPC scheme it holds."""
        ...

    @property
    def filter_max(self) -> int:
        """The largest filter value; 0 if there is none."""
        ...

    def decode(self, bits: BitReader) -> tuple[int, Epc]:
        """Read filter value and EPC from the bits behind the header."""
        ...

    def encode(self, epc: Epc, filter_value: int) -> BitWriter:
        """Write header and all; the EPC is of this scheme."""
        ...


PREFIX_BITS = (40, 37, 34, 30, 27, 24, 20)
"""Width of the company prefix by partition value; its digits are 12 less the value (14.3.3)."""


@dataclass(frozen=True, slots=True)
class PartitionedEncoding:
    """An encoding with a GS1 Company Prefix."""

    name: str
    header: int
    scheme: str
    split_bits: int
    """Company prefix and reference together."""
    reference: Field
    serial: Field
    serial_bits: int
    """0 for none; zero bits fill the width where `serial` is NONE."""
    filter_max: int = 7
    reference_digits: int = 0
    """How long a reference of free length may be behind twelve digits of company prefix, by the partition
    table (14.6): one digit more for each that the prefix is shorter. Bits would hold a little more."""

    def decode(self, bits: BitReader) -> tuple[int, Epc]:
        """Read filter value and EPC from the bits behind the header."""
        head = bits.take(6)
        filter_value, partition = head >> 3, head & 7
        if partition > 6:
            raise _broken(self.name, f"partition 0 to 6, got {partition}")
        digits = 12 - partition
        prefix = str(bits.take(PREFIX_BITS[partition]))
        if len(prefix) > digits:
            raise _broken(self.name, f"a company prefix of {digits} digits, got {prefix}")
        fields = [prefix.zfill(digits), self._decode_reference(bits, partition)]
        if self.scheme == "itip":
            fields += [self._decode_piece(bits), self._decode_piece(bits)]
        if self.serial is Field.NUMBER:
            fields.append(str(bits.take(self.serial_bits)))
        elif self.serial is not Field.NONE:
            fields.append(decode_field(self.name, bits, self.serial, self.serial_bits))
        elif bits.take(self.serial_bits):
            raise _broken(self.name, "zero bits at the end")
        epc = Epc(self.scheme, tuple(fields))
        if self.has_text:
            return filter_value, Epc.parse(epc.uri)  # text may hold what the key must not
        return filter_value, epc

    @property
    def has_text(self) -> bool:
        """Whether a field may hold more than digits."""
        return self.serial is Field.TEXT_7 or self.reference is not Field.NUMBER

    def _decode_reference(self, bits: BitReader, partition: int) -> str:
        width = self.split_bits - PREFIX_BITS[partition]
        digits = SCHEMES[self.scheme].digits + partition - 12
        if digits < 0:  # of free length: the scheme has no fixed number of digits
            text = decode_field(self.name, bits, self.reference, width)
            if self.reference_digits and len(text) > self.reference_digits + partition:
                most = self.reference_digits + partition
                raise _broken(self.name, f"a reference of at most {most} digits, got {text}")
            return text
        number = str(bits.take(width))
        if len(number) > digits and number != "0":
            raise _broken(self.name, f"a reference of {digits} digits, got {number}")
        return number.zfill(digits) if digits else ""

    def _decode_piece(self, bits: BitReader) -> str:
        number = bits.take(7)
        if number > 99:
            raise _broken(self.name, f"piece and total up to 99, got {number}")
        return f"{number:02}"

    def encode(self, epc: Epc, filter_value: int) -> BitWriter:
        """Write header and all; the EPC is of this scheme."""
        prefix, reference = epc.fields[:2]
        partition = 12 - len(prefix)
        bits = BitWriter()
        bits.put(self.header, 8)
        bits.put(filter_value, 3)
        bits.put(partition, 3)
        bits.put(int(prefix), PREFIX_BITS[partition])
        width = self.split_bits - PREFIX_BITS[partition]
        if SCHEMES[self.scheme].digits:
            bits.put(int(reference or "0"), width)
        else:
            if self.reference_digits and len(reference) > self.reference_digits + partition:
                raise _unfit(self.name, reference, f"at most {self.reference_digits + partition} digits")
            encode_field(self.name, bits, reference, self.reference, width)
        if self.scheme == "itip":
            bits.put(int(epc.fields[2]), 7)
            bits.put(int(epc.fields[3]), 7)
        if self.serial is Field.NONE:
            bits.put(0, self.serial_bits)
        else:
            encode_field(self.name, bits, epc.fields[-1], self.serial, self.serial_bits)
        return bits


class GeneralIdentifierEncoding:
    """GID-96: a manager number of EPCglobal's, class and serial (14.6.8)."""

    name: str = "GID-96"
    scheme: str = "gid"
    header: int = 0x35
    filter_max: int = 0

    def decode(self, bits: BitReader) -> tuple[int, Epc]:
        """Read the EPC from the bits behind the header; there is no filter."""
        return 0, Epc("gid", (str(bits.take(28)), str(bits.take(24)), str(bits.take(36))))

    def encode(self, epc: Epc, filter_value: int) -> BitWriter:
        """Write header and all; the EPC is of this scheme."""
        assert not filter_value, "GID-96 has no filter value, and its greatest is 0"
        bits = BitWriter()
        bits.put(self.header, 8)
        for field, width in zip(epc.fields, (28, 24, 36), strict=True):
            encode_field(self.name, bits, field, Field.NUMBER, width)
        return bits


class DefenseEncoding:
    """USDOD-96: CAGE or DoDAAC code in eight-bit characters, serial (14.6.9)."""

    name: str = "USDOD-96"
    scheme: str = "usdod"
    header: int = 0x2F
    filter_max: int = 15

    def decode(self, bits: BitReader) -> tuple[int, Epc]:
        """Read filter value and EPC from the bits behind the header."""
        filter_value = bits.take(4)
        code = "".join(chr(bits.take(8)) for _ in range(6)).lstrip(" ")
        if not _CAGE(code):
            raise _broken(self.name, f"a CAGE or DoDAAC code, got {code!r}")
        return filter_value, Epc("usdod", (code, str(bits.take(36))))

    def encode(self, epc: Epc, filter_value: int) -> BitWriter:
        """Write header and all; the EPC is of this scheme."""
        bits = BitWriter()
        bits.put(self.header, 8)
        bits.put(filter_value, 4)
        for character in epc.fields[0].rjust(6):
            bits.put(ord(character), 8)
        encode_field(self.name, bits, epc.fields[1], Field.NUMBER, 36)
        return bits


class AerospaceEncoding:
    """ADI-var: CAGE or DoDAAC, part number and serial in six-bit characters (14.6.10)."""

    name: str = "ADI-var"
    scheme: str = "adi"
    header: int = 0x3B
    filter_max: int = 63

    def decode(self, bits: BitReader) -> tuple[int, Epc]:
        """Read filter value and EPC from the bits behind the header."""
        filter_value = bits.take(6)
        code = "".join(_six_bit_character(bits.take(6)) for _ in range(6)).lstrip(" ")
        part = decode_field(self.name, bits, Field.TEXT_6, 0)
        serial = decode_field(self.name, bits, Field.TEXT_6, 0)
        return filter_value, Epc.parse(Epc("adi", (code, part, serial)).uri)

    def encode(self, epc: Epc, filter_value: int) -> BitWriter:
        """Write header and all; the EPC is of this scheme."""
        bits = BitWriter()
        bits.put(self.header, 8)
        bits.put(filter_value, 6)
        for character in epc.fields[0].rjust(6):
            bits.put(ord(character) & 0x3F, 6)
        encode_field(self.name, bits, epc.fields[1], Field.TEXT_6, 0)
        encode_field(self.name, bits, epc.fields[2], Field.TEXT_6, 0)
        return bits


def decode_sgtin_96(value: int) -> tuple[int, Epc]:
    """Read the 88 bits behind the header of the one encoding that portals see a thousand times a second.

    What `PartitionedEncoding.decode` says of it, with all fields at their places.
    """
    partition = value >> 82 & 7
    if partition > 6:
        raise _broken("SGTIN-96", f"partition 0 to 6, got {partition}")
    reference_bits = 44 - PREFIX_BITS[partition]
    split = value >> 38 & 0xFFF_FFFF_FFFF
    prefix, reference = str(split >> reference_bits), str(split & (1 << reference_bits) - 1)
    if len(prefix) > 12 - partition:
        raise _broken("SGTIN-96", f"a company prefix of {12 - partition} digits, got {prefix}")
    if len(reference) > partition + 1:
        raise _broken("SGTIN-96", f"a reference of {partition + 1} digits, got {reference}")
    fields = prefix.zfill(12 - partition), reference.zfill(partition + 1), str(value & 0x3F_FFFF_FFFF)
    return value >> 85, Epc("sgtin", fields)


def decode_field(name: str, bits: BitReader, kind: Field, width: int) -> str:
    """Read a field of a kind; `width` is 0 for text that brings its own end."""
    if kind is Field.NUMBER:
        return str(bits.take(width))
    if kind is Field.NUMERIC_STRING:
        digits = str(bits.take(width))
        if digits[0] != "1" or len(digits) < 2:
            raise _broken(name, f"digits behind a 1, got {digits}")
        return digits[1:]
    if kind is Field.TEXT_6:
        characters: list[str] = []
        while code := bits.take(6):
            characters.append(_six_bit_character(code))
        return "".join(characters)
    return _seven_bit_text(name, bits.take(width), width)


def encode_field(name: str, bits: BitWriter, text: str, kind: Field, width: int) -> None:
    """Write a field of a kind."""
    if kind is Field.NUMBER or kind is Field.NUMERIC_STRING:
        # A number would lose leading zeros, and with them tell one object from another no more (14.3.1).
        if not _DIGITS(text) or (kind is Field.NUMBER and text[0] == "0" and text != "0"):
            raise _unfit(name, text, "digits without a leading zero" if kind is Field.NUMBER else "digits")
        if len(text) > width:  # Python itself refuses to read thousands of digits
            raise _unfit(name, text, f"a number below 2^{width}")
        number = int(text if kind is Field.NUMBER else "1" + text)
        if number >= 1 << width:
            raise _unfit(name, text, f"a number below 2^{width}")
        bits.put(number, width)
    elif kind is Field.TEXT_6:
        for character in text:
            bits.put(ord(character) & 0x3F, 6)
        bits.put(0, 6)
    else:
        if len(text) > width // 7:
            raise _unfit(name, text, f"at most {width // 7} characters")
        for character in text:
            bits.put(ord(character), 7)
        bits.put(0, width - 7 * len(text))


def _six_bit_character(code: int) -> str:
    """Restore the seventh bit: letters lie above 64, digits and the rest below."""
    return chr(code if code >= 0x20 else code | 0x40)


def _seven_bit_text(name: str, value: int, width: int) -> str:
    characters: list[str] = []
    shift = width
    while shift >= 7:
        shift -= 7
        code = value >> shift & 0x7F
        if code == 0:
            break
        characters.append(chr(code))
    if value & ((1 << shift) - 1):
        raise _broken(name, "zero bits after the end of the text")
    return "".join(characters)


def _broken(name: str, expected: str) -> ParseError:
    return ParseError(f"{name} tag: expected {expected}", code=Code.BAD_TAG_MEMORY)


def _unfit(name: str, text: str, expected: str) -> ParseError:
    return ParseError(f"{name} cannot hold {shown(text)}: expected {expected}", code=Code.NOT_ENCODABLE)


_CAGE = re.compile(r"[0-9A-HJ-NP-Z]{5,6}").fullmatch
_DIGITS = re.compile(r"[0-9]+").fullmatch

_N, _NS, _T7, _T6, _0 = Field.NUMBER, Field.NUMERIC_STRING, Field.TEXT_7, Field.TEXT_6, Field.NONE

ENCODINGS: tuple[Encoding, ...] = (
    PartitionedEncoding("SGTIN-96", 0x30, "sgtin", 44, _N, _N, 38),
    PartitionedEncoding("SGTIN-198", 0x36, "sgtin", 44, _N, _T7, 140),
    PartitionedEncoding("SSCC-96", 0x31, "sscc", 58, _N, _0, 24),
    PartitionedEncoding("SGLN-96", 0x32, "sgln", 41, _N, _N, 41),
    PartitionedEncoding("SGLN-195", 0x39, "sgln", 41, _N, _T7, 140),
    PartitionedEncoding("GRAI-96", 0x33, "grai", 44, _N, _N, 38),
    PartitionedEncoding("GRAI-170", 0x37, "grai", 44, _N, _T7, 112),
    PartitionedEncoding("GIAI-96", 0x34, "giai", 82, _N, _0, 0, reference_digits=13),
    PartitionedEncoding("GIAI-202", 0x38, "giai", 188, _T7, _0, 0),
    PartitionedEncoding("GSRN-96", 0x2D, "gsrn", 58, _N, _0, 24),
    PartitionedEncoding("GSRNP-96", 0x2E, "gsrnp", 58, _N, _0, 24),
    PartitionedEncoding("GDTI-96", 0x2C, "gdti", 41, _N, _N, 41),
    PartitionedEncoding("GDTI-113", 0x3A, "gdti", 41, _N, _NS, 58),
    PartitionedEncoding("GDTI-174", 0x3E, "gdti", 41, _N, _T7, 119),
    PartitionedEncoding("CPI-96", 0x3C, "cpi", 51, _N, _N, 31, reference_digits=3),
    PartitionedEncoding("CPI-var", 0x3D, "cpi", 0, _T6, _N, 40),
    PartitionedEncoding("SGCN-96", 0x3F, "sgcn", 41, _N, _NS, 41),
    PartitionedEncoding("ITIP-110", 0x40, "itip", 44, _N, _N, 38),
    PartitionedEncoding("ITIP-212", 0x41, "itip", 44, _N, _T7, 140),
    GeneralIdentifierEncoding(),
    DefenseEncoding(),
    AerospaceEncoding(),
)
"""Every encoding of TDS 1.x; GDTI-113 is deprecated and still read and written."""
