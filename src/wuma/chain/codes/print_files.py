"""Print files: ordered for a part of an order, made by a job, given out once, and then gone.

    queued ─▶ making ─▶ ready ─▶ released ─▶ purged        failed: made again on request
                          └────▶ expired                   expired: nobody came for it

The same codes in two files is how clones are born, so a second file for a code needs a reason, and an
index of the database lets no two first printings through, however they race.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from wuma.chain.codes import orders, receipts, transitions
from wuma.chain.codes.construction import epoch_of_unit
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.models import CodeOrder, PrintFile, RunRow
from wuma.chain.codes.sealed_file import SUFFIX, read_recipient
from wuma.chain.codes.transitions import OrderIsRevoked
from wuma.facts.codes import PrintFileReleased
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account
from wuma.kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.kernel.jobs import enqueue
from wuma.kernel.keys import Keyring

MAKE: Final = "codes.make_print_file"
"""The task that makes a file."""

PARTS_MAX: Final = 1_000
"""Files of one request: an order of 200 million in files of 200,000."""
RANGES_NAMED_MAX: Final = 5
TICKET_MINUTES: Final = 15
TICKET_BYTES: Final = 24


class Kind(StrEnum):
    """What is in a file."""

    ROWS = "rows"
    """A table of codes, for a machine that prints or marks."""
    SHEETS = "sheets"
    """Pages of QR symbols."""


class FileState(StrEnum):
    """Where in its life a file is."""

    QUEUED = "queued"
    MAKING = "making"
    READY = "ready"
    RELEASED = "released"
    """Given out; its bytes are kept for as long as the ticket lives."""
    PURGED = "purged"
    """Given out, and its bytes are gone."""
    EXPIRED = "expired"
    """Never given out; its bytes are gone."""
    FAILED = "failed"


NEVER_LEFT: Final = (FileState.FAILED, FileState.EXPIRED)
"""States in which no byte of a file has been given out or ever will be: its codes are free."""


ENDED: Final = (CodeState.VOID, CodeState.SCRAPPED, CodeState.DESTROYED)
"""States from which no code comes back: a label with it would be refused on every line."""


class AlreadyInPrintFile(Refusal):
    """These codes are in a print file already; printing them again needs a reason."""

    slug = "already-in-print-file"


class NotReady(Refusal):
    """The print file cannot be given out."""

    slug = "print-file-not-ready"


class AlreadyReleased(Refusal):
    """The print file was given out before, and is given out once."""

    slug = "print-file-already-released"


class ContentGone(Refusal):
    """The content of this print file is no longer here."""

    status = HTTPStatus.GONE
    slug = "print-file-gone"


class CodesEnded(Refusal):
    """Some of these codes can be on no item any more."""

    slug = "codes-ended"


class NotRetriable(Refusal):
    """Only a print file that failed can be made again."""

    slug = "print-file-not-failed"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets a file: a name to show, the key it is encrypted to, and the account that may fetch it."""

    name: str
    public_key: str
    account: UUID | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The files somebody asks for: codes `first` to `last` of an order by running numbers, both included."""

    order_id: int
    first: int
    last: int | None
    codes_per_file: int | None
    kind: Kind
    layout: Mapping[str, Any]
    recipient: Recipient
    reprint_reason: str | None


def order_files(
    session: Session, keyring: Keyring, wanted: Wanted, *, actor: str, now: datetime
) -> list[PrintFile]:
    """Order print files and have them made.

    Raises:
        InvalidInput: the range, the key or the account is no good.
        AlreadyInPrintFile: some of the codes are in a file, and no reason is given to print them again.
        CodesEnded: some of the codes are void, scrapped or destroyed.
        OrderIsRevoked, EpochRevoked: the codes are burnt.
    """
    # Locked, so that two requests about the same codes see each other's files.
    order = orders.get(session, wanted.order_id, lock=True)
    _require_live(order, keyring)
    ranges = _ranges(order, wanted)
    key = str(read_recipient(wanted.recipient.public_key, "/recipient_public_key"))
    if wanted.recipient.account is not None:
        _require_vendor(session, wanted.recipient.account, order.tenant_id)
    overlapping = _overlapping(session, order, ranges[0].first, ranges[-1].last)
    if overlapping and not wanted.reprint_reason:
        raise _already_in(order, overlapping)
    _require_usable(session, order, ranges[0].first, ranges[-1].last)
    # Sorted, because those of one millisecond are not: files are listed by id, and parts have an order.
    file_ids = sorted(uuid7() for _ in ranges)
    files = [
        PrintFile(
            id=file_ids[part - 1],
            tenant_id=order.tenant_id,
            order_id=order.id,
            kind=wanted.kind.value,
            part=part,
            part_count=len(ranges),
            first_unit=item.first,
            last_unit=item.last,
            layout=dict(wanted.layout),
            recipient_name=wanted.recipient.name,
            recipient_public_key=key,
            recipient_account=wanted.recipient.account,
            # Only on a second printing: a first one that gave a reason must still be the only first one.
            reprint_reason=wanted.reprint_reason if _touches(item, overlapping) else None,
            state=FileState.QUEUED.value,
            progress_at=now,
            ordered_at=now,
            ordered_by=actor,
        )
        for part, item in enumerate(ranges, 1)
    ]
    session.add_all(files)
    session.flush()
    for file in files:
        _enqueue(session, file)
    return files


def make_again(session: Session, keyring: Keyring, file_id: UUID, *, now: datetime) -> PrintFile:
    """Have a file that failed made again.

    Raises:
        NotRetriable: it did not fail.
        AlreadyInPrintFile: its codes have gone into another file meanwhile.
    """
    file = get(session, file_id)
    order = orders.get(session, file.order_id, lock=True)
    session.refresh(file, with_for_update=True)
    if file.state != FileState.FAILED:
        raise NotRetriable(f"Print file {file.id} is {file.state}.", state=file.state)
    _require_live(order, keyring)
    overlapping = _overlapping(session, order, file.first_unit, file.last_unit)
    if overlapping and file.reprint_reason is None:
        raise _already_in(order, overlapping)
    file.state, file.failure, file.made_count, file.progress_at = FileState.QUEUED.value, None, 0, now
    session.flush()
    _enqueue(session, file)
    return file


def get(session: Session, file_id: UUID, *, only_for: UUID | None = None) -> PrintFile:
    """Return a file; with `only_for`, only one that is addressed to this account."""
    file = session.scalar(visible(only_for).where(PrintFile.id == file_id))
    if file is None:
        raise NotFound(f"Print file {file_id}: there is none.")
    return file


def visible(only_for: UUID | None) -> Select[PrintFile]:
    """Return the query of all files that somebody may see: a vendor, those addressed to its account."""
    query = select(PrintFile)
    return query if only_for is None else query.where(PrintFile.recipient_account == only_for)


# ---- giving out ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Released:
    """A file that was given out just now, and the ticket to fetch it with, which is shown this once."""

    file: PrintFile
    ticket: str


def release(
    session: Session,
    keyring: Keyring,
    file_id: UUID,
    *,
    account: UUID,
    only_for: UUID | None,
    server: str,
    folder: Path,
    now: datetime,
) -> Released:
    """Give a file out to an account: once, whoever else asks at the same time.

    Its codes are encoded from now on, and the receipt is signed, all in this transaction.

    Raises:
        Forbidden: it is addressed to somebody else.
        AlreadyReleased, NotReady: it was given out, or cannot be.
        OrderIsRevoked: the order has been burnt since.
    """
    file = get(session, file_id, only_for=only_for)
    if file.recipient_account not in {None, account}:
        raise Forbidden(f"Print file {file.id} is for {file.recipient_name}.")
    order = orders.get(session, file.order_id, lock=True)
    session.refresh(file, with_for_update=True)
    if file.state != FileState.READY:
        raise _not_released(file)
    if not content_path(folder, file.id).is_file():
        raise NotReady(
            f"Print file {file.id}: its content is not on this server. Order it again, with a reason."
        )
    actor = f"account:{account}"
    claims = receipt_claims(file, order, account=account, server=server, now=now)
    ticket = secrets.token_urlsafe(TICKET_BYTES)
    file.state = FileState.RELEASED.value
    file.released_at, file.released_to = now, actor
    file.ticket_hash, file.ticket_until = _ticket_hash(ticket), now + timedelta(minutes=TICKET_MINUTES)
    file.receipt = {"claims": claims, "jws": receipts.sign(keyring, claims)}
    session.flush()
    asked = transitions.Asked(
        ranges=[UnitRange(file.first_unit, file.last_unit)],
        to=CodeState.ENCODED,
        batch_id=None,
        at=now,
        actor=actor,
        reason=f"print file {file.id}",
    )
    transitions.change(session, asked, now=now)
    publish(
        session,
        PrintFileReleased(
            tenant_id=file.tenant_id,
            print_file_id=file.id,
            order_id=file.order_id,
            first_unit=file.first_unit,
            last_unit=file.last_unit,
        ),
    )
    return Released(file, ticket)


def receipt_claims(
    file: PrintFile, order: CodeOrder, *, account: UUID, server: str, now: datetime
) -> dict[str, Any]:
    """Return what a receipt says; numbers are those of the order, 1 is its first code."""
    return {
        "print_file_id": str(file.id),
        "order_id": order.id,
        "kind": file.kind,
        "gtin": order.gtin,
        "first_number": file.first_unit - order.first_unit + 1,
        "last_number": file.last_unit - order.first_unit + 1,
        "count": file.count,
        "reprint_reason": file.reprint_reason,
        "sha256": None if file.sha256 is None else file.sha256.hex(),
        "size_bytes": file.size_bytes,
        "recipient_name": file.recipient_name,
        "recipient_public_key": file.recipient_public_key,
        "released_to": str(account),
        "released_at": now.isoformat(),
        "server": server,
    }


def content_for(file: PrintFile, ticket: str, *, account: UUID, folder: Path, now: datetime) -> Path:
    """Return the content of a released file to whoever holds its ticket.

    Again and again while the ticket lives, so that a download which broke can go on.

    Raises:
        NotReady: it has not been released.
        Forbidden: this is not its ticket, or not the account it was released to.
        ContentGone: the ticket's time is over.
    """
    if file.ticket_hash is None or file.ticket_until is None:
        raise NotReady(f"Print file {file.id} is {file.state}: release it first.", state=file.state)
    if not hmac.compare_digest(_ticket_hash(ticket), file.ticket_hash):
        raise Forbidden("This is not the ticket of this print file.")
    if file.released_to != f"account:{account}":
        raise Forbidden("This print file was released to another account.")
    path = content_path(folder, file.id)
    if file.state != FileState.RELEASED or now > file.ticket_until or not path.is_file():
        raise ContentGone(
            f"Print file {file.id} could be fetched until {file.ticket_until.isoformat()}."
            " What was not fetched is ordered again, with a reason.",
            ticket_until=file.ticket_until.isoformat(),
        )
    return path


def content_path(folder: Path, file_id: UUID) -> Path:
    """Return where the content of a file is kept."""
    return folder / f"{file_id}{SUFFIX}"


def server_name(public_url: str) -> str:
    """Return the name this installation signs receipts with.

    >>> server_name("https://id.example.cn/")
    'id.example.cn'
    """
    return urlsplit(public_url).netloc


# ---- helpers ---------------------------------------------------------------------------------------------


def _require_live(order: CodeOrder, keyring: Keyring) -> None:
    if order.revoked_at is not None:
        raise OrderIsRevoked(f"Order {order.id} was revoked: {order.revoked_reason}", order_id=order.id)
    keyring.epoch_key(epoch_of_unit(order.first_unit))  # refuses a revoked epoch


def _ranges(order: CodeOrder, wanted: Wanted) -> list[UnitRange]:
    last = order.quantity if wanted.last is None else wanted.last
    if not 1 <= wanted.first <= last <= order.quantity:
        expected = f"running numbers from 1 to {order.quantity}, the first before the last"
        raise InvalidInput(
            f"The codes of order {order.id}.", [FieldError("/first", expected, f"{wanted.first} to {last}")]
        )
    size = wanted.codes_per_file or last - wanted.first + 1
    starts = range(wanted.first, last + 1, size)
    if len(starts) > PARTS_MAX:
        fault = FieldError("/codes_per_file", f"a size that makes at most {PARTS_MAX} files", str(size))
        raise InvalidInput(f"These would be {len(starts)} files.", [fault])
    before = order.first_unit - 1
    return [UnitRange(before + start, before + min(start + size - 1, last)) for start in starts]


def _require_vendor(session: Session, account_id: UUID, tenant_id: int) -> None:
    account = session.get(Account, account_id)
    if (
        account is None
        or account.tenant_id != tenant_id
        or account.disabled_at is not None
        or Role.PRINTING_VENDOR not in account.roles
    ):
        fault = FieldError(
            "/recipient_account", "an account of this brand with the role printing_vendor", str(account_id)
        )
        raise InvalidInput("The recipient's account.", [fault])


def _require_usable(session: Session, order: CodeOrder, first_unit: int, last_unit: int) -> None:
    query = (
        select(RunRow)
        .where(
            RunRow.order_id == order.id,
            RunRow.first_unit <= last_unit,
            RunRow.last_unit >= first_unit,
            RunRow.state.in_([state.value for state in ENDED]),
        )
        .order_by(RunRow.first_unit)
        .limit(RANGES_NAMED_MAX)
    )
    before = order.first_unit - 1
    if ended := [
        {
            "first_number": max(run.first_unit, first_unit) - before,
            "last_number": min(run.last_unit, last_unit) - before,
            "state": run.state,
        }
        for run in session.scalars(query)
    ]:
        numbers = f"{ended[0]['first_number']} to {ended[0]['last_number']}"
        raise CodesEnded(
            f"Codes {numbers} of order {order.id} are {ended[0]['state']}. Leave them out.", ended=ended
        )


def _overlapping(session: Session, order: CodeOrder, first_unit: int, last_unit: int) -> Sequence[PrintFile]:
    units = func.int8range(first_unit, last_unit, "[]")
    query = select(PrintFile).where(
        func.int8range(PrintFile.first_unit, PrintFile.last_unit, "[]").op("&&")(units),
        PrintFile.order_id == order.id,
        _may_leave(),
    )
    return session.scalars(query.order_by(PrintFile.first_unit, PrintFile.id)).all()


def _may_leave() -> ColumnElement[bool]:
    return PrintFile.state.not_in([state.value for state in NEVER_LEFT])


def _touches(item: UnitRange, files: Sequence[PrintFile]) -> bool:
    return any(file.first_unit <= item.last and file.last_unit >= item.first for file in files)


def _already_in(order: CodeOrder, overlapping: Sequence[PrintFile]) -> AlreadyInPrintFile:
    before = order.first_unit - 1
    named = [
        {
            "print_file_id": str(file.id),
            "first_number": file.first_unit - before,
            "last_number": file.last_unit - before,
            "recipient_name": file.recipient_name,
            "state": file.state,
        }
        for file in overlapping[:RANGES_NAMED_MAX]
    ]
    first = named[0]
    return AlreadyInPrintFile(
        f"Codes {first['first_number']} to {first['last_number']} of order {order.id} are in print file"
        f" {first['print_file_id']} for {first['recipient_name']} ({first['state']})."
        " To print codes a second time, give a reprint_reason.",
        overlapping=named,
        overlapping_count=len(overlapping),
    )


def _not_released(file: PrintFile) -> Refusal:
    if file.released_at is not None:
        return AlreadyReleased(
            f"Print file {file.id} was released at {file.released_at.isoformat()}.",
            released_at=file.released_at.isoformat(),
        )
    return NotReady(f"Print file {file.id} is {file.state}.", state=file.state)


def _enqueue(session: Session, file: PrintFile) -> None:
    arguments = {"tenant_id": file.tenant_id, "print_file_id": str(file.id)}
    # One file of an order at a time: they are made for one machine, which begins with the first.
    enqueue(session, MAKE, arguments, one_at_a_time=f"{MAKE}:{file.order_id}")


def _ticket_hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
