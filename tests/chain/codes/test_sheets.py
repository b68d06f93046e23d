"""QR sheets: every symbol says its code, is as large as was asked, and a bad sheet does not get out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from uuid import UUID

import numpy as np
import pypdfium2
import pytest
import segno
import zxingcpp
from numpy.typing import NDArray
from PIL import Image

from tests.chain.codes.print_shop import GTIN, PrintShop
from wuma.chain.codes import sheet_formats
from wuma.chain.codes.alphabet import grouped
from wuma.chain.codes.construction import Codebook, OrderKeys, Role, index_of_unit, unit_of
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.sheet_formats import A4_WIDTH_MM, Page, SheetFormat, rasterise
from wuma.chain.codes.sheets import (
    Meant,
    SheetCode,
    SheetLayout,
    WrongSymbol,
    lay_out,
    make_sheets,
    read_back,
    require_fits,
)
from wuma.kernel.errors import InvalidInput
from wuma.kernel.keys import Keyring

ORDER = OrderEntry(
    id=42,
    tenant_id=7,
    product_id=UUID(int=1),
    level="item",
    gtin=GTIN,
    first_unit=unit_of(3, 5000),
    last_unit=unit_of(3, 5999),
    has_hidden=True,
    company_prefix=None,
    first_position=None,
    is_revoked=False,
)
PUBLIC_URL = "https://id.wuma.test"


def sheets_of(
    layout: SheetLayout, keyring: Keyring, count: int, progress: Callable[[int], None] = lambda _: None
) -> bytes:
    return make_sheets(
        layout,
        ORDER,
        keyring,
        first_unit=ORDER.first_unit + 10,
        last_unit=ORDER.first_unit + 9 + count,
        public_url=PUBLIC_URL,
        progress=progress,
    )


def codes_of(codebook: Codebook, order: OrderKeys, role: Role, count: int) -> list[str]:
    codes = codebook.issue(role, order, index_of_unit(ORDER.first_unit) + 10, count)
    return [str(code) for code in codes.astype(str)]


def read_page(image: NDArray[np.uint8]) -> set[str]:
    """Read a page as a phone does: all symbols on it, wherever they are."""
    return {found.text for found in zxingcpp.read_barcodes(np.ascontiguousarray(image))}


@pytest.mark.parametrize("form", SheetFormat)
@pytest.mark.parametrize("kind", SheetCode)
def test_sheets_hold_the_codes_of_the_order(
    frozen_keyring: Keyring, codebook: Codebook, order: OrderKeys, form: SheetFormat, kind: SheetCode
) -> None:
    layout = SheetLayout(kind=kind, format=form, columns=3, rows=4, module_mm=0.6)
    made: list[int] = []

    document = sheets_of(layout, frozen_keyring, 20, made.append)

    if kind is SheetCode.OPEN:
        codes = codes_of(codebook, order, Role.OPEN, 20)
        meant = [f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{code}" for code in codes]
    else:
        meant = [f"HTTPS://ID.WUMA.TEST/H/{code}" for code in codes_of(codebook, order, Role.HIDDEN_LONG, 20)]
    pages = [read_page(image) for image in rasterise(form, document, module_mm=0.6)]
    assert pages == [set(meant[:12]), set(meant[12:])]
    assert made == [12, 20]


def test_the_text_below_a_symbol_is_the_code_a_person_types(
    frozen_keyring: Keyring, codebook: Codebook, order: OrderKeys
) -> None:
    document = sheets_of(SheetLayout(kind=SheetCode.HIDDEN_LONG), frozen_keyring, 5)

    pdf = pypdfium2.PdfDocument(document)
    text = pdf[0].get_textpage().get_text_range()
    pdf.close()

    typed = [grouped(code) for code in codes_of(codebook, order, Role.HIDDEN_TYPED, 5)]
    assert re.findall(r"(?:[0-9A-Z]{4}-){3}[0-9A-Z]{4}", text) == typed
    assert "Order 42" in text
    assert "11 - 15" in text


@pytest.mark.parametrize("form", SheetFormat)
def test_a_symbol_is_as_large_as_was_asked(frozen_keyring: Keyring, form: SheetFormat) -> None:
    layout = SheetLayout(format=form, columns=1, rows=1, module_mm=1.0)

    (image,) = rasterise(form, sheets_of(layout, frozen_keyring, 1), module_mm=0.25)

    pixels_per_mm = image.shape[1] / A4_WIDTH_MM
    # The first dark row is the upper edge of two finder patterns; together they are as wide as the symbol.
    top = int(np.flatnonzero((image < 128).any(axis=1))[0])
    first_row = np.flatnonzero(image[top + 2] < 128)
    assert (first_row[-1] + 1 - first_row[0]) / pixels_per_mm == pytest.approx(29.0, abs=0.3)
    assert image.shape[0] / image.shape[1] == pytest.approx(297 / 210, abs=0.001)


def test_the_pdf_is_a4_and_the_picture_says_its_resolution(frozen_keyring: Keyring) -> None:
    pdf = pypdfium2.PdfDocument(sheets_of(SheetLayout(), frozen_keyring, 1))
    with zipfile.ZipFile(
        io.BytesIO(sheets_of(SheetLayout(format=SheetFormat.PNG), frozen_keyring, 1))
    ) as pages:
        picture = Image.open(io.BytesIO(pages.read("page-001.png")))

    size_mm = [side / 72 * 25.4 for side in pdf[0].get_size()]
    picture_mm = [side / dpi * 25.4 for side, dpi in zip(picture.size, picture.info["dpi"], strict=True)]
    pdf.close()
    assert size_mm == pytest.approx([210, 297], abs=0.001)
    assert picture_mm == pytest.approx([210, 297], abs=0.05)
    assert picture.mode == "1"


def test_capitals_make_the_symbol_a_version_smaller() -> None:
    """What is printed is in QR's alphanumeric mode; as usually written it would need bytes."""
    code = "7Z3K0011QRST0123"

    capitals = segno.make_qr(f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{code}", error="m")
    usual = segno.make_qr(f"https://id.wuma.test/01/{GTIN}/21/{code}", error="m")
    hidden = segno.make_qr(f"HTTPS://ID.WUMA.TEST/H/{code}{code[:11]}", error="m")

    assert (capitals.mode, capitals.designator) == ("alphanumeric", "3-M")
    assert (usual.mode, usual.designator) == ("byte", "4-M")
    assert (hidden.mode, hidden.designator) == ("alphanumeric", "3-M")


def test_sheets_use_the_smaller_symbol(frozen_keyring: Keyring) -> None:
    (page,) = lay_out(SheetLayout(), [meant_of("7Z3K0011QRST0123", 1)], order_id=42)

    assert page.marks[0].modules.shape == (29, 29)  # version 3


def meant_of(code: str, number: int) -> Meant:
    return Meant(number, f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{code}", grouped(code))


# ---- what does not get out -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", SheetFormat)
def test_a_wrong_symbol_is_found_and_its_cell_named(form: SheetFormat) -> None:
    layout = SheetLayout(format=form, columns=3, rows=2)
    meant = [meant_of(f"7Z3K0011QRST{number:04d}", number) for number in range(1, 11)]
    swapped = [*meant[:7], meant[8], meant[7], meant[9]]

    document = sheet_formats.write(form, lay_out(layout, swapped, order_id=42))

    with pytest.raises(WrongSymbol, match=r"page 2, row 1, column 2 \(code 8\): another text"):
        read_back(document, layout, meant)
    read_back(document, layout, swapped)


@pytest.mark.parametrize("form", SheetFormat)
def test_a_symbol_that_cannot_be_read_is_found(form: SheetFormat) -> None:
    layout = SheetLayout(format=form, columns=3, rows=2)
    meant = [meant_of(f"7Z3K0011QRST{number:04d}", number) for number in range(1, 7)]
    (page,) = lay_out(layout, meant, order_id=42)
    smudged = page.marks[4].modules.copy()
    smudged[8:21, 8:21] = True
    page.marks[4].modules.setflags(write=False)
    marks = [*page.marks]
    marks[4] = type(marks[4])(**{**fields_of(marks[4]), "modules": smudged})

    document = sheet_formats.write(form, [Page(tuple(marks), page.module_mm, page.footer)])

    with pytest.raises(WrongSymbol, match=r"page 1, row 2, column 2 \(code 5\): nothing"):
        read_back(document, layout, meant)


def fields_of(mark: sheet_formats.Mark) -> dict[str, object]:
    return {name: getattr(mark, name) for name in mark.__slots__}


def test_a_page_that_is_missing_is_found() -> None:
    layout = SheetLayout(columns=3, rows=2)
    meant = [meant_of(f"7Z3K0011QRST{number:04d}", number) for number in range(1, 11)]
    first, _ = lay_out(layout, meant, order_id=42)

    document = sheet_formats.write(SheetFormat.PDF, [first])

    with pytest.raises(WrongSymbol, match="4 of 10 symbols are on no page"):
        read_back(document, layout, meant)


def test_a_symbol_beside_its_place_is_found() -> None:
    layout = SheetLayout(columns=3, rows=2)
    meant = [meant_of("7Z3K0011QRST0001", 1)]
    (page,) = lay_out(layout, meant, order_id=42)
    beside = type(page.marks[0])(**{**fields_of(page.marks[0]), "x_mm": page.marks[0].x_mm + 6})

    document = sheet_formats.write(SheetFormat.PDF, [Page((beside,), page.module_mm, page.footer)])

    with pytest.raises(WrongSymbol, match="column 1"):
        read_back(document, layout, meant)


# ---- what is refused -------------------------------------------------------------------------------------


def order_row(*, gtin: str | None = GTIN, has_hidden: bool = True) -> CodeOrder:
    return CodeOrder(id=42, level="item" if gtin else "pallet", gtin=gtin, has_hidden=has_hidden)


@pytest.mark.parametrize(("columns", "rows"), [(2, 2), (5, 7), (10, 12), (12, 6)])
def test_symbols_too_large_for_the_page_are_refused_and_the_largest_is_named(
    frozen_keyring: Keyring, columns: int, rows: int
) -> None:
    with pytest.raises(InvalidInput) as caught:
        require_fits(SheetLayout(columns=columns, rows=rows, module_mm=5), order_row(), public_url=PUBLIC_URL)
    (fault,) = caught.value.errors
    largest = float(fault.expected.split()[2])

    fitting = SheetLayout(columns=columns, rows=rows, module_mm=largest)
    require_fits(fitting, order_row(), public_url=PUBLIC_URL)

    assert fault.at == "/module_mm"
    sheets_of(fitting, frozen_keyring, columns * rows)  # and can be read back
    larger = SheetLayout(columns=columns, rows=rows, module_mm=largest + 0.02)
    with pytest.raises(InvalidInput):
        require_fits(larger, order_row(), public_url=PUBLIC_URL)


def test_codes_that_the_order_has_not_are_refused() -> None:
    hidden = SheetLayout(kind=SheetCode.HIDDEN_LONG)

    for layout, row in ((hidden, order_row(has_hidden=False)), (SheetLayout(), order_row(gtin=None))):
        with pytest.raises(InvalidInput) as caught:
            require_fits(layout, row, public_url=PUBLIC_URL)
        assert [fault.at for fault in caught.value.errors] == ["/kind"]


# ---- the way of sheets -----------------------------------------------------------------------------------


def test_sheets_are_ordered_made_and_released_like_any_print_file(shop: PrintShop) -> None:
    order_id = shop.place(100)
    wanted = {
        **shop.form(),
        "first": 11,
        "count": 30,
        "kind": "hidden_long",
        "format": "pdf",
        "columns": 4,
        "rows": 5,
        "module_mm": 0.5,
    }
    del wanted["template"]

    file = shop.admin.post(f"/code-orders/{order_id}/sheets", json=wanted).json()
    shop.make(file["id"])
    released = shop.vendor.release(file["id"]).json()
    content = shop.vendor.fetch(released["content_url"])

    document = shop.vendor.open_bytes(content.content)
    payloads = [read_page(image) for image in rasterise(SheetFormat.PDF, document, 0.5)]
    assert [len(page) for page in payloads] == [20, 10]
    assert f"order-{order_id}-1-of-1.pdf.age" in content.headers["content-disposition"]
    assert released["receipt"]["claims"]["kind"] == "sheets"
    assert shop.states(order_id) == {"allocated": 70, "encoded": 30}
    again = shop.admin.post(f"/code-orders/{order_id}/sheets", json=wanted)
    assert again.json()["type"] == "urn:wuma:problem:already-in-print-file"


def test_a_bad_request_for_sheets_is_told_where_it_is_bad(shop: PrintShop) -> None:
    order_id = shop.place(100)
    wanted = {**shop.form(), "count": 30}
    del wanted["template"]

    def faults(**changes: object) -> list[str]:
        answer = shop.admin.post(f"/code-orders/{order_id}/sheets", json={**wanted, **changes})
        assert answer.status_code == 422, answer.text
        return [fault["at"] for fault in answer.json()["errors"]]

    assert faults(count=10_001) == ["/body/count"]
    assert faults(count=101) == ["/first"]
    assert faults(module_mm=3) == ["/module_mm"]
    assert faults(format="docx") == ["/body/format"]
    assert faults(paper="a3") == ["/body/paper"]
