"""The tree of keys, its epochs, and the file that seals its roots."""

import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wuma.kernel.keys import (
    EPOCH_LAST,
    EpochInUse,
    EpochNeverOpened,
    EpochRevoked,
    EpochState,
    KeyFileDamaged,
    KeyFileError,
    KeyFileExposed,
    KeyFileLocked,
    KeyFileMissing,
    Keyring,
    OutOfEpochs,
    Passphrase,
    SealedKeyFile,
    UnsealFile,
    hkdf,
    pack,
)

PASSPHRASE = Passphrase("correct horse battery staple")

# A key file as this format wrote it on its first day: generations 1 and 2 with roots 00…1f and 20…3f,
# epoch 1 verifying, 2 revoked, 3 issuing. A program that cannot open it has disowned every code printed.
SEALED_WITH_PASSPHRASE = base64.b64decode(
    "V1VNQUtFWVMBARR1pKL5d0BxJnLeY6Oj8Ge6CeiYxkp7iI3eN3JYzp9wjMJyPtbcGFULSvXMCJ6LDd0m43IYHdssVOQ1xKbm"
    "USlDugacS0dkfUM3XwcE5tAZTpoKcRJRZcGVqZxG7vojYkdpd8t2dAbuoHTwt3+UK5tA6l1rFKk+j1102qrQxKFkx1pzDMXe"
    "iy6VY2aUu02rgGKXhHvveTlHzFBdEXqoOniUZjy5hhDQZxOvOihmu/tCdfHmMFaoIKYNTxhuMjwkYKl1UXtHyExd1wkyfjJL"
    "l3QMJ40HWvAgKVjNL/cDF3P9953FwKRIWDBS2RwrnEE6zRmQ+kOZgkpS80pE3n3xzfUQW2gDq/qZHSurvmXRKr5JtRuybTKY"
    "qtTB7AAJjRuSN2Q5X1cQPgryOza+26g1Poo="
)


@pytest.fixture
def unseal(tmp_path: Path) -> UnsealFile:
    file = UnsealFile(tmp_path / "apart" / "unseal")
    file.create()
    return file


@pytest.fixture
def key_file(tmp_path: Path, unseal: UnsealFile) -> SealedKeyFile:
    return SealedKeyFile.create(tmp_path / "keys" / "sealed", unseal)


# ---- derivation ----------------------------------------------------------------------------------------


def test_hkdf_is_the_one_of_rfc_5869() -> None:
    """Appendix A.3: SHA-256 with no salt and no info; the first 32 of its 42 bytes."""
    assert (
        hkdf(bytes([0x0B] * 22)).hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
    )


def test_the_info_of_a_key_is_its_packed_words() -> None:
    """RFC 5869 written out: extract with a zero salt, expand once over info and a counter byte."""
    extracted = hmac.digest(bytes(32), bytes(range(32)), "sha256")
    expanded = hmac.digest(extracted, pack("tenant", 7) + b"\x01", "sha256")

    assert hkdf(bytes(range(32)), "tenant", 7) == expanded


words = st.lists(st.text(max_size=4) | st.integers(-999, 999) | st.binary(max_size=4), max_size=4)


@given(words, words)
def test_two_lists_of_words_are_packed_alike_only_if_they_are_alike(
    left: list[str | int | bytes], right: list[str | int | bytes]
) -> None:
    assert (pack(*left) == pack(*right)) == (left == right)


def test_every_place_in_the_tree_has_a_key_of_its_own(key_file: SealedKeyFile) -> None:
    key_file.open_epoch()
    key_file.open_epoch(fresh_root=True)
    keyring = Keyring(key_file)

    keys = [
        branch(number, *path)
        for branch, numbers in ((keyring.epoch_key, (1, 2, 3)), (keyring.data_key, (1, 2)))
        for number in numbers
        for path in (
            (),
            (("tenant", 1),),
            (("tenant", "1"),),
            (("tenant", 1), ("order", 1)),
            (("tenant", 11), ("order", 1)),
            (("tenant", 1), ("order", 1), ("tag", "open")),
        )
    ]

    assert len(set(keys)) == len(keys) == 5 * 6
    assert {len(key) for key in keys} == {32}


