"""Encryption where the program needs it: blocks of AES-256, and fields of the database.

A *field* is sealed with AES-256-GCM under a key of its tenant and bound to its cell: copied to another row,
column, table or tenant it does not open. To find a row by a sealed value, store its *blind index* beside
it: a keyed hash, because a plain hash of a mobile number is undone on one core within the hour.
"""

from __future__ import annotations

import hmac
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from numpy.typing import NDArray

from wuma.kernel.keys import Keyring, pack

BLOCK_BYTES: Final = 16


class Aes256:
    """One AES-256 key; encrypts single blocks and whole arrays of them, from any thread.

    Only ever used as a keyed function of distinct blocks, never to encrypt a message: that is what makes ECB
    the right mode here and the wrong one everywhere else.

    A cipher context must not be used by two threads at once (a large update lets other threads run, and the
    library then raises "Already borrowed"), so each thread keeps its own and each array gets a new one.
    """

    __slots__ = ("_cipher", "_of_thread")

    def __init__(self, key: bytes) -> None:
        self._cipher = Cipher(AES256(key), ECB())  # noqa: S305 - single blocks, see above
        self._of_thread = _Contexts()

    def encryptor(self) -> Callable[[bytes], bytes]:
        """Return this thread's function from block to block; setting a key up costs 20 blocks, so keep it."""
        of_thread = self._of_thread
        if of_thread.encrypt is None:
            of_thread.encrypt = self._cipher.encryptor().update
        return of_thread.encrypt

    def decryptor(self) -> Callable[[bytes], bytes]:
        """Return this thread's inverse of `encryptor`."""
        of_thread = self._of_thread
        if of_thread.decrypt is None:
            of_thread.decrypt = self._cipher.decryptor().update
        return of_thread.decrypt

    def array(self, block_count: int, *, decrypt: bool = False) -> AesArray:
        """Return room for `block_count` blocks that are encrypted (or decrypted) together."""
        context = self._cipher.decryptor() if decrypt else self._cipher.encryptor()
        return AesArray(context.update_into, block_count)


class _Contexts(threading.local):
    encrypt: Callable[[bytes], bytes] | None = None
    decrypt: Callable[[bytes], bytes] | None = None


class AesArray:
    """Blocks in, blocks out, over and over in the same memory.

    Both are arrays of shape (n, 2): a block is a 128-bit little-endian integer, low word first.
    """

    __slots__ = ("_room", "_source", "_update_into", "blocks", "result")

    def __init__(self, update_into: Callable[[memoryview, bytearray], int], block_count: int) -> None:
        self._update_into = update_into
        room_count = max(block_count, 1)  # a memoryview cannot be cast when it is empty
        blocks: NDArray[np.uint64] = np.zeros((room_count, 2), "<u8")
        self._source = blocks.data.cast("B")
        # The library wants room for one more block than it fills, less a byte.
        self._room = bytearray(room_count * BLOCK_BYTES + BLOCK_BYTES - 1)
        result: NDArray[np.uint64] = np.frombuffer(self._room, "<u8", 2 * room_count).reshape(-1, 2)
        self.blocks, self.result = blocks[:block_count], result[:block_count]

    def run(self) -> None:
        """Turn `blocks` into `result`."""
        self._update_into(self._source, self._room)


# ---- fields of the database ----------------------------------------------------------------------------

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
FIELD_OVERHEAD_BYTES: Final = 1 + NONCE_BYTES + TAG_BYTES
BLIND_INDEX_BYTES: Final = 16
TENANT_KEYS_CACHED: Final = 4_096
"""Every tenant of a large vendor (1,200) under three generations."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a field stands. The table is named with its schema; `row` is the primary key."""

    tenant_id: int
    table: str
    column: str
    row: int | str


class FieldUnreadable(Exception):
    """A sealed field is not the one that was written to this cell.

    Somebody moved or altered it, or restored rows without the key file that belongs to them. Never expected,
    so not a refusal.
    """


class FieldCipher:
    """Seals fields under keys of their tenants. Safe to share among threads.

    Sealed: version (1 byte, the generation of the key), nonce (12, random), ciphertext, tag (16). With random
    nonces one key is good for 2^32 fields (SP 800-38D, section 8.3); a new generation brings a new one.
    """

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._aead = lru_cache(TENANT_KEYS_CACHED)(self._make_aead)

    def seal(self, plain: bytes, cell: Cell) -> bytes:
        """Encrypt a field for its cell, under the newest version."""
        version = self._keyring.data_version
        nonce = os.urandom(NONCE_BYTES)
        aead = self._aead(version, cell.tenant_id)
        return bytes([version]) + nonce + aead.encrypt(nonce, plain, _where(version, cell))

    def open(self, sealed: bytes, cell: Cell) -> bytes:
        """Decrypt a field of any version.

        Raises:
            FieldUnreadable: It was not sealed for this cell, or not by this installation.
        """
        if len(sealed) < FIELD_OVERHEAD_BYTES:
            raise FieldUnreadable(
                f"{cell}: expected at least {FIELD_OVERHEAD_BYTES} bytes, got {len(sealed)}"
            )
        version, nonce, body = sealed[0], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead(version, cell.tenant_id).decrypt(nonce, body, _where(version, cell))
        except KeyError:
            raise FieldUnreadable(f"{cell}: sealed with version {version}, which these keys lack") from None
        except InvalidTag:
            raise FieldUnreadable(
                f"{cell}: the sealed field was altered or belongs to another cell"
            ) from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether a field is sealed under the newest version; if not, seal it again when convenient."""
        return sealed[0] == self._keyring.data_version

    def blind_index(
        self, value: bytes, *, tenant_id: int, table: str, column: str, version: int = 1
    ) -> bytes:
        """Return 16 bytes that are equal for equal values of one column of one tenant, and say nothing else.

        The caller normalises the value first. Unlike a sealed field the index carries no version: a new one
        finds no old rows. Keep to a version until a job has written the column's index anew.
        """
        key = self._keyring.data_key(
            version, ("tenant", tenant_id), ("table", table), ("blind index", column)
        )
        return hmac.digest(key, value, "sha256")[:BLIND_INDEX_BYTES]

    def _make_aead(self, version: int, tenant_id: int) -> AESGCM:
        return AESGCM(self._keyring.data_key(version, ("tenant", tenant_id), ("fields", "aes-256-gcm")))


def _where(version: int, cell: Cell) -> bytes:
    return pack("field", version, cell.tenant_id, cell.table, cell.column, cell.row)
