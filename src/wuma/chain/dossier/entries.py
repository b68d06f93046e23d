"""Writing what is said of a batch, and reading what stands: every word stays, the last one counts.

What people say of an item is one line of corrections. What events say has no line: the latest event counts,
whichever came first, and what a person has said counts more than any event.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from wuma.chain.dossier.completeness import Stated, own_limit
from wuma.chain.dossier.models import EntryRow, RetractionRow
from wuma.chain.dossier.names import BatchName, hold, is_of
from wuma.chain.dossier.template import BY_ID, HEADINGS, Item
from wuma.chain.dossier.values import Kind, Unreadable, read_number, read_text, read_value
from wuma.facts.dossier import DossierChanged
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7

SUBJECT_CHARACTERS_MAX: Final = 100
NOTE_CHARACTERS_MAX: Final = 200
ENTRIES_MAX: Final = 500
"""Of one request: a whole dossier has some 130 items, and a handful of lots of material."""

Source = Literal["form", "file", "event"]


class CorrectedMeanwhile(Refusal):
    """Somebody entered something for this item meanwhile."""

    slug = "corrected-meanwhile"


class ReasonMissing(Refusal):
    """A correction needs its reason."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "correction-without-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be entered of one item. `subject` says of which lot, machine or post, where items recur."""

    item: Item
    text: str
    subject: str = ""
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    method: str = ""
    instrument: str = ""
    operator: str = ""
    measured_at: datetime | None = None
    reason: str = ""
    replaces: UUID | None = None
    """The entry that the writer saw; None takes the place of whatever stands."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands of one item and subject: the entry that counts, and all the others, the latest first."""

    entry: EntryRow
    others: tuple[EntryRow, ...] = ()

    @property
    def stated(self) -> Stated:
        """What of it is judged."""
        item = BY_ID[self.entry.item]
        return Stated(
            item,
            self.entry.subject,
            self.entry.value,
            read_value(item.kind, self.entry.value).results,
            self.entry.unit,
            own_limit(self.entry.least, self.entry.most),
        )

    @property
    def is_contradicted(self) -> bool:
        """Whether an event says something else than what counts."""
        return any(one.source == "event" and one.value != self.entry.value for one in self.others)


@dataclass(slots=True)
class Recorded:
    """What came of drafts."""

    new: int = 0
    corrected: int = 0
    unchanged: int = 0
    items: list[str] = field(default_factory=list)


def read_draft(at: str, faults: list[FieldError], **written: Any) -> Draft | None:
    """Make a draft of what somebody wrote; what cannot be read is noted under its place.

    Args:
        at: where it stands: the beginning of a JSON pointer.
        faults: where what is wrong is noted.
        written: the members of `Draft`, as texts; `item` is the id, or a name, of an item.
    """
    before = len(faults)
    item = find_item(str(written["item"]))
    if item is None or item.is_drawn:
        expected = "an item of the template that is entered here"
        faults.append(FieldError(f"{at}/item", expected, str(written["item"])[:80]))
        return None
    reader = _Reader(at, faults)
    value = reader.read("value", written["value"], lambda text: read_value(item.kind, text))
    subject = reader.text("subject", written.get("subject", ""), SUBJECT_CHARACTERS_MAX)
    recurs = HEADINGS[item.section].recurs
    if recurs != bool(subject):
        expected = f"which {HEADINGS[item.section].subject_en.lower()} this is of" if recurs else "nothing"
        faults.append(FieldError(f"{at}/subject", expected, subject or "nothing"))
    unit = reader.text("unit", written.get("unit", ""), 40) or item.unit
    if item.unit and unit != item.unit:
        faults.append(FieldError(f"{at}/unit", item.unit, unit))
    least = reader.number("least", written.get("least", ""))
    most = reader.number("most", written.get("most", ""))
    if least is not None and most is not None and least > most:
        faults.append(FieldError(f"{at}/most", f"{least} or more", str(most)))
    if (least is not None or most is not None) and item.kind is not Kind.NUMBER:
        faults.append(FieldError(f"{at}/least", "nothing: only numbers have limits", str(least or most)))
    method = reader.text("method", written.get("method", ""))
    instrument = reader.text("instrument", written.get("instrument", ""))
    operator = reader.text("operator", written.get("operator", ""))
    reason = reader.text("reason", written.get("reason", ""))
    if len(faults) > before or value is None:
        return None
    return Draft(
        item=item,
        text=value.text,
        subject=subject,
        unit=unit,
        least=least,
        most=most,
        method=method,
        instrument=instrument,
        operator=operator,
        measured_at=written.get("measured_at"),
        reason=reason,
        replaces=written.get("replaces"),
    )


