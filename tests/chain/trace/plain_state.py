"""The state of things once more, as plainly as it can be written, to hold the real one against.

It reads events as they were handed in, keeps no index, no runs and no windows of time, and asks of every
moment anew what was in what. It shares no code with the real one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

Event = dict[str, Any]
Names = list[str]
OUTGOING = {"staging_outbound", "loading", "shipping", "departing", "transporting", "arriving"}
TURNS = {None: 0, "ADD": 0, "OBSERVE": 1, "DELETE": 2}
LEVELS = 6


def digest(event: Event) -> str:
    import hashlib

    return hashlib.sha256(str(event["eventID"]).encode()).hexdigest()[:32]


class World:
    """What stands of what was captured, up to a moment, in the order in which it happened."""

    def __init__(self, captured: list[Event], as_of: datetime) -> None:
        wrong = {event["eventID"] for event in captured if "errorDeclaration" in event}
        seen: dict[str, Event] = {}
        for event in captured:
            if event["eventID"] not in wrong and when(event) <= as_of:
                seen[event["eventID"]] = event
        self.events = sorted(seen.values(), key=lambda e: (when(e), TURNS[e.get("action")], digest(e)))

    # ---- what is in what ---------------------------------------------------------------------------------

    def in_what(
        self, thing: str, kind: str, until: datetime, last: Event | None = None
    ) -> tuple[str, Event] | None:
        """The parent of a thing after all that happened up to a moment or an event, and since which event."""
        inside = None
        for event in self.events:
            if when(event) > until:
                break
            if event["type"] == kind and "parentID" in event:
                parent = event["parentID"]
                children = event.get("childEPCs", [])
                if thing in children and event["action"] != "DELETE":
                    if inside is None or inside[0] != parent:
                        inside = parent, event
                elif inside is not None and inside[0] == parent and event["action"] == "DELETE":
                    lets_go = thing in children or not (children or event.get("childQuantityList"))
                    inside = None if lets_go else inside
            if event is last:
                break
        return inside

    def around(self, thing: str, at: datetime) -> list[set[str]]:
        """What a thing is in at a moment, level by level; the first level is the thing."""
        levels, seen = [{thing}], {thing}
        for _ in range(LEVELS):
            above = {
                found[0]
                for inner in levels[-1]
                for kind in ("AggregationEvent", "AssociationEvent")
                if (found := self.in_what(inner, kind, at))
            } - seen
            levels.append(above)
            seen |= above
        return levels

    def let_go(self, event: Event, thing: str) -> bool:
        """Whether an event without children let a thing go that had been put in earlier."""
        if event["type"] not in {"AggregationEvent", "AssociationEvent"} or event["action"] != "DELETE":
            return False
        if event.get("childEPCs") or event.get("childQuantityList"):
            return False
        place = self.events.index(event)
        inside = None
        if place:
            before = self.events[place - 1]
            inside = self.in_what(thing, event["type"], when(before), before)
        return inside is not None and inside[0] == event["parentID"] and when(inside[1]) < when(event)

    def life(self, thing: str) -> list[tuple[Event, int, set[str]]]:
        """The events of a thing's life, how far up they touched it, and in which roles."""
        told = []
        for event in self.events:
            levels = self.around(thing, when(event))
            for depth, level in enumerate(levels):
                roles = {role for inner in level for role in touches(event, inner)}
                if depth > 0 and not roles and self._freed(event, levels, depth, thing):
                    roles = {"parent"}
                if roles:
                    told.append((event, depth, roles))
                    break
        return told

    def _freed(self, event: Event, levels: list[set[str]], depth: int, thing: str) -> bool:
        """Whether something the thing had been in before was let go by the event."""
        return any(
            self.let_go(event, inner) and self._since(thing, inner, when(event))
            for inner in levels[depth - 1]
        )

    def _since(self, thing: str, outer: str, at: datetime) -> bool:
        """Whether a thing was already in another before a moment, on some way up."""
        if thing == outer:
            return True
        return any(
            when(found[1]) < at and self._since(found[0], outer, at)
            for kind in ("AggregationEvent", "AssociationEvent")
            if (found := self.in_what(thing, kind, at))
        )

    # ---- how it stands -----------------------------------------------------------------------------------

    def state(self, thing: str, as_of: datetime) -> dict[str, Any]:
        life = self.life(thing)
        own = [(event, roles) for event, depth, roles in life if depth == 0]
        events = [event for event, _, _ in life]
        out = {"output", "output-class", "lot"}
        meant = [e for e, _, roles in life if e["type"] != "TransformationEvent" or roles & out]
        made = [e for e, roles in own if e in meant and roles & {"observed", "output", "class", "lot"}]
        existence, commissioned, ended = self._existence(life)
        return {
            "existence": existence,
            "commissioned": commissioned,
            "ended": ended,
            "parents": self._chain(thing, "AggregationEvent", as_of),
            "associated_with": self._chain(thing, "AssociationEvent", as_of)[:1],
            "where": next((where(e) for e in reversed(events) if where(e)), None),
            "holder": next((holder(e) for e in reversed(events) if holder(e)), None),
            "heading": self._heading(events),
            "disposition": next((e["disposition"] for e in reversed(meant) if "disposition" in e), None),
            "persistent": self._persistent(meant),
            "lot": next((e["ilmd"]["cbvmda:lotNumber"] for e in reversed(made) if "ilmd" in e), None),
            "last": events[-1]["eventID"] if events else None,
            "event_count": len(events),
        }

    def _chain(self, thing: str, kind: str, as_of: datetime) -> list[tuple[str, str]]:
        chain: list[tuple[str, str]] = []
        while len(chain) < LEVELS and (
            found := self.in_what(thing if not chain else chain[-1][0], kind, as_of)
        ):
            if found[0] in {thing, *(one for one, _ in chain)}:
                break
            chain.append((found[0], found[1]["eventID"]))
        return chain

    def _existence(self, life: list[tuple[Event, int, set[str]]]) -> tuple[str, str | None, str | None]:
        existence, commissioned, ended = "unknown", None, None
        for event, depth, roles in life:
            own, step, name = depth == 0, event.get("bizStep"), event["eventID"]
            is_object = event["type"] == "ObjectEvent"
            made = is_object and event["action"] == "ADD" and roles & {"observed", "class", "lot"}
            made = made or "output" in roles or "output-class" in roles
            if own and made:
                existence, commissioned, ended = "active", name, None
            elif step == "destroying" and roles != {"lot"}:
                existence, ended = "destroyed", name
            elif "input" in roles:
                existence, ended = "consumed", name
            elif own and "observed" in roles and step in {"retail_selling", "dispensing"}:
                existence, ended = "sold", name
            elif (
                own
                and "observed" in roles
                and (step == "decommissioning" or (is_object and event["action"] == "DELETE"))
            ):
                existence, ended = "decommissioned", name
            elif existence == "sold":
                existence, ended = ("active" if commissioned else "unknown"), None
        return existence, commissioned, ended

    def _heading(self, events: list[Event]) -> tuple[str | None, str | None, str] | None:
        for event in reversed(events):
            step = event.get("bizStep")
            party, location = end(event, "destination")
            if step == "void_shipping":
                return None
            if step in OUTGOING:
                if party or location:
                    return party, location, event["eventID"]
            elif party or "bizLocation" in event:
                return None
        return None

    def _persistent(self, events: list[Event]) -> list[str]:
        for event in reversed(events):
            said = event.get("persistentDisposition", {})
            if said.get("set"):
                return ["recalled"]
            if said.get("unset"):
                return []
        return []

    def contents(self, parent: str, kind: str, as_of: datetime, things: Names) -> set[str]:
        return {
            thing for thing in things if (found := self.in_what(thing, kind, as_of)) and found[0] == parent
        }


