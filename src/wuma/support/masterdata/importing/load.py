"""Taking in a file: recognise it, read it, check it, merge it; all of it, or nothing and the reasons why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
from wuma.support.masterdata.importing.source import Format, Record, Unreadable
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
    intake = _Intake(session, order, now)
    with session.begin_nested() as savepoint:
        try:
            intake.run(file, renew_scope, progress or _nobody_watches)
        except IntegrityError as error:
            if not isinstance(error.orig, UniqueViolation):
                raise
            raise Overtaken("Please import it again: what was made meanwhile will be updated.") from None
        if intake.faults.count or order.dry_run:
            savepoint.rollback()
    return intake.told()


class _Intake:
    """One file on its way in: what is known of it so far, and what is wrong with it."""

    def __init__(self, session: Session, order: ImportOrder, now: datetime) -> None:
        self.faults = Faults()
        self._session = session
        self._order = order
        self._now = now
        self._kind = _kind(session, order.kind)
        self._report = ImportReport(order.kind, order.dry_run)

    def run(self, file: IO[bytes], renew_scope: Callable[[], None], progress: Progress) -> None:
        """Go as far as the file allows; what stops it is among the faults."""
        try:
            self._run(file, renew_scope, progress)
        except Unreadable as unreadable:
            self._note(unreadable)

    def told(self) -> ImportReport:
        """Return the report, the faults by row."""
        report = self._report
        report.error_count = self.faults.count
        report.errors = sorted(self.faults.listed, key=lambda fault: fault.row or 0)
        report.applied = not self.faults.count and not self._order.dry_run
        if self.faults.count:
            report.created_count = report.updated_count = report.unchanged_count = 0
        return report

    def _run(self, file: IO[bytes], renew_scope: Callable[[], None], progress: Progress) -> None:
        report = self._report
        titles = Titles(self._kind.fields)
        source = open_source(file, self._order.declared, titles.known_count)
        report.format, report.encoding, report.sheet = source.format, source.encoding, source.sheet
        report.notes = source.notes
        records = self._until_unreadable(source.records)
        head = list(islice(records, HEADER_ROWS_MAX + SAMPLE_ROWS))
        if not head and self.faults.count:
            return
        header = titles.read(head[:HEADER_ROWS_MAX])
        report.columns = header.columns(self._kind.fields)
        report.ignored_columns = header.ignored()
        below = [record for record in head if record.row > header.row]
        self._check_columns(header, below)
        if self.faults.count:
            return
        report.row_count = stage(
            self._session,
            chain(below, records),
            header,
            self._kind.fields,
            file_format=source.format,
            faults=self.faults,
            progress=progress,
        )
        if not report.row_count:
            self.faults.add(None, None, expected="rows below the header", got="none")
        renew_scope()
        self._merge(header)

    def _merge(self, header: Header) -> None:
        merge = Merge(
            self._session, self._kind, header, self.faults, tenant_id=self._order.tenant_id, now=self._now
        )
        merge.check_rows()
        if self.faults.count:
            return  # a row that could not be read may be what another one refers to
        merge.check_references()
        if self.faults.count:
            return
        merged = merge.write()
        report = self._report
        report.created_count, report.updated_count = merged.created_count, merged.updated_count
        report.unchanged_count = report.row_count - merged.created_count - merged.updated_count
        merge.forget()

    def _check_columns(self, header: Header, below: Sequence[Record]) -> None:
        """Note columns that are missing, and those that hold something else than their titles say."""
        row = header.row or None
        fields = {field.name: field for field in self._kind.fields}
        misplaced = {found.field.name: found for found in find_misplaced(header, self._kind.fields, below)}
        for group in self._kind.needed:
            if not any(header.has(fields[name]) for name in group):
                wanted = " or ".join(str(fields[name].titles[0]) for name in group)
                found = misplaced.pop(group[0], None)
                hint = f"; its values seem to be in the column {found.seems_in!r}" if found else ""
                titles = ", ".join(text for text in header.texts if text)
                self.faults.add(row, None, expected=f"a column {wanted}{hint}", got=titles)
        for found in misplaced.values():
            expected = f"{found.field.titles[0]}; the values seem to be in the column {found.seems_in!r}"
            self.faults.add(row, found.column, expected=expected, got=found.example)

    def _until_unreadable(self, records: Iterator[Record]) -> Iterator[Record]:
        try:
            yield from records
        except Unreadable as unreadable:
            self._note(unreadable)

    def _note(self, unreadable: Unreadable) -> None:
        self.faults.add(unreadable.row, None, expected=unreadable.expected, got=unreadable.got)


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
