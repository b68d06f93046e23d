"""What was commissioned at a place from one moment up to another: what a line made in some hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from wuma.chain.trace.lives.known import Run, merged
from wuma.chain.trace.queries.query import query_events
from wuma.chain.trace.shelves.things import Things
from wuma.chain.trace.sights.sight import WHOLE
from wuma.kernel.clock import utc_now
from wuma.kernel.keys import Keyring

EVENTS_PER_PAGE: Final = 1_000
PAGES_MAX: Final = 1_000


def commissioned_at(
    session: Session, keyring: Keyring, tenant_id: int, place: str, since: datetime, until: datetime
) -> list[Run]:
    """Return the things that events commissioned at a read point, as runs; declarations of errors are none.

    Args:
        session: in the scope of the tenant.
        keyring: to know codes of ours.
        tenant_id: whose events.
        place: the read point, as a URI in any form.
        since: from this event time on.
        until: and before this one.
    """
    things = Things(session, keyring, tenant_id)
    names = list(_named(session, keyring, tenant_id, place, since, until))
    return merged((number, number) for number in sorted(set(things.find(names).values())))


def _named(
    session: Session, keyring: Keyring, tenant_id: int, place: str, since: datetime, until: datetime
) -> Iterator[str]:
    asked = {
        "eventType": ["ObjectEvent"],
        "EQ_action": ["ADD"],
        "EQ_bizStep": ["commissioning"],
        "EQ_readPoint": [place],
        "GE_eventTime": [since.isoformat()],
        "LT_eventTime": [until.isoformat()],
    }
    token = None
    for _ in range(PAGES_MAX):
        page = query_events(
            session,
            keyring,
            tenant_id,
            asked,
            sight=WHOLE,
            per_page=EVENTS_PER_PAGE,
            token=token,
            now=utc_now(),
        )
        for event in page.events:
            if "errorDeclaration" not in event.fields:
                yield from event.fields.get("epcList", ())
        if page.next_page_token is None:
            return
        token = page.next_page_token
