"""Clients that never give up, and the journal of what they were promised.

Every change carries a name of its client's choosing: an Idempotency-Key, or the number of a scan. When no
answer comes, the same request is sent again under the same name until one does. What was answered is
written down, to be held against the database at the end.
"""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import random
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Event, Thread
from typing import Any, Final

from tests.chain.trace.test_capture import document, event
from tests.labels import Label
from wuma.kernel.ids import uuid7

ANSWER_SECONDS_MAX: Final = 15
REPEAT_AFTER_SECONDS: Final = 0.1
BETWEEN_SECONDS_MAX: Final = 0.03  # a client is a person or a line, not a benchmark
JSON_TYPES: Final = frozenset({"application/json", "application/problem+json"})
COME_AGAIN: Final = frozenset({503, 507})
SHARED_LABEL_SHARE: Final = 0.1
SCANS_OF_A_SHARED_LABEL: Final = 8  # below what is remembered of a code, see VISITS_KEPT_MAX


class Kind(StrEnum):
    """What a client does."""

    HIDDEN_SCAN = "hidden scan"
    OPEN_SCAN = "open scan"
    ORDER = "order"
    ACTIVATION = "activation"
    CAPTURE = "capture"


@dataclass(slots=True)
class Asked:
    """One request, and what came back."""

    kind: Kind
    name: str
    """What the client calls it: the key, or the number of the scan."""
    target: str
    headers: dict[str, str]
    body: bytes
    round: int
    unit: int | None = None
    """The item it is about."""
    status: int | None = None
    """Of the first answer that was one; None while there is none."""
    answer: dict[str, Any] = field(default_factory=dict)
    was_unknown: bool = False
    """It reached the server at least once without an answer coming back."""
    was_replayed: bool = False
    """The answer says that it is a repetition: what was unknown had been done."""
    answered_attempt_at: float = 0.0
    """When the attempt was sent that was answered, on the clock of the machine."""


class Unanswered(Exception):
    """Nobody listens, or the answer got lost."""


class Client:
    """Sends requests on one connection at a time."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def send(self, asked: Asked) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Send a request once and return status, headers and document.

        Raises:
            ConnectionRefusedError: it has not been sent.
            Unanswered: nobody knows what became of it.
        """
        fresh = self._connection is None
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_SECONDS_MAX)
        try:
            if fresh:
                self._connection.connect()
            method = "GET" if asked.kind is Kind.OPEN_SCAN else "POST"
            self._connection.request(method, asked.target, asked.body or None, asked.headers)
            answer = self._connection.getresponse()
            body = answer.read()
        except ConnectionRefusedError:
            self.close()
            raise
        except (OSError, http.client.HTTPException) as failure:
            self.close()
            raise Unanswered(repr(failure)) from failure
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if headers.get("connection") == "close":
            self.close()
        if headers.get("content-type", "").partition(";")[0] not in JSON_TYPES:
            return answer.status, headers, {"no document": body.decode("utf-8", "replace")}
        return answer.status, headers, json.loads(body)

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@dataclass(frozen=True)
class Stock:
    """What the clients work on: labels on items, labels to be activated, labels a line commissions."""

    scanned: list[Label]
    activated: list[Label]
    commissioned: list[Label]
    activated_order_id: int
    activated_first_unit: int
    batch_id: str
    product_id: str


