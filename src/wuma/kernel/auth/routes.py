"""The API of signing in, of one's own tokens and second factor, and of a tenant's accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.requests import Request

from wuma.kernel.auth import accounts, sessions, tokens
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account, ApiToken, SignedIn, Tenant
from wuma.kernel.auth.passwords import CHARACTERS_MAX
from wuma.kernel.errors import Forbidden, TooMany
from wuma.kernel.http.access import PLATFORM_TENANT, Principal, in_person, needs, public, signed_in
from wuma.kernel.http.authentication import SESSION_COOKIE
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Line
from wuma.kernel.http.origin import client_address
from wuma.kernel.http.paging import After, Limit, Page, cut, read_cursor
from wuma.kernel.limits import Limit as AttemptLimit
from wuma.kernel.tenancy import PLATFORM

SIGN_INS_PER_ADDRESS: Final = AttemptLimit("sign_in", 30, minutes=10)

routes = APIRouter(route_class=Endpoint, tags=["accounts"])


class SignInBody(BaseModel):
    """What to type to sign in."""

    email: str = Field(max_length=200, examples=["brand@example.cn"])
    password: str = Field(max_length=CHARACTERS_MAX)
    totp: str | None = Field(
        None, max_length=12, description="Six digits, when the account has a second factor."
    )


class Me(BaseModel):
    """Who is signed in, and what they may do: what a page shows and hides by."""

    account_id: UUID
    name: str
    email: str
    roles: list[Role]
    permissions: list[str]
    tenant_id: int
    tenant_slug: str
    tenant_name_zh: str
    tenant_name_en: str
    has_totp: bool


@routes.post("/session", status_code=204)
@public  # the door itself
def sign_in(body: SignInBody, request: Request, response: Response, program: Program, now: Now) -> None:
    """Sign in; sets the session cookie."""
    if not program.attempts.count(SIGN_INS_PER_ADDRESS, client_address(request), now=now):
        raise TooMany("Too many attempts from this address.", retry_after_seconds=60)
    presented = sessions.SignIn(body.email, body.password, body.totp, request.headers.get("user-agent", ""))
    opened = sessions.sign_in(program.database, program.fields, presented, now=now)
    response.set_cookie(
        SESSION_COOKIE,
        opened.secret,
        max_age=sessions.SESSION_HOURS * 3600,
        httponly=True,
        samesite="lax",
        secure=program.settings.cookies_secure,
        path="/",
    )


@routes.delete("/session", status_code=204)
@signed_in
def sign_out(program: Program, actor: Actor, response: Response) -> None:
    """Sign out."""
    if actor.session_id is not None:
        # Not in the request's scope: that of an operator who acts for a brand does not hold their session.
        with program.database.transaction(PLATFORM) as session:
            sessions.sign_out(session, actor.session_id)
    response.delete_cookie(SESSION_COOKIE, path="/")


@routes.get("/me")
@signed_in
def me(db: Db, actor: Actor) -> Me:
    """Say who is signed in."""
    tenant = db.get_one(Tenant, actor.tenant_id)
    return Me(
        account_id=actor.account_id,
        name=actor.name,
        email=actor.email,
        roles=sorted(actor.roles),
        permissions=sorted(actor.permissions),
        tenant_id=tenant.id,
        tenant_slug=tenant.slug,
        tenant_name_zh=tenant.name_zh,
        tenant_name_en=tenant.name_en,
        has_totp=actor.has_totp,
    )


class PasswordChange(BaseModel):
    """A new password, and the old one to show that it is oneself who asks."""

    current_password: str = Field(max_length=CHARACTERS_MAX)
    new_password: str = Field(max_length=CHARACTERS_MAX)


@routes.put("/me/password", status_code=204)
@in_person
def change_password(body: PasswordChange, db: Db, actor: Actor, program: Program, now: Now) -> None:
    """Change one's password; all of one's other sessions end, and API tokens stay."""
    accounts.change_password(
        program.database, db, actor, current=body.current_password, new=body.new_password, now=now
    )


class SessionView(BaseModel):
    """Somewhere one is signed in."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    user_agent: str
    is_this: bool
    """Whether it is the session that asks."""


@routes.get("/me/sessions")
@in_person
def list_sessions(
    db: Db, actor: Actor, now: Now, limit: Limit = 50, after: After = None
) -> Page[SessionView]:
    """List where one is signed in, the newest first."""
    query = sessions.live_sessions(accounts.own_account(db, actor).id, now=now)
    if after is not None:
        query = query.where(SignedIn.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=lambda row: _session_view(row, actor))


@routes.delete("/me/sessions/{session_id}", status_code=204)
@in_person
def end_session(session_id: UUID, db: Db, actor: Actor, now: Now) -> None:
    """End one of one's sessions, for instance on a telephone that was lost."""
    sessions.end(db, accounts.own_account(db, actor).id, session_id, now=now)


def _session_view(row: SignedIn, actor: Principal) -> SessionView:
    return SessionView(
        id=row.id,
        created_at=row.created_at,
        last_seen_at=row.last_seen_at,
        expires_at=row.expires_at,
        user_agent=row.user_agent,
        is_this=row.id == actor.session_id,
    )


class TotpPrepared(BaseModel):
    """What an authenticator app scans."""

    otpauth_uri: str


class TotpCode(BaseModel):
    """Six digits of an authenticator app."""

    totp: str = Field(min_length=6, max_length=12)


