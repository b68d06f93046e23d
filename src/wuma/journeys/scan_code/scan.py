"""From a scanned code to its answer.

The order is the point: what can be refused with keys and memory is refused there; only the scan of a code
that is one of ours reaches the database, together with all others of that moment.
"""

from __future__ import annotations

import hashlib
import os
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from wuma.chain.authenticity.facade import (
    GeoSource,
    Judged,
    Minutes,
    Outcome,
    Place,
    Pseudonyms,
    Reason,
    Scan,
    Verdict,
    Whereabouts,
    judge_and_remember,
    locks_on,
)
from wuma.chain.codes.facade import Identified, Identifier, Kind, OrderEntry, Rejected, WhyNot
from wuma.chain.trace.facade import steps_of
from wuma.journeys.scan_code.answer import (
    EARLIER_SHOWN_MAX,
    SAID_OUTSIDE,
    Answer,
    Batch,
    Earlier,
    Product,
    Scans,
    Step,
)
from wuma.journeys.scan_code.dossiers import PublicDossiers
from wuma.journeys.scan_code.way import Seen, Ways
from wuma.kernel.batching import Batcher
from wuma.kernel.db import HotPool
from wuma.kernel.http.origin import Packed
from wuma.kernel.ids import uuid7
from wuma.kernel.limits import Attempts, Limit
from wuma.kernel.tenancy import Scope
from wuma.support.masterdata.facade import ProductDirectory, place_names

WRONG_PER_DEVICE: Final = Limit("wrong_codes_device", 10, minutes=60)
WRONG_PER_NETWORK: Final = Limit("wrong_codes_network", 100, minutes=60)
"""Wrong codes from one browser, and from one range of addresses, before we stop checking."""
RETRY_AFTER_SECONDS: Final = 600
COOKIE_BYTES: Final = 16
DEVICE_BYTES: Final = 12
PLATFORM_TENANT: Final = 0
"""Whom a wrong code is counted against when it names nobody's product."""


class Visitor(msgspec.Struct, gc=False):
    """Whoever scans, as far as they let us know."""

    brought: bytes | None
    """The secret in the cookie they brought; never stored. A wrong code without one counts against the
    address range only."""
    network: bytes
    """Address and browser: knows somebody again who keeps no cookie; never stored either."""
    address_range: str
    """The /24 (IPv4) or /56 (IPv6) they come from, in hexadecimal digits."""
    client: str
    address: Packed
    declared: Place | None
    """Where they say they are; otherwise their address has to tell, if their code is worth the look."""
    given: bytes | None = None
    """The secret in the cookie they are given, once their code turned out to be one of ours."""

    @property
    def cookie(self) -> bytes:
        """The secret they are known by from now on."""
        if self.brought is not None:
            return self.brought
        if self.given is None:
            self.given = new_cookie()
        return self.given


def new_cookie() -> bytes:
    """Return a name for somebody new: 22 characters, impossible to guess."""
    return urlsafe_b64encode(os.urandom(COOKIE_BYTES)).rstrip(b"=")


def _device(cookie: bytes) -> str:
    """Return the name wrong codes are counted under, which other processes learn through the database."""
    return hashlib.blake2b(cookie, digest_size=DEVICE_BYTES).hexdigest()


