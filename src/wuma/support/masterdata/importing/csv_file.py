"""Reading CSV: whatever the separator, with every broken quote and missing cell told where it is.

A record is a row of the spreadsheet that the file is seen in: a quoted cell with line breaks is one row, and
blank lines are rows too.
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from typing import IO, Final

from wuma.support.masterdata.importing.encoding import find_encoding
from wuma.support.masterdata.importing.source import (
    CELL_CHARACTERS_MAX,
    COLUMNS_MAX,
    Format,
    Recognised,
    Record,
    Source,
    Unreadable,
)

LINE_CHARACTERS_MAX: Final = 1024 * 1024  # 30 cells as long as Excel allows; a file without line ends has one
SAMPLE_LINES: Final = 10
SEPARATORS: Final = (",", "\t", ";", "|", "，")

_SAYS_SEPARATOR: Final = "sep="  # the first line of files written for Excel; it is not a row


def open_csv(file: IO[bytes], recognised: Recognised) -> Source:
    """Return the records of a CSV file."""
    codec, name = find_encoding(file)
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    sample = [line for _ in range(SAMPLE_LINES) if (line := text.readline(LINE_CHARACTERS_MAX))]
    text.seek(0)
    separator = _separator(sample, recognised)
    source = Source(Format.CSV, _records(text, separator), encoding=name)
    if separator != ",":
        source.notes.append(f"The separator is {'the tab' if separator == chr(9) else separator}.")
    return source


def _separator(sample: list[str], recognised: Recognised) -> str:
    said = sample[0].strip().lower() if sample else ""
    if said.startswith(_SAYS_SEPARATOR) and len(said) == len(_SAYS_SEPARATOR) + 1:
        return said[-1]

    def titles_known(separator: str) -> tuple[int, int]:
        rows = [line.rstrip("\r\n").split(separator) for line in sample]
        known = max((recognised([cell.strip().strip('"') for cell in row]) for row in rows), default=0)
        return known, sum(len(row) for row in rows)

    return max(SEPARATORS, key=titles_known)


def _records(text: io.TextIOWrapper, separator: str) -> Iterator[Record]:
    row = 0
    try:
        for row, cells in enumerate(csv.reader(_lines(text), delimiter=separator, strict=True), 1):
            if len(cells) > COLUMNS_MAX:
                raise Unreadable(f"at most {COLUMNS_MAX} columns", f"{len(cells)}", row=row)
            yield Record(row, cells)
    except csv.Error as error:
        expected = f'cells of at most {CELL_CHARACTERS_MAX} characters, quoted as "…" with "" for a quote'
        raise Unreadable(expected, f"{error}; rows from here on were not read", row=row + 1) from None
    finally:
        with contextlib.suppress(ValueError):  # whoever opened the file may have closed it before us
            text.detach()


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    line = text.readline(LINE_CHARACTERS_MAX)
    if line.strip().lower().startswith(_SAYS_SEPARATOR):
        line = text.readline(LINE_CHARACTERS_MAX)
    while line:
        if len(line) >= LINE_CHARACTERS_MAX and not line.endswith(("\n", "\r")):
            raise Unreadable(f"lines of at most {LINE_CHARACTERS_MAX} characters", "a longer one")
        yield line
        line = text.readline(LINE_CHARACTERS_MAX)
