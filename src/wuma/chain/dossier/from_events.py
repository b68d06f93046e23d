"""What an EPCIS event says for dossiers, as a pure function of the event.

An event speaks of a batch when it names its lot: by class (``…/01/{gtin}/10/{lot}``), or by items with the
lot in its instance/lot master data. It says:

- in fields of the namespace ``urn:wuma:dossier:`` (in the event, or in its ``ilmd``) what an item of the
  template is: ``"dossier:lab.moisture": "3.1"``, or an object with ``value`` and any of ``subject``,
  ``unit``, ``least``, ``most``, ``method``, ``instrument``, ``operator``, ``time``, or a list of these;
- by a transformation, which lots of material went into the batch, and how much of each;
- in sensor elements, what devices measured.

An event with an error declaration takes back what the event of the same eventID said.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from urllib.parse import unquote

from wuma.chain.dossier.entries import Draft, read_draft
from wuma.chain.dossier.template import BY_ID
from wuma.chain.dossier.units import to_base
from wuma.chain.trace.facade import Event, EventType, expanded, key_of, prefixes_of
from wuma.kernel.errors import FieldError

NAMESPACE: Final = "urn:wuma:dossier"
WORDS: Final = (NAMESPACE, '"sensorElementList"', '"TransformationEvent"', '"errorDeclaration"')
"""An event with none of these says nothing for a dossier."""
LOTS_MAX: Final = 50
"""Of one event: it says the same of each."""
READINGS_MAX: Final = 20_000
"""Of one event: a logger that is read out once a week and measures every minute has 10,080."""
ENTRIES_MAX: Final = 1000

_LGTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})/10/([^/?]+)")
_SGTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})/21/[^/?]+")
_LOT_FIELDS: Final = (
    "cbvmda:lotNumber", "gs1:lotNumber", "urn:epcglobal:cbv:mda:lotNumber", "https://ref.gs1.org/cbv/mda/lotNumber",
)  # fmt: skip
_MASS: Final = frozenset({"KGM", "GRM", "TNE", "MGM"})
_LAST: Final = re.compile(r"[^/#:]+$")

Lot = tuple[str, str]
"""GTIN of 14 digits, and lot."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading: a quantity in its base unit, by a device at a place."""

    quantity: str
    component: str
    unit: str
    device: str
    place: str
    at: datetime
    value: float
    low: float
    high: float
    number: int
    """Which report of its event it is."""


@dataclass(slots=True)
class SaidForDossiers:
    """What one event says."""

    lots: list[Lot] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    readings: list[Measured] = field(default_factory=list)
    is_retraction: bool = False
    faults: list[FieldError] = field(default_factory=list)


def said_by(event: Event) -> SaidForDossiers:
    """Read an event."""
    fields = event.fields
    said = SaidForDossiers(lots=_lots(event))
    if "errorDeclaration" in fields:
        said.is_retraction = True
        return said
    if said.lots:
        said.drafts = _once([*_materials(event), *_stated(event, said.faults)][:ENTRIES_MAX])
    said.readings = list(_readings(event))[:READINGS_MAX]
    return said


def _lots(event: Event) -> list[Lot]:
    """Return the batches an event speaks of; of a transformation those that come out."""
    fields = event.fields
    is_transformation = event.type is EventType.TRANSFORMATION
    classes = "outputQuantityList" if is_transformation else "quantityList"
    items = "outputEPCList" if is_transformation else "epcList"
    found = {
        (match[1], unquote(match[2])): None
        for element in (*fields.get(classes, ()), *fields.get("childQuantityList", ()))
        if (match := _LGTIN.fullmatch(key_of(element["epcClass"])))
    }
    ilmd = fields.get("ilmd", {})
    lot = next((ilmd[name] for name in _LOT_FIELDS if isinstance(ilmd.get(name), str)), None)
    if lot:
        gtins = {match[1] for uri in fields.get(items, ()) if (match := _SGTIN.fullmatch(key_of(uri)))}
        found |= {(gtin, lot): None for gtin in sorted(gtins)}
    return list(found)[:LOTS_MAX]


