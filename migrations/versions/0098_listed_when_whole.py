"""What a document names is listed once the whole document is seen: it waits with its hidden events."""

from wuma.kernel import ddl

revision = "0098"
down_revision = "0084"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A document that is under way has listed what it has stored so far, and has nothing waiting.
    ddl.run(
        "ALTER TABLE trace.unfinished ADD COLUMN listed jsonb NOT NULL DEFAULT '{}';"
        "COMMENT ON COLUMN trace.unfinished.listed IS"
        " 'What will be listed among the things, places and words seen, once the document is whole'"
    )


def downgrade() -> None:
    ddl.run("ALTER TABLE trace.unfinished DROP COLUMN listed")
