"""Master data that EPCIS documents bring, and what queries ask of it (EPCIS 2.0, sections 6.5, 8.2.7.2, 9.4).

An element that is told anew takes the place of what was told of it before. What is in what comes from three
sources: the children that vocabularies name, extensions of a GLN, the stores that a dealer of ours supplies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.trace.documents.said import key
from wuma.chain.trace.queries.conditions import Attributed, Condition, Within, attributed, within_places
from wuma.chain.trace.queries.exceptions import QueryParameterException, QueryTooLargeException
from wuma.chain.trace.sights.sight import Sight
from wuma.chain.trace.vocabulary import bare_word
from wuma.kernel.errors import FieldError
from wuma.support.masterdata import facade as masterdata
from wuma_gs1.cbv import BizStep, Disposition

ELEMENTS_MAX: Final = 20_000
"""Elements of one query that are looked for among events."""
DEPTH_MAX: Final = 20
NAME_CHARACTERS_MAX: Final = 600  # an entry of an index holds 2,704 bytes


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a vocabulary, as it was told."""

    vocabulary: str
    name: str
    uri: str
    attributes: Sequence[Mapping[str, Any]]
    children: Sequence[str]


def take_in(session: Session, tenant_id: int, document: Any, *, at: datetime) -> int:
    """Keep the master data of a valid document, in the form of JSON; return how many elements there were.

    Args:
        session: in the scope of the tenant.
        tenant_id: whose.
        document: whole, or only what stands around its events; XML is read into the same form.
        at: when it was told: of two documents the later one holds.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for vocabulary in _vocabularies(document):
        type_ = str(vocabulary["type"])[:NAME_CHARACTERS_MAX]
        for element in vocabulary.get("vocabularyElementList", ()):
            name = name_of(element["id"])
            rows[type_, name] = {
                "tenant_id": tenant_id,
                "vocabulary": type_,
                "name": name,
                "uri": element["id"],
                "attributes": _stored(element.get("attributes", [])),
                "children": list(element.get("children", ())),
                "inside": [name_of(child) for child in element.get("children", ())],
                "at": at,
            }
    if rows:
        session.execute(_KEEP, [rows[place] for place in sorted(rows)])  # in order: no deadlocks
    return len(rows)


def _stored(attributes: Any) -> str:
    """Return attributes as the database takes them: JSON may hold a NUL, a text of PostgreSQL may not."""
    written = msgspec.json.encode(attributes).decode()
    if "\\u0000" in written:
        written = msgspec.json.encode(_without_nul(attributes)).decode()
    return written


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_without_nul(name): _without_nul(one) for name, one in value.items()}
        case list():
            return [_without_nul(one) for one in value]
        case _:
            return value


def _vocabularies(document: Any) -> Iterable[Mapping[str, Any]]:
    data = document.get("epcisHeader", {}).get("epcisMasterData", {}) if isinstance(document, dict) else {}
    found: Iterable[Mapping[str, Any]] = data.get("vocabularyList", ())
    return found


def name_of(uri: str) -> str:
    """Return the one spelling of an element: a place or thing by its key, a word of the CBV bare.

    >>> name_of("urn:epcglobal:cbv:bizstep:shipping"), name_of("urn:epc:id:sgln:0614141.00777.0")
    ('shipping', 'https://id.gs1.org/414/0614141007776')
    """
    for vocabulary in (BizStep, Disposition):
        word = bare_word(uri, vocabulary)
        if word != uri:
            return word
    return key(uri)[:NAME_CHARACTERS_MAX]


# -- what queries of events ask of it ----------------------------------------------------------------------


def resolved(
    session: Session, tenant_id: int, conditions: Iterable[Condition], sight: Sight
) -> list[Condition]:
    """Return conditions as they are meant, now that master data are at hand.

    Only whoever sees everything asks master data: what is in what, and what it is like, is not what a partner
    was shown. For a partner a place holds the extensions of its GLN, and nothing has attributes.
    """
    return [_resolved(session, tenant_id, condition, sight) for condition in conditions]


def _resolved(session: Session, tenant_id: int, condition: Condition, sight: Sight) -> Condition:
    match condition.asks:
        case Within(field, names) if sight.is_whole:
            return within_places(field, descendants(session, tenant_id, names))
        case Attributed(get, attribute, values):
            has = _having(session, tenant_id, attribute, values) if sight.is_whole else frozenset()
            return attributed(get, has)
        case _:
            return condition


def descendants(session: Session, tenant_id: int, names: Iterable[str]) -> frozenset[str]:
    """Return places and all that vocabularies and our partners say is in them, at any depth."""
    found = frozenset(map(name_of, names))
    newest, depth = found, 0
    while newest and depth < DEPTH_MAX:
        values = {"tenant_id": tenant_id, "names": sorted(newest)}
        children = set(session.scalars(_CHILDREN, values))
        children |= {f"{_GLN}{gln}" for gln in masterdata.glns_supplied(session, _glns(newest))}
        newest = frozenset(children - found)
        found, depth = found | newest, depth + 1
        if len(found) > ELEMENTS_MAX:
            fault = FieldError("query/WD_", f"at most {ELEMENTS_MAX} places in a place", "more")
            raise QueryTooLargeException("So many places cannot be looked for.", [fault])
    return found


_GLN: Final = "https://id.gs1.org/414/"


def _glns(names: Iterable[str]) -> list[str]:
    return sorted(name.removeprefix(_GLN) for name in names if name.startswith(_GLN))


def _having(session: Session, tenant_id: int, attribute: str | None, values: Sequence[str]) -> frozenset[str]:
    """Return elements that have one of the attributes, or the attribute with one of the values."""
    rows = session.execute(
        _HAVING if attribute is None else _EQUAL,
        {
            "tenant_id": tenant_id,
            "attribute": attribute,
            "values": list(values),
            "limit": ELEMENTS_MAX + 1,
        },
    ).all()
    if len(rows) > ELEMENTS_MAX:
        fault = FieldError("query/EQATTR_", f"at most {ELEMENTS_MAX} elements", "more")
        raise QueryTooLargeException("So many elements cannot be looked for.", [fault])
    return frozenset(row.name for row in rows)


# -- SimpleMasterDataQuery (section 8.2.7.2) ---------------------------------------------------------------


@dataclass(slots=True)
class MasterDataQuery:
    """A query of master data, read."""

    include_attributes: bool = True
    include_children: bool = True
    max_element_count: int | None = None
    vocabularies: list[str] | None = None
    names: list[str] | None = None
    within: list[str] | None = None
    has_attribute: list[str] | None = None
    attribute_names: list[str] | None = None
    equal: dict[str, list[str]] | None = None


def read_master_data_query(asked: Mapping[str, Sequence[str]]) -> MasterDataQuery:
    """Read the parameters of SimpleMasterDataQuery.

    Raises:
        QueryParameterException: naming every parameter that cannot be used.
    """
    query, faults = MasterDataQuery(), []
    lists = {
        "vocabularyName": "vocabularies",
        "EQ_name": "names",
        "WD_name": "within",
        "HASATTR": "has_attribute",
        "attributeNames": "attribute_names",
    }
    for name, values in asked.items():
        first = values[0] if len(values) == 1 else ""
        if name in lists and 1 <= len(values) <= 200:
            setattr(query, lists[name], list(values))
        elif name in {"includeAttributes", "includeChildren"} and first in {"true", "false"}:
            setattr(query, "include_" + name.removeprefix("include").lower(), first == "true")
        elif name == "maxElementCount" and first.isascii() and first.isdecimal() and 0 < int(first) < 2**31:
            query.max_element_count = int(first)
        elif name.startswith("EQATTR_") and len(name) > len("EQATTR_") and values:
            query.equal = {**(query.equal or {}), name.removeprefix("EQATTR_"): list(values)}
        else:
            expected = "a parameter of SimpleMasterDataQuery, with a value of its kind"
            faults.append(FieldError(f"query/{name}", expected, "|".join(values)[:80]))
    if query.attribute_names is not None and not query.include_attributes:
        faults.append(FieldError("query/attributeNames", "includeAttributes=true beside it", "false"))
    if faults:
        raise QueryParameterException(f"{len(faults)} parameter(s) cannot be used.", faults)
    return query


def elements(
    session: Session, tenant_id: int, query: MasterDataQuery, *, after: tuple[str, str] | None, limit: int
) -> list[Element]:
    """Return elements in the order of their vocabularies and names, those after one.

    Raises:
        QueryTooLargeException: there are more than `maxElementCount`.
    """
    clauses = ["tenant_id = :tenant_id"]
    values: dict[str, Any] = {"tenant_id": tenant_id}

    def narrow(clause: str, value: Any) -> None:
        place = f"v{len(values)}"
        clauses.append(clause.replace(":value", f":{place}"))
        values[place] = value

    if query.vocabularies is not None:
        narrow("vocabulary = ANY (:value)", query.vocabularies)
    if query.names is not None:
        narrow("name = ANY (:value)", [name_of(name) for name in query.names])
    if query.within is not None:
        narrow("name = ANY (:value)", sorted(descendants(session, tenant_id, query.within)))
    if query.has_attribute is not None:
        narrow(
            "EXISTS (SELECT FROM jsonb_array_elements(attributes) a WHERE a ->> 'id' = ANY (:value))",
            query.has_attribute,
        )
    for name, wanted in (query.equal or {}).items():
        narrow("EXISTS (SELECT FROM jsonb_array_elements(attributes) a WHERE a ->> 'id' = :value", name)
        clauses[-1] += f" AND a ->> 'attribute' = ANY (:w{len(values)}))"
        values[f"w{len(values)}"] = wanted
    where = " AND ".join(clauses)
    if query.max_element_count is not None and after is None:
        counting = text(
            f"SELECT count(*) FROM (SELECT FROM trace.vocabulary_element WHERE {where} LIMIT :n) s"
        )
        count = session.scalar(counting, {**values, "n": query.max_element_count + 1}) or 0
        if count > query.max_element_count:
            fault = FieldError("query/maxElementCount", f"at most {query.max_element_count} elements", "more")
            raise QueryTooLargeException("Narrow the query, or allow more elements.", [fault])
    if after is not None:
        where += " AND (vocabulary, name) > (:after_vocabulary, :after_name)"
        values |= {"after_vocabulary": after[0], "after_name": after[1]}
    rows = session.execute(
        text(
            "SELECT vocabulary, name, uri, attributes, children FROM trace.vocabulary_element"
            f" WHERE {where} ORDER BY vocabulary, name LIMIT :limit"
        ),
        {**values, "limit": limit},
    )
    return [Element(row.vocabulary, row.name, row.uri, row.attributes, row.children) for row in rows]


def told(found: Iterable[Element], query: MasterDataQuery) -> list[dict[str, Any]]:
    """Return elements as a vocabularyList."""
    lists: dict[str, list[dict[str, Any]]] = {}
    for element in found:
        one: dict[str, Any] = {"id": element.uri}
        if query.include_attributes:
            wanted = query.attribute_names
            one["attributes"] = [
                attribute for attribute in element.attributes if wanted is None or attribute["id"] in wanted
            ]
        if query.include_children and element.children:
            one["children"] = list(element.children)
        lists.setdefault(element.vocabulary, []).append(one)
    return [{"type": type_, "vocabularyElementList": some} for type_, some in lists.items()]


_KEEP = text(
    "INSERT INTO trace.vocabulary_element (tenant_id, vocabulary, name, uri, attributes, children, inside,"
    " told_at) VALUES (:tenant_id, :vocabulary, :name, :uri, CAST(:attributes AS jsonb), :children, :inside,"
    " :at)"
    " ON CONFLICT (tenant_id, vocabulary, name) DO UPDATE SET uri = excluded.uri,"
    " attributes = excluded.attributes, children = excluded.children, inside = excluded.inside,"
    " told_at = excluded.told_at"
    " WHERE vocabulary_element.told_at <= excluded.told_at"
)
_CHILDREN = text(
    "SELECT DISTINCT unnest(inside) FROM trace.vocabulary_element"
    " WHERE tenant_id = :tenant_id AND name = ANY (:names)"
)
_HAVING = text(
    "SELECT DISTINCT name FROM trace.vocabulary_element WHERE tenant_id = :tenant_id AND EXISTS ("
    "SELECT FROM jsonb_array_elements(attributes) a WHERE a ->> 'id' = ANY (:values)) LIMIT :limit"
)
_EQUAL = text(
    "SELECT DISTINCT name FROM trace.vocabulary_element WHERE tenant_id = :tenant_id AND EXISTS ("
    "SELECT FROM jsonb_array_elements(attributes) a WHERE a ->> 'id' = :attribute"
    " AND a ->> 'attribute' = ANY (:values)) LIMIT :limit"
)
