"""Whose rows a transaction may see: a signed token that lives as long as the transaction.

Row-level security that reads a plain setting is broken twice: a pool hands the setting to the next
client, and one injected ``set_config`` changes tenant. So the setting carries a token,
``kid.tenants.expiry.mac``, that PostgreSQL itself verifies with a key the program's role cannot read:
it can be forged by nobody who only reaches SQL, it ends with the transaction, and it expires.

The verifying functions are created by the first migration, the policy of each table by ``migrations/ddl.py``.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from typing import Final

TOKEN_SETTING: Final = "wuma.token"
TOKEN_SECONDS: Final = 600
"""How long a token lives: longer than any request (60 s), shorter than a coffee break."""

_BLOCK_BYTES: Final = 64  # SHA-256's block, RFC 2104


@dataclass(frozen=True, slots=True)
class Scope:
    """The tenants a transaction may see and write; every tenant, when `tenants` is None."""

    tenants: tuple[int, ...] | None

    @classmethod
    def of(cls, *tenants: int) -> Scope:
        """Return the scope of these tenants; of none at all when none is given."""
        return cls(tuple(sorted(set(tenants))))

    def __str__(self) -> str:
        return "*" if self.tenants is None else ",".join(map(str, self.tenants))


PLATFORM: Final = Scope(None)
"""Everything: sign-in, subscribers, invariants, and the operator of the platform. Nothing else."""

NOBODY: Final = Scope(())
"""No tenant's rows: for what concerns the platform's own tables."""


class TokenSigner:
    """Signs scopes with the key of one `kid`; PostgreSQL holds the same key, out of the program's reach."""

    def __init__(self, secret: bytes, *, kid: int) -> None:
        if len(secret) < 32:
            raise ValueError(f"tenant token secret: expected at least 32 bytes, got {len(secret)}")
        self._secret = secret
        self.kid = kid

    def sign(
        self, scope: Scope, *, now_seconds: float | None = None, ttl_seconds: int = TOKEN_SECONDS
    ) -> str:
        """Return the token of a scope.

        >>> signer = TokenSigner(b"k" * 32, kid=1)
        >>> signer.sign(Scope.of(7), now_seconds=0, ttl_seconds=60)
        '1.7.60.9fdd51b0ceeaa24c83527ed81105586c'
        """
        expiry = int((time.time() if now_seconds is None else now_seconds) + ttl_seconds)
        body = f"{self.kid}.{scope}.{expiry}"
        mac = hmac.digest(self._secret, body.encode(), "sha256")[:16]
        return f"{body}.{mac.hex()}"

    def pads(self) -> tuple[bytes, bytes]:
        """Return HMAC's inner and outer key (RFC 2104), so that SQL needs nothing but ``sha256()``."""
        key = self._secret if len(self._secret) <= _BLOCK_BYTES else hashlib.sha256(self._secret).digest()
        key = key.ljust(_BLOCK_BYTES, b"\0")
        return bytes(b ^ 0x36 for b in key), bytes(b ^ 0x5C for b in key)
