"""Reads EPCIS events out of documents, XML and JSON, into one shape that both syntaxes share.

The shape is the XML one, cleared of what is only syntax: names without the EPCIS namespace, user
extensions as `{namespace}name`, attributes beside elements, no `<extension>` wrappers, compact URIs
written out. JSON has shorter lists (`epcList` holds strings, not `epc` elements); they get back here
what they lost. Events are read, not validated: that is for the schemas.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import NamedTuple, NoReturn, TypeAlias
from xml.parsers import expat

from wuma_gs1.errors import ParseError, shown

Prefixes: TypeAlias = Mapping[str, str]
Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


class Node(NamedTuple):
    """One field: its name, its value, and what is inside it. An event is a field named for its type."""

    name: str
    text: str
    children: list[Node]


class Events(NamedTuple):
    """The events of a document, in order, and the extension fields that it says to leave out of hashes."""

    events: list[Node]
    ignored: frozenset[str]


def read_document(document: bytes | str) -> Events:
    """Read an EPCIS document, a query result, a list of events or a single one, XML or JSON.

    >>> [event], _ = read_document(
    ...     '{"epcList": ["urn:epc:id:sgtin:6901234.056789.1"], "type": "ObjectEvent"}'
    ... )
    >>> event.name, event.children[0].name, event.children[0].children
    ('ObjectEvent', 'epcList', [Node(name='epc', text='urn:epc:id:sgtin:6901234.056789.1', children=[])])

    Raises:
        ParseError: if it is neither well-formed XML nor JSON, declares an XML entity, is nested deeper
            than `DEPTH_MAX`, or has no events in it.
    """
    if isinstance(document, str):
        document = document.encode(errors="surrogatepass")
    if document.lstrip(_BLANKS).startswith(b"<"):
        return _read_xml(document)
    return _read_json(document)


def event_of_json(event: Mapping[str, Json], prefixes: Prefixes | None = None) -> Node:
    """Bring one JSON event into the common shape.

    Args:
        event: the event as parsed JSON.
        prefixes: what the `@context` of the document around it declares, prefix to namespace.

    Raises:
        ParseError: if it has no type, or is nested deeper than `DEPTH_MAX`.
    """
    kind = event.get("type")
    if not isinstance(kind, str):
        raise ParseError(f"JSON event of {shown(', '.join(event))}: expected a text as its 'type'")
    return Node(kind.rpartition(":")[2], "", list(_fields(event, prefixes or {}, 0)))


def prefixes_of(context: object) -> dict[str, str]:
    """Collect the prefixes that a JSON-LD `@context` declares itself; contexts by address are not fetched.

    >>> prefixes_of(["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", {"ex": "https://ex.cn/"}])
    {'ex': 'https://ex.cn/'}
    >>> prefixes_of({"ex": {"@id": "https://ex.cn/", "@prefix": True}, "line": "ex:line/"})
    {'ex': 'https://ex.cn/', 'line': 'https://ex.cn/line/'}
    """
    found: dict[str, str] = {}
    for entry in context if isinstance(context, list) else [context]:
        for prefix, uri in entry.items() if isinstance(entry, dict) else ():
            uri = uri.get("@id") if isinstance(uri, dict) else uri
            if isinstance(uri, str) and not prefix.startswith("@"):
                found[prefix] = uri
    return {prefix: _meaning(uri, found) for prefix, uri in found.items()}


def _meaning(uri: str, prefixes: Prefixes) -> str:
    """Write out what a prefix stands for, where it is said with another prefix (JSON-LD 1.1, section 4.3)."""
    for _ in range(_CHAIN_MAX):
        prefix, colon, rest = uri.partition(":")
        namespace = prefixes.get(prefix)
        if not colon or namespace is None or rest.startswith("//") or namespace == uri:
            break
        uri = namespace + rest
    return uri


# --- XML


def _read_xml(document: bytes) -> Events:
    reader = _XmlReader()
    try:
        reader.parser.Parse(document, True)
    except expat.ExpatError as error:
        raise ParseError(
            f"XML document: {expat.ErrorString(error.code)}, line {error.lineno}, column {error.offset}"
        ) from None
    except ParseError:
        raise
    except (LookupError, ValueError) as error:  # its declaration names an encoding that expat does not read
        raise ParseError(f"XML document: {error}") from None
    root = reader.root.children[0]
    if root.name in EVENT_TYPES:
        return Events([root], frozenset())
    frame = list(_frame(root))
    event_lists = [node for node in frame if node.name == "EventList"]
    if not event_lists:
        raise ParseError(f"XML document <{root.name}>: expected an EventList in it")
    return Events(
        [event for event_list in event_lists for event in event_list.children],
        frozenset(
            field.name for node in frame if node.name.endswith("}ignoreFields") for field in node.children
        ),
    )


def _frame(node: Node) -> Iterator[Node]:
    """Give what a document has around its events."""
    yield node
    if node.name != "EventList":
        for child in node.children:
            yield from _frame(child)


class _XmlReader:
    """Builds nodes from expat's calls. Text after a child element is layout, and dropped."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartNamespaceDeclHandler = self._declare
        self.parser.EndNamespaceDeclHandler = self._undeclare
        self.parser.EntityDeclHandler = self._refuse_entity
        self.root = Node("", "", [])
        self._open: list[tuple[Node, list[str | None]]] = [(self.root, [])]
        self._prefixes = dict(PREFIXES)
        self._shadowed: list[str] = []  # what prefixes meant outside; expat closes them in reverse order

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) > DEPTH_MAX:
            raise _too_deep("XML")
        name = _plain(name)
        parent, texts = self._open[-1]
        texts.append(None)
        if name in _WRAPPERS and parent is not self.root:
            self._open.append((parent, []))
            return
        node = Node(name, "", [])
        for attribute, value in attributes.items():
            attribute = _plain(attribute)
            if attribute.startswith(_SCHEMA_INSTANCE) or (
                name in EVENT_TYPES and attribute in _DOCUMENT_ATTRIBUTES
            ):
                continue
            node.children.append(Node(attribute, _full_uri(value.strip(), self._prefixes), []))
        self._open.append((node, []))

    def _end(self, _name: str) -> None:
        node, texts = self._open.pop()
        parent, _ = self._open[-1]
        if node is not parent:
            text = "".join(takewhile(lambda piece: piece is not None, texts))  # type: ignore[arg-type]
            parent.children.append(node._replace(text=_full_uri(text.strip(), self._prefixes)))

    def _text(self, text: str) -> None:
        self._open[-1][1].append(text)

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        """Remember a prefix for compact URIs in values, as long as its element is open."""
        if prefix and prefix not in PREFIXES:
            self._shadowed.append(self._prefixes.get(prefix, ""))
            self._prefixes[prefix] = uri or ""

    def _undeclare(self, prefix: str | None) -> None:
        """Go back to what a prefix meant outside the element that has just been closed."""
        if prefix and prefix not in PREFIXES:
            self._prefixes[prefix] = self._shadowed.pop()

    def _refuse_entity(self, name: str, *_declaration: object) -> None:
        raise ParseError(f"XML document: expected no entity declarations, got {shown(name)}")


