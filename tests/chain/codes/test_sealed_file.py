"""Files that only their recipient can read: streamed, whole or not at all."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wuma.chain.codes.sealed_file import read_recipient, seal, sealed_bytes_max
from wuma.kernel.errors import InvalidInput

IDENTITY = pyrage.x25519.Identity.generate()
RECIPIENT = IDENTITY.to_public()


class Interrupted(Exception):
    """What a chunk raises."""


@settings(deadline=None)
@given(sizes=st.lists(st.integers(0, 200_000), max_size=6), seed=st.binary(min_size=1, max_size=8))
def test_the_recipient_reads_what_was_written(sizes: list[int], seed: bytes) -> None:
    chunks = [(seed * (size // len(seed) + 1))[:size] for size in sizes]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.age"

        sealed = seal(iter(chunks), path, RECIPIENT)

        content = path.read_bytes()
    assert pyrage.decrypt(content, [IDENTITY]) == b"".join(chunks)
    assert (sealed.size_bytes, sealed.sha256) == (len(content), hashlib.sha256(content).digest())
    assert sealed.size_bytes <= sealed_bytes_max(sum(sizes))


def test_nobody_else_reads_it(tmp_path: Path) -> None:
    seal([b"secret" * 1000], tmp_path / "file.age", RECIPIENT)
    content = (tmp_path / "file.age").read_bytes()

    assert b"secret" not in content
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(content, [pyrage.x25519.Identity.generate()])
    altered = bytearray(content)
    altered[-1] ^= 1
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(bytes(altered), [IDENTITY])


def test_only_the_program_may_read_the_file(tmp_path: Path) -> None:
    seal([b"x"], tmp_path / "file.age", RECIPIENT)

    assert (tmp_path / "file.age").stat().st_mode & 0o777 == 0o600


def test_it_streams(tmp_path: Path) -> None:
    """When a chunk is asked for, all but a little of those before is on its way to the disk."""
    path = tmp_path / "file.age"
    lags = []

    def chunks() -> Iterator[bytes]:
        for number in range(200):
            lags.append(number * 100_000 - path.stat().st_size)
            yield b"x" * 100_000

    seal(chunks(), path, RECIPIENT)

    assert max(lags) <= 2 * 64 * 1024


def test_what_a_chunk_raises_arrives_as_it_is(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"x" * 1_000_000
        raise Interrupted("here")

    with pytest.raises(Interrupted, match="here"):
        seal(chunks(), tmp_path / "file.age", RECIPIENT)


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "file.age"
    path.write_bytes(b"somebody's")

    with pytest.raises(FileExistsError):
        seal([b"x"], path, RECIPIENT)

    assert path.read_bytes() == b"somebody's"


def test_a_public_key_is_read_as_people_paste_it() -> None:
    for text in (str(RECIPIENT), f" {RECIPIENT}\n"):
        assert str(read_recipient(text, "/key")) == str(RECIPIENT)


@pytest.mark.parametrize("text", ["", "age1", "one letter wrong", "age1" + "q" * 58, "ssh-rsa AAAA"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    text = str(RECIPIENT)[:-1] + "b" if text == "one letter wrong" else text

    with pytest.raises(InvalidInput) as caught:
        read_recipient(text, "/recipient_public_key")

    (fault,) = caught.value.errors
    assert fault.at == "/recipient_public_key"
    assert "age1" in fault.expected


def test_a_secret_key_is_refused_and_not_repeated() -> None:
    secret = str(IDENTITY)

    with pytest.raises(InvalidInput) as caught:
        read_recipient(secret, "/recipient_public_key")

    assert secret not in f"{caught.value} {caught.value.members}"
    assert "secret key" in caught.value.errors[0].got
