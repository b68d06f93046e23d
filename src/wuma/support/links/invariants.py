"""What must always be true of links."""

from __future__ import annotations

from typing import Final

from wuma.kernel.invariants import Invariant

INVARIANTS: Final[tuple[Invariant, ...]] = (
    Invariant(
        "links.editions_are_of_who_speaks_for_the_key",
        "Whoever wrote an edition speaks for its key.",
        "SELECT e.anchor, e.number FROM links.edition e JOIN links.key k ON k.key = e.key"
        " WHERE e.tenant_id <> k.tenant_id OR NOT (e.anchor = e.key OR starts_with(e.anchor, e.key || '/'))",
    ),
    Invariant(
        "links.no_edition_is_missing",
        "The editions of an anchor are numbered from 1 without a gap.",
        "SELECT anchor FROM links.edition GROUP BY anchor HAVING max(number) <> count(*)",
    ),
)
