"""Releasing a batch: quality first, then the market, by two people; and taking a release back."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from sqlalchemy import func, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from wuma.chain.dossier.completeness import Gap, completeness
from wuma.chain.dossier.entries import Standing, standing_of
from wuma.chain.dossier.models import SignatureRow, WithdrawalRow
from wuma.chain.dossier.names import BatchName, hold, is_of
from wuma.chain.dossier.template import VERSION, Due
from wuma.facts.dossier import BatchReleased, ReleaseWithdrawn
from wuma.kernel.errors import Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7

QUALITY: Final = "quality"
MARKET: Final = "market"
GAPS_NAMED_MAX: Final = 200


class DossierIncomplete(Refusal):
    """Something that is required is missing or out of limits."""

    status = HTTPStatus.CONFLICT
    slug = "dossier-incomplete"


class ReleasedAlready(Refusal):
    """This release has been signed already."""

    slug = "released-already"


class NotReleased(Refusal):
    """There is no release to build on."""

    slug = "not-released"


class SecondPersonNeeded(Refusal):
    """The second signature has to be somebody else's."""

    slug = "second-person-needed"


class ChangedSinceQualityRelease(Refusal):
    """The dossier was changed after the quality release."""

    slug = "dossier-changed-since-release"


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the account, and the name that is printed."""

    actor: str
    name: str


@dataclass(frozen=True, slots=True)
class Releases:
    """How far the release of a batch has come."""

    round: int = 1
    quality: SignatureRow | None = None
    market: SignatureRow | None = None
    earlier: tuple[SignatureRow, ...] = ()
    withdrawals: tuple[WithdrawalRow, ...] = ()

    @property
    def state(self) -> str:
        """What may be said of it: open, quality (released by quality) or market."""
        return MARKET if self.market else QUALITY if self.quality else "open"


def sign(
    session: Session, name: BatchName, kind: str, signer: Signer, *, deviation: str = "", now: datetime
) -> SignatureRow:
    """Sign a release over what the dossier says now.

    Raises:
        DossierIncomplete: over a gap, unless `deviation` says why the batch may go all the same.
        ReleasedAlready, NotReleased, SecondPersonNeeded, ChangedSinceQualityRelease: see their titles.
    """
    hold(session, [name], alone=True)
    standing = standing_of(session, name)
    releases = releases_of(session, name)
    complete = completeness([one.stated for one in standing.values()], name.stage)
    contents = digest_of(standing)
    _refuse(releases, kind, signer, contents)
    gaps = complete.before(Due.QUALITY if kind == QUALITY else Due.MARKET)
    if gaps and not deviation:
        raise DossierIncomplete(
            f"{len(gaps)} gap(s): {', '.join(_shown(gap) for gap in gaps[:5])}. Fill them, or say why not.",
            gaps=[as_json(gap) for gap in gaps[:GAPS_NAMED_MAX]],
        )
    row = SignatureRow(
        id=uuid7(),
        tenant_id=name.tenant_id,
        gtin=name.gtin,
        lot=name.lot,
        round=releases.round,
        kind=kind,
        signed_at=now,
        actor=signer.actor,
        signer=signer.name,
        deviation=deviation if gaps else "",
        gaps=[as_json(gap) for gap in gaps],
        contents=contents,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:  # the same batch under another GTIN of its product, or a signature by its actor
        raise ReleasedAlready("It was signed just now.") from None
    publish(
        session,
        BatchReleased(
            tenant_id=name.tenant_id,
            gtin=name.gtin,
            lot=name.lot,
            kind=kind,
            round=releases.round,
            signed_at=now,
            actor=signer.actor,
            has_deviation=bool(row.deviation),
        ),
    )
    return row


def withdraw(session: Session, name: BatchName, *, actor: str, reason: str, now: datetime) -> WithdrawalRow:
    """Take the releases of a batch back; it can be signed anew."""
    hold(session, [name], alone=True)
    releases = releases_of(session, name)
    if releases.quality is None:
        raise NotReleased("There is no release to take back.")
    row = WithdrawalRow(
        id=uuid7(),
        tenant_id=name.tenant_id,
        gtin=name.gtin,
        lot=name.lot,
        round=releases.round,
        withdrawn_at=now,
        actor=actor,
        reason=reason,
    )
    session.add(row)
    session.flush()
    publish(
        session,
        ReleaseWithdrawn(
            tenant_id=name.tenant_id,
            gtin=name.gtin,
            lot=name.lot,
            round=row.round,
            withdrawn_at=now,
            actor=actor,
        ),
    )
    return row


def releases_of(session: Session, name: BatchName) -> Releases:
    """Return how far the release of a batch has come."""
    return releases_of_all(session, [name])[name]


def releases_of_all(session: Session, names: Sequence[BatchName]) -> dict[BatchName, Releases]:
    """Return how far the releases of several batches have come, read together."""
    owner = {(name.tenant_id, gtin, name.lot): name for name in names for gtin in name.gtins}
    signatures: defaultdict[BatchName, list[SignatureRow]] = defaultdict(list)
    withdrawals: defaultdict[BatchName, list[WithdrawalRow]] = defaultdict(list)
    for signature in session.scalars(
        select(SignatureRow)
        .where(tuple_(SignatureRow.tenant_id, SignatureRow.gtin, SignatureRow.lot).in_(list(owner)))
        .order_by(SignatureRow.round, SignatureRow.signed_at)
    ):
        signatures[owner[signature.tenant_id, signature.gtin, signature.lot]].append(signature)
    for withdrawal in session.scalars(
        select(WithdrawalRow)
        .where(tuple_(WithdrawalRow.tenant_id, WithdrawalRow.gtin, WithdrawalRow.lot).in_(list(owner)))
        .order_by(WithdrawalRow.round)
    ):
        withdrawals[owner[withdrawal.tenant_id, withdrawal.gtin, withdrawal.lot]].append(withdrawal)
    return {name: _releases(signatures[name], withdrawals[name]) for name in names}


def _releases(signatures: Sequence[SignatureRow], withdrawals: Sequence[WithdrawalRow]) -> Releases:
    round_ = max((row.round for row in withdrawals), default=0) + 1
    now = {row.kind: row for row in signatures if row.round == round_}
    earlier = tuple(row for row in signatures if row.round < round_)
    return Releases(round_, now.get(QUALITY), now.get(MARKET), earlier, tuple(withdrawals))


def is_on_market(session: Session, name: BatchName) -> bool:
    """Whether a batch is released to the market, and the release stands."""
    rounds = session.scalar(select(func.max(WithdrawalRow.round)).where(is_of(WithdrawalRow, name))) or 0
    return bool(
        session.scalar(
            select(
                select(SignatureRow)
                .where(is_of(SignatureRow, name), SignatureRow.kind == MARKET, SignatureRow.round > rounds)
                .exists()
            )
        )
    )


def digest_of(standing: Mapping[tuple[str, str], Standing]) -> bytes:
    """Return the digest of what a dossier says: the same for the same words, whoever entered them and when.

    It is SHA-256 of JSON: the version of the template, and for each item in the order of its id what it says.
    """
    said = sorted(
        [
            entry.item,
            entry.subject,
            entry.value,
            entry.unit,
            "" if entry.least is None else f"{entry.least.normalize():f}",
            "" if entry.most is None else f"{entry.most.normalize():f}",
            entry.method,
            entry.instrument,
            entry.operator,
            "" if entry.measured_at is None else entry.measured_at.isoformat(),
        ]
        for entry in (one.entry for one in standing.values())
    )
    return hashlib.sha256(msgspec.json.encode([VERSION, said])).digest()


def as_json(gap: Gap) -> dict[str, Any]:
    """Return a gap as it is kept and told."""
    return {"item": gap.item, "subject": gap.subject, "why": gap.why.value, "due": gap.due.value}


def _refuse(releases: Releases, kind: str, signer: Signer, contents: bytes) -> None:
    if (releases.quality if kind == QUALITY else releases.market) is not None:
        raise ReleasedAlready("Take the release back first, if it has to be signed anew.")
    if kind == QUALITY:
        return
    if releases.quality is None:
        raise NotReleased("Quality has not released this batch yet.")
    if releases.quality.actor == signer.actor:
        raise SecondPersonNeeded("You have signed the quality release of this batch.")
    if releases.quality.contents != contents:
        raise ChangedSinceQualityRelease("Quality has to sign what the dossier says now.")


def _shown(gap: Gap) -> str:
    return f"{gap.item}{f' ({gap.subject})' if gap.subject else ''} {gap.why.value}"
