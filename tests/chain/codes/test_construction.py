"""Codes computed from unit numbers: frozen, one to one, apart by role and by order, alive over rotations."""

import hmac
import threading
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from wuma.chain.codes.alphabet import Mistyped, NotACode, body_of, read_serial, spell
from wuma.chain.codes.construction import (
    EPOCH_UNITS_MAX,
    ISSUE_COUNT_MAX,
    NO_UNIT,
    Codebook,
    OrderKeys,
    Role,
    epoch_of_unit,
    index_of_unit,
    sscc_serials,
    unit_of,
)
from wuma.kernel.keys import (
    EpochNeverOpened,
    EpochRevoked,
    Keyring,
    SealedKeyFile,
    UnsealFile,
)

roles = st.sampled_from(Role)
indices = st.integers(0, EPOCH_UNITS_MAX - 1) | st.sampled_from([0, 1, EPOCH_UNITS_MAX - 1])


def code_of(codebook: Codebook, role: Role, order: OrderKeys, index: int) -> str:
    return str(codebook.issue(role, order, index, 1).astype(str)[0])


# ---- frozen --------------------------------------------------------------------------------------------

# Codes of order 42 of tenant 7 under the keys of conftest.py. Should a test here fail, do not touch the
# expected value: somebody has these codes on their cans.

FROZEN = {
    (Role.OPEN, 0): "X7HD9JA8NFDBWPB5",
    (Role.OPEN, 1): "BPEZ0J5238QXX7PP",
    (Role.OPEN, 123_456_789): "G45J9Z3RMV2TZ8RG",
    (Role.OPEN, 34_359_738_367): "6H0K1NPN4MXNJZ37",
    (Role.HIDDEN_TYPED, 0): "YGE0KH2HK7B7TJB6",
    (Role.HIDDEN_TYPED, 1): "ASBFBHFNMZQV0PQS",
    (Role.HIDDEN_TYPED, 123_456_789): "6KXF6MWQ7AGK54VR",
    (Role.HIDDEN_TYPED, 34_359_738_367): "HBX4NNNKQDXSZ995",
    (Role.HIDDEN_LONG, 0): "N5HVPD5JFE595QKGA66PS0FMWPK",
    (Role.HIDDEN_LONG, 1): "T7QTREWRX0VRA2PQHRMDAHM9BH1",
    (Role.HIDDEN_LONG, 123_456_789): "A6VXNPHY8G3K9HFJ4YVGRR80GQK",
    (Role.HIDDEN_LONG, 34_359_738_367): "10ZC1W1JKGVA55HPAHEW5J3DM5C",
}
FROZEN_OF_EPOCH_1 = {
    Role.OPEN: "8H1F433HFYTD2EHE",
    Role.HIDDEN_TYPED: "J4BGVQKZFYRYV2QF",
    Role.HIDDEN_LONG: "97QXE0H9EQ5435P9F4KN809KNSJ",
}
FROZEN_SERIALS = [3734808, 5852806, 4022788, 9610055]


@pytest.mark.parametrize(("role", "index"), FROZEN)
def test_a_code_printed_on_the_first_day_is_still_the_code_of_its_unit(
    codebook: Codebook, order: OrderKeys, role: Role, index: int
) -> None:
    code = FROZEN[role, index]

    claim = codebook.read(role, code)

    assert code_of(codebook, role, order, index) == code
    assert claim.unit == unit_of(3, index)
    assert order.vouch(claim)


@pytest.mark.parametrize("role", FROZEN_OF_EPOCH_1)
def test_a_code_of_a_closed_epoch_is_still_read(codebook: Codebook, role: Role) -> None:
    claim = codebook.read(role, FROZEN_OF_EPOCH_1[role])

    assert claim.unit == unit_of(1, 123_456_789)
    assert codebook.order(epoch=1, tenant_id=7, order_id=42).vouch(claim)


def test_the_serials_of_pallets_are_frozen_too(frozen_keyring: Keyring) -> None:
    serials = sscc_serials(frozen_keyring, tenant_id=7, company_prefix="6901234567")

    assert [serials.forward(number) for number in range(4)] == FROZEN_SERIALS


