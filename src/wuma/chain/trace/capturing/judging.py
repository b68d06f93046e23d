"""Holding new events against the rules, within the transaction that stores them.

They are stored first, with their numbers; what a brand refuses is then taken back with a savepoint. Nothing
that has just been stored is read again (with_new.py), and of what was before only what a rule that is not off
needs: runs of things, in a few statements for a batch of events.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import Level, UnitRange, labelled
from wuma.chain.trace.capturing.rules import (
    DEFAULT,
    EXPECTED,
    Breach,
    Rule,
    Setting,
    Transfer,
    compare,
    goes_in_and_out,
    judge,
)
from wuma.chain.trace.capturing.with_new import WithNew
from wuma.chain.trace.documents.said import key
from wuma.chain.trace.lives.known import Known, Run, Source, merged
from wuma.chain.trace.shelves.chunks import NewEvent
from wuma.chain.trace.shelves.postings import Role, Touch
from wuma.chain.trace.shelves.things import FOREIGN_FROM
from wuma_gs1.cbv import BizStep

CONTACTS_MAX: Final = 200_000
"""Looked at for one batch; with more, what was not reached is not judged."""
BREACHES_OF_EVENT_MAX: Final = 5
EVENTS_OF_TRANSACTION_MAX: Final = 1_000
_ALWAYS: Final = datetime(9990, 1, 1, tzinfo=UTC)

_OF_PARENTS: Final = frozenset({Rule.PACKED_TWICE, Rule.WRONG_PARENT})
_OF_LIVES: Final = frozenset(Rule) - {Rule.RECEIVED_OTHERWISE}

Settings = Mapping[Rule, Setting]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is wrong with events, by their numbers, in the form of faults."""

    warned: Mapping[int, list[dict[str, str]]] = field(default_factory=dict)
    refused: Mapping[int, list[dict[str, str]]] = field(default_factory=dict)


def settings_of(session: Session, tenant_id: int) -> dict[Rule, Setting]:
    """Return how a brand wants each rule."""
    rows = session.execute(_SETTINGS, {"tenant_id": tenant_id})
    chosen = {row.rule: Setting(row.setting) for row in rows}
    return {rule: chosen.get(rule.value, DEFAULT) for rule in Rule}


def set_rule(
    session: Session, tenant_id: int, rule: Rule, setting: Setting, *, actor: str, now: datetime
) -> None:
    """Choose what becomes of events that break a rule."""
    values = {"tenant_id": tenant_id, "rule": rule.value, "setting": setting.value}
    session.execute(_SET, {**values, "now": now, "actor": actor})


def verdicts(
    session: Session,
    tenant_id: int,
    settings: Settings,
    new: Sequence[NewEvent],
    touches: Sequence[Touch],
) -> Verdicts:
    """Hold stored events against the rules that are not off."""
    asked = {rule for rule, setting in settings.items() if setting is not Setting.OFF}
    if not new:
        return Verdicts()
    # Noted in any case: a rule that is chosen tomorrow compares with what was shipped today.
    received = _note_transactions(session, tenant_id, new)
    if not asked:
        return Verdicts()
    events = {one.id: one for one in new}
    source = WithNew(session, tenant_id, new, touches)
    breaches: list[Breach] = []
    if asked & _OF_LIVES:
        breaches += _of_lives(session, source, events, touches, asked)
    if Rule.RECEIVED_OTHERWISE in asked:
        breaches += _of_transactions(session, source, tenant_id, events, received)
    told: dict[Setting, defaultdict[int, list[dict[str, str]]]] = {
        Setting.WARN: defaultdict(list),
        Setting.REFUSE: defaultdict(list),
    }
    keys = source.keys(breach.first for breach in breaches[:1_000])
    for breach in breaches:
        faults = told[settings[breach.rule]][breach.event_id]
        if len(faults) < BREACHES_OF_EVENT_MAX:
            faults.append(_fault(breach, events[breach.event_id], keys))
    return Verdicts(warned=told[Setting.WARN], refused=told[Setting.REFUSE])


def _fault(breach: Breach, new: NewEvent, keys: Mapping[int, str]) -> dict[str, str]:
    name = keys.get(breach.first, f"code {breach.first}")
    count = breach.last - breach.first + 1
    got = name if count == 1 else f"{name} and {count - 1} more"
    if breach.other_event_id is not None:
        got += f", event {breach.other_event_id}"
    at = f"/epcisBody/eventList/{new.event.place}"
    return {"at": at, "expected": EXPECTED[breach.rule], "got": got, "rule": breach.rule.value}


