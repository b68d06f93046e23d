"""Blocks of AES, and fields that open in their own cell only."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma.kernel.crypto import FIELD_OVERHEAD_BYTES, Aes256, Cell, FieldCipher, FieldUnreadable
from wuma.kernel.keys import Keyring, SealedKeyFile, UnsealFile

PHONE = Cell(tenant_id=7, table="consumers.person", column="phone", row=42)


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> SealedKeyFile:
    folder = tmp_path_factory.mktemp("keys")
    unseal = UnsealFile(folder / "unseal")
    unseal.create()
    return SealedKeyFile.create(folder / "sealed", unseal)


@pytest.fixture(scope="module")
def cipher(key_file: SealedKeyFile) -> FieldCipher:
    return FieldCipher(Keyring(key_file))


# ---- blocks --------------------------------------------------------------------------------------------


def test_blocks_are_those_of_fips_197() -> None:
    """Appendix C.3 of FIPS 197: AES-256."""
    aes = Aes256(bytes(range(32)))
    plain = bytes.fromhex("00112233445566778899aabbccddeeff")

    sealed = aes.encryptor()(plain)

    assert sealed.hex() == "8ea2b7ca516745bfeafc49904b496089"
    assert aes.decryptor()(sealed) == plain


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=16, max_size=16 * 20))
def test_an_array_is_encrypted_as_its_blocks_one_by_one(key: bytes, content: bytes) -> None:
    aes = Aes256(key)
    count = len(content) // 16
    array, back = aes.array(count), aes.array(count, decrypt=True)

    array.blocks[:] = np.frombuffer(content, "<u8", 2 * count).reshape(-1, 2)
    array.run()
    back.blocks[:] = array.result
    back.run()

    encrypt = aes.encryptor()
    assert array.result.tobytes() == b"".join(encrypt(content[16 * n : 16 * n + 16]) for n in range(count))
    assert (back.result == array.blocks).all()


def test_threads_share_a_key_without_disturbing_each_other() -> None:
    aes = Aes256(bytes(32))
    block = bytes(range(16))
    expected = Aes256(bytes(32)).encryptor()(block)
    wrong: list[object] = []

    def work() -> None:
        try:
            array = aes.array(20_000)
            array.blocks[:] = np.frombuffer(block, "<u8")
            for _ in range(30):
                array.run()
                good = all(aes.encryptor()(block) == expected for _ in range(200))
                if not good or array.result[-1].tobytes() != expected:
                    wrong.append("a wrong block")
        except RuntimeError as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# ---- fields --------------------------------------------------------------------------------------------


@given(plain=st.binary(max_size=200), row=st.integers() | st.text(max_size=40))
def test_a_field_opens_in_its_own_cell(cipher: FieldCipher, plain: bytes, row: int | str) -> None:
    cell = replace(PHONE, row=row)

    sealed = cipher.seal(plain, cell)

    assert cipher.open(sealed, cell) == plain
    assert len(sealed) == len(plain) + FIELD_OVERHEAD_BYTES


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PHONE, tenant_id=8),
        replace(PHONE, table="consumers.persons"),
        replace(PHONE, column="phone_2"),
        replace(PHONE, row=43),
        replace(PHONE, row="42"),
        # The same letters with the borders moved: what unprefixed associated data would let through.
        replace(PHONE, table="consumers.personp", column="hone"),
    ],
    ids=repr,
)
def test_a_field_moved_to_another_cell_does_not_open(cipher: FieldCipher, elsewhere: Cell) -> None:
    sealed = cipher.seal(b"13800138000", PHONE)

    with pytest.raises(FieldUnreadable, match="altered or belongs to another cell"):
        cipher.open(sealed, elsewhere)


def test_every_flipped_bit_and_every_truncation_of_a_field_is_noticed(cipher: FieldCipher) -> None:
    sealed = cipher.seal(b"13800138000", PHONE)
    damaged = [sealed[:length] for length in range(len(sealed))]
    damaged += [
        sealed[:place] + bytes([sealed[place] ^ 1 << bit]) + sealed[place + 1 :]
        for place in range(len(sealed))
        for bit in range(8)
    ]

    for content in damaged:
        with pytest.raises(FieldUnreadable):
            cipher.open(content, PHONE)


def test_equal_fields_are_sealed_differently(cipher: FieldCipher) -> None:
    assert cipher.seal(b"13800138000", PHONE) != cipher.seal(b"13800138000", PHONE)


def test_old_versions_are_read_and_the_newest_is_written(tmp_path: Path) -> None:
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    cipher = FieldCipher(keyring)
    old = cipher.seal(b"13800138000", PHONE)
    assert cipher.is_current(old)

    key_file.open_epoch(fresh_root=True)
    key_file.revoke_epoch(1)
    keyring.reload()
    new = cipher.seal(b"13900139000", PHONE)

    assert (old[0], new[0]) == (1, 2)
    assert (cipher.is_current(old), cipher.is_current(new)) == (False, True)
    assert cipher.open(old, PHONE) == b"13800138000"
    assert cipher.open(new, PHONE) == b"13900139000"
    # The version is authenticated: renamed to the other key's number, neither opens.
    for sealed, version in ((old, 2), (new, 1)):
        with pytest.raises(FieldUnreadable):
            cipher.open(bytes([version]) + sealed[1:], PHONE)


def test_a_field_of_another_installation_names_what_is_lacking(cipher: FieldCipher) -> None:
    sealed = bytes([9]) + cipher.seal(b"13800138000", PHONE)[1:]

    with pytest.raises(FieldUnreadable, match="version 9, which these keys lack"):
        cipher.open(sealed, PHONE)


def test_a_blind_index_is_equal_for_equal_values_of_one_column_of_one_tenant_only(
    cipher: FieldCipher, key_file: SealedKeyFile
) -> None:
    def index(value: bytes, tenant_id: int = 7, table: str = "t", column: str = "c") -> bytes:
        return cipher.blind_index(value, tenant_id=tenant_id, table=table, column=column)

    again = FieldCipher(Keyring(key_file)).blind_index(b"1", tenant_id=7, table="t", column="c")

    assert index(b"1") == index(b"1") == again
    assert len(index(b"1")) == 16
    others = {index(b"2"), index(b"1", 8), index(b"1", table="u"), index(b"1", column="d")}
    assert len(others - {index(b"1")}) == 4


def test_a_blind_index_outlives_a_rotation(tmp_path: Path) -> None:
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    cipher = FieldCipher(keyring)
    before = cipher.blind_index(b"1", tenant_id=7, table="t", column="c")

    key_file.open_epoch(fresh_root=True)
    keyring.reload()

    assert cipher.blind_index(b"1", tenant_id=7, table="t", column="c") == before
    assert cipher.blind_index(b"1", tenant_id=7, table="t", column="c", version=2) != before


def test_threads_seal_and_open_at_once(cipher: FieldCipher) -> None:
    wrong: list[object] = []

    def work(tenant_id: int) -> None:
        cell = replace(PHONE, tenant_id=tenant_id)
        for _ in range(300):
            plain = os.urandom(3000)  # large enough for the library to let other threads run
            if cipher.open(cipher.seal(plain, cell), cell) != plain:
                wrong.append(cell)

    threads = [threading.Thread(target=work, args=(7 + number % 2,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
