"""Taking in a file of entries: a row for each item of a batch; all of it, or nothing and every fault by row.

Titles may be Chinese or English, in any order, in any encoding that the importing desk reads. A row whose
words stand already changes nothing, so a file may be sent twice. A row that corrects what stands says why.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import IO, Final, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from wuma.chain.codes.facade import batches_numbered
from wuma.chain.dossier.entries import Draft, ReasonMissing, read_draft, record
from wuma.chain.dossier.names import BatchName, named
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.support.masterdata.facade import (
    Faults,
    Format,
    ImportReport,
    Record,
    Unreadable,
    is_blank,
    open_source,
    products,
)
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gtin

ROWS_MAX: Final = 20_000
"""Some 130 items a batch: the dossiers of a month of a large factory."""
HEADER_ROWS_MAX: Final = 10

TITLES: Final[dict[str, tuple[str, ...]]] = {
    "lot": ("批号", "batch number", "batch", "lot", "生产批号", "批次"),
    "gtin": ("商品条码", "gtin", "条码", "69码"),
    "item": ("项目", "item", "记录项目", "检验项目"),
    "subject": ("对象", "subject", "物料批次", "物料批号", "设备", "岗位", "material lot"),
    "value": ("值", "value", "结果", "result", "检验结果", "记录值"),
    "unit": ("单位", "unit"),
    "least": ("下限", "min", "minimum", "least"),
    "most": ("上限", "max", "maximum", "most"),
    "method": ("方法", "method", "检验方法"),
    "instrument": ("仪器", "instrument", "仪器编号"),
    "operator": ("人员", "operator", "person", "记录人", "检验人", "操作人"),
    "measured_at": ("时间", "time", "measured at", "检测时间", "记录时间"),
    "reason": ("更正原因", "reason", "reason for correction", "原因"),
}
NEEDED: Final = ("lot", "item", "value")


class EntriesRefused(Refusal):
    """The file has errors; nothing was imported."""

    status = InvalidInput.status
    slug = "import-refused"

    def __init__(self, report: ImportReport) -> None:
        super().__init__(f"{report.error_count} error(s); nothing was entered.", **asdict(report))


@dataclass(slots=True)
class _Row:
    number: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class _Batch:
    name: BatchName
    drafts: list[Draft] = field(default_factory=list)
    rows: dict[tuple[str, str], int] = field(default_factory=dict)


class _Lot(NamedTuple):
    lot: str
    gtin: str


def take_in(
    session: Session,
    file: IO[bytes],
    declared: Format | None,
    *,
    dry_run: bool,
    actor: str,
    now: datetime,
) -> ImportReport:
    """Take in a file in the caller's transaction; with errors, and in a dry run, nothing is left of it."""
    report, faults = ImportReport("dossier", dry_run), Faults()
    with session.begin_nested() as savepoint:
        try:
            _take_in(session, file, declared, report, faults, actor=actor, now=now)
        except Unreadable as unreadable:
            faults.add(unreadable.row, None, expected=unreadable.expected, got=unreadable.got)
        if faults.count or dry_run:
            savepoint.rollback()
    report.error_count = faults.count
    report.errors = sorted(faults.listed, key=lambda fault: fault.row or 0)
    report.applied = not faults.count and not dry_run
    if faults.count:
        report.created_count = report.updated_count = report.unchanged_count = 0
    return report


def _take_in(
    session: Session,
    file: IO[bytes],
    declared: Format | None,
    report: ImportReport,
    faults: Faults,
    *,
    actor: str,
    now: datetime,
) -> None:
    source = open_source(file, declared, lambda titles: len(_columns(titles)))
    report.format, report.encoding, report.sheet = source.format, source.encoding, source.sheet
    report.notes = source.notes
    records = iter(source.records)
    columns, titles, width = _header(records, report, faults)
    if faults.count:
        return
    batches: dict[UUID, _Batch] = {}
    known: dict[_Lot, tuple[UUID, BatchName] | None] = {}
    for row in _rows(records, columns, width, faults):
        report.row_count += 1
        if report.row_count > ROWS_MAX:
            raise Unreadable(
                f"at most {ROWS_MAX} rows; send the rest as another file", "more", row=row.number
            )
        found = _batch(session, row, titles, known, faults)
        draft = _draft(row, titles, faults)
        if found is None or draft is None:
            continue
        batch = batches.setdefault(found[0], _Batch(found[1]))
        place = draft.item.id, draft.subject
        if place in batch.rows:
            faults.add(
                row.number, titles["item"], expected="each item once", got=f"also in row {batch.rows[place]}"
            )
            continue
        batch.rows[place] = row.number
        batch.drafts.append(draft)
    if not report.row_count:
        faults.add(None, None, expected="rows below the header", got="none")
    if not faults.count:
        _record(session, batches, report, faults, titles, actor=actor, now=now)


