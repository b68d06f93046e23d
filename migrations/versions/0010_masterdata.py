"""Master data: regions, products and their packaging, sites, lines, partners."""

from wuma.kernel import ddl

revision = "0010"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ddl.create_schema("masterdata")
    ddl.run(REGIONS)
    ddl.run(PRODUCTS)
    ddl.run(SITES)
    ddl.run(PARTNERS)
    ddl.grant("masterdata.region", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("masterdata.product", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("masterdata.packaging")
    ddl.tenant_table("masterdata.site", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("masterdata.line", "SELECT, INSERT, UPDATE")
    ddl.tenant_table("masterdata.partner", "SELECT, INSERT, UPDATE")
    ddl.run(TEMPORARY_TABLES)


def downgrade() -> None:
    ddl.run(NO_TEMPORARY_TABLES)
    ddl.drop_schema("masterdata")


# The code of a division begins with the code of every division it lies in. Retired divisions stay: stores
# and scans of their time point at them.
REGIONS = """
CREATE TABLE masterdata.region (
    code        text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[0-9]{2}([0-9]{2}([0-9]{2}([0-9]{3})?)?)?$'),
    level       text NOT NULL CHECK (level IN ('province', 'city', 'county', 'street')),
    parent_code text COLLATE "C" REFERENCES masterdata.region,
    name        text NOT NULL,
    longitude   double precision,
    latitude    double precision,
    retired_at  timestamptz,
    CHECK ((level = 'province') = (parent_code IS NULL)),
    CHECK ((longitude IS NULL) = (latitude IS NULL))
);
CREATE INDEX region_parent ON masterdata.region (parent_code, code);
COMMENT ON TABLE masterdata.region IS 'Administrative divisions of China; they belong to no tenant';
"""

# The numbers of a product are NULL where nobody has said them. `version` is what a change must name;
# `changed_xid` is how processes that keep products in memory find what they have not seen yet.
#
# The primary key of packaging holds over all tenants and levels: a GTIN that is scanned leads to one product.
# There is no foreign key to product, which would be a third of the cost of importing a million of them: the
# program may not delete products, and an invariant watches over the rest.
PRODUCTS = """
CREATE TABLE masterdata.product (
    id                uuid PRIMARY KEY,
    tenant_id         bigint NOT NULL,
    name_zh           text NOT NULL DEFAULT '',
    name_en           text NOT NULL DEFAULT '',
    brand_zh          text NOT NULL DEFAULT '',
    brand_en          text NOT NULL DEFAULT '',
    category          text NOT NULL DEFAULT '',
    stage             smallint CHECK (stage BETWEEN 1 AND 4),
    age_from_months   smallint CHECK (age_from_months BETWEEN 0 AND 1200),
    net_weight_g      integer CHECK (net_weight_g > 0),
    shelf_life_days   integer CHECK (shelf_life_days BETWEEN 1 AND 36500),
    company_prefix    text CHECK (company_prefix ~ '^[0-9]{4,12}$'),
    extension         smallint CHECK (extension BETWEEN 0 AND 9),
    pallet_case_count integer CHECK (pallet_case_count BETWEEN 1 AND 1000000),
    version           integer NOT NULL DEFAULT 1,
    changed_xid       xid8 NOT NULL DEFAULT pg_current_xact_id(),
    created_at        timestamptz NOT NULL,
    changed_at        timestamptz NOT NULL,
    archived_at       timestamptz,
    CHECK (name_zh <> '' OR name_en <> ''),
    CHECK (num_nonnulls(company_prefix, extension, pallet_case_count) IN (0, 3))
);
CREATE INDEX product_tenant ON masterdata.product (tenant_id, id);
CREATE INDEX product_changed ON masterdata.product (changed_xid);
COMMENT ON COLUMN masterdata.product.company_prefix IS 'of its pallets'' SSCCs, as the extension digit is';

CREATE TABLE masterdata.packaging (
    gtin           text COLLATE "C" PRIMARY KEY CHECK (gtin ~ '^[0-9]{14}$'),
    tenant_id      bigint NOT NULL,
    product_id     uuid NOT NULL,
    level          text NOT NULL CHECK (level IN ('item', 'case')),
    contains_count integer NOT NULL CHECK (contains_count BETWEEN 1 AND 1000000),
    CHECK (level <> 'item' OR contains_count = 1)
);
CREATE INDEX packaging_product ON masterdata.packaging (product_id);
COMMENT ON COLUMN masterdata.packaging.contains_count IS 'how many items are in it';
"""

SITES = """
CREATE TABLE masterdata.site (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    gln         text NOT NULL CHECK (gln ~ '^[0-9]{13}$'),
    kind        text NOT NULL CHECK (kind IN ('factory', 'warehouse')),
    name        text NOT NULL,
    region_code text COLLATE "C" REFERENCES masterdata.region,
    address     text NOT NULL DEFAULT '',
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    archived_at timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, gln)
);

CREATE TABLE masterdata.line (
    id            uuid PRIMARY KEY,
    tenant_id     bigint NOT NULL,
    site_id       uuid NOT NULL,
    code          text NOT NULL,
    name          text NOT NULL,
    gln_extension text,
    version       integer NOT NULL DEFAULT 1,
    created_at    timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    archived_at   timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, site_id, code),
    UNIQUE (tenant_id, site_id, gln_extension),
    FOREIGN KEY (tenant_id, site_id) REFERENCES masterdata.site (tenant_id, id)
);
"""

# Coordinates are kept as they were given, with what was said about them: GCJ-02 is 100 to 700 m off.
PARTNERS = """
CREATE TABLE masterdata.partner (
    id          uuid PRIMARY KEY,
    tenant_id   bigint NOT NULL,
    code        text COLLATE "C" NOT NULL,
    kind        text NOT NULL CHECK (kind IN ('dealer', 'store')),
    name        text NOT NULL,
    gln         text CHECK (gln ~ '^[0-9]{13}$'),
    parent_id   uuid,
    region_code text COLLATE "C" REFERENCES masterdata.region,
    address     text NOT NULL DEFAULT '',
    longitude   double precision CHECK (longitude BETWEEN -180 AND 180),
    latitude    double precision CHECK (latitude BETWEEN -90 AND 90),
    datum       text CHECK (datum IN ('WGS-84', 'GCJ-02')),
    territory   text[] NOT NULL DEFAULT '{}',
    version     integer NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    archived_at timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, code),
    UNIQUE (tenant_id, gln),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES masterdata.partner (tenant_id, id),
    CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CHECK (kind = 'store' OR parent_id IS NULL),
    CHECK (kind = 'dealer' OR territory = '{}')
);
CREATE INDEX partner_parent ON masterdata.partner (tenant_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX partner_region ON masterdata.partner (tenant_id, region_code);
CREATE INDEX partner_territory ON masterdata.partner USING gin (territory) WHERE territory <> '{}';
COMMENT ON COLUMN masterdata.partner.datum IS 'what was said about the coordinates; NULL: nothing';
"""

# An import is compared with what is there as a table, and that table belongs to the import's transaction.
# COPY does not work on tables with row-level security, and a table shared by all imports would have none.
TEMPORARY_TABLES = f"""
DO $$ BEGIN
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {ddl.PROGRAM}', current_database());
END $$;
"""
NO_TEMPORARY_TABLES = f"""
DO $$ BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM {ddl.PROGRAM}', current_database());
END $$;
"""
