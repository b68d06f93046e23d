"""Codes as text: one spelling each, and a head that knows typing errors."""

import json
import os
import re
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma.chain.codes.alphabet import (
    ALPHABET,
    LONG_CHARACTERS,
    SHORT_CHARACTERS,
    NotACode,
    body_of,
    digits_of_many,
    epoch_of,
    epochs_of_many,
    grouped,
    looks_mistyped,
    read_serial,
    read_typed,
    spell,
    spell_many,
)

LENGTHS = [SHORT_CHARACTERS, LONG_CHARACTERS]
epochs = st.integers(0, 31)
lengths = st.sampled_from(LENGTHS)
shorts = st.text(ALPHABET, min_size=16, max_size=16)


@given(st.data(), epochs, lengths)
def test_a_text_gives_back_its_epoch_and_its_body(data: st.DataObject, epoch: int, length: int) -> None:
    body = data.draw(st.integers(0, 32 ** (length - 1) - 1))

    text = spell(epoch, body, length)

    assert (len(text), epoch_of(text), body_of(text)) == (length, epoch, body)


@given(st.data(), lengths)
def test_every_text_is_the_only_spelling_of_its_epoch_and_body(data: st.DataObject, length: int) -> None:
    text = data.draw(st.text(ALPHABET, min_size=length, max_size=length))

    assert spell(epoch_of(text), body_of(text), length) == text


@given(st.data(), epochs, lengths, st.integers(0, 40))
def test_arrays_are_spelled_and_read_like_single_texts(
    data: st.DataObject, epoch: int, length: int, count: int
) -> None:
    bodies = data.draw(st.lists(st.binary(min_size=length - 1, max_size=length - 1), min_size=count))
    digits = np.array([[byte % 32 for byte in body] for body in bodies], np.uint8)
    digits = digits.reshape(len(bodies), length - 1).T

    texts = spell_many(epoch, digits)
    read, canonical = digits_of_many(texts)

    expected = [
        spell(epoch, sum(int(digit) << 5 * place for place, digit in enumerate(column[::-1])), length)
        for column in digits.T
    ]
    assert texts.astype(str).tolist() == expected
    assert texts.dtype == f"S{length}"
    assert canonical.all()
    assert (read[1:] == digits).all()
    assert (epochs_of_many(read) == epoch).all()


def test_an_array_tells_canonical_texts_from_others() -> None:
    texts = np.array([b"7Z3K0011QRST0123", b"7z3k0011QRST0123", b"7Z3K0011QRST012U", b"7Z3K"], "S16")

    digits, canonical = digits_of_many(texts)

    assert canonical.tolist() == [True, False, False, False]
    assert not digits[:, 1:].any()


# ---- what people type ----------------------------------------------------------------------------------


@given(shorts, st.data())
def test_typed_text_becomes_the_printed_one(printed: str, data: st.DataObject) -> None:
    ways = {"0": "0Oo０Ｏｏ", "1": "1IiLl１ＩｉＬｌ"}
    typed = ""
    for character in printed:
        full_width = chr(ord(character) + 0xFEE0)
        choices = ways.get(character, "") + character + character.lower() + full_width + full_width.lower()
        typed += data.draw(st.sampled_from(choices))
        typed += data.draw(st.sampled_from(["", "", "", " ", "-", "\u3000", "－", "–", "\u200b", "\n"]))

    assert read_typed(typed) == printed


@given(shorts)
def test_the_printed_form_reads_as_itself(printed: str) -> None:
    assert read_typed(grouped(printed)) == read_typed(printed) == read_serial(printed) == printed
    assert read_serial(printed.lower()) == printed


@given(st.text(max_size=40))
def test_whatever_is_read_is_canonical_and_whatever_is_not_is_refused(text: str) -> None:
    for read in (read_typed, read_serial):
        try:
            canonical = read(text)
        except NotACode:
            continue
        assert len(canonical) == 16
        assert set(canonical) <= set(ALPHABET)


