"""Reading EPCIS 2.0 documents in JSON-LD: every fault with its place, every good event with all its fields.

What is checked is what the JSON schema of the standard demands, formats included: dates with an offset,
URIs where URIs belong, words of the CBV where no URI is given, and no unknown field without a namespace.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wuma.chain.trace.vocabulary import Action, EventType
from wuma.kernel.errors import FieldError, InvalidInput
from wuma_gs1.cbv import (
    BizStep,
    BusinessTransactionType,
    Disposition,
    ErrorReason,
    SourceDestinationType,
    Word,
)

FAULTS_NAMED_MAX: Final = 100
FAULTS_OF_EVENT_MAX: Final = 5
EVENTS_MAX: Final = 50_000  # below 65,536, the numbers a capture takes
EPCS_PER_EVENT_MAX: Final = 200_000
NESTING_MAX: Final = 24
SHOWN_CHARACTERS_MAX: Final = 80
YEARS: Final = range(1900, 9999)  # in UTC: what every clock, database and calendar on the way can hold

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """A valid event: its fields as they came, and those by which it is filed and found."""

    fields: Json
    type: EventType
    at: datetime
    action: Action | None
    place: int
    """Where it stands among the events of its document."""


@dataclass(frozen=True, slots=True)
class RefusedEvent:
    """An event of a document that is not valid, and why."""

    place: int
    faults: list[FieldError]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A valid document: its context, which gives extension fields their meaning, and its events."""

    context: Any
    events: list[ReadEvent]
    refused: list[RefusedEvent]
    """Events that are not valid, where the others were to be taken without them."""


def read_document(body: bytes, *, proceed: bool = False) -> ReadDocument:
    """Read an EPCIS document, an EPCIS query document, or one event with a context of its own.

    Args:
        body: JSON-LD in UTF-8.
        proceed: read what is valid, and keep apart what is not, instead of refusing the whole.

    Raises:
        InvalidInput: with every fault, by JSON pointer.
    """
    document = _decode(body)
    faults: list[FieldError] = []
    if document.get("type") in EventType.__members__.values():
        events, where = [document], [""]
    else:
        events, where = _event_list(document, faults)
    _check_context(document.get("@context"), faults)
    read: list[ReadEvent] = []
    refused: list[RefusedEvent] = []
    of_document = len(faults)
    for place, (event, at) in enumerate(zip(events, where, strict=True)):
        wrong: list[FieldError] = []
        found = _read_event(event, at, place, wrong)
        if found is None:
            refused.append(RefusedEvent(place, wrong[:FAULTS_OF_EVENT_MAX]))
            faults += wrong[: FAULTS_NAMED_MAX - len(faults)]
        else:
            read.append(found)
    if of_document or (refused and not proceed):
        raise InvalidInput(f"{len(faults)} fault(s) in the document.", faults[:FAULTS_NAMED_MAX])
    return ReadDocument(document["@context"], read, refused)


def _decode(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])  # anything else is refused at its first byte
    except msgspec.ValidationError as error:
        fault = FieldError("", "a JSON object", str(error)[:SHOWN_CHARACTERS_MAX])
        raise InvalidInput("The document is not an object.", [fault]) from None
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        fault = FieldError("", "JSON in UTF-8", str(error)[:SHOWN_CHARACTERS_MAX])
        raise InvalidInput("The document is not JSON.", [fault]) from None


