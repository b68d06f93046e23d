"""A brand's whole history: captured, kept, and one can's life found in it, beside other ways to keep it.

    python -m benchmarks.trace_life [--items 100000 1000000] [--peers 100000] [--minutes 60]

EPCIS documents as a line and warehouses send them (`trace_world`) go through the program's own reading,
validation and capture into an embedded PostgreSQL. At each number of items the run stops to measure: bytes a
can by table, the life of cans that nobody has asked for before, and again; and the recall list of a lot.
Every life is first compared with what the world says it is.

Two peers keep the same events in the same server, at the sizes they are asked for: rows of events and of EPCs
with the indexes that FasTnT creates, and with the one it lacks; and JSON documents with a GIN index, as a
document store would have them. They are given their rows by COPY, unvalidated.

Rates are given by the clock and by the processor time of the program and its PostgreSQL together, which says
what one core does when it is left alone: on a busy machine the two are far apart.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import psycopg
from sqlalchemy import text

from benchmarks import report
from benchmarks.trace_world import LOT, Document, Plan, World, order
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.documents.json_ld import read_document
from wuma.chain.trace.lives.affected import affected
from wuma.chain.trace.lives.timeline import timeline_of
from wuma.chain.trace.shelves.things import Things
from wuma.entrypoints import wiring
from wuma.kernel.auth import accounts
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope

LIVES: Final = 200
RECALLS: Final = 3
EVENTS_OF_A_LIFE: Final = 6
"""As the peers count: with the one that commissions the case, before the can was in it."""
GOALS: Final = {
    "events_per_second_one_core": 20_000,
    "million_commissioned_seconds": 10,
    "life_p99_ms": 10,
    "bytes_per_item": 24,
    "recall_seconds": 5,
}


def main() -> int:
    """Run, write the result, and print it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--peers", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--minutes", type=float, default=60, help="after which no more is captured")
    parser.add_argument("--name", default="trace_life")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wuma-bench-") as folder:
        Path(folder).chmod(0o755)  # PostgreSQL may run as another user
        settings = Settings(data=Path(folder), public_url="https://id.wuma.cn", log_level="warning")
        with EmbeddedPostgres(settings.data) as postgres:
            wiring.prepare(settings)
            runtime = wiring.build_runtime(settings)
            bench = Bench(runtime, postgres, max(asked.items), time.monotonic() + 60 * asked.minutes)
            result: dict[str, Any] = {"goals": GOALS, "postgresql": bench.version, "steps": [], "peers": []}

            def keep() -> Path:
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
                told = result | {"program_peak_mb": round(peak / 1024)}
                return report.write(asked.name, told, ("sqlalchemy", "psycopg", "msgspec", "numpy"))

            for items in sorted(asked.items):
                result["steps"].append(bench.grow(items))
                keep()
            result["million_commissioned"] = bench.commission_a_million()
            for items in sorted(asked.peers):
                for peer in (Rows, Documents):
                    result["peers"].append(peer(postgres, bench, items).run())
                    keep()
            runtime.database.close()
    print(keep())
    return 0


