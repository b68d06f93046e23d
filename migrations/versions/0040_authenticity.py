"""Authenticity: the log of scans, what is remembered of each code, counts by the minute, reports."""

from wuma.kernel import ddl

revision = "0040"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("authenticity")
    ddl.run(SCANS)
    ddl.run(REPORTS)
    ddl.tenant_table("authenticity.scan", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("authenticity.history", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("authenticity.minute", "SELECT, INSERT, UPDATE, DELETE")
    ddl.tenant_table("authenticity.alarm", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("authenticity.report", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.drop_schema("authenticity")


SCANS = """
CREATE TABLE authenticity.scan (
    id         uuid NOT NULL,
    tenant_id  bigint NOT NULL,
    at         timestamptz NOT NULL,
    kind       text NOT NULL,
    unit       bigint NOT NULL,
    order_id   bigint NOT NULL,
    product_id uuid NOT NULL,
    person     text NOT NULL,
    network    text NOT NULL,
    client     text NOT NULL,
    region     text,
    longitude  real,
    latitude   real,
    accuracy_m integer,
    geo_source text NOT NULL,
    outcome    text NOT NULL,
    reasons    text[] NOT NULL,
    doubt      real NOT NULL,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE INDEX scan_tenant ON authenticity.scan (tenant_id, at DESC, id DESC);
CREATE INDEX scan_unit ON authenticity.scan (unit, at);
CREATE INDEX scan_telling ON authenticity.scan (tenant_id, outcome, at DESC)
    WHERE outcome NOT IN ('registered', 'first_genuine', 'genuine_again');
CREATE TABLE authenticity.scan_default PARTITION OF authenticity.scan DEFAULT;

CREATE TABLE authenticity.history (
    unit       bigint NOT NULL,
    kind       text NOT NULL,
    tenant_id  bigint NOT NULL,
    scan_count bigint NOT NULL,
    early_count bigint NOT NULL,
    visits     jsonb NOT NULL,
    persons    text[] NOT NULL,
    cities     text[] NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (unit, kind)
);
COMMENT ON TABLE authenticity.history IS 'What is remembered of a code''s scans, enough to judge the next';

CREATE TABLE authenticity.minute (
    tenant_id bigint NOT NULL,
    minute    timestamptz NOT NULL,
    kind      text NOT NULL,
    outcome   text NOT NULL,
    scans     bigint NOT NULL,
    PRIMARY KEY (tenant_id, minute, kind, outcome)
);
COMMENT ON TABLE authenticity.minute IS 'Scans by the minute, the refused ones too: they have no row in scan';

CREATE TABLE authenticity.alarm (
    id         uuid PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    kind       text NOT NULL,
    raised_at  timestamptz NOT NULL,
    ended_at   timestamptz,
    facts      jsonb NOT NULL
);
CREATE UNIQUE INDEX alarm_one_open ON authenticity.alarm (tenant_id, kind) WHERE ended_at IS NULL;
"""

REPORTS = """
CREATE TABLE authenticity.report (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    scan_id     uuid,
    unit        bigint,
    scanned     text,
    at          timestamptz NOT NULL,
    concern     text NOT NULL,
    text        text NOT NULL,
    contact     bytea,
    photo_sha256 bytea,
    state       text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'handled')),
    handled_at  timestamptz,
    handled_by  text,
    handled_note text
);
CREATE INDEX report_tenant ON authenticity.report (tenant_id, id);
CREATE INDEX report_scan ON authenticity.report (scan_id);
"""
