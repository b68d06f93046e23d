"""The top-level resources under ``/epcis`` and what is below them (EPCIS 2.0, section 12.5).

All lists work alike: what events have named, page by page; each member leads to its events. A member is found
by every spelling: a URN, a Digital Link of any domain, a bare word.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Path, Response
from sqlalchemy.orm import Session
from starlette.requests import Request

from wuma.chain.codes.facade import public_names
from wuma.chain.trace.queries.answers import answer_page
from wuma.chain.trace.queries.exceptions import NoSuchNameException
from wuma.chain.trace.queries.page_tokens import PageTokens
from wuma.chain.trace.queries.query import EVENTS_LOOKED_AT_MAX, query_events
from wuma.chain.trace.queries.rest import (
    JSON_TYPES,
    PER_PAGE,
    PREFIX,
    EpcisEndpoint,
    PerPage,
    Token,
    accepted,
    asked,
    collection,
    discovery,
    link_on,
    prefixes_of,
)
from wuma.chain.trace.shelves.seen import Kind, has_seen, has_seen_thing, name_of, names_after, things_after
from wuma.chain.trace.shelves.things import FOREIGN_FROM, Things, foreign_keys
from wuma.chain.trace.sights.partner_sights import sight_of
from wuma.chain.trace.sights.sight import Sight
from wuma.chain.trace.vocabulary import EventType
from wuma.kernel.http.access import Principal, needs
from wuma.kernel.http.endpoint import Actor, Db, Now, Program
from wuma.kernel.keys import Keyring
from wuma.kernel.runtime import Runtime

routes = APIRouter(prefix=PREFIX, route_class=EpcisEndpoint, tags=["EPCIS"])

MEMBERS_LOOKED_AT_MAX: Final = 1_000
"""For a page of a list that is not seen whole: each member is looked for among the events one sees."""
MEMBERS_READ_AT_ONCE: Final = 100
EVENTS_LOOKED_AT_FOR_MEMBER: Final = 2_000
"""A member that has no event one sees among its latest of these is left out."""

TOP_LEVEL: Final = (
    "capture",
    "events",
    "eventTypes",
    "epcs",
    "bizSteps",
    "bizLocations",
    "readPoints",
    "dispositions",
    "queries",
)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks, and with what."""

    session: Session
    keyring: Keyring
    tenant_id: int
    now: datetime
    sight: Sight


@dataclass(frozen=True, slots=True)
class Resource:
    """A list of what events have named."""

    path: str
    parameter: str
    """How GS1's OpenAPI calls a member."""
    condition: str
    """The query parameter that finds the events of a member."""
    after: Callable[[Ask, Any, int], list[tuple[Any, str]]]
    """Returns members after a place, each with its place and its name."""
    place_types: tuple[Any, ...]
    has: Callable[[Ask, str], bool]
    is_of_all: bool = False
    """Whether everybody may know of every member."""


def _listed(path: str, parameter: str, kind: Kind) -> Resource:
    def after(ask: Ask, place: Any, limit: int) -> list[tuple[Any, str]]:
        last, as_of = place or ("", ask.now)
        names = names_after(ask.session, ask.tenant_id, kind, after=last, as_of=as_of, limit=limit)
        return [((name, as_of), name) for name in names]

    def has(ask: Ask, spelled: str) -> bool:
        return has_seen(ask.session, ask.tenant_id, kind, name_of(kind, spelled))

    return Resource(path, parameter, f"EQ_{parameter}", after, (str, datetime), has)


def _things_after(ask: Ask, place: Any, limit: int) -> list[tuple[Any, str]]:
    numbers = things_after(ask.session, ask.tenant_id, after=place[0] if place else 0, limit=limit)
    names = foreign_keys(ask.session, numbers)
    names |= public_names(ask.session, ask.keyring, [one for one in numbers if one < FOREIGN_FROM])
    # What has no name in the open (its keys are revoked) keeps its place: it only is not told.
    return [((number,), names.get(number, "")) for number in numbers]


def _has_thing(ask: Ask, spelled: str) -> bool:
    number = Things(ask.session, ask.keyring, ask.tenant_id).find([spelled]).get(spelled)
    return number is not None and has_seen_thing(ask.session, ask.tenant_id, number)


def _types_after(_ask: Ask, place: Any, limit: int) -> list[tuple[Any, str]]:
    last = place[0] if place else ""
    return [((one.value,), one.value) for one in sorted(EventType) if one.value > last][:limit]


def _has_type(_ask: Ask, spelled: str) -> bool:
    return spelled in EventType.__members__.values()


RESOURCES: Final[Sequence[Resource]] = (
    Resource("eventTypes", "eventType", "eventType", _types_after, (str,), _has_type, is_of_all=True),
    Resource("epcs", "epc", "MATCH_anyEPC", _things_after, (int,), _has_thing),
    _listed("bizSteps", "bizStep", Kind.BIZ_STEP),
    _listed("bizLocations", "bizLocation", Kind.BIZ_LOCATION),
    _listed("readPoints", "readPoint", Kind.READ_POINT),
    _listed("dispositions", "disposition", Kind.DISPOSITION),
)


def _ask(db: Session, actor: Principal, program: Runtime, now: datetime) -> Ask:
    return Ask(db, program.keyring, actor.tenant_id, now, sight_of(db, program.keyring, actor))


