"""Who scanned some of many units: for a recall, which reaches the people who have them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.authenticity.models import Report
from wuma.chain.authenticity.reports import contact_cell
from wuma.chain.codes.facade import UnitRange
from wuma.kernel.crypto import FieldCipher


@dataclass(frozen=True, slots=True)
class ScannedBy:
    """What one person scanned of some units; `region` is where they were seen last."""

    person: str
    unit_count: int
    scan_count: int
    first_at: datetime
    last_at: datetime
    region: str | None
    sample_unit: int


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody who left a way to reach them and agreed that it is used when their item is recalled."""

    report_id: UUID
    unit: int
    at: datetime
    contact: str


def scanned_by(
    session: Session, ranges: Sequence[UnitRange], *, limit: int, after: str | None = None
) -> list[ScannedBy]:
    """Return who scanned units of some ranges, by pseudonym."""
    asked = _asked(ranges) | {"limit": limit, "after": after or ""}
    return [ScannedBy(*row) for row in session.execute(_PEOPLE, asked)]


def scan_counts(session: Session, ranges: Sequence[UnitRange], since: datetime) -> tuple[int, int, int]:
    """Return how many people and units were scanned among some ranges, and how many scans came since."""
    people, units, late = session.execute(_COUNTS, _asked(ranges) | {"since": since}).one()
    return people, units, late


def reachable(session: Session, cipher: FieldCipher, ranges: Sequence[UnitRange]) -> list[Reachable]:
    """Return those who may be told of a recall, with how to reach them."""
    found = []
    for report_id in session.scalars(_REACHABLE, _asked(ranges)):
        report = session.get(Report, report_id)
        if report is not None and report.contact is not None and report.unit is not None:
            contact = cipher.open(report.contact, contact_cell(report)).decode()
            found.append(Reachable(report.id, report.unit, report.at, contact))
    return found


def _asked(ranges: Sequence[UnitRange]) -> dict[str, list[int]]:
    return {"firsts": [one.first for one in ranges], "lasts": [one.last for one in ranges]}


_AMONG: Final = "unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS w (f, l)"
_PEOPLE: Final = text(
    "SELECT s.person, count(DISTINCT s.unit), count(*), min(s.at), max(s.at),"
    " (array_agg(s.region ORDER BY s.at DESC) FILTER (WHERE s.region IS NOT NULL))[1], min(s.unit)"
    f" FROM {_AMONG} JOIN authenticity.scan s ON s.unit BETWEEN w.f AND w.l"
    " WHERE s.person > :after GROUP BY s.person ORDER BY s.person LIMIT :limit"
)
_COUNTS: Final = text(
    "SELECT count(DISTINCT s.person), count(DISTINCT s.unit), count(*) FILTER (WHERE s.at >= :since)"
    f" FROM {_AMONG} JOIN authenticity.scan s ON s.unit BETWEEN w.f AND w.l"
)
_REACHABLE: Final = text(
    f"SELECT r.id FROM {_AMONG} JOIN authenticity.report r ON r.unit BETWEEN w.f AND w.l"
    " WHERE r.may_warn AND r.contact IS NOT NULL ORDER BY r.id"
)
