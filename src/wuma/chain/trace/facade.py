"""The door of trace: what other contexts and journeys may use."""

from __future__ import annotations

from wuma.chain.trace.chunks import Event
from wuma.chain.trace.containment import Stay
from wuma.chain.trace.postings import Role
from wuma.chain.trace.steps import StepSeen, steps_of
from wuma.chain.trace.things import FOREIGN_FROM, Things, foreign_keys, key_of
from wuma.chain.trace.timeline import Timeline, Told, timeline_of
from wuma.chain.trace.vocabulary import Action, EventType

__all__ = [
    "FOREIGN_FROM",
    "Action",
    "Event",
    "EventType",
    "Role",
    "Stay",
    "StepSeen",
    "Things",
    "Timeline",
    "Told",
    "foreign_keys",
    "key_of",
    "steps_of",
    "timeline_of",
]
