"""What a file turns out to be: records of texts, numbered as people see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

COLUMNS_MAX: Final = 500  # a template has 15; a workbook with more is not a table of things
CELL_CHARACTERS_MAX: Final = 32_767  # what Excel holds in a cell


class Format(StrEnum):
    """A format we read."""

    CSV = "CSV"
    XLSX = "XLSX"
    JSON = "JSON"


class Unreadable(Exception):
    """A file, or the rest of one, that cannot be read as a table."""

    def __init__(self, expected: str, got: str, *, row: int | None = None) -> None:
        super().__init__(f"expected {expected}, got {got}" + (f" in row {row}" if row else ""))
        self.expected = expected
        self.got = got
        self.row = row


class CellRefusal(NamedTuple):
    """A cell that the format itself makes unacceptable: a formula, an error, a nested object."""

    expected: str
    got: str


class Record(NamedTuple):
    """One row: its number, its cells as texts, and those that are refused, by position."""

    row: int
    cells: list[str]
    refused: dict[int, CellRefusal] | None = None


@dataclass(slots=True)
class Source:
    """A file that has been recognised, and the records that come of it while it is read."""

    format: Format
    records: Iterator[Record]
    encoding: str | None = None
    sheet: str | None = None
    notes: list[str] = field(default_factory=list)


Recognised = Callable[[Sequence[str]], int]
"""How many of some titles are known: what tells a header from a row, and a comma from a semicolon."""


def is_blank(cells: Sequence[str]) -> bool:
    """Whether a record says nothing."""
    return not any(map(str.strip, cells))
