"""What a chunk says of its events without being opened: when each happened, of which kind it is, and where.

Some bytes an event instead of a row of a table. There are few kinds of events in a chunk and few places, so
an event has a byte that says which pair of them; a chunk of one pair needs none. Times are counted in the
largest tick that fits them all, from the earliest on, in as many bytes as the last one takes. The same is
written in SQL (migration 0061), for whoever wants one event of a chunk, or all of the view `trace.event`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

SPAN_MAX: Final = timedelta(days=7)
"""A chunk holds events of so many days at most: whoever looks for those of a time knows how far to look."""
EVENTS_PER_CHUNK: Final = 200
TICKS: Final = (60_000_000, 1_000_000, 1_000, 1)
"""Microseconds that a tick may have."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class Pair(NamedTuple):
    """The number of a kind of events (`trace.kind`), and the number of the place that an event names."""

    kind: int
    location: int | None


class Filing(NamedTuple):
    """What a chunk says of its events; the columns of the same names."""

    at_min: datetime
    at_max: datetime
    tick: int
    event_count: int
    kinds: list[int]
    locations: list[int | None]
    filing: bytes


def microseconds(at: datetime) -> int:
    """Return an instant as microseconds since 1970.

    >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    return (at - _EPOCH) // _MICROSECOND


def instant_of(micros: int) -> datetime:
    """Undo `microseconds`."""
    return _EPOCH + timedelta(microseconds=micros)


def chunks_of(ats: Sequence[datetime]) -> Iterator[range]:
    """Cut events, by when they happened, into chunks: ranges of their places."""
    start, earliest, latest = 0, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
    for place, at in enumerate(ats):
        earliest, latest = min(earliest, at), max(latest, at)
        if place - start == EVENTS_PER_CHUNK or latest - earliest > SPAN_MAX:
            yield range(start, place)
            start, earliest, latest = place, at, at
    if ats:
        yield range(start, len(ats))


def filed(events: Sequence[tuple[datetime, Pair]]) -> Filing:
    """File the events of a chunk, in their order."""
    first, last = min(at for at, _ in events), max(at for at, _ in events)
    offsets = [(at - first) // _MICROSECOND for at, _ in events]
    tick = next(tick for tick in TICKS if not any(offset % tick for offset in offsets))
    width = _bytes_of(max(offsets) // tick)
    pairs = {pair: number for number, pair in enumerate(dict.fromkeys(pair for _, pair in events))}
    filing = bytes(pairs[pair] for _, pair in events) if len(pairs) > 1 else b""
    filing += b"".join([(offset // tick).to_bytes(width, "big") for offset in offsets])
    return Filing(
        at_min=first,
        at_max=last,
        tick=tick,
        event_count=len(events),
        kinds=[pair.kind for pair in pairs],
        locations=[pair.location for pair in pairs],
        filing=filing,
    )


def unfiled(filing: Filing, places: Iterable[int] | None = None) -> list[tuple[datetime, Pair]]:
    """Return when events of a chunk happened, of which kind they are, and where: all, or those at places."""
    count, packed = filing.event_count, filing.filing
    pairs = list(map(Pair, filing.kinds, filing.locations))
    times = 0 if len(pairs) == 1 else count  # where they begin
    width = (len(packed) - times) // count
    number = int.from_bytes
    return [
        (
            filing.at_min
            + timedelta(
                microseconds=filing.tick
                * number(packed[times + width * nth : times + width * (nth + 1)], "big")
            ),
            pairs[packed[nth]] if times else pairs[0],
        )
        for nth in (range(count) if places is None else places)
    ]


def _bytes_of(number: int) -> int:
    return -(-number.bit_length() // 8)
