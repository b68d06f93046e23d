"""Trace: events are filed with the chunk that holds them, no longer in rows of their own (ADR 0006)."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from alembic import op
from sqlalchemy import Row, text

from wuma.kernel import ddl

revision = "0061"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(CHUNKS)
    for table in ("kind", "event_key"):
        ddl.tenant_table(f"trace.{table}", "SELECT, INSERT")
    _unforced(("capture", "chunk", "event", "kind", "event_key"), _file_with_chunks)
    ddl.run(FILED)
    ddl.grant("trace.event", "SELECT")


def downgrade() -> None:
    ddl.run(EVENTS)
    ddl.tenant_table("trace.event_row", "SELECT, INSERT")
    _unforced(("capture", "chunk", "event_row", "kind", "event_key"), _give_rows)
    ddl.run(FORGOTTEN)


# `filing` says, for each event of the chunk: which of the pairs of kinds and locations it has (a byte, if
# there are several pairs), then how many ticks after at_min it happened (as many bytes as the last needs).
# A b-tree of numbers: a quarter of one of names. Whoever finds a number there looks at the event.
CHUNKS = """
CREATE TABLE trace.kind (
    id          integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant_id   bigint NOT NULL,
    digest      uuid NOT NULL,
    type        smallint NOT NULL,
    action      smallint,
    biz_step    text COLLATE "C",
    disposition text COLLATE "C",
    UNIQUE (tenant_id, digest)
);
COMMENT ON TABLE trace.kind IS 'What events are filed by: type, action, step and disposition together';

CREATE TABLE trace.event_key (
    tenant_id bigint NOT NULL,
    key       bigint NOT NULL,
    event_id  bigint NOT NULL
);
COMMENT ON TABLE trace.event_key IS 'Events by 64 bits of what makes them one, and of their names';

ALTER TABLE trace.event RENAME TO event_row;
ALTER TABLE trace.event_row RENAME CONSTRAINT event_pkey TO event_row_pkey;
ALTER TABLE trace.chunk
    ADD COLUMN captured_at timestamptz,
    ADD COLUMN at_min timestamptz,
    ADD COLUMN at_max timestamptz,
    ADD COLUMN tick integer,
    ADD COLUMN event_count smallint,
    ADD COLUMN coding smallint NOT NULL DEFAULT 1,
    ADD COLUMN kinds integer[],
    ADD COLUMN locations bigint[],
    ADD COLUMN filing bytea;
"""

FILED = """
DROP TABLE trace.event_row;
CREATE INDEX event_key_key ON trace.event_key (key);
ALTER TABLE trace.chunk
    ALTER COLUMN captured_at SET NOT NULL,
    ALTER COLUMN at_min SET NOT NULL,
    ALTER COLUMN at_max SET NOT NULL,
    ALTER COLUMN tick SET NOT NULL,
    ALTER COLUMN event_count SET NOT NULL,
    ALTER COLUMN coding DROP DEFAULT,
    ALTER COLUMN kinds SET NOT NULL,
    ALTER COLUMN locations SET NOT NULL,
    ALTER COLUMN filing SET NOT NULL,
    ALTER COLUMN filing SET STORAGE MAIN,
    ADD CHECK (cardinality(kinds) BETWEEN 1 AND 256 AND cardinality(kinds) = cardinality(locations));
CREATE INDEX chunk_at_max ON trace.chunk (tenant_id, at_max, id);
CREATE INDEX chunk_at_min ON trace.chunk (tenant_id, at_min, id);
CREATE INDEX chunk_captured ON trace.chunk (tenant_id, captured_at, id);

