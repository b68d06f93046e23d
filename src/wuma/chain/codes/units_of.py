"""Which units a batch has or a line made, and what units are: as few and as long runs as there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.lifecycle import CodeState, UnitRange, normalise
from wuma.chain.codes.orders import Level

_OF_BATCH: Final = text(
    "SELECT first_unit, last_unit FROM codes.run WHERE batch_id = :batch_id ORDER BY first_unit"
)
_OF_LINE: Final = text(
    "SELECT t.first_unit, t.last_unit FROM codes.transition t JOIN codes.batch b ON b.id = t.batch_id"
    " WHERE b.line_id = :line_id AND t.state = :state AND t.at >= :since AND t.at < :until"
)


def units_of_batch(session: Session, batch_id: UUID) -> list[UnitRange]:
    """Return the units that were commissioned for a batch, whatever became of them since."""
    return [UnitRange(*row) for row in session.execute(_OF_BATCH, {"batch_id": batch_id})]


def units_of_line(session: Session, line_id: UUID, since: datetime, until: datetime) -> list[UnitRange]:
    """Return the units that were commissioned for batches of a line from one moment up to another."""
    asked = {"line_id": line_id, "state": CodeState.COMMISSIONED.value, "since": since, "until": until}
    return normalise(UnitRange(*row) for row in session.execute(_OF_LINE, asked))


@dataclass(frozen=True, slots=True)
class Labelled:
    """A run of units of one order and, once they are on items, one batch."""

    units: UnitRange
    level: Level
    product_id: UUID
    batch_id: UUID | None


_LABELLED: Final = text(
    "SELECT greatest(r.first_unit, w.f), least(r.last_unit, w.l), o.level, o.product_id, r.batch_id"
    " FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS w (f, l)"
    " JOIN codes.run r ON int8range(r.first_unit, r.last_unit, '[]') && int8range(w.f, w.l, '[]')"
    " JOIN codes.code_order o ON o.id = r.order_id ORDER BY 1"
)


def labelled(session: Session, ranges: Sequence[UnitRange]) -> list[Labelled]:
    """Say what units of some ranges are: at which level, of which product and batch."""
    asked = {"firsts": [one.first for one in ranges], "lasts": [one.last for one in ranges]}
    return [
        Labelled(UnitRange(first, last), Level(level), product_id, batch_id)
        for first, last, level, product_id, batch_id in session.execute(_LABELLED, asked)
    ]