def _record(
    session: Session,
    batches: Mapping[UUID, _Batch],
    report: ImportReport,
    faults: Faults,
    titles: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    for batch in sorted(batches.values(), key=lambda one: (one.name.gtin, one.name.lot)):
        try:
            told = record(session, batch.name, batch.drafts, source="file", actor=actor, now=now)
        except ReasonMissing as refusal:
            row = batch.rows[refusal.members["item"], refusal.members["subject"]]
            column = titles.get("reason", TITLES["reason"][0])
            faults.add(row, column, expected="why this is corrected", got=refusal.detail)
            continue
        report.created_count += told.new
        report.updated_count += told.corrected
        report.unchanged_count += told.unchanged


def _header(
    records: Iterator[Record], report: ImportReport, faults: Faults
) -> tuple[dict[str, int], dict[str, str], int]:
    best: Record | None = None
    for candidate in islice(records, HEADER_ROWS_MAX):
        if best is None or len(_columns(candidate.cells)) > len(_columns(best.cells)):
            best = candidate
        if set(NEEDED) <= set(_columns(candidate.cells)):
            break
    cells = best.cells if best is not None else []
    columns = _columns(cells)
    titles = {name: cells[place] for name, place in columns.items()}
    for name in NEEDED:
        if name not in columns:
            shown = ", ".join(cell for cell in cells if cell.strip())
            faults.add(
                best.row if best else None,
                None,
                expected=f"a column {' or '.join(TITLES[name][:2])}",
                got=shown,
            )
    report.columns = {title: name for name, title in titles.items()}
    used = set(columns.values())
    report.ignored_columns = [cell for at, cell in enumerate(cells) if at not in used and cell.strip()]
    return columns, titles, len(cells)


def _columns(titles: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for place, title in enumerate(titles):
        name = _BY_TITLE.get(_plain(title))
        if name is not None:
            found.setdefault(name, place)
    return found


def _rows(
    records: Iterator[Record], columns: Mapping[str, int], width: int, faults: Faults
) -> Iterator[_Row]:
    for number, cells, refused in records:
        if is_blank(cells):
            continue
        if len(cells) > width and not is_blank(cells[width:]):
            faults.add(number, None, expected=f"{width} cells, as in the header", got=f"{len(cells)} cells")
            continue
        wrong = [(at, refused[at]) for at in columns.values() if refused and at in refused]
        for at, refusal in wrong:
            faults.add(number, str(at + 1), expected=refusal.expected, got=refusal.got)
        if not wrong:
            padded = list(chain(cells, [""] * (width - len(cells))))
            yield _Row(number, {name: padded[at].strip() for name, at in columns.items()})


def _batch(
    session: Session,
    row: _Row,
    titles: Mapping[str, str],
    known: dict[_Lot, tuple[UUID, BatchName] | None],
    faults: Faults,
) -> tuple[UUID, BatchName] | None:
    lot, written = row.cells["lot"], row.cells.get("gtin", "")
    gtin = ""
    if written:
        try:
            gtin = Gtin.parse(unicodedata.normalize("NFKC", written)).value
        except ParseError as error:
            faults.add(row.number, titles["gtin"], expected=str(error), got=written)
            return None
    key = _Lot(lot, gtin)
    if key not in known:
        known[key] = _find(session, key, row, titles, faults)
    elif known[key] is None:
        faults.add(row.number, titles["lot"], expected="a batch, as above", got=lot)
    return known[key]


def _find(
    session: Session, key: _Lot, row: _Row, titles: Mapping[str, str], faults: Faults
) -> tuple[UUID, BatchName] | None:
    facts = batches_numbered(session, key.lot)
    made = products(session, [one.product_id for one in facts])
    found = [(one.id, named(one, made[one.product_id])) for one in facts if one.product_id in made]
    if key.gtin:
        found = [(id_, name) for id_, name in found if key.gtin in name.gtins]
    if len(found) == 1:
        return found[0]
    if found:
        gtins = " or ".join(sorted(name.gtin for _, name in found))
        faults.add(row.number, titles["lot"], expected=f"the GTIN, too: {gtins}", got=key.lot)
    else:
        expected = "the number of a batch that was opened" + (f" for {key.gtin}" if key.gtin else "")
        faults.add(row.number, titles["lot"], expected=expected, got=key.lot)
    return None


def _draft(row: _Row, titles: Mapping[str, str], faults: Faults) -> Draft | None:
    written: dict[str, object] = {
        name: row.cells.get(name, "") for name in TITLES if name not in {"lot", "gtin", "measured_at"}
    }
    wrong: list[FieldError] = []
    moment = row.cells.get("measured_at", "")
    measured_at = _moment(moment) if moment else None
    if moment and measured_at is None:
        wrong.append(
            FieldError("/measured_at", "an instant with an offset: 2026-05-01T08:00:00+08:00", moment)
        )
    draft = read_draft("", wrong, measured_at=measured_at, **written)
    for fault in wrong:
        name = fault.at.lstrip("/")
        faults.add(row.number, titles.get(name, TITLES[name][0]), expected=fault.expected, got=fault.got)
    return None if wrong else draft


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 1900 <= moment.year < 9999 else None


def _plain(title: str) -> str:
    return "".join(unicodedata.normalize("NFKC", title).lower().split()).strip("*:")


_BY_TITLE: Final = {_plain(title): name for name, titles in TITLES.items() for title in titles}
