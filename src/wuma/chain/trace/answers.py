"""Events as they are given: the EPCISQueryDocument of a page (EPCIS 2.0, section 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from wuma.chain.trace.chunks import Event
from wuma.chain.trace.query import EventPage
from wuma.chain.trace.rest import LD_JSON, STANDARD_CONTEXT, VERSIONS, accepted, link_on

QUERY_TYPES = ("application/json", LD_JSON)


def answer_page(
    request: Request, page: EventPage, now: datetime, *, query_name: str = "SimpleEventQuery"
) -> Response:
    """Give a page of events, and the way to the next one."""
    response = answer_events(request, page.events, now, query_name=query_name)
    if page.next_page_token is not None:
        link_on(response, request, page.next_page_token, page.token_expires_at)
    return response


def answer_events(
    request: Request, events: list[Event], now: datetime, *, query_name: str = "SimpleEventQuery"
) -> Response:
    """Give events in the type that the asker likes."""
    media_type = accepted(request, QUERY_TYPES)
    if "accept" not in request.headers:
        media_type = LD_JSON
    document = query_document(events, now, query_name)
    headers = {**VERSIONS, "Vary": "Accept"}
    return Response(msgspec.json.encode(document), media_type=media_type, headers=headers)


def query_document(events: list[Event], now: datetime, query_name: str) -> Mapping[str, Any]:
    """Return the document that answers a query."""
    return {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {
            "queryResults": {
                "queryName": query_name,
                "resultsBody": {"eventList": [given_back(event) for event in events]},
            }
        },
    }


def given_back(event: Event) -> dict[str, Any]:
    """Return an event as it came, with when it was captured and what its own prefixes mean."""
    fields = {**event.fields, "recordTime": event.captured_at.isoformat()}
    parts = event.context if isinstance(event.context, list) else [event.context]
    own = [part for part in parts if isinstance(part, dict)]
    if own and "@context" not in fields:
        fields["@context"] = own
    return fields
