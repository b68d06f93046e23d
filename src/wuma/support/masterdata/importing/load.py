"""Taking in a file: recognise it, read it, check it, merge it; all of it, or nothing and the reasons why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final

from psycopg.errors import UniqueViolation
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wuma.kernel.auth.models import Tenant
from wuma.kernel.db import Database
from wuma.kernel.errors import NotFound, Refusal
from wuma.kernel.tenancy import PLATFORM, Scope
from wuma.support.masterdata.importing.detect import declared_format, open_source
from wuma.support.masterdata.importing.header import (
    HEADER_ROWS_MAX,
    SAMPLE_ROWS,
    Header,
    Titles,
    find_misplaced,
)
from wuma.support.masterdata.importing.kind import ImportKind, Kind
from wuma.support.masterdata.importing.merge import Merge
from wuma.support.masterdata.importing.partners import partners
from wuma.support.masterdata.importing.products import PRODUCTS
from wuma.support.masterdata.importing.report import Faults, ImportReport
from wuma.support.masterdata.importing.sites import LINES, sites
from wuma.support.masterdata.importing.source import Format, Record, Unreadable, is_blank
from wuma.support.masterdata.importing.stage import Progress, stage
from wuma.support.masterdata.regions import region_names

STATEMENT_TIMEOUT_MS: Final = 900_000  # a million rows take 20 s on a good day; a COPY waits for our reading
WORK_MEMORY_MB: Final = 64  # sorts a million GTINs in memory; one import of a tenant runs at a time

_ONE_AT_A_TIME: Final = 0x77756D63  # the advisory lock under which a tenant imports


class ImportRefused(Refusal):
    """The file has errors; nothing was imported."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "import-refused"

    def __init__(self, report: ImportReport) -> None:
        super().__init__(f"{report.error_count} error(s); nothing was imported.", **asdict(report))


class ImportUnderWay(Refusal):
    """Another import of this tenant is running."""

    slug = "import-under-way"


class Overtaken(Refusal):
    """Somebody made one of these things meanwhile."""

    slug = "import-overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOrder:
    """What to do with a file."""

    tenant_id: int
    kind: ImportKind
    declared: Format | None = None
    """The format it is said to be in."""
    dry_run: bool = False
    """Only say what would come of it."""


def import_file(
    database: Database,
    path: Path,
    kind: ImportKind,
    *,
    tenant_slug: str,
    dry_run: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> ImportReport:
    """Take in a file of this machine for a tenant; `progress` is told the rows read so far.

    Raises:
        NotFound: when there is no such tenant.
        OSError: when the file cannot be opened.
    """
    with database.transaction(PLATFORM) as session:
        tenant_id = session.scalar(select(Tenant.id).where(Tenant.slug == tenant_slug))
    if tenant_id is None:
        raise NotFound(f"Tenant {tenant_slug!r}: there is none.")
    scope = Scope.of(tenant_id)
    order = ImportOrder(tenant_id=tenant_id, kind=kind, declared=declared_format(path.name), dry_run=dry_run)
    with path.open("rb") as file, database.transaction(scope) as session:
        return take_in(
            session,
            file,
            order,
            now=now,
            renew_scope=lambda: database.narrow(session, scope),
            progress=progress or _nobody_watches,
        )


def take_in(
    session: Session,
    file: IO[bytes],
    order: ImportOrder,
    *,
    now: datetime,
    renew_scope: Callable[[], None],
    progress: Progress | None = None,
) -> ImportReport:
    """Take in a file in the caller's transaction; with errors, and in a dry run, nothing is left of it.

    `renew_scope` is called when the file has been read: by then, the transaction's token may be old.

    Raises:
        ImportUnderWay: when this tenant is importing already.
        Overtaken: when somebody made one of the things at the same time; the next try will change it.
    """
    session.execute(
        text(
            f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS};"
            f" SET LOCAL work_mem = '{WORK_MEMORY_MB}MB'; SET LOCAL jit = off"
        )
    )
    _be_the_only_one(session, order.tenant_id)
    report, faults = ImportReport(order.kind, order.dry_run), Faults()
    kind = _kind(session, order.kind)
    with session.begin_nested() as savepoint:
        try:
            _take_in(
                session, file, order, kind, report, faults, now, renew_scope, progress or _nobody_watches
            )
        except Unreadable as unreadable:
            faults.add(unreadable.row, None, expected=unreadable.expected, got=unreadable.got)
        except IntegrityError as error:
            if not isinstance(error.orig, UniqueViolation):
                raise
            raise Overtaken(
                "Please import the file again: what was made meanwhile will be updated."
            ) from None
        if faults.count or order.dry_run:
            savepoint.rollback()
    report.error_count = faults.count
    report.errors = sorted(faults.listed, key=lambda fault: fault.row or 0)
    report.applied = not faults.count and not order.dry_run
    if faults.count:
        report.created_count = report.updated_count = report.unchanged_count = 0
    return report


