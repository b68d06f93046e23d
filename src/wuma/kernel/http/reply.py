"""An answer as plain values, for the routes that are too busy for the response objects of a framework."""

from __future__ import annotations

from typing import NamedTuple

from starlette.types import Send


class Reply(NamedTuple):
    """What goes out: status, headers, body. The length of the body is added when it does."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    async def send(self, send: Send) -> None:
        """Send it over ASGI."""
        length = (b"content-length", b"%d" % len(self.body))
        headers = [*self.headers, length]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})
