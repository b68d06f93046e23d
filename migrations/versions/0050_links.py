"""Links: where a GS1 key leads, who may say so, and which addresses may be named."""

from wuma.kernel import ddl

revision = "0050"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("links")
    ddl.run(LINKS)
    ddl.tenant_table("links.key", "SELECT, INSERT")
    ddl.tenant_table("links.edition", "SELECT, INSERT")
    ddl.grant("links.edition", "UPDATE (withdrawn_at)")
    ddl.tenant_table("links.host", "SELECT, INSERT, DELETE")
    ddl.tenant_table("links.alias", "SELECT, INSERT, DELETE")


def downgrade() -> None:
    ddl.drop_schema("links")


# An anchor is the path of a canonical Digital Link, "/01/06901234567892/10/L7"; its key is the first two
# segments. What leads from an anchor is never changed: the next edition takes its place, at once or at a
# time to come. A resolver reads the latest one in effect for each level of a request, all in one statement.
LINKS = """
CREATE TABLE links.key (
    key        text COLLATE "C" PRIMARY KEY CHECK (key ~ '^/[0-9]{2,4}/[^/]+$'),
    tenant_id  bigint NOT NULL,
    claimed_at timestamptz NOT NULL
);
CREATE INDEX key_tenant ON links.key (tenant_id, key);
COMMENT ON TABLE links.key IS 'whose a key is: nobody else may say where it leads';

CREATE TABLE links.edition (
    anchor       text COLLATE "C" NOT NULL CHECK (anchor ~ '^/[0-9]{2,4}/[^/]+(/[0-9]{2,4}/[^/]+)*$'),
    number       integer NOT NULL CHECK (number >= 1),
    tenant_id    bigint NOT NULL,
    key          text COLLATE "C" NOT NULL REFERENCES links.key,
    effective_at timestamptz NOT NULL,
    description  text NOT NULL DEFAULT '',
    links        jsonb NOT NULL,
    reason       text NOT NULL DEFAULT '',
    actor        text NOT NULL,
    written_at   timestamptz NOT NULL,
    withdrawn_at timestamptz CHECK (withdrawn_at < effective_at),
    PRIMARY KEY (anchor, number)
);
CREATE INDEX edition_effective ON links.edition (anchor, effective_at DESC, number DESC)
    WHERE withdrawn_at IS NULL;
CREATE INDEX edition_tenant ON links.edition (tenant_id, anchor);
COMMENT ON COLUMN links.edition.withdrawn_at IS 'taken back before it came into effect';

CREATE TABLE links.host (
    tenant_id bigint NOT NULL,
    host      text NOT NULL CHECK (host = lower(host)),
    added_by  text NOT NULL,
    added_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, host)
);
COMMENT ON TABLE links.host IS 'where links of a tenant may lead; a resolver must not lead just anywhere';

CREATE TABLE links.alias (
    prefix    text COLLATE "C" PRIMARY KEY CHECK (prefix ~ '^/[^?#]+$'),
    tenant_id bigint NOT NULL,
    scheme    text NOT NULL CHECK (scheme IN ('ecode', 'handle')),
    key       text COLLATE "C" NOT NULL,
    qualifier text NOT NULL CHECK (qualifier ~ '^[0-9]{2,4}$'),
    added_by  text NOT NULL,
    added_at  timestamptz NOT NULL
);
COMMENT ON TABLE links.alias IS 'numbers of other systems for the same items: prefix + serial';
"""
