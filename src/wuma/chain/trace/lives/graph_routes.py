"""The trace graph: `GET /api/v1/trace/graph`, its exports, and all that is affected, page by page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import TenantDirectory
from wuma.chain.trace.documents.ilmd import gtin_of
from wuma.chain.trace.lives.drawing import svg_of
from wuma.chain.trace.lives.genealogy import DEPTH_MAX, Direction, Genealogy, Link, Part, trace
from wuma.chain.trace.lives.graph import Arrow, Box, Graph, Sort, graph_of
from wuma.chain.trace.lives.items import AsOf, KnownAt, ThingRef
from wuma.chain.trace.lives.known import Known, Run
from wuma.chain.trace.lives.lives import EVER
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.lives.state import Existence, State, states_of
from wuma.chain.trace.lives.whose import Parties, PartyView
from wuma.chain.trace.shelves.things import FOREIGN_FROM, find_thing, names_of
from wuma.kernel.errors import FieldError, NotFound
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Moment
from wuma.kernel.http.paging import After, Limit, read_cursor, write_cursor
from wuma.kernel.keys import Keyring

routes = APIRouter(prefix="/trace", route_class=Endpoint, tags=["trace"])

HOLDERS_SHOWN_MAX: Final = 100
DEPTH: Final = 12


class Way(StrEnum):
    """Which way to look."""

    FORWARD = "forward"
    BACK = "back"
    BOTH = "both"


From = Annotated[
    str,
    Query(
        alias="from", min_length=1, max_length=2000, description="An item, case, pallet or lot, in any form."
    ),
]
Since = Annotated[
    Moment | None, Query(description="Looking forward: what left it before this moment is not affected.")
]
Depth = Annotated[int, Query(ge=1, le=DEPTH_MAX, description="How many steps away.")]


class BoxView(BaseModel):
    """Things shown together: one, a run of them, or a group of one kind."""

    id: int
    part: Part
    kind: str
    """item, case, pallet, lot or other."""
    gtin: str | None
    first: ThingRef
    last: ThingRef
    count: int
    is_start: bool
    layer: int
    row: int
    existence: Existence | None
    """How it stands; None for a group."""
    place: PartyView | None
    holder: PartyView | None
    at: datetime | None
    """When we last heard of it."""


class ArrowView(BaseModel):
    """Why one box leads to another: the event, when, and until when it held; `count` such edges."""

    source: int
    target: int
    link: Link
    event_id: str
    event_type: str
    biz_step: str | None
    at: datetime
    until: datetime | None
    count: int


class GraphView(BaseModel):
    """What became of a thing, or where it came from."""

    start: ThingRef
    direction: Way
    as_of: datetime
    boxes: list[BoxView]
    arrows: list[ArrowView]
    affected_count: int
    carrier_count: int
    is_grouped: bool
    """Whether boxes hold several things of one kind: there were more than fit."""
    is_cut: bool
    """Whether there was more than was looked at."""


class AffectedHolder(BaseModel):
    """How many of the affected things somebody has; `party` None for those of which nobody knows."""

    party: PartyView | None
    count: int


class AffectedView(BaseModel):
    """A run of affected things that stand alike."""

    first: ThingRef
    last: ThingRef
    count: int
    existence: Existence
    lot: str | None
    parent: ThingRef | None
    top: ThingRef | None
    place: PartyView | None
    holder: PartyView | None
    heading: PartyView | None
    heard_at: datetime | None


class AffectedPage(BaseModel):
    """A page of what is affected, in the order of numbers; the counts are of all of it."""

    items: list[AffectedView]
    next: str | None
    item_count: int
    run_count: int
    holders: list[AffectedHolder]
    is_cut: bool


@routes.get("/graph")
@needs("trace.read")
def get_graph(
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    from_: From,
    direction: Way = Way.FORWARD,
    depth: Depth = DEPTH,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    since: Since = None,
) -> GraphView:
    """Follow a thing through packing, lots and transformations: what became of it, where it came from."""
    desk = _Desk(db, program.keyring, actor.tenant_id, as_of or now, known_at)
    return desk.view(from_, direction, depth, since)


@routes.get("/graph/export", response_class=Response)
@needs("trace.read")
def export_graph(
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    from_: From,
    direction: Way = Way.FORWARD,
    depth: Depth = DEPTH,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    since: Since = None,
    as_format: Annotated[Literal["json", "csv", "svg"], Query(alias="format")] = "json",
) -> Response:
    """Give the graph to be kept: JSON as it is, CSV with a row an arrow, SVG to be looked at and printed."""
    desk = _Desk(db, program.keyring, actor.tenant_id, as_of or now, known_at)
    view = desk.view(from_, direction, depth, since)
    match as_format:
        case "json":
            body, media_type = view.model_dump_json(indent=1), "application/json"
        case "csv":
            body, media_type = _csv(view), "text/csv; charset=utf-8"
        case _:
            body, media_type = _svg(view, desk.graph), "image/svg+xml"
    name = f"trace-{direction}.{as_format}"
    return Response(
        body, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@routes.get("/affected")
@needs("trace.read")
def list_affected(
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    from_: From,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    since: Since = None,
    limit: Limit = 50,
    after: After = None,
) -> AffectedPage:
    """List everything that is affected by a thing, with who holds it, where, and in what it is."""
    desk = _Desk(db, program.keyring, actor.tenant_id, as_of or now, known_at)
    return desk.affected(from_, since, limit, after)


class _Desk:
    """Puts together what there is to say of one genealogy."""

    graph: Graph

    def __init__(
        self, db: Session, keyring: Keyring, tenant_id: int, as_of: datetime, known_at: datetime | None
    ) -> None:
        self._db, self._keyring, self._tenant_id, self._as_of = db, keyring, tenant_id, as_of
        self._known = Known(Captured(db, tenant_id, known_at=known_at), as_of)
        self._orders = TenantDirectory(db)

    def view(self, said: str, way: Way, depth: int, since: datetime | None) -> GraphView:
        start = self._find(said)
        directions = list(Direction) if way is Way.BOTH else [Direction(way.value)]
        found = [
            trace(self._known, [(start, start)], one, since=since or EVER, depth_max=depth)
            for one in directions
        ]
        graph = graph_of(found, self._sort)
        self.graph = graph
        states = self._states(graph)
        names = names_of(
            self._db, self._keyring, {start, *(end for box in graph.boxes for end in _ends(box))}
        )
        parties = Parties(
            self._db, self._tenant_id, (key for state in states.values() for key in _keys(state))
        )
        return GraphView(
            start=_ref(start, names),
            direction=way,
            as_of=self._as_of,
            boxes=[_box_view(box, names, states.get(box.id), parties) for box in graph.boxes],
            arrows=[view for arrow in graph.arrows if (view := self._arrow(arrow))],
            affected_count=_count(found, Part.AFFECTED),
            carrier_count=_count(found, Part.CARRIER),
            is_grouped=graph.is_grouped,
            is_cut=graph.is_cut or self._known.is_cut,
        )

    def affected(self, said: str, since: datetime | None, limit: int, after: str | None) -> AffectedPage:
        start = self._find(said)
        beyond = -1 if after is None else read_cursor(after, int)[0]
        found = trace(self._known, [(start, start)], Direction.FORWARD, since=since or EVER)
        states = states_of(self._known, found.runs(Part.AFFECTED))
        page = [state for state in states if state.first > beyond]
        shown = page[:limit]
        things = {
            thing
            for state in shown
            for thing in (state.first, state.last, *(one.parent for one in state.parents))
        }
        names = names_of(self._db, self._keyring, things)
        keys = {key for state in states for key in _keys(state)}
        parties = Parties(self._db, self._tenant_id, keys)
        return AffectedPage(
            items=[_affected_view(state, names, parties) for state in shown],
            next=write_cursor([shown[-1].first]) if len(page) > limit else None,
            item_count=sum(state.last - state.first + 1 for state in states),
            run_count=len(states),
            holders=_holders(states, parties),
            is_cut=found.is_cut or self._known.is_cut,
        )

    def _find(self, said: str) -> int:
        number = find_thing(self._db, self._keyring, self._tenant_id, said)
        if number is None:
            raise NotFound(
                f"Thing {said[:200]}: no code of ours, and no event names it.",
                errors=[FieldError("query/from", "a thing that is known here", said[:80]).as_json()],
            )
        return number

    def _sort(self, thing: int) -> Sort:
        if thing < FOREIGN_FROM:
            order = self._orders.order_of(thing)
            return Sort("other", None) if order is None else Sort(str(order.level), order.gtin)
        key = self._known.key(thing)
        kind = next((kind for mark, kind in _KINDS if mark in key), "other")
        return Sort(kind, gtin_of(key))

    def _states(self, graph: Graph) -> dict[int, State]:
        """How single things and runs stand; a group has no one state."""
        boxes = [box for box in graph.boxes if len(box.runs) == 1 and not graph.is_grouped]
        states = states_of(self._known, [box.runs[0] for box in boxes])
        by_first = {state.first: state for state in states}
        return {box.id: by_first[box.runs[0][0]] for box in boxes if box.runs[0][0] in by_first}

    def _arrow(self, arrow: Arrow) -> ArrowView | None:
        act = self._known.act(arrow.event_id)
        if act is None:
            return None
        return ArrowView(
            source=arrow.source,
            target=arrow.target,
            link=arrow.link,
            event_id=act.name,
            event_type=act.type.value,
            biz_step=act.biz_step,
            at=act.at,
            until=arrow.until,
            count=arrow.count,
        )


_KINDS: Final = (("/21/", "item"), ("/10/", "lot"), (".gs1.org/00/", "pallet"), (".gs1.org/01/", "class"))


def _count(found: Iterable[Genealogy], part: Part) -> int:
    runs: set[Run] = {run for one in found for run in one.runs(part)}
    return sum(last - first + 1 for first, last in runs)


def _ends(box: Box) -> tuple[int, int]:
    return box.runs[0][0], box.runs[-1][1]


def _ref(number: int, names: dict[int, str]) -> ThingRef:
    return ThingRef(number=number, name=names.get(number, f"#{number}"))


def _keys(state: State) -> Iterable[str]:
    if state.where is not None:
        yield state.where.key
    if state.holder is not None:
        yield state.holder.key
    if state.heading is not None and (key := state.heading.party or state.heading.location) is not None:
        yield key


def _box_view(box: Box, names: dict[int, str], state: State | None, parties: Parties) -> BoxView:
    first, last = _ends(box)
    where, holder = (None, None) if state is None else (state.where, state.holder)
    return BoxView(
        id=box.id,
        part=box.part,
        kind=box.sort.kind,
        gtin=box.sort.gtin,
        first=_ref(first, names),
        last=_ref(last, names),
        count=box.count,
        is_start=box.is_start,
        layer=box.layer,
        row=box.row,
        existence=None if state is None else state.existence,
        place=None if where is None else parties.view(where.key),
        holder=None if holder is None else parties.view(holder.key),
        at=None if state is None or state.last_act is None else state.last_act.at,
    )


def _affected_view(state: State, names: dict[int, str], parties: Parties) -> AffectedView:
    heading = None if state.heading is None else state.heading.party or state.heading.location
    return AffectedView(
        first=_ref(state.first, names),
        last=_ref(state.last, names),
        count=state.last - state.first + 1,
        existence=state.existence,
        lot=state.lot,
        parent=_ref(state.parents[0].parent, names) if state.parents else None,
        top=_ref(state.parents[-1].parent, names) if state.parents else None,
        place=None if state.where is None else parties.view(state.where.key),
        holder=None if state.holder is None else parties.view(state.holder.key),
        heading=None if heading is None else parties.view(heading),
        heard_at=None if state.last_act is None else state.last_act.at,
    )


def _holders(states: Iterable[State], parties: Parties) -> list[AffectedHolder]:
    counts: dict[str | None, int] = {}
    for state in states:
        key = None if state.holder is None else state.holder.key
        counts[key] = counts.get(key, 0) + state.last - state.first + 1
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0] or ""))
    return [
        AffectedHolder(party=None if key is None else parties.view(key), count=count)
        for key, count in ordered[:HOLDERS_SHOWN_MAX]
    ]


COLUMNS: Final = (
    "source", "source_count", "target", "target_count", "link", "event_id", "event_type", "biz_step",
    "event_time", "until", "edges",
)  # fmt: skip


def _csv(view: GraphView) -> str:
    boxes = {box.id: box for box in view.boxes}
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(COLUMNS)
    for arrow in view.arrows:
        source, target = boxes[arrow.source], boxes[arrow.target]
        row = [
            source.first.name,
            source.count,
            target.first.name,
            target.count,
            arrow.link.value,
            arrow.event_id,
            arrow.event_type,
            arrow.biz_step or "",
            arrow.at.isoformat(),
            "" if arrow.until is None else arrow.until.isoformat(),
            arrow.count,
        ]
        rows.writerow(row)  # all of them URIs, words and numbers: none is a formula to a spreadsheet
    return "\ufeff" + out.getvalue()


def _svg(view: GraphView, graph: Graph) -> str:
    boxes = {box.id: box for box in view.boxes}
    arrows = {(one.source, one.target, one.link): one for one in view.arrows}

    def titles(box: Box) -> list[str]:
        shown = boxes[box.id]
        name = shown.first.name.removeprefix("https://id.gs1.org")
        where = shown.holder or shown.place
        what = shown.kind if shown.count == 1 else f"{shown.count} × {shown.kind}"
        who = "" if where is None else where.name or where.key
        return [
            name if shown.count == 1 else what,
            " · ".join(filter(None, [what if shown.count == 1 else "", who])),
        ]

    def label(arrow: Arrow) -> str:
        said = arrows.get((arrow.source, arrow.target, arrow.link))
        if said is None:
            return arrow.link.value
        times = f" × {said.count}" if said.count > 1 else ""
        return f"{said.biz_step or said.link.value} {said.at:%m-%d %H:%M}{times} · {said.event_id}"

    heading = f"{view.direction.value}: {view.start.name} · {view.as_of:%Y-%m-%d %H:%M} UTC"
    if view.is_cut:
        heading += " · cut"
    return svg_of(graph, heading=heading, titles=titles, label=label)
