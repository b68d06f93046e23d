"""The door of codes: what other contexts may use."""

from __future__ import annotations

from wuma.chain.codes.batches import (
    BatchFacts,
    NewBatch,
    batch_facts,
    batch_of_lot,
    batches_numbered,
    batches_of,
    commissioned_counts,
    latest_batches,
    open_batch,
    units_of,
)
from wuma.chain.codes.batches import get as batch_of
from wuma.chain.codes.construction import NO_UNIT, epoch_of_unit, index_of_unit, unit_of
from wuma.chain.codes.directory import REFRESH_SECONDS, OrderDirectory, OrderEntry
from wuma.chain.codes.identify import Identified, Identifier, Kind, Rejected, WhyNot
from wuma.chain.codes.labels import TenantDirectory, identify, read_label
from wuma.chain.codes.lifecycle import CodeState, TransitionRefused, UnitRange, normalise
from wuma.chain.codes.look_up import Changed, UnitFacts, facts_of, public_names
from wuma.chain.codes.orders import Level, NewOrder, order_of, place, revoke
from wuma.chain.codes.origins import Origin, Printing, origins
from wuma.chain.codes.recalls import (
    end_batch_recall,
    end_recall,
    mark_batch_recalled,
    mark_recalled,
    within,
    without,
)
from wuma.chain.codes.reconcile import Totals, totals
from wuma.chain.codes.subjects import CodeSubject, subjects
from wuma.chain.codes.transitions import Asked, Outcome, change
from wuma.chain.codes.units_of import Labelled, labelled, units_of_batch, units_of_line

__all__ = [
    "NO_UNIT",
    "REFRESH_SECONDS",
    "Asked",
    "BatchFacts",
    "Changed",
    "CodeState",
    "CodeSubject",
    "Identified",
    "Identifier",
    "Kind",
    "Labelled",
    "Level",
    "NewBatch",
    "NewOrder",
    "OrderDirectory",
    "OrderEntry",
    "Origin",
    "Outcome",
    "Printing",
    "Rejected",
    "TenantDirectory",
    "Totals",
    "TransitionRefused",
    "UnitFacts",
    "UnitRange",
    "WhyNot",
    "batch_facts",
    "batch_of",
    "batch_of_lot",
    "batches_numbered",
    "batches_of",
    "change",
    "commissioned_counts",
    "end_batch_recall",
    "end_recall",
    "epoch_of_unit",
    "facts_of",
    "identify",
    "index_of_unit",
    "labelled",
    "latest_batches",
    "mark_batch_recalled",
    "mark_recalled",
    "normalise",
    "open_batch",
    "order_of",
    "origins",
    "place",
    "public_names",
    "read_label",
    "revoke",
    "subjects",
    "totals",
    "unit_of",
    "units_of",
    "units_of_batch",
    "units_of_line",
    "within",
    "without",
]
