"""What happens to the dossiers of batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from wuma.kernel.fact import Fact


@dataclass(frozen=True, kw_only=True)
class DossierChanged(Fact):
    """Entries were added to the dossier of a batch, as first words or as corrections."""

    name: ClassVar[str] = "dossier.dossier_changed"
    gtin: str
    lot: str
    items: list[str]
    source: str


@dataclass(frozen=True, kw_only=True)
class BatchReleased(Fact):
    """A batch was released: `kind` is quality, or market, which comes after it and by somebody else."""

    name: ClassVar[str] = "dossier.batch_released"
    gtin: str
    lot: str
    kind: str
    round: int
    signed_at: datetime
    actor: str
    has_deviation: bool


@dataclass(frozen=True, kw_only=True)
class ReleaseWithdrawn(Fact):
    """The release of a batch was taken back."""

    name: ClassVar[str] = "dossier.release_withdrawn"
    gtin: str
    lot: str
    round: int
    withdrawn_at: datetime
    actor: str


@dataclass(frozen=True, kw_only=True)
class ExcursionFound(Fact):
    """Readings were outside of a rule's limits for longer than it allows. Later ones may still undo it."""

    name: ClassVar[str] = "dossier.excursion_found"
    alarm_id: UUID
    rule_id: UUID
    series_id: int
    gtin: str
    lot: str
    place: str
    since: datetime
    worst: float
