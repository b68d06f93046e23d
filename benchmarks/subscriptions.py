"""What 10,000 subscriptions, and what the rules, cost a capture.

    python -m benchmarks.subscriptions

Documents of 200 events are captured by the function that serves ``/epcis/capture``, and the subscriber that
wakes whoever waits is told of them. Each document is taken four ways in turn, so that all have the same
machine: without subscriptions and rules, with subscriptions, with rules, with both.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import msgspec
from sqlalchemy import text

from benchmarks import report
from wuma.chain.trace.capturing import judging
from wuma.chain.trace.capturing.capture import capture
from wuma.chain.trace.capturing.rules import Rule, Setting
from wuma.chain.trace.documents.json_ld import read_document
from wuma.chain.trace.subscriptions import deliver
from wuma.entrypoints import wiring
from wuma.facts.trace import EventsCaptured
from wuma.kernel.auth import accounts
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope

QUERIES: Final = 1_000
SUBSCRIPTIONS: Final = 10_000
DOCUMENTS: Final = 8
EVENTS: Final = 200
EPCS: Final = 6
WAYS: Final = ("plain", "subscriptions", "rules", "both")


def main() -> None:
    """Measure, print and write the result."""
    folder = Path(tempfile.mkdtemp(prefix="wuma-bench-"))
    folder.chmod(0o755)
    settings = Settings(data=folder, log_level="warning")
    try:
        with EmbeddedPostgres(folder, fsync=False):
            wiring.prepare(settings)
            runtime = wiring.build_runtime(settings)
            result = measure(runtime)
            runtime.database.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(msgspec.json.encode(result).decode())
    print(report.write("subscriptions", result, ("sqlalchemy", "psycopg", "msgspec")))


def measure(runtime: Runtime) -> dict[str, Any]:
    """Return the seconds of a document each way, and the ratios."""
    tenants = {way: _tenant(runtime, way) for way in WAYS}
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    for number in range(DOCUMENTS + 1):
        for way in WAYS:
            took = _take(runtime, tenants[way], number)
            if number:  # the first one fills caches
                seconds[way].append(took)
    medians = {way: report.spread(figures) for way, figures in seconds.items()}
    plain = medians["plain"]["median"]
    return {
        "documents": DOCUMENTS,
        "events": EVENTS,
        "subscriptions": SUBSCRIPTIONS,
        "queries": QUERIES,
        "seconds": medians,
        "times_as_long": {way: round(medians[way]["median"] / plain, 2) for way in WAYS},
    }


def _tenant(runtime: Runtime, way: str) -> int:
    now = datetime.now(UTC)
    with runtime.database.transaction(PLATFORM) as session:
        slug = f"bench-{way}"
        tenant_id = accounts.create_tenant(session, slug=slug, name_zh=slug, name_en=slug, now=now).id
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        for rule in Rule:
            setting = Setting.WARN if way in {"rules", "both"} else Setting.OFF
            judging.set_rule(session, tenant_id, rule, setting, actor="bench", now=now)
        if way in {"subscriptions", "both"}:
            session.execute(_QUERIES, {"tenant_id": tenant_id, "count": QUERIES, "now": now})
            session.execute(
                _SUBSCRIPTIONS,
                {"tenant_id": tenant_id, "count": SUBSCRIPTIONS, "queries": QUERIES, "now": now},
            )
    return tenant_id


def _take(runtime: Runtime, tenant_id: int, number: int) -> float:
    """Capture a document and wake whoever waits; a hundredth of the events is waited for."""
    began = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(hours=number)
    events = [
        {
            "type": "ObjectEvent",
            "eventID": f"urn:uuid:{uuid4()}",
            "eventTime": (began + timedelta(seconds=place)).isoformat(),
            "eventTimeZoneOffset": "+08:00",
            "action": "OBSERVE",
            "bizStep": "storing",
            "epcList": [
                f"urn:epc:id:sgtin:6901234.056789.{number}A{place * EPCS + nth}" for nth in range(EPCS)
            ],
        }
        for place in range(EVENTS)
    ]
    for nth, waited in enumerate(events[::100]):
        waited["epcList"] = [f"urn:epc:id:sgtin:6901234.056789.W{(number * 2 + nth) % QUERIES}"]
    body = msgspec.json.encode(
        {
            "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
            "type": "EPCISDocument",
            "schemaVersion": "2.0",
            "creationDate": "2026-05-01T08:00:00Z",
            "epcisBody": {"eventList": events},
        }
    )
    started = time.perf_counter()
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        document = read_document(body)
        capture(session, runtime.keyring, tenant_id, document, actor="bench", now=datetime.now(UTC))
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        told = session.execute(_LATEST, {"tenant_id": tenant_id}).one()
        fact: EventsCaptured = EventsCaptured.read(tenant_id, told.body)
        deliver.wake_subscribers(session, fact)
    return time.perf_counter() - started


_LATEST = text(
    "SELECT body FROM kernel.fact WHERE tenant_id = :tenant_id AND name = 'trace.events_captured'"
    " ORDER BY position DESC LIMIT 1"
)
_QUERIES = text("""
INSERT INTO trace.named_query (tenant_id, name, definition, prefixes, created_at, created_by)
SELECT :tenant_id, 'q' || n, jsonb_build_object('MATCH_epc',
    jsonb_build_array('urn:epc:id:sgtin:6901234.056789.W' || n)), '{}', :now, 'bench'
FROM generate_series(0, :count - 1) AS w (n)
""")
_SUBSCRIPTIONS = text("""
INSERT INTO trace.subscription (id, tenant_id, query_name, dest, report_if_empty, created_at, created_by,
    told_at, told_id)
SELECT gen_random_uuid(), :tenant_id, 'q' || n % :queries, 'https://client.example/', false, :now, 'bench',
    :now, 0
FROM generate_series(1, :count) AS w (n)
""")

if __name__ == "__main__":
    main()
