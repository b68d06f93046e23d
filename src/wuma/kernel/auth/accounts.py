"""Making, listing and ending accounts, and their second factors."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account, Tenant
from wuma.kernel.auth.passwords import hash_password, verify_password
from wuma.kernel.auth.sessions import count_attempt, end_others, totp_cell, totp_step
from wuma.kernel.crypto import FieldCipher
from wuma.kernel.db import Database
from wuma.kernel.errors import AlreadyExists, FieldError, Forbidden, InvalidInput, NotFound, Refusal
from wuma.kernel.http.access import PLATFORM_TENANT, Principal
from wuma.kernel.ids import uuid7

TOTP_ISSUER: Final = "Wuma"


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What is needed to make an account."""

    tenant_id: int
    email: str
    name: str
    roles: frozenset[Role]
    password: str


def create_tenant(session: Session, *, slug: str, name_zh: str, name_en: str, now: datetime) -> Tenant:
    """Make a tenant."""
    if session.scalar(select(Tenant.id).where(Tenant.slug == slug)) is not None:
        raise AlreadyExists(f"Tenant {slug!r}: the name is taken.")
    tenant = Tenant(slug=slug, name_zh=name_zh, name_en=name_en, created_at=now)
    session.add(tenant)
    session.flush()
    return tenant


def create_account(session: Session, new: NewAccount, *, now: datetime) -> Account:
    """Make an account. Platform operators belong to the platform's own tenant and nobody else does."""
    email = new.email.strip().lower()
    if email.count("@") != 1 or not all(email.split("@")) or any(c.isspace() for c in email):
        raise InvalidInput("The e-mail address.", [FieldError("/email", "name@domain", new.email)])
    if (Role.PLATFORM_OPERATOR in new.roles) != (new.tenant_id == PLATFORM_TENANT):
        raise Forbidden("Platform operators, and only they, belong to the platform's own tenant.")
    account = Account(
        id=uuid7(),
        tenant_id=new.tenant_id,
        email=email,
        name=new.name,
        roles=sorted(new.roles),
        password_hash=hash_password(new.password),
        created_at=now,
    )
    session.add(account)
    session.flush()
    return account


def change_password(
    database: Database, session: Session, principal: Principal, *, current: str, new: str, now: datetime
) -> None:
    """Give oneself another password, and end one's sessions elsewhere.

    Guessing the current one counts like guessing at the door, and locks the account as it does there.

    Raises:
        InvalidInput: the current password is another, or the new one is too weak or no new one.
        TooMany: the account is locked for the moment; nothing was checked.
    """
    if new == current:
        fault = FieldError("/new_password", "another password", "the current one")
        raise InvalidInput("The new password is the old one.", [fault])
    fresh_hash = hash_password(new, at="/new_password")  # a weak one is no attempt at the current one
    count_attempt(database, principal.account_id, now)
    account = own_account(session, principal)
    checked_hash = account.password_hash
    if not verify_password(checked_hash, current):
        fault = FieldError("/current_password", "the password you sign in with", "another one")
        raise InvalidInput("The current password is not right.", [fault])
    changed = session.scalar(
        update(Account)
        .where(Account.id == account.id, Account.password_hash == checked_hash)
        .values(password_hash=fresh_hash, failed_count=0, locked_until=None)
        .returning(Account.id)
    )
    if changed is None:
        raise Refusal("Your password was changed elsewhere a moment ago.")
    end_others(session, account.id, kept=principal.session_id)


def begin_totp(session: Session, cipher: FieldCipher, principal: Principal) -> str:
    """Prepare a second factor and return the ``otpauth:`` URI to scan; it counts once a code confirms it."""
    secret = pyotp.random_base32()
    account = own_account(session, principal)
    account.totp_pending = cipher.seal(secret.encode(), totp_cell(account))
    return pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=TOTP_ISSUER)


def confirm_totp(
    session: Session, cipher: FieldCipher, principal: Principal, digits: str, *, now: datetime
) -> None:
    """Make the prepared second factor count, now that its owner has shown that the app has it."""
    account = own_account(session, principal)
    if account.totp_pending is None:
        raise NotFound("No second factor has been prepared.")
    secret = cipher.open(account.totp_pending, totp_cell(account)).decode()
    step = totp_step(secret, digits, now)
    if step is None:
        raise InvalidInput(
            "The code.", [FieldError("/totp", "the six digits the app shows now", digits[:12])]
        )
    account.totp_secret, account.totp_pending = account.totp_pending, None
    account.totp_last_step = step


def end_totp(session: Session, principal: Principal) -> None:
    """Take the second factor off one's account."""
    own_account(session, principal).totp_secret = None


def own_account(session: Session, principal: Principal) -> Account:
    """Return the account of the principal."""
    account = session.get(Account, principal.account_id)
    if account is None:
        raise NotFound("Your account is not visible in the tenant you act for.")
    return account


def disable(session: Session, account_id: UUID, *, now: datetime) -> None:
    """End an account; what it did stays on record, its sessions and tokens stop working."""
    ended = session.scalar(
        update(Account)
        .where(Account.id == account_id, Account.disabled_at.is_(None))
        .values(disabled_at=now)
        .returning(Account.id)
    )
    if ended is None:
        raise NotFound(f"Account {account_id}: there is none that is in use.")
