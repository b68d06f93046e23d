"""What has been captured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from wuma.kernel.fact import Fact


@dataclass(frozen=True, kw_only=True)
class EventsCaptured(Fact):
    """EPCIS events were captured: those of this run of numbers."""

    name: ClassVar[str] = "trace.events_captured"
    capture_id: UUID
    first_event_id: int
    last_event_id: int


@dataclass(frozen=True, kw_only=True)
class ItemsCommissioned(Fact):
    """A commissioning event named codes of ours. `ranges` are pairs of first and last unit."""

    name: ClassVar[str] = "trace.items_commissioned"
    event_id: int
    at: datetime
    actor: str
    lot: str | None
    produced_on: str | None
    expires_on: str | None
    ranges: list[tuple[int, int]]
