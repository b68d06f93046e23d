"""The HTTP server of one process: the platform API, the pages, and the routes that answer scans."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

import wuma
from wuma.chain.authenticity.facade import Minutes, Pseudonyms, Whereabouts
from wuma.chain.codes.facade import REFRESH_SECONDS, Identifier, OrderDirectory
from wuma.entrypoints import addresses, wiring
from wuma.journeys.resolve_link.http import ResolverRoutes
from wuma.journeys.resolve_link.resolve import LinkDesk
from wuma.journeys.scan_code.dossiers import PublicDossiers
from wuma.journeys.scan_code.http import HiddenCodes, OpenCodes
from wuma.journeys.scan_code.reception import Reception
from wuma.journeys.scan_code.scan import ScanDesk
from wuma.journeys.scan_code.way import Ways
from wuma.kernel import telemetry
from wuma.kernel.db import HotPool
from wuma.kernel.errors import Refusal
from wuma.kernel.http import health, problems
from wuma.kernel.http.edge import Edge
from wuma.kernel.http.turns import Turns
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.links.facade import AliasDirectory
from wuma.support.masterdata.facade import ProductDirectory

API_PREFIX: Final = "/api/v1"

log = telemetry.logger(__name__)


def build_app(runtime: Runtime) -> Application:
    """Return the application of one process."""
    return Application(runtime)


class Application:
    """Everything one process serves, and what it keeps in memory to serve it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.platform = build_platform_api(runtime)
        self.orders = OrderDirectory()
        self.products = ProductDirectory()
        self.aliases = AliasDirectory()
        self.minutes = Minutes()
        self._key_file_changed = 0
        self._routes: ASGIApp = self.platform
        self.platform.router.lifespan_context = self._lifespan

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        await (self.platform if scope["type"] == "lifespan" else self._routes)(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        runtime = self.runtime
        pool = await HotPool.open(wiring.program_dsn(runtime.settings), wiring.token_signer(runtime.keyring))
        pseudonyms = Pseudonyms(runtime.keyring)
        ways = Ways(runtime.database)
        desk = ScanDesk(
            identifier=Identifier(runtime.keyring, self.orders),
            products=self.products,
            pool=pool,
            attempts=runtime.attempts,
            minutes=self.minutes,
            pseudonyms=pseudonyms,
            ways=ways,
            dossiers=PublicDossiers(runtime.database),
            whereabouts=Whereabouts(runtime.settings.ip_regions or wiring.ASSETS / "ip2region.xdb"),
        )
        reception = Reception(settings=runtime.settings, desk=desk, pseudonyms=pseudonyms)
        self.platform.state.reception = reception
        public_url = runtime.settings.public_url
        resolver = ResolverRoutes(
            OpenCodes(self.platform, reception),
            reception,
            LinkDesk(pool, self.products, public_url),
            self.aliases,
            public_url=public_url,
            taken=_first_segments(self.platform),
        )
        hidden = HiddenCodes(reception)
        self._routes = Edge(resolver, quick={"/h/": hidden, "/H/": hidden})
        await asyncio.to_thread(self.keep_up)
        keeping_up = asyncio.create_task(_every(REFRESH_SECONDS, self.keep_up))
        try:
            yield
        finally:
            keeping_up.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping_up
            await asyncio.to_thread(self.keep_up)
            await pool.close()
            runtime.database.close()

    def keep_up(self) -> None:
        """Take in what other processes have changed, and hand over what this one has counted."""
        telemetry.count_tallies()
        self._reload_changed_keys()
        with self.runtime.database.session(PLATFORM) as session:
            self.orders.refresh(session)
            self.products.refresh(session)
            self.aliases.refresh(session)
            self.minutes.flush(session)
            self._share_attempts(session)
            session.commit()

    def _reload_changed_keys(self) -> None:
        changed = wiring.key_file(self.runtime.settings).stat().st_mtime_ns
        if changed != self._key_file_changed:
            self.runtime.keyring.reload()
            self._key_file_changed = changed

    def _share_attempts(self, session: Session) -> None:
        unsent = sorted(self.runtime.attempts.take_unsent())  # in order: no deadlocks
        if unsent:
            names, minutes, amounts = (list(column) for column in zip(*unsent, strict=True))
            rows = session.execute(_SHARE_ATTEMPTS, {"names": names, "minutes": minutes, "amounts": amounts})
            self.runtime.attempts.learn((row.name, row.window_at, row.amount) for row in rows)


def _first_segments(app: FastAPI) -> set[str]:
    """Return how the addresses of the application begin: no packed Digital Link may look like one."""
    paths = (str(getattr(route, "path", "")) for route in app.router.routes)
    return {path.split("/")[1] for path in paths if path.count("/")} | {"h", "H"}


_SHARE_ATTEMPTS = text(
    "INSERT INTO kernel.counter (name, window_at, amount) SELECT * FROM"
    " unnest(CAST(:names AS text[]), CAST(:minutes AS timestamptz[]), CAST(:amounts AS bigint[]))"
    " ON CONFLICT (name, window_at) DO UPDATE SET amount = counter.amount + excluded.amount"
    " RETURNING name, window_at, amount"
)


async def _every(seconds: float, work: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await asyncio.to_thread(work)
        except Exception as failure:  # noqa: BLE001 - the database may be away; what is in memory still serves
            log.warning("api.cannot_keep_up", failure=type(failure).__name__)


def build_platform_api(runtime: Runtime) -> FastAPI:
    """Return the platform API with its pages: all that is not a scan."""
    app = FastAPI(
        title="Wuma 物码",
        version=wuma.__version__,
        description="One item, one code: codes, master data, trace and authenticity of a brand's items.",
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses=_PROBLEM_RESPONSES,
    )
    app.state.runtime = runtime
    app.state.turns = Turns()
    for routes in addresses.API_ROUTES:
        app.include_router(routes, prefix=API_PREFIX)
    for routes in addresses.EPCIS_ROUTES:
        app.include_router(routes)
    app.router.routes.extend(health.routes)
    app.router.routes.extend(addresses.PAGE_ROUTES)
    app.add_exception_handler(Refusal, problems.on_refusal)
    app.add_exception_handler(RequestValidationError, problems.on_invalid_request)
    app.add_exception_handler(HTTPException, problems.on_http_exception)
    app.add_exception_handler(ClientDisconnect, problems.on_disconnect)
    app.add_exception_handler(DBAPIError, problems.on_database_error)
    app.add_exception_handler(PoolTimeout, problems.on_database_error)
    app.add_exception_handler(Exception, problems.on_bug)
    return app


_PROBLEM_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {
        "description": "Refused; the problem document (RFC 9457) says why.",
        "content": {problems.MEDIA_TYPE: {"schema": {"type": "object"}}},
    },
}
