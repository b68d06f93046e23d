"""Importing products, with the cases and the pallet they are packed in.

A row names the item by its GTIN and may add one case. Cases that a row does not mention stay.
"""

from __future__ import annotations

from typing import Final

from wuma.facts.masterdata import ProductsChanged
from wuma.support.masterdata.importing.cells import (
    read_company_prefix,
    read_gtin,
    read_stage,
    read_text,
    whole_number,
)
from wuma.support.masterdata.importing.header import Field, titles_of
from wuma.support.masterdata.importing.kind import Check, ImportKind, Kind, in_use, looks_like, once, values

_TITLES: Final = titles_of(ImportKind.PRODUCTS)
_GRAMS: Final = {"g": 1, "克": 1, "kg": 1000, "千克": 1000, "公斤": 1000}
_MONTHS: Final = {"月": 1, "个月": 1, "m": 1}
_DAYS: Final = {"天": 1, "日": 1, "d": 1, "days": 1}
_PIECES: Final = dict.fromkeys("个罐听盒袋箱件瓶", 1)

_FIELDS: Final = (
    Field("gtin", "text", _TITLES["gtin"], read_gtin, required=True, looks_right=looks_like(read_gtin)),
    Field("name_zh", "text", _TITLES["name_zh"], read_text),
    Field("name_en", "text", _TITLES["name_en"], read_text),
    Field("brand_zh", "text", _TITLES["brand_zh"], read_text),
    Field("brand_en", "text", _TITLES["brand_en"], read_text),
    Field("category", "text", _TITLES["category"], read_text),
    Field("stage", "smallint", _TITLES["stage"], read_stage),
    Field(
        "age_from_months",
        "smallint",
        _TITLES["age_from_months"],
        whole_number("months", 0, 1200, _MONTHS),
    ),
    Field(
        "net_weight_g",
        "integer",
        _TITLES["net_weight_g"],
        whole_number("grams", 1, 2_000_000_000, _GRAMS),
    ),
    Field(
        "shelf_life_days",
        "integer",
        _TITLES["shelf_life_days"],
        whole_number("days", 1, 36_500, _DAYS),
    ),
    Field("case_gtin", "text", _TITLES["case_gtin"], read_gtin),
    Field(
        "case_item_count",
        "integer",
        _TITLES["case_item_count"],
        whole_number("items in a case", 1, 1_000_000, _PIECES),
    ),
    Field("company_prefix", "text", _TITLES["company_prefix"], read_company_prefix),
    Field("extension", "smallint", _TITLES["extension"], whole_number("an extension digit", 0, 9)),
    Field(
        "pallet_case_count",
        "integer",
        _TITLES["pallet_case_count"],
        whole_number("cases on a pallet", 1, 1_000_000, _PIECES),
    ),
)

_CHECKS: Final = (
    once("gtin", "gtin"),
    Check(
        ("case_gtin",),
        """
        SELECT s.row_number,
               'a GTIN of its own; the same is in row '
               || CASE WHEN d.first = s.row_number THEN d.last ELSE d.first END,
               s.case_gtin
        FROM staged s
        JOIN (
            SELECT gtin, min(row_number) AS first, max(row_number) AS last
            FROM (
                SELECT row_number, gtin FROM staged
                UNION ALL SELECT row_number, case_gtin FROM staged WHERE case_gtin IS NOT NULL
            ) every
            GROUP BY gtin HAVING count(*) > 1
        ) d ON d.gtin = s.case_gtin
        """,
    ),
    Check(
        ("case_item_count", "case_gtin"),
        """
        SELECT s.row_number, 'a case with both its GTIN and its count',
               coalesce(s.case_gtin, s.case_item_count::text)
        FROM staged s
        WHERE (s.case_gtin IS NULL) <> (s.case_item_count IS NULL)
        """,
    ),
    Check(
        ("pallet_case_count", "company_prefix"),
        """
        SELECT s.row_number, 'a pallet with both its company prefix and its count',
               coalesce(s.company_prefix, s.pallet_case_count::text)
        FROM staged s
        WHERE (s.company_prefix IS NULL) <> (s.pallet_case_count IS NULL)
        """,
    ),
)

