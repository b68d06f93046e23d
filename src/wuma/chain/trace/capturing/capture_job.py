"""Capturing documents that are too large for one request: they wait in a file for the worker.

First all of a document is *checked*, and nothing is stored; then it is *stored*, some thousand events a
transaction, so that no transaction holds subscribers back. What a transaction has done and how far the work
has come are one: whoever goes on after a crash goes on there, and nothing is doubled.

With `proceed` each event is there as soon as it is stored. With `rollback` nobody sees any before all are
there: stored events are `trace.unfinished`, row-level security hides them, and one small transaction at the
end makes the whole document visible, records when that was, lists what it names, and tells its facts.
Documents of a tenant are worked off in the order in which they came.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import IO, Any, Final
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.capturing import outcomes
from wuma.chain.trace.capturing.capture import Behaviour, RulesBroken, store, take_turn, unknown
from wuma.chain.trace.capturing.split import Cut, Split
from wuma.chain.trace.documents.json_ld import (
    FAULTS_NAMED_MAX,
    ReadEvent,
    RefusedEvent,
    read_event,
    read_head,
    trusted_event,
)
from wuma.chain.trace.documents.xml.translating import TRANSLATED, read_translated, translate
from wuma.chain.trace.queries import vocabularies
from wuma.chain.trace.queries.rest import XML_TYPES
from wuma.chain.trace.shelves import seen
from wuma.chain.trace.shelves.seen import Listed
from wuma.facts.trace import EventsCaptured, ItemsCommissioned
from wuma.kernel import telemetry
from wuma.kernel.clock import utc_now
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.fact import Fact, publish
from wuma.kernel.http.spool import Spooled, keep_names, unpacked
from wuma.kernel.ids import uuid7
from wuma.kernel.jobs import Task, enqueue
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM, Scope

EVENTS_MAX: Final = 20_000_000
PLAIN_BYTES_MAX: Final = 16 * 1024 * 1024 * 1024
BATCH_EVENTS: Final = 2_000
BATCH_BYTES: Final = 4 * 1024 * 1024
SLICE_SECONDS: Final = 20.0  # then another job has its turn; the worker has two at once for everybody
REFUSED_HELD_MAX: Final = 500
ATTEMPTS_MAX: Final = 8
FACTS_AT_ONCE: Final = 1_000
RUNS_AT_ONCE: Final = 5_000
ORPHANED_AFTER: Final = timedelta(days=1)

WORK_TASK: Final = "trace.capture_documents"
SWEEP_TASK: Final = "trace.sweep_captures"

log = telemetry.logger(__name__)


class CaptureLimitExceeded(Refusal):
    """The document is larger than what is taken in one piece."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    type_uri = "epcisException:CaptureLimitExceededException"


def count_events(spooled: Spooled) -> int:
    """Return how many events a document has, looking at no more than its form.

    Raises:
        InvalidInput: it is not JSON, or has no list of events.
        CaptureLimitExceeded: it has more events than are taken.
    """
    count = 0
    with spooled.open(bytes_max=PLAIN_BYTES_MAX) as plain:
        reading = Split(plain)
        for _ in reading:
            count += 1
            if count > EVENTS_MAX:
                raise CaptureLimitExceeded(f"At most {EVENTS_MAX} events; there are more.")
        around = reading.around()
    read_head(around)
    if count == 0:
        fault = FieldError(reading.pointer, f"1 to {EVENTS_MAX} events", "0 events")
        raise InvalidInput("There are no events in the document.", [fault])
    return count


def accept(
    session: Session,
    spooled: Spooled,
    *,
    tenant_id: int,
    actor: str,
    behaviour: Behaviour,
    event_count: int | None,
    now: datetime,
) -> UUID:
    """Take a document on: its file is kept, and whatever happens it will be worked off."""
    spooled.keep()
    capture_id = uuid7(int(now.timestamp() * 1000))
    session.execute(
        _ACCEPT,
        {
            "id": capture_id,
            "tenant_id": tenant_id,
            "now": now,
            "actor": actor,
            "behaviour": behaviour,
            "event_count": event_count,
            "byte_count": spooled.byte_count,
            "spool": spooled.name,
            "media_type": spooled.media_type,
            "encoding": spooled.encoding,
        },
    )
    _ask(session, tenant_id)
    return capture_id


def _ask(session: Session, tenant_id: int) -> None:
    key = f"{WORK_TASK}:{tenant_id}"
    enqueue(session, WORK_TASK, {"tenant_id": tenant_id}, key=key, one_at_a_time=key)


