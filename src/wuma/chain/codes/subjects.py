"""What is known of units that are being scanned: their state and their batch, for many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from wuma.chain.codes.lifecycle import CodeState

_SUBJECTS: Final = """
SELECT u.unit, r.state, b.id AS batch_id, b.number, b.produced_on, b.expires_on,
       b.recalled_at IS NOT NULL OR x.notice IS NOT NULL AS is_recalled,
       coalesce(x.notice, b.recall_notice) AS recall_notice, b.line_id
FROM unnest($1::bigint[]) AS u (unit)
CROSS JOIN LATERAL (
    SELECT state, batch_id, last_unit FROM codes.run
    WHERE first_unit <= u.unit ORDER BY first_unit DESC LIMIT 1
) r
LEFT JOIN codes.batch b ON b.id = r.batch_id
LEFT JOIN LATERAL (
    SELECT notice FROM codes.recalled
    WHERE ended_at IS NULL AND int8range(first_unit, last_unit, '[]') @> u.unit
    ORDER BY since DESC LIMIT 1
) x ON true
WHERE r.last_unit >= u.unit
"""


class CodeSubject(NamedTuple):
    """A unit as the chain knows it now."""

    unit: int
    state: CodeState
    batch_id: UUID | None
    batch_number: str | None
    produced_on: date | None
    expires_on: date | None
    is_recalled: bool
    recall_notice: str | None
    line_id: UUID | None


async def subjects(connection: asyncpg.Connection, units: Sequence[int]) -> dict[int, CodeSubject]:
    """Return what is known of units, in one query; the caller's scope decides whose are seen."""
    rows = await connection.fetch(_SUBJECTS, list(units))
    return {
        row["unit"]: CodeSubject(
            row["unit"],
            CodeState(row["state"]),
            row["batch_id"],
            row["number"],
            row["produced_on"],
            row["expires_on"],
            bool(row["is_recalled"]),
            row["recall_notice"],
            row["line_id"],
        )
        for row in rows
    }
