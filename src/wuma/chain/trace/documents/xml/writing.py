"""Events as XML: EPCIS 2.0, or EPCIS 1.2 with what is newer in the extensions that 1.2 keeps open for it.

What stands where is read off the same content models that reading uses, so both agree. What XML cannot hold
(a field name that is no XML name, a control character, two certificates) is refused by name, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from wuma.chain.trace.documents.xml.models import MODELS_1, MODELS_2, Model
from wuma.chain.trace.documents.xml.naming import KNOWN, xml_name
from wuma.chain.trace.documents.xml.parsing import INSTANCE_NAMESPACE
from wuma_gs1.cbv import (
    MEASUREMENT_TYPES,
    SENSOR_ALERTS,
    BizStep,
    BusinessTransactionType,
    Disposition,
    ErrorReason,
    SensorComponent,
    SourceDestinationType,
    Word,
)
from wuma_gs1.errors import ParseError
from wuma_gs1.event_documents import prefixes_of


class CbvFormat(StrEnum):
    """How words of the CBV are written in XML (header GS1-CBV-XML-Format)."""

    NO_PREFERENCE = "No_Preference"
    ALWAYS_WEB_URI = "Always_Web_URI"
    ALWAYS_URN = "Always_URN"
    NEVER_TRANSLATES = "Never_Translates"


class Unsayable(ValueError):
    """XML cannot say this; `at` is where it stands in the event, a JSON pointer."""

    def __init__(self, at: str, expected: str, got: str) -> None:
        super().__init__(f"{at}: expected {expected}, got {got}")
        self.at = at
        self.expected = expected
        self.got = got


def query_document(
    events: Iterable[tuple[Mapping[str, Any], Any]],
    now: datetime,
    query_name: str,
    *,
    version: str = "2.0",
    cbv_format: CbvFormat = CbvFormat.NO_PREFERENCE,
) -> bytes:
    """Write the document that answers a query.

    Args:
        events: fields of each event, and the context of the document that it came in.
        now: when it is written.
        query_name: which query it answers.
        version: 2.0 or 1.2.
        cbv_format: how words of the CBV are written; in 1.2 always as URNs.

    Raises:
        Unsayable: an event holds what XML cannot; `at` begins with the number of the event.
    """
    namespace = "urn:epcglobal:epcis-query:xsd:" + ("2" if version == "2.0" else "1")
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<epcisq:EPCISQueryDocument xmlns:epcisq="{namespace}" schemaVersion="{version}"'
        f" creationDate={quoteattr(now.isoformat())}>\n<EPCISBody>\n<epcisq:QueryResults>\n"
        f"<queryName>{escape(query_name)}</queryName>\n<resultsBody>\n<EventList>\n"
    )
    parts = [head]
    for place, (fields, context) in enumerate(events):
        try:
            writer = _Writer(version, CbvFormat.ALWAYS_URN if version != "2.0" else cbv_format)
            parts.append(writer.event(fields, context))
        except Unsayable as cannot:
            raise Unsayable(f"/{place}{cannot.at}", cannot.expected, cannot.got) from None
    parts.append(
        "</EventList>\n</resultsBody>\n</epcisq:QueryResults>\n</EPCISBody>\n</epcisq:EPCISQueryDocument>\n"
    )
    return "".join(parts).encode()  # fmt: skip


class _Writer:
    """Writes one event."""

    def __init__(self, version: str, cbv_format: CbvFormat) -> None:
        self._is_new = version == "2.0"
        self._models = MODELS_2 if self._is_new else MODELS_1
        self._cbv_format = cbv_format
        self._declared: dict[str, str] = {}
        """Which prefixes the element of the event declares, and for which namespaces."""
        self._meanings: dict[str, str] = {}
        """What the prefixes of the event's contexts stand for."""

    def event(self, fields: Mapping[str, Any], context: Any) -> str:
        """Write an event."""
        for one in (context, fields.get("@context")):
            self._take_context(one)
        written = msgspec.json.encode(fields)
        for prefix, meaning in self._meanings.items():  # in names, and in values that are compact URIs
            if f'"{prefix}:'.encode() in written and _PREFIX.fullmatch(prefix):
                self._declared[prefix] = _as_namespace(meaning)
        kind = str(fields["type"])
        inner = "".join(self._fields(fields, self._models[kind], ""))
        declared = "".join(
            f" xmlns:{prefix}={_attribute(namespace, '')}" for prefix, namespace in self._declared.items()
        )
        event = f"<{kind}{declared}>{inner}</{kind}>\n"
        for _ in range(0 if self._is_new else _LAYERS_OF_EVENTS.get(kind, 0)):
            event = f"<extension>{event}</extension>\n"
        return event

    # -- fields ---------------------------------------------------------------------------------------------

    def _fields(self, fields: Mapping[str, Any], model: Model, at: str) -> Iterator[str]:
        """Write fields in the order of a model, and then those of other namespaces."""
        for particle in model.particles:
            name, kind = particle.name, particle.kind
            if kind in self._models and name in _LAYERS:
                if kind == "Extension2":  # certificates stand in the base of an event
                    fields = {one: value for one, value in fields.items() if one != "certificationInfo"}
                layer = "".join(self._fields(fields, self._models[kind], at))
                if layer:
                    yield f"<{name}>{layer}</{name}>"
            elif name in fields:
                yield self._field(name, kind, fields[name], f"{at}/{name}")
            elif particle.count_min and kind == "EPCs":  # 1.2 has the list in any case
                yield f"<{name}/>"
        if model.takes_others:
            yield from self._extensions(fields, at)

    def _extensions(self, fields: Mapping[str, Any], at: str) -> Iterator[str]:
        for name, value in fields.items():
            if ":" in name and not name.startswith("@"):
                yield from self._extension(name, value, f"{at}/{name}")

    def _field(self, name: str, kind: str, value: Any, at: str) -> str:
        match kind:
            case "step":
                text = self._word(str(value), BizStep)
            case "disposition":
                text = self._word(str(value), Disposition)
            case "reason":
                text = self._word(str(value), ErrorReason)
            case "EPCs":
                return _wrapped(name, (f"<epc>{_text(one, at)}</epc>" for one in value))
            case "CorrectiveEventIDs":
                inner = (f"<correctiveEventID>{_text(one, at)}</correctiveEventID>" for one in value)
                return _wrapped(name, inner)
            case "Quantities":
                return _wrapped(name, (self._quantity(one, at) for one in value))
            case "Transactions":
                return self._typed(name, "bizTransaction", value, BusinessTransactionType, at)
            case "Sources":
                return self._typed(name, "source", value, SourceDestinationType, at)
            case "Destinations":
                return self._typed(name, "destination", value, SourceDestinationType, at)
            case "PersistentDisposition":
                return _wrapped(name, self._persistent_disposition(value))
            case "SensorElements":
                return _wrapped(name, (self._sensor_element(one, at) for one in value))
            case "Place" | "Ilmd" | "ErrorDeclaration":
                return _wrapped(name, self._fields(value, self._models[kind], at))
            case _:
                if isinstance(value, list):
                    if len(value) > 1:
                        raise Unsayable(at, "one of it in XML", f"{len(value)}")
                    return "".join(self._field(name, kind, one, at) for one in value)
                text = _plain(value)
        return f"<{name}>{_text(text, at)}</{name}>"

    def _quantity(self, quantity: Mapping[str, Any], at: str) -> str:
        parts = [f"<epcClass>{_text(quantity['epcClass'], at)}</epcClass>"]
        if "quantity" in quantity:
            parts.append(f"<quantity>{_decimal(quantity['quantity'])}</quantity>")
        elif "uom" in quantity:
            raise Unsayable(f"{at}/uom", "a quantity with it", "none")
        if "uom" in quantity:
            parts.append(f"<uom>{_text(quantity['uom'], at)}</uom>")
        return _wrapped("quantityElement", parts)

    def _typed(self, name: str, inner: str, value: Sequence[Any], words: type[Word], at: str) -> str:
        parts = []
        for one in value:
            type_ = f" type={_attribute(self._word(one['type'], words), at)}" if "type" in one else ""
            parts.append(f"<{inner}{type_}>{_text(one[inner], at)}</{inner}>")
        return _wrapped(name, parts)

    def _persistent_disposition(self, value: Mapping[str, Sequence[str]]) -> Iterator[str]:
        for name in ("unset", "set"):
            for one in value.get(name, ()):
                yield f"<{name}>{_text(self._word(one, Disposition), name)}</{name}>"

    def _sensor_element(self, element: Mapping[str, Any], at: str) -> str:
        parts = []
        if "sensorMetadata" in element:
            parts.append(f"<sensorMetadata{self._attributes(element['sensorMetadata'], at)}/>")
        for report in element["sensorReport"]:
            parts.append(f"<sensorReport{self._attributes(report, at)}/>")
        parts += self._extensions(element, at)
        return _wrapped("sensorElement", parts)

    def _attributes(self, fields: Mapping[str, Any], at: str) -> str:
        return "".join(
            f" {self._attribute_name(name, at)}={_attribute(self._sensor_text(name, value, at), at)}"
            for name, value in fields.items()
        )

    def _attribute_name(self, name: str, at: str) -> str:
        return self._name(name, at) if ":" in name else name

    def _sensor_text(self, name: str, value: Any, at: str) -> str:
        if isinstance(value, list | dict) or value is None:
            raise Unsayable(f"{at}/{name}", "text in XML", type(value).__name__)
        text = _plain(value)
        match name:
            case "type" if text in MEASUREMENT_TYPES:
                return f"gs1:{text}"
            case "exception" if text in SENSOR_ALERTS:
                return f"gs1:{text}"
            case "component" if text in SensorComponent.__members__.values():
                return f"cbv:Comp-{text}"
            case "hexBinaryValue" if len(text) % 2:
                return f"0{text}"
            case _:
                return text

    def _word(self, text: str, words: type[Word]) -> str:
        """Write a word of the CBV as it was asked for."""
        if self._cbv_format is CbvFormat.NEVER_TRANSLATES and ":" in text:
            return text
        try:
            word = words.parse(text)
        except ParseError:
            return text
        return word.uri if self._cbv_format is CbvFormat.ALWAYS_WEB_URI else word.urn

    # -- other namespaces -----------------------------------------------------------------------------------

    def _extension(self, name: str, value: Any, at: str) -> Iterator[str]:
        """Write a field of another namespace: as often as its list has entries, with attributes for its @."""
        if isinstance(value, list):
            for one in value:
                yield from self._extension(name, one, at)
            return
        tag = self._name(name, at)
        if value is None:
            yield f'<{tag} xmlns:xsi="{INSTANCE_NAMESPACE}" xsi:nil="true"/>'
        elif isinstance(value, Mapping):
            before = dict(self._meanings)
            self._take_context(value.get("@context"))
            attributes, inner = "", [_text(_plain(value.get("#text", "")), at)]
            for field, one in value.items():
                if field.startswith("@"):
                    if field not in _NO_ATTRIBUTES:
                        attributes += f" {self._name(field[1:], at)}={_attribute(_plain(one), at)}"
                elif field != "#text":
                    inner += self._extension(field, one, f"{at}/{field}")
            yield f"<{tag}{attributes}>{''.join(inner)}</{tag}>"
            self._meanings = before
        else:
            yield f"<{tag}>{_text(_plain(value), at)}</{tag}>"

    def _name(self, field: str, at: str) -> str:
        """Return the XML name of a field, its namespace declared."""
        namespace, field = self._namespace_of(field)
        found = xml_name(field)
        if found is None or found[0]:
            raise Unsayable(at, "a field name that XML can have", field)
        return f"{self._prefix_of(namespace)}:{found[1]}" if namespace else found[1]

    def _namespace_of(self, field: str) -> tuple[str, str]:
        prefix, colon, local = field.partition(":")
        if not colon:
            return "", field
        if not local.startswith("//"):
            meaning = self._meanings.get(prefix) or _KNOWN_NAMESPACES.get(prefix)
            return _as_namespace(meaning) if meaning else f"{prefix}:", local
        found = _LAST_PART.fullmatch(field)
        return (found[1], found[2]) if found else ("", field)

    def _prefix_of(self, namespace: str) -> str:
        for prefix, declared in self._declared.items():
            if declared == namespace:
                return prefix
        liked = [one for one, meaning in self._meanings.items() if meaning == namespace]
        liked += [known for uri, known in KNOWN.items() if uri == namespace]
        numbered = (f"ns{number}" for number in range(1, len(self._declared) + 2))
        prefix = next(
            one for one in (*liked, *numbered) if one not in self._declared and _PREFIX.fullmatch(one)
        )
        self._declared[prefix] = namespace
        return prefix

    def _take_context(self, context: Any) -> None:
        self._meanings.update((prefix, uri) for prefix, uri in prefixes_of(context).items() if uri)


