"""Going through events in the order of time, theirs or ours, without opening those that cannot be meant.

A chunk says between which times its events lie, of which kinds they are and where. So chunks are gone
through from the end that is asked for, and an event is told as soon as no chunk that is left can have an
earlier one. What is filed of the events of a chunk decides the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from wuma.chain.trace.shelves.chunks import CHUNK_OF, FILING_COLUMNS, filing_of
from wuma.chain.trace.shelves.filing import EVENTS_PER_CHUNK, SPAN_MAX, unfiled
from wuma.chain.trace.shelves.kinds import Kind, all_kinds

Order: TypeAlias = Literal["at", "captured_at"]
Position: TypeAlias = tuple[datetime, int]
"""When an event happened or was captured, and its number."""

CHUNKS_READ_FIRST: Final = 4
CHUNKS_READ_MAX: Final = 256


@dataclass(slots=True)
class Narrowing:
    """What is filed of the events that are meant; None says nothing."""

    at_from: datetime | None = None
    at_before: datetime | None = None
    captured_from: datetime | None = None
    captured_before: datetime | None = None
    types: frozenset[str] | None = None
    actions: frozenset[str] | None = None
    biz_steps: frozenset[str] | None = None
    dispositions: frozenset[str] | None = None
    locations: frozenset[int] | None = None
    ids: frozenset[int] | None = None

    def is_of(self, kind: Kind) -> bool:
        """Whether events of a kind may be meant."""
        return (
            (self.types is None or kind.type in self.types)
            and (self.actions is None or kind.action in self.actions)
            and (self.biz_steps is None or kind.biz_step in self.biz_steps)
            and (self.dispositions is None or kind.disposition in self.dispositions)
        )

    @property
    def names_kinds(self) -> bool:
        """Whether it says anything of the kind of events."""
        said = (self.types, self.actions, self.biz_steps, self.dispositions)
        return any(one is not None for one in said)


def both(one: frozenset[Any] | None, other: Collection[Any]) -> frozenset[Any]:
    """Return what two conditions on the same thing leave."""
    return frozenset(other) if one is None else one & frozenset(other)


def walk(
    session: Session,
    tenant_id: int,
    narrowing: Narrowing,
    *,
    order: Order,
    descending: bool,
    after: Position | None = None,
) -> Iterator[Position]:
    """Yield the positions of events in their order, beyond the one they are to come after."""
    kinds: frozenset[int] | None = None
    if narrowing.names_kinds:
        known = all_kinds(session, tenant_id)
        kinds = frozenset(number for number, kind in known.items() if narrowing.is_of(kind))
    waiting: list[Position] = []
    for rows, bound in _chunks(session, tenant_id, narrowing, kinds, order, descending, after):
        for row in rows:
            waiting += _meant(row, narrowing, kinds, order, descending, after)
        waiting.sort(reverse=descending)
        for told, position in enumerate(waiting):
            if bound is not None and not (position[0] > bound if descending else position[0] < bound):
                waiting = waiting[told:]
                break
            yield position
        else:
            waiting = []


def _meant(
    row: Row[Any],
    narrowing: Narrowing,
    kinds: frozenset[int] | None,
    order: Order,
    descending: bool,
    after: Position | None,
) -> list[Position]:
    """Return those events of a chunk that are meant."""
    found = []
    for event_id, (at, pair) in enumerate(unfiled(filing_of(row)), row.id):
        position = (at if order == "at" else row.captured_at, event_id)
        if (
            (kinds is None or pair.kind in kinds)
            and (narrowing.locations is None or pair.location in narrowing.locations)
            and (narrowing.at_from is None or at >= narrowing.at_from)
            and (narrowing.at_before is None or at < narrowing.at_before)
            and (narrowing.ids is None or event_id in narrowing.ids)
            and (after is None or (position < after if descending else position > after))
        ):
            found.append(position)
    return found


def _chunks(
    session: Session,
    tenant_id: int,
    narrowing: Narrowing,
    kinds: frozenset[int] | None,
    order: Order,
    descending: bool,
    after: Position | None,
) -> Iterator[tuple[Sequence[Row[Any]], datetime | None]]:
    """Yield chunks, some at a time, with a time that those after them do not pass; None after the last."""
    clauses, values = _clauses(narrowing, kinds, order, descending, after)
    source, wanted = "trace.chunk k", dict(values)
    if narrowing.ids is not None:  # few enough to be read at once
        source = _OF_IDS
        wanted["ids"] = sorted(narrowing.ids)
    if order == "captured_at":
        column, direction = "captured_at", "DESC" if descending else "ASC"
    else:
        column, direction = ("at_max", "DESC") if descending else ("at_min", "ASC")
    beyond = "<" if descending else ">"
    last: Row[Any] | None = None
    limit = CHUNKS_READ_FIRST
    while True:
        where = [*clauses, "k.tenant_id = :tenant_id"]
        if last is not None:
            where.append(f"({column}, id) {beyond} (:last_at, :last_id)")
            wanted |= {"last_at": getattr(last, column), "last_id": last.id}
        rows = session.execute(
            text(
                f"SELECT {FILING_COLUMNS} FROM {source} WHERE {' AND '.join(where)}"
                f" ORDER BY {column} {direction}, id {direction} LIMIT :limit"
            ),
            {**wanted, "tenant_id": tenant_id, "limit": limit},
        ).all()
        if len(rows) < limit:
            yield rows, None
            return
        last = rows[-1]
        yield rows, getattr(last, column)
        limit = min(2 * limit, CHUNKS_READ_MAX)


def _clauses(
    narrowing: Narrowing,
    kinds: frozenset[int] | None,
    order: Order,
    descending: bool,
    after: Position | None,
) -> tuple[list[str], dict[str, Any]]:
    clauses: list[str] = []
    values: dict[str, Any] = {}

    def say(clause: str, value: Any) -> None:
        name = f"v{len(values)}"
        clauses.append(clause.replace(":value", f":{name}"))
        values[name] = value

    at_from, at_before = narrowing.at_from, narrowing.at_before
    if after is not None and order == "captured_at":
        # Numbers do not tell what was captured first: what is captured whole appears at its end.
        values |= {"after_at": after[0], "after_id": after[1]}
        beyond = f"> (:after_at, :after_id - {EVENTS_PER_CHUNK})"
        clauses.append("(captured_at, id) " + ("<= (:after_at, :after_id)" if descending else beyond))
    elif after is not None and descending:
        say("at_min <= :value", after[0])
        say("at_max <= :value", _moved(after[0], SPAN_MAX))
    elif after is not None:
        say("at_max >= :value", after[0])
        say("at_min >= :value", _moved(after[0], -SPAN_MAX))
    if at_from is not None:
        say("at_max >= :value", at_from)
        say("at_min >= :value", _moved(at_from, -SPAN_MAX))
    if at_before is not None:
        say("at_min < :value", at_before)
        say("at_max < :value", _moved(at_before, SPAN_MAX))
    if narrowing.captured_from is not None:
        say("captured_at >= :value", narrowing.captured_from)
    if narrowing.captured_before is not None:
        say("captured_at < :value", narrowing.captured_before)
    if kinds is not None:
        say("kinds && CAST(:value AS integer[])", sorted(kinds))
    if narrowing.locations is not None:
        say("locations && CAST(:value AS bigint[])", sorted(narrowing.locations))
    return clauses, values


def _moved(at: datetime, by: timedelta) -> datetime:
    try:
        return at + by
    except OverflowError:
        return at  # no event is so far out


_OF_IDS: Final = f"""(
    SELECT DISTINCT ON (c.id) c.*
    FROM (SELECT CAST(:tenant_id AS bigint), unnest(CAST(:ids AS bigint[]))) AS wanted (tenant_id, event_id)
    CROSS JOIN LATERAL {CHUNK_OF} AS c
) AS k"""
