"""Judging scans and writing them down, many at once, in the caller's transaction.

The steps for a batch: take a lock on each code that was scanned, read what we remember of it, judge the
scans one after the other in the order they came, write what we remember now and the log, commit, answer.
Two phones that scan one hidden code at the same moment therefore get "first" and "second", never
"first" twice, whichever process they reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, Final
from uuid import UUID

import asyncpg
import msgspec
from msgspec.structs import replace

from wuma.chain.authenticity.judge import (
    UNFIT,
    GeoSource,
    History,
    Outcome,
    Place,
    Reason,
    Subject,
    Verdict,
    Visit,
    judge_hidden,
    judge_open,
    unfit,
)
from wuma.chain.codes.facade import CodeSubject, Kind, OrderEntry, subjects
from wuma.facts.authenticity import CodesScanned, ScannedCode
from wuma.kernel.fact import columns_of, telling
from wuma.kernel.ids import uuid7

REPEAT_SECONDS: Final = 60
"""Within a minute the same person's scan of the same hidden code is the same scan, answered again."""
VISITS_KEPT_MAX: Final = 12
"""The first visit and the latest eleven: what the page shows and what the judge compares places with."""
PERSONS_KEPT_MAX: Final = 32
CITIES_KEPT_MAX: Final = 32
"""Beyond these the code has long been suspect, and more names add nothing."""
NUMBERED_KEPT_HOURS: Final = 24
"""So long a sender may ask again under the same number."""


class Scan(msgspec.Struct, frozen=True, gc=False):
    """Somebody showed us a code that is one of ours."""

    id: UUID
    kind: Kind
    unit: int
    order: OrderEntry
    at: datetime
    person: str
    """The pseudonym of the cookie they brought or were given."""
    network: str
    """A pseudonym of address and user agent: knows somebody again who keeps no cookie."""
    place: Place
    client: str
    is_numbered: bool = False
    """Whether its sender gave it its number: the same sender may send it again, and nobody else."""


class Judged(msgspec.Struct, frozen=True, gc=False):
    """A scan with its verdict, and what was known then."""

    id: UUID
    """The number it is kept under: its own, unless somebody else has used that before."""
    person: str
    """Who it was: the bearer of the cookie, or somebody known again without one."""
    verdict: Verdict
    subject: CodeSubject | None
    history: History
    """What was remembered before this scan."""
    count: int
    """How often the code has been scanned, this time included."""


class _Memory(msgspec.Struct):
    """A visit as it is kept: short names, because there may be billions."""

    i: str
    p: str
    n: str
    t: float
    o: str
    r: str | None = None
    x: float | None = None
    y: float | None = None
    a: int | None = None
    g: str = GeoSource.NONE.value
    w: str = ""
    """Why it was judged so: reasons, separated by spaces."""


class _Remembered(msgspec.Struct):
    """What is kept of one code, while a batch is being judged."""

    tenant_id: int
    count: int
    early_count: int
    memories: list[_Memory]
    persons: list[str]
    cities: list[str]


_decode_memories: Final = msgspec.json.Decoder(list[_Memory]).decode
_encode: Final = msgspec.json.Encoder().encode

_Key = tuple[int, str]

