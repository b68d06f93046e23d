"""The door of trace: what other contexts and journeys may use."""

from __future__ import annotations

from wuma.chain.trace.documents.names import name_key
from wuma.chain.trace.documents.said import expanded, prefixes_of
from wuma.chain.trace.lives.affected import Affected, affected
from wuma.chain.trace.lives.commissioned import commissioned_at
from wuma.chain.trace.lives.containment import Stay
from wuma.chain.trace.lives.known import Run
from wuma.chain.trace.lives.standing import standing
from wuma.chain.trace.lives.state import Existence, Heading, Holder, InParent, Moment, State, Where
from wuma.chain.trace.lives.steps import StepSeen, steps_of
from wuma.chain.trace.lives.timeline import Timeline, Told, timeline_of
from wuma.chain.trace.lives.whose import Parties, PartyView
from wuma.chain.trace.shelves.chunks import Event, read_events
from wuma.chain.trace.shelves.postings import Role, touches_of
from wuma.chain.trace.shelves.things import FOREIGN_FROM, Things, find_thing, foreign_keys, key_of, names_of
from wuma.chain.trace.shelves.with_words import events_with_words
from wuma.chain.trace.sights.partner_sights import sight_of, sight_of_partner
from wuma.chain.trace.sights.sight import WHOLE, Sight, redact, visible
from wuma.chain.trace.vocabulary import Action, EventType

__all__ = [
    "FOREIGN_FROM",
    "WHOLE",
    "Action",
    "Affected",
    "Event",
    "EventType",
    "Existence",
    "Heading",
    "Holder",
    "InParent",
    "Moment",
    "Parties",
    "PartyView",
    "Role",
    "Run",
    "Sight",
    "State",
    "Stay",
    "StepSeen",
    "Things",
    "Timeline",
    "Told",
    "Where",
    "affected",
    "commissioned_at",
    "events_with_words",
    "expanded",
    "find_thing",
    "foreign_keys",
    "key_of",
    "name_key",
    "names_of",
    "prefixes_of",
    "read_events",
    "redact",
    "sight_of",
    "sight_of_partner",
    "standing",
    "steps_of",
    "timeline_of",
    "touches_of",
    "visible",
]
