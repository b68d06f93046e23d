"""Pages by key: the next page starts after the last row, whatever has been added in between."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from fastapi import Query
from pydantic import BaseModel

from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.keys import Keyring

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


# -- signed places -----------------------------------------------------------------------------------------

_TAG_BYTES: Final = 16  # 2^-128: a token of another list, of another asker, or made up, is refused
_LEVEL: Final = ("page token", "hmac-sha256")


def write_token(keyring: Keyring, purpose: str, key: Sequence[Any], *, expires_at: datetime) -> str:
    """Return a signed cursor: what it holds may decide what is shown, so nobody else can have written it.

    Args:
        keyring: whose data key signs.
        purpose: the list and the asker it is for; it leads on nowhere else.
        key: where the page ends.
        expires_at: from when on it is refused.
    """
    said = msgspec.json.encode([expires_at, *key])
    tag = _tag(keyring, keyring.data_version, purpose, said)
    return base64.urlsafe_b64encode(bytes([keyring.data_version]) + tag + said).rstrip(b"=").decode()


def read_token(keyring: Keyring, purpose: str, token: str, *types: Any, now: datetime) -> list[Any]:
    """Return the key that a signed cursor of this purpose stands for.

    Raises:
        InvalidInput: it was made for something else, by somebody else, or has expired.
    """
    fault = FieldError("query/nextPageToken", "the token of an earlier page of this list", token[:60])
    refusal = InvalidInput("The page token.", [fault])
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        tag, said = raw[1 : 1 + _TAG_BYTES], raw[1 + _TAG_BYTES :]
        if not hmac.compare_digest(tag, _tag(keyring, raw[0], purpose, said)):
            raise refusal
    except (binascii.Error, ValueError, IndexError, KeyError):
        raise refusal from None
    expires_at, *key = msgspec.json.decode(said, type=tuple.__class_getitem__((datetime, *types)))
    if expires_at <= now:
        fault = FieldError("query/nextPageToken", "a token that has not expired", expires_at.isoformat())
        raise InvalidInput("The page token has expired: ask for the first page again.", [fault])
    return list(key)


def _tag(keyring: Keyring, version: int, purpose: str, said: bytes) -> bytes:
    message = purpose.encode() + b"\0" + said
    return hmac.digest(keyring.data_key(version, _LEVEL), message, hashlib.sha256)[:_TAG_BYTES]