_READ: Final = (
    "SELECT h.unit, h.kind, h.tenant_id, h.scan_count, h.early_count, h.visits::text AS visits, h.persons,"
    " h.cities"
    " FROM authenticity.history h JOIN unnest($1::bigint[], $2::text[]) AS w (unit, kind)"
    " ON h.unit = w.unit AND h.kind = w.kind"
)
_ANSWERED: Final = (
    "SELECT id, unit, kind, person, network, outcome, reasons FROM authenticity.scan"
    " WHERE id = ANY($1::uuid[]) AND at > $2"
)
# All in one statement: each round trip costs a batch as much as judging several of its scans.
_WRITE: Final = f"""
WITH remembered AS (
INSERT INTO authenticity.history (unit, kind, tenant_id, scan_count, early_count, visits, persons, cities,
    changed_at)
SELECT u, k, t, c, e, v::jsonb, string_to_array(p, ' '), string_to_array(s, ' '), now()
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::text[],
    $8::text[]) AS w (u, k, t, c, e, v, p, s)
ON CONFLICT (unit, kind) DO UPDATE SET scan_count = excluded.scan_count,
    early_count = excluded.early_count, visits = excluded.visits,
    persons = excluded.persons, cities = excluded.cities, changed_at = excluded.changed_at
), told AS (
{telling(first=27)}
)
INSERT INTO authenticity.scan (id, tenant_id, at, kind, unit, order_id, product_id, person, network, client,
    region, longitude, latitude, accuracy_m, geo_source, outcome, reasons, doubt)
SELECT i, t, at, k, u, o, pr, pe, n, c, r, x, y, a, g, ou, string_to_array(re, ' '), d
FROM unnest($9::uuid[], $10::bigint[], $11::timestamptz[], $12::text[], $13::bigint[], $14::bigint[],
    $15::uuid[], $16::text[], $17::text[], $18::text[], $19::text[], $20::real[], $21::real[],
    $22::integer[], $23::text[], $24::text[], $25::text[], $26::real[])
    AS w (i, t, at, k, u, o, pr, pe, n, c, r, x, y, a, g, ou, re, d)
"""


def locks_on(scans: Iterable[Scan]) -> set[int]:
    """Return the advisory locks on the codes of scans, which `judge_and_remember` needs to be held."""
    return {scan.unit << 1 | (scan.kind is Kind.HIDDEN) for scan in scans}


async def judge_and_remember(connection: asyncpg.Connection, scans: Sequence[Scan]) -> list[Judged]:
    """Judge a batch of scans, in order, and keep them; they are on disk when the caller has committed.

    The transaction holds `locks_on` these scans since it began: nobody else judges one of the codes until it
    ends, and what is read here has been written by whoever judged it before.
    """
    keys = sorted({_key(scan) for scan in scans})
    known = await subjects(connection, sorted({scan.unit for scan in scans}))
    remembered = await _read(connection, keys)
    answered = await _answered_before(connection, scans, known, remembered)
    judged = [
        None if place in answered else _judge(scan, known.get(scan.unit), remembered)
        for place, scan in enumerate(scans)
    ]
    new = [(scan, result) for scan, result in zip(scans, judged, strict=True) if result is not None]
    if new:
        changed = {_key(scan): remembered[_key(scan)] for scan, _ in new}
        written = *_history_columns(changed), *_scan_columns(new), *columns_of(_facts(new))
        await connection.execute(_WRITE, *written)
    return [
        result or answered.get(place) or _repeated(scan, known.get(scan.unit), remembered[_key(scan)])
        for place, (scan, result) in enumerate(zip(scans, judged, strict=True))
    ]


def _key(scan: Scan) -> _Key:
    return scan.unit, scan.kind


def _judge(scan: Scan, known: CodeSubject | None, remembered: dict[_Key, _Remembered]) -> Judged | None:
    """Judge one scan and remember it; None when it is a repetition of one that was answered before."""
    held = remembered.setdefault(_key(scan), _Remembered(scan.order.tenant_id, 0, 0, [], [], []))
    person = _known_again(scan, held)
    if _repeats(scan, person, held, known) is not None:
        return None
    if any(memory.i == scan.id.hex for memory in held.memories):
        scan = replace(scan, id=uuid7())  # a number of somebody else's scan buys nobody their answer
    visit = Visit(person, scan.at, scan.place)
    history = _history(held)
    verdict = _verdict(scan, known, history, visit)
    _remember(scan, person, verdict, held)
    return Judged(scan.id, person, verdict, known, history, held.count)


