"""How often is too often: counting attempts without asking the database.

Every process counts in its own memory, in buckets of a minute, and decides on the spot. Once a second it
adds what it has counted to an unlogged table and learns what the other processes counted, so that a limit
holds for the whole server, give or take an eighth for each process beside the first and about a second. A
flood of refused requests writes one row a name a second instead of one a request.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final

import msgspec

BUCKET_SECONDS: Final = 60
SHARED_FROM: Final = 8
"""A name is shared once it has used an eighth of its limit here: a flood from everywhere writes nothing."""
NAMES_MAX: Final = 200_000  # about 100 MB of names and buckets; the least recently seen is forgotten first


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` attempts under one name in `minutes`."""

    kind: str
    count: int
    minutes: int


class _Bucket(msgspec.Struct, gc=False):
    """One minute. Names come by the thousand a second: these are made fast, and no collector walks them."""

    here: int = 0
    elsewhere: int = 0
    unsent: int = 0


class _Counted(msgspec.Struct, gc=False):
    buckets: dict[int, _Bucket] = msgspec.field(default_factory=dict)
    sum_max: int = 0
    """Not less than the sum of the buckets: below a limit, it spares adding them up."""


class Attempts:
    """The attempts of the last hours, by name. Not for money: a crash forgets them."""

    def __init__(self) -> None:
        self._lock = Lock()  # requests count in several threads, another shares
        self._names: OrderedDict[str, _Counted] = OrderedDict()
        self._unsent: set[tuple[str, int]] = set()

    def count(self, limit: Limit, who: str, *, now: datetime, amount: int = 1) -> bool:
        """Count an attempt and say whether it was still within the limit."""
        name = f"{limit.kind}:{who}"
        bucket = int(now.timestamp()) // BUCKET_SECONDS
        with self._lock:
            counted = self._names.get(name)
            if counted is None:
                counted = self._names[name] = _Counted()
                if len(self._names) > NAMES_MAX:
                    self._names.popitem(last=False)
            else:
                self._names.move_to_end(name)
            slot = counted.buckets.get(bucket)
            if slot is None:
                if counted.buckets:  # once a minute, forget what is too old
                    self._total(counted, bucket, limit.minutes)
                slot = counted.buckets[bucket] = _Bucket()
            slot.here += amount
            slot.unsent += amount
            counted.sum_max += amount
            if counted.sum_max * SHARED_FROM >= limit.count:
                self._unsent.add((name, bucket))
            return (
                counted.sum_max <= limit.count or self._total(counted, bucket, limit.minutes) <= limit.count
            )

    def exhausted(self, limit: Limit, who: str, *, now: datetime) -> bool:
        """Whether one more attempt would be too many; counts nothing."""
        counted = self._names.get(f"{limit.kind}:{who}")
        if counted is None or counted.sum_max < limit.count:
            return False
        with self._lock:
            return self._total(counted, int(now.timestamp()) // BUCKET_SECONDS, limit.minutes) >= limit.count

    def take_unsent(self) -> list[tuple[str, datetime, int]]:
        """Return what the shared table does not know yet: name, start of the minute, amount."""
        rows = []
        with self._lock:
            for name, bucket in self._unsent:
                counted = self._names.get(name)
                slot = counted.buckets.get(bucket) if counted else None
                if slot is not None and slot.unsent:
                    rows.append((name, datetime.fromtimestamp(bucket * BUCKET_SECONDS, UTC), slot.unsent))
                    slot.unsent = 0
            self._unsent.clear()
        return rows

    def learn(self, totals: Iterable[tuple[str, datetime, int]]) -> None:
        """Take in the totals of all processes for names this one has counted."""
        with self._lock:
            for name, window_at, total in totals:
                counted = self._names.get(name)
                slot = counted.buckets.get(int(window_at.timestamp()) // BUCKET_SECONDS) if counted else None
                if counted is not None and slot is not None:
                    elsewhere = max(0, total - (slot.here - slot.unsent))
                    counted.sum_max += elsewhere - slot.elsewhere
                    slot.elsewhere = elsewhere

    @staticmethod
    def _total(counted: _Counted, bucket: int, minutes: int) -> int:
        oldest = bucket - minutes + 1
        for stale in [key for key in counted.buckets if key < oldest]:
            if counted.buckets[stale].unsent == 0:
                del counted.buckets[stale]
        counted.sum_max = sum(slot.here + slot.elsewhere for slot in counted.buckets.values())
        return sum(slot.here + slot.elsewhere for key, slot in counted.buckets.items() if key >= oldest)
