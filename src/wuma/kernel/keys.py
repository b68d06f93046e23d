"""The tree of keys, and the sealed file that keeps its roots.

Every secret of an installation is computed from a few random root secrets by HKDF-SHA-256 (RFC 5869)::

    root (generation) ─┬─ epoch n ── whatever the codes of epoch n need, a level at a time
                       └─ data    ── whatever must outlive an epoch: field encryption, SSCC permutations

An *epoch* is the time in which codes are issued under one set of keys. Its number travels in every code, so
epochs are opened and closed but never forgotten: a code printed today is scanned in five years. A
*generation* is one root secret. Opening an epoch may bring a new generation; it then shares nothing with the
epochs before it.

A `KeyPort` keeps the roots: a sealed file here, a KMS or HSM in a cluster. Roots never leave it. A `Keyring`
is what a program holds: the branches the port derived, and caches; it does no I/O until told to `reload`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final, Protocol, TypeAlias, assert_never

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from wuma.kernel.errors import Refusal

KEY_BYTES: Final = 32

EPOCH_FIRST: Final = 1
"""Epoch 0 is never opened: an all-zero text belongs to no epoch, and unit numbers below 2^38 are free."""

EPOCH_LAST: Final = 31
"""A code has five bits for its epoch. One epoch a year lasts for 31 years."""

GENERATION_LAST: Final = 255
"""A ciphertext names its generation in one byte."""

DERIVED_KEYS_CACHED: Final = 16_384
"""One for each order at work and one for its tenant: 5 MB when full."""

Level: TypeAlias = tuple[str, int | str]
"""One step down the tree: what kind of thing, and which one; ``("tenant", 7)``."""


class EpochState(StrEnum):
    """What the keys of an epoch may still do. States only move downwards."""

    ISSUING = "issuing"
    """New codes are issued under it. Exactly one epoch is."""
    VERIFYING = "verifying"
    """Its codes verify, for as long as they are in the world; new ones are refused."""
    REVOKED = "revoked"
    """Its keys have leaked. Nothing verifies under it, and its secret is not even derived."""


class EpochNeverOpened(Refusal):
    """No such epoch was ever opened here."""

    status = HTTPStatus.NOT_FOUND
    slug = "epoch-never-opened"


class EpochRevoked(Refusal):
    """The keys of this epoch are revoked."""

    status = HTTPStatus.GONE
    slug = "epoch-revoked"


class EpochInUse(Refusal):
    """The issuing epoch cannot be revoked before the next one is open."""

    slug = "epoch-in-use"


class OutOfEpochs(Refusal):
    """Every epoch number or generation has been used."""

    slug = "out-of-epochs"


@dataclass(frozen=True, slots=True)
class Epoch:
    """One epoch as the port hands it out; without its secret once it is revoked."""

    number: int
    generation: int
    state: EpochState
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Unsealed:
    """What a program may know: the secret of each epoch, and of the data branch of each generation."""

    epochs: tuple[Epoch, ...]
    data_secrets: Mapping[int, bytes] = field(repr=False)


class KeyPort(Protocol):
    """Keeps root secrets and the states of the epochs; another process may change them at any time."""

    def load(self) -> Unsealed:
        """Return everything, as of one moment."""

    def open_epoch(self, *, fresh_root: bool = False) -> int:
        """Open the next epoch and let it issue; the one before only verifies. Return its number."""

    def revoke_epoch(self, number: int) -> None:
        """Declare the keys of an epoch leaked, for ever. Refuses the issuing epoch."""


class Keyring:
    """The keys of a running program, derived when first asked for and kept. Safe to share among threads."""

    def __init__(self, port: KeyPort) -> None:
        self._port = port
        self.reload()

    def reload(self) -> None:
        """Ask the port again: the epochs opened and revoked since then count from now on."""
        # One assignment, so that another thread sees the old keys or the new ones and never a mixture.
        self._held = _Held(self._port.load())

    @property
    def issuing_epoch(self) -> int:
        """The epoch that new codes belong to."""
        return self._held.issuing_epoch

    @property
    def opened_epochs(self) -> frozenset[int]:
        """Every epoch ever opened, also the revoked ones: no genuine code names any other."""
        return self._held.opened_epochs

    @property
    def live_epochs(self) -> frozenset[int]:
        """The epochs whose codes verify."""
        return self._held.live_epochs

    @property
    def data_version(self) -> int:
        """The version (generation) under which new ciphertexts are written."""
        return self._held.data_version

    def epoch_key(self, epoch: int, *path: Level) -> bytes:
        """Return the 32-byte key at a path below an epoch.

        Raises:
            EpochNeverOpened: The number belongs to no epoch.
            EpochRevoked: Its keys have leaked; nothing may rest on them.
        """
        return self._held.epoch_key(epoch, path)

    def data_key(self, version: int, *path: Level) -> bytes:
        """Return the 32-byte key at a path of the data branch, which no epoch's end touches.

        Raises:
            KeyError: No generation has this number.
        """
        return self._held.data_key(version, path)

    def __repr__(self) -> str:
        return f"Keyring(issuing_epoch={self.issuing_epoch}, live_epochs={sorted(self.live_epochs)})"


class _Held:
    """One answer of the port with the keys derived from it."""

    def __init__(self, unsealed: Unsealed) -> None:
        self._epochs = {epoch.number: epoch for epoch in unsealed.epochs}
        self._data_secrets = dict(unsealed.data_secrets)
        (self.issuing_epoch,) = (e.number for e in unsealed.epochs if e.state is EpochState.ISSUING)
        self.opened_epochs = frozenset(self._epochs)
        self.live_epochs = frozenset(e.number for e in unsealed.epochs if e.state is not EpochState.REVOKED)
        self.data_version = max(self._data_secrets)
        # The caches belong to the instance, so that a reload drops every key of a revoked epoch.
        self.epoch_key = lru_cache(DERIVED_KEYS_CACHED)(self._epoch_key)
        self.data_key = lru_cache(DERIVED_KEYS_CACHED)(self._data_key)

    def _epoch_key(self, number: int, path: tuple[Level, ...]) -> bytes:
        if path:
            return hkdf(self.epoch_key(number, path[:-1]), *path[-1])
        epoch = self._epoch(number)
        if epoch.secret is None:
            raise EpochRevoked(f"epoch {number}: its keys are revoked", epoch=number)
        return epoch.secret

    def _data_key(self, version: int, path: tuple[Level, ...]) -> bytes:
        if path:
            return hkdf(self.data_key(version, path[:-1]), *path[-1])
        return self._data_secrets[version]

    def _epoch(self, number: int) -> Epoch:
        try:
            return self._epochs[number]
        except KeyError:
            opened = sorted(self._epochs)
            raise EpochNeverOpened(f"epoch {number}: expected one of {opened}", epoch=number) from None


def hkdf(key: bytes, *words: str | int | bytes) -> bytes:
    """Derive a 32-byte key by HKDF-SHA-256 (RFC 5869) without salt; `words` say what it is for.

    The parent is a uniformly random secret, so the salt that RFC 5869 section 3.1 recommends against weak
    inputs has nothing to add.

    >>> hkdf(bytes(32), "tenant", 7) == hkdf(bytes(32), "tenant", "7")
    False
    """
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=pack(*words)).derive(key)


def pack(*words: str | int | bytes) -> bytes:
    r"""Write words one after the other so that no other list of words gives the same bytes.

    Each is a letter for its type, its length in four bytes, and its bytes.

    >>> pack("tenant", 7)
    b's\x00\x00\x00\x06tenanti\x00\x00\x00\x017'
    >>> pack("ab", "c") == pack("a", "bc")
    False
    """
    packed = bytearray()
    for word in words:
        match word:
            case str():
                kind, content = b"s", word.encode()
            case int():
                kind, content = b"i", str(int(word)).encode()
            case bytes():
                kind, content = b"b", word
            case _:
                assert_never(word)
        packed += kind + len(content).to_bytes(4, "big") + content
    return bytes(packed)


# ---- the sealed file -----------------------------------------------------------------------------------


class KeyFileError(Exception):
    """The sealed file cannot be used; the message says what is wrong and what to do."""


class KeyFileMissing(KeyFileError):
    """There is no key file where one was expected."""


class KeyFileExposed(KeyFileError):
    """Other users of this machine can read a secret file."""


class KeyFileDamaged(KeyFileError):
    """The key file is truncated or was altered."""


class KeyFileLocked(KeyFileError):
    """The passphrase or unseal file is not the one the key file was sealed with."""


PASSPHRASE_CHARACTERS_MIN: Final = 12

# RFC 9106, section 4, second recommended option: 64 MiB, three passes, four lanes.
_ARGON2ID_ITERATIONS: Final = 3
_ARGON2ID_LANES: Final = 4
_ARGON2ID_KIB: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Passphrase:
    """Unseals with something a person or a secret store knows; stretched by Argon2id (RFC 9106)."""

    text: str = field(repr=False)

    def sealing_key(self, salt: bytes) -> bytes:
        """Stretch the passphrase into a key: a fifth of a second and 64 MiB for every guess."""
        stretch = Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=_ARGON2ID_ITERATIONS,
            lanes=_ARGON2ID_LANES,
            memory_cost=_ARGON2ID_KIB,
        )
        return stretch.derive(self.text.encode())


@dataclass(frozen=True, slots=True)
class UnsealFile:
    """Unseals with a file of 32 random bytes in hex, mode 0600, to be kept apart from the key file."""

    path: Path

    def create(self) -> None:
        """Write a new random secret; refuses to overwrite one. The file appears whole or not at all."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}.new")
        _write_private(fresh, secrets.token_hex(KEY_BYTES).encode() + b"\n")
        try:
            self.path.hardlink_to(fresh)
        finally:
            fresh.unlink()
        _sync_folder(self.path.parent)

    def sealing_key(self, salt: bytes) -> bytes:
        """Read the file's secret and derive the key from it."""
        content = _read_private(self.path)
        try:
            secret = bytes.fromhex(content.decode("ascii"))
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise KeyFileDamaged(f"unseal file {self.path}: expected 64 hex digits, got {len(content)} bytes")
        return hkdf(secret, "seal", salt)


