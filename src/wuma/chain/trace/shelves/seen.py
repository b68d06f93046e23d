"""What events have named so far: steps, dispositions and places by name; things as runs of numbers.

It answers the top-level resources in the time of a page, however many events there are: nobody looks at the
events to list what is in them. A brand knows some dozens of words and some thousands of places, and the codes
of an order are one run. Captures of a tenant come one after the other, so runs are joined without a race.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import chain
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.documents.said import key
from wuma.chain.trace.shelves.postings import Role, Touch, runs_of
from wuma.chain.trace.vocabulary import bare_word
from wuma_gs1.cbv import BizStep, Disposition, Word

RUNS_READ_MAX: Final = 1_001
NAME_CHARACTERS_MAX: Final = 600
"""An entry of an index holds 2,704 bytes; a longer name is no use to anybody."""


class Kind(IntEnum):
    """What is listed by name."""

    BIZ_STEP = 1
    DISPOSITION = 2
    READ_POINT = 3
    BIZ_LOCATION = 4


_WORDS: Final[Mapping[Kind, type[Word]]] = {Kind.BIZ_STEP: BizStep, Kind.DISPOSITION: Disposition}
_FIELDS: Final = {
    "bizStep": Kind.BIZ_STEP,
    "disposition": Kind.DISPOSITION,
    "readPoint": Kind.READ_POINT,
    "bizLocation": Kind.BIZ_LOCATION,
}


def name_of(kind: Kind, spelled: str) -> str:
    """Return the one spelling of a word or a place.

    >>> name_of(Kind.BIZ_STEP, "urn:epcglobal:cbv:bizstep:shipping")
    'shipping'
    >>> name_of(Kind.READ_POINT, "urn:epc:id:sgln:0614141.00777.0")
    'https://id.gs1.org/414/0614141007776'
    """
    name = bare_word(spelled, _WORDS[kind]) if kind in _WORDS else key(spelled)
    return name[:NAME_CHARACTERS_MAX]


@dataclass(frozen=True, slots=True)
class Listed:
    """What events name, to be noted when they are seen; also the form in which it waits for that."""

    names: Sequence[tuple[Kind, str]] = ()
    runs: Sequence[tuple[int, int]] = ()

    def __add__(self, other: Listed) -> Listed:
        return Listed(
            sorted({*self.names, *other.names}), _joined(chain.from_iterable((self.runs, other.runs)))
        )


def listed_of(events: Iterable[Mapping[str, Any]], touches: Iterable[Touch]) -> Listed:
    """Return what events name.

    Args:
        events: all they say.
        touches: the things they name.
    """
    return Listed(sorted(set(_named(events))), _joined(_things(touches)))


def note(session: Session, tenant_id: int, what: Listed, *, at: datetime) -> None:
    """Remember what events name, from the moment on at which they are seen.

    Args:
        session: in the transaction that makes them seen; no other capture of the tenant runs beside it.
        tenant_id: whose events.
        what: they name.
        at: when they were captured.
    """
    if what.names:
        values = {
            "tenant_id": tenant_id,
            "kinds": [int(kind) for kind, _ in what.names],
            "names": [name for _, name in what.names],
            "at": at,
        }
        session.execute(_NOTE_NAMES, values)
    if what.runs:
        firsts, lasts = [first for first, _ in what.runs], [last for _, last in what.runs]
        session.execute(_NOTE_THINGS, {"tenant_id": tenant_id, "firsts": firsts, "lasts": lasts})


def _named(events: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Kind, str]]:
    for event in events:
        for field, kind in _FIELDS.items():
            if field in event:
                said = event[field]
                yield kind, name_of(kind, said if isinstance(said, str) else said["id"])


def _things(touches: Iterable[Touch]) -> Iterator[tuple[int, int]]:
    parents = set()
    for touch in touches:
        if touch.role is not Role.CLASS:
            yield touch.first, touch.last
        if touch.parent is not None:
            parents.add(touch.parent)
    yield from runs_of(sorted(parents))


def _joined(runs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Join runs that overlap or follow one another.

    >>> _joined([(5, 6), (1, 2), (3, 4), (9, 9), (1, 3)])
    [(1, 6), (9, 9)]
    """
    joined: list[tuple[int, int]] = []
    for first, last in sorted(runs):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return joined


# -- reading -----------------------------------------------------------------------------------------------


