"""How one item, case, pallet or lot stands now, or stood at a moment: `GET /api/v1/items/{thing}`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import CodeState, UnitFacts, facts_of
from wuma.chain.trace.lives.acts import Act
from wuma.chain.trace.lives.contents import contents_of
from wuma.chain.trace.lives.known import Known, Run
from wuma.chain.trace.lives.lives import Lived, learn_lives, lived
from wuma.chain.trace.lives.reading import Captured
from wuma.chain.trace.lives.state import Existence, InParent, State, state_of
from wuma.chain.trace.lives.state import Moment as Since
from wuma.chain.trace.lives.whose import Parties, PartyView
from wuma.chain.trace.shelves.chunks import read_events
from wuma.chain.trace.shelves.postings import Role, touches_of
from wuma.chain.trace.shelves.things import FOREIGN_FROM, find_thing, names_of
from wuma.chain.trace.vocabulary import EventType
from wuma.kernel.errors import NotFound
from wuma.kernel.http.access import needs
from wuma.kernel.http.endpoint import Actor, Db, Endpoint, Now, Program
from wuma.kernel.http.fields import Moment
from wuma.kernel.keys import Keyring

routes = APIRouter(route_class=Endpoint, tags=["trace"])

NAME_CHARACTERS_MAX: Final = 2000
CONTENTS_SHOWN_MAX: Final = 500
CORRECTIONS_SHOWN_MAX: Final = 50
LIFE_SHOWN_MAX: Final = 200

AsOf = Annotated[
    Moment | None,
    Query(description="The world at this moment: what happened later is left out. Now, if it is not said."),
]
KnownAt = Annotated[
    Moment | None,
    Query(description="What was known at this moment: what was captured later is left out."),
]


class ThingRef(BaseModel):
    """A thing by its number and its public name."""

    number: int
    name: str


class SinceView(BaseModel):
    """When something was said, and by which event."""

    at: datetime
    event_id: str


class ParentView(BaseModel):
    """What the thing is in, since when, and the event that says so."""

    thing: ThingRef
    since: SinceView


class WhereView(BaseModel):
    """The place of which we heard last. `is_read_point`: it was read there, not said to be left there."""

    place: PartyView
    is_read_point: bool
    since: SinceView


class HolderView(BaseModel):
    """Who has it. `by_place`: no event names a party; it is whoever the place belongs to."""

    party: PartyView
    by_place: bool
    since: SinceView


class HeadingView(BaseModel):
    """Whither it was sent, and has not been heard to arrive."""

    party: PartyView | None
    location: PartyView | None
    since: SinceView


class LastEventView(BaseModel):
    """The last event of its life; `via` is the way up to what the event was about."""

    event_id: str
    at: datetime
    type: str
    action: str | None
    biz_step: str | None
    via: list[ThingRef]


class LifeStep(BaseModel):
    """An event of its life that stands; `via` is the way up to what the event was about."""

    event_id: str
    at: datetime
    type: str
    action: str | None
    biz_step: str | None
    disposition: str | None
    place: PartyView | None
    party: PartyView | None
    """Who gave or took it, when the event says."""
    via: list[ThingRef]


class CorrectionView(BaseModel):
    """An event that an error declaration took back; it stays in history and out of the state."""

    event_id: str
    declared_at: str | None
    reason: str | None
    corrective_event_ids: list[str]


class ThingState(BaseModel):
    """How a thing stands: where, whose, in what, in which condition, of which lot."""

    thing: ThingRef
    as_of: datetime
    known_at: datetime | None
    existence: Existence
    code_state: CodeState | None
    """The life of the code, when it is one of ours; it may lag behind or lead what events say."""
    commissioned: SinceView | None
    ended: SinceView | None
    lot: str | None
    produced_on: str | None
    expires_on: str | None
    parents: list[ParentView]
    associated_with: list[ParentView]
    contents: list[ThingRef]
    contents_count: int
    associated: list[ThingRef]
    lot_item_count: int
    """How many items events said are of this lot; 0 for anything but a lot."""
    where: WhereView | None
    holder: HolderView | None
    heading: HeadingView | None
    disposition: str | None
    disposition_since: SinceView | None
    persistent_dispositions: list[str]
    last_event: LastEventView | None
    life: list[LifeStep]
    """What happened to it, the earliest first; of very long lives the last part."""
    event_count: int
    corrections: list[CorrectionView]
    is_cut: bool
    """Whether there was more than was looked at."""


@routes.get("/items/{thing:path}")
@needs("trace.read")
def get_item(
    thing: Annotated[
        str,
        Path(
            min_length=1,
            max_length=NAME_CHARACTERS_MAX,
            description="In any form: EPC URN, Digital Link, element string, tag in hexadecimal, bare code.",
        ),
    ],
    db: Db,
    actor: Actor,
    program: Program,
    now: Now,
    as_of: AsOf = None,
    known_at: KnownAt = None,
) -> ThingState:
    """Say how an item, a case, a pallet or a lot stands, now or at a moment."""
    number = find_thing(db, program.keyring, actor.tenant_id, thing)
    if number is None:
        raise NotFound(f"Thing {thing[:200]}: no code of ours, and no event names it.")
    return _Desk(db, program.keyring, actor.tenant_id, as_of or now, known_at).view(number)


class _Desk:
    """Puts together what there is to say of one thing."""

    def __init__(
        self, db: Session, keyring: Keyring, tenant_id: int, as_of: datetime, known_at: datetime | None
    ) -> None:
        self._db, self._keyring, self._tenant_id = db, keyring, tenant_id
        self._as_of, self._known_at = as_of, known_at
        self._known = Known(Captured(db, tenant_id, known_at=known_at), as_of)

    def view(self, number: int) -> ThingState:
        known = self._known
        learn_lives(known, [(number, number)])
        state = state_of(known, known.cell(number))
        life = lived(known, known.cell(number))[-LIFE_SHOWN_MAX:]
        contents = contents_of(known, number)
        associated = contents_of(known, number, EventType.ASSOCIATION)
        facts = facts_of(self._db, number) if number < FOREIGN_FROM else None
        parents = [*state.parents, *state.associated_with]
        shown, shown_associated = _first(contents), _first(associated)
        self._names = names_of(
            self._db,
            self._keyring,
            {number, *(one.parent for one in parents), *state.via, *shown, *shown_associated}
            | {thing for one in life for thing in one.via},
        )
        self._parties = Parties(
            self._db, self._tenant_id, _keys(state) | {key for one in life for key in _said_in(one.act)}
        )
        return ThingState(
            thing=self._ref(number),
            as_of=self._as_of,
            known_at=self._known_at,
            existence=state.existence,
            code_state=None if facts is None else facts.state,
            commissioned=self._since(state.commissioned),
            ended=self._since(state.ended),
            **_making(state, facts),
            parents=self._parents(state.parents),
            associated_with=self._parents(state.associated_with),
            contents=[self._ref(one) for one in shown],
            contents_count=sum(last - first + 1 for first, last in contents),
            associated=[self._ref(one) for one in shown_associated],
            lot_item_count=self._lot_items(number),
            where=self._where(state),
            holder=self._holder(state),
            heading=self._heading(state),
            disposition=state.disposition,
            disposition_since=self._since(state.disposition_since),
            persistent_dispositions=list(state.persistent),
            last_event=self._last(state),
            life=[self._step(one) for one in life],
            event_count=state.event_count,
            corrections=self._corrections(number),
            is_cut=known.is_cut,
        )

    def _ref(self, number: int) -> ThingRef:
        return ThingRef(number=number, name=self._names.get(number, f"#{number}"))

    def _since(self, moment: Since | None) -> SinceView | None:
        if moment is None:
            return None
        act = self._known.act(moment.event_id)
        assert act is not None
        return SinceView(at=moment.at, event_id=act.name)

    def _said(self, moment: Since) -> SinceView:
        said = self._since(moment)
        assert said is not None
        return said

    def _parents(self, parents: Iterable[InParent]) -> list[ParentView]:
        return [ParentView(thing=self._ref(one.parent), since=self._said(one.since)) for one in parents]

    def _where(self, state: State) -> WhereView | None:
        where = state.where
        if where is None:
            return None
        place = self._parties.view(where.key)
        return WhereView(place=place, is_read_point=where.is_read_point, since=self._said(where.since))

    def _holder(self, state: State) -> HolderView | None:
        holder = state.holder
        if holder is None:
            return None
        party = self._parties.view(holder.key)
        return HolderView(party=party, by_place=holder.by_place, since=self._said(holder.since))

    def _heading(self, state: State) -> HeadingView | None:
        heading = state.heading
        if heading is None:
            return None
        return HeadingView(
            party=None if heading.party is None else self._parties.view(heading.party),
            location=None if heading.location is None else self._parties.view(heading.location),
            since=self._said(heading.since),
        )

    def _last(self, state: State) -> LastEventView | None:
        act = state.last_act
        if act is None:
            return None
        return LastEventView(
            event_id=act.name,
            at=act.at,
            type=act.type.value,
            action=None if act.action is None else act.action.value,
            biz_step=act.biz_step,
            via=[self._ref(one) for one in state.via],
        )

    def _step(self, one: Lived) -> LifeStep:
        act = one.act
        place = act.biz_location or act.read_point
        party = act.destination.party or act.source.party
        return LifeStep(
            event_id=act.name,
            at=act.at,
            type=act.type.value,
            action=None if act.action is None else act.action.value,
            biz_step=act.biz_step,
            disposition=act.disposition,
            place=None if place is None else self._parties.view(place),
            party=None if party is None else self._parties.view(party),
            via=[self._ref(thing) for thing in one.via],
        )

    def _lot_items(self, number: int) -> int:
        events = [act.id for act, contact in self._known.cell(number).touched if contact.role is Role.LOT]
        self._known.learn_events(events)
        return sum(
            contact.last - contact.first + 1
            for event_id in events
            for contact in self._known.touches_of(event_id)
            if contact.role in {Role.OBSERVED, Role.OUTPUT}
        )

    def _corrections(self, number: int) -> list[CorrectionView]:
        touches = touches_of(self._db, self._tenant_id, [number])
        events = read_events(self._db, self._tenant_id, {touched.event_id for touched in touches})
        declared = [
            (event.fields["eventID"], event.fields["errorDeclaration"])
            for event in sorted(events.values(), key=lambda event: event.id, reverse=True)
            if "errorDeclaration" in event.fields
            and (self._known_at is None or event.captured_at <= self._known_at)
        ]
        return [
            CorrectionView(
                event_id=name,
                declared_at=said.get("declarationTime"),
                reason=said.get("reason"),
                corrective_event_ids=list(said.get("correctiveEventIDs", ())),
            )
            for name, said in declared[:CORRECTIONS_SHOWN_MAX]
        ]


def _first(runs: Iterable[Run]) -> list[int]:
    shown: list[int] = []
    for first, last in runs:
        shown.extend(range(first, min(last + 1, first + CONTENTS_SHOWN_MAX - len(shown))))
    return shown


def _keys(state: State) -> set[str]:
    heading = state.heading
    found = {
        None if state.where is None else state.where.key,
        None if state.holder is None else state.holder.key,
        None if heading is None else heading.party,
        None if heading is None else heading.location,
    }
    return {key for key in found if key is not None}


def _said_in(act: Act) -> set[str]:
    place, party = act.biz_location or act.read_point, act.destination.party or act.source.party
    return {key for key in (place, party) if key is not None}


def _making(state: State, facts: UnitFacts | None) -> dict[str, str | None]:
    """Return lot and days, as events said or else as the batch of the code has them."""
    batch = None if facts is None else facts.batch

    if batch is None:
        return {"lot": state.lot, "produced_on": state.produced_on, "expires_on": state.expires_on}
    return {
        "lot": state.lot or batch.number,
        "produced_on": state.produced_on or batch.produced_on.isoformat(),
        "expires_on": state.expires_on or batch.expires_on.isoformat(),
    }
