"""Captures: what became of each event, and events found by when they were captured."""

from wuma.kernel import ddl

revision = "0060"
down_revision = "0051"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(CAPTURES)


def downgrade() -> None:
    ddl.run(
        "DROP INDEX trace.event_tenant_captured, trace.capture_tenant_at;"
        "ALTER TABLE trace.capture DROP COLUMN behaviour, DROP COLUMN rejected, DROP COLUMN outcomes"
    )


# `outcomes` tells of the events that were not accepted: rejected, and why; duplicate.
CAPTURES = """
ALTER TABLE trace.capture
    ADD COLUMN behaviour text NOT NULL DEFAULT 'rollback' CHECK (behaviour IN ('rollback', 'proceed')),
    ADD COLUMN rejected integer NOT NULL DEFAULT 0,
    ADD COLUMN outcomes jsonb NOT NULL DEFAULT '[]';
CREATE INDEX capture_tenant_at ON trace.capture (tenant_id, captured_at);
CREATE INDEX event_tenant_captured ON trace.event (tenant_id, captured_at, id);
"""