@routes.post("/me/totp", status_code=201)
@in_person
def begin_totp(db: Db, actor: Actor, program: Program) -> TotpPrepared:
    """Prepare a second factor; it counts once confirmed."""
    return TotpPrepared(otpauth_uri=accounts.begin_totp(db, program.fields, actor))


@routes.put("/me/totp", status_code=204)
@in_person
def confirm_totp(body: TotpCode, db: Db, actor: Actor, program: Program, now: Now) -> None:
    """Confirm the prepared second factor with a code."""
    accounts.confirm_totp(db, program.fields, actor, body.totp, now=now)


@routes.delete("/me/totp", status_code=204)
@in_person
def end_totp(db: Db, actor: Actor) -> None:
    """Take off one's second factor."""
    accounts.end_totp(db, actor)


class TokenOrder(BaseModel):
    """An API token to be made."""

    name: Line
    permissions: list[str] = Field(min_length=1, max_length=100)
    days: int = Field(90, ge=1, le=tokens.DAYS_MAX)


class TokenView(BaseModel):
    """An API token, without its secret."""

    id: UUID
    name: str
    permissions: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewToken(TokenView):
    """An API token with its secret, shown this once."""

    token: str


@routes.post("/tokens", status_code=201)
@in_person
def issue_token(body: TokenOrder, db: Db, actor: Actor, now: Now) -> NewToken:
    """Make an API token that can do some of what one can do."""
    row, text = tokens.issue(
        db, actor, name=body.name, permissions=frozenset(body.permissions), days=body.days, now=now
    )
    return NewToken(**_token_view(row).model_dump(), token=text)


@routes.get("/tokens")
@signed_in
def list_tokens(db: Db, actor: Actor, limit: Limit = 50, after: After = None) -> Page[TokenView]:
    """List one's API tokens, the newest first."""
    query = select(ApiToken).where(ApiToken.account_id == actor.account_id).order_by(ApiToken.id.desc())
    if after is not None:
        query = query.where(ApiToken.id < read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(rows, limit, key=lambda row: [row.id], item=_token_view)


@routes.delete("/tokens/{token_id}", status_code=204)
@in_person
def revoke_token(token_id: UUID, db: Db, actor: Actor, now: Now) -> None:
    """End one of one's API tokens."""
    tokens.revoke(db, actor, token_id, now=now)


def _token_view(row: ApiToken) -> TokenView:
    return TokenView.model_validate(row, from_attributes=True)


class AccountOrder(BaseModel):
    """An account to be made."""

    email: str = Field(max_length=200)
    name: Line
    roles: list[Role] = Field(min_length=1)
    password: str = Field(max_length=CHARACTERS_MAX)


class AccountView(BaseModel):
    """Somebody who can sign in."""

    id: UUID
    email: str
    name: str
    roles: list[Role]
    created_at: datetime
    disabled_at: datetime | None
    locked_until: datetime | None


@routes.post("/accounts", status_code=201)
@needs("accounts.manage")
def create_account(body: AccountOrder, db: Db, actor: Actor, now: Now) -> AccountView:
    """Make an account in one's tenant."""
    new = accounts.NewAccount(actor.tenant_id, body.email, body.name, frozenset(body.roles), body.password)
    return AccountView.model_validate(accounts.create_account(db, new, now=now), from_attributes=True)


@routes.get("/accounts")
@needs("accounts.read")
def list_accounts(db: Db, actor: Actor, limit: Limit = 50, after: After = None) -> Page[AccountView]:
    """List the accounts of one's tenant, by birth."""
    query = select(Account).where(Account.tenant_id == actor.tenant_id).order_by(Account.id)
    if after is not None:
        query = query.where(Account.id > read_cursor(after, UUID)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(
        rows,
        limit,
        key=lambda row: [row.id],
        item=lambda row: AccountView.model_validate(row, from_attributes=True),
    )


@routes.delete("/accounts/{account_id}", status_code=204)
@needs("accounts.manage")
def disable_account(account_id: UUID, db: Db, now: Now) -> None:
    """End an account."""
    accounts.disable(db, account_id, now=now)


class TenantOrder(BaseModel):
    """A tenant to be made."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$")
    name_zh: Line
    name_en: Line


class TenantView(BaseModel):
    """A brand on this platform."""

    id: int
    slug: str
    name_zh: str
    name_en: str
    created_at: datetime


@routes.post("/tenants", status_code=201)
@needs("tenants.manage")
def create_tenant(body: TenantOrder, db: Db, actor: Actor, now: Now) -> TenantView:
    """Make a tenant."""
    if actor.tenant_id != PLATFORM_TENANT:
        raise Forbidden("The platform itself makes tenants: do not name one to act for.")
    tenant = accounts.create_tenant(db, slug=body.slug, name_zh=body.name_zh, name_en=body.name_en, now=now)
    return TenantView.model_validate(tenant, from_attributes=True)


@routes.get("/tenants")
@needs("tenants.manage")
def list_tenants(db: Db, limit: Limit = 50, after: After = None) -> Page[TenantView]:
    """List the tenants."""
    query = select(Tenant).order_by(Tenant.id)
    if after is not None:
        query = query.where(Tenant.id > read_cursor(after, int)[0])
    rows = db.scalars(query.limit(limit + 1)).all()
    return cut(
        rows,
        limit,
        key=lambda row: [row.id],
        item=lambda row: TenantView.model_validate(row, from_attributes=True),
    )
