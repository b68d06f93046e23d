"""Factories, warehouses and their packing lines: making, changing, archiving, finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wuma.facts.masterdata import LinesChanged, SitesChanged
from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.support.masterdata import versions
from wuma.support.masterdata.models import LineRow, SiteKind, SiteRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteDraft:
    """What a tenant says about a site; `gln` has 13 digits, checked."""

    gln: str
    kind: SiteKind
    name: str
    region_code: str | None = None
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(SiteDraft):
    """A site as it is kept."""

    id: UUID
    tenant_id: int
    version: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDraft:
    """What a tenant says about a line; the GLN extension (AI 254) makes it a place in EPCIS events."""

    site_id: UUID
    code: str
    name: str
    gln_extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(LineDraft):
    """A line as it is kept."""

    id: UUID
    tenant_id: int
    version: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


_SITE_TAKEN: Final[Mapping[str, Refusal]] = {
    "site_tenant_id_gln_key": AlreadyExists("Another site has this GLN."),
    "site_region_code_fkey": InvalidInput(
        "The region.", [FieldError("/region_code", "the code of a division of China", "another code")]
    ),
}
_LINE_TAKEN: Final[Mapping[str, Refusal]] = {
    "line_tenant_id_site_id_code_key": AlreadyExists("Another line of this site has this code."),
    "line_tenant_id_site_id_gln_extension_key": AlreadyExists(
        "Another line of this site has this GLN extension."
    ),
    "line_tenant_id_site_id_fkey": InvalidInput(
        "The site.", [FieldError("/site_id", "the id of a site", "another id")]
    ),
}


def create_site(session: Session, tenant_id: int, draft: SiteDraft, *, now: datetime) -> Site:
    """Make a site."""
    row = SiteRow(id=uuid7(), tenant_id=tenant_id, version=1, created_at=now, changed_at=now, **asdict(draft))
    with versions.refused_when_taken(session, _SITE_TAKEN):
        session.add(row)
    return _site_told(session, row)


def change_site(
    session: Session, tenant_id: int, site_id: UUID, draft: SiteDraft, *, version: int, now: datetime
) -> Site:
    """Replace what is said about a site."""
    with versions.refused_when_taken(session, _SITE_TAKEN):
        row = versions.change(session, SiteRow, tenant_id, site_id, asdict(draft), version=version, now=now)
    return _site_told(session, row)


def set_site_archived(
    session: Session, tenant_id: int, site_id: UUID, *, archived: bool, now: datetime
) -> Site:
    """Archive a site, or restore it."""
    if versions.set_archived(session, SiteRow, tenant_id, site_id, archived=archived, now=now):
        publish(session, SitesChanged(tenant_id=tenant_id, site_ids=[site_id]))
    return get_site(session, tenant_id, site_id)


def get_site(session: Session, tenant_id: int, site_id: UUID) -> Site:
    """Return a site of a tenant."""
    return as_site(versions.get(session, SiteRow, tenant_id, site_id))


def find_sites(
    session: Session,
    tenant_id: int,
    *,
    q: str | None = None,
    kind: SiteKind | None = None,
    archived: bool = False,
    after: UUID | None,
    limit: int,
) -> list[Site]:
    """Return up to `limit` sites after one, by birth; `q` is a part of the name or a beginning of the GLN."""
    query = select(SiteRow).where(
        SiteRow.tenant_id == tenant_id,
        SiteRow.archived_at.is_not(None) if archived else SiteRow.archived_at.is_(None),
    )
    if q:
        query = query.where(
            or_(SiteRow.name.icontains(q, autoescape=True), SiteRow.gln.startswith(q, autoescape=True))
        )
    if kind is not None:
        query = query.where(SiteRow.kind == kind)
    if after is not None:
        query = query.where(SiteRow.id > after)
    return [as_site(row) for row in session.scalars(query.order_by(SiteRow.id).limit(limit))]


def as_site(row: SiteRow) -> Site:
    """Return a row as a value."""
    return Site(
        id=row.id,
        tenant_id=row.tenant_id,
        gln=row.gln,
        kind=SiteKind(row.kind),
        name=row.name,
        region_code=row.region_code,
        address=row.address,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
    )


def _site_told(session: Session, row: SiteRow) -> Site:
    publish(session, SitesChanged(tenant_id=row.tenant_id, site_ids=[row.id]))
    return as_site(row)


def create_line(session: Session, tenant_id: int, draft: LineDraft, *, now: datetime) -> Line:
    """Make a line."""
    row = LineRow(id=uuid7(), tenant_id=tenant_id, version=1, created_at=now, changed_at=now, **asdict(draft))
    with versions.refused_when_taken(session, _LINE_TAKEN):
        session.add(row)
    return _line_told(session, row)


def change_line(
    session: Session, tenant_id: int, line_id: UUID, draft: LineDraft, *, version: int, now: datetime
) -> Line:
    """Replace what is said about a line."""
    with versions.refused_when_taken(session, _LINE_TAKEN):
        row = versions.change(session, LineRow, tenant_id, line_id, asdict(draft), version=version, now=now)
    return _line_told(session, row)


def set_line_archived(
    session: Session, tenant_id: int, line_id: UUID, *, archived: bool, now: datetime
) -> Line:
    """Archive a line, or restore it."""
    if versions.set_archived(session, LineRow, tenant_id, line_id, archived=archived, now=now):
        publish(session, LinesChanged(tenant_id=tenant_id, line_ids=[line_id]))
    return get_line(session, tenant_id, line_id)


def get_line(session: Session, tenant_id: int, line_id: UUID) -> Line:
    """Return a line of a tenant."""
    return as_line(versions.get(session, LineRow, tenant_id, line_id))


def find_lines(
    session: Session,
    tenant_id: int,
    *,
    q: str | None = None,
    site_id: UUID | None = None,
    archived: bool = False,
    after: UUID | None,
    limit: int,
) -> list[Line]:
    """Return up to `limit` lines after one, by birth; `q` is a part of the name or the code."""
    query = select(LineRow).where(
        LineRow.tenant_id == tenant_id,
        LineRow.archived_at.is_not(None) if archived else LineRow.archived_at.is_(None),
    )
    if q:
        query = query.where(
            or_(LineRow.name.icontains(q, autoescape=True), LineRow.code.icontains(q, autoescape=True))
        )
    if site_id is not None:
        query = query.where(LineRow.site_id == site_id)
    if after is not None:
        query = query.where(LineRow.id > after)
    return [as_line(row) for row in session.scalars(query.order_by(LineRow.id).limit(limit))]


def as_line(row: LineRow) -> Line:
    """Return a row as a value."""
    return Line(
        id=row.id,
        tenant_id=row.tenant_id,
        site_id=row.site_id,
        code=row.code,
        name=row.name,
        gln_extension=row.gln_extension,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
    )


def _line_told(session: Session, row: LineRow) -> Line:
    publish(session, LinesChanged(tenant_id=row.tenant_id, line_ids=[row.id]))
    return as_line(row)
