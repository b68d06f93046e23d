"""The words of EPCIS 2.0 that events are filed by; those of the CBV are in ``wuma_gs1.cbv``."""

from __future__ import annotations

from enum import StrEnum
from functools import lru_cache

from wuma_gs1.cbv import Word
from wuma_gs1.errors import ParseError


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


@lru_cache(maxsize=4_096)
def bare_word(text: str, vocabulary: type[Word]) -> str:
    """Return a term of the CBV as its bare word, however it is written; other terms stay as they are.

    >>> from wuma_gs1.cbv import BizStep
    >>> bare_word("urn:epcglobal:cbv:bizstep:shipping", BizStep), bare_word("cbv:BizStep-shipping", BizStep)
    ('shipping', 'shipping')
    >>> bare_word("https://example.com/step/polishing", BizStep)
    'https://example.com/step/polishing'
    """
    try:
        return vocabulary.parse(text).value
    except ParseError:
        return text
