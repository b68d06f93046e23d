"""A file that only its recipient can read: age, encrypted as a stream, on disk whole or not at all.

age (age-encryption.org/v1) is what vendors have tools for: ``age``, ``rage``, and libraries in every
language. We hold the recipient's public key only, so whoever takes our disk takes nothing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Final, TypeAlias

import pyrage

from wuma.kernel.errors import FieldError, InvalidInput

SUFFIX: Final = ".age"
AGE_HEADER_BYTES_MAX: Final = 1024  # one X25519 stanza, a grease stanza of random length, the MAC, the nonce
_CHUNK_BYTES: Final = 64 * 1024  # age, "Payload": each carries a tag
_TAG_BYTES: Final = 16
_WRITE_BACK_BYTES: Final = 64 * 1024 * 1024

Buffer: TypeAlias = bytes | memoryview


@dataclass(frozen=True, slots=True)
class Sealed:
    """What was written."""

    size_bytes: int
    sha256: bytes


def read_recipient(text: str, at: str) -> pyrage.x25519.Recipient:
    """Read an age public key (X25519, ``age1…``).

    Raises:
        InvalidInput: it is none; `at` says where it stood. A secret key is never repeated in the answer.
    """
    try:
        return pyrage.x25519.Recipient.from_str(text.strip())
    except pyrage.RecipientError:
        is_secret = "SECRET" in text.upper()
        got = "a secret key: treat it as leaked and make a new one" if is_secret else text[:80]
        fault = FieldError(at, "an age public key (X25519): age1 and 58 more characters", got)
        raise InvalidInput("The recipient's public key.", [fault]) from None


def sealed_bytes_max(plain_bytes: int) -> int:
    """Return how large a file of so many bytes becomes at most."""
    return AGE_HEADER_BYTES_MAX + plain_bytes + (plain_bytes // _CHUNK_BYTES + 1) * _TAG_BYTES


def seal(chunks: Iterable[Buffer], path: Path, recipient: pyrage.x25519.Recipient) -> Sealed:
    """Encrypt chunks into a new file and have the disk keep it. Memory: a chunk, whatever the file's size.

    Raises:
        FileExistsError: there is such a file.
        OSError: the disk is full, or worse. What was written so far is left to the caller.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with FileIO(descriptor, "wb") as file:
        source, sink = _Source(chunks), _Sink(file)
        try:
            pyrage.encrypt_io(source, sink, [recipient])
        except pyrage.EncryptError:
            # It carries what our callbacks raised as text; the exception itself tells more.
            raise source.failure or sink.failure or AssertionError("age failed by itself") from None
        os.fsync(descriptor)
    return Sealed(sink.size_bytes, sink.digest.digest())


class _Source:
    """Chunks as something to read from, 8 KiB at a time as rage asks."""

    def __init__(self, chunks: Iterable[Buffer]) -> None:
        self._chunks = iter(chunks)
        self._chunk = memoryview(b"")
        self._at = 0
        self.failure: BaseException | None = None

    def read(self, size: int) -> bytes:
        while self._at == len(self._chunk):
            try:
                self._chunk, self._at = memoryview(next(self._chunks)), 0
            except StopIteration:
                return b""
            except BaseException as failure:
                self.failure = failure
                raise
        piece = bytes(self._chunk[self._at : self._at + size])
        self._at += len(piece)
        return piece


class _Sink:
    """A file that counts and hashes what is written to it."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._pushed_bytes = 0
        self.digest = hashlib.sha256()
        self.size_bytes = 0
        self.failure: BaseException | None = None

    def write(self, data: bytes) -> int:
        try:
            left = memoryview(data)
            while left:
                left = left[self._file.write(left) :]
        except BaseException as failure:
            self.failure = failure
            raise
        self.digest.update(data)
        self.size_bytes += len(data)
        if self.size_bytes - self._pushed_bytes >= _WRITE_BACK_BYTES:
            self._push()
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def _push(self) -> None:
        """Have the kernel begin to write, and forget what is written.

        Left alone it collects gigabytes, then stops us until they are on disk: 10 to 16 s for 3 GB, against
        7 to 8 s so. Nor do other programs lose their cache to a file that nobody reads soon.
        """
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self._file.fileno(), 0, self.size_bytes, os.POSIX_FADV_DONTNEED)
            self._pushed_bytes = self.size_bytes
