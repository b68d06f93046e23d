"""Everything codes know of one unit, and how units are called in public."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from wuma.chain.codes.construction import Codebook, Role, index_of_unit
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.identify import Identifier
from wuma.chain.codes.labels import TenantDirectory
from wuma.chain.codes.lifecycle import CodeState
from wuma.chain.codes.models import Batch, CodeOrder, RunRow, Transition
from wuma.chain.codes.orders import Level
from wuma.chain.codes.origins import Origin, origins
from wuma.chain.codes.sscc import sscc_of
from wuma.kernel.keys import EpochRevoked, Keyring


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that happened to a unit."""

    state: CodeState
    at: datetime
    recorded_at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What codes know of one unit."""

    unit: int
    order: CodeOrder
    number: int
    """The running number in the order, from 1."""
    state: CodeState
    batch: Batch | None
    history: tuple[Changed, ...]
    """What happened to it, the earliest first."""
    origin: Origin | None
    recall_notice: str | None
    """What whoever scans it is told, when it is under recall, itself or with its batch."""


_NOTICE = text(
    "SELECT notice FROM codes.recalled WHERE ended_at IS NULL"
    " AND int8range(first_unit, last_unit, '[]') @> CAST(:unit AS bigint) ORDER BY since DESC LIMIT 1"
)


def facts_of(session: Session, unit: int) -> UnitFacts | None:
    """Return what is known of a unit; None when this scope has no order with it."""
    order = session.scalar(select(CodeOrder).where(CodeOrder.first_unit <= unit, CodeOrder.last_unit >= unit))
    if order is None:
        return None
    run = session.execute(
        select(RunRow.state, RunRow.batch_id).where(RunRow.first_unit <= unit, RunRow.last_unit >= unit)
    ).one()
    rows = session.scalars(
        select(Transition)
        .where(text("int8range(first_unit, last_unit, '[]') @> CAST(:unit AS bigint)").bindparams(unit=unit))
        .order_by(Transition.at, Transition.id)
    )
    batch = None if run.batch_id is None else session.get(Batch, run.batch_id)
    notice = session.scalar(_NOTICE, {"unit": unit})
    return UnitFacts(
        unit=unit,
        order=order,
        number=unit - order.first_unit + 1,
        state=CodeState(run.state),
        batch=batch,
        history=tuple(
            Changed(CodeState(row.state), row.at, row.recorded_at, row.actor, row.reason) for row in rows
        ),
        origin=origins(session, [unit]).get(unit),
        recall_notice=notice if notice is not None or batch is None else batch.recall_notice,
    )


def public_names(session: Session, keyring: Keyring, units: Iterable[int]) -> dict[int, str]:
    """Return what units are called in the open: canonical Digital Links with serial or SSCC.

    Units of revoked epochs and of other scopes have no name here.
    """
    directory, codebook = TenantDirectory(session), Codebook(keyring)
    identifier = Identifier(keyring, directory, codebook)
    names: dict[int, str] = {}
    for unit in sorted(set(units)):
        order = directory.order_of(unit)
        if order is None:
            continue
        if order.level == Level.PALLET:
            names[unit] = f"https://id.gs1.org/00/{_sscc(identifier, order, unit)}"
            continue
        try:
            keys = codebook.order(epoch=order.epoch, tenant_id=order.tenant_id, order_id=order.id)
        except EpochRevoked:
            continue
        serial = codebook.issue(Role.OPEN, keys, index_of_unit(unit), 1)[0].decode()
        names[unit] = f"https://id.gs1.org/01/{order.gtin}/21/{serial}"
    return names


def _sscc(identifier: Identifier, order: OrderEntry, unit: int) -> str:
    assert order.company_prefix is not None
    assert order.first_position is not None
    serials = identifier.sscc_permutation(order.tenant_id, order.company_prefix)
    return sscc_of(serials, order.company_prefix, order.first_position + unit - order.first_unit)
