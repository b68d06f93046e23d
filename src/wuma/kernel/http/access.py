"""Who may do what: every route says it, and a route that says nothing does not start.

A permission is a dotted name, ``codes.order``: what is done to what. Roles are bundles of permissions;
the table is ``ops/roles.py``. An API token carries a subset of its owner's permissions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from wuma.kernel.auth.grants import Role
from wuma.kernel.errors import Forbidden, Unauthenticated
from wuma.kernel.tenancy import PLATFORM, Scope

PLATFORM_TENANT: Final = 0
"""The tenant of those who run the platform itself."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever stands behind a request, as far as we know and have checked."""

    account_id: UUID
    tenant_id: int
    """The tenant acted for: one's own, or the one a platform operator has chosen."""
    name: str
    email: str
    roles: frozenset[Role]
    permissions: frozenset[str]
    session_id: UUID | None = None
    """The session, when signed in by cookie; None for an API token."""
    has_totp: bool = False
    """Whether a second factor guards the account."""
    bound_to: str | None = None
    """Whom an API token was lent to by name, when it was: it stands for them, and not for its owner."""

    @property
    def scope(self) -> Scope:
        """The rows this principal's transaction may touch."""
        if self.tenant_id == PLATFORM_TENANT and Role.PLATFORM_OPERATOR in self.roles:
            return PLATFORM
        return Scope.of(self.tenant_id)

    @property
    def brand_id(self) -> int:
        """The brand acted for: whose things are made and changed.

        Raises:
            Forbidden: for an operator of the platform who has chosen none. The platform has no products.
        """
        if self.tenant_id == PLATFORM_TENANT:
            raise Forbidden("You act for the platform itself: name the brand to act for in Wuma-Tenant.")
        return self.tenant_id

    def may(self, permission: str) -> bool:
        """Whether this principal has a permission."""
        return permission in self.permissions

    @property
    def actor(self) -> str:
        """The name this principal is written down under: stable, and not personal data."""
        return f"account:{self.account_id}"


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks for. `permission` None: only that somebody is signed in; `public`: nothing at all."""

    permission: str | None = None
    public: bool = False
    in_person: bool = False
    or_permission: str | None = None
    """Also enough; the route shows less to whoever has only this one."""

    def admit(self, principal: Principal | None) -> None:
        """Raise unless this principal may use the route."""
        if self.public:
            return
        if principal is None:
            raise Unauthenticated("This needs a signed-in session or an API token.")
        is_enough = self.or_permission is not None and principal.may(self.or_permission)
        if principal.bound_to is not None and not is_enough:
            # Whoever holds it is not its owner: nothing of the owner's is theirs, not even the name.
            raise Forbidden("This needs more than a token that was lent.")
        if self.in_person and principal.session_id is None:
            raise Forbidden("This needs a signed-in session; an API token is not enough.")
        if self.permission is not None and not principal.may(self.permission) and not is_enough:
            raise Forbidden(f"This needs the permission {self.permission}.", permission=self.permission)


Route = TypeVar("Route", bound=Callable[..., Any])
_ACCESS: Final = "__wuma_access__"


def needs(permission: str, *, or_less: str | None = None) -> Callable[[Route], Route]:
    """Admit principals with this permission, or with one by which the route shows less."""
    return _mark(Access(permission=permission, or_permission=or_less))


def signed_in(route: Route) -> Route:
    """Admit everybody who is signed in: for what concerns only oneself."""
    return _mark(Access())(route)


def in_person(route: Route) -> Route:
    """Admit everybody who is signed in by a session: for how one signs in, and what stands in for oneself.

    An API token is lent to a program for some purpose and some time. If it could make tokens or change
    passwords, a stolen one would never end.
    """
    return _mark(Access(in_person=True))(route)


def public(route: Route) -> Route:
    """Admit everybody. Say in a comment why."""
    return _mark(Access(public=True))(route)


def _mark(access: Access) -> Callable[[Route], Route]:
    def mark(route: Route) -> Route:
        setattr(route, _ACCESS, access)
        return route

    return mark


def access_of(route: Callable[..., Any]) -> Access:
    """Return what a route asks for; a route that does not say is a bug, found when the program starts."""
    access = getattr(route, _ACCESS, None)
    if access is None:
        raise TypeError(
            f"{route.__module__}.{route.__qualname__}: say who may use it (needs, signed_in, public)"
        )
    assert isinstance(access, Access)
    return access
