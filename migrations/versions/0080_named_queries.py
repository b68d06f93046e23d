"""Queries that have names."""

from wuma.kernel import ddl

revision = "0080"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(NAMED_QUERIES)
    ddl.tenant_table("trace.named_query", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    ddl.run("DROP TABLE trace.named_query")


NAMED_QUERIES = """
CREATE TABLE trace.named_query (
    tenant_id  bigint NOT NULL,
    name       text COLLATE "C" NOT NULL,
    definition jsonb NOT NULL,
    prefixes   jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
COMMENT ON COLUMN trace.named_query.definition IS 'The parameters as they were given';
COMMENT ON COLUMN trace.named_query.prefixes IS 'What prefixes of extension fields stand for in them';
"""
