"""SimpleEventQuery once more, as plainly as it can be written, to hold the real one against.

It reads the events as they were handed in and knows no index, no page and none of our code but the one that
says when two names are the same thing, which has tests of its own.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from wuma.chain.trace.shelves.things import key_of

Event = dict[str, Any]
WAYS = {"EQ": operator.eq, "GT": operator.gt, "GE": operator.ge, "LT": operator.lt, "LE": operator.le}
EPCS = {
    "MATCH_epc": ("epcList", "childEPCs"),
    "MATCH_parentID": ("parentID",),
    "MATCH_inputEPC": ("inputEPCList",),
    "MATCH_outputEPC": ("outputEPCList",),
    "MATCH_anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
}
CLASSES = {
    "MATCH_epcClass": ("quantityList", "childQuantityList"),
    "MATCH_inputEPCClass": ("inputQuantityList",),
    "MATCH_outputEPCClass": ("outputQuantityList",),
    "MATCH_anyEPCClass": ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"),
}
SENSOR_TEXTS = ("microorganism", "chemicalSubstance", "stringValue", "uriValue")
SENSOR_URIS = ("deviceID", "dataProcessingMethod", "bizRules")
LISTS = {"bizTransaction": "bizTransactionList", "source": "sourceList", "destination": "destinationList"}


def word(text: str) -> str:
    """Return the last piece of a CBV word; another URI as it is."""
    for beginning in ("urn:epcglobal:cbv:", "https://ref.gs1.org/cbv/", "cbv:"):
        if text.startswith(beginning):
            return text.removeprefix(beginning).replace("-", ":").rpartition(":")[2]
    return text


def means(event: Event, name: str, text: str) -> bool:
    """Whether an event is meant by one parameter."""
    values = text.split("|")
    way, _, rest = name.partition("_")
    if name == "eventType":
        return event["type"] in values
    if name in EPCS:
        return any(key_of(one) in map(key_of, values) for one in _epcs(event, EPCS[name]))
    if name in CLASSES:
        found = [element["epcClass"] for field in CLASSES[name] for element in event.get(field, [])]
        return any(key_of(one) in map(key_of, values) for one in found)
    if rest in {"eventTime", "recordTime"}:
        return WAYS[way](_at(event[rest]), _at(text))
    if rest == "errorDeclarationTime":
        return "errorDeclaration" in event and WAYS[way](
            _at(event["errorDeclaration"]["declarationTime"]), _at(text)
        )
    if name == "EQ_action":
        return event.get("action") in values
    if name in {"EQ_bizStep", "EQ_disposition"}:
        return rest in event and word(event[rest]) in map(word, values)
    if rest.startswith("persistentDisposition_"):
        found = event.get("persistentDisposition", {}).get(rest.rpartition("_")[2], [])
        return any(word(one) in map(word, values) for one in found)
    if name in {"EQ_readPoint", "EQ_bizLocation"}:
        return rest in event and key_of(event[rest]["id"]) in map(key_of, values)
    if name in {"WD_readPoint", "WD_bizLocation"}:
        place = key_of(event[rest]["id"]) if rest in event else ""
        return any(place == key_of(one) or place.startswith(key_of(one) + "/254/") for one in values)
    if name in {"EQ_eventID", "EQ_transformationID"}:
        return event.get(rest) in values
    if name == "EQ_errorReason":
        reason = event.get("errorDeclaration", {}).get("reason")
        return reason is not None and word(reason) in map(word, values)
    if name == "EQ_correctiveEventID":
        return any(one in values for one in event.get("errorDeclaration", {}).get("correctiveEventIDs", []))
    if name.startswith("EXISTS_") and ":" not in name:
        return text == "false" or bool(event.get(rest))
    if name == "EQ_type":
        return any(
            str(one["type"]).removeprefix("gs1:") in values for one in _reports(event) if "type" in one
        )
    if rest in SENSOR_TEXTS:
        return any(one[rest] in values for one in _reports(event) if rest in one)
    if rest in SENSOR_URIS:
        found = [one[rest] for one in [*_reports(event), *_metadata(event)] if rest in one]
        return any(key_of(one) in map(key_of, values) for one in found)
    if rest == "booleanValue":
        return any(str(one[rest]).lower() in values for one in _reports(event) if rest in one)
    if rest in {"time", "startTime", "endTime"}:
        found = [one[rest] for one in [*_reports(event), *_metadata(event)] if rest in one]
        return any(WAYS[way](_at(one), _at(text)) for one in found)
    kind, _, type_ = rest.partition("_")
    if kind in LISTS:
        found = [one[kind] for one in event.get(LISTS[kind], []) if word(one.get("type", "")) == word(type_)]
        return any(key_of(one) in map(key_of, values) for one in found)
    if ":" not in rest:
        return _measures(event, way, kind, type_, [float(value) for value in values])
    return _extends(event, way, rest, values)


def _measures(event: Event, way: str, what: str, unit: str, wanted: list[float]) -> bool:
    if what == "quantity":
        elements = [one for field in CLASSES["MATCH_anyEPCClass"] for one in event.get(field, [])]
    else:
        elements = list(_reports(event))
    found = [one[what] for one in elements if what in one and unit in ("", one.get("uom"))]
    return any(WAYS[way](one, value) for one in found for value in wanted)


def _extends(event: Event, way: str, rest: str, values: list[str]) -> bool:
    name, inner = rest.removeprefix("INNER_"), rest.startswith("INNER_")
    fields: Event = event
    if name.startswith("ILMD_"):
        name, fields = name.removeprefix("ILMD_"), event.get("ilmd", {})
    if name.startswith("ERROR_DECLARATION_"):
        name, fields = name.removeprefix("ERROR_DECLARATION_"), event.get("errorDeclaration", {})
    own = {one: value for one, value in fields.items() if ":" in one}
    pairs = _nested(list(own.values())) if inner else iter(own.items())
    found: list[Any] = []
    for field, value in pairs:
        if field == name:
            found += value if isinstance(value, list) else [value]
    if way == "EXISTS":
        return values == ["false"] or bool(found)
    if way == "EQ":
        return any(one == value or str(one) == value for one in found for value in values)
    return any(WAYS[way](float(one), float(values[0])) for one in found if _is_number(one))


def _nested(values: list[Any]) -> Iterator[tuple[str, Any]]:
    for value in values:
        if isinstance(value, list):
            yield from _nested(value)
        elif isinstance(value, dict):
            yield from value.items()
            yield from _nested(list(value.values()))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, bool)


def _epcs(event: Event, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        found = event.get(field, [])
        yield from [found] if isinstance(found, str) else found


def _reports(event: Event) -> Iterator[Event]:
    for element in event.get("sensorElementList", []):
        yield from element["sensorReport"]


def _metadata(event: Event) -> Iterator[Event]:
    for element in event.get("sensorElementList", []):
        if "sensorMetadata" in element:
            yield element["sensorMetadata"]


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


# -- what somebody is shown --------------------------------------------------------------------------------

THINGS = ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList")
CLASS_LISTS = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


def redacted(event: Event, hidden: frozenset[str]) -> Event | None:
    """Leave out what is kept back; None when the standard demands some of it."""
    left = {name: value for name, value in event.items() if name not in hidden}
    if "extensions" in hidden:
        ilmd = left.pop("ilmd", None)
        left = _without_colons(left)
        if ilmd is not None:
            left["ilmd"] = ilmd
    if left == event:
        return left
    if event["type"] == "TransactionEvent" and "bizTransactionList" not in left:
        return None
    names_things = "epcList" in left or left.get("quantityList")
    if event["type"] == "ObjectEvent" and not names_things:
        return left if left.get("sensorElementList") and "readPoint" in left else None
    return left


def _without_colons(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_colons(one) for name, one in value.items() if ":" not in name}
    return [_without_colons(one) for one in value] if isinstance(value, list) else value


def glns(event: Event, fields: tuple[str, ...]) -> set[str]:
    """Return the GLNs of places, or of the other sides of sources and destinations."""
    found = [event[field]["id"] for field in fields if isinstance(event.get(field), dict)]
    for kind in ("source", "destination"):
        if f"{kind}List" in fields:
            found += [one[kind] for one in event.get(f"{kind}List", [])]
    keys = [key_of(one) for one in found]
    return {
        one.split("/")[4]
        for one in keys
        if one.startswith(("https://id.gs1.org/414/", "https://id.gs1.org/417/"))
    }


def gtins(event: Event) -> set[str]:
    """Return the GTINs of all an event names."""
    found = list(_epcs(event, THINGS))
    found += [one["epcClass"] for field in CLASS_LISTS for one in event.get(field, [])]
    return {one.split("/")[4] for one in map(key_of, found) if one.startswith("https://id.gs1.org/01/")}


def shows(rule: dict[str, Any], event: Event, mine: frozenset[str]) -> bool:
    """Whether a rule shows an event."""
    at = _at(event["eventTime"])
    places = ("readPoint", "bizLocation")
    return not (
        (rule["event_types"] and event["type"] not in rule["event_types"])
        or (rule["since"] and at < rule["since"])
        or (rule["until"] and at >= rule["until"])
        or (rule["biz_steps"] and ("bizStep" not in event or word(event["bizStep"]) not in rule["biz_steps"]))
        or (rule["places"] and not glns(event, places) & rule["places"])
        or (rule["own"] and not glns(event, (*places, "sourceList", "destinationList")) & mine)
        or (rule["products"] and not (gtins(event) and gtins(event) <= rule["products"]))
    )
