"""What no constraint holds is watched: a GTIN without its product, a product without its GTIN."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.kernel.invariants import check
from wuma.support.masterdata.invariants import INVARIANTS

BY_NAME = {invariant.name: invariant for invariant in INVARIANTS}

ORPHAN = (
    "INSERT INTO masterdata.packaging (gtin, tenant_id, product_id, level, contains_count)"
    " VALUES ('06945678000016', :tenant_id, :id, 'item', 1)"
)
NAMELESS = (
    "INSERT INTO masterdata.product (id, tenant_id, name_zh, created_at, changed_at)"
    " VALUES (:id, :tenant_id, '没有条码', now(), now())"
)
STORE_OF_STORE = (
    "WITH store AS (INSERT INTO masterdata.partner"
    " (id, tenant_id, code, kind, name, parent_id, created_at, changed_at)"
    " VALUES (:id, :tenant_id, 'S1', 'store', '自己的门店', :id, now(), now()) RETURNING 1)"
    " SELECT * FROM store"
)


@pytest.mark.parametrize(
    ("name", "breach"),
    [
        ("masterdata.packaging_has_product", ORPHAN),
        ("masterdata.product_has_one_item", NAMELESS),
        ("masterdata.stores_have_dealers", STORE_OF_STORE),
    ],
)
def test_a_breach_is_found(db: Session, brand: Brand, name: str, breach: str) -> None:
    before = check(db, [BY_NAME[name]])[0].violation_count

    db.execute(text(breach), {"tenant_id": brand.id, "id": uuid4()})

    assert check(db, [BY_NAME[name]])[0].violation_count == before + 1