def find_item(name: str) -> Item | None:
    """Return the item of an id, or of a Chinese or English name that only one item has.

    >>> found = find_item("水分")
    >>> found and found.id
    'lab.moisture'
    """
    plain = name.strip()
    return BY_ID.get(plain) or _BY_NAME.get(plain.lower())


def _names() -> dict[str, Item]:
    by_name: defaultdict[str, list[Item]] = defaultdict(list)
    for item in BY_ID.values():
        heading = HEADINGS[item.section]
        names = (
            item.zh,
            item.en,
            f"{heading.zh} {item.zh}",
            f"{heading.zh}·{item.zh}",
            f"{heading.en} {item.en}",
        )
        for name in {name.lower() for name in names}:
            by_name[name].append(item)
    return {name: items[0] for name, items in by_name.items() if len(items) == 1}


_BY_NAME: Final = _names()


class _Reader:
    """Reads the texts of one entry, and notes what cannot be read."""

    def __init__(self, at: str, faults: list[FieldError]) -> None:
        self._at = at
        self._faults = faults

    def read(self, name: str, written: str, read: Any) -> Any:
        try:
            return read(written)
        except Unreadable as fault:
            self._faults.append(FieldError(f"{self._at}/{name}", str(fault), written[:80]))
            return None

    def text(self, name: str, written: str, characters_max: int = NOTE_CHARACTERS_MAX) -> str:
        if not written or written.isspace():
            return ""
        return self.read(name, written, lambda text: read_text(text, characters_max)) or ""

    def number(self, name: str, written: str) -> Decimal | None:
        if not written or written.isspace():
            return None
        found: Decimal | None = self.read(name, written, read_number)
        return found


def record(
    session: Session, name: BatchName, drafts: Sequence[Draft], *, source: Source, actor: str, now: datetime
) -> Recorded:
    """Enter what people say of a batch. What stands already is left alone, so a file may come twice.

    Raises:
        InvalidInput: when two drafts speak of the same item and subject.
        ReasonMissing: when a draft says something else than what stands, and not why.
        CorrectedMeanwhile: when somebody else got in between.
    """
    _refuse_doubles(drafts)
    hold(session, [name])
    standing = standing_of(session, name)
    told = Recorded()
    rows = []
    for draft in drafts:
        stands = standing.get((draft.item.id, draft.subject))
        if stands is not None and _says(stands.entry, draft):
            told.unchanged += 1
            continue
        if draft.replaces is not None and (stands is None or stands.entry.id != draft.replaces):
            raise CorrectedMeanwhile(f"{draft.item.id} {draft.subject}".rstrip() + ": read it again.")
        if stands is not None and not draft.reason:
            raise ReasonMissing(
                f"{draft.item.id}: it says {stands.entry.value!r} already; say why it is {draft.text!r} now.",
                item=draft.item.id,
                subject=draft.subject,
            )
        told.corrected += stands is not None
        told.new += stands is None
        told.items.append(draft.item.id)
        before = _last_of_people(stands)
        rows.append(_row(name, draft, source, None if before is None else before.id, actor=actor, now=now))
    if rows:
        entered = session.scalars(
            insert(EntryRow).values(rows).on_conflict_do_nothing().returning(EntryRow.id)
        ).all()
        if len(entered) < len(rows):
            raise CorrectedMeanwhile("Read the dossier again: one of these items was just entered.")
        items = sorted(set(told.items))
        publish(
            session,
            DossierChanged(
                tenant_id=name.tenant_id, gtin=name.gtin, lot=name.lot, items=items, source=source
            ),
        )
    return told


