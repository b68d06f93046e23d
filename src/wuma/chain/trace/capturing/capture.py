"""Taking in EPCIS documents: all of their valid events, each once.

An event that was captured before is a duplicate and changes nothing: it is known by its eventID, or by its
hash of the CBV when it has none. Events of one capture get consecutive numbers, which is what lets
the index fold them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.capturing import judging, outcomes
from wuma.chain.trace.capturing.rules import Setting
from wuma.chain.trace.documents import ilmd
from wuma.chain.trace.documents.json_ld import (
    FAULTS_NAMED_MAX,
    Json,
    ReadDocument,
    ReadEvent,
    RefusedEvent,
    classes_named,
)
from wuma.chain.trace.documents.names import event_keys
from wuma.chain.trace.queries import vocabularies
from wuma.chain.trace.queries.exceptions import ValidationException
from wuma.chain.trace.shelves import chunks, mentions, postings, seen
from wuma.chain.trace.shelves.chunks import NewEvent
from wuma.chain.trace.shelves.kinds import Kind
from wuma.chain.trace.shelves.naming import name_all
from wuma.chain.trace.shelves.postings import Role, Touch, runs_of
from wuma.chain.trace.shelves.seen import Listed
from wuma.chain.trace.shelves.things import FOREIGN_FROM, Things
from wuma.chain.trace.vocabulary import Action, EventType
from wuma.facts.trace import EventsCaptured, ItemsCommissioned
from wuma.kernel.errors import FieldError
from wuma.kernel.fact import Fact, publish
from wuma.kernel.ids import uuid7
from wuma.kernel.keys import Keyring
from wuma_gs1.cbv import BizStep

RANGES_PER_FACT_MAX: Final = 5_000

Behaviour: TypeAlias = Literal["rollback", "proceed"]
"""What happens when an event of a document is not valid (EPCIS 2.0, header GS1-Capture-Error-Behaviour)."""
Keyed: TypeAlias = tuple[UUID, ReadEvent]
"""An event with what it is known by."""

_ROLES: Final = {
    "epcList": Role.OBSERVED,
    "childEPCs": Role.CHILD,
    "inputEPCList": Role.INPUT,
    "outputEPCList": Role.OUTPUT,
}


@dataclass(frozen=True, slots=True)
class Captured:
    """What became of a document."""

    capture_id: UUID
    at: datetime
    accepted: int
    duplicates: list[int]
    """Where events stand in the document that were known before, or stand in it twice."""
    rejected: list[RefusedEvent]


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of new events: what there is to tell, and by their places what the rules say of them."""

    facts: list[Fact]
    accepted: list[int]
    refused: list[RefusedEvent]
    warned: Mapping[int, Sequence[Mapping[str, str]]]
    listed: Listed
    """What they name, which is to be noted (`seen.note`) when they are seen."""

    def fates(self, duplicates: Sequence[int], refused: Sequence[RefusedEvent]) -> list[outcomes.Fate]:
        """Return the outcome of every event."""
        every = [*refused, *self.refused]
        return outcomes.of(accepted=self.accepted, duplicates=duplicates, refused=every, warned=self.warned)


class RulesBroken(ValidationException):
    """Events break rules of the brand."""

    def __init__(self, refused: Sequence[RefusedEvent]) -> None:
        faults = [fault for one in refused for fault in one.faults]
        super().__init__(f"{len(refused)} event(s) break rules.", faults[:FAULTS_NAMED_MAX])
        self.refused = refused


def capture(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    document: ReadDocument,
    *,
    actor: str,
    now: datetime,
    behaviour: Behaviour = "rollback",
    byte_count: int | None = None,
) -> Captured:
    """Capture a document in the caller's transaction.

    Raises:
        BeingCaptured: an event of it is in a document whose capture is under way.
    """
    at = take_turn(session, tenant_id, now)
    capture_id = uuid7(int(at.timestamp() * 1000))
    fresh, duplicates = unknown(session, tenant_id, document.events, document.context)
    session.execute(
        _WRITE_CAPTURE,
        {
            "id": capture_id,
            "tenant_id": tenant_id,
            "now": at,
            "actor": actor,
            "accepted": len(fresh),
            "duplicate": len(duplicates),
            "rejected": len(document.refused),
            "behaviour": behaviour,
            "event_count": len(document.events) + len(document.refused),
            "byte_count": byte_count,
            "context": msgspec.json.encode(document.context).decode(),
        },
    )
    stored = store(session, keyring, tenant_id, capture_id, fresh, at=at, actor=actor)
    if stored.refused:
        if behaviour == "rollback":
            raise RulesBroken(stored.refused)
        counts = {"refused": len(stored.refused), "warned": len(stored.warned)}
        session.execute(_COUNT_REFUSED, {"id": capture_id, **counts})
    elif stored.warned:
        session.execute(_COUNT_REFUSED, {"id": capture_id, "refused": 0, "warned": len(stored.warned)})
    outcomes.write(session, tenant_id, capture_id, stored.fates(duplicates, document.refused))
    vocabularies.take_in(session, tenant_id, document.around, at=at)
    seen.note(session, tenant_id, stored.listed, at=at)
    publish(session, *stored.facts)
    rejected = [*document.refused, *stored.refused]
    return Captured(capture_id, at, len(stored.accepted), duplicates, rejected)


