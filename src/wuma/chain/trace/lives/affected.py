"""Everything that is affected by some things, and where all of it is now: what a recall starts from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from wuma.chain.trace.lives.genealogy import Direction, Part, trace
from wuma.chain.trace.lives.known import Known, Run
from wuma.chain.trace.lives.lives import EVER
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.lives.state import State, states_of


@dataclass(frozen=True, slots=True)
class Affected:
    """What is affected, as runs of things that stand alike: holder, place, parents, existence, lot."""

    states: list[State]
    """Of what is affected: what was asked for, what contained it as part of itself, what was made from it."""
    carriers: list[Run]
    """What merely held some of it for a time: cases, pallets."""
    is_cut: bool
    """Whether there was more than was looked at. A recall must not go on as if there was not."""

    @property
    def item_count(self) -> int:
        """How many things are affected."""
        return sum(state.last - state.first + 1 for state in self.states)


def affected(
    session: Session,
    tenant_id: int,
    start: Sequence[Run],
    *,
    as_of: datetime,
    since: datetime = EVER,
    known_at: datetime | None = None,
) -> Affected:
    """Return everything that is affected by things since a moment, and how all of it stood at another.

    `start` are runs of things, or a lot as a run of one: `find_thing` knows its number. What went into
    something else is followed there, what was packed is found by what carries it.
    """
    known = Known(Captured(session, tenant_id, known_at=known_at), as_of)
    found = trace(known, start, Direction.FORWARD, since=since)
    states = states_of(known, found.runs(Part.AFFECTED))
    return Affected(states, found.runs(Part.CARRIER), found.is_cut or known.is_cut)
