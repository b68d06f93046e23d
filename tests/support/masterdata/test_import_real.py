"""Imports of files that nobody on this team wrote."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.conftest import Brand
from tests.support.masterdata.real_files import as_csv
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata import facade
from wuma.support.masterdata.divisions import fetched_folder, load_divisions
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.load import ImportOrder, take_in
from wuma.support.masterdata.importing.report import ImportReport
from wuma.support.masterdata.models import PackagingRow, PartnerRow
from wuma_gs1.keys import Gtin, check_digit

NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def divisions(runtime: Runtime) -> None:
    if fetched_folder() is None:
        pytest.skip("the divisions of China are not fetched (scripts/build-web)")
    with runtime.database.transaction(PLATFORM) as session:
        load_divisions(session, now=NOW)


def take(session: Session, brand: Brand, kind: str, content: bytes) -> ImportReport:
    order = ImportOrder(tenant_id=brand.id, kind=ImportKind(kind))
    return take_in(session, io.BytesIO(content), order, now=NOW, renew_scope=lambda: None)


def a_store(number: int, _row: Mapping[str, Any]) -> str:
    return "门店"


def its_number(number: int, _row: Mapping[str, Any]) -> str:
    return f"S{number:05}"


STORE = {"编码": its_number, "类型": a_store}


def test_infant_formula_with_wrong_check_digits_is_refused_with_the_right_ones(
    db: Session, brand: Brand, shared: Path
) -> None:
    content = as_csv(shared / "products" / "uhtt_infant_formula.parquet")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    wrong = [(n, row["gtin"]) for n, row in enumerate(rows, 2) if row["check_ok"] == "False"]

    report = take(db, brand, "products", content)

    assert len(wrong) == 2
    assert [(e.row, e.column, e.expected, e.got) for e in report.errors] == [
        (n, "gtin", f"check digit {check_digit(gtin[:-1])} at the end of a GTIN", gtin) for n, gtin in wrong
    ]
    assert report.ignored_columns == ["id", "category_id", "brand_id", "check_ok"]


def test_infant_formula_without_them_goes_in_and_is_found_by_gtin(
    db: Session, brand: Brand, shared: Path
) -> None:
    path = shared / "products" / "uhtt_infant_formula.parquet"
    content = as_csv(path, only=lambda row: row["check_ok"])  # none of them begins with 69, as those of tests
    rows = list(csv.DictReader(io.StringIO(content.decode())))

    report = take(db, brand, "products", content)

    assert (report.created_count, report.error_count) == (1636, 0)
    for row in rows[::100]:
        product = facade.product_by_gtin(db, Gtin.parse(row["gtin"]).value)
        assert product is not None
        assert (product.name_en, product.brand_en) == (row["name"].strip(), row["brand"].strip())


@pytest.mark.slow
def test_all_gtins_of_gs1_china_go_in_and_again_change_nothing(
    db: Session, platform_db: Session, brand: Brand, shared: Path
) -> None:
    # Other tests register GTINs too, some of them real ones.
    taken = set(platform_db.scalars(select(PackagingRow.gtin)))
    path = shared / "products" / "uhtt_cn_prefix_690_699.parquet"
    content = as_csv(path, only=lambda row: row["gtin"].zfill(14) not in taken, encoding="gb18030")
    row_count = content.count(b"\n") - 1

    first = take(db, brand, "products", content)
    second = take(db, brand, "products", content)

    assert row_count > 113_000
    assert (first.row_count, first.created_count, first.encoding) == (row_count, row_count, "GB18030")
    assert second.unchanged_count == row_count


@pytest.mark.parametrize(
    ("file", "name_column", "expected_count", "faults"),
    [
        ("braun_dealers_cn", "dealername", 376, {}),
        ("shenyang_grocery_stores_2018", "name", 247, {}),
        # Singapore is not in China, and 區 is not 区.
        ("heytea_stores_2020", "name", 484, {"新加坡": 3, "香港特别行政區": 3}),
        # Ningxia is not in Gansu; there are a city and a county of the name 伊宁.
        ("caterpillar_dealers_cn", "name", 244, {"甘肃省 / 宁夏": 4, "新疆 / 伊宁": 1}),
    ],
)
def test_stores_with_oddly_named_columns_go_in_or_say_what_is_odd_about_them(
    db: Session,
    brand: Brand,
    shared: Path,
    file: str,
    name_column: str,
    expected_count: int,
    faults: dict[str, int],
) -> None:
    path = shared / "stores_cn" / f"{file}.parquet"

    report = take(db, brand, "partners", as_csv(path, also=STORE))

    assert report.row_count == expected_count
    assert report.columns[name_column] == "name"
    assert (report.columns["lng"], report.columns["lat"]) == ("longitude", "latitude")
    assert Counter(error.got for error in report.errors) == faults
    assert report.created_count == (0 if faults else expected_count)


def test_a_coffee_chain_goes_in_but_for_what_no_one_could_place(
    db: Session, brand: Brand, shared: Path
) -> None:
    path = shared / "stores_cn" / "starbucks_greater_china_2017.parquet"

    report = take(db, brand, "partners", as_csv(path, also={"类型": a_store}))
    odd = {error.row for error in report.errors}
    numbers = iter(range(2, 10_000))
    good = as_csv(path, also={"类型": a_store}, only=lambda _row: next(numbers) not in odd)
    mended = take(db, brand, "partners", good)

    assert report.columns["Store Number"] == "code"
    in_provinces = [error.got for error in report.errors if error.got[:2].isdigit() and error.got < "9"]
    assert sorted(set(in_provinces)) == ["11 / 廊坊市", "31 / 宁波市", "32 / Changshu", "33 / jin hua"]
    assert Counter(error.column for error in report.errors) == {"State/Province": 574, "Street Address": 2}
    assert (mended.error_count, mended.created_count) == (0, 3128 - len(odd))
    in_shanghai = select(func.count()).where(
        PartnerRow.tenant_id == brand.id, PartnerRow.region_code.startswith("31")
    )
    assert (db.scalar(in_shanghai) or 0) > 400  # more than in any other city of the world then


def test_coordinates_swapped_in_places_are_told_by_row(db: Session, brand: Brand, shared: Path) -> None:
    path = shared / "stores_cn" / "braun_dealers_cn.parquet"
    rows = list(csv.DictReader(io.StringIO(as_csv(path, also=STORE).decode())))
    swapped = range(10, 30)
    for n in swapped:
        rows[n]["lng"], rows[n]["lat"] = rows[n]["lat"], rows[n]["lng"]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows(rows)

    report = take(db, brand, "partners", text.getvalue().encode())

    assert [(error.row, error.column) for error in report.errors] == [(n + 2, "lat") for n in swapped]
    assert {error.expected for error in report.errors} == {
        "a latitude; longitude and latitude seem to be swapped"
    }


def test_the_territories_of_four_real_distributors_cover_each_province_once(
    db: Session, brand: Brand, shared: Path
) -> None:
    path = shared / "stores_cn" / "caterpillar_distributor_territories_cn.parquet"
    provinces: dict[str, list[str]] = {}
    for row in csv.DictReader(io.StringIO(as_csv(path).decode())):
        provinces.setdefault(row["distributor"], []).append(row["province"])
    content = "编码,类型,名称,授权区域\n" + "".join(
        f"D{n},经销商,{name},{'；'.join(territory)}\n"
        for n, (name, territory) in enumerate(provinces.items())
    )

    report = take(db, brand, "partners", content.encode())

    assert (report.created_count, report.error_count) == (4, 0)
    dealers = facade.find_dealers_of_region(db, brand.id, "440305")
    assert [dealer.name for dealer in dealers] == [
        name for name, territory in provinces.items() if "广东省" in territory
    ]
