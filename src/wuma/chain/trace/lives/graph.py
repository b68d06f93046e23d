"""A genealogy made fit to look at: few boxes, each a run of things or a group of them, in layers.

Small ones are shown thing by thing. In larger ones, things of one kind that have the same part in the story
and are as far from its beginning become one box: "50,000 cans", "8,334 cases".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, NamedTuple

from wuma.chain.trace.lives.genealogy import Edge, Genealogy, Link, Part
from wuma.chain.trace.lives.known import Run

BOXES_MAX: Final = 60
"""More than these are grouped; what a screen or a page can hold."""
ARROWS_MAX: Final = 400
_ROUNDS: Final = 4
_WEIGHT: Final = {Part.MENTIONED: 0, Part.CARRIER: 1, Part.AFFECTED: 2}


class Sort(NamedTuple):
    """What sort of thing: item, case, pallet, lot or other, and of which product."""

    kind: str
    gtin: str | None


@dataclass(frozen=True, slots=True)
class Box:
    """Things shown together; `layer` counts from left to right, `row` from top to bottom."""

    id: int
    runs: tuple[Run, ...]
    part: Part
    sort: Sort
    is_start: bool
    layer: int = 0
    row: int = 0

    @property
    def count(self) -> int:
        """How many things."""
        return sum(last - first + 1 for first, last in self.runs)


@dataclass(frozen=True, slots=True)
class Arrow:
    """Why one box leads to another: an event, or the first of several."""

    source: int
    target: int
    link: Link
    event_id: int
    until: datetime | None
    count: int
    """How many edges there are between things of the two."""


@dataclass(slots=True)
class Graph:
    """Boxes and arrows."""

    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    is_grouped: bool = False
    is_cut: bool = False


def graph_of(
    found: Sequence[Genealogy], sort_of: Callable[[int], Sort], *, boxes_max: int = BOXES_MAX
) -> Graph:
    """Return what was found, forward or back or both, as boxes and arrows."""
    atoms = _Atoms(found)
    graph = Graph(is_cut=any(one.is_cut for one in found))
    graph.is_grouped = len(atoms.runs) > boxes_max
    groups: dict[object, list[int]] = defaultdict(list)
    for nth, run in enumerate(atoms.runs):
        sort = sort_of(run[0])
        is_start = atoms.is_start[nth]
        kept_apart = is_start or (not graph.is_grouped)
        depth = atoms.depths[nth]
        groups[nth if kept_apart else (atoms.parts[nth], sort, depth)].append(nth)
    box_of = {nth: number for number, members in enumerate(groups.values()) for nth in members}
    graph.boxes = [
        Box(
            id=number,
            runs=tuple(atoms.runs[nth] for nth in members),
            part=atoms.parts[members[0]],
            sort=sort_of(atoms.runs[members[0]][0]),
            is_start=atoms.is_start[members[0]],
        )
        for number, members in enumerate(groups.values())
    ]
    if len(graph.boxes) > boxes_max:  # many kinds, far apart: the nearest are shown
        graph.boxes, graph.is_cut = graph.boxes[:boxes_max], True
    graph.arrows = _arrows(atoms, found, box_of, len(graph.boxes))
    if len(graph.arrows) > ARROWS_MAX:
        graph.arrows, graph.is_cut = graph.arrows[:ARROWS_MAX], True
    graph.boxes = laid_out(graph.boxes, graph.arrows)
    return graph


class _Atoms:
    """The things of a genealogy cut so that no two runs overlap, the start first, then the nearest."""

    def __init__(self, found: Sequence[Genealogy]) -> None:
        runs = {run for one in found for run in one.parts}
        ends = {edge.source for one in found for edge in one.edges}
        ends |= {edge.target for one in found for edge in one.edges}
        few = ends if len(runs) <= BOXES_MAX else set()  # ends of edges may cut runs in the middle
        edges = sorted({run[0] for run in runs | few} | {run[1] + 1 for run in runs | few})
        parts: dict[Run, tuple[Part, int]] = {}
        for one in found:
            for run, part in one.parts.items():
                depth = one.depths[run]
                for atom in _cut(run, edges):
                    before = parts.get(atom)
                    if before is None:
                        parts[atom] = part, depth
                    else:
                        parts[atom] = max(before[0], part, key=_WEIGHT.__getitem__), min(before[1], depth)
        starts = [run for one in found for run in one.start]
        ordered = sorted(parts, key=lambda run: (parts[run][1], run))
        self.runs: list[Run] = ordered
        self.parts = [parts[run][0] for run in ordered]
        self.depths = [parts[run][1] for run in ordered]
        self.is_start = [any(a <= run[0] and run[1] <= b for a, b in starts) for run in ordered]
        self._by_first = sorted((run, nth) for nth, run in enumerate(ordered))
        self._firsts = [run[0] for run, _ in self._by_first]

    def of(self, run: Run) -> Iterable[int]:
        """Return which atoms lie in a run."""
        place = max(bisect_right(self._firsts, run[0]) - 1, 0)
        while place < len(self._by_first) and self._firsts[place] <= run[1]:
            atom, nth = self._by_first[place]
            if atom[1] >= run[0]:
                yield nth
            place += 1


def _cut(run: Run, edges: Sequence[int]) -> Iterable[Run]:
    at = run[0]
    for edge in edges[bisect_right(edges, run[0]) : bisect_left(edges, run[1] + 1)]:
        yield at, edge - 1
        at = edge
    yield at, run[1]


def _arrows(atoms: _Atoms, found: Sequence[Genealogy], box_of: Mapping[int, int], boxes: int) -> list[Arrow]:
    between: dict[tuple[int, int, Link], tuple[Edge, int]] = {}
    for edge in dict.fromkeys(edge for one in found for edge in one.edges):
        sources = {box_of[nth] for nth in atoms.of(edge.source)}
        targets = {box_of[nth] for nth in atoms.of(edge.target)}
        for source in sources:
            for target in targets:
                if source < boxes and target < boxes and source != target:
                    key = source, target, edge.link
                    first, count = between.get(key, (edge, 0))
                    between[key] = first, count + 1
    return [
        Arrow(source, target, link, edge.event_id, edge.until, count)
        for (source, target, link), (edge, count) in between.items()
    ]


def laid_out(boxes: Sequence[Box], arrows: Sequence[Arrow]) -> list[Box]:
    """Give boxes their places: arrows lead to the right, and few of them cross."""
    layers = _layers(len(boxes), arrows)
    rows: dict[int, list[int]] = defaultdict(list)
    for box in boxes:
        rows[layers[box.id]].append(box.id)
    neighbours: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        neighbours[arrow.source].append(arrow.target)
        neighbours[arrow.target].append(arrow.source)
    place = {box: float(nth) for some in rows.values() for nth, box in enumerate(some)}
    for turn in range(_ROUNDS):
        for layer in sorted(rows, reverse=bool(turn % 2)):
            middle = {box: _middle(place, neighbours[box], place[box]) for box in rows[layer]}
            rows[layer].sort(key=lambda box: (middle[box], box))
            place.update((box, float(nth)) for nth, box in enumerate(rows[layer]))
    return [replace(box, layer=layers[box.id], row=int(place[box.id])) for box in boxes]


def _layers(count: int, arrows: Sequence[Arrow]) -> list[int]:
    """Return the layer of each box: one more than the last that leads to it; a circle is cut somewhere."""
    leading: dict[int, list[int]] = defaultdict(list)
    for arrow in arrows:
        leading[arrow.target].append(arrow.source)
    layers: dict[int, int] = {}

    def layer(box: int, way: frozenset[int]) -> int:
        if box not in layers:
            above = [layer(one, way | {box}) for one in leading[box] if one not in way and one != box]
            layers[box] = 1 + max(above, default=-1)
        return layers[box]

    return [layer(box, frozenset()) for box in range(count)]


def _middle(place: Mapping[int, float], others: Sequence[int], own: float) -> float:
    return sum(place[one] for one in others) / len(others) if others else own
