"""Signing in by password and second factor, and staying signed in by a cookie."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final
from uuid import UUID

import pyotp
from sqlalchemy import Select, case, delete, func, or_, select, update
from sqlalchemy.orm import Session

from wuma.kernel.auth.grants import Grants
from wuma.kernel.auth.models import Account, SignedIn
from wuma.kernel.auth.passwords import verify_password
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.crypto import Cell, FieldCipher
from wuma.kernel.db import Database
from wuma.kernel.errors import NotFound, Refusal, TooMany
from wuma.kernel.http.access import Principal
from wuma.kernel.ids import uuid7
from wuma.kernel.tenancy import PLATFORM

SESSION_HOURS: Final = 12
SESSION_IDLE_HOURS: Final = 2
SEEN_EVERY_SECONDS: Final = 60  # one write a minute is enough to know that somebody is still there
FAILURES_BEFORE_LOCK: Final = 5
LOCK_SECONDS_MAX: Final = 3600
TOTP_STEP_SECONDS: Final = 30  # RFC 6238
TOTP_DRIFT_STEPS: Final = 1
USER_AGENT_CHARACTERS_MAX: Final = 300


class WrongCredentials(Refusal):
    """E-mail, password or code do not fit together."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "wrong-credentials"


class SecondFactorNeeded(Refusal):
    """The password is right; the code of the authenticator app is missing."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "second-factor-needed"


@dataclass(frozen=True, slots=True)
class SignIn:
    """What somebody presents at the door."""

    email: str
    password: str
    totp: str | None
    user_agent: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """The secret goes into the cookie and is nowhere else."""

    secret: str
    expires_at: datetime


def sign_in(database: Database, cipher: FieldCipher, presented: SignIn, *, now: datetime) -> NewSession:
    """Check what was presented and open a session.

    An attempt is counted before anything is checked, in a transaction of its own: so it stays counted when
    the request is refused, and of any number of attempts at once no more are checked than one after the
    other. After `FAILURES_BEFORE_LOCK` of them the account waits, twice as long each time; success forgets.

    Raises:
        WrongCredentials: the same for an unknown account, a wrong password, a wrong code.
        SecondFactorNeeded: the password was right and the account wants a code too.
        TooMany: the account is locked for the moment; nothing was checked.

    """
    email = presented.email.strip().lower()
    with database.transaction(PLATFORM) as session:
        account = session.scalar(select(Account).where(Account.email == email, Account.disabled_at.is_(None)))
    if account is not None:
        count_attempt(database, account.id, now)

    password_is_right = verify_password(account.password_hash if account else None, presented.password)
    if account is None or not password_is_right:
        raise WrongCredentials("Please check e-mail and password.")
    if account.totp_secret is not None:
        if not presented.totp:
            raise SecondFactorNeeded("Please enter the six digits of your authenticator app.")
        secret = cipher.open(account.totp_secret, totp_cell(account))
        step = totp_step(secret.decode(), presented.totp, now)
        if step is None or not _use_totp(database, account.id, step):
            raise WrongCredentials("Please check the code of your authenticator app.")
    with database.transaction(PLATFORM) as session:
        return _open(session, account, presented.user_agent, now)


def count_attempt(database: Database, account_id: UUID, now: datetime) -> None:
    """Count an attempt as a failure until it has succeeded, unless the account waits already."""
    excess = Account.failed_count + 1 - FAILURES_BEFORE_LOCK
    seconds = func.least(60 * func.pow(2, func.least(excess, 10)), LOCK_SECONDS_MAX)
    with database.transaction(PLATFORM) as session:
        counted = session.scalar(
            update(Account)
            .where(Account.id == account_id, or_(Account.locked_until.is_(None), Account.locked_until <= now))
            .values(
                failed_count=Account.failed_count + 1,
                locked_until=case(
                    (excess >= 0, now + func.make_interval(0, 0, 0, 0, 0, 0, seconds)), else_=None
                ),
            )
            .returning(Account.id)
        )
        if counted is not None:
            return
        locked_until = session.scalar(select(Account.locked_until).where(Account.id == account_id))
    wait_seconds = 1 if locked_until is None else max(int((locked_until - now).total_seconds()) + 1, 1)
    raise TooMany("Too many failures; the account is locked for a while.", retry_after_seconds=wait_seconds)


def totp_cell(account: Account) -> Cell:
    """Say where an account's second factor stands, also while it is only prepared."""
    return Cell(account.tenant_id, "kernel.account", "totp_secret", str(account.id))


