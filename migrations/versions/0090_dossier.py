"""The batch dossier: entries that are never changed, releases, readings of sensors, rules and alarms."""

from wuma.kernel import ddl

revision = "0090"
down_revision = "0097"
branch_labels = None
depends_on = None

APPENDED = ("entry", "retraction", "signature", "withdrawal", "reading")


def upgrade() -> None:
    ddl.create_schema("dossier")
    ddl.run(ENTRIES)
    ddl.run(RELEASES)
    ddl.run(SENSORS)
    ddl.tenant_tables([f"dossier.{table}" for table in APPENDED], "SELECT, INSERT")
    ddl.tenant_table("dossier.series", "SELECT, INSERT")
    ddl.tenant_table("dossier.rule", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("dossier.alarm", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.drop_schema("dossier")


# A dossier is named by what is printed on the item: GTIN and lot. An event may speak of a batch that is
# opened only later; what it says waits here.
ENTRIES = """
CREATE TABLE dossier.entry (
    id         uuid PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    gtin       text COLLATE "C" NOT NULL,
    lot        text COLLATE "C" NOT NULL,
    item       text COLLATE "C" NOT NULL,
    subject    text NOT NULL,
    value      text NOT NULL,
    unit       text NOT NULL,
    least      numeric,
    most       numeric,
    method     text NOT NULL,
    instrument text NOT NULL,
    operator     text NOT NULL,
    measured_at timestamptz,
    reason     text NOT NULL,
    source     text NOT NULL CHECK (source IN ('form', 'file', 'event')),
    replaces   uuid REFERENCES dossier.entry,
    event_id   bigint,
    event_at   timestamptz,
    event_key  uuid,
    recorded_at timestamptz NOT NULL,
    actor      text NOT NULL,
    CHECK ((source = 'event') = (event_id IS NOT NULL)),
    CHECK (replaces IS NULL OR reason <> '')
);
COMMENT ON TABLE dossier.entry IS 'What was said of an item of a batch; a correction is another row';
-- What people say of one item is one line of corrections: of two who correct the same entry, one is refused.
CREATE UNIQUE INDEX entry_line ON dossier.entry (tenant_id, gtin, lot, item, subject, replaces)
    NULLS NOT DISTINCT WHERE source <> 'event';
-- An event says a thing once, however often it is told.
CREATE UNIQUE INDEX entry_event ON dossier.entry (tenant_id, event_id, gtin, lot, item, subject)
    WHERE source = 'event';
CREATE INDEX entry_batch ON dossier.entry (tenant_id, lot, gtin);

CREATE TABLE dossier.retraction (
    tenant_id bigint NOT NULL,
    event_key uuid NOT NULL,
    event_id  bigint NOT NULL,
    PRIMARY KEY (tenant_id, event_key)
);
COMMENT ON TABLE dossier.retraction IS 'Events that were declared errors: what they said no longer counts';
"""

RELEASES = """
CREATE TABLE dossier.signature (
    id         uuid PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    gtin       text COLLATE "C" NOT NULL,
    lot        text COLLATE "C" NOT NULL,
    round      integer NOT NULL CHECK (round > 0),
    kind       text NOT NULL CHECK (kind IN ('quality', 'market')),
    signed_at  timestamptz NOT NULL,
    actor      text NOT NULL,
    signer     text NOT NULL,
    deviation  text NOT NULL,
    gaps       jsonb NOT NULL,
    contents   bytea NOT NULL CHECK (length(contents) = 32),
    CHECK (gaps = '[]' OR deviation <> ''),
    UNIQUE (tenant_id, gtin, lot, round, kind),
    UNIQUE (tenant_id, gtin, lot, round, actor)
);
COMMENT ON TABLE dossier.signature IS 'A release and the digest of what was released. Nobody signs twice';

CREATE TABLE dossier.withdrawal (
    id           uuid PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    gtin         text COLLATE "C" NOT NULL,
    lot          text COLLATE "C" NOT NULL,
    round        integer NOT NULL,
    withdrawn_at timestamptz NOT NULL,
    actor        text NOT NULL,
    reason       text NOT NULL CHECK (reason <> ''),
    UNIQUE (tenant_id, gtin, lot, round)
);
COMMENT ON TABLE dossier.withdrawal IS 'A round of releases that was taken back';
"""

SENSORS = """
CREATE TABLE dossier.series (
    id        bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant_id bigint NOT NULL,
    quantity  text NOT NULL,
    component text NOT NULL,
    unit      text NOT NULL,
    device    text NOT NULL,
    place     text NOT NULL,
    gtin      text COLLATE "C" NOT NULL,
    lot       text COLLATE "C" NOT NULL,
    UNIQUE (tenant_id, quantity, component, unit, device, place, gtin, lot)
);
CREATE INDEX series_batch ON dossier.series (tenant_id, lot, gtin);
COMMENT ON TABLE dossier.series IS 'Readings of one kind by one device at one place';

CREATE TABLE dossier.reading (
    tenant_id bigint NOT NULL,
    series_id bigint NOT NULL REFERENCES dossier.series,
    event_id  bigint NOT NULL,
    at        timestamptz NOT NULL,
    event_key uuid NOT NULL,
    value     double precision NOT NULL,
    low       double precision NOT NULL,
    high      double precision NOT NULL,
    place     smallint NOT NULL,
    PRIMARY KEY (series_id, at, event_id, place)
);
COMMENT ON TABLE dossier.reading IS 'Readings in the unit of their series';

CREATE TABLE dossier.rule (
    id        uuid PRIMARY KEY,
    tenant_id bigint NOT NULL,
    name      text NOT NULL,
    quantity  text NOT NULL,
    unit      text NOT NULL,
    place     text,
    least     double precision,
    most      double precision,
    seconds   integer NOT NULL CHECK (seconds >= 0),
    since     timestamptz NOT NULL,
    made_by   text NOT NULL,
    ended_at  timestamptz,
    ended_by  text,
    CHECK (least IS NOT NULL OR most IS NOT NULL),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX rule_tenant ON dossier.rule (tenant_id, id);
COMMENT ON TABLE dossier.rule IS 'Never changed: a rule ends and another begins';

CREATE TABLE dossier.alarm (
    id         uuid PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    rule_id    uuid NOT NULL REFERENCES dossier.rule,
    series_id  bigint NOT NULL REFERENCES dossier.series,
    since      timestamptz NOT NULL,
    until      timestamptz NOT NULL,
    worst      double precision NOT NULL,
    readings   integer NOT NULL,
    is_over    boolean NOT NULL,
    raised_at  timestamptz NOT NULL,
    void_at    timestamptz,
    handled_at timestamptz,
    handled_by text,
    handled_note text,
    UNIQUE (rule_id, series_id, since)
);
CREATE INDEX alarm_tenant ON dossier.alarm (tenant_id, id);
CREATE INDEX alarm_series ON dossier.alarm (series_id);
COMMENT ON COLUMN dossier.alarm.void_at IS 'Later readings show that it was none';
"""
