"""Chunks: some events of one capture, as they came, compressed together and filed together.

There is no row for an event. Its number leads to the chunk, which is the last one that begins at or before
it; its key leads to its number; its things lead to it through the postings.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from wuma.chain.trace.documents.json_ld import ReadEvent
from wuma.chain.trace.documents.names import event_key, filed_key, keys_named, name_key, name_of
from wuma.chain.trace.shelves import code_texts
from wuma.chain.trace.shelves.bodies import SHAPES_AND_RUNS, Coded, decode, encode
from wuma.chain.trace.shelves.code_texts import CodeTexts
from wuma.chain.trace.shelves.filing import EVENTS_PER_CHUNK, Filing, Pair, chunks_of, filed, unfiled
from wuma.chain.trace.shelves.kinds import Kind, kinds_numbered, number_kinds
from wuma.chain.trace.shelves.naming import Named, NamedList, merged
from wuma.chain.trace.vocabulary import Action, EventType
from wuma.kernel.errors import ComeAgain


class BeingCaptured(ComeAgain):
    """An event of this document is in another one whose capture is under way."""

    status = HTTPStatus.CONFLICT
    slug = "being-captured"


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event that was not known, with its number."""

    id: int
    key: UUID
    event: ReadEvent
    location: int | None
    """The place it names, as a thing."""
    lists: list[NamedList]
    """The things it names."""
    kind: Kind


@dataclass(frozen=True)
class Event:
    """A captured event, as it is filed."""

    id: int
    at: datetime
    captured_at: datetime
    type: EventType
    action: Action | None
    biz_step: str | None
    disposition: str | None
    location: int | None
    context: Any
    _coded: Coded
    _texts: _Texts

    @cached_property
    def as_told(self) -> Mapping[str, Any]:
        """All it says, as it came; to be asked for while the session is open that read it."""
        return self._coded.whole(self._texts.of_all)

    @property
    def brief(self) -> Mapping[str, Any]:
        """What it says but for the things it names one by one, which may be many."""
        return self._coded.fields

    @cached_property
    def name(self) -> str:
        """Its eventID; one without is named by what it is known by."""
        return str(self._coded.fields.get("eventID") or self._coded.name or self.fields["eventID"])

    def lists(self, field: str) -> bool:
        """Whether it names any thing in a field."""
        return bool(self._coded.fields.get(field)) or any(
            name == field and members for name, members in self._coded.lists
        )

    @cached_property
    def fields(self) -> Mapping[str, Any]:
        """All it says, and an eventID in any case."""
        if "eventID" in self.as_told:
            return self.as_told
        name = self._coded.name or name_of(self.as_told, event_key(self.as_told, self.context))
        return {**self.as_told, "eventID": name}

    def retold(self, as_told: Mapping[str, Any], **changes: Any) -> Event:
        """Return the event as it would be, had it been told otherwise."""
        event = replace(self, _coded=replace(self._coded, name=None), **changes)
        event.__dict__["as_told"] = as_told  # where a cached property keeps what it found
        return event


class _Texts:
    """The texts of codes that some events name, read when the first of them is asked for."""

    def __init__(self, session: Session, tenant_id: int) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self.runs: list[tuple[int, int]] = []

    @cached_property
    def of_all(self) -> CodeTexts:
        """The texts of all the events that were read together."""
        return CodeTexts(self._session, self._tenant_id, merged(self.runs))


def write(
    session: Session,
    tenant_id: int,
    capture_id: UUID,
    captured_at: datetime,
    new: Sequence[NewEvent],
    named: Named,
) -> None:
    """Write events with consecutive numbers, and what they are found by."""
    code_texts.keep(session, tenant_id, *named.codes())
    numbers = number_kinds(session, tenant_id, {one.kind for one in new})
    rows = []
    for places in chunks_of([one.event.at for one in new]):
        some = [new[place] for place in places]
        filing = filed([(one.event.at, Pair(numbers[one.kind], one.location)) for one in some])
        body = encode([(one.event, one.lists, one.key) for one in some], named.names, named.numbered.heads)
        rows.append(
            {
                "id": some[0].id,
                "tenant_id": tenant_id,
                "capture_id": capture_id,
                "captured_at": captured_at,
                "coding": SHAPES_AND_RUNS,
                "body": body,
                **filing._asdict(),
            }
        )
    session.execute(_WRITE, rows)
    keys = [(filed_key(tenant_id, one.key), one.id) for one in new]
    keys += [
        (filed_key(tenant_id, name_key(one.event.fields["eventID"])), one.id)
        for one in new
        if "errorDeclaration" in one.event.fields and "eventID" in one.event.fields
    ]
    session.execute(
        _WRITE_KEYS,
        {
            "tenant_id": tenant_id,
            "keys": [key for key, _ in keys],
            "ids": [event_id for _, event_id in keys],
        },
    )


def known_keys(session: Session, tenant_id: int, keys: Iterable[UUID]) -> set[UUID]:
    """Return which keys events are known by already.

    Raises:
        BeingCaptured: one is in a document whose capture is under way, which may still fail.
    """
    wanted = {filed_key(tenant_id, key): key for key in keys}
    ids = filed_under(session, tenant_id, wanted)
    if not ids:
        return set()
    unfinished = session.scalar(_UNFINISHED, {"ids": list(ids)})
    if unfinished is not None:
        raise BeingCaptured(f"Events of this document are being captured: {unfinished}.")
    events = read_events(session, tenant_id, ids).values()
    return {event_key(event.as_told, event.context) for event in events} & set(wanted.values())