def _take_in(
    session: Session,
    file: IO[bytes],
    order: ImportOrder,
    kind: Kind,
    report: ImportReport,
    faults: Faults,
    now: datetime,
    renew_scope: Callable[[], None],
    progress: Progress,
) -> None:
    titles = Titles(kind.fields)
    source = open_source(file, order.declared, titles.known_count)
    report.format, report.encoding, report.sheet = source.format, source.encoding, source.sheet
    report.notes = source.notes
    records = _until_unreadable(source.records, faults)
    head = list(islice(records, HEADER_ROWS_MAX + SAMPLE_ROWS))
    if not head and faults.count:
        return
    header = titles.read(head[:HEADER_ROWS_MAX])
    report.columns = header.columns(kind.fields)
    report.ignored_columns = header.ignored()
    below = [record for record in head if record.row > header.row]
    if not _columns_are_right(header, kind, below, faults):
        return
    if all(is_blank(record.cells) for record in below):
        faults.add(None, None, expected="rows below the header", got="none")
        return
    report.row_count = stage(
        session,
        chain(below, records),
        header,
        kind.fields,
        file_format=source.format,
        faults=faults,
        progress=progress,
    )
    renew_scope()
    merge = Merge(session, kind, header, faults, tenant_id=order.tenant_id, now=now)
    merge.check_rows()
    if faults.count:
        return
    merge.check_references()
    if faults.count:
        return
    merged = merge.write()
    report.created_count, report.updated_count = merged.created_count, merged.updated_count
    report.unchanged_count = report.row_count - merged.created_count - merged.updated_count
    merge.forget()


def _columns_are_right(header: Header, kind: Kind, below: list[Record], faults: Faults) -> bool:
    """Whether the columns are there and hold what their titles say; if not, the rows need not be read."""
    fields = {field.name: field for field in kind.fields}
    misplaced = {found.field.name: found for found in find_misplaced(header, kind.fields, below)}
    for group in kind.needed:
        if not any(header.has(fields[name]) for name in group):
            wanted = " or ".join(str(fields[name].titles[0]) for name in group)
            found = misplaced.pop(group[0], None)
            hint = f"; its values seem to be in the column {found.seems_in!r}" if found else ""
            titles = ", ".join(text for text in header.texts if text)
            faults.add(header.row or None, None, expected=f"a column {wanted}{hint}", got=titles)
    for found in misplaced.values():
        expected = f"{found.field.titles[0]}; the values seem to be in the column {found.seems_in!r}"
        faults.add(header.row or None, found.column, expected=expected, got=found.example)
    return not faults.count


def _until_unreadable(records: Iterator[Record], faults: Faults) -> Iterator[Record]:
    try:
        yield from records
    except Unreadable as unreadable:
        faults.add(unreadable.row, None, expected=unreadable.expected, got=unreadable.got)


def _be_the_only_one(session: Session, tenant_id: int) -> None:
    is_ours = session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:key, CAST(:tenant_id AS integer))"),
        {"key": _ONE_AT_A_TIME, "tenant_id": tenant_id % 2**31},
    )
    if not is_ours:
        raise ImportUnderWay("Please wait until it has ended.")


def _kind(session: Session, kind: ImportKind) -> Kind:
    match kind:
        case ImportKind.PRODUCTS:
            return PRODUCTS
        case ImportKind.SITES:
            return sites(region_names(session))
        case ImportKind.LINES:
            return LINES
        case ImportKind.PARTNERS:
            return partners(region_names(session))


def _nobody_watches(_row_count: int) -> None:
    pass
