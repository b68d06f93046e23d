"""GS1 Digital Link URIs, release 1.6: reading any domain and path stem, checking, writing.

A URI is `stem/key/value[/qualifier/value …][?attribute=value…]`. Keys and qualifiers are found from the
right, because the stem may itself look like anything. What is not an AI (utm_source and its kin) is kept
apart. A URI that reads well is then held to the same rules as any element string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from wuma_gs1.application_identifiers import (
    AIS,
    PREDEFINED_VALUE_LENGTHS,
    Element,
)
from wuma_gs1.associations import association_problems
from wuma_gs1.check_characters import has_check_digit
from wuma_gs1.element_strings import bracketed, value_problem
from wuma_gs1.errors import Code, ParseError, Problem, full_width, shown
from wuma_gs1.linters import Flaw

CANONICAL_STEM = "https://id.gs1.org"
URI_CHARACTERS_MAX = 8192  # longer than any request line a web server accepts
SHAPES_CACHED_MAX = 4096  # sets of AIs that come together; a brand uses a dozen
ELEMENTS_MAX = 64  # as GS1's engine; a QR code of version 40 cannot hold more

CONVENIENCE_NAMES = {
    "cpid": "8010", "cpsn": "8011", "cpv": "22", "gcn": "255", "gdti": "253", "giai": "8004",
    "ginc": "401", "gln": "414", "glnx": "254", "gmn": "8013", "grai": "8003", "gsin": "402",
    "gsrn": "8018", "gsrnp": "8017", "gtin": "01", "itip": "8006", "lot": "10", "party": "417",
    "refno": "8020", "ser": "21", "srin": "8019", "sscc": "00",
}  # fmt: skip
"""Names that releases before 1.3 allowed for AIs in the path; read on request, never written."""


class DigitalLink(NamedTuple):
    """A valid GS1 Digital Link URI.

    >>> link = DigitalLink.parse("https://brand.example/p/01/09520123456788/21/12345?17=261231&utm=x")
    >>> link.stem, link.bracketed
    ('https://brand.example/p', '(01)09520123456788(21)12345(17)261231')
    >>> link.canonical
    'https://id.gs1.org/01/09520123456788/21/12345?17=261231'
    """

    path: tuple[Element, ...]
    """The primary key, then its qualifiers in their order."""
    attributes: tuple[Element, ...] = ()
    """AIs of the query string, as they came."""
    stem: str = CANONICAL_STEM
    """Scheme, domain and custom path before the key, without a slash at the end."""
    parameters: tuple[tuple[str, str | None], ...] = ()
    """What else the query string says, undecoded; None where there is no '='."""
    fragment: str | None = None

    @classmethod
    def parse(
        cls,
        uri: str,
        *,
        convenience_names: bool = False,
        short_gtins: bool = False,
        trailing_slash: bool = False,
        contents: bool = True,
        associations: bool = True,
    ) -> DigitalLink:
        """Read and check a URI.

        Args:
            uri: the URI; it may have any domain and custom path.
            convenience_names: read `/gtin/…/ser/…`, deprecated since release 1.2.
            short_gtins: read GTINs of 8, 12 and 13 digits and fill them up; releases before 1.3 had them.
            trailing_slash: tolerate one, as resolvers must (GS1-Conformant Resolver 1.0).
            contents: check what values say, not only their format; a log of what others said takes them
                with wrong check digits and all.
            associations: also check which AIs must and must not come together.

        Raises:
            ParseError: with every fault found.
        """
        if (plain := _plain_trade_item(uri)) is not None:
            return plain
        frame = _FRAME(uri) if len(uri) <= URI_CHARACTERS_MAX else None
        if frame is None:
            raise _not_a_web_uri(uri)
        problems: list[Problem] = []
        read = _Values(problems, short_gtins, contents)
        origin, path_text, query, fragment = frame.groups()
        segments = (path_text.removesuffix("/") if trailing_slash else path_text).split("/")
        key_at = _key_position(segments, uri, convenience_names)
        stem = origin + "/".join(segments[:key_at])
        path = read.path(segments, key_at, len(origin))
        attributes, parameters = read.query(query, uri.index("?") + 1) if query else ((), ())
        shape = tuple([ai for ai, _ in path]), tuple([ai for ai, _ in attributes])
        if len(path) + len(attributes) > ELEMENTS_MAX or not _is_sound(*shape):
            problems += _placement_problems(*shape)
            if associations and not problems:
                problems += association_problems(path + attributes)
        if problems:
            raise ParseError.of(tuple(problems))
        return cls(path, attributes, stem, parameters, fragment)

    @classmethod
    def of(
        cls,
        elements: Iterable[Element],
        *,
        stem: str = CANONICAL_STEM,
        unknown_ais: bool = False,
        contents: bool = True,
        associations: bool = True,
    ) -> DigitalLink:
        """Build a link from element strings in any order; the first that can be is the primary key.

        >>> DigitalLink.of([Element("21", "A/1"), Element("01", "09520123456788")]).uri
        'https://id.gs1.org/01/09520123456788/21/A%2F1'

        Raises:
            ParseError: if no AI is a primary key, a value is bad, or an AI has no place in a link.
        """
        given = tuple(dict.fromkeys(elements))
        problems = [
            problem
            for element in given
            if (problem := value_problem(element, unknown_ais=unknown_ais, contents=contents))
        ]
        if problems:
            raise ParseError.of(tuple(problems))
        path = path_of(given)
        used = {element.ai for element in path}
        attributes = tuple(element for element in given if element.ai not in used)
        if associations:
            problems += association_problems(given)
        problems += _placement_problems(tuple([ai for ai, _ in path]), tuple([ai for ai, _ in attributes]))
        if problems:
            raise ParseError.of(tuple(problems))
        return cls(path, attributes, stem.removesuffix("/"))

    @property
    def key(self) -> Element:
        """The primary key: what kind of thing this is, and which."""
        return self.path[0]

    @property
    def qualifiers(self) -> tuple[Element, ...]:
        """What narrows the key down: variant, lot, serial …"""
        return self.path[1:]

    @property
    def elements(self) -> tuple[Element, ...]:
        """Every AI with its value, path first."""
        return self.path + self.attributes

    @property
    def bracketed(self) -> str:
        """The element string in brackets: `(01)…(21)…`."""
        return bracketed(self.elements)

    @property
    def canonical(self) -> str:
        """The one URI of this thing and its attributes, on id.gs1.org, without foreign parameters.

        Attributes of predefined length come first, then the others, each group as it came.
        """
        return CANONICAL_STEM + self._path_text() + _query_text(self.attributes)

    @property
    def identity(self) -> str:
        """The canonical URI of the thing itself, attributes left out."""
        return CANONICAL_STEM + self._path_text()

    @property
    def uri(self) -> str:
        """This link on its own stem, with its foreign parameters and fragment."""
        query = _query_text(self.attributes)
        for name, value in self.parameters:
            query += ("&" if query else "?") + (name if value is None else f"{name}={value}")
        return self.stem + self._path_text() + query + ("" if self.fragment is None else f"#{self.fragment}")

    def on(self, stem: str) -> str:
        """Write this link on another domain and custom path.

        >>> DigitalLink.parse("https://id.gs1.org/01/09520123456788").on("https://fsxd.example/c/")
        'https://fsxd.example/c/01/09520123456788'
        """
        return stem.removesuffix("/") + self._path_text() + _query_text(self.attributes)

    def qr_alphanumeric(self, stem: str) -> str:
        """Write this link for the alphanumeric mode of QR codes: 45 instead of 80 bits for ten characters.

        Scheme and domain may be in capitals (RFC 3986 section 3); the path may not be changed, so the
        stem must have no custom path in small letters, and the values no small letter.

        >>> DigitalLink.parse("https://id.gs1.org/01/09520123456788/21/A1").qr_alphanumeric(
        ...     "https://example.cn"
        ... )
        'HTTPS://EXAMPLE.CN/01/09520123456788/21/A1'

        Raises:
            ParseError: if the link has attributes or a character that the mode lacks.
        """
        uri = self.on(stem)
        frame = _FRAME(uri)
        if frame is None:
            raise _not_a_web_uri(uri)
        text = frame[1].upper() + uri[frame.end(1) :]
        if found := _NOT_QR_ALPHANUMERIC(text):
            raise ParseError(
                f"{shown(text)}: {found.group()!r} is not in QR alphanumeric mode: 0-9 A-Z $%*+-./:",
                code=Code.NOT_ENCODABLE,
                position=found.start(),
            )
        return text

    def _path_text(self) -> str:
        segments = [segment for element in self.path for segment in element]
        if (text := "".join(segments)).isalnum() and text.isascii():
            return f"/{'/'.join(segments)}"
        return "".join([f"/{ai}/{escaped(value)}" for ai, value in self.path])


def escaped(value: str) -> str:
    """Percent-encode a value for the path or query: all but letters, digits and `-._~` (RFC 3986 2.3)."""
    if value.isalnum() and value.isascii():  # nearly every value there is
        return value
    return _RESERVED_EACH(lambda found: f"%{ord(found.group()):02X}", value)


def unescaped(text: str, *, query: bool = False) -> str:
    """Undo percent-encoding; a lone '%' stands for itself, in a query '+' is a space.

    Bytes become the characters of the same number: GS1's character sets are ASCII, and whatever else a
    URI hides must come out as one wrong character, not vanish.
    """
    if query and "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    return _ESCAPE_EACH(lambda found: chr(int(found[1], 16)), text)


_ESCAPE_EACH = re.compile(r"%([0-9A-Fa-f]{2})").sub
_RESERVED_EACH = re.compile(r"[^A-Za-z0-9\-._~]").sub
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]").search
_NOT_DOMAIN = re.compile(r"[^A-Za-z0-9\-.:\[\]]").search
_FRAME = re.compile(
    r"((?i:https?)://[A-Za-z0-9\-.:\[\]]+)"  # scheme and domain
    r"(/[A-Za-z0-9\-._~:/\[\]@!$&'()*+,;=%]*)"  # path
    r"(?:\?([A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*))?"  # query
    r"(?:\#([A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*))?"  # fragment
).fullmatch
# The values of 22, 10 and 21 as they stand: of character set 82, nothing escaped, at most 20 characters.
_PLAIN_TRADE_ITEM = re.compile(
    r"((?i:https?)://[A-Za-z0-9\-.:\[\]]+(?:/[A-Za-z0-9\-._~]+){0,8}?)/01/([0-9]{14})"
    r"(?:/22/([A-Za-z0-9\-._]{1,20}))?(?:/10/([A-Za-z0-9\-._]{1,20}))?(?:/21/([A-Za-z0-9\-._]{1,20}))?"
    r"(?:\?([A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]{0,2000}))?"
).fullmatch
_NOT_QR_ALPHANUMERIC = re.compile(r"[^0-9A-Z $%*+\-./:]").search


def _plain_trade_item(uri: str) -> DigitalLink | None:
    """Read a GTIN with qualifiers and attributes that need no decoding, which nearly every scan is.

    None if anything is out of the ordinary, or wrong: the general way then says what.
    """
    found = _PLAIN_TRADE_ITEM(uri) if len(uri) <= URI_CHARACTERS_MAX else None
    if found is None:
        return None
    stem, gtin, variant, lot, serial, query = found.groups()
    if not has_check_digit(gtin):
        return None
    path = [_new(Element, ("01", gtin))]
    if variant is not None:
        path.append(_new(Element, ("22", variant)))
    if lot is not None:
        path.append(_new(Element, ("10", lot)))
    if serial is not None:
        path.append(_new(Element, ("21", serial)))
    if query is None:
        return _new(DigitalLink, (tuple(path), (), stem, (), None))
    attributes: list[Element] = []
    foreign: list[tuple[str, str | None]] = []
    for part in query.split("&"):
        ai, equals, value = part.partition("=")
        spec = AIS.get(ai)
        if spec is None:
            if not equals or ai.isdigit():
                return None
            foreign.append((ai, value))
        elif "%" in value or "+" in value or spec.flaw(value) is not None:
            return None
        else:
            attributes.append(_new(Element, (ai, value)))
    if len(path) + len(attributes) > ELEMENTS_MAX or not _is_sound(
        tuple([ai for ai, _ in path]), tuple([ai for ai, _ in attributes])
    ):
        return None
    return _new(DigitalLink, (tuple(path), tuple(attributes), stem, tuple(foreign), None))


_new = tuple.__new__  # what Element(ai, value) comes to, at a third of its price


def _not_a_web_uri(uri: str) -> ParseError:
    """Say why a text is not even http(s)://domain/path."""
    if len(uri) > URI_CHARACTERS_MAX:
        message = f"expected at most {URI_CHARACTERS_MAX} characters, got {len(uri)}"
        return _frame_refusal(uri, Code.VALUE_TOO_LONG, message, URI_CHARACTERS_MAX)
    if found := _NOT_URI(uri):
        if wide := full_width(uri):
            return _frame_refusal(uri, Code.FULL_WIDTH, f"full-width characters {wide!r}", found.start())
        message = f"{found.group()!r} is not allowed in a URI"
        return _frame_refusal(uri, Code.ILLEGAL_URI_CHARACTER, message, found.start())
    scheme = uri.find("://")
    if uri[: max(scheme, 0)].lower() not in {"http", "https"}:
        return _frame_refusal(uri, Code.ILLEGAL_SCHEME, "expected http:// or https:// at the beginning", 0)
    domain_end = uri.find("/", scheme + 3)
    if domain_end <= scheme + 3:
        return _frame_refusal(uri, Code.MISSING_DOMAIN, "expected a domain and a path", scheme + 3)
    bad = _NOT_DOMAIN(uri, scheme + 3)
    assert bad is not None, "there is nothing else to go wrong"
    message = f"{bad.group()!r} is not allowed in a domain"
    return _frame_refusal(uri, Code.ILLEGAL_DOMAIN_CHARACTER, message, bad.start())


