"""A guess does not hit, a slip does not pass, and a code says nothing of order, position or volume.

Everything random here has a fixed seed and fixed keys, so each figure is the same in every run; the bounds
are where a perfect construction would fail once in about a million keys.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from wuma.chain.codes.alphabet import ALPHABET, body_of, digits_of_many, spell_many
from wuma.chain.codes.construction import NO_UNIT, Codebook, OrderKeys, Role
from wuma.chain.codes.permutation import Permutation
from wuma.kernel.crypto import Aes256
from wuma.kernel.errors import Refusal

SAMPLE_COUNT = 1 << 18
FIVE_SIGMA = 5 / SAMPLE_COUNT**0.5
CHI_SQUARE_31_MAX = 81.0  # 31 degrees of freedom, p = 1e-6 (Wilson-Hilferty: 80.7)
KOLMOGOROV_MAX = 2.7 / SAMPLE_COUNT**0.5  # p = 2·exp(-2·2.7²) = 1e-6


@pytest.fixture(scope="module")
def digits(codebook: Codebook, order: OrderKeys) -> dict[Role, NDArray[np.uint8]]:
    """The digits of consecutive codes, a column each."""
    return {role: digits_of_many(codebook.issue(role, order, 0, SAMPLE_COUNT))[0] for role in Role}


def bodies(digits: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The first 60 bits after the head: they order the codes as all 75 do."""
    words = np.zeros(digits.shape[1], np.uint64)
    for row in digits[1:13]:
        words = words << np.uint64(5) | row
    return words


# ---- guessing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_none_of_two_million_well_formed_guesses_is_accepted(
    codebook: Codebook, order: OrderKeys, role: Role
) -> None:
    """Every guess has a fitting head, and every index counts as ordered: the best case for the forger."""
    random = np.random.default_rng(6)
    accepted_count = 0

    for _ in range(2):
        body = random.integers(0, 32, (role.length - 1, 1 << 20), np.uint8)
        if role is Role.HIDDEN_LONG:
            body[0] %= 8
        guesses = spell_many(3, body)
        accepted_count += int((codebook.check_many(role, order, guesses) != NO_UNIT).sum())

    assert accepted_count == 0


@pytest.mark.parametrize("tag_bits", range(1, 9))
def test_exactly_one_text_in_two_to_the_tag_bits_is_accepted(tag_bits: int) -> None:
    """The construction at 20 bits, every text tried: the accepted ones are the live units, not one more."""
    permutation = Permutation(bytes(range(32)), left_bits=10, right_bits=10, rounds=10)
    index_bits = 20 - tag_bits
    texts = np.arange(1 << 20, dtype=np.uint64)

    left, right = permutation.backward_many(texts >> np.uint64(10), texts & np.uint64(1023))
    accepted = accept(left << np.uint64(10) | right, index_bits, tag_bits)

    assert int(accepted.sum()) == 1 << index_bits
    assert accepted.mean() == 2.0**-tag_bits


@pytest.mark.parametrize("tag_bits", [2, 4, 6, 8, 10, 12])
def test_random_guesses_are_accepted_at_the_rate_of_the_tag(tag_bits: int) -> None:
    """The construction at 48 bits, a million guesses: within five standard errors of 2^-tag_bits."""
    permutation = Permutation(bytes(range(32)), left_bits=24, right_bits=24, rounds=10)
    count = 1 << 20
    random = np.random.default_rng(tag_bits)
    left, right = (random.integers(0, 1 << 24, count, np.uint64) for _ in range(2))

    left, right = permutation.backward_many(left, right)
    rate = float(accept(left << np.uint64(24) | right, 48 - tag_bits, tag_bits).mean())

    expected = 2.0**-tag_bits
    assert abs(rate - expected) < 5 * (expected * (1 - expected) / count) ** 0.5


def accept(plain: NDArray[np.uint64], index_bits: int, tag_bits: int) -> NDArray[np.bool_]:
    """Judge decoded texts as `OrderKeys` does, with a tag of fewer bits."""
    assert int(plain.max()) >> index_bits + tag_bits == 0
    mask = np.uint64((1 << tag_bits) - 1)
    array = Aes256(bytes(range(32, 64))).array(len(plain))
    array.blocks[:, 0] = plain >> np.uint64(tag_bits)
    array.run()
    accepted: NDArray[np.bool_] = (array.result[:, 0] & mask) == (plain & mask)
    return accepted


@pytest.mark.parametrize("role", Role)
def test_every_slip_is_refused_once_keys_are_asked(codebook: Codebook, order: OrderKeys, role: Role) -> None:
    """All substitutions and neighbouring exchanges in 40 codes, 20,000 to 34,000 texts: none passes."""
    accepted: list[str] = []
    slip_count = 0
    for code in codebook.issue(role, order, 777, 40).astype(str).tolist():
        slips = {code[:place] + other + code[place + 1 :] for place in range(len(code)) for other in ALPHABET}
        slips |= {
            code[:place] + code[place + 1] + code[place] + code[place + 2 :] for place in range(len(code) - 1)
        }
        slips.discard(code)
        slip_count += len(slips)
        for slip in slips:
            try:
                claim = codebook.read(role, slip)
            except Refusal:
                continue
            keys = codebook.order(epoch=claim.epoch, tenant_id=7, order_id=42)
            if keys.vouch(claim):
                accepted.append(slip)

    assert slip_count > 40 * 31 * role.length
    assert accepted == []