def test_keys_stay_the_same_over_a_restart(key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    before = Keyring(key_file).epoch_key(1, ("tenant", 7), ("order", 9))

    after = Keyring(SealedKeyFile(key_file.path, unseal)).epoch_key(1, ("tenant", 7), ("order", 9))

    assert after == before


def test_secrets_are_in_no_repr(key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    keyring = Keyring(key_file)
    unsealed = key_file.load()
    secrets = [keyring.epoch_key(1), keyring.data_key(1), unsealed.epochs[0].secret or b""]

    shown = f"{keyring!r} {key_file!r} {unsealed!r} {PASSPHRASE!r} {unseal!r} {key_file._read()!r}"

    assert PASSPHRASE.text not in shown
    for secret in secrets:
        assert secret.hex() not in shown
        assert repr(secret)[2:-1] not in shown


# ---- epochs --------------------------------------------------------------------------------------------


def test_opening_an_epoch_closes_the_one_before_and_a_keyring_learns_it_when_told(
    key_file: SealedKeyFile,
) -> None:
    keyring = Keyring(key_file)

    assert key_file.open_epoch() == 2

    assert keyring.issuing_epoch == 1
    keyring.reload()
    assert keyring.issuing_epoch == 2
    assert keyring.live_epochs == {1, 2}


def test_a_revoked_epoch_has_no_keys_and_no_way_back(key_file: SealedKeyFile) -> None:
    key_file.open_epoch()
    keyring = Keyring(key_file)
    keyring.epoch_key(1, ("tenant", 1))

    key_file.revoke_epoch(1)
    key_file.revoke_epoch(1)
    keyring.reload()

    assert keyring.live_epochs == {2}
    assert keyring.opened_epochs == {1, 2}
    assert [epoch.secret is None for epoch in key_file.load().epochs] == [True, False]
    with pytest.raises(EpochRevoked):
        keyring.epoch_key(1, ("tenant", 1))
    key_file.open_epoch()
    assert [epoch.state for epoch in key_file.load().epochs] == [
        EpochState.REVOKED,
        EpochState.VERIFYING,
        EpochState.ISSUING,
    ]


def test_the_issuing_epoch_is_not_revoked_before_there_is_another(key_file: SealedKeyFile) -> None:
    with pytest.raises(EpochInUse, match="open the next one first"):
        key_file.revoke_epoch(1)

    assert Keyring(key_file).live_epochs == {1}


@pytest.mark.parametrize("number", [0, 2, 31, 32])
def test_an_epoch_never_opened_has_no_keys(key_file: SealedKeyFile, number: int) -> None:
    keyring = Keyring(key_file)

    for attempt in (keyring.epoch_key, key_file.revoke_epoch):
        with pytest.raises(EpochNeverOpened, match=rf"epoch {number}: expected one of \[1\]"):
            attempt(number)


def test_a_fresh_root_shares_nothing_with_the_one_before(key_file: SealedKeyFile) -> None:
    key_file.open_epoch(fresh_root=True)
    unsealed = key_file.load()

    assert [epoch.generation for epoch in unsealed.epochs] == [1, 2]
    assert sorted(unsealed.data_secrets) == [1, 2]
    assert Keyring(key_file).data_version == 2
    roots = key_file._read().roots
    assert len(set(roots.values())) == 2


def test_there_are_31_epochs_and_the_32nd_is_refused(key_file: SealedKeyFile) -> None:
    for number in range(2, EPOCH_LAST + 1):
        assert key_file.open_epoch() == number

    with pytest.raises(OutOfEpochs, match="epoch 32"):
        key_file.open_epoch()

    assert Keyring(key_file).live_epochs == set(range(1, 32))


# ---- the sealed file -----------------------------------------------------------------------------------


def test_a_key_file_of_the_first_day_still_opens(tmp_path: Path) -> None:
    path = tmp_path / "sealed"
    path.write_bytes(SEALED_WITH_PASSPHRASE)
    path.chmod(0o600)

    unsealed = SealedKeyFile(path, PASSPHRASE).load()

    assert [(e.number, e.generation, e.state.value) for e in unsealed.epochs] == [
        (1, 1, "verifying"),
        (2, 1, "revoked"),
        (3, 2, "issuing"),
    ]
    assert unsealed.epochs[0].secret == hkdf(bytes(range(32)), "epoch", 1)
    assert unsealed.epochs[2].secret == hkdf(bytes(range(32, 64)), "epoch", 3)
    assert unsealed.data_secrets[2] == hkdf(bytes(range(32, 64)), "data", 2)


def test_files_are_private_and_nothing_else_is_left_in_the_folder(
    key_file: SealedKeyFile, unseal: UnsealFile
) -> None:
    key_file.open_epoch(fresh_root=True)

    assert {path.name: oct(path.stat().st_mode & 0o777) for path in key_file.path.parent.iterdir()} == {
        "sealed": "0o600",
        "sealed.lock": "0o600",
    }
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in unseal.path.parent.iterdir()} == {
        "unseal": "0o600"
    }


def test_roots_do_not_stand_in_the_file(key_file: SealedKeyFile) -> None:
    sealed = key_file.path.read_bytes()

    for root in key_file._read().roots.values():
        assert root not in sealed
        assert root.hex().encode() not in sealed


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666])
def test_a_file_others_can_read_is_refused(key_file: SealedKeyFile, unseal: UnsealFile, mode: int) -> None:
    for path in (key_file.path, unseal.path):
        path.chmod(mode)
        with pytest.raises(KeyFileExposed, match=f"{path}: mode {mode:04o}, expected 0600"):
            key_file.load()
        path.chmod(0o600)

    key_file.load()