# -- in the worker -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Job:
    """A capture that is not finished, as it stood when we looked."""

    id: UUID
    tenant_id: int
    actor: str
    behaviour: Behaviour
    state: str
    next_place: int
    rejected: int
    attempt_count: int
    context: Any
    byte_count: int
    media_type: str
    encoding: str
    path: Path

    @property
    def scope(self) -> Scope:
        return Scope.of(self.tenant_id)

    @property
    def is_hidden(self) -> bool:
        """Whether what is stored of it is not seen yet."""
        return self.behaviour == "rollback"

    @property
    def is_translated(self) -> bool:
        """Whether the file is the JSON form of what was handed in."""
        return self.path.suffix == TRANSLATED

    def open(self) -> AbstractContextManager[IO[bytes]]:
        encoding = "identity" if self.is_translated else self.encoding
        return unpacked(self.path.open("rb"), encoding, self.byte_count, bytes_max=PLAIN_BYTES_MAX)


class _Overtaken(Exception):
    """Another worker has taken this capture further than we know."""


def work_off(runtime: Runtime, tenant_id: int) -> None:
    """Work off the documents of a tenant for a while, the eldest first; then ask to be called again."""
    due_at = time.monotonic() + SLICE_SECONDS
    while (job := _next_job(runtime, tenant_id)) is not None:
        try:
            _work(runtime, job, due_at)
        except _Overtaken:
            log.info("trace.capture_overtaken", capture_id=str(job.id))
            return
        if time.monotonic() >= due_at:
            with runtime.database.transaction(Scope.of(tenant_id)) as session:
                _ask(session, tenant_id)
            return


def _next_job(runtime: Runtime, tenant_id: int) -> _Job | None:
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        row = session.execute(_NEXT, {"tenant_id": tenant_id}).one_or_none()
        if row is None:
            return None
        session.execute(_BEGIN, {"id": row.id})
    fields = dict(row._mapping)
    return _Job(path=runtime.settings.data / "spool" / fields.pop("spool"), **fields)


def _work(runtime: Runtime, job: _Job, due_at: float) -> None:
    if job.attempt_count >= ATTEMPTS_MAX:
        _fail(runtime, job, "The capture was given up: it was begun again and again and never came on.", ())
        return
    try:
        if job.state == "checking":
            if job.media_type in XML_TYPES and not job.is_translated:
                job = _translate(runtime, job)
            _check(runtime, job, due_at)
        else:
            _store(runtime, job, due_at)
    except RulesBroken as broken:
        with runtime.database.transaction(job.scope) as session:
            outcomes.write(session, job.tenant_id, job.id, outcomes.of(refused=broken.refused))
        _fail(runtime, job, broken.detail, broken.errors)
    except InvalidInput as invalid:
        _fail(runtime, job, invalid.detail, invalid.errors)
    except FileNotFoundError:
        _fail(runtime, job, "The document is no longer there; please hand it in again.", ())


def _translate(runtime: Runtime, job: _Job) -> _Job:
    """Put the JSON form of an XML document in its place, once."""
    path = job.path.with_name(f"{uuid4().hex}{TRANSLATED}")
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with job.open() as xml, os.fdopen(descriptor, "wb") as into:
            count = translate(xml, into, events_max=EVENTS_MAX)
            into.flush()
            os.fsync(into.fileno())
        keep_names(path.parent)
        with runtime.database.transaction(job.scope) as session:
            values = {"id": job.id, "was": job.path.name, "spool": path.name, "event_count": count}
            _once(session.execute(_TRANSLATED, values))
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    job.path.unlink(missing_ok=True)
    return replace(job, path=path)


def _check(runtime: Runtime, job: _Job, due_at: float) -> None:
    """Read all of the document, and write down which of its events are not valid."""
    place, rejected = job.next_place, job.rejected
    refused: list[RefusedEvent] = []

    def save(to: int) -> None:
        nonlocal place, rejected
        with runtime.database.transaction(job.scope) as session:
            _move(session, job, place, to, rejected=len(refused))
            outcomes.write(session, job.tenant_id, job.id, outcomes.of(refused=refused))
        place, rejected = to, rejected + len(refused)
        refused.clear()

    context: Any = None
    around: Any = None
    with job.open() as plain:
        reading = Split(plain)
        for batch in _batches(reading, job.next_place):
            if job.is_translated:
                events = (read_translated(cut.body, cut.place) for cut in batch)
            else:
                events = (read_event(cut.body, f"{reading.pointer}/{cut.place}", cut.place) for cut in batch)
            refused += [event for event in events if isinstance(event, RefusedEvent)]
            end = batch[-1].place + 1
            if len(refused) >= REFUSED_HELD_MAX or time.monotonic() >= due_at:
                save(end)
            if job.is_hidden and rejected + len(refused) >= FAULTS_NAMED_MAX:
                break
            if time.monotonic() >= due_at:
                return
        else:
            end = max(place, 0)
            around = reading.around()
            context = read_head(around)
            save(end)
    if refused:
        save(end)
    if rejected and job.is_hidden:
        _fail(runtime, job, f"{rejected} or more events are not valid; none was captured.", ())
        return
    with runtime.database.transaction(job.scope) as session:
        values = {"id": job.id, "context": msgspec.json.encode(context).decode()}
        vocabularies.take_in(session, job.tenant_id, around, at=utc_now())
        _once(session.execute(_BEGIN_STORING, values))


