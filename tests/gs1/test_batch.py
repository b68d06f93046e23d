"""Arrays of keys are judged as each key is by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma_gs1.batch import gtins_of, have_check_digit
from wuma_gs1.check_characters import check_digit, has_check_digit
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gtin

BODY = st.integers(0, 10**17 - 1)


@given(st.lists(BODY, min_size=1, max_size=50), st.integers(0, 9))
def test_check_digits_are_those_of_the_single_check(bodies: list[int], wrong_by: int) -> None:
    numbers = [body * 10 + (check_digit(f"{body:017}") + wrong_by) % 10 for body in bodies]
    expected = [has_check_digit(f"{number:018}") for number in numbers]
    assert have_check_digit(np.array(numbers, dtype=np.uint64), digits=18).tolist() == expected


@given(st.lists(st.text("0123456789X", min_size=1, max_size=16), min_size=1))
def test_texts_are_gtins_where_one_of_them_alone_is(texts: list[str]) -> None:
    numbers, good = gtins_of(np.array(texts, dtype=np.bytes_))
    for text, number, is_good in zip(texts, numbers.tolist(), good.tolist(), strict=True):
        try:
            assert (is_good, f"{number:014}") == (True, Gtin.parse(text).value)
        except ParseError:
            assert not is_good


def test_numbers_that_are_too_long_or_negative_are_wrong() -> None:
    assert not have_check_digit(np.array([-5, 10**14, 2**62], dtype=np.int64)).any()
    with pytest.raises(ValueError, match="digits 19"):
        have_check_digit(np.array([0]), digits=19)


def test_a_nul_inside_and_hundreds_of_digits_are_no_gtin() -> None:
    texts = [b"690123456\x007892", b"0" * 256 + b"96385074", b"6901234567892"]
    assert gtins_of(np.array(texts))[1].tolist() == [False, False, True]