Unseal: TypeAlias = Passphrase | UnsealFile

_MAGIC: Final = b"WUMAKEYS"
_FORMAT: Final = 1
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_HEADER: Final = struct.Struct(f"!{len(_MAGIC)}sBB{_SALT_BYTES}s{_NONCE_BYTES}s")
_CHECKSUM_BYTES: Final = 32
_UNSEAL_KINDS: Final[dict[type[Unseal], int]] = {Passphrase: 1, UnsealFile: 2}
_UNSEAL_NAMES: Final = {1: "a passphrase (WUMA_KEY_PASSPHRASE)", 2: "an unseal file"}


class SealedKeyFile:
    """Root secrets in one small file, encrypted; the `KeyPort` of a single machine.

    Layout: ``WUMAKEYS``, format 1, kind of unsealing, salt (16), nonce (12), then AES-256-GCM of a JSON text
    with all of the above as associated data, then SHA-256 of the whole. The last finds accidents and lets a
    wrong passphrase be told from a damaged file; only the GCM tag protects against intent.

    The file is replaced, never written in place: after a power cut there is the old one or the new one.
    Changes are made under a lock beside it, so that of two at once neither is lost.

    Not protected against: someone who can write the folder putting back an older file with its own, older
    epochs. Keep a copy of the file after every rotation; without it no code can ever be verified again.
    """

    def __init__(self, path: Path, unseal: Unseal) -> None:
        self.path = path
        self._unseal = unseal

    @classmethod
    def create(cls, path: Path, unseal: Unseal) -> SealedKeyFile:
        """Make a key file with a first generation and its first epoch.

        Raises:
            FileExistsError: There is one; replacing it would disown every code it ever issued.
        """
        _check_strength(unseal)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = cls(path, unseal)
        with file._locked():
            if path.exists():
                raise FileExistsError(f"key file {path}: already there; it will not be replaced")
            root = secrets.token_bytes(KEY_BYTES)
            first = _EpochEntry(number=EPOCH_FIRST, generation=1, state=EpochState.ISSUING)
            file._write(_Contents(roots={1: root}, epochs=(first,)))
        return file

    def load(self) -> Unsealed:
        """Unseal the file and derive the branch of each epoch and generation."""
        contents = self._read()
        return Unsealed(
            epochs=tuple(
                Epoch(
                    number=entry.number,
                    generation=entry.generation,
                    state=entry.state,
                    secret=None
                    if entry.state is EpochState.REVOKED
                    else hkdf(contents.roots[entry.generation], "epoch", entry.number),
                )
                for entry in contents.epochs
            ),
            data_secrets={n: hkdf(root, "data", n) for n, root in contents.roots.items()},
        )

    def open_epoch(self, *, fresh_root: bool = False) -> int:
        """Open the next epoch, on a new root if asked; two callers at once open two epochs."""
        with self._locked():
            contents = self._read()
            number = contents.epochs[-1].number + 1
            generation = max(contents.roots) + int(fresh_root)
            if number > EPOCH_LAST or generation > GENERATION_LAST:
                raise OutOfEpochs(
                    f"epoch {number} of generation {generation}: expected at most epoch {EPOCH_LAST}"
                    f" and generation {GENERATION_LAST}"
                )
            roots = dict(contents.roots)
            if fresh_root:
                roots[generation] = secrets.token_bytes(KEY_BYTES)
            closed = tuple(
                replace(entry, state=EpochState.VERIFYING) if entry.state is EpochState.ISSUING else entry
                for entry in contents.epochs
            )
            opened = _EpochEntry(number=number, generation=generation, state=EpochState.ISSUING)
            self._write(_Contents(roots=roots, epochs=(*closed, opened)))
        return number

    def revoke_epoch(self, number: int) -> None:
        """Revoke an epoch that issues no more; revoking it again changes nothing."""
        with self._locked():
            contents = self._read()
            states = {entry.number: entry.state for entry in contents.epochs}
            if number not in states:
                raise EpochNeverOpened(f"epoch {number}: expected one of {sorted(states)}", epoch=number)
            if states[number] is EpochState.ISSUING:
                raise EpochInUse(
                    f"epoch {number} still issues codes: open the next one first, on a fresh root if the root"
                    " may have leaked",
                    epoch=number,
                )
            epochs = tuple(
                replace(entry, state=EpochState.REVOKED) if entry.number == number else entry
                for entry in contents.epochs
            )
            self._write(replace(contents, epochs=epochs))

    def reseal(self, unseal: Unseal) -> None:
        """Seal the same keys with another passphrase or unseal file."""
        _check_strength(unseal)
        with self._locked():
            contents = self._read()
            SealedKeyFile(self.path, unseal)._write(contents)
        self._unseal = unseal

    def __repr__(self) -> str:
        return f"SealedKeyFile({str(self.path)!r})"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock that every change is made under; the kernel frees it should the process die."""
        # A file of its own: the key file's inode changes with every write, and a lock belongs to the inode.
        handle = os.open(self.path.with_name(self.path.name + ".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _read(self) -> _Contents:
        content = _read_private(self.path)
        sealed, checksum = content[:-_CHECKSUM_BYTES], content[-_CHECKSUM_BYTES:]
        if len(sealed) < _HEADER.size or hashlib.sha256(sealed).digest() != checksum:
            raise KeyFileDamaged(
                f"key file {self.path}: {len(content)} bytes whose checksum does not match;"
                " it was truncated or altered. Restore it from its backup."
            )
        header, body = sealed[: _HEADER.size], sealed[_HEADER.size :]
        magic, version, kind, salt, nonce = _HEADER.unpack(header)
        if (magic, version) != (_MAGIC, _FORMAT):
            raise KeyFileDamaged(
                f"key file {self.path}: expected {_MAGIC!r} and format {_FORMAT}, got {magic!r} and {version}"
            )
        own_kind = _UNSEAL_KINDS[type(self._unseal)]
        if kind != own_kind:
            raise KeyFileLocked(
                f"key file {self.path}: it was sealed with {_UNSEAL_NAMES.get(kind, 'something unknown')},"
                f" not with {_UNSEAL_NAMES[own_kind]}"
            )
        try:
            plain = AESGCM(self._unseal.sealing_key(salt)).decrypt(nonce, body, header)
        except InvalidTag:
            raise KeyFileLocked(
                f"key file {self.path}: {_UNSEAL_NAMES[kind]} does not unseal it;"
                " it is the wrong one, or someone altered the file on purpose"
            ) from None
        return _Contents.from_json(plain)

    def _write(self, contents: _Contents) -> None:
        salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        header = _HEADER.pack(_MAGIC, _FORMAT, _UNSEAL_KINDS[type(self._unseal)], salt, nonce)
        body = AESGCM(self._unseal.sealing_key(salt)).encrypt(nonce, contents.as_json(), header)
        content = header + body + hashlib.sha256(header + body).digest()
        # The name is fixed: we hold the lock, and what a crash leaves behind is overwritten next time.
        fresh = self.path.with_name(self.path.name + ".new")
        _write_private(fresh, content)
        fresh.replace(self.path)
        _sync_folder(self.path.parent)


@dataclass(frozen=True, slots=True)
class _EpochEntry:
    number: int
    generation: int
    state: EpochState


@dataclass(frozen=True, slots=True)
class _Contents:
    """What the seal protects; epochs in the order of their numbers."""

    roots: Mapping[int, bytes] = field(repr=False)
    epochs: tuple[_EpochEntry, ...]

    def as_json(self) -> bytes:
        return json.dumps(
            {
                "roots": {str(generation): root.hex() for generation, root in self.roots.items()},
                "epochs": [[entry.number, entry.generation, entry.state] for entry in self.epochs],
            }
        ).encode()

    @classmethod
    def from_json(cls, text: bytes) -> _Contents:
        # It has passed the GCM tag: we wrote it, so there is nothing to distrust.
        content = json.loads(text)
        return cls(
            roots={int(generation): bytes.fromhex(root) for generation, root in content["roots"].items()},
            epochs=tuple(_EpochEntry(n, generation, EpochState(s)) for n, generation, s in content["epochs"]),
        )


def _check_strength(unseal: Unseal) -> None:
    if isinstance(unseal, Passphrase) and len(unseal.text) < PASSPHRASE_CHARACTERS_MIN:
        raise KeyFileError(
            f"passphrase: expected at least {PASSPHRASE_CHARACTERS_MIN} characters, got {len(unseal.text)}"
        )


def _write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody but its owner may read, down to the disk."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | os.O_NOFOLLOW, 0o600)

    with open(path, "wb", opener=opener) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_private(path: Path) -> bytes:
    """Read a file that nobody but its owner may read."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise KeyFileMissing(f"{path}: expected a key file, found nothing") from None
    with file:
        # The open file is asked, not the path: what is judged is what is read.
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise KeyFileExposed(
                f"{path}: mode {mode:04o}, expected 0600: others on this machine can read the keys."
                f" Run chmod 600 {path}, and rotate to a fresh root if they may have."
            )
        return file.read()


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut: the name is an entry of the folder, not of the file."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
