"""What is particular to one kind of import.

What one cell tells is judged by its field. What takes several cells, rows or tables is a `Check`: a SELECT
over the staged rows (``staged s``), whose every row is a fault. Where it speaks of things that are kept
already, it finds them in ``matched m``: the row, the id, whether it is archived, whether it would change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final
from uuid import UUID

from wuma.kernel.fact import Fact
from wuma.support.masterdata.division_names import DivisionNames, Found
from wuma.support.masterdata.importing.cells import CellFault, plain
from wuma.support.masterdata.importing.header import Field


class ImportKind(StrEnum):
    """What a file holds."""

    PRODUCTS = "products"
    SITES = "sites"
    LINES = "lines"
    PARTNERS = "partners"


@dataclass(frozen=True, slots=True)
class Check:
    """A promise about staged rows. `faults` selects (row, expected, got).

    It speaks of `fields`, and is asked when a file has one of them; the first is whose column a fault is in.
    """

    fields: tuple[str, ...]
    faults: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """All that is particular to one kind of things, much of it as SQL that may use ``:tenant_id``."""

    fields: tuple[Field, ...]
    needed: tuple[tuple[str, ...], ...]
    """Groups of fields of which a file needs at least one."""
    table: str
    source: str = "staged s"
    """The staged rows, with what they refer to."""
    match: str
    """The join to the row of the table that a staged row means, as ``t``."""
    values: Mapping[str, tuple[str, str]]
    """Columns of the table: the field each comes of, and SQL over `source`."""
    checks: tuple[Check, ...]
    """Promises about the rows by themselves."""
    references: tuple[Check, ...]
    """Promises about other rows and what is kept; asked when every row could be read."""
    fact: Callable[[int, list[UUID]], Fact]
    also_changed: str = "false"
    """What makes a matched row a changed one besides its values."""
    also_set: str = ""
    """What an update sets besides the values, beginning with a comma."""
    afterwards: tuple[str, ...] = ()
    """Statements that write what belongs to the rows."""
    kept: tuple[Check, ...] = ()
    """Promises about what is there afterwards; what is missing, another tenant has."""


def values(*names: str) -> dict[str, tuple[str, str]]:
    """Return columns that are staged under their own names."""
    return {name: (name, f"s.{name}") for name in names}


def once(key: str, field_name: str) -> Check:
    """Promise that a file says each thing once."""
    same = " AND ".join(f"s.{column} = d.{column}" for column in key.split(", "))
    return Check(
        (field_name,),
        f"""
        SELECT s.row_number, 'each only once; the same is in row ' || d.first, s.{field_name}
        FROM staged s
        JOIN (
            SELECT {key}, min(row_number) AS first FROM staged GROUP BY {key} HAVING count(*) > 1
        ) d ON {same}
        WHERE s.row_number <> d.first
        """,
    )


def in_use(field_name: str) -> Check:
    """Promise that nothing archived is changed."""
    return Check(
        (field_name,),
        f"""
        SELECT s.row_number, 'one that is in use; this one is archived, restore it first', s.{field_name}
        FROM staged s JOIN matched m ON m.row_number = s.row_number
        WHERE m.is_archived
        """,
    )


def looks_like(read: Callable[[str], object]) -> Callable[[str], bool]:
    """Return whether a reader makes something of a text."""

    def looks_right(text: str) -> bool:
        try:
            return read(text) is not None
        except CellFault:
            return False

    return looks_right


def region_reader(regions: DivisionNames) -> Callable[..., str | None]:
    """Return a reader of regions: codes or names, in one cell or in one for each level.

    >>> read = region_reader(DivisionNames({"44": "广东省", "4403": "深圳市"}))
    >>> read("广东省", "深圳市"), read("广东/深圳"), read("440300"), read("")
    ('4403', '4403', '4403', None)
    >>> read("广东省", "Atlantis")
    Traceback (most recent call last):
    wuma.support.masterdata.importing.cells.CellFault: a division of China, by name or code
    """

    @lru_cache(maxsize=10_000)  # a file names some hundred cities a hundred thousand times, right or wrong
    def find(*texts: str) -> Found | None:
        names = [name for text in texts for name in _BREAK.split(plain(text)) if name]
        return regions.find(*names) if names else None

    def read(*texts: str) -> str | None:
        found = find(*texts)
        if found is None:
            return None
        if not found.code or found.unknown:
            raise CellFault("a division of China, by name or code")
        return found.code

    return read


_BREAK: Final = re.compile(r"[\s/\\>,·-]+")
