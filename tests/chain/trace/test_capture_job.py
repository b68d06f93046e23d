"""Documents too large for one request: taken on at once, captured later, whole or not at all, and once."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
import zstandard
from sqlalchemy import text

from tests.chain.trace.test_capture import LD_JSON, document, event
from tests.conftest import Brand, SignedInClient
from wuma.chain.trace.capturing import capture_job
from wuma.kernel.http import spool
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


class Crash(BaseException):
    """What kill -9 looks like from inside: nothing is caught, nothing is tidied."""


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is large here, and batches are small."""
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 1_000)
    monkeypatch.setattr(capture_job, "BATCH_EVENTS", 4)


def shipments(count: int, *, bad: tuple[int, ...] = (), name: str = "") -> list[dict[str, Any]]:
    """Events of a document; those at bad places are not valid."""
    name = name or uuid4().hex
    return [
        event(
            action="CREATE" if place in bad else "OBSERVE",
            bizStep="shipping",
            eventID=f"urn:x:{name}:{place}",
            epcList=[f"urn:epc:id:sgtin:6901234.056789.{name}{place}"],
        )
        for place in range(count)
    ]


def hand_in(
    admin: SignedInClient, events: list[dict[str, Any]], behaviour: str = "rollback", **headers: str
) -> dict[str, Any]:
    said = json.dumps(document(*events)).encode()
    headers = {**LD_JSON, "gs1-capture-error-behaviour": behaviour, **headers}
    answer = admin.post("/epcis/capture", content=said, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/epcis/capture/{answer.json()['captureID']}"
    return answer.json()


def job(admin: SignedInClient, capture_id: str) -> dict[str, Any]:
    answer = admin.get(f"/epcis/capture/{capture_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def seen(admin: SignedInClient, **parameters: str) -> int:
    found, url = 0, "/epcis/events"
    answer = admin.get(url, params={"perPage": "1000", **parameters})
    found += len(answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"])
    assert "link" not in answer.headers
    return found


def facts_of(runtime: Runtime, brand: Brand) -> list[tuple[int, int]]:
    with runtime.database.transaction(PLATFORM) as session:
        rows = session.execute(
            text(
                "SELECT body FROM kernel.fact WHERE tenant_id = :id AND name = 'trace.events_captured'"
                " ORDER BY position"
            ),
            {"id": brand.id},
        )
        return [(row.body["first_event_id"], row.body["last_event_id"]) for row in rows]


def work(runtime: Runtime, brand: Brand) -> None:
    capture_job.work_off(runtime, brand.id)


def spooled(runtime: Runtime) -> set[Path]:
    return set((runtime.settings.data / "spool").glob("*"))


def test_a_large_document_is_taken_on_and_captured_later(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    before = spooled(runtime)

    told = hand_in(admin, shipments(10))

    assert (told["running"], told["success"], told["finishedAt"], told["events"]) == (True, True, None, 10)
    assert seen(admin) == 0
    work(runtime, brand)
    told = job(admin, told["captureID"])
    assert (told["running"], told["success"], told["accepted"]) == (False, True, 10)
    assert told["finishedAt"] is not None
    assert seen(admin) == 10
    assert sum(last - first + 1 for first, last in facts_of(runtime, brand)) == 10
    assert spooled(runtime) == before


@pytest.mark.parametrize(("pack", "encoding"), [(gzip.compress, "gzip"), (zstandard.compress, "zstd")])
@pytest.mark.parametrize("is_large", [True, False])
def test_packed_documents_are_unpacked_as_they_are_read(
    admin: SignedInClient,
    runtime: Runtime,
    brand: Brand,
    monkeypatch: pytest.MonkeyPatch,
    pack: Any,
    encoding: str,
    is_large: bool,
) -> None:
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 10 if is_large else 1_000_000)
    body = pack(json.dumps(document(*shipments(9))).encode())
    headers = {**LD_JSON, "content-encoding": encoding}

    told = admin.post("/epcis/capture", content=body, headers=headers).json()

    assert told["running"] is is_large
    work(runtime, brand)
    assert job(admin, told["captureID"])["accepted"] == seen(admin) == 9
    for broken in (body[:-20], body[:20], b"x" + body, b""):
        answer = admin.post("/epcis/capture", content=broken, headers=headers)
        assert answer.status_code == 400, (len(broken), answer.text)


def test_a_bomb_is_ended_when_it_is_too_much(admin: SignedInClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "RATIO_FREE_BYTES", 100_000)
    said = json.dumps(document(*shipments(1))).encode() + b" " * 50_000_000

    for body, encoding in ((gzip.compress(said), "gzip"), (zstandard.compress(said), "zstd")):
        answer = admin.post("/epcis/capture", content=body, headers={**LD_JSON, "content-encoding": encoding})

        assert answer.status_code == 400, answer.text
        assert "at most" in answer.json()["errors"][0]["expected"]


def test_rollback_captures_nothing_of_a_document_with_one_bad_event(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    told = hand_in(admin, shipments(10, bad=(7,)))

    work(runtime, brand)

    told = job(admin, told["captureID"])
    assert (told["running"], told["success"], told["accepted"], told["rejected"]) == (False, False, 0, 1)
    assert [error["place"] for error in told["errors"] if error["place"] is not None] == [7]
    assert told["errors"][-1]["errors"][0]["at"] == "/epcisBody/eventList/7/action"
    assert seen(admin) == 0
    assert facts_of(runtime, brand) == []


def test_proceed_captures_what_is_valid_and_says_what_is_not(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    known = shipments(3, name="known")
    hand_in(admin, known)
    work(runtime, brand)
    events = shipments(10, bad=(2, 9))
    events[5:5] = known

    told = hand_in(admin, [*events, events[0]], "proceed")
    work(runtime, brand)

    told = job(admin, told["captureID"])
    assert (told["running"], told["success"]) == (False, False)
    assert (told["accepted"], told["duplicate"], told["rejected"]) == (8, 4, 2)
    assert told["duplicates"] == [[5, 7], [13, 13]] or told["duplicates"] == [[5, 7], [13, 13]]
    assert [error["place"] for error in told["errors"]] == [2, 12]
    assert seen(admin) == 11
    listed, cursor = [], None
    while True:
        page = admin.get(
            f"/captures/{told['captureID']}/outcomes",
            params={"limit": 2, **({"after": cursor} if cursor else {})},
        ).json()
        listed += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    places = [place for one in listed for place in range(one["place"], one["last_place"] + 1)]
    assert places == list(range(14))
    only = admin.get(f"/captures/{told['captureID']}/outcomes", params={"outcome": "rejected"}).json()
    assert [one["place"] for one in only["items"]] == [2, 12]
    assert only["items"][0]["errors"][0]["at"] == "/epcisBody/eventList/2/action"


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_nobody_sees_a_part_of_a_document_that_is_captured_whole_or_not_at_all(
    admin: SignedInClient,
    runtime: Runtime,
    brand: Brand,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
) -> None:
    told = hand_in(admin, shipments(20), behaviour)
    counts, really = [], capture_job._store_batch

    def look(*arguments: Any) -> None:
        really(*arguments)
        epc = shipments(1)[0]["epcList"][0]
        counts.append((seen(admin), len(facts_of(runtime, brand)), seen(admin, MATCH_epc=epc)))

    monkeypatch.setattr(capture_job, "_store_batch", look)
    work(runtime, brand)

    if behaviour == "rollback":
        assert counts == [(0, 0, 0)] * 5
    else:
        assert [count for count, _, _ in counts] == [4, 8, 12, 16, 20]
    assert seen(admin) == 20
    assert len(facts_of(runtime, brand)) == 5
    assert job(admin, told["captureID"])["accepted"] == 20


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("step", ["_check", "_store_batch", "_finish", "_move"])
def test_after_a_crash_it_goes_on_and_nothing_is_doubled(
    admin: SignedInClient,
    runtime: Runtime,
    brand: Brand,
    monkeypatch: pytest.MonkeyPatch,
    behaviour: str,
    where: str,
    step: str,
) -> None:
    told = hand_in(admin, shipments(14, bad=(3,) if behaviour == "proceed" else ()), behaviour)
    really, calls = getattr(capture_job, step), iter([False, True])

    def crash(*arguments: Any, **more: Any) -> None:
        is_due = next(calls, False) or step in {"_check", "_finish"}
        if is_due and where == "before":
            raise Crash
        really(*arguments, **more)
        if is_due:
            raise Crash

    monkeypatch.setattr(capture_job, step, crash)
    with pytest.raises(Crash):
        work(runtime, brand)
    if behaviour == "rollback" and step != "_finish":
        assert seen(admin) == 0
    monkeypatch.setattr(capture_job, step, really)

    work(runtime, brand)
    work(runtime, brand)

    told = job(admin, told["captureID"])
    count = 13 if behaviour == "proceed" else 14
    assert (told["running"], told["accepted"], told["duplicate"]) == (False, count, 0)
    assert seen(admin) == count
    assert sum(last - first + 1 for first, last in facts_of(runtime, brand)) == count


def test_a_capture_goes_on_where_its_time_was_up(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_job, "SLICE_SECONDS", 0.0)
    told = hand_in(admin, shipments(14))

    slices = 0
    while job(admin, told["captureID"])["running"]:
        work(runtime, brand)
        slices += 1

    assert slices >= 7  # four batches are checked, four are stored, each in a slice of its own
    assert job(admin, told["captureID"])["accepted"] == seen(admin) == 14


def test_a_small_document_waits_for_the_large_one_that_has_its_events(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = shipments(8)
    hand_in(admin, events)
    monkeypatch.setattr(capture_job, "_finish", lambda *_: (_ for _ in ()).throw(Crash))
    with pytest.raises(Crash):
        work(runtime, brand)
    monkeypatch.undo()

    waiting = hand_in(admin, events[:1])
    single = admin.post("/epcis/events", content=json.dumps({**events[1], **_context()}), headers=LD_JSON)
    other = hand_in(admin, shipments(1))

    assert waiting["running"]
    assert single.status_code == 409, single.text
    assert not other["running"]  # it has nothing to do with it
    assert seen(admin) == 1
    work(runtime, brand)
    assert job(admin, waiting["captureID"])["duplicate"] == 1
    assert seen(admin) == 9


def _context() -> dict[str, Any]:
    return {"@context": document()["@context"]}


def test_whoever_asks_for_what_is_new_misses_nothing(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that appear at once were recorded before others that were seen meanwhile."""
    hand_in(admin, shipments(8))
    monkeypatch.setattr(capture_job, "_finish", lambda *_: (_ for _ in ()).throw(Crash))
    with pytest.raises(Crash):
        work(runtime, brand)
    monkeypatch.undo()
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 1_000_000)
    hand_in(admin, shipments(1))

    assert seen(admin) == 1
    assert seen(admin, GE_recordTime="2026-01-01T00:00:00Z") == 1
    work(runtime, brand)
    assert seen(admin, GE_recordTime="2026-01-01T00:00:00Z") == 9


def test_two_workers_at_once_capture_a_document_once(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    told = hand_in(admin, shipments(60))

    with ThreadPoolExecutor(4) as workers:
        for _ in workers.map(lambda _: work(runtime, brand), range(4)):
            pass
    work(runtime, brand)

    assert job(admin, told["captureID"])["accepted"] == seen(admin) == 60
    assert sum(last - first + 1 for first, last in facts_of(runtime, brand)) == 60


@pytest.mark.parametrize("behaviour", ["rollback", "proceed"])
def test_a_document_whose_file_is_gone_or_that_kills_its_worker_is_given_up(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    before = spooled(runtime)
    events = shipments(8)
    told = hand_in(admin, events, behaviour)
    really, calls = capture_job._store_batch, iter([False])

    def deadly(*arguments: Any) -> None:
        if next(calls, True):
            raise Crash
        really(*arguments)

    monkeypatch.setattr(capture_job, "_store_batch", deadly)
    for _ in range(capture_job.ATTEMPTS_MAX + 1):
        with pytest.raises(Crash):
            work(runtime, brand)
    monkeypatch.setattr(capture_job, "_store_batch", really)
    work(runtime, brand)

    told = job(admin, told["captureID"])
    kept = 0 if behaviour == "rollback" else 4
    assert (told["running"], told["success"], told["accepted"]) == (False, False, kept)
    assert "given up" in told["errors"][0]["title"]
    assert seen(admin) == kept
    assert spooled(runtime) == before
    lost = hand_in(admin, events, behaviour)
    for path in spooled(runtime) - before:
        path.unlink()
    work(runtime, brand)
    assert "no longer there" in job(admin, lost["captureID"])["errors"][0]["title"]
    again = hand_in(admin, events, behaviour)
    work(runtime, brand)
    assert job(admin, again["captureID"])["accepted"] == 8 - kept
    assert seen(admin) == 8


@pytest.mark.parametrize(
    "body",
    [
        b"{" + b" " * 2000,
        b'{"epcisBody": {"eventList": [' + b"{}," * 2000,
        json.dumps({**document(*shipments(9)), "type": "Other"}).encode(),
        json.dumps({**document(*shipments(9)), "@context": []}).encode()[:-5],
        json.dumps(document("x" * 2000)).encode(),  # type: ignore[arg-type]
    ],
)
def test_a_large_body_that_is_no_document_is_refused_at_once(admin: SignedInClient, body: bytes) -> None:
    answer = admin.post("/epcis/capture", content=body, headers=LD_JSON)

    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "epcisException:ValidationException"
    assert answer.json()["errors"]


def test_a_document_with_too_many_events_is_refused_at_once(
    admin: SignedInClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_job, "EVENTS_MAX", 9)

    answer = admin.post("/epcis/capture", content=json.dumps(document(*shipments(10))), headers=LD_JSON)

    assert (answer.status_code, answer.json()["type"]) == (
        413,
        "epcisException:CaptureLimitExceededException",
    )


def test_an_event_without_an_id_is_known_by_its_hash(admin: SignedInClient) -> None:
    """The same event, named by URN and by Digital Link, with fields in another order."""
    one = event(action="OBSERVE", bizStep="shipping", epcList=["urn:epc:id:sgtin:0614141.107346.2017"])
    other = dict(reversed(one.items())) | {"epcList": ["https://id.gs1.org/01/10614141073464/21/2017"]}

    hand_in(admin, [one])
    again = hand_in(admin, [other])

    assert (again["accepted"], again["duplicate"]) == (0, 1)


def test_the_sweep_asks_again_and_removes_what_nobody_waits_for(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = hand_in(admin, shipments(9))
    orphan = runtime.settings.data / "spool" / "orphan"
    orphan.write_bytes(b"x")
    monkeypatch.setattr(capture_job, "ORPHANED_AFTER", capture_job.ORPHANED_AFTER * 0)
    time.sleep(0.01)

    capture_job.sweep(runtime)

    assert not orphan.exists()
    work(runtime, brand)
    assert job(admin, told["captureID"])["accepted"] == 9


@pytest.fixture(autouse=True)
def quiet(runtime: Runtime) -> Iterator[None]:
    """Jobs that tests asked for are nobody's business afterwards."""
    yield
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(text("DELETE FROM jobs.procrastinate_jobs WHERE task_name LIKE 'trace.%'"))


# -- what is listed ----------------------------------------------------------------------------------------


def told_everywhere(name: str) -> list[dict[str, Any]]:
    """Events that name things, a word of their own and places of their own, in several batches."""
    return [
        {
            **one,
            "bizStep": f"urn:x:step:{name}:{place % 2}",
            "disposition": f"urn:x:disposition:{name}",
            "readPoint": {"id": f"urn:x:gate:{name}:{place}"},
            "bizLocation": {"id": f"urn:x:store:{name}"},
        }
        for place, one in enumerate(shipments(10, name=name))
    ]


LISTS = ("epcs", "bizSteps", "dispositions", "readPoints", "bizLocations")


def listed(admin: SignedInClient, name: str) -> dict[str, int]:
    """How many members of each list are of a document, each of which is a resource of its own."""
    counts = {}
    for path in LISTS:
        answer = admin.get(f"/epcis/{path}", params={"perPage": "1000"})
        assert answer.status_code == 200, answer.text
        members = [one for one in answer.json()["member"] if name in one]
        assert len(set(members)) == len(members)
        for one in members:
            assert admin.get(f"/epcis/{path}/{quote(one, safe='')}").status_code == 200
        counts[path] = len(members)
    return counts


NOTHING = dict.fromkeys(LISTS, 0)
ALL = {"epcs": 10, "bizSteps": 2, "dispositions": 1, "readPoints": 10, "bizLocations": 1}


def test_what_a_document_names_is_listed_when_it_is_whole(
    admin: SignedInClient, runtime: Runtime, brand: Brand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_job, "RUNS_AT_ONCE", 1)
    name = uuid4().hex
    hand_in(admin, told_everywhere(name))
    really, seen_meanwhile = capture_job._store_batch, []

    def look(*arguments: Any) -> None:
        really(*arguments)
        seen_meanwhile.append(listed(admin, name))
        assert admin.get(f"/epcis/bizLocations/urn:x:store:{name}").status_code == 404

    monkeypatch.setattr(capture_job, "_store_batch", look)
    work(runtime, brand)

    assert seen_meanwhile == [NOTHING] * 3
    assert listed(admin, name) == ALL


def test_what_a_document_names_that_fails_is_never_listed(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    assert admin.put("/capture-rules/seen_after_end", json={"setting": "refuse"}).status_code == 204
    name = uuid4().hex
    events = told_everywhere(name)
    ended = {**events[0], "eventTime": "2020-01-01T00:00:00Z", "eventID": f"urn:x:{name}:end"}
    last = {**ended, "action": "DELETE", "bizStep": "destroying"}  # stored last, it breaks a rule

    told = hand_in(admin, [*events, last])
    work(runtime, brand)

    assert not job(admin, told["captureID"])["success"]
    assert listed(admin, name) == NOTHING
    assert admin.put("/capture-rules/seen_after_end", json={"setting": "off"}).status_code == 204
    hand_in(admin, [*events, last])
    work(runtime, brand)
    assert listed(admin, name) == ALL


@pytest.mark.parametrize("where", ["before", "after"])
@pytest.mark.parametrize("step", ["_store_batch", "_finish"])
def test_what_a_document_names_is_listed_once_after_a_crash(
    admin: SignedInClient,
    runtime: Runtime,
    brand: Brand,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    step: str,
) -> None:
    name = uuid4().hex
    hand_in(admin, told_everywhere(name))
    really, calls = getattr(capture_job, step), iter([step == "_finish", True])

    def crash(*arguments: Any) -> None:
        is_due = next(calls, False)
        if is_due and where == "before":
            raise Crash
        really(*arguments)
        if is_due:
            raise Crash

    monkeypatch.setattr(capture_job, step, crash)
    with pytest.raises(Crash):
        work(runtime, brand)
    assert listed(admin, name) == (ALL if (step, where) == ("_finish", "after") else NOTHING)
    monkeypatch.setattr(capture_job, step, really)

    work(runtime, brand)
    work(runtime, brand)

    assert listed(admin, name) == ALL
    with runtime.database.transaction(brand.scope) as session:
        runs = session.execute(text("SELECT first, last FROM trace.seen_things ORDER BY first")).all()
        assert sum(last - first + 1 for first, last in runs) == 10
        assert session.scalar(text("SELECT count(*) FROM trace.unfinished")) == 0