def _plain(name: str) -> str:
    """Write an expat name (`namespace local`) as EPCIS fields are named."""
    namespace, space, local = name.rpartition(" ")
    if not space or namespace.startswith(_EPCIS_NAMESPACE):
        return local
    return _qualified(namespace, local)


def _qualified(namespace: str, local: str) -> str:
    """Name an extension field; JSON-LD needs a colon after the URN of CBV's master data, XML has none."""
    if namespace == "urn:epcglobal:cbv:mda:":
        namespace = "urn:epcglobal:cbv:mda"
    return f"{{{namespace}}}{local}"


# --- JSON


def _read_json(document: bytes) -> Events:
    try:
        content: Json = json.loads(document, parse_float=str, parse_int=str, parse_constant=_refuse_constant)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ParseError(f"JSON document: {error}") from None
    except RecursionError:
        raise _too_deep("JSON") from None
    prefixes: Prefixes = {}
    ignored: frozenset[str] = frozenset()
    if isinstance(content, dict):
        prefixes = prefixes_of(content.get("@context"))
        ignored = _ignored(content, prefixes)
    events = [event_of_json(event, prefixes) for event in _events(content) if isinstance(event, dict)]
    if not events:
        raise ParseError(
            f"JSON document {shown(document[:200].decode(errors='replace'))}: expected events in it"
        )
    return Events(events, ignored)


def _events(content: Json) -> list[Json]:
    """Find the events: the document may be one, be a list of them, or carry them in its body."""
    if isinstance(content, list):
        return content
    if not isinstance(content, dict):
        return []
    if "epcisBody" not in content:
        return [content] if "type" in content else []
    body = content["epcisBody"]
    for step in ("queryResults", "resultsBody"):
        if isinstance(body, dict) and step in body:
            body = body[step]
    if not isinstance(body, dict):
        return []
    events = body.get("eventList", body.get("event"))
    return events if isinstance(events, list) else [events]


def _ignored(document: Mapping[str, Json], prefixes: Prefixes) -> frozenset[str]:
    """Find the names that an `ignoreFields` extension of the document lists."""
    return frozenset(
        _full_name(field, prefixes)
        for name, fields in document.items()
        if name.endswith(":ignoreFields") and isinstance(fields, list | dict)
        for field in fields
        if isinstance(field, str)
    )