def standing_of(session: Session, name: BatchName) -> dict[tuple[str, str], Standing]:
    """Return what stands in the dossier of a batch, by item and subject, in the order of the template."""
    rows = session.scalars(select(EntryRow).where(is_of(EntryRow, name), _not_retracted()))
    return standing(rows)


def standings_of(
    session: Session, names: Sequence[BatchName]
) -> dict[BatchName, dict[tuple[str, str], Standing]]:
    """Return what stands in the dossiers of several batches, read together."""
    owner = {(name.tenant_id, gtin, name.lot): name for name in names for gtin in name.gtins}
    rows = session.scalars(
        select(EntryRow).where(
            tuple_(EntryRow.tenant_id, EntryRow.gtin, EntryRow.lot).in_(list(owner)), _not_retracted()
        )
    )
    by_name: defaultdict[BatchName, list[EntryRow]] = defaultdict(list)
    for row in rows:
        by_name[owner[row.tenant_id, row.gtin, row.lot]].append(row)
    return {name: standing(by_name[name]) for name in names}


def standing(rows: Iterable[EntryRow]) -> dict[tuple[str, str], Standing]:
    """Say which of many entries count. What events say does not depend on the order they came in."""
    by_place: defaultdict[tuple[str, str], list[EntryRow]] = defaultdict(list)
    for row in rows:
        if row.item in BY_ID:
            by_place[row.item, row.subject].append(row)
    found = {}
    for place in sorted(by_place, key=lambda place: (_ORDER[place[0]], place[1])):
        ranked = sorted(by_place[place], key=_rank, reverse=True)
        found[place] = Standing(ranked[0], tuple(ranked[1:]))
    return found


def _rank(row: EntryRow) -> tuple[Any, ...]:
    if row.source != "event":
        return 1, row.recorded_at, row.id.hex
    assert row.event_at is not None
    assert row.event_key is not None
    return 0, row.event_at, row.event_key.hex, row.value


def _last_of_people(stands: Standing | None) -> EntryRow | None:
    if stands is None:
        return None
    return next((one for one in (stands.entry, *stands.others) if one.source != "event"), None)


def _says(entry: EntryRow, draft: Draft) -> bool:
    """Whether an entry says all that a draft says."""
    return (
        entry.value,
        entry.unit,
        entry.least,
        entry.most,
        entry.method,
        entry.instrument,
        entry.operator,
        entry.measured_at,
    ) == (
        draft.text,
        draft.unit,
        draft.least,
        draft.most,
        draft.method,
        draft.instrument,
        draft.operator,
        draft.measured_at,
    )


def _refuse_doubles(drafts: Sequence[Draft]) -> None:
    seen = set()
    for place, draft in enumerate(drafts):
        key = draft.item.id, draft.subject
        if key in seen:
            said = f"{draft.item.id} {draft.subject}".rstrip()
            raise InvalidInput(
                "An item twice.", [FieldError(f"/entries/{place}/item", "each item once", said)]
            )
        seen.add(key)


def _row(
    name: BatchName, draft: Draft, source: Source, replaces: UUID | None, *, actor: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "tenant_id": name.tenant_id,
        "gtin": name.gtin,
        "lot": name.lot,
        "item": draft.item.id,
        "subject": draft.subject,
        "value": draft.text,
        "unit": draft.unit,
        "least": draft.least,
        "most": draft.most,
        "method": draft.method,
        "instrument": draft.instrument,
        "operator": draft.operator,
        "measured_at": draft.measured_at,
        "reason": draft.reason,
        "source": source,
        "replaces": replaces,
        "recorded_at": now,
        "actor": actor,
    }


def _not_retracted() -> Any:
    taken_back = select(RetractionRow.event_key).where(RetractionRow.tenant_id == EntryRow.tenant_id)
    return EntryRow.event_key.is_(None) | EntryRow.event_key.not_in(taken_back)


_ORDER: Final = {item_id: place for place, item_id in enumerate(BY_ID)}