def _event_list(document: Json, faults: list[FieldError]) -> tuple[list[Any], list[str]]:
    is_answer = document.get("type") == "EPCISQueryDocument"
    if document.get("type") != "EPCISDocument" and not is_answer:
        expected = "EPCISDocument, EPCISQueryDocument, or the type of an event"
        faults.append(FieldError("/type", expected, _shown(document.get("type"))))
    _expect(document, "schemaVersion", "", "a version such as 2.0", _is_version, faults)
    _expect(document, "creationDate", "", "an instant with an offset", _is_instant, faults)
    body, at = document.get("epcisBody"), "/epcisBody"
    for step in ("queryResults", "resultsBody") if is_answer else ():
        body, at = body.get(step) if isinstance(body, dict) else None, f"{at}/{step}"
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or not 1 <= len(events) <= EVENTS_MAX:
        got = f"{len(events)} events" if isinstance(events, list) else _shown(events)
        faults.append(FieldError(f"{at}/eventList", f"1 to {EVENTS_MAX} events", got))
        return [], []
    return events, [f"{at}/eventList/{place}" for place in range(len(events))]


def _check_context(context: Any, faults: list[FieldError]) -> None:
    parts = context if isinstance(context, list) else [context]
    if context is None or not parts or not all(_is_uri(part) or isinstance(part, dict) for part in parts):
        faults.append(
            FieldError("/@context", "a JSON-LD context (RFC 3987 URIs and objects)", _shown(context))
        )


def _read_event(event: Any, at: str, place: int, faults: list[FieldError]) -> ReadEvent | None:
    if not isinstance(event, dict):
        faults.append(FieldError(at, "an event", _shown(event)))
        return None
    if event.get("type") not in EventType.__members__.values():
        faults.append(FieldError(f"{at}/type", " | ".join(EventType), _shown(event.get("type"))))
        return None
    type_ = EventType(event["type"])
    _check_fields(event, _FIELDS[type_], at, faults)
    for name in _REQUIRED[type_]:
        if name not in event:
            faults.append(FieldError(f"{at}/{name}", "this field", "nothing"))
    for one_of in _ONE_OF[type_]:
        if not any(event.get(name) for name in one_of):
            faults.append(FieldError(at, " or ".join(one_of), "none of them"))
    if faults:
        return None
    return ReadEvent(
        fields=event,
        type=type_,
        at=datetime.fromisoformat(event["eventTime"]).astimezone(UTC),
        action=Action(event["action"]) if "action" in event else None,
        place=place,
    )


# -- what a field may hold ---------------------------------------------------------------------------------

Check = Callable[[Any, str, list[FieldError]], None]


def _check_fields(found: Json, known: Mapping[str, Check], at: str, faults: list[FieldError]) -> None:
    for name, value in found.items():
        check = known.get(name)
        if check is not None:
            check(value, f"{at}/{name}", faults)
        elif ":" not in name:
            expected = "a field of the standard, or one with a namespace (prefix:name)"
            faults.append(FieldError(f"{at}/{name}", expected, _shown(value)))
        elif _depth(value) > NESTING_MAX:
            faults.append(FieldError(f"{at}/{name}", f"at most {NESTING_MAX} levels", "more"))


def _expect(
    found: Json, name: str, at: str, expected: str, is_good: Callable[[Any], bool], faults: list[FieldError]
) -> None:
    if not is_good(found.get(name)):
        faults.append(FieldError(f"{at}/{name}", expected, _shown(found.get(name))))


def _one(expected: str, is_good: Callable[[Any], bool]) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        if not is_good(value):
            faults.append(FieldError(at, expected, _shown(value)))

    return check


def _each(check_one: Check, *, count_max: int = EPCS_PER_EVENT_MAX) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        if not isinstance(value, list) or len(value) > count_max:
            faults.append(FieldError(at, f"a list of at most {count_max}", _shown(value)))
            return
        for place, one in enumerate(value):
            check_one(one, f"{at}/{place}", faults)

    return check


def _object(known: Mapping[str, Check], required: tuple[str, ...], *, extensible: bool = False) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        if not isinstance(value, dict):
            faults.append(FieldError(at, "an object", _shown(value)))
            return
        for name in required:
            if name not in value:
                faults.append(FieldError(f"{at}/{name}", "this field", "nothing"))
        for name, one in value.items():
            if name in known:
                known[name](one, f"{at}/{name}", faults)
            elif not extensible or ":" not in name:
                expected = " | ".join(known) + (" | prefix:name" if extensible else "")
                faults.append(FieldError(f"{at}/{name}", expected, _shown(one)))

    return check


