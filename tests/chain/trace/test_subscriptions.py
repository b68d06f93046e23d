"""Whoever subscribes to a query is told each event once, in order, whatever fails on the way."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.chain.trace.test_capture import LD_JSON, capture, document, event
from tests.conftest import Brand, SignedInClient
from wuma.chain.trace.capturing import capture_job
from wuma.chain.trace.queries.query import understood
from wuma.chain.trace.subscriptions import deliver, subscriptions, webhooks
from wuma.chain.trace.subscriptions.matching import Matcher
from wuma.chain.trace.subscriptions.schedules import FIELDS, next_time, read_schedule
from wuma.chain.trace.subscriptions.webhooks import NotDelivered, read_target, signature
from wuma.kernel import outbox
from wuma.kernel.http import spool
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


class Receiver:
    """Somebody's server, which acknowledges or does not."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: Iterator[int] = iter(())
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = next(receiver.statuses, 204)
                if 200 <= status < 300:
                    receiver.bodies.append(body)
                    receiver.headers.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(status)
                self.send_header("location", "http://127.0.0.1:1/")
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/callback?x=1"

    def told(self) -> list[str]:
        """The eventIDs of all messages, in order."""
        return [
            one["eventID"]
            for body in self.bodies
            for one in json.loads(body)["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
        ]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture(autouse=True)
def open_doors(monkeypatch: pytest.MonkeyPatch, runtime: Runtime) -> Iterator[None]:
    """The receivers of these tests are on this machine."""
    really = webhooks.send
    monkeypatch.setattr(deliver, "send", lambda *a, **_: really(*a, allow_private=True))
    yield
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(text("DELETE FROM jobs.procrastinate_jobs WHERE task_name LIKE 'trace.%'"))


def subscribe(admin: SignedInClient, query: dict[str, Any], dest: str, **more: Any) -> str:
    """Subscribe to a query and return the path of the subscription."""
    name = f"q-{uuid4().hex[:8]}"
    assert admin.post("/epcis/queries", json={"name": name, "query": query}).status_code == 201
    said = {"dest": dest, **({} if "schedule" in more else {"stream": True}), **more}
    answer = admin.post(f"/epcis/queries/{name}/subscriptions", json=said)
    assert answer.status_code == 201, answer.text
    assert "signatureToken" not in answer.text
    return str(answer.headers["location"])


def shipped(name: str, **more: Any) -> dict[str, Any]:
    fields = {
        "action": "OBSERVE",
        "bizStep": "shipping",
        "epcList": [f"urn:epc:id:sgtin:6901234.056789.{name}"],
    }
    return event(eventID=f"urn:x:{name}", **{**fields, **more})


def tell(runtime: Runtime, brand: Brand) -> None:
    """Do what the worker does: tell the facts, then the subscribers."""
    outbox.register(runtime.database, [deliver.SUBSCRIPTION])
    while outbox.deliver(runtime.database, deliver.SUBSCRIPTION):
        pass
    deliver.deliver(runtime, brand.id)


def wait_over(runtime: Runtime, brand: Brand) -> None:
    """Let all waiting be over."""
    with runtime.database.transaction(brand.scope) as session:
        session.execute(text("UPDATE trace.subscription SET due_at = now() WHERE due_at IS NOT NULL"))


def test_a_subscriber_is_told_what_is_meant_signed_and_once(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver
) -> None:
    capture(admin, shipped("before"))
    path = subscribe(admin, {"EQ_bizStep": ["shipping"]}, receiver.url, signatureToken="a secret of theirs")
    tell(runtime, brand)
    assert receiver.bodies == []

    capture(admin, shipped("a"), shipped("b", bizStep="receiving"), shipped("c"))
    capture(admin, shipped("d"))
    tell(runtime, brand)
    tell(runtime, brand)

    assert receiver.told() == ["urn:x:a", "urn:x:c", "urn:x:d"]
    assert receiver.headers[0]["gs1-signature"] == signature(b"a secret of theirs", receiver.bodies[0])
    said = json.loads(receiver.bodies[0])
    assert said["type"] == "EPCISQueryDocument"
    assert "recordTime" in said["epcisBody"]["queryResults"]["resultsBody"]["eventList"][0]
    told = admin.get(path).json()
    assert told["stream"] is True
    assert told["lastNotifiedAt"]
    with runtime.database.transaction(brand.scope) as session:
        sealed = session.scalar(text("SELECT secret FROM trace.subscription"))
    assert b"a secret" not in bytes(sealed)
    assert admin.delete(path).status_code == 204
    capture(admin, shipped("e"))
    tell(runtime, brand)
    assert len(receiver.told()) == 3


def test_what_is_not_acknowledged_is_told_again_in_order_until_it_is(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver
) -> None:
    path = subscribe(admin, {}, receiver.url)
    receiver.statuses = iter([500, 302, 404, 200])
    capture(admin, shipped("a"))
    for count in (1, 2, 3):
        tell(runtime, brand)
        assert admin.get(path).json()["wuma:failedCount"] == count
        capture(admin, shipped(f"more{count}"))
        tell(runtime, brand)  # it waits for its time
        assert receiver.bodies == []
        wait_over(runtime, brand)

    tell(runtime, brand)

    assert receiver.told() == ["urn:x:a", "urn:x:more1", "urn:x:more2", "urn:x:more3"]
    assert admin.get(path).json()["wuma:failedCount"] == 0


def test_after_too_many_failures_it_is_dead_and_can_be_brought_back(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "FAILURES_MAX", 2)
    path = subscribe(admin, {}, receiver.url)
    receiver.statuses = iter([503, 503])
    capture(admin, shipped("a"))
    tell(runtime, brand)
    wait_over(runtime, brand)
    tell(runtime, brand)
    told = admin.get(path).json()
    assert (told["wuma:state"], told["wuma:failure"]) == ("dead", "answered 503")
    capture(admin, shipped("b"))
    tell(runtime, brand)
    assert receiver.bodies == []

    replay = path.replace("/epcis/", "/api/v1/") + "/replay"
    assert admin.post(replay, json={}).status_code == 204
    tell(runtime, brand)
    assert receiver.told() == ["urn:x:a", "urn:x:b"]
    since = datetime.now(UTC) - timedelta(hours=1)
    assert admin.post(replay, json={"since": since.isoformat()}).status_code == 204
    tell(runtime, brand)
    assert receiver.told() == ["urn:x:a", "urn:x:b"] * 2


def test_initial_record_time_begins_in_the_past(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver
) -> None:
    capture(admin, shipped("a"))
    middle = datetime.now(UTC)
    capture(admin, shipped("b"), shipped("c"))

    subscribe(admin, {}, receiver.url, initialRecordTime=middle.isoformat())
    tell(runtime, brand)

    assert receiver.told() == ["urn:x:b", "urn:x:c"]


def test_a_scheduled_subscriber_is_told_at_its_times_even_of_nothing_if_it_likes(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver
) -> None:
    path = subscribe(admin, {}, receiver.url, schedule={"hour": "1"}, reportIfEmpty=True)
    quiet = subscribe(admin, {}, receiver.url, schedule={"hour": "1"})
    capture(admin, shipped("a"))
    tell(runtime, brand)
    assert receiver.bodies == []

    wait_over(runtime, brand)
    tell(runtime, brand)
    assert receiver.told() == ["urn:x:a"] * 2
    wait_over(runtime, brand)
    tell(runtime, brand)

    assert len(receiver.bodies) == 3
    assert receiver.told() == ["urn:x:a"] * 2
    assert admin.get(path).json()["schedule"] == admin.get(quiet).json()["schedule"] == {"hour": "1"}


def test_more_than_a_message_holds_comes_in_several_and_many_workers_do_not_double(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliver, "EVENTS_PER_MESSAGE", 3)
    subscribe(admin, {"EQ_bizStep": ["shipping"]}, receiver.url)
    names = [f"n{number}" for number in range(20)]
    for start in range(0, 20, 4):
        capture(
            admin,
            *(shipped(name) for name in names[start : start + 4]),
            shipped(f"x{start}", bizStep="picking"),
        )
    outbox.register(runtime.database, [deliver.SUBSCRIPTION])

    def work(_number: int) -> None:
        while outbox.deliver(runtime.database, deliver.SUBSCRIPTION):
            pass
        deliver.deliver(runtime, brand.id)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    work(0)

    assert receiver.told() == [f"urn:x:{name}" for name in names]


def test_a_document_that_appears_late_is_neither_lost_nor_doubled(
    admin: SignedInClient, runtime: Runtime, brand: Brand, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large document is stored before others and seen after them."""
    subscribe(admin, {}, receiver.url)
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 100)
    monkeypatch.setattr(capture_job, "BATCH_EVENTS", 2)
    large = document(*(shipped(f"large{number}") for number in range(5)))
    assert admin.post("/epcis/capture", content=json.dumps(large), headers=LD_JSON).json()["running"]
    monkeypatch.setattr(spool, "HELD_BYTES_MAX", 1_000_000)
    really = capture_job._finish

    def meanwhile(*arguments: Any) -> None:
        capture(admin, shipped("small"))
        tell(runtime, brand)
        assert receiver.told() == ["urn:x:small"]
        really(*arguments)

    monkeypatch.setattr(capture_job, "_finish", meanwhile)
    capture_job.work_off(runtime, brand.id)
    tell(runtime, brand)

    assert receiver.told() == ["urn:x:small", *(f"urn:x:large{number}" for number in range(5))]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"dest": "ftp://x.example/", "stream": True},
        {"dest": "https://user@x.example/", "stream": True},
        {"dest": "https://x.example/"},
        {"dest": "https://x.example/", "stream": True, "schedule": {"hour": "1"}},
        {"dest": "https://x.example/", "schedule": {}},
        {"dest": "https://x.example/", "schedule": {"hour": "24"}},
        {"dest": "https://x.example/", "schedule": {"dayOfMonth": "31", "month": "2"}},
        {"dest": "https://x.example/", "stream": True, "signatureToken": "short"},
        {"dest": "https://x.example/", "stream": True, "initialRecordTime": "yesterday"},
        {"dest": "https://x.example/", "stream": True, "colour": "red"},
    ],
)
def test_what_is_no_subscription_is_refused(admin: SignedInClient, wrong: dict[str, Any]) -> None:
    name = f"q-{uuid4().hex[:8]}"
    admin.post("/epcis/queries", json={"name": name, "query": {}})

    answer = admin.post(f"/epcis/queries/{name}/subscriptions", json=wrong)

    assert answer.status_code == 400, answer.text
    assert answer.json()["type"] == "epcisException:SubscriptionControlsException"
    assert answer.json()["errors"]
    assert admin.post(f"/epcis/queries/no-{name}/subscriptions", json=wrong).status_code == 404


@pytest.mark.parametrize(
    "dest",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://10.1.2.3/",
        "http://192.168.1.1/",
        "http://172.16.0.1/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://100.64.0.1/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://224.0.0.1/",
    ],
)
def test_nothing_is_sent_into_a_network_of_ours(dest: str) -> None:
    with pytest.raises(NotDelivered):
        webhooks.send(dest, b"{}", {}, allow_private=False)


def test_an_address_is_read_as_it_is_written() -> None:
    target = read_target("https://client.example.com:8443/a/b?c=d")

    assert target == webhooks.Target("https", "client.example.com", 8443, "/a/b?c=d")


_values = {name: st.sampled_from(list(within)) for name, within in FIELDS.items()}
_moments = st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(
    st.fixed_dictionaries({}, optional={n: st.sets(v, min_size=1, max_size=3) for n, v in _values.items()}),
    _moments,
)
def test_the_next_time_is_the_first_that_the_schedule_means(
    chosen: dict[str, set[int]], after: datetime
) -> None:
    said = {name: ",".join(map(str, values)) for name, values in chosen.items()}
    faults: list[Any] = []
    times = read_schedule(said, "", faults)
    if faults:
        return

    found = next_time(times, after)

    assert found is not None
    assert after < found
    for name, value in {
        "second": found.second,
        "minute": found.minute,
        "hour": found.hour,
        "dayOfMonth": found.day,
        "month": found.month,
        "dayOfWeek": found.isoweekday(),
    }.items():
        assert name not in times or value in times[name]
    # Nothing earlier is meant: step back a second at a time, as far as a test may take.
    earlier = found - timedelta(seconds=1)
    for _ in range(200):
        if earlier <= after:
            break
        assert next_time(times, earlier - timedelta(seconds=1)) != earlier
        earlier -= timedelta(seconds=1)


def test_the_matcher_means_what_each_query_means(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    from wuma.chain.trace.documents.said import Said
    from wuma.chain.trace.shelves.chunks import read_events

    chance = random.Random(7)
    steps, names = ["shipping", "receiving", "packing"], [f"m{number}" for number in range(6)]
    capture(admin, *(shipped(name, bizStep=chance.choice(steps)) for name in names))
    with runtime.database.transaction(brand.scope) as session:
        ids = session.scalars(text("SELECT id FROM trace.event")).all()
        events = list(read_events(session, brand.id, ids).values())
    queries = {}
    for number in range(300):
        asked: dict[str, list[str]] = {}
        if chance.random() < 0.6:
            asked["EQ_bizStep"] = chance.sample(steps, chance.randint(1, 2))
        if chance.random() < 0.5:
            some = chance.sample([*names, "nobody"], chance.randint(1, 2))
            pattern = "https://id.gs1.org/01/06901234567892/21/%s" if chance.random() < 0.5 else None
            pattern = pattern or "urn:epc:id:sgtin:6901234.056789.%s"
            asked[chance.choice(["MATCH_epc", "MATCH_anyEPC"])] = [pattern % one for one in some]
        if chance.random() < 0.3:
            asked["EQ_action"] = [chance.choice(["OBSERVE", "ADD"])]
        if chance.random() < 0.3:
            asked["eventType"] = [chance.choice(["ObjectEvent", "AggregationEvent"])]
        queries[f"q{number}"] = understood(asked, {})
    matcher = Matcher(queries)

    for one in events:
        said = Said(one.fields, one.context, at=one.at, captured_at=one.captured_at)
        assert matcher.matches([one]) == {name for name, query in queries.items() if query.means(said)}
