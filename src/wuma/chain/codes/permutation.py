"""Keyed permutations: of 75 bits for codes, of a few decimal digits for the serials of pallets.

Both are alternating Feistel networks: the state is two halves, and each round adds to one half a function of
the other. The round function is AES-256 of (the other half, the round's number), cut to size; every key
is used for one permutation only. Halves in whole bits need no radix arithmetic, and a round is one
encryption of an array.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from wuma.kernel.crypto import Aes256

Words: TypeAlias = NDArray[np.uint64]

CHUNK_COUNT: Final = 16_384
"""Numbers permuted together: their blocks, 2 × 256 KiB, stay in a core's cache. The best of 2^11 to 2^16."""


_block_of: Final = Struct("<QQ").pack
"""The block of a round: the half, and above it the number of the round."""
_half_of: Final = Struct("<Q8x").unpack


class Permutation:
    """A permutation of pairs of numbers below 2^left_bits and 2^right_bits."""

    __slots__ = ("_aes", "_left_mask", "_right_mask", "_round_pairs", "_rounds")

    def __init__(self, key: bytes, *, left_bits: int, right_bits: int, rounds: int) -> None:
        assert 1 <= left_bits <= 64, left_bits
        assert 1 <= right_bits <= 64, right_bits
        assert rounds % 2 == 0, rounds
        self._aes = Aes256(key)
        self._left_mask = (1 << left_bits) - 1
        self._right_mask = (1 << right_bits) - 1
        self._rounds = rounds
        self._round_pairs = tuple((even, even + 1) for even in range(0, rounds, 2))

    def forward(self, left: int, right: int) -> tuple[int, int]:
        """Permute one pair."""
        encrypt, left_mask, right_mask = self._aes.encryptor(), self._left_mask, self._right_mask
        for even, odd in self._round_pairs:
            right ^= _half_of(encrypt(_block_of(left, even)))[0] & right_mask
            left ^= _half_of(encrypt(_block_of(right, odd)))[0] & left_mask
        return left, right

    def backward(self, left: int, right: int) -> tuple[int, int]:
        """Undo `forward`."""
        encrypt, left_mask, right_mask = self._aes.encryptor(), self._left_mask, self._right_mask
        for even, odd in self._round_pairs[::-1]:
            left ^= _half_of(encrypt(_block_of(right, odd)))[0] & left_mask
            right ^= _half_of(encrypt(_block_of(left, even)))[0] & right_mask
        return left, right

    def forward_many(self, left: Words, right: Words) -> tuple[Words, Words]:
        """Permute many pairs; the arrays given stay as they are."""
        return self._many(left, right, range(self._rounds))

    def backward_many(self, left: Words, right: Words) -> tuple[Words, Words]:
        """Undo `forward_many`."""
        return self._many(left, right, range(self._rounds - 1, -1, -1))

    def _many(self, left: Words, right: Words, rounds: range) -> tuple[Words, Words]:
        left, right = left.astype(np.uint64), right.astype(np.uint64)
        for start in range(0, len(left), CHUNK_COUNT):
            chunk = slice(start, start + CHUNK_COUNT)
            self._chunk(left[chunk], right[chunk], rounds)
        return left, right

    def _chunk(self, left: Words, right: Words, rounds: range) -> None:
        array = self._aes.array(len(left))
        left_mask, right_mask = np.uint64(self._left_mask), np.uint64(self._right_mask)
        for number in rounds:
            source, target, mask = (right, left, left_mask) if number % 2 else (left, right, right_mask)
            array.blocks[:, 0] = source
            array.blocks[:, 1] = number
            array.run()
            target ^= array.result[:, 0] & mask


class DecimalPermutation:
    """A permutation of ``range(10**digits)``, for numbers that must stay short.

    It hides the order and the volume of a running number such as the serial reference of an SSCC. It cannot
    make the number hard to guess: any number in so small a range may be a real one.

    The Feistel network covers the next power of two; a number that lands outside the range is permuted again
    until it lands inside ("cycle walking", Black and Rogaway 2002): 1.76 times on average at worst.
    """

    DIGITS_MIN: Final = 5
    DIGITS_MAX: Final = 13
    """What company prefixes of 12 down to 4 digits leave of an SSCC."""
    ROUNDS: Final = 16
    """More than for codes: halves of 8 to 22 bits mix slower, and pallets are few."""

    def __init__(self, key: bytes, *, digits: int) -> None:
        if not self.DIGITS_MIN <= digits <= self.DIGITS_MAX:
            raise ValueError(f"digits: expected {self.DIGITS_MIN} to {self.DIGITS_MAX}, got {digits}")
        self.size = 10**digits
        bits = (self.size - 1).bit_length()
        self._right_bits = bits // 2
        self._permutation = Permutation(
            key, left_bits=bits - self._right_bits, right_bits=self._right_bits, rounds=self.ROUNDS
        )

    def forward(self, number: int) -> int:
        """Return what stands for a number."""
        return self._walk(number, self._permutation.forward)

    def backward(self, number: int) -> int:
        """Undo `forward`."""
        return self._walk(number, self._permutation.backward)

    def _walk(self, number: int, step: Callable[[int, int], tuple[int, int]]) -> int:
        if not 0 <= number < self.size:
            raise ValueError(f"number to permute: expected 0 to {self.size - 1}, got {number}")
        while True:  # ends: the number itself lies on its cycle, and inside the range
            left, right = step(number >> self._right_bits, number & (1 << self._right_bits) - 1)
            number = left << self._right_bits | right
            if number < self.size:
                return number
