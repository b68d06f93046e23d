"""Reading the published vectors, and holding a whole file of them against a function."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

Vector = dict[str, Any]


def load(shared: Path, name: str) -> Any:
    """Read one file of vectors, such as `syntax-vectors/linters.json`."""
    return json.loads((shared / "gs1" / name).read_text("utf-8"))


def failures(
    vectors: Iterable[Vector],
    passes: Callable[[Vector], object],
    *,
    exceptions: Mapping[str, str] | None = None,
    name: str = "in",
) -> list[Vector]:
    """List the vectors that fail.

    `exceptions` has, by input, those that a standard decides otherwise, with the clause. An exception
    that passes after all is listed too: the table must not outlive its reason.
    """
    exceptions = exceptions or {}
    return [vector for vector in vectors if bool(passes(vector)) == (str(vector[name]) in exceptions)]
