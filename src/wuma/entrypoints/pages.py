"""The console at ``/console``: one page, its hashed assets, and headers that let it run only our own code.

``scripts/build-web`` puts the files into ``_assets/console``, each text also compressed, so nothing is
compressed or read from elsewhere while serving. Every path that is not a file is the page: the console's
own router reads it.
"""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

import wuma

CONSOLE: Final = Path(wuma.__file__).parent / "_assets" / "console"

_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
_FOREVER: Final = "public, max-age=31536000, immutable"  # the name of an asset holds a hash of its content

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
        return await run_in_threadpool(_asset, path, request.headers.get("accept-encoding", ""))
    return HTMLResponse(await run_in_threadpool(_page), headers=_PAGE_HEADERS)


@lru_cache(maxsize=1)
def _page() -> str:
    page = CONSOLE / "index.html"
    if not page.is_file():
        raise HTTPException(
            503, f"The console has not been built: there is no {page.name}. Run `make setup`."
        )
    return page.read_text(encoding="utf-8")


def _asset(path: str, accepted: str) -> Response:
    parts = PurePosixPath(path).parts
    file = CONSOLE.joinpath(*parts)
    if ".." in parts or file.suffix in _ENCODINGS.values() or not file.is_file():
        raise HTTPException(404, f"The console has no asset {path!r}.")
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    media_type = mimetypes.guess_type(file.name)[0]
    offered = {word.partition(";")[0].strip() for word in accepted.split(",")}
    for encoding, suffix in _ENCODINGS.items():
        compressed = file.with_name(file.name + suffix)
        if encoding in offered and compressed.is_file():
            headers["Content-Encoding"] = encoding
            return FileResponse(compressed, headers=headers, media_type=media_type)
    return FileResponse(file, headers=headers, media_type=media_type)


routes: Final = [Route("/console", console), Route("/console/{path:path}", console)]