def take_turn(session: Session, tenant_id: int, now: datetime) -> datetime:
    """Wait for other captures of the tenant to commit, and return the time of this one.

    Captures of a tenant come one after the other, each later than the one before: whoever asks what has been
    captured since a time misses nothing.
    """
    session.execute(_ONE_CAPTURE_AT_A_TIME, {"tenant_id": tenant_id})
    before = session.scalar(_LAST_CAPTURED_AT, {"tenant_id": tenant_id})
    return now if before is None else max(now, before + timedelta(microseconds=1))


def store(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    capture_id: UUID,
    fresh: Sequence[Keyed],
    *,
    at: datetime,
    actor: str,
) -> Stored:
    """Store new events of a capture with consecutive numbers, but for those that rules refuse.

    Without a refused event the world is another one, in which others may break rules; so they are held
    against the rules again until none is refused.
    """
    rules = judging.settings_of(session, tenant_id) if fresh else {}
    refused: list[RefusedEvent] = []
    left = list(fresh)
    while left:
        point = session.begin_nested() if Setting.REFUSE in rules.values() else None
        new, touches = _write(session, keyring, tenant_id, capture_id, left, at=at)
        found = judging.verdicts(session, tenant_id, rules, new, touches)
        if not found.refused or point is None:
            if point is not None:
                point.commit()
            facts = _facts(tenant_id, capture_id, new, touches, actor)
            places = {one.id: one.event.place for one in new}
            warned = {places[event_id]: faults for event_id, faults in found.warned.items()}
            listed = seen.listed_of((one.event.fields for one in _of_each_shape(new)), touches)
            return Stored(facts, [event.place for _, event in left], refused, warned, listed)
        point.rollback()
        refused += [
            RefusedEvent(one.event.place, [_as_fault(fault) for fault in found.refused[one.id]])
            for one in new
            if one.id in found.refused
        ]
        gone = {one.place for one in refused}
        left = [(key, event) for key, event in left if event.place not in gone]
    return Stored([], [], refused, {}, Listed())


def _of_each_shape(new: Sequence[NewEvent]) -> list[NewEvent]:
    """Return one event of each shape: the others say the same but for their things."""
    return list({one.event.shape or one.id: one for one in new}.values())


def _as_fault(fault: Mapping[str, str]) -> FieldError:
    return FieldError(fault["at"], fault["expected"], f"{fault['got']} ({fault['rule']})")


def _write(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    capture_id: UUID,
    fresh: Sequence[Keyed],
    *,
    at: datetime,
) -> tuple[list[NewEvent], list[Touch]]:
    things = Things(session, keyring, tenant_id)
    named = name_all([event.fields for _, event in fresh], things)
    alike: dict[bytes, _Alike] = {}
    said = [_alike(event, alike) for _, event in fresh]
    distinct = list({id(one): one for one in said}.values())
    things.number(name for one in distinct for name in one.classes)
    things.number(place for one in distinct for place in one.places)
    things.number(name for one in distinct for _, name in one.mentions)
    first: int = session.scalars(_TAKE_NUMBERS).one()
    new = [
        NewEvent(number, key, event, things[one.places[0]] if one.places else None, lists, one.kind)
        for number, ((key, event), one, lists) in enumerate(zip(fresh, said, named.lists, strict=True), first)
    ]
    chunks.write(session, tenant_id, capture_id, at, new, named)
    touches = list(
        chain.from_iterable(
            _touches(event, one.classes, things) for event, one in zip(new, said, strict=True)
        )
    )
    postings.write(session, tenant_id, postings.fold(touches))
    spoken_of = [
        (event.id, role, things[name])
        for event, one in zip(new, said, strict=True)
        for role, name in one.mentions
    ]
    mentions.write(session, tenant_id, spoken_of)
    return new, touches


