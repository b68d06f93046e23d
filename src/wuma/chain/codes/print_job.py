"""The job that makes a print file, and the one that tidies up after them.

A file is written beside its place under the name of the *attempt*, synced, and renamed under the lock of its
row, in the transaction that says it is ready. Whoever starts an attempt takes the file over: an attempt that
was thought dead and is not finds that out at its next sign of progress, and its bytes are never taken. So a
job may be killed anywhere, run again, and run twice at once: there is one good file, or none.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.labels import TenantDirectory
from wuma.chain.codes.models import PrintFile
from wuma.chain.codes.print_files import FileState, Kind, content_path
from wuma.chain.codes.print_rows import Rows, WrongRow
from wuma.chain.codes.print_template import Template
from wuma.chain.codes.sealed_file import Buffer, Sealed, read_recipient, seal, sealed_bytes_max
from wuma.chain.codes.sheets import SheetLayout, WrongSymbol, make_sheets
from wuma.chain.codes.transitions import OrderIsRevoked
from wuma.kernel import telemetry
from wuma.kernel.clock import utc_now
from wuma.kernel.errors import Refusal
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM, Scope

PROGRESS_SECONDS: Final = 2.0
ROOM_BYTES_MIN: Final = 1 << 30
"""What a file leaves free on the disk: the database may be there too, and must not be what fails."""
FETCH_DAYS: Final = 30
"""How long a file waits for its recipient."""
PURGE_MINUTES: Final = 5
"""Between the end of a ticket and the end of the bytes: a request that came in time still finds them."""
STALLED_HOURS: Final = 24
"""A file nobody has worked on for so long will not be made: the queue tries twelve times in 2.3 hours."""
STRAY_HOURS: Final = 24
TIDIED_AT_ONCE: Final = 500

log = telemetry.logger(__name__)


class NoRoom(Refusal):
    """There is not enough room on the disk for the print file."""

    slug = "no-room"


class Superseded(Exception):
    """Another attempt makes this file now."""


@dataclass(frozen=True, slots=True)
class _Work:
    """A file to be made by this attempt."""

    file: PrintFile
    order: OrderEntry
    attempt: UUID
    scope: Scope


def folder_of(runtime: Runtime) -> Path:
    """Return the folder of print files."""
    return runtime.blobs / "print-files"


def make(runtime: Runtime, *, tenant_id: int, print_file_id: str) -> None:
    """Make a print file; nothing when it has been made. What cannot be made says why in its row."""
    work = _begin(runtime, UUID(print_file_id), Scope.of(tenant_id))
    if work is None:
        return
    draft = _draft_path(folder_of(runtime), work)
    started = time.monotonic()
    try:
        sealed = _write(runtime, work, draft)
        _finish(runtime, work, draft, sealed)
    except Superseded:
        log.info("codes.print_file_superseded", print_file_id=print_file_id)
    except (Refusal, WrongRow, WrongSymbol, OSError) as failure:
        log.error("codes.print_file_failed", print_file_id=print_file_id, failure=type(failure).__name__)
        _fail(runtime, work, _told(failure))
    else:
        seconds = time.monotonic() - started
        log.info(
            "codes.print_file_made",
            print_file_id=print_file_id,
            code_count=work.file.count,
            size_bytes=sealed.size_bytes,
            seconds=round(seconds, 1),
        )
    finally:
        draft.unlink(missing_ok=True)


def tidy(runtime: Runtime) -> None:
    """End what is over: bytes that were given out or never fetched, jobs that stalled, drafts left behind."""
    now = utc_now()
    folder = folder_of(runtime)
    released = (
        PrintFile.state == FileState.RELEASED,
        PrintFile.ticket_until < now - timedelta(minutes=PURGE_MINUTES),
    )
    _end_each(runtime, folder, released, FileState.PURGED)
    unfetched = (PrintFile.state == FileState.READY, PrintFile.ready_at < now - timedelta(days=FETCH_DAYS))
    _end_each(runtime, folder, unfetched, FileState.EXPIRED)
    with runtime.database.transaction(PLATFORM) as session:
        session.execute(
            update(PrintFile)
            .where(
                PrintFile.state.in_([FileState.QUEUED, FileState.MAKING]),
                PrintFile.progress_at < now - timedelta(hours=STALLED_HOURS),
            )
            .values(
                state=FileState.FAILED,
                attempt=None,
                failure=f"Nobody worked on it for {STALLED_HOURS} hours. Start a worker and try again.",
            )
        )
    _remove_strays(runtime, folder, now)


# ---- making ----------------------------------------------------------------------------------------------


def _begin(runtime: Runtime, file_id: UUID, scope: Scope) -> _Work | None:
    """Take a file over, whoever had it before."""
    attempt = uuid7()
    # Orders are placed, and epochs revoked, by other processes.
    runtime.keyring.reload()
    with runtime.database.transaction(scope) as session:
        file = session.scalar(
            update(PrintFile)
            .where(PrintFile.id == file_id, PrintFile.state.in_([FileState.QUEUED, FileState.MAKING]))
            .values(state=FileState.MAKING, attempt=attempt, made_count=0, progress_at=utc_now())
            .returning(PrintFile)
        )
        if file is None:
            return None
        order = TenantDirectory(session).order_of(file.first_unit)
        assert order is not None, file.order_id
    for draft in folder_of(runtime).glob(f"{file_id}.*.draft"):
        draft.unlink(missing_ok=True)
    return _Work(file, order, attempt, scope)


def _write(runtime: Runtime, work: _Work, draft: Path) -> Sealed:
    if work.order.is_revoked:
        raise OrderIsRevoked(f"Order {work.order.id} was revoked.", order_id=work.order.id)
    draft.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    recipient = read_recipient(work.file.recipient_public_key, "/recipient_public_key")
    progress = _Progress(runtime, work)
    if work.file.kind == Kind.SHEETS:
        chunks: Iterator[Buffer] = _sheets(runtime, work, progress)
    else:
        chunks = _rows(runtime, work, draft.parent, progress)
    return seal(chunks, draft, recipient)


def _rows(runtime: Runtime, work: _Work, folder: Path, progress: _Progress) -> Iterator[Buffer]:
    template = Template.model_validate(work.file.layout)
    rows = Rows(template, work.order, runtime.keyring, public_url=runtime.settings.public_url)
    _require_room(folder, sealed_bytes_max(len(rows.preamble) + work.file.count * rows.row_bytes))
    yield rows.preamble
    made_count = 0
    for chunk in rows.chunks(work.file.first_unit, work.file.last_unit):
        yield chunk.reshape(-1).data
        made_count += len(chunk)
        progress(made_count)


def _sheets(runtime: Runtime, work: _Work, progress: _Progress) -> Iterator[Buffer]:
    yield make_sheets(
        SheetLayout.model_validate(work.file.layout),
        work.order,
        runtime.keyring,
        first_unit=work.file.first_unit,
        last_unit=work.file.last_unit,
        public_url=runtime.settings.public_url,
        progress=progress,
    )


def _finish(runtime: Runtime, work: _Work, draft: Path, sealed: Sealed) -> None:
    """Put the file in its place and say so, or neither."""
    with runtime.database.transaction(work.scope) as session:
        # Under the lock of its row, so that an attempt which takes over sees the place before or after.
        mine = session.scalar(
            select(PrintFile)
            .where(PrintFile.id == work.file.id, PrintFile.attempt == work.attempt)
            .with_for_update()
        )
        if mine is None:
            raise Superseded
        assert draft.stat().st_size == sealed.size_bytes, draft
        draft.rename(content_path(draft.parent, work.file.id))
        _sync_folder(draft.parent)
        mine.state = FileState.READY.value
        mine.attempt = None
        mine.made_count = mine.count
        mine.size_bytes, mine.sha256 = sealed.size_bytes, sealed.sha256
        mine.ready_at = mine.progress_at = utc_now()


def _fail(runtime: Runtime, work: _Work, reason: str) -> None:
    with runtime.database.transaction(work.scope) as session:
        session.execute(
            update(PrintFile)
            .where(PrintFile.id == work.file.id, PrintFile.attempt == work.attempt)
            .values(state=FileState.FAILED, failure=reason, attempt=None)
        )


class _Progress:
    """Writes down how far an attempt is, every so often, and finds out when another has taken over."""

    def __init__(self, runtime: Runtime, work: _Work) -> None:
        self._runtime = runtime
        self._work = work
        self._told_at = time.monotonic()

    def __call__(self, made_count: int) -> None:
        if time.monotonic() - self._told_at < PROGRESS_SECONDS:
            return
        with self._runtime.database.transaction(self._work.scope) as session:
            mine = session.scalar(
                update(PrintFile)
                .where(PrintFile.id == self._work.file.id, PrintFile.attempt == self._work.attempt)
                .values(made_count=made_count, progress_at=utc_now())
                .returning(PrintFile.id)
            )
        if mine is None:
            raise Superseded
        self._told_at = time.monotonic()


def _require_room(folder: Path, needed_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes + ROOM_BYTES_MIN:
        raise NoRoom(
            f"{folder}: the file needs {_gigabytes(needed_bytes)} and {_gigabytes(ROOM_BYTES_MIN)} must stay"
            f" free, but only {_gigabytes(free_bytes)} are. Make room and try again."
        )


def _told(failure: Exception) -> str:
    """Return what people can do something about."""
    match failure:
        case Refusal():
            return failure.detail
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            return f"The disk is full ({failure.filename or 'print files'}). Make room and try again."
        case OSError():
            return f"The file could not be written: {failure}. Look after the disk and try again."
        case _:
            return f"{failure}. Nothing went out; please report this, it is our mistake or a faulty machine."


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB"


def _draft_path(folder: Path, work: _Work) -> Path:
    return folder / f"{work.file.id}.{work.attempt}.draft"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# ---- tidying ---------------------------------------------------------------------------------------------


def _end_each(runtime: Runtime, folder: Path, over: tuple[ColumnElement[bool], ...], to: FileState) -> None:
    """End the files that meet a condition, each in a transaction of its own."""
    with runtime.database.transaction(PLATFORM) as session:
        query = select(PrintFile.id).where(*over).order_by(PrintFile.id).limit(TIDIED_AT_ONCE)
        file_ids = session.scalars(query).all()
    for file_id in file_ids:
        with runtime.database.transaction(PLATFORM) as session:
            # The condition again: somebody may have released it this very moment.
            ended = session.scalar(
                update(PrintFile)
                .where(PrintFile.id == file_id, *over)
                .values(state=to)
                .returning(PrintFile.id)
            )
            if ended is not None:
                content_path(folder, file_id).unlink(missing_ok=True)
                log.info("codes.print_file_ended", print_file_id=str(file_id), state=to.value)


def _remove_strays(runtime: Runtime, folder: Path, now: datetime) -> None:
    """Remove what no row answers for: drafts of dead attempts, content of files that have ended."""
    if not folder.is_dir():
        return
    before = (now - timedelta(hours=STRAY_HOURS)).timestamp()
    old = {path for path in folder.iterdir() if path.stat().st_mtime < before}
    with runtime.database.transaction(PLATFORM) as session:
        held = PrintFile.state.in_([FileState.READY, FileState.RELEASED])
        kept = {
            content_path(folder, file_id) for file_id in session.scalars(select(PrintFile.id).where(held))
        }
    for path in sorted(old - kept):
        path.unlink(missing_ok=True)
        log.info("codes.stray_file_removed", file=path.name)
