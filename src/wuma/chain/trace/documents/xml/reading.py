"""XML documents into the events that JSON documents hold: as strict as the XSD, and then as JSON is read.

One event is in memory at a time. What an event says in XML and cannot say in JSON is refused, not dropped:
text among elements, attributes and elements without a namespace.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from wuma.chain.trace.documents.json_ld import (
    EVENTS_MAX,
    FAULTS_NAMED_MAX,
    FAULTS_OF_EVENT_MAX,
    NESTING_MAX,
    ReadDocument,
    ReadEvent,
    RefusedEvent,
    read_fields,
)
from wuma.chain.trace.documents.uris import is_uri
from wuma.chain.trace.documents.xml.models import EVENTS, MODELS_1, MODELS_2, ROOTS, Model, Particle
from wuma.chain.trace.documents.xml.naming import Prefixes
from wuma.chain.trace.documents.xml.parsing import (
    EPCIS_NAMESPACES,
    INSTANCE_NAMESPACE,
    Element,
    Parser,
    Said,
    Told,
    XmlFault,
    name_of,
    shown,
)
from wuma.chain.trace.vocabulary import bare_word
from wuma.kernel.errors import FieldError, InvalidInput
from wuma_gs1.cbv import (
    MEASUREMENT_TYPES,
    SENSOR_ALERTS,
    BizStep,
    BusinessTransactionType,
    Disposition,
    ErrorReason,
    SensorComponent,
    SourceDestinationType,
)


def read_xml_document(body: bytes, *, proceed: bool = False) -> ReadDocument:
    """Read an EPCIS document, an EPCIS query document, or one event, in XML.

    Args:
        body: XML of EPCIS 2.0, or of 1.0 to 1.2.
        proceed: read what is valid, and keep apart what is not, instead of refusing the whole.

    Raises:
        InvalidInput: with every fault, by the path of its element and its line.
    """
    reader = XmlReader()
    events: list[ReadEvent] = []
    refused: list[RefusedEvent] = []
    for one in (*reader.feed(body), *reader.close()):
        if isinstance(one, ReadEvent):
            events.append(one)
        else:
            refused.append(one)
    faults = [fault for one in refused for fault in one.faults]
    if reader.faults or (refused and not proceed):
        faults = [*reader.faults, *faults]
        raise InvalidInput(f"{len(faults)} fault(s) in the document.", faults[:FAULTS_NAMED_MAX])
    return ReadDocument(reader.context, events, refused, reader.header)


@dataclass(slots=True)
class _Frame:
    """An open element around the events, and how far its content has come."""

    element: Element
    model: Model
    path: str
    place: _Place = field(default_factory=lambda: _Place())
    seen: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class _Place:
    """Where in a model one is."""

    index: int = 0
    count: int = 0
    is_past: bool = False
    """Whether elements of other namespaces have begun."""


class XmlReader:
    """Reads a document piece by piece, and gives each event as soon as it is whole."""

    def __init__(self, *, events_max: int = EVENTS_MAX) -> None:
        self.faults: list[FieldError] = []
        """What is wrong around the events."""
        self.header: dict[str, Any] = {}
        """What the header says, as a JSON document says it: sender, receiver, master data."""
        self.created_at = "1970-01-01T00:00:00Z"
        """When the document was made, as it says; the beginning of time if it does not."""
        self._parser = Parser(self._is_frame)
        self._frames: list[_Frame] = []
        self._models = MODELS_2
        self._prefixes = Prefixes()
        self._events_max = events_max
        self._event_count = 0
        self._declared: list[tuple[str, str]] = []
        self._wrong: list[tuple[Element, str, str, str]] = []
        """What is wrong in the tree being read: element, attribute, what is expected, what came."""
        self._kinds: dict[str, Callable[[Element], Any]] = {
            "text": self._text,
            "instant": self._text,
            "instant1": self._text,
            "uri": self._text,
            "epc": self._text,
            "action": self._action,
            "step": lambda one: bare_word(self._text(one), BizStep),
            "disposition": lambda one: bare_word(self._text(one), Disposition),
            "reason": lambda one: bare_word(self._text(one), ErrorReason),
            "decimal": self._decimal,
            "int": self._decimal,
            "EPCs": self._list,
            "Quantities": self._list,
            "Transactions": self._list,
            "Sources": self._list,
            "Destinations": self._list,
            "CorrectiveEventIDs": self._list,
            "SensorElements": self._list,
            "VocabularyList": self._list,
            "VocabularyElements": self._list,
            "Ids": self._list,
            "Quantity": self._quantity,
            "Place": lambda one: self._object(one, "Place"),
            "Ilmd": lambda one: self._object(one, "Ilmd", takes_attributes=True),
            "ErrorDeclaration": lambda one: self._object(one, "ErrorDeclaration", takes_attributes=True),
            "PersistentDisposition": self._persistent_disposition,
            "SensorElement": self._sensor_element,
            "SensorMetadata": lambda one: self._sensor_attributes(one, {}),
            "SensorReport": lambda one: self._sensor_attributes(one, _REPORT_KINDS),
            "Typed": self._typed,
            "Vocabulary": self._vocabulary,
            "VocabularyElement": self._vocabulary_element,
            "Attribute": self._vocabulary_attribute,
            "id": self._id,
            "MasterData": lambda one: self._object(one, "MasterData"),
        }

    @property
    def context(self) -> list[str | dict[str, str]]:
        """What gives extension fields their meaning; whole once the root has been read."""
        return self._prefixes.context()

    @property
    def version(self) -> str:
        """The version of EPCIS that the document is written in, as far as its namespaces tell."""
        return "2.0" if self._models is MODELS_2 else "1.2"

    def feed(self, piece: bytes) -> Iterator[ReadEvent | RefusedEvent]:
        """Take in a piece of the document, and give the events that it completed."""
        for told in self._parser.feed(piece):
            yield from self._take(told)

    def close(self) -> Iterator[ReadEvent | RefusedEvent]:
        """Say that the document ends here."""
        for told in self._parser.close():
            yield from self._take(told)

    # -- around the events ----------------------------------------------------------------------------------

    def _is_frame(self, element: Element, parent: Element | None) -> bool:
        if parent is None:
            return element.own in ROOTS
        if parent.own == "EventList":
            return element.own == "extension" and element.name.namespace == ""
        return element.own in _FRAMES.get(parent.own, ())

    def _take(self, told: Told) -> Iterator[ReadEvent | RefusedEvent]:
        element = told.element
        match told.said:
            case Said.START:
                self._open(element, told.declared)
            case Said.END:
                self._close_frame()
            case Said.TREE if not self._frames:
                yield from self._lone_event(element, told.declared)
            case Said.TREE:
                self._declared = told.declared
                yield from self._tree(element)

    def _open(self, element: Element, declared: list[tuple[str, str]]) -> None:
        if not self._frames:
            self._prefixes.declare(declared)
            self._root(element)
            return
        frame = self._frames[-1]
        path = self._path_in(frame, element)
        kind = self._kind_in(frame, element, path)
        model = self._models.get(kind or "", Model((), takes_others=True))
        self._frames.append(_Frame(element, model, path))

    def _root(self, element: Element) -> None:
        namespace = element.name.namespace
        if namespace not in EPCIS_NAMESPACES:
            expected = "a namespace of EPCIS, such as urn:epcglobal:epcis:xsd:2"
            raise XmlFault("No EPCIS.", [FieldError(_at(f"/{element.own}", element), expected, namespace)])
        self._models = MODELS_2 if namespace.endswith("2") else MODELS_1
        path = f"/{element.own}"
        created_at = element.attributes.get("creationDate", "").strip()
        if _is_date_time(created_at):
            self.created_at = created_at if _HAS_ZONE.search(created_at) else f"{created_at}Z"
        is_answer = element.own == "EPCISQueryDocument"
        for name, is_good in _ROOT_ATTRIBUTES.items():
            value = element.attributes.get(name)
            if value is None and is_answer and name == "creationDate":
                continue  # published answers have none, and the JSON schema does not ask for it either
            if value is None or not is_good(value.strip()):
                self._note(_at(f"{path}/@{name}", element), _ROOT_EXPECTED[name], value or "nothing")
        self._frames.append(_Frame(element, self._models[ROOTS[element.own]], path))

    def _close_frame(self) -> None:
        frame = self._frames.pop()
        if frame.element.text:
            self._note(_at(frame.path, frame.element), "no text", frame.element.text)
        for missing in _missing(frame.model, frame.place):
            self._note(_at(frame.path, frame.element), f"<{missing}> in it", "none")
        if frame.element.own in _CHOICES and frame.seen.total() != 1:
            expected = "one element in it, of " + " | ".join(f"<{one.name}>" for one in frame.model.particles)
            self._note(_at(frame.path, frame.element), expected, f"{frame.seen.total()}")
        if frame.element.own in _PLAIN_FRAMES or frame.model is self._models["AnswerBody"]:
            for raw in frame.element.attributes:
                if name_of(raw).namespace != INSTANCE_NAMESPACE:
                    self._note(
                        _at(f"{frame.path}/@{name_of(raw).local}", frame.element), "no attributes", raw
                    )

    def _tree(self, element: Element) -> Iterator[ReadEvent | RefusedEvent]:
        frame = self._frames[-1]
        path = self._path_in(frame, element)
        kind = self._kind_in(frame, element, path)
        if kind is None:
            return
        if kind in EVENTS or kind == "QuantityEvent":
            yield self._event(element, path)
            return
        self._wrong.clear()
        match kind:
            case "Header":
                self._header(element)
            case "VocabularyList":
                self.header["epcisHeader"] = {"epcisMasterData": {"vocabularyList": self._list(element)}}
            case "text":
                self._text(element)
            case "Locals" | "Others":
                self._prefixes.begin_event()
                self._fill_layer({}, element, kind)
            case "Other":
                self._prefixes.begin_event()
                if frame.element.own == "extension":  # of an EventList: an event of a kind of its own
                    self._refuse(element, "an event of a standard type", element.name.local)
        self.faults += self._told_wrong(element, path)

    def _kind_in(self, frame: _Frame, element: Element, path: str) -> str | None:
        """Return the kind of an element of the frame, by its place; None if it has no place there."""
        frame.seen[element.name.local] += 1
        particle, missing = _next(frame.model, frame.place, element)
        for name in missing:
            self._note(_at(path, element), f"<{name}> before it", f"<{element.name.local}>")
        if particle is not None:
            return particle.kind
        if not element.own and frame.model.takes_others:
            return "Other"
        expected = " | ".join(f"<{one.name}>" for one in frame.model.particles) or "nothing"
        self._note(_at(path, element), expected, f"<{element.name.local}>")
        return None

    def _path_in(self, frame: _Frame, element: Element) -> str:
        number = frame.seen[element.name.local] + 1
        is_one = number == 1 and frame.model is not self._models["EventList"]
        return f"{frame.path}/{element.name.local}" + ("" if is_one else f"[{number}]")

    def _note(self, at: str, expected: str, got: str) -> None:
        if len(self.faults) < FAULTS_NAMED_MAX:
            self.faults.append(FieldError(at, expected, shown(got)))

    # -- an event -------------------------------------------------------------------------------------------

    def _lone_event(
        self, element: Element, declared: list[tuple[str, str]]
    ) -> Iterator[ReadEvent | RefusedEvent]:
        path = f"/{element.name.local}"
        if element.own not in EVENTS:
            expected = " | ".join([*ROOTS, *sorted(EVENTS)])
            raise XmlFault("No EPCIS.", [FieldError(_at(path, element), expected, path[1:])])
        if element.name.namespace.endswith(":1"):
            self._models = MODELS_1
        self._prefixes.declare(declared)
        for name in _ROOT_ATTRIBUTES:
            element.attributes.pop(name, None)
        yield self._event(element, path)

    def _event(self, element: Element, path: str) -> ReadEvent | RefusedEvent:
        place = self._event_count
        self._event_count += 1
        if self._event_count > self._events_max:
            fault = FieldError(_at(path, element), f"at most {self._events_max} events", "more")
            raise InvalidInput("There are too many events in the document.", [fault])
        self._prefixes.begin_event()
        self._wrong.clear()
        fields = self._event_fields(element)
        if self._declared:
            self._prefixes.keep(self._declared, msgspec.json.encode(fields))
        if self._prefixes.of_event:
            fields["@context"] = [{prefix: uri} for prefix, uri in self._prefixes.of_event.items()]
        faults = self._told_wrong(element, path)
        if not faults:
            of_json: list[FieldError] = []
            read = read_fields(fields, "", place, of_json)
            if read is not None:
                return read
            faults = [
                FieldError(self._place_of(element, path, fault.at), fault.expected, fault.got)
                for fault in of_json
            ]
        return RefusedEvent(place, faults[:FAULTS_OF_EVENT_MAX])

    def _event_fields(self, element: Element) -> dict[str, Any]:
        kind = element.own
        fields: dict[str, Any] = {"type": kind}
        if self._models is MODELS_2:
            element.children = _without_layers(element.children)
        self._attributes(element, fields)
        self._fill(fields, element, kind)
        if kind == "QuantityEvent":  # left behind by 2.0; 1.2, section 7.4.4, says what to write instead
            quantity = {name: fields.pop(name) for name in ("epcClass", "quantity") if name in fields}
            fields |= {"type": "ObjectEvent", "action": "OBSERVE", "quantityList": [quantity]}
        for name in [name for name, value in fields.items() if value == [] and name != "epcList"]:
            del fields[name]
        if fields.get("epcList") == [] and (fields.get("quantityList") or kind not in _MAY_LACK_THINGS):
            del fields["epcList"]
        return fields

    def _fill(self, fields: dict[str, Any], element: Element, kind: str) -> None:
        """Read the children of an element into fields."""
        self._expect_no_text(element)
        for child_kind, child in self._children(element, self._models[kind]):
            read = self._kinds.get(child_kind)
            if read is None:
                self._fill_layer(fields, child, child_kind)
            elif child.own in fields and kind != "PersistentDisposition":
                self._refuse(child, f"one <{child.own}>", "another")
            else:
                value = read(child)
                if value is not None:
                    fields[child.own] = value

    def _fill_layer(self, fields: dict[str, Any], child: Element, kind: str) -> None:
        """Read what is not a field: an extension of another namespace, or a layer around fields."""
        if kind == "Other":
            self._add(fields, self._prefixes.field(child.name), self._extension(child, 1))
            return
        self._expect_no_attributes(child)
        if kind in self._models:
            self._fill(fields, child, kind)
            if kind in _NEVER_EMPTY and not child.children:
                self._refuse(child, "at least one element in it", "none")
            return
        self._expect_no_text(child)
        if not child.children:
            self._refuse(child, "at least one element in it", "none")
        for one in child.children:
            if one.own or (kind == "Locals"):
                expected = "elements of another namespace, which JSON has a name for"
                self._refuse(one, expected, f"<{one.name.local}>")
            else:
                self._add(fields, self._prefixes.field(one.name), self._extension(one, 1))

    def _children(self, element: Element, model: Model) -> Iterator[tuple[str, Element]]:
        """Yield the children of an element with the kinds that their places give them."""
        place = _Place()
        for child in element.children:
            particle, missing = _next(model, place, child)
            for name in missing:
                self._refuse(child, f"<{name}> before it", f"<{child.name.local}>")
            if particle is not None:
                yield particle.kind, child
            elif not child.own and model.takes_others:
                yield "Other", child
            else:
                expected = " | ".join(f"<{one.name}>" for one in model.particles[place.index :])
                self._refuse(child, expected or "nothing more", f"<{child.name.local}>")
        for name in _missing(model, place):
            self._refuse(element, f"<{name}> in it", "none")

    # -- kinds ----------------------------------------------------------------------------------------------

    def _text(self, element: Element) -> str:
        if element.children or element.attributes:
            self._expect_plain(element)
        return element.text.strip()

    def _action(self, element: Element) -> str:
        self._text(element)
        return element.text

    def _expect_plain(self, element: Element, *attributes: str) -> None:
        if element.children:
            self._refuse(element.children[0], "text", f"<{element.children[0].name.local}>")
        for raw in element.attributes:
            if raw not in attributes and name_of(raw).namespace != INSTANCE_NAMESPACE:
                self._refuse(element, "no such attribute", raw, attribute=raw)

    def _decimal(self, element: Element) -> int | float | None:
        text = self._text(element)
        if element.attributes.get(_NIL, "").strip() in {"true", "1"} and not text:
            return None
        if not _DECIMAL.fullmatch(text):
            self._refuse(element, "a decimal number", text)
            return None
        return number_of(text)

    def _list(self, element: Element) -> list[Any]:
        kind = _LISTS[element.own]
        self._expect_no_text(element)
        self._expect_no_attributes(element)
        if kind == "EPCs":
            return self._epcs(element)
        found = []
        for child_kind, child in self._children(element, self._models[kind]):
            read = self._kinds.get(child_kind)
            if read is None:
                self._fill_layer({}, child, child_kind)
            else:
                found.append(read(child))
        return found

    def _epcs(self, element: Element) -> list[str]:
        """Read a list of things; one that is named twice is there once (JSON does not let it be twice)."""
        found: dict[str, None] = {}
        for child in element.children:
            if child.own != "epc":
                self._refuse(child, "<epc>", f"<{child.name.local}>")
            elif child.children or child.attributes:
                self._expect_plain(child)
            else:
                found[child.text.strip()] = None
        return list(found)

    def _object(self, element: Element, kind: str, *, takes_attributes: bool = False) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        if element.attributes:
            if takes_attributes:
                self._attributes(element, fields)
            else:
                self._expect_no_attributes(element)
        self._fill(fields, element, kind)
        return fields

    def _quantity(self, element: Element) -> dict[str, Any]:
        found = self._object(element, "Quantity")
        if "uom" in found and not any(child.own == "quantity" for child in element.children):
            self._refuse(element, "<quantity> before <uom>", "<uom>")
        return found

    def _persistent_disposition(self, element: Element) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        self._expect_no_text(element)
        self._expect_no_attributes(element)
        for _, child in self._children(element, self._models["PersistentDisposition"]):
            found.setdefault(child.own, []).append(bare_word(self._text(child), Disposition))
        return found

    def _typed(self, element: Element) -> dict[str, str]:
        self._expect_plain(element, "type")
        found = {}
        if "type" in element.attributes:
            vocabulary = BusinessTransactionType if element.own == "bizTransaction" else SourceDestinationType
            found["type"] = bare_word(element.attributes["type"].strip(), vocabulary)
        found[element.own] = element.text.strip()
        return found

    def _sensor_element(self, element: Element) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        reports = []
        self._expect_no_text(element)
        self._expect_no_attributes(element)
        for kind, child in self._children(element, self._models["SensorElement"]):
            if kind == "SensorReport":
                reports.append(self._kinds[kind](child))
            elif kind == "SensorMetadata":
                fields[child.own] = self._kinds[kind](child)
            else:
                self._fill_layer(fields, child, kind)
        return {**fields, "sensorReport": reports}

    def _expect_no_text(self, element: Element) -> None:
        if element.text:
            self._refuse(element, "elements, and no text among them", element.text)

    def _expect_no_attributes(self, element: Element) -> None:
        for raw in element.attributes:
            if name_of(raw).namespace != INSTANCE_NAMESPACE:
                self._refuse(element, "no attributes", raw, attribute=raw)

    def _sensor_attributes(self, element: Element, kinds: Mapping[str, str]) -> dict[str, Any]:
        if element.text or element.children:
            self._refuse(element, "attributes, and nothing in it", element.text or "elements")
        fields: dict[str, Any] = {}
        for raw, text in element.attributes.items():
            if " " in raw:
                name = name_of(raw)
                if name.namespace != INSTANCE_NAMESPACE:
                    fields[self._prefixes.field(name)] = text
                continue
            match kinds.get(raw, "text"):
                case "double":
                    value: Any = self._double(element, raw, text.strip())
                case "boolean":
                    value = _BOOLEANS.get(text.strip())
                    if value is None:
                        self._refuse(element, "true or false", text, attribute=raw)
                case "hexadecimal":
                    value = text.strip()
                    if len(value) % 2:
                        self._refuse(element, "pairs of hexadecimal digits", text, attribute=raw)
                case "measurement":
                    value = _bare_term(text.strip(), MEASUREMENT_TYPES)
                case "alert":
                    value = _bare_term(text.strip(), SENSOR_ALERTS)
                case "component":
                    value = bare_word(text.strip(), SensorComponent)
                case "string":
                    value = text
                case _:
                    value = text.strip()
            if value is not None:
                fields[raw] = value
        return fields

    def _double(self, element: Element, name: str, text: str) -> int | float | None:
        if not _DOUBLE.fullmatch(text) or abs(float(text)) == float("inf"):
            self._refuse(element, "a number", text, attribute=name)
            return None
        return number_of(text)

    def _attributes(self, element: Element, fields: dict[str, Any]) -> None:
        """Take the attributes of other namespaces for extension fields."""
        for raw, text in element.attributes.items():
            name = name_of(raw)
            if name.namespace == INSTANCE_NAMESPACE:
                continue
            if name.is_own:
                self._refuse(element, "an attribute with a namespace", raw, attribute=raw)
            else:
                self._add(fields, self._prefixes.field(name), text)

    def _extension(self, element: Element, depth: int) -> Any:
        """Read an element of another namespace as JSON has it: text, or fields; attributes with an @."""
        if depth > NESTING_MAX:
            self._refuse(element, f"at most {NESTING_MAX} levels", "more")
            return ""
        if element.is_mixed:
            self._refuse(element, "text or elements, not both", element.text)
        found: dict[str, Any] = {}
        for raw, text in element.attributes.items():
            name = name_of(raw)
            if name.namespace != INSTANCE_NAMESPACE:
                found[f"@{self._prefixes.field(name)}"] = text
        if not element.children and not found:
            return element.text.strip()
        if element.text:
            found["#text"] = element.text.strip()
        for child in element.children:
            self._add(found, self._prefixes.field(child.name), self._extension(child, depth + 1))
        return found

    @staticmethod
    def _add(fields: dict[str, Any], name: str, value: Any) -> None:
        """Add a field; one that comes again makes a list."""
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]

    # -- the header -----------------------------------------------------------------------------------------

    def _header(self, element: Element) -> None:
        self._prefixes.begin_event()
        self._expect_no_text(element)
        for kind, child in self._children(element, self._models["Header"]):
            match kind:
                case "Sbdh":
                    self._sbdh(child)
                case "HeaderExtension":
                    self._expect_no_text(child)
                    for inner_kind, inner in self._children(child, self._models[kind]):
                        if inner_kind == "MasterData":
                            read = self._kinds[inner_kind](inner)
                            found = {"vocabularyList": read.get("VocabularyList", [])}
                            self.header["epcisHeader"] = {"epcisMasterData": found}

    def _sbdh(self, element: Element) -> None:
        """Keep who sent the document to whom; the rest of a Standard Business Document Header is not ours."""
        where = {child.name.local: child for child in element.children}
        for name, field_name in (("Sender", "sender"), ("Receiver", "receiver")):
            for inner in where[name].children if name in where else ():
                if inner.name.local == "Identifier":
                    self.header[field_name] = inner.text.strip()
        for inner in where["DocumentIdentification"].children if "DocumentIdentification" in where else ():
            if inner.name.local == "InstanceIdentifier":
                self.header["instanceIdentifier"] = inner.text.strip()

    def _vocabulary(self, element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {"type": self._uri_attribute(element, "type")}
        self._expect_no_text(element)
        for kind, child in self._children(element, self._models["Vocabulary"]):
            if kind == "VocabularyElements":
                found["vocabularyElementList"] = self._list(child)
        return found

    def _vocabulary_element(self, element: Element) -> dict[str, Any]:
        found: dict[str, Any] = {"id": self._uri_attribute(element, "id")}
        self._expect_no_text(element)
        for kind, child in self._children(element, self._models["VocabularyElement"]):
            match kind:
                case "Attribute":
                    found.setdefault("attributes", []).append(self._vocabulary_attribute(child))
                case "Ids":
                    found["children"] = self._list(child)
        return found

    def _vocabulary_attribute(self, element: Element) -> dict[str, Any]:
        id_ = self._uri_attribute(element, "id")
        value = self._extension(element, 1)
        if isinstance(value, dict):
            value.pop("@id", None)
            if not value or set(value) == {"#text"}:
                value = value.get("#text", "")
        return {"id": id_, "attribute": value}

    def _id(self, element: Element) -> str:
        text = self._text(element)
        if not is_uri(text):
            self._refuse(element, "a URI", text)
        return text

    def _uri_attribute(self, element: Element, name: str) -> str:
        text = element.attributes.get(name, "").strip()
        if not is_uri(text):
            self._refuse(element, f"an attribute {name}, a URI", text or "none", attribute=name)
        return text

    # -- what is wrong, and where ---------------------------------------------------------------------------

    def _refuse(self, element: Element, expected: str, got: str, *, attribute: str = "") -> None:
        if len(self._wrong) < FAULTS_OF_EVENT_MAX:
            self._wrong.append((element, attribute, expected, got))

    def _told_wrong(self, tree: Element, path: str) -> list[FieldError]:
        told = []
        for element, attribute, expected, got in self._wrong:
            where = _path_to(tree, path, element) + (f"/@{name_of(attribute).local}" if attribute else "")
            told.append(FieldError(_at(where, element), expected, shown(got)))
        return told

    def _place_of(self, event: Element, path: str, pointer: str) -> str:
        """Return where in the XML the field is that a JSON pointer points to, as near as it is there."""
        found, steps = event, pointer.split("/")[1:]
        beside: list[Element] = []
        for step in steps:
            inside = list(_inside(found))
            if step.isdecimal():
                row = inside if found.own in _LISTS or len(beside) < 2 else beside
                if int(step) < len(row):
                    found, beside = row[int(step)], []
                continue
            beside = [one for one in inside if step in (one.own, self._prefixes.field(one.name))]
            if not beside:
                if step in found.attributes:
                    return _at(f"{_path_to(event, path, found)}/@{step}", found)
                break
            found = beside[0]
        return _at(_path_to(event, path, found), found)


def number_of(text: str) -> int | float:
    """Return a number as JSON has it: whole where it is whole.

    >>> number_of("10.0"), number_of("200.5"), number_of("1e3")
    (10, 200.5, 1000)
    """
    value = float(text)
    if "e" not in text and "E" not in text and "." not in text and len(text) < 19:
        return int(text)
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _next(model: Model, place: _Place, element: Element) -> tuple[Particle | None, list[str]]:
    """Move on to where an element stands in a model; return its particle, and what is missing before it."""
    own = element.own
    particles = model.particles
    if not own:
        if not model.takes_others:
            return None, []
        missing = [] if place.is_past else _missing(model, place)
        place.index, place.count, place.is_past = len(particles), 0, True
        return None, missing
    if model.any_order:
        for particle in particles:
            if particle.name == own:
                return particle, []
        return None, []
    index, count = place.index, place.count
    missing = []
    while index < len(particles):
        particle = particles[index]
        if particle.name == own and count < particle.count_max:
            place.index, place.count = index, count + 1
            return particle, missing
        if count < particle.count_min:
            missing.append(particle.name)
        index, count = index + 1, 0
    return None, []


def _missing(model: Model, place: _Place) -> list[str]:
    """Return what a model still demands after a place in it."""
    if model.any_order:
        return []
    rest = model.particles[place.index :]
    return [
        particle.name
        for number, particle in enumerate(rest)
        if (place.count if number == 0 else 0) < particle.count_min
    ]


def _without_layers(children: list[Element]) -> list[Element]:
    """Undo the layers of 1.2 in an event of 2.0: some documents qualify the names of EPCIS, and keep them."""
    flat: list[Element] = []
    for child in children:
        if child.own in _LAYERS and any(one.own and one.name.namespace for one in child.children):
            flat += _without_layers(child.children)
        else:
            flat.append(child)
    return flat


def _inside(element: Element) -> Iterator[Element]:
    """Yield the children of an element, those of layers included."""
    for child in element.children:
        if child.own in _LAYERS:
            yield from _inside(child)
        else:
            yield child


def _path_to(tree: Element, path: str, wanted: Element) -> str:
    """Return the path of an element in a tree; siblings of one name are numbered from 1, as XPath does."""
    waiting = [(tree, path)]
    while waiting:
        element, where = waiting.pop()
        if element is wanted:
            return where
        numbers = Counter(child.name.local for child in element.children)
        seen: Counter[str] = Counter()
        for child in element.children:
            local = child.name.local
            seen[local] += 1
            number = f"[{seen[local]}]" if numbers[local] > 1 else ""
            waiting.append((child, f"{where}/{local}{number}"))
    return path


def _at(path: str, element: Element) -> str:
    return f"{path} (line {element.line})"


def _bare_term(text: str, terms: frozenset[str]) -> str:
    """Return a word of the GS1 Web vocabulary as JSON has it, however it is written.

    >>> _bare_term("gs1:Temperature", MEASUREMENT_TYPES), _bare_term("ex:Taste", MEASUREMENT_TYPES)
    ('Temperature', 'ex:Taste')
    """
    for beginning in ("gs1:", "https://gs1.org/voc/", "https://www.gs1.org/voc/", "https://ref.gs1.org/voc/"):
        if text.startswith(beginning) and text.removeprefix(beginning) in terms:
            return text.removeprefix(beginning)
    return text


def _is_date_time(text: str) -> bool:
    """Say whether a text is an xsd:dateTime, of a year that a calendar here knows."""
    if not _DATE_TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


_DATE_TIME: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
    r"(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
)
_HAS_ZONE: Final = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})\Z")
_FRAMES: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(ROOTS, ("EPCISBody",)),
    "EPCISBody": ("EventList", "QueryResults"),
    "QueryResults": ("resultsBody",),
    "resultsBody": ("EventList",),
    "extension": ("extension",),
}
_LAYERS: Final = ("extension", "baseExtension")
_LISTS: Final[Mapping[str, str]] = {
    "epcList": "EPCs", "childEPCs": "EPCs", "inputEPCList": "EPCs", "outputEPCList": "EPCs",
    "quantityList": "Quantities", "childQuantityList": "Quantities", "inputQuantityList": "Quantities",
    "outputQuantityList": "Quantities", "bizTransactionList": "Transactions", "sourceList": "Sources",
    "destinationList": "Destinations", "correctiveEventIDs": "CorrectiveEventIDs",
    "sensorElementList": "SensorElements", "VocabularyList": "VocabularyList",
    "VocabularyElementList": "VocabularyElements", "children": "Ids",
}  # fmt: skip
_NEVER_EMPTY: Final = ("Extension2", "BaseExtension2")
_MAY_LACK_THINGS: Final = ("ObjectEvent", "TransactionEvent")
_REPORT_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), "double"
    ),
    "booleanValue": "boolean", "hexBinaryValue": "hexadecimal", "type": "measurement", "exception": "alert",
    "component": "component", "stringValue": "string", "uom": "string",
}  # fmt: skip
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_NIL: Final = f"{INSTANCE_NAMESPACE} nil xsi"
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_ROOT_ATTRIBUTES: Final[Mapping[str, Callable[[str], bool]]] = {
    "schemaVersion": lambda text: _DECIMAL.fullmatch(text) is not None,
    "creationDate": _is_date_time,
}
_ROOT_EXPECTED: Final = {"schemaVersion": "a version such as 2.0", "creationDate": "an instant"}
_CHOICES: Final = ("resultsBody", "extension")
_PLAIN_FRAMES: Final = ("QueryResults", "resultsBody", "extension")