def _frame_refusal(uri: str, code: Code, message: str, position: int) -> ParseError:
    return ParseError(f"Digital Link {shown(uri)}: {message}", code=code, position=position)


def _key_position(segments: list[str], uri: str, convenience_names: bool) -> int:
    """Find the primary key among the segments of the path, AI and value in turns, from the right.

    Convenience names on the way become AIs, in place.
    """
    at = len(segments) - 2
    while at > 0:
        if convenience_names:
            segments[at] = CONVENIENCE_NAMES.get(segments[at], segments[at])
        spec = AIS.get(segments[at])
        if spec is None:
            break
        if spec.path is not None:
            return at
        at -= 2
    raise _frame_refusal(
        uri, Code.NO_PRIMARY_KEY, "expected the path to end in a GS1 primary key and its value", 0
    )


class _Values(NamedTuple):
    """Reads values of path and query into elements, noting what is wrong with each."""

    problems: list[Problem]
    short_gtins: bool
    contents: bool

    def path(self, segments: list[str], key_at: int, origin_length: int) -> tuple[Element, ...]:
        """Read the path from the key on."""
        elements: list[Element] = []
        for at in range(key_at, len(segments), 2):
            ai, text = segments[at], segments[at + 1]
            value = unescaped(text) if "%" in text else text
            if self.short_gtins and ai == "01" and len(value) in SHORT_GTIN_LENGTHS:
                value = value.zfill(14)
            if (flaw := AIS[ai].flaw(value, contents=self.contents)) is not None:
                position = origin_length + len("/".join(segments[: at + 1])) + 1
                self._note(ai, flaw, value, text, position)
            elements.append(Element(ai, value))
        return tuple(elements)

    def query(
        self, query: str, position: int
    ) -> tuple[tuple[Element, ...], tuple[tuple[str, str | None], ...]]:
        """Split the query, which begins at a position of the URI, into elements and foreign parameters."""
        elements: list[Element] = []
        foreign: list[tuple[str, str | None]] = []
        for part in query.split("&"):
            name, equals, text = part.partition("=")
            if not equals:
                if part:
                    foreign.append((part, None))
            elif not name.isdigit():
                foreign.append((name, text))
            elif (spec := AIS.get(name)) is None:
                message = f"({name}) in the query is no AI: names of digits only are reserved for AIs"
                self.problems.append(Problem(Code.UNKNOWN_NUMERIC_PARAMETER, message, name, position))
            else:
                value = unescaped(text, query=True)
                if self.short_gtins and name == "01" and len(value) in SHORT_GTIN_LENGTHS:
                    value = value.zfill(14)
                if (flaw := spec.flaw(value, contents=self.contents)) is not None:
                    self._note(name, flaw, value, text, position + len(name) + 1)
                elements.append(Element(name, value))
            position += len(part) + 1
        return tuple(elements), tuple(foreign)

    def _note(self, ai: str, flaw: Flaw, value: str, text: str, position: int) -> None:
        code = Code.ILLEGAL_NULL if "\0" in value else flaw.code
        # Escapes make the URI longer than the value: point to the value's beginning then.
        at = position + (flaw.start if len(text) == len(value) else 0)
        message = f"AI ({ai}) {AIS[ai].title} {shown(value)}: expected {code.expected}"
        self.problems.append(Problem(code, message, ai, at, flaw.end - flaw.start))


