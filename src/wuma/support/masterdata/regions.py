"""Reading the administrative divisions of China that the database holds."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from wuma.support.masterdata.division_names import NOT_NAMES, DivisionNames, canonical_code, codes_above
from wuma.support.masterdata.models import RegionLevel, RegionRow
from wuma.support.masterdata.places import other_names


@dataclass(frozen=True, slots=True)
class Region:
    """An administrative division of China."""

    code: str
    level: RegionLevel
    name: str
    path: str
    """The names of all divisions it lies in and its own, as an address begins: 广东省深圳市南山区."""
    longitude: float | None
    latitude: float | None
    is_retired: bool


def region(session: Session, code: str) -> Region | None:
    """Return a division by its code, in any of the usual forms; None when there is none."""
    canonical = canonical_code(code)
    if canonical is None:
        return None
    found = _with_paths(session, [row] if (row := session.get(RegionRow, canonical)) else [])
    return found[0] if found else None


def find_regions(
    session: Session, *, parent: str | None = None, q: str | None = None, after: str | None, limit: int
) -> list[Region]:
    """Return up to `limit` divisions after one, large first: of a parent, or named so, or the provinces."""
    size = func.length(RegionRow.code)
    query = select(RegionRow).where(RegionRow.retired_at.is_(None))
    if q:
        query = query.where(RegionRow.name.contains(q, autoescape=True))
    if parent is not None:
        query = query.where(RegionRow.parent_code == parent)
    elif not q:
        query = query.where(RegionRow.parent_code.is_(None))
    if after is not None:
        query = query.where(tuple_(size, RegionRow.code) > (len(after), after))
    return _with_paths(session, list(session.scalars(query.order_by(size, RegionRow.code).limit(limit))))


def region_names(session: Session) -> DivisionNames:
    """Return all divisions in use, to be found by the names people write (down to counties) or by code."""
    rows = session.execute(select(RegionRow.code, RegionRow.name).where(RegionRow.retired_at.is_(None)))
    return DivisionNames(dict(rows.all()), other_names())


def _with_paths(session: Session, rows: list[RegionRow]) -> list[Region]:
    above = {code for row in rows for code in codes_above(row.code)}
    query = select(RegionRow.code, RegionRow.name).where(
        RegionRow.code.in_(above), RegionRow.name.not_in(NOT_NAMES)
    )
    names = dict(session.execute(query).all())
    return [
        Region(
            code=row.code,
            level=RegionLevel(row.level),
            name=row.name,
            path="".join(names[code] for code in codes_above(row.code) if code in names),
            longitude=row.longitude,
            latitude=row.latitude,
            is_retired=row.retired_at is not None,
        )
        for row in rows
    ]