def _page(resource: Resource, ask: Ask, place: Any, per_page: int) -> tuple[list[str], Any]:
    """Return a page of members that the asker sees, and where it ended if there may be more."""
    if ask.sight.is_whole or resource.is_of_all:
        found = resource.after(ask, place, per_page + 1)
        more = len(found) > per_page
        return [name for _, name in found[:per_page] if name], found[per_page - 1][0] if more else None
    members: list[str] = []
    looked_at = 0
    while looked_at < MEMBERS_LOOKED_AT_MAX:
        found = resource.after(ask, place, MEMBERS_READ_AT_ONCE)
        for at, name in found:
            if name and _is_seen(resource, ask, name, EVENTS_LOOKED_AT_FOR_MEMBER):
                if len(members) == per_page:
                    return members, place
                members.append(name)
            place = at
        looked_at += len(found)
        if len(found) < MEMBERS_READ_AT_ONCE:
            return members, None
    return members, place


def _is_seen(resource: Resource, ask: Ask, name: str, looked_at_max: int) -> bool:
    """Whether the asker sees an event that names a member: without one, there is no such member for them."""
    if ask.sight.is_whole or resource.is_of_all:
        return True
    page = query_events(
        ask.session,
        ask.keyring,
        ask.tenant_id,
        {},
        sight=ask.sight,
        also={resource.condition: [name]},
        per_page=1,
        looked_at_max=looked_at_max,
        now=ask.now,
    )
    return bool(page.events)


def _serve(resource: Resource) -> None:
    """Add the routes of a list: the longest paths first, because a name may have slashes."""
    member = f"/{resource.path}/{{{resource.parameter}:path}}"
    name_in_path = Path(alias=resource.parameter, max_length=2_000)

    def _the(ask: Ask, name: str) -> str:
        if not resource.has(ask, name) or not _is_seen(resource, ask, name, EVENTS_LOOKED_AT_MAX):
            raise NoSuchNameException(f"{resource.parameter} {name[:200]}: no event has named it.")
        return name

    @routes.get(f"{member}/events", response_class=Response, name=f"events_of_{resource.parameter}")
    @needs("trace.read", or_less="trace.read.partner")
    def events_of_member(
        request: Request,
        db: Db,
        actor: Actor,
        program: Program,
        now: Now,
        name: str = name_in_path,
        per_page: PerPage = PER_PAGE,
        token: Token = None,
    ) -> Response:
        """Return the events of a member; the parameters of SimpleEventQuery narrow them."""
        ask = _ask(db, actor, program, now)
        _the(ask, name)
        page = query_events(
            db,
            program.keyring,
            actor.tenant_id,
            asked(request),
            prefixes_of(request),
            sight=ask.sight,
            also={resource.condition: [name]},
            per_page=per_page,
            token=token,
            now=now,
        )
        return answer_page(request, page, now)

    @routes.get(member, response_class=Response, name=f"get_{resource.parameter}")
    @needs("trace.read", or_less="trace.read.partner")
    def get_member(
        request: Request, db: Db, actor: Actor, program: Program, now: Now, name: str = name_in_path
    ) -> Response:
        """Return what there is below a member: its events."""
        accepted(request, JSON_TYPES)
        _the(_ask(db, actor, program, now), name)
        return collection(["events"])

    @routes.get(f"/{resource.path}", response_class=Response, name=f"list_{resource.path}")
    @needs("trace.read", or_less="trace.read.partner")
    def list_members(
        request: Request,
        db: Db,
        actor: Actor,
        program: Program,
        now: Now,
        per_page: PerPage = PER_PAGE,
        token: Token = None,
    ) -> Response:
        """List what events have named, in a lasting order: a page never repeats what an earlier one told."""
        accepted(request, JSON_TYPES)
        ask = _ask(db, actor, program, now)
        list_name = f"{resource.path} {ask.sight.who}"
        tokens = PageTokens(program.keyring, actor.tenant_id, list_name, now=now)
        members, ended_at = _page(resource, ask, tokens.read(token, *resource.place_types), per_page)
        response = collection(members)
        if ended_at is not None:
            link_on(response, request, tokens.write(ended_at), tokens.expires_at)
        return response

    @routes.options(
        f"{member}/events", status_code=204, response_class=Response, name=f"describe_events_{resource.path}"
    )
    @needs("trace.read", or_less="trace.read.partner")
    def describe_events(
        db: Db, actor: Actor, program: Program, now: Now, name: str = name_in_path
    ) -> Response:
        """Say what can be done with the events of a member."""
        _the(_ask(db, actor, program, now), name)
        return discovery("OPTIONS, GET")

    @routes.options(member, status_code=204, response_class=Response, name=f"describe_{resource.parameter}")
    @needs("trace.read", or_less="trace.read.partner")
    def describe_member(
        db: Db, actor: Actor, program: Program, now: Now, name: str = name_in_path
    ) -> Response:
        """Say what can be done with a member."""
        _the(_ask(db, actor, program, now), name)
        return discovery("OPTIONS, GET")

    @routes.options(
        f"/{resource.path}", status_code=204, response_class=Response, name=f"describe_{resource.path}"
    )
    @needs("trace.read", or_less="trace.read.partner")
    def describe_list() -> Response:
        """Say what can be done with the list."""
        return discovery("OPTIONS, GET")


for _resource in RESOURCES:
    _serve(_resource)


@routes.get("/", response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def list_resources(request: Request) -> Response:
    """List the top-level resources."""
    accepted(request, JSON_TYPES)
    return collection(TOP_LEVEL)


@routes.options("/", status_code=HTTPStatus.NO_CONTENT, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def describe_repository() -> Response:
    """Say what is spoken here."""
    return discovery("OPTIONS, GET")


@routes.delete("/nextPageToken/{token}", status_code=204, response_class=Response)
@needs("trace.read", or_less="trace.read.partner")
def forget_token(token: str) -> Response:
    """Let go of a page token: it holds all there is to know, and nothing is kept of it here."""
    del token
    return Response(status_code=HTTPStatus.NO_CONTENT)
