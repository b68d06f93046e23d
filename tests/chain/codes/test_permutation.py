"""Keyed permutations: one to one, the same for one number and for many, and without a trace of order."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wuma.chain.codes.permutation import CHUNK_COUNT, DecimalPermutation, Permutation

KEY = bytes(range(32))
CODES = Permutation(KEY, left_bits=38, right_bits=37, rounds=10)

lefts = st.integers(0, (1 << 38) - 1)
rights = st.integers(0, (1 << 37) - 1)


@given(lefts, rights)
def test_backward_undoes_forward_and_forward_backward(left: int, right: int) -> None:
    assert CODES.backward(*CODES.forward(left, right)) == (left, right)
    assert CODES.forward(*CODES.backward(left, right)) == (left, right)


@given(st.lists(st.tuples(lefts, rights), max_size=30))
def test_many_are_permuted_as_one_by_one(pairs: list[tuple[int, int]]) -> None:
    left, right = (np.array([pair[side] for pair in pairs], np.uint64) for side in (0, 1))

    forward, backward = CODES.forward_many(left, right), CODES.backward_many(left, right)

    assert list(zip(*(side.tolist() for side in forward), strict=True)) == [CODES.forward(*p) for p in pairs]
    assert list(zip(*(side.tolist() for side in backward), strict=True)) == [
        CODES.backward(*p) for p in pairs
    ]
    assert left.tolist() == [pair[0] for pair in pairs], "the arrays given stay as they are"


@pytest.mark.parametrize("count", [CHUNK_COUNT - 1, CHUNK_COUNT, CHUNK_COUNT + 1, 3 * CHUNK_COUNT])
def test_the_seams_between_chunks_do_not_show(count: int) -> None:
    left, right = np.arange(count, dtype=np.uint64), np.arange(count, dtype=np.uint64)

    forward = CODES.forward_many(left, right)

    for place in {0, CHUNK_COUNT - 1, CHUNK_COUNT, count - 1} & set(range(count)):
        assert (int(forward[0][place]), int(forward[1][place])) == CODES.forward(place, place)
    assert all((a == b).all() for a, b in zip(CODES.backward_many(*forward), (left, right), strict=True))


def test_a_small_domain_is_covered_exactly_once() -> None:
    permutation = Permutation(KEY, left_bits=9, right_bits=8, rounds=10)
    everything = np.arange(1 << 17, dtype=np.uint64)

    left, right = permutation.forward_many(everything >> np.uint64(8), everything & np.uint64(255))

    assert np.array_equal(np.sort(left << np.uint64(8) | right), everything)


def test_another_key_is_another_permutation() -> None:
    other = Permutation(bytes(32), left_bits=38, right_bits=37, rounds=10)

    assert other.forward(1, 2) != CODES.forward(1, 2)


def test_one_bit_in_changes_half_the_bits_out() -> None:
    """Over 2^14 pairs the mean distance is within five standard errors of 37.5 bits, for each of 75 bits."""
    random = np.random.default_rng(5)
    count = 1 << 14
    left = random.integers(0, 1 << 38, count, np.uint64)
    right = random.integers(0, 1 << 37, count, np.uint64)
    base = CODES.forward_many(left, right)
    five_standard_errors = 5 * (75 / 4) ** 0.5 / count**0.5

    for bit in range(75):
        flip_left, flip_right = (1 << bit - 37, 0) if bit >= 37 else (0, 1 << bit)
        changed = CODES.forward_many(left ^ np.uint64(flip_left), right ^ np.uint64(flip_right))
        distance = sum(np.bitwise_count(a ^ b).astype(np.int64) for a, b in zip(base, changed, strict=True))
        assert abs(float(np.mean(distance)) - 37.5) < five_standard_errors


# ---- pallets -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("digits", range(5, 14))
@settings(max_examples=30)
@given(data=st.data())
def test_a_decimal_permutation_goes_there_and_back_within_its_digits(
    digits: int, data: st.DataObject
) -> None:
    permutation = DecimalPermutation(KEY, digits=digits)
    number = data.draw(st.integers(0, 10**digits - 1))

    assert 0 <= permutation.forward(number) < 10**digits
    assert permutation.backward(permutation.forward(number)) == number
    assert permutation.forward(permutation.backward(number)) == number


def test_five_digits_are_covered_exactly_once() -> None:
    permutation = DecimalPermutation(KEY, digits=5)

    assert sorted(permutation.forward(number) for number in range(10**5)) == list(range(10**5))


def test_running_numbers_show_neither_order_nor_volume() -> None:
    """Of 20,000 consecutive SSCC serials: rank correlation near 0, spread evenly over the whole range."""
    permutation = DecimalPermutation(KEY, digits=7)
    count = 20_000

    serials = np.array([permutation.forward(number) for number in range(count)])

    ranks = serials.argsort().argsort()
    assert abs(np.corrcoef(ranks, np.arange(count))[0, 1]) < 5 / count**0.5
    expected = np.arange(1, count + 1) / count
    assert (
        float(np.max(np.abs(np.sort(serials) / 10**7 - expected))) < 2.2 / count**0.5
    )  # Kolmogorov, p = 1e-4
    steps = np.diff(serials)
    assert len(set(steps.tolist())) > 0.99 * len(steps)


def test_numbers_and_digits_out_of_range_are_named() -> None:
    with pytest.raises(ValueError, match="digits: expected 5 to 13, got 4"):
        DecimalPermutation(KEY, digits=4)
    for number in (-1, 10**6):
        with pytest.raises(ValueError, match=f"expected 0 to 999999, got {number}"):
            DecimalPermutation(KEY, digits=6).forward(number)
