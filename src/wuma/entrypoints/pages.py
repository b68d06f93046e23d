"""The console at ``/console``: one page, its hashed assets, and headers that let it run only our own code.

``scripts/build-web`` puts the files into ``_assets/console``, each text also compressed, so nothing is
compressed or read from elsewhere while serving. Every path that is not a file is the page: the console's
own router reads it.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

import wuma
from wuma.kernel.http.assets import Assets

CONSOLE: Final = Path(wuma.__file__).parent / "_assets" / "console"

_ASSETS: Final = Assets(CONSOLE)

# antd writes its styles into the page at run time, some of them without a nonce (its scroll lock), hence
# 'unsafe-inline' for styles. A style could only tell tales by loading something, and nothing loads from
# elsewhere. `data:` and `blob:` are pictures made in the page.
_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Final = {"Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}


async def console(request: Request) -> Response:
    """Answer with an asset of the console, or with its page."""
    path: str = request.path_params.get("path", "")
    if path.startswith("assets/"):
        return await run_in_threadpool(_ASSETS.answer, request, path)
    return HTMLResponse(await run_in_threadpool(_page), headers=_PAGE_HEADERS)


@lru_cache(maxsize=1)
def _page() -> str:
    page = CONSOLE / "index.html"
    if not page.is_file():
        raise HTTPException(
            503, f"The console has not been built: there is no {page.name}. Run `make setup`."
        )
    return page.read_text(encoding="utf-8")


routes: Final = [Route("/console", console), Route("/console/{path:path}", console)]
