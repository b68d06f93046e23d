"""Units under recall, whatever batch they are of."""

from wuma.kernel import ddl

revision = "0095"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(RECALLED)
    ddl.tenant_table("codes.recalled", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.run("DROP TABLE codes.recalled")


# A whole batch under recall says so itself, in codes.batch: units that join it later are meant, too.
RECALLED = """
CREATE TABLE codes.recalled (
    tenant_id  bigint NOT NULL,
    recall_id  uuid NOT NULL,
    first_unit bigint NOT NULL,
    last_unit  bigint NOT NULL CHECK (last_unit >= first_unit),
    notice     text NOT NULL,
    since      timestamptz NOT NULL,
    ended_at   timestamptz,
    PRIMARY KEY (recall_id, first_unit)
);
CREATE INDEX recalled_units ON codes.recalled USING gist (int8range(first_unit, last_unit, '[]'))
    WHERE ended_at IS NULL;
COMMENT ON TABLE codes.recalled IS 'Ranges of units that whoever scans them is warned of';
"""
