"""Links are kept in editions: written, scheduled, withdrawn, merged; by whom they may be."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from tests.journeys.resolve_link.conftest import HOST, Shelf, link, new_gtin
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.support.links import facade as links

NOW = datetime.now(UTC)


def editions(shelf: Shelf, anchor: str | None = None) -> list[dict[str, object]]:
    told: list[dict[str, object]] = shelf.admin.get(
        "/links/editions", params={"anchor": anchor or shelf.key}
    ).json()
    return told


def test_every_edition_is_kept_with_who_and_why(shelf: Shelf) -> None:
    shelf.keep("", link(path="/1", is_default=True), reason="first")
    shelf.keep("", link(path="/2", is_default=True), reason="new pages", version=1)

    second, first = editions(shelf)
    assert (first["number"], first["reason"], second["reason"]) == (1, "first", "new pages")
    assert first["links"][0]["href"] == f"https://{HOST}/1"  # type: ignore[index]
    assert str(second["actor"]).startswith("account:")
    assert shelf.scan().headers["location"] == f"https://{HOST}/2"


def test_what_was_not_seen_is_not_overwritten(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    answer = shelf.put("", link(path="/mine", is_default=True), version=0)

    assert (answer.status_code, answer.json()["version"]) == (412, 1)
    assert shelf.scan().headers["location"] == f"https://{HOST}/p"


def test_of_many_who_change_one_edition_one_succeeds(shelf: Shelf, runtime: Runtime) -> None:
    def write(number: int) -> bool:
        author = links.Author(shelf.brand.id, f"account:{number}", NOW)
        draft = links.EditionDraft(
            description="",
            links=[
                links.LinkDraft(
                    link_type="gs1:pip", href=f"https://{HOST}/{number}", title="t", is_default=True
                )
            ],
        )
        with (
            suppress(links.ChangedMeanwhile),
            runtime.database.transaction(shelf.brand.scope) as session,
        ):
            links.write(session, author, links.read_anchor(shelf.key), draft, version=0)
            return True
        return False

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(write, range(16)))

    assert sum(done) == 1
    assert len(editions(shelf)) == 1


def test_many_merges_at_once_lose_nothing(shelf: Shelf, runtime: Runtime) -> None:
    shelf.keep("", link(is_default=True))

    def merge(language: str) -> None:
        author = links.Author(shelf.brand.id, "account:x", datetime.now(UTC))
        one = links.LinkDraft(
            link_type="gs1:faqs", href=f"https://{HOST}/{language}", title="t", languages=(language,)
        )
        with runtime.database.transaction(shelf.brand.scope) as session:
            links.merge(
                session, author, links.read_anchor(shelf.key), links.EditionDraft(description="", links=[one])
            )

    languages = ["zh", "en", "de", "fr", "ja", "ko", "ru", "th"]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(merge, languages))

    kept = editions(shelf)[0]["links"]
    assert {one["languages"][0] for one in kept if one["languages"]} == set(languages)  # type: ignore[attr-defined]


def test_a_change_comes_when_it_is_due_and_can_be_taken_back_before(shelf: Shelf) -> None:
    shelf.keep("", link(path="/now", is_default=True))
    due = (NOW + timedelta(days=1)).isoformat()
    shelf.keep("", link(path="/later", is_default=True), version=1, effective_at=due)

    asked = {"uri": shelf.key, "at": (NOW + timedelta(days=2)).isoformat()}
    assert shelf.scan().headers["location"] == f"https://{HOST}/now"
    assert shelf.admin.get("/links/preview", params=asked).json()["location"] == f"https://{HOST}/later"

    withdrawal = {"anchor": shelf.key, "number": 2}
    assert shelf.admin.post("/links/withdrawals", json=withdrawal).json()["withdrawn_at"] is not None
    assert shelf.admin.post("/links/withdrawals", json=withdrawal).status_code == 200  # twice is once
    assert shelf.admin.get("/links/preview", params=asked).json()["location"] == f"https://{HOST}/now"
    in_effect = shelf.admin.post("/links/withdrawals", json={"anchor": shelf.key, "number": 1})
    assert (in_effect.status_code, in_effect.json()["type"]) == (409, "urn:wuma:problem:in-effect")


def test_a_merge_does_not_hide_behind_a_scheduled_change(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))
    shelf.keep(
        "", link(path="/2", is_default=True), version=1, effective_at=(NOW + timedelta(days=1)).isoformat()
    )

    answer = shelf.admin.post(
        "/links/import", json={"anchors": [{"anchor": shelf.key, "links": [link("gs1:faqs", "/f")]}]}
    )

    assert answer.status_code == 422
    assert "would undo this" in answer.text


def test_an_edition_cannot_be_dated_back(shelf: Shelf) -> None:
    answer = shelf.put("", link(is_default=True), effective_at="2020-01-01T00:00:00Z")

    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "/effective_at")


def test_links_lead_only_to_named_hosts_and_a_host_in_use_stays(shelf: Shelf) -> None:
    stray = shelf.put("", {**link(is_default=True), "href": "https://evil.example/"})
    assert (stray.status_code, stray.json()["errors"][0]["at"]) == (422, "/links/0/href")

    shelf.keep("", link(is_default=True))
    in_use = shelf.admin.delete(f"/links/hosts/{HOST}")
    assert (in_use.status_code, in_use.json()["type"]) == (409, "urn:wuma:problem:host-in-use")

    shelf.admin.post("/links/hosts", json={"host": "*.brand.example"})
    assert shelf.admin.delete(f"/links/hosts/{HOST}").status_code == 204  # the wider one covers it
    assert shelf.admin.delete(f"/links/hosts/{HOST}").status_code == 404


def test_the_resolver_does_not_lead_to_itself(shelf: Shelf) -> None:
    for host in ("id.wuma.test", "*.wuma.test"):
        assert shelf.admin.post("/links/hosts", json={"host": host}).status_code == 422


def test_nobody_speaks_for_a_gtin_that_is_not_theirs(
    shelf: Shelf, client: TestClient, runtime: Runtime, other_brand: Brand
) -> None:
    shelf.keep("", link(is_default=True))
    other = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))
    other.post("/links/hosts", json={"host": HOST})

    def put(anchor: str) -> str:
        answer = other.put(
            "/links", params={"anchor": anchor}, json={"links": [link()]}, headers={"if-match": '"0"'}
        )
        return str(answer.json().get("type", answer.status_code))

    assert put(shelf.key) == "urn:wuma:problem:gtin-not-yours"
    assert put(f"{shelf.key}/10/L1") == "urn:wuma:problem:gtin-not-yours"
    assert put(f"/01/{new_gtin()}") == "urn:wuma:problem:gtin-not-yours"
    assert other.get("/links/editions", params={"anchor": shelf.key}).status_code == 404


def test_another_key_is_whose_who_says_first_where_it_leads(
    shelf: Shelf, client: TestClient, runtime: Runtime, other_brand: Brand
) -> None:
    anchor = "/414/" + new_gtin()[1:]
    said = {"params": {"anchor": anchor}, "headers": {"if-match": '"0"'}}
    assert shelf.admin.put("/links", json={"links": [link(is_default=True)]}, **said).status_code == 200
    other = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))
    other.post("/links/hosts", json={"host": HOST})

    answer = other.put("/links", json={"links": [link(is_default=True)]}, **said)

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wuma:problem:key-taken")
    assert client.get(anchor, follow_redirects=False).headers["location"] == f"https://{HOST}/p"


def test_a_file_is_taken_in_whole_or_not_at_all_and_twice_is_once(shelf: Shelf) -> None:
    good = f"{shelf.key},gs1:pip,https://{HOST}/p,产品,yes"
    header = "anchor,link_type,href,title,is_default"

    def send(*rows: str, **query: str) -> tuple[int, dict[str, object]]:
        body = "\n".join((header, *rows)).encode()
        answer = shelf.admin.post(
            "/links/import", content=body, headers={"content-type": "text/csv"}, params=query
        )
        return answer.status_code, answer.json()

    bad = f"{shelf.key}/10/L1,gs1:pip,https://evil.example/,x,no"
    status, told = send(good, bad)
    assert status == 422
    assert told["errors"][0]["at"] == "row 3/links/0/href"  # type: ignore[index]
    assert shelf.scan().status_code == 404

    assert send(good, dry_run="true") == (200, {"anchors": 1, "changed": 1, "unchanged": 0, "dry_run": True})
    assert shelf.scan().status_code == 404
    assert send(good)[1]["changed"] == 1
    assert send(good)[1]["unchanged"] == 1
    assert len(editions(shelf)) == 1
    assert shelf.scan().headers["location"] == f"https://{HOST}/p"


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_is_exported_can_be_imported_and_changes_nothing(shelf: Shelf, form: str) -> None:
    shelf.keep("", link(is_default=True, title="=1+1"), link("gs1:faqs", "/f", languages=["zh", "en"]))
    shelf.keep("/10/L7", link("gs1:certificationInfo", "/c"), description="七号批")

    file = shelf.admin.get("/links/export", params={"format": form})
    again = shelf.admin.post(
        "/links/import", content=file.content, headers={"content-type": file.headers["content-type"]}
    )

    assert again.json() == {"anchors": 2, "changed": 0, "unchanged": 2, "dry_run": False}


def test_the_list_shows_what_is_in_effect_and_finds_by_key_and_description(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True), description="奶粉")
    shelf.keep("/10/L7", link(), description="Batch seven")
    shelf.keep(
        "", link(path="/2", is_default=True), version=1, effective_at=(NOW + timedelta(days=1)).isoformat()
    )

    def found(**query: str) -> list[tuple[str, int]]:
        items = shelf.admin.get("/links", params=query).json()["items"]
        return [(one["anchor"], one["number"]) for one in items]

    assert found() == [(shelf.key, 1), (f"{shelf.key}/10/L7", 1)]
    assert found(q="SEVEN") == [(f"{shelf.key}/10/L7", 1)]
    assert found(q="%") == []
    first = shelf.admin.get("/links", params={"limit": 1}).json()
    assert len(first["items"]) == 1
    assert found(after=first["next"]) == [(f"{shelf.key}/10/L7", 1)]


def test_an_alias_of_another_system_leads_where_the_gtin_leads(
    shelf: Shelf, operator: SignedInClient, client: TestClient
) -> None:
    shelf.keep("", link(is_default=True), link("gs1:recipeInfo", "/r"))
    prefix = f"/88.{shelf.gtin[-9:]}/"
    assert shelf.get(f"{prefix}A1?linkType=gs1:recipeInfo").status_code == 404  # off until it is registered
    alias = {"prefix": prefix, "scheme": "handle", "anchor": shelf.key}

    assert operator.post("/links/aliases", json=alias).status_code == 201
    assert operator.post("/links/aliases", json={**alias, "prefix": f"{prefix}9"}).status_code == 409
    client.app.keep_up()  # type: ignore[attr-defined]

    assert shelf.get(f"{prefix}A1?linkType=gs1:recipeInfo").headers["location"] == f"https://{HOST}/r"
    assert shelf.get(f"{prefix}A1", accept="text/html").status_code == 200  # the page of the item
    assert [one["prefix"] for one in shelf.admin.get("/links/aliases").json()] == [prefix]
    assert shelf.admin.post("/links/aliases", json=alias).status_code == 403
    assert operator.delete("/links/aliases", params={"prefix": prefix}).status_code == 204
    client.app.keep_up()  # type: ignore[attr-defined]
    assert shelf.get(f"{prefix}A1?linkType=gs1:recipeInfo").status_code == 404


@pytest.mark.parametrize(
    ("asked", "outcome"),
    [
        ({}, ("redirect", 307)),
        ({"link_type": "linkset"}, ("linkset", 200)),
        ({"link_type": "gs1:certificationInfo"}, ("choices", 300)),
        ({"link_type": "gs1:instructions"}, ("nothing", 404)),
    ],
)
def test_a_preview_says_what_the_resolver_does(
    shelf: Shelf, asked: dict[str, str], outcome: tuple[str, int]
) -> None:
    shelf.keep("", link(is_default=True), *(link("gs1:certificationInfo", f"/c{n}") for n in (1, 2)))

    told = shelf.admin.get("/links/preview", params={"uri": shelf.key, **asked}).json()
    query = f"?linkType={asked['link_type']}" if asked else ""

    assert (told["outcome"], told["status"]) == outcome
    assert shelf.scan(query).status_code == told["status"]
    item = shelf.admin.get("/links/preview", params={"uri": f"{shelf.key}/21/A1"}).json()
    assert item["outcome"] == "item_page"


def test_nothing_of_an_edition_can_be_changed_in_the_database(shelf: Shelf, runtime: Runtime) -> None:
    shelf.keep("", link(is_default=True))

    for change in (
        "UPDATE links.edition SET links = '[]'",
        "DELETE FROM links.edition",
        "UPDATE links.key SET key = key",
    ):
        with (
            pytest.raises(Exception, match="permission denied"),
            runtime.database.transaction(shelf.brand.scope) as db,
        ):
            db.execute(text(change))
