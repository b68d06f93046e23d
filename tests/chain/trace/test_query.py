"""SimpleEventQuery, held against a plain one: random queries over all published events, page by page."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import pytest
from sqlalchemy.orm import Session

from tests.chain.trace import naive
from tests.chain.trace.test_capture import capture as captured
from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand, SignedInClient
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import InvalidInput, read_document
from wuma.chain.trace.queries.exceptions import QueryTooLargeException
from wuma.chain.trace.queries.query import EventPage, query_events
from wuma.chain.trace.sights.sight import WHOLE
from wuma.kernel.runtime import Runtime
from wuma_gs1.cbv import BizStep, Disposition
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import ParseError

QUERIES: Final = int(os.environ.get("WUMA_QUERIES", "400"))
"""Run 50,000 by hand: WUMA_QUERIES=50000."""
QUERIES_PER_SESSION: Final = 500  # what a transaction may see, it may see for ten minutes
SEED: Final = int(os.environ.get("WUMA_FUZZ_SEED", "20260501"))
NOW: Final = datetime(2026, 5, 1, tzinfo=UTC)

Event = dict[str, Any]


class Shelf:
    """All published events, captured by one brand, and what may be asked of them."""

    def __init__(self, runtime: Runtime, brand: Brand, shared: Path) -> None:
        self.runtime, self.brand = runtime, brand
        self.events: list[Event] = []
        at = NOW
        with self.session() as session:
            for file in sorted((shared / "gs1" / "epcis-docs").rglob("*.json*")):
                try:
                    read = read_document(_named_apart(file))
                except InvalidInput:
                    continue
                at += timedelta(minutes=1)
                told = capture(session, runtime.keyring, brand.id, read, actor="test", now=at)
                known = set(told.duplicates)
                fresh = [one for one in read.events if one.place not in known]
                self.events += [{**one.fields, "recordTime": told.at.isoformat()} for one in fresh]

    def session(self) -> Any:
        return self.runtime.database.transaction(self.brand.scope)

    def ask(self, session: Session, **parameters: str) -> EventPage:
        token = parameters.pop("nextPageToken", None)
        per_page = int(parameters.pop("perPage", "30"))
        asked = {name: text.split("|") for name, text in parameters.items()}
        return query_events(
            session,
            self.runtime.keyring,
            self.brand.id,
            asked,
            sight=WHOLE,
            per_page=per_page,
            token=token,
            now=NOW,
        )


def _named_apart(file: Path) -> bytes:
    """Give the events names of their own: the published documents use one for several."""
    sent = json.loads(file.read_bytes())
    body = sent.get("epcisBody", {})
    body = body.get("queryResults", {}).get("resultsBody", body)
    for place, one in enumerate(body.get("eventList", [sent])):
        if isinstance(one, dict) and "eventID" in one:
            one["eventID"] = f"urn:uuid:{uuid5(NAMESPACE_URL, f'{file} {place}')}"
    return json.dumps(sent).encode()


@pytest.fixture(scope="module")
def shelf(runtime: Runtime, shared: Path) -> Shelf:
    from tests.conftest import make_brand  # the fixture `brand` is of one test

    return Shelf(runtime, make_brand(runtime), shared)


def told(one: Event) -> str:
    """Return an event without what a repository adds, to compare it by."""
    return json.dumps(
        {name: value for name, value in one.items() if name not in {"recordTime", "eventID", "@context"}},
        sort_keys=True,
    )


def test_random_queries_mean_the_same_events_as_the_plain_reading(shelf: Shelf) -> None:
    assert len(shelf.events) >= 100
    chance = random.Random(SEED)
    wrong, found_something = [], 0

    for start in range(0, QUERIES, QUERIES_PER_SESSION):
        with shelf.session() as session:
            for _ in range(min(QUERIES_PER_SESSION, QUERIES - start)):
                parameters = dict(
                    _parameter(chance, shelf.events) for _ in range(chance.choice((1, 1, 2, 3)))
                )
                wanted = sorted(
                    told(one)
                    for one in shelf.events
                    if all(naive.means(one, name, text) for name, text in parameters.items())
                )
                try:
                    page = shelf.ask(session, **parameters, perPage="1000")
                except InvalidInput as refusal:
                    wrong.append(f"{parameters}: {refusal.errors}")
                    continue
                got = sorted(told(dict(one.fields)) for one in page.events)
                found_something += bool(wanted)
                if got != wanted:
                    wrong.append(f"{parameters}: {len(wanted)} wanted, {len(got)} got")

    assert wrong == []
    assert found_something > QUERIES / 4


def _parameter(chance: random.Random, events: list[Event]) -> tuple[str, str]:
    """Ask for something that is in one of the events, in one of its spellings."""
    one = chance.choice(events)
    offers = list(_offers(chance, one))
    name, text = chance.choice(offers)
    if chance.random() < 0.3 and name.startswith(("EQ_", "MATCH_", "WD_")):
        others = [value for other, value in _offers(chance, chance.choice(events)) if other == name]
        text = "|".join([text, *others[:1]])
    return name, text


def _offers(chance: random.Random, one: Event) -> Iterator[tuple[str, str]]:
    yield "eventType", one["type"]
    for name in ("eventTime", "recordTime"):
        yield f"{chance.choice(('GE', 'LT'))}_{name}", one[name]
    if "action" in one:
        yield "EQ_action", one["action"]
    for name, vocabulary in (("bizStep", BizStep), ("disposition", Disposition)):
        if name in one:
            word = naive.word(one[name])
            known = word in vocabulary.__members__.values()
            yield (
                f"EQ_{name}",
                chance.choice([word, vocabulary(word).uri, vocabulary(word).urn]) if known else word,
            )
    for kind in ("set", "unset"):
        for disposition in one.get("persistentDisposition", {}).get(kind, []):
            yield f"EQ_persistentDisposition_{kind}", disposition
    for name in ("readPoint", "bizLocation"):
        if name in one:
            yield f"{chance.choice(('EQ', 'WD'))}_{name}", _respelled(chance, one[name]["id"])
    for match, fields in naive.EPCS.items():
        for epc in naive._epcs(one, fields):
            yield match, _respelled(chance, epc)
    for match, fields in naive.CLASSES.items():
        for element in (element for name in fields for element in one.get(name, [])):
            yield match, _respelled(chance, element["epcClass"])
            if "quantity" in element:
                way = chance.choice(list(naive.WAYS))
                yield f"{way}_quantity", str(element["quantity"])
                if "uom" in element:
                    yield f"{way}_quantity_{element['uom']}", str(element["quantity"])
    for name in ("eventID", "transformationID"):
        if name in one:
            yield f"EQ_{name}", one[name]
    yield from _of_lists(chance, one)
    yield from _of_errors(chance, one)
    yield from _of_sensors(chance, one)
    yield from _of_extensions(chance, one)


def _of_lists(chance: random.Random, one: Event) -> Iterator[tuple[str, str]]:
    for kind, field in naive.LISTS.items():
        for element in one.get(field, []):
            if "type" in element:
                yield f"EQ_{kind}_{element['type']}", _respelled(chance, element[kind])


def _of_errors(chance: random.Random, one: Event) -> Iterator[tuple[str, str]]:
    yield "EXISTS_errorDeclaration", chance.choice(("true", "false"))
    error = one.get("errorDeclaration")
    if error:
        yield f"{chance.choice(('GE', 'LT'))}_errorDeclarationTime", error["declarationTime"]
        if "reason" in error:
            yield "EQ_errorReason", error["reason"]
        for event_id in error.get("correctiveEventIDs", []):
            yield "EQ_correctiveEventID", event_id


def _of_sensors(chance: random.Random, one: Event) -> Iterator[tuple[str, str]]:
    yield "EXISTS_sensorElementList", "true"
    for report in naive._reports(one):
        way = chance.choice(list(naive.WAYS))
        if "type" in report:
            yield "EQ_type", report["type"].removeprefix("gs1:")
        for name in (*naive.SENSOR_TEXTS, *naive.SENSOR_URIS):
            if name in report:
                yield f"EQ_{name}", report[name]
        if "booleanValue" in report:
            yield "EQ_booleanValue", str(report["booleanValue"]).lower()
        for name in ("value", "minValue", "maxValue", "meanValue", "sDev", "percValue"):
            if name in report and "uom" in report:
                yield f"{way}_{name}_{report['uom']}", str(report[name])
        if "percRank" in report:
            yield f"{way}_percRank", str(report["percRank"])
    for metadata in naive._metadata(one):
        for name in ("time", "startTime", "endTime"):
            if name in metadata:
                yield f"{chance.choice(('GE', 'LT'))}_{name}", metadata[name]


def _of_extensions(chance: random.Random, one: Event) -> Iterator[tuple[str, str]]:
    levels = (
        ("", one),
        ("ILMD_", one.get("ilmd", {})),
        ("ERROR_DECLARATION_", one.get("errorDeclaration", {})),
    )
    for level, fields in levels:
        own = {name: value for name, value in fields.items() if ":" in name}
        pairs = [("", name, value) for name, value in own.items()]
        pairs += [("INNER_", name, value) for name, value in naive._nested(list(own.values())) if ":" in name]
        for inner, name, value in pairs:
            yield f"EXISTS_{inner}{level}{name}", "true"
            if isinstance(value, str) and value and "|" not in value and "T" not in value:
                yield f"EQ_{inner}{level}{name}", value
            if isinstance(value, int | float) and not isinstance(value, bool):
                yield f"{chance.choice(('EQ', 'GE', 'LE'))}_{inner}{level}{name}", str(value)


def _respelled(chance: random.Random, uri: str) -> str:
    """Name a thing in another way: a URN by its Digital Link, on some domain, and back."""
    try:
        if uri.startswith("urn:epc:id:"):
            link = Epc.parse(uri).canonical
            return chance.choice([uri, link, link.replace("id.gs1.org", "brand.example")])
        if uri.startswith("https://id.gs1.org/"):
            return chance.choice([uri, Epc.of(DigitalLink.parse(uri).elements, company_prefix_length=7).uri])
    except ParseError:
        pass
    return uri


@pytest.mark.parametrize("order_by", ["eventTime", "recordTime"])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
def test_pages_follow_one_another_without_gap_or_repetition_while_others_capture(
    shelf: Shelf, order_by: str, direction: str
) -> None:
    seen: list[Any] = []
    with shelf.session() as session:
        total = len(shelf.ask(session, perPage="1000").events)
    token = None
    for page_number in range(1000):
        with shelf.session() as session:
            asked = {"orderBy": order_by, "orderDirection": direction, "perPage": "17"}
            if token:
                asked["nextPageToken"] = token
            page = shelf.ask(session, **asked)
            seen += page.events
            token = page.next_page_token
            if page_number < 3:  # comes in between, at both ends of time
                for year in (1999, 2038):
                    at = f"{year}-01-01T00:00:0{page_number}Z"
                    new = event(action="OBSERVE", at=at, epcList=[f"urn:x:{direction}{order_by}"])
                    read = read_document(json.dumps(document(new)).encode())
                    capture(session, shelf.runtime.keyring, shelf.brand.id, read, actor="t", now=NOW)
        if token is None:
            break

    keys = [one.at if order_by == "eventTime" else one.captured_at for one in seen]
    assert keys == sorted(keys, reverse=direction == "DESC")
    assert len({one.id for one in seen}) == len(seen) == total


def test_a_condition_that_matches_one_in_thousands_is_found_over_short_pages(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wuma.chain.trace.queries.query.EVENTS_READ_AT_ONCE", 10)
    monkeypatch.setattr("wuma.chain.trace.queries.query.EVENTS_LOOKED_AT_MAX", 20)
    wanted = [one for one in shelf.events if naive.means(one, "EXISTS_sensorElementList", "true")]

    found, token, pages = [], None, 0
    with shelf.session() as session:
        while pages == 0 or token:
            asked = {"EXISTS_sensorElementList": "true", "perPage": "3"}
            page = shelf.ask(session, **asked, **({"nextPageToken": token} if token else {}))
            assert len(page.events) <= 3
            found += page.events
            token, pages = page.next_page_token, pages + 1

    assert sorted(told(dict(one.fields)) for one in found) == sorted(map(told, wanted))
    assert pages > 3


def test_a_limit_cuts_and_a_maximum_refuses(shelf: Shelf) -> None:
    with shelf.session() as session:
        latest = shelf.ask(session, orderBy="eventTime", eventCountLimit="5", perPage="3")
        rest = shelf.ask(
            session,
            orderBy="eventTime",
            eventCountLimit="5",
            perPage="3",
            nextPageToken=str(latest.next_page_token),
        )
        assert (len(latest.events), len(rest.events), rest.next_page_token) == (3, 2, None)
        for condition in ({}, {"EXISTS_sensorElementList": "true"}):
            with pytest.raises(QueryTooLargeException):
                shelf.ask(session, maxEventCount="2", **condition)
        few = shelf.ask(session, EXISTS_sensorElementList="true", maxEventCount="500")
        assert 0 < len(few.events) <= 30


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"EQ_bizStp": "shipping"}, "EQ_bizStp"),
        ({"eventType": "ObjectEvent|Nothing"}, "eventType"),
        ({"GE_eventTime": "yesterday"}, "GE_eventTime"),
        ({"GE_eventTime": "2026-01-01T00:00:00"}, "GE_eventTime"),
        ({"GT_quantity": "many"}, "GT_quantity"),
        ({"GT_quantity": "1|2"}, "GT_quantity"),
        ({"EXISTS_ilmd": "perhaps"}, "EXISTS_ilmd"),
        ({"MATCH_epc": "urn:epc:idpat:sgtin:1.2"}, "MATCH_epc"),
        ({"orderBy": "bizStep"}, "orderBy"),
        ({"orderDirection": "UP"}, "orderDirection"),
        ({"eventCountLimit": "5"}, "eventCountLimit"),
        ({"orderBy": "eventTime", "eventCountLimit": "5", "maxEventCount": "5"}, "maxEventCount"),
        ({"eventCountLimit": "0", "orderBy": "eventTime"}, "eventCountLimit"),
        ({"perPage": "0"}, "perPage"),
        ({"GE_value_": "3"}, "GE_value_"),
        ({"MATCH_epc": "|".join(f"urn:x:{n}" for n in range(201))}, "MATCH_epc"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(
    admin: SignedInClient, parameters: dict[str, str], named: str
) -> None:
    answer = admin.get("/epcis/events", params=parameters)

    assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")
    assert [fault["at"].lstrip("/") for fault in answer.json()["errors"]] == [f"query/{named}"]


def test_a_token_leads_on_in_its_own_query_only(admin: SignedInClient) -> None:
    captured(admin, *(event(action="OBSERVE", epcList=[f"urn:x:{n}"]) for n in range(3)))
    first = admin.get("/epcis/events", params={"perPage": "1", "eventType": "ObjectEvent"})
    token = first.headers["link"].partition("nextPageToken=")[2].partition(">")[0].partition("&")[0]

    other = admin.get("/epcis/events", params={"EQ_action": "ADD", "nextPageToken": token})
    broken = admin.get("/epcis/events", params={"nextPageToken": "x" * 20})

    assert other.status_code == 400
    assert 400 <= broken.status_code < 500


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("urn:epc:idpat:sgtin:0614141.112345.*", {"a", "b"}),
        ("urn:epc:idpat:sgtin:0614141.*.*", {"a", "b", "c"}),
        ("urn:epc:idpat:sgtin:061414.*.*", {"a", "b", "c"}),
        ("urn:epc:idpat:sgtin:*.*.*", {"a", "b", "c", "d"}),
        ("urn:epc:idpat:sscc:0614141.*", {"e"}),
        ("urn:epc:idpat:sgtin:0614141.112345.400", {"a"}),
    ],
)
def test_a_pattern_matches_things_in_whichever_form(
    admin: SignedInClient, pattern: str, found: set[str]
) -> None:
    names = {
        "a": "urn:epc:id:sgtin:0614141.112345.400",
        "b": "https://brand.example/01/10614141123459/21/401",
        "c": "urn:epc:id:sgtin:0614141.212345.1",
        "d": "urn:epc:id:sgtin:9521141.012345.1",
        "e": "urn:epc:id:sscc:0614141.1234567890",
        "f": "urn:epc:id:sgln:0614141.00777.0",
    }
    captured(
        admin,
        *(
            event(action="OBSERVE", epcList=[uri], at=f"2026-05-01T08:00:0{place}Z")
            for place, uri in enumerate(names.values())
        ),
    )

    answer = admin.get("/epcis/events", params={"MATCH_epc": pattern}).json()

    events = answer["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    assert {name for name, uri in names.items() if any(one["epcList"] == [uri] for one in events)} == found


def test_extension_fields_are_found_by_namespace_whatever_the_prefix(admin: SignedInClient) -> None:
    said = document(
        event(action="OBSERVE", epcList=["urn:x:1"], **{"theirs:mark": "red", "theirs:weight": 12.5})
    )
    said["@context"].append({"theirs": "https://ns.partner.example/epcis/"})
    answer = admin.post(
        "/epcis/capture", content=json.dumps(said), headers={"content-type": "application/ld+json"}
    )
    assert answer.status_code == 202, answer.text

    def count(name: str, value: str, extensions: str = "") -> int:
        found = admin.get(
            "/epcis/events",
            params={name: value},
            headers={"GS1-Extensions": extensions} if extensions else {},
        )
        assert found.status_code == 200, found.text
        return len(found.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])

    assert count("EQ_ours:mark", "red", "ours=https://ns.partner.example/epcis/") == 1
    assert count("EQ_ours:mark", "red", "ours=https://ns.stranger.example/") == 0
    assert count("EQ_https://ns.partner.example/epcis/mark", "red") == 1
    assert count("GT_theirs:weight", "12") == 1
    assert count("LT_theirs:weight", "12") == 0
    assert count("EXISTS_theirs:mark", "true") == 1
