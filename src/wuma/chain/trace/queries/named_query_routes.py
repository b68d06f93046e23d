"""Named queries under ``/epcis/queries``."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Response
from starlette.requests import Request

from wuma.chain.trace.queries.answers import answer_page
from wuma.chain.trace.queries.exceptions import QueryParameterException, UnsupportedMediaTypeException
from wuma.chain.trace.queries.named_queries import (
    NamedQuery,
    delete_query,
    name_query,
    named_queries,
    named_query,
    no_query,
)
from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.query import query_events
from wuma.chain.trace.queries.rest import (
    JSON_TYPES,
    PER_PAGE,
    PREFIX,
    EpcisEndpoint,
    PerPage,
    Token,
    accepted,
    as_json,
    asked,
    discovery,
    link_on,
    prefixes_of,
)
from wuma.chain.trace.sights.partner_sights import sight_of
from wuma.chain.trace.sights.sight import Sight
from wuma.kernel.errors import FieldError
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Now, Program

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])

_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "required": ["name", "query"]}}},
    }
}


async def read_body(request: Request) -> bytes:
    """Return the body, once its type has been looked at."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in JSON_TYPES:
        fault = FieldError("header/Content-Type", " or ".join(JSON_TYPES), media_type[:80])
        raise UnsupportedMediaTypeException("A query is defined in JSON.", [fault])
    return await request.body()


@routes.post("/queries", status_code=201, openapi_extra=_BODY, response_class=Response)
@needs("trace.query")
def create_query(
    request: Request, body: Annotated[bytes, Depends(read_body)], db: Db, actor: Actor, now: Now
) -> Response:
    """Name a query. It is read as it will be when it is asked; a name that is taken is refused."""
    named = name_query(db, actor.brand_id, body, prefixes_of(request), actor=actor.actor, now=now)
    location = f"{PREFIX}/queries/{quote(named.name, safe='')}"
    response = as_json(_told(named))
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = location
    return response


@routes.get("/queries", response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def list_queries(
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> Response:
    """List the named queries, in the order of their names."""
    accepted(request, JSON_TYPES)
    sight = sight_of(db, program.keyring, actor)
    tokens = PageTokens(program.keyring, actor.tenant_id, f"queries {sight.who}", now=now)
    place = tokens.read(token, str)
    found = named_queries(
        db, actor.tenant_id, after=place[0] if place else None, limit=per_page + 1, only=sight.queries
    )
    response = as_json([_told(one) for one in found[:per_page]])
    if len(found) > per_page:
        link_on(response, request, tokens.write([found[per_page - 1].name]), tokens.expires_at)
    return response


@routes.get("/queries/{query_name}", response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def get_query(query_name: str, request: Request, db: Db, actor: Actor, program: Program) -> Response:
    """Return the definition of a named query."""
    accepted(request, JSON_TYPES)
    return as_json(_told(_find(query_name, db, actor, sight_of(db, program.keyring, actor))))


def _find(query_name: str, db: Db, actor: Actor, sight: Sight) -> NamedQuery:
    if not sight.may_ask(query_name):
        raise no_query(query_name)
    return named_query(db, actor.tenant_id, query_name)


@routes.delete("/queries/{query_name}", status_code=204, response_class=Response)
@needs("trace.query")
def remove_query(query_name: str, db: Db, actor: Actor) -> Response:
    """Delete a named query; its subscriptions end with it."""
    delete_query(db, actor.brand_id, query_name)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@routes.get("/queries/{query_name}/events", response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def ask_query(
    query_name: str,
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> Response:
    """Answer a named query."""
    sight = sight_of(db, program.keyring, actor)
    named = _find(query_name, db, actor, sight)
    beside = sorted(asked(request))
    if beside:
        faults = [
            FieldError(f"query/{name}", "no parameter: the query says it all", "one more") for name in beside
        ]
        raise QueryParameterException("A named query takes no parameters.", faults)
    page = query_events(
        db,
        program.keyring,
        actor.tenant_id,
        named.asked(),
        named.prefixes,
        sight=sight,
        per_page=per_page,
        token=token,
        now=now,
    )
    return answer_page(request, page, now, query_name=named.name)


@routes.options("/queries", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_queries() -> Response:
    """Say what can be done with named queries."""
    return discovery("OPTIONS, GET, POST")


@routes.options("/queries/{query_name}", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_query(query_name: str, db: Db, actor: Actor, program: Program) -> Response:
    """Say what can be done with a named query."""
    _find(query_name, db, actor, sight_of(db, program.keyring, actor))
    return discovery("OPTIONS, GET, DELETE")


@routes.options("/queries/{query_name}/events", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_query_events(query_name: str, db: Db, actor: Actor, program: Program) -> Response:
    """Say what can be done with the events of a named query."""
    _find(query_name, db, actor, sight_of(db, program.keyring, actor))
    return discovery("OPTIONS, GET")


def _told(named: NamedQuery) -> dict[str, Any]:
    return {"name": named.name, "query": named.definition}
