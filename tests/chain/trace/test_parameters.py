"""Every parameter of the standard is one here: those of GS1's OpenAPI, and those of its schema of queries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from wuma.chain.trace.queries.named_queries import asked_in_json
from wuma.chain.trace.queries.parameters import read_query

CLAUSES: Final = {
    "8.2.7.1 eventType": {"eventType": "ObjectEvent"},
    "8.2.7.1 GE_eventTime, LT_eventTime": {
        "GE_eventTime": "2026-01-01T00:00:00Z",
        "LT_eventTime": "2026-01-01T00:00:00+08:00",
    },
    "8.2.7.1 GE_recordTime, LT_recordTime": {
        "GE_recordTime": "2026-01-01T00:00:00Z",
        "LT_recordTime": "2026-01-01T00:00:00Z",
    },
    "8.2.7.1 EQ_action": {"EQ_action": "ADD"},
    "8.2.7.1 EQ_bizStep, EQ_disposition": {"EQ_bizStep": "shipping", "EQ_disposition": "in_transit"},
    "8.2.7.1 EQ_persistentDisposition": {
        "EQ_persistentDisposition_set": "active",
        "EQ_persistentDisposition_unset": "active",
    },
    "8.2.7.1 EQ_readPoint, WD_readPoint": {"EQ_readPoint": "urn:x:1", "WD_readPoint": "urn:x:1"},
    "8.2.7.1 EQ_bizLocation, WD_bizLocation": {"EQ_bizLocation": "urn:x:1", "WD_bizLocation": "urn:x:1"},
    "8.2.7.1 EQ_bizTransaction_type": {"EQ_bizTransaction_po": "urn:x:1"},
    "8.2.7.1 EQ_source_type, EQ_destination_type": {
        "EQ_source_owning_party": "urn:x:1",
        "EQ_destination_location": "urn:x:1",
    },
    "8.2.7.1 EQ_transformationID": {"EQ_transformationID": "urn:x:1"},
    "8.2.7.1 MATCH_epc and the like": {
        f"MATCH_{name}": "urn:x:1"
        for name in (
            "epc", "parentID", "inputEPC", "outputEPC", "anyEPC", "epcClass", "inputEPCClass",
            "outputEPCClass", "anyEPCClass",
        )
    },
    "8.2.7.1 quantity, with and without a unit": {
        f"{way}_quantity{unit}": "5" for way in ("EQ", "GT", "GE", "LT", "LE") for unit in ("", "_KGM")
    },
    "8.2.7.1 fields of extensions": {
        f"{way}_{inner}{level}ex:mark": "5"
        for way in ("EQ", "GT", "GE", "LT", "LE")
        for inner in ("", "INNER_")
        for level in (
            "", "ILMD_", "ERROR_DECLARATION_", "SENSORELEMENT_", "SENSORMETADATA_", "SENSORREPORT_",
            "readPoint_", "bizLocation_",
        )
    },
    "8.2.7.1 EXISTS_": {
        f"EXISTS_{name}": "true"
        for name in (
            "errorDeclaration", "ilmd", "sensorElementList", "ex:mark", "INNER_ex:mark", "ILMD_ex:mark",
            "INNER_ILMD_ex:mark", "ERROR_DECLARATION_ex:mark", "SENSORREPORT_ex:mark",
        )
    },
    "8.2.7.1 HASATTR_, EQATTR_": {
        "HASATTR_bizLocation": "urn:epcglobal:cbv:mda#site",
        "EQATTR_bizLocation_urn:epcglobal:cbv:mda#site": "1",
        "EQ_ATTR_readPoint_kind": "1",
        "HASATTR_ex:where": "kind",
    },
    "8.2.7.1 eventID and errors": {
        "EQ_eventID": "urn:x:1", "EQ_errorReason": "did_not_occur", "EQ_correctiveEventID": "urn:x:1",
        "GE_errorDeclarationTime": "2026-01-01T00:00:00Z", "LT_errorDeclarationTime": "2026-01-01T00:00:00Z",
    },
    "8.2.7.1 sensors": {
        "GE_time": "2026-01-01T00:00:00Z", "LT_startTime": "2026-01-01T00:00:00Z",
        "GE_endTime": "2026-01-01T00:00:00Z", "EQ_type": "Temperature", "EQ_deviceID": "urn:x:1",
        "EQ_dataProcessingMethod": "urn:x:1", "EQ_bizRules": "urn:x:1", "EQ_microorganism": "urn:x:1",
        "EQ_chemicalSubstance": "urn:x:1", "EQ_stringValue": "a", "EQ_booleanValue": "true",
        "EQ_hexBinaryValue": "F0", "EQ_uriValue": "urn:x:1", "GE_percRank": "5", "EQ_value_CEL": "5",
        "GE_minValue_CEL": "5", "LE_maxValue_CEL": "5", "LT_meanValue_CEL": "5", "GT_sDev_CEL": "5",
        "GE_percValue_CEL": "5",
    },
    "8.2.7.1 order and counts": {"orderBy": "eventTime", "orderDirection": "ASC", "eventCountLimit": "5"},
    "8.2.7.1 maxEventCount": {"maxEventCount": "5"},
}  # fmt: skip
"""The parameters of SimpleEventQuery, by where the standard says them."""


@pytest.mark.parametrize("clause", CLAUSES)
def test_a_parameter_of_the_standard_is_understood(clause: str) -> None:
    asked = {name: [value] for name, value in CLAUSES[clause].items()}

    query, faults = read_query(asked, {"ex": "https://ns.brand.example/"})

    assert faults == []
    settings = {"orderBy", "orderDirection", "eventCountLimit", "maxEventCount"}
    assert len(query.conditions) == len(set(asked) - settings)


def test_the_parameters_of_the_openapi_and_of_the_schema_of_queries_are_all_understood(shared: Path) -> None:
    openapi = json.loads((shared / "gs1/spec/openapi/openapi.json").read_bytes())
    schema = json.loads((shared / "gs1/spec/openapi/query-schema.json").read_bytes())
    of_query = schema["definitions"]["EPCIS-Query"]
    of_openapi = [
        name
        for name, parameter in openapi["components"]["parameters"].items()
        if parameter["in"] == "query" and re.match(r"(EQ|GE|LT|GT|LE|WD|MATCH|EXISTS)_|event|order|max", name)
    ]
    names = {
        *of_openapi,
        *(set(of_query["properties"]) - {"@context"}),
        *map(_spelled, of_query["patternProperties"]),
    }
    assert len(of_openapi) > 50
    assert len(names) > 150

    faults = []
    for name in sorted(names):
        asked = asked_in_json(
            {name: _value(name), **({"orderBy": "eventTime"} if "Limit" in name else {})}, faults
        )
        faults += read_query(asked, {"ex": "https://ns.brand.example/"})[1]

    assert faults == []


def _spelled(pattern: str) -> str:
    """Return a name that a pattern of the schema means."""
    name = pattern.strip("^$")
    name = re.sub(r"\[a-z\]\[a-zA-Z0-9\]\*\\+:\\+w\+", "ex:mark", name)
    name = name.replace("[a-z][a-zA-Z0-9_]+", "po").replace("[A-Z0-9]{2,4}", "CEL")
    return name.replace("EQ_ATTR_\\\\w+_\\\\w+", "EQ_ATTR_bizLocation_kind")


def _value(name: str) -> Any:
    if name.startswith(("EXISTS_", "HASATTR_")):
        return None if name.startswith("EXISTS_") else ["kind"]
    if "Time" in name or name in {"GE_time", "LT_time"}:
        return "2026-01-01T00:00:00Z"
    fixed = {
        "eventType": ["ObjectEvent"],
        "EQ_action": ["ADD"],
        "orderBy": "eventTime",
        "orderDirection": "ASC",
    }
    return fixed.get(name, 5)


@pytest.mark.parametrize(
    "name", ["EQ_bizStp", "MATCH_epcs", "GE_bizStep", "WD_epc", "HASATTR_epcs", "EQATTR_a"]
)
def test_what_is_no_parameter_of_the_standard_is_refused(name: str) -> None:
    _, faults = read_query({name: ["x"]}, {})

    assert [fault.at for fault in faults] == [f"query/{name}"]


def test_to_exist_takes_no_value() -> None:
    query, faults = read_query({"EXISTS_ilmd": []}, {})

    assert faults == []
    assert len(query.conditions) == 1