def unknown(
    session: Session, tenant_id: int, events: Sequence[ReadEvent], context: Any
) -> tuple[list[Keyed], list[int]]:
    """Return the events that are new with what they are known by, and the places of the others.

    The caller makes two captures of one document wait for each other: the second finds duplicates.

    Raises:
        BeingCaptured: one is in a document whose capture is under way, which may still fail.
    """
    key_of_event = event_keys(context)
    keyed = [(key_of_event(event.fields), event) for event in events]
    known = chunks.known_keys(session, tenant_id, [key for key, _ in keyed])
    fresh, duplicates = [], []
    for key, event in keyed:
        if key in known:
            duplicates.append(event.place)
        else:
            known.add(key)
            fresh.append((key, event))
    return fresh, duplicates


def _places(event: ReadEvent) -> Iterable[str]:
    """Return where an event leaves its things, or else where it was read."""
    for name in ("bizLocation", "readPoint"):
        if name in event.fields:
            yield event.fields[name]["id"]


@dataclass(frozen=True, slots=True)
class _Alike:
    """What events of one shape have in common, looked for once."""

    fields: Json
    kind: Kind
    places: list[str]
    classes: list[str]
    mentions: list[tuple[Role, str]]


def _alike(event: ReadEvent, known: dict[bytes, _Alike]) -> _Alike:
    found = known.get(event.shape)
    if found is None:
        found = _Alike(
            event.fields,
            Kind.of(event.type, event.action, event.fields),
            list(_places(event)),
            list(classes_named(event)),
            list(mentions.spoken_of(event.fields)),
        )
        if event.shape:
            known[event.shape] = found
    return found


def _touches(new: NewEvent, classes: Sequence[str], things: Things) -> list[Touch]:
    """Say which things an event touches, as runs."""
    event_id, at = new.id, new.event.at
    parent = next((one.segments[0].first for one in new.lists if one.field == "parentID"), None)
    touches = []
    for one in new.lists:
        if one.field == "parentID":
            continue
        role = _ROLES[one.field]
        for first, last in one.runs:
            touches.append(Touch(event_id, at, role, first, last, parent if role is Role.CHILD else None))
    if parent is not None and not new.event.fields.get("childEPCs"):
        touches.append(Touch(event_id, at, Role.PARENT, parent, parent))
    for first, last in runs_of([things[name] for name in classes]):
        touches.append(Touch(event_id, at, Role.CLASS, first, last))
    return touches


def _facts(
    tenant_id: int, capture_id: UUID, new: Sequence[NewEvent], touches: Sequence[Touch], actor: str
) -> list[Fact]:
    facts: list[Fact] = [
        EventsCaptured(
            tenant_id=tenant_id, capture_id=capture_id, first_event_id=new[0].id, last_event_id=new[-1].id
        )
    ]
    commissioning = {one.id: one.event for one in new if _commissions(one)}
    ranges: dict[int, list[tuple[int, int]]] = {}
    for touch in touches:
        if touch.event_id in commissioning and touch.role is Role.OBSERVED and touch.last < FOREIGN_FROM:
            ranges.setdefault(touch.event_id, []).append((touch.first, touch.last))
    for event_id, some in ranges.items():
        event = commissioning[event_id]
        making = event.fields.get("ilmd", {})
        for start in range(0, len(some), RANGES_PER_FACT_MAX):
            facts.append(
                ItemsCommissioned(
                    tenant_id=tenant_id,
                    event_id=event_id,
                    at=event.at,
                    actor=actor,
                    lot=ilmd.first_text(making, ilmd.LOT),
                    produced_on=ilmd.first_text(making, ilmd.PRODUCED_ON),
                    expires_on=ilmd.first_text(making, ilmd.EXPIRES_ON),
                    ranges=some[start : start + RANGES_PER_FACT_MAX],
                )
            )
    return facts


def _commissions(new: NewEvent) -> bool:
    kind = new.kind
    return (
        (kind.type, kind.action, kind.biz_step) == (EventType.OBJECT, Action.ADD, BizStep.COMMISSIONING)
    ) and "errorDeclaration" not in new.event.fields


_COUNT_REFUSED = text(
    "UPDATE trace.capture SET accepted = accepted - :refused, rejected = rejected + :refused,"
    " warned = :warned WHERE id = :id"
)
_ONE_CAPTURE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('trace.capture', :tenant_id))")
_TAKE_NUMBERS = text("SELECT nextval('trace.event_id')")
_LAST_CAPTURED_AT = text(
    "SELECT captured_at FROM trace.capture WHERE tenant_id = :tenant_id ORDER BY captured_at DESC LIMIT 1"
)
_WRITE_CAPTURE = text("""
INSERT INTO trace.capture (id, tenant_id, captured_at, created_at, finished_at, actor, accepted, duplicate,
    rejected, behaviour, event_count, byte_count, context)
VALUES (:id, :tenant_id, :now, :now, :now, :actor, :accepted, :duplicate, :rejected,
    :behaviour, :event_count, :byte_count, CAST(:context AS jsonb))
""")