@pytest.mark.parametrize(
    "serial",
    [
        "7Z3K-0011-QRST-0123",
        "7Z3K0011QRST012O",
        "7Z3K0011QRST012I",
        "７Z3K0011QRST0123",
        "7Z3K0011QRſT0123",  # ſ is S in upper case
        "7Z3\u212a0011QRST0123",  # the Kelvin sign is k in lower case
        "7Z3K0011QRST0_23",  # int() would take underscores, signs and spaces
        "+Z3K0011QRST0123",
        " Z3K0011QRST0123",
        "7Z3K0011QRST012\n",
        "7Z3K0011QRST012٣",
    ],
)
def test_a_serial_in_a_uri_has_one_spelling(serial: str) -> None:
    with pytest.raises(NotACode):
        read_serial(serial)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("7Z3K-0011", "code: expected 16 characters, got 8"),
        ("", "code: expected 16 characters, got 0"),
        ("7Z3K-0011-QRST-0123-4", "code: expected 16 characters, got 17"),
        ("7Z3U-0011-QRST-0123", "code, character 4: expected a digit or a letter other than .* got 'U'"),
        ("码Z3K-0011-QRST-0123", "code, character 1: .* got '码'"),
    ],
)
def test_a_refusal_says_what_was_expected_and_does_not_repeat_the_code(text: str, message: str) -> None:
    with pytest.raises(NotACode, match=message) as refused:
        read_typed(text)

    assert not text or text not in str(refused.value)


# ---- typing errors -------------------------------------------------------------------------------------


def slips_of(text: str) -> tuple[set[str], set[str]]:
    """Every text with one character wrong, and every text with two neighbours exchanged."""
    wrong = {
        text[:place] + other + text[place + 1 :]
        for place in range(len(text))
        for other in ALPHABET
        if other != text[place]
    }
    exchanged = {
        text[:place] + text[place + 1] + text[place] + text[place + 2 :] for place in range(len(text) - 1)
    }
    return wrong, exchanged - {text}


@pytest.mark.parametrize("length", LENGTHS)
def test_one_wrong_character_or_two_exchanged_always_name_another_epoch(length: int) -> None:
    random = np.random.default_rng(1)

    for _ in range(50):
        text = "".join(random.choice(list(ALPHABET), length))
        wrong, exchanged = slips_of(text)

        assert len(wrong) == 31 * length
        assert all(epoch_of(slip) != epoch_of(text) for slip in wrong | exchanged)


@pytest.mark.parametrize("length", LENGTHS)
def test_any_two_characters_exchanged_and_any_pair_doubled_wrongly_name_another_epoch(length: int) -> None:
    """More than was asked: exchanges over any distance, and aa typed as bb."""
    random = np.random.default_rng(2)
    text = "".join(random.choice(list(ALPHABET), length))

    for left, right in combinations(range(length), 2):
        if text[left] != text[right]:
            slip = list(text)
            slip[left], slip[right] = text[right], text[left]
            assert epoch_of("".join(slip)) != epoch_of(text)
    for place in range(length - 1):
        twin = text[:place] + "AA" + text[place + 2 :]
        for other in ALPHABET.replace("A", ""):
            assert epoch_of(text[:place] + other * 2 + text[place + 2 :]) != epoch_of(twin)


@pytest.mark.parametrize(
    ("opened", "caught"), [({1}, 1.0), ({1, 2, 3, 4}, 28 / 31), (set(range(1, 9)), 24 / 31)]
)
def test_the_share_of_typing_errors_caught_without_keys(opened: set[int], caught: float) -> None:
    """A wrong character adds each of the 31 other epochs equally often, so the share is exact."""
    random = np.random.default_rng(3)
    wrong_count = exchanged_count = wrong_caught = exchanged_caught = 0
    for _ in range(200):
        text = spell(1, int.from_bytes(random.bytes(9), "big"), 16)
        assert not looks_mistyped(text, opened)
        wrong, exchanged = slips_of(text)
        wrong_count += len(wrong)
        exchanged_count += len(exchanged)
        wrong_caught += sum(looks_mistyped(slip, opened) for slip in wrong)
        exchanged_caught += sum(looks_mistyped(slip, opened) for slip in exchanged)

    assert wrong_caught / wrong_count == pytest.approx(caught, abs=1e-12)
    assert exchanged_caught / exchanged_count == pytest.approx(caught, abs=0.04)  # 2,900 of them: ± 5 σ


def test_the_rule_of_the_phone_page() -> None:
    """The JavaScript of docs/adr/0002, as it stands there, in a real engine."""
    node = shutil.which("node", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if node is None:
        pytest.skip("no node to run the rule of the phone page with")
    random = np.random.default_rng(4)
    texts = ["".join(random.choice(list(ALPHABET), length)) for length in LENGTHS for _ in range(200)]
    decision = (Path(__file__).parents[3] / "docs/adr/0002-code-construction.md").read_text()
    (rule,) = re.findall(r"```js\n(.*?)```", decision, re.DOTALL)

    answer = subprocess.run(
        [node, "-e", f"{rule}\nconsole.log(JSON.stringify({json.dumps(texts)}.map(epochOf)))"],
        capture_output=True,
        check=True,
        text=True,
    )

    assert json.loads(answer.stdout) == [epoch_of(text) for text in texts]
