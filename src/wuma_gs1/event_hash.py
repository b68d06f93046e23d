"""The event hash ID of the Core Business Vocabulary, CBV 2.0 section 8.9: one ID for one event in any syntax.

An event becomes a pre-hash string - its fields in one order, every value in one form - and that string's
SHA-256 becomes an RFC 6920 `ni` URI. Two parties who hold the same event, one as XML with EPC URNs, the
other as JSON with Digital Links, get the same ID without asking each other.

Where the published reference implementation treats XML and JSON differently (booleans, compact URIs, the
type of a sensor report, attributes that are only syntax), the text of the standard decides: same event,
same hash. Where it treats both alike but not as the property table of the standard has it (business
transactions, sources and destinations follow the sensor data, in alphabetical order), its order is kept:
everybody's hashes have it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeAlias

from wuma_gs1.canonical import gs1_key
from wuma_gs1.errors import ParseError, shown
from wuma_gs1.event_documents import Json, Node, event_of_json, prefixes_of, read_document


@dataclass(frozen=True, slots=True)
class EventHash:
    """An event's pre-hash string, which shows what counts and in which form, and the ID made from it."""

    prehash: str

    @property
    def uri(self) -> str:
        """The ID, fit for `eventID`: `ni:///sha-256;…?ver=CBV2.0`."""
        return f"ni:///sha-256;{hashlib.sha256(self.prehash.encode()).hexdigest()}?ver=CBV2.0"


def event_hashes(document: bytes | str) -> list[EventHash]:
    """Hash every event of an EPCIS document, in order.

    >>> [found] = event_hashes('''{
    ...     "type": "ObjectEvent", "action": "OBSERVE", "bizStep": "shipping",
    ...     "eventTime": "2026-03-01T08:00:00+08:00", "eventTimeZoneOffset": "+08:00",
    ...     "epcList": ["urn:epc:id:sgtin:6901234.056789.A1"]
    ... }''')
    >>> found.prehash[:75]
    'eventType=ObjectEventeventTime=2026-03-01T00:00:00.000ZeventTimeZoneOffset='
    >>> found.prehash[81:]
    'epcListepc=https://id.gs1.org/01/06901234567892/21/A1action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-shipping'
    >>> found.uri[:20], found.uri[-12:]
    ('ni:///sha-256;7ca9cd', '5?ver=CBV2.0')

    Raises:
        ParseError: if the document cannot be read, or the time of an event is none.
    """
    events, ignored = read_document(document)
    return [hash_of(event, ignored) for event in events]


def hash_of_json(event: Mapping[str, Json], context: object = None) -> EventHash:
    """Hash one parsed JSON event; `context` is the `@context` of the document around it.

    Raises:
        ParseError: if it has no type, or its time is none.
    """
    return hash_of(event_of_json(event, prefixes_of(context)))


def hash_of(event: Node, ignored: frozenset[str] = frozenset()) -> EventHash:
    """Hash one event that has been read, without the extension fields named in `ignored`.

    Raises:
        ParseError: if a time of it is none.
    """
    placed, rest = _in_order(event, _EVENT)
    others = [_unordered(node) for node in rest if node.name not in _UNHASHED and node.name not in ignored]
    prehash = f"eventType={event.name}{placed}{''.join(sorted(others))}"
    if found := _SURROGATE(prehash):
        raise ParseError(f"{event.name}: expected Unicode text, got half a character, {found.group()!r}")
    return EventHash(prehash)


def _in_order(node: Node, order: _Order) -> tuple[str, list[Node]]:
    """Write the fields of an element that have a place in its order; give back those that have none."""
    texts: dict[str, list[str]] = {name: [] for name in order}
    rest = []
    for child in node.children:
        if child.name not in order:
            rest.append(child)
        elif text := _ordered(child, node.name, order[child.name]):
            texts[child.name].append(text)
    return "".join([text for same_named in texts.values() for text in sorted(same_named)]), rest