def reference_code(root: bytes, role: str, epoch: int, tenant_id: int, order_id: int, index: int) -> str:
    """The construction of docs/adr/0002 and 0003 once more, from their text, with nothing of ours."""

    def child(key: bytes, *words: str | int) -> bytes:
        info = b""
        for word in words:
            kind = b"s" if isinstance(word, str) else b"i"
            content = str(word).encode()
            info += kind + len(content).to_bytes(4, "big") + content
        return hmac.digest(hmac.digest(bytes(32), key, "sha256"), info + b"\x01", "sha256")

    def aes(key: bytes, number: int) -> int:
        cipher = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()
        return int.from_bytes(cipher.update(number.to_bytes(16, "little")), "little")

    epoch_key = child(root, "epoch", epoch)
    locator = child(epoch_key, "locator", role)
    order_key = child(child(epoch_key, "tenant", tenant_id), "order", order_id)
    whole_tag = aes(child(order_key, "tag", role), epoch << 38 | index)
    if role == "hidden-long":
        body = aes(locator, 1 << 120 | index << 82 | whole_tag % 2**82)
        body_length = 26
    else:
        plain = index << 40 | whole_tag % 2**40
        left, right = plain >> 37, plain % 2**37
        for number in range(0, 10, 2):
            right ^= aes(locator, number << 64 | left) % 2**37
            left ^= aes(locator, number + 1 << 64 | right) % 2**38
        body = left << 37 | right
        body_length = 15
    digits = [body >> 5 * place & 31 for place in reversed(range(body_length))]
    head = 0
    for digit in reversed([0, *digits]):
        head = head << 1 ^ (head >> 4) * 0b100101 ^ digit
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] for digit in [head ^ epoch, *digits])


@given(role=roles, index=indices, tenant_id=st.integers(1, 10**9), order_id=st.integers(1, 10**12))
def test_codes_are_those_of_the_written_construction(
    codebook: Codebook, role: Role, index: int, tenant_id: int, order_id: int
) -> None:
    order = codebook.order(epoch=3, tenant_id=tenant_id, order_id=order_id)

    code = code_of(codebook, role, order, index)

    assert code == reference_code(bytes(range(32, 64)), role.value, 3, tenant_id, order_id, index)


# ---- round trips ---------------------------------------------------------------------------------------


@given(role=roles, first_index=st.integers(0, EPOCH_UNITS_MAX - 40), count=st.integers(0, 40))
def test_a_code_is_read_as_the_unit_it_was_issued_for(
    codebook: Codebook, order: OrderKeys, role: Role, first_index: int, count: int
) -> None:
    units = [unit_of(3, index) for index in range(first_index, first_index + count)]

    codes = codebook.issue(role, order, first_index, count)

    claims = [codebook.read(role, code) for code in codes.astype(str).tolist()]
    assert [claim.unit for claim in claims] == units
    assert [claim.epoch for claim in claims] == [3] * count
    assert all(order.vouch(claim) for claim in claims)
    assert codebook.check_many(role, order, codes).tolist() == units
    assert codes.dtype == f"S{role.length}"


@pytest.mark.parametrize("role", Role)
def test_a_million_codes_are_a_million_different_codes(
    codebook: Codebook, order: OrderKeys, role: Role
) -> None:
    codes = np.concatenate(
        [codebook.issue(role, order, first, 1 << 16) for first in range(0, 1 << 20, 1 << 16)]
    )

    assert len(np.unique(codes)) == 1 << 20


def test_units_fit_a_signed_64_bit_integer_and_keep_their_parts() -> None:
    last = unit_of(31, EPOCH_UNITS_MAX - 1)

    assert last < 2**63
    assert (epoch_of_unit(last), index_of_unit(last)) == (31, EPOCH_UNITS_MAX - 1)
    assert unit_of(1, 0) > unit_of(0, EPOCH_UNITS_MAX - 1)


