"""Whether this process lives, whether it can serve, and what it has counted."""

from __future__ import annotations

from sqlalchemy import text
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from wuma.kernel import telemetry
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import NOBODY, PLATFORM


async def healthz(_request: Request) -> Response:
    """Answer that the process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Answer whether the database can be read and believes our tenant tokens."""
    ready = await run_in_threadpool(_database_answers, request.app.state.runtime)
    return JSONResponse({"status": "ready" if ready else "not ready"}, status_code=200 if ready else 503)


async def metrics(_request: Request) -> Response:
    """Answer with Prometheus metrics."""
    return Response(telemetry.metrics_page(), media_type="text/plain; version=0.0.4; charset=utf-8")


def _database_answers(runtime: Runtime) -> bool:
    with runtime.database.transaction(PLATFORM) as session:
        believed = session.scalar(text("SELECT kernel.token_is_platform()"))
    with runtime.database.transaction(NOBODY) as session:
        leaked = session.scalar(text("SELECT EXISTS (SELECT FROM kernel.tenant)"))
    return bool(believed) and not leaked


routes = [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
