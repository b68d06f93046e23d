"""Trace: how codes of ours that events name are spelled, each once."""

from wuma.kernel import ddl

revision = "0062"
down_revision = "0081"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(TEXTS)
    ddl.tenant_table("trace.code_text", "SELECT, INSERT")


def downgrade() -> None:
    ddl.run(FORGOTTEN)


# A chunk may name a run of units where the event spelled thousands of codes. They can be computed from a key,
# which may be destroyed; what events said may not. 16 characters of 5 bits are 10 bytes.
TEXTS = """
CREATE TABLE trace.code_text (
    tenant_id  bigint NOT NULL,
    first_unit bigint NOT NULL,
    texts      bytea NOT NULL,
    PRIMARY KEY (tenant_id, first_unit)
);
ALTER TABLE trace.code_text ALTER COLUMN texts SET STORAGE PLAIN;
COMMENT ON TABLE trace.code_text IS 'Runs of codes as events spelled them, 10 bytes each, no unit twice';
"""

# The chunks that rely on it cannot be read without it.
FORGOTTEN = """
ALTER TABLE trace.chunk NO FORCE ROW LEVEL SECURITY;
DO $$ BEGIN
    IF EXISTS (SELECT FROM trace.chunk WHERE coding <> 1) THEN
        RAISE EXCEPTION 'trace.chunk: there are events that name codes by number; going back would lose them';
    END IF;
END $$;
ALTER TABLE trace.chunk FORCE ROW LEVEL SECURITY;
DROP TABLE trace.code_text;
"""
