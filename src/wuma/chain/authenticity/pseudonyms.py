"""Names for people we do not know: the same person has another one with every brand."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

from wuma.kernel.keys import Keyring

PSEUDONYM_BYTES: Final = 8  # 10^9 people meet another's pseudonym with probability 3 %, once, somewhere
TENANTS_CACHED: Final = 4096
_KEY_VERSION: Final = 1  # never moved: with a new key everybody would be a stranger


class Pseudonyms:
    """Turns what a browser brings (a cookie, an address) into a pseudonym under the tenant's key."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._key = lru_cache(TENANTS_CACHED)(self._derive)

    def of(self, tenant_id: int, secret: bytes) -> str:
        """Return the pseudonym of somebody with a tenant: 16 hexadecimal digits."""
        return hashlib.blake2b(secret, digest_size=PSEUDONYM_BYTES, key=self._key(tenant_id)).hexdigest()

    def _derive(self, tenant_id: int) -> bytes:
        return self._keyring.data_key(_KEY_VERSION, ("tenant", tenant_id), ("pseudonyms", "blake2b"))
