"""What must always be true of recalls."""

from __future__ import annotations

from typing import Final

from wuma.kernel.invariants import Invariant

INVARIANTS: Final = (
    Invariant(
        "care.counted_back_once",
        "No item of a recall came back twice, or was destroyed twice.",
        "SELECT a.recall_id, a.fate, a.first_thing FROM care.recovered a JOIN care.recovered b"
        " ON b.recall_id = a.recall_id AND b.fate = a.fate AND b.first_thing > a.first_thing"
        " AND b.first_thing <= a.last_thing",
    ),
    Invariant(
        "care.listings_are_whole",
        "A recall that has been listed has a listing of that number.",
        "SELECT r.id FROM care.recall r WHERE r.listing > 0 AND NOT EXISTS"
        " (SELECT FROM care.part p WHERE p.recall_id = r.id AND p.listing <= r.listing)",
    ),
)
