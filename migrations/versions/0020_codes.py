"""Codes: orders as ranges of units, the life of units as runs, batches, print files."""

from wuma.kernel import ddl

revision = "0020"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("codes")
    ddl.run(COUNTERS)
    ddl.run(ORDERS)
    ddl.run(LIFE)
    ddl.run(PRINT_FILES)
    ddl.grant("codes.epoch_counter", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("codes.sscc_counter", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("codes.code_order", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("codes.batch", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("codes.run")
    ddl.tenant_table("codes.transition", "SELECT, INSERT")
    ddl.tenant_table("codes.print_file", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    ddl.drop_schema("codes")


COUNTERS = """
CREATE TABLE codes.epoch_counter (
    epoch      smallint PRIMARY KEY,
    next_index bigint NOT NULL CHECK (next_index BETWEEN 0 AND 34359738368)
);
COMMENT ON TABLE codes.epoch_counter IS 'The next free index of each epoch; an order takes a range of it';

CREATE TABLE codes.sscc_counter (
    company_prefix text PRIMARY KEY CHECK (company_prefix ~ '^[0-9]{7,10}$'),
    tenant_id      bigint NOT NULL,
    next_position  bigint NOT NULL
);
COMMENT ON TABLE codes.sscc_counter IS 'SSCCs issued under a company prefix, which is one tenant''s';
"""

ORDERS = """
CREATE TABLE codes.code_order (
    id             bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    tenant_id      bigint NOT NULL,
    product_id     uuid NOT NULL,
    level          text NOT NULL CHECK (level IN ('item', 'case', 'pallet')),
    gtin           text CHECK (gtin ~ '^[0-9]{14}$'),
    first_unit     bigint NOT NULL,
    last_unit      bigint NOT NULL CHECK (last_unit >= first_unit AND last_unit - first_unit < 200000000),
    has_hidden     boolean NOT NULL,
    company_prefix text,
    first_position bigint,
    note           text NOT NULL DEFAULT '',
    ordered_at     timestamptz NOT NULL,
    ordered_by     text NOT NULL,
    revoked_at     timestamptz,
    revoked_reason text,
    changed_xid    xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((level = 'pallet') = (gtin IS NULL)),
    CHECK ((level = 'pallet') = (company_prefix IS NOT NULL AND first_position IS NOT NULL)),
    CHECK (first_unit >> 38 = last_unit >> 38),
    EXCLUDE USING gist (int8range(first_unit, last_unit, '[]') WITH &&)
);
CREATE INDEX code_order_tenant ON codes.code_order (tenant_id, id);
CREATE UNIQUE INDEX code_order_units ON codes.code_order (first_unit);
CREATE INDEX code_order_changed ON codes.code_order (changed_xid);
CREATE INDEX code_order_sscc ON codes.code_order (tenant_id, company_prefix, first_position)
    WHERE level = 'pallet';
"""

LIFE = """
CREATE TABLE codes.batch (
    id           uuid PRIMARY KEY,
    tenant_id    bigint NOT NULL,
    product_id   uuid NOT NULL,
    gtin         text NOT NULL,
    number       text NOT NULL CHECK (length(number) BETWEEN 1 AND 20),
    produced_on  date NOT NULL,
    expires_on   date NOT NULL CHECK (expires_on > produced_on),
    line_id      uuid,
    created_at   timestamptz NOT NULL,
    recalled_at  timestamptz,
    recall_notice text,
    UNIQUE (tenant_id, product_id, number)
);

CREATE TABLE codes.run (
    tenant_id  bigint NOT NULL,
    order_id   bigint NOT NULL REFERENCES codes.code_order,
    first_unit bigint NOT NULL,
    last_unit  bigint NOT NULL CHECK (last_unit >= first_unit),
    state      text NOT NULL CHECK (state IN
        ('allocated', 'encoded', 'commissioned', 'sampled', 'scrapped', 'destroyed', 'void')),
    batch_id   uuid REFERENCES codes.batch,
    PRIMARY KEY (first_unit),
    EXCLUDE USING gist (int8range(first_unit, last_unit, '[]') WITH &&)
);
CREATE INDEX run_order ON codes.run (order_id, first_unit);
CREATE INDEX run_batch ON codes.run (batch_id) WHERE batch_id IS NOT NULL;
COMMENT ON TABLE codes.run IS 'The present state of all units, as few and as long ranges as possible';

CREATE TABLE codes.transition (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    order_id    bigint NOT NULL REFERENCES codes.code_order,
    first_unit  bigint NOT NULL,
    last_unit   bigint NOT NULL,
    state       text NOT NULL,
    batch_id    uuid REFERENCES codes.batch,
    at          timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text NOT NULL,
    reason      text NOT NULL DEFAULT ''
);
CREATE INDEX transition_units ON codes.transition USING gist (int8range(first_unit, last_unit, '[]'));
CREATE INDEX transition_order ON codes.transition (order_id, id);
"""

PRINT_FILES = """
CREATE TABLE codes.print_file (
    id                   uuid PRIMARY KEY,
    tenant_id            bigint NOT NULL,
    order_id             bigint NOT NULL REFERENCES codes.code_order,
    kind                 text NOT NULL CHECK (kind IN ('rows', 'sheets')),
    part                 integer NOT NULL,
    part_count           integer NOT NULL,
    first_unit           bigint NOT NULL,
    last_unit            bigint NOT NULL CHECK (last_unit >= first_unit),
    layout               jsonb NOT NULL,
    recipient_name       text NOT NULL,
    recipient_public_key text NOT NULL,
    recipient_account    uuid,
    reprint_reason       text,
    state                text NOT NULL
        CHECK (state IN ('queued', 'making', 'ready', 'released', 'purged', 'expired', 'failed')),
    attempt              uuid,
    made_count           bigint NOT NULL DEFAULT 0,
    progress_at          timestamptz NOT NULL,
    failure              text,
    size_bytes           bigint,
    sha256               bytea,
    ordered_at           timestamptz NOT NULL,
    ordered_by           text NOT NULL,
    ready_at             timestamptz,
    released_at          timestamptz,
    released_to          text,
    ticket_hash          bytea,
    ticket_until         timestamptz,
    receipt              jsonb,
    CHECK (part BETWEEN 1 AND part_count),
    CHECK ((state = 'failed') = (failure IS NOT NULL)),
    CHECK (state NOT IN ('ready', 'released', 'purged', 'expired')
        OR (sha256 IS NOT NULL AND made_count = last_unit - first_unit + 1)),
    CHECK ((state IN ('released', 'purged'))
        = (released_at IS NOT NULL AND released_to IS NOT NULL AND receipt IS NOT NULL)),
    -- Two first printings of one code are how clones are born. A second printing says why.
    CONSTRAINT printed_once EXCLUDE USING gist (int8range(first_unit, last_unit, '[]') WITH &&)
        WHERE (reprint_reason IS NULL AND state NOT IN ('failed', 'expired'))
);
CREATE INDEX print_file_tenant ON codes.print_file (tenant_id, id);
CREATE INDEX print_file_order ON codes.print_file (order_id, id);
CREATE INDEX print_file_recipient ON codes.print_file (recipient_account, id)
    WHERE recipient_account IS NOT NULL;
CREATE INDEX print_file_units ON codes.print_file USING gist (int8range(first_unit, last_unit, '[]'));
"""
