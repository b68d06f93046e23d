"""Passwords: argon2id with the parameters of RFC 9106's second recommendation, and a floor on what is one."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from wuma.kernel.errors import FieldError, InvalidInput

CHARACTERS_MIN: Final = 10
CHARACTERS_MAX: Final = 200  # argon2 takes any length; a megabyte of password is an attack

_hasher = PasswordHasher()


def hash_password(password: str, *, at: str = "/password") -> str:
    """Return the hash to store.

    Raises:
        InvalidInput: when the password is too short, too long, or one character over and over.

    """
    if not CHARACTERS_MIN <= len(password) <= CHARACTERS_MAX or len(set(password)) < 4:
        expected = f"{CHARACTERS_MIN} to {CHARACTERS_MAX} characters, at least 4 different ones"
        raise InvalidInput(
            "The password is too weak.", [FieldError(at, expected, f"{len(password)} characters")]
        )
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; without a hash, for an unknown account, it takes as long and is not."""
    if len(password) > CHARACTERS_MAX:
        return False
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    return _hasher.hash("nobody has this password")
