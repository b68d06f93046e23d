"""Rows of bits: what the memory of an RFID tag and a compressed URI are made of."""

from __future__ import annotations

from wuma_gs1.errors import Code, ParseError


class BitWriter:
    """Puts fields behind one another, most significant bit first.

    >>> row = BitWriter()
    >>> row.put(0b101, 3)
    >>> row.put(1, 5)
    >>> row.value, row.length
    (161, 8)
    """

    __slots__ = ("length", "value")

    def __init__(self) -> None:
        self.value = 0
        self.length = 0

    def put(self, value: int, width: int) -> None:
        """Append a number in so many bits; the caller has made sure that it fits."""
        assert 0 <= value < 1 << width or value == width == 0, f"{value} does not fit {width} bits"
        self.value = self.value << width | value
        self.length += width


class BitReader:
    """Takes fields from a row of bits, most significant bit first.

    >>> row = BitReader(0b10100001, 8)
    >>> row.take(3), row.left
    (5, 5)
    """

    __slots__ = ("left", "value")

    def __init__(self, value: int, length: int) -> None:
        self.value = value
        self.left = length

    def take(self, width: int) -> int:
        """Take a number of so many bits.

        Raises:
            ParseError: if fewer bits are left.
        """
        if width > self.left:
            raise ParseError(f"bits: expected {width} more, got {self.left}", code=Code.BAD_TAG_MEMORY)
        self.left -= width
        taken = self.value >> self.left
        self.value &= (1 << self.left) - 1
        return taken
