"""Named queries: kept as they were given, asked as they were kept, refused before they are kept."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from tests.chain.trace.test_capture import capture as captured
from tests.chain.trace.test_capture import event
from tests.conftest import Brand, SignedInClient, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

JSON = {"content-type": "application/json"}


def named(admin: SignedInClient, name: str, query: dict[str, Any], **headers: str) -> Any:
    body = json.dumps({"name": name, "query": query})
    return admin.post("/epcis/queries", content=body, headers={**JSON, **headers})


def told(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["eventID"] for one in answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]]


def test_a_named_query_is_kept_as_it_was_given_and_answers_as_the_same_query_does(
    admin: SignedInClient,
) -> None:
    captured(
        admin,
        *(event(action="OBSERVE", bizStep="shipping", epcList=[f"urn:x:{n}"]) for n in range(5)),
        *(event(action="OBSERVE", bizStep="receiving", epcList=[f"urn:x:{n}"]) for n in range(5)),
        event(action="OBSERVE", bizStep="storing", epcList=["urn:x:1"]),
    )
    query = {"eventType": ["ObjectEvent"], "EQ_bizStep": ["shipping", "receiving"], "EXISTS_ilmd": False}

    made = named(admin, "Moved about", query)

    assert (made.status_code, made.headers["location"]) == (201, "/epcis/queries/Moved%20about")
    kept = admin.get(made.headers["location"])
    assert kept.json() == {"name": "Moved about", "query": query}
    assert admin.get("/epcis/queries").json() == [kept.json()]
    first = admin.get("/epcis/queries/Moved about/events", params={"perPage": "7"})
    second = admin.get(first.headers["link"].partition(">")[0][1:])
    whole = admin.get("/epcis/events?EQ_bizStep=shipping|receiving&perPage=100")
    assert told(first) + told(second) == told(whole)
    assert len(told(whole)) == 10
    assert "link" not in second.headers
    assert first.json()["epcisBody"]["queryResults"]["queryName"] == "Moved about"


def test_a_name_stands_for_one_query_until_it_is_deleted(admin: SignedInClient) -> None:
    query = {"EQ_action": ["ADD"]}
    assert named(admin, "mine", query).status_code == 201

    for again in (query, {"EQ_action": ["DELETE"]}):
        refused = named(admin, "mine", again)
        assert refused.status_code == 409
        assert refused.json()["type"] == "epcisException:ResourceAlreadyExistsException"
    assert admin.get("/epcis/queries/mine").json()["query"] == query
    assert admin.delete("/epcis/queries/mine").status_code == 204
    for answer in (
        admin.delete("/epcis/queries/mine"),
        admin.get("/epcis/queries/mine"),
        admin.get("/epcis/queries/mine/events"),
        admin.request("OPTIONS", "/epcis/queries/mine"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "epcisException:NoSuchNameException")
    assert named(admin, "mine", {"EQ_action": ["DELETE"]}).status_code == 201


def test_of_many_who_name_one_query_at_once_one_does(
    runtime: Runtime, admin: SignedInClient, brand: Brand
) -> None:
    people = [
        SignedInClient(admin._client, make_account(runtime, brand.id, Role.BRAND_ADMIN)) for _ in range(4)
    ]
    answers: list[int] = []

    def name(one: SignedInClient) -> None:
        answers.append(named(one, "wanted", {"EQ_action": ["ADD"]}).status_code)

    threads = [threading.Thread(target=name, args=(one,)) for one in people for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [201] + [409] * 7


def test_names_come_page_by_page_in_their_order(admin: SignedInClient) -> None:
    names = [f"q{number:02}" for number in range(7)]
    for name in reversed(names):
        assert named(admin, name, {"EQ_action": ["ADD"]}).status_code == 201

    seen, path = [], "/epcis/queries?perPage=3"
    while path:
        page = admin.get(path)
        seen += [one["name"] for one in page.json()]
        path = page.headers.get("link", "").partition(">")[0][1:]
        named(admin, f"a{len(seen)}", {"EQ_action": ["ADD"]})  # before where the walk is

    assert seen == names


@pytest.mark.parametrize(
    ("body", "type_", "at"),
    [
        (b"{", "ValidationException", ""),
        (b"[]", "ValidationException", ""),
        (b'{"name": "x"}', "ValidationException", "/query"),
        (b'{"query": {}}', "ValidationException", "/name"),
        (b'{"name": "a/b", "query": {}}', "ValidationException", "/name"),
        (b'{"name": "SimpleEventQuery", "query": {}}', "ValidationException", "/name"),
        (b'{"name": "x", "query": {}, "more": 1}', "ValidationException", "/more"),
        (b'{"name": "x", "query": {"EQ_action": ["\\u0000"]}}', "ValidationException", "/query"),
        (b'{"name": "x", "query": {"EQ_bizStp": ["a"]}}', "QueryParameterException", "/query/EQ_bizStp"),
        (b'{"name": "x", "query": {"EQ_action": ["GO"]}}', "QueryParameterException", "/query/EQ_action"),
        (b'{"name": "x", "query": {"EQ_action": [{}]}}', "QueryParameterException", "/query/EQ_action"),
        (b'{"name": "x", "query": {"EQ_action": []}}', "QueryParameterException", "/query/EQ_action"),
        (b'{"name": "x", "query": {"eventCountLimit": 5}}', "QueryParameterException", "/query/eventCountLimit"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_cannot_be_asked_gets_no_name(admin: SignedInClient, body: bytes, type_: str, at: str) -> None:
    answer = admin.post("/epcis/queries", content=body, headers=JSON)

    assert (answer.status_code, answer.json()["type"]) == (400, f"epcisException:{type_}")
    assert at in [fault["at"] for fault in answer.json()["errors"]]
    assert admin.get("/epcis/queries").json() == []


def test_a_query_that_is_no_json_is_not_taken(admin: SignedInClient) -> None:
    answer = admin.post("/epcis/queries", content=b"<q/>", headers={"content-type": "text/xml"})

    assert (answer.status_code, answer.json()["type"]) == (
        415,
        "epcisException:UnsupportedMediaTypeException",
    )


def test_prefixes_are_kept_with_the_query(admin: SignedInClient) -> None:
    said = event(action="OBSERVE", epcList=["urn:x:1"], **{"https://ns.brand.example/epcis/mark": "red"})
    captured(admin, said)
    by_header = named(
        admin, "a", {"EQ_ours:mark": "red"}, **{"GS1-Extensions": "ours=https://ns.brand.example/epcis/"}
    )
    by_context = named(
        admin, "b", {"@context": {"o": "https://ns.brand.example/epcis/"}, "EQ_o:mark": ["red"]}
    )
    assert (by_header.status_code, by_context.status_code) == (201, 201)

    assert len(told(admin.get("/epcis/queries/a/events"))) == 1
    assert len(told(admin.get("/epcis/queries/b/events"))) == 1


def test_whoever_reads_may_ask_and_only_who_may_define_defines(
    runtime: Runtime, admin: SignedInClient, brand: Brand
) -> None:
    reader = SignedInClient(admin._client, make_account(runtime, brand.id, Role.AUDITOR))
    assert named(admin, "q", {"EQ_action": ["ADD"]}).status_code == 201

    assert reader.get("/epcis/queries/q/events").status_code == 200
    assert named(reader, "r", {"EQ_action": ["ADD"]}).status_code == 403
    refused = reader.delete("/epcis/queries/q")
    assert (refused.status_code, refused.json()["type"]) == (403, "epcisException:SecurityException")


def test_what_one_knows_is_not_sent_again(admin: SignedInClient) -> None:
    assert named(admin, "q", {"EQ_action": ["ADD"]}).status_code == 201
    tag = admin.get("/epcis/queries/q").headers["etag"]

    known = admin.get("/epcis/queries/q", headers={"if-none-match": f'"x", W/{tag}'})
    admin.delete("/epcis/queries/q")
    named(admin, "q", {"EQ_action": ["DELETE"]})
    changed = admin.get("/epcis/queries/q", headers={"if-none-match": tag})

    assert (known.status_code, known.content) == (304, b"")
    assert changed.status_code == 200


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("Accept", "text/html", 406),
        ("Accept", "application/json;q=0", 406),
        ("Accept", "text/html, application/*;q=0.1", 200),
        ("GS1-EPCIS-Min", "2.1.0", 406),
        ("GS1-EPCIS-Min", "1.2", 200),
        ("GS1-EPCIS-Max", "1.2.0", 406),
        ("GS1-EPCIS-Max", "2", 200),
        ("GS1-CBV-Min", "two", 406),
    ],
)
def test_what_cannot_be_given_as_asked_is_not_acceptable(
    admin: SignedInClient, header: str, value: str, status: int
) -> None:
    answer = admin.get("/epcis/queries", headers={header: value})

    assert answer.status_code == status
    if status == 406:
        assert answer.json()["type"] == "epcisException:NotAcceptableException"
        assert answer.json()["errors"][0]["at"] == f"header/{header}"


def test_a_token_that_is_altered_or_old_or_of_another_brand_leads_nowhere(
    runtime: Runtime, admin: SignedInClient, other_brand: Brand
) -> None:
    for number in range(3):
        named(admin, f"q{number}", {"EQ_action": ["ADD"]})
    link = admin.get("/epcis/queries?perPage=1").headers["link"].partition(">")[0][1:]
    token = link.rpartition("=")[2]
    stranger = SignedInClient(admin._client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))

    assert admin.get(link).status_code == 200
    for place in range(0, len(token), 7):
        altered = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        answer = admin.get("/epcis/queries", params={"nextPageToken": altered})
        assert (answer.status_code, answer.json()["type"]) == (400, "epcisException:QueryParameterException")
    assert stranger.get(link).status_code == 400
    assert admin.get("/epcis/capture", params={"nextPageToken": token}).status_code == 400
