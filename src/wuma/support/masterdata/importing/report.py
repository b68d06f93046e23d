"""What an import says: how much came of it, or what is wrong, in the rows and columns that people see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

FAULTS_LISTED_MAX: Final = 1000  # more than anybody mends by hand; the count goes on
GOT_CHARACTERS_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class ImportFault:
    """One thing wrong: where, what was expected, what came."""

    row: int | None
    """As a spreadsheet numbers it, the header included; in JSON the number of the object. None: the file."""
    column: str | None
    """As the file calls it."""
    expected: str
    got: str


class Faults:
    """All faults of a file: the first are kept, all are counted."""

    def __init__(self) -> None:
        self.listed: list[ImportFault] = []
        self.count = 0

    def add(self, row: int | None, column: str | None, *, expected: str, got: str) -> None:
        """Note a fault."""
        self.note(1, [ImportFault(row, column, expected, shortened(got))])

    def note(self, count: int, faults: Sequence[ImportFault]) -> None:
        """Note `count` faults, of which some are told."""
        self.count += count
        self.listed.extend(faults[: max(0, FAULTS_LISTED_MAX - len(self.listed))])


@dataclass(slots=True)
class ImportReport:
    """What came of a file."""

    kind: str
    dry_run: bool
    applied: bool = False
    """Whether anything was kept: never with errors, and never in a dry run."""
    format: str | None = None
    encoding: str | None = None
    sheet: str | None = None
    columns: dict[str, str] = field(default_factory=dict)
    """Titles of columns that were read, and as what."""
    ignored_columns: list[str] = field(default_factory=list)
    row_count: int = 0
    created_count: int = 0
    updated_count: int = 0
    unchanged_count: int = 0
    error_count: int = 0
    errors: list[ImportFault] = field(default_factory=list)
    """The first of them, by row."""
    notes: list[str] = field(default_factory=list)


def shortened(text: str) -> str:
    """Cut a text to a length that a page bears, and show what cannot be printed."""
    shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text[: GOT_CHARACTERS_MAX + 1])
    return shown if len(text) <= GOT_CHARACTERS_MAX else f"{shown[:GOT_CHARACTERS_MAX]}…"
