"""Every route says who may use it, and every permission belongs to some role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import APIRouter

from wuma.entrypoints import addresses
from wuma.kernel.http.access import access_of
from wuma.kernel.http.endpoint import Endpoint
from wuma.ops.roles import GRANTS


def _routes_of(router: APIRouter) -> Iterator[Any]:
    """Return the routes of a router, those of routers inside it too."""
    for route in router.routes:
        inside = getattr(route, "original_router", None)
        yield from [route] if inside is None else _routes_of(inside)


ROUTERS = (*addresses.API_ROUTES, *addresses.EPCIS_ROUTES)
ROUTES = [route for router in ROUTERS for route in _routes_of(router)]
PUBLIC = {
    ("POST", "/session"),  # the door itself
    ("GET", "/receipts/public-key"),  # whoever holds a receipt may check it
}


def test_every_route_of_the_api_is_an_endpoint() -> None:
    assert "/imports" in {route.path for route in ROUTES}
    assert [route.path for route in ROUTES if not isinstance(route, Endpoint)] == []


def test_only_the_routes_named_here_are_public() -> None:
    public = {
        (method, route.path)
        for route in ROUTES
        if access_of(route.endpoint).public
        for method in route.methods
    }

    assert public <= PUBLIC


def test_every_permission_that_a_route_asks_for_is_granted_to_somebody() -> None:
    accesses = [access_of(route.endpoint) for route in ROUTES]
    asked = {one for access in accesses for one in (access.permission, access.or_permission) if one}
    granted = frozenset[str]().union(*GRANTS.values())

    assert granted == asked


def test_a_route_that_says_nothing_does_not_come_into_being() -> None:
    def forgotten() -> None: ...

    with pytest.raises(TypeError, match="say who may use it"):
        Endpoint("/forgotten", forgotten)
