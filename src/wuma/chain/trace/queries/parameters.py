"""The parameters of SimpleEventQuery (EPCIS 2.0, section 8.2.7.1), each by its name.

Read it beside the standard and tick: what is not here is refused by name, never ignored, because an ignored
filter gives wrong answers that look right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from wuma.chain.trace.documents.json_ld import Json
from wuma.chain.trace.documents.said import KNOWN_PREFIXES, Said, expanded, key
from wuma.chain.trace.queries.conditions import (
    ATTRIBUTED_FIELDS,
    OPERATORS,
    Condition,
    Hint,
    Names,
    Reader,
    Values,
    classes,
    having,
    instants,
    is_there,
    members,
    names,
    numbers,
    texts,
    things,
    time,
    values_of,
    within,
    words,
)
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.vocabulary import Action, EventType, bare_word
from wuma.kernel.errors import FieldError
from wuma_gs1.cbv import (
    BizStep,
    BusinessTransactionType,
    Disposition,
    ErrorReason,
    SourceDestinationType,
    Word,
)

VALUES_MAX: Final = 200
"""Values of one parameter, separated by pipes."""
NUMBER_MAX: Final = 2**31 - 1

_EPC_FIELDS: Final = ("epcList", "childEPCs")
_ALL_EPC_FIELDS: Final = (*_EPC_FIELDS, "parentID", "inputEPCList", "outputEPCList")
_ONE_BY_ONE: Final = tuple(role for role in Role if role is not Role.CLASS)
_QUANTITY_FIELDS: Final = ("quantityList", "childQuantityList")

Asked: TypeAlias = Mapping[str, Sequence[str]]
"""The parameters of a query by name, each with its values."""
Prefixes: TypeAlias = Mapping[str, str]


@dataclass(slots=True)
class Query:
    """A query, read."""

    conditions: list[Condition] = field(default_factory=list)
    order_by: Literal["eventTime", "recordTime"] = "eventTime"
    descending: bool = True
    event_count_limit: int | None = None
    max_event_count: int | None = None

    def means(self, said: Said) -> bool:
        """Whether an event is one that is asked for."""
        return all(condition.test(said) for condition in self.conditions)


def read_query(asked: Asked, prefixes: Prefixes) -> tuple[Query, list[FieldError]]:
    """Read the parameters of a query, and say what is wrong with each that cannot be used.

    Args:
        asked: the parameters by name.
        prefixes: what the asker's prefixes of extension fields stand for (header ``GS1-Extensions``).
    """
    query, faults = Query(), []
    for name, values in asked.items():
        fault = _read(query, name, values, prefixes)
        if fault is not None:
            faults.append(FieldError(f"query/{name}", fault, "|".join(values)[:80]))
    if query.event_count_limit is not None and "orderBy" not in asked:
        fault = "orderBy beside it: the first of what?"
        faults.append(FieldError("query/eventCountLimit", fault, str(query.event_count_limit)))
    if query.event_count_limit is not None and query.max_event_count is not None:
        fault = "eventCountLimit or maxEventCount, not both"
        faults.append(FieldError("query/maxEventCount", fault, str(query.max_event_count)))
    return query, faults


def _read(query: Query, name: str, values: Values, prefixes: Prefixes) -> str | None:
    """Add what one parameter asks for; return what was expected where it cannot be read."""
    if name in _SETTINGS:
        return _SETTINGS[name](query, values)
    reader = _FIXED.get(name) or _of_family(name, prefixes)
    if reader is None:
        return "a parameter of SimpleEventQuery"
    if not values and name.startswith("EXISTS_"):
        values = ["true"]  # the standard gives it no value: it is there, or it is not
    if not values or len(values) > VALUES_MAX:
        return f"1 to {VALUES_MAX} values"
    condition = reader(values)
    if isinstance(condition, str):
        return condition
    query.conditions.append(condition)
    return None


# -- extension fields --------------------------------------------------------------------------------------

_LEVELS: Final[dict[str, Callable[[Said], Iterable[Json]]]] = {
    "": lambda said: [said.fields],
    "ILMD_": lambda said: [said.fields.get("ilmd", {})],
    "ERROR_DECLARATION_": lambda said: [said.error or {}],
    "SENSORELEMENT_": lambda said: said.sensor_elements,
    "SENSORMETADATA_": lambda said: said.sensor_metadata(),
    "SENSORREPORT_": lambda said: said.sensor_reports(),
    "readPoint_": lambda said: [said.fields.get("readPoint", {})],
    "bizLocation_": lambda said: [said.fields.get("bizLocation", {})],
}
"""Where extension fields stand, by what parameters call the place."""


def _extension(level: str, name: str, prefixes: Prefixes, *, inner: bool) -> Callable[[Said], Iterator[Any]]:
    """Return what finds the values of an extension field, anywhere inside of others when `inner`."""
    wanted = expanded(name, {**KNOWN_PREFIXES, **prefixes})
    where = _LEVELS[level]

    def get(said: Said) -> Iterator[Any]:
        for fields in where(said):
            own = {one: value for one, value in fields.items() if ":" in one}
            for found, value in _inside(own.values()) if inner else own.items():
                if found == name or expanded(found, said.prefixes) == wanted:
                    yield from value if isinstance(value, list) else [value]

    return get


def _inside(values: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    waiting = list(values)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one.items()
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


# -- the parameters ----------------------------------------------------------------------------------------


def _of(name: str) -> Callable[[Said], Iterable[Any]]:
    def get(said: Said) -> Iterable[Any]:
        return (said.fields[name],) if name in said.fields else ()

    return get


def _of_place(name: str) -> Callable[[Said], Iterable[str | None]]:
    return lambda said: (said.place(name),)


def _of_reports(name: str) -> Callable[[Said], Iterable[Any]]:
    return lambda said: (report[name] for report in said.sensor_reports() if name in report)


def _of_sensors(name: str) -> Callable[[Said], Iterable[Any]]:
    """Reports have it, or the metadata have it for all of them."""

    def get(said: Said) -> Iterator[Any]:
        yield from (one[name] for one in said.sensor_metadata() if name in one)
        yield from (one[name] for one in said.sensor_reports() if name in one)

    return get


def _of_error(name: str) -> Callable[[Said], Iterable[Any]]:
    return lambda said: (said.error[name],) if said.error is not None and name in said.error else ()


def _sensor_times(name: str) -> Callable[[Said], Iterable[datetime]]:
    return lambda said: instants(_of_sensors(name)(said))


_ALL_QUANTITIES: Final = (*_QUANTITY_FIELDS, "inputQuantityList", "outputQuantityList")

_FIXED: Final[dict[str, Reader]] = {
    "eventType": members("type", EventType, "type"),
    "GE_eventTime": time(lambda said: (said.at,), ">=", "at"),
    "LT_eventTime": time(lambda said: (said.at,), "<", "at"),
    "GE_recordTime": time(lambda said: (said.captured_at,), ">=", "captured_at"),
    "LT_recordTime": time(lambda said: (said.captured_at,), "<", "captured_at"),
    "EQ_action": members("action", Action, "action"),
    "EQ_bizStep": words(_of("bizStep"), BizStep, "biz_step"),
    "EQ_disposition": words(_of("disposition"), Disposition, "disposition"),
    "EQ_persistentDisposition_set": words(
        lambda said: said.fields.get("persistentDisposition", {}).get("set", ()), Disposition
    ),
    "EQ_persistentDisposition_unset": words(
        lambda said: said.fields.get("persistentDisposition", {}).get("unset", ()), Disposition
    ),
    "EQ_readPoint": names(_of_place("readPoint")),
    "WD_readPoint": within("readPoint"),
    "EQ_bizLocation": names(_of_place("bizLocation")),
    "WD_bizLocation": within("bizLocation"),
    "EQ_transformationID": texts(_of("transformationID")),
    "MATCH_epc": things(_EPC_FIELDS, Role.OBSERVED, Role.CHILD),
    "MATCH_parentID": things(("parentID",), Role.PARENT),
    "MATCH_inputEPC": things(("inputEPCList",), Role.INPUT),
    "MATCH_outputEPC": things(("outputEPCList",), Role.OUTPUT),
    "MATCH_anyEPC": things(_ALL_EPC_FIELDS, *_ONE_BY_ONE),
    "MATCH_epcClass": classes(*_QUANTITY_FIELDS),
    "MATCH_inputEPCClass": classes("inputQuantityList"),
    "MATCH_outputEPCClass": classes("outputQuantityList"),
    "MATCH_anyEPCClass": classes(*_ALL_QUANTITIES),
    "EQ_eventID": lambda values: Condition(
        lambda said: said.fields.get("eventID") in values, Hint("event_id", values), is_whole=True
    ),
    "EXISTS_errorDeclaration": is_there(_of("errorDeclaration")),
    # The JSON schema of queries writes these two in another way than the standard does.
    "GE_errorDeclaration_Time": time(lambda said: instants(_of_error("declarationTime")(said)), ">="),
    "LT_errorDeclaration_Time": time(lambda said: instants(_of_error("declarationTime")(said)), "<"),
    "GE_errorDeclarationTime": time(lambda said: instants(_of_error("declarationTime")(said)), ">="),
    "LT_errorDeclarationTime": time(lambda said: instants(_of_error("declarationTime")(said)), "<"),
    "EQ_errorReason": words(_of_error("reason"), ErrorReason),
    "EQ_correctiveEventID": texts(
        lambda said: (said.error or {}).get("correctiveEventIDs", ()),
    ),
    "EXISTS_sensorElementList": is_there(lambda said: said.sensor_elements),
    "EXISTS_ilmd": is_there(_of("ilmd")),
    **{
        f"{way}_{name}": time(_sensor_times(name), ">=" if way == "GE" else "<")
        for name in ("time", "startTime", "endTime")
        for way in ("GE", "LT")
    },
    "EQ_type": texts(lambda said: (_measured(one) for one in _of_reports("type")(said))),
    "EQ_deviceID": names(lambda said: map(key, _of_sensors("deviceID")(said))),
    "EQ_dataProcessingMethod": names(lambda said: map(key, _of_sensors("dataProcessingMethod")(said))),
    "EQ_bizRules": names(lambda said: map(key, _of_sensors("bizRules")(said))),
    "EQ_microorganism": texts(_of_reports("microorganism")),
    "EQ_chemicalSubstance": texts(_of_reports("chemicalSubstance")),
    "EQ_stringValue": texts(_of_reports("stringValue")),
    "EQ_hexBinaryValue": lambda values: Condition(
        lambda said: any(
            str(one).upper() in {value.upper() for value in values}
            for one in _of_reports("hexBinaryValue")(said)
        )
    ),
    "EQ_uriValue": texts(_of_reports("uriValue")),
    "EQ_booleanValue": values_of("EQ", _of_reports("booleanValue")),
    **{f"{way}_percRank": numbers(way, _of_reports("percRank")) for way in OPERATORS},
    **{
        f"{way}_quantity": numbers(
            way, lambda said: (one.get("quantity") for one in said.quantities(_ALL_QUANTITIES))
        )
        for way in OPERATORS
    },
}
"""The parameters that have one name."""


def _measured(type_: Any) -> str:
    """Return a type of measurement as its bare word: `gs1:Temperature` is Temperature."""
    text = str(type_)
    return next(
        (text.removeprefix(one) for one in _MEASUREMENT_NAMESPACES if text.startswith(one)),
        text,
    )


_MEASUREMENT_NAMESPACES: Final = (
    "gs1:",
    "https://gs1.org/voc/",
    "https://ref.gs1.org/voc/",
    "https://www.gs1.org/voc/",
)
_LISTED: Final = re.compile(r"EQ_(bizTransaction|source|destination)_(.+)")
_MEASURED: Final = re.compile(
    r"(EQ|GT|GE|LT|LE)_(value|minValue|maxValue|meanValue|sDev|percValue|quantity)_([A-Z0-9]{2,4})"
)
_FIELD: Final = r"(?P<field>[A-Za-z]+|[a-z][A-Za-z0-9]*:[A-Za-z0-9]+)"
_ATTRIBUTE: Final = re.compile(rf"EQ_?ATTR_{_FIELD}_(?P<attribute>.+)", re.ASCII)
_HAS_ATTRIBUTE: Final = re.compile(rf"HASATTR_{_FIELD}", re.ASCII)
_EXTENSION: Final = re.compile(
    r"(EQ|GT|GE|LT|LE|EXISTS)_(INNER_)?"
    r"(ILMD_|ERROR_DECLARATION_|SENSORELEMENT_|SENSORMETADATA_|SENSORREPORT_|readPoint_|bizLocation_|)"
    r"([A-Za-z][\w.+-]*:.+)",
    re.ASCII,
)
_LISTS: Final[dict[str, tuple[str, str, type[Word]]]] = {
    "bizTransaction": ("bizTransactionList", "bizTransaction", BusinessTransactionType),
    "source": ("sourceList", "source", SourceDestinationType),
    "destination": ("destinationList", "destination", SourceDestinationType),
}


def _of_family(name: str, prefixes: Prefixes) -> Reader | None:
    """Return the reader of a parameter whose name has something in it: a type, a unit, a field."""
    if listed := _LISTED.fullmatch(name):
        return _in_list(listed[1], listed[2])
    if measured := _MEASURED.fullmatch(name):
        way, what, unit = measured.groups()
        if what == "quantity":
            return numbers(way, lambda said: _in_unit(said.quantities(_ALL_QUANTITIES), what, unit))
        return numbers(way, lambda said: _in_unit(said.sensor_reports(), what, unit))
    if (found := _ATTRIBUTE.fullmatch(name)) or (found := _HAS_ATTRIBUTE.fullmatch(name)):
        field, attribute = found["field"], found.groupdict().get("attribute")
        get = _elements(field, prefixes)
        return None if get is None else having(get, attribute)
    if found := _EXTENSION.fullmatch(name):
        way, inner, level, local = found.groups()
        get = _extension(level, local, prefixes, inner=inner is not None)
        return is_there(get) if way == "EXISTS" else values_of(way, get)
    return None


def _elements(field: str, prefixes: Prefixes) -> Names | None:
    """Return what finds the elements of vocabularies that a field names."""
    if ":" not in field:
        return ATTRIBUTED_FIELDS.get(field)
    get = _extension("", field, prefixes, inner=False)
    return lambda said: (key(one) for one in get(said) if isinstance(one, str))


def _in_unit(elements: Iterable[Json], what: str, unit: str) -> Iterator[Any]:
    return (one[what] for one in elements if what in one and one.get("uom") == unit)


def _in_list(kind: str, type_: str) -> Reader:
    list_name, member, vocabulary = _LISTS[kind]
    wanted = bare_word(type_, vocabulary)

    def get(said: Said) -> Iterator[str]:
        for one in said.fields.get(list_name, ()):
            if bare_word(str(one.get("type", "")), vocabulary) == wanted:
                yield key(one[member])

    return names(get)


# -- how many, in which order ------------------------------------------------------------------------------


def _order_by(query: Query, values: Values) -> str | None:
    if list(values) not in (["eventTime"], ["recordTime"]):
        return "eventTime or recordTime"
    query.order_by = "eventTime" if values[0] == "eventTime" else "recordTime"
    return None


def _direction(query: Query, values: Values) -> str | None:
    if list(values) not in (["ASC"], ["DESC"]):
        return "ASC or DESC"
    query.descending = values[0] == "DESC"
    return None


def _count(name: Literal["event_count_limit", "max_event_count"]) -> Callable[[Query, Values], str | None]:
    def read(query: Query, values: Values) -> str | None:
        text = values[0] if len(values) == 1 else ""
        if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= NUMBER_MAX:
            return "a whole number from 1 on"
        setattr(query, name, int(text))
        return None

    return read


_SETTINGS: Final[dict[str, Callable[[Query, Values], str | None]]] = {
    "orderBy": _order_by,
    "orderDirection": _direction,
    "eventCountLimit": _count("event_count_limit"),
    "maxEventCount": _count("max_event_count"),
}
