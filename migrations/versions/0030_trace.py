"""Trace: captures, events and their documents, things, and the postings that lead from things to events."""

from wuma.kernel import ddl

revision = "0030"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("trace")
    ddl.run(TABLES)
    ddl.tenant_table("trace.capture", "SELECT, INSERT")
    for table in ("thing", "chunk", "event", "posting"):
        ddl.tenant_table(f"trace.{table}", "SELECT, INSERT")
    ddl.run(f"GRANT USAGE ON SEQUENCE trace.event_id TO {ddl.PROGRAM}")


def downgrade() -> None:
    ddl.drop_schema("trace")


# Own serials have their numbers already (codes: epoch and index, below 2^43); everything else gets one here.
TABLES = """
CREATE TABLE trace.thing (
    id        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (START 8796093022208),
    tenant_id bigint NOT NULL,
    key       text COLLATE "C" NOT NULL,
    UNIQUE (tenant_id, key)
);
COMMENT ON TABLE trace.thing IS 'Numbers of things that are not codes of ours, by their one canonical key';

CREATE TABLE trace.capture (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    captured_at timestamptz NOT NULL,
    actor       text NOT NULL,
    accepted    integer NOT NULL,
    duplicate   integer NOT NULL,
    context     jsonb NOT NULL
);
CREATE INDEX capture_tenant ON trace.capture (tenant_id, id);

CREATE TABLE trace.chunk (
    id         bigint PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    capture_id uuid NOT NULL REFERENCES trace.capture,
    body       bytea NOT NULL
);
COMMENT ON TABLE trace.chunk IS 'Some events of a capture as they came, compressed together';
ALTER TABLE trace.chunk ALTER COLUMN body SET STORAGE EXTERNAL;

-- A capture takes one step of it and numbers its events, at most 65,536, from there on without gaps.
CREATE SEQUENCE trace.event_id INCREMENT 65536 START 65536;
CREATE TABLE trace.event (
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
CREATE INDEX event_tenant_at ON trace.event (tenant_id, at DESC, id DESC);
CREATE INDEX event_named ON trace.event (tenant_id, named) WHERE named IS NOT NULL;
COMMENT ON COLUMN trace.event.key IS 'What makes the event one: see capture.event_key';
COMMENT ON COLUMN trace.event.named IS 'Digest of the eventID, which an error declaration shares';

-- A row says: of the run of events from event_id on, event_count long, each touches per_event things, one
-- after the other from the thing in slot on; role says how, other is the first thing of the other side.
CREATE TABLE trace.posting (
    tenant_id   bigint NOT NULL,
    slot        bigint NOT NULL,
    event_id    bigint NOT NULL,
    at          timestamptz NOT NULL,
    per_event   integer NOT NULL,
    event_count smallint NOT NULL,
    role        smallint NOT NULL,
    other       bigint
);
CREATE INDEX posting_slot ON trace.posting (slot, at);
"""
