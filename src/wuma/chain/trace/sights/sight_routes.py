"""What partners are shown: saying it, looking at it with their eyes, lending them a token."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field, StringConstraints

from wuma.chain.trace.queries.answers import given_back
from wuma.chain.trace.queries.query import query_events
from wuma.chain.trace.sights.partner_sights import (
    BOUND,
    PartnerSight,
    SightDraft,
    keep_sight,
    kept_sight,
    kept_sights,
    sight_of_partner,
)
from wuma.kernel.auth import tokens
from wuma.kernel.auth.models import ApiToken
from wuma.kernel.errors import Forbidden
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.if_match import Version
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.support.masterdata import facade as masterdata

routes = APIRouter(prefix="/partner-sights", route_class=Endpoint, tags=["trace"])

PREVIEW_MAX: Final = 50
LENT_DAYS_MAX: Final = 366


class SightView(SightDraft):
    """What a partner is shown."""

    partner_id: UUID
    version: int
    changed_at: datetime | None
    changed_by: str | None


class SightPreview(BaseModel):
    """Events as a partner sees them, the latest first."""

    events: list[dict[str, Any]]
    has_more: bool


class LentToken(BaseModel):
    """A token that a partner reads with."""

    id: UUID
    name: str
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewLentToken(LentToken):
    """A token with its secret, shown this once."""

    token: str


class LentTokenOrder(BaseModel):
    """A token to be made for a partner."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    days: int = Field(90, ge=1, le=LENT_DAYS_MAX)


@routes.get("")
@needs("trace.share")
def list_sights(db: Db, actor: Actor, limit: Limit = 50, after: After = None) -> Page[SightView]:
    """List what partners are shown; who is not listed is shown nothing."""
    place = None if after is None else read_cursor(after, UUID)[0]
    found = kept_sights(db, actor.tenant_id, after=place, limit=limit + 1)
    return cut(found, limit, key=lambda one: [one.partner_id], item=_view)


@routes.get("/{partner_id}")
@needs("trace.share")
def get_sight(partner_id: UUID, db: Db, actor: Actor, response: Response) -> SightView:
    """Return what a partner is shown; version 0 when nobody has said anything yet, and then it is nothing."""
    masterdata.partner(db, partner_id)
    return _tagged(kept_sight(db, actor.tenant_id, partner_id), response)


@routes.put("/{partner_id}")
@needs("trace.share")
def put_sight(
    partner_id: UUID,
    body: SightDraft,
    version: Version,
    db: Db,
    actor: Actor,
    now: Now,
    response: Response,
) -> SightView:
    """Say what a partner is shown. It holds from the next request on; page tokens of before are refused."""
    kept = keep_sight(db, actor.brand_id, partner_id, body, version=version, actor=actor.actor, now=now)
    return _tagged(kept, response)


@routes.get("/{partner_id}/preview")
@needs("trace.share")
def preview_sight(
    partner_id: UUID,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    limit: Annotated[int, Query(ge=1, le=PREVIEW_MAX)] = 20,
) -> SightPreview:
    """Look at the events with a partner's eyes."""
    masterdata.partner(db, partner_id)
    sight = sight_of_partner(db, program.keyring, actor.tenant_id, partner_id)
    page = query_events(db, program.keyring, actor.tenant_id, {}, sight=sight, per_page=limit, now=now)
    return SightPreview(
        events=[given_back(event) for event in page.events], has_more=page.next_page_token is not None
    )


@routes.get("/{partner_id}/tokens")
@needs("trace.share")
def list_lent_tokens(partner_id: UUID, db: Db, actor: Actor) -> list[LentToken]:
    """List the tokens that a partner reads with, the newest first."""
    masterdata.partner(db, partner_id)
    return [_token(row) for row in tokens.lent(db, actor.tenant_id, _bound(partner_id))]


@routes.post("/{partner_id}/tokens", status_code=201)
@needs("trace.share")
def lend_token(partner_id: UUID, body: LentTokenOrder, db: Db, actor: Actor, now: Now) -> NewLentToken:
    """Make a token that reads EPCIS events, and sees what the partner is shown. It is told this once."""
    if actor.session_id is None:
        # A stolen token that could make tokens would never end.
        raise Forbidden("Lending takes somebody who has signed in; an API token is not enough.")
    masterdata.partner(db, partner_id)
    row, secret = tokens.issue(
        db,
        actor,
        name=body.name,
        permissions=frozenset({"trace.read.partner"}),
        days=body.days,
        now=now,
        bound_to=_bound(partner_id),
    )
    return NewLentToken(**_token(row).model_dump(), token=secret)


@routes.delete("/{partner_id}/tokens/{token_id}", status_code=204)
@needs("trace.share")
def take_back_token(partner_id: UUID, token_id: UUID, db: Db, actor: Actor, now: Now) -> None:
    """End a token that a partner reads with."""
    masterdata.partner(db, partner_id)
    tokens.take_back(db, actor.tenant_id, _bound(partner_id), token_id, now=now)


def _bound(partner_id: UUID) -> str:
    return f"{BOUND}{partner_id}"


def _view(kept: PartnerSight) -> SightView:
    return SightView(
        **kept.draft.model_dump(),
        partner_id=kept.partner_id,
        version=kept.version,
        changed_at=kept.changed_at,
        changed_by=kept.changed_by,
    )


def _tagged(kept: PartnerSight, response: Response) -> SightView:
    response.headers["ETag"] = f'"{kept.version}"'
    return _view(kept)


def _token(row: ApiToken) -> LentToken:
    return LentToken.model_validate(row, from_attributes=True)
