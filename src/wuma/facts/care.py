"""What happens after the sale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from wuma.kernel.fact import Fact


@dataclass(frozen=True, kw_only=True)
class RecallOpened(Fact):
    """A recall is under way. Every scan of a unit it means is warned from now on, unless it is a drill."""

    name: ClassVar[str] = "care.recall_opened"
    recall_id: UUID
    number: int
    is_drill: bool
    item_count: int


@dataclass(frozen=True, kw_only=True)
class RecallClosed(Fact):
    """A recall is over: what could be brought back is back, and its units are warned of no longer."""

    name: ClassVar[str] = "care.recall_closed"
    recall_id: UUID
    number: int
    is_drill: bool
