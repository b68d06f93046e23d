"""Reading XLSX: the first visible sheet, as values. Formulas are refused and never evaluated.

A workbook is a zip of XML files, so it is weighed before it is opened: how large it will be, how much it has
been packed, whether its XML declares entities. openpyxl then reads the sheet row by row.
"""

from __future__ import annotations

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any, Final
from xml.parsers import expat

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from wuma.support.masterdata.importing.report import shortened
from wuma.support.masterdata.importing.source import (
    COLUMNS_MAX,
    CellRefusal,
    Format,
    Record,
    Source,
    Unreadable,
)

ROWS_MAX: Final = 1_048_576  # a sheet of Excel has no more
PARTS_MAX: Final = 10_000
UNPACKED_BYTES_MAX: Final = 1024 * 1024 * 1024  # a full sheet of 15 columns at 60 bytes a cell
SHARED_TEXT_BYTES_MAX: Final = (
    128 * 1024 * 1024
)  # openpyxl holds these in memory, at about three times the size
PACKED_TIMES_MAX: Final = 200  # sheets pack 5 to 50 times; a bomb packs 1000 times
SMALL_BYTES: Final = 16 * 1024 * 1024  # too small to hurt, however it is packed

# openpyxl meets broken workbooks with whatever its parsing happens to trip over.
_BROKEN: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
    expat.ExpatError,
)

# What openpyxl says about styles and extensions it does not know is nothing to us.
warnings.filterwarnings("ignore", category=UserWarning, module="openpyxl")


def open_xlsx(file: IO[bytes]) -> Source:
    """Return the records of the first visible sheet of a workbook."""
    _weigh(file)
    file.seek(0)
    try:
        workbook = openpyxl.load_workbook(file, read_only=True, keep_links=False)
        visible = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
    except _BROKEN as error:
        raise Unreadable("an XLSX workbook", f"a broken one ({shortened(repr(error))})") from None
    if not visible:
        raise Unreadable("a workbook with a visible sheet", "none")
    sheet, *others = visible
    source = Source(Format.XLSX, _records(sheet), sheet=sheet.title)
    if others:
        names = ", ".join(shortened(other.title) for other in others[:5])
        source.notes.append(f"Only the sheet {sheet.title!r} was read; there are others: {names}.")
    return source


def _weigh(file: IO[bytes]) -> None:
    """Refuse what is dangerous to open."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as package:
            parts = package.infolist()
            packed = sum(part.compress_size for part in parts)
            unpacked = sum(part.file_size for part in parts)
            if len(parts) > PARTS_MAX:
                raise Unreadable(f"a workbook of at most {PARTS_MAX} parts", f"{len(parts)}")
            if unpacked > UNPACKED_BYTES_MAX:
                raise Unreadable(f"a workbook of at most {UNPACKED_BYTES_MAX} bytes unpacked", f"{unpacked}")
            if unpacked > max(SMALL_BYTES, packed * PACKED_TIMES_MAX):
                times = unpacked // max(1, packed)
                raise Unreadable(f"a workbook packed at most {PACKED_TIMES_MAX} times", f"{times} times")
            for part in parts:
                if part.filename.endswith("sharedStrings.xml") and part.file_size > SHARED_TEXT_BYTES_MAX:
                    expected = f"at most {SHARED_TEXT_BYTES_MAX} bytes of text in a workbook; save it as CSV"
                    raise Unreadable(expected, f"{part.file_size}")
                if part.filename.endswith((".xml", ".rels")):
                    with package.open(part) as content:
                        _refuse_document_type(content.read, part.filename)
    except _BROKEN as error:
        raise Unreadable("an XLSX workbook", f"a broken file ({shortened(repr(error))})") from None


def _refuse_document_type(read: Any, part: str) -> None:
    """Refuse XML that declares a document type, the only place where entities can be defined."""
    begun = False

    def on_element(*_: object) -> None:
        nonlocal begun
        begun = True

    def on_document_type(*_: object) -> None:
        raise Unreadable("XML without a document type", f"one that has it ({shortened(part)})")

    parser = expat.ParserCreate()
    parser.StartElementHandler = on_element
    parser.StartDoctypeDeclHandler = on_document_type
    while not begun and (chunk := read(1024)):
        parser.Parse(chunk, False)


def _records(sheet: Any) -> Iterator[Record]:
    sheet.reset_dimensions()  # what a sheet says about its own size is often wrong
    row = 0
    try:
        for row, cells in enumerate(sheet.iter_rows(), 1):
            if row > ROWS_MAX:
                raise Unreadable(f"at most {ROWS_MAX} rows", "more", row=row)
            yield _record(row, cells)
    except _BROKEN as error:
        raise Unreadable("an XLSX sheet", f"a broken one ({shortened(repr(error))})", row=row + 1) from None


def _record(row: int, cells: tuple[Any, ...]) -> Record:
    texts: list[str] = []
    refused: dict[int, CellRefusal] = {}
    width = len(cells)
    while width and cells[width - 1].value is None:
        width -= 1
    if width > COLUMNS_MAX:
        raise Unreadable(f"at most {COLUMNS_MAX} columns", f"{width}", row=row)
    for position, cell in enumerate(cells[:width]):
        value = cell.value
        if type(value) is str:
            texts.append(value)
            if cell.data_type == "f":
                refused[position] = CellRefusal("a value: paste the results of formulas as values", value)
            elif cell.data_type == "e":
                refused[position] = CellRefusal("a value, not the error of a formula", value)
        else:
            texts.append(_as_text(value))
            if cell.data_type == "f":
                refused[position] = CellRefusal(
                    "a value: paste the results of formulas as values", "a formula"
                )
    return Record(row, texts, refused or None)


def _as_text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 2**53:
            return str(int(value))  # Excel knows no whole numbers
        case datetime() if value.time() == datetime.min.time():
            return value.date().isoformat()
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
