"""Keeping what sensors report, as series; and raising alarms by the rules that a brand has made."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from wuma.chain.dossier.excursions import Bounds, Excursion, Seen, excursions
from wuma.chain.dossier.from_events import Lot, Measured
from wuma.chain.dossier.models import AlarmRow, ReadingRow, RetractionRow, RuleRow, SeriesRow
from wuma.facts.dossier import ExcursionFound
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7

READINGS_SHOWN_MAX: Final = 2000
"""Of one chart; what is more is drawn as the least, mean and most of equal stretches of time."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of one series in which something has changed."""

    series_id: int
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Source:
    """The event that readings come from."""

    tenant_id: int
    event_id: int
    event_key: UUID


def keep(session: Session, source: Source, lots: Sequence[Lot], readings: Sequence[Measured]) -> list[Window]:
    """Keep the readings of an event, for each batch it speaks of; told twice, they are kept once."""
    if not readings:
        return []
    names = {
        (one.quantity, one.component, one.unit, one.device, one.place, gtin, lot)
        for one in readings
        for gtin, lot in (lots or [("", "")])
    }
    numbers = _number(session, source.tenant_id, names)
    rows: list[dict[str, Any]] = [
        {
            "tenant_id": source.tenant_id,
            "series_id": numbers[one.quantity, one.component, one.unit, one.device, one.place, gtin, lot],
            "event_id": source.event_id,
            "at": one.at,
            "event_key": source.event_key,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "place": one.number,
        }
        for one in readings
        for gtin, lot in (lots or [("", "")])
    ]
    session.execute(insert(ReadingRow).on_conflict_do_nothing(), rows)
    return _windows((row["series_id"], row["at"]) for row in rows)


def take_back(session: Session, tenant_id: int, event_key: UUID) -> list[Window]:
    """Return where readings of an event that was declared an error have stood: they no longer count."""
    rows = session.execute(
        select(ReadingRow.series_id, func.min(ReadingRow.at), func.max(ReadingRow.at))
        .where(ReadingRow.tenant_id == tenant_id, ReadingRow.event_key == event_key)
        .group_by(ReadingRow.series_id)
        .order_by(ReadingRow.series_id)
    )
    return [Window(series_id, since, until) for series_id, since, until in rows]


def watch(session: Session, tenant_id: int, windows: Collection[Window], *, now: datetime) -> None:
    """Hold what has changed against the rules, raise alarms, and void those that were none."""
    if not windows:
        return
    session.execute(_ONE_WATCH_AT_A_TIME, {"tenant_id": tenant_id})
    rules = session.scalars(
        select(RuleRow).where(RuleRow.tenant_id == tenant_id, RuleRow.ended_at.is_(None)).order_by(RuleRow.id)
    ).all()
    if not rules:
        return
    series = {
        row.id: row
        for row in session.scalars(
            select(SeriesRow).where(SeriesRow.id.in_([one.series_id for one in windows]))
        )
    }
    for window in sorted(windows, key=lambda one: (one.series_id, one.since)):
        for rule in rules:
            if applies(rule, series[window.series_id]):
                _watch_one(session, rule, series[window.series_id], window, now=now)


def watch_all(session: Session, rule: RuleRow, *, now: datetime) -> None:
    """Hold all that is known against a new rule."""
    session.execute(_ONE_WATCH_AT_A_TIME, {"tenant_id": rule.tenant_id})
    query = select(SeriesRow).where(
        SeriesRow.tenant_id == rule.tenant_id,
        SeriesRow.quantity == rule.quantity,
        SeriesRow.unit == rule.unit,
    )
    if rule.place is not None:
        query = query.where(SeriesRow.place == rule.place)
    for series in session.scalars(query.order_by(SeriesRow.id)):
        ends = session.execute(
            select(func.min(ReadingRow.at), func.max(ReadingRow.at)).where(ReadingRow.series_id == series.id)
        ).one()
        if ends[0] is not None:
            _watch_one(session, rule, series, Window(series.id, *ends), now=now)


def applies(rule: RuleRow, series: SeriesRow) -> bool:
    """Whether a rule speaks of a series."""
    return (rule.quantity, rule.unit) == (series.quantity, series.unit) and rule.place in {None, series.place}


def _watch_one(session: Session, rule: RuleRow, series: SeriesRow, window: Window, *, now: datetime) -> None:
    """Find the excursions again between the good readings before and after what has changed."""
    bounds = Bounds(rule.least, rule.most, rule.seconds)
    good = _good(rule)
    ours = (ReadingRow.series_id == series.id, _not_retracted())
    before = session.scalar(select(func.max(ReadingRow.at)).where(*ours, *good, ReadingRow.at < window.since))
    after = session.scalar(select(func.min(ReadingRow.at)).where(*ours, *good, ReadingRow.at > window.until))
    query = select(ReadingRow.at, ReadingRow.value, ReadingRow.low, ReadingRow.high).where(*ours)
    alarms = select(AlarmRow).where(AlarmRow.rule_id == rule.id, AlarmRow.series_id == series.id)
    if before is not None:
        query, alarms = query.where(ReadingRow.at >= before), alarms.where(AlarmRow.since >= before)
    if after is not None:
        query, alarms = query.where(ReadingRow.at <= after), alarms.where(AlarmRow.since <= after)
    found = {one.since: one for one in excursions(map(Seen._make, session.execute(query)), bounds)}
    for alarm in session.scalars(alarms.order_by(AlarmRow.id)):
        _renew(alarm, found.pop(alarm.since, None), now=now)
    for excursion in found.values():
        _raise(session, rule, series, excursion, now=now)
    session.flush()