def _word_or_uri(vocabulary: type[Word]) -> Check:
    words = frozenset(vocabulary.__members__.values())

    def is_good(value: Any) -> bool:
        return isinstance(value, str) and (value in words or _is_uri(value))

    return _one(f"a {vocabulary.__name__} of the CBV, or a URI", is_good)


def _is_uri(value: Any) -> bool:
    return isinstance(value, str) and _URI.fullmatch(value) is not None


def _is_instant(value: Any) -> bool:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return False
    try:
        return datetime.fromisoformat(value).astimezone(UTC).year in YEARS
    except (ValueError, OverflowError):
        return False


def _is_version(value: Any) -> bool:
    return isinstance(value, str | int | float) and _VERSION.fullmatch(str(value)) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_offset(value: Any) -> bool:
    return isinstance(value, str) and _OFFSET.fullmatch(value) is not None


def _is_hexadecimal(text: str) -> bool:
    return re.fullmatch("[A-Fa-f0-9]+", text) is not None


def _is_extensions(value: Any) -> bool:
    return isinstance(value, dict) and all(":" in name for name in value) and _depth(value) <= NESTING_MAX


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > NESTING_MAX:
            return depth
        if isinstance(one, dict):
            waiting.extend((member, depth + 1) for member in one.values())
        elif isinstance(one, list):
            waiting.extend((member, depth + 1) for member in one)
    return deepest


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return text if len(text) <= SHOWN_CHARACTERS_MAX else text[:SHOWN_CHARACTERS_MAX] + "…"


_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x20<>\"{}|\\^`]+")  # RFC 3986, section 4.3
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_OFFSET: Final = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*", re.ASCII)

_uri = _one("a URI", _is_uri)
_instant = _one("an instant with an offset (RFC 3339)", _is_instant)
_text = _one("text", _is_text)
_number = _one("a number", _is_number)
_uris = _each(_uri)
_extensions = _one("an object of fields with namespaces", _is_extensions)
_place = _object({"id": _uri}, ("id",), extensible=True)
_quantities = _each(_object({"epcClass": _uri, "quantity": _number, "uom": _text}, ("epcClass",)))
_biz_step = _word_or_uri(BizStep)
_disposition = _word_or_uri(Disposition)

_SENSOR_METADATA: Final[dict[str, Check]] = {
    "time": _instant, "startTime": _instant, "endTime": _instant, "deviceID": _uri, "deviceMetadata": _uri,
    "rawData": _uri, "dataProcessingMethod": _uri, "bizRules": _uri,
}  # fmt: skip
_SENSOR_REPORT: Final[dict[str, Check]] = {
    "type": _text, "exception": _text, "deviceID": _uri, "deviceMetadata": _uri, "rawData": _uri,
    "dataProcessingMethod": _uri, "bizRules": _uri, "time": _instant, "microorganism": _uri,
    "chemicalSubstance": _uri, "coordinateReferenceSystem": _uri, "value": _number, "component": _text,
    "stringValue": _text, "booleanValue": _one("true or false", lambda value: isinstance(value, bool)),
    "hexBinaryValue": _one("hexadecimal digits", lambda value: _is_text(value) and _is_hexadecimal(value)),
    "uriValue": _uri, "minValue": _number, "maxValue": _number, "meanValue": _number, "sDev": _number,
    "percRank": _number, "percValue": _number, "uom": _text,
}  # fmt: skip

