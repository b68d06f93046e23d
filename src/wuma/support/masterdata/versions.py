"""Nobody overwrites what they have not seen: a change names the version it was made on.

The version is a condition of the UPDATE itself, so that of two people who change the same version at the
same time one is told. Nothing is ever deleted; what is no longer used is archived, and keeps its keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wuma.kernel.errors import NotFound, Refusal
from wuma.support.masterdata.models import LineRow, PartnerRow, ProductRow, SiteRow

Row = TypeVar("Row", ProductRow, SiteRow, LineRow, PartnerRow)


class ChangedMeanwhile(Refusal):
    """It has been changed since you read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "changed-meanwhile"


class Archived(Refusal):
    """It is archived; restore it first."""

    slug = "archived"


def get(session: Session, table: type[Row], tenant_id: int, thing_id: UUID) -> Row:
    """Return a row of a tenant, archived or not."""
    row = session.scalar(select(table).where(table.id == thing_id, table.tenant_id == tenant_id))
    if row is None:
        raise NotFound(f"{_noun(table)} {thing_id}: there is none.")
    return row


def change(
    session: Session,
    table: type[Row],
    tenant_id: int,
    thing_id: UUID,
    values: Mapping[str, Any],
    *,
    version: int,
    now: datetime,
) -> Row:
    """Give a row new values and the next version.

    Raises:
        NotFound: when the tenant has no such row.
        Archived: when it is archived.
        ChangedMeanwhile: when its version is another one.
    """
    row = session.scalar(
        update(table)
        .where(
            table.id == thing_id,
            table.tenant_id == tenant_id,
            table.version == version,
            table.archived_at.is_(None),
        )
        .values(version=table.version + 1, changed_at=now, **values)
        .returning(table)
        .execution_options(populate_existing=True)
    )
    if row is not None:
        return row
    present = get(session, table, tenant_id, thing_id)
    if present.archived_at is not None:
        raise Archived(f"{_noun(table)} {thing_id} was archived at {present.archived_at:%Y-%m-%d %H:%M}Z.")
    raise ChangedMeanwhile(
        f"{_noun(table)} {thing_id} is at version {present.version}; this change was made on {version}.",
        version=present.version,
    )


def set_archived(
    session: Session, table: type[Row], tenant_id: int, thing_id: UUID, *, archived: bool, now: datetime
) -> bool:
    """Archive or restore a row and say whether that changed anything; a second time it does not."""
    is_archived = table.archived_at.is_not(None)
    changed = session.scalar(
        update(table)
        .where(table.id == thing_id, table.tenant_id == tenant_id, is_archived != archived)
        .values(version=table.version + 1, changed_at=now, archived_at=now if archived else None)
        .returning(table.id)
    )
    if changed is None:
        get(session, table, tenant_id, thing_id)
    return changed is not None


@contextmanager
def refused_when_taken(session: Session, taken: Mapping[str, Refusal]) -> Iterator[None]:
    """Turn the violation of a constraint into the refusal that says it to people; others rise."""
    try:
        yield
        session.flush()
    except IntegrityError as error:
        constraint = str(getattr(getattr(error.orig, "diag", None), "constraint_name", None))
        if constraint not in taken:
            raise
        raise taken[constraint] from None


def _noun(table: type[Row]) -> str:
    return table.__tablename__.capitalize()
