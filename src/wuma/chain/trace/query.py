"""SimpleEventQuery (EPCIS 2.0, section 8.2.7.1), as far as this repository answers it yet.

One entry for each parameter of the standard: read it beside the standard and tick. What is not here is
refused by name, never ignored: an ignored filter gives wrong answers that look right.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.capture import ACTIONS, TYPES, name_key
from wuma.chain.trace.postings import Role, touches_of
from wuma.chain.trace.things import Things
from wuma.chain.trace.timeline import Event, read_events
from wuma.chain.trace.vocabulary import Action, EventType, bare_word
from wuma.kernel.errors import FieldError, InvalidInput
from wuma.kernel.http.paging import read_cursor, write_cursor
from wuma.kernel.keys import Keyring
from wuma_gs1.cbv import BizStep, Disposition

PER_PAGE: Final = 30
PER_PAGE_MAX: Final = 1_000
VALUES_MAX: Final = 200
"""Values of one parameter, separated by pipes."""


class QueryParameterException(InvalidInput):
    """A query parameter is wrong, or not supported here."""

    status = HTTPStatus.BAD_REQUEST

    @property
    def type_uri(self) -> str:
        """The name the standard gives this problem."""
        return "epcisException:QueryParameterException"


@dataclass(slots=True)
class _Asked:
    """A query on its way from parameters to SQL."""

    session: Session
    tenant_id: int
    keyring: Keyring
    clauses: list[str] = field(default_factory=lambda: ["tenant_id = :tenant_id"])
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, clause: str, value: Any) -> None:
        """Add a condition on one value, which the clause calls ``:value``."""
        name = f"v{len(self.values)}"
        self.clauses.append(clause.replace(":value", f":{name}"))
        self.values[name] = value


@dataclass(frozen=True, slots=True)
class EventPage:
    """Some events, the latest first, and where to go on."""

    events: list[Event]
    next_page_token: str | None


def query_events(
    session: Session, keyring: Keyring, tenant_id: int, parameters: Mapping[str, str]
) -> EventPage:
    """Answer a query; `parameters` as they stand in the URL.

    Raises:
        QueryParameterException: naming every parameter that is wrong or not supported.
    """
    asked = _Asked(session, tenant_id, keyring)
    faults: list[FieldError] = []
    for name, value in parameters.items():
        if name in {"perPage", "nextPageToken"}:
            continue
        apply = PARAMETERS.get(name)
        if apply is None:
            faults.append(FieldError(f"query/{name}", f"one of {', '.join(PARAMETERS)}", name))
            continue
        fault = apply(asked, value)
        if fault is not None:
            faults.append(FieldError(f"query/{name}", fault, value[:80]))
    limit = _per_page(parameters.get("perPage"), faults)
    if faults:
        raise QueryParameterException(f"{len(faults)} parameter(s) cannot be used.", faults)
    if token := parameters.get("nextPageToken"):
        at, event_id = read_cursor(token, datetime, int)
        asked.clauses.append("(at, id) < (:token_at, :token_id)")
        asked.values |= {"token_at": at, "token_id": event_id}
    rows = session.execute(
        text(
            f"SELECT id, at FROM trace.event WHERE {' AND '.join(asked.clauses)}"
            " ORDER BY at DESC, id DESC LIMIT :limit"
        ),
        {**asked.values, "tenant_id": tenant_id, "limit": limit + 1},
    ).all()
    events = read_events(session, tenant_id, [row.id for row in rows[:limit]])
    last = rows[limit - 1] if len(rows) > limit else None
    return EventPage(
        [events[row.id] for row in rows[:limit]], None if last is None else write_cursor([last.at, last.id])
    )


def _per_page(value: str | None, faults: list[FieldError]) -> int:
    if value is None:
        return PER_PAGE
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value) <= PER_PAGE_MAX:
        faults.append(FieldError("query/perPage", f"1 to {PER_PAGE_MAX}", value[:80]))
        return PER_PAGE
    return int(value)


Apply = Callable[[_Asked, str], str | None]
"""Adds a parameter to the query, or says what was expected instead."""


def _words(clause: str, read: Callable[[str], Any], expected: str) -> Apply:
    def apply(asked: _Asked, value: str) -> str | None:
        values = [read(one) for one in _split(value)]
        if not values or len(values) > VALUES_MAX or any(one is None for one in values):
            return expected
        asked.add(clause, values)
        return None

    return apply


def _instant(clause: str) -> Apply:
    def apply(asked: _Asked, value: str) -> str | None:
        try:
            at = datetime.fromisoformat(value.replace(" ", "+"))  # a plus that the URL turned into a space
        except ValueError:
            return "an instant with an offset (RFC 3339)"
        if at.tzinfo is None:
            return "an instant with an offset (RFC 3339)"
        asked.add(clause, at.astimezone(UTC))
        return None

    return apply


def _matching(*roles: Role) -> Apply:
    def apply(asked: _Asked, value: str) -> str | None:
        names = _split(value)
        if not names or len(names) > VALUES_MAX:
            return f"1 to {VALUES_MAX} URIs, separated by |"
        numbers = Things(asked.session, asked.keyring, asked.tenant_id).find(names)
        touches = touches_of(asked.session, asked.tenant_id, sorted(set(numbers.values()))) if numbers else []
        asked.add("id = ANY (:value)", [one.event_id for one in touches if one.role in roles])
        return None

    return apply


def _split(value: str) -> Sequence[str]:
    return [one for one in value.split("|") if one]


def _type(name: str) -> int | None:
    return TYPES.get(EventType(name)) if name in EventType.__members__.values() else None


def _action(name: str) -> int | None:
    return ACTIONS.get(Action(name)) if name in Action.__members__.values() else None


PARAMETERS: Final[dict[str, Apply]] = {
    "eventType": _words("type = ANY (:value)", _type, " | ".join(EventType)),
    "GE_eventTime": _instant("at >= :value"),
    "LT_eventTime": _instant("at < :value"),
    "GE_recordTime": _instant("captured_at >= :value"),
    "LT_recordTime": _instant("captured_at < :value"),
    "EQ_action": _words("action = ANY (:value)", _action, " | ".join(Action)),
    "EQ_bizStep": _words("biz_step = ANY (:value)", lambda word: bare_word(word, BizStep), "business steps"),
    "EQ_disposition": _words(
        "disposition = ANY (:value)", lambda word: bare_word(word, Disposition), "dispositions"
    ),
    "EQ_eventID": _words("named = ANY (:value)", name_key, "URIs"),
    "MATCH_epc": _matching(Role.OBSERVED, Role.CHILD),
    "MATCH_parentID": _matching(Role.PARENT),
    "MATCH_inputEPC": _matching(Role.INPUT),
    "MATCH_outputEPC": _matching(Role.OUTPUT),
    "MATCH_anyEPC": _matching(Role.OBSERVED, Role.CHILD, Role.PARENT, Role.INPUT, Role.OUTPUT),
    "MATCH_anyEPCClass": _matching(Role.CLASS),
}
