"""What partners see: nothing that no rule shows, and nothing of what is kept back, however they ask."""

from __future__ import annotations

import json
import random
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tests.chain.trace import naive
from tests.chain.trace.test_capture import capture as captured
from tests.chain.trace.test_capture import event
from tests.chain.trace.test_query import NOW, SEED, Shelf, _offers, told
from tests.conftest import Brand, SignedInClient, make_account, make_brand
from tests.fuzz.everything import issue_token
from wuma.chain.trace.queries.exceptions import QueryTooLargeException
from wuma.chain.trace.queries.query import query_events
from wuma.chain.trace.sights.sight import HIDEABLE, Aliases, Rule, Sight
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

EVERYTHING: Final = Rule(since=datetime(1900, 1, 1, tzinfo=UTC))
MINE, THEIRS = "6901234567892", "6901234500011"


# -- the fields --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shelf(runtime: Runtime, shared: Path) -> Shelf:
    return Shelf(runtime, make_brand(runtime), shared)


@pytest.mark.parametrize(
    "hidden",
    [frozenset(HIDEABLE), frozenset(HIDEABLE[::2]), frozenset(HIDEABLE[1::2])],
    ids=["all", "even", "odd"],
)
def test_no_parameter_finds_anything_by_what_is_kept_back(shelf: Shelf, hidden: frozenset[str]) -> None:
    chance = random.Random(SEED)
    seen = [one for told_one in shelf.events if (one := naive.redacted(told_one, hidden)) is not None]
    sight = Sight(who="p", rules=(EVERYTHING,), hidden=hidden)
    offers = sorted({offer for one in shelf.events for offer in _offers(chance, one)})
    by_name: dict[str, list[str]] = {}
    for name, value in offers:
        by_name.setdefault(name, []).append(value)
    wrong, only_hidden = [], 0

    with shelf.session() as session:
        for name, values in by_name.items():
            for value in chance.sample(values, min(len(values), 3)):
                page = query_events(
                    session,
                    shelf.runtime.keyring,
                    shelf.brand.id,
                    {name: [value]},
                    sight=sight,
                    per_page=1000,
                    now=NOW,
                )
                wanted = sorted(told(one) for one in seen if naive.means(one, name, value))
                got = sorted(told(dict(one.fields)) for one in page.events)
                was_there = any(naive.means(one, name, value) for one in shelf.events)
                only_hidden += was_there and not wanted
                if got != wanted:
                    wrong.append(f"{name}={value}: {len(wanted)} wanted, {len(got)} got")

    assert not wrong, "\n".join(wrong)
    assert len(by_name) > 60
    assert only_hidden > 20


def test_what_was_made_from_the_whole_event_does_not_name_what_is_left_of_it(
    runtime: Runtime, brand: Brand, admin: SignedInClient
) -> None:
    hashed = "ni:///sha-256;df7bb3c352fef055578554f09f5e2aa41782150ced7bd0b8af24dd3ccb30ba69?ver=CBV2.0"
    captured(
        admin,
        event(action="ADD", eventID=hashed, epcList=["urn:x:1"], ilmd={"cbvmda:lotNumber": "L1"}),
        event(action="ADD", epcList=["urn:x:2"], ilmd={"cbvmda:lotNumber": "L2"}),
        event(action="ADD", eventID="urn:uuid:0b0b6c1e-5d3a-4f6b-9d0a-1b2c3d4e5f60", epcList=["urn:x:3"]),
    )
    whole = [one["eventID"] for one in _events(admin.get("/epcis/events"))]
    store = _partner(admin)
    _show(admin, store, [{"biz_steps": ["shipping"]}], hidden=["ilmd"])
    sight = Sight(
        who="p",
        rules=(EVERYTHING,),
        hidden=frozenset({"ilmd"}),
        aliases=Aliases(runtime.keyring, brand.id, "p"),
    )

    with runtime.database.transaction(brand.scope) as session:

        def named(name: str) -> list[str]:
            asked = {"EQ_eventID": [name]}
            page = query_events(session, runtime.keyring, brand.id, asked, sight=sight, now=NOW)
            return [one.fields["eventID"] for one in page.events]

        shown = query_events(session, runtime.keyring, brand.id, {}, sight=sight, now=NOW).events
        names = {one.fields["epcList"][0]: one.fields["eventID"] for one in shown}
        assert names["urn:x:3"] in whole
        assert not {names["urn:x:1"], names["urn:x:2"]} & set(whole)
        assert all("ilmd" not in one.fields for one in shown)
        for name in names.values():
            assert named(name) == [name]
        for name in set(whole) - {names["urn:x:3"]}:
            assert named(name) == []