def _as_namespace(meaning: str) -> str:
    """Return the XML namespace of what a prefix stands for: CBV's own ends without a colon there."""
    return "urn:epcglobal:cbv:mda" if meaning == "urn:epcglobal:cbv:mda:" else meaning


def _wrapped(name: str, inner: Iterable[str]) -> str:
    return f"<{name}>{''.join(inner)}</{name}>"


def _plain(value: Any) -> str:
    """Write a value as XML Schema does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _decimal(value: float) -> str:
    """Write a number as xsd:decimal, which has no exponent.

    >>> _decimal(1e-7), _decimal(200.5), _decimal(10)
    ('0.0000001', '200.5', '10')
    """
    if isinstance(value, int):
        return str(value)
    return f"{Decimal(repr(value)):f}"


def _text(text: str, at: str) -> str:
    if _FORBIDDEN.search(text):
        raise Unsayable(at, "characters that XML can hold", ascii(text[:80]))
    return escape(text, {"\r": "&#13;"})


def _attribute(text: str, at: str) -> str:
    if _FORBIDDEN.search(text):
        raise Unsayable(at, "characters that XML can hold", ascii(text[:80]))
    return quoteattr(text, {"\r": "&#13;"})


_LAYERS: Final = ("extension", "baseExtension")
_LAYERS_OF_EVENTS: Final[Mapping[str, int]] = {"TransformationEvent": 1, "AssociationEvent": 2}
_NO_ATTRIBUTES: Final = ("@context",)
_KNOWN_NAMESPACES: Final[Mapping[str, str]] = {
    **{prefix: namespace for namespace, prefix in KNOWN.items()},
    "cbvmda": "urn:epcglobal:cbv:mda",
}
_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LAST_PART: Final = re.compile(r"(.*[#/:])([^#/:]+)")
_PREFIX: Final = re.compile(r"(?!(?i:xml))[A-Za-z_][A-Za-z0-9_.\-]*")
