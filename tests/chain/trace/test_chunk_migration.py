"""Events that were captured when each had a row of its own are filed with their chunks, and back."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from tests.chain.trace.test_capture import event
from wuma.chain.trace.documents.names import event_key, filed_key, name_key, name_of
from wuma.kernel.db import sqlalchemy_url
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.migrate import migrate_down, migrate_up

BEFORE, AFTER = "0080", "0061"
TENANT, CAPTURE = 7, UUID(int=7)
CAPTURED = datetime(2026, 5, 2, tzinfo=UTC)
ERROR = {"declarationTime": "2026-05-03T08:00:00Z", "reason": "did_not_occur"}
TOLD: list[dict[str, Any]] = [
    event(action="ADD", bizStep="commissioning", epcList=["urn:x:1"], eventID="urn:uuid:1"),
    event(action="ADD", bizStep="commissioning", epcList=["urn:x:1"], eventID="urn:uuid:1")
    | {"errorDeclaration": ERROR},
    event("AggregationEvent", action="ADD", at="2026-05-01T08:00:00.25Z", parentID="urn:x:罐", childEPCs=[]),
    event(action="OBSERVE", at="2024-05-01T08:00:00Z", epcList=["urn:x:1"]),
]
_EVENTS = text(
    "SELECT id, tenant_id, at, captured_at, type, action, biz_step, disposition, location"
    " FROM trace.event ORDER BY id"
)
_ROWS = text("SELECT * FROM trace.event ORDER BY id")


@pytest.fixture
def database(postgres: EmbeddedPostgres) -> Iterator[str]:
    name = f"chunks_{uuid4().hex[:8]}"
    engine = create_engine(
        sqlalchemy_url(postgres.dsn("postgres")), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER wuma_owner"))
        yield name
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def test_events_keep_all_they_say_when_they_move_into_chunks_and_back(
    postgres: EmbeddedPostgres, database: str
) -> None:
    owner = postgres.dsn("wuma_owner", database)
    engine = create_engine(sqlalchemy_url(postgres.dsn("postgres", database)), poolclass=NullPool)
    migrate_up(owner, BEFORE)
    with engine.begin() as connection:
        _capture_in_rows(connection)
        before, rows = connection.execute(_EVENTS).all(), connection.execute(_ROWS).all()

    migrate_up(owner, AFTER)
    with engine.begin() as connection:
        assert connection.execute(_EVENTS).all() == before
        chunks = connection.execute(text("SELECT id, body FROM trace.chunk ORDER BY id")).all()
        keys = set(map(tuple, connection.execute(text("SELECT key, event_id FROM trace.event_key"))))
    told = [fields for chunk in chunks for fields in json.loads(zlib.decompress(chunk.body))]
    assert [chunk.id for chunk in chunks] == [100, 103], "an event two years before has a chunk of its own"
    assert told == TOLD
    assert keys == {
        (filed_key(TENANT, key), number)
        for number, fields in enumerate(TOLD, 100)
        for key in {_key_then(fields), *([name_key(fields["eventID"])] if "eventID" in fields else [])}
    }

    migrate_down(owner, BEFORE)
    with engine.begin() as connection:
        again = connection.execute(_ROWS).all()
    assert [row._asdict() | {"chunk_id": 0, "place": 0} for row in again] == [
        row._asdict() | {"chunk_id": 0, "place": 0} for row in rows
    ]
    assert [(row.chunk_id, row.place) for row in again] == [(100, 0), (100, 1), (100, 2), (103, 0)]


def _key_then(fields: dict[str, Any]) -> UUID:
    """Return what events were known by then: all they say, where they have no eventID."""
    if "eventID" in fields:
        return event_key(fields, None)
    said = msgspec.json.encode({name: fields[name] for name in fields}, order="sorted")
    return UUID(bytes=hashlib.sha256(said).digest()[:16])


def _capture_in_rows(connection: Any) -> None:
    connection.execute(
        text("INSERT INTO trace.capture VALUES (:id, :tenant, :at, 'test', 4, 0, '[]')"),
        {"id": CAPTURE, "tenant": TENANT, "at": CAPTURED},
    )
    body = zlib.compress(json.dumps(TOLD).encode())
    connection.execute(
        text("INSERT INTO trace.chunk VALUES (100, :tenant, :capture, :body)"),
        {"tenant": TENANT, "capture": CAPTURE, "body": body},
    )
    for place, fields in enumerate(TOLD):
        key = _key_then(fields)
        connection.execute(
            text(
                "INSERT INTO trace.event (id, tenant_id, at, captured_at, key, named, chunk_id, place, type,"
                " action, biz_step, location) VALUES (:id, :tenant, :at, :captured, :key, :named, 100,"
                " :place, :type, :action, :step, :location)"
            ),
            {
                "id": 100 + place,
                "tenant": TENANT,
                "at": datetime.fromisoformat(fields["eventTime"]),
                "captured": CAPTURED,
                "key": key,
                "named": name_key(name_of(fields, key)),
                "place": place,
                "type": 2 if fields["type"] == "AggregationEvent" else 1,
                "action": 1,
                "step": fields.get("bizStep"),
                "location": 5 if place == 2 else None,
            },
        )
