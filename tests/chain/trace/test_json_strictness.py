"""What is taken as JSON is what the published JSON schema allows, formats included: no more, and no less.

The schema is the judge, over every published document and over thousands of them with something dropped,
altered or doubled. Where we differ on purpose, the schema is amended first, and the clause is named.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest

from wuma.chain.trace.documents.json_ld import PROTECTED_TERMS, read_document
from wuma.kernel.errors import InvalidInput

MUTATIONS_PER_DOCUMENT: Final = 60
STANDARD_TYPES: Final = (
    "ObjectEvent AggregationEvent TransactionEvent TransformationEvent AssociationEvent".split()
)


@pytest.fixture(scope="module")
def schema(shared: Path) -> Any:
    file = shared / "gs1" / "spec" / "json-schema" / "epcis-json-schema.json"
    amended = _amended(json.loads(file.read_text()))
    return jsonschema_rs.Draft7Validator(amended, validate_formats=True)


def _amended(schema: dict[str, Any]) -> dict[str, Any]:
    """Change the schema where what surrounds it says more than it does."""
    words = schema["definitions"]
    # The JSON-LD context types instants as xsd:dateTimeStamp, and so does the XSD (DateTimeStamp): upper
    # case, no 60th second, at most 14 hours off. What every clock on the way can hold begins in 1900.
    words["time"]["pattern"] = (
        r"^(19|[2-9]\d)\d\d-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d+)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))$"
    )
    # The XSD gives all five types a persistentDisposition of one form; the schema leaves it open in three.
    for name in ("AggregationEvent", "TransactionEvent", "AssociationEvent"):
        words[name]["allOf"][1]["properties"]["persistentDisposition"] = {
            "$ref": "#/definitions/persistentDisposition"
        }
    # EPCIS 2.0, section 9.1: extension fields have a namespace. JSON-LD drops names that no context has.
    for name in ("readPoint", "bizLocation", "vocabulary", "vocabularyElement", "attribute"):
        known = list(words[name]["properties"])
        words[name]["propertyNames"] = {"anyOf": [{"enum": known}, {"$ref": "#/definitions/uri"}]}
    words["epcisHeader"]["properties"]["epcisMasterData"]["propertyNames"] = {
        "anyOf": [{"enum": ["vocabularyList"]}, {"$ref": "#/definitions/uri"}]
    }
    # An event of a type of one's own (section 9.1) has no place in an index that knows the five.
    own = {"type": "object", "properties": {"type": {"enum": STANDARD_TYPES}}, "required": ["type"]}
    words["Extended-Event"] = own
    # JSON-LD 1.1, section 4.1.11: a term of a protected context cannot be given another meaning.
    protected = {
        name: {"enum": [f"epcis:{name}", f"https://ref.gs1.org/epcis/{name}"]} for name in PROTECTED_TERMS
    }
    for one in words["@context"]["anyOf"][2]["items"]["anyOf"], words["@context"]["anyOf"]:
        one[1]["properties"] = protected
    return schema


def documents(shared: Path) -> Iterator[tuple[str, bytes]]:
    """Every published JSON document."""
    for folder in ("epcis-docs", "hash"):
        for file in sorted((shared / "gs1" / folder).rglob("*.json*")):
            if "Queries" not in file.parts and file.parent.name != "contexts":
                yield str(file.relative_to(shared / "gs1")), file.read_bytes()


def _is_taken(document: Any) -> tuple[bool, str]:
    try:
        read_document(json.dumps(document).encode())
    except InvalidInput as refused:
        places = [error.at for error in refused.errors]
        return False, f"{places} {refused.errors[:1]}"
    return True, "taken"


def test_every_published_document_is_judged_as_the_schema_judges_it(shared: Path, schema: Any) -> None:
    differing = []
    judged = {True: 0, False: 0}
    for name, body in documents(shared):
        document = json.loads(body)
        taken, why = _is_taken(document)
        judged[taken] += 1
        if taken != schema.is_valid(document):
            differing.append(f"{name}: {why}")

    assert differing == []
    assert judged[True] >= 75
    assert judged[False] >= 8


def test_documents_with_something_wrong_in_them_are_judged_as_the_schema_judges_them(
    shared: Path, schema: Any
) -> None:
    chance = random.Random(20)
    differing = []
    judged = {True: 0, False: 0}
    for name, body in documents(shared):
        document = json.loads(body)
        for _ in range(MUTATIONS_PER_DOCUMENT):
            mutated = copy.deepcopy(document)
            for _ in range(chance.randint(1, 2)):
                _mutate(mutated, chance)
            taken, why = _is_taken(mutated)
            judged[taken] += 1
            if taken != schema.is_valid(mutated):
                differing.append(f"{name}: {why}: {json.dumps(mutated)[:3000]}")

    assert differing == []
    assert min(judged.values()) > 500, "the mutations are all good, or all bad"


VALUES: Final[tuple[Any, ...]] = (
    None, True, 0, -1, 1.5, 10, "", "x", "a b", "urn:x:y", "https://id.gs1.org/01/09521141111116/21/1",
    "ex:a",
    "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping", "cbv:BizStep-shipping",
    "https://ns.gs1.org/cbv/x", "https://gs1.org/voc/Temperature", "gs1:Temperature", "Temperature",
    "shipping",
    "in_transit", "po", "location", "did_not_occur", "KGM", "kgm", "KILO", "+02:00", "+14:00", "+14:30", "2",
    "2026-02-30T08:00:00Z", "2026-02-28T08:00:00Z", "2026-02-28T08:00:00", "2026-02-28t08:00:00z", "ABC1",
    "xyz",
    "2026-02-28T08:00:00+15:00", "ADD", "OBSERVE", "DELETE", "add", "ObjectEvent", "TransformationEvent",
    "AssociationEvent", "EPCISDocument", "EPCISQueryDocument", "https://ns.example.com/OwnEvent", "urn:名",
    [], {}, ["urn:x:y"], ["urn:x:y", "urn:x:y"], ["urn:x:y", 1], [[]], [{}], {"id": "urn:x:y"},
    {"ex:a": [1, {}]},
    {"epcClass": "urn:x:y", "quantity": 1, "uom": "KGM"}, [{"epcClass": "urn:x:y", "quantity": "1"}],
    {"set": ["active"]}, {"set": [], "unset": ["active"]}, {"set": ["active", "active"]}, {"unset": "active"},
    [{"type": "po", "bizTransaction": "urn:x:y"}], [{"type": "po"}],
    {"declarationTime": "2026-02-28T08:00:00Z"},
    [{"sensorReport": [{"type": "Temperature", "value": 1}]}], [{"sensorReport": []}],
    [{"sensorReport": [{}]}],
    {"bizStep": "https://ns.example.com/step"}, {"epcList": "epcis:epcList"},
    [{"bizStep": {"@id": "ex:step"}}],
)  # fmt: skip
NAMES: Final = (
    "ex:a", "a", "a_b:c", "", ":", "https://ns.example.com/a", "ilmd", "epcList", "quantityList", "parentID",
    "childEPCs", "childQuantityList", "inputEPCList", "outputQuantityList", "transformationID", "action",
    "type",
    "bizStep", "disposition", "persistentDisposition", "readPoint", "bizLocation", "sourceList",
    "destinationList", "bizTransactionList", "sensorElementList", "errorDeclaration", "certificationInfo",
    "eventID", "recordTime", "@context", "id", "uom", "value", "component", "exception", "time",
    "schemaVersion",
    "epcisHeader", "sender", "vocabularyList", "queryName", "subscriptionID", "set", "reason", "名:a",
)  # fmt: skip


def _mutate(document: Any, chance: random.Random) -> None:
    """Drop, alter, double, rename or add something, somewhere."""
    place, key = chance.choice(list(_places(document)))
    match chance.randrange(6):
        case 0:
            del place[key]
        case 1:
            place[key] = copy.deepcopy(chance.choice(VALUES))
        case 2 if isinstance(place, list):
            place.append(copy.deepcopy(place[key]))
        case 2 | 3 if isinstance(place, dict):
            place[chance.choice(NAMES)] = copy.deepcopy(chance.choice(VALUES))
        case 4 if isinstance(place, dict):
            place[chance.choice(NAMES)] = place.pop(key)
        case _:
            _, other = chance.choice(list(_places(document)))
            if isinstance(other, str) and isinstance(place, dict):
                place[other] = copy.deepcopy(place[key])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield value, key
        yield from _places(value[key])