class Load:
    """Several clients at once, each with an account of its own."""

    def __init__(self, port: int, stock: Stock, tokens: list[str], *, seed: int) -> None:
        self.journal: list[Asked] = []
        self.flaws: list[str] = []
        self.round = 0
        self._port = port
        self._stock = stock
        self._stop, self._give_up = Event(), Event()
        self._scanned = _shared_and_single(stock.scanned)
        self._activated = iter(stock.activated)
        self._commissioned = iter(stock.commissioned)
        self._threads = [
            Thread(target=self._work, args=(token, random.Random(seed * 1000 + number)), daemon=True)
            for number, token in enumerate(tokens)
        ]

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Ask for things as long as the block; afterwards everything asked for has been answered."""
        for thread in self._threads:
            thread.start()
        try:
            yield
        except BaseException:
            self._give_up.set()  # there may be no server any more that answers
            raise
        finally:
            self._stop.set()
            for thread in self._threads:
                thread.join()

    def _work(self, token: str, chance: random.Random) -> None:
        client = Client(self._port)
        while not self._stop.is_set():
            (make,) = chance.choices(
                (self._hidden_scan, self._open_scan, self._order, self._activation, self._capture),
                (10, 3, 2, 4, 3),
            )
            asked = make(token, chance)
            self.journal.append(asked)
            self._settle(client, asked)
            time.sleep(chance.uniform(0, BETWEEN_SECONDS_MAX))
        client.close()

    def _settle(self, client: Client, asked: Asked) -> None:
        """Send a request until it is answered; an open scan has no name and is sent once."""
        while not self._give_up.is_set():
            sent_at = time.time()
            try:
                status, headers, answer = client.send(asked)
            except ConnectionRefusedError:
                time.sleep(REPEAT_AFTER_SECONDS)
                continue
            except Unanswered:
                asked.was_unknown = True
            else:
                if status not in COME_AGAIN:
                    asked.status, asked.answer, asked.answered_attempt_at = status, answer, sent_at
                    asked.was_replayed = "idempotency-replayed" in headers
                    if status >= 300 or "no document" in answer:
                        self.flaws.append(f"{asked.kind} {asked.target}: {status} {answer}")
                    return
                asked.was_unknown = True
            if asked.kind is Kind.OPEN_SCAN:
                return
            time.sleep(REPEAT_AFTER_SECONDS)

    # What a client asks for.

    def _hidden_scan(self, _token: str, chance: random.Random) -> Asked:
        label, scan_id = next(self._scanned), uuid7()
        headers = _headers_of_a_phone(chance)
        target = f"{label.hidden_path}?scan={scan_id}"
        return Asked(Kind.HIDDEN_SCAN, str(scan_id), target, headers, b"", self.round, label.unit)

    def _open_scan(self, _token: str, chance: random.Random) -> Asked:
        label = chance.choice(self._stock.scanned)
        return Asked(
            Kind.OPEN_SCAN, "", label.open_path, _headers_of_a_phone(chance), b"", self.round, label.unit
        )

    def _order(self, token: str, chance: random.Random) -> Asked:
        name = str(uuid7())
        form = {"product_id": self._stock.product_id, "quantity": chance.randint(1, 500), "note": name}
        return self._change(Kind.ORDER, name, "/api/v1/code-orders", token, form)

    def _activation(self, token: str, _chance: random.Random) -> Asked:
        name, label = str(uuid7()), next(self._activated)
        number = label.unit - self._stock.activated_first_unit + 1
        form = {
            "positions": [{"order_id": self._stock.activated_order_id, "first": number, "last": number}],
            "batch_id": self._stock.batch_id,
            "reason": name,
        }
        return self._change(Kind.ACTIVATION, name, "/api/v1/activations", token, form, label.unit)

    def _capture(self, token: str, chance: random.Random) -> Asked:
        """A case is shipped, or a line has put a label on an item."""
        name, unit = f"urn:uuid:{uuid7()}", None
        if chance.random() < 0.5:
            uri = f"urn:epc:id:sgtin:6901234.056789.{secrets.token_hex(6)}"
            told = event(eventID=name, action="OBSERVE", bizStep="shipping", epcList=[uri])
        else:
            label = next(self._commissioned)
            unit, uri = label.unit, f"https://id.gs1.org{label.open_path}"
            lot = {"cbvmda:lotNumber": f"L{unit % 10}", "cbvmda:productionDate": "2026-05-01"}
            told = event(eventID=name, action="ADD", bizStep="commissioning", epcList=[uri], ilmd=lot)
        return self._change(Kind.CAPTURE, name, "/epcis/capture", token, document(told), unit)

    def _change(
        self, kind: Kind, name: str, target: str, token: str, form: dict[str, Any], unit: int | None = None
    ) -> Asked:
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": name,
        }
        return Asked(kind, name, target, headers, json.dumps(form).encode(), self.round, unit)


def _shared_and_single(labels: list[Label]) -> Iterator[Label]:
    """Give out labels: most of them once, a few to several people, some of them at the same moment."""
    rest = iter(labels)
    chance = random.Random(1)
    while True:
        label = next(rest)
        shared = chance.random() < SHARED_LABEL_SHARE
        yield from itertools.repeat(label, SCANS_OF_A_SHARED_LABEL if shared else 1)


def _headers_of_a_phone(chance: random.Random) -> dict[str, str]:
    """A person that nobody has seen: with a cookie, an address and a browser of their own."""
    address = ".".join(str(chance.randrange(1, 255)) for _ in range(3))
    return {
        "Accept": "application/json",
        "Cookie": f"wuma_p={secrets.token_urlsafe(16)}",
        "User-Agent": f"phone/{chance.randrange(10**9)}",
        "X-Forwarded-For": f"36.{address}",
    }


def by_name(journal: list[Asked], kind: Kind) -> dict[str, Asked]:
    """The requests of one kind that were answered, by their names."""
    return {asked.name: asked for asked in journal if asked.kind is kind and asked.status is not None}


def grouped(journal: list[Asked], key: Callable[[Asked], Any]) -> dict[Any, list[Asked]]:
    """Requests by something about them."""
    found: dict[Any, list[Asked]] = defaultdict(list)
    for asked in journal:
        found[key(asked)].append(asked)
    return found
