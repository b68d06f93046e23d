"""Rules for readings, and what is done about alarms. A rule is never changed: it ends, and another begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import Session

from wuma.chain.dossier.models import AlarmRow, RuleRow, SeriesRow
from wuma.chain.dossier.names import BatchName
from wuma.chain.dossier.readings import watch_all
from wuma.kernel.errors import NotFound, Refusal
from wuma.kernel.ids import uuid7

RULES_MAX: Final = 200
"""Of a brand, at one time: each is held against every series it speaks of."""


class TooManyRules(Refusal):
    """There are as many rules as there may be."""

    slug = "too-many-rules"


class HandledAlready(Refusal):
    """Somebody has dealt with this already."""

    slug = "handled-already"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRule:
    """What readings of a kind have to keep to, at a place or everywhere; how long they may fail to."""

    name: str
    quantity: str
    unit: str
    place: str | None
    least: float | None
    most: float | None
    seconds: int


def make_rule(session: Session, tenant_id: int, new: NewRule, *, actor: str, now: datetime) -> RuleRow:
    """Make a rule, and hold against it what is known already."""
    standing = session.scalar(
        select(func.count())
        .select_from(RuleRow)
        .where(RuleRow.tenant_id == tenant_id, RuleRow.ended_at.is_(None))
    )
    if (standing or 0) >= RULES_MAX:
        raise TooManyRules(f"{RULES_MAX} rules stand: end one first.")
    rule = RuleRow(
        id=uuid7(),
        tenant_id=tenant_id,
        name=new.name,
        quantity=new.quantity,
        unit=new.unit,
        place=new.place,
        least=new.least,
        most=new.most,
        seconds=new.seconds,
        since=now,
        made_by=actor,
    )
    session.add(rule)
    session.flush()
    watch_all(session, rule, now=now)
    return rule


def end_rule(session: Session, tenant_id: int, rule_id: UUID, *, actor: str, now: datetime) -> RuleRow:
    """End a rule; its alarms stay. Ended twice, it ended the first time."""
    session.execute(
        update(RuleRow)
        .where(RuleRow.id == rule_id, RuleRow.tenant_id == tenant_id, RuleRow.ended_at.is_(None))
        .values(ended_at=now, ended_by=actor)
    )
    rule = session.get(RuleRow, rule_id)
    if rule is None or rule.tenant_id != tenant_id:
        raise NotFound(f"Rule {rule_id}: there is none.")
    session.refresh(rule)
    return rule


def handle_alarm(
    session: Session, tenant_id: int, alarm_id: UUID, *, actor: str, note: str, now: datetime
) -> AlarmRow:
    """Write down what was done about an alarm, once."""
    handled = session.scalar(
        update(AlarmRow)
        .where(AlarmRow.id == alarm_id, AlarmRow.tenant_id == tenant_id, AlarmRow.handled_at.is_(None))
        .values(handled_at=now, handled_by=actor, handled_note=note)
        .returning(AlarmRow.id)
    )
    alarm = session.get(AlarmRow, alarm_id)
    if alarm is None or alarm.tenant_id != tenant_id:
        raise NotFound(f"Alarm {alarm_id}: there is none.")
    if handled is None:
        raise HandledAlready("Its note stands as it was written.")
    session.refresh(alarm)
    return alarm


def open_alarm_counts(session: Session, names: Sequence[BatchName]) -> dict[BatchName, int]:
    """Return how many excursions of batches nobody has dealt with yet."""
    owner = {(name.tenant_id, gtin, name.lot): name for name in names for gtin in name.gtins}
    rows = session.execute(
        select(SeriesRow.tenant_id, SeriesRow.gtin, SeriesRow.lot, func.count())
        .join(AlarmRow, AlarmRow.series_id == SeriesRow.id)
        .where(
            tuple_(SeriesRow.tenant_id, SeriesRow.gtin, SeriesRow.lot).in_(list(owner)),
            AlarmRow.handled_at.is_(None),
            AlarmRow.void_at.is_(None),
        )
        .group_by(SeriesRow.tenant_id, SeriesRow.gtin, SeriesRow.lot)
    )
    counts = dict.fromkeys(names, 0)
    for tenant_id, gtin, lot, count in rows:
        counts[owner[tenant_id, gtin, lot]] += count
    return counts
