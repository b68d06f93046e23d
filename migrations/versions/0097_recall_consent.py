"""A contact that somebody left may be used to warn them of a recall, if they say so."""

from wuma.kernel import ddl

revision = "0097"
down_revision = "0096"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(
        "ALTER TABLE authenticity.report ADD COLUMN may_warn boolean NOT NULL DEFAULT false;"
        "CREATE INDEX report_unit ON authenticity.report (unit) WHERE unit IS NOT NULL"
    )


def downgrade() -> None:
    ddl.run("DROP INDEX authenticity.report_unit; ALTER TABLE authenticity.report DROP COLUMN may_warn")