def _ordered(node: Node, parent: str, order: _Order | None) -> str:
    """Write a field that has a place: name, value, fields, extensions. Empty, it is not there."""
    value = _standard_value(node.name, node.text, parent) if node.text else ""
    placed, rest = _in_order(node, order) if order else ("", [])
    extensions = sorted([_unordered(child) for child in rest if child.name not in _SYNTAX])
    if not (value or placed or extensions):
        return ""
    return "".join([node.name, value and f"={value}", placed, *extensions])


def _unordered(node: Node) -> str:
    """Write a field that has no place: name, value, then all that is in it, sorted. Empty, it is not there.

    Converters between the syntaxes drop empty elements, or make them null; so they cannot count.
    """
    value = _canonical(node.text) if node.text else ""
    write = _typed if node.name in _TYPED_LISTS else _unordered
    inside = sorted([write(child) for child in node.children])
    if not (value or any(inside)):
        return ""
    return "".join([node.name, value and f"={value}", *inside])


def _typed(entry: Node) -> str:
    """Write a business transaction, a source or a destination: its type, then itself."""
    types = [
        f"type={_standard_value('type', child.text, entry.name)}"
        for child in entry.children
        if child.name == "type" and child.text
    ]
    others = sorted([_unordered(child) for child in entry.children if child.name != "type"])
    return "".join([*types, f"{entry.name}={_canonical(entry.text)}", *others])


def _standard_value(name: str, text: str, parent: str) -> str:
    """Write the value of a standard field: instants in UTC, words of the vocabulary as web addresses."""
    if name in _TIMES:
        return _instant(name, text)
    vocabulary = _VOCABULARIES.get(parent if name == "type" else name)
    if vocabulary and _BARE_WORD(text):
        return vocabulary + text
    return _canonical(text)


def _canonical(text: str) -> str:
    """Write a value in its one form: numbers plain, CBV URNs as web addresses, GS1 keys as Digital Links."""
    if _NUMBER(text):
        return _plain_number(text)
    if text.startswith("urn:epcglobal:cbv:"):
        kind, _, word = text[18:].partition(":")
        return _URN_VOCABULARIES[kind] + word if kind in _URN_VOCABULARIES else text
    key = gs1_key(text)
    if key is None or key.startswith(_KEYS_LEFT_ALONE):
        return text
    key = _LESSER_QUALIFIER("", key)
    return key.replace("%27", "'").replace("%3B", ";").replace("%3D", "=")


def _plain_number(text: str) -> str:
    number = Decimal(text)
    if not number:
        return "0"
    if abs(number.adjusted()) > EXPONENT_MAX:
        return text
    plain = f"{number:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return plain


def _instant(name: str, text: str) -> str:
    """Write an instant in UTC with milliseconds, the fourth decimal rounded half up.

    >>> _instant("eventTime", "2026-12-31T23:59:59.9995-02:00")
    '2027-01-01T02:00:00.000Z'
    """
    found = _INSTANT(text)
    if found is None:
        raise ParseError(f"{name} {shown(text)}: expected a date, a time and an offset from UTC")
    day, time, fraction, zulu, sign, hours, minutes = found.groups()
    try:
        instant = datetime.fromisoformat(f"{day}T{time}")
        if not zulu:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            instant = instant + offset if sign == "-" else instant - offset
        milliseconds = int((fraction or "")[1:4].ljust(3, "0")) + ((fraction or "")[4:5] >= "5")
        instant += timedelta(milliseconds=milliseconds)
    except (ValueError, OverflowError) as error:
        raise ParseError(f"{name} {shown(text)}: {error}") from None
    return f"{instant.isoformat(timespec='milliseconds')}Z"