def _of_lives(
    session: Session,
    source: Source,
    new: Container[int],
    touches: Sequence[Touch],
    asked: Container[Rule],
) -> list[Breach]:
    known = Known(source, _ALWAYS, contacts_max=CONTACTS_MAX)
    runs = merged((touch.first, touch.last) for touch in touches if touch.role is not Role.CLASS)
    known.learn(runs)
    cells = [cell for run in runs for cell in known.cells(run)]
    if any(rule in asked for rule in _OF_PARENTS):
        known.learn((parent, parent) for cell in cells for parent in goes_in_and_out(cell))

    def emptied(parent: int) -> list[Any]:
        return [
            act for act, contact in known.cell(parent).touched if contact.role is Role.PARENT and act.empties
        ]

    found = [
        breach
        for cell in cells
        for breach in judge(cell, new.__contains__, emptied, is_own=cell.last < FOREIGN_FROM)
        if breach.rule in asked
    ]
    return _but_commissioned_otherwise(session, found)


def _but_commissioned_otherwise(session: Session, breaches: list[Breach]) -> list[Breach]:
    """Leave out codes of ours that were commissioned without an event: on the line, or by hand."""
    doubtful = [
        one for one in breaches if one.rule is Rule.SHIPPED_BEFORE_COMMISSIONED and one.other_event_id is None
    ]
    if not doubtful:
        return breaches
    found = labelled(session, [UnitRange(one.first, one.last) for one in doubtful])
    fresh = [one.units for one in found if one.batch_id is None and one.level is Level.ITEM]
    return [
        one
        for one in breaches
        if one not in doubtful or any(run.first <= one.last and run.last >= one.first for run in fresh)
    ]


def _note_transactions(session: Session, tenant_id: int, new: Sequence[NewEvent]) -> set[UUID]:
    """Note shipments and receipts by their transactions, and return those of the receipts."""
    rows = [
        (transaction, one.id, is_receipt)
        for one in new
        if "bizTransactionList" in one.event.fields and (is_receipt := _is_receipt(one)) is not None
        for transaction in _transactions(one)
    ]
    if rows:
        session.execute(
            _NOTE,
            {
                "tenant_id": tenant_id,
                "transactions": [row[0] for row in rows],
                "ids": [row[1] for row in rows],
                "receipts": [row[2] for row in rows],
            },
        )
    return {transaction for transaction, _, is_receipt in rows if is_receipt}


def _of_transactions(
    session: Session, source: Source, tenant_id: int, new: Container[int], received: set[UUID]
) -> list[Breach]:
    """Compare what was shipped and received under the transactions of new receipts."""
    found: list[Breach] = []
    for transaction in sorted(received):
        values = {"tenant_id": tenant_id, "transaction": transaction, "limit": EVENTS_OF_TRANSACTION_MAX}
        kinds = {row.event_id: row.is_receipt for row in session.execute(_OF_TRANSACTION, values)}
        found += compare(_transfers(source, kinds), new.__contains__)
    return found


def _transfers(source: Source, kinds: Mapping[int, bool]) -> list[Transfer]:
    runs: defaultdict[int, list[Run]] = defaultdict(list)
    classes: defaultdict[int, list[int]] = defaultdict(list)
    for contact in source.contacts_of(kinds, CONTACTS_MAX):
        if contact.role is Role.OBSERVED:
            runs[contact.event_id].append((contact.first, contact.last))
        elif contact.role is Role.CLASS:
            classes[contact.event_id] += range(contact.first, contact.last + 1)
    acts = source.acts(kinds)
    keys = source.keys(thing for things in classes.values() for thing in things)
    return [
        Transfer(
            event_id,
            kinds[event_id],
            tuple(runs[event_id]),
            tuple(
                (thing, amount.quantity or 0)
                for thing in classes[event_id]
                if (amount := act.amount_in("quantityList", keys.get(thing, ""))) is not None
            ),
        )
        for event_id, act in acts.items()
    ]


def _is_receipt(new: NewEvent) -> bool | None:
    if "errorDeclaration" in new.event.fields:
        return None
    match new.kind.biz_step:
        case BizStep.SHIPPING:
            return False
        case BizStep.RECEIVING:
            return True
        case _:
            return None


def _transactions(new: NewEvent) -> set[UUID]:
    return {
        UUID(bytes=hashlib.sha256(key(one["bizTransaction"]).encode()).digest()[:16])
        for one in new.event.fields["bizTransactionList"]
    }


_SETTINGS = text("SELECT rule, setting FROM trace.capture_rule WHERE tenant_id = :tenant_id")
_SET = text("""
INSERT INTO trace.capture_rule (tenant_id, rule, setting, set_at, set_by)
VALUES (:tenant_id, :rule, :setting, :now, :actor)
ON CONFLICT (tenant_id, rule) DO UPDATE SET setting = excluded.setting, set_at = excluded.set_at,
    set_by = excluded.set_by
""")
_NOTE = text("""
INSERT INTO trace.transfer (tenant_id, transaction, event_id, is_receipt)
SELECT :tenant_id, t, e, r
FROM unnest(CAST(:transactions AS uuid[]), CAST(:ids AS bigint[]), CAST(:receipts AS boolean[]))
    AS w (t, e, r)
""")
_OF_TRANSACTION = text(
    "SELECT event_id, is_receipt FROM trace.transfer"
    " WHERE tenant_id = :tenant_id AND transaction = :transaction ORDER BY event_id LIMIT :limit"
)
