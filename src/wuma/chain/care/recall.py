"""A recall from its opening to its closing; every step is a line in its log.

Opening lists the goods and marks their units in one transaction: when it has committed, whoever scans one is
warned. Goods move on and late events come, so the list is made anew when somebody asks, and by a job after
captures; units that joined are marked, and none is ever taken out before the recall is closed.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from wuma.chain.care.goods import GoodsLevel, GoodsRun, list_goods
from wuma.chain.care.models import Entry, Part, Recall, Recovered
from wuma.chain.care.progress import Contact, Fate, Goods
from wuma.chain.care.scope import BatchScope, Scope, numbers_of
from wuma.chain.codes.facade import (
    UnitRange,
    end_batch_recall,
    end_recall,
    mark_batch_recalled,
    mark_recalled,
    normalise,
    within,
    without,
)
from wuma.chain.trace.facade import FOREIGN_FROM
from wuma.facts.care import RecallClosed, RecallOpened
from wuma.kernel.errors import FieldError, InvalidInput, NotFound, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.kernel.keys import Keyring

_scope: Final[TypeAdapter[Scope]] = TypeAdapter(Scope)


class RecallIsClosed(Refusal):
    """This recall is closed."""

    slug = "recall-closed"


class NoGoods(Refusal):
    """Nothing is known that this scope would mean."""

    slug = "recall-without-goods"


@dataclass(frozen=True, slots=True)
class NewRecall:
    """A recall to be opened. `risk_class` is 1 to 3 (食品召回管理办法, article 13)."""

    tenant_id: int
    title: str
    reason: str
    risk_class: int
    is_drill: bool
    scope: Scope
    notice: str


@dataclass(frozen=True, slots=True)
class NewEntry:
    """Something that happened in a recall; `codes` name the goods that came back or were destroyed."""

    kind: str
    holder: str | None
    codes: Sequence[str]
    at: datetime
    text: str


def open_recall(session: Session, keyring: Keyring, new: NewRecall, *, actor: str, now: datetime) -> Recall:
    """Open a recall: list its goods, and warn whoever scans one from now on."""
    _one_at_a_time(session, new.tenant_id)
    number = session.scalar(_NEXT_NUMBER, {"tenant_id": new.tenant_id})
    recall = Recall(
        id=uuid7(int(now.timestamp() * 1000)),
        tenant_id=new.tenant_id,
        number=number,
        title=new.title,
        reason=new.reason,
        risk_class=new.risk_class,
        is_drill=new.is_drill,
        scope=_scope.dump_python(new.scope, mode="json"),
        notice=new.notice,
        opened_at=now,
        opened_by=actor,
        listing=0,
        is_cut=False,
    )
    session.add(recall)
    session.flush()
    write_entry(session, recall, "opened", actor=actor, at=now, now=now, text=new.reason)
    goods = relist(session, keyring, recall, actor=actor, now=now)
    if not goods:
        raise NoGoods("No event and no activation tells of such goods.")
    if isinstance(new.scope, BatchScope) and not new.is_drill:
        mark_batch_recalled(session, new.scope.batch_id, notice=new.notice, now=now)
    publish(
        session,
        RecallOpened(
            tenant_id=new.tenant_id,
            recall_id=recall.id,
            number=recall.number,
            is_drill=new.is_drill,
            item_count=sum(one.count for one in goods if one.level is GoodsLevel.ITEM),
        ),
    )
    return recall


def relist(
    session: Session,
    keyring: Keyring,
    recall: Recall,
    *,
    actor: str,
    now: datetime,
    if_changed: bool = False,
) -> list[GoodsRun]:
    """List the goods of a recall as they are now, and mark those that joined it.

    With `if_changed`, a listing that says the same as the one before is not kept.
    """
    began = time.monotonic()
    goods, is_cut = list_goods(session, keyring, recall.tenant_id, read_scope(recall), now=now)
    if if_changed and goods == _last_listing(session, recall):
        return goods
    recall.listing += 1
    recall.is_cut = is_cut
    if goods:
        session.execute(
            insert(Part),
            [
                {
                    "recall_id": recall.id,
                    "listing": recall.listing,
                    "place": place,
                    "tenant_id": recall.tenant_id,
                    "level": one.level.value,
                    "first_thing": one.first,
                    "last_thing": one.last,
                    "product_id": one.product_id,
                    "batch_id": one.batch_id,
                    "holder": one.holder,
                    "location": one.location,
                    "parent": one.parent,
                    "disposition": one.disposition,
                    "last_event_at": one.last_event_at,
                }
                for place, one in enumerate(goods)
            ],
        )
    if not recall.is_drill:
        own = [UnitRange(one.first, one.last) for one in goods if one.last < FOREIGN_FROM]
        mark_recalled(session, recall.tenant_id, recall.id, own, notice=recall.notice, now=now)
    recall.listed_at = now
    recall.list_ms = round((time.monotonic() - began) * 1000)
    session.flush()
    count = sum(one.count for one in goods if one.level is GoodsLevel.ITEM)
    write_entry(session, recall, "listed", actor=actor, at=now, now=now, unit_count=count)
    return goods


def record(
    session: Session, keyring: Keyring, recall: Recall, new: NewEntry, *, actor: str, now: datetime
) -> Entry:
    """Write down what happened. Goods are counted once, however often they are reported.

    Raises:
        RecallIsClosed: nothing is added to a closed recall.
        InvalidInput: a holder that has none of the goods, or goods that are not under this recall.
    """
    recall = lock(session, recall.id)
    if recall.closed_at is not None:
        raise RecallIsClosed("What happens to the goods now belongs to another recall.")
    if new.holder is not None and new.holder not in holders_of(session, recall):
        raise InvalidInput(
            "The holder.", [FieldError("/holder", "a holder of goods of this recall", new.holder[:80])]
        )
    if new.kind not in set(Fate):
        return write_entry(
            session, recall, new.kind, actor=actor, at=new.at, now=now, holder=new.holder, text=new.text
        )
    fate = Fate(new.kind)
    items = _items_named(session, keyring, recall, new.codes)
    known = [one for was, one in recovered_of(session, recall) if was is fate]
    fresh = without(items, known)
    entry = write_entry(
        session,
        recall,
        new.kind,
        actor=actor,
        at=new.at,
        now=now,
        holder=new.holder,
        unit_count=sum(one.count for one in fresh),
        text=new.text,
    )
    if fresh:
        rows = [
            {
                "recall_id": recall.id,
                "entry_id": entry.id,
                "tenant_id": recall.tenant_id,
                "fate": fate.value,
                "first_thing": one.first,
                "last_thing": one.last,
            }
            for one in fresh
        ]
        session.execute(insert(Recovered), rows)
    return entry


def close(session: Session, recall: Recall, *, actor: str, closing: str, now: datetime) -> Recall:
    """Close a recall; closing it again changes nothing. Its units are warned of no longer."""
    _one_at_a_time(session, recall.tenant_id)
    recall = lock(session, recall.id)
    if recall.closed_at is not None:
        return recall
    recall.closed_at, recall.closed_by, recall.closing = now, actor, closing
    write_entry(session, recall, "closed", actor=actor, at=now, now=now, text=closing)
    if not recall.is_drill:
        end_recall(session, recall.id, now=now)
        _end_batch(session, recall, now)
    publish(
        session,
        RecallClosed(
            tenant_id=recall.tenant_id, recall_id=recall.id, number=recall.number, is_drill=recall.is_drill
        ),
    )
    return recall


def _end_batch(session: Session, recall: Recall, now: datetime) -> None:
    """Take a batch out of recall, unless another recall still means it."""
    scope = read_scope(recall)
    if not isinstance(scope, BatchScope):
        return
    other = session.scalar(
        select(Recall)
        .where(
            Recall.tenant_id == recall.tenant_id,
            Recall.closed_at.is_(None),
            Recall.is_drill.is_(False),
            Recall.id != recall.id,
            Recall.scope["batch_id"].astext == str(scope.batch_id),
        )
        .order_by(Recall.number.desc())
        .limit(1)
    )
    if other is None:
        end_batch_recall(session, scope.batch_id)
    else:
        mark_batch_recalled(session, scope.batch_id, notice=other.notice, now=now)


# -- reading -----------------------------------------------------------------------------------------------


def get(session: Session, recall_id: UUID) -> Recall:
    """Return a recall."""
    recall = session.get(Recall, recall_id)
    if recall is None:
        raise NotFound(f"Recall {recall_id}: there is none.")
    return recall


def lock(session: Session, recall_id: UUID) -> Recall:
    """Return a recall as it is now; whoever else changes it waits."""
    recall = session.get(Recall, recall_id, with_for_update=True, populate_existing=True)
    if recall is None:
        raise NotFound(f"Recall {recall_id}: there is none.")
    return recall


def read_scope(recall: Recall) -> Scope:
    """Return what a recall means."""
    return _scope.validate_python(recall.scope)


def goods_of(session: Session, recall: Recall) -> list[Goods]:
    """Return the items of the last listing and who has them."""
    rows = session.execute(
        select(Part.first_thing, Part.last_thing, Part.holder).where(
            Part.recall_id == recall.id, Part.listing == recall.listing, Part.level == GoodsLevel.ITEM.value
        )
    )
    return [Goods(UnitRange(row.first_thing, row.last_thing), row.holder) for row in rows]


def holders_of(session: Session, recall: Recall) -> set[str]:
    """Return the holders of any listing: goods may have moved on from those that were told first."""
    found = session.scalars(
        select(Part.holder).where(Part.recall_id == recall.id, Part.holder.is_not(None)).distinct()
    )
    return {holder for holder in found if holder is not None}


def recovered_of(session: Session, recall: Recall) -> list[tuple[Fate, UnitRange]]:
    """Return what came back and what was destroyed."""
    rows = session.execute(
        select(Recovered.fate, Recovered.first_thing, Recovered.last_thing).where(
            Recovered.recall_id == recall.id
        )
    )
    return [(Fate(row.fate), UnitRange(row.first_thing, row.last_thing)) for row in rows]


def contacts_of(session: Session, recall: Recall) -> list[Contact]:
    """Return who was told, and who answered."""
    rows = session.execute(
        select(Entry.holder, Entry.kind, Entry.at).where(
            Entry.recall_id == recall.id,
            Entry.kind.in_(("notified", "answered")),
            Entry.holder.is_not(None),
        )
    )
    return [Contact(row.holder, row.kind == "answered", row.at) for row in rows]


def _last_listing(session: Session, recall: Recall) -> list[GoodsRun]:
    parts = session.scalars(
        select(Part).where(Part.recall_id == recall.id, Part.listing == recall.listing).order_by(Part.place)
    )
    return [
        GoodsRun(
            GoodsLevel(one.level),
            one.first_thing,
            one.last_thing,
            one.product_id,
            one.batch_id,
            one.holder,
            one.location,
            one.parent,
            one.disposition,
            one.last_event_at,
        )
        for one in parts
    ]


# -- helpers -----------------------------------------------------------------------------------------------


def _items_named(session: Session, keyring: Keyring, recall: Recall, codes: Iterable[str]) -> list[UnitRange]:
    """Return the items under a recall that codes name, themselves or as what they are packed in."""
    numbers = numbers_of(session, keyring, recall.tenant_id, codes)
    items: list[UnitRange] = []
    strangers: list[str] = []
    for code, number in numbers.items():
        inside = _inside(session, recall, [number])
        if not inside:
            strangers.append(code)
        items += inside
    if strangers:
        faults = [FieldError("/codes", "goods of this recall", code[:80]) for code in strangers[:20]]
        raise InvalidInput(f"{len(strangers)} code(s) are not under this recall.", faults)
    return normalise(items)


PACKING_DEPTH_MAX: Final = 6  # can, case, layer, pallet, container, ship


def _inside(session: Session, recall: Recall, things: Sequence[int]) -> list[UnitRange]:
    """Return the items that things are, or hold, by any listing of a recall."""
    items: list[UnitRange] = []
    wanted = [UnitRange(thing, thing) for thing in things]
    for _ in range(PACKING_DEPTH_MAX):
        if not wanted:
            break
        asked = {
            "recall_id": recall.id,
            "firsts": [one.first for one in wanted],
            "lasts": [one.last for one in wanted],
        }
        own = [UnitRange(*row) for row in session.execute(_ITEMS_AMONG, asked)]
        items += within(own, wanted)
        wanted = normalise(UnitRange(*row) for row in session.execute(_PACKED_IN, asked))
    return normalise(items)


def write_entry(
    session: Session, recall: Recall, kind: str, *, actor: str, at: datetime, now: datetime, **more: Any
) -> Entry:
    """Add a line to the log of a recall."""
    entry = Entry(
        id=uuid7(),
        tenant_id=recall.tenant_id,
        recall_id=recall.id,
        kind=kind,
        at=at,
        recorded_at=now,
        actor=actor,
        **more,
    )
    session.add(entry)
    session.flush()
    return entry


def _one_at_a_time(session: Session, tenant_id: int) -> None:
    session.execute(_ONE_AT_A_TIME, {"tenant_id": tenant_id})


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('care.recall', :tenant_id))")
_NEXT_NUMBER = text("SELECT coalesce(max(number), 0) + 1 FROM care.recall WHERE tenant_id = :tenant_id")
_AMONG = " FROM care.part p JOIN unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS w (f, l)"
_ITEMS_AMONG = text(
    f"SELECT p.first_thing, p.last_thing {_AMONG} ON p.first_thing <= w.l AND p.last_thing >= w.f"
    " WHERE p.recall_id = :recall_id AND p.level = 'item'"
)
_PACKED_IN = text(
    f"SELECT p.first_thing, p.last_thing {_AMONG} ON p.parent BETWEEN w.f AND w.l"
    " WHERE p.recall_id = :recall_id"
)
