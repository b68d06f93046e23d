"""What partners are shown of the events."""

from wuma.kernel import ddl

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(SIGHTS)
    ddl.tenant_table("trace.partner_sight", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.run("DROP TABLE trace.partner_sight")


SIGHTS = """
CREATE TABLE trace.partner_sight (
    tenant_id  bigint NOT NULL,
    partner_id uuid NOT NULL,
    version    integer NOT NULL,
    rules      jsonb NOT NULL,
    hidden     text[] NOT NULL,
    queries    text[] NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (tenant_id, partner_id)
);
COMMENT ON TABLE trace.partner_sight IS 'What a partner is shown of the events; without a row, nothing';
"""
