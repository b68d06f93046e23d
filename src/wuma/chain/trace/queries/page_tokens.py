"""Page tokens of the EPCIS interface: signed, of one list and one asker, and good for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from wuma.chain.trace.queries.exceptions import QueryParameterException
from wuma.kernel.errors import InvalidInput
from wuma.kernel.http.paging import read_token, write_token
from wuma.kernel.keys import Keyring

TOKEN_HOURS: Final = 24
"""How long a page token leads on."""


class PageTokens:
    """Page tokens of one list, for one asker."""

    def __init__(self, keyring: Keyring, tenant_id: int, list_name: str, *, now: datetime) -> None:
        self._keyring = keyring
        self._purpose = f"{tenant_id} {list_name}"
        self._now = now
        self.expires_at = (now + timedelta(hours=TOKEN_HOURS)).replace(microsecond=0)

    def read(self, token: str | None, *types: Any) -> list[Any] | None:
        """Return where the page before ended; None for the first page."""
        if not token:
            return None
        try:
            return read_token(self._keyring, self._purpose, token, *types, now=self._now)
        except InvalidInput as refusal:
            raise QueryParameterException(refusal.detail, refusal.errors) from None

    def write(self, place: Sequence[Any]) -> str:
        """Return the token that leads on from a place."""
        return write_token(self._keyring, self._purpose, place, expires_at=self.expires_at)
