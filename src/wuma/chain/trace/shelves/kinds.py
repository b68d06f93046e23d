"""Kinds of events: type, action, business step and disposition, which are few, as one number."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from wuma.chain.trace.vocabulary import Action, EventType, bare_word
from wuma_gs1.cbv import BizStep, Disposition, Word

TYPES: Final = {type_: number for number, type_ in enumerate(EventType, 1)}
ACTIONS: Final = {action: number for number, action in enumerate(Action, 1)}
TYPE_OF: Final = {number: type_ for type_, number in TYPES.items()}
ACTION_OF: Final = {number: action for action, number in ACTIONS.items()}


class Kind(NamedTuple):
    """What an event is filed by; words of the CBV are bare, whichever way they were written."""

    type: EventType
    action: Action | None
    biz_step: str | None
    disposition: str | None

    @classmethod
    def of(cls, type_: EventType, action: Action | None, fields: Mapping[str, Any]) -> Kind:
        """Return the kind of an event."""
        return cls(
            type_,
            action,
            _word(fields.get("bizStep"), BizStep),
            _word(fields.get("disposition"), Disposition),
        )

    @property
    def digest(self) -> UUID:
        """What a kind is found by: words may be URIs of any length."""
        said = [TYPES[self.type], self.action and ACTIONS[self.action], self.biz_step, self.disposition]
        return UUID(bytes=hashlib.sha256(msgspec.json.encode(said)).digest()[:16])


def number_kinds(session: Session, tenant_id: int, kinds: Iterable[Kind]) -> dict[Kind, int]:
    """Give every kind its number; the caller lets one capture of a tenant go after the other."""
    wanted = {kind.digest: kind for kind in kinds}
    known = _known(session, tenant_id, wanted)
    if missing := [kind for digest, kind in wanted.items() if digest not in known]:
        session.execute(
            _ADD,
            [
                {
                    "tenant_id": tenant_id,
                    "digest": kind.digest,
                    "type": TYPES[kind.type],
                    "action": kind.action and ACTIONS[kind.action],
                    "biz_step": kind.biz_step,
                    "disposition": kind.disposition,
                }
                for kind in missing
            ],
        )
        known = _known(session, tenant_id, wanted)
    return {kind: known[digest] for digest, kind in wanted.items()}


def all_kinds(session: Session, tenant_id: int) -> dict[int, Kind]:
    """Return the kinds of events a tenant has, by number."""
    rows = session.execute(_ALL, {"tenant_id": tenant_id})
    return {row.id: _kind(row) for row in rows}


def kinds_numbered(session: Session, numbers: Collection[int]) -> dict[int, Kind]:
    """Return kinds by number. A number means one kind for ever, so what was read once is remembered."""
    found = {number: kind for number in numbers if (kind := _REMEMBERED.get(number)) is not None}
    if missing := [number for number in numbers if number not in found]:
        if len(_REMEMBERED) > KINDS_REMEMBERED_MAX:
            _REMEMBERED.clear()  # other threads have theirs in hand
        for row in session.execute(_NUMBERED, {"ids": missing}):
            found[row.id] = _REMEMBERED[row.id] = _kind(row)
    return found


KINDS_REMEMBERED_MAX: Final = 20_000
_REMEMBERED: Final[dict[int, Kind]] = {}


def _kind(row: Row[Any]) -> Kind:
    return Kind(TYPE_OF[row.type], ACTION_OF.get(row.action), row.biz_step, row.disposition)


def _known(session: Session, tenant_id: int, wanted: Mapping[UUID, Kind]) -> dict[UUID, int]:
    rows = session.execute(_FIND, {"tenant_id": tenant_id, "digests": list(wanted)})
    return {row.digest: row.id for row in rows}


def _word(term: Any, vocabulary: type[Word]) -> str | None:
    return None if term is None else bare_word(str(term), vocabulary)


_FIND = text("SELECT id, digest FROM trace.kind WHERE tenant_id = :tenant_id AND digest = ANY (:digests)")
_ALL = text("SELECT id, type, action, biz_step, disposition FROM trace.kind WHERE tenant_id = :tenant_id")
_NUMBERED = text("SELECT id, type, action, biz_step, disposition FROM trace.kind WHERE id = ANY (:ids)")
_ADD = text(
    "INSERT INTO trace.kind (tenant_id, digest, type, action, biz_step, disposition)"
    " VALUES (:tenant_id, :digest, :type, :action, :biz_step, :disposition)"
)
