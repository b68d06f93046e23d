"""Workbooks: read as a person sees them, never evaluated, and weighed before they are opened."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import openpyxl
import pytest
from openpyxl.styles import Font
from sqlalchemy.orm import Session

from tests.conftest import Brand
from wuma.support.masterdata import facade
from wuma.support.masterdata.importing.detect import declared_format
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.load import ImportOrder, take_in
from wuma.support.masterdata.importing.report import ImportReport
from wuma_gs1.keys import Gtin

NOW = datetime(2025, 6, 1, tzinfo=UTC)

_numbers = count(1)


def new_gtin() -> str:
    return Gtin.build("6923456", f"{next(_numbers):05}").value


def take(session: Session, brand: Brand, content: bytes, filename: str | None = None) -> ImportReport:
    order = ImportOrder(tenant_id=brand.id, kind=ImportKind.PRODUCTS, declared=declared_format(filename))
    return take_in(session, io.BytesIO(content), order, now=NOW, renew_scope=lambda: None)


def as_xlsx(*rows: Sequence[Any], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if change is not None:
        change(workbook)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def replaced(content: bytes, **parts: bytes | Callable[[bytes], bytes]) -> bytes:
    """Return a workbook with some of its parts replaced; their names end with what is given."""
    result = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as package,
        zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in package.namelist():
            data = package.read(name)
            for end, new in parts.items():
                if name.endswith(f"{end}.xml"):
                    data = new if isinstance(new, bytes) else new(data)
            changed.writestr(name, data)
    return result.getvalue()


def test_numbers_texts_and_blanks_are_read_as_they_are_seen(db: Session, brand: Brand) -> None:
    one, two = new_gtin(), new_gtin()
    content = as_xlsx(
        ["2025 年目录"],
        [],
        ["商品条码", "品名", "段位", "净含量", "备注"],
        [int(one), "奶粉一", 1, 900.0, datetime(2025, 1, 1)],  # noqa: DTZ001 - as a cell holds it
        [two, "奶粉二", "2段"],
        [None, None, None, None, "小计"],
        [None, " "],
    )

    report = take(db, brand, content)

    assert [(error.row, error.column, error.expected) for error in report.errors] == [
        (6, "商品条码", "a value")
    ]
    report = take(db, brand, as_xlsx(["商品条码", "品名", "段位"], [int(one), "奶粉一", 1], [two, "奶粉二"]))
    assert (report.created_count, report.format, report.sheet, report.encoding) == (2, "XLSX", "Sheet", None)
    product = facade.product_by_gtin(db, one)
    assert product is not None
    assert (product.name_zh, product.stage) == ("奶粉一", 1)


def test_formulas_and_errors_are_refused_cell_by_cell_and_never_evaluated(db: Session, brand: Brand) -> None:
    content = as_xlsx(
        ["商品条码", "品名", "备注"],
        [new_gtin(), '=HYPERLINK("http://x.example","奶粉")', "=1+1"],
        ["=A2", "奶粉", None],
        [new_gtin(), "#N/A", None],
        [new_gtin(), "好", None],
    )

    report = take(db, brand, content)

    formula = "a value: paste the results of formulas as values"
    assert [(error.row, error.column, error.expected) for error in report.errors] == [
        (2, "品名", formula),
        (3, "商品条码", formula),
        (4, "品名", "a value, not the error of a formula"),
    ]


def test_a_formula_in_a_column_nobody_asked_for_does_not_matter(db: Session, brand: Brand) -> None:
    content = as_xlsx(["商品条码", "品名", "合计"], [new_gtin(), "奶粉", "=SUM(A1:A9)"])

    assert take(db, brand, content).created_count == 1


def test_the_first_visible_sheet_is_read_and_the_others_are_named(db: Session, brand: Brand) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        workbook.worksheets[0].title = "产品"
        workbook.create_sheet("说明")
        hidden = workbook.create_sheet("字典", 0)
        hidden.sheet_state = "hidden"

    report = take(db, brand, as_xlsx(["商品条码", "品名"], [new_gtin(), "奶粉"], change=change))

    assert report.sheet == "产品"
    assert report.notes == ["Only the sheet '产品' was read; there are others: 说明."]


def test_cells_that_are_only_formatted_are_blank(db: Session, brand: Brand) -> None:
    def change(workbook: openpyxl.Workbook) -> None:
        for row in (1, 2, 300):
            workbook.worksheets[0].cell(row, 800).font = Font(bold=True)

    report = take(db, brand, as_xlsx(["商品条码", "品名"], [new_gtin(), "奶粉"], change=change))

    assert (report.row_count, report.created_count) == (1, 1)


def test_a_wrong_name_does_not_mislead(db: Session, brand: Brand) -> None:
    workbook = as_xlsx(["商品条码", "品名"], [new_gtin(), "奶粉"])
    text = f"商品条码,品名\n{new_gtin()},奶粉\n".encode()

    reports = [take(db, brand, workbook, "产品.csv"), take(db, brand, text, "产品.xlsx")]

    assert [(report.format, report.created_count) for report in reports] == [("XLSX", 1), ("CSV", 1)]
    assert [report.notes for report in reports] == [
        ["The file was said to be CSV; it is XLSX, and was read so."],
        ["The file was said to be XLSX; it is CSV, and was read so."],
    ]


WORKBOOK = as_xlsx(["商品条码", "品名"], ["6901234567892", "奶粉"])
ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


def bomb() -> bytes:
    result = io.BytesIO(WORKBOOK)
    with zipfile.ZipFile(result, "a", zipfile.ZIP_DEFLATED) as package:
        package.writestr("xl/media/image1.png", b"\0" * 64 * 1024 * 1024)
    return result.getvalue()


def many_parts() -> bytes:
    result = io.BytesIO()
    with zipfile.ZipFile(result, "w") as package:
        for number in range(10_001):
            package.writestr(f"{number}.txt", b"")
    return result.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (bomb(), "a workbook packed at most 200 times"),
        (many_parts(), "a workbook of at most 10000 parts"),
        (replaced(WORKBOOK, sheet1=lambda xml: ENTITIES + xml), "XML without a document type"),
        (replaced(WORKBOOK, workbook=lambda xml: ENTITIES + xml), "XML without a document type"),
        (replaced(WORKBOOK, sheet1=b"<worksheet><sheetData><row"), "an XLSX workbook"),
        (replaced(WORKBOOK, sheet1=b"no xml"), "an XLSX workbook"),
        (replaced(WORKBOOK, workbook=b"<workbook/>"), "a workbook with a visible sheet"),
        (WORKBOOK[:-200], "an XLSX workbook"),
        (WORKBOOK[:1000], "an XLSX workbook"),
        (b"PK\x03\x04" + b"\0" * 100, "an XLSX workbook"),
        (as_xlsx(), "a header row with some of"),
        (as_xlsx(["商品条码", "品名"]), "rows below the header"),
        (as_xlsx([f"列{n}" for n in range(600)]), "at most 500 columns"),
    ],
)
def test_what_is_dangerous_or_broken_is_refused_with_a_reason(
    db: Session, brand: Brand, content: bytes, expected: str
) -> None:
    report = take(db, brand, content)

    assert report.errors[0].expected.startswith(expected)
    assert not report.applied


@pytest.mark.parametrize(
    "row",
    [
        b'<row r="99999999999"><c r="A99999999999"><v>1</v></c></row>',
        b'<row r="x"><c r="A3"><v>1</v></c></row>',
        b'<row r="3"><c r="ZZZZ3"><v>1</v></c></row>',
        b'<row r="3"><c r="A3" t="s"><v>999999</v></c></row>',
        b'<row r="3"><c r="A3" t="n"><v>1e999</v></c></row>',
        b'<row r="3"><c r="A3" t="d"><v>not a date</v></c></row>',
        b'<row r="3"><c r="A3" s="999"><v>1</v></c></row>',
        b'<row r="3"><c r="A3" t="inlineStr"><is><t>&#0;</t></is></c></row>',
    ],
)
def test_a_sheet_that_lies_about_itself_is_refused_and_never_a_bug(
    db: Session, brand: Brand, row: bytes
) -> None:
    content = replaced(WORKBOOK, sheet1=lambda xml: xml.replace(b"</sheetData>", row + b"</sheetData>"))

    report = take(db, brand, content)

    assert report.error_count > 0
