"""Master data that documents bring: vocabularies, their elements, and what is in what."""

from wuma.kernel import ddl

revision = "0084"
down_revision = "0078"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.run(VOCABULARIES)
    ddl.tenant_table("trace.vocabulary_element", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.run("DROP TABLE trace.vocabulary_element")


VOCABULARIES = """
CREATE TABLE trace.vocabulary_element (
    tenant_id  bigint NOT NULL,
    vocabulary text COLLATE "C" NOT NULL,
    name       text COLLATE "C" NOT NULL,
    uri        text NOT NULL,
    attributes jsonb NOT NULL,
    children   text[] NOT NULL,
    inside     text[] NOT NULL,
    told_at    timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, vocabulary, name)
);
CREATE INDEX vocabulary_element_name ON trace.vocabulary_element (tenant_id, name);
COMMENT ON TABLE trace.vocabulary_element IS 'Master data of EPCIS documents; told anew, replaced';
COMMENT ON COLUMN trace.vocabulary_element.name IS 'The one spelling of the uri, by which events are found';
COMMENT ON COLUMN trace.vocabulary_element.inside IS 'The children, in the same spelling';
"""