def events_named(session: Session, tenant_id: int, names: Iterable[str]) -> list[Event]:
    """Return the events of eventIDs and the declarations that they were wrong, the latest captured first."""
    wanted = set(names)
    keys = [filed_key(tenant_id, key) for name in wanted for key in keys_named(name)]
    events = read_events(session, tenant_id, filed_under(session, tenant_id, keys)).values()
    found = [event for event in events if event.fields["eventID"] in wanted]
    return sorted(found, key=lambda event: event.id, reverse=True)


def read_events(session: Session, tenant_id: int, ids: Iterable[int]) -> dict[int, Event]:
    """Return events by number, with everything they say."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = session.execute(_READ, {"tenant_id": tenant_id, "ids": wanted}).all()
    kinds = kinds_numbered(session, {kind for row in rows for kind in row.kinds})
    events: dict[int, Event] = {}
    texts = _Texts(session, tenant_id)
    for row, places in _places(rows, wanted):
        filed = dict(zip(places, unfiled(filing_of(row), places), strict=True))
        bodies = decode(row.coding, row.body, {place: at for place, (at, _) in filed.items()})
        for place, (at, pair) in filed.items():
            kind = kinds[pair.kind]
            texts.runs.extend(bodies[place].runs)
            events[row.id + place] = Event(
                id=row.id + place,
                at=at,
                captured_at=row.captured_at,
                type=kind.type,
                action=kind.action,
                biz_step=kind.biz_step,
                disposition=kind.disposition,
                location=pair.location,
                context=row.context,
                _coded=bodies[place],
                _texts=texts,
            )
    return events


def told_together(session: Session, tenant_id: int, events: Mapping[int, Event]) -> dict[int, Event]:
    """Return events such that whoever asks what one says has the codes of these read, and of no others."""
    texts = _Texts(session, tenant_id)
    texts.runs = [run for event in events.values() for run in event._coded.runs]
    return {number: replace(event, _texts=texts) for number, event in events.items()}


def filing_of(row: Row[Any]) -> Filing:
    """Return what the row of a chunk says of its events."""
    return Filing(
        row.at_min, row.at_max, row.tick, row.event_count, row.kinds, row.locations, bytes(row.filing)
    )


def _places(rows: Sequence[Row[Any]], ids: Sequence[int]) -> list[tuple[Row[Any], list[int]]]:
    """Return for each chunk where the wanted events stand in it."""
    starts = [row.id for row in rows]
    found: defaultdict[int, list[int]] = defaultdict(list)
    for event_id in ids:
        number = bisect_right(starts, event_id) - 1
        if number >= 0 and event_id - starts[number] < rows[number].event_count:
            found[number].append(event_id - starts[number])
    return [(rows[number], places) for number, places in found.items()]


def filed_under(session: Session, tenant_id: int, keys: Iterable[int]) -> Sequence[int]:
    """Return the numbers of events that keys may stand for; whoever finds one looks at the event."""
    return session.scalars(_FILED_UNDER, {"tenant_id": tenant_id, "keys": list(keys)}).all()


FILING_COLUMNS: Final = "id, captured_at, at_min, at_max, tick, event_count, kinds, locations, filing"

CHUNK_OF: Final = f"""(
    SELECT * FROM trace.chunk c
    WHERE c.tenant_id = wanted.tenant_id AND c.id <= wanted.event_id
        AND c.id > wanted.event_id - {EVENTS_PER_CHUNK}
    ORDER BY c.id DESC LIMIT 1
)"""
"""The chunk that holds ``wanted.event_id`` of ``wanted.tenant_id``: the numbers of a capture have no gaps,
and no other capture has numbers among them."""

_READ = text(f"""
SELECT k.*, a.context
FROM (
    SELECT DISTINCT c.id
    FROM (
        SELECT CAST(:tenant_id AS bigint), unnest(CAST(:ids AS bigint[]))
    ) AS wanted (tenant_id, event_id)
    CROSS JOIN LATERAL {CHUNK_OF} AS c
) AS found
CROSS JOIN LATERAL (SELECT * FROM trace.chunk WHERE id = found.id OFFSET 0) AS k
JOIN trace.capture a ON a.id = k.capture_id
ORDER BY k.id
""")
_FILED_UNDER = text(
    "SELECT DISTINCT event_id FROM trace.event_key"
    " WHERE key = ANY (:keys) AND tenant_id = :tenant_id ORDER BY event_id"
)
_UNFINISHED = text("""
SELECT u.capture_id FROM unnest(CAST(:ids AS bigint[])) AS found (id)
JOIN trace.unfinished u ON found.id BETWEEN u.first_event_id AND u.last_event_id
WHERE u.capture_id::text IS DISTINCT FROM current_setting('wuma.unfinished', true) LIMIT 1
""")
_WRITE = text(
    "INSERT INTO trace.chunk (id, tenant_id, capture_id, captured_at, at_min, at_max, tick, event_count,"
    " kinds, locations, filing, coding, body) VALUES (:id, :tenant_id, :capture_id, :captured_at, :at_min,"
    " :at_max, :tick, :event_count, CAST(:kinds AS integer[]), CAST(:locations AS bigint[]), :filing,"
    " :coding, :body)"
)
_WRITE_KEYS = text(
    "INSERT INTO trace.event_key (tenant_id, key, event_id) SELECT :tenant_id, k, e"
    " FROM unnest(CAST(:keys AS bigint[]), CAST(:ids AS bigint[])) AS w (k, e)"
)