def _repeats(scan: Scan, person: str, held: _Remembered, known: CodeSubject | None) -> int | None:
    """Return the place of the visit that this scan repeats: its answer got lost, or a finger tapped twice.

    Only the person who made that visit repeats it. Whoever copied the code could otherwise send everybody
    to its address with the number of the first scan, and have them told that theirs is the first. Whoever
    taps again after a recall has begun is warned: that is no repetition.
    """
    if held.memories and scan.kind is Kind.HIDDEN:
        last = held.memories[-1]
        is_soon = 0 <= scan.at.timestamp() - last.t < REPEAT_SECONDS
        if last.p == person and is_soon and _is_as_fit(last, known, scan):
            return len(held.memories) - 1
    for place, memory in enumerate(held.memories):
        if memory.i == scan.id.hex and memory.p == person:
            return place
    return None


def _is_as_fit(memory: _Memory, known: CodeSubject | None, scan: Scan) -> bool:
    """Whether what speaks against the item is what spoke against it then: mostly nothing."""
    subject = None if known is None else Subject(known.state, known.expires_on, known.is_recalled)
    now = None if subject is None else unfit(subject, Visit(memory.p, scan.at, scan.place))
    then = Outcome(memory.o)
    return (then if then in UNFIT else None) == (None if now is None else now.outcome)


def _verdict(scan: Scan, known: CodeSubject | None, history: History, visit: Visit) -> Verdict:
    if known is None:  # the order is so new that its first run is not yet committed
        return Verdict(Outcome.NOT_ACTIVATED, (Reason.BEFORE_ACTIVATION,))
    subject = Subject(known.state, known.expires_on, known.is_recalled)
    judge = judge_hidden if scan.kind is Kind.HIDDEN else judge_open
    return judge(subject, history, visit)


def _known_again(scan: Scan, held: _Remembered) -> str:
    """Return who this is: the bearer of a cookie we know, or somebody we know by address and browser."""
    if scan.person in held.persons:
        return scan.person
    return next((memory.p for memory in held.memories if memory.n == scan.network), scan.person)


def _remember(scan: Scan, person: str, verdict: Verdict, held: _Remembered) -> None:
    if verdict.outcome is Outcome.NOT_ACTIVATED:
        held.early_count += 1  # whoever scans a label at the printer's is not the first to open the can
        return
    held.count += 1
    place = scan.place
    held.memories.append(
        _Memory(
            scan.id.hex,
            person,
            scan.network,
            scan.at.timestamp(),
            verdict.outcome,
            place.region,
            place.longitude,
            place.latitude,
            place.accuracy_m,
            place.source,
            " ".join(verdict.reasons),
        )
    )
    if len(held.memories) > VISITS_KEPT_MAX:
        del held.memories[1]
    if person not in held.persons and len(held.persons) < PERSONS_KEPT_MAX:
        held.persons.append(person)
    if place.city and place.city not in held.cities and len(held.cities) < CITIES_KEPT_MAX:
        held.cities.append(place.city)


def _repeated(scan: Scan, known: CodeSubject | None, held: _Remembered) -> Judged:
    """Return the answer a scan has had already: its sender did not hear it and asks again."""
    place = _repeats(scan, _known_again(scan, held), held, known)
    assert place is not None
    memory = held.memories[place]
    history = _history(replace(held, memories=held.memories[:place]))
    reasons = tuple(Reason(reason) for reason in memory.w.split())
    return Judged(UUID(memory.i), memory.p, Verdict(Outcome(memory.o), reasons), known, history, held.count)


def _history(held: _Remembered) -> History:
    visits = tuple(_as_visit(memory) for memory in held.memories)
    return History(held.count, held.early_count, visits, tuple(held.persons), frozenset(held.cities))


def _as_visit(memory: _Memory) -> Visit:
    place = Place(memory.r, memory.x, memory.y, memory.a, GeoSource(memory.g))
    return Visit(memory.p, datetime.fromtimestamp(memory.t, UTC), place)