# ---- nothing shows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_every_character_is_as_frequent_as_any_other_at_every_place(
    digits: dict[Role, NDArray[np.uint8]], role: Role
) -> None:
    expected = SAMPLE_COUNT / 32

    for place, row in enumerate(digits[role]):
        if role is Role.HIDDEN_LONG and place == 1:
            continue  # three bits only, see below
        counts = np.bincount(row, minlength=32)
        assert float(((counts - expected) ** 2 / expected).sum()) < CHI_SQUARE_31_MAX, f"place {place}"


def test_the_second_character_of_a_long_code_is_one_of_eight(digits: dict[Role, NDArray[np.uint8]]) -> None:
    counts = np.bincount(digits[Role.HIDDEN_LONG][1], minlength=32)
    expected = SAMPLE_COUNT / 8

    assert counts[8:].sum() == 0
    assert float(((counts[:8] - expected) ** 2 / expected).sum()) < 41  # 7 degrees of freedom, p = 1e-6


@pytest.mark.parametrize("role", Role)
def test_neighbouring_characters_are_independent(digits: dict[Role, NDArray[np.uint8]], role: Role) -> None:
    """Chi-square of the 1,024 pairs at each two neighbouring places, against mean 1,023 and deviation 45."""
    for left, right in zip(digits[role][2:], digits[role][3:], strict=False):
        counts = np.bincount(left.astype(np.int64) * 32 + right, minlength=1024)
        expected = SAMPLE_COUNT / 1024
        statistic = float(((counts - expected) ** 2 / expected).sum())
        assert abs(statistic - 1023) < 5 * (2 * 1023) ** 0.5


@pytest.mark.parametrize("role", Role)
def test_consecutive_units_have_codes_that_differ_in_half_their_bits(
    digits: dict[Role, NDArray[np.uint8]], role: Role
) -> None:
    bit_count = {16: 75, 27: 128}[role.length]

    distances = np.bitwise_count(digits[role][1:, 1:] ^ digits[role][1:, :-1]).sum(axis=0)

    assert abs(float(distances.mean()) - bit_count / 2) < (bit_count / 4) ** 0.5 * FIVE_SIGMA
    assert abs(float(distances.var()) / (bit_count / 4) - 1) < FIVE_SIGMA * 2**0.5


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("lag", [1, 2, 1000])
def test_sorting_codes_does_not_sort_units(
    digits: dict[Role, NDArray[np.uint8]], role: Role, lag: int
) -> None:
    """Spearman's rank correlation with the index, and of each code with one issued shortly after it."""
    ranks = bodies(digits[role]).argsort().argsort()

    assert abs(np.corrcoef(ranks, np.arange(SAMPLE_COUNT))[0, 1]) < FIVE_SIGMA
    assert abs(np.corrcoef(ranks[:-lag], ranks[lag:])[0, 1]) < FIVE_SIGMA


@pytest.mark.parametrize("role", [Role.OPEN, Role.HIDDEN_TYPED])
def test_the_codes_of_a_small_order_are_spread_over_everything(
    digits: dict[Role, NDArray[np.uint8]], role: Role
) -> None:
    """Else the largest serial seen would tell how many there are: the German tank problem."""
    spread = np.sort(bodies(digits[role])).astype(float) / 2**60

    assert np.max(np.abs(spread - np.arange(1, SAMPLE_COUNT + 1) / SAMPLE_COUNT)) < KOLMOGOROV_MAX
    assert spread[-1] > 1 - 20 / SAMPLE_COUNT


def test_the_open_code_of_an_item_says_nothing_of_its_hidden_code(
    digits: dict[Role, NDArray[np.uint8]],
) -> None:
    opens, hiddens = digits[Role.OPEN], digits[Role.HIDDEN_TYPED]

    distances = np.bitwise_count(opens[1:] ^ hiddens[1:]).sum(axis=0)
    ranks = [bodies(digits).argsort().argsort() for digits in (opens, hiddens)]

    assert abs(float(distances.mean()) - 37.5) < (75 / 4) ** 0.5 * FIVE_SIGMA
    assert abs(np.corrcoef(ranks[0], ranks[1])[0, 1]) < FIVE_SIGMA


def test_the_same_index_in_another_order_or_epoch_has_an_unrelated_code(codebook: Codebook) -> None:
    """The tag depends on the order, the locator key on the epoch: nothing of a body is shared."""
    order_42 = codebook.order(epoch=3, tenant_id=7, order_id=42)
    order_43 = codebook.order(epoch=3, tenant_id=7, order_id=43)
    texts = [codebook.issue(Role.OPEN, order, 0, 4096).astype(str).tolist() for order in (order_42, order_43)]

    distances = [(body_of(a) ^ body_of(b)).bit_count() for a, b in zip(*texts, strict=True)]

    assert abs(sum(distances) / 4096 - 37.5) < 5 * (75 / 4 / 4096) ** 0.5