EXPONENT_MAX = 400  # xsd:double ends at 1.8e308; a number of more digits is somebody's attack
_Order: TypeAlias = "dict[str, _Order | None]"
_IDENTIFIED: _Order = {"id": None}
_EPCS: _Order = {"epc": None}
_QUANTITIES: _Order = {"quantityElement": {"epcClass": None, "quantity": None, "uom": None}}
_SENSOR_METADATA: _Order = dict.fromkeys(
    (
        "time",
        "startTime",
        "endTime",
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "bizRules",
    )
)
_SENSOR_REPORT: _Order = dict.fromkeys(
    (
        "type",
        "exception",
        "deviceID",
        "deviceMetadata",
        "rawData",
        "dataProcessingMethod",
        "time",
        "microorganism",
        "chemicalSubstance",
        "value",
        "component",
        "stringValue",
        "booleanValue",
        "hexBinaryValue",
        "uriValue",
        "minValue",
        "maxValue",
        "meanValue",
        "sDev",
        "percRank",
        "percValue",
        "uom",
        "coordinateReferenceSystem",
    )
)
_EVENT: _Order = {
    "eventTime": None,
    "eventTimeZoneOffset": None,
    "certificationInfo": None,
    "parentID": None,
    "epcList": _EPCS,
    "inputEPCList": _EPCS,
    "childEPCs": _EPCS,
    "quantityList": _QUANTITIES,
    "childQuantityList": _QUANTITIES,
    "inputQuantityList": _QUANTITIES,
    "outputEPCList": _EPCS,
    "outputQuantityList": _QUANTITIES,
    "action": None,
    "transformationID": None,
    "bizStep": None,
    "disposition": None,
    "persistentDisposition": {"set": None, "unset": None},
    "readPoint": _IDENTIFIED,
    "bizLocation": _IDENTIFIED,
    "sensorElementList": {
        "sensorElement": {"sensorMetadata": _SENSOR_METADATA, "sensorReport": _SENSOR_REPORT}
    },
}
_TYPED_LISTS = {"bizTransactionList", "sourceList", "destinationList"}
_UNHASHED = {"recordTime", "eventID", "errorDeclaration", "type"}  # set at capture, or about the event
_SYNTAX = {"type"}  # JSON-LD names the kind of an object in it, XML names the element
_TIMES = {"eventTime", "time", "startTime", "endTime"}
_VOCABULARIES = {
    "bizStep": "https://ref.gs1.org/cbv/BizStep-",
    "disposition": "https://ref.gs1.org/cbv/Disp-",
    "set": "https://ref.gs1.org/cbv/Disp-",
    "unset": "https://ref.gs1.org/cbv/Disp-",
    "bizTransaction": "https://ref.gs1.org/cbv/BTT-",
    "source": "https://ref.gs1.org/cbv/SDT-",
    "destination": "https://ref.gs1.org/cbv/SDT-",
    "component": "https://ref.gs1.org/cbv/Comp-",
    "exception": "https://gs1.org/voc/",
    "sensorReport": "https://gs1.org/voc/",
}
"""Where a bare word belongs, by field; for the field `type`, by the element that has it."""

_URN_VOCABULARIES = {
    "bizstep": "https://ref.gs1.org/cbv/BizStep-",
    "disp": "https://ref.gs1.org/cbv/Disp-",
    "btt": "https://ref.gs1.org/cbv/BTT-",
    "sdt": "https://ref.gs1.org/cbv/SDT-",
    "er": "https://ref.gs1.org/cbv/ER-",
}
_KEYS_LEFT_ALONE = (
    "https://id.gs1.org/8013/",
    "https://id.gs1.org/8020/",
)  # the list of CBV has none of these
_LESSER_QUALIFIER = re.compile(r"/(?:7040|8019)/[^/]*\Z").sub
_SURROGATE = re.compile(r"[\ud800-\udfff]").search
_BARE_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?").fullmatch
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)([.,][0-9]+)?"
    r"(?:([Zz])|([+-])([0-9]{2}):?([0-9]{2})?)"
).fullmatch