def _renew(alarm: AlarmRow, excursion: Excursion | None, *, now: datetime) -> None:
    if excursion is None:
        alarm.void_at = alarm.void_at or now
        return
    alarm.void_at = None
    alarm.until, alarm.worst = excursion.until, excursion.worst
    alarm.readings, alarm.is_over = excursion.readings, excursion.is_over


def _raise(
    session: Session, rule: RuleRow, series: SeriesRow, excursion: Excursion, *, now: datetime
) -> None:
    alarm = AlarmRow(
        id=uuid7(),
        tenant_id=rule.tenant_id,
        rule_id=rule.id,
        series_id=series.id,
        since=excursion.since,
        until=excursion.until,
        worst=excursion.worst,
        readings=excursion.readings,
        is_over=excursion.is_over,
        raised_at=now,
    )
    session.add(alarm)
    publish(
        session,
        ExcursionFound(
            tenant_id=rule.tenant_id,
            alarm_id=alarm.id,
            rule_id=rule.id,
            series_id=series.id,
            gtin=series.gtin,
            lot=series.lot,
            place=series.place,
            since=excursion.since,
            worst=excursion.worst,
        ),
    )


def _good(rule: RuleRow) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if rule.least is not None:
        conditions.append(ReadingRow.low >= rule.least)
    if rule.most is not None:
        conditions.append(ReadingRow.high <= rule.most)
    return conditions


def _not_retracted() -> ColumnElement[bool]:
    taken_back = select(RetractionRow.event_key).where(RetractionRow.tenant_id == ReadingRow.tenant_id)
    return ReadingRow.event_key.not_in(taken_back)


_Name = tuple[str, str, str, str, str, str, str]
_COLUMNS: Final = (
    SeriesRow.quantity,
    SeriesRow.component,
    SeriesRow.unit,
    SeriesRow.device,
    SeriesRow.place,
    SeriesRow.gtin,
    SeriesRow.lot,
)


def _number(session: Session, tenant_id: int, names: Collection[_Name]) -> dict[_Name, int]:
    keys = [column.key for column in _COLUMNS]
    rows = [{"tenant_id": tenant_id, **dict(zip(keys, name, strict=True))} for name in sorted(names)]
    session.execute(insert(SeriesRow).on_conflict_do_nothing(), rows)
    found = session.execute(
        select(SeriesRow.id, *_COLUMNS).where(
            SeriesRow.tenant_id == tenant_id, tuple_(*_COLUMNS).in_(sorted(names))
        )
    )
    return {tuple(row[1:]): row[0] for row in found}  # type: ignore[misc]


def _windows(changed: Iterable[tuple[int, datetime]]) -> list[Window]:
    found: dict[int, tuple[datetime, datetime]] = {}
    for series_id, at in changed:
        since, until = found.get(series_id, (at, at))
        found[series_id] = min(since, at), max(until, at)
    return [Window(series_id, *ends) for series_id, ends in sorted(found.items())]


@dataclass(frozen=True, slots=True)
class Point:
    """A reading of a chart, or what a stretch of time comes to."""

    at: datetime
    mean: float
    low: float
    high: float
    count: int


def chart(
    session: Session,
    series_id: int,
    *,
    since: datetime,
    until: datetime,
    points_max: int = READINGS_SHOWN_MAX,
) -> list[Point]:
    """Return a series between two instants, in at most so many points; no peak is smoothed away."""
    ours = (
        ReadingRow.series_id == series_id,
        ReadingRow.at >= since,
        ReadingRow.at < until,
        _not_retracted(),
    )
    count = session.scalar(select(func.count()).select_from(ReadingRow).where(*ours)) or 0
    if count <= points_max:
        rows = session.execute(
            select(ReadingRow.at, ReadingRow.value, ReadingRow.low, ReadingRow.high)
            .where(*ours)
            .order_by(ReadingRow.at, ReadingRow.value)
        )
        return [Point(row.at, row.value, row.low, row.high, 1) for row in rows]
    stretch = func.width_bucket(
        func.extract("epoch", ReadingRow.at), since.timestamp(), until.timestamp(), points_max
    )
    rows = session.execute(
        select(
            func.min(ReadingRow.at).label("at"),
            func.avg(ReadingRow.value).label("mean"),
            func.min(ReadingRow.low).label("low"),
            func.max(ReadingRow.high).label("high"),
            func.count(ReadingRow.place).label("count_"),
        )
        .where(*ours)
        .group_by(stretch)
        .order_by(stretch)
    )
    return [Point(row.at, row.mean, row.low, row.high, row.count_) for row in rows]


_ONE_WATCH_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('dossier.watch', :tenant_id))")