@given(event_id=st.integers(0, 2**62), other=st.uuids())
def test_an_alias_leads_back_and_one_made_up_leads_nowhere(
    runtime: Runtime, event_id: int, other: UUID
) -> None:
    mine, theirs = Aliases(runtime.keyring, 1, "a"), Aliases(runtime.keyring, 1, "b")

    assert list(mine.ids([mine.name(event_id)])) == [event_id]
    assert list(theirs.ids([mine.name(event_id)])) == []
    assert list(mine.ids([f"urn:uuid:{other}", "urn:uuid:none", ""])) == []


# -- the rules ---------------------------------------------------------------------------------------------


def test_random_rules_show_what_a_plain_reading_of_them_shows(shelf: Shelf) -> None:
    chance = random.Random(SEED)
    glns = sorted({gln for one in shelf.events for gln in naive.glns(one, ("readPoint", "bizLocation"))})
    gtins = sorted({gtin for one in shelf.events for gtin in naive.gtins(one)})
    steps = sorted({naive.word(one["bizStep"]) for one in shelf.events if "bizStep" in one})
    times = sorted(one["eventTime"] for one in shelf.events)
    shown_some = 0

    with shelf.session() as session:
        for _ in range(60):
            mine = frozenset(chance.sample(glns, 2))
            rules = []
            for _number in range(chance.choice((1, 2))):
                some = {
                    "own": chance.random() < 0.3,
                    "places": frozenset(chance.sample(glns, chance.choice((0, 0, 3)))),
                    "products": frozenset(chance.sample(gtins, chance.choice((0, 0, len(gtins) // 2)))),
                    "biz_steps": frozenset(chance.sample(steps, chance.choice((0, 0, 4)))),
                    "event_types": frozenset(chance.choice(([], ["ObjectEvent", "AggregationEvent"]))),
                    "since": chance.choice((None, datetime.fromisoformat(chance.choice(times)))),
                    "until": chance.choice((None, datetime.fromisoformat(chance.choice(times)))),
                }
                rules.append(some)
            sight = Sight(who="p", rules=tuple(Rule(**one) for one in rules), glns=mine)  # type: ignore[arg-type]
            page = query_events(
                session, shelf.runtime.keyring, shelf.brand.id, {}, sight=sight, per_page=1000, now=NOW
            )
            wanted = sorted(
                told(one) for one in shelf.events if any(naive.shows(rule, one, mine) for rule in rules)
            )
            assert sorted(told(dict(one.fields)) for one in page.events) == wanted
            shown_some += 0 < len(wanted) < len(shelf.events)

    assert shown_some > 15


def test_pages_and_counts_are_of_what_is_seen(runtime: Runtime, brand: Brand, admin: SignedInClient) -> None:
    for number in range(30):
        step = "shipping" if number % 3 == 0 else "storing"
        captured(
            admin,
            event(action="OBSERVE", bizStep=step, epcList=["urn:x:1"], at=f"2026-05-01T08:00:{number:02}Z"),
        )
    sight = Sight(who="p", rules=(Rule(biz_steps=frozenset({"shipping"})),))

    def ask(**asked: list[str]) -> Any:
        token, pages = None, []
        with runtime.database.transaction(brand.scope) as session:
            while True:
                page = query_events(
                    session, runtime.keyring, brand.id, asked, sight=sight, per_page=4, token=token, now=NOW
                )
                pages.append(len(page.events))
                token = page.next_page_token
                if token is None:
                    return pages

    assert ask() == [4, 4, 2]
    assert ask(maxEventCount=["10"]) == [4, 4, 2]
    assert ask(MATCH_epc=["urn:x:1"], maxEventCount=["10"]) == [4, 4, 2]
    assert ask(EQ_bizStep=["storing"], maxEventCount=["1"]) == [0]
    with pytest.raises(QueryTooLargeException):
        ask(maxEventCount=["9"])
    assert ask(orderBy=["eventTime"], eventCountLimit=["5"]) == [4, 1]


# -- the token ---------------------------------------------------------------------------------------------


class Dealer:
    """Whoever holds a token that was lent."""

    def __init__(self, admin: SignedInClient, token: str) -> None:
        self._client, self._headers = admin._client, {"authorization": f"Bearer {token}"}

    def get(self, path: str, method: str = "GET") -> Any:
        self._client.cookies.clear()
        return self._client.request(method, path, headers=self._headers)


def _events(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def _partner(admin: SignedInClient, gln: str | None = None, code: str = "D1") -> str:
    made = admin.post("/partners", json={"code": code, "kind": "dealer", "name": "经销商", "gln": gln})
    assert made.status_code == 201, made.text
    partner_id: str = made.json()["id"]
    return partner_id


def _show(
    admin: SignedInClient,
    partner_id: str,
    rules: list[dict[str, Any]],
    *,
    hidden: list[str] | None = None,
    queries: list[str] | None = None,
    version: int = 0,
) -> Any:
    body = {"rules": rules, "hidden": hidden or [], "queries": queries or []}
    said = admin.put(f"/partner-sights/{partner_id}", json=body, headers={"if-match": f'"{version}"'})
    assert said.status_code == 200, said.text
    return said.json()


def _lend(admin: SignedInClient, partner_id: str, days: int = 2) -> tuple[Dealer, str]:
    lent = admin.post(f"/partner-sights/{partner_id}/tokens", json={"name": "their ERP", "days": days})
    assert lent.status_code == 201, lent.text
    return Dealer(admin, lent.json()["token"]), lent.json()["id"]


def _link(gln: str) -> str:
    return f"https://id.gs1.org/414/{gln}"


def furnish(admin: SignedInClient) -> None:
    """Two shipments, one to the dealer and one to somebody else, and what happened before at home."""
    for gln, serial in ((MINE, "1"), (THEIRS, "2")):
        captured(
            admin,
            event(
                action="OBSERVE",
                bizStep="shipping",
                disposition="in_transit",
                epcList=[f"urn:epc:id:sgtin:6901234.056789.{serial}"],
                readPoint={"id": _link("6901234567007")},
                destinationList=[{"type": "possessing_party", "destination": _link(gln)}],
                bizTransactionList=[{"type": "po", "bizTransaction": f"urn:x:order:{serial}"}],
            ),
            event(
                action="OBSERVE",
                bizStep="receiving",
                epcList=[f"urn:epc:id:sgtin:6901234.056789.{serial}"],
                bizLocation={"id": f"urn:epc:id:sgln:{gln[:7]}.{gln[7:12]}.0"},
            ),
        )
    captured(admin, event(action="OBSERVE", bizStep="storing", epcList=["urn:x:secret"]))


READS: Final = (
    "/epcis/events",
    "/epcis/epcs",
    "/epcis/bizSteps",
    "/epcis/dispositions",
    "/epcis/readPoints",
    "/epcis/bizLocations",
)


def test_who_is_shown_nothing_sees_nothing_anywhere(admin: SignedInClient) -> None:
    furnish(admin)
    assert admin.post("/epcis/queries", json={"name": "all", "query": {}}).status_code == 201
    dealer, _ = _lend(admin, _partner(admin, MINE))

    assert _events(dealer.get("/epcis/events")) == []
    for path in READS[1:]:
        assert dealer.get(path).json()["member"] == []
        for name in admin.get(path).json()["member"]:
            for below in ("", "/events"):
                for method in ("GET", "OPTIONS"):
                    assert dealer.get(f"{path}/{quote(name, safe='')}{below}", method).status_code == 404
    for one in _events(admin.get("/epcis/events")):
        assert dealer.get(f"/epcis/events/{one['eventID']}").status_code == 404
    assert dealer.get("/epcis/queries").json() == []
    for path in ("/epcis/queries/all", "/epcis/queries/all/events"):
        assert dealer.get(path).status_code == 404


def test_a_dealer_sees_what_came_to_it_without_what_is_kept_back(admin: SignedInClient) -> None:
    furnish(admin)
    for name in ("shipped", "not for them"):
        query = {"name": name, "query": {"EQ_bizStep": ["shipping"]}}
        assert admin.post("/epcis/queries", json=query).status_code == 201
    store = _partner(admin, MINE)
    _show(admin, store, [{"own": True}], hidden=["bizTransactionList", "readPoint"], queries=["shipped"])
    dealer, _ = _lend(admin, store)

    seen = _events(dealer.get("/epcis/events"))

    mine = "https://id.gs1.org/01/06901234567892/21/1"
    assert sorted(one["bizStep"] for one in seen) == ["receiving", "shipping"]
    assert not any({"bizTransactionList", "readPoint"} & set(one) for one in seen)
    assert dealer.get("/epcis/epcs").json()["member"] == [mine]
    assert dealer.get("/epcis/bizSteps").json()["member"] == ["receiving", "shipping"]
    assert dealer.get("/epcis/readPoints").json()["member"] == []
    assert dealer.get("/epcis/bizLocations").json()["member"] == [_link(MINE)]
    assert len(_events(dealer.get(f"/epcis/epcs/{quote(mine, safe='')}/events"))) == 2
    assert dealer.get(f"/epcis/epcs/{quote(mine[:-1] + '2', safe='')}").status_code == 404
    assert [one["name"] for one in dealer.get("/epcis/queries").json()] == ["shipped"]
    assert len(_events(dealer.get("/epcis/queries/shipped/events"))) == 1
    assert dealer.get("/epcis/queries/not for them/events").status_code == 404
    for hidden in ("EQ_bizTransaction_po=urn:x:order:1", f"EQ_readPoint={_link('6901234567007')}"):
        assert _events(dealer.get(f"/epcis/events?{hidden}")) == []
        assert len(_events(admin.get(f"/epcis/events?{hidden}"))) > 0
    preview = admin.get(f"/partner-sights/{store}/preview").json()
    assert preview == {"events": seen, "has_more": False}
    for one in seen:
        assert _events(dealer.get(f"/epcis/events/{quote(one['eventID'], safe='')}")) == [one]


def test_a_lent_token_opens_the_reading_of_events_and_nothing_else(admin: SignedInClient) -> None:
    store = _partner(admin, MINE)
    _show(admin, store, [{"own": True}])
    dealer, _ = _lend(admin, store)
    paths = admin.get("/api/v1/openapi.json").json()["paths"]
    opened = set()

    for path, item in paths.items():
        for method in item:
            if method == "parameters" or path in {"/api/v1/session", "/api/v1/receipts/public-key"}:
                continue
            address = "/".join("1" if part.startswith("{") else part for part in path.split("/"))
            if dealer.get(address, method.upper()).status_code not in {401, 403}:
                opened.add((method, path))

    assert all(
        path.startswith("/epcis/") and method in {"get", "options", "delete"} for method, path in opened
    )
    assert not any("capture" in path or "subscriptions" in path for _, path in opened)
    assert {method for method, path in opened if "nextPageToken" not in path} == {"get", "options"}
    assert ("get", "/epcis/events") in opened


def test_a_lent_token_ends_when_it_is_taken_back_or_old_or_its_lender_may_no_longer_lend(
    runtime: Runtime, admin: SignedInClient, brand: Brand
) -> None:
    furnish(admin)
    store = _partner(admin, MINE)
    _show(admin, store, [{"own": True}])
    dealer, token_id = _lend(admin, store)
    old, old_id = _lend(admin, store)
    lender = SignedInClient(admin._client, make_account(runtime, brand.id, Role.CHANNEL_MANAGER))
    theirs, _ = _lend(lender, store)
    assert len(_events(dealer.get("/epcis/events"))) == len(_events(theirs.get("/epcis/events"))) == 2

    assert admin.delete(f"/partner-sights/{store}/tokens/{token_id}").status_code == 204
    assert dealer.get("/epcis/events").status_code == 401
    assert admin.delete(f"/partner-sights/{store}/tokens/{token_id}").status_code == 404
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(
            text("UPDATE kernel.api_token SET expires_at = now() WHERE id = :id"), {"id": UUID(old_id)}
        )
        session.execute(
            text("UPDATE kernel.account SET roles = '{marketer}' WHERE email = :email"),
            {"email": lender.email},
        )
    assert old.get("/epcis/events").status_code == 401
    assert theirs.get("/epcis/events").status_code == 403
    listed = admin.get(f"/partner-sights/{store}/tokens").json()
    assert len(listed) == 3
    assert not any("token" in one for one in listed)


def test_a_page_token_ends_when_the_rules_change_and_is_of_one_asker(admin: SignedInClient) -> None:
    furnish(admin)
    store, other = _partner(admin, MINE), _partner(admin, THEIRS, "D2")
    rules = [{"biz_steps": ["shipping"]}]
    _show(admin, store, rules)
    _show(admin, other, rules)
    (dealer, _), (stranger, _) = _lend(admin, store), _lend(admin, other)
    link = dealer.get("/epcis/events?perPage=1").headers["link"].partition(">")[0][1:]

    assert dealer.get(link).status_code == 200
    assert stranger.get(link).status_code == 400
    assert admin.get(link).status_code == 400
    _show(admin, store, [{"own": True}], version=1)
    assert dealer.get(link).status_code == 400


def test_of_two_who_change_what_a_partner_sees_one_is_told_so(
    runtime: Runtime, admin: SignedInClient, brand: Brand
) -> None:
    store = _partner(admin)
    for version in (0, 1):
        statuses: list[int] = []

        def say(number: int, version: int = version, statuses: list[int] = statuses) -> None:
            body = {"rules": [{"places": [MINE]}], "queries": [f"q{number}"]}
            headers = {"if-match": f'"{version}"'}
            statuses.append(admin.put(f"/partner-sights/{store}", json=body, headers=headers).status_code)

        threads = [threading.Thread(target=say, args=(number,)) for number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200, 412, 412, 412, 412]
    assert admin.get(f"/partner-sights/{store}").json()["version"] == 2


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"rules": [{}]}, "/body/rules"),
        ({"rules": [{"since": "2026-01-01T00:00:00Z"}]}, "/body/rules"),
        ({"rules": [{"places": ["6901234567893"]}]}, "/body/rules/0/places"),
        ({"rules": [{"places": ["69"]}]}, "/body/rules/0/places/0"),
        ({"rules": [{"own": True, "every": True}]}, "/body/rules/0/every"),
        ({"rules": [{"own": True}], "hidden": ["epcList"]}, "/body/hidden"),
        ({"rules": [{"own": True, "since": "2026-01-01T00:00:00"}]}, "/body/rules/0/since"),
        (
            {"rules": [{"own": True, "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}]},
            "/body/rules/0/until",
        ),
        ({}, "/body/rules"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_its_place(
    admin: SignedInClient, body: dict[str, Any], at: str
) -> None:
    store = _partner(admin)

    answer = admin.put(f"/partner-sights/{store}", json=body, headers={"if-match": '"0"'})

    assert answer.status_code == 422
    assert at in [fault["at"] for fault in answer.json()["errors"]]
    assert admin.get(f"/partner-sights/{store}").json()["version"] == 0


def test_an_api_token_lends_none(runtime: Runtime, admin: SignedInClient) -> None:
    store = _partner(admin)
    token, _ = issue_token(runtime, admin.email)
    admin._client.cookies.clear()
    answer = admin._client.post(
        f"/api/v1/partner-sights/{store}/tokens",
        content=json.dumps({"name": "x"}),
        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
    )

    assert answer.status_code == 403
