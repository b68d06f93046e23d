"""Types of fields that many request bodies share."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$"),
]
"""One line of text that people read: a name, a title."""
