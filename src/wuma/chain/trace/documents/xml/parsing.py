"""Bytes of XML into small trees, one at a time, whatever the size of the document.

Expat of the standard library reads it. A document type declaration is refused as soon as it declares anything
or refers to anything, so there are no entities to expand and nothing to fetch; what expat does not bound
(depth, attributes, the length of a tag, the size of one tree) is bounded here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final, NamedTuple, NoReturn
from xml.parsers import expat

from wuma.kernel.errors import FieldError, InvalidInput

DEPTH_MAX: Final = 64  # an event is 7 deep in its document, a sensor report 3 deep in it, extensions 24 more
ATTRIBUTES_MAX: Final = 64  # a sensor report has 23
TAG_BYTES_MAX: Final = 1 << 20  # expat looks at an unfinished tag again with each piece that it is fed
PIECE_BYTES: Final = 1 << 16
TREE_ELEMENTS_MAX: Final = 1_000_000  # 200,000 quantities of an event, with 4 elements each
TREE_CHARACTERS_MAX: Final = 1 << 26
SHOWN_CHARACTERS_MAX: Final = 80

EPCIS_NAMESPACES: Final = frozenset(
    f"urn:epcglobal:epcis{part}:xsd:{version}" for part in ("", "-query", "-masterdata") for version in (1, 2)
)
HEADER_NAMESPACE: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
INSTANCE_NAMESPACE: Final = "http://www.w3.org/2001/XMLSchema-instance"


class Name(NamedTuple):
    """The name of an element or attribute; `namespace` is empty for none, `prefix` too."""

    namespace: str
    local: str
    prefix: str

    @property
    def is_own(self) -> bool:
        """Whether EPCIS may have defined it; some documents qualify its elements, though its XSD does not."""
        if self.namespace == HEADER_NAMESPACE:
            return self.local == "StandardBusinessDocumentHeader"
        return not self.namespace or self.namespace in EPCIS_NAMESPACES


class Element:
    """An element with all that is in it. Text after a child is layout, or `is_mixed`."""

    __slots__ = ("attributes", "children", "is_mixed", "line", "name", "own", "text")

    def __init__(self, name: Name, own: str, attributes: dict[str, str], line: int) -> None:
        self.name = name
        self.own = own
        """Its local name if EPCIS may have defined it, else empty."""
        self.attributes = attributes
        """As expat names them: ``namespace local prefix``."""
        self.line = line
        self.text = ""
        self.children: list[Element] = []
        self.is_mixed = False


class XmlFault(InvalidInput):
    """The document is not XML that is read here."""


class Said(Enum):
    """What has been read."""

    START = "an element of the frame begins"
    END = "it ends"
    TREE = "an element in the frame, with all that is in it"


class Told(NamedTuple):
    """What a piece of a document completed."""

    said: Said
    element: Element
    declared: list[tuple[str, str]]
    """The prefixes and namespaces that were declared by it, or in it."""


class Parser:
    """Builds trees below the elements that `is_frame` names, and tells of those elements themselves."""

    def __init__(self, is_frame: Callable[[Element, Element | None], bool]) -> None:
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.namespace_prefixes = True
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._expat.StartNamespaceDeclHandler = self._declare
        self._expat.StartDoctypeDeclHandler = self._doctype
        self._expat.EntityDeclHandler = self._refuse_entity
        self._names: dict[str, Name] = {}
        self._open: list[Element] = []
        self._frame_depth = 0
        """How many of the open elements are of the frame."""
        self._texts: list[str] = []
        self._elements = 0
        self._characters = 0
        self._fed_bytes = 0
        self._told: list[Told] = []
        self._declared: list[tuple[str, str]] = []
        self._is_frame = is_frame

    def feed(self, piece: bytes) -> Iterator[Told]:
        """Take in a piece of the document and tell what it completed."""
        for start in range(0, len(piece), PIECE_BYTES):
            yield from self._parse(piece[start : start + PIECE_BYTES], is_last=False)

    def close(self) -> Iterator[Told]:
        """Say that the document ends here."""
        yield from self._parse(b"", is_last=True)

    def _parse(self, piece: bytes, *, is_last: bool) -> Iterator[Told]:
        try:
            self._expat.Parse(piece, is_last)
        except expat.ExpatError as error:
            where = _at(error.lineno, error.offset + 1)
            raise _fault(where, "well-formed XML", expat.ErrorString(error.code)) from None
        except (LookupError, ValueError) as error:  # an encoding that expat does not read
            fault = _fault(self._here(), "XML in UTF-8, UTF-16 or a one-byte encoding", str(error))
            raise fault from None
        self._fed_bytes += len(piece)
        if self._fed_bytes - max(self._expat.CurrentByteIndex, 0) > TAG_BYTES_MAX:
            raise _fault(self._here(), f"tags and comments of at most {TAG_BYTES_MAX} bytes", "more")
        told, self._told = self._told, []
        yield from told

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        name = self._names.get(raw) or self._name(raw)
        if self._texts:
            self._take_text()
        opened = self._open
        if len(opened) >= DEPTH_MAX:
            self._refuse(f"at most {DEPTH_MAX} levels of elements", "more")
        if len(attributes) > ATTRIBUTES_MAX:
            self._refuse(f"at most {ATTRIBUTES_MAX} attributes", f"{len(attributes)}")
        element = Element(name, name.local if name.is_own else "", attributes, self._expat.CurrentLineNumber)
        if len(opened) == self._frame_depth:
            if self._is_frame(element, opened[-1] if opened else None):
                self._frame_depth += 1
                self._tell(Said.START, element)
            self._elements = self._characters = 0
        else:
            opened[-1].children.append(element)
            self._elements += 1
            if self._elements > TREE_ELEMENTS_MAX:
                self._refuse(f"at most {TREE_ELEMENTS_MAX} elements in one event", "more")
        opened.append(element)

    def _end(self, _raw: str) -> None:
        if self._texts:
            self._take_text()
        element = self._open.pop()
        depth = len(self._open)
        if depth < self._frame_depth:
            self._frame_depth -= 1
            self._tell(Said.END, element)
        elif depth == self._frame_depth:
            self._tell(Said.TREE, element)

    def _tell(self, said: Said, element: Element) -> None:
        declared, self._declared = self._declared, []
        self._told.append(Told(said, element, declared))

    def _text(self, text: str) -> None:
        self._texts.append(text)

    def _take_text(self) -> None:
        """Give the text read so far to the innermost open element."""
        text = self._texts[0] if len(self._texts) == 1 else "".join(self._texts)
        self._texts.clear()
        if not self._open or text.isspace():
            return
        element = self._open[-1]
        self._characters += len(text)
        if self._characters > TREE_CHARACTERS_MAX:
            self._refuse(f"at most {TREE_CHARACTERS_MAX} characters in one event", "more")
        if element.children:
            element.is_mixed = True
        element.text += text

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        if prefix and uri:
            self._declared.append((prefix, uri))
            if len(self._declared) > TREE_ELEMENTS_MAX:
                self._refuse("fewer namespaces", "more")

    def _name(self, raw: str) -> Name:
        if len(self._names) >= 4096:  # a document of ever new names does not fill the memory
            self._names.clear()
        name = self._names[raw] = name_of(raw)
        return name

    def _doctype(self, _name: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:
        """Let a bare ``<!DOCTYPE name>`` pass, which GS1's own examples have: it declares nothing."""
        if system_id is not None or public_id is not None or has_subset:
            self._refuse("no document type definition", "<!DOCTYPE … >")

    def _refuse_entity(self, *_declaration: object) -> None:
        self._refuse("no entities", "<!ENTITY … >")

    def _refuse(self, expected: str, got: str) -> NoReturn:
        raise _fault(self._here(), expected, got)

    def _here(self) -> str:
        return _at(self._expat.CurrentLineNumber, self._expat.CurrentColumnNumber + 1)


def name_of(raw: str) -> Name:
    """Take expat's ``namespace local prefix`` apart.

    >>> name_of("urn:epcglobal:cbv:mda lotNumber cbvmda").local, name_of("epc").local
    ('lotNumber', 'epc')
    """
    match raw.split(" "):
        case [namespace, local, prefix]:
            return Name(namespace, local, prefix)
        case [namespace, local]:
            return Name(namespace, local, "")
        case _:
            return Name("", raw, "")


def shown(text: str) -> str:
    """Cut a text to what a person wants to read of it."""
    text = " ".join(text.split())
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"


def _at(line: int, column: int) -> str:
    return f"line {line}, column {column}"


def _fault(at: str, expected: str, got: str) -> XmlFault:
    return XmlFault("The document cannot be read as XML.", [FieldError(at, expected, shown(got))])