CREATE FUNCTION trace.filed_number(filing bytea, place integer, width integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('x' || lpad(encode(substring(filing FROM place FOR width), 'hex'), 16, '0'))::bit(64)::bigint;
COMMENT ON FUNCTION trace.filed_number IS 'A number of some bytes, from the place on (1 is the first)';

CREATE FUNCTION trace.filed_pair(filing bytea, pair_count integer, nth integer) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 1 + CASE WHEN pair_count > 1 THEN get_byte(filing, nth) ELSE 0 END;
COMMENT ON FUNCTION trace.filed_pair IS 'Which kind and location the nth event of a chunk has, from 1 on';

CREATE FUNCTION trace.filed_at(
    at_min timestamptz, tick integer, filing bytea, pair_count integer, event_count integer, nth integer
) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    RETURN at_min + interval '1 microsecond' * (tick * trace.filed_number(
        filing,
        1 + CASE WHEN pair_count > 1 THEN event_count ELSE 0 END
            + nth * (length(filing) / event_count - CASE WHEN pair_count > 1 THEN 1 ELSE 0 END),
        length(filing) / event_count - CASE WHEN pair_count > 1 THEN 1 ELSE 0 END));
COMMENT ON FUNCTION trace.filed_at IS 'When the nth event of a chunk happened, from 0 on';

CREATE VIEW trace.event WITH (security_invoker = true) AS
SELECT c.id + n.nth AS id, c.tenant_id, c.captured_at, c.id AS chunk_id, n.nth AS place, k.type, k.action,
    k.biz_step, k.disposition, c.locations[p.pair] AS location,
    trace.filed_at(c.at_min, c.tick, c.filing, cardinality(c.kinds), c.event_count, n.nth) AS at
FROM trace.chunk c
CROSS JOIN LATERAL generate_series(0, c.event_count - 1) AS n (nth)
CROSS JOIN LATERAL (SELECT trace.filed_pair(c.filing, cardinality(c.kinds), n.nth)) AS p (pair)
JOIN trace.kind k ON k.id = c.kinds[p.pair];
COMMENT ON VIEW trace.event IS 'Every event; to look at all of some, not to find one';
"""

EVENTS = """
DROP VIEW trace.event;
CREATE TABLE trace.event_row (
    id          bigint PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    at          timestamptz NOT NULL,
    captured_at timestamptz NOT NULL,
    key         uuid NOT NULL,
    named       uuid,
    chunk_id    bigint NOT NULL REFERENCES trace.chunk,
    place       smallint NOT NULL,
    type        smallint NOT NULL,
    action      smallint,
    biz_step    text COLLATE "C",
    disposition text COLLATE "C",
    location    bigint,
    UNIQUE (tenant_id, key)
);
"""

FORGOTTEN = """
DROP FUNCTION trace.filed_at, trace.filed_pair, trace.filed_number;
DROP TABLE trace.event_key, trace.kind;
DROP INDEX trace.chunk_at_max, trace.chunk_at_min, trace.chunk_captured;
ALTER TABLE trace.chunk
    DROP COLUMN captured_at, DROP COLUMN at_min, DROP COLUMN at_max, DROP COLUMN tick,
    DROP COLUMN event_count, DROP COLUMN coding, DROP COLUMN kinds, DROP COLUMN locations,
    DROP COLUMN filing;
ALTER TABLE trace.event_row RENAME TO event;
ALTER TABLE trace.event RENAME CONSTRAINT event_row_pkey TO event_pkey;
CREATE INDEX event_tenant_at ON trace.event (tenant_id, at DESC, id DESC);
CREATE INDEX event_named ON trace.event (tenant_id, named) WHERE named IS NOT NULL;
CREATE INDEX event_tenant_captured ON trace.event (tenant_id, captured_at, id);
"""

CHUNKS_AT_ONCE = 200
SPAN_MAX = timedelta(days=7)
TICKS = (60_000_000, 1_000_000, 1_000, 1)


def _unforced(tables: Sequence[str], convert: Any) -> None:
    """Rows are not visible to the owner unless it says so: the policy holds for it, too."""
    existing = set(
        op.get_bind().scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'trace' AND tablename = ANY (:tables)"),
            {"tables": [*tables, "event_row"]},
        )
    )
    for table in sorted(existing):
        ddl.run(f"ALTER TABLE trace.{table} NO FORCE ROW LEVEL SECURITY")
    convert()
    for table in sorted(existing):
        ddl.run(f"ALTER TABLE trace.{table} FORCE ROW LEVEL SECURITY")


def _chunks(columns: str, condition: str = "true") -> Iterator[Row[Any]]:
    bind, last = op.get_bind(), 0
    query = text(
        f"SELECT {columns} FROM trace.chunk k WHERE k.id > :last AND {condition}"
        f" ORDER BY k.id LIMIT {CHUNKS_AT_ONCE}"
    )
    while rows := bind.execute(query, {"last": last}).all():
        yield from rows
        last = rows[-1].id


def _file_with_chunks() -> None:
    """Write what is known of each event into its chunk, and what it is known by into the table of keys."""
    bind = op.get_bind()
    kinds: dict[tuple[Any, ...], int] = {}
    for chunk in _chunks("k.id, k.tenant_id, k.capture_id, k.body", "k.kinds IS NULL"):
        rows = bind.execute(_ROWS, {"id": chunk.id}).all()
        if not rows:
            bind.execute(text("DELETE FROM trace.chunk WHERE id = :id"), {"id": chunk.id})
            continue
        bodies = json.loads(zlib.decompress(chunk.body))
        for row in rows:
            kind = (row.tenant_id, row.type, row.action, row.biz_step, row.disposition)
            if kind not in kinds:
                values = dict(zip("tdyabs", (kind[0], _digest(kind), *kind[1:]), strict=True))
                kinds[kind] = bind.execute(_KIND, values).scalar_one()
        for number, part in enumerate(_parts(rows)):
            pairs = [
                (kinds[row.tenant_id, row.type, row.action, row.biz_step, row.disposition], row.location)
                for row in part
            ]
            values = {
                "id": part[0].id,
                "tenant_id": chunk.tenant_id,
                "capture_id": chunk.capture_id,
                "captured_at": part[0].captured_at,
                "event_count": len(part),
                "body": zlib.compress(json.dumps([bodies[row.place] for row in part]).encode(), 6),
                **_filed([row.at for row in part], pairs),
            }
            bind.execute(_CHANGE if number == 0 else _ADD, values)
        keys = [(row.tenant_id, row.key, row.id) for row in rows]
        keys += [
            (row.tenant_id, row.named, row.id)
            for row in rows
            if row.named not in (None, row.key, _sha(f"urn:uuid:{row.key}".encode()))
        ]
        bind.execute(_KEYS, [{"t": t, "k": _key64(t, key), "e": e} for t, key, e in keys])


def _parts(rows: Sequence[Row[Any]]) -> Iterator[list[Row[Any]]]:
    part: list[Row[Any]] = []
    for row in rows:
        ats = [one.at for one in part] + [row.at]
        if part and max(ats) - min(ats) > SPAN_MAX:
            yield part
            part = []
        part.append(row)
    yield part


def _filed(ats: Sequence[datetime], pairs: Sequence[tuple[int, int | None]]) -> dict[str, Any]:
    first = min(ats)
    offsets = [(at - first) // timedelta(microseconds=1) for at in ats]
    tick = next(tick for tick in TICKS if not any(offset % tick for offset in offsets))
    width = -(-(max(offsets) // tick).bit_length() // 8)
    distinct = list(dict.fromkeys(pairs))
    filing = bytes(map(distinct.index, pairs)) if len(distinct) > 1 else b""
    filing += b"".join((offset // tick).to_bytes(width, "big") for offset in offsets)
    return {
        "at_min": first,
        "at_max": max(ats),
        "tick": tick,
        "kinds": [kind for kind, _ in distinct],
        "locations": [location for _, location in distinct],
        "filing": filing,
    }


def _digest(kind: tuple[Any, ...]) -> UUID:
    return _sha(json.dumps(kind[1:], ensure_ascii=False, separators=(",", ":")).encode())


def _key64(tenant_id: int, key: UUID) -> int:
    salt = hashlib.sha256(b"trace.event_key:%d" % tenant_id).digest()[:8]
    return int.from_bytes(bytes(a ^ b for a, b in zip(salt, key.bytes, strict=False)), "big", signed=True)


def _give_rows() -> None:
    """Write a row for each event again; chunks that are coded anew are written as they used to be."""
    bind = op.get_bind()
    columns = (
        "k.id, k.tenant_id, k.captured_at, k.at_min, k.tick, k.event_count, k.coding, k.kinds, k.locations,"
        " k.filing, k.body"
    )
    kinds = {row.id: row for row in bind.execute(text("SELECT * FROM trace.kind")).all()}
    for chunk in _chunks(columns):
        assert chunk.coding == 1, f"chunk {chunk.id}: migrate down one step after the other"
        bodies = json.loads(zlib.decompress(chunk.body))
        has_pairs = len(chunk.kinds) > 1
        width = len(chunk.filing) // chunk.event_count - has_pairs
        rows = []
        for nth, fields in enumerate(bodies):
            pair = chunk.filing[nth] if has_pairs else 0
            start = chunk.event_count * has_pairs + nth * width
            offset = int.from_bytes(chunk.filing[start : start + width], "big") * chunk.tick
            kind, key = kinds[chunk.kinds[pair]], _event_key(fields)
            rows.append(
                {
                    "id": chunk.id + nth,
                    "tenant_id": chunk.tenant_id,
                    "at": chunk.at_min + timedelta(microseconds=offset),
                    "captured_at": chunk.captured_at,
                    "key": key,
                    "named": _sha(str(fields.get("eventID") or f"urn:uuid:{key}").encode()),
                    "chunk_id": chunk.id,
                    "place": nth,
                    "type": kind.type,
                    "action": kind.action,
                    "biz_step": kind.biz_step,
                    "disposition": kind.disposition,
                    "location": chunk.locations[pair],
                }
            )
        bind.execute(_ROW, rows)


def _event_key(fields: dict[str, Any]) -> UUID:
    if "eventID" not in fields:
        told = {name: value for name, value in fields.items() if name != "recordTime"}
        return _sha(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())
    declared = fields.get("errorDeclaration", {}).get("declarationTime")
    name = str(fields["eventID"]).encode()
    return _sha(name if declared is None else name + b"\0error\0" + str(declared).encode())


def _sha(said: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(said).digest()[:16])


_ROWS = text("SELECT * FROM trace.event_row WHERE chunk_id = :id ORDER BY place")
_KIND = text(
    "INSERT INTO trace.kind (tenant_id, digest, type, action, biz_step, disposition)"
    " VALUES (:t, :d, :y, :a, :b, :s) RETURNING id"
)
_CHANGE = text(
    "UPDATE trace.chunk SET captured_at = :captured_at, at_min = :at_min, at_max = :at_max, tick = :tick,"
    " event_count = :event_count, kinds = :kinds, locations = :locations, filing = :filing, body = :body"
    " WHERE id = :id"
)
_ADD = text(
    "INSERT INTO trace.chunk (id, tenant_id, capture_id, captured_at, at_min, at_max, tick, event_count,"
    " kinds, locations, filing, body) VALUES (:id, :tenant_id, :capture_id, :captured_at, :at_min, :at_max,"
    " :tick, :event_count, :kinds, :locations, :filing, :body)"
)
_KEYS = text("INSERT INTO trace.event_key (tenant_id, key, event_id) VALUES (:t, :k, :e)")
_ROW = text(
    "INSERT INTO trace.event_row (id, tenant_id, at, captured_at, key, named, chunk_id, place, type, action,"
    " biz_step, disposition, location) VALUES (:id, :tenant_id, :at, :captured_at, :key, :named, :chunk_id,"
    " :place, :type, :action, :biz_step, :disposition, :location)"
)