def test_every_flipped_bit_and_every_truncation_is_noticed(key_file: SealedKeyFile) -> None:
    sealed = key_file.path.read_bytes()
    damaged = [sealed[:length] for length in range(len(sealed))]
    damaged += [
        sealed[:place] + bytes([sealed[place] ^ 1 << place % 8]) + sealed[place + 1 :]
        for place in range(len(sealed))
    ]

    for content in damaged:
        key_file.path.write_bytes(content)
        with pytest.raises(KeyFileDamaged, match="truncated or altered"):
            key_file.load()


def test_alteration_on_purpose_with_a_fresh_checksum_is_noticed_too(key_file: SealedKeyFile) -> None:
    sealed = key_file.path.read_bytes()[:-32]

    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1 << place % 8
        key_file.path.write_bytes(bytes(altered) + hashlib.sha256(altered).digest())
        with pytest.raises((KeyFileDamaged, KeyFileLocked)):
            key_file.load()


def test_the_wrong_secret_is_told_from_damage(tmp_path: Path, key_file: SealedKeyFile) -> None:
    other = UnsealFile(tmp_path / "other")
    other.create()

    with pytest.raises(KeyFileLocked, match="it is the wrong one"):
        SealedKeyFile(key_file.path, other).load()
    with pytest.raises(KeyFileLocked, match="sealed with an unseal file, not with a passphrase"):
        SealedKeyFile(key_file.path, PASSPHRASE).load()


