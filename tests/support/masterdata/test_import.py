"""Imports take in files as people have them: all of a file, or nothing and the reasons why."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.conftest import Brand, SignedInClient
from wuma.kernel.db import Database
from wuma.kernel.errors import NotFound
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata import facade
from wuma.support.masterdata.divisions import load_divisions
from wuma.support.masterdata.importing.header import normalised, titles_of
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.load import (
    ImportOrder,
    ImportUnderWay,
    import_file,
    take_in,
)
from wuma.support.masterdata.importing.report import FAULTS_LISTED_MAX, ImportFault, ImportReport
from wuma.support.masterdata.models import LineRow, PackagingRow, PartnerRow, ProductRow, SiteRow
from wuma.support.masterdata.products import set_product_archived
from wuma_gs1.keys import Gln, Gtin

NOW = datetime(2025, 6, 1, tzinfo=UTC)
GLN = Gln.build("6912345", "1").value
OTHER_GLN = Gln.build("6912345", "2").value

_numbers = count(1)


def new_gtin(indicator: int = 0) -> str:
    """Return a GTIN that no other test has."""
    return Gtin.build("6912345", f"{next(_numbers):05}", indicator=indicator).value


@pytest.fixture(scope="module", autouse=True)
def divisions(runtime: Runtime) -> None:
    with runtime.database.transaction(PLATFORM) as session:
        load_divisions(session, now=NOW)


def take(session: Session, brand: Brand, kind: str, content: bytes | str, **said: Any) -> ImportReport:
    data = content.encode() if isinstance(content, str) else content
    order = ImportOrder(tenant_id=brand.id, kind=ImportKind(kind), **said)
    return take_in(session, io.BytesIO(data), order, now=NOW, renew_scope=lambda: None)


def as_csv(*rows: Sequence[object], encoding: str = "utf-8") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def told(report: ImportReport) -> list[tuple[int | None, str | None, str, str]]:
    return [(error.row, error.column, error.expected, error.got) for error in report.errors]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.errors == []
    return report.row_count, report.created_count, report.updated_count, report.unchanged_count


def kept(session: Session, brand: Brand, table: Any) -> int:
    query = select(func.count()).select_from(table).where(table.tenant_id == brand.id)
    return session.scalar(query) or 0


class TestProducts:
    def test_chinese_titles_units_and_stages_are_understood(self, db: Session, brand: Brand) -> None:
        gtin, case_gtin = new_gtin(), new_gtin(indicator=1)
        content = as_csv(
            [
                *("＊商品条码（GTIN）", "品名", "品牌", "段位", "适用月龄", "净含量(g)", "保质期(天)"),
                *("箱码", "箱规", "厂商识别代码", "每托箱数", "备注"),
            ],
            [
                *(gtin.removeprefix("0"), "金装奶粉", "金装", "３段", "12个月", "0.9kg", "730天"),
                *(case_gtin, "6罐", "6912345", "40", "随便"),
            ],
        )

        report = take(db, brand, "products", content)

        assert counts(report) == (1, 1, 0, 0)
        assert (report.encoding, report.ignored_columns) == ("UTF-8", ["备注"])
        assert report.columns["段位"] == "stage"
        product = facade.product_by_gtin(db, gtin)
        assert product is not None
        assert (product.name_zh, product.brand_zh, product.stage) == ("金装奶粉", "金装", 3)
        assert (product.age_from_months, product.net_weight_g, product.shelf_life_days) == (12, 900, 730)
        assert product.cases == (facade.Case(case_gtin, 6),)
        assert product.pallet == facade.Pallet("6912345", 0, 40)
        assert facade.product_by_gtin(db, case_gtin) == product

    def test_the_same_file_again_changes_nothing(self, db: Session, brand: Brand) -> None:
        content = as_csv(
            ["GTIN", "name", "stage", "case GTIN", "case size", "company prefix", "pallet size"],
            *[
                [new_gtin(), f"Formula {n}", n % 4 + 1, new_gtin(indicator=1), 6, "6912345", 40]
                for n in range(20)
            ],
        )

        first = take(db, brand, "products", content)
        second = take(db, brand, "products", content)

        assert counts(first) == (20, 20, 0, 0)
        assert counts(second) == (20, 0, 0, 20)

    def test_a_row_updates_what_its_file_speaks_of_and_nothing_else(self, db: Session, brand: Brand) -> None:
        gtins = [new_gtin() for _ in range(3)]
        take(
            db,
            brand,
            "products",
            as_csv(["GTIN", "品名", "段位", "净含量"], *[[gtin, "旧名", 1, 400] for gtin in gtins]),
        )
        before = facade.product_by_gtin(db, gtins[0])

        report = take(
            db,
            brand,
            "products",
            as_csv(
                ["GTIN", "品名", "净含量"],
                [gtins[0], "新名", 400],
                [gtins[1], "旧名", ""],
                [gtins[2], "旧名", 400],
            ),
        )

        assert counts(report) == (3, 0, 2, 1)
        products = [facade.product_by_gtin(db, gtin) for gtin in gtins]
        assert [(p.name_zh, p.stage, p.net_weight_g, p.version) for p in products if p] == [
            ("新名", 1, 400, 2),
            ("旧名", 1, None, 2),
            ("旧名", 1, 400, 1),
        ]
        assert before is not None
        assert before.id == (products[0] and products[0].id)

    def test_cases_are_added_and_their_counts_mended(self, db: Session, brand: Brand) -> None:
        gtin, six, twelve = new_gtin(), new_gtin(indicator=1), new_gtin(indicator=2)
        titles = ["GTIN", "品名", "箱码", "箱规"]
        take(db, brand, "products", as_csv(titles, [gtin, "奶粉", six, 5]))

        mended = take(db, brand, "products", as_csv(titles, [gtin, "奶粉", six, 6]))
        added = take(db, brand, "products", as_csv(titles, [gtin, "奶粉", twelve, 12]))
        silent = take(db, brand, "products", as_csv(titles, [gtin, "奶粉", "", ""]))

        assert [counts(report)[2] for report in (mended, added, silent)] == [1, 1, 0]
        product = facade.product_by_gtin(db, gtin)
        assert product is not None
        assert product.cases == (facade.Case(six, 6), facade.Case(twelve, 12))

    def test_every_fault_is_told_with_its_row_and_column(self, db: Session, brand: Brand) -> None:
        gtin = new_gtin()
        wrong = gtin[:-1] + str((int(gtin[-1]) + 1) % 10)
        content = as_csv(
            ["商品条码", "品名", "段位", "净含量"],
            [gtin, "好的", "1", "900"],
            [wrong, "坏的", "5段", "900"],
            [],
            ["6.91235E+12", "坏的", "", "一斤"],
            ["=6912345000014", "坏的", "", ""],
            ["12345678901", "坏的", "", ""],
            ["", "坏的", "", ""],
            [new_gtin(), "坏\x00的", "", ""],
            [new_gtin(), "坏的"],
        )

        report = take(db, brand, "products", content)

        digits = "8, 12, 13 or 14"
        assert told(report) == [
            (3, "商品条码", f"check digit {gtin[-1]} at the end of a GTIN", wrong),
            (3, "段位", "a stage of 1, 2, 3 or 4 (段), or nothing", "5段"),
            (
                5,
                "商品条码",
                f"all {digits} digits of a GTIN: Excel has shortened it, format the column as text",
                "6.91235E+12",
            ),
            (5, "净含量", "a whole number of grams", "一斤"),
            (6, "商品条码", "a value that does not begin with = + - or @, as formulas do", "=6912345000014"),
            (
                7,
                "商品条码",
                f"a GTIN of {digits} digits, not 11: were zeros at the beginning lost?",
                "12345678901",
            ),
            (8, "商品条码", "a value", ""),
            (9, "品名", "text without control characters (there is U+0000)", "坏\\x00的"),
            (10, None, "4 cells, as in the header", "2 cells"),
        ]
        assert (report.error_count, report.row_count, report.applied) == (9, 8, False)
        assert kept(db, brand, ProductRow) == 0

    def test_what_is_in_the_file_twice_is_told(self, db: Session, brand: Brand) -> None:
        first, second, case_gtin = new_gtin(), new_gtin(), new_gtin(indicator=1)
        content = as_csv(
            ["GTIN", "品名", "箱码", "箱规"],
            [first, "一", case_gtin, 6],
            [second, "二", case_gtin, 6],
            [first.removeprefix("0"), "三", "", ""],
            [new_gtin(), "四", second, 6],
        )

        report = take(db, brand, "products", content)

        assert told(report) == [
            (2, "箱码", "a GTIN of its own; the same is in row 3", case_gtin),
            (3, "箱码", "a GTIN of its own; the same is in row 2", case_gtin),
            (4, "GTIN", "each only once; the same is in row 2", first),
            (5, "箱码", "a GTIN of its own; the same is in row 3", second),
        ]

    def test_a_gtin_of_another_tenant_is_taken_and_nothing_more_is_said(
        self, database: Database, brand: Brand, other_brand: Brand
    ) -> None:
        theirs, their_case, ours = new_gtin(), new_gtin(indicator=1), new_gtin()
        titles = ["GTIN", "品名", "箱码", "箱规"]
        with database.transaction(other_brand.scope) as session:
            take(session, other_brand, "products", as_csv(titles, [theirs, "他们的秘密", their_case, 6]))

        with database.transaction(brand.scope) as session:
            report = take(
                session,
                brand,
                "products",
                as_csv(titles, [ours, "我们的", their_case, 6], [theirs, "我们的", "", ""]),
            )

        assert told(report) == [
            (2, "箱码", "a GTIN that is not taken", their_case),
            (3, "GTIN", "a GTIN that is not taken", theirs),
        ]
        with database.transaction(brand.scope) as session:
            assert kept(session, brand, ProductRow) == kept(session, brand, PackagingRow) == 0

    def test_what_does_not_fit_what_is_kept_is_told(self, db: Session, brand: Brand) -> None:
        archived, item, other, case_gtin = new_gtin(), new_gtin(), new_gtin(), new_gtin(indicator=1)
        titles = ["GTIN", "品名", "箱码", "箱规"]
        rows = [archived, "停产", "", ""], [item, "在产", case_gtin, 6], [other, "在产", "", ""]
        take(db, brand, "products", as_csv(titles, *rows))
        product = facade.product_by_gtin(db, archived)
        assert product is not None
        set_product_archived(db, brand.id, product.id, archived=True, now=NOW)

        report = take(
            db,
            brand,
            "products",
            as_csv(
                titles,
                [archived, "复产", "", ""],
                [case_gtin, "箱不是罐", "", ""],
                [new_gtin(), "抢箱码", case_gtin, 6],
                [item, "", "", ""],
                [new_gtin(), "半箱", new_gtin(indicator=1), ""],
            ),
        )
        references = take(
            db,
            brand,
            "products",
            as_csv(
                titles,
                [archived, "复产", "", ""],
                [case_gtin, "箱不是罐", "", ""],
                [new_gtin(), "抢箱码", other, 6],
                [item, "", "", ""],
            ),
        )

        assert [(row, column) for row, column, _, _ in told(report)] == [(4, "箱码"), (6, "箱规")]
        assert told(references) == [
            (2, "GTIN", "one that is in use; this one is archived, restore it first", archived),
            (3, "GTIN", "the GTIN of an item; here it is that of a case", case_gtin),
            (4, "箱码", "a GTIN that nothing else here has", other),
            (5, "品名", "a name, in Chinese or in English", ""),
        ]

    def test_a_dry_run_says_what_would_come_and_keeps_nothing(self, db: Session, brand: Brand) -> None:
        content = as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"])

        report = take(db, brand, "products", content, dry_run=True)

        assert counts(report) == (1, 1, 0, 0)
        assert not report.applied
        assert kept(db, brand, ProductRow) == 0
        assert counts(take(db, brand, "products", content)) == (1, 1, 0, 0)

    def test_only_the_first_thousand_faults_are_listed_and_all_are_counted(
        self, db: Session, brand: Brand
    ) -> None:
        rows = [[f"{n}", "奶粉"] for n in range(1500)]

        report = take(db, brand, "products", as_csv(["GTIN", "品名"], [new_gtin(), "好"], *rows))

        assert (len(report.errors), report.error_count) == (FAULTS_LISTED_MAX, 1500)
        assert [error.row for error in report.errors[:2]] == [3, 4]

    def test_changes_are_told_in_facts_of_a_bounded_size(self, db: Session, brand: Brand) -> None:
        gtins = [new_gtin() for _ in range(2500)]

        take(db, brand, "products", as_csv(["GTIN", "品名"], *[[gtin, "奶粉"] for gtin in gtins]))

        bodies = db.scalars(
            text("SELECT body FROM kernel.fact WHERE tenant_id = :t ORDER BY position"), {"t": brand.id}
        ).all()
        named = [product_id for body in bodies for product_id in body["product_ids"]]
        assert [len(body["product_ids"]) for body in bodies] == [1000, 1000, 500]
        assert set(named) == {
            str(found) for found in db.scalars(select(ProductRow.id).where(ProductRow.tenant_id == brand.id))
        }


class TestColumns:
    def test_columns_whose_values_are_in_each_other_are_named(self, db: Session, brand: Brand) -> None:
        rows = [["奶粉", new_gtin()] for _ in range(5)]

        report = take(db, brand, "products", as_csv(["商品条码", "品名"], *rows))

        assert told(report) == [
            (1, "商品条码", "商品条码 (GTIN); the values seem to be in the column '品名'", "奶粉")
        ]
        assert report.row_count == 0

    def test_a_missing_column_is_looked_for_in_the_others(self, db: Session, brand: Brand) -> None:
        rows = [[new_gtin(), "奶粉"] for _ in range(5)]

        report = take(db, brand, "products", as_csv(["货号", "品名"], *rows))

        assert told(report) == [
            (
                1,
                None,
                "a column 商品条码 (GTIN); its values seem to be in the column '货号'",
                "货号, 品名",
            )
        ]

    def test_two_columns_of_one_title_are_refused(self, db: Session, brand: Brand) -> None:
        report = take(db, brand, "products", as_csv(["GTIN", "品名", "条码"], ["1", "2", "3"]))

        assert told(report) == [(1, None, "one column 商品条码 (GTIN)", "GTIN and 条码")]

    def test_a_title_above_the_header_and_blank_rows_do_not_matter(self, db: Session, brand: Brand) -> None:
        content = as_csv(
            ["2025 年产品目录", "", ""],
            [],
            ["商品条码", "品名", ""],
            [new_gtin(), "奶粉", ""],
            ["", "", ""],
            ["1", "坏", ""],
        )

        report = take(db, brand, "products", content)

        assert [(error.row, error.column) for error in report.errors] == [(6, "商品条码")]

    def test_rows_after_many_blank_ones_are_rows(self, db: Session, brand: Brand) -> None:
        content = as_csv(["商品条码", "品名"], *[["", ""]] * 500, [new_gtin(), "奶粉"])

        assert counts(take(db, brand, "products", content)) == (1, 1, 0, 0)

    @pytest.mark.parametrize(
        ("content", "expected", "got"),
        [
            (b"", "a header row and rows below it", "an empty file"),
            (b"\n\n", "a header row with some of", "none"),
            ("商品条码,品名\n".encode(), "rows below the header", "none"),
            ("商品条码,品名\n,\n\n".encode(), "rows below the header", "none"),
            ("姓名,电话\n张三,1\n".encode(), "a header row with some of", "姓名, 电话"),
            (b"%PDF-1.7", "a CSV, XLSX or JSON file", "a PDF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1", "a CSV, XLSX or JSON file", "an old workbook (.xls)"),
            (b"<html><table>", "a CSV, XLSX or JSON file", "a web page or XML"),
            (b"\x1f\x8b\x08", "a CSV, XLSX or JSON file", "a packed file (gzip)"),
            (b"a,b\n\x81\xff", "text in UTF-8, GB18030 or UTF-16", "byte 0x81 near 4 in UTF-8"),
        ],
    )
    def test_what_is_no_table_is_told_as_what_it_is(
        self, db: Session, brand: Brand, content: bytes, expected: str, got: str
    ) -> None:
        report = take(db, brand, "products", content)

        (error,) = report.errors
        assert error.expected.startswith(expected)
        assert error.got.startswith(got)

    @pytest.mark.parametrize("kind", ImportKind)
    def test_every_title_leads_to_one_column_only(self, kind: ImportKind) -> None:
        titles = [title for titles in titles_of(kind).values() for title in titles]

        names = [
            name for title in titles for name in {normalised(n) for n in (title.zh, title.en, *title.also)}
        ]

        assert len(names) > 10
        assert sorted(names) == sorted(set(names))


class TestText:
    @pytest.mark.parametrize(
        ("encoding", "name"),
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8 with a byte order mark"),
            ("gb18030", "GB18030"),
            ("gbk", "GB18030"),
            ("utf-16", "UTF-16 (little endian)"),
            ("utf-16-le", "UTF-16 (little endian)"),
            ("utf-16-be", "UTF-16 (big endian)"),
        ],
    )
    def test_encodings_are_recognised_and_reported(
        self, db: Session, brand: Brand, encoding: str, name: str
    ) -> None:
        gtin = new_gtin()

        report = take(
            db,
            brand,
            "products",
            as_csv(
                ["商品条码", "品名"], [gtin, "龘𠮷奶粉" if encoding != "gbk" else "奶粉"], encoding=encoding
            ),
        )

        assert counts(report) == (1, 1, 0, 0)
        assert report.encoding == name
        product = facade.product_by_gtin(db, gtin)
        assert product is not None
        assert product.name_zh.endswith("奶粉")

    def test_a_file_that_is_chinese_only_at_its_end_is_read_right(self, db: Session, brand: Brand) -> None:
        rows = [[new_gtin(), "A" * 100] for _ in range(2000)]
        last = new_gtin()

        report = take(
            db, brand, "products", as_csv(["GTIN", "name"], *rows, [last, "奶粉"], encoding="gb18030")
        )

        assert report.encoding == "GB18030"
        product = facade.product_by_gtin(db, last)
        assert product is not None
        assert product.name_en == "奶粉"

    @pytest.mark.parametrize("separator", [",", ";", "\t", "|", "，"])
    def test_any_usual_separator_is_found(self, db: Session, brand: Brand, separator: str) -> None:
        content = f"商品条码{separator}品名\n{new_gtin()}{separator}奶粉\n"

        report = take(db, brand, "products", content)

        assert counts(report) == (1, 1, 0, 0)

    def test_the_line_that_tells_excel_the_separator_is_not_a_row(self, db: Session, brand: Brand) -> None:
        report = take(db, brand, "products", "sep=;\r\n商品条码;品名\r\n1;奶粉\r\n")

        assert [error.row for error in report.errors] == [2]

    def test_a_cell_with_line_breaks_is_one_row(self, db: Session, brand: Brand) -> None:
        gtin = new_gtin()

        report = take(db, brand, "products", f'GTIN,品名\r\n{gtin},"奶粉\r\n900 克"\r\n1,坏\r\n')

        assert [error.row for error in report.errors] == [3]

    @pytest.mark.parametrize(
        ("content", "row"),
        [
            ('GTIN,品名\n1,"好"坏\n2,c\n', 2),
            ('GTIN,品名\n1,a\n2,"没有结束\n3,c\n', 3),
            ("GTIN,品名\n1,a\n2," + "长" * 200_000 + "\n", 3),
        ],
    )
    def test_broken_quotes_and_endless_cells_end_the_reading_where_they_are(
        self, db: Session, brand: Brand, content: str, row: int
    ) -> None:
        report = take(db, brand, "products", content)

        assert any(
            error.row == row and error.expected.startswith("cells of at most") for error in report.errors
        )

    def test_a_file_without_line_ends_is_not_held_in_memory(self, db: Session, brand: Brand) -> None:
        report = take(db, brand, "products", b"x" * 3_000_000)

        assert told(report) == [(None, None, "lines of at most 1048576 characters", "a longer one")]

    @pytest.mark.parametrize("content", [b"\x00" * 5000, b"GTIN,name\n\x00\x00,\x00\n", b'"', b",,,,\n" * 20])
    def test_rubbish_is_refused_and_never_a_bug(self, db: Session, brand: Brand, content: bytes) -> None:
        report = take(db, brand, "products", content)

        assert report.error_count > 0


class TestSites:
    def test_sites_and_then_lines(self, db: Session, brand: Brand) -> None:
        sites = as_csv(
            ["GLN", "名称", "类型", "省", "市", "地址"],
            [GLN, "光明工厂", "工厂", "广东省", "深圳市", "光明区 1 号"],
            [OTHER_GLN, "北京仓", "仓库", "北京", "北京市", ""],
        )
        lines = as_csv(
            ["工厂GLN", "产线编码", "产线名称", "GLN扩展码"],
            [GLN, "L1", "罐装一线", "L1"],
            [GLN, "L2", "罐装二线", ""],
            [OTHER_GLN, "L1", "分拣线", "L1"],
        )

        reports = [take(db, brand, "sites", sites), take(db, brand, "lines", lines)]
        again = [take(db, brand, "sites", sites), take(db, brand, "lines", lines)]

        assert [counts(report) for report in reports] == [(2, 2, 0, 0), (3, 3, 0, 0)]
        assert [counts(report) for report in again] == [(2, 0, 0, 2), (3, 0, 0, 3)]
        regions = db.execute(select(SiteRow.name, SiteRow.region_code).order_by(SiteRow.gln)).all()
        assert regions == [("光明工厂", "4403"), ("北京仓", "11")]
        assert kept(db, brand, LineRow) == 3

    def test_what_sites_and_lines_get_wrong_is_told(self, db: Session, brand: Brand) -> None:
        take(
            db,
            brand,
            "sites",
            as_csv(["GLN", "名称", "类型"], [GLN, "工厂", "factory"]),
        )

        sites = take(
            db,
            brand,
            "sites",
            as_csv(
                ["GLN", "名称", "类型", "地区"],
                [OTHER_GLN, "厂", "车间", "亚特兰蒂斯"],
                [GLN, "", "仓库", ""],
            ),
        )
        lines = take(
            db,
            brand,
            "lines",
            as_csv(
                ["工厂GLN", "编码", "名称", "扩展码"],
                [OTHER_GLN, "L1", "线", ""],
                [GLN, "L1", "线", "一号"],
                [GLN, "L2", "线", "A"],
                [GLN, "L2", "线", "B"],
            ),
        )

        assert [(row, column) for row, column, _, _ in told(sites)] == [(2, "类型"), (2, "地区"), (3, "名称")]
        assert [(row, column) for row, column, _, _ in told(lines)] == [(3, "扩展码"), (5, "编码")]


class TestPartners:
    TITLES = ("编码", "类型", "名称", "上级经销商", "城市", "经度", "纬度", "坐标系", "授权区域")

    def test_stores_find_their_dealers_in_the_same_file(self, db: Session, brand: Brand) -> None:
        content = as_csv(
            self.TITLES,
            ["S1", "门店", "母婴店", "D1", "深圳", "114.06", "22.54", "高德", ""],
            ["D1", "经销商", "华南商贸", "", "广州市", "", "", "", "广东省；海南/海口，4501"],
        )

        report = take(db, brand, "partners", content)
        again = take(db, brand, "partners", content)

        assert counts(report) == (2, 2, 0, 0)
        assert counts(again) == (2, 0, 0, 2)
        store, dealer = (facade.partner_by_code(db, brand.id, code) for code in ("S1", "D1"))
        assert store is not None
        assert dealer is not None
        assert (store.parent_id, store.region_code, store.datum) == (dealer.id, "4403", facade.Datum.GCJ02)
        assert dealer.territory == ("44", "4501", "4601")
        assert [found.code for found in facade.find_dealers_of_region(db, brand.id, "440305")] == ["D1"]
        assert facade.find_dealers_of_region(db, brand.id, "11") == []

    def test_what_partners_get_wrong_is_told(self, db: Session, brand: Brand) -> None:
        content = as_csv(
            self.TITLES,
            ["D1", "经销商", "甲", "D2", "", "", "", "", ""],
            ["S1", "门店", "乙", "", "", "114.06", "", "", "广东"],
            ["S2", "门店", "丙", "", "", "22.54", "114.06", "", ""],
            ["S3", "门店", "丁", "", "", "10", "95", "", ""],
            ["S4", "门店", "戊", "", "", "116.4", "39.9", "百度", ""],
            ["-S5", "门店", "己", "", "没有市", "1e5", "39.9", "", ""],
            *[[f"S{n}", "门店", "庚", "", "", "116.4", "39.9", "", ""] for n in range(10, 20)],
        )

        report = take(db, brand, "partners", content)

        swapped = "a latitude; longitude and latitude seem to be swapped"
        assert told(report) == [
            (2, "上级经销商", "nothing, for a dealer", "D2"),
            (3, "授权区域", "nothing, for a store", "44"),
            (3, "经度", "longitude and latitude, or neither", "114.06"),
            (4, "纬度", swapped, "longitude 22.54, latitude 114.06"),
            (5, "纬度", swapped, "longitude 10, latitude 95"),
            (6, "坐标系", "WGS-84 or GCJ-02; convert BD-09 (百度) first", "百度"),
            (7, "编码", "a value that does not begin with = + - or @, as formulas do", "-S5"),
            (7, "城市", "a division of China, by name or code", "没有市"),
            (7, "经度", "a longitude in decimal degrees, like 114.0579", "1e5"),
        ]

    def test_coordinates_that_are_swapped_in_the_whole_file_are_told_once(
        self, db: Session, brand: Brand
    ) -> None:
        rows = [[f"S{n}", "门店", "店", "", "", "22.5", "114.1", "", ""] for n in range(50)]

        report = take(db, brand, "partners", as_csv(self.TITLES, *rows))

        assert [(error.column, error.expected) for error in report.errors] == [
            ("经度", "经度 (longitude); the values seem to be in the column '纬度'"),
            ("纬度", "纬度 (latitude); the values seem to be in the column '经度'"),
        ]

    def test_references_to_what_is_kept_are_checked(self, db: Session, brand: Brand) -> None:
        take(db, brand, "partners", as_csv(["编码", "类型", "名称", "GLN"], ["P1", "门店", "店", GLN]))

        report = take(
            db,
            brand,
            "partners",
            as_csv(
                ["编码", "类型", "名称", "GLN", "上级经销商"],
                ["P1", "经销商", "变成经销商", GLN, ""],
                ["P2", "门店", "店", "", "P1"],
                ["P3", "门店", "店", "", "没有"],
                ["P4", "门店", "店", GLN, ""],
            ),
        )

        # P1 and P4 have one GLN in the file already.
        assert told(report) == [(5, "GLN", "each only once; the same is in row 2", GLN)]
        report = take(
            db,
            brand,
            "partners",
            as_csv(
                ["编码", "类型", "名称", "GLN", "上级经销商"],
                ["P1", "经销商", "变成经销商", "", ""],
                ["P2", "门店", "店", "", "P1"],
                ["P3", "门店", "店", "", "没有"],
                ["P4", "门店", "店", GLN, ""],
            ),
        )
        assert told(report) == [
            (2, "类型", "store, as it is kept; a partner stays what it is", "dealer"),
            (3, "上级经销商", "the code of a dealer, in this file or kept already", "P1"),
            (4, "上级经销商", "the code of a dealer, in this file or kept already", "没有"),
            (5, "GLN", "a GLN that no other partner has", GLN),
        ]
        assert kept(db, brand, PartnerRow) == 1


class TestJson:
    def test_an_array_and_lines_say_the_same(self, db: Session, brand: Brand) -> None:
        rows = [
            {"gtin": int(new_gtin()), "name_zh": '奶粉 "{[', "stage": 2},
            {"gtin": new_gtin(), "name_zh": "奶粉", "net_weight_g": 900.0, "extra": {"deep": [1]}},
        ]
        array = json.dumps(rows, ensure_ascii=False, indent=2)
        lines = "\n".join(json.dumps(row) for row in rows)

        first = take(db, brand, "products", array)
        second = take(db, brand, "products", lines)

        assert counts(first) == (2, 2, 0, 0)
        assert counts(second) == (2, 0, 0, 2)
        assert (first.format, first.ignored_columns) == ("JSON", ["extra"])

    def test_lists_are_lists(self, db: Session, brand: Brand) -> None:
        rows = [{"code": "D1", "kind": "dealer", "name": "甲", "territory": ["44", "海南省"], "gln": None}]

        take(db, brand, "partners", json.dumps(rows))

        dealer = facade.partner_by_code(db, brand.id, "D1")
        assert dealer is not None
        assert dealer.territory == ("44", "46")

    def test_faults_are_told_by_the_number_of_the_object(self, db: Session, brand: Brand) -> None:
        rows = [
            {"gtin": new_gtin(), "name": "good"},
            {"gtin": {"value": 1}, "name": "bad"},
            {"name": "bad"},
            {"gtin": True, "name": ["a", ["b"]]},
        ]

        report = take(db, brand, "products", json.dumps(rows))

        assert [(row, column) for row, column, _, _ in told(report)] == [
            (2, "gtin"),
            (3, "gtin"),
            (4, "gtin"),
        ]

    @pytest.mark.parametrize(
        ("content", "row", "expected"),
        [
            ('[{"gtin": 1}', 2, "the ] that closes the array"),
            ('{"gtin": "1', 1, "a complete object"),
            ('[{"gtin": 1} {"gtin": 2}', 3, "the ] that closes the array"),
            ("[1, 2]", 1, "an array of objects, or one object a line"),
            ('{"gtin": 1}\n]', 2, "an array of objects, or one object a line"),
            ('[{"gtin": 1}] {"gtin": 2}', 2, "an array of objects, or one object a line"),
            ('[{"gtin": 01}]', 1, "a JSON object"),
            ('[{"gtin": "\\ud800"}]', 1, "a JSON object"),
            ('{"gtin": ' + "[" * 5000 + "]" * 5000 + "}", 1, "objects nested at most 8 deep"),
            ('{"gtin": "' + "x" * 1_600_000 + '"}', 1, "objects of at most 1048576 characters"),
            ("[]", None, "a header row"),
            ("[", 1, "the ] that closes the array"),
        ],
    )
    def test_broken_json_is_told_where_it_breaks(
        self, db: Session, brand: Brand, content: str, row: int | None, expected: str
    ) -> None:
        report = take(db, brand, "products", content)

        error = report.errors[0]
        assert error.row == row
        assert error.expected.startswith(expected)

    def test_a_number_beyond_all_sizes_is_a_fault_of_its_cell(self, db: Session, brand: Brand) -> None:
        content = '[{"gtin": %s, "name": 1e308}, {"gtin": 1e309, "name": "x"}]' % ("9" * 6000)

        report = take(db, brand, "products", content)

        assert report.error_count > 0


class TestTogether:
    def test_of_two_imports_at_once_one_makes_and_the_other_waits_outside(
        self, database: Database, brand: Brand
    ) -> None:
        content = as_csv(["GTIN", "品名"], *[[new_gtin(), "奶粉"] for _ in range(300)])

        def run(_number: int) -> tuple[int, int] | str:
            try:
                with database.transaction(brand.scope) as session:
                    report = take(session, brand, "products", content)
                    return report.created_count, report.unchanged_count
            except ImportUnderWay:
                return "under way"

        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(run, range(8)))

        assert results.count((300, 0)) == 1
        assert set(results) <= {(300, 0), (0, 300), "under way"}
        with database.transaction(brand.scope) as session:
            assert kept(session, brand, ProductRow) == 300

    def test_two_tenants_who_import_the_same_gtins_do_not_lock_each_other_out(
        self, database: Database, brand: Brand, other_brand: Brand
    ) -> None:
        gtins = [new_gtin() for _ in range(200)]

        def run(who: Brand) -> int:
            rows = gtins if who is brand else gtins[::-1]
            with database.transaction(who.scope) as session:
                content = as_csv(["GTIN", "品名"], *[[gtin, "奶粉"] for gtin in rows])
                return take(session, who, "products", content).created_count

        with ThreadPoolExecutor(2) as pool:
            created = sorted(pool.map(run, [brand, other_brand]))

        assert created == [0, 200]

    def test_two_files_in_one_transaction(self, db: Session, brand: Brand) -> None:
        for _ in range(2):
            content = as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"])
            assert counts(take(db, brand, "products", content)) == (1, 1, 0, 0)
        assert take(db, brand, "products", as_csv(["GTIN", "品名"], ["1", "坏"])).error_count == 1
        assert counts(take(db, brand, "products", as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"])))[1] == 1


class TestCommandLine:
    def test_a_file_of_this_machine_goes_to_a_tenant(
        self, database: Database, brand: Brand, tmp_path: Path
    ) -> None:
        path = tmp_path / "产品.csv"
        path.write_bytes(as_csv(["GTIN", "品名"], *[[new_gtin(), "奶粉"] for _ in range(20_000)]))
        seen: list[int] = []

        report = import_file(
            database, path, ImportKind.PRODUCTS, tenant_slug=brand.slug, now=NOW, progress=seen.append
        )

        assert counts(report) == (20_000, 20_000, 0, 0)
        assert seen == [10_000, 20_000]
        with database.transaction(brand.scope) as session:
            assert kept(session, brand, ProductRow) == 20_000

    def test_errors_and_dry_runs_leave_nothing(
        self, database: Database, brand: Brand, tmp_path: Path
    ) -> None:
        path = tmp_path / "products.csv"
        path.write_bytes(as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"], ["1", "坏"]))
        dry_path = tmp_path / "dry.csv"
        dry_path.write_bytes(as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"]))

        refused = import_file(database, path, ImportKind.PRODUCTS, tenant_slug=brand.slug, now=NOW)
        dry = import_file(
            database, dry_path, ImportKind.PRODUCTS, tenant_slug=brand.slug, dry_run=True, now=NOW
        )

        assert (refused.error_count, dry.created_count) == (1, 1)
        with database.transaction(brand.scope) as session:
            assert kept(session, brand, ProductRow) == 0

    def test_an_unknown_tenant_is_named(self, database: Database, tmp_path: Path) -> None:
        with pytest.raises(NotFound, match="nobody"):
            import_file(database, tmp_path / "x", ImportKind.SITES, tenant_slug="nobody", now=NOW)


class TestHttp:
    def test_a_file_is_taken_in_and_reported(self, admin: SignedInClient) -> None:
        content = as_csv(["商品条码", "品名", "备注"], [new_gtin(), "奶粉", "x"], encoding="gb18030")

        answer = admin.post("/imports?kind=products&filename=产品.csv", content=content)

        assert answer.status_code == 200, answer.text
        report = answer.json()
        assert (report["created_count"], report["encoding"], report["ignored_columns"]) == (
            1,
            "GB18030",
            ["备注"],
        )
        assert len(admin.get("/products").json()["items"]) == 1

    def test_errors_come_as_a_problem_with_the_report(self, admin: SignedInClient) -> None:
        answer = admin.post(
            "/imports?kind=products",
            content=as_csv(["GTIN", "品名"], [new_gtin(), "好"], ["1", "坏"]),
            headers={"content-type": "text/csv"},
        )

        problem = answer.json()
        assert answer.status_code == 422
        assert problem["type"] == "urn:wuma:problem:import-refused"
        assert problem["errors"] == [asdict(ImportFault(3, "GTIN", "a GTIN of 8, 12, 13 or 14 digits", "1"))]
        assert admin.get("/products").json()["items"] == []

    def test_a_dry_run_keeps_nothing(self, admin: SignedInClient) -> None:
        content = as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"])

        answer = admin.post("/imports?kind=products&dry_run=true", content=content)

        assert (answer.status_code, answer.json()["created_count"]) == (200, 1)
        assert admin.get("/products").json()["items"] == []

    def test_an_idempotency_key_does_not_hold_the_file_in_memory(self, admin: SignedInClient) -> None:
        content = as_csv(["GTIN", "品名"], [new_gtin(), "奶粉"])
        key = {"idempotency-key": f"import-{next(_numbers)}"}

        first = admin.post("/imports?kind=products", content=content, headers=key).json()
        second = admin.post("/imports?kind=products", content=content, headers=key).json()

        assert (first["created_count"], second["unchanged_count"]) == (1, 1)

    def test_imports_do_not_take_all_connections(
        self, admin: SignedInClient, runtime: Runtime, brand: Brand
    ) -> None:
        content = as_csv(["GTIN", "品名"], *[[new_gtin(), "奶粉"] for _ in range(2000)])

        with ThreadPoolExecutor(8) as pool:
            answers = list(
                pool.map(lambda _: admin.post("/imports?kind=products", content=content), range(8))
            )

        statuses = {answer.status_code for answer in answers}
        assert 200 in statuses
        assert statuses <= {200, 409, 429}
        with runtime.database.transaction(brand.scope) as session:
            assert kept(session, brand, ProductRow) == 2000

    @pytest.mark.parametrize("query", ["", "?kind=cats", "?kind=products&dry_run=maybe"])
    def test_what_to_import_must_be_said(self, admin: SignedInClient, query: str) -> None:
        assert admin.post(f"/imports{query}", content=b"x").status_code == 422

    def test_an_empty_body_is_an_empty_file(self, admin: SignedInClient) -> None:
        problem = admin.post("/imports?kind=products").json()

        assert problem["errors"][0]["got"] == "an empty file"
