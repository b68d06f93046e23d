"""Master data of documents: kept, asked for, and what queries of events make of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, Final

import pytest

from tests.chain.trace.test_capture import capture as captured
from tests.chain.trace.test_capture import event
from tests.chain.trace.test_query import NOW
from tests.conftest import Brand, SignedInClient, make_account
from wuma.chain.trace.queries import vocabularies
from wuma.chain.trace.queries.query import query_events
from wuma.chain.trace.sights.sight import WHOLE, Rule, Sight
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

LOCATIONS: Final = "urn:epcglobal:epcis:vtype:BusinessLocation"
KIND: Final = "urn:epcglobal:cbv:mda#kind"
SGLN, LINK = "urn:epc:id:sgln:0614141.00777.0", "https://id.gs1.org/414/0614141007776"


def element(id_: str, *children: str, **attributes: str) -> dict[str, Any]:
    told = [
        {"id": KIND if name == "kind" else name, "attribute": value} for name, value in attributes.items()
    ]
    return {"id": id_, "attributes": told, **({"children": list(children)} if children else {})}


def header(*elements: dict[str, Any], type_: str = LOCATIONS) -> dict[str, Any]:
    data = {"vocabularyList": [{"type": type_, "vocabularyElementList": list(elements)}]}
    return {"epcisHeader": {"epcisMasterData": data}}


TREE: Final = header(
    element("urn:x:region", "urn:x:city", kind="region"),
    element("urn:x:city", SGLN, "urn:x:region", kind="city"),  # somebody wrote a circle
    element(LINK, "urn:x:shelf", kind="store"),
)


@pytest.fixture
def taken(runtime: Runtime, brand: Brand) -> None:
    with runtime.database.transaction(brand.scope) as session:
        assert vocabularies.take_in(session, brand.id, TREE, at=NOW) == 3


def _places(runtime: Runtime, brand: Brand, sight: Sight = WHOLE, **asked: str) -> list[str]:
    with runtime.database.transaction(brand.scope) as session:
        page = query_events(
            session,
            runtime.keyring,
            brand.id,
            {name: [value] for name, value in asked.items()},
            sight=sight,
            now=NOW,
        )
        return sorted(event.fields["bizLocation"]["id"] for event in page.events)


def furnish(admin: SignedInClient) -> list[str]:
    places = ["urn:x:region", "urn:x:city", SGLN, "urn:x:shelf", "urn:x:elsewhere", f"{LINK}/254/A1"]
    captured(
        admin,
        *(
            event(
                action="OBSERVE", epcList=["urn:x:1"], bizLocation={"id": place}, at=f"2026-05-01T08:00:0{n}Z"
            )
            for n, place in enumerate(places)
        ),
    )
    return places


@pytest.mark.usefixtures("taken")
def test_a_place_holds_what_vocabularies_say_is_in_it_at_any_depth(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    inside = sorted(set(furnish(admin)) - {"urn:x:elsewhere"})

    assert _places(runtime, brand, WD_bizLocation="urn:x:region") == inside
    assert _places(runtime, brand, WD_bizLocation="urn:x:city") == inside  # the circle
    assert _places(runtime, brand, WD_bizLocation=SGLN) == sorted([SGLN, "urn:x:shelf", f"{LINK}/254/A1"])
    assert _places(runtime, brand, WD_bizLocation="urn:x:shelf") == ["urn:x:shelf"]
    assert _places(runtime, brand, EQ_bizLocation="urn:x:region") == ["urn:x:region"]


def test_a_dealer_holds_the_stores_it_supplies(runtime: Runtime, brand: Brand, admin: SignedInClient) -> None:
    dealer = {"code": "D", "kind": "dealer", "name": "经销商", "gln": "6901234567892"}
    made = admin.post("/partners", json=dealer).json()
    store = {"code": "S", "kind": "store", "name": "门店", "gln": "6901234500011", "parent_id": made["id"]}
    assert admin.post("/partners", json=store).status_code == 201
    place = "https://id.gs1.org/414/6901234500011"
    captured(admin, event(action="OBSERVE", epcList=["urn:x:1"], bizLocation={"id": place}))

    assert _places(runtime, brand, WD_bizLocation="https://id.gs1.org/414/6901234567892") == [place]
    assert _places(runtime, brand, EQ_bizLocation="https://id.gs1.org/414/6901234567892") == []


@pytest.mark.usefixtures("taken")
def test_events_are_found_by_the_attributes_of_what_they_name(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    furnish(admin)

    assert _places(runtime, brand, **{f"EQATTR_bizLocation_{KIND}": "store"}) == [SGLN]
    assert _places(runtime, brand, HASATTR_bizLocation=KIND) == sorted(["urn:x:region", "urn:x:city", SGLN])
    assert _places(runtime, brand, HASATTR_bizLocation="size") == []
    assert _places(runtime, brand, HASATTR_readPoint=KIND) == []


@pytest.mark.usefixtures("taken")
def test_a_partner_learns_nothing_of_master_data_by_asking(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    furnish(admin)
    sight = Sight(who="p", rules=(Rule(event_types=frozenset({"ObjectEvent"})),))

    assert _places(runtime, brand, sight, WD_bizLocation="urn:x:region") == ["urn:x:region"]
    assert _places(runtime, brand, sight, WD_bizLocation=SGLN) == sorted([SGLN, f"{LINK}/254/A1"])
    assert _places(runtime, brand, sight, HASATTR_bizLocation=KIND) == []
    assert _places(runtime, brand, sight, **{f"EQATTR_bizLocation_{KIND}": "store"}) == []


def _told(admin: SignedInClient, **asked: str) -> dict[str, list[dict[str, Any]]]:
    answer = admin.get("/epcis/vocabularies", params=asked)
    assert answer.status_code == 200, answer.text
    results = answer.json()["epcisBody"]["queryResults"]
    assert results["queryName"] == "SimpleMasterDataQuery"
    return {one["type"]: one["vocabularyElementList"] for one in results["resultsBody"]["vocabularyList"]}


@pytest.mark.usefixtures("taken")
def test_master_data_are_asked_for_as_the_standard_says(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        parties = header(element("urn:x:party", size="9"), type_="urn:epcglobal:epcis:vtype:Party")
        vocabularies.take_in(session, brand.id, parties, at=NOW)

    def ids(**asked: str) -> list[str]:
        return [one["id"] for some in _told(admin, **asked).values() for one in some]

    assert len(ids()) == 4
    assert ids(vocabularyName=LOCATIONS) == [LINK, "urn:x:city", "urn:x:region"]
    assert ids(EQ_name=SGLN) == [LINK]
    assert ids(WD_name="urn:x:region") == [LINK, "urn:x:city", "urn:x:region"]
    assert ids(HASATTR="size") == ["urn:x:party"]
    assert ids(**{f"EQATTR_{KIND}": "store|city"}) == [LINK, "urn:x:city"]
    (city,) = _told(admin, EQ_name="urn:x:city")[LOCATIONS]
    assert city == {
        "id": "urn:x:city",
        "attributes": [{"id": KIND, "attribute": "city"}],
        "children": [SGLN, "urn:x:region"],
    }
    (bare,) = _told(admin, EQ_name="urn:x:city", includeAttributes="false", includeChildren="false")[
        LOCATIONS
    ]
    assert bare == {"id": "urn:x:city"}
    (some,) = _told(admin, EQ_name="urn:x:city", attributeNames="other")[LOCATIONS]
    assert some["attributes"] == []
    assert len(ids(maxElementCount="4")) == 4
    refused = admin.get("/epcis/vocabularies", params={"maxElementCount": "3"})
    assert (refused.status_code, refused.json()["type"]) == (413, "epcisException:QueryTooLargeException")
    seen, way = [], "/epcis/vocabularies?perPage=1"
    while way:
        page = admin.get(way)
        lists = page.json()["epcisBody"]["queryResults"]["resultsBody"]["vocabularyList"]
        seen += [one["id"] for some in lists for one in some["vocabularyElementList"]]
        way = page.headers.get("link", "").partition(">")[0][1:]
    assert sorted(seen) == sorted(ids())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("includeAttributes", "yes"),
        ("maxElementCount", "0"),
        ("EQ_nam", "x"),
        ("EQATTR_", "x"),
        ("WD_name", ""),
    ],
)
def test_a_parameter_of_no_sense_is_named(admin: SignedInClient, name: str, value: str) -> None:
    answer = admin.get("/epcis/vocabularies", params={name: value})

    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")
    assert [fault["at"] for fault in answer.json()["errors"]] == [f"query/{name}"]


def test_what_no_text_of_the_database_holds_is_no_stumbling_block(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        said = header(element("urn:x:1", kind="a\0b"), element("urn:x:2", kind="a\\u0000b"))
        assert vocabularies.take_in(session, brand.id, said, at=NOW) == 2

    told = [one["attributes"][0]["attribute"] for one in _told(admin)[LOCATIONS]]
    assert told == ["a\N{REPLACEMENT CHARACTER}b", "a\\u0000b"]


def test_what_is_told_later_holds_in_whichever_order_it_comes(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        for later, kind in ((2, "new"), (1, "old")):
            said = header(element("urn:x:1", kind=kind))
            vocabularies.take_in(session, brand.id, said, at=NOW + timedelta(seconds=later))

    (one,) = _told(admin)[LOCATIONS]
    assert one["attributes"] == [{"id": KIND, "attribute": "new"}]


def test_master_data_come_with_the_document_that_brings_them_and_stay_with_the_brand(
    runtime: Runtime, admin: SignedInClient, other_brand: Brand
) -> None:
    said = {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-05-01T08:00:00Z",
        **TREE,
        "epcisBody": {"eventList": [event(action="OBSERVE", epcList=["urn:x:1"])]},
    }
    headers = {"content-type": "application/ld+json"}
    answer = admin.post("/epcis/capture", content=json.dumps(said), headers=headers)
    assert answer.status_code == 202, answer.text
    admin._client.app.keep_up()  # type: ignore[attr-defined]

    assert len(_told(admin)[LOCATIONS]) == 3
    stranger = SignedInClient(admin._client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))
    assert _told(stranger) == {}
