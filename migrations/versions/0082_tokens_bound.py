"""API tokens that are lent to somebody by name."""

from wuma.kernel import ddl

revision = "0082"
down_revision = "0077"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(
        "ALTER TABLE kernel.api_token ADD COLUMN bound_to text;"
        "CREATE INDEX api_token_bound ON kernel.api_token (tenant_id, bound_to) WHERE bound_to IS NOT NULL"
    )


def downgrade() -> None:
    ddl.run("DELETE FROM kernel.api_token WHERE bound_to IS NOT NULL")  # unbound, they would open more
    ddl.run("ALTER TABLE kernel.api_token DROP COLUMN bound_to")
