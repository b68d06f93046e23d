"""How codes of ours are spelled that events have named: each once, however many events name it.

A chunk says "units 1 to 2,000" where the event spelled 2,000 codes. The codes could be computed from the key
of their order instead of being kept; but keys are destroyed when they leak, and what events said is to be
given back just then. So their 16 characters of 5 bits are kept, in 10 bytes, in rows of consecutive units.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

Units: TypeAlias = NDArray[np.int64]
Texts: TypeAlias = NDArray[np.bytes_]

CHARACTERS: Final = 16
BYTES: Final = 10
UNITS_PER_ROW: Final = 192  # four rows fill a page of PostgreSQL: 4 × (192 × 10 + 56) of 8,168 bytes
ALPHABET: Final = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"

_DIGITS: Final = np.zeros(256, np.uint8)
_DIGITS[np.frombuffer(ALPHABET, np.uint8)] = np.arange(32, dtype=np.uint8)
_LETTERS: Final = np.frombuffer(ALPHABET, np.uint8)


def pack(texts: Texts) -> NDArray[np.uint8]:
    """Write codes of 16 characters in 10 bytes each."""
    digits = _DIGITS[np.ascontiguousarray(texts).view(np.uint8).reshape(-1, CHARACTERS)]
    bits = np.unpackbits(digits[:, :, None], axis=2)[:, :, 3:]
    return np.packbits(bits.reshape(-1, CHARACTERS * 5), axis=1)


def unpack(packed: bytes) -> list[str]:
    """Undo `pack`.

    >>> unpack(pack(np.array([b"7Z3K0011QRST0123"])).tobytes())
    ['7Z3K0011QRST0123']
    """
    bits = np.unpackbits(np.frombuffer(packed, np.uint8).reshape(-1, BYTES), axis=1)
    digits = np.packbits(bits.reshape(-1, CHARACTERS, 5), axis=2)[:, :, 0] >> 3
    letters = _LETTERS[digits].tobytes().decode("ascii")
    return [letters[start : start + CHARACTERS] for start in range(0, len(letters), CHARACTERS)]


def keep(session: Session, tenant_id: int, units: Units, texts: Texts) -> None:
    """Keep the texts of units that are not kept yet; captures of a tenant go one after the other.

    Args:
        session: in the scope of the tenant.
        tenant_id: whose events name them.
        units: in ascending order, each once.
        texts: theirs.
    """
    if not len(units):
        return
    breaks = np.flatnonzero(np.diff(units) != 1) + 1
    starts = np.concatenate([[0], breaks])
    ends = np.concatenate([breaks, [len(units)]])
    runs = list(zip(units[starts].tolist(), units[ends - 1].tolist(), strict=True))
    kept = _rows(session, tenant_id, runs, "length(t.texts)")
    fresh = np.ones(len(units), np.bool_)
    if kept:
        firsts = np.array([row[0] for row in kept], np.int64)
        counts = np.array([row[1] // BYTES for row in kept], np.int64)
        place = np.searchsorted(firsts, units, "right") - 1
        fresh = (place < 0) | (units >= firsts[place] + counts[place])
    units, packed = units[fresh], pack(texts[fresh])
    if not len(units):
        return
    cuts = (np.flatnonzero(np.diff(units) != 1) + 1).tolist()
    rows = []
    for start, end in zip([0, *cuts], [*cuts, len(units)], strict=True):
        for first in range(start, end, UNITS_PER_ROW):
            rows.append((int(units[first]), packed[first : min(first + UNITS_PER_ROW, end)].tobytes()))
    session.execute(
        _WRITE,
        {"tenant_id": tenant_id, "firsts": [first for first, _ in rows], "texts": [text for _, text in rows]},
    )


class CodeTexts:
    """The texts of some units."""

    def __init__(self, session: Session, tenant_id: int, runs: Iterable[tuple[int, int]]) -> None:
        rows = _rows(session, tenant_id, list(runs), "t.texts")
        self._firsts = [row[0] for row in rows]
        self._texts: list[bytes | list[str]] = [bytes(row[1]) for row in rows]

    def of(self, first: int, count: int) -> list[str]:
        """Return the texts of consecutive units."""
        found: list[str] = []
        unit = first
        while len(found) < count:
            place = bisect_right(self._firsts, unit) - 1
            assert place >= 0, f"unit {unit}: its text is not kept"
            kept = self._texts[place]
            if isinstance(kept, bytes):
                kept = self._texts[place] = unpack(kept)
            some = kept[unit - self._firsts[place] :][: count - len(found)]
            assert some, f"unit {unit}: its text is not kept"
            found += some
            unit += len(some)
        return found


def _rows(
    session: Session, tenant_id: int, runs: Sequence[tuple[int, int]], columns: str
) -> list[tuple[int, Any]]:
    """Return the rows that overlap runs of units, each once, in order."""
    if not runs:
        return []
    rows = session.execute(
        text(
            f"SELECT DISTINCT t.first_unit, {columns}"
            " FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS wanted (first, last)"
            " CROSS JOIN LATERAL (SELECT * FROM trace.code_text t WHERE t.tenant_id = :tenant_id"
            f" AND t.first_unit > wanted.first - {UNITS_PER_ROW} AND t.first_unit <= wanted.last OFFSET 0)"
            " AS t ORDER BY t.first_unit"
        ),
        {
            "tenant_id": tenant_id,
            "firsts": [first for first, _ in runs],
            "lasts": [last for _, last in runs],
        },
    )
    return [(row[0], row[1]) for row in rows]


_WRITE = text(
    "INSERT INTO trace.code_text (tenant_id, first_unit, texts) SELECT :tenant_id, f, t"
    " FROM unnest(CAST(:firsts AS bigint[]), CAST(:texts AS bytea[])) AS w (f, t)"
)
