"""Subscriptions under ``/epcis/queries/{name}/subscriptions``; replaying them under ``/api/v1``."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, Field
from starlette.requests import Request

from wuma.chain.trace.queries.exceptions import NoSuchNameException
from wuma.chain.trace.queries.named_queries import named_query
from wuma.chain.trace.queries.named_query_routes import read_body
from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.rest import (
    PER_PAGE,
    PREFIX,
    EpcisEndpoint,
    PerPage,
    Token,
    as_json,
    discovery,
    link_on,
)
from wuma.chain.trace.subscriptions import subscriptions
from wuma.chain.trace.subscriptions.subscriptions import Subscription
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])
api_routes = APIRouter(route_class=Endpoint, tags=["EPCIS"])

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "required": ["dest"]}}},
    }
}
_PATH: Final = "/queries/{query_name}/subscriptions"


@routes.post(_PATH, status_code=201, openapi_extra=_BODY, response_class=Response)
@needs("trace.query")
def create_subscription(
    query_name: str,
    body: Annotated[bytes, Depends(read_body)],
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
) -> Response:
    """Subscribe an address to a query: it is told what is captured, at once or by a schedule."""
    named_query(db, actor.brand_id, query_name)
    made = subscriptions.subscribe(
        db, program.fields, actor.brand_id, query_name, body, actor=actor.actor, now=now
    )
    response = as_json(_told(made))
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = f"{PREFIX}/queries/{quote(query_name, safe='')}/subscriptions/{made.id}"
    return response


@routes.get(_PATH, response_class=Response)
@needs("trace.read")
def list_subscriptions(
    query_name: str,
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> Response:
    """List the subscriptions of a query."""
    named_query(db, actor.tenant_id, query_name)
    tokens = PageTokens(program.keyring, actor.tenant_id, f"subscriptions {query_name}", now=now)
    place = tokens.read(token, UUID)
    found = subscriptions.list_of(
        db, actor.tenant_id, query_name, after=place[0] if place else None, limit=per_page + 1
    )
    response = as_json([_told(one) for one in found[:per_page]])
    if len(found) > per_page:
        link_on(response, request, tokens.write([found[per_page - 1].id]), tokens.expires_at)
    return response


@routes.get(_PATH + "/{subscription_id}", response_class=Response)
@needs("trace.read")
def get_subscription(query_name: str, subscription_id: str, db: Db, actor: Actor) -> Response:
    """Return a subscription, and how its telling goes."""
    return as_json(_told(subscriptions.find(db, actor.tenant_id, query_name, _id(subscription_id))))


@routes.delete(_PATH + "/{subscription_id}", status_code=204, response_class=Response)
@needs("trace.query")
def remove_subscription(query_name: str, subscription_id: str, db: Db, actor: Actor) -> Response:
    """End a subscription."""
    subscriptions.unsubscribe(db, actor.brand_id, query_name, _id(subscription_id))
    return Response(status_code=HTTPStatus.NO_CONTENT)


@routes.options(_PATH, status_code=204, response_class=Response)
@needs("trace.read")
def describe_subscriptions(query_name: str, db: Db, actor: Actor) -> Response:
    """Say what can be done with the subscriptions of a query."""
    named_query(db, actor.tenant_id, query_name)
    return discovery("OPTIONS, GET, POST")


@routes.options(_PATH + "/{subscription_id}", status_code=204, response_class=Response)
@needs("trace.read")
def describe_subscription(query_name: str, subscription_id: str, db: Db, actor: Actor) -> Response:
    """Say what can be done with a subscription."""
    subscriptions.find(db, actor.tenant_id, query_name, _id(subscription_id))
    return discovery("OPTIONS, GET, DELETE")


class Replay(BaseModel):
    """From when on events are told again; without it, a dead subscription goes on where it died."""

    since: AwareDatetime | None = Field(None, description="By when they were recorded.")


@api_routes.post("/queries/{query_name}/subscriptions/{subscription_id}/replay", status_code=204)
@needs("trace.query")
def replay_subscription(
    query_name: str, subscription_id: str, body: Replay, db: Db, actor: Actor, now: Now
) -> None:
    """Tell a subscriber again; bring a subscription back that was given up."""
    found = subscriptions.find(db, actor.brand_id, query_name, _id(subscription_id))
    subscriptions.replay(db, found, body.since, now)


def _told(one: Subscription) -> dict[str, Any]:
    """Return a subscription as the standard tells it. Its secret is told to nobody."""
    told: dict[str, Any] = {
        "subscriptionID": str(one.id),
        "queryName": one.query_name,
        "dest": one.dest,
        "createdAt": one.created_at,
        "reportIfEmpty": one.report_if_empty,
        "minRecordTime": _least(one),
    }
    told |= {"stream": True} if one.schedule is None else {"schedule": one.schedule}
    optional = {"initialRecordTime": one.initial_at, "lastNotifiedAt": one.last_notified_at}
    told |= {name: at for name, at in optional.items() if at is not None}
    health = {"wuma:state": one.state, "wuma:failedCount": one.failed_count}
    return told | health | ({"wuma:failure": one.failure} if one.failure else {})


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NoSuchNameException(f"Subscription {text[:80]!r}: there is none.") from None


def _least(one: Subscription) -> datetime:
    return max(one.told_at, one.initial_at) if one.initial_at else one.told_at
