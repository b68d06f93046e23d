"""The HTTP server of one process: the platform API, the pages, and the routes that answer scans."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

import wuma
from wuma.entrypoints.wiring import API_ROUTES, build_runtime
from wuma.kernel import telemetry
from wuma.kernel.errors import Refusal
from wuma.kernel.http import health, problems
from wuma.kernel.http.edge import Edge
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings

API_PREFIX: Final = "/api/v1"


def build_app(runtime: Runtime) -> FastAPI:
    """Return the application of one process."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        runtime.database.close()

    app = FastAPI(
        title="Wuma 物码",
        version=wuma.__version__,
        description="One item, one code: codes, master data, trace and authenticity of a brand's items.",
        openapi_url=f"{API_PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        responses=_PROBLEM_RESPONSES,
    )
    app.state.runtime = runtime
    for routes in API_ROUTES:
        app.include_router(routes, prefix=API_PREFIX)
    app.router.routes.extend(health.routes)
    app.add_exception_handler(Refusal, problems.on_refusal)
    app.add_exception_handler(RequestValidationError, problems.on_invalid_request)
    app.add_exception_handler(HTTPException, problems.on_http_exception)
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


def create() -> ASGIApp:
    """Make the application from the environment: what the HTTP server's processes call."""
    settings = Settings()
    telemetry.configure_logging(settings.log_level)
    return Edge(build_app(build_runtime(settings)))
