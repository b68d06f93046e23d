"""What may stand in what, and in which order: the content models of EPCIS 2.0 and of EPCIS 1.2, as tables.

A model is one line: the elements in their order, each with the kind of what it holds; `!` means that it must
be there, `*` any number, `+` at least one, nothing at most one. After them `##other` lets elements of other
namespaces follow. They say what the XSDs say, which the tests hold against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


class Particle(NamedTuple):
    """One element of a model."""

    name: str
    kind: str
    count_min: int
    count_max: float


@dataclass(frozen=True, slots=True)
class Model:
    """The elements that an element may hold, in their order."""

    particles: tuple[Particle, ...]
    takes_others: bool = False
    """Whether elements of other namespaces may follow."""
    any_order: bool = False
    """Whether its elements may come in any order, and any number of times."""


_COUNTS: Final[Mapping[str, tuple[int, float]]] = {
    "!": (1, 1),
    "*": (0, float("inf")),
    "+": (1, float("inf")),
}


def model(*lines: str, any_order: bool = False) -> Model:
    """Read a model.

    >>> model("epcClass:uri! quantity:decimal uom:text").particles[0]
    Particle(name='epcClass', kind='uri', count_min=1, count_max=1)
    """
    words = " ".join(lines).split()
    takes_others = "##other" in words
    particles = []
    for word in words:
        if word == "##other":
            continue
        name, _, kind = word.partition(":")
        counts = _COUNTS.get(kind[-1], (0, 1))
        particles.append(Particle(name, kind.rstrip("!*+"), *counts))
    return Model(tuple(particles), takes_others, any_order)


_WHERE: Final = "bizStep:step disposition:disposition readPoint:Place bizLocation:Place"
_ENDS: Final = "sourceList:Sources destinationList:Destinations"
_NEW: Final = "sensorElementList:SensorElements persistentDisposition:PersistentDisposition"
_TRANSACTIONS: Final = "bizTransactionList:Transactions"

_SHARED: Final[Mapping[str, Model]] = {
    "EPCs": model("epc:epc*"),
    "Quantities": model("quantityElement:Quantity*"),
    "Quantity": model("epcClass:uri! quantity:decimal uom:text"),
    "Transactions": model("bizTransaction:Typed+"),
    "Sources": model("source:Typed+"),
    "Destinations": model("destination:Typed+"),
    "CorrectiveEventIDs": model("correctiveEventID:uri*"),
    "Place": model("id:uri! extension:Locals ##other"),
    "Ilmd": model("extension:Locals ##other"),
    "PersistentDisposition": model("unset:disposition* set:disposition*"),
    "SensorElements": model("sensorElement:SensorElement+ extension:Locals"),
    "SensorElement": model(
        "sensorMetadata:SensorMetadata sensorReport:SensorReport+ extension:Locals ##other"
    ),
    "VocabularyList": model("Vocabulary:Vocabulary*"),
    "Vocabulary": model("VocabularyElementList:VocabularyElements extension:Locals ##other"),
    "VocabularyElements": model("VocabularyElement:VocabularyElement+"),
    "VocabularyElement": model("attribute:Attribute* children:Ids extension:Locals ##other"),
    "Ids": model("id:id*"),
    "MasterData": model("VocabularyList:VocabularyList! extension:Locals"),
    "HeaderExtension": model("EPCISMasterData:MasterData extension:Locals"),
    "Body": model("EventList:EventList extension:Locals ##other"),
    "AnswerBody": model("QueryResults:QueryResults!"),
    "QueryResults": model(
        "queryName:text subscriptionID:text resultsBody:ResultsBody! extension:Locals ##other"
    ),
    "MasterDataBody": model("VocabularyList:VocabularyList extension:Locals ##other"),
    "Document": model("EPCISHeader:Header EPCISBody:Body! extension:Locals ##other"),
    "Answer": model("EPCISHeader:Header EPCISBody:AnswerBody! extension:Locals ##other"),
    "MasterDataDocument": model("EPCISHeader:Header EPCISBody:MasterDataBody! extension:Locals ##other"),
    "ResultsBody": model("EventList:EventList VocabularyList:VocabularyList"),
}

_BASE_2: Final = (
    "eventTime:instant! recordTime:instant eventTimeZoneOffset:text! eventID:uri"
    " errorDeclaration:ErrorDeclaration certificationInfo:uri baseExtension:Others"
)
_END_2: Final = "extension:Others ##other"

MODELS_2: Final[Mapping[str, Model]] = {
    **_SHARED,
    "Header": model("StandardBusinessDocumentHeader:Sbdh extension:HeaderExtension"),
    "EventList": model(
        "ObjectEvent:ObjectEvent AggregationEvent:AggregationEvent TransactionEvent:TransactionEvent"
        " TransformationEvent:TransformationEvent AssociationEvent:AssociationEvent extension:Others",
        any_order=True,
    ),
    "ErrorDeclaration": model(
        "declarationTime:instant reason:reason correctiveEventIDs:CorrectiveEventIDs",
        "extension:Locals ##other",
        any_order=True,
    ),
    "ObjectEvent": model(
        _BASE_2, "epcList:EPCs action:action!", _WHERE, _TRANSACTIONS, "quantityList:Quantities", _ENDS, _NEW,
        "ilmd:Ilmd", _END_2,
    ),
    "AggregationEvent": model(
        _BASE_2, "parentID:uri childEPCs:EPCs action:action!", _WHERE, _TRANSACTIONS,
        "childQuantityList:Quantities", _ENDS, _NEW, _END_2,
    ),
    "TransactionEvent": model(
        _BASE_2, "bizTransactionList:Transactions! parentID:uri epcList:EPCs action:action!", _WHERE,
        "quantityList:Quantities", _ENDS, _NEW, _END_2,
    ),
    "TransformationEvent": model(
        _BASE_2, "inputEPCList:EPCs inputQuantityList:Quantities outputEPCList:EPCs",
        "outputQuantityList:Quantities transformationID:uri", _WHERE, _TRANSACTIONS, _ENDS, _NEW, "ilmd:Ilmd",
        _END_2,
    ),
    "AssociationEvent": model(
        _BASE_2, "parentID:uri! childEPCs:EPCs childQuantityList:Quantities action:action!", _WHERE,
        _TRANSACTIONS, _ENDS, _NEW, _END_2,
    ),
}  # fmt: skip

_BASE_1: Final = (
    "eventTime:instant1! recordTime:instant1 eventTimeZoneOffset:text! baseExtension:BaseExtension"
)

MODELS_1: Final[Mapping[str, Model]] = {
    **_SHARED,
    "Header": model("StandardBusinessDocumentHeader:Sbdh! extension:HeaderExtension ##other"),
    "EventList": model(
        "ObjectEvent:ObjectEvent AggregationEvent:AggregationEvent QuantityEvent:QuantityEvent"
        " TransactionEvent:TransactionEvent extension:EventListExtension",
        any_order=True,
    ),
    "EventListExtension": model("TransformationEvent:TransformationEvent extension:EventListExtension2"),
    "EventListExtension2": model("AssociationEvent:AssociationEvent*"),
    "ErrorDeclaration": model(
        "declarationTime:instant1! reason:reason correctiveEventIDs:CorrectiveEventIDs",
        "extension:Locals ##other",
    ),
    "BaseExtension": model("eventID:uri errorDeclaration:ErrorDeclaration extension:BaseExtension2"),
    # What 2.0 has added stands in the innermost extension, which 1.2 leaves open.
    "BaseExtension2": model("certificationInfo:uri"),
    "Extension2": model("certificationInfo:uri", _NEW, any_order=True),
    "ObjectEvent": model(
        _BASE_1, "epcList:EPCs! action:action!", _WHERE, _TRANSACTIONS, "extension:ObjectExtension ##other"
    ),
    "ObjectExtension": model("quantityList:Quantities", _ENDS, "ilmd:Ilmd extension:Extension2"),
    "AggregationEvent": model(
        _BASE_1, "parentID:uri childEPCs:EPCs! action:action!", _WHERE, _TRANSACTIONS,
        "extension:AggregationExtension ##other",
    ),
    "AggregationExtension": model("childQuantityList:Quantities", _ENDS, "extension:Extension2"),
    "QuantityEvent": model(
        _BASE_1, "epcClass:uri! quantity:int!", _WHERE, _TRANSACTIONS, "extension:Locals ##other"
    ),
    "TransactionEvent": model(
        _BASE_1, "bizTransactionList:Transactions! parentID:uri epcList:EPCs! action:action!", _WHERE,
        "extension:TransactionExtension ##other",
    ),
    "TransactionExtension": model("quantityList:Quantities", _ENDS, "extension:Extension2"),
    "TransformationEvent": model(
        _BASE_1, "inputEPCList:EPCs inputQuantityList:Quantities outputEPCList:EPCs",
        "outputQuantityList:Quantities transformationID:uri", _WHERE, _TRANSACTIONS, _ENDS,
        "ilmd:Ilmd extension:Extension2 ##other",
    ),
    "AssociationEvent": MODELS_2["AssociationEvent"],
}  # fmt: skip

ROOTS: Final[Mapping[str, str]] = {
    "EPCISDocument": "Document",
    "EPCISQueryDocument": "Answer",
    "EPCISMasterDataDocument": "MasterDataDocument",
}
EVENTS: Final = frozenset(
    {"ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent"}
)
