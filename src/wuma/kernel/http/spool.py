"""Bodies that may be larger than memory: small ones are held, large ones wait in a file, packed or not.

A route of class `SpooledEndpoint` finds its body in ``request.state.spooled``. Its Idempotency-Key works as
everywhere else: the digest of the body is taken while it arrives.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import zlib
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final, Protocol
from uuid import uuid4

import zstandard
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.http.endpoint import Endpoint

HELD_BYTES_MAX: Final = 4 * 1024 * 1024
READ_BYTES: Final = 256 * 1024
RATIO_MAX: Final = 250
"""How much larger than its packed form a body may be, beyond `RATIO_FREE_BYTES`; bombs are 1,000 times."""
RATIO_FREE_BYTES: Final = 64 * 1024 * 1024
WINDOW_BYTES_MAX: Final = 128 * 1024 * 1024  # what `zstd --long` asks for; it is the reader's memory
ENCODINGS: Final = ("identity", "gzip", "x-gzip", "zstd")


class UnsupportedEncoding(InvalidInput):
    """The body is packed in a way that is not known here."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"


class CutShort(Refusal):
    """The request ended before its body did."""

    status = HTTPStatus.BAD_REQUEST
    slug = "cut-short"


class BadPacking(InvalidInput):
    """The body cannot be unpacked."""

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-packing"


@dataclass(slots=True)
class Spooled:
    """A body as it came: in memory, or in a file that is removed with the request unless it is kept."""

    media_type: str
    encoding: str
    folder: Path
    held: bytearray = field(default_factory=bytearray)
    path: Path | None = None
    byte_count: int = 0
    is_kept: bool = False

    @property
    def name(self) -> str:
        """What the file is called in its folder."""
        assert self.path is not None
        return self.path.name

    def open(self, *, bytes_max: int) -> contextlib.AbstractContextManager[IO[bytes]]:
        """Open the body unpacked, as a stream."""
        return unpacked(
            io.BytesIO(bytes(self.held)) if self.path is None else self.path.open("rb"),
            self.encoding,
            self.byte_count,
            bytes_max=bytes_max,
        )

    def keep(self) -> None:
        """See to it that the file outlives the request, and a power cut."""
        if self.path is None:
            self._begin_file()
        assert self.path is not None
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        keep_names(self.folder)
        self.is_kept = True

    def remove(self) -> None:
        """Remove the file, unless it is kept."""
        if self.path is not None and not self.is_kept:
            self.path.unlink(missing_ok=True)

    def write(self, block: bytes) -> None:
        """Add to the body."""
        self.byte_count += len(block)
        if self.path is None and self.byte_count <= HELD_BYTES_MAX:
            self.held += block
            return
        if self.path is None:
            self._begin_file()
        assert self.path is not None
        with self.path.open("ab") as file:
            file.write(block)

    def _begin_file(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = self.folder / uuid4().hex
        descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.held)
        self.held = bytearray()


def keep_names(folder: Path) -> None:
    """See to it that the names of the files in a folder outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class SpooledEndpoint(Endpoint):
    """A route whose body may be large. It is received before the route has its turn at the database."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler of `Endpoint`."""
        handle = super().get_route_handler()

        async def run(request: Request) -> Response:
            try:
                return await handle(request)
            finally:
                spooled: Spooled | None = getattr(request.state, "spooled", None)
                if spooled is not None:
                    await run_in_threadpool(spooled.remove)

        return run

    async def receive(self, request: Request) -> None:
        """Receive the body, and take its digest."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        encoding = request.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ENCODINGS:
            fault = FieldError("header/Content-Encoding", "gzip, zstd, or none", encoding[:40])
            raise UnsupportedEncoding("The body cannot be unpacked.", [fault])
        folder = request.app.state.runtime.settings.data / "spool"
        spooled = Spooled(media_type, encoding, folder)
        request.state.spooled = spooled
        digest = hashlib.sha256()
        gathered = bytearray()

        def take() -> None:
            digest.update(gathered)
            spooled.write(bytes(gathered))
            gathered.clear()

        try:
            async for block in request.stream():
                gathered += block
                if len(gathered) >= READ_BYTES:
                    await run_in_threadpool(take)
        except ClientDisconnect:
            raise CutShort("Please send it again.") from None
        if gathered:
            await run_in_threadpool(take)
        request.state.body_digest = digest.digest()
        # What FastAPI reads for itself: nothing, the body has been received.
        request._body = b""


class _Plain(Protocol):
    def read(self, size: int, /) -> bytes: ...


@contextmanager
def unpacked(file: IO[bytes], encoding: str, byte_count: int, *, bytes_max: int) -> Iterator[IO[bytes]]:
    """Read a body unpacked; reading too much of it, or what is not packed as it says, raises `BadPacking`."""
    with file:
        if encoding == "identity":
            yield file
        elif encoding == "zstd":
            unpacking = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
            with unpacking.stream_reader(file, read_across_frames=True, closefd=False) as plain:
                yield _Bounded(_Zstd(plain), byte_count, bytes_max)  # type: ignore[misc]
        else:
            yield _Bounded(_Gzip(file), byte_count, bytes_max)  # type: ignore[misc]


class _Zstd:
    """The reader gives no more than is asked for. What is cut off ends silently, its JSON does not."""

    def __init__(self, plain: _Plain) -> None:
        self._plain = plain

    def read(self, size: int) -> bytes:
        try:
            return self._plain.read(size)
        except zstandard.ZstdError as error:
            raise _bad_packing("a body in zstd", str(error)) from None


class _Gzip:
    """A stream of gzip members, unpacked no further than is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unpacking = zlib.decompressobj(wbits=31)
        self._left = b""
        self._is_inside = False

    def read(self, size: int) -> bytes:
        while True:
            if self._unpacking.eof:
                self._left, self._unpacking = self._unpacking.unused_data, zlib.decompressobj(wbits=31)
                self._is_inside = False
            packed = self._left or self._file.read(READ_BYTES)
            self._left = b""
            if not packed:
                if self._is_inside:
                    raise _bad_packing("a whole body in gzip", "its beginning")
                return b""
            try:
                plain = self._unpacking.decompress(packed, size)
            except zlib.error as error:
                raise _bad_packing("a body in gzip", str(error)) from None
            self._is_inside = True
            self._left = self._unpacking.unconsumed_tail
            if plain:
                return plain


class _Bounded:
    """Ends what unpacks to more than it should."""

    def __init__(self, plain: _Plain, packed_bytes: int, bytes_max: int) -> None:
        self._plain = plain
        self._left = min(bytes_max, max(RATIO_FREE_BYTES, packed_bytes * RATIO_MAX))
        self._bytes_max = self._left

    def read(self, size: int = -1) -> bytes:
        block = self._plain.read(READ_BYTES if size < 0 else size)
        self._left -= len(block)
        if self._left < 0:
            raise _bad_packing(f"a body of at most {self._bytes_max} bytes, once unpacked", "more")
        return block


def _bad_packing(expected: str, got: str) -> BadPacking:
    return BadPacking("The body cannot be unpacked.", [FieldError("", expected, got[:80])])
