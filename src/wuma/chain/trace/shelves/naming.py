"""The things that events name one by one: runs, where they are codes of ours.

A document names things by the hundred thousand, and one after the other is how a line makes them. So the
names of all events are numbered at once, and whatever comes next looks at segments: some consecutive units
under one head, or one name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from wuma.chain.trace.documents.json_ld import Json
from wuma.chain.trace.shelves.code_texts import Units
from wuma.chain.trace.shelves.things import Numbered, Things

LISTS: Final = ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList")
"""The fields that name things one by one."""


class Segment(NamedTuple):
    """Names that follow one another: `size` codes of consecutive units, or one name of style 0."""

    style: int
    first: int
    size: int
    at: int
    """Where the first stands among all names."""

    @property
    def last(self) -> int:
        """The last thing."""
        return self.first + self.size - 1


class NamedList(NamedTuple):
    """What one field of an event names."""

    field: str
    segments: list[Segment]

    @property
    def runs(self) -> list[tuple[int, int]]:
        """The things it names as runs, each once."""
        if len(self.segments) == 1:
            (only,) = self.segments
            return [(only.first, only.last)]
        return merged([(one.first, one.last) for one in self.segments])


@dataclass(frozen=True, slots=True)
class Named:
    """What all events of a capture name."""

    names: list[str]
    numbered: Numbered
    lists: list[list[NamedList]]
    """For each event."""

    def codes(self) -> tuple[Units, Any]:
        """Return the units of the codes that are spelled as printed, each once, with their texts."""
        places = np.flatnonzero(self.numbered.styles)
        units, first = np.unique(self.numbered.numbers[places], return_index=True)
        texts = "".join([self.names[place][-16:] for place in places[first].tolist()])
        return units, np.frombuffer(texts.encode(), "S16")


def name_all(events: Sequence[Json], things: Things) -> Named:
    """Number the things that events name."""
    names: list[str] = []
    fields: list[list[tuple[str, int, int]]] = []
    starts: list[int] = []
    for event in events:
        of_event = []
        for field in LISTS:
            if (found := event.get(field)) is not None:
                start = len(names)
                if isinstance(found, str):
                    names.append(found)
                else:
                    names += found
                of_event.append((field, start, len(names)))
                if len(names) > start:
                    starts.append(start)
        fields.append(of_event)
    numbered = things.number_all(names)
    segments, begin = _segments(numbered, starts)
    return Named(
        names,
        numbered,
        [
            [
                NamedList(field, segments[begin[start] : begin[stop]] if stop > start else [])
                for field, start, stop in of_event
            ]
            for of_event in fields
        ],
    )


def _segments(numbered: Numbered, starts: list[int]) -> tuple[list[Segment], dict[int, int]]:
    """Return all segments, and for each start of a list which is its first."""
    numbers, styles = numbered.numbers, numbered.styles
    count = len(numbers)
    if not count:
        return [], {0: 0}
    is_new = np.ones(count, np.bool_)
    is_new[1:] = (styles[1:] == 0) | (styles[1:] != styles[:-1]) | (numbers[1:] != numbers[:-1] + 1)
    is_new[starts] = True
    places = np.flatnonzero(is_new)
    counts = np.diff(places, append=count)
    segments = list(
        map(
            Segment,
            styles[places].tolist(),
            numbers[places].tolist(),
            counts.tolist(),
            places.tolist(),
        )
    )
    first = np.searchsorted(places, starts).tolist()
    return segments, {**dict(zip(starts, first, strict=True)), count: len(segments)}


def merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what ranges make up together, as runs in order.

    >>> merged([(5, 5), (1, 3), (2, 4), (9, 9)])
    [(1, 5), (9, 9)]
    """
    runs: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if runs and first <= runs[-1][1] + 1:
            if last > runs[-1][1]:
                runs[-1] = (runs[-1][0], last)
        else:
            runs.append((first, last))
    return runs
