"""API tokens: ``wuma_<id>_<secret>``, kept as a hash, narrowed to some permissions, and expiring."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wuma.kernel.auth.grants import Grants
from wuma.kernel.auth.models import Account, ApiToken
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.db import Database
from wuma.kernel.errors import FieldError, Forbidden, InvalidInput, NotFound, Unauthenticated
from wuma.kernel.http.access import Principal
from wuma.kernel.ids import uuid7
from wuma.kernel.tenancy import PLATFORM

PREFIX: Final = "wuma"
DAYS_MAX: Final = 366
USED_EVERY_SECONDS: Final = 60
LENT_MAX: Final = 200
"""Tokens of one partner that are listed, revoked ones included."""
_TOKEN: Final = re.compile(PREFIX + r"_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")  # a number, 32 bytes in base64url


def issue(
    session: Session,
    owner: Principal,
    *,
    name: str,
    permissions: frozenset[str],
    days: int,
    now: datetime,
    bound_to: str | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for oneself, or for whom it is bound to; the text is shown once and stored nowhere.

    Raises:
        Forbidden: when it would carry a permission that its owner does not have.

    """
    if not 1 <= days <= DAYS_MAX:
        raise InvalidInput("The life of a token.", [FieldError("/days", f"1 to {DAYS_MAX}", str(days))])
    excess = sorted(permissions - owner.permissions)
    if excess:
        raise Forbidden(f"You cannot give what you do not have: {', '.join(excess)}.", permissions=excess)
    secret = secrets.token_urlsafe(32)
    token = ApiToken(
        id=uuid7(),
        tenant_id=owner.tenant_id,
        account_id=owner.account_id,
        name=name,
        secret_hash=_hash(secret),
        permissions=sorted(permissions),
        bound_to=bound_to,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    session.add(token)
    session.flush()
    return token, f"{PREFIX}_{token.id.hex}_{secret}"


def principal_of(
    database: Database, text: str, grants: Grants, *, now: datetime, tenant_slug: str | None
) -> Principal:
    """Return who a token stands for.

    Raises:
        Unauthenticated: the same for a malformed, unknown, expired or revoked token.

    """
    token_id, secret = _read(text)
    with database.transaction(PLATFORM) as session:
        row = session.execute(
            select(ApiToken, Account)
            .join(Account, Account.id == ApiToken.account_id)
            .where(ApiToken.id == token_id, Account.disabled_at.is_(None))
        ).one_or_none()
        if row is None or not secrets.compare_digest(row[0].secret_hash, _hash(secret)):
            raise Unauthenticated("This API token is not valid.")
        token, account = row
        if token.revoked_at is not None or token.expires_at <= now:
            raise Unauthenticated("This API token is not valid.")
        if token.last_used_at is None or token.last_used_at <= now - timedelta(seconds=USED_EVERY_SECONDS):
            token.last_used_at = now
        only = frozenset(token.permissions)
        return principal_for(
            session, account, grants, tenant_slug=tenant_slug, only=only, bound_to=token.bound_to
        )


def revoke(session: Session, owner: Principal, token_id: UUID, *, now: datetime) -> None:
    """End a token of one's own."""
    revoked = session.scalar(
        update(ApiToken)
        .where(
            ApiToken.id == token_id, ApiToken.account_id == owner.account_id, ApiToken.revoked_at.is_(None)
        )
        .values(revoked_at=now)
        .returning(ApiToken.id)
    )
    if revoked is None:
        raise NotFound(f"Token {token_id}: you have none that is still valid.")


def lent(session: Session, tenant_id: int, bound_to: str) -> Sequence[ApiToken]:
    """Return the tokens that are bound to somebody, whoever made them, the newest first."""
    whose = (ApiToken.tenant_id == tenant_id, ApiToken.bound_to == bound_to)
    return session.scalars(select(ApiToken).where(*whose).order_by(ApiToken.id.desc()).limit(LENT_MAX)).all()


def take_back(session: Session, tenant_id: int, bound_to: str, token_id: UUID, *, now: datetime) -> None:
    """End a token that is bound to somebody, whoever made it."""
    revoked = session.scalar(
        update(ApiToken)
        .where(
            ApiToken.id == token_id,
            ApiToken.tenant_id == tenant_id,
            ApiToken.bound_to == bound_to,
            ApiToken.revoked_at.is_(None),
        )
        .values(revoked_at=now)
        .returning(ApiToken.id)
    )
    if revoked is None:
        raise NotFound(f"Token {token_id}: there is none that is still valid.")


def _read(text: str) -> tuple[UUID, str]:
    found = _TOKEN.fullmatch(text)
    if found is None:
        raise Unauthenticated("This API token is not valid.")
    return UUID(hex=found[1]), found[2]


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
