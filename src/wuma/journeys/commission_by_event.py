"""A commissioning event activates codes: what the line told the trace, the codes hear, too.

The event names items and, in its instance/lot master data, a lot number and dates (CBV 2.0, section 9.4).
Without a lot there is no batch to activate for, and the codes stay as they are; the event is kept either
way. When codes cannot be activated (void, or of another batch already), that is a finding for people, not a
reason to stop: it is written down and the next event is handled.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from wuma.chain.codes.facade import Asked, CodeState, NewBatch, UnitRange, change, open_batch, order_of
from wuma.facts.trace import ItemsCommissioned
from wuma.kernel import telemetry
from wuma.kernel.clock import day_in_china, utc_now
from wuma.kernel.errors import Refusal
from wuma.kernel.outbox import Subscription
from wuma.support.masterdata import facade as masterdata

SHELF_LIFE_DAYS_UNKNOWN: Final = 730

log = telemetry.logger(__name__)


def activate_commissioned(session: Session, fact: ItemsCommissioned) -> None:
    """Activate the codes that a commissioning event named: for each product its own batch of the lot."""
    if fact.lot is None or not fact.ranges:
        log.warning("commission_by_event.no_lot", tenant=fact.tenant_id, event_id=fact.event_id)
        return
    for product_id, ranges in _by_product(session, fact).items():
        product = masterdata.product(session, product_id)
        if product is None:
            log.warning("commission_by_event.no_product", tenant=fact.tenant_id, event_id=fact.event_id)
            continue
        try:
            with session.begin_nested():
                _activate(session, fact, fact.lot, product, ranges)
        except Refusal as refusal:
            log.warning(
                "commission_by_event.refused",
                tenant=fact.tenant_id,
                event_id=fact.event_id,
                why=refusal.slug,
            )


def _by_product(session: Session, fact: ItemsCommissioned) -> dict[UUID, list[UnitRange]]:
    """Return the units of an event by the product they were ordered for; a range may run through orders."""
    found: defaultdict[UUID, list[UnitRange]] = defaultdict(list)
    for first, last in fact.ranges:
        while first <= last:
            order = order_of(session, first)
            if order is None:
                log.warning("commission_by_event.no_order", tenant=fact.tenant_id, event_id=fact.event_id)
                break
            end = min(last, order.last_unit)
            found[order.product_id].append(UnitRange(first, end))
            first = end + 1
    return found


def _activate(
    session: Session,
    fact: ItemsCommissioned,
    lot: str,
    product: masterdata.Product,
    ranges: list[UnitRange],
) -> None:
    now = utc_now()
    batch = open_batch(
        session,
        NewBatch(
            tenant_id=fact.tenant_id,
            product_id=product.id,
            gtin=product.gtin,
            number=lot,
            produced_on=_day(fact.produced_on) or day_in_china(fact.at),
            shelf_life_days=product.shelf_life_days or SHELF_LIFE_DAYS_UNKNOWN,
            expires_on=_day(fact.expires_on),
            line_id=None,
        ),
        now=now,
    )
    asked = Asked(
        ranges=ranges,
        to=CodeState.COMMISSIONED,
        batch_id=batch.id,
        at=fact.at,
        actor=fact.actor,
        reason=f"EPCIS event {fact.event_id}",
    )
    change(session, asked, now=now)


def _day(written: str | None) -> date | None:
    try:
        return None if written is None else date.fromisoformat(written[:10])
    except ValueError:
        return None


SUBSCRIPTION: Final = Subscription("journeys.commission_by_event", {ItemsCommissioned: activate_commissioned})
