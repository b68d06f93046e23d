"""Forward and back once more, thing by thing and by name, to hold the real walk against.

Intervals are replayed from the events for every question; nothing is remembered but what has been visited.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chain.trace.plain_state import World, lots_of, touches, when

Event = dict[str, Any]
Interval = tuple[str, Event, Event | None]
EVER = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)
INSIDE = {"AggregationEvent": "contained", "AssociationEvent": "associated"}
INSTANT = timedelta(microseconds=1)


class Walk:
    """Everything that is reached from one thing."""

    def __init__(self, world: World, names: list[str], classes: list[str], direction: str) -> None:
        self.world, self.names, self.classes, self.direction = world, names, classes, direction
        self.parts: dict[str, set[str]] = {}
        self.edges: set[tuple[str, str, str, str, str | None]] = set()
        self.visited: set[Any] = set()

    def go(self, start: str) -> None:
        waiting = [(start, "affected", EVER, FOREVER, True)]
        while waiting:
            visit = waiting.pop()
            if visit in self.visited:
                continue
            self.visited.add(visit)
            name, part, since, until, is_start = visit
            self.parts.setdefault(name, set()).add(part)
            step = self.forward if self.direction == "forward" else self.back
            waiting += step(name, part, since, until, is_start)

    # ---- forward -----------------------------------------------------------------------------------------

    def forward(self, name: str, part: str, since: datetime, until: datetime, is_start: bool) -> list[Any]:
        steps: list[Any] = []
        for parent, began, ended in self.intervals(name, "AggregationEvent"):
            if overlap := overlapping(began, ended, since, until):
                self.say(name, parent, "contained", began, ended)
                steps.append((parent, "carrier", *overlap, False))
        for event in self.world.events:
            if since <= when(event) < until and self.goes_in(event, name):
                for mate in self.mates(event):
                    for out in self.side(mate, "output"):
                        self.say(name, out, "transformed", mate, None)
                        steps.append((out, "affected", when(mate), FOREVER, False))
        if part == "carrier":
            return steps
        if name in self.classes:
            for parent, began, ended in self.amounts(name):
                if overlap := overlapping(began, ended, since, until):
                    self.say(name, parent, "contained", began, ended)
                    steps.append((parent, "carrier", *overlap, False))
        for child in self.names:
            for kind in INSIDE:
                for parent, began, ended in self.intervals(child, kind):
                    overlap = overlapping(began, ended, since, until)
                    if parent == name and overlap:
                        self.say(child, name, INSIDE[kind], began, ended)
                        if kind == "AggregationEvent":
                            steps.append((child, "affected", overlap[0], FOREVER, False))
                        else:
                            self.parts.setdefault(child, set()).add("mentioned")
        if is_start:
            for parent, began, ended in self.intervals(name, "AssociationEvent"):
                if overlap := overlapping(began, ended, since, until):
                    self.say(name, parent, "associated", began, ended)
                    steps.append((parent, "affected", *overlap, False))
        for event in self.world.events:
            if not since <= when(event) < until:
                continue
            packs = event["type"] == "AggregationEvent" and event["action"] != "DELETE"
            if packs and event["parentID"] == name:
                for one in event.get("childQuantityList", []):
                    self.say(one["epcClass"], name, "contained", event, None)
                    self.parts.setdefault(one["epcClass"], set()).add("mentioned")
            if name in lots_of(event):
                for item in [*event.get("epcList", []), *event.get("outputEPCList", [])]:
                    if self.may_be_of(item, event, name):
                        self.say(name, item, "of_lot", event, None)
                        steps.append((item, "affected", when(event), FOREVER, False))
        return steps

    # ---- back --------------------------------------------------------------------------------------------

    def back(self, name: str, part: str, since: datetime, until: datetime, is_start: bool) -> list[Any]:
        steps: list[Any] = []
        for parent, began, ended in self.intervals(name, "AggregationEvent"):
            if overlap := overlapping(began, ended, since, until):
                self.say(name, parent, "contained", began, ended)
                steps.append((parent, "carrier", *overlap, False))
        if part == "carrier":
            return steps
        if name in self.classes:
            for parent, began, ended in self.amounts(name):
                if overlap := overlapping(began, ended, since, until):
                    self.say(name, parent, "contained", began, ended)
                    steps.append((parent, "carrier", *overlap, False))
        for event in self.world.events:
            if when(event) >= until:
                continue
            comes_out = self.comes_out(event, name)
            if comes_out or (event["type"] == "TransformationEvent" and name in lots_of(event)):
                for mate in self.mates(event):
                    for one in self.side(mate, "input"):
                        self.say(one, name, "transformed", mate, None)
                        steps.append((one, "affected", EVER, when(mate) + INSTANT, False))
            if touches(event, name) & {"observed", "output"}:
                for lot in lots_of(event):
                    if self.may_be_of(name, event, lot):
                        self.say(lot, name, "of_lot", event, None)
                        steps.append((lot, "affected", EVER, until, False))
        for child in self.names:
            for parent, began, ended in self.intervals(child, "AggregationEvent"):
                if parent == name and self.lasted(began, ended, until):
                    self.say(child, name, "contained", began, ended)
                    steps.append((child, "affected", EVER, until, False))
            for parent, began, ended in self.intervals(child, "AssociationEvent"):
                if parent == name and overlapping(began, ended, EVER, until):
                    self.say(child, name, "associated", began, ended)
                    self.parts.setdefault(child, set()).add("mentioned")
        for one in self.classes:
            for parent, began, ended in self.amounts(one):
                if parent == name and self.lasted(began, ended, until):
                    self.say(one, name, "contained", began, ended)
                    steps.append((one, "affected", EVER, until, False))
        return steps

    # ---- what events say ---------------------------------------------------------------------------------

    def say(self, source: str, target: str, link: str, event: Event, ended: Event | None) -> None:
        self.edges.add((source, target, link, event["eventID"], ended and ended["eventID"]))

    def intervals(self, name: str, kind: str) -> list[Interval]:
        found: list[Interval] = []
        inside: tuple[str, Event] | None = None
        for event in self.world.events:
            now = self.world.in_what(name, kind, when(event), event)
            if inside is not None and (now is None or now[1] is not inside[1]):
                found.append((inside[0], inside[1], event))
            inside = now
        if inside is not None:
            found.append((inside[0], inside[1], None))
        return found

    def amounts(self, name: str) -> list[Interval]:
        found: list[Interval] = []
        parents = {event["parentID"] for event in self.world.events if "parentID" in event}
        for parent in sorted(parents):
            began, left = None, 0
            for event in self.world.events:
                if event["type"] != "AggregationEvent" or event["parentID"] != parent:
                    continue
                said = [
                    one["quantity"] for one in event.get("childQuantityList", []) if one["epcClass"] == name
                ]
                children = event.get("childEPCs") or event.get("childQuantityList")
                if event["action"] == "DELETE" and (said or not children):
                    left = left - said[0] if said else 0
                    if began is not None and left <= 0:
                        found.append((parent, began, event))
                        began = None
                elif event["action"] != "DELETE" and said:
                    if began is None:
                        began, left = event, said[0]
                    elif event["action"] == "ADD":
                        left += said[0]
            if began is not None:
                found.append((parent, began, None))
        return found

    def goes_in(self, event: Event, name: str) -> bool:
        return name in self.side(event, "input")

    def comes_out(self, event: Event, name: str) -> bool:
        return name in self.side(event, "output")

    def side(self, event: Event, side: str) -> list[str]:
        classes = [one["epcClass"] for one in event.get(f"{side}QuantityList", [])]
        return [*event.get(f"{side}EPCList", []), *classes]

    def mates(self, event: Event) -> list[Event]:
        name = event.get("transformationID")
        return [
            one for one in self.world.events if one is event or (name and one.get("transformationID") == name)
        ]

    def may_be_of(self, item: str, event: Event, lot: str) -> bool:
        """One lot: all of the event's items are of it. Several: those with its GTIN."""
        return len(lots_of(event)) == 1 or item.split("/21/")[0] == lot.split("/10/")[0]

    def lasted(self, began: Event, ended: Event | None, until: datetime) -> bool:
        return when(began) < until and (ended is None or when(ended) >= until)


def overlapping(
    began: Event, ended: Event | None, since: datetime, until: datetime
) -> tuple[datetime, datetime] | None:
    first, last = max(when(began), since), until
    if ended is not None and when(ended) < until:
        last = when(ended)
    return (first, last) if first < last else None