def _fields(content: Mapping[str, Json], prefixes: Prefixes, depth: int) -> Iterator[Node]:
    """Give the fields of a JSON object."""
    if depth >= DEPTH_MAX:
        raise _too_deep("JSON")
    own = prefixes_of(content.get("@context"))
    own |= {
        key.removeprefix("@xmlns:"): uri
        for key, uri in content.items()
        if key.startswith("@xmlns:") and isinstance(uri, str)
    }
    if own:
        prefixes = {**prefixes, **own}
    for key, value in content.items():
        if key in _NO_FIELDS or key.startswith("@xmlns"):
            continue
        if key.startswith("@") and key not in _KEYWORDS:
            key = key[1:]  # an attribute in XML, which its hash does not tell from an element
        if key in _ENTRIES:
            entries = list(_entries(_ENTRIES[key], value, prefixes, depth + 1))
            if entries:
                yield Node(key, "", entries)
        else:
            yield from _field(_full_name(key, prefixes), value, prefixes, depth + 1)


def _field(name: str, value: Json, prefixes: Prefixes, depth: int) -> Iterator[Node]:
    """Give a field, once for each entry if its value is a list."""
    if depth >= DEPTH_MAX:
        raise _too_deep("JSON")
    if isinstance(value, list):
        for entry in value:
            yield from _field(name, entry, prefixes, depth + 1)
    elif isinstance(value, dict):
        text = _text(value.get("#text"), prefixes)
        yield Node(name, text, list(_fields(value, prefixes, depth)))
    else:
        yield Node(name, _text(value, prefixes), [])


def _entries(name: str, value: Json, prefixes: Prefixes, depth: int) -> Iterator[Node]:
    """Give the entries of a list as the elements that XML has and JSON leaves out."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict) and name in entry:  # a business transaction, a source or a destination
            rest = {key: inner for key, inner in entry.items() if key != name}
            yield Node(name, _text(entry[name], prefixes), list(_fields(rest, prefixes, depth)))
        else:
            yield from _field(name, entry, prefixes, depth)


def _text(value: Json, prefixes: Prefixes) -> str:
    """Write a JSON value as XML Schema does."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):  # where XML has text only: there is no one way to write it
        kind = "a list" if isinstance(value, list) else "an object"
        raise ParseError(f"JSON document: expected a text, a number or a boolean, got {kind}")
    try:
        return _full_uri(str(value).strip(), prefixes)
    except ValueError:  # Python itself refuses to write integers of thousands of digits
        raise ParseError("JSON document: expected a number of at most 4,300 digits") from None


def _full_name(key: str, prefixes: Prefixes) -> str:
    prefix, colon, local = key.partition(":")
    if not colon:
        return key
    if namespace := prefixes.get(prefix) or PREFIXES.get(prefix):
        return _qualified(namespace, local)
    if found := _NAMESPACE(key):  # the whole address as the name
        return _qualified(found[1], found[2])
    return key


def _full_uri(text: str, prefixes: Prefixes) -> str:
    """Write a compact URI out (CBV 2.0 section 8.9, expansion of CURIEs); leave everything else alone."""
    prefix, colon, rest = text.partition(":")
    if not colon or rest.startswith("//"):
        return text
    namespace = PREFIXES.get(prefix) or prefixes.get(prefix)
    return namespace + rest if namespace and rest else text


def _refuse_constant(name: str) -> NoReturn:
    raise ParseError(f"JSON document: expected a number, got {name}")


def _too_deep(syntax: str) -> ParseError:
    return ParseError(f"{syntax} document: expected at most {DEPTH_MAX} levels of nesting")


EVENT_TYPES = frozenset(
    {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
)
DEPTH_MAX = (
    64  # an event is 8 deep in its document and a sensor report 4 deep in it; the rest is for extensions
)
PREFIXES: Prefixes = {
    "gs1": "https://gs1.org/voc/",
    "cbv": "https://ref.gs1.org/cbv/",
    "epcis": "https://ref.gs1.org/epcis/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
}
"""What the JSON-LD context of EPCIS 2.0 declares, and every XML document uses likewise."""

_EPCIS_NAMESPACE = "urn:epcglobal:epcis"
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_DOCUMENT_ATTRIBUTES = {"schemaVersion", "creationDate"}  # on an event that is a document by itself
_WRAPPERS = {"extension", "baseExtension"}  # EPCIS 1.x put what was new into these
_ENTRIES = {
    "epcList": "epc",
    "childEPCs": "epc",
    "inputEPCList": "epc",
    "outputEPCList": "epc",
    "quantityList": "quantityElement",
    "childQuantityList": "quantityElement",
    "inputQuantityList": "quantityElement",
    "outputQuantityList": "quantityElement",
    "bizTransactionList": "bizTransaction",
    "sourceList": "source",
    "destinationList": "destination",
    "sensorElementList": "sensorElement",
}
_CHAIN_MAX = 8  # prefixes of prefixes; whoever says them in a circle gets no further
_KEYWORDS = {"@id", "@type", "@value", "@language", "@list", "@set", "@graph", "@index", "@reverse", "@json"}
_NO_FIELDS = {"@context", "#text", "comment", "rdfs:comment"}
_BLANKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
_NAMESPACE = re.compile(r"((?:https?://|urn:).*[/#:])([^/#:]+)").fullmatch
