"""Entering what events say, each exactly once and whatever their order: told by facts of the trace."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from wuma.chain.dossier.from_events import WORDS, Lot, SaidForDossiers, said_by
from wuma.chain.dossier.models import EntryRow, RetractionRow
from wuma.chain.dossier.readings import Source, Window, keep, take_back, watch
from wuma.chain.trace.facade import Event, events_with_words, name_key
from wuma.facts.dossier import DossierChanged
from wuma.facts.trace import EventsCaptured
from wuma.kernel import telemetry
from wuma.kernel.clock import utc_now
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.kernel.outbox import Subscription

ROWS_PER_STATEMENT: Final = 1000

log = telemetry.logger(__name__)


def enter_captured(session: Session, fact: EventsCaptured) -> None:
    """Enter what the events of a capture say for dossiers."""
    changed: defaultdict[Lot, set[str]] = defaultdict(set)
    windows: list[Window] = []
    events = events_with_words(
        session,
        fact.tenant_id,
        first_event_id=fact.first_event_id,
        last_event_id=fact.last_event_id,
        words=WORDS,
    )
    for event in events:
        said = said_by(event)
        key = name_key(str(event.fields["eventID"]))
        if said.is_retraction:
            session.execute(
                insert(RetractionRow)
                .values(tenant_id=fact.tenant_id, event_key=key, event_id=event.id)
                .on_conflict_do_nothing()
            )
            windows += take_back(session, fact.tenant_id, key)
            continue
        for fault in said.faults:
            log.warning(
                "dossier.event_not_understood",
                tenant=fact.tenant_id,
                event_id=event.id,
                at=fault.at,
                expected=fault.expected,
            )
        _enter(session, fact.tenant_id, event, key, said, changed)
        windows += keep(session, Source(fact.tenant_id, event.id, key), said.lots, said.readings)
    watch(session, fact.tenant_id, windows, now=utc_now())
    for (gtin, lot), items in sorted(changed.items()):
        publish(
            session,
            DossierChanged(tenant_id=fact.tenant_id, gtin=gtin, lot=lot, items=sorted(items), source="event"),
        )


def _enter(
    session: Session,
    tenant_id: int,
    event: Event,
    key: UUID,
    said: SaidForDossiers,
    changed: defaultdict[Lot, set[str]],
) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": uuid7(),
            "tenant_id": tenant_id,
            "gtin": gtin,
            "lot": lot,
            "item": draft.item.id,
            "subject": draft.subject,
            "value": draft.text,
            "unit": draft.unit,
            "least": draft.least,
            "most": draft.most,
            "method": draft.method,
            "instrument": draft.instrument,
            "operator": draft.operator,
            "measured_at": draft.measured_at,
            "reason": "",
            "source": "event",
            "replaces": None,
            "event_id": event.id,
            "event_at": event.at,
            "event_key": key,
            "recorded_at": event.captured_at,
            "actor": f"event:{event.id}",
        }
        for gtin, lot in said.lots
        for draft in said.drafts
    ]
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        some = rows[start : start + ROWS_PER_STATEMENT]
        entered = session.execute(
            insert(EntryRow)
            .values(some)
            .on_conflict_do_nothing()
            .returning(EntryRow.gtin, EntryRow.lot, EntryRow.item)
        )
        for gtin, lot, item in entered:
            changed[gtin, lot].add(item)


SUBSCRIPTION: Final = Subscription("dossier.enter_captured", {EventsCaptured: enter_captured})
