"""Taking in EPCIS documents: all of their valid events, each once.

An event that was captured before is a duplicate and changes nothing: it is known by its eventID, or by a
digest of all it says when it has none. Events of one capture get consecutive numbers, which is what lets
the index fold them.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace import postings
from wuma.chain.trace.documents import Json, ReadDocument, ReadEvent, RefusedEvent, things_named
from wuma.chain.trace.postings import Role, Touch, runs_of
from wuma.chain.trace.things import FOREIGN_FROM, Things
from wuma.chain.trace.vocabulary import Action, EventType, bare_word
from wuma.facts.trace import EventsCaptured, ItemsCommissioned
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.kernel.keys import Keyring
from wuma_gs1.cbv import BizStep, Disposition, Word

EVENTS_PER_CHUNK: Final = 200
"""Events compressed together: 200 of some 450 bytes are 5 to 20 kB, and half a millisecond to read one."""
RANGES_PER_FACT_MAX: Final = 5_000

Behaviour: TypeAlias = Literal["rollback", "proceed"]
"""What happens when an event of a document is not valid (EPCIS 2.0, header GS1-Capture-Error-Behaviour)."""

TYPES: Final = {type_: number for number, type_ in enumerate(EventType, 1)}
ACTIONS: Final = {action: number for number, action in enumerate(Action, 1)}

_ROLES: Final = {
    "epcList": Role.OBSERVED,
    "childEPCs": Role.CHILD,
    "inputEPCList": Role.INPUT,
    "outputEPCList": Role.OUTPUT,
}
_LOT_FIELDS: Final = ("cbvmda:lotNumber", "gs1:lotNumber", "urn:epcglobal:cbv:mda:lotNumber")
_PRODUCED_FIELDS: Final = ("cbvmda:productionDate", "gs1:productionDate")
_EXPIRES_FIELDS: Final = ("cbvmda:itemExpirationDate", "gs1:expirationDate")


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
class _New:
    """An event that was not known, with its number."""

    id: int
    key: UUID
    event: ReadEvent


def capture(
    session: Session,
    keyring: Keyring,
    tenant_id: int,
    document: ReadDocument,
    *,
    actor: str,
    now: datetime,
    behaviour: Behaviour = "rollback",
) -> Captured:
    """Capture a document in the caller's transaction.

    Captures of a tenant come one after the other, each later than the one before: whoever asks what has been
    captured since a time misses nothing.
    """
    session.execute(_ONE_CAPTURE_AT_A_TIME, {"tenant_id": tenant_id})
    before = session.scalar(_LAST_CAPTURED_AT, {"tenant_id": tenant_id})
    at = now if before is None else max(now, before + timedelta(microseconds=1))
    capture_id = uuid7(int(at.timestamp() * 1000))
    new, duplicates = _unknown(session, tenant_id, document)
    outcomes = [
        *({"outcome": "duplicate", "places": list(run)} for run in postings.runs_of(duplicates)),
        *(
            {"outcome": "rejected", "place": one.place, "errors": [fault.as_json() for fault in one.faults]}
            for one in document.refused
        ),
    ]
    session.execute(
        _WRITE_CAPTURE,
        {
            "id": capture_id,
            "tenant_id": tenant_id,
            "now": at,
            "actor": actor,
            "accepted": len(new),
            "duplicate": len(duplicates),
            "rejected": len(document.refused),
            "behaviour": behaviour,
            "outcomes": msgspec.json.encode(outcomes).decode(),
            "context": msgspec.json.encode(document.context).decode(),
        },
    )
    if new:
        things = Things(session, keyring, tenant_id)
        things.number(name for one in new for _, name in things_named(one.event))
        things.number(place for one in new for place in _places(one.event))
        _write_events(session, tenant_id, capture_id, new, things, at)
        touches = list(chain.from_iterable(_touches(one, things) for one in new))
        postings.write(session, tenant_id, postings.fold(touches))
        _tell(session, tenant_id, capture_id, new, touches, actor)
    return Captured(capture_id, at, len(new), duplicates, document.refused)


def event_key(fields: Json) -> UUID:
    """Return what an event is known by: its eventID, or all it says but when we heard it.

    An error declaration carries the eventID of the event it takes back (EPCIS 2.0, section 7.4.1.3): it is
    another event, known by when the error was declared, too.
    """
    if "eventID" not in fields:
        told = {name: value for name, value in fields.items() if name != "recordTime"}
        return _digest(msgspec.json.encode(told, order="sorted"))
    declared = fields.get("errorDeclaration", {}).get("declarationTime")
    name = str(fields["eventID"]).encode()
    return _digest(name if declared is None else name + b"\0error\0" + str(declared).encode())


def name_of(fields: Json, key: UUID) -> str:
    """Return the eventID of an event; one without is named by what it is known by."""
    return str(fields.get("eventID") or f"urn:uuid:{key}")


def name_key(event_id: str) -> UUID:
    """Return what an eventID is found by."""
    return _digest(event_id.encode())


def _digest(said: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(said).digest()[:16])


def _unknown(session: Session, tenant_id: int, document: ReadDocument) -> tuple[list[_New], list[int]]:
    """Return the events that are new, in the order of the document, with consecutive numbers; and the others.

    The caller makes two captures of one document wait for each other: the second finds duplicates.
    """
    keyed = [(event_key(event.fields), event) for event in document.events]
    known = set(session.scalars(_KNOWN_KEYS, {"tenant_id": tenant_id, "keys": [key for key, _ in keyed]}))
    fresh, duplicates = [], []
    for key, event in keyed:
        if key in known:
            duplicates.append(event.place)
        else:
            known.add(key)
            fresh.append((key, event))
    if not fresh:
        return [], duplicates
    first: int = session.execute(_TAKE_NUMBERS).scalar_one()
    return [_New(first + place, key, event) for place, (key, event) in enumerate(fresh)], duplicates


def _write_events(
    session: Session, tenant_id: int, capture_id: UUID, new: Sequence[_New], things: Things, now: datetime
) -> None:
    chunks, events = [], []
    for start in range(0, len(new), EVENTS_PER_CHUNK):
        some = new[start : start + EVENTS_PER_CHUNK]
        body = zlib.compress(msgspec.json.encode([one.event.fields for one in some]), 6)
        chunks.append({"id": some[0].id, "tenant_id": tenant_id, "capture_id": capture_id, "body": body})
        for place, one in enumerate(some):
            fields = one.event.fields
            location = next(iter(_places(one.event)), None)
            events.append(
                {
                    "id": one.id,
                    "tenant_id": tenant_id,
                    "at": one.event.at,
                    "captured_at": now,
                    "key": one.key,
                    "named": name_key(name_of(fields, one.key)),
                    "chunk_id": some[0].id,
                    "place": place,
                    "type": TYPES[one.event.type],
                    "action": None if one.event.action is None else ACTIONS[one.event.action],
                    "biz_step": _word(fields.get("bizStep"), BizStep),
                    "disposition": _word(fields.get("disposition"), Disposition),
                    "location": None if location is None else things[location],
                }
            )
    session.execute(_WRITE_CHUNKS, chunks)
    session.execute(_WRITE_EVENTS, events)


def _word(term: Any, vocabulary: type[Word]) -> str | None:
    return None if term is None else bare_word(str(term), vocabulary)


def _places(event: ReadEvent) -> Iterable[str]:
    """Return where an event leaves its things, or else where it was read."""
    for name in ("bizLocation", "readPoint"):
        if name in event.fields:
            yield event.fields[name]["id"]


def _touches(new: _New, things: Things) -> list[Touch]:
    """Say which things an event touches, as runs."""
    fields, event_id, at = new.event.fields, new.id, new.event.at
    parent = things[fields["parentID"]] if "parentID" in fields else None
    touches = []
    for name, role in _ROLES.items():
        for first, last in runs_of([things[uri] for uri in fields.get(name, ())]):
            touches.append(Touch(event_id, at, role, first, last, parent if role is Role.CHILD else None))
    if parent is not None and not fields.get("childEPCs"):
        touches.append(Touch(event_id, at, Role.PARENT, parent, parent))
    classes = (uri for name, uri in things_named(new.event) if name.lower().endswith("quantitylist"))
    for first, last in runs_of([things[uri] for uri in classes]):
        touches.append(Touch(event_id, at, Role.CLASS, first, last))
    return touches


def _tell(
    session: Session,
    tenant_id: int,
    capture_id: UUID,
    new: Sequence[_New],
    touches: Sequence[Touch],
    actor: str,
) -> None:
    publish(
        session,
        EventsCaptured(
            tenant_id=tenant_id, capture_id=capture_id, first_event_id=new[0].id, last_event_id=new[-1].id
        ),
    )
    commissioning = {one.id: one.event for one in new if _commissions(one.event)}
    ranges: dict[int, list[tuple[int, int]]] = {}
    for touch in touches:
        if touch.event_id in commissioning and touch.role is Role.OBSERVED and touch.last < FOREIGN_FROM:
            ranges.setdefault(touch.event_id, []).append((touch.first, touch.last))
    for event_id, some in ranges.items():
        event = commissioning[event_id]
        ilmd = event.fields.get("ilmd", {})
        for start in range(0, len(some), RANGES_PER_FACT_MAX):
            publish(
                session,
                ItemsCommissioned(
                    tenant_id=tenant_id,
                    event_id=event_id,
                    at=event.at,
                    actor=actor,
                    lot=_first_text(ilmd, _LOT_FIELDS),
                    produced_on=_first_text(ilmd, _PRODUCED_FIELDS),
                    expires_on=_first_text(ilmd, _EXPIRES_FIELDS),
                    ranges=some[start : start + RANGES_PER_FACT_MAX],
                ),
            )


def _commissions(event: ReadEvent) -> bool:
    return (
        event.type is EventType.OBJECT
        and event.action is Action.ADD
        and _word(event.fields.get("bizStep"), BizStep) == BizStep.COMMISSIONING
        and "errorDeclaration" not in event.fields
    )


def _first_text(ilmd: Json, names: Iterable[str]) -> str | None:
    return next((ilmd[name] for name in names if isinstance(ilmd.get(name), str)), None)


_ONE_CAPTURE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('trace.capture', :tenant_id))")
_KNOWN_KEYS = text("SELECT key FROM trace.event WHERE tenant_id = :tenant_id AND key = ANY (:keys)")
_TAKE_NUMBERS = text("SELECT nextval('trace.event_id')")
_LAST_CAPTURED_AT = text(
    "SELECT captured_at FROM trace.capture WHERE tenant_id = :tenant_id ORDER BY captured_at DESC LIMIT 1"
)
_WRITE_CAPTURE = text(
    "INSERT INTO trace.capture (id, tenant_id, captured_at, actor, accepted, duplicate, rejected, behaviour,"
    " outcomes, context) VALUES (:id, :tenant_id, :now, :actor, :accepted, :duplicate, :rejected, :behaviour,"
    " CAST(:outcomes AS jsonb), CAST(:context AS jsonb))"
)
_WRITE_CHUNKS = text(
    "INSERT INTO trace.chunk (id, tenant_id, capture_id, body) VALUES (:id, :tenant_id, :capture_id, :body)"
)
_WRITE_EVENTS = text(
    "INSERT INTO trace.event (id, tenant_id, at, captured_at, key, named, chunk_id, place, type, action,"
    " biz_step, disposition, location) VALUES (:id, :tenant_id, :at, :captured_at, :key, :named, :chunk_id,"
    " :place, :type, :action, :biz_step, :disposition, :location)"
)
