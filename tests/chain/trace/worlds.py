"""Small random worlds of EPCIS events, and a source of contacts that needs no database.

A world is crowded on purpose: few things, few moments, so that events of one moment, boxes in boxes in
themselves, second commissionings and declared errors all come up often.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from hypothesis import strategies as st

from wuma.chain.trace.capturing.capture import _touches
from wuma.chain.trace.documents.ilmd import gtin_of
from wuma.chain.trace.documents.json_ld import ReadEvent, classes_named
from wuma.chain.trace.documents.names import event_key
from wuma.chain.trace.lives.acts import Act, act_of
from wuma.chain.trace.lives.known import Contact, Run
from wuma.chain.trace.shelves import mentions, postings
from wuma.chain.trace.shelves.bodies import Coded
from wuma.chain.trace.shelves.chunks import Event as Kept
from wuma.chain.trace.shelves.chunks import NewEvent, _Texts
from wuma.chain.trace.shelves.kinds import Kind
from wuma.chain.trace.shelves.naming import LISTS, NamedList, Segment
from wuma.chain.trace.shelves.postings import Role
from wuma.chain.trace.shelves.things import FOREIGN_FROM, key_of
from wuma.chain.trace.vocabulary import Action, EventType

Event = dict[str, Any]

GTIN: Final = "06901234567892"
ITEMS: Final = [f"https://id.gs1.org/01/{GTIN}/21/A{nth}" for nth in range(6)]
BOXES: Final = [f"urn:box:{nth}" for nth in range(4)]
SENSORS: Final = ["urn:sensor:1", "urn:sensor:2"]
LOTS: Final = [f"https://id.gs1.org/01/06901234567892/10/L{nth}" for nth in range(2)]
RAWS: Final = [f"https://id.gs1.org/01/06901234000009/10/R{nth}" for nth in range(2)]
PLACES: Final = ["urn:place:factory", "urn:place:warehouse", "urn:place:store"]
PARTIES: Final = ["urn:party:maker", "urn:party:dealer"]
T0: Final = datetime(2026, 5, 1, tzinfo=UTC)
MOMENTS: Final = [T0 + timedelta(hours=hour) for hour in range(8)]
THINGS: Final = [*ITEMS, *BOXES, *SENSORS]
CLASSES: Final = [*LOTS, *RAWS]

STEPS: Final = [
    "packing", "storing", "shipping", "arriving", "receiving", "void_shipping", "retail_selling",
    "decommissioning", "destroying", "inspecting", None,
]  # fmt: skip
DISPOSITIONS: Final = ["in_progress", "in_transit", "damaged", "recalled"]


class Numbers(dict[str, int]):
    """The numbers of a world's things: items and boxes follow one another, as codes of ours do."""

    def __init__(self) -> None:
        super().__init__({name: 1000 + nth for nth, name in enumerate(THINGS)})

    def __missing__(self, name: str) -> int:
        key = key_of(name)
        if key not in self:
            self[key] = FOREIGN_FROM + len(self)
        return self[key]


def _new(number: int, key: UUID, event: Event, numbers: Numbers) -> NewEvent:
    read = _read(event)
    lists = []
    for field in LISTS:
        if field in read.fields:
            named = read.fields[field]
            names = [named] if isinstance(named, str) else named
            lists.append(NamedList(field, [Segment(0, numbers[name], 1, 0) for name in names]))
    return NewEvent(number, key, read, None, lists, Kind.of(read.type, read.action, read.fields))


