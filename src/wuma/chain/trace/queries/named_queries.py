"""Named queries: a definition in JSON, kept under a name of the brand's (EPCIS 2.0, section 8.2.5).

A definition is read as it will be when it is asked, before it is kept: what has a name can be asked. A name
stands for one definition for as long as there is one; to change it, delete it and name another.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.queries.exceptions import (
    NoSuchNameException,
    QueryParameterException,
    QueryValidationException,
    ResourceAlreadyExistsException,
    ValidationException,
)
from wuma.chain.trace.queries.parameters import Asked, Query, read_query
from wuma.chain.trace.queries.query import understood
from wuma.kernel.errors import FieldError

QUERIES_MAX: Final = 1_000
"""Of one brand: subscriptions are matched against all of them."""
DEFINITION_BYTES_MAX: Final = 256 * 1024  # 200 values of 1,000 characters, and some
RESERVED: Final = frozenset({"SimpleEventQuery", "SimpleMasterDataQuery"})
"""The queries that the standard itself has named."""

_NAME: Final = re.compile(r"[^\s/?#\x00-\x1f\x7f](?:[^/?#\x00-\x1f\x7f]{0,98}[^\s/?#\x00-\x1f\x7f])?")


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query that has a name."""

    name: str
    definition: Mapping[str, Any]
    """The parameters as they were given, in JSON."""
    prefixes: Mapping[str, str]
    created_at: datetime

    def asked(self) -> Asked:
        """Return the parameters, each with its values."""
        return asked_in_json(self.definition, [])

    def query(self) -> Query:
        """Return what is asked for."""
        return understood(self.asked(), self.prefixes)


def name_query(
    session: Session, tenant_id: int, body: bytes, prefixes: Mapping[str, str], *, actor: str, now: datetime
) -> NamedQuery:
    """Keep a query under its name.

    Args:
        session: in the scope of the tenant.
        tenant_id: whose name it is.
        body: ``{"name": …, "query": {…}}``.
        prefixes: what prefixes of extension fields stand for, beside those of the definition's ``@context``.
        actor: who names it.
        now: when.

    Raises:
        ValidationException: the body is not such a definition.
        QueryParameterException: naming every parameter that cannot be used.
        ResourceAlreadyExistsException: the name stands for a query already, perhaps for this one.
    """
    named = _read(body, prefixes, now)
    session.execute(_ONE_AT_A_TIME, {"tenant_id": tenant_id})
    if (session.scalar(_COUNT, {"tenant_id": tenant_id}) or 0) >= QUERIES_MAX:
        fault = FieldError("/name", f"at most {QUERIES_MAX} named queries", "one more")
        raise QueryValidationException("There are too many named queries: delete one.", [fault])
    added = session.execute(
        _ADD,
        {
            "tenant_id": tenant_id,
            "name": named.name,
            "definition": msgspec.json.encode(named.definition).decode(),
            "prefixes": msgspec.json.encode(named.prefixes).decode(),
            "now": now,
            "actor": actor,
        },
    ).one_or_none()
    if added is None:
        raise ResourceAlreadyExistsException(f"The query {named.name!r} exists. Delete it to define another.")
    return named


def named_query(session: Session, tenant_id: int, name: str) -> NamedQuery:
    """Return a query by its name.

    Raises:
        NoSuchNameException: there is none.
    """
    row = None
    if _NAME.fullmatch(name):
        row = session.execute(_FIND, {"tenant_id": tenant_id, "name": name}).one_or_none()
    if row is None:
        raise no_query(name)
    return _of_row(row)


def no_query(name: str) -> NoSuchNameException:
    """Return the refusal for a name that stands for nothing, or for nothing that the asker sees."""
    return NoSuchNameException(f"Query {name[:100]!r}: there is none.")


def named_queries(
    session: Session, tenant_id: int, *, after: str | None, limit: int, only: Collection[str] | None = None
) -> list[NamedQuery]:
    """Return queries in the order of their names, those after a name; `only` some, where it says so."""
    values: dict[str, Any] = {"tenant_id": tenant_id, "after": after or "", "limit": limit}
    values["only"] = None if only is None else sorted(only)
    return [_of_row(row) for row in session.execute(_LIST, values)]


def delete_query(session: Session, tenant_id: int, name: str) -> None:
    """Take a name from its query; whatever subscribes to it goes with it.

    Raises:
        NoSuchNameException: there is none.
    """
    named_query(session, tenant_id, name)
    if session.execute(_DELETE, {"tenant_id": tenant_id, "name": name}).one_or_none() is None:
        raise no_query(name)


