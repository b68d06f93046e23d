"""Makes EPCIS events and writes each as JSON and as XML, in spellings that must not matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from tests.gs1.generated import CHARACTERS, tag, text, value
from wuma_gs1 import cbv
from wuma_gs1.application_identifiers import Element
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc

NAMESPACES = {"ex": "https://ex.example/epcis/", "farm": "http://ns.farm.example/"}
DEPTH_MAX = 3


class Event(NamedTuple):
    """One event in both syntaxes."""

    json: dict[str, Any]
    xml: str


def event(source: Random) -> Event:
    """Make an event."""
    fields: dict[str, Any] = {}
    written: list[str] = []

    def add(name: str, in_json: Any, in_xml: str) -> None:
        fields[name] = in_json
        written.append(in_xml)

    moment = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=source.randrange(10**10))
    add("eventTime", _instant(source, moment), f"<eventTime>{_instant(source, moment)}</eventTime>")
    add("eventTimeZoneOffset", "+08:00", "<eventTimeZoneOffset> +08:00 </eventTimeZoneOffset>")
    for name, inner in (("epcList", "epc"), ("childEPCs", "epc"), ("inputEPCList", "epc")):
        if source.random() < 0.5:
            epcs = [_epc(source) for _ in range(source.randint(1, 3))]
            source.shuffle(epcs)
            in_xml = "".join(f"<{inner}>{escape(_spelt(source, epc))}</{inner}>" for epc in reversed(epcs))
            add(name, [_spelt(source, epc) for epc in epcs], f"<{name}>{in_xml}</{name}>")
    if source.random() < 0.5:
        lot = Element("10", value(source, "10"))
        epc_class = DigitalLink((Element("01", value(source, "01")), lot))
        amount = source.randrange(10**6) / 100
        entry = {"epcClass": epc_class.on("https://brand.example"), "quantity": amount, "uom": "KGM"}
        in_xml = (
            f"<quantityElement><uom>KGM</uom><quantity>{amount:.4f}</quantity>"
            f"<epcClass>{escape(epc_class.canonical)}</epcClass></quantityElement>"
        )
        wrapped = f"<quantityList>{in_xml}</quantityList>"
        add(
            "quantityList", [entry], f"<extension>{wrapped}</extension>" if source.random() < 0.5 else wrapped
        )
    step, state = source.choice(list(cbv.BizStep)), source.choice(list(cbv.Disposition))
    add("bizStep", _word(source, step), f"<bizStep>{source.choice((step.uri, step.urn))}</bizStep>")
    add(
        "disposition",
        _word(source, state),
        f"<disposition>{source.choice((state.uri, state.urn))}</disposition>",
    )
    add("action", "OBSERVE", "<action>OBSERVE</action>")
    if source.random() < 0.5:
        kinds = source.sample(list(cbv.BusinessTransactionType), 2)
        entries = [{"bizTransaction": f"urn:x:{kind}", "type": _word(source, kind)} for kind in kinds]
        in_xml = "".join(
            f"<bizTransaction type='{source.choice((kind.uri, kind.urn))}'>urn:x:{kind}</bizTransaction>"
            for kind in reversed(kinds)
        )
        add("bizTransactionList", entries, f"<bizTransactionList>{in_xml}</bizTransactionList>")
    if source.random() < 0.5:
        add("sensorElementList", *_sensors(source))
    for name in source.sample(["ex:a", "ex:b", "farm:field"], source.randint(0, 3)):
        in_json, insides = _extension(source, 0)
        add(name, in_json, "".join(f"<{name}>{inside}</{name}>" for inside in insides))
    ignored = [("eventID", "urn:uuid:1"), ("recordTime", "2026-02-01T00:00:00Z")]
    for name, content in ignored:
        if source.random() < 0.5:
            fields[name] = content
        if source.random() < 0.5:
            written.append(f"<{name}>{content}</{name}>")
    source.shuffle(written)
    names = list(fields)
    source.shuffle(names)
    kind = source.choice(["ObjectEvent", "AggregationEvent", "TransformationEvent", "AssociationEvent"])
    return Event(
        {"type": kind, **{name: fields[name] for name in names}}, f"<{kind}>{''.join(written)}</{kind}>"
    )


def documents(source: Random) -> tuple[dict[str, Any], str]:
    """Make a document of some events in both syntaxes."""
    events = [event(source) for _ in range(source.randint(1, 3))]
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in NAMESPACES.items())
    in_xml = (
        f'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2"{declared}><EPCISBody><EventList>'
        f"{''.join(each.xml for each in events)}</EventList></EPCISBody></epcis:EPCISDocument>"
    )
    context = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld", NAMESPACES]
    body = {"eventList": [each.json for each in events]}
    return {"@context": context, "type": "EPCISDocument", "epcisBody": body}, in_xml


def _epc(source: Random) -> Epc:
    made = tag(source).epc
    assert made is not None
    return made


def _spelt(source: Random, epc: Epc) -> str:
    """Name a thing as a URN, on id.gs1.org or on a brand's domain."""
    return source.choice((epc.uri, epc.canonical, epc.digital_link.on("https://brand.example/x")))


def _word(source: Random, word: cbv.Word) -> str:
    return source.choice((word.value, word.uri, word.urn, word.uri.replace(cbv.CBV_ADDRESS, "cbv:")))


def _instant(source: Random, moment: datetime) -> str:
    """Write an instant in any zone."""
    zone = timezone(timedelta(minutes=source.choice((0, 480, -210))))
    return moment.astimezone(zone).isoformat(timespec="milliseconds")


def _sensors(source: Random) -> tuple[list[Any], str]:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    number = source.randrange(1000) / 10
    note = text(source, CHARACTERS["Y"], 1, 8)
    in_json = {
        "type": "epcis:SensorElement",
        "sensorMetadata": {"time": _instant(source, moment), "ex:note": f"n{note}"},
        "sensorReport": [
            {"type": "Temperature", "value": number, "booleanValue": True, "exception": "ALARM_CONDITION"}
        ],
    }
    in_xml = (
        f'<sensorElement><sensorMetadata ex:note="n{note}" time="{_instant(source, moment)}"/>'
        f'<sensorReport booleanValue="true" value="{number:.3f}" type="gs1:Temperature"'
        ' exception="gs1:ALARM_CONDITION"/></sensorElement>'
    )
    return [in_json], f"<sensorElementList>{in_xml}</sensorElementList>"


def _extension(source: Random, depth: int) -> tuple[Any, list[str]]:
    """Make the value of an extension field, and what stands in each of its elements."""
    match source.randrange(5 if depth < DEPTH_MAX else 3):
        case 0:
            word = f"w{text(source, CHARACTERS['X'], 0, 12)}"
            return word, [escape(word)]
        case 1:
            number = source.randrange(10**6) / 1000
            return number, [f"{number:.5f}"]
        case 2:
            return True, ["true"]
        case 3:
            entries = [_extension(source, depth + 1) for _ in range(2)]
            return [in_json for in_json, _ in entries], [each for _, in_xml in entries for each in in_xml]
        case _:
            fields: dict[str, Any] = {}
            in_xml = ""
            for name in source.sample(["ex:c", "farm:d"], 2):
                fields[name], inside = _extension(source, depth + 1)
                in_xml += "".join(f"<{name}>{each}</{name}>" for each in inside)
            return fields, [in_xml]
