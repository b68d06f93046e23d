"""Every address and method of GS1's OpenAPI of EPCIS 2.0 is here, and answers as it says there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import jsonschema_rs
import pytest

from tests.chain.trace.test_capture import document, event
from tests.conftest import SignedInClient

FAULTS_OF_THE_STANDARD: Final = {
    ("get", "/queries/{queryName}"): "the schema is a list of queries, the example and the text are one",
    (
        "get",
        "/capture",
    ): "a job is one of two kinds that every job is of: errors or errorFile, neither required",
    ("get", "/capture/{captureID}"): "the same",
}
STUB: Final = "https://gs1.github.io/EPCIS/REST%20Bindings/JSON-Schema-Stub.json"
NAMES: Final = {
    "eventID": "urn:uuid:0b0b6c1e-5d3a-4f6b-9d0a-1b2c3d4e5f60",
    "eventType": "ObjectEvent",
    "epc": "urn:epc:id:sgtin:0614141.112345.400",
    "bizStep": "shipping",
    "bizLocation": "urn:epc:id:sgln:0614141.00888.0",
    "readPoint": "urn:epc:id:sgln:0614141.00777.0",
    "disposition": "in_transit",
    "queryName": "theirs",
    "token": "AAAA",
}
BODIES: Final[dict[tuple[str, str], Any]] = {
    ("post", "/capture"): document(event(action="OBSERVE", epcList=["urn:x:1"])),
    ("post", "/events"): document(event(action="OBSERVE", epcList=["urn:x:2"])),
    ("post", "/queries/{queryName}/subscriptions"): {
        "dest": "https://client.example.com/queryCallback",
        "signatureToken": "13df38d8275b13f05704629e5f1cf3d45d6132d5",
        "reportIfEmpty": True,
        "schedule": {"hour": "1", "minute": "5"},
    },
    ("post", "/queries"): {"name": "new", "query": {"eventType": ["ObjectEvent"]}},
}


@pytest.fixture(scope="module")
def openapi(shared: Path) -> dict[str, Any]:
    described: dict[str, Any] = json.loads((shared / "gs1/spec/openapi/openapi.json").read_bytes())
    assert len(described["paths"]) == 29
    return described


@pytest.fixture(scope="module")
def events_schema(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "gs1/spec/json-schema/EPCIS-JSON-Schema.json").read_bytes())
    return found


def _furnish(admin: SignedInClient) -> str:
    said = document(
        event(
            action="OBSERVE",
            eventID=NAMES["eventID"],
            bizStep="shipping",
            disposition="in_transit",
            epcList=[NAMES["epc"]],
            readPoint={"id": NAMES["readPoint"]},
            bizLocation={"id": NAMES["bizLocation"]},
        )
    )
    taken = admin.post("/epcis/capture", content=json.dumps(said), headers=_LD)
    assert taken.status_code == 202, taken.text
    named = {"name": NAMES["queryName"], "query": {"EQ_bizStep": ["shipping"]}}
    assert admin.post("/epcis/queries", json=named).status_code == 201
    address = f"/epcis/queries/{NAMES['queryName']}/subscriptions"
    made = admin.post(address, json=BODIES["post", "/queries/{queryName}/subscriptions"])
    assert made.status_code == 201, made.text
    return str(made.json()["subscriptionID"])


_LD: Final = {"content-type": "application/ld+json"}


def test_every_address_of_the_standard_answers_as_it_is_described(
    admin: SignedInClient, openapi: dict[str, Any], events_schema: dict[str, Any]
) -> None:
    subscription_id = _furnish(admin)
    capture_id = admin.get("/epcis/capture").json()[0]["captureID"]
    names = {**NAMES, "captureID": capture_id, "subscriptionID": subscription_id}
    wrong, validated = [], 0

    operations = [(path, method) for path, item in openapi["paths"].items() for method in item]
    for path, method in sorted(
        operations, key=lambda one: (one[1] == "delete", -len(one[0]) * (one[1] == "delete"))
    ):
        item = openapi["paths"][path]
        if method != "parameters":
            body = BODIES.get((method, path))
            address = "/epcis" + path.format_map({k: quote(v, safe="") for k, v in names.items()})
            answer = admin.request(
                method.upper(),
                address,
                content=None if body is None else json.dumps(body),
                headers={} if body is None else {"content-type": "application/json"},
            )
            described = item[method]["responses"]
            if str(answer.status_code) not in described or answer.status_code in {400, 404, 406, 415}:
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
                continue
            response = _resolved(openapi, described[str(answer.status_code)])
            wrong += [f"{method} {path}: {fault}" for fault in _headers_missing(openapi, response, answer)]
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            if schema is not None and answer.status_code == 200:
                validated += 1
                fault = _fault(openapi, events_schema, schema, answer.json())
                if fault and (method, path) not in FAULTS_OF_THE_STANDARD:
                    wrong.append(f"{method} {path}: {fault}")

    assert not wrong, "\n".join(wrong)
    assert validated >= 24


def _resolved(openapi: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = openapi
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _headers_missing(openapi: dict[str, Any], response: dict[str, Any], answer: Any) -> list[str]:
    """Return which headers of the description are not there; those of pages and extensions need not be."""
    optional = {"link", "gs1-next-page-token-expires", "gs1-extensions", "gs1-query-min-record-time"}
    return [
        f"no header {name}"
        for name in response.get("headers", {})
        if name.lower() not in optional and name.lower() not in answer.headers
    ]


def _without_recursive_patterns(part: Any) -> Any:
    """Leave out patterns with calls of groups, which are no regular expressions to JSON Schema."""
    if isinstance(part, dict):
        return {
            name: _without_recursive_patterns(inner)
            for name, inner in part.items()
            if not (name == "pattern" and isinstance(inner, str) and "\\g<" in inner)
        }
    return [_without_recursive_patterns(inner) for inner in part] if isinstance(part, list) else part


def _fault(openapi: dict[str, Any], events: dict[str, Any], schema: Any, found: Any) -> str | None:
    openapi = _without_recursive_patterns(openapi)
    text = json.dumps({"components": openapi["components"], **schema})
    text = text.replace("#/components/schemas/", "https://gs1.example/openapi#/components/schemas/")
    whole = json.dumps(openapi).replace(
        "#/components/schemas/", "https://gs1.example/openapi#/components/schemas/"
    )
    resources = {"https://gs1.example/openapi": json.loads(whole), STUB: events}
    registry = jsonschema_rs.Registry(list(resources.items()), draft=jsonschema_rs.Draft7)
    validator = jsonschema_rs.Draft7Validator(
        json.loads(text), registry=registry, validate_formats=True, ignore_unknown_formats=True
    )
    return next(
        (f"{error.message[:200]} at {error.instance_path}" for error in validator.iter_errors(found)), None
    )


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "type_"),
    [
        ("GET", "/epcis/epcs/urn:x:none", {}, 404, "NoSuchNameException"),
        ("GET", "/epcis/events?EQ_nothing=1", {}, 400, "QueryParameterException"),
        ("GET", "/epcis/events?perPage=none", {}, 400, "QueryParameterException"),
        ("GET", "/epcis/events?nextPageToken=none", {}, 400, "QueryParameterException"),
        ("GET", "/epcis/events", {"accept": "text/csv"}, 406, "NotAcceptableException"),
        ("GET", "/epcis/events", {"GS1-EPCIS-Min": "3.0.0"}, 406, "NotAcceptableException"),
        ("GET", f"/epcis/events?EQ_bizStep={'x' * 16_000}", {}, 414, "URITooLongException"),
        ("POST", "/epcis/events", {"content-type": "text/csv"}, 415, "UnsupportedMediaTypeException"),
        ("POST", "/epcis/queries", {"content-type": "text/csv"}, 415, "UnsupportedMediaTypeException"),
    ],
)
def test_what_goes_wrong_is_told_by_the_standards_name(
    admin: SignedInClient, method: str, path: str, headers: dict[str, str], status: int, type_: str
) -> None:
    answer = admin.request(method, path, headers=headers, content=b"a,b" if method == "POST" else None)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert (answer.json()["type"], answer.json()["status"]) == (f"epcisException:{type_}", status)


def test_whoever_is_not_signed_in_is_told_so_by_the_standards_name(admin: SignedInClient) -> None:
    for path in ("/epcis/", "/epcis/events", "/epcis/epcs", "/epcis/queries", "/epcis/capture"):
        answer = admin._client.get(path)
        assert (answer.status_code, answer.json()["type"]) == (401, "epcisException:SecurityException")
