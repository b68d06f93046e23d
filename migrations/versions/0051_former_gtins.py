"""A GTIN that a product no longer has stays the product's: what was printed with it stays alive."""

from wuma.kernel import ddl

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(FORMER)


def downgrade() -> None:
    ddl.run(FORGOTTEN)


# `replaced_by` is always the GTIN in force, however often it was corrected in between; a case that is no
# longer made has none.
FORMER = """
ALTER TABLE masterdata.packaging
    ADD COLUMN former_since timestamptz,
    ADD COLUMN replaced_by text COLLATE "C" CHECK (replaced_by ~ '^[0-9]{14}$' AND replaced_by <> gtin),
    ADD COLUMN reason text NOT NULL DEFAULT '',
    ADD CHECK (former_since IS NOT NULL OR (replaced_by IS NULL AND reason = ''));
CREATE UNIQUE INDEX packaging_item ON masterdata.packaging (product_id)
    WHERE level = 'item' AND former_since IS NULL;
COMMENT ON COLUMN masterdata.packaging.former_since IS 'since when it is no longer given to anything';
COMMENT ON COLUMN masterdata.packaging.replaced_by IS 'the GTIN in force instead';
"""

# Rows are not visible to the owner unless it says so: the policy holds for it, too.
FORGOTTEN = """
ALTER TABLE masterdata.packaging NO FORCE ROW LEVEL SECURITY;
DELETE FROM masterdata.packaging WHERE former_since IS NOT NULL;
ALTER TABLE masterdata.packaging FORCE ROW LEVEL SECURITY;
DROP INDEX masterdata.packaging_item;
ALTER TABLE masterdata.packaging DROP COLUMN former_since, DROP COLUMN replaced_by, DROP COLUMN reason;
"""
