"""GS1 check digits are computed in one place: whoever needs one calls the library, or asks the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PLACES = {
    "src": ("*.py",),
    "web/apps": ("*.ts", "*.tsx"),
    "web/packages": ("*.ts", "*.tsx"),
    "migrations": ("*.py",),
}
MODULO_TEN = re.compile(r"%\s*10\b|\bmod\(\s*[^,()]+,\s*10\s*\)", re.IGNORECASE)
"""What no way to compute such a digit does without."""
LIBRARY = TOP / "src" / "wuma_gs1"


def _files() -> Iterator[Path]:
    for folder, patterns in PLACES.items():
        for pattern in patterns:
            yield from (TOP / folder).rglob(pattern)


def test_nothing_outside_the_library_computes_a_check_digit() -> None:
    files = [file for file in _files() if "node_modules" not in file.parts]
    computing = {file for file in files if MODULO_TEN.search(file.read_text("utf-8", errors="replace"))}

    assert {file.parent for file in computing} == {LIBRARY}
