"""Pages by key: the next page starts after the last row, whatever has been added in between."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from wuma.kernel.errors import FieldError, InvalidInput

PAGE_COUNT_MAX: Final = 200
PAGE_COUNT: Final = 50

Item = TypeVar("Item")
Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX, description="How many items at the most.")]
After = Annotated[str | None, Query(max_length=500, description="The `next` of the page before.")]


class Page(BaseModel, Generic[Item]):
    """Some items of a list, and where the next ones start."""

    items: list[Item]
    next: str | None = None


def cut(
    rows: Sequence[Row], limit: int, *, key: Callable[[Row], Sequence[Any]], item: Callable[[Row], Item]
) -> Page[Item]:
    """Make a page of ``limit + 1`` rows: the one too many only tells that there are more."""
    kept = rows[:limit]
    more = len(rows) > limit
    return Page(items=[item(row) for row in kept], next=write_cursor(key(kept[-1])) if more else None)


def write_cursor(key: Sequence[Any]) -> str:
    """Return the text of a key.

    >>> read_cursor(write_cursor([7, "x"]), int, str)
    [7, 'x']
    """
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).rstrip(b"=").decode()


def read_cursor(text: str, *types: Any) -> list[Any]:
    """Return the key a cursor stands for."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return list(msgspec.json.decode(raw, type=tuple.__class_getitem__(types)))
    except (binascii.Error, msgspec.MsgspecError, ValueError, UnicodeEncodeError):
        fault = FieldError("query/after", "the `next` of an earlier page", text[:60])
        raise InvalidInput("The place to go on from.", [fault]) from None
