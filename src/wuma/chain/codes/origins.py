"""Where codes came from: the order, and whoever had them printed. Asked when one appears that should not.

A code that is scanned although it was never activated has left the printer, or was copied there. This says
which file it was in, for whom, and since when.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

_ORIGINS = text(
    "SELECT u.unit, o.id AS order_id, u.unit - o.first_unit + 1 AS number, f.id AS print_file_id, f.kind,"
    " f.recipient_name, f.recipient_account, f.released_at, f.reprint_reason"
    " FROM unnest(CAST(:units AS bigint[])) AS u (unit)"
    " JOIN codes.code_order o ON u.unit BETWEEN o.first_unit AND o.last_unit"
    " LEFT JOIN codes.print_file f ON int8range(f.first_unit, f.last_unit, '[]') @> u.unit"
    " AND f.released_at IS NOT NULL"
    " ORDER BY u.unit, f.released_at, f.id"
)


@dataclass(frozen=True, slots=True)
class Printing:
    """One time a code was given out for printing."""

    print_file_id: UUID
    kind: str
    """``rows`` for a vendor's machine, ``sheets`` of QR symbols."""
    recipient_name: str
    recipient_account: UUID | None
    released_at: datetime
    reprint_reason: str | None
    """Why it was printed a second time; None for the first."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a unit came from."""

    unit: int
    order_id: int
    number: int
    """The running number in the order, as printed in files."""
    printings: tuple[Printing, ...]
    """The earliest first; empty while no file with it has been released."""


def origins(session: Session, units: Iterable[int]) -> dict[int, Origin]:
    """Return the origin of each unit that was ordered and that the session may see."""
    found: dict[int, Origin] = {}
    for row in session.execute(_ORIGINS, {"units": sorted(set(units))}):
        known = found.get(row.unit)
        printings = () if known is None else known.printings
        if row.print_file_id is not None:
            printings += (
                Printing(
                    print_file_id=row.print_file_id,
                    kind=row.kind,
                    recipient_name=row.recipient_name,
                    recipient_account=row.recipient_account,
                    released_at=row.released_at,
                    reprint_reason=row.reprint_reason,
                ),
            )
        found[row.unit] = Origin(row.unit, row.order_id, row.number, printings)
    return found
