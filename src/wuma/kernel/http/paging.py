"""Pages by key: the next page starts after the last row, whatever has been added in between."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Generic, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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


# -- sealed places -----------------------------------------------------------------------------------------

_NONCE_BYTES: Final = 12
_LEVEL: Final = ("page token", "aes-256-gcm")


def write_token(keyring: Keyring, purpose: str, key: Sequence[Any], *, expires_at: datetime) -> str:
    """Return a sealed cursor: where a page ends may be something that its reader is not shown.

    Args:
        keyring: whose data key seals.
        purpose: the list and the asker it is for; it leads on nowhere else.
        key: where the page ends.
        expires_at: from when on it is refused.
    """
    version, nonce = keyring.data_version, secrets.token_bytes(_NONCE_BYTES)
    said = msgspec.json.encode([expires_at, *key])
    sealed = AESGCM(keyring.data_key(version, _LEVEL)).encrypt(nonce, said, purpose.encode())
    return _as_text(bytes([version]) + nonce + sealed)


def _as_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def read_token(keyring: Keyring, purpose: str, token: str, *types: Any, now: datetime) -> list[Any]:
    """Return the key that a sealed cursor of this purpose stands for.

    Raises:
        InvalidInput: it was made for something else, by somebody else, or has expired.
    """
    fault = FieldError("query/nextPageToken", "the token of an earlier page of this list", token[:60])
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        if _as_text(raw) != token:  # other characters that decode alike: nobody was given these
            raise InvalidInput("The page token.", [fault])
        nonce, sealed = raw[1 : 1 + _NONCE_BYTES], raw[1 + _NONCE_BYTES :]
        said = AESGCM(keyring.data_key(raw[0], _LEVEL)).decrypt(nonce, sealed, purpose.encode())
    except (binascii.Error, ValueError, IndexError, KeyError, InvalidTag):
        raise InvalidInput("The page token.", [fault]) from None
    expires_at, *key = msgspec.json.decode(said, type=tuple.__class_getitem__((datetime, *types)))
    if expires_at <= now:
        fault = FieldError("query/nextPageToken", "a token that has not expired", expires_at.isoformat())
        raise InvalidInput("The page token has expired: ask for the first page again.", [fault])
    return list(key)
