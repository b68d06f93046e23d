"""Identification keys: what is taken, what is refused and why, what is built."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma_gs1 import keys
from wuma_gs1.check_characters import check_digit, has_check_digit
from wuma_gs1.errors import Code, ParseError
from wuma_gs1.keys import Gln, Gmn, Gtin, Sscc, expand_upc_e

digits = st.text("0123456789", min_size=1)


@pytest.mark.parametrize(
    "text", ["96385074", "614141123452", "6901234567892", "06901234567892", " 6901234567892 "]
)
def test_gtins_of_every_length_are_taken(text: str) -> None:
    assert Gtin.parse(text).value == text.strip().zfill(14)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("6901234567893", Code.INCORRECT_CHECK_DIGIT),
        ("690123456789", Code.INCORRECT_CHECK_DIGIT),
        ("69012345678921", Code.INCORRECT_CHECK_DIGIT),
        ("690123456", Code.WRONG_LENGTH),
        ("", Code.WRONG_LENGTH),
        ("690123456789X", Code.NON_DIGIT_CHARACTER),
        ("６９０１２３４５６７８９２", Code.FULL_WIDTH),
        ("٦٩٠١٢٣٤٥٦٧٨٩٢", Code.NON_DIGIT_CHARACTER),
    ],
)
def test_what_is_no_gtin_is_refused_with_its_reason(text: str, code: Code) -> None:
    with pytest.raises(ParseError) as refusal:
        Gtin.parse(text)
    assert refusal.value.code is code
    assert text in str(refusal.value)


@given(st.integers(0, 10**13 - 1), st.integers(0, 13), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: int, place: int, change: int) -> None:
    body = f"{number:013}"
    good = f"{body}{check_digit(body)}"
    wrong = f"{good[:place]}{(int(good[place]) + change) % 10}{good[place + 1 :]}"
    assert has_check_digit(good)
    assert not has_check_digit(wrong)


@given(digits.filter(lambda text: len(text) <= 50))
def test_check_digits_are_those_of_the_definition(text: str) -> None:
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(text)))
    assert check_digit(text) == -weighted % 10


@given(
    st.integers(6, 12).flatmap(
        lambda length: st.tuples(
            st.text("0123456789", min_size=length, max_size=length),
            st.integers(0, 10 ** (16 - length) - 1),
            st.integers(0, 9),
        )
    )
)
def test_what_is_built_can_be_taken_apart(parts: tuple[str, int, int]) -> None:
    prefix, serial, extension = parts
    sscc = Sscc.build(extension, prefix, str(serial))
    assert Sscc.parse(sscc.value) == sscc
    assert sscc.company_prefix(len(prefix)) == prefix
    assert sscc.value[0] == str(extension)
    assert int(sscc.value[1 + len(prefix) : -1]) == serial


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("04252614", "00042100005264"),
        ("01234505", "00012000003455"),
        ("01234558", "00012345000058"),
        ("01234531", "00012300000451"),
        ("01234543", "00012340000053"),
    ],
)
def test_upc_e_is_expanded(short: str, long: str) -> None:
    assert expand_upc_e(short).value == long


def test_keys_know_where_they_come_from() -> None:
    assert Gtin.parse("6901234567892").issuer == "GS1 China"
    assert Gln.parse("6901234567892").company_prefix(7) == "6901234"


def test_check_pairs_of_models() -> None:
    assert Gmn.parse("1987654Ad4X4bL5ttr2310c2K").value.endswith("2K")
    with pytest.raises(ParseError) as refusal:
        Gmn.parse("1987654Ad4X4bL5ttr2310c2L")
    assert refusal.value.code is Code.INCORRECT_CHECK_PAIR


def test_a_serial_may_hold_brackets() -> None:
    assert keys.Giai.parse("0614141(1)").bracketed == r"(8004)0614141\(1)"


@pytest.mark.parametrize(
    ("text", "issuer"),
    [
        ("96385074", "GS1 Global Office"),
        ("69012341", "GS1 China"),
        ("02345673", "restricted circulation within a company"),
        ("614141123452", "GS1 US"),
    ],
)
def test_short_gtins_know_where_they_come_from(text: str, issuer: str) -> None:
    gtin = Gtin.parse(text)
    assert gtin.issuer == keys.Itip.build(gtin, 1, 2).issuer == issuer


def test_a_refusal_stays_short_however_long_the_input_is() -> None:
    with pytest.raises(ParseError) as refusal:
        Gtin.parse("６" * 1_000_000)
    assert len(str(refusal.value)) < 500