class Listed:
    """Contacts and acts of events in a list, in the order in which they were captured."""

    def __init__(self, captured: Sequence[Event]) -> None:
        self.numbers = Numbers()
        self.names: dict[int, str] = {}
        self._acts: dict[int, Act] = {}
        known: set[UUID] = set()
        new = []
        for event in captured:
            key = event_key(event, [])
            if key not in known:
                known.add(key)
                new.append(_new(len(new) + 1, key, event, self.numbers))
        taken_back = {one.event.fields["eventID"] for one in new if "errorDeclaration" in one.event.fields}
        for one in new:
            said = one.event.fields
            self.names[one.id] = str(said["eventID"])
            if "errorDeclaration" not in said and said["eventID"] not in taken_back:
                self._acts[one.id] = act_of(_kept(one))
        touches = [
            touch
            for one in new
            for touch in _touches(one, list(classes_named(one.event)), self.numbers)  # type: ignore[arg-type]
        ]
        self._contacts = [contact for row in postings.fold(touches) for contact in _unfolded(row)]
        spoken = [
            (one.id, role, self.numbers[name])
            for one in new
            for role, name in mentions.spoken_of(one.event.fields)
        ]
        self._contacts += [
            Contact(row.event_id + nth, row.role, row.thing, row.thing)
            for row in mentions.fold(spoken)
            for nth in range(row.event_count)
        ]
        for name in CLASSES:
            self.numbers[name]  # a number also for what this world never names
        self._names_of_things = {number: key_of(name) for name, number in self.numbers.items()}

    def named(self, run: Run) -> list[str]:
        """The names of the things of a run."""
        return [self._names_of_things[number] for number in range(run[0], run[1] + 1)]

    def contacts_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        return [
            contact._replace(first=max(contact.first, first), last=min(contact.last, last))
            for first, last in runs
            for contact in self._contacts
            if contact.first <= last and contact.last >= first
        ][:limit]

    def contacts_of(self, event_ids: Iterable[int], limit: int) -> list[Contact]:
        wanted = set(event_ids)
        return [contact for contact in self._contacts if contact.event_id in wanted][:limit]

    def acts(self, event_ids: Iterable[int]) -> dict[int, Act]:
        return {one: self._acts[one] for one in event_ids if one in self._acts}

    def keys(self, numbers: Iterable[int]) -> dict[int, str]:
        return {one: self._names_of_things[one] for one in numbers if one in self._names_of_things}

    def gtin(self, number: int) -> str | None:
        return gtin_of(self._names_of_things.get(number, ""))


def _unfolded(row: postings.Posting) -> Iterable[Contact]:
    for nth in range(row.event_count):
        event_id = row.event_id + nth
        if row.role is Role.PARENT:
            thing = row.first + nth
            first = None if row.other is None else row.other + nth * row.per_event
            last = None if first is None else first + row.per_event - 1
            yield Contact(event_id, row.role, thing, thing, first, last)
        else:
            first = row.first + nth * row.per_event
            parent = None if row.other is None else row.other + nth
            yield Contact(event_id, row.role, first, first + row.per_event - 1, parent, parent)


def _read(event: Event) -> ReadEvent:
    action = event.get("action")
    at = datetime.fromisoformat(event["eventTime"])
    return ReadEvent(event, EventType(event["type"]), at, None if action is None else Action(action), 0)


_NO_TEXTS: Final = _Texts(None, 0)  # type: ignore[arg-type]


def _kept(new: NewEvent) -> Kept:
    event = new.event
    return Kept(
        id=new.id,
        at=event.at,
        captured_at=T0,
        type=event.type,
        action=event.action,
        biz_step=event.fields.get("bizStep"),
        disposition=event.fields.get("disposition"),
        location=None,
        context=None,
        _coded=Coded(dict(event.fields), []),
        _texts=_NO_TEXTS,
    )


# ---- random worlds ---------------------------------------------------------------------------------------


@st.composite
def worlds(draw: st.DrawFn, events_max: int = 14) -> list[Event]:
    """Events in the order in which they are captured: late ones, repeated ones, some of them taken back."""
    told: list[Event] = []
    for nth in range(draw(st.integers(1, events_max))):
        event = draw(st.sampled_from(_KINDS))(draw)
        event["eventID"] = f"urn:uuid:{UUID(int=draw(st.integers(0, 15)) << 8 | nth)}"
        told.append(event)
    for event in list(told):
        if draw(st.integers(0, 5)) == 0:
            declared = {"declarationTime": _said(draw(st.sampled_from(MOMENTS))), "reason": "incorrect_data"}
            told.append({**event, "errorDeclaration": declared})
            if draw(st.booleans()):
                corrected = draw(st.sampled_from(_KINDS))(draw)
                corrected["eventID"] = f"urn:uuid:{UUID(int=1 << 30 | len(told))}"
                declared["correctiveEventIDs"] = [corrected["eventID"]]
                told.append(corrected)
        if draw(st.integers(0, 5)) == 0:
            told.append(event)
    return draw(st.permutations(told))


def _said(at: datetime) -> str:
    return at.isoformat()


