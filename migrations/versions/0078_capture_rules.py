"""Business rules at capture: how each brand wants each of them, and shipments found by their transactions."""

from wuma.kernel import ddl

revision = "0078"
down_revision = "0083"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(RULES)
    ddl.tenant_table("trace.capture_rule")
    ddl.tenant_table("trace.transfer", "SELECT, INSERT")
    ddl.run(
        f"CREATE POLICY whole ON trace.transfer AS RESTRICTIVE FOR SELECT TO {ddl.PROGRAM}"
        " USING (NOT event_id <@ (SELECT trace.unfinished_events()))"
    )


def downgrade() -> None:
    ddl.run("DROP TABLE trace.transfer, trace.capture_rule")


RULES = """
CREATE TABLE trace.capture_rule (
    tenant_id bigint NOT NULL,
    rule      text COLLATE "C" NOT NULL,
    setting   text NOT NULL CHECK (setting IN ('off', 'warn', 'refuse')),
    set_at    timestamptz NOT NULL,
    set_by    text NOT NULL,
    PRIMARY KEY (tenant_id, rule)
);

CREATE TABLE trace.transfer (
    tenant_id   bigint NOT NULL,
    transaction uuid NOT NULL,
    event_id    bigint NOT NULL,
    is_receipt  boolean NOT NULL,
    PRIMARY KEY (tenant_id, transaction, event_id)
);
COMMENT ON TABLE trace.transfer IS 'What was shipped and received under a transaction, by its digest';
"""
