"""EPCIS documents handed to Wuma, and events asked back from it (EPCIS 2.0, section 12)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from wuma_world.client import Desk
from wuma_world.epcis import Event, document
from wuma_world.stopped import PlayStopped

EVENTS_PER_DOCUMENT_MAX: Final = 2_000
POLL_SECONDS: Final = 0.1
POLLS_MAX: Final = 600  # a minute for one document


class CaptureFailed(PlayStopped):
    """Wuma did not take events; the message has what it said."""


async def capture(desk: Desk, events: Sequence[Event], *, at: datetime) -> None:
    """Capture events.

    Raises:
        CaptureFailed: the job ended with errors, or did not end.
    """
    for start in range(0, len(events), EVENTS_PER_DOCUMENT_MAX):
        body = document(events[start : start + EVENTS_PER_DOCUMENT_MAX], at)
        await capture_document(desk, body, at=at)


async def capture_document(desk: Desk, body: Any, *, at: datetime) -> Any:
    """Capture one document, and return what its job said in the end."""
    headers = {"GS1-EPCIS-Version": "2.0.0", "GS1-CBV-Version": "2.0.0"}
    answer = await desk.request("POST", "/epcis/capture", at=at, headers=headers, json=body)
    job_path, job = answer.headers["location"], answer.json()
    for _ in range(POLLS_MAX):
        if not job["running"]:
            if not job["success"]:
                raise CaptureFailed(f"{job_path}: {str(job.get('errors'))[:800]}")
            return job
        await asyncio.sleep(POLL_SECONDS)
        job = await desk.get(job_path, at=at)
    raise CaptureFailed(f"{job_path}: still running after {POLLS_MAX * POLL_SECONDS:.0f} s")


async def query(desk: Desk, **parameters: str) -> AsyncIterator[Event]:
    """Yield the events that a simple query finds, page by page."""
    path: str | None = "/epcis/events"
    wanted: dict[str, str] | None = {"perPage": PER_PAGE, **parameters}
    while path is not None:
        answer = await desk.request("GET", path, at=None, params=wanted)
        for event in answer.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]:
            yield event
        following = _NEXT.search(answer.headers.get("link", ""))
        path, wanted = (following[1], None) if following else (None, None)


PER_PAGE: Final = "1000"
_NEXT: Final = re.compile(r'<([^>]+)>;\s*rel="next"')
