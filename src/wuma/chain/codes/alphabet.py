"""Codes as text: 32 characters that people can read aloud, and a head that knows a typing error.

The alphabet is Crockford's: digits, then capitals without I, L, O and U. A text is a *head* character and a
body. Taken as numbers c0 (head), c1, c2 … of GF(32) they satisfy one equation::

    epoch = c0 + c1·α + c2·α² + …        α a root of x⁵ + x² + 1; in GF(32), + is XOR

so the head is free to choose and is chosen to make the sum the epoch. Any one wrong character, and any two
characters exchanged, changes the sum by something that is not zero: the text then names *another* epoch. As
long as few of the 32 epochs were ever opened, nearly every typing error is known as one without any key, and
the phone can say so while the person still types. The full construction is in docs/adr/0002.
"""

from __future__ import annotations

import re
from collections.abc import Set
from http import HTTPStatus
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wuma.kernel.errors import Refusal

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BITS: Final = 5
SHORT_CHARACTERS: Final = 16
LONG_CHARACTERS: Final = 27
GROUP_CHARACTERS: Final = 4

Digits: TypeAlias = NDArray[np.uint8]
"""Characters as numbers below 32, of shape (length, count): a row for each place, a column for each text."""

Texts: TypeAlias = NDArray[np.bytes_]
"""ASCII texts of one fixed width, ``S16`` or ``S27``."""