def names_after(
    session: Session, tenant_id: int, kind: Kind, *, after: str, as_of: datetime, limit: int
) -> list[str]:
    """Return names in order, those after one, as they were known at a time."""
    values = {"tenant_id": tenant_id, "kind": kind, "after": after, "as_of": as_of, "limit": limit}
    return list(session.scalars(_NAMES_AFTER, values))


def has_seen(session: Session, tenant_id: int, kind: Kind, name: str) -> bool:
    """Whether an event has named it."""
    values = {"tenant_id": tenant_id, "kind": kind, "name": name}
    return session.scalar(_HAS_NAME, values) is not None


def things_after(session: Session, tenant_id: int, *, after: int, limit: int) -> list[int]:
    """Return the numbers of things in order, those after one."""
    values = {"tenant_id": tenant_id, "after": after, "limit": min(limit, RUNS_READ_MAX)}
    found: list[int] = []
    for first, last in session.execute(_THINGS_AFTER, values):
        start = max(first, after + 1)
        found.extend(range(start, min(last, start + limit - len(found) - 1) + 1))
        if len(found) == limit:
            break
    return found


def has_seen_thing(session: Session, tenant_id: int, thing: int) -> bool:
    """Whether an event has named this thing, one by one."""
    values: Mapping[str, Any] = {"tenant_id": tenant_id, "thing": thing}
    last: Sequence[int] = session.scalars(_HAS_THING, values).all()
    return bool(last) and last[0] >= thing


_NOTE_NAMES = text(
    "INSERT INTO trace.seen (tenant_id, kind, name, since)"
    " SELECT :tenant_id, k, n, :at"
    " FROM unnest(CAST(:kinds AS smallint[]), CAST(:names AS text[])) AS w (k, n)"
    " ON CONFLICT (tenant_id, kind, name) DO NOTHING"
)
# Of the rows there are, only the one before a run and those that begin in it can meet it. What a row holds
# already changes nothing, which is what most captures bring.
_NOTE_THINGS = text("""
WITH given AS (
    SELECT g.first, g.last FROM unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS g (first, last)
    WHERE NOT EXISTS (
        SELECT FROM (
            SELECT s.last FROM trace.seen_things s WHERE s.tenant_id = :tenant_id AND s.first <= g.first
            ORDER BY s.first DESC LIMIT 1
        ) AS before WHERE before.last >= g.last
    )
), met AS (
    SELECT DISTINCT m.first FROM given g CROSS JOIN LATERAL (
        (SELECT s.first, s.last FROM trace.seen_things s
         WHERE s.tenant_id = :tenant_id AND s.first < g.first ORDER BY s.first DESC LIMIT 1)
        UNION ALL
        SELECT s.first, s.last FROM trace.seen_things s
        WHERE s.tenant_id = :tenant_id AND s.first BETWEEN g.first AND g.last + 1
    ) AS m WHERE m.last >= g.first - 1
), gone AS (
    DELETE FROM trace.seen_things s USING met
    WHERE s.tenant_id = :tenant_id AND s.first = met.first RETURNING s.first, s.last
)
INSERT INTO trace.seen_things (tenant_id, first, last)
SELECT :tenant_id, lower(r), upper(r) - 1 FROM (
    SELECT unnest(range_agg(int8range(first, last + 1))) AS r
    FROM (SELECT first, last FROM given UNION ALL SELECT first, last FROM gone) AS all_of_them
) AS runs
""")
_NAMES_AFTER = text(
    "SELECT name FROM trace.seen WHERE tenant_id = :tenant_id AND kind = :kind AND name > :after"
    " AND since <= :as_of ORDER BY name LIMIT :limit"
)
_HAS_NAME = text("SELECT 1 FROM trace.seen WHERE tenant_id = :tenant_id AND kind = :kind AND name = :name")
_THINGS_AFTER = text("""
(SELECT first, last FROM (
    SELECT first, last FROM trace.seen_things WHERE tenant_id = :tenant_id AND first <= :after
    ORDER BY first DESC LIMIT 1) AS holding WHERE last > :after)
UNION ALL
(SELECT first, last FROM trace.seen_things WHERE tenant_id = :tenant_id AND first > :after
 ORDER BY first LIMIT :limit)
""")
_HAS_THING = text(
    "SELECT last FROM trace.seen_things WHERE tenant_id = :tenant_id AND first <= :thing"
    " ORDER BY first DESC LIMIT 1"
)
