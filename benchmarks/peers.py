"""The servers that Wuma's routes are measured against, under the same HTTP server.

PEER=hello_raw | hello_starlette | fastapi_select | starlette_redirect   python -m benchmarks.peers PORT [DSN]
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from wuma.entrypoints.http_worker import listen


async def hello_raw(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer five bytes with nothing in between: what the HTTP server itself costs."""
    if scope["type"] != "http":
        return
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})


async def _hello(_request: object) -> PlainTextResponse:
    return PlainTextResponse("hello")


hello_starlette = Starlette(routes=[Route("/{path:path}", _hello)])


def fastapi_select(dsn: str) -> FastAPI:
    """Answer what one writes first: a FastAPI route with a pool and one prepared SELECT by primary key."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(dsn, min_size=4, max_size=16)
        yield
        await app.state.pool.close()

    app = FastAPI(lifespan=lifespan)

    @app.get("/code/{code}")
    async def look_up(code: str) -> dict[str, Any]:
        async with app.state.pool.acquire() as connection:
            row = await connection.fetchrow(
                "SELECT code, product, state FROM peer.code WHERE code = $1", code
            )
        return dict(row) if row else {"code": code, "state": "unknown"}

    return app


def starlette_redirect(dsn: str) -> Starlette:
    """Send clients on by one prepared SELECT: a bare route, and nothing of what a resolver must know."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.pool = await asyncpg.create_pool(dsn, min_size=4, max_size=16)
        yield
        await app.state.pool.close()

    async def redirect(request: Request) -> Response:
        async with request.app.state.pool.acquire() as connection:
            href = await connection.fetchval("SELECT href FROM peer.link WHERE path = $1", request.url.path)
        return Response(status_code=307 if href else 404, headers={"location": href or ""})

    return Starlette(routes=[Route("/{path:path}", redirect)], lifespan=lifespan)


def main() -> None:
    """Serve one peer."""
    peer, port = os.environ["PEER"], int(sys.argv[1])
    apps = {
        "hello_raw": lambda: hello_raw,
        "hello_starlette": lambda: hello_starlette,
        "fastapi_select": lambda: fastapi_select(sys.argv[2]),
        "starlette_redirect": lambda: starlette_redirect(sys.argv[2]),
    }
    config = uvicorn.Config(
        apps[peer](),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
        lifespan="off" if peer == "hello_raw" else "auto",
    )
    with listen("127.0.0.1", port) as listener:  # several processes share the port, as ours do
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
