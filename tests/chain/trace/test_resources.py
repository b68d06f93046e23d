"""Top-level resources: all that events have named, once, page by page, by every spelling."""

from __future__ import annotations

import itertools
import json
import threading
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.chain.trace.test_capture import capture as captured
from tests.chain.trace.test_capture import document, event
from tests.chain.trace.test_query import NOW
from tests.conftest import Brand, SignedInClient, make_account, make_brand
from tests.labels import make_product, place_order, print_labels
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import read_document
from wuma.chain.trace.shelves import seen
from wuma.chain.trace.shelves.postings import Role as Touched
from wuma.chain.trace.shelves.postings import Touch
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import Scope

SGTIN, SGTIN_LINK = "urn:epc:id:sgtin:0614141.112345.400", "https://brand.example/01/10614141123459/21/400"
SGLN, SGLN_LINK = "urn:epc:id:sgln:0614141.00777.0", "https://id.gs1.org/414/0614141007776"
CUSTOM = "https://brand.example/steps/polishing"


def listed(admin: SignedInClient, path: str, per_page: int = 100) -> list[str]:
    """Return all members of a list, page by page."""
    members: list[str] = []
    way = f"/epcis/{path}?perPage={per_page}"
    while way:
        page = admin.get(way)
        assert page.status_code == 200, page.text
        assert page.json()["type"] == "Collection"
        members += page.json()["member"]
        way = page.headers.get("link", "").partition(">")[0][1:]
        assert bool(way) == ("gs1-next-page-token-expires" in page.headers)
    return members


def told(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["eventID"] for one in answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


def furnish(admin: SignedInClient) -> None:
    captured(
        admin,
        event(
            action="OBSERVE",
            bizStep="shipping",
            disposition="in_transit",
            epcList=[SGTIN],
            readPoint={"id": SGLN},
            bizLocation={"id": "urn:x:store/1?a=b"},
        ),
        event(action="OBSERVE", bizStep=CUSTOM, epcList=["urn:x:thing:1"], bizLocation={"id": SGLN_LINK}),
        event("AggregationEvent", action="ADD", parentID="urn:x:case", childEPCs=["urn:x:thing:2"]),
        event(
            "TransformationEvent",
            inputEPCList=["urn:x:in"],
            outputQuantityList=[{"epcClass": "urn:x:lot", "quantity": 3}],
        ),
    )


def test_lists_hold_what_events_named_and_nothing_else(admin: SignedInClient) -> None:
    assert listed(admin, "epcs") == []
    furnish(admin)

    assert listed(admin, "bizSteps") == [CUSTOM, "shipping"]
    assert listed(admin, "dispositions") == ["in_transit"]
    assert listed(admin, "readPoints") == [SGLN_LINK]
    assert listed(admin, "bizLocations") == [SGLN_LINK, "urn:x:store/1?a=b"]
    assert sorted(listed(admin, "epcs")) == sorted(
        [
            "https://id.gs1.org/01/10614141123459/21/400",
            "urn:x:thing:1",
            "urn:x:thing:2",
            "urn:x:case",
            "urn:x:in",
        ]
    )
    assert listed(admin, "eventTypes") == sorted(
        ["ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"]
    )
    assert len(admin.get("/epcis/").json()["member"]) == 9


@pytest.mark.parametrize(
    ("path", "spellings", "count"),
    [
        ("epcs", [SGTIN, SGTIN_LINK, "https://id.gs1.org/01/10614141123459/21/400"], 1),
        ("readPoints", [SGLN, SGLN_LINK, "https://shop.example/414/0614141007776"], 1),
        ("bizLocations", [SGLN, SGLN_LINK], 1),
        ("bizLocations", ["urn:x:store/1?a=b"], 1),
        (
            "bizSteps",
            ["shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping"],
            1,
        ),
        ("bizSteps", [CUSTOM], 1),
        ("dispositions", ["in_transit", "urn:epcglobal:cbv:disp:in_transit"], 1),
        ("eventTypes", ["ObjectEvent"], 2),
    ],
)
def test_a_member_is_found_by_every_spelling(
    admin: SignedInClient, path: str, spellings: list[str], count: int
) -> None:
    furnish(admin)

    for spelling in spellings:
        way = f"/epcis/{path}/{quote(spelling, safe='')}"
        assert admin.get(way).json()["member"] == ["events"], spelling
        assert len(told(admin.get(f"{way}/events"))) == count, spelling
        assert len(told(admin.get(f"{way}/events?EQ_action=DELETE"))) == 0
        for one in (way, f"{way}/events"):
            described = admin.request("OPTIONS", one)
            assert (described.status_code, described.headers["allow"]) == (204, "OPTIONS, GET")


@pytest.mark.parametrize(
    "path", ["epcs", "bizSteps", "bizLocations", "readPoints", "dispositions", "eventTypes"]
)
@pytest.mark.parametrize("name", ["urn:x:nothing", "receiving", "x" * 1500, "https://a/b/events"])
def test_what_no_event_named_is_not_there(admin: SignedInClient, path: str, name: str) -> None:
    furnish(admin)

    for method in ("GET", "OPTIONS"):
        for way in (f"/epcis/{path}/{name}", f"/epcis/{path}/{name}/events"):
            answer = admin.request(method, way)
            assert (answer.status_code, answer.json()["type"]) == (404, "epcisException:NoSuchNameException")


def test_what_another_brand_named_is_not_there(
    runtime: Runtime, admin: SignedInClient, other_brand: Brand
) -> None:
    furnish(admin)
    stranger = SignedInClient(admin._client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))

    for path in ("epcs", "bizSteps", "bizLocations", "readPoints", "dispositions"):
        assert listed(stranger, path) == []
    assert stranger.get(f"/epcis/epcs/{SGTIN}").status_code == 404


