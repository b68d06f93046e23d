"""The products in memory are those in the database, whoever commits when."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.kernel.db import Database
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata.directory import ProductDirectory
from wuma.support.masterdata.products import (
    Case,
    Product,
    ProductDraft,
    change_product,
    create_product,
    set_product_archived,
)
from wuma_gs1.keys import Gtin

NOW = datetime(2025, 6, 1, tzinfo=UTC)

_numbers = count(1)


def new_gtin(indicator: int = 0) -> str:
    return Gtin.build("6934567", f"{next(_numbers):05}", indicator=indicator).value


def make(session: Session, brand: Brand, **said: Any) -> Product:
    draft = ProductDraft(**{"gtin": new_gtin(), "name_zh": "奶粉", **said})
    return create_product(session, brand.id, draft, now=NOW)


def refresh(directory: ProductDirectory, database: Database) -> int:
    with database.transaction(PLATFORM) as session:
        return directory.refresh(session)


def test_every_gtin_leads_to_its_product_and_owner(
    database: Database, brand: Brand, other_brand: Brand
) -> None:
    case_gtin = new_gtin(indicator=1)
    with database.transaction(brand.scope) as session:
        ours = make(session, brand, stage=2, cases=(Case(case_gtin, 6),))
    with database.transaction(other_brand.scope) as session:
        theirs = make(session, other_brand)
    directory = ProductDirectory()

    refresh(directory, database)

    item, case = directory.by_gtin(ours.gtin), directory.by_gtin(case_gtin)
    assert item is not None
    assert case is not None
    assert (item.product_id, item.level, item.stage, item.is_archived) == (ours.id, "item", 2, False)
    assert (case.product_id, case.level, case.contains_count) == (ours.id, "case", 6)
    assert directory.owner_of(theirs.gtin) == other_brand.id
    assert directory.by_gtin(new_gtin()) is None
    assert directory.owner_of(new_gtin()) is None


def test_only_what_has_changed_is_read_again(database: Database, brand: Brand) -> None:
    with database.transaction(brand.scope) as session:
        first, second = make(session, brand), make(session, brand)
    directory = ProductDirectory()
    refresh(directory, database)

    unchanged = refresh(directory, database)
    with database.transaction(brand.scope) as session:
        draft = ProductDraft(gtin=first.gtin, name_zh="新名", cases=(Case(new_gtin(indicator=1), 12),))
        changed = change_product(session, brand.id, first.id, draft, version=1, now=NOW)
        set_product_archived(session, brand.id, second.id, archived=True, now=NOW)
    changed_count = refresh(directory, database)

    assert unchanged == 0
    assert changed_count == 2
    assert [directory.by_gtin(first.gtin), directory.by_gtin(second.gtin)] != [None, None]
    assert (directory.by_gtin(first.gtin) or first).name_zh == "新名"
    assert directory.by_gtin(changed.cases[0].gtin) is not None
    archived = directory.by_gtin(second.gtin)
    assert archived is not None  # its cans are still in kitchens
    assert archived.is_archived


def test_a_case_that_is_no_longer_made_is_still_known(database: Database, brand: Brand) -> None:
    case_gtin = new_gtin(indicator=1)
    with database.transaction(brand.scope) as session:
        product = make(session, brand, cases=(Case(case_gtin, 6),))
    directory = ProductDirectory()
    refresh(directory, database)
    with database.transaction(brand.scope) as session:
        draft = ProductDraft(gtin=product.gtin, name_zh="奶粉")
        change_product(session, brand.id, product.id, draft, version=1, now=NOW)

    refresh(directory, database)

    former = directory.by_gtin(case_gtin)
    assert former is not None  # what was printed with its GTIN is in warehouses
    assert (former.product_id, former.replaced_by) == (product.id, None)


def test_a_change_that_commits_after_a_later_one_is_not_missed(database: Database, brand: Brand) -> None:
    directory = ProductDirectory()
    refresh(directory, database)
    with database.session(brand.scope) as slow:
        early = make(slow, brand)
        with database.transaction(brand.scope) as session:
            late = make(session, brand)

        refresh(directory, database)
        seen_before = (directory.by_gtin(early.gtin), directory.by_gtin(late.gtin))
        slow.commit()

    refresh(directory, database)

    assert seen_before[0] is None
    assert seen_before[1] is not None
    assert directory.by_gtin(early.gtin) is not None


def test_a_long_transaction_elsewhere_does_not_have_everything_read_again(
    database: Database, brand: Brand, other_brand: Brand
) -> None:
    directory = ProductDirectory()
    with database.session(other_brand.scope) as slow:
        make(slow, other_brand)
        with database.transaction(brand.scope) as session:
            for _ in range(5):
                make(session, brand)
        refresh(directory, database)

        again = refresh(directory, database)
        slow.rollback()

    assert again == 0
