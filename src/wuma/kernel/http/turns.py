"""Turns at the database: no more requests at work than there are connections.

A request of the platform API needs a thread now and then and a connection from its first statement to its
commit. Without turns, requests that hold the connections wait for threads while those that hold the threads
wait for connections, and nobody gets on until the pool loses its patience: sixty requests at once stood
still for half a minute (measured). Whoever has a turn finds a connection free.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from wuma.kernel.db import POOL_CONNECTIONS
from wuma.kernel.errors import TooBusy

TURNS: Final = (
    POOL_CONNECTIONS - 2
)  # one connection is for what keeps up every second, one for the phone pages
WAITING_MAX: Final = 500  # at 100 requests a second and process that is five seconds; later ones come again


class Turns:
    """The turns of one process. First come, first served."""

    def __init__(self, count: int = TURNS) -> None:
        self._free = asyncio.Semaphore(count)
        self._waiting_count = 0

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn and have it for the block.

        Raises:
            TooBusy: when too many are waiting already.
        """
        if self._waiting_count >= WAITING_MAX:
            raise TooBusy(f"{self._waiting_count} requests are waiting.")
        self._waiting_count += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting_count -= 1
        try:
            yield
        finally:
            self._free.release()
