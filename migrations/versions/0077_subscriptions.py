"""Subscriptions to named queries, and how far each has been told."""

from wuma.kernel import ddl

revision = "0077"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(SUBSCRIPTIONS)
    ddl.tenant_table("trace.subscription")


def downgrade() -> None:
    ddl.run("DROP TABLE trace.subscription")


# Captures of a tenant come one after the other, so (captured_at, event) is the order in which events appear:
# what is after the cursor has not been told, and nothing will ever appear before it.
SUBSCRIPTIONS = """
CREATE TABLE trace.subscription (
    id               uuid PRIMARY KEY,
    tenant_id        bigint NOT NULL,
    query_name       text COLLATE "C" NOT NULL,
    dest             text NOT NULL,
    secret           bytea,
    schedule         jsonb,
    report_if_empty  boolean NOT NULL,
    initial_at       timestamptz,
    created_at       timestamptz NOT NULL,
    created_by       text NOT NULL,
    state            text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'dead')),
    told_at          timestamptz NOT NULL,
    told_id          bigint NOT NULL,
    woken_count      bigint NOT NULL DEFAULT 0,
    due_at           timestamptz,
    leased_until     timestamptz,
    failed_count     integer NOT NULL DEFAULT 0,
    failure          text,
    last_notified_at timestamptz,
    FOREIGN KEY (tenant_id, query_name) REFERENCES trace.named_query (tenant_id, name) ON DELETE CASCADE
);
CREATE INDEX subscription_query ON trace.subscription (tenant_id, query_name, id);
CREATE INDEX subscription_due ON trace.subscription (due_at) WHERE due_at IS NOT NULL AND state = 'active';
COMMENT ON COLUMN trace.subscription.told_at IS 'With told_id: the last event told, in capture order';
COMMENT ON COLUMN trace.subscription.woken_count IS 'Goes up when there may be something to tell';
COMMENT ON COLUMN trace.subscription.secret IS 'Sealed; signs what is sent';
"""