def _of_row(row: Any) -> NamedQuery:
    return NamedQuery(row.name, row.definition, row.prefixes, row.created_at)


def _read(body: bytes, prefixes: Mapping[str, str], now: datetime) -> NamedQuery:
    if len(body) > DEFINITION_BYTES_MAX:
        fault = FieldError("", f"at most {DEFINITION_BYTES_MAX} bytes", f"{len(body)} bytes")
        raise ValidationException("The definition of the query.", [fault])
    try:
        said = msgspec.json.decode(body)
        has_nul = b"\\u0000" in msgspec.json.encode(said)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValidationException("The body.", [FieldError("", "JSON", str(error)[:80])]) from None
    if not isinstance(said, dict):
        raise ValidationException("The body.", [FieldError("", "an object", type(said).__name__)])
    faults: list[FieldError] = []
    name = said.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in RESERVED:
        expected = "1 to 100 characters without / ? #, and no name of the standard's own"
        faults.append(FieldError("/name", expected, str(name)[:80]))
    definition = said.get("query")
    if not isinstance(definition, dict):
        faults.append(FieldError("/query", "an object of parameters", type(definition).__name__))
    faults += [
        FieldError(f"/{other[:40]}", "name and query", "another member")
        for other in said
        if other not in ("name", "query")
    ]
    if has_nul:
        faults.append(FieldError("/query", "texts without NUL characters", "one"))
    if faults or not isinstance(definition, dict):
        raise ValidationException("The definition of the query.", faults)
    asked = asked_in_json(definition, faults)
    known = {**prefixes, **_prefixes_of(definition.get("@context"))}
    faults += read_query(asked, known)[1]
    if faults:
        # In a body, a parameter stands under /query.
        moved = [FieldError(f"/{fault.at.lstrip('/')}", fault.expected, fault.got) for fault in faults]
        raise QueryParameterException(f"{len(faults)} parameter(s) cannot be used.", moved)
    return NamedQuery(str(name), definition, known, now)


def asked_in_json(definition: Mapping[str, Any], faults: list[FieldError]) -> Asked:
    """Return the parameters of a definition in JSON, each with its values as texts.

    >>> asked_in_json({"EQ_bizStep": ["shipping"], "GE_quantity": 5, "EXISTS_ilmd": None}, [])
    {'EQ_bizStep': ['shipping'], 'GE_quantity': ['5'], 'EXISTS_ilmd': ['true']}
    """
    asked: dict[str, list[str]] = {}
    for name, value in definition.items():
        if name == "@context":
            continue
        is_void = name.startswith(("EXISTS_", "HASATTR_")) and not isinstance(value, list | dict | str)
        values = [True if is_void and value is not False else value]
        texts = [_text(one) for one in (value if isinstance(value, list) else values)]
        if None in texts:
            faults.append(FieldError(f"query/{name}", "a text, a number, or a list of them", str(value)[:80]))
        asked[name] = [one for one in texts if one is not None]
    return asked


def _text(value: Any) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int() | float():
            return str(value)
        case _:
            return None


def _prefixes_of(context: Any) -> dict[str, str]:
    parts: Sequence[Any] = context if isinstance(context, list) else [context]
    return {
        prefix: iri
        for part in parts
        if isinstance(part, dict)
        for prefix, iri in part.items()
        if isinstance(iri, str)
    }


_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('trace.named_query', :tenant_id))")
_COUNT = text("SELECT count(*) FROM trace.named_query WHERE tenant_id = :tenant_id")
_COLUMNS: Final = "name, definition, prefixes, created_at"
_ADD = text(
    "INSERT INTO trace.named_query (tenant_id, name, definition, prefixes, created_at, created_by)"
    " VALUES (:tenant_id, :name, CAST(:definition AS jsonb), CAST(:prefixes AS jsonb), :now, :actor)"
    " ON CONFLICT (tenant_id, name) DO NOTHING RETURNING 1"
)
_FIND = text(f"SELECT {_COLUMNS} FROM trace.named_query WHERE tenant_id = :tenant_id AND name = :name")
_LIST = text(
    f"SELECT {_COLUMNS} FROM trace.named_query WHERE tenant_id = :tenant_id AND name > :after"
    " AND (CAST(:only AS text[]) IS NULL OR name = ANY (:only)) ORDER BY name LIMIT :limit"
)
_DELETE = text("DELETE FROM trace.named_query WHERE tenant_id = :tenant_id AND name = :name RETURNING 1")