SHORT_GTIN_LENGTHS = {8, 12, 13}


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def _is_sound(path: tuple[str, ...], attributes: tuple[str, ...]) -> bool:
    """Whether all AIs are in their place and in good company, whatever their values are.

    A brand's links have a handful of shapes, so this is looked up, not done. No more than yes or no is kept
    for a shape, and none of unbounded length, lest strangers fill the memory with faults. Only the digital
    signature has a rule about values.
    """
    ais = path + attributes
    return (
        "8030" not in ais
        and not _placement_problems(path, attributes)
        and not association_problems([Element(ai, "") for ai in ais])
    )


def _placement_problems(path: tuple[str, ...], attributes: tuple[str, ...]) -> tuple[Problem, ...]:
    """Check that the path is a key with its qualifiers in order, and that nothing of it is in the query."""
    problems: list[Problem] = []
    key, *rest = path
    qualifiers = tuple(rest)
    if qualifiers and not _is_sequence(key, qualifiers):
        ways = " or ".join("/".join(way) for way in AIS[key].path or () if way) or "none"
        message = f"({key}) followed by {'/'.join(qualifiers)}: expected qualifiers {ways}, in this order"
        problems.append(Problem(Code.BAD_QUALIFIERS, message, key))
    if len(path) + len(attributes) > ELEMENTS_MAX:
        problems.append(Problem(Code.TOO_MANY_AIS, f"more than {ELEMENTS_MAX} AIs in one Digital Link"))
    seen = set(path)
    for ai in attributes:
        if ai in seen:
            problems.append(Problem(Code.DUPLICATE_AI, f"AI ({ai}) comes twice", ai))
        elif (spec := AIS.get(ai)) is not None and not spec.attribute:
            message = f"AI ({ai}) {spec.title} cannot be a data attribute of a Digital Link"
            problems.append(Problem(Code.NOT_AN_ATTRIBUTE, message, ai))
        elif _belongs_in_path(key, qualifiers, ai):
            message = f"AI ({ai}) qualifies ({key}): expected it in the path, not in the query"
            problems.append(Problem(Code.BELONGS_IN_PATH, message, ai))
        seen.add(ai)
    return tuple(problems)