def _store(runtime: Runtime, job: _Job, due_at: float) -> None:
    """Store the valid events, batch by batch, and finish."""
    place = job.next_place
    with job.open() as plain:
        for batch in _batches(Split(plain), place):
            end = batch[-1].place + 1
            _store_batch(runtime, job, batch, place, end)
            place = end
            if time.monotonic() >= due_at:
                return
    _finish(runtime, job)


def _store_batch(runtime: Runtime, job: _Job, batch: list[Cut], place: int, end: int) -> None:
    with runtime.database.transaction(job.scope) as session:
        at = take_turn(session, job.tenant_id, utc_now())
        rejected = set(session.scalars(_REJECTED, {"id": job.id, "place": place, "end": end}))
        events: list[ReadEvent] = [
            trusted_event(cut.body, cut.place) for cut in batch if cut.place not in rejected
        ]
        session.execute(_SEE_OWN, {"id": str(job.id)})
        fresh, duplicates = unknown(session, job.tenant_id, events, job.context)
        stored = store(session, runtime.keyring, job.tenant_id, job.id, fresh, at=at, actor=job.actor)
        if stored.refused and job.is_hidden:
            raise RulesBroken(stored.refused)
        _move(
            session,
            job,
            place,
            end,
            accepted=len(stored.accepted),
            duplicate=len(duplicates),
            rejected=len(stored.refused),
            warned=len(stored.warned),
            at=at,
        )
        if not job.is_hidden:
            seen.note(session, job.tenant_id, stored.listed, at=at)
            publish(session, *stored.facts)
        elif stored.accepted:
            (run,) = (fact for fact in stored.facts if isinstance(fact, EventsCaptured))
            session.execute(
                _HIDE,
                {
                    "id": job.id,
                    "first": run.first_event_id,
                    "last": run.last_event_id,
                    "tenant_id": job.tenant_id,
                    "facts": _sealed(stored.facts),
                    "listed": msgspec.json.encode(stored.listed).decode(),
                },
            )
        outcomes.write(session, job.tenant_id, job.id, stored.fates(duplicates, ()))


def _finish(runtime: Runtime, job: _Job) -> None:
    """Make the whole document visible, and tell what it says: one small transaction."""
    with runtime.database.transaction(job.scope) as session:
        at = take_turn(session, job.tenant_id, utc_now())
        _once(session.execute(_FINISH, {"id": job.id, "at": at, "is_hidden": job.is_hidden}))
        facts: list[Fact] = []
        listed = Listed()
        for row in session.execute(_HIDDEN, {"id": job.id}):
            facts += [_KINDS[one["name"]].read(job.tenant_id, one["body"]) for one in row.facts]
            if len(facts) >= FACTS_AT_ONCE:
                publish(session, *facts)
                facts.clear()
            listed += msgspec.convert(row.listed, Listed)
            if len(listed.runs) >= RUNS_AT_ONCE:
                seen.note(session, job.tenant_id, listed, at=at)
                listed = Listed()
        publish(session, *facts)
        seen.note(session, job.tenant_id, listed, at=at)
        session.execute(_SHOW, {"id": job.id, "at": at})
    job.path.unlink(missing_ok=True)
    log.info("trace.document_captured", capture_id=str(job.id), event_count=job.next_place)


def _fail(runtime: Runtime, job: _Job, detail: str, errors: Iterable[FieldError]) -> None:
    failure = {"detail": detail, "errors": [error.as_json() for error in errors]}
    with runtime.database.transaction(job.scope) as session:
        values = {"id": job.id, "now": utc_now(), "failure": msgspec.json.encode(failure).decode()}
        _once(session.execute(_FAIL, values))
        if job.is_hidden:
            session.execute(_DROP, {"id": job.id})
    job.path.unlink(missing_ok=True)
    log.info("trace.document_refused", capture_id=str(job.id))


def _batches(reading: Iterable[Cut], from_place: int) -> Iterator[list[Cut]]:
    """Gather events to batches that are neither too many nor too large."""
    batch: list[Cut] = []
    byte_count = 0
    for cut in reading:
        if cut.place < from_place:
            continue
        batch.append(cut)
        byte_count += len(cut.body)
        if len(batch) >= BATCH_EVENTS or byte_count >= BATCH_BYTES:
            yield batch
            batch, byte_count = [], 0
    if batch:
        yield batch


_KINDS: Final[dict[str, type[Fact]]] = {kind.name: kind for kind in (EventsCaptured, ItemsCommissioned)}


