"""GS1 check digits and check character pairs.

General Specifications section 7.9: the digit makes the weighted sum, 3 and 1 alternating from the right,
a multiple of ten; the pair (Global Model Number) is a weighted sum modulo 1021 in two characters.
"""

from __future__ import annotations

from functools import cache

from wuma_gs1.errors import Code, ParseError, shown


def check_digit(digits: str) -> int:
    """Compute the check digit that belongs after `digits`, for a key of any length.

    >>> check_digit("690123456789")
    2
    >>> check_digit("00614141123456789")
    0

    Raises:
        ParseError: if `digits` is not 1 to 50 ASCII digits.
    """
    if not (digits.isdigit() and digits.isascii() and len(digits) < CHECKED_DIGITS_MAX):
        raise ParseError(
            f"check digit of {shown(digits)}: expected 1 to {CHECKED_DIGITS_MAX - 1} ASCII digits",
            code=Code.NON_DIGIT_CHARACTER,
        )
    return -_weighted_sum(digits + "0") % 10


def has_check_digit(digits: str) -> bool:
    """Whether the last digit of `digits` is the check digit of those before it.

    >>> (
    ...     has_check_digit("6901234567892"),
    ...     has_check_digit("6901234567893"),
    ...     has_check_digit("６９０１２３４５６７８９２"),
    ... )
    (True, False, False)
    """
    if not (digits.isdigit() and digits.isascii() and len(digits) <= CHECKED_DIGITS_MAX):
        return False
    # As _weighted_sum, without the call: this is the check that every scan of every code makes.
    sums = (int.from_bytes(digits.encode()) - _ZEROS[len(digits)]) % 65535
    return not (3 * (sums >> 8) + (sums & 255)) % 10


def _weighted_sum(digits: str) -> int:
    """Add the digits up, those at odd places from the right once, at even places three times.

    The string is one big number to the base 65536: two ASCII characters make one of its digits. Modulo
    65535, the base is 1, so the remainder is the sum of those digits: the sum of all characters at odd
    places in the low byte, of those at even places in the high byte. Three C calls instead of a loop.
    """
    sums = (int.from_bytes(digits.encode()) - _ZEROS[len(digits)]) % 65535
    return 3 * (sums >> 8) + (sums & 255)


CHECKED_DIGITS_MAX = 51  # 25 digits a column × 9 = 225 still fits its byte
_ZEROS = [int.from_bytes(b"0" * length) for length in range(CHECKED_DIGITS_MAX + 1)]


def check_pair(text: str) -> str:
    """Compute the two check characters of a Global Model Number (General Specifications 7.9.5).

    >>> check_pair("1987654Ad4X4bL5ttr2310c")
    '2K'

    Raises:
        ParseError: if a character is not of GS1 AI character set 82, or there are more than 97.
    """
    if len(text) > CHECKED_CHARACTERS_MAX:
        raise ParseError(
            f"check pair: expected at most {CHECKED_CHARACTERS_MAX} characters, got {len(text)}",
            code=Code.TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION,
        )
    total = 0
    for weight, character in zip(_primes(), reversed(text), strict=False):
        value = CSET82.find(character)
        if value < 0:
            raise ParseError(
                f"check pair of {shown(text)}: {character!r} is not in GS1 AI character set 82",
                code=Code.INVALID_CSET82_CHARACTER,
                position=text.index(character),
            )
        total += weight * value
    high, low = divmod(total % 1021, 32)
    return CSET32[high] + CSET32[low]


CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"
CSET32 = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CHECKED_CHARACTERS_MAX = 97  # what GS1's reference bears; a GMN has at most 23


@cache
def _primes() -> tuple[int, ...]:
    """The weights, from the right."""
    found: list[int] = []
    candidate = 2
    while len(found) < CHECKED_CHARACTERS_MAX:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return tuple(found)