def test_missing_files_are_named(tmp_path: Path, key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    with pytest.raises(KeyFileMissing, match="nowhere"):
        SealedKeyFile(tmp_path / "nowhere", unseal).load()
    unseal.path.unlink()
    with pytest.raises(KeyFileMissing, match="unseal"):
        key_file.load()


def test_a_damaged_unseal_file_is_named(key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    unseal.path.write_text("not hex")

    with pytest.raises(KeyFileDamaged, match="expected 64 hex digits, got 7 bytes"):
        key_file.load()


def test_neither_file_is_ever_replaced_by_a_new_one(key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    sealed, secret = key_file.path.read_bytes(), unseal.path.read_bytes()

    with pytest.raises(FileExistsError):
        SealedKeyFile.create(key_file.path, unseal)
    with pytest.raises(FileExistsError):
        unseal.create()

    assert (key_file.path.read_bytes(), unseal.path.read_bytes()) == (sealed, secret)


def test_resealing_changes_the_secret_and_not_the_keys(key_file: SealedKeyFile, unseal: UnsealFile) -> None:
    before = key_file.load()

    key_file.reseal(PASSPHRASE)

    assert key_file.load() == before == SealedKeyFile(key_file.path, PASSPHRASE).load()
    with pytest.raises(KeyFileLocked):
        SealedKeyFile(key_file.path, unseal).load()


def test_a_short_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="expected at least 12 characters, got 6"):
        SealedKeyFile.create(tmp_path / "sealed", Passphrase("secret"))

    assert not (tmp_path / "sealed").exists()


# ---- several processes ---------------------------------------------------------------------------------

ROTATE = """
import sys
from pathlib import Path
from wuma.kernel.keys import SealedKeyFile, UnsealFile
file = SealedKeyFile(Path(sys.argv[1]), UnsealFile(Path(sys.argv[2])))
print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(sys.argv[3])):
    file.open_epoch(fresh_root=True)
"""


def rotating(key_file: SealedKeyFile, unseal: UnsealFile, times: int) -> subprocess.Popen[str]:
    """Start a process that rotates; it waits until it is told to begin."""
    process = subprocess.Popen(
        [sys.executable, "-c", ROTATE, str(key_file.path), str(unseal.path), str(times)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_that_rotate_at_once_lose_no_generation(
    key_file: SealedKeyFile, unseal: UnsealFile
) -> None:
    first_root = key_file._read().roots[1]
    processes = [rotating(key_file, unseal, 15) for _ in range(2)]

    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    seen_counts = []
    while any(process.poll() is None for process in processes):
        seen_counts.append(len(key_file.load().epochs))  # a reader meanwhile never sees half a file
    for process in processes:
        process.communicate()

    assert [process.returncode for process in processes] == [0, 0]
    assert seen_counts == sorted(seen_counts)
    contents = key_file._read()
    assert sorted(contents.roots) == list(range(1, 32))
    assert len(set(contents.roots.values())) == 31
    assert contents.roots[1] == first_root
    assert [(epoch.number, epoch.generation) for epoch in contents.epochs] == [(n, n) for n in range(1, 32)]
    assert [epoch.number for epoch in contents.epochs if epoch.state is EpochState.ISSUING] == [31]


@pytest.mark.faults
def test_a_process_killed_while_rotating_leaves_a_whole_file(
    key_file: SealedKeyFile, unseal: UnsealFile
) -> None:
    """Twelve kills at different moments; each time the file opens and the lock is free."""
    known: dict[int, bytes] = {}
    for attempt in range(12):
        process = rotating(key_file, unseal, EPOCH_LAST)
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        time.sleep(attempt * 0.0007)  # from before the first write into the midst of one
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()

        contents = key_file._read()
        assert [epoch.number for epoch in contents.epochs] == list(range(1, len(contents.epochs) + 1))
        assert known.items() <= dict(contents.roots).items()
        known = dict(contents.roots)

    if len(known) < EPOCH_LAST:
        assert key_file.open_epoch() == len(known) + 1


def test_the_contents_are_plain_json_under_the_seal(key_file: SealedKeyFile) -> None:
    """So that a successor program can read a key file with nothing but this description."""
    contents = json.loads(key_file._read().as_json())

    assert contents["epochs"] == [[1, 1, "issuing"]]
    assert len(bytes.fromhex(contents["roots"]["1"])) == 32
