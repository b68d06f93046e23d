"""Whatever bytes come: records come of them, or a reason; and what was written is what is read."""

from __future__ import annotations

import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import IO

import openpyxl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wuma.support.masterdata.importing.detect import open_source
from wuma.support.masterdata.importing.header import Titles
from wuma.support.masterdata.importing.products import PRODUCTS
from wuma.support.masterdata.importing.source import Format, Record, Unreadable

TITLES = Titles(PRODUCTS.fields)

# What can stand in a cell: no line ends, which a spreadsheet and we understand, and no lone surrogates.
cells = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
tables = st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=8)


def records(content: bytes, declared: Format | None = None) -> list[Record]:
    return list(open_source(io.BytesIO(content), declared, TITLES.known_count).records)


def outcome(content: bytes, declared: Format | None = None) -> list[Record] | Unreadable:
    try:
        return records(content, declared)
    except Unreadable as unreadable:
        return unreadable


def workbook_of(rows: list[list[str]]) -> bytes:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


WORKBOOK = workbook_of([["商品条码", "品名"], ["6901234567892", "奶粉"]])


@given(st.binary(max_size=3000), st.sampled_from([None, *Format]))
@example(b"[" * 3000, None)
@example(b'{"a":' * 500, None)
@example(b'[{"a": "\\u0000"}]', None)
@example(b"\xff\xfe\x00", None)
@example(b"\xef\xbb\xbf", Format.JSON)
@example(b"PK\x03\x04", None)
@example("sep=,".encode("utf-16"), None)
def test_any_bytes_are_read_or_refused_with_a_reason(content: bytes, declared: Format | None) -> None:
    found = outcome(content, declared)

    if isinstance(found, Unreadable):
        assert found.expected
        assert found.got
    else:
        assert all(isinstance(cell, str) for record in found for cell in record.cells)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_with_a_reason(data: st.DataObject) -> None:
    content = bytearray(WORKBOOK)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))

    found = outcome(bytes(content))

    assert found.expected if isinstance(found, Unreadable) else found


@given(tables, st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]), st.sampled_from(",;\t|"))
def test_what_is_written_as_csv_is_what_is_read(rows: list[list[str]], encoding: str, separator: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator).writerows([["商品条码", "品名"], *rows])

    found = records(text.getvalue().encode(encoding), Format.CSV)

    assert [record.cells for record in found[1:]] == rows
    assert [record.row for record in found] == list(range(1, len(rows) + 2))


@given(tables, st.booleans(), st.booleans())
def test_what_is_written_as_json_is_what_is_read(
    rows: list[list[str]], as_lines: bool, only_ascii: bool
) -> None:
    things = [{"gtin": gtin, "name": name} for gtin, name in rows]
    if as_lines:
        text = "\n".join(json.dumps(thing, ensure_ascii=only_ascii) for thing in things)
    else:
        text = json.dumps(things, ensure_ascii=only_ascii, indent=1)

    found = records(text.encode(), Format.JSON)

    assert found[0] == Record(0, ["gtin", "name"])
    assert [record.cells for record in found[1:]] == rows


@settings(max_examples=30)
@given(tables)
def test_what_is_written_as_a_workbook_is_what_is_read(rows: list[list[str]]) -> None:
    # A leading "=" would be a formula, "#…!" an error; a workbook does not tell "" from nothing.
    rows = [[f"x{cell}" for cell in row] for row in rows]

    found = records(workbook_of([["商品条码", "品名"], *rows]))

    assert [record.cells for record in found[1:]] == rows


class LongFile(io.RawIOBase):
    """A file of as many rows as one likes, which is nowhere."""

    def __init__(self, head: bytes, row: bytes, row_count: int, tail: bytes = b"") -> None:
        self._size = len(head) + len(row) * row_count + len(tail)
        self._head, self._row, self._row_count, self._tail = head, row, row_count, tail
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        assert whence == io.SEEK_SET or offset == 0
        self._at = offset if whence == io.SEEK_SET else self._at if whence == io.SEEK_CUR else self._size
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(len(buffer), self._size - self._at)
        buffer[:count] = self._bytes(self._at, self._at + count)
        self._at += count
        return count

    def _bytes(self, start: int, end: int) -> bytes:
        rows_end = len(self._head) + len(self._row) * self._row_count
        first = max(0, start - len(self._head)) // len(self._row)
        last = min(self._row_count, (end - len(self._head)) // len(self._row) + 1)
        text = self._row * max(0, last - first)
        base = len(self._head) + first * len(self._row)
        pieces = ((0, self._head), (base, text), (rows_end, self._tail))
        whole = bytearray(end - start)
        for at, piece in pieces:
            low, high = max(start, at), min(end, at + len(piece))
            if low < high:
                whole[low - start : high - start] = piece[low - at : high - at]
        return bytes(whole)


CSV_ROW = "06901234567892,奶粉\n".encode()
JSON_ROW = '{"gtin": "06901234567892", "name_zh": "奶粉"},\n'.encode()


@pytest.mark.parametrize(
    ("file", "row_count"),
    [
        (LongFile("GTIN,品名\n".encode(), CSV_ROW, 200_000), 200_001),
        (LongFile(b"[", JSON_ROW, 50_000, b"{}]"), 50_002),
    ],
)
def test_a_long_file_takes_no_more_memory_than_a_short_one(file: IO[bytes], row_count: int) -> None:
    buffered = io.BufferedReader(file)  # type: ignore[arg-type]

    tracemalloc.start()
    source = open_source(buffered, None, TITLES.known_count)
    read_count = _count(source.records)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read_count == row_count
    assert peak_bytes < 8 * 1024 * 1024


def _count(found: Iterator[Record]) -> int:
    return sum(1 for _ in found)
