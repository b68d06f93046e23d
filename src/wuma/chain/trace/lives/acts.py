"""An event as the state of things sees it: what of all it says changes where a thing is, whose, and in what.

Acts of one moment have an order that does not depend on which was heard of first: what begins comes before
what is seen, what is seen before what ends, and between equals the digest of the eventID decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from wuma.chain.trace.documents import ilmd
from wuma.chain.trace.documents.names import name_key
from wuma.chain.trace.documents.said import key
from wuma.chain.trace.vocabulary import Action, EventType, bare_word
from wuma_gs1.cbv import BizStep, Disposition, SourceDestinationType

Order = tuple[datetime, int, UUID]


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity of a class that an event names, in one of its lists."""

    list_name: str
    key: str
    quantity: float | None
    unit: str | None


@dataclass(frozen=True, slots=True)
class Ends:
    """One end of a business transfer: who has the things in hand there, who owns them, and where."""

    possessing: str | None = None
    owning: str | None = None
    location: str | None = None

    @property
    def party(self) -> str | None:
        """Who holds the things at this end; having in hand goes before owning."""
        return self.possessing or self.owning


@dataclass(frozen=True, slots=True)
class Act:
    """An event that stands: it is no error declaration, and none takes it back."""

    id: int
    at: datetime
    name: str
    order: Order
    type: EventType
    action: Action | None
    biz_step: str | None = None
    disposition: str | None = None
    set: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()
    biz_location: str | None = None
    read_point: str | None = None
    source: Ends = Ends()
    destination: Ends = Ends()
    lot: str | None = None
    produced_on: str | None = None
    expires_on: str | None = None
    has_parent: bool = False
    has_children: bool = False
    """Whether children are named, one by one or by class."""
    transformation_id: str | None = None
    amounts: tuple[Amount, ...] = ()

    @property
    def name_key(self) -> UUID:
        """What it is known by that has this eventID, and what an error declaration of it is found by."""
        return self.order[2]

    @property
    def empties(self) -> bool:
        """Whether the parent lets go of everything (EPCIS 2.0, section 7.4.2: DELETE without children)."""
        return self.action is Action.DELETE and self.has_parent and not self.has_children

    def amount_in(self, list_name: str, class_key: str) -> Amount | None:
        """Return what one list says of a class."""
        return next((one for one in self.amounts if (one.list_name, one.key) == (list_name, class_key)), None)


QUANTITY_LISTS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
_TURNS: Final = {None: 0, Action.ADD: 0, Action.OBSERVE: 1, Action.DELETE: 2}


class Told(Protocol):
    """An event, whether it was read or has just come."""

    @property
    def id(self) -> int:
        """Its number."""

    @property
    def at(self) -> datetime:
        """When it happened."""

    @property
    def name(self) -> str:
        """Its eventID; one without is named by what it is known by."""

    @property
    def type(self) -> EventType:
        """What it is filed by."""

    @property
    def action(self) -> Action | None:
        """What it is filed by."""

    @property
    def biz_step(self) -> str | None:
        """What it is filed by, a bare word of the CBV."""

    @property
    def disposition(self) -> str | None:
        """What it is filed by, a bare word of the CBV."""

    @property
    def brief(self) -> Mapping[str, Any]:
        """What it says; the things it names one by one may be left out."""

    def lists(self, field: str) -> bool:
        """Whether it names any thing in a field."""


def act_of(event: Told) -> Act:
    """Read an event as an act."""
    said = event.brief
    persistent = said.get("persistentDisposition", {})
    making = said.get("ilmd", {})
    name = event.name
    return Act(
        id=event.id,
        at=event.at,
        name=name,
        order=(event.at, _TURNS[event.action], name_key(name)),
        type=event.type,
        action=event.action,
        biz_step=event.biz_step,
        disposition=event.disposition,
        set=_words(persistent.get("set", ())),
        unset=_words(persistent.get("unset", ())),
        biz_location=_place(said.get("bizLocation")),
        read_point=_place(said.get("readPoint")),
        source=_end(said.get("sourceList", ()), "source"),
        destination=_end(said.get("destinationList", ()), "destination"),
        lot=ilmd.first_text(making, ilmd.LOT),
        produced_on=ilmd.first_text(making, ilmd.PRODUCED_ON),
        expires_on=ilmd.first_text(making, ilmd.EXPIRES_ON),
        has_parent=event.lists("parentID"),
        has_children=event.lists("childEPCs") or bool(said.get("childQuantityList")),
        transformation_id=said.get("transformationID"),
        amounts=tuple(
            Amount(list_name, key(one["epcClass"]), one.get("quantity"), one.get("uom"))
            for list_name in QUANTITY_LISTS
            for one in said.get(list_name, ())
        ),
    )


def _words(terms: Any) -> tuple[str, ...]:
    return tuple(bare_word(term, Disposition) for term in terms)


def _place(said: Mapping[str, Any] | None) -> str | None:
    return None if said is None else key(said["id"])


def _end(said: Any, name: str) -> Ends:
    found = {bare_word(one["type"], SourceDestinationType): key(one[name]) for one in said}
    return Ends(
        possessing=found.get(SourceDestinationType.POSSESSING_PARTY),
        owning=found.get(SourceDestinationType.OWNING_PARTY),
        location=found.get(SourceDestinationType.LOCATION),
    )


IS_OUTGOING: Final = frozenset(
    {
        BizStep.STAGING_OUTBOUND,
        BizStep.LOADING,
        BizStep.SHIPPING,
        BizStep.DEPARTING,
        BizStep.TRANSPORTING,
        BizStep.ARRIVING,
    }
)
"""Steps on the way: the things are still the sender's, and bound for the receiver."""
IS_SALE: Final = frozenset({BizStep.RETAIL_SELLING, BizStep.DISPENSING})
