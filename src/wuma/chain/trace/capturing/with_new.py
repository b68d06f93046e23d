"""What a capture brings, from memory, as one with what was before, from the database.

The rules look at lives in which both stand. What has just been written need not be read to be known, and is
most of what there is: a document brings its own story.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from sqlalchemy.orm import Session

from wuma.chain.trace.documents.json_ld import Json
from wuma.chain.trace.documents.names import name_key, name_of
from wuma.chain.trace.lives.acts import Act, act_of
from wuma.chain.trace.lives.known import Contact, Run
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.shelves.chunks import NewEvent
from wuma.chain.trace.shelves.postings import Role, Touch
from wuma.chain.trace.vocabulary import Action, EventType


class WithNew:
    """The source of lives (`known.Source`) for a capture that has written its events."""

    def __init__(
        self, session: Session, tenant_id: int, new: Sequence[NewEvent], touches: Sequence[Touch]
    ) -> None:
        self._new: Final[Mapping[int, NewEvent]] = {one.id: one for one in new}
        self._touches = touches
        # Captures of a tenant come one after the other, and their numbers rise.
        self._before = Captured(session, tenant_id, before=new[0].id)

    @cached_property
    def _contacts(self) -> list[Contact]:
        return [contact for touch in self._touches for contact in _both_sides(touch)]

    def contacts_over(self, runs: Sequence[Run], limit: int) -> list[Contact]:
        """Return the contacts of things in runs that do not overlap, each cut to its run; what is new first.

        Mentions are left out: they say nothing of a thing itself.
        """
        found = list(_cut(self._contacts, runs))
        return found + self._before.touches_over(runs, limit)

    def contacts_of(self, event_ids: Iterable[int], limit: int) -> list[Contact]:
        """Return all contacts of events."""
        wanted = set(event_ids)
        old = wanted - self._new.keys()
        found = [contact for contact in self._contacts if contact.event_id in wanted]
        return found + self._before.contacts_of(old, limit) if old else found

    def acts(self, event_ids: Iterable[int]) -> dict[int, Act]:
        """Return those of the events that stand."""
        wanted = set(event_ids)
        old = wanted - self._new.keys()
        found = {one: act for one in wanted - old if (act := self._acts.get(one)) is not None}
        return found | self._before.acts(old) if old else found

    @cached_property
    def _acts(self) -> dict[int, Act]:
        told = list(map(_Told, self._new.values()))
        wrong = {one.name for one in told if one.is_declaration}
        alike: dict[bytes, Act] = {}
        acts = {one.id: _act(one, alike) for one in told if one.name not in wrong}
        wrong = self._before.taken_back(acts)
        return {event_id: act for event_id, act in acts.items() if act.name not in wrong}

    def keys(self, numbers: Iterable[int]) -> dict[int, str]:
        """Return the keys of things of the dictionary."""
        return self._before.keys(numbers)

    def gtin(self, number: int) -> str | None:
        """Return the GTIN of a thing, if it has one."""
        return self._before.gtin(number)


@dataclass(frozen=True, slots=True)
class _Told:
    """A new event, as those are that have been read (`lives.acts.Told`)."""

    new: NewEvent

    @property
    def id(self) -> int:
        return self.new.id

    @property
    def at(self) -> datetime:
        return self.new.event.at

    @property
    def name(self) -> str:
        return name_of(self.new.event.fields, self.new.key)

    @property
    def is_declaration(self) -> bool:
        return "errorDeclaration" in self.new.event.fields

    @property
    def type(self) -> EventType:
        return self.new.kind.type

    @property
    def action(self) -> Action | None:
        return self.new.kind.action

    @property
    def biz_step(self) -> str | None:
        return self.new.kind.biz_step

    @property
    def disposition(self) -> str | None:
        return self.new.kind.disposition

    @property
    def brief(self) -> Json:
        return self.new.event.fields

    def lists(self, field: str) -> bool:
        return bool(self.new.event.fields.get(field))


def _act(told: _Told, alike: dict[bytes, Act]) -> Act:
    """Read an event as an act; events of one shape differ in their names and times only."""
    shape = told.new.event.shape
    found = alike.get(shape)
    if found is None:
        found = act_of(told)
        if shape:
            alike[shape] = found
        return found
    at, name = told.at, told.name
    return replace(found, id=told.id, at=at, name=name, order=(at, found.order[1], name_key(name)))


def _both_sides(touch: Touch) -> Iterator[Contact]:
    """Yield what the index would have of a touch: of a child its parent, of the parent its children."""
    event_id, first, last, parent = touch.event_id, touch.first, touch.last, touch.parent
    yield Contact(event_id, touch.role, first, last, parent, parent)
    if parent is not None:
        yield Contact(event_id, Role.PARENT, parent, parent, first, last)


def _cut(contacts: Iterable[Contact], runs: Sequence[Run]) -> Iterator[Contact]:
    """Yield contacts as far as they lie in runs, which are in order and do not overlap.

    >>> list(_cut([Contact(1, Role.OBSERVED, 3, 9)], [(1, 4), (8, 8)]))[1][2:4]
    (8, 8)
    """
    ends = [last for _, last in runs]
    for contact in contacts:
        for first, last in _from(runs, bisect_left(ends, contact.first)):
            if first > contact.last:
                break
            if first <= contact.first and contact.last <= last:
                yield contact
                break
            yield contact._replace(first=max(first, contact.first), last=min(last, contact.last))


def _from(runs: Sequence[Run], place: int) -> Iterator[Any]:
    for at in range(place, len(runs)):
        yield runs[at]