def _materials(event: Event) -> Iterator[Draft]:
    """Return what a transformation says of the lots that went in."""
    if event.type is not EventType.TRANSFORMATION:
        return
    inputs: dict[str, Mapping[str, Any]] = {
        key_of(element["epcClass"]): element for element in event.fields.get("inputQuantityList", ())
    }
    inputs |= {key_of(uri): {} for uri in event.fields.get("inputEPCList", ())}
    lots = {key: unquote(match[2]) for key in inputs if (match := _LGTIN.fullmatch(key))}
    often = Counter(lots.values())
    for key, element in inputs.items():
        lot = lots.get(key, key)
        # Of two materials with one lot number, each is called by all of its name.
        subject = (lot if often[lot] < 2 else key)[-100:]
        yield Draft(item=BY_ID["material.key"], text=key[:500], subject=subject)
        if "quantity" in element and element.get("uom") in _MASS:
            kilograms, _ = to_base(Decimal(str(element["quantity"])), element["uom"])
            yield Draft(
                item=BY_ID["material.quantity"], text=f"{kilograms.normalize():f}", subject=subject, unit="kg"
            )


def _stated(event: Event, faults: list[FieldError]) -> Iterator[Draft]:
    prefixes = prefixes_of(event.context, event.fields.get("@context"))
    for at, members in (("", event.fields), ("/ilmd", event.fields.get("ilmd", {}))):
        for name, value in members.items():
            if ":" not in name or not (whole := expanded(name, prefixes)).startswith(f"{NAMESPACE}#"):
                continue
            for place, one in enumerate(value if isinstance(value, list) else [value]):
                told = one if isinstance(one, dict) else {"value": one}
                where = f"{at}/{name}" + (f"/{place}" if isinstance(value, list) else "")
                draft = _draft(whole.partition("#")[2], told, event, where, faults)
                if draft is not None:
                    yield draft


def _draft(
    item: str, told: Mapping[str, Any], event: Event, at: str, faults: list[FieldError]
) -> Draft | None:
    names = ("value", "subject", "unit", "least", "most", "method", "instrument", "operator")
    written = {name: _as_text(told.get(name, "")) for name in names}
    moment = told.get("time")
    measured_at = event.at if moment is None else _moment(moment)
    if measured_at is None:
        faults.append(FieldError(f"{at}/time", "an instant with an offset", str(moment)[:80]))
        return None
    return read_draft(at, faults, item=item, measured_at=measured_at, **written)


def _as_text(value: Any) -> str:
    match value:
        case bool():
            return "pass" if value else "fail"
        case list():
            return ", ".join(map(_as_text, value))
        case float() if value.is_integer():
            return str(int(value))
        case str() | int() | float():
            return str(value)
        case _:
            return "" if value is None else str(value)[:80]


def _once(drafts: Iterable[Draft]) -> list[Draft]:
    """Keep the last word of an event on each item and subject."""
    return list({(draft.item.id, draft.subject): draft for draft in drafts}.values())


def _readings(event: Event) -> Iterator[Measured]:
    place = next(
        (key_of(event.fields[name]["id"]) for name in ("bizLocation", "readPoint") if name in event.fields),
        "",
    )
    number = -1
    for element in event.fields.get("sensorElementList", ()):
        metadata = element.get("sensorMetadata", {})
        for report in element.get("sensorReport", ()):
            number += 1
            values = [report.get(name) for name in ("value", "meanValue", "minValue", "maxValue")]
            numbers = [value for value in values if isinstance(value, int | float)]
            kind, uom = report.get("type"), report.get("uom")
            if not numbers or not kind or not uom or "ERROR" in str(report.get("exception", "")):
                continue
            base = [to_base(Decimal(str(value)), uom) for value in numbers]
            amounts = [float(amount) for amount, _ in base]
            yield Measured(
                quantity=_bare(kind),
                component=_bare(str(report.get("component", ""))),
                unit=base[0][1],
                device=str(report.get("deviceID") or metadata.get("deviceID") or "")[:500],
                place=place[:500],
                at=_reading_at(report, metadata) or event.at,
                value=amounts[0],
                low=min(amounts),
                high=max(amounts),
                number=number,
            )


def _reading_at(report: Mapping[str, Any], metadata: Mapping[str, Any]) -> datetime | None:
    told = report.get("time") or metadata.get("time") or metadata.get("startTime")
    return None if told is None else _moment(told)


def _moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def _bare(term: str) -> str:
    """Return a term of a vocabulary without its namespace.

    >>> _bare("gs1:Temperature"), _bare("https://gs1.org/voc/Temperature"), _bare("Temperature")
    ('Temperature', 'Temperature', 'Temperature')
    """
    found = _LAST.search(term)
    return found[0][:100] if found else ""
