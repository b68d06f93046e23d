"""Built files, served as they lie: hashed names that never change, compressed beforehand."""

from __future__ import annotations

import mimetypes
from functools import cached_property
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

_ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
_FOREVER: Final = "public, max-age=31536000, immutable"  # the name of an asset holds a hash of its content

mimetypes.add_type("application/wasm", ".wasm")


class Assets:
    """The files below one folder. A path is looked up, never joined, so that none can lead elsewhere."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def answer(self, request: Request, path: str) -> Response:
        """Answer with a file, in the smallest form the browser takes."""
        file = self._files.get(path)
        if file is None or file.suffix in _ENCODINGS.values():
            raise HTTPException(404, f"There is no asset {path!r}.")
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        media_type = mimetypes.guess_type(file.name)[0]
        offered = {
            word.partition(";")[0].strip() for word in request.headers.get("accept-encoding", "").split(",")
        }
        for encoding, suffix in _ENCODINGS.items():
            compressed = self._files.get(path + suffix)
            if encoding in offered and compressed is not None:
                headers["Content-Encoding"] = encoding
                return FileResponse(compressed, headers=headers, media_type=media_type)
        return FileResponse(file, headers=headers, media_type=media_type)

    @cached_property
    def _files(self) -> dict[str, Path]:
        files = (file for file in self._folder.rglob("*") if file.is_file() and ".vite" not in file.parts)
        return {file.relative_to(self._folder).as_posix(): file for file in files}
