"""Who is asking: a session cookie or an API token, looked up by its hash."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from starlette.requests import Request

from wuma.kernel.auth import sessions, tokens
from wuma.kernel.errors import Forbidden, Unauthenticated
from wuma.kernel.http.access import Principal
from wuma.kernel.http.origin import sent_by_own_page
from wuma.kernel.runtime import Runtime

SESSION_COOKIE: Final = "wuma_session"
TENANT_HEADER: Final = "wuma-tenant"
"""A platform operator names the tenant to act for, by its slug."""


def authenticate(request: Request, runtime: Runtime, now: datetime) -> Principal | None:
    """Return the principal of a request; None when it brings no credentials; raise when they are no good."""
    chosen_tenant = request.headers.get(TENANT_HEADER)
    authorization = request.headers.get("authorization")
    if authorization is not None:
        kind, _, credentials = authorization.partition(" ")
        if kind.lower() != "bearer" or not credentials:
            raise Unauthenticated("Authorization: expected “Bearer” and an API token.")
        return tokens.principal_of(
            runtime.database, credentials.strip(), runtime.grants, now=now, tenant_slug=chosen_tenant
        )
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is None:
        return None
    principal = sessions.principal_of(
        runtime.database, cookie, runtime.grants, now=now, tenant_slug=chosen_tenant
    )
    if (
        principal is not None
        and request.method not in {"GET", "HEAD", "OPTIONS"}
        and not sent_by_own_page(request)
    ):
        raise Forbidden("A change by session cookie must come from a page of this server.")
    return principal
