"""GS1 Digital Link URIs, release 1.6: reading any domain and path stem, checking, writing.

A URI is `stem/key/value[/qualifier/value …][?attribute=value…]`. Keys and qualifiers are found from the
right, because the stem may itself look like anything. What is not an AI (utm_source and its kin) is kept
apart. A URI that reads well is then held to the same rules as any element string.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from wuma_gs1.application_identifiers import (
    AIS,
    PREDEFINED_VALUE_LENGTHS,
    ApplicationIdentifier,
    Element,
)
from wuma_gs1.associations import association_problems
from wuma_gs1.element_strings import bracketed, value_problem
from wuma_gs1.errors import Code, ParseError, Problem, full_width, shown

CANONICAL_STEM = "https://id.gs1.org"
URI_CHARACTERS_MAX = 8192  # longer than any request line a web server accepts
ELEMENTS_MAX = 64  # as GS1's engine; a QR code of version 40 cannot hold more

CONVENIENCE_NAMES = {
    "cpid": "8010", "cpsn": "8011", "cpv": "22", "gcn": "255", "gdti": "253", "giai": "8004",
    "ginc": "401", "gln": "414", "glnx": "254", "gmn": "8013", "grai": "8003", "gsin": "402",
    "gsrn": "8018", "gsrnp": "8017", "gtin": "01", "itip": "8006", "lot": "10", "party": "417",
    "refno": "8020", "ser": "21", "srin": "8019", "sscc": "00",
}  # fmt: skip
"""Names that releases before 1.3 allowed for AIs in the path; read on request, never written."""


@dataclass(frozen=True, slots=True)
class DigitalLink:
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
        check_digits: bool = True,
        associations: bool = True,
    ) -> DigitalLink:
        """Read and check a URI.

        Args:
            uri: the URI; it may have any domain and custom path.
            convenience_names: read `/gtin/…/ser/…`, deprecated since release 1.2.
            short_gtins: read GTINs of 8, 12 and 13 digits and fill them up; releases before 1.3 had them.
            trailing_slash: tolerate one, as resolvers must (GS1-Conformant Resolver 1.0).
            check_digits: refuse wrong ones; a log of what others said must take them as they are.
            associations: also check which AIs must and must not come together.

        Raises:
            ParseError: with every fault found.
        """
        frame = _frame(uri)
        path_text = frame.path.removesuffix("/") if trailing_slash else frame.path
        problems: list[Problem] = []
        reader = _Reader(convenience_names, short_gtins, check_digits, problems)
        stem_path, path = reader.path(path_text, len(frame.origin))
        attributes, parameters = reader.query(frame.query, len(frame.origin) + len(frame.path) + 1)
        problems += _placement_problems(path, attributes)
        if associations and not problems:
            problems += association_problems((*path, *attributes))
        if problems:
            raise ParseError.of(tuple(problems))
        return cls(path, attributes, frame.origin + stem_path, parameters, frame.fragment)

    @classmethod
    def of(
        cls,
        elements: Iterable[Element],
        *,
        stem: str = CANONICAL_STEM,
        unknown_ais: bool = False,
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
            problem for element in given if (problem := value_problem(element, unknown_ais=unknown_ais))
        ]
        if problems:
            raise ParseError.of(tuple(problems))
        path = path_of(given)
        used = {element.ai for element in path}
        attributes = tuple(element for element in given if element.ai not in used)
        if associations:
            problems += association_problems(given)
        problems += _placement_problems(path, attributes)
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
        origin, custom_path = _origin(stem.removesuffix("/") + "/")
        text = (
            origin.upper() + custom_path.removesuffix("/") + self._path_text() + _query_text(self.attributes)
        )
        if found := _NOT_QR_ALPHANUMERIC(text):
            raise ParseError(
                f"{shown(text)}: {found.group()!r} is not in QR alphanumeric mode: 0-9 A-Z $%*+-./:",
                code=Code.NOT_ENCODABLE,
                position=found.start(),
            )
        return text

    def _path_text(self) -> str:
        return "".join([f"/{ai}/{escaped(value)}" for ai, value in self.path])


def escaped(value: str) -> str:
    """Percent-encode a value for the path or query: all but letters, digits and `-._~` (RFC 3986 2.3)."""
    if _RESERVED(value) is None:
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
    return unquote_to_bytes(text).decode("latin-1")


_RESERVED = re.compile(r"[^A-Za-z0-9\-._~]").search
_RESERVED_EACH = re.compile(r"[^A-Za-z0-9\-._~]").sub
_NOT_URI = re.compile(r"[^A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]").search
_NOT_DOMAIN = re.compile(r"[_~?#@!$&'()*+,;=%]").search
_NOT_QR_ALPHANUMERIC = re.compile(r"[^0-9A-Z $%*+\-./:]").search


@dataclass(frozen=True, slots=True)
class _Frame:
    """A URI taken apart: `origin` is scheme and domain, `query` and `fragment` None where absent."""

    origin: str
    path: str
    query: str | None
    fragment: str | None


def _frame(uri: str) -> _Frame:
    if len(uri) > URI_CHARACTERS_MAX:
        raise ParseError(
            f"Digital Link: expected at most {URI_CHARACTERS_MAX} characters, got {len(uri)}",
            code=Code.VALUE_TOO_LONG,
        )
    if found := _NOT_URI(uri):
        wide = full_width(uri)
        raise ParseError(
            f"Digital Link {shown(uri)}: "
            + (f"full-width characters {wide!r}" if wide else f"{found.group()!r} is not allowed in a URI"),
            code=Code.FULL_WIDTH if wide else Code.ILLEGAL_URI_CHARACTER,
            position=found.start(),
        )
    hierarchy, has_fragment, fragment = uri.partition("#")
    before_query, has_query, query = hierarchy.partition("?")
    origin, path = _origin(before_query)
    return _Frame(origin, path, query if has_query else None, fragment if has_fragment else None)


def _origin(uri: str) -> tuple[str, str]:
    """Split scheme and domain off; the scheme may be in any case (RFC 3986 section 3.1)."""
    scheme_end = uri.find("://")
    if uri[:scheme_end].lower() not in {"http", "https"} or scheme_end < 0:
        raise ParseError(
            f"Digital Link {shown(uri)}: expected http:// or https:// at the beginning",
            code=Code.ILLEGAL_SCHEME,
            position=0,
        )
    domain_start = scheme_end + 3
    domain_end = uri.find("/", domain_start)
    if domain_end <= domain_start:
        raise ParseError(
            f"Digital Link {shown(uri)}: expected a domain and a path after the scheme",
            code=Code.MISSING_DOMAIN,
            position=domain_start,
        )
    if found := _NOT_DOMAIN(uri, domain_start, domain_end):
        raise ParseError(
            f"Digital Link {shown(uri)}: {found.group()!r} is not allowed in a domain",
            code=Code.ILLEGAL_DOMAIN_CHARACTER,
            position=found.start(),
        )
    return uri[:domain_end], uri[domain_end:]


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads path and query into elements, noting what is wrong with each."""

    convenience_names: bool
    short_gtins: bool
    check_digits: bool
    problems: list[Problem]

    def path(self, text: str, offset: int) -> tuple[str, tuple[Element, ...]]:
        """Split the path into stem and elements, searching the primary key from the right."""
        segments = text.split("/")  # the first is empty, before the first slash
        start = len(segments) - 2
        while start >= 1:
            spec = self._spec(segments[start])
            if spec is None:
                break
            if spec.path is not None:
                return "/".join(segments[:start]), self._path_elements(segments, start, offset)
            start -= 2
        raise ParseError(
            f"Digital Link path {shown(text)}: expected it to end in a GS1 primary key and its value",
            code=Code.NO_PRIMARY_KEY,
            position=offset,
        )

    def _path_elements(self, segments: Sequence[str], start: int, offset: int) -> tuple[Element, ...]:
        elements: list[Element] = []
        position = offset + len("/".join(segments[:start])) + 1
        for name, text in zip(segments[start::2], segments[start + 1 :: 2], strict=True):
            spec = self._spec(name)
            assert spec is not None, "each AI was looked up on the way to the key"
            position += len(name) + 1
            elements.append(self._element(spec, text, position, query=False))
            position += len(text) + 1
        return tuple(elements)

    def _spec(self, name: str) -> ApplicationIdentifier | None:
        if self.convenience_names:
            name = CONVENIENCE_NAMES.get(name, name)
        return AIS.get(name)

    def query(
        self, text: str | None, offset: int
    ) -> tuple[tuple[Element, ...], tuple[tuple[str, str | None], ...]]:
        """Split the query into elements and foreign parameters."""
        if not text:
            return (), ()
        elements: list[Element] = []
        foreign: list[tuple[str, str | None]] = []
        position = offset
        for part in text.split("&"):
            name, equals, value = part.partition("=")
            if not equals:
                if part:
                    foreign.append((part, None))
            elif not name.isdigit():
                foreign.append((name, value))
            elif (spec := AIS.get(name)) is None:
                message = f"({name}) in the query is no AI: names of digits only are reserved for AIs"
                self.problems.append(Problem(Code.UNKNOWN_NUMERIC_PARAMETER, message, name, position))
            else:
                elements.append(self._element(spec, value, position + len(name) + 1, query=True))
            position += len(part) + 1
        return tuple(elements), tuple(foreign)

    def _element(self, spec: ApplicationIdentifier, text: str, position: int, *, query: bool) -> Element:
        value = unescaped(text, query=query)
        if self.short_gtins and spec.ai == "01" and len(value) in {8, 12, 13}:
            value = value.zfill(14)
        flaw = spec.flaw(value)
        if flaw and (self.check_digits or flaw.code is not Code.INCORRECT_CHECK_DIGIT):
            code = Code.ILLEGAL_NULL if "\0" in value else flaw.code
            # Escapes make the URI longer than the value: point to the value's beginning then.
            at = position + (flaw.start if len(text) == len(value) else 0)
            message = f"AI ({spec.ai}) {spec.title} {shown(value)}: expected {code.expected}"
            self.problems.append(Problem(code, message, spec.ai, at, flaw.end - flaw.start))
        return Element(spec.ai, value)


