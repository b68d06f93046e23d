"""From the staged rows to what is kept, in a few statements however many rows there are.

Rows that mean a thing that is there change it, if they say anything new; the others make new things. What a
file does not speak of stays as it is; what it leaves blank becomes blank.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from wuma.facts.masterdata import IDS_PER_FACT_MAX
from wuma.kernel.fact import publish
from wuma.support.masterdata.importing.header import Header
from wuma.support.masterdata.importing.kind import Check, Kind
from wuma.support.masterdata.importing.report import FAULTS_LISTED_MAX, Faults, ImportFault, shortened


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of the rows."""

    created_count: int
    updated_count: int


class Merge:
    """One file's rows, staged, on their way into the tables of one tenant."""

    def __init__(
        self, session: Session, kind: Kind, header: Header, faults: Faults, *, tenant_id: int, now: datetime
    ) -> None:
        self._session = session
        self._kind = kind
        self._header = header
        self._faults = faults
        self._fields = {field.name: field for field in kind.fields}
        self._parameters = {"tenant_id": tenant_id, "now": now}
        self._tenant_id = tenant_id
        self._values = {
            column: sql for column, (field, sql) in kind.values.items() if header.has(self._fields[field])
        }

    def check_rows(self) -> None:
        """Note what is wrong with the rows by themselves."""
        self._check(self._kind.checks)

    def check_references(self) -> None:
        """Find what the rows mean of what is kept, and note what is wrong with that."""
        ours, theirs = ", ".join(f"t.{column}" for column in self._values), ", ".join(self._values.values())
        self._run(
            f"CREATE TEMPORARY TABLE matched ON COMMIT DROP AS SELECT s.row_number, t.id,"
            f" t.archived_at IS NOT NULL AS is_archived,"
            f" ROW({ours}) IS DISTINCT FROM ROW({theirs}) OR {self._kind.also_changed} AS is_changed"
            f" FROM {self._kind.source} {self._kind.match}"
        )
        self._run("ANALYZE matched")
        self._check(self._kind.references)

    def write(self) -> Merged:
        """Write the rows, tell it, and note what turned out to be somebody else's."""
        columns, sources = ", ".join(self._values), ", ".join(self._values.values())
        assignments = ", ".join(f"{column} = {sql}" for column, sql in self._values.items())
        updated = self._run(
            f"UPDATE {self._kind.table} t SET {assignments}, version = t.version + 1, changed_at = :now"
            f"{self._kind.also_set} FROM {self._kind.source} JOIN matched m ON m.row_number = s.row_number"
            " WHERE t.id = m.id AND m.is_changed"
        )
        created = self._run(
            f"INSERT INTO {self._kind.table} (id, tenant_id, created_at, changed_at, {columns})"
            f" SELECT s.id, :tenant_id, :now, :now, {sources} FROM {self._kind.source}"
            " LEFT JOIN matched m ON m.row_number = s.row_number WHERE m.row_number IS NULL"
        )
        for statement in self._kind.afterwards:
            self._run(statement)
        self._check(self._kind.kept)
        if not self._faults.count:
            self._tell()
        return Merged(created.rowcount, updated.rowcount)

    def forget(self) -> None:
        """Drop the temporary tables, so that the transaction can take in another file."""
        self._run("DROP TABLE staged, matched")

    def _tell(self) -> None:
        changed = self._session.scalars(
            text(
                "SELECT coalesce(m.id, s.id) FROM staged s LEFT JOIN matched m ON m.row_number = s.row_number"
                " WHERE m.is_changed IS NOT FALSE ORDER BY s.row_number"
            ).execution_options(yield_per=IDS_PER_FACT_MAX)
        )
        for ids in changed.partitions(IDS_PER_FACT_MAX):
            publish(self._session, self._kind.fact(self._tenant_id, list(ids)))

    def _check(self, checks: Iterable[Check]) -> None:
        for check in checks:
            fields = [self._fields[name] for name in check.fields]
            if not any(map(self._header.has, fields)):
                continue
            rows = self._run(
                "SELECT row_number, expected, got, count(*) OVER () AS fault_count"
                f" FROM ({check.faults}) v (row_number, expected, got)"
                f" ORDER BY row_number LIMIT {FAULTS_LISTED_MAX}"
            ).all()
            if rows:
                column = self._header.text_of(fields[0])
                faults = [
                    ImportFault(row.row_number, column, row.expected, shortened(row.got or ""))
                    for row in rows
                ]
                self._faults.note(rows[0].fault_count, faults)

    def _run(self, statement: str) -> CursorResult[Any]:
        result = self._session.execute(text(statement), self._parameters)
        assert isinstance(result, CursorResult)
        return result