def test_what_cannot_be_issued_is_named(codebook: Codebook, order: OrderKeys) -> None:
    codebook.issue(Role.OPEN, order, EPOCH_UNITS_MAX - 1, 1)
    with pytest.raises(ValueError, match=f"expected 0 to {EPOCH_UNITS_MAX - 1}"):
        codebook.issue(Role.OPEN, order, EPOCH_UNITS_MAX, 1)
    with pytest.raises(ValueError, match="indices -1 to 0"):
        codebook.issue(Role.OPEN, order, -1, 2)
    with pytest.raises(ValueError, match=f"expected 0 to {ISSUE_COUNT_MAX}, got {ISSUE_COUNT_MAX + 1}"):
        codebook.issue(Role.OPEN, order, 0, ISSUE_COUNT_MAX + 1)
    with pytest.raises(ValueError, match=r"open codes: expected an array of S16, got .S27"):
        codebook.check_many(Role.OPEN, order, codebook.issue(Role.HIDDEN_LONG, order, 0, 1))


# ---- apart ---------------------------------------------------------------------------------------------


@given(index=indices)
def test_a_code_of_one_role_is_no_code_of_another(codebook: Codebook, order: OrderKeys, index: int) -> None:
    open_code = code_of(codebook, Role.OPEN, order, index)
    hidden_code = code_of(codebook, Role.HIDDEN_TYPED, order, index)

    assert not order.vouch(codebook.read(Role.HIDDEN_TYPED, open_code))
    assert not order.vouch(codebook.read(Role.OPEN, hidden_code))


@pytest.mark.parametrize("role", Role)
def test_the_keys_of_one_order_vouch_for_no_code_of_another(codebook: Codebook, role: Role) -> None:
    mine = codebook.order(epoch=3, tenant_id=7, order_id=42)
    others = [
        codebook.order(epoch=3, tenant_id=7, order_id=43),
        codebook.order(epoch=3, tenant_id=8, order_id=42),
        codebook.order(epoch=1, tenant_id=7, order_id=42),
    ]
    codes = codebook.issue(role, mine, 1000, 2000)
    claim = codebook.read(role, str(codes.astype(str)[5]))

    for other in others:
        assert not other.vouch(claim)
        assert (codebook.check_many(role, other, codes) == NO_UNIT).all()


def test_a_claim_for_another_unit_with_the_same_tag_is_not_vouched_for(
    codebook: Codebook, order: OrderKeys
) -> None:
    claim = codebook.read(Role.OPEN, code_of(codebook, Role.OPEN, order, 5))

    assert order.vouch(claim)
    assert not order.vouch(claim._replace(unit=claim.unit + 1))
    assert not order.vouch(claim._replace(tag=claim.tag ^ 1))


@given(index=indices, spare=st.integers(1, 3))
def test_a_long_code_has_one_spelling(codebook: Codebook, order: OrderKeys, index: int, spare: int) -> None:
    """Its body has 130 bits and the block 128: a text that sets one of the other two is refused."""
    code = code_of(codebook, Role.HIDDEN_LONG, order, index)
    twin = spell(3, body_of(code) | spare << 128, 27)

    with pytest.raises(NotACode, match="character 2"):
        codebook.read(Role.HIDDEN_LONG, twin)
    assert codebook.check_many(Role.HIDDEN_LONG, order, np.array([twin.encode()])).tolist() == [NO_UNIT]


def test_secrets_are_in_no_repr(codebook: Codebook, order: OrderKeys) -> None:
    claim = codebook.read(Role.OPEN, code_of(codebook, Role.OPEN, order, 5))

    shown = f"{claim!r} {order!r}"

    assert shown == "Claim(role='open', unit=824633720837) OrderKeys(epoch=3, tenant_id=7, order_id=42)"


# ---- epochs --------------------------------------------------------------------------------------------


