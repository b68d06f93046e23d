"""Which batch a dossier is of: the GTIN and lot on the item, under every GTIN the product has or had."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, text
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import BatchFacts, batch_facts
from wuma.support.masterdata import facade as masterdata


@dataclass(frozen=True, slots=True)
class BatchName:
    """A batch, as dossiers know it. `gtins` are all that events may have named it by; `gtin` is written."""

    tenant_id: int
    gtin: str
    lot: str
    gtins: tuple[str, ...]
    stage: int | None = None


def name_of(session: Session, batch_id: UUID) -> tuple[BatchName, BatchFacts, masterdata.Product]:
    """Return the name of a batch, with the batch and its product; refuses what there is not (`NotFound`)."""
    batch = batch_facts(session, batch_id)
    product = masterdata.product(session, batch.product_id)
    return named(batch, product), batch, product


def named(batch: BatchFacts, product: masterdata.Product) -> BatchName:
    """Return the name of a batch of a product."""
    known = {batch.gtin, product.gtin}
    known |= {case.gtin for case in product.cases} | {former.gtin for former in product.former_gtins}
    return BatchName(product.tenant_id, batch.gtin, batch.number, tuple(sorted(known)), product.stage)


def is_of(row: type, name: BatchName) -> ColumnElement[bool]:
    """Return the condition that a row of a table with `gtin` and `lot` is of a batch."""
    return and_(row.tenant_id == name.tenant_id, row.lot == name.lot, row.gtin.in_(name.gtins))  # type: ignore[attr-defined]


def hold(session: Session, names: Collection[BatchName], *, alone: bool = False) -> None:
    """Keep dossiers from being signed while they are written; `alone` keeps others from writing, too."""
    for key in sorted({f"{name.tenant_id} {name.gtin} {name.lot}" for name in names}):
        session.execute(_ALONE if alone else _TOGETHER, {"key": f"dossier {key}"})


_ALONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
_TOGETHER = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:key, 0))")
