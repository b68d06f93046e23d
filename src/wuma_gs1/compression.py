"""Compressed GS1 Digital Link URIs: the AIs as bits, the bits as base 64, for symbols that must be small.

GS1 Digital Link Standard: Compression. `https://id.gs1.org/01/05412345000013/10/ABC123` becomes
`https://id.gs1.org/AQnYUc1gmiCNV4JG`; partly compressed, the primary key stays readable and only what
follows it is packed. Resolvers must still read such links; GS1 no longer recommends printing new ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil, log2
from typing import NamedTuple

from wuma_gs1.application_identifiers import AI_LENGTH_BY_PREFIX, AIS, Component, Element
from wuma_gs1.bits import BitReader, BitWriter
from wuma_gs1.digital_link import CONVENIENCE_NAMES, DigitalLink, escaped
from wuma_gs1.errors import Code, ParseError, shown

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
COMPRESSED_CHARACTERS_MAX = 2048  # unpacked and escaped, three times as many: what a URI may have

OPTIMISATIONS: dict[str, tuple[str, ...]] = {
    "0A": ("01", "22"), "0B": ("01", "10"), "0C": ("01", "21"), "0D": ("01", "17"),
    "0E": ("01", "7003"), "0F": ("01", "30"), "1A": ("01", "10", "21", "17"), "1B": ("01", "15"),
    "1C": ("01", "11"), "1D": ("01", "16"), "1E": ("01", "91"), "1F": ("01", "10", "15"),
    **{f"2{'ABCDEF'[n]}": ("01", f"310{n}") for n in range(6)},
    **{f"3{'ABCDEF'[n]}": ("01", f"320{n}") for n in range(6)},
    "9A": ("8010", "8011"), "9B": ("8017", "8019"), "9C": ("8018", "8019"), "9D": ("414", "254"),
    **{f"A{n}": ("01", f"392{n}") for n in range(10)},
    **{f"C{n}": ("255", f"390{n}") for n in range(10)},
    **{f"C{'ABCD'[n]}": ("255", f"394{n}") for n in range(4)},
}  # fmt: skip
"""Codes of eight bits for AIs that often come together (table Opt of the standard)."""


def compress(link: DigitalLink, *, partly: bool = False, optimised: bool = False) -> str:
    """Compress a link; foreign parameters and fragment stay as they are.

    >>> link = DigitalLink.parse("https://id.gs1.org/01/05412345000013/10/ABC123/21/72292641703")
    >>> compress(link), compress(link, partly=True)
    ('https://id.gs1.org/AQnYUc1gmiCNV4JGQhcNT6K6c', 'https://id.gs1.org/01/05412345000013/EEarwSMhC4an0V04')

    Args:
        link: what to compress.
        partly: leave the primary key readable.
        optimised: use one code for AIs that often come together; shorter, and not every reader knows it.

    Raises:
        ParseError: if it comes out longer than what `decompress` reads.
    """
    if partly or _readable_key(link.stem) is not None:  # else the stem would be taken for the key
        packed = _pack((*link.qualifiers, *link.attributes), optimised)
        key = DigitalLink((link.key,), stem=link.stem).uri
        path = f"{key}/{packed}" if packed else key
    else:
        path = f"{link.stem}/{_pack(link.elements, optimised)}"
    query = "&".join(name if value is None else f"{name}={value}" for name, value in link.parameters)
    uri = path + (f"?{query}" if query else "") + ("" if link.fragment is None else f"#{link.fragment}")
    if len(uri) > COMPRESSED_CHARACTERS_MAX:
        raise ParseError(
            f"Digital Link {shown(link.uri)}: expected at most {COMPRESSED_CHARACTERS_MAX} characters "
            f"when compressed, got {len(uri)}",
            code=Code.NOT_ENCODABLE,
        )
    return uri


def decompress(uri: str, *, contents: bool = True, associations: bool = True) -> DigitalLink:
    """Read a compressed or partly compressed link; one that is not compressed is read as it is.

    >>> decompress("https://id.gs1.org/AQnYUc1gmiCNV4JGQhcNT6K6c").canonical
    'https://id.gs1.org/01/05412345000013/10/ABC123/21/72292641703'

    Args:
        uri: the URI.
        contents: check what values say, not only their format.
        associations: also check which AIs must and must not come together.

    Raises:
        ParseError: if the packed part makes no valid link.
    """
    found = _PACKED_LAST(uri) if len(uri) <= COMPRESSED_CHARACTERS_MAX else None
    if found is None or _is_plain(uri):
        return DigitalLink.parse(
            uri, convenience_names=True, short_gtins=True, contents=contents, associations=associations
        )
    stem, packed, rest = found.groups()
    elements, parameters = _unpack(packed)
    if (readable := _readable_key(stem)) is not None:
        key = DigitalLink.parse(readable, short_gtins=True, contents=contents, associations=False)
        stem, elements = key.stem, (key.key, *elements)
    link = DigitalLink.of(_qualified(elements), stem=stem, contents=contents, associations=associations)
    query, has_fragment, fragment = rest.removeprefix("?").partition("#")
    foreign = [*parameters, *(_parameter(part) for part in query.split("&") if part)]
    if numeric := next((name for name, _ in foreign if name.isdigit()), None):
        raise _broken(f"no AI beside the packed ones, got {numeric}")
    return link._replace(parameters=tuple(foreign), fragment=fragment if has_fragment else None)


def _readable_key(stem: str) -> str | None:
    """Find the key that a partly compressed link leaves readable; None if the stem only looks like it."""
    found = _PLAIN_KEY(stem)
    if found is None:
        return None
    uri = f"{found[1]}/{CONVENIENCE_NAMES.get(found[2], found[2])}/{found[3]}"
    try:
        DigitalLink.parse(uri, short_gtins=True, contents=False, associations=False)
    except ParseError:
        return None
    return uri


def _parameter(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    return name, value if equals else None


def is_compressed(uri: str) -> bool:
    """Whether a URI ends in what can only be packed AIs.

    >>> (
    ...     is_compressed("https://id.gs1.org/AQnYUc1gmiCNV4JGQhcNT6K6c"),
    ...     is_compressed("https://a.example/about"),
    ... )
    (True, False)
    """
    try:
        decompress(uri, contents=False, associations=False)
    except ParseError:
        return False
    return not _is_plain(uri)


def _is_plain(uri: str) -> bool:
    try:
        DigitalLink.parse(uri, convenience_names=True, short_gtins=True, contents=False, associations=False)
    except ParseError:
        return False
    return True


def _qualified(elements: Sequence[Element]) -> Sequence[Element]:
    """Put the primary key first: packed AIs are sorted, and (01) may be a mere attribute of (8004)."""
    keys = [element for element in elements if AIS[element.ai].path is not None]
    best = max(
        keys,
        key=lambda key: max(sum(e.ai in way for e in elements) for way in AIS[key.ai].path or ((),)),
        default=None,
    )
    if best is None:
        return elements
    return (best, *(element for element in elements if element is not best))


# --- AIs to bits ----------------------------------------------------------------------------------------


def _pack(elements: Sequence[Element], optimised: bool) -> str:
    """Write AIs in ascending order, each as its digits of four bits and its value."""
    if not elements:
        return ""
    bits = BitWriter()
    values = {element.ai: element.value for element in elements}
    remaining = sorted(values)
    for code in _optimisations(remaining) if optimised else ():
        bits.put(int(code, 16), 8)
        for ai in OPTIMISATIONS[code]:
            _put_value(bits, ai, values[ai])
            remaining.remove(ai)
    for ai in remaining:
        for digit in ai:
            bits.put(int(digit), 4)
        _put_value(bits, ai, values[ai])
    bits.put(0, -bits.length % 6)
    return "".join([ALPHABET[bits.value >> shift & 63] for shift in range(bits.length - 6, -1, -6)])


def _optimisations(ais: Sequence[str]) -> list[str]:
    """Choose codes that save the most digits, until none fits."""
    left = set(ais)
    chosen: list[str] = []
    while fitting := [code for code, group in OPTIMISATIONS.items() if left.issuperset(group)]:
        best = max(fitting, key=lambda code: sum(map(len, OPTIMISATIONS[code])))
        chosen.append(best)
        left.difference_update(OPTIMISATIONS[best])
    return chosen


def _unpack(packed: str) -> tuple[tuple[Element, ...], list[tuple[str, str | None]]]:
    value = 0
    for character in packed:
        value = value << 6 | ALPHABET.index(character)
    bits = BitReader(value, 6 * len(packed))
    elements: list[Element] = []
    parameters: list[tuple[str, str | None]] = []
    while bits.left > 8:  # less is filling
        first, second = bits.take(4), bits.take(4)
        if first == FOREIGN:
            parameters.append(_take_foreign(bits, second))
            continue
        code = f"{first:X}{second:X}"
        group = OPTIMISATIONS.get(code) or (_take_ai(bits, code),)
        elements += [Element(ai, _take_value(bits, ai)) for ai in group]
    return tuple(elements), parameters


def _take_ai(bits: BitReader, digits: str) -> str:
    for _ in range(AI_LENGTH_BY_PREFIX.get(digits, 2) - 2):
        digits += f"{bits.take(4):X}"
    if digits not in AIS:
        raise _broken(f"an AI, got {digits!r}")
    return digits


FOREIGN = 0xF  # four bits that say: a parameter that is no AI


def _take_foreign(bits: BitReader, first_bits: int) -> tuple[str, str]:
    length = first_bits << 3 | bits.take(3)
    name = "".join([ALPHABET[bits.take(6)] for _ in range(length)])
    way = bits.take(3)
    return name, escaped(_take_text(bits, way, bits.take(7)))


class _Part(NamedTuple):
    """A part of a value: digits or text, so long at least and at most."""

    numeric: bool
    shortest: int
    longest: int


def _parts(components: Sequence[Component]) -> list[_Part]:
    """Join components that are written as one: digits of fixed length; text with text."""
    parts: list[_Part] = []
    for component in components:
        shortest = 0 if component.optional else component.shortest
        part = _Part(component.kind == "N", shortest, component.longest)
        if parts and _one_part(parts[-1], part):
            before = parts.pop()
            part = _Part(part.numeric, before.shortest + part.shortest, before.longest + part.longest)
        parts.append(part)
    return parts


def _one_part(before: _Part, part: _Part) -> bool:
    if before.numeric != part.numeric:
        return False
    both_fixed = before.shortest == before.longest and part.shortest == part.longest
    both_open = before.shortest == part.shortest == 0
    return both_fixed or both_open or not part.numeric


_PARTS = {ai: _parts(spec.components) for ai, spec in AIS.items()}


def _put_value(bits: BitWriter, ai: str, value: str) -> None:
    start = 0
    for part in _PARTS[ai]:
        text = value[start : start + part.longest]
        start += len(text)
        length_bits = 0 if part.shortest == part.longest else part.longest.bit_length()
        if part.numeric:
            bits.put(len(text) if length_bits else 0, length_bits)
            bits.put(int(text or "0"), _number_width(len(text)))
        else:
            way = next(way for way, fits in enumerate(_WAYS) if fits(text))
            bits.put(way, 3)
            bits.put(len(text) if length_bits else 0, length_bits)
            _put_text(bits, way, text)


def _take_value(bits: BitReader, ai: str) -> str:
    pieces: list[str] = []
    for part in _PARTS[ai]:
        length_bits = 0 if part.shortest == part.longest else part.longest.bit_length()
        way = 0 if part.numeric else bits.take(3)
        length = bits.take(length_bits) if length_bits else part.longest
        pieces.append(_take_text(bits, way, length))
    return "".join(pieces)


def _number_width(digits: int) -> int:
    return ceil(digits * log2(10) + 0.01)  # the standard's formula, margin and all: no digits, one bit


def _put_text(bits: BitWriter, way: int, text: str) -> None:
    if way == 0:
        bits.put(int(text), _number_width(len(text)))
        return
    alphabet, width = _ALPHABETS[way]
    for character in text:
        bits.put(alphabet.index(character), width)


def _take_text(bits: BitReader, way: int, length: int) -> str:
    if way == 0:
        digits = str(bits.take(_number_width(length))).zfill(length)
        if len(digits) > length and digits != "0":
            raise _broken(f"a number of {length} digits, got {digits}")
        return digits if length else ""
    if way not in _ALPHABETS:
        raise _broken(f"encoding 0 to 4, got {way}")
    alphabet, width = _ALPHABETS[way]
    return "".join([alphabet[bits.take(width)] for _ in range(length)])


_WAYS = tuple(
    re.compile(form).fullmatch for form in (r"[0-9]+", r"[0-9a-f]+", r"[0-9A-F]+", r"[A-Za-z0-9_\-]+", r".*")
)
_ALPHABETS = {
    1: ("0123456789abcdef", 4),
    2: ("0123456789ABCDEF", 4),
    3: (ALPHABET, 6),
    4: ("".join(map(chr, range(128))), 7),
}
_PACKED_LAST = re.compile(
    r"((?i:https?)://[^/?#]+(?:/[^?#]*)?)/([A-Za-z0-9_\-]{3,})((?:\?[^#]*)?(?:#.*)?)"
).fullmatch
_PLAIN_KEY = re.compile(r"(.+)/([0-9A-Za-z]+)/([^/]+)").fullmatch


def _broken(expected: str) -> ParseError:
    return ParseError(f"compressed Digital Link: expected {expected}", code=Code.BAD_COMPRESSION)
