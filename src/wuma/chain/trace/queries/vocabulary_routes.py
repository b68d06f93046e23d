"""Master data under ``/epcis/vocabularies``: SimpleMasterDataQuery (EPCIS 2.0, section 8.2.7.2).

GS1's OpenAPI has no address for it; the query of the standard does, in SOAP. Its parameters and its answer
are the same here, page by page.
"""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.requests import Request

from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.rest import (
    JSON_TYPES,
    PER_PAGE,
    PREFIX,
    STANDARD_CONTEXT,
    EpcisEndpoint,
    PerPage,
    Token,
    accepted,
    as_json,
    asked,
    discovery,
    link_on,
)
from wuma.chain.trace.queries.vocabularies import elements, read_master_data_query, told
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Now, Program

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])


@routes.get("/vocabularies", response_class=Response)
@needs("trace.read")
def list_vocabularies(
    request: Request,
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    per_page: PerPage = PER_PAGE,
    token: Token = None,
) -> Response:
    """Answer a SimpleMasterDataQuery; its parameters are those of the standard, values separated by pipes."""
    accepted(request, JSON_TYPES)
    parameters = asked(request)
    query = read_master_data_query(parameters)
    list_name = f"vocabularies {sorted(parameters.items())}"
    tokens = PageTokens(program.keyring, actor.tenant_id, list_name, now=now)
    place = tokens.read(token, str, str)
    after = None if place is None else (place[0], place[1])
    found = elements(db, actor.tenant_id, query, after=after, limit=per_page + 1)
    response = as_json(
        {
            "@context": [STANDARD_CONTEXT],
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": now.isoformat(),
            "epcisBody": {
                "queryResults": {
                    "queryName": "SimpleMasterDataQuery",
                    # The JSON schema demands a list of events beside that of vocabularies.
                    "resultsBody": {"eventList": [], "vocabularyList": told(found[:per_page], query)},
                }
            },
        }
    )
    if len(found) > per_page:
        last = found[per_page - 1]
        link_on(response, request, tokens.write([last.vocabulary, last.name]), tokens.expires_at)
    return response


@routes.options("/vocabularies", status_code=204, response_class=Response)
@needs("trace.read")
def describe_vocabularies() -> Response:
    """Say what can be done with master data."""
    return discovery("OPTIONS, GET")
