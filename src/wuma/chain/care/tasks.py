"""What recalls do without being asked: goods that late events bring into the scope of one join it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.chain.care.models import Recall
from wuma.chain.care.recall import lock, relist
from wuma.facts.codes import UnitsCommissioned
from wuma.facts.trace import EventsCaptured
from wuma.kernel.clock import utc_now
from wuma.kernel.jobs import Task, enqueue
from wuma.kernel.outbox import Subscription
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import Scope

RELIST_AFTER_SECONDS: Final = 5
"""Captures come in swarms: what comes within so long is listed together."""
ACTOR: Final = "wuma"


def on_news(session: Session, fact: EventsCaptured | UnitsCommissioned) -> None:
    """Ask for the open recalls of a brand to be listed again, once for all that comes at about this time."""
    at = utc_now() + timedelta(seconds=RELIST_AFTER_SECONDS)
    open_ones = select(Recall.id).where(
        Recall.tenant_id == fact.tenant_id, Recall.closed_at.is_(None), Recall.is_drill.is_(False)
    )
    for recall_id in session.scalars(open_ones.order_by(Recall.id)):
        arguments = {"tenant_id": fact.tenant_id, "recall_id": str(recall_id)}
        enqueue(session, RELIST.name, arguments, key=f"{RELIST.name}:{recall_id}", run_at=at)


def _relist(runtime: Runtime, *, tenant_id: int, recall_id: str) -> None:
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        recall = lock(session, UUID(recall_id))
        if recall.closed_at is None:
            relist(session, runtime.keyring, recall, actor=ACTOR, now=utc_now(), if_changed=True)


RELIST: Final = Task("care.relist", _relist)
TASKS: Final = (RELIST,)
SUBSCRIPTION: Final = Subscription("care.relist", {EventsCaptured: on_news, UnitsCommissioned: on_news})
