"""Bodies of chunks: what events say, coded together so that it comes back field by field.

Events of one capture say much the same. What is left of an event without its time, its name and the things
it names one by one is its *shape*, and a chunk has few. Times are filed with the chunk, so the shape only
says how they were written. Things that are codes of ours are runs of units; how those are spelled is kept
once for all events (`code_texts`). Whatever fits none of this stands there as it came.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec

from wuma.chain.trace.documents.json_ld import ReadEvent
from wuma.chain.trace.shelves.code_texts import CodeTexts
from wuma.chain.trace.shelves.naming import LISTS, NamedList

JSON_IN_ZLIB: Final = 1
"""A JSON list of events, compressed: how bodies were coded first."""
SHAPES_AND_RUNS: Final = 2

_ZLIB_LEVEL: Final = 6
_NO_ID, _UUID, _OTHER_ID, _MADE_OF_ALL = range(4)
"""How an event is named. One without an eventID is named by what all it says makes (`names.event_key`). That
is kept, since making it again takes every thing it names; chunks of before have `_NO_ID` and keep nothing."""
_UUID_URN: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)", re.ASCII
).fullmatch

Run: TypeAlias = tuple[int, int]
"""First and last unit."""
Members: TypeAlias = list[str | tuple[str, int, int]]


class _Shape(msgspec.Struct, array_like=True):
    """What events have in common: all but name, time and things."""

    rest: dict[str, Any]
    id_kind: int
    time: str | None
    """The offset as it was written, after the number of digits of the fraction; None: it is in the rest."""
    lists: list[str]


class _Body(msgspec.Struct, array_like=True):
    shapes: list[bytes]
    shape_of: list[int]
    """Empty, if there is but one."""
    uuids: bytes
    other_ids: list[str]
    heads: list[str]
    """What the names of codes begin with; their style counts from 1."""
    numbers: list[int]
    """For each list: how many segments. For each segment its style; and, if that is not 0, how far it begins
    behind the end of the one before in that style, and how many more than one it holds."""
    names: list[str]
    """Those of the segments of style 0, one each."""


@dataclass(frozen=True, slots=True)
class Coded:
    """One event, as its chunk has it: complete but for how codes are spelled."""

    fields: dict[str, Any]
    lists: list[tuple[str, Members]]
    """For each list of things its members: a name; or the head of codes, their first unit, how many."""
    name: str | None = None
    """What it is named, if it says no eventID and its name is kept."""

    @property
    def runs(self) -> Iterator[Run]:
        """The units whose texts it takes to say all."""
        for _, members in self.lists:
            for one in members:
                if not isinstance(one, str):
                    yield one[1], one[1] + one[2] - 1

    def whole(self, texts: CodeTexts) -> Mapping[str, Any]:
        """Return all it says."""
        fields = dict(self.fields)
        for name, members in self.lists:
            names = self.names(members, texts)
            fields[name] = names[0] if name == "parentID" else names
        return fields

    @staticmethod
    def names(members: Members, texts: CodeTexts) -> list[str]:
        """Spell the members of a list."""
        names: list[str] = []
        for one in members:
            if isinstance(one, str):
                names.append(one)
            else:
                head, first, count = one
                names += [head + text for text in texts.of(first, count)]
        return names


def encode(
    events: Sequence[tuple[ReadEvent, Sequence[NamedList], UUID]],
    names: Sequence[str],
    heads: Sequence[str],
) -> bytes:
    """Code the events of a chunk.

    Args:
        events: each with the things it names, and what it is known by.
        names: all that the segments are of.
        heads: what the names of codes begin with.
    """
    shapes: dict[bytes, int] = {}
    shape_of: list[int] = []
    uuids = bytearray()
    other_ids: list[str] = []
    styles: dict[int, int] = {0: 0}
    expected = [0]
    numbers: list[int] = []
    literals: list[str] = []
    known: dict[tuple[bytes, int, str | None], int] = {}
    for event, lists, key in events:
        fields = event.fields
        if "eventID" in fields:
            event_id = fields["eventID"]
            if _UUID_URN(event_id):
                id_kind = _UUID
                uuids += bytes.fromhex(event_id[9:].replace("-", ""))
            else:
                id_kind = _OTHER_ID
                other_ids.append(event_id)
        else:
            id_kind = _MADE_OF_ALL
            uuids += key.bytes
        time = None
        if (written := _TIME(fields["eventTime"])) is not None:
            time = f"{len(written[1] or ''):d}{written[2]}"
        number = known.get((event.shape, id_kind, time)) if event.shape and time else None
        if number is None:
            rest = {name: value for name, value in fields.items() if name not in _HELD}
            if time is None:
                rest["eventTime"] = fields["eventTime"]
            shape = _to_json(_Shape(rest, id_kind, time, [one.field for one in lists]))
            number = known[event.shape, id_kind, time] = shapes.setdefault(shape, len(shapes))
        shape_of.append(number)
        for one in lists:
            numbers.append(len(one.segments))
            for segment in one.segments:
                style = styles.get(segment.style)
                if style is None:
                    style = styles[segment.style] = len(styles)
                    expected.append(0)
                numbers.append(style)
                if style == 0:
                    literals.append(names[segment.at])
                else:
                    numbers += (segment.first - expected[style], segment.size - 1)
                    expected[style] = segment.first + segment.size
    body = _Body(
        list(shapes),
        shape_of if len(shapes) > 1 else [],
        bytes(uuids),
        other_ids,
        [heads[style - 1] for style in styles if style],
        numbers,
        literals,
    )
    return zlib.compress(_to_msgpack(body), _ZLIB_LEVEL)


def decode(coding: int, body: bytes, ats: Mapping[int, datetime]) -> dict[int, Coded]:
    """Return some events of a chunk by their places in it, given when they happened."""
    plain = zlib.decompress(body)
    if coding == JSON_IN_ZLIB:
        events = msgspec.json.decode(plain)
        return {place: Coded(events[place], []) for place in ats}
    read = _from_msgpack(plain)
    shapes = [_from_json(shape) for shape in read.shapes]
    # Reading goes from event to event, since each begins where the one before ends.
    uuid_at = other_at = at = name_at = 0
    expected = [0] * (len(read.heads) + 1)
    numbers = read.numbers
    found: dict[int, Coded] = {}
    last = max(ats)
    for place in range(last + 1):
        shape = shapes[read.shape_of[place] if read.shape_of else 0]
        event_id: str | None = None
        if shape.id_kind in {_UUID, _MADE_OF_ALL}:
            uuid_at += 16
        elif shape.id_kind == _OTHER_ID:
            event_id = read.other_ids[other_at]
            other_at += 1
        is_wanted = place in ats
        lists: list[tuple[str, Members]] = []
        for name in shape.lists:
            members: Members = []
            segment_count = numbers[at]
            at += 1
            for _ in range(segment_count):
                style = numbers[at]
                if style == 0:
                    members.append(read.names[name_at])
                    name_at += 1
                    at += 1
                else:
                    first, count = expected[style] + numbers[at + 1], numbers[at + 2] + 1
                    expected[style] = first + count
                    at += 3
                    if is_wanted:
                        members.append((read.heads[style - 1], first, count))
            lists.append((name, members))
        if is_wanted:
            fields = msgspec.json.decode(msgspec.json.encode(shape.rest)) if shape.rest else {}
            made = None
            if shape.id_kind == _UUID:
                event_id = f"urn:uuid:{UUID(bytes=read.uuids[uuid_at - 16 : uuid_at])}"
            elif shape.id_kind == _MADE_OF_ALL:
                made = f"urn:uuid:{UUID(bytes=read.uuids[uuid_at - 16 : uuid_at])}"
            if event_id is not None:
                fields["eventID"] = event_id
            if shape.time is not None:
                fields["eventTime"] = _written(ats[place], shape.time)
            found[place] = Coded(fields, lists, made)
    return found


def _written(at: datetime, time: str) -> str:
    """Write an instant as it was written: `time` is the digits of its fraction, then its offset."""
    digits, offset = int(time[0]), time[1:]
    written = (at + _offset(offset)).isoformat(timespec="microseconds")[:26]
    return f"{written[: 20 + digits] if digits else written[:19]}{offset}"


@lru_cache(maxsize=1_024)
def _offset(text: str) -> timedelta:
    if text == "Z":
        return timedelta(0)
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return -offset if text[0] == "-" else offset


_HELD: Final = frozenset({"eventTime", "eventID", *LISTS})
_to_json: Final = msgspec.json.Encoder().encode
_from_json: Final = msgspec.json.Decoder(_Shape).decode
_to_msgpack: Final = msgspec.msgpack.Encoder().encode
_from_msgpack: Final = msgspec.msgpack.Decoder(_Body).decode
