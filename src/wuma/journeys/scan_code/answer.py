"""What a scan is answered with: the same values for the phone page and for programs.

Only what may be said outside is in here. `NOT_ACTIVATED` has become `unknown` already, and reasons that
would teach a counterfeiter are left out.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from wuma.chain.authenticity.facade import Outcome, Reason
from wuma.chain.codes.facade import Kind

EARLIER_SHOWN_MAX: Final = 5

SAID_OUTSIDE: Final = frozenset(Reason) - {
    Reason.BEFORE_ACTIVATION,
    Reason.WRONG_PRODUCT,
    Reason.ORDER_REVOKED,
}
"""Whoever probes codes is not told how near they came."""


class Product(msgspec.Struct, frozen=True):
    """What the item is."""

    gtin: str
    name_zh: str
    name_en: str
    brand_zh: str
    brand_en: str
    stage: int | None
    age_from_months: int | None
    net_weight_g: int | None


class Batch(msgspec.Struct, frozen=True):
    """The batch it was made in."""

    number: str
    produced_on: date
    expires_on: date
    recall_notice: str | None
    dossier: str | None = None
    """The path of its public dossier, when it has one."""


class Step(msgspec.Struct, frozen=True):
    """One step of its way that may be shown: a business step (CBV), when, roughly where."""

    step: str
    at: datetime
    place_zh: str
    place_en: str


class Earlier(msgspec.Struct, frozen=True):
    """An earlier scan of the same hidden code: when, and roughly where."""

    at: datetime
    place_zh: str
    place_en: str
    by_you: bool


class Scans(msgspec.Struct, frozen=True):
    """How often the hidden code was scanned, this time included, and some of the earlier times."""

    count: int
    earlier: tuple[Earlier, ...]


class Answer(msgspec.Struct, frozen=True):
    """The answer to one scan."""

    kind: Kind
    """What was scanned: an open code or a hidden one."""
    verdict: Outcome
    reasons: tuple[Reason, ...]
    product: Product | None = None
    batch: Batch | None = None
    trace: tuple[Step, ...] = ()
    scans: Scans | None = None
    scan_id: UUID | None = None
    """Names this scan when the person adds something to it: where they are, a report."""
    mistyped: bool = False
    """The code contains a typing error, as far as anybody can tell from its characters."""
    retry_after_seconds: int | None = None
    """Set when too many wrong codes came from here and nothing was checked."""

    @property
    def is_bare(self) -> bool:
        """Whether it says nothing of an item: one of the few answers that are the same for everybody."""
        return self.product is None and self.scan_id is None
