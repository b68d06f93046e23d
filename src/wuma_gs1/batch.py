"""Check digits of millions of keys at once, with NumPy, which nothing else here needs.

A master data file or a night's codes are arrays already; looping over them in Python would take half a
minute where this takes half a second.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Numbers: TypeAlias = npt.NDArray[np.uint64]
Flags: TypeAlias = npt.NDArray[np.bool_]


def have_check_digit(numbers: npt.NDArray[np.integer], *, digits: int = 14) -> Flags:
    """Say of each number whether its last digit is its check digit.

    >>> have_check_digit(np.array([6901234567892, 6901234567893, 614141123452]))
    array([ True, False,  True])

    Args:
        numbers: keys as integers; leading zeros do not change a check digit, so GTINs of all lengths,
            GLNs (13) and SSCCs (18) may be mixed.
        digits: how many digits a number may have, at most 18. Negative and longer ones are wrong.
    """
    if not 1 <= digits <= DIGITS_MAX:
        raise ValueError(f"digits {digits}: expected 1 to {DIGITS_MAX}")
    found = np.empty(len(numbers), dtype=np.bool_)
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        rows = numbers[start : start + ROWS_AT_ONCE]
        found[start : start + ROWS_AT_ONCE] = _sums(rows) % 10 == 0
        found[start : start + ROWS_AT_ONCE] &= (rows >= 0) & (rows < 10**digits)
    return found


def gtins_of(texts: npt.NDArray[np.bytes_]) -> tuple[Numbers, Flags]:
    """Read GTINs from an array of ASCII text; give numbers, and which of them are GTINs indeed.

    >>> numbers, good = gtins_of(np.array([b"6901234567892", b"690123456789", b"69O1234567892", b"96385074"]))
    >>> good, numbers[0]
    (array([ True, False, False,  True]), np.uint64(6901234567892))

    Args:
        texts: GTINs of 8, 12, 13 or 14 digits, nothing around them.
    """
    width = texts.dtype.itemsize
    numbers = np.zeros(len(texts), dtype=np.uint64)
    good = np.empty(len(texts), dtype=np.bool_)
    for start in range(0, len(texts), ROWS_AT_ONCE):
        rows = np.ascontiguousarray(texts[start : start + ROWS_AT_ONCE])
        characters = rows.view(np.uint8).reshape(len(rows), width)
        read, written = _read(characters)
        good[start : start + ROWS_AT_ONCE] = read
        numbers[start : start + ROWS_AT_ONCE] = written
    good &= have_check_digit(numbers)
    return numbers, good


def _read(characters: npt.NDArray[np.uint8]) -> tuple[Flags, Numbers]:
    """Turn rows of characters, NUL after the last, into numbers."""
    numbers = np.zeros(len(characters), dtype=np.uint64)
    lengths = np.zeros(len(characters), dtype=np.uint8)
    good = ~characters[:, GTIN_DIGITS_MAX:].any(axis=1)
    before = np.ones(len(characters), dtype=np.bool_)
    for column in range(min(characters.shape[1], GTIN_DIGITS_MAX)):
        digit = characters[:, column] - np.uint8(ord("0"))  # wraps around below "0", so one test is enough
        there = characters[:, column] != 0
        good &= ~there | (before & (digit < 10))  # a NUL inside is no end
        before = there
        lengths += there
        np.multiply(numbers, np.uint64(10), out=numbers, where=there)
        np.add(numbers, digit, out=numbers, where=there)
    good &= np.isin(lengths, (8, 12, 13, 14))
    return good, numbers


def _sums(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.uint16]:
    """Add digits up by weight, four at a time: four is even, so every block has the same weights."""
    rest = numbers.astype(np.uint64)
    sums = np.zeros(len(numbers), dtype=np.uint16)
    while rest.any():
        quotient = rest // _BLOCK
        sums += _BLOCK_SUMS[rest - quotient * _BLOCK]
        rest = quotient
    return sums


GTIN_DIGITS_MAX = 14
DIGITS_MAX = 18  # an SSCC; a number of 64 bits holds any of 19 digits
ROWS_AT_ONCE = 1 << 16  # 512 KiB of numbers, which the second-level cache holds
_BLOCK = np.uint64(10_000)
_BLOCK_SUMS = np.array(
    [sum((3 if place % 2 else 1) * (n // 10**place % 10) for place in range(4)) for n in range(10_000)],
    dtype=np.uint16,
)
