"""What events have named: words and places by name, things as runs of numbers."""

from __future__ import annotations

import json
import zlib
from typing import Any

from alembic import op
from sqlalchemy import text

from wuma.kernel import ddl

revision = "0081"
down_revision = "0086"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(SEEN)
    tables = ("capture", "chunk", "event", "posting", "seen", "seen_things")
    ddl.tenant_tables(("trace.seen", "trace.seen_things"), "SELECT, INSERT, DELETE")
    _unforced(tables, _look_at_all)


def downgrade() -> None:
    ddl.run("DROP TABLE trace.seen, trace.seen_things")


SEEN = """
CREATE TABLE trace.seen (
    tenant_id bigint NOT NULL,
    kind      smallint NOT NULL,
    name      text COLLATE "C" NOT NULL,
    since     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, kind, name)
);
COMMENT ON TABLE trace.seen IS 'Steps (1), dispositions (2), read points (3), locations (4) of events';

CREATE TABLE trace.seen_things (
    tenant_id bigint NOT NULL,
    first     bigint NOT NULL,
    last      bigint NOT NULL,
    PRIMARY KEY (tenant_id, first)
);
COMMENT ON TABLE trace.seen_things IS 'Things that events name one by one, as runs that do not touch';
"""

WORDS = text(
    "INSERT INTO trace.seen (tenant_id, kind, name, since)"
    " SELECT e.tenant_id, w.kind, w.name, min(e.captured_at) FROM trace.event e"
    " CROSS JOIN LATERAL (VALUES (1, e.biz_step), (2, e.disposition)) AS w (kind, name)"
    " WHERE w.name IS NOT NULL GROUP BY 1, 2, 3"
)
THINGS = text(
    "INSERT INTO trace.seen_things (tenant_id, first, last)"
    " SELECT tenant_id, lower(r), upper(r) - 1 FROM ("
    "  SELECT tenant_id, unnest(range_agg(int8range("
    "   slot & ((1::bigint << 44) - 1),"
    "   (slot & ((1::bigint << 44) - 1)) + event_count * CASE role WHEN 3 THEN 1 ELSE per_event END"
    "  ))) AS r FROM trace.posting WHERE role <> 6 GROUP BY tenant_id) AS runs"
)
PLACE = text(
    "INSERT INTO trace.seen (tenant_id, kind, name, since) VALUES (:tenant_id, :kind, :name, :since)"
    " ON CONFLICT DO NOTHING"
)


def _look_at_all() -> None:
    bind, last = op.get_bind(), 0
    bind.execute(WORDS)
    bind.execute(THINGS)
    chunks = text(
        "SELECT k.id, k.tenant_id, k.body, c.captured_at FROM trace.chunk k"
        " JOIN trace.capture c ON c.id = k.capture_id WHERE k.id > :last ORDER BY k.id LIMIT 200"
    )
    while rows := bind.execute(chunks, {"last": last}).all():
        for row in rows:
            for kind, name in sorted(_places(row.body)):
                values = {"tenant_id": row.tenant_id, "kind": kind, "name": name, "since": row.captured_at}
                bind.execute(PLACE, values)
        last = rows[-1].id


def _places(body: bytes) -> set[tuple[int, str]]:
    from wuma.chain.trace.shelves.things import key_of  # the one spelling of a place

    events: list[dict[str, Any]] = json.loads(zlib.decompress(body))
    return {
        (kind, key_of(event[name]["id"]))
        for event in events
        for kind, name in ((3, "readPoint"), (4, "bizLocation"))
        if name in event
    }


def _unforced(tables: tuple[str, ...], look: Any) -> None:
    """Rows are not visible to the owner unless it says so: the policy holds for it, too."""
    real = op.get_bind().scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'trace' AND tablename = ANY (:tables)"),
        {"tables": [*tables, "kind"]},
    )
    names = sorted(real)
    for name in names:
        ddl.run(f"ALTER TABLE trace.{name} NO FORCE ROW LEVEL SECURITY")
    look()
    for name in names:
        ddl.run(f"ALTER TABLE trace.{name} FORCE ROW LEVEL SECURITY")