def test_the_events_of_a_resource_page_on_in_it(admin: SignedInClient) -> None:
    captured(admin, *(event(action="OBSERVE", bizStep="shipping", epcList=[f"urn:x:{n}"]) for n in range(9)))
    captured(admin, event(action="OBSERVE", bizStep="storing", epcList=["urn:x:1"]))

    way, seen_ids = "/epcis/bizSteps/shipping/events?perPage=4", []
    while way:
        page = admin.get(way)
        seen_ids += told(page)
        way = page.headers.get("link", "").partition(">")[0][1:]
        captured(admin, event(action="OBSERVE", bizStep="shipping", epcList=[f"urn:y:{len(seen_ids)}"]))

    assert len(set(seen_ids)) == len(seen_ids) == 9


def test_walks_are_not_disturbed_by_what_is_captured_between_pages(admin: SignedInClient) -> None:
    def more(number: int) -> None:
        captured(
            admin,
            event(
                action="OBSERVE",
                bizStep=f"urn:step:{number:02}",
                epcList=[f"urn:x:{number:02}", f"urn:a:{number:02}"],
                readPoint={"id": f"urn:place:{number:02}"},
            ),
        )

    for number in range(20, 30):
        more(number)
    for path, per_page in (("bizSteps", 3), ("readPoints", 3), ("epcs", 4)):
        before = listed(admin, path)
        members: list[str] = []
        way = f"/epcis/{path}?perPage={per_page}"
        number = len(before) + per_page * 100
        while way:
            page = admin.get(way)
            members += page.json()["member"]
            way = page.headers.get("link", "").partition(">")[0][1:]
            number += 1
            more(number % 97)
        assert len(members) == len(set(members))
        assert set(before) <= set(members)
        if path != "epcs":  # words and places are told as they were when the walk began
            assert members == before


def test_codes_of_ours_are_listed_by_their_links(
    runtime: Runtime, admin: SignedInClient, brand: Brand
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), 30)
        labels = print_labels(runtime.keyring, order)
    links = [f"https://id.gs1.org{label.open_path}" for label in labels]
    captured(admin, event(action="ADD", bizStep="commissioning", epcList=links[:20]))

    assert sorted(listed(admin, "epcs", 7)) == sorted(links[:20])
    assert admin.get(f"/epcis/epcs/{quote(links[3], safe='')}").status_code == 200
    assert admin.get(f"/epcis/epcs/{quote(links[25], safe='')}").status_code == 404


RUNS = st.lists(st.tuples(st.integers(1, 60), st.integers(0, 8)), max_size=6)


@settings(deadline=None, max_examples=60)
@given(captures=st.lists(RUNS, max_size=6), pages=st.integers(1, 9))
def test_runs_are_joined_as_a_set_would_join_them(
    runtime: Runtime, captures: list[list[tuple[int, int]]], pages: int
) -> None:
    wanted: set[int] = set()
    tenant_id = _BRAND.setdefault("id", make_brand(runtime).id)
    with runtime.database.session(Scope.of(tenant_id)) as session:
        for runs in captures:
            touches = [Touch(1, NOW, Touched.OBSERVED, first, first + more) for first, more in runs]
            touches.append(Touch(1, NOW, Touched.CLASS, 500, 600))
            wanted |= {thing for touch in touches[:-1] for thing in range(touch.first, touch.last + 1)}
            seen.note(session, tenant_id, seen.listed_of([], touches), at=NOW)
        found, after = [], 0
        while page := seen.things_after(session, tenant_id, after=after, limit=pages):
            found += page
            after = page[-1]
        rows = session.execute(text("SELECT first, last FROM trace.seen_things ORDER BY first")).all()
        assert found == sorted(wanted)
        assert all(one.last + 1 < other.first for one, other in itertools.pairwise(rows))
        for thing in range(1, 80):
            assert seen.has_seen_thing(session, tenant_id, thing) == (thing in wanted)
        session.rollback()


_BRAND: dict[str, int] = {}


def test_captures_beside_one_another_forget_nothing(runtime: Runtime, brand: Brand) -> None:
    def one(number: int) -> None:
        with runtime.database.transaction(brand.scope) as session:
            said = document(
                event(
                    action="OBSERVE",
                    bizStep=f"urn:step:{number % 3}",
                    at=f"2026-05-01T08:00:{number:02}Z",
                    epcList=[f"urn:race:{n}" for n in range(number, number + 5)],
                )
            )
            read = read_document(json.dumps(said).encode())
            capture(session, runtime.keyring, brand.id, read, actor="t", now=NOW + timedelta(seconds=number))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with runtime.database.transaction(brand.scope) as session:
        assert len(seen.things_after(session, brand.id, after=0, limit=100)) == 16
        names = seen.names_after(
            session, brand.id, seen.Kind.BIZ_STEP, after="", as_of=NOW + timedelta(days=1), limit=9
        )
    assert names == [f"urn:step:{n}" for n in range(3)]