class NotACode(Refusal):
    """This is not a code."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-a-code"


class Mistyped(NotACode):
    """This code contains a typing error."""

    slug = "mistyped-code"


def read_typed(text: str, length: int = SHORT_CHARACTERS) -> str:
    """Return the canonical spelling of a code as people type it, or refuse.

    Phones with a Chinese keyboard give full-width letters; people write O for 0, I or L for 1, and keep
    spaces and hyphens as printed. Errors never quote the text: a hidden code with one slip is still a secret.

    >>> read_typed("7z3k-ooil  ｑｒｓｔ－０１２３")
    '7Z3K0011QRST0123'
    """
    if len(text) == length and _CANONICAL.fullmatch(text):  # as a phone reads it: nothing to put right
        return text
    return _checked(text.translate(_AS_TYPED), length)


def read_serial(text: str, length: int = SHORT_CHARACTERS) -> str:
    """Return the canonical spelling of a code found in a URI: exactly as printed, or in lower case.

    >>> read_serial("7z3k0011qrst0123")
    '7Z3K0011QRST0123'
    """
    if len(text) == length and _CANONICAL.fullmatch(text):
        return text
    # Only ASCII is raised: "ſ".upper() is "S", and two spellings of one serial would be two keys in a cache.
    return _checked(text.upper() if text.isascii() else text, length)


def _checked(text: str, length: int) -> str:
    if len(text) != length:
        raise NotACode(f"code: expected {length} characters, got {len(text)}")
    if not _IN_ALPHABET.issuperset(text):
        place = next(place for place, character in enumerate(text, 1) if character not in _IN_ALPHABET)
        raise NotACode(
            f"code, character {place}: expected a digit or a letter other than I, L, O and U,"
            f" got {text[place - 1]!r}"
        )
    return text


def looks_mistyped(text: str, opened_epochs: Set[int]) -> bool:
    """Whether a canonical text must contain a typing error: it names an epoch that was never opened.

    >>> looks_mistyped("7Z3K0011QRST0123", {1})
    True
    """
    return epoch_of(text) not in opened_epochs


def epoch_of(text: str) -> int:
    """Return the epoch a canonical text names, by Horner's rule from its last character to its head.

    >>> epoch_of("0000000000000000"), epoch_of("1000000000000000"), epoch_of("0100000000000000")
    (0, 1, 2)
    """
    epoch = 0
    for digit in text.encode().translate(_TO_DIGITS)[::-1]:
        epoch = _TIMES_ALPHA[epoch] ^ digit
    return epoch


def body_of(text: str) -> int:
    """Return the body of a canonical text, all after its head, as one integer.

    >>> body_of("7000000000000011")
    33
    """
    return int(text[1:].encode().translate(_TO_PYTHON), 1 << BITS)


def spell(epoch: int, body: int, length: int) -> str:
    """Return the text of `length` characters that has this body and names this epoch.

    >>> spell(5, 33, 16)
    '7000000000000011'
    >>> epoch_of("7000000000000011")
    5
    """
    shifts = range((length - 2) * BITS, -1, -BITS)
    tail = "".join([ALPHABET[body >> shift & 31] for shift in shifts])
    return ALPHABET[epoch ^ epoch_of("0" + tail)] + tail


def grouped(text: str) -> str:
    """Return a code as it is printed for people.

    >>> grouped("7Z3K0011QRST0123")
    '7Z3K-0011-QRST-0123'
    """
    return "-".join(text[start : start + GROUP_CHARACTERS] for start in range(0, len(text), GROUP_CHARACTERS))


# ---- many at a time ------------------------------------------------------------------------------------


def spell_many(epoch: int, body: Digits) -> Texts:
    """Return the texts with these bodies, one a column, that name this epoch; `spell` for arrays."""
    length, count = body.shape[0] + 1, body.shape[1]
    digits = np.empty((length, count), np.uint8)
    digits[1:] = body
    digits[0] = 0
    digits[0] = epochs_of_many(digits) ^ np.uint8(epoch)
    characters = _CHARACTERS.take(digits)
    return np.ascontiguousarray(characters.T).view(f"S{length}").reshape(count)


def digits_of_many(texts: Texts) -> tuple[Digits, NDArray[np.bool_]]:
    """Return the digits of canonical texts, and which of them are canonical; the digits of others are 0."""
    width = texts.dtype.itemsize
    characters = np.ascontiguousarray(texts).view(np.uint8).reshape(-1, width)
    digits = _DIGITS.take(np.ascontiguousarray(characters.T))
    canonical = np.all(digits < len(ALPHABET), axis=0)
    digits[:, ~canonical] = 0
    return digits, canonical


def epochs_of_many(digits: Digits) -> NDArray[np.uint8]:
    """Return the epochs that whole texts name, one a column; `epoch_of` for arrays."""
    epochs: NDArray[np.uint8] = digits[-1].copy()
    for row in digits[-2::-1]:
        # `_TIMES_ALPHA` in arithmetic, which runs on many bytes at once where a table does not.
        epochs = (epochs << _ONE) ^ ((epochs >> _FOUR) * np.uint8(_MODULUS)) ^ row
    return epochs


_MODULUS: Final = (
    0b100101  # x⁵ + x² + 1, primitive: α takes all 31 values, so no two of ≤ 31 places weigh the same
)
_ONE, _FOUR = np.uint8(1), np.uint8(4)
_TIMES_ALPHA: Final = bytes((digit << 1) ^ (digit >> 4) * _MODULUS for digit in range(32))

_IN_ALPHABET: Final = frozenset(ALPHABET)
_CANONICAL: Final = re.compile(f"[{ALPHABET}]+")
_TO_DIGITS: Final = bytes.maketrans(ALPHABET.encode(), bytes(range(32)))
_TO_PYTHON: Final = bytes.maketrans(ALPHABET.encode(), b"0123456789ABCDEFGHIJKLMNOPQRSTUV")
_CHARACTERS: Final = np.frombuffer(ALPHABET.encode(), np.uint8)
_DIGITS: Final = np.full(256, 255, np.uint8)
_DIGITS[_CHARACTERS] = np.arange(32, dtype=np.uint8)

_SEPARATORS: Final = (
    " \t\r\n\u00a0\u3000"  # spaces, also those of web pages and Chinese keyboards
    "-‐‑‒–—―−－_·"  # hyphens, and what phones make of them
    "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # nothing to see, but messengers put it into copied text
)
_FULL_WIDTH: Final = 0xFEE0  # from "!" to its full-width form in Unicode


def _as_typed() -> dict[int, str | None]:
    table: dict[int, str | None] = {ord(separator): None for separator in _SEPARATORS}
    meaning = {character: character for character in ALPHABET} | {"O": "0", "I": "1", "L": "1"}
    for upper, canonical in meaning.items():
        for typed in (ord(upper), ord(upper.lower())):
            table[typed] = table[typed + _FULL_WIDTH] = canonical
    return table


_AS_TYPED: Final = _as_typed()