_REFERENCES: Final = (
    in_use("gtin"),
    Check(
        ("name_zh", "name_en"),
        """
        SELECT s.row_number, 'a name, in Chinese or in English', ''
        FROM staged s
        LEFT JOIN matched m ON m.row_number = s.row_number
        LEFT JOIN masterdata.product t ON t.id = m.id
        WHERE coalesce(s.name_zh, t.name_zh, '') = '' AND coalesce(s.name_en, t.name_en, '') = ''
        """,
    ),
    Check(
        ("gtin",),
        """
        SELECT s.row_number, 'the GTIN of an item; here it is that of a case', s.gtin
        FROM staged s
        JOIN masterdata.packaging k ON k.tenant_id = :tenant_id AND k.gtin = s.gtin
        WHERE k.level <> 'item'
        """,
    ),
    Check(
        ("gtin",),
        """
        SELECT s.row_number, 'the GTIN in force, ' || k.replaced_by || '; this one was corrected', s.gtin
        FROM staged s
        JOIN masterdata.packaging k ON k.tenant_id = :tenant_id AND k.gtin = s.gtin
        WHERE k.level = 'item' AND k.former_since IS NOT NULL
        """,
    ),
    Check(
        ("case_gtin",),
        """
        SELECT s.row_number, 'the GTIN in force, ' || k.replaced_by || '; this one was corrected', s.case_gtin
        FROM staged s
        JOIN masterdata.packaging k ON k.tenant_id = :tenant_id AND k.gtin = s.case_gtin
        WHERE k.level = 'case' AND k.replaced_by IS NOT NULL
        """,
    ),
    Check(
        ("case_gtin",),
        """
        SELECT s.row_number, 'a GTIN that nothing else here has', s.case_gtin
        FROM staged s
        JOIN masterdata.packaging k ON k.tenant_id = :tenant_id AND k.gtin = s.case_gtin
        LEFT JOIN matched m ON m.row_number = s.row_number
        WHERE k.level <> 'case' OR k.product_id IS DISTINCT FROM m.id
        """,
    ),
)

# Does this row tell something new about a case of the product t?
_ALSO_CHANGED: Final = """
    s.case_gtin IS NOT NULL AND NOT EXISTS (
        SELECT FROM masterdata.packaging c
        WHERE c.product_id = t.id AND c.gtin = s.case_gtin AND c.contains_count = s.case_item_count
        AND c.former_since IS NULL
    )
"""

# The GTIN of another tenant cannot be seen here, only met: so nothing is done on conflict, and afterwards
# what is not there was taken. GTINs go in by their order, so that the imports of two tenants wait for each
# other instead of locking each other out.
_PACKAGING: Final = (
    """
    INSERT INTO masterdata.packaging (gtin, tenant_id, product_id, level, contains_count)
    SELECT s.gtin, :tenant_id, s.id, 'item', 1
    FROM staged s LEFT JOIN matched m ON m.row_number = s.row_number
    WHERE m.row_number IS NULL
    ORDER BY s.gtin
    ON CONFLICT (gtin) DO NOTHING
    """,
    """
    UPDATE masterdata.packaging c SET contains_count = s.case_item_count, former_since = NULL
    FROM staged s JOIN matched m ON m.row_number = s.row_number
    WHERE m.is_changed AND c.product_id = m.id AND c.gtin = s.case_gtin
    AND (c.contains_count <> s.case_item_count OR c.former_since IS NOT NULL)
    """,
    """
    INSERT INTO masterdata.packaging (gtin, tenant_id, product_id, level, contains_count)
    SELECT s.case_gtin, :tenant_id, coalesce(m.id, s.id), 'case', s.case_item_count
    FROM staged s LEFT JOIN matched m ON m.row_number = s.row_number
    WHERE s.case_gtin IS NOT NULL AND m.is_changed IS NOT FALSE
    ORDER BY s.case_gtin
    ON CONFLICT (gtin) DO NOTHING
    """,
)

_KEPT: Final = (
    Check(
        ("gtin",),
        """
        SELECT s.row_number, 'a GTIN that is not taken', s.gtin
        FROM staged s
        WHERE NOT EXISTS (
            SELECT FROM masterdata.packaging k WHERE k.tenant_id = :tenant_id AND k.gtin = s.gtin
        )
        """,
    ),
    Check(
        ("case_gtin",),
        """
        SELECT s.row_number, 'a GTIN that is not taken', s.case_gtin
        FROM staged s
        WHERE s.case_gtin IS NOT NULL AND NOT EXISTS (
            SELECT FROM masterdata.packaging k WHERE k.tenant_id = :tenant_id AND k.gtin = s.case_gtin
        )
        """,
    ),
)

PRODUCTS: Final = Kind(
    fields=_FIELDS,
    needed=(("gtin",), ("name_zh", "name_en")),
    table="masterdata.product",
    match="""
        JOIN masterdata.packaging k
            ON k.tenant_id = :tenant_id AND k.level = 'item' AND k.gtin = s.gtin AND k.former_since IS NULL
        JOIN masterdata.product t ON t.id = k.product_id
    """,
    values={
        **values("name_zh", "name_en", "brand_zh", "brand_en", "category"),
        **values("stage", "age_from_months", "net_weight_g", "shelf_life_days"),
        # The three of a pallet are said together or not at all.
        "company_prefix": ("company_prefix", "s.company_prefix"),
        "pallet_case_count": ("company_prefix", "s.pallet_case_count"),
        "extension": ("company_prefix", "CASE WHEN s.company_prefix <> '' THEN coalesce(s.extension, 0) END"),
    },
    checks=_CHECKS,
    references=_REFERENCES,
    fact=lambda tenant_id, ids: ProductsChanged(tenant_id=tenant_id, product_ids=ids),
    also_changed=_ALSO_CHANGED,
    also_set=", changed_xid = pg_current_xact_id()",
    afterwards=_PACKAGING,
    kept=_KEPT,
)