def totp_step(secret: str, digits: str, now: datetime) -> int | None:
    """Return the time step whose code the digits are (RFC 6238), allowing for a slow or fast clock."""
    present = int(now.timestamp()) // TOTP_STEP_SECONDS
    totp = pyotp.TOTP(secret, interval=TOTP_STEP_SECONDS)
    for step in range(present - TOTP_DRIFT_STEPS, present + TOTP_DRIFT_STEPS + 1):
        if secrets.compare_digest(totp.at(step * TOTP_STEP_SECONDS).encode(), digits.strip().encode()):
            return step
    return None


def _use_totp(database: Database, account_id: UUID, step: int) -> bool:
    """Whether this step was not used before: digits seen over a shoulder are worth nothing."""
    with database.transaction(PLATFORM) as session:
        used = session.scalar(
            update(Account)
            .where(Account.id == account_id, Account.totp_last_step < step)
            .values(totp_last_step=step)
            .returning(Account.id)
        )
    return used is not None


def _open(session: Session, account: Account, user_agent: str, now: datetime) -> NewSession:
    secret = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=SESSION_HOURS)
    session.add(
        SignedIn(
            token_hash=_hash(secret),
            id=uuid7(),
            tenant_id=account.tenant_id,
            account_id=account.id,
            created_at=now,
            expires_at=expires_at,
            last_seen_at=now,
            user_agent=user_agent[:USER_AGENT_CHARACTERS_MAX],
        )
    )
    session.execute(update(Account).where(Account.id == account.id).values(failed_count=0, locked_until=None))
    return NewSession(secret, expires_at)


def principal_of(
    database: Database, secret: str, grants: Grants, *, now: datetime, tenant_slug: str | None
) -> Principal | None:
    """Return who a cookie stands for; None when the session has ended."""
    with database.transaction(PLATFORM) as session:
        row = session.execute(
            select(SignedIn, Account)
            .join(Account, Account.id == SignedIn.account_id)
            .where(SignedIn.token_hash == _hash(secret), Account.disabled_at.is_(None))
        ).one_or_none()
        if row is None:
            return None
        signed_in, account = row
        if signed_in.expires_at <= now or signed_in.last_seen_at <= now - timedelta(hours=SESSION_IDLE_HOURS):
            return None
        if signed_in.last_seen_at <= now - timedelta(seconds=SEEN_EVERY_SECONDS):
            signed_in.last_seen_at = now
        return principal_for(session, account, grants, tenant_slug=tenant_slug, session_id=signed_in.id)


def live_sessions(account_id: UUID, *, now: datetime) -> Select[SignedIn]:
    """Return the query of the sessions of an account that have not ended, the newest first."""
    idle_since = now - timedelta(hours=SESSION_IDLE_HOURS)
    return (
        select(SignedIn)
        .where(
            SignedIn.account_id == account_id, SignedIn.expires_at > now, SignedIn.last_seen_at > idle_since
        )
        .order_by(SignedIn.id.desc())
    )


def end(session: Session, account_id: UUID, session_id: UUID, *, now: datetime) -> None:
    """End one of an account's sessions."""
    query = live_sessions(account_id, now=now).where(SignedIn.id == session_id)
    signed_in = session.scalar(query.order_by(None))
    if signed_in is None:
        raise NotFound(f"Session {session_id}: you have none that has not ended.")
    sign_out(session, session_id)


def end_others(session: Session, account_id: UUID, *, kept: UUID | None) -> None:
    """End the sessions of an account but one."""
    session.execute(
        delete(SignedIn).where(SignedIn.account_id == account_id, SignedIn.id.is_distinct_from(kept))
    )


def sign_out(session: Session, session_id: UUID) -> None:
    """End a session."""
    session.execute(delete(SignedIn).where(SignedIn.id == session_id))


def forget_ended(session: Session, *, now: datetime) -> None:
    """Remove the sessions that have ended."""
    session.execute(delete(SignedIn).where(SignedIn.expires_at <= now))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
