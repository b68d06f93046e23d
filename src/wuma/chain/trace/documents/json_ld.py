"""Reading EPCIS 2.0 documents in JSON-LD: every fault with its place, every good event with all its fields.

What is checked is what the JSON schema of the standard demands, formats included: dates with an offset,
URIs where URIs belong, words of the CBV where no URI is given, and no unknown field without a namespace.
Where it differs from the schema, the tests name the clause (``test_json_strictness.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from wuma.chain.trace.documents.uris import are_uris, is_uri
from wuma.chain.trace.vocabulary import Action, EventType
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
    shape: bytes = b""
    """All it says but its time, its name and the things it names one by one; empty if that is much."""


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
    around: Any = None
    """What stands around the events, as JSON has it: master data, if it brings any."""


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
    _context(document.get("@context"), "/@context", faults)
    read: list[ReadEvent] = []
    refused: list[RefusedEvent] = []
    of_document = len(faults)
    for place, (event, at) in enumerate(zip(events, where, strict=True)):
        wrong: list[FieldError] = []
        found = read_fields(event, at, place, wrong)
        if found is None:
            refused.append(RefusedEvent(place, wrong[:FAULTS_OF_EVENT_MAX]))
            faults += wrong[: FAULTS_NAMED_MAX - len(faults)]
        else:
            read.append(found)
    if of_document or (refused and not proceed):
        raise InvalidInput(f"{len(faults)} fault(s) in the document.", faults[:FAULTS_NAMED_MAX])
    return ReadDocument(document["@context"], read, refused, document)


def read_head(document: Any) -> Any:
    """Return the context of a document whose events are read one by one; its eventList is empty.

    Raises:
        InvalidInput: with every fault of what stands around the events.
    """
    faults: list[FieldError] = []
    if not isinstance(document, dict):
        raise InvalidInput("The document.", [FieldError("", "a JSON object", _shown(document))])
    _event_list(document, faults)
    _context(document.get("@context"), "/@context", faults)
    if faults:
        raise InvalidInput(f"{len(faults)} fault(s) in the document.", faults[:FAULTS_NAMED_MAX])
    return document["@context"]


def read_event(body: bytes, at: str, place: int) -> ReadEvent | RefusedEvent:
    """Read one event of a document, which stands at a JSON pointer.

    Raises:
        InvalidInput: it is not JSON, and so the document is not.
    """
    faults: list[FieldError] = []
    event = read_fields(_decode(body), at, place, faults)
    return RefusedEvent(place, faults[:FAULTS_OF_EVENT_MAX]) if event is None else event


def trusted_event(body: bytes, place: int) -> ReadEvent:
    """Read an event that was found valid before."""
    event = msgspec.json.decode(body)
    at = datetime.fromisoformat(event["eventTime"]).astimezone(UTC)
    action = Action(event["action"]) if "action" in event else None
    return ReadEvent(event, EventType(event["type"]), at, action, place, _shape_of(event))


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
    _check_fields(document, _ANSWER if is_answer else _DOCUMENT, "", faults)
    for name in ("epcisBody",) if is_answer else ("schemaVersion", "creationDate", "epcisBody"):
        if name not in document:
            faults.append(FieldError(f"/{name}", "this field", "nothing"))
    body, at = document.get("epcisBody"), "/epcisBody"
    if is_answer:
        _query_results(body, at, faults)
    for step in ("queryResults", "resultsBody") if is_answer else ():
        body, at = body.get(step) if isinstance(body, dict) else None, f"{at}/{step}"
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or len(events) > EVENTS_MAX:
        got = f"{len(events)} events" if isinstance(events, list) else _shown(events)
        faults.append(FieldError(f"{at}/eventList", f"at most {EVENTS_MAX} events", got))
        return [], []
    return events, [f"{at}/eventList/{place}" for place in range(len(events))]


def _context(context: Any, at: str, faults: list[FieldError]) -> None:
    """Look at a context: addresses are not fetched, and what EPCIS defines is defined."""
    parts = context if isinstance(context, list) else [context]
    if not all(is_uri(part) or isinstance(part, dict) for part in parts) or not _are_different(parts):
        faults.append(FieldError(at, "a JSON-LD context (RFC 3986 URIs and objects)", _shown(context)))
        return
    for place, part in enumerate(parts):
        for term in PROTECTED_TERMS.intersection(part) if isinstance(part, dict) else ():
            where = f"{at}/{place}/{term}" if isinstance(context, list) else f"{at}/{term}"
            if part[term] not in (f"epcis:{term}", f"https://ref.gs1.org/epcis/{term}"):
                expected = "no other meaning of a term that EPCIS defines (JSON-LD 1.1, protected terms)"
                faults.append(FieldError(where, expected, _shown(part[term])))


def read_fields(event: Any, at: str, place: int, faults: list[FieldError]) -> ReadEvent | None:
    """Read one event, wherever it comes from; None, and why, if it is not valid."""
    if not isinstance(event, dict):
        faults.append(FieldError(at, "an event", _shown(event)))
        return None
    if event.get("type") not in EventType.__members__.values():
        faults.append(FieldError(f"{at}/type", " | ".join(EventType), _shown(event.get("type"))))
        return None
    shape = _shape_of(event)
    if shape in _GOOD_SHAPES and (happened := _varying(event)) is not None:
        type_, action = _GOOD_SHAPES[shape]
        return ReadEvent(event, type_, happened, action, place, shape)
    type_ = EventType(event["type"])
    _check_fields(event, _FIELDS[type_], at, faults)
    for name in _REQUIRED[type_]:
        if name not in event:
            faults.append(FieldError(f"{at}/{name}", "this field", "nothing"))
    if not faults:
        _check_together(type_, event, at, faults)
    if faults:
        return None
    action = Action(event["action"]) if "action" in event else None
    if shape:
        if len(_GOOD_SHAPES) >= SHAPES_REMEMBERED_MAX:
            _GOOD_SHAPES.clear()
        _GOOD_SHAPES[shape] = type_, action
    at_utc = datetime.fromisoformat(event["eventTime"]).astimezone(UTC)
    return ReadEvent(event, type_, at_utc, action, place, shape)


# -- events that are like others ---------------------------------------------------------------------------
# A line says the same ten thousand times over: only time, name and things differ. What was found good is good
# again, so of the next event only these are looked at; where one of them is not good, all is looked at anew,
# to say so.

SHAPES_REMEMBERED_MAX: Final = 4_096
SHAPE_BYTES_MAX: Final = 4_096  # 4,096 shapes of 4,096 bytes are 16 MB, at worst


def _shape_of(event: Json) -> bytes:
    """Return all an event says but what varies; of that, only whether it is there and whether it is empty."""
    rest = {name: value for name, value in event.items() if name not in _VARYING}
    there = [(name, not event[name]) for name in _VARYING if name in event]
    try:
        shape = msgspec.json.encode((rest, there))
    except RecursionError:
        return b""
    return shape if len(shape) <= SHAPE_BYTES_MAX else b""


def _varying(event: Json) -> datetime | None:
    """Return when an event happened, if all is good that its shape does not say."""
    for name, is_list in _VARYING.items():
        if name == "eventTime" or name not in event:
            continue
        value = event[name]
        if not is_list:
            if not is_uri(value):
                return None
        elif not (
            isinstance(value, list)
            and len(value) <= EPCS_PER_EVENT_MAX
            and are_uris(value)
            and len(set(value)) == len(value)
        ):
            return None
    written = event.get("eventTime")
    if not isinstance(written, str) or not _INSTANT.fullmatch(written):
        return None
    try:
        at = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if at.year in YEARS else None


_GOOD_SHAPES: dict[bytes, tuple[EventType, Action | None]] = {}
_VARYING: Final = {
    "eventTime": False,
    "eventID": False,
    "parentID": False,
    "epcList": True,
    "childEPCs": True,
    "inputEPCList": True,
    "outputEPCList": True,
}


# -- what a field may hold ---------------------------------------------------------------------------------

Check = Callable[[Any, str, list[FieldError]], None]


def _check_fields(found: Json, known: Mapping[str, Check], at: str, faults: list[FieldError]) -> None:
    for name, value in found.items():
        check = known.get(name)
        if check is not None:
            check(value, f"{at}/{name}", faults)
        elif not is_uri(name):
            expected = "a field of the standard, or one with a namespace (prefix:name)"
            faults.append(FieldError(f"{at}/{_shown(name)}", expected, _shown(value)))
        elif _depth(value) > NESTING_MAX:
            faults.append(FieldError(f"{at}/{name}", f"at most {NESTING_MAX} levels", "more"))


def _check_together(type_: EventType, event: Json, at: str, faults: list[FieldError]) -> None:
    """Look at the fields of an event that need, or do not go with, each other; each is good by itself."""

    def has(*names: str) -> bool:
        return any(event.get(name) for name in names)

    needed: str | None = None
    match type_:
        case EventType.OBJECT:
            seen = has("sensorElementList") and "readPoint" in event
            if not ("epcList" in event or has("quantityList") or seen):
                needed = "epcList, or quantityList, or sensorElementList and readPoint"
            if "ilmd" in event and event["action"] != Action.ADD:
                faults.append(FieldError(f"{at}/ilmd", "ilmd with the action ADD only", event["action"]))
        case EventType.AGGREGATION | EventType.ASSOCIATION:
            if not has("childEPCs", "childQuantityList") and event["action"] != Action.DELETE:
                needed = "childEPCs or childQuantityList, unless the action is DELETE"
        case EventType.TRANSACTION:
            if not ("epcList" in event or has("quantityList")) and event["action"] != Action.DELETE:
                needed = "epcList or quantityList, unless the action is DELETE"
        case EventType.TRANSFORMATION:
            inputs = has("inputEPCList", "inputQuantityList")
            outputs = has("outputEPCList", "outputQuantityList")
            if not (inputs and outputs) and not ("transformationID" in event and (inputs or outputs)):
                needed = "inputs and outputs, or one of them and a transformationID"
    if needed is not None:
        faults.append(FieldError(at, needed, "none of them"))


def lacks(type_: EventType, event: Json) -> bool:
    """Whether an event is not one without something that is not in it; `event` is a valid one with less."""
    faults: list[FieldError] = []
    _check_together(type_, event, "", faults)
    return bool(faults) or any(name not in event for name in _REQUIRED[type_])


def _one(expected: str, is_good: Callable[[Any], bool]) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        if not is_good(value):
            faults.append(FieldError(at, expected, _shown(value)))

    return check


def _each(
    check_one: Check, *, count_min: int = 0, count_max: int = EPCS_PER_EVENT_MAX, once: bool = False
) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        if not isinstance(value, list) or not count_min <= len(value) <= count_max:
            faults.append(FieldError(at, f"a list of {count_min} to {count_max}", _shown(value)))
            return
        if once and not _are_different(value):
            faults.append(FieldError(at, "each of them once", _shown(value)))
        if check_one is _uri and are_uris(value):
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
            elif not extensible or not is_uri(name):
                expected = " | ".join(known) + (" | prefix:name" if extensible else "")
                faults.append(FieldError(f"{at}/{_shown(name)}", expected, _shown(one)))
            elif _depth(one) > NESTING_MAX:
                faults.append(FieldError(f"{at}/{name}", f"at most {NESTING_MAX} levels", "more"))

    return check


def _word_or_uri(name: str, words: Iterable[str], *, written_otherwise: re.Pattern[str]) -> Check:
    """Check for a bare word of a standard vocabulary, or for a URI that is none of its words."""
    known = frozenset(words)

    def is_good(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        return value in known or (is_uri(value) and written_otherwise.match(value) is None)

    return _one(f"a {name} of the CBV as a bare word, or a URI of another vocabulary", is_good)


def _both(*checks: Check) -> Check:
    def check(value: Any, at: str, faults: list[FieldError]) -> None:
        for one in checks:
            one(value, at, faults)

    return check


def _are_different(values: list[Any]) -> bool:
    try:
        return len(set(values)) == len(values)
    except TypeError:  # objects among them
        written = {msgspec.json.encode(value, order="sorted") for value in values}
        return len(written) == len(values)


def _is_instant(value: Any) -> bool:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return False
    try:
        return datetime.fromisoformat(value).astimezone(UTC).year in YEARS
    except (ValueError, OverflowError):
        return False


def _is_version(value: Any) -> bool:
    return isinstance(value, str) and _VERSION.fullmatch(value) is not None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\0" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_offset(value: Any) -> bool:
    return isinstance(value, str) and _OFFSET.fullmatch(value) is not None


def _is_hexadecimal(text: str) -> bool:
    return re.fullmatch("[A-Fa-f0-9]+", text) is not None


def _is_extensions(value: Any) -> bool:
    return isinstance(value, dict) and all(map(is_uri, value)) and _depth(value) <= NESTING_MAX


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


_INSTANT: Final = re.compile(  # xsd:dateTimeStamp, as the JSON-LD context has it
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))", re.ASCII
)
_OFFSET: Final = re.compile(r"[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00)", re.ASCII)
_UNIT: Final = re.compile(r"[A-Z0-9]{2,3}", re.ASCII)
_VERSION: Final = re.compile(r"\d+(?:\.\d+)*", re.ASCII)

_uri = _one("a URI", is_uri)
_instant = _one("an instant with an offset (RFC 3339)", _is_instant)
_text = _one("text", _is_text)
_number = _one("a number", _is_number)
_uris = _each(_uri)
_uris_once = _each(_uri, once=True)
_extensions = _one("an object of fields with namespaces", _is_extensions)
_place = _object({"id": _uri}, ("id",), extensible=True)
_unit = _one(
    "a unit of UN/CEFACT Recommendation 20, such as KGM",
    lambda value: isinstance(value, str) and _UNIT.fullmatch(value) is not None,
)
_quantities = _each(_object({"epcClass": _uri, "quantity": _number, "uom": _unit}, ("epcClass",)))
_OF_CBV: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
_OF_GS1_VOCABULARY: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")
_biz_step = _word_or_uri("business step", BizStep, written_otherwise=_OF_CBV)
_disposition = _word_or_uri("disposition", Disposition, written_otherwise=_OF_CBV)
_transaction_type = _word_or_uri("transaction type", BusinessTransactionType, written_otherwise=_OF_CBV)
_transaction = _object({"type": _transaction_type, "bizTransaction": _uri}, ("bizTransaction",))
_end_type = _word_or_uri("source or destination type", SourceDestinationType, written_otherwise=_OF_CBV)

_SENSOR_METADATA: Final[dict[str, Check]] = {
    "time": _instant, "startTime": _instant, "endTime": _instant, "deviceID": _uri, "deviceMetadata": _uri,
    "rawData": _uri, "dataProcessingMethod": _uri, "bizRules": _uri,
}  # fmt: skip
_SENSOR_REPORT: Final[dict[str, Check]] = {
    "type": _word_or_uri("measurement type", MEASUREMENT_TYPES, written_otherwise=_OF_GS1_VOCABULARY),
    "exception": _word_or_uri("sensor alert", SENSOR_ALERTS, written_otherwise=_OF_GS1_VOCABULARY),
    "component": _word_or_uri("component", SensorComponent, written_otherwise=_OF_CBV),
    "deviceID": _uri, "deviceMetadata": _uri, "rawData": _uri,
    "dataProcessingMethod": _uri, "bizRules": _uri, "time": _instant, "microorganism": _uri,
    "chemicalSubstance": _uri, "coordinateReferenceSystem": _uri, "value": _number,
    "stringValue": _text, "booleanValue": _one("true or false", lambda value: isinstance(value, bool)),
    "hexBinaryValue": _one("hexadecimal digits", lambda value: _is_text(value) and _is_hexadecimal(value)),
    "uriValue": _uri, "minValue": _number, "maxValue": _number, "meanValue": _number, "sDev": _number,
    "percRank": _number, "percValue": _number, "uom": _text,
}  # fmt: skip

_COMMON: Final[dict[str, Check]] = {
    "@context": _context,
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
            "reason": _word_or_uri("reason", ErrorReason, written_otherwise=_OF_CBV),
            "correctiveEventIDs": _uris,
        },
        ("declarationTime",),
        extensible=True,
    ),
    "bizStep": _biz_step,
    "disposition": _disposition,
    "persistentDisposition": _both(
        _object(dict.fromkeys(("set", "unset"), _each(_disposition, count_min=1, once=True)), ()),
        _one("set or unset", lambda value: isinstance(value, dict) and len(value) > 0),
    ),
    "readPoint": _place,
    "bizLocation": _place,
    "bizTransactionList": _each(_transaction),
    "sourceList": _each(_object({"type": _end_type, "source": _uri}, ("type", "source"))),
    "destinationList": _each(
        _object(
            {"type": _end_type, "destination": _uri},
            ("type", "destination"),
        )
    ),
    "sensorElementList": _each(
        _object(
            {
                "sensorMetadata": _object(_SENSOR_METADATA, (), extensible=True),
                "sensorReport": _each(_object(_SENSOR_REPORT, ("type",), extensible=True), count_min=1),
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
    EventType.OBJECT: {**_COMMON, **_ACTION, **_THINGS, "epcList": _uris_once, "ilmd": _extensions},
    EventType.AGGREGATION: {**_COMMON, **_ACTION, **_CHILDREN},
    EventType.TRANSACTION: {
        **_COMMON,
        **_ACTION,
        **_THINGS,
        "parentID": _uri,
        "bizTransactionList": _each(_transaction, count_min=1),
    },
    EventType.TRANSFORMATION: {
        **_COMMON,
        "inputEPCList": _uris_once,
        "inputQuantityList": _quantities,
        "outputEPCList": _uris_once,
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

_vocabularies = _each(
    _object(
        {
            "type": _uri,
            "vocabularyElementList": _each(
                _object(
                    {
                        "id": _uri,
                        "attributes": _each(
                            _object(
                                {
                                    "id": _uri,
                                    "attribute": _one(
                                        "text, a number or an object",
                                        lambda value: (
                                            isinstance(value, str | int | float | dict)
                                            and not isinstance(value, bool)
                                            and _depth(value) <= NESTING_MAX
                                        ),
                                    ),
                                },
                                ("id",),
                                extensible=True,
                            )
                        ),
                        "children": _uris,
                    },
                    ("id",),
                    extensible=True,
                )
            ),
        },
        ("type",),
        extensible=True,
    )
)
_DOCUMENT: Final[dict[str, Check]] = {
    "@context": lambda _value, _at, _faults: None,
    "type": _text,
    "id": _uri,
    "schemaVersion": _one("a version such as 2.0", _is_version),
    "creationDate": _instant,
    "instanceIdentifier": _text,
    "sender": _text,
    "receiver": _text,
    "epcisHeader": _object(
        {"epcisMasterData": _object({"vocabularyList": _vocabularies}, (), extensible=True)},
        (),
        extensible=True,
    ),
    "epcisBody": _one("an object", lambda value: isinstance(value, dict)),
}
_ANSWER: Final = {
    name: check
    for name, check in _DOCUMENT.items()
    if name not in {"epcisHeader", "instanceIdentifier", "sender", "receiver"}
}
_query_results = _object(
    {
        "queryResults": _object(
            {
                "queryName": _text,
                "subscriptionID": _text,
                "resultsBody": _object(
                    {"eventList": lambda _value, _at, _faults: None, "vocabularyList": _vocabularies},
                    ("eventList",),
                    extensible=True,
                ),
            },
            ("queryName", "resultsBody"),
            extensible=True,
        )
    },
    ("queryResults",),
    extensible=True,
)
PROTECTED_TERMS: Final = (
    frozenset(name for fields in _FIELDS.values() for name in fields)
    | frozenset(_SENSOR_METADATA)
    | frozenset(_SENSOR_REPORT)
    | frozenset(EventType)
    | frozenset(
        "id epcClass quantity uom source destination bizTransaction set unset sensorMetadata sensorReport"
        " declarationTime reason correctiveEventIDs".split()
    )
) - {"@context"}
"""What the context of EPCIS 2.0 defines, and protects (``@protected``)."""


def classes_named(event: ReadEvent) -> Iterator[str]:
    """Yield the classes of things that an event names with quantities."""
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"):
        for element in event.fields.get(name, ()):
            yield element["epcClass"]
