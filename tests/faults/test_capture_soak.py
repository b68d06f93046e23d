"""Captures under load and under kill -9: what was acknowledged is there whole, and everybody was told of it.

WUMA_SOAK_SECONDS=600 pytest tests/faults/test_capture_soak.py -s
"""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import uuid4

import psutil
import pytest
from sqlalchemy import text

from tests.chain.trace.test_capture import document, event
from tests.conftest import make_account, make_brand
from tests.faults.live_server import LiveServer, Part, live_server
from tests.fuzz.everything import issue_token
from wuma.entrypoints import wiring
from wuma.kernel.auth.grants import Role
from wuma.kernel.settings import Settings

SECONDS: Final = int(os.environ.get("WUMA_SOAK_SECONDS", "8"))
WRITERS: Final = int(os.environ.get("WUMA_SOAK_WRITERS", "100" if SECONDS > 60 else "12"))
READERS: Final = int(os.environ.get("WUMA_SOAK_READERS", "100" if SECONDS > 60 else "12"))
EVENTS: Final = 5
GROWTH_MAX: Final = 1.5
CATCH_UP_SECONDS_MAX: Final = 180
LARGE_EVENTS: Final = 20_000


def _shipped(name: str, epc: str) -> dict[str, Any]:
    return event(action="OBSERVE", bizStep="shipping", eventID=name, epcList=[epc])