def when(event: Event) -> datetime:
    return datetime.fromisoformat(event["eventTime"])


def touches(event: Event, thing: str) -> set[str]:
    """In which roles an event touches a thing."""
    roles = {
        role
        for field, role in (
            ("epcList", "observed"),
            ("childEPCs", "child"),
            ("inputEPCList", "input"),
            ("outputEPCList", "output"),
        )
        if thing in event.get(field, [])
    }
    if event.get("parentID") == thing:
        roles.add("parent")
    for field in ("quantityList", "childQuantityList", "inputQuantityList"):
        if any(one["epcClass"] == thing for one in event.get(field, [])):
            roles.add("class")
    if any(one["epcClass"] == thing for one in event.get("outputQuantityList", [])):
        roles |= {"class", "output-class"}
    if thing in lots_of(event):
        roles.add("lot")
    return roles


def lots_of(event: Event) -> set[str]:
    lot = event.get("ilmd", {}).get("cbvmda:lotNumber")
    named = [*event.get("epcList", []), *event.get("outputEPCList", [])]
    return {f"{one.partition('/21/')[0]}/10/{lot}" for one in named if lot and "/21/" in one}


def where(event: Event) -> tuple[str, bool, str] | None:
    if "bizLocation" in event:
        return event["bizLocation"]["id"], False, event["eventID"]
    if "readPoint" in event:
        return event["readPoint"]["id"], True, event["eventID"]
    return None


def end(event: Event, name: str) -> tuple[str | None, str | None]:
    said = {one["type"]: one[name] for one in event.get(f"{name}List", [])}
    return said.get("possessing_party") or said.get("owning_party"), said.get("location")


def holder(event: Event) -> tuple[str, bool, str] | None:
    step, name = event.get("bizStep"), event["eventID"]
    if step == "void_shipping":
        return None
    is_outgoing = step in OUTGOING
    party, _ = end(event, "source" if is_outgoing else "destination")
    if party:
        return party, False, name
    if "bizLocation" in event:
        return event["bizLocation"]["id"], True, name
    if is_outgoing and "readPoint" in event:
        return event["readPoint"]["id"], True, name
    return None
