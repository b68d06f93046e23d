"""Which encoding a text file is in: decided by reading all of it, not by guessing from its beginning.

A file of half a gigabyte may be ASCII up to its last line. UTF-8 is hard to mistake for anything else, so
what is valid UTF-8 is UTF-8; what is not, and is valid GB18030, was saved by a Chinese Windows.
"""

from __future__ import annotations

import codecs
from typing import IO, Final

from wuma.support.masterdata.importing.source import Unreadable

CHUNK_BYTES: Final = 1024 * 1024
SAMPLE_BYTES: Final = 4096

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16 (little endian)"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16 (big endian)"),
)
_PROGRAMS: Final = (
    (b"\xd0\xcf\x11\xe0", "an old workbook (.xls) or one with a password: save it as .xlsx without"),
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a packed file (gzip): unpack it first"),
    (b"Rar!", "a packed file (RAR): unpack it first"),
    (b"7z\xbc\xaf", "a packed file (7-Zip): unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def find_encoding(file: IO[bytes]) -> tuple[str, str]:
    """Return the name of the codec and the name that people read; leaves the file at its beginning.

    Raises:
        Unreadable: when it is no text in any of these encodings.
    """
    file.seek(0)
    sample = file.read(SAMPLE_BYTES)
    file.seek(0)
    for magic, what in _PROGRAMS:
        if sample.startswith(magic):
            raise Unreadable("a CSV, XLSX or JSON file", what)
    candidates = [found for found in _BOMS if sample.startswith(found[0])]
    if not candidates:
        candidates = _without_mark(sample)
    failures = []
    for _mark, codec, name in candidates:
        failure = _first_failure(file, codec)
        if failure is None:
            return codec, name
        failures.append(f"{failure} in {name}")
    raise Unreadable("text in UTF-8, GB18030 or UTF-16", "; ".join(failures))


def _without_mark(sample: bytes) -> list[tuple[bytes, str, str]]:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > len(sample) // 20 and not even:
        return [(b"", "utf-16-le", "UTF-16 (little endian)")]
    if even > len(sample) // 20 and not odd:
        return [(b"", "utf-16-be", "UTF-16 (big endian)")]
    return [(b"", "utf-8", "UTF-8"), (b"", "gb18030", "GB18030")]


def _first_failure(file: IO[bytes], codec: str) -> str | None:
    decoder = codecs.getincrementaldecoder(codec)()
    at = 0
    try:
        while chunk := file.read(CHUNK_BYTES):
            decoder.decode(chunk)
            at += len(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        # The decoder may have kept up to three bytes of the chunk before; near enough to look there.
        return f"byte {error.object[error.start]:#04x} near {at + error.start}"
    finally:
        file.seek(0)
    return None
