"""Reading a document that is larger than memory: its events one after the other, and what stands around them.

A JSON parser that builds the whole tree needs ten times the document; one that tells every token to Python is
twenty times slower than the parser of one event. So only the *form* is looked at here: quotes, brackets, and
how deep they are, a block at a time with NumPy, which is enough to cut the event list into events. Each is
then parsed by itself. What is no JSON is found either here or there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from wuma.kernel.errors import FieldError, InvalidInput

BLOCK_BYTES: Final = 512 * 1024
HEAD_BYTES_MAX: Final = 16 * 1024 * 1024
"""What may stand around the events: context, sender, master data."""
EVENT_BYTES_MAX: Final = 32 * 1024 * 1024  # 200,000 EPCs of 100 bytes, and room

_LISTS: Final[dict[tuple[str, ...], str]] = {
    path: "/" + "/".join(path)
    for path in (
        ("epcisBody", "eventList"),
        ("epcisBody", "queryResults", "resultsBody", "eventList"),
    )
}
_TOKEN: Final = re.compile(rb'\s*+("(?:[^"\\]++|\\.)*+"|[{}\[\]:,]|[^\s"{}\[\]:,]++)', re.DOTALL)
_NEEDS_MORE: Final = 64 * 1024  # a token that ends this near to the end of what is there may go on

_QUOTE, _OPEN, _CLOSE = 1, 2, 3
_KINDS: Final = np.zeros(256, dtype=np.uint8)
_KINDS[ord('"')] = _QUOTE
_KINDS[[ord("{"), ord("[")]] = _OPEN
_KINDS[[ord("}"), ord("]")]] = _CLOSE


@dataclass(frozen=True, slots=True)
class Cut:
    """One event as it stands in the document."""

    place: int
    body: bytes


class Split:
    """A document being read: iterate over its events, then ask for what stood around them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._head = bytearray()
        self._tail = bytearray()
        self.pointer = ""
        """Where the list of events stands."""

    def __iter__(self) -> Iterator[Cut]:
        """Yield the events in their order.

        Raises:
            InvalidInput: the document is not JSON, has no list of events, or something in it is too large.
        """
        rest = self._find_list()
        yield from self._cut(rest)
        for block in iter(lambda: self._file.read(BLOCK_BYTES), b""):
            self._tail += block
            if len(self._tail) > HEAD_BYTES_MAX:
                raise _too_large("what stands after the events", HEAD_BYTES_MAX)

    def around(self) -> Any:
        """Return the document without its events, once all of them have been read."""
        try:
            document = msgspec.json.decode(bytes(self._head + self._tail))
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
            raise _not_json(str(error)[:80]) from None
        lists = document
        for name in self.pointer.split("/")[1:]:
            lists = lists.get(name) if isinstance(lists, dict) else None
        if lists != []:  # a name that stands twice: a parser takes the second, and we have read the first
            fault = FieldError(self.pointer, "one list of events", "two")
            raise InvalidInput("There are two lists of events.", [fault])
        return document

    def _find_list(self) -> bytes:
        """Read on until the list of events begins; return what has been read of it."""
        buffer, at_end = b"", False
        while True:
            found = _list_begins(buffer, is_whole=at_end)
            if found is not None:
                end, self.pointer = found
                self._head += buffer[:end]
                return buffer[end:]
            if at_end:
                fault = FieldError("/epcisBody/eventList", "a list of events", "nothing")
                raise InvalidInput("There are no events in the document.", [fault])
            if len(buffer) > HEAD_BYTES_MAX:
                raise _too_large("what stands before the events", HEAD_BYTES_MAX)
            # Twice as much each time: each look begins at the beginning.
            block = self._file.read(max(BLOCK_BYTES, len(buffer)))
            buffer, at_end = buffer + block, not block

    def _cut(self, block: bytes) -> Iterator[Cut]:
        """Cut the list into its members; leave what follows it in the tail."""
        depth, in_string, escapes, place = 0, False, 0, 0
        item = bytearray()  # the beginning of an event that goes on in this block
        between = bytearray()  # what stands between two events: a comma
        while True:
            if not block:
                block = self._file.read(BLOCK_BYTES)
                if not block:
                    raise _not_json("the document ends within its events")
            marks, in_string_after, escapes = _marks(block, in_string, escapes)
            depths = np.cumsum(marks.steps, dtype=np.int64) + depth
            edges = np.flatnonzero(
                ((marks.steps == 1) & (depths == 1)) | ((marks.steps == -1) & (depths <= 0))
            )
            start = 0  # where what is not yet dealt with begins
            for edge in edges.tolist():
                position = int(marks.positions[edge])
                if depths[edge] == 1:
                    between += block[start:position]
                    _check_between(between, place)
                    between.clear()
                    start = position
                elif depths[edge] == 0:
                    item += block[start : position + 1]
                    if item[0] != ord("{") or item[-1] != ord("}"):
                        raise _no_event(self.pointer, place, item)
                    yield Cut(place, bytes(item))
                    item.clear()
                    place += 1
                    start = position + 1
                else:
                    between += block[start:position]
                    if between.strip():
                        raise _no_event(self.pointer, place, between)
                    if block[position] != ord("]"):
                        raise _not_json(f"the list of events ends with {block[position : position + 1]!r}")
                    self._tail += block[position:]
                    return
            depth = int(depths[-1]) if len(depths) else depth
            if depth > 0:
                item += block[start:]
            else:
                between += block[start:]
                if len(between) > BLOCK_BYTES * 2:
                    raise _no_event(self.pointer, place, between)
            if len(item) > EVENT_BYTES_MAX:
                raise _too_large(f"event {self.pointer}/{place}", EVENT_BYTES_MAX)
            in_string, block = in_string_after, b""


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where brackets stand in a block, outside of strings: +1 opens, -1 closes."""

    positions: NDArray[np.int64]
    steps: NDArray[np.int8]


def _marks(block: bytes, in_string: bool, escapes: int) -> tuple[_Marks, bool, int]:
    """Return the brackets of a block, whether it ends in a string, and how many backslashes end it."""
    kinds = _KINDS[np.frombuffer(block, dtype=np.uint8)]
    if escapes or b"\\" in block:
        escaped, escapes = _escaped(block, escapes)
        kinds[escaped] = 0
    positions = np.flatnonzero(kinds)
    kinds = kinds[positions]
    is_quote = kinds == _QUOTE
    inside = (np.cumsum(is_quote, dtype=np.int64) + in_string) & 1
    brackets = np.flatnonzero(~is_quote & (inside == 0))
    steps = np.where(kinds[brackets] == _OPEN, 1, -1).astype(np.int8)
    ends_inside = bool(inside[-1]) if len(inside) else in_string
    return _Marks(positions[brackets], steps), ends_inside, escapes


def _escaped(block: bytes, before: int) -> tuple[NDArray[np.int64], int]:
    """Return which bytes stand behind an odd number of backslashes; `before` many ended the block before."""
    slashes = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\\"))
    if not len(slashes):
        return np.zeros(before & 1, dtype=np.int64), 0
    begins = np.flatnonzero(np.diff(slashes, prepend=-2) != 1)
    first, last = slashes[begins], slashes[np.append(begins[1:] - 1, len(slashes) - 1)]
    lengths = last - first + 1
    if first[0] == 0:
        lengths[0] += before
    behind = last[(lengths & 1) == 1] + 1
    if before & 1 and first[0] != 0:
        behind = np.append(behind, 0)
    goes_on = last[-1] == len(block) - 1
    return behind[behind < len(block)], int(lengths[-1]) if goes_on else 0


def _list_begins(buffer: bytes, *, is_whole: bool) -> tuple[int, str] | None:
    """Return where the list of events begins, behind its bracket, and its pointer."""
    path: list[str | None] = []  # the key at which we are, of each container around us; None in arrays
    key: str | None = None
    position, limit = 0, len(buffer) if is_whole else len(buffer) - _NEEDS_MORE
    previous = b""
    while position < limit:
        token = _TOKEN.match(buffer, position)
        if token is None:
            if is_whole and buffer[position:].strip():
                raise _not_json(f"byte {position}: {buffer[position : position + 20]!r}")
            return None
        said, position = token[1], token.end()
        if said == b":":
            key = _text(previous)
        elif said in {b"{", b"["}:
            path.append(key)
            if said == b"[":
                pointer = _LISTS.get(tuple(name for name in path[1:] if name is not None))
                if pointer is not None and len(path) - 1 == pointer.count("/"):
                    return position, pointer
            key = None
        elif said in {b"}", b"]"}:
            if not path:
                raise _not_json(f"byte {position - 1}: {said!r}")
            path.pop()
            key = None
        elif said == b",":
            key = None
        previous = said
    return None


def _text(token: bytes) -> str:
    try:
        return str(msgspec.json.decode(token))
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _check_between(between: bytearray, place: int) -> None:
    if bytes(between.strip()) != (b"," if place else b""):
        raise _not_json(f"between events {place - 1} and {place}: {bytes(between.strip()[:40])!r}")


def _no_event(pointer: str, place: int, item: bytes | bytearray) -> InvalidInput:
    shown = bytes(item.strip()[:40]).decode("utf-8", "backslashreplace")
    fault = FieldError(f"{pointer}/{place}", "an event", shown)
    return InvalidInput("The list of events holds something else.", [fault])


def _not_json(said: str) -> InvalidInput:
    return InvalidInput("The document is not JSON.", [FieldError("", "JSON in UTF-8", said)])


def _too_large(what: str, bytes_max: int) -> InvalidInput:
    fault = FieldError("", f"{what}: at most {bytes_max} bytes", "more")
    return InvalidInput("A part of the document is too large.", [fault])