class ScanDesk:
    """Answers the scans that reach one process."""

    def __init__(
        self,
        *,
        identifier: Identifier,
        products: ProductDirectory,
        pool: HotPool,
        attempts: Attempts,
        minutes: Minutes,
        pseudonyms: Pseudonyms,
        whereabouts: Whereabouts,
        ways: Ways,
        dossiers: PublicDossiers,
    ) -> None:
        self._identifier = identifier
        self._products = products
        self._attempts = attempts
        self._minutes = minutes
        self._pseudonyms = pseudonyms
        self._whereabouts = whereabouts
        self._ways = ways
        self._dossiers = dossiers

        self._pool = pool
        self._batcher: Batcher[Scan, tuple[Judged, Seen]] = Batcher(self._answer_together)

    def open_code(self, gtin: str, serial: str, visitor: Visitor, *, now: datetime) -> Identified | Answer:
        """Return what `answer` is asked about an open code (GTIN of 14 digits, serial), or its refusal."""
        if self._too_many_wrong(visitor, now):
            return _COME_BACK[Kind.OPEN]
        found = self._identifier.open_code(gtin, serial)
        if isinstance(found, Rejected):
            return self._refuse(found, self._products.owner_of(gtin), visitor, now)
        return found

    def hidden_code(self, code: str, visitor: Visitor, *, now: datetime) -> Identified | Answer:
        """Return what `answer` is asked about a hidden code, read by a phone or typed; or its refusal."""
        if self._too_many_wrong(visitor, now):
            return _COME_BACK[Kind.HIDDEN]
        found = self._identifier.hidden_code(code)
        if isinstance(found, Rejected):
            return self._refuse(found, None, visitor, now)
        return found

    async def answer(
        self, found: Identified, visitor: Visitor, scan_id: UUID | None, *, now: datetime
    ) -> Answer:
        """Answer the scan of a code that is one of ours.

        A program may give the scan a number of its own: sent again by the same sender, it is the same scan.
        """
        scan = Scan(
            id=scan_id or uuid7(int(now.timestamp() * 1000)),
            kind=found.kind,
            unit=found.unit,
            order=found.order,
            at=now,
            person=self._pseudonyms.of(found.order.tenant_id, visitor.cookie),
            network=self._pseudonyms.of(found.order.tenant_id, visitor.network),
            place=visitor.declared or self._whereabouts.of(visitor.address),
            client=visitor.client,
            is_numbered=scan_id is not None,
        )
        judged, seen = await self._batcher.ask(scan)
        outcome = judged.verdict.outcome
        self._minutes.add(found.order.tenant_id, now, found.kind, outcome)
        if outcome is Outcome.NOT_ACTIVATED:
            # Counted like a code we never made: else the limit would tell which of them exist.
            self._count_wrong(visitor, now)
            return Answer(found.kind, Outcome.UNKNOWN, ())
        way = await self._ways.told(scan.order.tenant_id, seen)
        return self._told(scan, judged, way, await self._dossier(scan, judged))

    async def _dossier(self, scan: Scan, judged: Judged) -> str | None:
        subject, gtin = judged.subject, scan.order.gtin
        if subject is None or subject.batch_number is None or gtin is None:
            return None
        return await self._dossiers.path(scan.order.tenant_id, gtin, subject.batch_number)

    async def _answer_together(self, scans: Sequence[Scan]) -> Sequence[tuple[Judged, Seen]]:
        """Judge scans, and read the way of their items, in one transaction."""
        # The way is told before purchase, on the outside; under the lid only one thing matters.
        shown = {(scan.order.tenant_id, scan.unit) for scan in scans if scan.kind is Kind.OPEN}
        scope = Scope.of(*{scan.order.tenant_id for scan in scans})
        async with self._pool.transaction(scope, locks=locks_on(scans)) as connection:
            judged = await judge_and_remember(connection, scans)
            seen = await steps_of(connection, sorted(shown)) if shown else {}
        return [
            (result, seen.get(scan.unit, ()) if scan.kind is Kind.OPEN else ())
            for scan, result in zip(scans, judged, strict=True)
        ]

    def _refuse(self, found: Rejected, owner: int | None, visitor: Visitor, now: datetime) -> Answer:
        """Refuse a code without asking the database."""
        tenant_id = found.order.tenant_id if found.order else PLATFORM_TENANT if owner is None else owner
        self._minutes.add(tenant_id, now, found.kind, found.why)
        self._count_wrong(visitor, now)
        if found.why is WhyNot.REVOKED and found.order is not None:
            return Answer(found.kind, Outcome.VOID, ())
        return _UNKNOWN[found.kind, found.why is WhyNot.MISTYPED or found.why is WhyNot.NOT_A_CODE]

    def _count_wrong(self, visitor: Visitor, now: datetime) -> None:
        if visitor.brought is not None:
            self._attempts.count(WRONG_PER_DEVICE, _device(visitor.brought), now=now)
        self._attempts.count(WRONG_PER_NETWORK, visitor.address_range, now=now)

    def _too_many_wrong(self, visitor: Visitor, now: datetime) -> bool:
        return self._attempts.exhausted(WRONG_PER_NETWORK, visitor.address_range, now=now) or (
            visitor.brought is not None
            and self._attempts.exhausted(WRONG_PER_DEVICE, _device(visitor.brought), now=now)
        )

    def _told(self, scan: Scan, judged: Judged, way: tuple[Step, ...], dossier: str | None) -> Answer:
        verdict, subject = judged.verdict, judged.subject
        batch = None
        if subject is not None and subject.batch_number is not None:
            assert subject.produced_on is not None
            assert subject.expires_on is not None
            notice = subject.recall_notice if subject.is_recalled else None
            batch = Batch(subject.batch_number, subject.produced_on, subject.expires_on, notice, dossier)
        return Answer(
            kind=scan.kind,
            verdict=verdict.outcome,
            reasons=_said(verdict),
            product=self._product(scan.order),
            batch=batch,
            trace=way,
            scans=_scans(judged) if scan.kind is Kind.HIDDEN else None,
            scan_id=judged.id,
        )

    def _product(self, order: OrderEntry) -> Product | None:
        card = self._products.by_gtin(order.gtin) if order.gtin else None
        if card is None:
            return None
        return Product(
            gtin=card.gtin,
            name_zh=card.name_zh,
            name_en=card.name_en,
            brand_zh=card.brand_zh,
            brand_en=card.brand_en,
            stage=card.stage,
            age_from_months=card.age_from_months,
            net_weight_g=card.net_weight_g,
        )


_COME_BACK: Final = {
    kind: Answer(kind, Outcome.UNKNOWN, (), retry_after_seconds=RETRY_AFTER_SECONDS) for kind in Kind
}
_UNKNOWN: Final = {
    (kind, mistyped): Answer(kind, Outcome.UNKNOWN, (), mistyped=mistyped)
    for kind in Kind
    for mistyped in (False, True)
}


def _said(verdict: Verdict) -> tuple[Reason, ...]:
    return tuple(reason for reason in verdict.reasons if reason in SAID_OUTSIDE)


def _scans(judged: Judged) -> Scans:
    earlier = judged.history.visits[:1] + judged.history.visits[1:][-(EARLIER_SHOWN_MAX - 1) :]
    shown = []
    for visit in earlier:
        place = visit.place if visit.place.source is not GeoSource.NONE else None
        zh, en = place_names(place.region if place else None)
        shown.append(Earlier(visit.at, zh, en, by_you=visit.person == judged.person))
    return Scans(judged.count, tuple(shown))
