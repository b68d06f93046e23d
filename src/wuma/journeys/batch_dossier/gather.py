"""Drawing a dossier together: batch, product, where it went, what consumers said, whether it is recalled."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from wuma.chain.authenticity.facade import ReportFacts, reports_about
from wuma.chain.codes.facade import BatchFacts, commissioned_counts, units_of
from wuma.chain.dossier.facade import (
    BatchName,
    Completeness,
    Releases,
    Signature,
    Standing,
    completeness,
    digest_of,
    name_of,
    open_alarm_counts,
    releases_of,
    standing_of,
)
from wuma.chain.trace.facade import Things, foreign_keys, read_events, timeline_of, touches_of
from wuma.kernel.auth.models import Account
from wuma.kernel.clock import CHINA_TIME
from wuma.kernel.keys import Keyring
from wuma.support.masterdata import facade as masterdata

SAMPLES: Final = 3
"""Items whose way stands for the batch's: of the first run of units, of the last, and of the middle."""
RUNS_READ_MAX: Final = 5_000
EVENTS_SHOWN_MAX: Final = 200
REPORTS_SHOWN_MAX: Final = 200

STORED: Final = frozenset({"storing", "receiving", "stocking", "holding"})
SOLD: Final = frozenset({"shipping", "departing", "arriving", "retail_selling", "dispensing", "accepting"})

_GLN: Final = re.compile(r"https://id\.gs1\.org/41[47]/(\d{13})(?:/254/.+)?")


@dataclass(frozen=True, slots=True)
class Step:
    """One event of the batch, or of an item of it that stands for the others."""

    at: datetime
    biz_step: str
    place: str
    event_id: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """All there is about one batch."""

    name: BatchName
    batch: BatchFacts
    product: masterdata.Product
    standing: Mapping[tuple[str, str], Standing]
    complete: Completeness
    releases: Releases
    contents: bytes
    line: str
    quantity: int
    stored: tuple[Step, ...]
    sold: tuple[Step, ...]
    reports: tuple[ReportFacts, ...]
    open_alarms: int
    people: Mapping[str, str]
    """The names of those who corrected something or took a release back, by actor."""

    def drawn(self) -> dict[str, str]:
        """Return what other contexts say, by item of the template."""
        product, batch = self.product, self.batch
        return {
            name: text
            for name, text in {
                "product.name": product.name_zh or product.name_en,
                "product.brand": product.brand_zh or product.brand_en,
                "product.gtin": product.gtin.removeprefix("0"),
                "product.stage": "" if product.stage is None else f"{product.stage}",
                "product.net_weight": "" if product.net_weight_g is None else f"{product.net_weight_g} g",
                "batch.number": batch.number,
                "batch.produced_on": batch.produced_on.isoformat(),
                "batch.expires_on": batch.expires_on.isoformat(),
                "batch.line": self.line,
                "batch.quantity": str(self.quantity) if self.quantity else "",
                "release.quality": _signed(self.releases.quality),
                "release.market": _signed(self.releases.market),
                "storage.events": str(len(self.stored)) if self.stored else "",
                "storage.alarms": str(self.open_alarms),
                "sales.events": str(len(self.sold)) if self.sold else "",
                "risk.complaints": str(len(self.reports)),
                "recall.notice": batch.recall_notice or "" if batch.recalled_at else "",
            }.items()
            if text
        }


def gather(session: Session, keyring: Keyring, batch_id: UUID) -> Dossier:
    """Draw the dossier of a batch together."""
    name, batch, product = name_of(session, batch_id)
    standing = standing_of(session, name)
    runs = units_of(session, batch_id, limit=RUNS_READ_MAX)
    samples = [runs[place].first for place in sorted({0, len(runs) // 2, len(runs) - 1})] if runs else []
    steps = _steps(session, keyring, name, samples[:SAMPLES])
    ranges = [(run.first, run.last) for run in runs]
    line = masterdata.lines(session, [batch.line_id]).get(batch.line_id) if batch.line_id else None
    releases = releases_of(session, name)
    actors = {one.entry.actor for one in standing.values() if one.others}
    actors |= {other.actor for one in standing.values() for other in one.others}
    actors |= {row.actor for row in releases.withdrawals}
    return Dossier(
        name=name,
        batch=batch,
        product=product,
        standing=standing,
        complete=completeness([one.stated for one in standing.values()], name.stage),
        releases=releases,
        contents=digest_of(standing),
        line="" if line is None else line.name,
        quantity=commissioned_counts(session, [batch_id]).get(batch_id, 0),
        stored=tuple(step for step in steps if step.biz_step in STORED),
        sold=tuple(step for step in steps if step.biz_step in SOLD),
        reports=tuple(reports_about(session, ranges, limit=REPORTS_SHOWN_MAX)),
        open_alarms=open_alarm_counts(session, [name])[name],
        people=_people(session, actors),
    )


def _steps(session: Session, keyring: Keyring, name: BatchName, samples: Sequence[int]) -> list[Step]:
    """Return the events that name the lot, and those of some items with whatever they were in."""
    lots = [f"https://id.gs1.org/01/{gtin}/10/{name.lot}" for gtin in name.gtins]
    things = Things(session, keyring, name.tenant_id).find(lots)
    touches = (
        touches_of(session, name.tenant_id, list(things.values()), limit=EVENTS_SHOWN_MAX) if things else []
    )
    events = dict(read_events(session, name.tenant_id, [touched.event_id for touched in touches]))
    for unit in samples:
        life = timeline_of(session, name.tenant_id, unit, limit=EVENTS_SHOWN_MAX)
        events |= {told.event.id: told.event for told in life.told}
    places = _places(session, name.tenant_id, {event.location for event in events.values()})
    found = [
        Step(event.at, event.biz_step, places.get(event.location or 0, ""), event.id)
        for event in events.values()
        if event.biz_step and "errorDeclaration" not in event.fields
    ]
    return sorted(found, key=lambda step: (step.at, step.event_id))[:EVENTS_SHOWN_MAX]


def _places(session: Session, tenant_id: int, locations: Collection[int | None]) -> dict[int, str]:
    """Return the names of places by their numbers: of our sites and partners, or else the identifier."""
    keys = foreign_keys(session, [number for number in locations if number is not None])
    glns = {number: found[1] for number, key in keys.items() if (found := _GLN.fullmatch(key))}
    named = masterdata.named_by_gln(session, set(glns.values()))
    return {
        number: named.get((tenant_id, glns.get(number, "")), (key, None))[0] for number, key in keys.items()
    }


def _people(session: Session, actors: Collection[str]) -> dict[str, str]:
    """Return the names of accounts, as far as this session may see them."""
    ids = [UUID(actor.partition(":")[2]) for actor in actors if actor.startswith("account:")]
    rows = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {f"account:{row.id}": row.name for row in rows}


def _signed(signature: Signature | None) -> str:
    return "" if signature is None else f"{signature.signed_at.astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
