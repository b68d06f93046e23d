"""The words of EPCIS 2.0 and of the Core Business Vocabulary (CBV 2.0) that capture checks against."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """The five kinds of events (EPCIS 2.0, section 7.4)."""

    OBJECT = "ObjectEvent"
    AGGREGATION = "AggregationEvent"
    TRANSACTION = "TransactionEvent"
    TRANSFORMATION = "TransformationEvent"
    ASSOCIATION = "AssociationEvent"


class Action(StrEnum):
    """How an event bears on the things it names (EPCIS 2.0, section 7.3.2)."""

    ADD = "ADD"
    OBSERVE = "OBSERVE"
    DELETE = "DELETE"


BIZ_STEPS: Final = frozenset(
    "accepting arriving assembling collecting commissioning consigning creating_class_instance"
    " cycle_counting decommissioning departing destroying disassembling dispensing encoding entering_exiting"
    " holding inspecting installing killing loading other packing picking receiving removing repackaging"
    " repairing replacing reserving retail_selling sampling sensor_reporting shipping staging_outbound"
    " stock_taking stocking storing transporting unloading unpacking void_shipping".split()
)
"""Business steps, CBV 2.0 section 7.1."""

DISPOSITIONS: Final = frozenset(
    "active available completeness_inferred completeness_verified conformant container_closed container_open"
    " damaged destroyed dispensed disposed encoded expired in_progress in_transit inactive mismatch_class"
    " mismatch_instance mismatch_quantity needs_replacement no_pedigree_match non_conformant"
    " non_sellable_other partially_dispensed recalled reserved retail_sold returned sellable_accessible"
    " sellable_not_accessible stolen unavailable unknown".split()
)
"""Dispositions, CBV 2.0 section 7.2."""

TRANSACTION_TYPES: Final = frozenset(
    "bol cert desadv inv pedigree po poc prodorder recadv rma testprd testres upevt".split()
)
SOURCE_TYPES: Final = frozenset(["owning_party", "possessing_party", "location"])
ERROR_REASONS: Final = frozenset(["did_not_occur", "incorrect_data"])


def bare_word(text: str, kind: str) -> str:
    """Return a term of the CBV as its bare word, however it is written; other terms stay as they are.

    >>> (
    ...     bare_word("urn:epcglobal:cbv:bizstep:shipping", "BizStep"),
    ...     bare_word("cbv:BizStep-shipping", "BizStep"),
    ... )
    ('shipping', 'shipping')
    >>> bare_word("https://example.com/step/polishing", "BizStep")
    'https://example.com/step/polishing'
    """
    for prefix in (f"https://ref.gs1.org/cbv/{kind}-", f"http://ref.gs1.org/cbv/{kind}-", f"cbv:{kind}-"):
        if text.startswith(prefix):
            return text[len(prefix) :]
    urn = f"urn:epcglobal:cbv:{'bizstep' if kind == 'BizStep' else 'disp'}:"
    return text.removeprefix(urn)
