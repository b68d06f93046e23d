"""Which named queries an event may be meant by, found from the event: not by asking each query.

A query is filed under what it says most narrowly: a thing, else a step, a disposition, a type, an action. An
event is looked up under all it has of these, and only the queries found there are held against it. Ten
thousand queries that each wait for their own pallet cost one look a thing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from wuma.chain.trace.documents.said import Said
from wuma.chain.trace.queries.conditions import Hint, Touching
from wuma.chain.trace.queries.parameters import Query
from wuma.chain.trace.shelves.chunks import Event
from wuma.chain.trace.shelves.things import key_of

Token = tuple[str, str]

_COLUMNS: Final = ("event_id", "biz_step", "disposition", "type", "action")
"""The narrowest first."""
_LISTS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
_CLASSES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


class Matcher:
    """The queries of a tenant that somebody waits for, filed by what they say."""

    def __init__(self, queries: Mapping[str, Query]) -> None:
        self._queries = queries
        self._filed: defaultdict[Token, set[str]] = defaultdict(set)
        self._others: set[str] = set()
        for name, query in queries.items():
            tokens = _tokens_of(query)
            if tokens is None:
                self._others.add(name)
            for token in tokens or ():
                self._filed[token].add(name)
        self._names_things = any(kind == "thing" for kind, _ in self._filed)

    def matches(self, events: Iterable[Event]) -> set[str]:
        """Return the names of queries that mean one of these events."""
        found: set[str] = set()
        for event in events:
            candidates = self._others - found
            for token in self._tokens(event):
                candidates |= self._filed.get(token, set()) - found
            if candidates:
                said = Said(event.fields, event.context, at=event.at, captured_at=event.captured_at)
                found |= {name for name in candidates if self._queries[name].means(said)}
            if len(found) == len(self._queries):
                break
        return found

    def _tokens(self, event: Event) -> Iterator[Token]:
        yield "type", str(event.type)
        if event.action is not None:
            yield "action", str(event.action)
        if event.biz_step is not None:
            yield "biz_step", event.biz_step
        if event.disposition is not None:
            yield "disposition", event.disposition
        yield "event_id", str(event.fields["eventID"])
        if self._names_things:
            yield from (("thing", key_of(name)) for name in _things(event.fields))


def _tokens_of(query: Query) -> list[Token] | None:
    """Return what a query is filed under; None when it says nothing that events are filed by."""
    best: list[Token] | None = None
    rank = len(_COLUMNS)
    for condition in query.conditions:
        match condition.hint:
            case Touching(names):
                exact = [("thing", key_of(name)) for name in names]
                if best is None or rank > -1 or len(exact) < len(best):
                    best, rank = exact, -1
            case Hint(column, values, "any") if column in _COLUMNS and _COLUMNS.index(column) < rank:
                best, rank = [(column, str(value)) for value in values], _COLUMNS.index(column)
            case _:
                pass
    return best


def _things(fields: Mapping[str, Any]) -> Iterator[str]:
    if "parentID" in fields:
        yield fields["parentID"]
    for name in _LISTS:
        yield from fields.get(name, ())
    for name in _CLASSES:
        yield from (one["epcClass"] for one in fields.get(name, ()))