def _placement_problems(path: Sequence[Element], attributes: Sequence[Element]) -> list[Problem]:
    """Check that the path is a key with its qualifiers in order, and that nothing of it is in the query."""
    problems: list[Problem] = []
    key = path[0].ai
    qualifiers = tuple(element.ai for element in path[1:])
    if qualifiers and not _is_sequence(key, qualifiers):
        ways = " or ".join("/".join(way) for way in AIS[key].path or () if way) or "none"
        message = f"({key}) followed by {'/'.join(qualifiers)}: expected qualifiers {ways}, in this order"
        problems.append(Problem(Code.BAD_QUALIFIERS, message, key))
    if len(path) + len(attributes) > ELEMENTS_MAX:
        problems.append(Problem(Code.TOO_MANY_AIS, f"more than {ELEMENTS_MAX} AIs in one Digital Link"))
    seen = {element.ai for element in path}
    for ai, _ in attributes:
        if ai in seen:
            problems.append(Problem(Code.DUPLICATE_AI, f"AI ({ai}) comes twice", ai))
        elif (spec := AIS.get(ai)) is not None and not spec.attribute:
            message = f"AI ({ai}) {spec.title} cannot be a data attribute of a Digital Link"
            problems.append(Problem(Code.NOT_AN_ATTRIBUTE, message, ai))
        elif _belongs_in_path(key, qualifiers, ai):
            message = f"AI ({ai}) qualifies ({key}): expected it in the path, not in the query"
            problems.append(Problem(Code.BELONGS_IN_PATH, message, ai))
        seen.add(ai)
    return problems


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
    ordered = sorted(attributes, key=lambda element: element.ai[:2] not in PREDEFINED_VALUE_LENGTHS)
    return "?" + "&".join(f"{ai}={escaped(value)}" for ai, value in ordered)
