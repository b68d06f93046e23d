"""Trace: lots and transformations that events mention, and what an event touched found by the event."""

from wuma.kernel import ddl

revision = "0086"
down_revision = "0061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(MENTIONS)
    ddl.tenant_table("trace.mention", "SELECT, INSERT")


def downgrade() -> None:
    ddl.run("DROP INDEX trace.posting_event; DROP TABLE trace.mention")


# Postings are only added, in the order of their events: a few pages of summary take the place of an index
# that would cost a third of the table.
MENTIONS = """
CREATE TABLE trace.mention (
    tenant_id   bigint NOT NULL,
    thing       bigint NOT NULL,
    role        smallint NOT NULL,
    event_id    bigint NOT NULL,
    event_count integer NOT NULL,
    PRIMARY KEY (tenant_id, thing, role, event_id)
);
CREATE INDEX mention_event ON trace.mention (tenant_id, event_id);
COMMENT ON TABLE trace.mention IS 'Runs of events about a lot or a transformation beside their things';
CREATE INDEX posting_event ON trace.posting USING brin (event_id)
    WITH (pages_per_range = 8, autosummarize = on);
"""
