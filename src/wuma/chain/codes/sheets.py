"""Sheets of QR symbols on A4, for small runs and tests: laid out, drawn, and every symbol read back.

A sheet carries codes as a print file does, so it is ordered, encrypted, released and receipted as one. What
is read back is the finished document: its pages are rasterised as a printer would do it, and each symbol,
cut out where it should be with its quiet zone, must decode to exactly what was meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import segno
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from wuma.chain.codes import sheet_formats
from wuma.chain.codes.alphabet import Texts, grouped
from wuma.chain.codes.construction import Codebook, OrderKeys, Role, index_of_unit
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.printed_uris import hidden_prefix_qr, open_prefix_qr
from wuma.chain.codes.sheet_formats import A4_HEIGHT_MM, A4_WIDTH_MM, Mark, Page, SheetFormat
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.keys import Keyring

SHEET_CODES_MAX: Final = 10_000
"""Codes of one request, one to two minutes of a core. More belong on a press, with a file of rows."""
QUIET_MODULES: Final = 4
"""The light border of a QR symbol, ISO/IEC 18004 section 9.1."""
MARGIN_MM: Final = 10.0
"""What office printers cannot reach, and the footer."""
TEXT_MM: Final = 2.8
"""The room for the text below a symbol; its characters are at most as high."""
CHARACTER_EM: Final = 0.6
"""The width of a character of Courier."""
ERROR_CORRECTION: Final = "m"
"""15 %, and more where the symbol has room for it anyway."""


class SheetCode(StrEnum):
    """Which code the symbols hold."""

    OPEN = "open"
    HIDDEN_LONG = "hidden_long"


class WrongSymbol(Exception):
    """A symbol on a finished sheet does not decode to what was meant; the sheet must not go out."""


class SheetLayout(BaseModel):
    """How symbols stand on A4, row by row."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: SheetCode = SheetCode.OPEN
    format: SheetFormat = SheetFormat.PDF
    columns: int = Field(5, ge=1, le=20)
    rows: int = Field(7, ge=1, le=30)
    module_mm: float = Field(
        0.5, ge=0.2, le=5.0, description="The side of the smallest square of a symbol, in millimetres."
    )

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return self.format.suffix

    @property
    def cell_mm(self) -> tuple[float, float]:
        """Width and height of the room for one symbol with its text."""
        return (A4_WIDTH_MM - 2 * MARGIN_MM) / self.columns, (A4_HEIGHT_MM - 2 * MARGIN_MM) / self.rows


def require_fits(layout: SheetLayout, order: CodeOrder, *, public_url: str) -> None:
    """Refuse a layout that the order has no codes for, or whose symbols do not fit on the page.

    Raises:
        InvalidInput: naming what would fit.
    """
    if layout.kind is SheetCode.HIDDEN_LONG and not order.has_hidden:
        fault = FieldError("/kind", f"open; order {order.id} has no hidden codes", layout.kind.value)
        raise InvalidInput("The code on the sheets.", [fault])
    if order.gtin is None:
        fault = FieldError(
            "/kind", f"an order of items or cases; order {order.id} is of pallets", order.level
        )
        raise InvalidInput("The code on the sheets.", [fault])
    role, prefix = _of_code(layout.kind, order.gtin, public_url)
    side = len(_symbol(prefix + "0" * role.length)) + 2 * QUIET_MODULES
    width_mm, height_mm = layout.cell_mm
    module_mm_max = min(width_mm, height_mm - TEXT_MM) / side
    if layout.module_mm > module_mm_max:
        expected = (
            f"at most {int(module_mm_max * 100) / 100} with {layout.columns} columns and {layout.rows} rows"
        )
        raise InvalidInput(
            f"A symbol of {side} modules is too large for its cell.",
            [FieldError("/module_mm", expected, str(layout.module_mm))],
        )


def make_sheets(
    layout: SheetLayout,
    order: OrderEntry,
    keyring: Keyring,
    *,
    first_unit: int,
    last_unit: int,
    public_url: str,
    progress: Callable[[int], None],
) -> bytes:
    """Return the document with the symbols of consecutive units, drawn and read back.

    Raises:
        WrongSymbol: with the page, row and column of the first that is wrong.
        EpochRevoked: the order's keys have leaked.
    """
    assert order.gtin is not None
    role, prefix = _of_code(layout.kind, order.gtin, public_url)
    codebook = Codebook(keyring)
    keys = codebook.order(epoch=order.epoch, tenant_id=order.tenant_id, order_id=order.id)
    count = last_unit - first_unit + 1
    codes = _issue(codebook, keys, role, first_unit, count)
    texts = codes if role is Role.OPEN else _issue(codebook, keys, Role.HIDDEN_TYPED, first_unit, count)
    meant = [
        Meant(
            number=first_unit - order.first_unit + 1 + place,
            payload=prefix + code.decode("ascii"),
            text=grouped(text.decode("ascii")),
        )
        for place, (code, text) in enumerate(zip(codes.tolist(), texts.tolist(), strict=True))
    ]
    pages = lay_out(layout, meant, order_id=order.id, progress=progress)
    document = sheet_formats.write(layout.format, pages)
    read_back(document, layout, meant)
    return document


