"""The job queue: procrastinate's own tables, in a schema of their own.

The comment on the schema names the release they are from; moving to another release is a migration that
applies the library's migration files between the two.
"""

from importlib.metadata import version

from procrastinate.schema import SchemaManager

from wuma.kernel import ddl

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("jobs")
    ddl.run("SET LOCAL search_path = jobs")
    ddl.run(SchemaManager.get_schema())
    ddl.run("SET LOCAL search_path = DEFAULT")
    ddl.run(PIN_SEARCH_PATH)
    ddl.run(f"COMMENT ON SCHEMA jobs IS 'procrastinate {version('procrastinate')}'")
    for kind in ("TABLES", "SEQUENCES", "FUNCTIONS"):
        ddl.run(f"GRANT ALL ON ALL {kind} IN SCHEMA jobs TO {ddl.PROGRAM}")


def downgrade() -> None:
    ddl.drop_schema("jobs")


# The library expects its tables on the search path; ours, in a business transaction, does not hold them.
PIN_SEARCH_PATH = """
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = jobs, pg_temp', name);
    END LOOP;
END $$;
"""
