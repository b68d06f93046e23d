"""Reading the rows of a file into a temporary table, and telling every cell that cannot be read.

A row is tried as a whole first, because nearly all are good; only a row with a fault is gone through cell by
cell. Nothing of the file is held in memory but the row at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.support.masterdata.importing.cells import CellFault
from wuma.support.masterdata.importing.header import Field, Header
from wuma.support.masterdata.importing.report import Faults
from wuma.support.masterdata.importing.source import Format, Record, is_blank

PROGRESS_ROWS: Final = 10_000

Progress = Callable[[int], None]

# Milliseconds, version, and what is random of a UUID of version 4; PostgreSQL has uuidv7() from 18 on.
_UUID7: Final = """(
    overlay(
        lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0') PLACING '-' FROM 9 FOR 0
    ) || '-7' || substr(gen_random_uuid()::text, 16)
)::uuid"""


def stage(
    session: Session,
    records: Iterable[Record],
    header: Header,
    fields: Sequence[Field],
    *,
    file_format: Format,
    faults: Faults,
    progress: Progress,
) -> int:
    """Copy all good rows into the table ``staged`` and return how many rows there were."""
    # Every field has a column, so that a check may name it; those the file does not speak of stay NULL.
    columns = ", ".join(f"{field.name} {field.sql_type}" for field in fields)
    session.execute(
        text(
            f"CREATE TEMPORARY TABLE staged (row_number integer, id uuid DEFAULT {_UUID7}, {columns})"
            " ON COMMIT DROP"
        )
    )
    rows = _Rows([field for field in fields if header.has(field)], header, file_format, faults)
    names = ", ".join(field.name for field in rows.fields)
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor:
        with cursor.copy(f"COPY staged (row_number, {names}) FROM STDIN") as copy:
            for row in rows.read(records, progress):
                copy.write_row(row)
        assert cursor.rowcount + rows.faulty_count == rows.count, "a row was lost on the way"
    session.execute(text("ANALYZE staged"))
    return rows.count


class _Rows:
    """Turns records into rows of values."""

    def __init__(self, fields: Sequence[Field], header: Header, file_format: Format, faults: Faults) -> None:
        positions = [
            [header.positions[title] for title in field.titles if title in header.positions]
            for field in fields
        ]
        plan = sorted(zip(fields, positions, strict=True), key=lambda planned: len(planned[1]) > 1)
        self.fields = [field for field, _ in plan]
        self.count = 0
        self.faulty_count = 0
        self._positions = [places for _, places in plan]
        self._reads = [_required(field.read) if field.required else field.read for field in self.fields]
        self._ones = [
            (read, places[0])
            for read, places in zip(self._reads, self._positions, strict=True)
            if len(places) == 1
        ]
        planned_reads = list(zip(self._reads, self._positions, strict=True))
        self._others = planned_reads[len(self._ones) :]
        self._in_order_of_columns = sorted(planned_reads, key=lambda planned: planned[1])
        self._used = {place for places in self._positions for place in places}
        self._header = header
        self._width = len(header.texts)
        self._is_ragged_by_nature = file_format is Format.XLSX  # which leaves out what is blank at the end
        self._faults = faults

    def read(self, records: Iterable[Record], progress: Progress) -> Iterator[Sequence[Any]]:
        """Yield the values of every good row; note the faults of the others."""
        ones, others, width = self._ones, self._others, self._width
        for record in records:
            row_number, cells, refused = record
            if is_blank(cells):
                continue
            self.count += 1
            if self.count % PROGRESS_ROWS == 0:
                progress(self.count)
            if len(cells) != width and not self._fits(record):
                self.faulty_count += 1
                continue
            if refused is None or self._used.isdisjoint(refused):
                try:
                    yield (
                        row_number,
                        *[read(cells[at]) for read, at in ones],
                        *[read(*[cells[at] for at in places]) for read, places in others],
                    )
                    continue
                except CellFault:
                    pass  # found out which, below
            self.faulty_count += 1
            self._tell_faults(record)

    def _fits(self, record: Record) -> bool:
        """Make a record as wide as the header, if no cell is lost or invented by that."""
        row_number, cells, _ = record
        if len(cells) < self._width and self._is_ragged_by_nature:
            cells.extend([""] * (self._width - len(cells)))
            return True
        if len(cells) > self._width and is_blank(cells[self._width :]):
            return True
        expected = f"{self._width} cells, as in the header"
        self._faults.add(row_number, None, expected=expected, got=f"{len(cells)} cells")
        return False

    def _tell_faults(self, record: Record) -> None:
        row_number, cells, refused = record
        for read, places in self._in_order_of_columns:
            column = self._header.texts[places[0]]
            for at in places:
                if refused and at in refused:
                    self._faults.add(row_number, self._header.texts[at], **refused[at]._asdict())
                    break
            else:
                try:
                    read(*[cells[at] for at in places])
                except CellFault as fault:
                    got = " / ".join(cell for at in places if (cell := cells[at].strip()))
                    self._faults.add(row_number, column, expected=str(fault), got=got)


def _required(read: Callable[..., Any]) -> Callable[..., Any]:
    def read_required(*texts: str) -> Any:
        value = read(*texts)
        if value is None or value == "":
            raise CellFault("a value")
        return value

    return read_required