@dataclass
class Spent:
    """What some documents took."""

    events: int = 0
    bytes: int = 0
    seconds: float = 0
    reading_cpu: float = 0
    capture_cpu: float = 0
    postgres_cpu: float = 0

    def add(self, other: Spent) -> None:
        """Count another in."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def told(self) -> dict[str, float]:
        """Say it in figures."""
        cpu = self.reading_cpu + self.capture_cpu + self.postgres_cpu
        return {
            "events": self.events,
            "document_mb": round(self.bytes / 1e6, 1),
            "seconds": round(self.seconds, 2),
            "reading_cpu_seconds": round(self.reading_cpu, 2),
            "capture_cpu_seconds": round(self.capture_cpu, 2),
            "postgres_cpu_seconds": round(self.postgres_cpu, 2),
            "events_per_second": round(self.events / self.seconds),
            "events_per_second_one_core": round(self.events / cpu),
        }


@dataclass
class Bench:
    """A brand whose history grows."""

    runtime: Runtime
    postgres: EmbeddedPostgres
    item_count: int
    deadline: float
    spent: defaultdict[str, Spent] = field(default_factory=lambda: defaultdict(Spent))
    _lots: int = 0

    def __post_init__(self) -> None:
        with self.runtime.database.transaction(PLATFORM) as session:
            tenant = accounts.create_tenant(
                session, slug="bench", name_zh="测试品牌", name_en="Bench", now=datetime.now(UTC)
            )
            self.tenant_id = tenant.id
            self.version = str(session.scalar(text("SHOW server_version")))
        self.scope = Scope.of(self.tenant_id)
        with self.runtime.database.transaction(self.scope) as session:
            self.plan: Plan = order(session, self.runtime.keyring, self.tenant_id, self.item_count)
        self.world = World(self.runtime.keyring, self.plan)
        self.chance = random.Random(7)

    # -- capturing -------------------------------------------------------------------------------------

    def grow(self, items: int) -> dict[str, Any]:
        """Capture up to some items, and measure."""
        lots = range(self._lots, -(-items // LOT))
        before = time.perf_counter()
        for document in self.world.documents(lots):
            if document.kind == "commissioning" and time.monotonic() > self.deadline:
                lots = range(lots.start, document.lot)
                break
            self.take(document)
            if document.kind.startswith("shipping") and document.lot % 25 == 24:
                taken = time.perf_counter() - before
                print(f"  {(document.lot + 1) * LOT:,} items, {taken:.0f} s", file=sys.stderr, flush=True)
        self._lots = lots.stop
        self._as_owner("VACUUM (ANALYZE)")
        total = Spent()
        for spent in self.spent.values():
            total.add(spent)
        items = min(lots.stop * LOT, self.item_count)
        step = {
            "items": items,
            "load_1min": round(os.getloadavg()[0], 1),
            "all": total.told(),
            **{kind: spent.told() for kind, spent in self.spent.items()},
            "bytes_per_item": self.sizes(items),
            **self.lives(items),
            "recall": self.recall(),
        }
        print(json.dumps(step), file=sys.stderr, flush=True)
        return step

    def take(self, document: Document, spent: Spent | None = None) -> None:
        """Read, validate and capture one document."""
        started, cpu = time.perf_counter(), time.process_time()
        read = read_document(document.body)
        read_cpu = time.process_time()
        with self.runtime.database.transaction(self.scope) as session:
            backend = session.scalars(text("SELECT pg_backend_pid()")).one()
            before = cpu_of(backend)
            captured = capture(
                session, self.runtime.keyring, self.tenant_id, read, actor="bench", now=datetime.now(UTC)
            )
        assert captured.accepted == document.event_count, captured
        took = Spent(
            document.event_count,
            len(document.body),
            time.perf_counter() - started,
            read_cpu - cpu,
            time.process_time() - read_cpu,
            cpu_of(backend) - before,
        )
        (self.spent[document.kind] if spent is None else spent).add(took)

    def commission_a_million(self) -> dict[str, Any]:
        """Commission a lot of a million units: ten events of 100,000 codes, one document each."""
        with self.runtime.database.transaction(self.scope) as session:
            plan = order(session, self.runtime.keyring, self.tenant_id, 1_000_000, "00002")
        world, spent = World(self.runtime.keyring, plan), Spent()
        for number in range(10):
            self.take(world.commissioning(number * 100_000, 100_000), spent)
        return {"units": 1_000_000, **spent.told()}

    # -- measuring -------------------------------------------------------------------------------------

    def sizes(self, items: int) -> dict[str, float]:
        """Return bytes an item of each table of trace and of each of its indexes, and all together."""
        with self.runtime.database.transaction(self.scope) as session:
            rows = session.execute(
                text(
                    "SELECT relname, pg_table_size(oid) AS size FROM pg_class"
                    " WHERE relnamespace = 'trace'::regnamespace AND relkind IN ('r', 'i') ORDER BY 2 DESC"
                )
            ).all()
        return {
            "all": round(sum(row.size for row in rows) / items, 2),
            **{row.relname: round(row.size / items, 2) for row in rows if row.size / items >= 0.005},
        }

    def lives(self, items: int) -> dict[str, Any]:
        """Ask for the lives of cans: never asked before, then once more."""
        runtime = self.runtime
        uris, lots = self.cans(items, LIVES)
        first, again, pages = [], [], []
        program_cpu = postgres_cpu = 0.0
        for uri in uris:
            with runtime.database.transaction(self.scope) as session:
                backend = session.scalars(text("SELECT pg_backend_pid()")).one()
                program, server = time.process_time(), cpu_of(backend)
                for taken in (first, again):
                    started = time.perf_counter()
                    thing = Things(session, runtime.keyring, self.tenant_id).find([uri])[uri]
                    life = timeline_of(session, self.tenant_id, thing)
                    steps = [told.event.biz_step for told in life.told]
                    taken.append((time.perf_counter() - started) * 1e3)
                program_cpu += time.process_time() - program
                postgres_cpu += cpu_of(backend) - server
                started = time.perf_counter()
                said = [dict(told.event.fields) for told in life.told]
                pages.append((time.perf_counter() - started) * 1e3)
            assert steps == ["receiving", "shipping", "packing", "packing", "commissioning"], (uri, steps)
            assert any(uri in one["childEPCs"] for one in said if "childEPCs" in one), uri
        assert len(lots) == len(uris)
        return {
            "life_first_ms": percentiles(first),
            "life_again_ms": percentiles(again),
            "life_cpu_ms": {
                "program": round(program_cpu / len(uris) / 2 * 1e3, 2),
                "postgres": round(postgres_cpu / len(uris) / 2 * 1e3, 2),
            },
            "documents_of_a_life_ms": percentiles(pages),
        }

    def cans(self, items: int, count: int) -> tuple[list[str], list[int]]:
        """Choose cans that are in cases."""
        uris, lots = [], []
        while len(uris) < count:
            place = self.chance.randrange(items)
            if self.world.is_packed(place):
                uris.append(self.world.uris(self.plan.items, place, 1)[0])
                lots.append(place // LOT)
        return uris, lots

    def recall(self) -> dict[str, Any]:
        """List what is affected by lots of 40,000 cans, with holders."""
        seconds, states = [], []
        for number in range(RECALLS):
            lot = self.chance.randrange(self._lots)
            first = self.plan.items.first_unit + lot * LOT
            with self.runtime.database.transaction(self.scope) as session:
                started = time.perf_counter()
                found = affected(
                    session,
                    self.tenant_id,
                    [(first, first + LOT - 1)],
                    as_of=datetime(2027, 1, 1, tzinfo=UTC),
                )
                seconds.append(time.perf_counter() - started)
                states.append(len(found.states))
            if seconds[-1] > 60 and number == 0:
                break
        return {
            "cans": LOT,
            "seconds": report.spread(seconds),
            "states": max(states),
            "is_cut": found.is_cut,
        }

    def _as_owner(self, statement: str) -> None:
        with psycopg.connect(self.postgres.dsn("postgres", "wuma"), autocommit=True) as connection:
            connection.execute(statement.encode())


def cpu_of(pid: int) -> float:
    """Return the processor time a process has had, in seconds."""
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def percentiles(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p90, p99 and the best."""
    found = {f"p{share}": round(float(np.percentile(milliseconds, share)), 2) for share in (50, 90, 99)}
    return {**found, "min": round(min(milliseconds), 2)}