@dataclass(frozen=True, slots=True)
class Meant:
    """What one symbol is to say."""

    number: int
    payload: str
    text: str


def _of_code(code: SheetCode, gtin: str, public_url: str) -> tuple[Role, str]:
    if code is SheetCode.OPEN:
        return Role.OPEN, open_prefix_qr(public_url, gtin)
    return Role.HIDDEN_LONG, hidden_prefix_qr(public_url)


def _issue(codebook: Codebook, keys: OrderKeys, role: Role, first_unit: int, count: int) -> Texts:
    codes = codebook.issue(role, keys, index_of_unit(first_unit), count)
    units = codebook.check_many(role, keys, codes)
    if not np.array_equal(units, np.arange(first_unit, first_unit + count)):
        raise WrongSymbol(f"{role} codes: they do not read as those of their items")
    return codes


def _symbol(payload: str) -> NDArray[np.bool_]:
    """Return the modules of a QR symbol without its quiet zone; true is dark."""
    symbol = segno.make_qr(payload, error=ERROR_CORRECTION, mode="alphanumeric")
    modules = np.frombuffer(b"".join(symbol.matrix), np.bool_)
    return modules.reshape(len(symbol.matrix), -1)


def lay_out(
    layout: SheetLayout,
    meant: Sequence[Meant],
    *,
    order_id: int,
    progress: Callable[[int], None] = lambda _count: None,
) -> Iterator[Page]:
    """Return the pages on which these symbols stand; `progress` is told how many do so far."""
    per_page = layout.columns * layout.rows
    page_count = -(-len(meant) // per_page)
    for page, start in enumerate(range(0, len(meant), per_page), 1):
        some = meant[start : start + per_page]
        marks = []
        for place, one in enumerate(some):
            modules = _symbol(one.payload)
            x_mm, y_mm = _corner(layout, place, len(modules))
            marks.append(
                Mark(
                    modules=modules,
                    x_mm=x_mm,
                    y_mm=y_mm,
                    text=one.text,
                    text_x_mm=x_mm + len(modules) * layout.module_mm / 2,
                    text_y_mm=y_mm + (len(modules) + QUIET_MODULES) * layout.module_mm,
                    text_mm=min(TEXT_MM, layout.cell_mm[0] / (len(one.text) * CHARACTER_EM)),
                )
            )
        footer = f"Order {order_id}   {some[0].number} - {some[-1].number}   page {page} / {page_count}"
        yield Page(tuple(marks), layout.module_mm, footer)
        progress(start + len(some))


def _corner(layout: SheetLayout, place: int, side: int) -> tuple[float, float]:
    """Return where the dark modules of a place on the page begin: centred in its cell, text below."""
    row, column = divmod(place, layout.columns)
    width_mm, height_mm = layout.cell_mm
    side_mm = (side + 2 * QUIET_MODULES) * layout.module_mm
    quiet_mm = QUIET_MODULES * layout.module_mm
    x_mm = MARGIN_MM + column * width_mm + (width_mm - side_mm) / 2 + quiet_mm
    y_mm = MARGIN_MM + row * height_mm + (height_mm - TEXT_MM - side_mm) / 2 + quiet_mm
    return x_mm, y_mm


def read_back(document: bytes, layout: SheetLayout, meant: Sequence[Meant]) -> None:
    """Read a finished document back, each symbol where it should be.

    Raises:
        WrongSymbol: with the page, row and column of the first that is wrong.
    """
    side = len(_symbol(meant[0].payload))
    per_page = layout.columns * layout.rows
    left_count = len(meant)
    for page, image in enumerate(sheet_formats.rasterise(layout.format, document, layout.module_mm)):
        pixels_per_mm = image.shape[1] / A4_WIDTH_MM
        for place, one in enumerate(meant[page * per_page : (page + 1) * per_page]):
            x_mm, y_mm = _corner(layout, place, side)
            found = _decode(image, x_mm, y_mm, side, layout.module_mm, pixels_per_mm)
            if found != one.payload:
                row, column = divmod(place, layout.columns)
                raise WrongSymbol(
                    f"page {page + 1}, row {row + 1}, column {column + 1} (code {one.number}):"
                    f" {'nothing can be read there' if found is None else 'another text is read there'}"
                )
            left_count -= 1
    if left_count:
        raise WrongSymbol(f"{left_count} of {len(meant)} symbols are on no page")


def _decode(
    image: NDArray[np.uint8], x_mm: float, y_mm: float, side: int, module_mm: float, pixels_per_mm: float
) -> str | None:
    """Return what is read where a symbol with its quiet zone should be; None for nothing."""
    import zxingcpp  # of all processes only the one that makes sheets needs it

    quiet_mm, side_mm = QUIET_MODULES * module_mm, (side + QUIET_MODULES) * module_mm
    top, bottom = (round((y_mm + edge) * pixels_per_mm) for edge in (-quiet_mm, side_mm))
    left, right = (round((x_mm + edge) * pixels_per_mm) for edge in (-quiet_mm, side_mm))
    cell = np.ascontiguousarray(image[top:bottom, left:right])
    found = zxingcpp.read_barcode(cell, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return None if found is None else str(found.text)
