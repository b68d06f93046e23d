"""EPC pure identity, class and pattern URIs of the Tag Data Standard, and what they mean in AIs.

`urn:epc:id:sgtin:6901234.056789.A1` and `(01)06901234567892(21)A1` name the same can; the URN cuts the
GTIN after the GS1 Company Prefix, whose length the AIs do not tell. So a URN always becomes AIs, and AIs
become a URN when the length is given or a table knows it (TDS 2.x sections 6 to 8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.check_characters import check_digit
from wuma_gs1.digital_link import DigitalLink, unescaped
from wuma_gs1.element_strings import bracketed
from wuma_gs1.errors import Code, ParseError, shown


class CompanyPrefixLengths(Protocol):
    """Something that knows how long the GS1 Company Prefix is that some digits begin with."""

    def length_of(self, digits: str) -> int | None:
        """Tell the length, or None if the prefix is not known."""
        ...


@dataclass(frozen=True, slots=True)
class Scheme:
    """How an EPC scheme cuts its key into the components of the URN."""

    name: str
    ai: str
    """The AI of the key; empty for a scheme that GS1 has no AI for."""
    digits: int = 0
    """Company prefix and reference together; 0 for a reference of free length without check digit."""
    indicator: bool = False
    """Whether the reference begins with the digit that stands before the company prefix in the key."""
    fill: str = ""
    """A digit that stands before the company prefix in the key and says nothing."""
    tail: str = ""
    """Where the last component goes: an AI of its own, or `+` for appended to the key."""
    piece: bool = False
    """Whether piece number and total come between reference and last component."""
    kind: str = "id"

    @property
    def component_count(self) -> int:
        """How many components the URN has."""
        return 2 + 2 * self.piece + bool(self.tail)


SCHEMES: dict[str, Scheme] = {
    scheme.name: scheme
    for scheme in (
        Scheme("sgtin", "01", 13, indicator=True, tail="21"),
        Scheme("lgtin", "01", 13, indicator=True, tail="10", kind="class"),
        Scheme("upui", "01", 13, indicator=True, tail="235"),
        Scheme("itip", "8006", 13, indicator=True, tail="21", piece=True),
        Scheme("sscc", "00", 17, indicator=True),
        Scheme("sgln", "414", 12, tail="254"),
        Scheme("pgln", "417", 12),
        Scheme("grai", "8003", 12, fill="0", tail="+"),
        Scheme("gdti", "253", 12, tail="+"),
        Scheme("sgcn", "255", 12, tail="+"),
        Scheme("gsrn", "8018", 17),
        Scheme("gsrnp", "8017", 17),
        Scheme("gsin", "402", 16),
        Scheme("giai", "8004"),
        Scheme("ginc", "401"),
        Scheme("cpi", "8010", tail="8011"),
    )
}
"""The schemes that stand for GS1 keys."""

NO_EXTENSION = "0"
"""The last component of an SGLN without extension (TDS 6.3.3); so 0 cannot be an extension itself."""

_FOREIGN_BODIES: dict[str, re.Pattern[str]] = {
    name: re.compile(body)
    for name, body in {
        "gid": r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)",
        "usdod": r"([0-9A-HJ-NP-Z]{5,6})\.(0|[1-9]\d{0,10})",
        "adi": r"([0-9A-HJ-NP-Z]{5,6})\.((?:[0-9A-Z-]|%2F){0,32})\.((?:%23)?(?:[0-9A-Z-]|%2F){1,30})",
        "bic": r"([A-HJ-NP-Z]{3}[JUZ][0-9]{7})",
        "imovn": r"([0-9]{7})",
    }.items()
}
USDOD_SERIAL_MAX = 2**36 - 1  # TDS 6.3.14: what 36 bits hold, also where no tag is meant


class Epc(NamedTuple):
    """An EPC URI, taken apart.

    >>> epc = Epc.parse("urn:epc:id:sgtin:6901234.056789.A%2F1")
    >>> epc.fields, epc.bracketed, epc.canonical
    (('6901234', '056789', 'A/1'), '(01)06901234567892(21)A/1', 'https://id.gs1.org/01/06901234567892/21/A%2F1')
    """

    scheme: str
    fields: tuple[str, ...]
    """The components, unescaped; `*` in a pattern."""
    kind: str = "id"
    """`id` for one object, `class` for a lot, `idpat` for a pattern."""

    @classmethod
    def parse(cls, uri: str) -> Epc:
        """Read a URI that begins with urn:epc:id:, urn:epc:class: or urn:epc:idpat:.

        Raises:
            ParseError: naming what is wrong with which component.
        """
        prefix, kind, name, body = _split(uri)
        scheme = SCHEMES.get(name)
        if prefix != "urn:epc" or kind not in {"id", "class", "idpat"}:
            raise _bad(uri, "urn:epc:id:, urn:epc:class: or urn:epc:idpat: at the beginning")
        if scheme is None:
            if kind == "id" and (found := _foreign(name, body)):
                return cls(name, found)
            raise _bad(uri, f"an EPC scheme and its components, {name!r} is none")
        if kind != "idpat" and kind != scheme.kind:
            raise _bad(uri, f"urn:epc:{scheme.kind}:{name}:")
        parts = body.split(".", scheme.component_count - 1)
        if len(parts) != scheme.component_count:
            raise _bad(uri, f"{scheme.component_count} components, got {len(parts)}")
        fields = tuple(_unescaped(uri, part) for part in parts)
        epc = cls(name, fields, kind)
        _check(uri, scheme, fields, pattern=kind == "idpat")
        return epc

    @classmethod
    def of(
        cls,
        elements: Sequence[Element],
        *,
        company_prefix_length: int | None = None,
        table: CompanyPrefixLengths | None = None,
    ) -> Epc:
        """Make the EPC of a thing given in AIs; a class becomes a pattern, a lot an `lgtin`.

        >>> Epc.of([Element("01", "06901234567892")], company_prefix_length=7).uri
        'urn:epc:idpat:sgtin:6901234.056789.*'

        Raises:
            ParseError: if no key is there that EPC knows, if it is wrong in itself, or with
                `COMPANY_PREFIX_NEEDED` if the length of the company prefix is neither given nor in the table.
        """
        values = {element.ai: element.value for element in reversed(elements)}
        scheme, key = _scheme_for(elements, values)
        if (flaw := AIS[scheme.ai].flaw(key)) and flaw.code not in _RULES_OF_AIS_ONLY:
            message = f"({scheme.ai}) {AIS[scheme.ai].title} {shown(key)}: expected {flaw.code.expected}"
            raise ParseError(message, code=flaw.code, ai=scheme.ai)
        start = scheme.indicator + len(scheme.fill)
        length = _prefix_length(scheme, key[start:], company_prefix_length, table)
        prefix = key[start : start + length]
        if scheme.digits:
            end = start + 12 if scheme.indicator and scheme.digits == 13 else len(scheme.fill) + scheme.digits
            reference = (key[0] if scheme.indicator else "") + key[start + length : end]
            rest = key[end + 1 :]
        else:
            reference, rest = key[length:], ""
        fields = [prefix, reference]
        if scheme.piece:
            fields += [rest[:2], rest[2:4]]
        if not scheme.tail:
            return cls._checked(scheme, fields, "id")
        tail = rest if scheme.tail == "+" else values.get(scheme.tail, "")
        if not tail and scheme.name == "sgln":
            tail = NO_EXTENSION
        return cls._checked(scheme, [*fields, tail or "*"], scheme.kind if tail else "idpat")

    @classmethod
    def _checked(cls, scheme: Scheme, fields: list[str], kind: str) -> Epc:
        epc = cls(scheme.name, tuple(fields), kind)
        _check(epc.uri, scheme, epc.fields, pattern=kind == "idpat")
        return epc

    @property
    def uri(self) -> str:
        """The URN, in the one spelling that the Tag Data Standard allows."""
        fields: Sequence[str] = self.fields
        if not (plain := "".join(fields)).isalnum() or not plain.isascii():
            wild = self.kind == "idpat"
            fields = [field if wild and field == "*" else _escape(field) for field in fields]
        return f"urn:epc:{self.kind}:{self.scheme}:{'.'.join(fields)}"

    @property
    def company_prefix_length(self) -> int | None:
        """How long the GS1 Company Prefix is; None where there is none."""
        return len(self.fields[0]) if self.scheme in SCHEMES else None

    @property
    def elements(self) -> tuple[Element, ...]:
        """The thing in AIs.

        Raises:
            ParseError: if it has no GS1 key (a GID, say), or a pattern names more than one class.
        """
        scheme = SCHEMES.get(self.scheme)
        if scheme is None:
            raise ParseError(f"{self.uri} has no GS1 key", code=Code.BAD_EPC_URI)
        if self.kind == "idpat" and "*" in self.fields[: 4 if scheme.piece else 2]:
            raise ParseError(f"{self.uri} names no single class", code=Code.PATTERN_WITHOUT_KEY)
        return _elements(scheme, self.fields, self.kind)

    @property
    def key(self) -> str:
        """The value of the GS1 key; where a pattern leaves its end open, `*`.

        >>> Epc.parse("urn:epc:idpat:giai:0614141.*").key, Epc.parse("urn:epc:idpat:gdti:0614141.12345.*").key
        ('0614141*', '0614141123452*')
        """
        scheme = SCHEMES.get(self.scheme)
        if scheme is not None and self.kind == "idpat" and self.fields[-1] == "*":
            if not scheme.digits and self.fields[0] != "*" and self.fields[1] == "*":
                return self.fields[0] + "*"
            return self.elements[0].value + ("*" if scheme.tail == "+" else "")
        return self.elements[0].value

    @property
    def bracketed(self) -> str:
        """The thing as an element string."""
        return bracketed(self.elements)

    @property
    def digital_link(self) -> DigitalLink:
        """The thing as a GS1 Digital Link."""
        key, *qualifiers = self.elements
        return DigitalLink((key, *qualifiers))

    @property
    def canonical(self) -> str:
        """The canonical GS1 Digital Link URI of the thing; its URN if it has no GS1 key."""
        return self.digital_link.canonical if self.scheme in SCHEMES else self.uri


def _split(uri: str) -> tuple[str, str, str, str]:
    """Cut the URN at its first colons; scheme and namespace are not case-sensitive (RFC 8141 section 3)."""
    pieces = uri.split(":", 4)
    if len(pieces) != 5:
        raise _bad(uri, "urn:epc:<kind>:<scheme>:<components>")
    urn, namespace, kind, name, body = pieces
    return f"{urn}:{namespace}".lower(), kind, name, body


def _foreign(name: str, body: str) -> tuple[str, ...] | None:
    form = _FOREIGN_BODIES.get(name)
    found = form.fullmatch(body) if form and body.isascii() else None
    if found is None or (name == "usdod" and int(found[2]) > USDOD_SERIAL_MAX):
        return None
    return tuple(unescaped(group) for group in found.groups())


def _elements(scheme: Scheme, fields: tuple[str, ...], kind: str) -> tuple[Element, ...]:
    prefix, reference = fields[:2]
    if not scheme.digits:
        value = prefix + reference
    elif scheme.indicator:
        value = reference[0] + prefix + reference[1:]
    else:
        value = prefix + reference
    if scheme.digits:
        value = f"{scheme.fill}{value}{check_digit(value)}"
    if scheme.piece:
        value += fields[2] + fields[3]
    tail = fields[-1] if scheme.tail and not (kind == "idpat" and fields[-1] == "*") else ""
    if scheme.tail == "+":
        return (Element(scheme.ai, value + tail),)
    if not tail or (scheme.name == "sgln" and tail == NO_EXTENSION):
        return (Element(scheme.ai, value),)
    return Element(scheme.ai, value), Element(scheme.tail, tail)


def _check(uri: str, scheme: Scheme, fields: tuple[str, ...], *, pattern: bool) -> None:
    """Hold the components to what TDS says of the scheme."""
    prefix, reference = fields[:2]
    if pattern and _only_trailing_wildcards(uri, fields):
        return
    if not (_DIGITS(prefix) and 6 <= len(prefix) <= 12):
        raise _bad(uri, f"a GS1 Company Prefix of 6 to 12 digits, got {prefix!r}", Code.BAD_COMPANY_PREFIX)
    if pattern and reference == "*":
        return
    if scheme.digits and not (
        (not reference or _DIGITS(reference)) and len(prefix) + len(reference) == scheme.digits
    ):
        got = f"got {prefix!r} and {reference!r}"
        raise _bad(uri, f"company prefix and reference of {scheme.digits} digits together, {got}")
    if scheme.piece and pattern and fields[2] == "*":  # any piece of a trade item
        return
    if scheme.piece and not (_TWO_DIGITS(fields[2]) and _TWO_DIGITS(fields[3])):
        raise _bad(uri, f"piece number and total of two digits, got {fields[2]!r} and {fields[3]!r}")
    wild = pattern and fields[-1] == "*"
    if scheme.tail and not wild:
        _check_tail(uri, scheme, fields[-1])
    for ai, value in _elements(scheme, fields, "idpat" if wild else "id"):
        flaw = AIS[ai].flaw(value)
        # What AIs forbid beyond that, an EPC may have: piece 00, a serial number 0 of a part.
        if flaw and flaw.code not in _RULES_OF_AIS_ONLY:
            raise _bad(uri, f"{flaw.code.expected} in ({ai}) {AIS[ai].title} {value!r}", flaw.code)


_RULES_OF_AIS_ONLY = {
    Code.ILLEGAL_ZERO_PREFIX,
    Code.ZERO_PIECE_NUMBER,
    Code.ZERO_TOTAL_PIECES,
    Code.PIECE_NUMBER_EXCEEDS_TOTAL,
}


def _only_trailing_wildcards(uri: str, fields: tuple[str, ...]) -> bool:
    """Whether a pattern is wildcards only; those after the first must all be wildcards (TDS 8.2)."""
    first = fields.index("*") if "*" in fields else len(fields)
    if any(field != "*" for field in fields[first:]):
        raise _bad(uri, "only wildcards after a wildcard")
    return first == 0


def _check_tail(uri: str, scheme: Scheme, tail: str) -> None:
    if not tail:
        raise _bad(uri, "a serial number, extension or lot as the last component")
    if scheme.name == "cpi" and not _CPI_SERIAL(tail):
        raise _bad(uri, f"a serial number of up to 12 digits without leading zero, got {tail!r}")


def _scheme_for(elements: Sequence[Element], values: dict[str, str]) -> tuple[Scheme, str]:
    for ai, value in elements:
        names = _SCHEMES_BY_AI.get(ai)
        if names is None:
            continue
        for name in names:
            if SCHEMES[name].tail in values:
                return SCHEMES[name], value
        return SCHEMES[names[0]], value
    listed = "".join(f"({ai})" for ai, _ in elements)
    raise ParseError(
        f"EPC of {listed or 'nothing'}: expected a GS1 key that has an EPC scheme", code=Code.BAD_EPC_URI
    )


def _prefix_length(scheme: Scheme, digits: str, given: int | None, table: CompanyPrefixLengths | None) -> int:
    length = given
    if length is None and scheme.indicator and scheme.ai != "00" and digits.startswith("00000"):
        return GTIN_8_PREFIX_DIGITS
    if length is None and table is not None:
        length = table.length_of(digits)
    if length is None:
        raise ParseError(
            f"({scheme.ai}) {digits!r}: the EPC needs the length of the GS1 Company Prefix, 6 to 12",
            code=Code.COMPANY_PREFIX_NEEDED,
            ai=scheme.ai,
        )
    if not 6 <= length <= 12:
        raise ParseError(
            f"GS1 Company Prefix length {length}: expected 6 to 12",
            code=Code.BAD_COMPANY_PREFIX,
            ai=scheme.ai,
        )
    return length


GTIN_8_PREFIX_DIGITS = 8  # five zeros and the three digits of the GS1-8 Prefix (TDS 7.3.1)

_SCHEMES_BY_AI: dict[str, tuple[str, ...]] = {}
for _scheme in SCHEMES.values():
    _SCHEMES_BY_AI[_scheme.ai] = (*_SCHEMES_BY_AI.get(_scheme.ai, ()), _scheme.name)

_TWO_DIGITS = re.compile(r"[0-9]{2}").fullmatch
_DIGITS = re.compile(r"[0-9]+").fullmatch
_CPI_SERIAL = re.compile(r"0|[1-9][0-9]{0,11}").fullmatch
# TDS 5.4 lets these stand as they are; all else that GS1 keys may have is escaped.
_UNRESERVED_OUTSIDE = re.compile(r"[^A-Za-z0-9!'()*+,\-.:;=_]")


def _escape(text: str) -> str:
    return _UNRESERVED_OUTSIDE.sub(lambda found: f"%{ord(found.group()):02X}", text)


def _unescaped(uri: str, text: str) -> str:
    """Undo the escapes of a component; as in a Digital Link, a lone '%' stands for itself."""
    if found := _UNRESERVED_OUTSIDE.search(text.replace("%", "")):
        raise _bad(uri, f"{found.group()!r} to be escaped")
    return unescaped(text)


def _bad(uri: str, expected: str, code: Code = Code.BAD_EPC_URI) -> ParseError:
    return ParseError(f"EPC URI {shown(uri)}: expected {expected}", code=code)
