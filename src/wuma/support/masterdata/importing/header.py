"""Which column is which: titles in Chinese or English, in any order, and columns that hold something else.

``titles.csv`` says how people call the columns. A title is compared without case, width, spaces and
punctuation: ``*商品条码（GTIN）`` is ``商品条码gtin``.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wuma.support.masterdata.importing.source import Record, Unreadable, is_blank

HEADER_ROWS_MAX: Final = 10  # above the header there may be a title, an empty row, a hint how to fill it in
SAMPLE_ROWS: Final = 200
SAMPLE_ROWS_MIN: Final = 3
MISPLACED_SHARE: Final = 0.5
"""A column of which at least half is not what its title says holds something else."""
FOUND_SHARE: Final = 0.8
"""A column of which at least so much is what another title says may be the one that was meant."""


@dataclass(frozen=True, slots=True)
class Title:
    """How files call a column, in Chinese, in English, and otherwise."""

    zh: str
    en: str
    also: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.zh} ({self.en})"


@dataclass(frozen=True, slots=True)
class Field:
    """What one staged column is made of: the cells of one titled column, or of several.

    `read` takes the texts of its columns, blank where the file has no such column, and returns the value; it
    raises `CellFault`. `looks_right` tells values of this field from all else, where that is possible.
    """

    name: str
    sql_type: str
    titles: tuple[Title, ...]
    read: Callable[..., Any]
    required: bool = False
    looks_right: Callable[[str], bool] | None = None


@functools.cache
def titles_of(kind: str) -> Mapping[str, tuple[Title, ...]]:
    """Return the titles of the columns of a kind, by field."""
    text = importlib.resources.files(__package__).joinpath("titles.csv").read_text("utf-8")
    found: defaultdict[str, list[Title]] = defaultdict(list)
    for line in csv.DictReader(text.splitlines()):
        if line["kind"] == kind:
            also = tuple(name for name in line["also"].split(";") if name)
            found[line["field"]].append(Title(line["zh"], line["en"], also))
    return {field: tuple(titles) for field, titles in found.items()}


@dataclass(frozen=True, slots=True)
class Header:
    """A header that was understood: the row it is in, and the position of each title."""

    row: int
    texts: tuple[str, ...]
    positions: Mapping[Title, int]

    def has(self, field: Field) -> bool:
        """Whether the file says anything about a field."""
        return any(title in self.positions for title in field.titles)

    def text_of(self, field: Field) -> str:
        """Return what the file calls the first column of a field; what we call it, when there is none."""
        return next(
            (self.texts[self.positions[title]] for title in field.titles if title in self.positions),
            field.titles[0].zh,
        )

    def columns(self, fields: Sequence[Field]) -> dict[str, str]:
        """Return the titles that were recognised, and as which field."""
        return {
            self.texts[self.positions[title]]: field.name
            for field in fields
            for title in field.titles
            if title in self.positions
        }

    def ignored(self) -> list[str]:
        """Return the titles of columns that nobody asked for."""
        known = set(self.positions.values())
        return [text for position, text in enumerate(self.texts) if position not in known and text]


class Titles:
    """The titles that a kind of import knows."""

    def __init__(self, fields: Sequence[Field]) -> None:
        self._by_name = {
            normalised(name): title
            for field in fields
            for title in field.titles
            for name in (title.zh, title.en, *title.also)
        }

    def known_count(self, texts: Sequence[str]) -> int:
        """Say how many different columns are recognised in a row."""
        return len({title for text in texts if (title := self._by_name.get(normalised(text)))})

    def read(self, records: Sequence[Record]) -> Header:
        """Find the header among the first records: the row with most known titles.

        Raises:
            Unreadable: when no row has any, or two columns have one title.
        """
        best = max(records, key=lambda record: self.known_count(record.cells), default=None)
        if best is None or not self.known_count(best.cells):
            said = next((record.cells for record in records if not is_blank(record.cells)), [])
            known = ", ".join(dict.fromkeys(str(title) for title in self._by_name.values()))
            raise Unreadable(f"a header row with some of: {known}", ", ".join(filter(None, said)) or "none")
        positions: dict[Title, int] = {}
        for position, text in enumerate(best.cells):
            title = self._by_name.get(normalised(text))
            if title is None:
                continue
            if title in positions:
                both = f"{best.cells[positions[title]]} and {text}"
                raise Unreadable(f"one column {title}", both, row=best.row or None)
            positions[title] = position
        return Header(best.row, tuple(text.strip() for text in best.cells), positions)


def normalised(text: str) -> str:
    """Return what of a title is compared.

    >>> normalised("＊商品条码（GTIN）"), normalised("net_weight (g)")
    ('商品条码gtin', 'netweightg')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A column that does not hold what its title says, and the column that seems to."""

    field: Field
    column: str | None
    """None when the file has no column of that title at all."""
    seems_in: str
    example: str


def find_misplaced(header: Header, fields: Sequence[Field], records: Sequence[Record]) -> list[Misplaced]:
    """Look at some rows for columns that were swapped or wrongly titled."""
    found = []
    for field in fields:
        if field.looks_right is None or not (field.required or header.has(field)):
            continue
        own = header.positions.get(field.titles[0])
        wrong = [] if own is None else [c for c in _cells(records, own) if not field.looks_right(c)]
        if own is not None and len(wrong) < max(SAMPLE_ROWS_MIN, MISPLACED_SHARE * len(_cells(records, own))):
            continue
        elsewhere = _best_column(header, records, field.looks_right, own)
        if elsewhere is not None:
            column = None if own is None else header.texts[own]
            found.append(Misplaced(field, column, header.texts[elsewhere], wrong[0] if wrong else ""))
    return found


def _best_column(
    header: Header, records: Sequence[Record], looks_right: Callable[[str], bool], own: int | None
) -> int | None:
    best_share, best = FOUND_SHARE, None
    for position in range(len(header.texts)):
        cells = _cells(records, position)
        if position == own or len(cells) < SAMPLE_ROWS_MIN:
            continue
        share = sum(map(looks_right, cells)) / len(cells)
        if share > best_share or (share == best_share and best is None):
            best_share, best = share, position
    return best


def _cells(records: Sequence[Record], position: int) -> list[str]:
    return [
        cell
        for record in records
        if len(record.cells) > position and (cell := record.cells[position].strip())
    ]
