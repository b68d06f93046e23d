"""From an account to the principal of a request: its roles, its permissions, the tenant it acts for."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.kernel.auth.grants import Grants, Role
from wuma.kernel.auth.models import Account, Tenant
from wuma.kernel.errors import Forbidden, NotFound
from wuma.kernel.http.access import Principal


def principal_for(
    session: Session,
    account: Account,
    grants: Grants,
    *,
    tenant_slug: str | None,
    session_id: UUID | None = None,
    only: frozenset[str] | None = None,
    bound_to: str | None = None,
) -> Principal:
    """Return the principal of an account; `only` narrows its permissions to those of an API token.

    A platform operator may act for any tenant by naming it; everybody else may name only their own.
    """
    roles = frozenset(Role(role) for role in account.roles if role in Role.__members__.values())
    permissions = frozenset[str]().union(*(grants.get(role, frozenset()) for role in roles))
    return Principal(
        account_id=account.id,
        tenant_id=_acted_for(session, account, roles, tenant_slug),
        name=account.name,
        email=account.email,
        roles=roles,
        permissions=permissions if only is None else permissions & only,
        session_id=session_id,
        has_totp=account.totp_secret is not None,
        bound_to=bound_to,
    )


def _acted_for(session: Session, account: Account, roles: frozenset[Role], slug: str | None) -> int:
    if slug is None:
        return account.tenant_id
    tenant_id = session.scalar(select(Tenant.id).where(Tenant.slug == slug))
    if tenant_id == account.tenant_id:
        return account.tenant_id
    if Role.PLATFORM_OPERATOR not in roles:
        raise Forbidden("Only a platform operator may act for another tenant.")
    if tenant_id is None:
        raise NotFound(f"Tenant {slug!r}: there is none of this name.")
    return tenant_id
