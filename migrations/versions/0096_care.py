"""Care: recalls, their listings, their log, and what came back."""

from wuma.kernel import ddl

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("care")
    ddl.run(RECALLS)
    ddl.tenant_table("care.recall", "SELECT, INSERT, UPDATE")
    for table in ("part", "entry", "recovered"):
        ddl.tenant_table(f"care.{table}", "SELECT, INSERT")


def downgrade() -> None:
    ddl.drop_schema("care")


RECALLS = """
CREATE TABLE care.recall (
    id         uuid PRIMARY KEY,
    tenant_id  bigint NOT NULL,
    number     integer NOT NULL,
    title      text NOT NULL,
    reason     text NOT NULL,
    risk_class smallint NOT NULL CHECK (risk_class BETWEEN 1 AND 3),
    is_drill   boolean NOT NULL,
    scope      jsonb NOT NULL,
    notice     text NOT NULL,
    opened_at  timestamptz NOT NULL,
    opened_by  text NOT NULL,
    listing    integer NOT NULL DEFAULT 0,
    listed_at  timestamptz,
    list_ms    integer,
    is_cut     boolean NOT NULL DEFAULT false,
    closed_at  timestamptz,
    closed_by  text,
    closing    text,
    UNIQUE (tenant_id, number),
    CHECK ((closed_at IS NULL) = (closed_by IS NULL))
);
CREATE INDEX recall_open ON care.recall (tenant_id) WHERE closed_at IS NULL;
COMMENT ON COLUMN care.recall.risk_class IS '1 to 3: 食品召回管理办法, article 13';

-- A listing is made anew when goods have moved or late events came; the one before stays.
CREATE TABLE care.part (
    recall_id   uuid NOT NULL REFERENCES care.recall,
    listing     integer NOT NULL,
    place       integer NOT NULL,
    tenant_id   bigint NOT NULL,
    level       text NOT NULL CHECK (level IN ('item', 'case', 'pallet', 'other')),
    first_thing bigint NOT NULL,
    last_thing  bigint NOT NULL CHECK (last_thing >= first_thing),
    product_id  uuid,
    batch_id    uuid,
    holder      text COLLATE "C",
    location    text COLLATE "C",
    parent      bigint,
    disposition text,
    last_event_at timestamptz,
    PRIMARY KEY (recall_id, listing, place)
);

CREATE TABLE care.entry (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    recall_id   uuid NOT NULL REFERENCES care.recall,
    kind        text NOT NULL
        CHECK (kind IN
            ('opened', 'listed', 'notified', 'answered', 'returned', 'destroyed', 'note', 'closed')),
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text NOT NULL,
    holder      text COLLATE "C",
    unit_count  bigint,
    text        text NOT NULL DEFAULT ''
);
CREATE INDEX entry_recall ON care.entry (recall_id, id);

CREATE TABLE care.recovered (
    recall_id   uuid NOT NULL REFERENCES care.recall,
    entry_id    uuid NOT NULL REFERENCES care.entry,
    tenant_id   bigint NOT NULL,
    first_thing bigint NOT NULL,
    last_thing  bigint NOT NULL CHECK (last_thing >= first_thing),
    fate        text NOT NULL CHECK (fate IN ('returned', 'destroyed')),
    PRIMARY KEY (recall_id, fate, first_thing)
);
COMMENT ON TABLE care.recovered IS 'Units that came back or were destroyed, each at most once a fate';
"""
