"""Events as they are given: the EPCISQueryDocument of a page (EPCIS 2.0, section 8.2), in JSON or in XML."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from wuma.chain.trace.documents.xml.writing import CbvFormat, Unsayable
from wuma.chain.trace.documents.xml.writing import query_document as xml_document
from wuma.chain.trace.queries.epc_formats import EpcFormat, in_format, prefixes_in
from wuma.chain.trace.queries.exceptions import NotAcceptableException
from wuma.chain.trace.queries.query import EventPage
from wuma.chain.trace.queries.rest import (
    LD_JSON,
    STANDARD_CONTEXT,
    VERSIONS,
    VERSIONS_1_2,
    XML_TYPES,
    accepted,
    is_old_wanted,
    link_on,
    one_of,
)
from wuma.chain.trace.shelves.chunks import Event
from wuma.kernel.errors import FieldError

QUERY_TYPES: Final = ("application/json", LD_JSON, *XML_TYPES)


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
    """Give events in the type, the version and the form of names that the asker likes.

    Raises:
        NotAcceptableException: naming the header, or what XML cannot say.
    """
    is_old = is_old_wanted(request.headers)
    media_type = accepted(request, XML_TYPES if is_old else QUERY_TYPES)
    if "accept" not in request.headers and not is_old:
        media_type = LD_JSON
    epc_format = one_of(request, "GS1-EPC-Format", EpcFormat, EpcFormat.NO_PREFERENCE)
    if epc_format is EpcFormat.NO_PREFERENCE:  # 1.2 knows no Digital Links
        epc_format = EpcFormat.ALWAYS_URN if is_old else EpcFormat.NEVER_TRANSLATES
    given = [given_back(event) for event in events]
    if epc_format is not EpcFormat.NEVER_TRANSLATES:
        prefixes = prefixes_in(given, ())
        given = [in_format(fields, epc_format, prefixes) for fields in given]
    headers = {
        **(VERSIONS_1_2 if is_old else VERSIONS),
        "GS1-EPC-Format": epc_format.value,
        "Vary": "Accept, GS1-EPC-Format, GS1-CBV-XML-Format, GS1-EPCIS-Max, GS1-EPCIS-Version",
    }
    if media_type in XML_TYPES:
        cbv_format = one_of(request, "GS1-CBV-XML-Format", CbvFormat, CbvFormat.NO_PREFERENCE)
        try:
            body = xml_document(
                zip(given, (event.context for event in events), strict=True),
                now,
                query_name,
                version="1.2" if is_old else "2.0",
                cbv_format=cbv_format,
            )
        except Unsayable as cannot:
            fault = FieldError(f"/eventList{cannot.at}", cannot.expected, cannot.got)
            raise NotAcceptableException("XML cannot say this; JSON can.", [fault]) from None
        headers["GS1-CBV-XML-Format"] = CbvFormat.ALWAYS_URN.value if is_old else cbv_format.value
    else:
        body = msgspec.json.encode(query_document(given, now, query_name))
    headers["ETag"] = _tag(given, media_type, *headers.values())
    return Response(body, media_type=media_type, headers=headers)


def _tag(given: list[dict[str, Any]], *forms: str) -> str:
    """Return the weak tag of an answer: the date of the document is no change."""
    return f'W/"{hashlib.sha256(msgspec.json.encode([given, forms])).hexdigest()[:32]}"'


def query_document(given: list[dict[str, Any]], now: datetime, query_name: str) -> Mapping[str, Any]:
    """Return the document that answers a query."""
    return {
        "@context": [STANDARD_CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": now.isoformat(),
        "epcisBody": {"queryResults": {"queryName": query_name, "resultsBody": {"eventList": given}}},
    }


def given_back(event: Event) -> dict[str, Any]:
    """Return an event as it came, with when it was captured and what its own prefixes mean."""
    fields = {**event.fields, "recordTime": event.captured_at.isoformat()}
    parts: list[Mapping[str, Any]] = []
    for context in (event.context, event.fields.get("@context")):
        for part in context if isinstance(context, list) else [context]:
            if isinstance(part, Mapping):
                parts = [*(one for one in parts if one != part), part]  # the last that is said counts
    if parts:
        fields["@context"] = parts
    return fields
