"""What events are about without naming it among their things: the lot of the items, the transformation.

A line that commissions can after can says the same lot 40,000 times in a row. So a row is a run of events
that mention one thing, and a lot is some rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.documents import ilmd
from wuma.chain.trace.shelves.postings import Role

Mention = tuple[int, Role, int]
"""An event, how it mentions a thing, and the thing."""


@dataclass(frozen=True, slots=True)
class MentionRun:
    """A row: the events from `event_id` on, `event_count` long, all mention a thing."""

    thing: int
    role: Role
    event_id: int
    event_count: int


def spoken_of(fields: Mapping[str, Any]) -> Iterator[tuple[Role, str]]:
    """Yield what an event mentions, by the names of things."""
    for key in sorted(ilmd.lot_keys(fields)):
        yield Role.LOT, key
    if "transformationID" in fields:
        yield Role.TRANSFORMATION, fields["transformationID"]


def fold(mentions: Iterable[Mention]) -> list[MentionRun]:
    """Write mentions as few rows.

    >>> fold([(5, Role.LOT, 90), (6, Role.LOT, 90), (8, Role.LOT, 90)])
    [MentionRun(thing=90, role=<Role.LOT: 7>, event_id=5, event_count=2), \
MentionRun(thing=90, role=<Role.LOT: 7>, event_id=8, event_count=1)]
    """
    found: list[MentionRun] = []
    for thing, role, event_id in sorted({(thing, role, event_id) for event_id, role, thing in mentions}):
        last = found[-1] if found else None
        if last and (last.thing, last.role, last.event_id + last.event_count) == (thing, role, event_id):
            found[-1] = MentionRun(thing, role, last.event_id, last.event_count + 1)
        else:
            found.append(MentionRun(thing, role, event_id, 1))
    return found


def write(session: Session, tenant_id: int, mentions: Sequence[Mention]) -> None:
    """Write the mentions of one capture."""
    rows = [
        {
            "tenant_id": tenant_id,
            "thing": row.thing,
            "role": row.role.value,
            "event_id": row.event_id,
            "count": row.event_count,
        }
        for row in fold(mentions)
    ]
    if rows:
        session.execute(_WRITE, rows)


_WRITE = text(
    "INSERT INTO trace.mention (tenant_id, thing, role, event_id, event_count)"
    " VALUES (:tenant_id, :thing, :role, :event_id, :count)"
)