_COMMON: Final[dict[str, Check]] = {
    "@context": lambda _value, _at, _faults: None,
    "type": _text,
    "eventTime": _instant,
    "recordTime": _instant,
    "eventTimeZoneOffset": _one("an offset such as +08:00", _is_offset),
    "eventID": _uri,
    "certificationInfo": lambda value, at, faults: (_uris if isinstance(value, list) else _uri)(
        value, at, faults
    ),
    "errorDeclaration": _object(
        {
            "declarationTime": _instant,
            "reason": _word_or_uri(ErrorReason),
            "correctiveEventIDs": _uris,
        },
        ("declarationTime",),
        extensible=True,
    ),
    "bizStep": _biz_step,
    "disposition": _disposition,
    "persistentDisposition": _object({"set": _each(_disposition), "unset": _each(_disposition)}, ()),
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": _each(
        _object(
            {"type": _word_or_uri(BusinessTransactionType), "bizTransaction": _uri},
            ("bizTransaction",),
        )
    ),
    "sourceList": _each(
        _object({"type": _word_or_uri(SourceDestinationType), "source": _uri}, ("type", "source"))
    ),
    "destinationList": _each(
        _object(
            {"type": _word_or_uri(SourceDestinationType), "destination": _uri},
            ("type", "destination"),
        )
    ),
    "sensorElementList": _each(
        _object(
            {
                "sensorMetadata": _object(_SENSOR_METADATA, (), extensible=True),
                "sensorReport": _each(_object(_SENSOR_REPORT, (), extensible=True)),
            },
            ("sensorReport",),
            extensible=True,
        )
    ),
}
_ACTION: Final[dict[str, Check]] = {
    "action": _one(" | ".join(Action), lambda value: value in Action.__members__.values())
}
_CHILDREN: Final[dict[str, Check]] = {"parentID": _uri, "childEPCs": _uris, "childQuantityList": _quantities}
_THINGS: Final[dict[str, Check]] = {"epcList": _uris, "quantityList": _quantities}

_FIELDS: Final[dict[EventType, dict[str, Check]]] = {
    EventType.OBJECT: {**_COMMON, **_ACTION, **_THINGS, "ilmd": _extensions},
    EventType.AGGREGATION: {**_COMMON, **_ACTION, **_CHILDREN},
    EventType.TRANSACTION: {**_COMMON, **_ACTION, **_THINGS, "parentID": _uri},
    EventType.TRANSFORMATION: {
        **_COMMON,
        "inputEPCList": _uris,
        "inputQuantityList": _quantities,
        "outputEPCList": _uris,
        "outputQuantityList": _quantities,
        "transformationID": _uri,
        "ilmd": _extensions,
    },
    EventType.ASSOCIATION: {**_COMMON, **_ACTION, **_CHILDREN},
}
_ALWAYS: Final = ("eventTime", "eventTimeZoneOffset")
_REQUIRED: Final[dict[EventType, tuple[str, ...]]] = {
    EventType.OBJECT: (*_ALWAYS, "action"),
    EventType.AGGREGATION: (*_ALWAYS, "action"),
    EventType.TRANSACTION: (*_ALWAYS, "action", "bizTransactionList"),
    EventType.TRANSFORMATION: _ALWAYS,
    EventType.ASSOCIATION: (*_ALWAYS, "action", "parentID"),
}
_ONE_OF: Final[dict[EventType, tuple[tuple[str, ...], ...]]] = {
    EventType.OBJECT: (("epcList", "quantityList", "sensorElementList"),),
    EventType.AGGREGATION: (("parentID", "childEPCs", "childQuantityList"),),
    EventType.TRANSACTION: (),
    EventType.TRANSFORMATION: (
        ("inputEPCList", "inputQuantityList", "transformationID"),
        ("outputEPCList", "outputQuantityList", "transformationID"),
    ),
    EventType.ASSOCIATION: (),
}


def things_named(event: ReadEvent) -> Iterator[tuple[str, str]]:
    """Yield every identifier of things in an event with the field it stands in."""
    fields = event.fields
    if "parentID" in fields:
        yield "parentID", fields["parentID"]
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        for uri in fields.get(name, ()):
            yield name, uri
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"):
        for element in fields.get(name, ()):
            yield name, element["epcClass"]
