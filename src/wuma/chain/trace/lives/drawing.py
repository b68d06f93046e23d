"""A graph drawn as SVG, to be kept with a case or printed: boxes in layers, arrows with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from wuma.chain.trace.lives.genealogy import Link, Part
from wuma.chain.trace.lives.graph import Arrow, Box, Graph

BOX_WIDTH: Final = 220
BOX_HEIGHT: Final = 64
GAP_ACROSS: Final = 130
GAP_DOWN: Final = 28
MARGIN: Final = 24
HEADING: Final = 56
TITLE_CHARACTERS_MAX: Final = 30

_TIP: Final = (
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"'
    ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#595959"/></marker></defs>'
)
_FILL: Final = {Part.AFFECTED: "#fff1f0", Part.CARRIER: "#f0f5ff", Part.MENTIONED: "#fafafa"}
_LINE: Final = {Part.AFFECTED: "#cf1322", Part.CARRIER: "#1d39c4", Part.MENTIONED: "#8c8c8c"}
_DASH: Final = {
    Link.CONTAINED: "",
    Link.TRANSFORMED: "",
    Link.ASSOCIATED: "2 4",
    Link.OF_LOT: "7 4",
}
_STROKE: Final = {
    Link.CONTAINED: "#1d39c4",
    Link.TRANSFORMED: "#cf1322",
    Link.ASSOCIATED: "#8c8c8c",
    Link.OF_LOT: "#d46b08",
}


def svg_of(
    graph: Graph,
    *,
    heading: str,
    titles: Callable[[Box], Sequence[str]],
    label: Callable[[Arrow], str],
) -> str:
    """Draw a graph; `titles` says what stands in a box, in two lines, `label` what stands at an arrow."""
    across = max((box.layer for box in graph.boxes), default=0) + 1
    down = max((box.row for box in graph.boxes), default=0) + 1
    width = 2 * MARGIN + across * BOX_WIDTH + (across - 1) * GAP_ACROSS
    height = 2 * MARGIN + HEADING + down * (BOX_HEIGHT + GAP_DOWN)
    boxes = {box.id: box for box in graph.boxes}
    heights = _heights(graph.boxes)
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        f' height="{height}" font-family="system-ui, sans-serif" font-size="13">'
    )
    parts = [
        opening,
        f"<title>{escape(heading)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _TIP,
        f'<text x="{MARGIN}" y="{MARGIN + 18}" font-size="16" font-weight="600">{escape(heading)}</text>',
        *(
            _arrow(arrow, boxes[arrow.source], boxes[arrow.target], heights, label(arrow))
            for arrow in graph.arrows
        ),
        *(_box(box, heights, titles(box)) for box in graph.boxes),
        "</svg>",
    ]
    return "\n".join(parts)


def _heights(boxes: Sequence[Box]) -> dict[int, float]:
    """Return how far down each box stands: short layers stand in the middle of the long ones."""
    counts: dict[int, int] = {}
    for box in boxes:
        counts[box.layer] = max(counts.get(box.layer, 0), box.row + 1)
    most = max(counts.values(), default=1)
    step = BOX_HEIGHT + GAP_DOWN
    return {box.id: MARGIN + HEADING + (box.row + (most - counts[box.layer]) / 2) * step for box in boxes}


def _left(box: Box) -> int:
    return MARGIN + box.layer * (BOX_WIDTH + GAP_ACROSS)


def _box(box: Box, heights: dict[int, float], titles: Sequence[str]) -> str:
    x, y = _left(box), heights[box.id]
    weight = 3 if box.is_start else 1
    lines = "".join(
        f'<text x="{x + 12}" y="{y + 26 + 20 * nth}"'
        f' fill="{"#141414" if nth == 0 else "#595959"}">{escape(_short(title))}</text>'
        for nth, title in enumerate(titles[:2])
    )
    return (
        f'<g><title>{escape(" · ".join(titles))}</title><rect x="{x}" y="{y}" width="{BOX_WIDTH}"'
        f' height="{BOX_HEIGHT}" rx="8" fill="{_FILL[box.part]}" stroke="{_LINE[box.part]}"'
        f' stroke-width="{weight}"/>{lines}</g>'
    )


def _arrow(arrow: Arrow, source: Box, target: Box, heights: dict[int, float], label: str) -> str:
    x1, y1 = _left(source) + BOX_WIDTH, heights[source.id] + BOX_HEIGHT / 2
    x2, y2 = _left(target), heights[target.id] + BOX_HEIGHT / 2
    bend = GAP_ACROSS / 2
    dash = f' stroke-dasharray="{_DASH[arrow.link]}"' if _DASH[arrow.link] else ""
    return (
        f'<g><title>{escape(label)}</title><path d="M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}"'
        f' fill="none" stroke="{_STROKE[arrow.link]}" stroke-width="1.5"{dash} marker-end="url(#tip)"/>'
        f'<text x="{(x1 + x2) / 2}" y="{(y1 + y2) / 2 - 6}" text-anchor="middle" font-size="11"'
        f' fill="#595959">{escape(_short(label, 20))}</text></g>'
    )


def _short(text: str, length: int = TITLE_CHARACTERS_MAX) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