async def _answered_before(
    connection: asyncpg.Connection,
    scans: Sequence[Scan],
    known: Mapping[int, CodeSubject],
    remembered: Mapping[_Key, _Remembered],
) -> dict[int, Judged]:
    """Return what numbered scans were answered that may have dropped out of memory, by place in the batch."""
    asked = {
        place: scan
        for place, scan in enumerate(scans)
        if scan.is_numbered and _forgets(remembered.get(_key(scan)))
    }
    if not asked:
        return {}
    since = min(scan.at for scan in asked.values()) - timedelta(hours=NUMBERED_KEPT_HOURS)
    rows = await connection.fetch(_ANSWERED, sorted({scan.id for scan in asked.values()}), since)
    answered = {}
    for place, scan in asked.items():
        row = next((row for row in rows if _is_of(row, scan)), None)
        if row is not None:
            held = remembered[_key(scan)]
            verdict = Verdict(Outcome(row["outcome"]), tuple(Reason(reason) for reason in row["reasons"]))
            answered[place] = Judged(
                scan.id, row["person"], verdict, known.get(scan.unit), _history(held), held.count
            )
    return answered


def _is_of(row: asyncpg.Record, scan: Scan) -> bool:
    """Whether a row of the log is this scan, sent before by the same sender."""
    is_same_code = (row["id"], row["unit"], row["kind"]) == (scan.id, scan.unit, scan.kind)
    return is_same_code and (row["person"] == scan.person or row["network"] == scan.network)


def _forgets(held: _Remembered | None) -> bool:
    """Whether a code has had scans that are not among its memories."""
    return held is not None and (held.early_count > 0 or held.count > len(held.memories))


async def _read(connection: asyncpg.Connection, keys: Sequence[_Key]) -> dict[_Key, _Remembered]:
    rows = await connection.fetch(_READ, [unit for unit, _ in keys], [kind for _, kind in keys])
    return {
        (row["unit"], row["kind"]): _Remembered(
            row["tenant_id"],
            row["scan_count"],
            row["early_count"],
            _decode_memories(row["visits"]),
            list(row["persons"]),
            list(row["cities"]),
        )
        for row in rows
    }


def _history_columns(changed: Mapping[_Key, _Remembered]) -> list[tuple[Any, ...]]:
    rows = [
        (
            unit,
            kind,
            held.tenant_id,
            held.count,
            held.early_count,
            _encode(held.memories).decode(),
            " ".join(held.persons),
            " ".join(held.cities),
        )
        for (unit, kind), held in changed.items()
    ]
    return _columns(rows)


def _scan_columns(new: Sequence[tuple[Scan, Judged]]) -> list[tuple[Any, ...]]:
    rows = [
        (
            judged.id,
            scan.order.tenant_id,
            scan.at,
            scan.kind,
            scan.unit,
            scan.order.id,
            scan.order.product_id,
            scan.person,
            scan.network,
            scan.client,
            scan.place.region,
            scan.place.longitude,
            scan.place.latitude,
            scan.place.accuracy_m,
            scan.place.source,
            judged.verdict.outcome,
            " ".join(judged.verdict.reasons),
            judged.verdict.doubt,
        )
        for scan, judged in new
    ]
    return _columns(rows)


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True))


def _facts(new: Sequence[tuple[Scan, Judged]]) -> list[CodesScanned]:
    by_tenant = sorted(new, key=lambda pair: pair[0].order.tenant_id)
    return [
        CodesScanned(
            tenant_id=tenant_id,
            scans=[
                ScannedCode(
                    scan_id=judged.id,
                    kind=scan.kind,
                    unit=scan.unit,
                    product_id=scan.order.product_id,
                    person=scan.person,
                    region=scan.place.region,
                    at=scan.at,
                    outcome=judged.verdict.outcome,
                )
                for scan, judged in pairs
            ],
        )
        for tenant_id, pairs in groupby(by_tenant, key=lambda pair: pair[0].order.tenant_id)
    ]