class Listener:
    """A subscriber who acknowledges everything and remembers it."""

    def __init__(self) -> None:
        self.told: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                said = json.loads(self.rfile.read(int(self.headers["content-length"])))
                some = said["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
                listener.told += [one["eventID"] for one in some]
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Crowd:
    """Writers and readers, and what they saw."""

    def __init__(self, port: int, token: str) -> None:
        self._port, self._token = port, token
        self._stop = threading.Event()
        self.acknowledged: list[str] = []
        self.statuses: Counter[str] = Counter()
        self.seconds: dict[str, list[float]] = {"POST": [], "GET": []}

    def run(self, seconds: float) -> None:
        threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        threads += [threading.Thread(target=self._read) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self._stop.set()
        for thread in threads:
            thread.join()

    def ask(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        began = time.monotonic()
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        self.seconds[method].append(time.monotonic() - began)
        self.statuses[f"{method} {answer.status}"] += 1
        return answer.status, json.loads(said) if said else None

    def _write(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self._stop.is_set():
            names = [f"urn:uuid:{uuid4()}" for _ in range(EVENTS)]
            epc = f"urn:epc:id:sgtin:6901234.056789.{uuid4().hex[:12]}"
            told = document(
                *(event(action="OBSERVE", bizStep="shipping", eventID=n, epcList=[epc]) for n in names)
            )
            status, _ = self.ask(connection, "POST", "/epcis/capture", told)
            if status == 202:
                self.acknowledged += names
            time.sleep(random.uniform(0, 1))
        connection.close()

    def _read(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self._stop.is_set():
            self.ask(
                connection, "GET", random.choice(["/epcis/events?perPage=20", "/epcis/capture?perPage=5"])
            )
            time.sleep(random.uniform(0, 1))
        connection.close()


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_crowd_of_writers_and_readers_sees_no_error_and_subscribers_miss_nothing() -> None:
    listener = Listener()
    with live_server(http_workers=1, private_webhooks="true") as server:
        runtime = wiring.build_runtime(Settings(data=server.data, log_level="warning"))
        brand = make_brand(runtime)
        token, _ = issue_token(runtime, make_account(runtime, brand.id, Role.BRAND_ADMIN))
        crowd = Crowd(server.port, token)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        assert crowd.ask(connection, "POST", "/epcis/queries", {"name": "all", "query": {}})[0] == 201
        address = "/epcis/queries/all/subscriptions"
        assert crowd.ask(connection, "POST", address, {"dest": listener.url, "stream": True})[0] == 201

        connection.close()
        crowd.run(SECONDS / 4)
        begun = _memory(server)
        crowd._stop.clear()
        crowd.run(SECONDS * 3 / 4)
        ended = _memory(server)
        server.wait(lambda: len(listener.told) >= len(crowd.acknowledged), CATCH_UP_SECONDS_MAX, "all told")

        print(f"\n{SECONDS} s, {WRITERS} writers, {READERS} readers: {dict(crowd.statuses)}")
        print(f"{len(crowd.acknowledged)} events acknowledged, {len(listener.told)} told")
        for method, seconds in crowd.seconds.items():
            p99 = statistics.quantiles(seconds, n=100)[98]
            print(f"{method}: p50 {statistics.median(seconds) * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms")
        print(f"memory MB: {begun} -> {ended}")
        assert set(crowd.statuses) <= {"POST 201", "POST 202", "GET 200"}
        assert Counter(listener.told) == Counter(crowd.acknowledged)
        assert all(ended[part] < GROWTH_MAX * begun[part] + 30 for part in begun)
        assert server.bugs() == []
        runtime.database.close()
    listener.close()


def _memory(server: LiveServer) -> dict[str, int]:
    return {
        part.name: sum(psutil.Process(pid).memory_info().rss for pid in server.pids(part)) >> 20
        for part in (Part.HTTP, Part.WORKER)
    }


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_large_document_is_captured_whole_and_once_whatever_is_killed() -> None:
    listener = Listener()
    with live_server(http_workers=1, private_webhooks="true") as server:
        runtime = wiring.build_runtime(Settings(data=server.data, log_level="warning"))
        brand = make_brand(runtime)
        token, _ = issue_token(runtime, make_account(runtime, brand.id, Role.BRAND_ADMIN))
        crowd = Crowd(server.port, token)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        assert crowd.ask(connection, "POST", "/epcis/queries", {"name": "all", "query": {}})[0] == 201
        address = "/epcis/queries/all/subscriptions"
        assert crowd.ask(connection, "POST", address, {"dest": listener.url, "stream": True})[0] == 201
        names = [f"urn:uuid:{uuid4()}" for _ in range(LARGE_EVENTS)]
        told = document(
            *(
                event(action="OBSERVE", bizStep="shipping", eventID=n, epcList=[f"urn:x:{n[9:]}"])
                for n in names
            )
        )
        status, job = crowd.ask(connection, "POST", "/epcis/capture", told)
        twin_status, twin = crowd.ask(connection, "POST", "/epcis/capture", told)
        assert (status, twin_status, job["running"]) == (202, 202, True)

        connection.close()
        seen = set()
        for victim in (Part.WORKER, Part.POSTGRES, Part.SUPERVISOR):
            time.sleep(3)
            seen.add(_count(runtime, brand.scope))
            killed = server.kill(victim)
            if victim is Part.SUPERVISOR:
                server.leftovers()
                server.launch()
                server.wait_until_whole(90)
            else:
                server.wait_until_whole(90, but=killed)
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)

        def is_done() -> bool:
            jobs = [
                crowd.ask(connection, "GET", f"/epcis/capture/{one['captureID']}")[1] for one in (job, twin)
            ]
            seen.add(_count(runtime, brand.scope))
            time.sleep(0.5)
            return not any(one["running"] for one in jobs)

        server.wait(is_done, 400, "captured")
        first = crowd.ask(connection, "GET", f"/epcis/capture/{job['captureID']}")[1]
        second = crowd.ask(connection, "GET", f"/epcis/capture/{twin['captureID']}")[1]
        connection.close()
        assert (first["accepted"], second["duplicate"]) == (LARGE_EVENTS, LARGE_EVENTS)
        assert seen <= {0, LARGE_EVENTS}
        server.wait(lambda: len(set(listener.told)) >= LARGE_EVENTS, CATCH_UP_SECONDS_MAX, "all told")
        assert set(listener.told) == set(names)
        print(f"\n{len(listener.told) - len(names)} of {len(names)} events were told twice")
        assert server.bugs() == []
        runtime.database.close()
    listener.close()


def _count(runtime: Any, scope: Any) -> int:
    for _ in range(100):
        try:
            with runtime.database.transaction(scope) as session:
                return int(session.scalar(text("SELECT coalesce(sum(event_count), 0) FROM trace.chunk")))
        except Exception:  # noqa: BLE001 - the database has just been killed
            time.sleep(0.3)
    raise AssertionError("the database did not come back")
