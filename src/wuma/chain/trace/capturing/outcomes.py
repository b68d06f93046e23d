"""What became of each event of a document: accepted, duplicate, rejected and why, accepted with a warning.

Neighbours with the same fate are one row, so a million accepted events are a few hundred.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.documents.json_ld import RefusedEvent
from wuma.chain.trace.shelves.postings import runs_of

Json = Mapping[str, Any]


class EventOutcome(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    """It was known before, or stands in the document twice."""
    REJECTED = "rejected"
    WARNED = "warned"
    """It was accepted, and breaks a business rule."""


@dataclass(frozen=True, slots=True)
class Fate:
    """The outcome of the events from place to last_place of a document, and the faults that led to it."""

    place: int
    last_place: int
    outcome: EventOutcome
    faults: Sequence[Json] | None = None


def of(
    *,
    accepted: Sequence[int] = (),
    duplicates: Sequence[int] = (),
    refused: Iterable[RefusedEvent] = (),
    warned: Mapping[int, Sequence[Json]] | None = None,
) -> list[Fate]:
    """Return the fates of events by their places."""
    return [
        *(
            Fate(first, last, EventOutcome.ACCEPTED)
            for first, last in runs_of([place for place in accepted if place not in (warned or {})])
        ),
        *(Fate(first, last, EventOutcome.DUPLICATE) for first, last in runs_of(duplicates)),
        *(
            Fate(one.place, one.place, EventOutcome.REJECTED, [fault.as_json() for fault in one.faults])
            for one in refused
        ),
        *(Fate(place, place, EventOutcome.WARNED, faults) for place, faults in (warned or {}).items()),
    ]


def write(session: Session, tenant_id: int, capture_id: UUID, fates: Sequence[Fate]) -> None:
    """Write fates down; doing so again changes nothing."""
    if fates:
        session.execute(
            _WRITE,
            {
                "capture_id": capture_id,
                "tenant_id": tenant_id,
                "places": [fate.place for fate in fates],
                "last_places": [fate.last_place for fate in fates],
                "outcomes": [fate.outcome.value for fate in fates],
                "faults": [
                    None if fate.faults is None else msgspec.json.encode(fate.faults).decode()
                    for fate in fates
                ],
            },
        )


def read(
    session: Session,
    capture_id: UUID,
    *,
    only: Sequence[EventOutcome] = tuple(EventOutcome),
    after: tuple[int, str] = (-1, ""),
    limit: int,
) -> list[Fate]:
    """Return the fates of a capture from a place on, in the order of the document."""
    rows = session.execute(
        _READ,
        {
            "capture_id": capture_id,
            "only": [outcome.value for outcome in only],
            "place": after[0],
            "outcome": after[1],
            "limit": limit,
        },
    )
    return [Fate(row.place, row.last_place, EventOutcome(row.outcome), row.faults) for row in rows]


_WRITE = text("""
INSERT INTO trace.capture_outcome (capture_id, tenant_id, place, last_place, outcome, faults)
SELECT :capture_id, :tenant_id, p, l, o, CAST(f AS jsonb)
FROM unnest(CAST(:places AS integer[]), CAST(:last_places AS integer[]), CAST(:outcomes AS text[]),
    CAST(:faults AS text[])) AS w (p, l, o, f)
ON CONFLICT (capture_id, place, outcome) DO NOTHING
""")
_READ = text("""
SELECT place, last_place, outcome, faults FROM trace.capture_outcome
WHERE capture_id = :capture_id AND outcome = ANY (:only)
    AND (place, outcome) > (:place, CAST(:outcome AS text))
ORDER BY place, outcome LIMIT :limit
""")