def _is_sequence(key: str, qualifiers: Sequence[str]) -> bool:
    """Whether qualifiers are some of those of a key, in their order, none twice."""
    for way in AIS[key].path or ():
        remaining = iter(way)
        if all(qualifier in remaining for qualifier in qualifiers):
            return True
    return False


def _belongs_in_path(key: str, qualifiers: tuple[str, ...], ai: str) -> bool:
    return any(
        ai in way and _is_sequence(key, (*qualifiers[:at], ai, *qualifiers[at:]))
        for way in AIS[key].path or ()
        for at in range(len(qualifiers) + 1)
    )


def path_of(elements: Sequence[Element]) -> tuple[Element, ...]:
    """Choose the first primary key and, among its ways, the one that takes up most qualifiers.

    >>> path_of([Element("17", "260131"), Element("21", "A"), Element("01", "06901234567892")])
    (Element(ai='01', value='06901234567892'), Element(ai='21', value='A'))

    Raises:
        ParseError: if none of the AIs is a primary key.
    """
    present: dict[str, Element] = {}
    for element in elements:
        present.setdefault(element.ai, element)
    for element in elements:
        spec = AIS.get(element.ai)
        if spec is not None and spec.path is not None:
            qualifiers = max(([present[ai] for ai in way if ai in present] for way in spec.path), key=len)
            return (element, *qualifiers)
    listed = "".join(f"({ai})" for ai, _ in elements)
    raise ParseError(
        f"Digital Link of {listed or 'nothing'}: expected an AI that is a primary key, such as (01) or (00)",
        code=Code.NO_PRIMARY_KEY,
    )


def _query_text(attributes: Sequence[Element]) -> str:
    if not attributes:
        return ""
    fixed: list[str] = []
    others: list[str] = []
    for ai, value in attributes:
        (fixed if ai[:2] in PREDEFINED_VALUE_LENGTHS else others).append(f"{ai}={escaped(value)}")
    return "?" + "&".join(fixed + others)
