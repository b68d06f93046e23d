"""HTTP as bytes on a socket: requests that no client library would send, and whatever comes back."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import Final

ANSWER_SECONDS_MAX: Final = 5.0
PATIENCE_SECONDS: Final = 0.5  # a server that says nothing for so long may be waiting for the rest of a body


@dataclass(frozen=True)
class Answer:
    """The first answer on a connection; status 0 when the server closed it without one."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def media_type(self) -> str:
        """What the body is said to be."""
        return self.headers.get("content-type", "").partition(";")[0]


class Hang(Exception):
    """No answer, and the connection still open, after `ANSWER_SECONDS_MAX`."""


def exchange(port: int, sent: bytes) -> Answer:
    """Send bytes on a fresh connection and read the first answer to its end.

    When none comes for a while our side is closed, so that a server which waits for the rest of a body learns
    that there is none.
    """
    began_at = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS_MAX) as connection:
        received, is_over = b"", False
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may answer before all is sent
            connection.sendall(sent)
        connection.settimeout(PATIENCE_SECONDS)
        while (answer := _read(received, at_end=is_over, began_at=began_at)) is None and not is_over:
            try:
                chunk = connection.recv(65536)
                is_over = not chunk
                received += chunk
            except TimeoutError:
                if time.monotonic() - began_at > ANSWER_SECONDS_MAX:
                    raise Hang(f"{sent[:300]!r}… after {ANSWER_SECONDS_MAX} s: {received[:200]!r}") from None
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
            except ConnectionResetError:
                is_over = True
    return answer or Answer(0, {}, received, time.monotonic() - began_at)


def _read(received: bytes, *, at_end: bool, began_at: float) -> Answer | None:
    """Return the answer once it is complete; None while more must come."""
    head, found, body = received.partition(b"\r\n\r\n")
    if not found:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(first.split(" ")[1])
    if status == 100:
        return _read(body, at_end=at_end, began_at=began_at)
    if "content-length" in headers:
        if len(body) < int(headers["content-length"]) and not at_end:
            return None
    elif "chunked" in headers.get("transfer-encoding", ""):
        if not body.endswith(b"0\r\n\r\n") and not at_end:
            return None
    elif status not in {204, 304} and not at_end:
        return None
    return Answer(status, headers, body, time.monotonic() - began_at)
