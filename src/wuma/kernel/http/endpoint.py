"""One request: one decision who may, one transaction, one answer — also when it is sent twice.

`Endpoint` is the route class of every router of the platform API. It authenticates, admits, opens the
session, runs the route and commits *before* the answer leaves: what is acknowledged is kept. A POST with
an ``Idempotency-Key`` stores its answer in the same transaction, so a repetition gets the first answer
and does nothing. Each successful change leaves an audit entry, again in the same transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from inspect import iscoroutinefunction
from typing import Annotated, Any, Final

import msgspec
from fastapi import Depends
from fastapi.routing import APIRoute
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from wuma.kernel.clock import WORLD_CLOCK_HEADER, read_clock, utc_now
from wuma.kernel.crypto import Cell, FieldCipher
from wuma.kernel.errors import FieldError, InvalidInput, Refusal, TooMany
from wuma.kernel.http.access import Access, Principal, access_of
from wuma.kernel.http.authentication import authenticate
from wuma.kernel.http.origin import client_address
from wuma.kernel.http.turns import Turns
from wuma.kernel.limits import Limit
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import NOBODY

IDEMPOTENCY_HEADER: Final = "idempotency-key"
IDEMPOTENCY_KEY_CHARACTERS_MAX: Final = 200
IDEMPOTENCY_DAYS: Final = 7
REQUESTS_PER_ACCOUNT: Final = Limit("api", 12_000, minutes=1)
"""200 a second: more than any person or well-behaved program, and little enough to bear."""

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyReused(Refusal):
    """The Idempotency-Key was used for another request."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "idempotency-key-reused"


@dataclass(slots=True)
class _Context:
    """What one request carries from dependency to dependency."""

    runtime: Runtime
    principal: Principal | None
    now: datetime
    session: Session


