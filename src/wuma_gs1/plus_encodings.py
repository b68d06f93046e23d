"""The binary encodings of TDS 2.x, `SGTIN+` and its kin: header, data toggle, filter, then AIs.

TDS 2.x section 14.6.11 on: no company prefix length is needed, serials of any kind are short, and more
AIs (`+AIDC data`, section 15.3) may follow the key, each as its digits and its value. How the value of an
AI stands in the bits is table F; the methods are the subsections of 14.5.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from wuma_gs1.application_identifiers import AI_LENGTH_BY_PREFIX, AIS, Element
from wuma_gs1.associations import SERIALISED_KEYS_LENGTH
from wuma_gs1.bits import BitReader, BitWriter
from wuma_gs1.epc import NO_EXTENSION
from wuma_gs1.errors import Code, ParseError, shown
from wuma_gs1.plus_table import AIS_BY_METHOD

DATE_AIS = ("11", "13", "15", "16", "17", "7006", "7007")
"""The dates that a DSGTIN+ may put first, by their indicator (TDS 14.5.16)."""


@dataclass(frozen=True, slots=True)
class PlusEncoding:
    """An encoding that holds the values of `ais`, in this order."""

    name: str
    header: int
    ais: tuple[str, ...]
    dated: bool = False
    """Whether a date stands before the key, so that readers can pick out what is about to expire."""
    filter_max: int = 7

    def split(self, elements: Sequence[Element]) -> tuple[tuple[Element, ...], tuple[Element, ...]] | None:
        """Divide AIs into the key and what goes behind it; None if the key is not of this encoding."""
        values = {element.ai: element.value for element in elements}
        if "254" in self.ais:
            values.setdefault("254", NO_EXTENSION)  # TDS 14.6.13: a GLN without extension has extension 0
        if any(ai not in values for ai in self.ais):
            return None
        key = tuple(Element(ai, values[ai]) for ai in self.ais)
        if not _names_an_instance(dict(key)):
            return None
        data = [element for element in elements if element.ai not in self.ais]
        if self.dated:
            dates = [element for element in data if element.ai in DATE_AIS]
            if not dates:
                return None
            data.remove(dates[0])
            data.insert(0, dates[0])
        return key, tuple(data)

    def encode(self, key: Sequence[Element], data: Sequence[Element], filter_value: int) -> BitWriter:
        """Write header and all.

        Raises:
            ParseError: if a value is wrong or has no encoding.
        """
        bits = BitWriter()
        bits.put(self.header, 8)
        bits.put(len(data) > self.dated, 1)
        bits.put(filter_value, 3)
        if self.dated:
            bits.put(DATE_AIS.index(data[0].ai), 4)
            _put_date(bits, _valid(data[0]))
        for element in key:
            _put_value(bits, element.ai, _valid(element))
        for element in data[self.dated :]:
            for digit in element.ai:
                bits.put(int(digit), 4)
            _put_value(bits, element.ai, _valid(element))
        return bits

    def decode(self, bits: BitReader) -> tuple[int, tuple[Element, ...], tuple[Element, ...]]:
        """Read filter value, key and data from the bits behind the header.

        Raises:
            ParseError: if the bits do not make valid AIs.
        """
        more = bits.take(1)
        filter_value = bits.take(3)
        data: list[Element] = []
        if self.dated:
            indicator = bits.take(4)
            if indicator >= len(DATE_AIS):
                raise _broken(f"date indicator 0 to {len(DATE_AIS) - 1}, got {indicator}")
            data.append(Element(DATE_AIS[indicator], _take_date(bits)))
        key = [Element(ai, _take_value(bits, ai)) for ai in self.ais]
        while more and bits.value:
            ai = _take_ai(bits)
            data.append(Element(ai, _take_value(bits, ai)))
        if bits.value:
            raise _broken("zeros after the last value")
        for element in (*key, *data):
            _valid(element)
        if not _names_an_instance(dict(key)):
            raise _broken(f"a serial number behind the key of {self.name}, got none")
        if key[-1] == Element("254", NO_EXTENSION):
            key.pop()
        return filter_value, tuple(key), tuple(data)


PLUS_ENCODINGS: dict[str, PlusEncoding] = {
    encoding.name: encoding
    for encoding in (
        PlusEncoding("SGTIN+", 0xF7, ("01", "21")),
        PlusEncoding("DSGTIN+", 0xFB, ("01", "21"), dated=True),
        PlusEncoding("SSCC+", 0xF9, ("00",)),
        PlusEncoding("SGLN+", 0xF2, ("414", "254")),
        PlusEncoding("GRAI+", 0xF1, ("8003",)),
        PlusEncoding("GIAI+", 0xFA, ("8004",)),
        PlusEncoding("GSRN+", 0xF4, ("8018",)),
        PlusEncoding("GSRNP+", 0xF5, ("8017",)),
        PlusEncoding("GDTI+", 0xF6, ("253",)),
        PlusEncoding("CPI+", 0xF0, ("8010", "8011")),
        PlusEncoding("SGCN+", 0xF8, ("255",)),
        PlusEncoding("ITIP+", 0xF3, ("8006", "21")),
    )
}
"""Every encoding of TDS 2.2, by name."""


def _names_an_instance(values: Mapping[str, str]) -> bool:
    """Whether keys whose serial number is optional have one: an EPC names one thing, not a type (TDS 6.3)."""
    return all(len(values[ai]) > digits for ai, digits in SERIALISED_KEYS_LENGTH.items() if ai in values)


def _valid(element: Element) -> str:
    spec = AIS.get(element.ai)
    if spec is None:
        raise _broken(f"an AI, got {element.ai!r}")
    # A serial number 0 is one in TDS, though AI (8011) forbids leading zeros.
    if element != ("8011", "0") and (flaw := spec.flaw(element.value)):
        message = f"AI ({element.ai}) {spec.title} {shown(element.value)}: expected {flaw.code.expected}"
        raise ParseError(message, code=flaw.code, ai=element.ai)
    return element.value


def _take_ai(bits: BitReader) -> str:
    digits = f"{bits.take(4)}{bits.take(4)}"
    for _ in range(AI_LENGTH_BY_PREFIX.get(digits, 2) - 2):
        digits += str(bits.take(4))
    if digits not in AIS:
        raise _broken(f"an AI, got {digits!r}")
    return digits


def _put_value(bits: BitWriter, ai: str, value: str) -> None:
    methods = _METHODS.get(ai)
    if methods is None:
        raise ParseError(f"AI ({ai}) has no encoding in table F of TDS 2.2", code=Code.NOT_ENCODABLE, ai=ai)
    start = 0
    for method in methods:
        method.put(bits, value[start : start + method.characters] if method.characters else value[start:])
        start += method.characters


def _take_value(bits: BitReader, ai: str) -> str:
    methods = _METHODS.get(ai)
    if methods is None:
        raise _broken(f"an AI of table F of TDS 2.2, got {ai}")
    return "".join([method.take(bits) for method in methods])


@dataclass(frozen=True, slots=True)
class _Method:
    """A way to write a value, or one part of it; `characters` is 0 if it takes all that is left."""

    put: Callable[[BitWriter, str], None]
    take: Callable[[BitReader], str]
    characters: int = 0


# --- fixed lengths --------------------------------------------------------------------------------------


def _digits(count: int) -> _Method:
    def put(bits: BitWriter, text: str) -> None:
        for digit in text:
            bits.put(int(digit), 4)

    def take(bits: BitReader) -> str:
        return "".join([_decimal(bits.take(4)) for _ in range(count)])

    return _Method(put, take, count)


def _integer(count: int) -> _Method:
    width = (10**count - 1).bit_length()

    def put(bits: BitWriter, text: str) -> None:
        bits.put(int(text), width)

    def take(bits: BitReader) -> str:
        return _padded(bits.take(width), count)

    return _Method(put, take, count)


def _decimal(nibble: int) -> str:
    if nibble > 9:
        raise _broken(f"a decimal digit, got {nibble:X}")
    return str(nibble)


def _padded(number: int, count: int) -> str:
    digits = str(number).zfill(count) if count else ""  # no digits have no bits: the number is 0
    if len(digits) > count:
        raise _broken(f"a number of {count} digits, got {number}")
    return digits


# --- characters in the shortest of six ways (14.5.6) ----------------------------------------------------

_HEX_UPPER = "0123456789ABCDEF"
_HEX_LOWER = "0123456789abcdef"
_BASE_64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_CODE_40 = " ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:0123456789"


def _text_width(way: int, count: int) -> int:
    """Say how many bits `count` characters take in a way (table B)."""
    if way == 0:
        return int(10**count - 1).bit_length()
    if way == 5:
        return 16 * -(-count // 3)
    return count * (4, 4, 4, 6, 7)[way]


_WAYS = tuple(
    re.compile(characters).fullmatch
    for characters in (r"[0-9]*", r"[0-9A-F]+", r"[0-9a-f]+", r"[0-9A-Za-z_\-]+", r"[ -~]*", r"[0-9A-Z.:\-]+")
)


def _put_text(bits: BitWriter, text: str, length_bits: int) -> None:
    """Write encoding indicator, length and characters in the shortest way, of two equal ones the first."""
    _, way = min((_text_width(way, len(text)), way) for way, fits in enumerate(_WAYS) if fits(text))
    bits.put(way, 3)
    bits.put(len(text), length_bits)
    if way == 0:
        bits.put(int(text or "0"), _text_width(0, len(text)))
    elif way == 5:
        for start in range(0, len(text), 3):
            first, second, third = (_CODE_40.index(c) for c in text[start : start + 3].ljust(3))
            bits.put(1600 * first + 40 * second + third + 1, 16)
    else:
        alphabet, width = _ALPHABETS[way]
        for character in text:
            bits.put(alphabet.index(character), width)


def _take_text(bits: BitReader, length_bits: int) -> str:
    way = bits.take(3)
    count = bits.take(length_bits)
    if way == 0:
        return _padded(bits.take(_text_width(0, count)), count)
    if way == 5:
        return "".join([_code_40(bits.take(16)) for _ in range(-(-count // 3))])[:count]
    if way > 5:
        raise _broken(f"encoding indicator 0 to 5, got {way}")
    alphabet, width = _ALPHABETS[way]
    return "".join([alphabet[bits.take(width)] for _ in range(count)])


def _code_40(value: int) -> str:
    if not 1 <= value <= 64_000:
        raise _broken(f"three characters in 1 to 64000, got {value}")
    high, third = divmod(value - 1, 40)
    first, second = divmod(high, 40)
    return _CODE_40[first] + _CODE_40[second] + _CODE_40[third]


_ALPHABETS = {
    1: (_HEX_UPPER, 4),
    2: (_HEX_LOWER, 4),
    3: (_BASE_64, 6),
    4: ("".join(map(chr, range(128))), 7),
}


def _characters(length_bits: int) -> _Method:
    return _Method(
        lambda bits, text: _put_text(bits, text, length_bits), lambda bits: _take_text(bits, length_bits)
    )


def _counted_digits(length_bits: int) -> _Method:
    def put(bits: BitWriter, text: str) -> None:
        bits.put(len(text), length_bits)
        bits.put(int(text or "0"), _text_width(0, len(text)))

    def take(bits: BitReader) -> str:
        count = bits.take(length_bits)
        return _padded(bits.take(_text_width(0, count)), count)

    return _Method(put, take)


def _put_delimited(bits: BitWriter, text: str) -> None:
    digits = _LEADING_DIGITS(text)
    assert digits is not None, "the expression matches the empty string too"
    for digit in digits.group():
        bits.put(int(digit), 4)
    rest = text[digits.end() :]
    if not rest:
        bits.put(_TERMINATOR, 4)
        return
    bits.put(_DELIMITER, 4)
    _put_text(bits, rest, 5)


def _take_delimited(bits: BitReader) -> str:
    digits: list[str] = []
    while (nibble := bits.take(4)) <= 9:
        digits.append(str(nibble))
    if nibble == _TERMINATOR:
        return "".join(digits)
    if nibble == _DELIMITER:
        return "".join(digits) + _take_text(bits, 5)
    raise _broken(f"a digit, terminator or delimiter, got {nibble:X}")


_LEADING_DIGITS = re.compile(r"[0-9]*").match
_DELIMITER, _TERMINATOR = 0xE, 0xF


# --- dates, times and the rest --------------------------------------------------------------------------


def _put_date(bits: BitWriter, text: str) -> None:
    for start, width in ((0, 7), (2, 4), (4, 5)):
        bits.put(int(text[start : start + 2]), width)


def _take_date(bits: BitReader) -> str:
    return "".join([_padded(bits.take(width), 2) for width in (7, 4, 5)])


def _put_minute(bits: BitWriter, text: str) -> None:
    _put_date(bits, text)
    bits.put(int(text[6:8]), 5)
    bits.put(int(text[8:10]), 6)


def _take_minute(bits: BitReader) -> str:
    return _take_date(bits) + _padded(bits.take(5), 2) + _padded(bits.take(6), 2)


def _put_range(bits: BitWriter, text: str) -> None:
    bits.put(len(text) > 6, 1)
    for start in range(0, len(text), 6):
        _put_date(bits, text[start : start + 6])


def _take_range(bits: BitReader) -> str:
    is_range = bits.take(1)
    return _take_date(bits) + (_take_date(bits) if is_range else "")


_PRECISIONS = {8: 0, 10: 1, 12: 2, 6: 3}
"""Indicator of a moment by its digits: to the hour, minute, second or day."""


def _put_moment(bits: BitWriter, text: str) -> None:
    bits.put(_PRECISIONS[len(text)], 2)
    _put_date(bits, text)
    for start, width in zip(range(6, len(text), 2), (5, 6, 6), strict=False):
        bits.put(int(text[start : start + 2]), width)


def _take_moment(bits: BitReader) -> str:
    indicator = bits.take(2)
    widths = (5, 6, 6)[: (indicator + 1) % 4]
    return _take_date(bits) + "".join([_padded(bits.take(width), 2) for width in widths])


def _put_country(bits: BitWriter, text: str) -> None:
    for character in text:
        bits.put(_BASE_64.index(character), 6)


def _take_country(bits: BitReader) -> str:
    return _BASE_64[bits.take(6)] + _BASE_64[bits.take(6)]


def _put_sequence(bits: BitWriter, text: str) -> None:
    bits.put(int(text[0]), 4)
    bits.put(int(text[2]), 4)


def _take_sequence(bits: BitReader) -> str:
    return f"{_decimal(bits.take(4))}/{_decimal(bits.take(4))}"


_SIMPLE_METHODS = {
    "t": _Method(_put_delimited, _take_delimited),
    "bit": _Method(lambda bits, text: bits.put(int(text), 1), lambda bits: str(bits.take(1))),
    "date": _Method(_put_date, _take_date),
    "minute": _Method(_put_minute, _take_minute),
    "range": _Method(_put_range, _take_range),
    "moment": _Method(_put_moment, _take_moment),
    "country": _Method(_put_country, _take_country),
    "minus": _Method(lambda bits, text: bits.put(text == "-", 1), lambda bits: "-" * bits.take(1)),
    "sequence": _Method(_put_sequence, _take_sequence),
}


def _method(name: str) -> _Method:
    if name in _SIMPLE_METHODS:
        return _SIMPLE_METHODS[name]
    figure = int(name[1:].partition("/")[0])
    return {"d": _digits, "i": _integer, "a": _characters, "n": _counted_digits}[name[0]](figure)


def _methods() -> dict[str, tuple[_Method, ...]]:
    found: dict[str, tuple[_Method, ...]] = {}
    for names, ais in AIS_BY_METHOD.items():
        methods = tuple(_method(name) for name in names.split())
        for span in ais.split():
            first, _, last = span.partition("-")
            for number in range(int(first), int(last or first) + 1):
                found[str(number).zfill(len(first))] = methods
    return found


def _broken(expected: str) -> ParseError:
    return ParseError(f"TDS 2.x tag: expected {expected}", code=Code.BAD_TAG_MEMORY)


_METHODS = _methods()
