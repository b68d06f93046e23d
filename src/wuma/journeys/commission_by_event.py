"""A commissioning event activates codes: what the line told the trace, the codes hear, too.

The event names items and, in its instance/lot master data, a lot number and dates (CBV 2.0, section 9.4).
Without a lot there is no batch to activate for, and the codes stay as they are; the event is kept either
way. When codes cannot be activated (void, or of another batch already), that is a finding for people, not a
reason to stop: it is written down and the next event is handled.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from sqlalchemy.orm import Session

from wuma.chain.codes.facade import Asked, CodeState, NewBatch, UnitRange, change, open_batch, order_of
from wuma.facts.trace import ItemsCommissioned
from wuma.kernel import telemetry
from wuma.kernel.clock import utc_now
from wuma.kernel.errors import Refusal
from wuma.kernel.outbox import Subscription
from wuma.support.masterdata import facade as masterdata

SHELF_LIFE_DAYS_UNKNOWN: Final = 730

log = telemetry.logger(__name__)


def activate_commissioned(session: Session, fact: ItemsCommissioned) -> None:
    """Activate the codes that a commissioning event named."""
    if fact.lot is None or not fact.ranges:
        log.warning("commission_by_event.no_lot", tenant=fact.tenant_id, event_id=fact.event_id)
        return
    order = order_of(session, fact.ranges[0][0])
    product = None if order is None else masterdata.product(session, order.product_id)
    if product is None:
        log.warning("commission_by_event.no_product", tenant=fact.tenant_id, event_id=fact.event_id)
        return
    produced_on = _day(fact.produced_on) or fact.at.date()
    try:
        with session.begin_nested():
            batch = open_batch(
                session,
                NewBatch(
                    tenant_id=fact.tenant_id,
                    product_id=product.id,
                    gtin=product.gtin,
                    number=fact.lot,
                    produced_on=produced_on,
                    shelf_life_days=product.shelf_life_days or SHELF_LIFE_DAYS_UNKNOWN,
                    expires_on=_day(fact.expires_on),
                    line_id=None,
                ),
                now=utc_now(),
            )
            asked = Asked(
                ranges=[UnitRange(first, last) for first, last in fact.ranges],
                to=CodeState.COMMISSIONED,
                batch_id=batch.id,
                at=fact.at,
                actor=fact.actor,
                reason=f"EPCIS event {fact.event_id}",
            )
            change(session, asked, now=utc_now())
    except Refusal as refusal:
        log.warning(
            "commission_by_event.refused", tenant=fact.tenant_id, event_id=fact.event_id, why=refusal.slug
        )


def _day(written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written[:10])
    except ValueError:
        return None


SUBSCRIPTION: Final = Subscription("journeys.commission_by_event", {ItemsCommissioned: activate_commissioned})
