"""The API of running the house: who did what, what must be true, what is being worked on."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import text

from wuma.kernel.http.access import PLATFORM_TENANT, needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor

routes = APIRouter(route_class=Endpoint, tags=["ops"])


class AuditView(BaseModel):
    """Somebody changed something."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    request_id: str
    address: str


@routes.get("/audit")
@needs("audit.read")
def list_audit(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    actor: Annotated[str | None, Query(max_length=100)] = None,
) -> Page[AuditView]:
    """List changes, the latest first."""
    before = 2**62 if after is None else read_cursor(after, int)[0]
    rows = db.execute(
        text(
            "SELECT id, at, actor, action, target, request_id, address FROM kernel.audit_entry"
            " WHERE id < :before AND (CAST(:actor AS text) IS NULL OR actor = :actor)"
            " ORDER BY id DESC LIMIT :limit"
        ),
        {"before": before, "actor": actor, "limit": limit + 1},
    ).all()
    return cut(
        rows,
        limit,
        key=lambda row: [row.id],
        item=lambda row: AuditView.model_validate(row, from_attributes=True),
    )


class InvariantView(BaseModel):
    """What the last check of an invariant found."""

    name: str
    checked_at: datetime
    violation_count: int
    sample: list[str]
    seconds: float


@routes.get("/invariants")
@needs("ops.read")
def list_invariants(db: Db, actor: Actor) -> list[InvariantView]:
    """List what must always be true, and whether it was when last checked.

    Samples of what breaks it may be anybody's: only the platform sees them.
    """
    rows = db.execute(
        text(
            "SELECT name, checked_at, violation_count, sample, seconds FROM kernel.invariant_result"
            " ORDER BY name"
        )
    )
    sees_samples = actor.tenant_id == PLATFORM_TENANT
    return [
        InvariantView(
            name=row.name,
            checked_at=row.checked_at,
            violation_count=row.violation_count,
            sample=row.sample if sees_samples else [],
            seconds=row.seconds,
        )
        for row in rows
    ]


class JobView(BaseModel):
    """A piece of work: waiting, under way, or how it ended."""

    id: int
    task: str
    status: str
    attempts: int
    scheduled_at: datetime | None


@routes.get("/jobs")
@needs("ops.operate")
def list_jobs(
    db: Db,
    limit: Limit = 50,
    after: After = None,
    status: Annotated[str | None, Query(pattern="^(todo|doing|succeeded|failed|cancelled|aborted)$")] = None,
) -> Page[JobView]:
    """List jobs of the platform, the latest first."""
    before = 2**62 if after is None else read_cursor(after, int)[0]
    rows = db.execute(
        text(
            "SELECT id, task_name AS task, status::text AS status, attempts, scheduled_at"
            " FROM jobs.procrastinate_jobs WHERE id < :before"
            " AND (CAST(:status AS text) IS NULL OR status::text = :status) ORDER BY id DESC LIMIT :limit"
        ),
        {"before": before, "status": status, "limit": limit + 1},
    ).all()
    return cut(
        rows,
        limit,
        key=lambda row: [row.id],
        item=lambda row: JobView.model_validate(row, from_attributes=True),
    )