def _sealed(facts: Iterable[Fact]) -> str:
    named = [{"name": fact.name, "body": msgspec.Raw(fact.body())} for fact in facts]
    return msgspec.json.encode(named).decode()


def _move(
    session: Session,
    job: _Job,
    place: int,
    end: int,
    *,
    accepted: int = 0,
    duplicate: int = 0,
    rejected: int = 0,
    warned: int = 0,
    at: datetime | None = None,
) -> None:
    """Note how far the work has come; whoever comes second finds that it has."""
    counts = {"accepted": accepted, "duplicate": duplicate, "rejected": rejected, "warned": warned}
    values = {**counts, "at": at}
    _once(session.execute(_MOVE, {"id": job.id, "state": job.state, "place": place, "end": end, **values}))


def _once(result: Any) -> None:
    if result.rowcount != 1:
        raise _Overtaken


# -- every so often ----------------------------------------------------------------------------------------


def sweep(runtime: Runtime) -> None:
    """Ask again for whatever waits, and remove files that no capture waits for."""
    with runtime.database.transaction(PLATFORM) as session:
        waiting = session.execute(_WAITING).all()
        for tenant_id in sorted({row.tenant_id for row in waiting}):
            _ask(session, tenant_id)
    wanted = {row.spool for row in waiting}
    folder = runtime.settings.data / "spool"
    oldest = time.time() - ORPHANED_AFTER.total_seconds()
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in wanted and path.stat().st_mtime < oldest:
            path.unlink(missing_ok=True)


TASKS: Final[tuple[Task, ...]] = (
    Task(WORK_TASK, work_off),
    Task(SWEEP_TASK, sweep, schedule="*/10 * * * *"),
)

_ACCEPT = text("""
INSERT INTO trace.capture (id, tenant_id, captured_at, created_at, actor, accepted, duplicate, behaviour,
    context, state, event_count, byte_count, spool, media_type, encoding)
VALUES (:id, :tenant_id, :now, :now, :actor, 0, 0, :behaviour, 'null', 'checking', :event_count, :byte_count,
    :spool, :media_type, :encoding)
""")
_NEXT = text("""
SELECT id, tenant_id, actor, behaviour, state, next_place, rejected, attempt_count, context, byte_count,
    media_type, encoding, spool
FROM trace.capture WHERE tenant_id = :tenant_id AND state IN ('checking', 'storing') ORDER BY id LIMIT 1
""")
_TRANSLATED = text("""
UPDATE trace.capture SET spool = :spool, event_count = :event_count
WHERE id = :id AND state = 'checking' AND spool = :was
""")
_BEGIN = text("UPDATE trace.capture SET attempt_count = attempt_count + 1 WHERE id = :id")
_MOVE = text("""
UPDATE trace.capture SET next_place = :end, attempt_count = 0, accepted = accepted + :accepted,
    duplicate = duplicate + :duplicate, rejected = rejected + :rejected,
    warned = warned + :warned,
    captured_at = coalesce(CAST(:at AS timestamptz), captured_at)
WHERE id = :id AND state = :state AND next_place = :place
""")
_BEGIN_STORING = text("""
UPDATE trace.capture SET state = 'storing', next_place = 0, attempt_count = 0,
    context = CAST(:context AS jsonb)
WHERE id = :id AND state = 'checking'
""")
_REJECTED = text("""
SELECT place FROM trace.capture_outcome
WHERE capture_id = :id AND outcome = 'rejected' AND place >= :place AND place < :end
""")
_HIDE = text("""
INSERT INTO trace.unfinished (capture_id, first_event_id, last_event_id, tenant_id, facts, listed)
VALUES (:id, :first, :last, :tenant_id, CAST(:facts AS jsonb), CAST(:listed AS jsonb))
""")
_HIDDEN = text("SELECT facts, listed FROM trace.unfinished WHERE capture_id = :id ORDER BY first_event_id")
_SEE_OWN = text("SELECT set_config('wuma.unfinished', :id, true)")
_SHOW = text("SELECT trace.show_unfinished(:id, :at)")
_DROP = text("SELECT trace.drop_unfinished(:id)")
_FINISH = text("""
UPDATE trace.capture SET state = 'finished', finished_at = :at, spool = NULL,
    captured_at = CASE WHEN :is_hidden THEN CAST(:at AS timestamptz) ELSE captured_at END
WHERE id = :id AND state = 'storing'
""")
_FAIL = text("""
UPDATE trace.capture SET state = 'failed', finished_at = :now, spool = NULL,
    failure = CAST(:failure AS jsonb),
    accepted = CASE behaviour WHEN 'rollback' THEN 0 ELSE accepted END
WHERE id = :id AND state IN ('checking', 'storing')
""")
_WAITING = text("SELECT tenant_id, spool FROM trace.capture WHERE state IN ('checking', 'storing')")
