"""What happens when people scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from wuma.kernel.fact import Fact


class ScannedCode(msgspec.Struct, frozen=True):
    """One scan of a code of ours, as it was answered."""

    scan_id: UUID
    kind: str
    unit: int
    product_id: UUID
    person: str
    region: str | None
    at: datetime
    outcome: str


@dataclass(frozen=True, kw_only=True)
class CodesScanned(Fact):
    """Codes were scanned, in this order. One fact tells of all scans that were answered together."""

    name: ClassVar[str] = "authenticity.codes_scanned"
    scans: list[ScannedCode]
