"""How things stand, for other contexts: many at once, as runs that stand alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from wuma.chain.trace.lives.known import Known, Run
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.lives.state import State, states_of


def standing(
    session: Session,
    tenant_id: int,
    runs: Sequence[Run],
    *,
    as_of: datetime,
    known_at: datetime | None = None,
) -> list[State]:
    """Return how things stood at a moment: runs of things that stand alike, in the order of their numbers.

    `runs` are first and last of things that follow one another; those of one batch are a run or two. What
    happened after `as_of` is left out, and what was captured after `known_at`.
    """
    return states_of(Known(Captured(session, tenant_id, known_at=known_at), as_of), runs)
