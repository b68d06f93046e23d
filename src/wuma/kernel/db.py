"""The way to PostgreSQL: one transaction at a time, in the scope of named tenants.

`Database` is the ordinary door: a SQLAlchemy session, blocking, for the platform API, jobs and
subscribers. `HotPool` is the narrow one for the few routes that answer thousands of requests a second:
asyncpg, prepared statements, no reset between uses. Both enter every transaction with a signed scope
and leave nothing behind in the connection.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import asyncpg
from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.orm import Session

from wuma.kernel import telemetry
from wuma.kernel.errors import DatabaseAway, DiskFull
from wuma.kernel.tenancy import TOKEN_SETTING, Scope, TokenSigner

POOL_CONNECTIONS: Final = (
    12  # one process's share of PostgreSQL's 100: 4 processes × (12 + 12) and room for tools
)
STATEMENT_TIMEOUT_MS: Final = 60_000
LOCK_TIMEOUT_MS: Final = 10_000
IDLE_IN_TRANSACTION_TIMEOUT_MS: Final = 120_000

_HICCUPS: Final = (
    OSError,  # nobody listens at the socket, or the connection broke
    TimeoutError,
    asyncpg.InterfaceError,  # the connection was closed under us
    asyncpg.InternalClientError,  # it broke between two messages, and asyncpg lost count
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # it is starting, stopping, or was told to end our statement
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.TransactionRollbackError,  # a deadlock, solved at our cost
)

log = telemetry.logger(__name__)

_HARMLESS_IN_QUOTES: Final = re.compile(r"[0-9a-f.,*]+")
_ENTER = text(f"SELECT set_config('{TOKEN_SETTING}', :token, true)")


class Database:
    """Sessions on one PostgreSQL database, each a single transaction in a signed scope."""

    def __init__(self, dsn: str, signer: TokenSigner, *, connections: int = POOL_CONNECTIONS) -> None:
        self._signer = signer
        self.engine: Engine = create_engine(
            sqlalchemy_url(dsn),
            pool_size=connections,
            max_overflow=0,
            pool_pre_ping=True,  # the database may have been restarted under us
            hide_parameters=True,  # an error is logged; what people typed is not
            connect_args={
                "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
                f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS} -c timezone=UTC"
            },
        )

    def session(self, scope: Scope) -> Session:
        """Return a session whose transactions start in this scope; the caller commits or closes it."""
        session = Session(self.engine, expire_on_commit=False)

        @event.listens_for(session, "after_begin")
        def enter_scope(_session: Session, _transaction: object, connection: Connection) -> None:
            connection.execute(_ENTER, {"token": self._signer.sign(scope)})

        return session

    @contextmanager
    def transaction(self, scope: Scope) -> Iterator[Session]:
        """Open a transaction in a scope; commit it at the end, roll all of it back on any exception."""
        with self.session(scope) as session, session.begin():
            yield session

    def narrow(self, session: Session, scope: Scope) -> None:
        """Move the running transaction into another scope, as a subscriber does from fact to fact."""
        session.execute(_ENTER, {"token": self._signer.sign(scope)})

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


class _UnresetConnection(asyncpg.Connection):  # type: ignore[misc]
    """A connection that is not reset between uses: a round trip saved, measured at 1.4 times the rate.

    Safe because `HotPool` hands out transactions only, and sets nothing outside them.
    """

    def get_reset_query(self) -> str:
        return ""


class HotPool:
    """asyncpg connections for the routes that must answer thousands of times a second."""

    def __init__(self, pool: asyncpg.Pool, signer: TokenSigner) -> None:
        self._pool = pool
        self._signer = signer

    @classmethod
    async def open(cls, dsn: str, signer: TokenSigner, *, connections: int = POOL_CONNECTIONS) -> HotPool:
        """Connect; the pool grows to `connections`."""
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=connections,
            connection_class=_UnresetConnection,
            command_timeout=STATEMENT_TIMEOUT_MS / 1000,
            server_settings={
                "timezone": "UTC",
                "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                "lock_timeout": str(LOCK_TIMEOUT_MS),
                "jit": "off",
            },
        )
        return cls(pool, signer)

    @asynccontextmanager
    async def transaction(
        self, scope: Scope, *, locks: Collection[int] = ()
    ) -> AsyncIterator[asyncpg.Connection]:
        """Open a transaction in a scope; commit at the end, roll back on any exception.

        Args:
            scope: whose rows it sees.
            locks: advisory locks it holds from before its first statement to its end. Two transactions with
                locks in common wait, and never for each other. They come with the first round trip.

        Raises:
            DatabaseAway: the database cannot answer just now, or died while it did.
            DiskFull: it has no room to write.
        """
        try:
            async with (
                self._pool.acquire() as connection,
                _given_up_if_confused(connection),
                _transaction(connection, self._signer.sign(scope), locks),
            ):
                yield connection
        except asyncpg.DiskFullError as failure:
            raise DiskFull from failure
        except _HICCUPS as failure:
            log.warning("db.away", failure=type(failure).__name__)
            raise DatabaseAway from failure

    async def close(self) -> None:
        """Close all connections once they are free."""
        await self._pool.close()


@asynccontextmanager
async def _transaction(
    connection: asyncpg.Connection, token: str, locks: Collection[int]
) -> AsyncIterator[None]:
    """Begin a transaction, enter its scope and take its locks, all in one round trip."""
    # Such a message takes no parameters.
    assert _HARMLESS_IN_QUOTES.fullmatch(token), "a token is digits, dots, commas, a star and hexadecimal"
    begin = f"BEGIN; SELECT set_config('{TOKEN_SETTING}', '{token}', true)"
    if locks:
        # Ascending, so that nobody waits in a circle. A statement of its own, before any that reads: a
        # statement sees what was committed when it began, and here that must be after the last lock.
        keys = ",".join([f"{key:d}" for key in sorted(locks)])
        begin += f"; SELECT count(pg_advisory_xact_lock(key)) FROM unnest('{{{keys}}}'::bigint[]) AS key"
    try:
        await connection.execute(begin)
        yield
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")


@asynccontextmanager
async def _given_up_if_confused(connection: asyncpg.Connection) -> AsyncIterator[None]:
    """Close a connection that lost count of what it was doing; the pool would hand it out again.

    asyncpg does when the server dies between two of its messages (``cannot switch to state …``).
    """
    try:
        yield
    except asyncpg.InternalClientError:
        connection.terminate()
        raise


def sqlalchemy_url(dsn: str) -> Any:
    """Return a libpq URL as SQLAlchemy wants it, with psycopg 3 named as the driver."""
    return make_url(dsn).set(drivername="postgresql+psycopg")
