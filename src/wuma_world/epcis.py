"""EPCIS 2.0 documents (JSON-LD) as the partners of a brand write them.

Factories, dealers and stores use different software: some name things by EPC URN, some by GS1 Digital
Link. Both are in the standard (CBV 2.0, section 8), and a repository must see that they are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

from wuma_gs1.application_identifiers import Element
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_world.brand import Line
from wuma_world.labels import Row

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
ZONE: Final = "+08:00"

Event: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Naming:
    """How somebody's software names things."""

    name: str
    write: Callable[[Sequence[Element], int], str]

    def labelled(self, row: Row, company_prefix: str) -> str:
        """Name what a label is on."""
        elements = _elements(row)
        return self.write(elements, len(company_prefix))

    def place(self, gln: str, company_prefix: str, extension: str = "") -> str:
        """Name a place."""
        elements = [Element("414", gln)] + ([Element("254", extension)] if extension else [])
        return self.write(elements, len(company_prefix))

    def party(self, gln: str, company_prefix: str) -> str:
        """Name a party."""
        return self.write([Element("417", gln)], len(company_prefix))


def _elements(row: Row) -> Sequence[Element]:
    if row.sscc:
        return [Element("00", row.sscc)]
    return [element for element in DigitalLink.parse(row.open_uri).elements if element.ai in {"01", "21"}]


def _urn(elements: Sequence[Element], prefix_length: int) -> str:
    return Epc.of(elements, company_prefix_length=prefix_length).uri


def _link(elements: Sequence[Element], _prefix_length: int) -> str:
    return DigitalLink(tuple(elements)).canonical


URNS: Final = Naming("URN", _urn)
LINKS: Final = Naming("Digital Link", _link)


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who writes events: their naming, and the place they are at."""

    naming: Naming
    company_prefix: str
    gln: str
    extension: str = ""

    @classmethod
    def on_line(cls, naming: Naming, company_prefix: str, line: Line) -> Writer:
        """Return the writer of a packing line."""
        return cls(naming, company_prefix, line.site_gln, line.extension)

    def commissioned(
        self, things: Iterable[Row], lot: str, produced_on: date, expires_on: date, at: datetime
    ) -> Event:
        """Things bear their codes from now on; lot and dates in the CBV's master data attributes."""
        event = self._event(
            "ObjectEvent",
            at,
            epcList=[self._named(thing) for thing in things],
            action="ADD",
            bizStep="commissioning",
            disposition="active",
        )
        event["ilmd"] = {
            "cbvmda:lotNumber": lot,
            "cbvmda:productionDate": produced_on.isoformat(),
            "cbvmda:itemExpirationDate": expires_on.isoformat(),
        }
        return event

    def packed(self, parent: Row, children: Iterable[Row], at: datetime) -> Event:
        """Children went into, or onto, a parent."""
        return self._event(
            "AggregationEvent",
            at,
            parentID=self._named(parent),
            childEPCs=[self._named(child) for child in children],
            action="ADD",
            bizStep="packing",
            disposition="in_progress",
        )

    def unpacked(self, parent: Row, children: Iterable[Row], at: datetime) -> Event:
        """Children were taken out of a parent; none named means all of them (EPCIS 2.0, 7.4.3)."""
        return self._event(
            "AggregationEvent",
            at,
            parentID=self._named(parent),
            childEPCs=[self._named(child) for child in children],
            action="DELETE",
            bizStep="unpacking",
            disposition="in_progress",
        )

    def shipped(self, things: Iterable[Row], to_gln: str, at: datetime, despatch_advice: str) -> Event:
        """Things left for another party."""
        return self._moved(things, "shipping", "in_transit", self.gln, to_gln, at, despatch_advice)

    def received(self, things: Iterable[Row], from_gln: str, at: datetime, despatch_advice: str) -> Event:
        """Things arrived from another party."""
        return self._moved(things, "receiving", "in_progress", from_gln, self.gln, at, despatch_advice)

    def _moved(
        self,
        things: Iterable[Row],
        step: str,
        disposition: str,
        from_gln: str,
        to_gln: str,
        at: datetime,
        despatch_advice: str,
    ) -> Event:
        parties = [self.naming.party(gln, self.company_prefix) for gln in (from_gln, to_gln)]
        return self._event(
            "ObjectEvent",
            at,
            epcList=[self._named(thing) for thing in things],
            action="OBSERVE",
            bizStep=step,
            disposition=disposition,
            bizTransactionList=[
                {"type": "desadv", "bizTransaction": f"urn:epcglobal:cbv:bt:{from_gln}:{despatch_advice}"}
            ],
            sourceList=[{"type": "owning_party", "source": parties[0]}],
            destinationList=[{"type": "owning_party", "destination": parties[1]}],
        )

    def _event(self, kind: str, at: datetime, **members: Any) -> Event:
        place = self.naming.place(self.gln, self.company_prefix, self.extension)
        event = {
            "type": kind,
            "eventTime": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "eventTimeZoneOffset": ZONE,
            **members,
            "readPoint": {"id": place},
        }
        if members["bizStep"] != "shipping":  # what is shipped is nowhere until it is received
            event["bizLocation"] = {"id": self.naming.place(self.gln, self.company_prefix)}
        return event

    def _named(self, row: Row) -> str:
        return self.naming.labelled(row, self.company_prefix)


def document(events: Sequence[Event], created_at: datetime) -> Mapping[str, Any]:
    """Put events into an EPCIS document."""
    return {
        "@context": [CONTEXT, {"cbvmda": "urn:epcglobal:cbv:mda:"}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "epcisBody": {"eventList": list(events)},
    }
