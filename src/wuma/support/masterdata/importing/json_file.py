"""Reading JSON: an array of flat objects, or one object a line, without holding the file in memory.

The objects are cut out of the text one by one and decoded by msgspec. The file is read twice: once to learn
which members there are, because the first object need not have them all.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import IO, Any, Final

import msgspec

from wuma.support.masterdata.importing.encoding import find_encoding
from wuma.support.masterdata.importing.report import shortened
from wuma.support.masterdata.importing.source import (
    COLUMNS_MAX,
    CellRefusal,
    Format,
    Record,
    Source,
    Unreadable,
)

CHUNK_CHARACTERS: Final = 256 * 1024
OBJECT_CHARACTERS_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 8  # members are values; deeper nesting is refused by the cell anyway

# A complete string, or one bracket, or the quote of a string that the chunk does not end.
_TOKEN: Final = re.compile(r'"(?:[^"\\]++|\\.)*+"|["{}\[\]]', re.DOTALL)
_BETWEEN: Final = " \t\r\n,"


def open_json(file: IO[bytes]) -> Source:
    """Return the records of a JSON file; the members' names are its header, row 0."""
    codec, name = find_encoding(file)
    titles = _titles(file, codec)
    return Source(Format.JSON, _records(file, codec, titles), encoding=name)


def _titles(file: IO[bytes], codec: str) -> list[str]:
    titles: dict[str, None] = {}
    for row, decoded in _decoded(file, codec):
        if not titles.keys() >= decoded.keys():
            titles.update(dict.fromkeys(decoded))
            if len(titles) > COLUMNS_MAX:
                raise Unreadable(f"at most {COLUMNS_MAX} different members", f"{len(titles)}", row=row)
    return list(titles)


def _records(file: IO[bytes], codec: str, titles: list[str]) -> Iterator[Record]:
    yield Record(0, titles)
    for row, decoded in _decoded(file, codec):
        refused = {}
        cells = []
        for position, title in enumerate(titles):
            cell = _as_text(decoded.get(title))
            if cell is None:
                got = shortened(str(decoded[title]))
                refused[position] = CellRefusal("text, a number, or a list of these", got)
            cells.append(cell or "")
        yield Record(row, cells, refused or None)


def _as_text(value: Any) -> str | None:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool() | int():
            return str(value).lower()
        case float():
            return repr(value) if value != int(value) else str(int(value))
        case list():
            parts = [_as_text(part) for part in value if not isinstance(part, list)]
            return ";".join(part for part in parts if part) if None not in parts else None
        case _:
            return None


def _decoded(file: IO[bytes], codec: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for row, piece in enumerate(_objects(file, codec), 1):
        try:
            yield row, msgspec.json.decode(piece, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError) as error:
            raise Unreadable("a JSON object", f"{shortened(piece)} ({error})", row=row) from None


def _objects(file: IO[bytes], codec: str) -> Iterator[str]:
    """Cut the text into its outermost objects."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=codec, newline="")
    try:
        yield from _cut(text)
    finally:
        text.detach()


def _cut(text: io.TextIOWrapper) -> Iterator[str]:
    row, buffer, at = 1, text.read(CHUNK_CHARACTERS), 0
    opened = closed = False

    def more() -> bool:
        nonlocal buffer, at
        if len(buffer) - at > OBJECT_CHARACTERS_MAX:
            raise Unreadable(
                f"objects of at most {OBJECT_CHARACTERS_MAX} characters", "a larger one", row=row
            )
        chunk = text.read(CHUNK_CHARACTERS)
        buffer, at = buffer[at:] + chunk, 0
        return bool(chunk)

    while True:
        while at < len(buffer) and buffer[at] in _BETWEEN:
            at += 1
        if at == len(buffer):
            if not more():
                break
            continue
        if buffer[at] == "[" and row == 1 and not opened:
            opened = True
            at += 1
            continue
        if buffer[at] == "]" and opened and not closed:
            closed = True
            at += 1
            continue
        if buffer[at] != "{" or closed:
            raise Unreadable(
                "an array of objects, or one object a line", shortened(buffer[at : at + 40]), row=row
            )
        end = _end_of_object(buffer, at, row)
        if end is None:
            if not more():
                raise Unreadable(
                    "a complete object", f"{shortened(buffer[at : at + 40])} and the end", row=row
                )
            continue
        yield buffer[at:end]
        at, row = end, row + 1
    if opened and not closed:
        raise Unreadable("the ] that closes the array", "the end of the file", row=row)


def _end_of_object(buffer: str, at: int, row: int) -> int | None:
    """Return where the object ends that begins here; None when the buffer ends before."""
    depth = 0
    for token in _TOKEN.finditer(buffer, at):
        match buffer[token.start()]:
            case "{" | "[":
                depth += 1
                if depth > DEPTH_MAX:
                    raise Unreadable(f"objects nested at most {DEPTH_MAX} deep", "deeper ones", row=row)
            case "}" | "]":
                depth -= 1
                if depth == 0:
                    return token.end()
            case _ if token.end() - token.start() == 1:
                return None  # a string that goes on after the buffer
    return None
