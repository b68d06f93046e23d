"""The sortable sheet of a recall: one row a run of goods, with what an authority asks for within a day.

The columns are the key data elements that FSMA section 204 wants for every tracking event (21 CFR 1.1325 to
1.1350): the lot and its source, product, quantity and unit, where it is, who has it, when it came there.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from wuma.chain.care.models import Part

COLUMNS: Final = (
    ("level", "层级"),
    ("first_code", "首个编码"),
    ("last_code", "末个编码"),
    ("quantity", "数量"),
    ("product_zh", "产品"),
    ("product_en", "Product"),
    ("gtin", "GTIN"),
    ("lot", "批号"),
    ("produced_on", "生产日期"),
    ("expires_on", "到期日期"),
    ("packed_in", "所在包装"),
    ("holder", "持有方"),
    ("holder_name", "持有方名称"),
    ("location", "所在地"),
    ("location_name", "所在地名称"),
    ("disposition", "状态"),
    ("last_event_at", "最近事件时间"),
)
_RISKY: Final = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Lot:
    """What the sheet says of a batch."""

    number: str
    produced_on: str
    expires_on: str


@dataclass(frozen=True, slots=True)
class Names:
    """What things are called, by what the listing calls them."""

    things: Mapping[int, str]
    places: Mapping[str, str]
    products: Mapping[UUID, tuple[str, str, str]]
    """GTIN, name in Chinese and in English."""
    lots: Mapping[UUID, Lot]


def rows_of(parts: Iterable[Part], names: Names) -> Iterable[Sequence[str | int]]:
    """Yield the rows of a sheet."""
    for part in parts:
        gtin, zh, en = names.products.get(part.product_id, ("", "", "")) if part.product_id else ("", "", "")
        lot = names.lots.get(part.batch_id) if part.batch_id else None
        yield (
            part.level,
            names.things.get(part.first_thing, f"#{part.first_thing}"),
            names.things.get(part.last_thing, f"#{part.last_thing}"),
            part.count,
            zh,
            en,
            gtin,
            lot.number if lot else "",
            lot.produced_on if lot else "",
            lot.expires_on if lot else "",
            "" if part.parent is None else names.things.get(part.parent, f"#{part.parent}"),
            part.holder or "",
            names.places.get(part.holder or "", ""),
            part.location or "",
            names.places.get(part.location or "", ""),
            part.disposition or "",
            _instant(part.last_event_at),
        )


def as_csv(rows: Iterable[Sequence[str | int]]) -> bytes:
    """Return a sheet as CSV, with a byte order mark, because a spreadsheet program opens it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([name for name, _ in COLUMNS])
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_xlsx(rows: Iterable[Sequence[str | int]]) -> bytes:
    """Return a sheet as a workbook: two rows of titles, all cells texts or numbers, never formulas."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("recall")
    sheet.freeze_panes = "A3"
    sheet.append([name for name, _ in COLUMNS])
    sheet.append([zh for _, zh in COLUMNS])
    for row in rows:
        sheet.append([_cell(sheet, cell) for cell in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(sheet: WriteOnlyWorksheet, value: str | int) -> Cell:
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.data_type = "s"  # a text that begins like a formula is a text
    return cell


def _harmless(cell: str | int) -> str | int:
    """Keep a spreadsheet program from reading a text as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell


def _instant(at: datetime | None) -> str:
    return "" if at is None else at.isoformat(timespec="seconds")