# -- peers -------------------------------------------------------------------------------------------------


class Peer:
    """Another way to keep the same events: in a schema of its own, in the same server."""

    name: str
    tables: str
    indexes: Sequence[str] = ()

    def __init__(self, postgres: EmbeddedPostgres, bench: Bench, items: int) -> None:
        self.bench = bench
        self.items = items
        self.db = psycopg.connect(postgres.dsn("postgres", "wuma"), autocommit=True)

    def run(self) -> dict[str, Any]:
        """Load, measure, and clean up."""
        self.db.execute(f"DROP SCHEMA IF EXISTS peer CASCADE; CREATE SCHEMA peer; {self.tables}".encode())
        started, events = time.perf_counter(), 0
        for document in self.bench.world.documents(range(-(-self.items // LOT))):
            parsed = msgspec.json.decode(document.body)["epcisBody"]["eventList"]
            self.copy(parsed, events)
            events += len(parsed)
        loaded = time.perf_counter() - started
        told: dict[str, Any] = {
            "peer": self.name,
            "items": self.items,
            "load_1min": round(os.getloadavg()[0], 1),
            "events_per_second_with_generator": round(events / loaded),
            "asked": {},
        }
        for index in ("", *self.indexes):
            if index:
                self.db.execute(index.encode())
            self.db.execute(b"VACUUM (ANALYZE) " + self.vacuumed.encode())
            size = self.db.execute(
                b"SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class"
                b" WHERE relnamespace = 'peer'::regnamespace AND relkind = 'r'"
            ).fetchall()[0][0]
            taken = []
            for uri in self.bench.cans(min(self.items, self.bench.item_count), 40 if index else 3)[0]:
                began = time.perf_counter()
                found = self.life(uri)
                taken.append((time.perf_counter() - began) * 1e3)
                assert found == EVENTS_OF_A_LIFE, (self.name, uri, found)
            told["asked"][index or "as it comes"] = {
                "bytes_per_item": round(size / self.items, 1),
                "life_ms": percentiles(taken),
            }
        self.db.execute(b"DROP SCHEMA peer CASCADE")
        self.db.close()
        print(json.dumps(told), file=sys.stderr, flush=True)
        return told

    vacuumed: str

    def copy(self, events: list[dict[str, Any]], first: int) -> None:
        """Write events."""
        raise NotImplementedError

    def naming(self, uri: str) -> list[tuple[int, str | None]]:
        """Return the events that name a thing, each with its parent if the thing is a child in it."""
        raise NotImplementedError

    def life(self, uri: str) -> int:
        """Count the events of a thing's life: its own, and those of what it was packed into."""
        seen: set[int] = set()
        waiting = [uri]
        while waiting:
            thing = waiting.pop()
            for event_id, parent in self.naming(thing):
                seen.add(event_id)
                if parent is not None:
                    waiting.append(parent)
        return len(seen)


class Rows(Peer):
    """An event is a row, and each EPC it names another, as FasTnT 2.9 has them."""

    name = "rows of events and EPCs, indexed as by FasTnT"
    vacuumed = "peer.event, peer.epc"
    tables = """
        CREATE TABLE peer.event (id bigint PRIMARY KEY, request_id integer NOT NULL, type smallint NOT NULL,
            event_time timestamptz NOT NULL, offset_minutes smallint, action smallint, event_id text,
            biz_step text, disposition text, read_point text, biz_location text);
        CREATE INDEX ON peer.event (request_id);
        CREATE TABLE peer.epc (event_id bigint NOT NULL, type smallint NOT NULL, id text NOT NULL,
            PRIMARY KEY (event_id, type, id));
    """
    indexes = ("CREATE INDEX ON peer.epc (id)",)

    def copy(self, events: list[dict[str, Any]], first: int) -> None:
        """Write a row for each event and for each EPC."""
        with self.db.transaction(), self.db.cursor() as cursor:
            with cursor.copy("COPY peer.event FROM STDIN") as copy:
                for number, one in enumerate(events, first):
                    copy.write_row(
                        (
                            number, first, 0, one["eventTime"], 480, 0, one["eventID"], one["bizStep"],
                            one["disposition"], one["readPoint"]["id"], one["bizLocation"]["id"],
                        )
                    )  # fmt: skip
            with cursor.copy("COPY peer.epc FROM STDIN") as copy:
                for number, one in enumerate(events, first):
                    if "parentID" in one:
                        copy.write_row((number, 1, one["parentID"]))
                    for uri in one.get("epcList", one.get("childEPCs", ())):
                        copy.write_row((number, 0, uri))

    def naming(self, uri: str) -> list[tuple[int, str | None]]:
        """Return the events that name a thing, each with its parent if the thing is a child in it."""
        rows = self.db.execute(
            "SELECT e.event_id, p.id FROM peer.epc e LEFT JOIN peer.epc p"
            " ON p.event_id = e.event_id AND p.type = 1 WHERE e.id = %s AND e.type = 0",
            (uri,),
        ).fetchall()
        return [(row[0], row[1]) for row in rows]


class Documents(Peer):
    """An event is a JSON document, found by a GIN index on what it names."""

    name = "JSON documents with a GIN index"
    vacuumed = "peer.document"
    tables = "CREATE TABLE peer.document (id bigint PRIMARY KEY, body jsonb NOT NULL)"
    indexes = (
        (
            "CREATE INDEX ON peer.document USING gin ((body->'epcList') jsonb_path_ops,"
            " (body->'childEPCs') jsonb_path_ops)"
        ),
    )

    def copy(self, events: list[dict[str, Any]], first: int) -> None:
        """Write a document for each event."""
        with (
            self.db.transaction(),
            self.db.cursor() as cursor,
            cursor.copy("COPY peer.document FROM STDIN") as copy,
        ):
            for number, one in enumerate(events, first):
                copy.write_row((number, msgspec.json.encode(one).decode()))

    def naming(self, uri: str) -> list[tuple[int, str | None]]:
        """Return the events that name a thing, each with its parent if the thing is a child in it."""
        wanted = json.dumps(uri)
        rows = self.db.execute(
            "SELECT id, body->>'parentID' FROM peer.document"
            " WHERE body->'epcList' @> %s::jsonb OR body->'childEPCs' @> %s::jsonb",
            (wanted, wanted),
        ).fetchall()
        return [(row[0], row[1]) for row in rows]


if __name__ == "__main__":
    sys.exit(main())