class Endpoint(APIRoute):
    """A route that says who may use it, and whose work is one transaction."""

    access: Access
    is_streamed: bool
    """An ``async`` route reads its body itself, as it comes; every other one is called when all is there."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access = access_of(endpoint)
        self.is_streamed = iscoroutinefunction(endpoint)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler in our order of things."""
        handle = super().get_route_handler()

        async def run(request: Request) -> Response:
            runtime: Runtime = request.app.state.runtime
            turns: Turns = request.app.state.turns
            now = read_clock(runtime.settings.clock, request.headers.get(WORLD_CLOCK_HEADER))
            async with turns.one():
                principal = await run_in_threadpool(authenticate, request, runtime, now)
            self.access.admit(principal)
            # By the real clock: a simulated brand may live through weeks in one of our minutes.
            if principal is not None and not runtime.attempts.count(
                REQUESTS_PER_ACCOUNT, str(principal.account_id), now=utc_now()
            ):
                raise TooMany("Too many requests from this account.", retry_after_seconds=60)
            if self.is_streamed:  # it works in one thread from its first statement to its last
                return await self._run(request, handle, runtime, principal, now)
            await self.receive(request)  # outside of the turn: it takes as long as its sender likes
            async with turns.one():
                return await self._run(request, handle, runtime, principal, now)

        return run

    async def receive(self, request: Request) -> None:
        """Receive the body before anything is done with it."""
        await request.body()

    async def _run(
        self,
        request: Request,
        handle: Callable[[Request], Coroutine[Any, Any, Response]],
        runtime: Runtime,
        principal: Principal | None,
        now: datetime,
    ) -> Response:
        session = runtime.database.session(principal.scope if principal else NOBODY)
        request.state.context = _Context(runtime, principal, now, session)
        try:
            return await self._run_in_transaction(request, handle, session, principal, now)
        finally:
            await run_in_threadpool(session.close)

    async def _run_in_transaction(
        self,
        request: Request,
        handle: Callable[[Request], Coroutine[Any, Any, Response]],
        session: Session,
        principal: Principal | None,
        now: datetime,
    ) -> Response:
        once = await _Once.of(request, request.app.state.runtime, principal, session, now)
        if once is not None:
            earlier = await run_in_threadpool(once.earlier_answer)
            if earlier is not None:
                return earlier
        response = await handle(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            await run_in_threadpool(session.rollback)
            return response

        def commit() -> None:
            if principal is not None and request.method not in _SAFE_METHODS:
                _write_audit_entry(session, request, self, principal, now)
            if once is not None:
                once.keep(response)
            session.commit()

        await run_in_threadpool(commit)
        return response


class _KeptAnswer(msgspec.Struct, array_like=True):
    """An answer to be given again: the headers of its own, and the body."""

    headers: list[tuple[bytes, bytes]]
    body: bytes


class _Once:
    """One Idempotency-Key of one actor, claimed in the request's own transaction."""

    def __init__(
        self,
        session: Session,
        cipher: FieldCipher,
        *,
        principal: Principal,
        key: str,
        fingerprint: bytes,
        now: datetime,
    ) -> None:
        self._session = session
        self._cipher = cipher
        self._row = {"tenant_id": principal.tenant_id, "actor": principal.actor, "key": key}
        self._cell = Cell(principal.tenant_id, "kernel.idempotency", "body", f"{principal.actor} {key}")
        self._fingerprint = fingerprint
        self._now = now

    @classmethod
    async def of(
        cls,
        request: Request,
        runtime: Runtime,
        principal: Principal | None,
        session: Session,
        now: datetime,
    ) -> _Once | None:
        key = request.headers.get(IDEMPOTENCY_HEADER)
        if key is None or request.method != "POST" or principal is None:
            return None
        if not key.isprintable() or not 1 <= len(key) <= IDEMPOTENCY_KEY_CHARACTERS_MAX:
            expected = f"1 to {IDEMPOTENCY_KEY_CHARACTERS_MAX} printable characters"
            raise InvalidInput("Idempotency-Key", [FieldError("header/Idempotency-Key", expected, key[:40])])
        digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
        received: bytes | None = getattr(request.state, "body_digest", None)
        digest.update(await request.body() if received is None else received)
        return cls(
            session, runtime.fields, principal=principal, key=key, fingerprint=digest.digest(), now=now
        )

    def earlier_answer(self) -> Response | None:
        """Claim the key; return the stored answer when it has been used. Waits for a twin under way."""
        claimed = self._session.execute(
            text(
                "INSERT INTO kernel.idempotency (tenant_id, actor, key, fingerprint, created_at)"
                " VALUES (:tenant_id, :actor, :key, :fingerprint, :now)"
                " ON CONFLICT (tenant_id, actor, key) DO UPDATE SET fingerprint = excluded.fingerprint,"
                " status = NULL, body = NULL, created_at = excluded.created_at"
                " WHERE idempotency.created_at < :oldest RETURNING 1"
            ),
            {
                **self._row,
                "fingerprint": self._fingerprint,
                "now": self._now,
                "oldest": self._now - timedelta(days=IDEMPOTENCY_DAYS),
            },
        ).one_or_none()
        if claimed is not None:
            return None
        kept = self._session.execute(
            text(
                "SELECT fingerprint, status, media_type, body FROM kernel.idempotency"
                " WHERE tenant_id = :tenant_id AND actor = :actor AND key = :key"
            ),
            self._row,
        ).one()
        if kept.fingerprint != self._fingerprint:
            raise KeyReused("The earlier request with this key had another path or body.")
        answer = msgspec.msgpack.decode(self._cipher.open(kept.body, self._cell), type=_KeptAnswer)
        response = Response(answer.body, status_code=kept.status, media_type=kept.media_type)
        response.raw_headers.extend(answer.headers)
        response.headers["Idempotency-Replayed"] = "true"
        return response

    def keep(self, response: Response) -> None:
        """Store the answer, sealed: it may hold a secret that is shown this once and stored nowhere."""
        own = [pair for pair in response.raw_headers if pair[0] not in {b"content-length", b"content-type"}]
        answer = _KeptAnswer(own, bytes(response.body))
        self._session.execute(
            text(
                "UPDATE kernel.idempotency SET status = :status, media_type = :media_type, body = :body"
                " WHERE tenant_id = :tenant_id AND actor = :actor AND key = :key"
            ),
            {
                **self._row,
                "status": response.status_code,
                "media_type": response.headers.get("content-type"),
                "body": self._cipher.seal(msgspec.msgpack.encode(answer), self._cell),
            },
        )


def _write_audit_entry(
    session: Session, request: Request, route: Endpoint, principal: Principal, now: datetime
) -> None:
    session.execute(
        text(
            "INSERT INTO kernel.audit_entry (tenant_id, at, actor, action, target, request_id, address)"
            " VALUES (:tenant_id, :at, :actor, :action, :target, :request_id, :address)"
        ),
        {
            "tenant_id": principal.tenant_id,
            "at": now,
            "actor": principal.actor,
            "action": route.name,
            "target": request.url.path,
            "request_id": getattr(request.state, "request_id", b"").decode(),
            "address": client_address(request),
        },
    )


async def _session(request: Request) -> Session:
    context: _Context = request.state.context
    return context.session


async def _principal(request: Request) -> Principal:
    context: _Context = request.state.context
    assert context.principal is not None, "a public route asked for its principal"
    return context.principal


async def _now(request: Request) -> datetime:
    context: _Context = request.state.context
    return context.now


async def _runtime(request: Request) -> Runtime:
    context: _Context = request.state.context
    return context.runtime


Db = Annotated[Session, Depends(_session)]
"""The request's session; committed for you."""
Actor = Annotated[Principal, Depends(_principal)]
"""Who asks."""
Now = Annotated[datetime, Depends(_now)]
"""When."""
Program = Annotated[Runtime, Depends(_runtime)]
"""The resources of the program."""
