"""kill -9 of anything, at any moment, under load: what was acknowledged is there, once.

A whole Wuma runs in a folder of its own while clients scan, order, activate and capture. In every round one
of its parts is killed: an HTTP worker, the job worker, what both are copies of, the postmaster, the
supervisor. What got no answer is asked again under the same name, until it is answered. At the end the
clients' journal is held against the database, and everything is asked once more.

    WUMA_FAULT_ROUNDS=60 WUMA_FAULT_SEED=7 pytest tests/faults/test_kill.py -s
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from sqlalchemy import text

from tests.conftest import Brand, make_account, make_brand
from tests.faults.journal import Asked, Client, Kind, Load, Stock, by_name, grouped
from tests.faults.live_server import LiveServer, Part, live_server
from tests.fuzz.everything import issue_token
from tests.labels import bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.trace.documents.names import filed_key, name_key
from wuma.entrypoints import wiring, work
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM
from wuma.ops.housekeeping import check_invariants

ROUNDS: Final = int(os.environ.get("WUMA_FAULT_ROUNDS", "10"))
SEED: Final = int(os.environ.get("WUMA_FAULT_SEED", "20260501"))
HTTP_WORKERS: Final = 2
CLIENTS: Final = 6
CALM_SECONDS: Final = (0.4, 2.0)  # between two kills
RECOVERY_SECONDS_MAX: Final = 60  # on a machine that others use, too; the table says what it takes
CATCH_UP_SECONDS_MAX: Final = 60
_ENDS_WITH: Final[dict[Part, set[Part]]] = {
    Part.HTTP: set(),
    Part.WORKER: set(),
    Part.POSTGRES: set(),
    Part.CREW: {Part.HTTP, Part.WORKER},
    Part.SUPERVISOR: set(Part),
}
LABELS: Final = 3_000 + 1_000 * ROUNDS


@dataclass
class Tally:
    """What became of the rounds with one kind of victim."""

    rounds: int = 0
    acknowledged: int = 0
    unknown: int = 0
    committed: int = 0
    """Of the unknown: those that had been done, as the repetition showed."""
    lost: int = 0
    doubled: int = 0
    recovery_seconds: list[float] = field(default_factory=list)


@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_what_was_acknowledged_is_there_once_whatever_was_killed() -> None:
    chance = random.Random(SEED)
    with live_server(http_workers=HTTP_WORKERS) as server:
        runtime = wiring.build_runtime(Settings(data=server.data, log_level="warning"))
        brand = make_brand(runtime)
        load = Load(server.port, _stock(runtime, brand), _tokens(runtime, brand), seed=SEED)
        tallies = {part: Tally() for part in Part}
        victims: list[Part] = []
        with load.running():
            while len(victims) < ROUNDS:
                for victim in chance.sample(list(Part), len(Part)):
                    if len(victims) == ROUNDS:
                        break
                    load.round = len(victims)
                    victims.append(victim)
                    time.sleep(chance.uniform(*CALM_SECONDS))
                    seconds = _kill_and_wait(server, runtime, victim, chance)
                    tallies[victim].rounds += 1
                    tallies[victim].recovery_seconds.append(seconds)
                    assert _broken(runtime) == {}, f"round {len(victims)}: after {victim}"
        assert server.bugs() == []
        assert load.flaws == []
        _wait_for_subscribers(runtime, server)

        proof = _Proof(runtime, brand, server, load.journal)
        proof.hold(victims, tallies)
        _print(tallies, load.journal)

        assert proof.flaws == []
        assert _invariants_by_command(server) == {promise.name: 0 for promise in work.INVARIANTS}
        for part, tally in tallies.items():
            assert (tally.lost, tally.doubled) == (0, 0), part
            assert not tally.rounds or tally.acknowledged > 0, part
        runtime.database.close()
        assert server.stop() == 0, server.log_tail()


def _kill_and_wait(server: LiveServer, runtime: Runtime, victim: Part, chance: random.Random) -> float:
    """Kill one part and say after how many seconds all is whole again, the others never having stopped."""
    others = {
        part: server.pids(part) for part in Part if part is not victim and part not in _ENDS_WITH[victim]
    }
    killed_at, moment = time.monotonic(), datetime.now(UTC)
    pid = server.kill(victim, which=chance.randrange(HTTP_WORKERS))
    if victim is Part.SUPERVISOR:
        assert server.leftovers() == []
        server.launch()
        server.wait_until_whole(RECOVERY_SECONDS_MAX)
    else:
        server.wait_until_whole(RECOVERY_SECONDS_MAX, but=pid)
        if victim in {Part.WORKER, Part.CREW}:
            server.wait(lambda: _works(runtime, since=moment), RECOVERY_SECONDS_MAX, "at work")
        assert {part: server.pids(part) for part in others} == others, f"{victim} took others with it"
    return time.monotonic() - killed_at


def _works(runtime: Runtime, *, since: datetime) -> bool:
    """Whether the job worker has told facts since."""
    moved = "SELECT moved_at > :since FROM kernel.subscription"
    return all(_rows(runtime, moved, since=since))


def _stock(runtime: Runtime, brand: Brand) -> Stock:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        scanned, activated, commissioned = (
            place_order(session, runtime.keyring, product, LABELS) for _ in range(3)
        )
        batch = open_batch(session, product)
        on_items = [UnitRange(scanned.first_unit, scanned.last_unit)]
        bring(session, on_items, CodeState.COMMISSIONED, batch.id)
    return Stock(
        scanned=print_labels(runtime.keyring, scanned),
        activated=print_labels(runtime.keyring, activated),
        commissioned=print_labels(runtime.keyring, commissioned),
        activated_order_id=activated.id,
        activated_first_unit=activated.first_unit,
        batch_id=str(batch.id),
        product_id=str(product.id),
    )


def _tokens(runtime: Runtime, brand: Brand) -> list[str]:
    """A token of an account of its own for each client."""
    return [
        issue_token(runtime, make_account(runtime, brand.id, Role.BRAND_ADMIN))[0] for _ in range(CLIENTS)
    ]


def _broken(runtime: Runtime) -> dict[str, list[str]]:
    return {
        checked.invariant.name: checked.sample
        for checked in check_invariants(runtime, work.INVARIANTS)
        if checked.violation_count
    }


def _invariants_by_command(server: LiveServer) -> dict[str, int]:
    argv = [sys.executable, "-m", "wuma.entrypoints.cli", "invariants", "--json", "--data", str(server.data)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout)
    return found


def _wait_for_subscribers(runtime: Runtime, server: LiveServer) -> None:
    """Wait until every fact has been told to every subscriber."""

    def told_all() -> bool:
        return all(
            _rows(
                runtime,
                "SELECT NOT EXISTS (SELECT FROM kernel.fact f"
                " WHERE (f.xid, f.position) > (s.xid, s.position)) FROM kernel.subscription s",
            )
        )

    server.wait(told_all, CATCH_UP_SECONDS_MAX, "all facts told")


def _rows(runtime: Runtime, query: str, **values: Any) -> list[Any]:
    with runtime.database.transaction(PLATFORM) as session:
        return list(session.scalars(text(query), values))


class _Proof:
    """Holds the journal of the clients against the database, and against what is said when asked again."""

    def __init__(self, runtime: Runtime, brand: Brand, server: LiveServer, journal: list[Asked]) -> None:
        self._runtime = runtime
        self._brand = brand
        self._server = server
        self._journal = journal
        self.flaws: list[str] = []
        self._lost: list[Asked] = []
        self._doubled: list[Asked] = []

    def hold(self, victims: list[Part], tallies: dict[Part, Tally]) -> None:
        """Prove it, and count it by what was killed while it was asked."""
        self._scans()
        self._named(Kind.ORDER, "SELECT note, count(*) FROM codes.code_order WHERE note <> '' GROUP BY 1")
        self._named(Kind.ACTIVATION, "SELECT reason, count(*) FROM codes.transition GROUP BY 1")
        self._captures()
        self._commissioned_by_events()
        self._audit()
        for asked in self._journal:
            tally = tallies[victims[asked.round]]
            tally.acknowledged += asked.status is not None
            tally.unknown += asked.was_unknown
            tally.committed += asked.was_unknown and asked.was_replayed
        for asked in self._lost:
            tallies[victims[asked.round]].lost += 1
        for asked in self._doubled:
            tallies[victims[asked.round]].doubled += 1
        self._ask_again()

    def _named(self, kind: Kind, query: str) -> None:
        self._compare(by_name(self._journal, kind), dict(self._pairs(query)))

    def _compare(self, asked: dict[str, Asked], there: dict[str, int]) -> None:
        self._lost += [one for name, one in asked.items() if there.get(name, 0) == 0]
        self._doubled += [one for name, one in asked.items() if there.get(name, 0) > 1]

    def _scans(self) -> None:
        rows = self._pairs("SELECT id, kind, unit, outcome, at FROM authenticity.scan")
        there = Counter(str(row.id) for row in rows)
        hidden = by_name(self._journal, Kind.HIDDEN_SCAN)
        opened = [one for one in self._journal if one.kind is Kind.OPEN_SCAN and one.status is not None]
        self._compare(hidden, there)
        self._compare({one.answer["scan_id"]: one for one in opened}, there)
        at = {str(row.id): row.at for row in rows}
        for name, asked in hidden.items():
            sent_at = datetime.fromtimestamp(asked.answered_attempt_at, UTC)
            asked.was_replayed = name in at and at[name] < sent_at
        outcomes = {str(row.id): row.outcome for row in rows}
        for name, asked in hidden.items():
            told = asked.answer["scan_id"], asked.answer["verdict"]
            self._expect(told == (name, outcomes.get(name)), f"told {told}, kept {outcomes.get(name)}", asked)
        # Of all who scanned a code, one was told that they are the first, in the order of the log.
        firsts = Counter(row.unit for row in rows if row.kind == "hidden" and row.outcome == "first_genuine")
        scanned = {row.unit for row in rows if row.kind == "hidden"}
        self._expect(firsts == Counter(scanned), "not one first scan of each code")
        # What is remembered of a code counts what the log holds of it, and each scan was told once as a fact.
        remembered = self._pairs("SELECT unit, kind, scan_count FROM authenticity.history")
        logged = Counter((row.unit, row.kind) for row in rows)
        self._expect({(row.unit, row.kind): row.scan_count for row in remembered} == logged, "sums")
        facts = Counter(
            _rows(
                self._runtime,
                "SELECT s->>'scan_id' FROM kernel.fact, jsonb_array_elements(body->'scans') s"
                " WHERE name = 'authenticity.codes_scanned'",
            )
        )
        self._expect(facts == there, f"{sum(facts.values())} scans were told, {len(rows)} kept")

    def _captures(self) -> None:
        captures = by_name(self._journal, Kind.CAPTURE)
        events = {
            str(key): count
            for key, count in self._pairs("SELECT key, count(*) FROM trace.event_key GROUP BY 1")
        }
        named = {str(filed_key(self._brand.id, name_key(name))): asked for name, asked in captures.items()}
        self._compare(named, events)
        self._expect(len(events) == len(named), f"{len(events)} events of {len(named)}")
        jobs = self._pairs("SELECT id, accepted, duplicate FROM trace.capture")
        promised = {asked.answer["captureID"] for asked in captures.values()}
        self._expect({str(job.id) for job in jobs} == promised, "captures there are, and captures promised")
        self._expect({(job.accepted, job.duplicate) for job in jobs} <= {(1, 0)}, "an event came twice")

    def _commissioned_by_events(self) -> None:
        """What the job worker made of it: each item that a line commissioned is activated, once."""
        told = {
            asked.unit for asked in self._journal if asked.kind is Kind.CAPTURE and asked.unit is not None
        }
        rows = self._pairs(
            "SELECT first_unit, last_unit FROM codes.transition WHERE reason LIKE 'EPCIS event %'"
        )
        done = Counter(unit for row in rows for unit in range(row.first_unit, row.last_unit + 1))
        self._expect(done == Counter(told), f"{len(told)} items were commissioned, {len(done)} activated")

    def _audit(self) -> None:
        """Each change has one entry: its repetitions changed nothing and left none."""
        entries = Counter(_rows(self._runtime, "SELECT action FROM kernel.audit_entry"))
        asked = {
            action: len(by_name(self._journal, kind))
            for action, kind in (
                ("place_order", Kind.ORDER),
                ("activate", Kind.ACTIVATION),
                ("capture_document", Kind.CAPTURE),
            )
        }
        self._expect(
            {action: entries[action] for action in asked} == asked, f"audit {entries}, asked {asked}"
        )

    def _ask_again(self) -> None:
        """Ask everything once more, by as many clients as before: the answers are those that were given."""
        before = self._sizes()
        answered = [one for one in self._journal if one.status is not None and one.kind is not Kind.OPEN_SCAN]
        shares = grouped(
            answered, lambda one: one.headers.get("Authorization", one.unit and one.unit % CLIENTS)
        )
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._ask_share_again, shares.values()))
        self._expect(self._sizes() == before, f"repetitions changed something: {before} to {self._sizes()}")

    def _ask_share_again(self, share: list[Asked]) -> None:
        client = Client(self._server.port)
        for asked in share:
            status, headers, answer = client.send(asked)
            if asked.kind is Kind.HIDDEN_SCAN:
                same = [
                    answer[name] == asked.answer[name] for name in ("scan_id", "verdict", "product", "batch")
                ]
                self._expect(status == asked.status and all(same), f"now {answer}", asked)
            else:
                self._expect(
                    (status, answer) == (asked.status, asked.answer), f"now {status} {answer}", asked
                )
                self._expect("idempotency-replayed" in headers, "not known as a repetition", asked)
        client.close()

    def _sizes(self) -> dict[str, int]:
        tables = (
            "codes.code_order",
            "codes.transition",
            "codes.run",
            "trace.capture",
            "trace.event",
            "authenticity.scan",
            "authenticity.history",
            "kernel.fact",
            "kernel.audit_entry",
            "kernel.idempotency",
        )
        return {table: _rows(self._runtime, f"SELECT count(*) FROM {table}")[0] for table in tables}

    def _pairs(self, query: str) -> list[Any]:
        with self._runtime.database.transaction(self._brand.scope) as session:
            return list(session.execute(text(query)))

    def _expect(self, is_so: bool, what: str, asked: Asked | None = None) -> None:
        if not is_so:
            about = f"{asked.kind} {asked.name}, round {asked.round}, told {asked.answer}: " if asked else ""
            self.flaws.append(about + what)


def _print(tallies: dict[Part, Tally], journal: list[Asked]) -> None:
    print(f"\nseed {SEED}, {len(journal)} requests: {dict(Counter(str(asked.kind) for asked in journal))}")
    head = "victim, rounds, acknowledged, unknown, of them done, lost, doubled, back after s, at most".split(
        ", "
    )
    print("".join(f"{word:>15}" for word in head))
    for part, tally in tallies.items():
        seconds = tally.recovery_seconds or [0.0]
        row = [
            str(part),
            *map(
                str,
                (tally.rounds, tally.acknowledged, tally.unknown, tally.committed, tally.lost, tally.doubled),
            ),
            f"{statistics.median(seconds):.2f}",
            f"{max(seconds):.2f}",
        ]
        print("".join(f"{word:>15}" for word in row))