def test_rotation_drill(tmp_path: Path) -> None:
    """Issue under epoch 1, rotate through four more: its codes verify and its orders print, until revoked."""
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    codebook = Codebook(keyring)
    first = codebook.order(epoch=1, tenant_id=7, order_id=42)
    printed = {role: codebook.issue(role, first, 0, 500) for role in Role}
    units = [unit_of(1, index) for index in range(500)]

    for fresh_root in (False, True, False, True):
        key_file.open_epoch(fresh_root=fresh_root)
        keyring.reload()
        order = codebook.order(epoch=keyring.issuing_epoch, tenant_id=7, order_id=42)

        for role in Role:
            new = codebook.issue(role, order, 0, 500)
            assert not set(new.tolist()) & set(printed[role].tolist())
            # By the running program, and by one started after the rotation.
            for reader in (codebook, Codebook(Keyring(SealedKeyFile(key_file.path, unseal)))):
                keys = reader.order(epoch=1, tenant_id=7, order_id=42)
                claims = [reader.read(role, code) for code in printed[role].astype(str).tolist()]
                assert [claim.unit for claim in claims] == units
                assert all(keys.vouch(claim) for claim in claims)
            late = codebook.issue(role, first, 500, 1)
            assert codebook.check_many(role, first, late).tolist() == [unit_of(1, 500)]

    assert keyring.issuing_epoch == 5
    key_file.revoke_epoch(1)
    keyring.reload()

    for role in Role:
        for code in printed[role].astype(str).tolist():
            with pytest.raises(EpochRevoked):
                codebook.read(role, code)
        with pytest.raises(EpochRevoked):
            codebook.check_many(role, first, printed[role])
        with pytest.raises(EpochRevoked):
            codebook.issue(role, first, 500, 1)
    with pytest.raises(EpochRevoked):
        codebook.order(epoch=1, tenant_id=7, order_id=42)
    # The epochs that shared its root go on.
    second = codebook.order(epoch=2, tenant_id=7, order_id=42)
    assert second.epoch == 2


def test_a_revoked_epoch_and_an_epoch_never_opened_are_told_apart(codebook: Codebook) -> None:
    with pytest.raises(EpochRevoked):
        codebook.read(Role.OPEN, spell(2, 12345, 16))
    with pytest.raises(Mistyped):
        codebook.read(Role.OPEN, spell(4, 12345, 16))
    with pytest.raises(Mistyped):
        codebook.read(Role.OPEN, "0" * 16)
    with pytest.raises(EpochNeverOpened):
        codebook.order(epoch=4, tenant_id=7, order_id=42)


# ---- threads -------------------------------------------------------------------------------------------


def test_threads_issue_and_read_with_one_codebook(frozen_keyring: Keyring) -> None:
    codebook = Codebook(frozen_keyring)
    wrong: list[object] = []

    def work(number: int) -> None:
        try:
            for round_number in range(12):
                first = (number * 12 + round_number) * 40_000
                order = codebook.order(epoch=3, tenant_id=7, order_id=round_number)
                for role in Role:
                    codes = codebook.issue(role, order, first, 40_000)
                    for place in range(0, 40_000, 1_999):
                        claim = codebook.read(role, read_serial(codes[place].decode(), role.length))
                        if claim.unit != unit_of(3, first + place) or not order.vouch(claim):
                            wrong.append((role, first + place))
        except RuntimeError as error:  # what the library raises when two threads use one context
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


def test_a_reload_in_mid_flight_disturbs_no_reader(tmp_path: Path) -> None:
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    codebook = Codebook(keyring)
    order = codebook.order(epoch=1, tenant_id=7, order_id=42)
    code = code_of(codebook, Role.OPEN, order, 5)
    done = threading.Event()
    wrong: list[object] = []

    def read() -> None:
        while not done.is_set():
            if not order.vouch(codebook.read(Role.OPEN, code)):
                wrong.append(code)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for _ in range(8):
        key_file.open_epoch()
        keyring.reload()
    done.set()
    for reader in readers:
        reader.join()

    assert wrong == []
    assert keyring.issuing_epoch == 9


# ---- pallets -------------------------------------------------------------------------------------------


def test_the_serials_of_pallets_outlive_rotations_and_differ_by_tenant_and_prefix(tmp_path: Path) -> None:
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    numbers = range(500)

    def serials(tenant_id: int, company_prefix: str) -> list[int]:
        permutation = sscc_serials(keyring, tenant_id=tenant_id, company_prefix=company_prefix)
        return [permutation.forward(number) for number in numbers]

    before = serials(7, "6901234567")
    key_file.open_epoch(fresh_root=True)
    key_file.revoke_epoch(1)
    keyring.reload()

    assert serials(7, "6901234567") == before
    assert max(before) < 10**7
    assert serials(8, "6901234567") != before
    assert serials(7, "6901234568") != before
    assert max(serials(7, "6901234")) >= 10**9, "a shorter prefix leaves more digits"
