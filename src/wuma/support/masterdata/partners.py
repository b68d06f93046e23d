"""Dealers and stores: making, changing, archiving, finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wuma.facts.masterdata import PartnersChanged
from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.support.masterdata import versions
from wuma.support.masterdata.division_names import codes_above
from wuma.support.masterdata.models import Datum, PartnerKind, PartnerRow, RegionRow

TERRITORY_CODES_MAX: Final = 3000  # every county of China, one by one


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDraft:
    """What a tenant says about a dealer or a store.

    A store may have a dealer who supplies it (`parent_id`), a dealer may have a territory: the codes of the
    divisions where he sells, each with all that lies in it.
    """

    code: str
    kind: PartnerKind
    name: str
    gln: str | None = None
    parent_id: UUID | None = None
    region_code: str | None = None
    address: str = ""
    longitude: float | None = None
    latitude: float | None = None
    datum: Datum | None = None
    """What was said about the coordinates; None when nothing was."""
    territory: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner(PartnerDraft):
    """A dealer or a store as it is kept."""

    id: UUID
    tenant_id: int
    version: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


_TAKEN: Final[Mapping[str, Refusal]] = {
    "partner_tenant_id_code_key": AlreadyExists("Another partner has this code."),
    "partner_tenant_id_gln_key": AlreadyExists("Another partner has this GLN."),
    "partner_region_code_fkey": InvalidInput(
        "The region.", [FieldError("/region_code", "the code of a division of China", "another code")]
    ),
}


def create_partner(session: Session, tenant_id: int, draft: PartnerDraft, *, now: datetime) -> Partner:
    """Make a partner."""
    _check_references(session, tenant_id, draft)
    row = PartnerRow(
        id=uuid7(), tenant_id=tenant_id, version=1, created_at=now, changed_at=now, **_values(draft)
    )
    with versions.refused_when_taken(session, _TAKEN):
        session.add(row)
    return _told(session, row)


def change_partner(
    session: Session, tenant_id: int, partner_id: UUID, draft: PartnerDraft, *, version: int, now: datetime
) -> Partner:
    """Replace what is said about a partner. A dealer stays a dealer, a store a store."""
    present = versions.get(session, PartnerRow, tenant_id, partner_id)
    if present.kind != draft.kind:
        raise InvalidInput(
            "The kind of a partner does not change.", [FieldError("/kind", present.kind, draft.kind)]
        )
    _check_references(session, tenant_id, draft)
    with versions.refused_when_taken(session, _TAKEN):
        row = versions.change(
            session, PartnerRow, tenant_id, partner_id, _values(draft), version=version, now=now
        )
    return _told(session, row)


def set_partner_archived(
    session: Session, tenant_id: int, partner_id: UUID, *, archived: bool, now: datetime
) -> Partner:
    """Archive a partner, or restore it."""
    if versions.set_archived(session, PartnerRow, tenant_id, partner_id, archived=archived, now=now):
        publish(session, PartnersChanged(tenant_id=tenant_id, partner_ids=[partner_id]))
    return get_partner(session, tenant_id, partner_id)


def get_partner(session: Session, tenant_id: int, partner_id: UUID) -> Partner:
    """Return a partner of a tenant."""
    return as_partner(versions.get(session, PartnerRow, tenant_id, partner_id))


@dataclass(frozen=True, slots=True)
class PartnerFilter:
    """Which partners of a tenant: `q` is a part of the name or the code."""

    tenant_id: int
    q: str | None = None
    kind: PartnerKind | None = None
    region_code: str | None = None
    """Those in this division and in all that lie in it."""
    parent_id: UUID | None = None
    archived: bool = False


def find_partners(
    session: Session, wanted: PartnerFilter, *, after: UUID | None, limit: int
) -> list[Partner]:
    """Return up to `limit` partners after one, by birth."""
    query = select(PartnerRow).where(
        PartnerRow.tenant_id == wanted.tenant_id,
        PartnerRow.archived_at.is_not(None) if wanted.archived else PartnerRow.archived_at.is_(None),
    )
    if wanted.q:
        said = (PartnerRow.name, PartnerRow.code)
        query = query.where(or_(*(column.icontains(wanted.q, autoescape=True) for column in said)))
    if wanted.kind is not None:
        query = query.where(PartnerRow.kind == wanted.kind)
    if wanted.region_code is not None:
        query = query.where(PartnerRow.region_code.startswith(wanted.region_code, autoescape=True))
    if wanted.parent_id is not None:
        query = query.where(PartnerRow.parent_id == wanted.parent_id)
    if after is not None:
        query = query.where(PartnerRow.id > after)
    return [as_partner(row) for row in session.scalars(query.order_by(PartnerRow.id).limit(limit))]


def find_dealers_of_region(session: Session, tenant_id: int, region_code: str) -> list[Partner]:
    """Return the dealers whose territory a division lies in, by code; more than one is a conflict."""
    query = select(PartnerRow).where(
        PartnerRow.tenant_id == tenant_id,
        PartnerRow.archived_at.is_(None),
        PartnerRow.territory != [],
        PartnerRow.territory.overlap(list(codes_above(region_code))),
    )
    return [as_partner(row) for row in session.scalars(query.order_by(PartnerRow.code))]


def as_partner(row: PartnerRow) -> Partner:
    """Return a row as a value."""
    return Partner(
        id=row.id,
        tenant_id=row.tenant_id,
        code=row.code,
        kind=PartnerKind(row.kind),
        name=row.name,
        gln=row.gln,
        parent_id=row.parent_id,
        region_code=row.region_code,
        address=row.address,
        longitude=row.longitude,
        latitude=row.latitude,
        datum=None if row.datum is None else Datum(row.datum),
        territory=tuple(row.territory),
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
    )


def _told(session: Session, row: PartnerRow) -> Partner:
    publish(session, PartnersChanged(tenant_id=row.tenant_id, partner_ids=[row.id]))
    return as_partner(row)


def _values(draft: PartnerDraft) -> dict[str, Any]:
    return {**asdict(draft), "territory": sorted(set(draft.territory))}


def _check_references(session: Session, tenant_id: int, draft: PartnerDraft) -> None:
    """Refuse what no constraint refuses: a parent that is no dealer, a territory that is no division."""
    faults = []
    if draft.kind is PartnerKind.DEALER and draft.parent_id is not None:
        faults.append(FieldError("/parent_id", "none, for a dealer", str(draft.parent_id)))
    elif draft.parent_id is not None:
        parent_kind = session.scalar(
            select(PartnerRow.kind).where(PartnerRow.id == draft.parent_id, PartnerRow.tenant_id == tenant_id)
        )
        if parent_kind != PartnerKind.DEALER:
            faults.append(FieldError("/parent_id", "the id of a dealer", parent_kind or "nobody's id"))
    if draft.kind is PartnerKind.STORE and draft.territory:
        faults.append(FieldError("/territory", "none, for a store", ", ".join(draft.territory[:5])))
    known = set(session.scalars(select(RegionRow.code).where(RegionRow.code.in_(draft.territory))))
    faults += [
        FieldError("/territory", "codes of divisions of China", code)
        for code in draft.territory
        if code not in known
    ]
    if faults:
        raise InvalidInput("The partner.", faults)
