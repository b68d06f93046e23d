"""What must always be true of master data."""

from __future__ import annotations

from typing import Final

from wuma.kernel.invariants import Invariant

INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        "masterdata.packaging_has_product",
        "Every GTIN belongs to a product of the same tenant.",
        "SELECT k.gtin FROM masterdata.packaging k LEFT JOIN masterdata.product p"
        " ON p.id = k.product_id AND p.tenant_id = k.tenant_id WHERE p.id IS NULL",
    ),
    Invariant(
        "masterdata.product_has_one_item",
        "Every product has exactly one GTIN in force as an item.",
        "SELECT p.id FROM masterdata.product p LEFT JOIN masterdata.packaging k"
        " ON k.product_id = p.id AND k.level = 'item' AND k.former_since IS NULL"
        " GROUP BY p.id HAVING count(k.gtin) <> 1",
    ),
    Invariant(
        "masterdata.former_gtins_are_replaced_within_the_product",
        "What replaces a former GTIN is one of the same product, at the same level.",
        "SELECT k.gtin FROM masterdata.packaging k LEFT JOIN masterdata.packaging r ON r.gtin = k.replaced_by"
        " AND r.product_id = k.product_id AND r.level = k.level"
        " WHERE (k.replaced_by IS NOT NULL OR (k.level = 'item' AND k.former_since IS NOT NULL))"
        " AND r.gtin IS NULL",
    ),
    Invariant(
        "masterdata.stores_have_dealers",
        "The parent of a store is a dealer.",
        "SELECT s.id FROM masterdata.partner s JOIN masterdata.partner d ON d.id = s.parent_id"
        " WHERE d.kind <> 'dealer'",
    ),
)