def _some(draw: st.DrawFn, names: list[str], *, least: int = 1, most: int = 3) -> list[str]:
    first = draw(st.integers(0, len(names) - 1))
    count = draw(st.integers(least, most))
    return names[first : first + count]


def _base(draw: st.DrawFn, type_: str) -> Event:
    event: Event = {
        "type": type_,
        "eventTime": _said(draw(st.sampled_from(MOMENTS))),
        "eventTimeZoneOffset": "+00:00",
    }
    step = draw(st.sampled_from(STEPS))
    if step:
        event["bizStep"] = step
    if draw(st.booleans()):
        event["bizLocation"] = {"id": draw(st.sampled_from(PLACES))}
    if draw(st.booleans()):
        event["readPoint"] = {"id": draw(st.sampled_from(PLACES))}
    if draw(st.booleans()):
        event["disposition"] = draw(st.sampled_from(DISPOSITIONS))
    if draw(st.integers(0, 4)) == 0:
        event["persistentDisposition"] = {draw(st.sampled_from(["set", "unset"])): ["recalled"]}
    for list_name, name in (("sourceList", "source"), ("destinationList", "destination")):
        if draw(st.integers(0, 2)) == 0:
            kinds = draw(
                st.lists(
                    st.sampled_from(["possessing_party", "owning_party", "location"]), min_size=1, unique=True
                )
            )
            event[list_name] = [
                {"type": kind, name: draw(st.sampled_from(PLACES if kind == "location" else PARTIES))}
                for kind in kinds
            ]
    return event


def _quantities(draw: st.DrawFn, names: list[str]) -> list[Event]:
    return [{"epcClass": name, "quantity": draw(st.integers(1, 3))} for name in _some(draw, names, most=2)]


def _object(draw: st.DrawFn) -> Event:
    event = {**_base(draw, "ObjectEvent"), "action": draw(st.sampled_from(["ADD", "OBSERVE", "DELETE"]))}
    if draw(st.integers(0, 5)) == 0:
        event["quantityList"] = _quantities(draw, CLASSES)
    else:
        event["epcList"] = _some(draw, THINGS, most=4)
    return event


def _commission(draw: st.DrawFn) -> Event:
    event = {**_base(draw, "ObjectEvent"), "action": "ADD", "bizStep": "commissioning"}
    event["epcList"] = _some(draw, ITEMS, most=6)
    event["ilmd"] = {"cbvmda:lotNumber": draw(st.sampled_from(["L0", "L1"]))}
    return event


def _gather(draw: st.DrawFn, type_: str, parents: list[str], children: list[str]) -> Event:
    action = draw(st.sampled_from(["ADD", "ADD", "ADD", "OBSERVE", "DELETE"]))
    event = {**_base(draw, type_), "action": action, "parentID": draw(st.sampled_from(parents))}
    if action != "DELETE" or draw(st.booleans()):
        if type_ == "AggregationEvent" and draw(st.integers(0, 4)) == 0:
            event["childQuantityList"] = _quantities(draw, CLASSES)
            if draw(st.booleans()):
                return event
        event["childEPCs"] = _some(draw, children, most=4)
    return event


def _aggregate(draw: st.DrawFn) -> Event:
    return _gather(draw, "AggregationEvent", BOXES, [*ITEMS, *BOXES])


def _associate(draw: st.DrawFn) -> Event:
    return _gather(draw, "AssociationEvent", BOXES, SENSORS)


def _transform(draw: st.DrawFn) -> Event:
    event = _base(draw, "TransformationEvent")
    if draw(st.booleans()):
        event["transformationID"] = "urn:transformation:1"
    sides = draw(st.sampled_from(["io", "io", "i", "o"])) if "transformationID" in event else "io"
    if "i" in sides:
        event["inputEPCList"] = _some(draw, [*ITEMS, *BOXES])
        if draw(st.booleans()):
            event["inputQuantityList"] = _quantities(draw, RAWS)
    if "o" in sides:
        event["outputEPCList"] = _some(draw, ITEMS)
        if draw(st.booleans()):
            event["outputQuantityList"] = _quantities(draw, LOTS)
        if draw(st.booleans()):
            event["ilmd"] = {"cbvmda:lotNumber": draw(st.sampled_from(["L0", "L1"]))}
    return event


_KINDS: Final = [_commission, _object, _object, _aggregate, _aggregate, _aggregate, _associate, _transform]
