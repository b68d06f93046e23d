"""The real data as files that people would upload."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

Row = Mapping[str, Any]


def as_csv(
    path: Path,
    *,
    also: Mapping[str, Callable[[int, Row], object]] | None = None,
    only: Callable[[Row], bool] | None = None,
    encoding: str = "utf-8",
) -> bytes:
    """Return a Parquet file as CSV, with columns added that are computed from the row and its number."""
    added = also or {}
    rows = [row for row in pq.read_table(path).to_pylist() if only is None or only(row)]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([*rows[0], *added])
    for number, row in enumerate(rows, 1):
        cells = ["" if value is None else value for value in row.values()]
        writer.writerow([*cells, *[compute(number, row) for compute in added.values()]])
    return text.getvalue().encode(encoding)
