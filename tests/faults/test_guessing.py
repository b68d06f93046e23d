"""Somebody tries codes against several processes at once: they count together, and tell nothing apart."""

from __future__ import annotations

import http.client
import random
import secrets
import statistics
import time
from collections import Counter
from typing import Any, Final

import pytest
from sqlalchemy import text

from tests.conftest import Brand
from tests.faults.http_workers import HttpWorkers, http_workers
from tests.labels import Label, make_product, place_order, print_labels
from wuma.chain.authenticity.tasks import watch_invalid_share
from wuma.chain.codes.alphabet import Mistyped, NotACode
from wuma.chain.codes.construction import Codebook, Role
from wuma.journeys.scan_code.scan import WRONG_PER_DEVICE, WRONG_PER_NETWORK
from wuma.kernel.limits import SHARED_FROM
from wuma.kernel.runtime import Runtime

WORKERS: Final = 2
SHARE_SECONDS: Final = 3.0  # they tell each other once a second; this machine has other work, too
GUESSES_A_SECOND: Final = 25
CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

Told = tuple[int, dict[str, str], bytes]


def _scan(workers: HttpWorkers, path: str, address: str, *, cookie: str | None = None) -> Told:
    """Scan on a connection of its own, which reaches one process or the other."""
    connection = http.client.HTTPConnection("127.0.0.1", workers.port, timeout=10)
    headers = {"Accept": "application/json", "X-Forwarded-For": address}
    if cookie is not None:
        headers["Cookie"] = f"wuma_p={cookie}"
    connection.request("POST" if path.startswith("/h/") else "GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body


def _invented() -> str:
    return "/h/" + "".join(secrets.choice(CROCKFORD) for _ in range(Role.HIDDEN_LONG.length))


def _well_invented(runtime: Runtime) -> str:
    """An address that nobody would take for a typing error, as a forger makes who has read our programs."""
    codebook = Codebook(runtime.keyring)
    while True:
        path = _invented()
        try:
            codebook.read(Role.HIDDEN_LONG, path.removeprefix("/h/"))
        except Mistyped:
            continue
        except NotACode:
            return path


@pytest.fixture(scope="module")
def workers(runtime: Runtime) -> Any:
    with http_workers(runtime.settings, count=WORKERS) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize("limit", [WRONG_PER_DEVICE, WRONG_PER_NETWORK], ids=lambda limit: limit.kind)
def test_a_limit_holds_for_all_processes_together(workers: HttpWorkers, limit: Any) -> None:
    cookie = secrets.token_urlsafe(16) if limit is WRONG_PER_DEVICE else None
    place = random.Random(limit.kind)

    def guess() -> int:
        # A device moves through many networks; a network is one range of addresses.
        range_ = f"36.{place.randrange(256)}.{place.randrange(256)}" if cookie else "36.77.77"
        return _scan(workers, _invented(), f"{range_}.{place.randrange(256)}", cookie=cookie)[0]

    told = Counter[int]()
    for _ in range(limit.count * 3):
        told[guess()] += 1
        time.sleep(1 / GUESSES_A_SECOND)
    time.sleep(SHARE_SECONDS)
    afterwards = Counter(guess() for _ in range(20))

    # Each process beside the first may have kept an eighth to itself, and what came within a moment.
    late = (WORKERS - 1) * limit.count // SHARED_FROM + SHARE_SECONDS * GUESSES_A_SECOND
    print(f"\n{limit.kind}: {dict(told)} of {limit.count * 3}, limit {limit.count}")
    assert set(told) == {200, 429}
    assert limit.count <= told[200] <= limit.count + late
    assert afterwards == {429: 20}


def test_a_brand_whose_codes_are_tried_is_alarmed(
    workers: HttpWorkers, runtime: Runtime, brand: Brand
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        gtin = make_product(session, brand.id).gtin
    time.sleep(SHARE_SECONDS)  # the processes get to know the product

    for number in range(40):
        serial = "".join(secrets.choice(CROCKFORD) for _ in range(16))
        assert _scan(workers, f"/01/{gtin}/21/{serial}", f"37.{number}.1.1")[0] == 200
    time.sleep(SHARE_SECONDS)
    watch_invalid_share(runtime)

    with runtime.database.transaction(brand.scope) as session:
        alarms = session.execute(text("SELECT kind, facts FROM authenticity.alarm")).all()
    assert [(kind, facts["invalid"], facts["share"]) for kind, facts in alarms] == [
        ("invalid_share", 40, 1.0)
    ]


def _stolen(runtime: Runtime, brand: Brand, count: int) -> list[Label]:
    """Labels that are on no item yet."""
    with runtime.database.transaction(brand.scope) as session:
        order = place_order(session, runtime.keyring, make_product(session, brand.id), count)
    return print_labels(runtime.keyring, order)


def test_a_code_that_is_on_no_item_is_answered_like_an_invented_one(
    workers: HttpWorkers, runtime: Runtime, brand: Brand
) -> None:
    """Byte for byte. By time they differ: the one is looked for on a disk. How much is printed here."""
    stolen = _stolen(runtime, brand, 200)
    time.sleep(SHARE_SECONDS)
    seconds: dict[str, list[float]] = {"invented": [], "stolen": []}
    told: dict[str, set[str]] = {"invented": set(), "stolen": set()}
    for number, label in enumerate(stolen):
        for kind, path in (("stolen", label.hidden_path), ("invented", _well_invented(runtime))):
            began_at = time.perf_counter()
            status, headers, body = _scan(workers, path, f"38.{number}.{kind == 'stolen':d}.1")
            seconds[kind].append(time.perf_counter() - began_at)
            given = {name: value for name, value in headers.items() if name not in {"date", "x-request-id"}}
            told[kind].add(f"{status} {sorted(given.items())} {body!r}")

    for kind, taken in seconds.items():
        cuts = statistics.quantiles(taken, n=20)
        low, middle, high = (
            round(value * 1000, 2) for value in (cuts[0], statistics.median(taken), cuts[-1])
        )
        print(f"\n{kind}: {low} ms at the 5th percentile, {middle} in the middle, {high} at the 95th")
    assert told["stolen"] == told["invented"]
    assert len(told["stolen"]) == 1
