"""Editions: what leads from an anchor, from when on, said by whom. The next one takes its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import asyncpg
import msgspec
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from wuma.kernel.errors import FieldError, InvalidInput, NotFound, Refusal
from wuma.support.links.anchors import Anchor
from wuma.support.links.link import LinkDraft, merged, refuse_unfit

DESCRIPTION_CHARACTERS_MAX: Final = 200

_decode: Final = msgspec.json.Decoder(list[LinkDraft]).decode
_encode: Final = msgspec.json.Encoder().encode


class KeyTaken(Refusal):
    """This key is taken."""

    slug = "key-taken"


class OneToCome(Refusal):
    """Another edition is scheduled; withdraw it, or write the next one whole."""

    slug = "one-to-come"


class InEffect(Refusal):
    """It is in effect already; write the next edition instead."""

    slug = "in-effect"


class ChangedMeanwhile(Refusal):
    """It has been changed since you read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "changed-meanwhile"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDraft:
    """What is said of an anchor, and why; `effective_at` None means at once."""

    description: str
    links: Sequence[LinkDraft]
    reason: str = ""
    effective_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """All links of an anchor from a time on."""

    anchor: str
    number: int
    tenant_id: int
    description: str
    links: tuple[LinkDraft, ...]
    reason: str
    actor: str
    written_at: datetime
    effective_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class Author:
    """Who says it, for whom, when."""

    tenant_id: int
    actor: str
    now: datetime


def write(session: Session, author: Author, anchor: Anchor, draft: EditionDraft, *, version: int) -> Edition:
    """Write the next edition of an anchor. `version` is the latest number its author has seen, or 0.

    Raises:
        InvalidInput: a link is not fit, or the time lies in the past.
        KeyTaken: another tenant speaks for this key.
        ChangedMeanwhile: there is a later edition than `version`.
    """
    if draft.effective_at is not None and draft.effective_at < author.now:
        fault = FieldError(
            "/effective_at", f"not before {author.now:%Y-%m-%d %H:%M}Z", str(draft.effective_at)
        )
        raise InvalidInput("When it comes into effect.", [fault])
    refuse_unfit(draft.links, hosts(session, author.tenant_id), is_key=anchor.is_key)
    _claim(session, author, anchor)
    latest = _latest_number(session, anchor)
    if latest != version:
        raise ChangedMeanwhile(
            f"{anchor.path} is at edition {latest}; this change was made on {version}.", version=latest
        )
    return _append(
        session, author, anchor, draft, latest + 1, draft.effective_at or _at_once(session, author, anchor)
    )


def merge(session: Session, author: Author, anchor: Anchor, draft: EditionDraft) -> Edition | None:
    """Add links to the latest edition of an anchor, or replace those that are meant for the same.

    Nothing else is lost, and what changes nothing writes nothing: then None is returned.

    Raises:
        InvalidInput, KeyTaken: as `write`.
        OneToCome: a scheduled edition would take the place of what is merged now.
    """
    _claim(session, author, anchor)
    effective_at = draft.effective_at or _at_once(session, author, anchor)
    present = in_effect(session, [anchor.path], effective_at).get(anchor.path)
    to_come = session.scalar(
        text(
            "SELECT min(effective_at) FROM links.edition WHERE anchor = :anchor AND withdrawn_at IS NULL"
            " AND effective_at > :at"
        ),
        {"anchor": anchor.path, "at": effective_at},
    )
    if to_come is not None:
        raise OneToCome(f"{anchor.path}: an edition comes at {to_come:%Y-%m-%d %H:%M}Z and would undo this.")
    links = merged(present.links if present else (), draft.links)
    description = draft.description or (present.description if present else "")
    if present and (present.description, list(present.links)) == (description, links):
        return None
    refuse_unfit(links, hosts(session, author.tenant_id), is_key=anchor.is_key)
    whole = EditionDraft(description=description, links=links, reason=draft.reason)
    return _append(session, author, anchor, whole, _latest_number(session, anchor) + 1, effective_at)


def move(session: Session, author: Author, source: Anchor, target: Anchor, *, reason: str) -> None:
    """Let the links of one anchor be said of another from now on, those to come included.

    What the target has keeps its place among them. The source is left without links, and with its history.

    Raises:
        KeyTaken: another tenant speaks for one of the keys.
    """
    for anchor in sorted((source, target)):  # two that move to and fro wait for each other
        _claim(session, author, anchor)
    present = in_effect(session, [source.path, target.path], _at_once(session, author, source))
    there = present.get(target.path)
    if (here := present.get(source.path)) and here.links:
        whole = EditionDraft(
            description=(there and there.description) or here.description,
            links=merged(here.links, there.links if there else ()),
            reason=reason,
        )
        emptied = EditionDraft(description=here.description, links=(), reason=reason)
        for anchor, draft in ((target, whole), (source, emptied)):
            at_once = _at_once(session, author, anchor)
            _append(session, author, anchor, draft, _latest_number(session, anchor) + 1, at_once)
    to_come = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM links.edition WHERE anchor = :anchor AND withdrawn_at IS NULL"
            " AND effective_at > greatest(:now, clock_timestamp()) ORDER BY number"
        ),
        {"anchor": source.path, "now": author.now},
    )
    for row in to_come.all():
        withdrawn = withdraw(session, author, source, row.number)
        draft = EditionDraft(description=withdrawn.description, links=withdrawn.links, reason=reason)
        number = _latest_number(session, target) + 1
        _append(session, author, target, draft, number, withdrawn.effective_at)


def withdraw(session: Session, author: Author, anchor: Anchor, number: int) -> Edition:
    """Take back an edition that is not yet in effect.

    Raises:
        NotFound: there is none with this number.
        InEffect: too late.
    """
    done = session.execute(
        text(
            "UPDATE links.edition SET withdrawn_at = :now WHERE anchor = :anchor AND number = :number"
            " AND tenant_id = :tenant AND effective_at > :now AND withdrawn_at IS NULL RETURNING 1"
        ),
        {"now": author.now, "anchor": anchor.path, "number": number, "tenant": author.tenant_id},
    ).one_or_none()
    found = edition(session, anchor, number)
    if done is None and found.withdrawn_at is None:
        raise InEffect(
            f"Edition {number} of {anchor.path} came into effect at {found.effective_at:%F %H:%M}Z."
        )
    return found


def edition(session: Session, anchor: Anchor, number: int) -> Edition:
    """Return one edition."""
    row = session.execute(
        text(f"SELECT {_COLUMNS} FROM links.edition WHERE anchor = :anchor AND number = :number"),
        {"anchor": anchor.path, "number": number},
    ).one_or_none()
    if row is None:
        raise NotFound(f"Edition {number} of {anchor.path}: there is none.")
    return _edition(row)


def history(session: Session, tenant_id: int, anchor: Anchor) -> list[Edition]:
    """Return the editions of an anchor, the latest first; those to come and those withdrawn, too."""
    rows = session.execute(
        text(
            f"SELECT {_COLUMNS} FROM links.edition WHERE anchor = :anchor AND tenant_id = :tenant"
            " ORDER BY number DESC LIMIT 200"
        ),
        {"anchor": anchor.path, "tenant": tenant_id},
    )
    editions = [_edition(row) for row in rows]
    if not editions:
        raise NotFound(f"{anchor.path}: no links are kept there.")
    return editions


def in_effect(session: Session, anchors: Sequence[str], at: datetime) -> dict[str, Edition]:
    """Return the edition in effect of each anchor that has one."""
    rows = session.execute(_EDITIONS_IN_EFFECT, {"anchors": list(anchors), "at": at})
    return {row.anchor: _edition(row) for row in rows}


def find(
    session: Session, tenant_id: int, *, q: str | None, after: str | None, limit: int, at: datetime
) -> list[Edition]:
    """Return the edition in effect (or else the next to come) of up to `limit` anchors after one, by path.

    `q` is a part of the anchor or of the description.
    """
    rows = session.execute(
        text(
            f"SELECT DISTINCT ON (anchor) {_COLUMNS} FROM links.edition"
            " WHERE tenant_id = :tenant AND withdrawn_at IS NULL AND anchor > :after"
            " AND (:q = '' OR strpos(anchor, :q) > 0 OR strpos(lower(description), lower(:q)) > 0)"
            " ORDER BY anchor, effective_at <= :at DESC,"
            " CASE WHEN effective_at <= :at THEN number END DESC, effective_at, number LIMIT :limit"
        ),
        {"tenant": tenant_id, "after": after or "", "q": q or "", "at": at, "limit": limit},
    )
    return [_edition(row) for row in rows]


async def links_in_effect(
    connection: asyncpg.Connection, asked: Sequence[tuple[str, datetime]]
) -> list[tuple[str, list[LinkDraft]] | None]:
    """Return description and links that are in effect at each (anchor, time); None where there are none.

    The read behind every request to a resolver: one statement for all levels of many requests.
    """
    found: list[tuple[str, list[LinkDraft]] | None] = [None] * len(asked)
    anchors, times = [anchor for anchor, _ in asked], [at for _, at in asked]
    for row in await connection.fetch(_LINKS_IN_EFFECT, anchors, times):
        found[row["place"] - 1] = row["description"], _decode(row["links"])
    return found


# ---- hosts ---------------------------------------------------------------------------------------------


class HostInUse(Refusal):
    """Links lead to this host."""

    slug = "host-in-use"


def hosts(session: Session, tenant_id: int) -> list[str]:
    """Return the hosts to which links of a tenant may lead; none of them goes away until the commit."""
    session.execute(_HOLD_HOSTS.bindparams(tenant=tenant_id))
    found = session.scalars(
        text("SELECT host FROM links.host WHERE tenant_id = :tenant ORDER BY host"), {"tenant": tenant_id}
    )
    return list(found)


def allow_host(session: Session, author: Author, host: str) -> None:
    """Let links of a tenant lead to a host; a second time changes nothing."""
    session.execute(
        text(
            "INSERT INTO links.host (tenant_id, host, added_by, added_at)"
            " VALUES (:tenant, :host, :actor, :now) ON CONFLICT DO NOTHING"
        ),
        {"tenant": author.tenant_id, "host": host, "actor": author.actor, "now": author.now},
    )


def disallow_host(session: Session, author: Author, host: str) -> None:
    """Take back a host that no link leads to, now or later.

    Raises:
        NotFound: the tenant has not named it.
        HostInUse: some link, in effect or scheduled, leads there.
    """
    session.execute(_HOLD_HOSTS_ALONE.bindparams(tenant=author.tenant_id))
    gone = session.execute(
        text("DELETE FROM links.host WHERE tenant_id = :tenant AND host = :host RETURNING 1"),
        {"tenant": author.tenant_id, "host": host},
    ).one_or_none()
    if gone is None:
        raise NotFound(f"{host}: it is not among your hosts.")
    left = frozenset(hosts(session, author.tenant_id))
    for row in session.execute(_ALIVE, {"tenant": author.tenant_id, "at": author.now}):
        try:
            refuse_unfit(_decode(row.links), left, is_key=False)
        except InvalidInput:
            raise HostInUse(f"Links of {row.anchor} lead to {host}; change them first.") from None


# ---- rows ----------------------------------------------------------------------------------------------

_COLUMNS: Final = (
    "anchor, number, tenant_id, description, links::text AS links, reason, actor, written_at, effective_at,"
    " withdrawn_at"
)
_LATEST: Final = (
    "CROSS JOIN LATERAL (SELECT * FROM links.edition e WHERE e.anchor = asked.path"
    " AND e.effective_at <= asked.at AND e.withdrawn_at IS NULL"
    " ORDER BY e.effective_at DESC, e.number DESC LIMIT 1) AS latest"
)
_EDITIONS_IN_EFFECT: Final = text(
    f"SELECT {_COLUMNS} FROM (SELECT path, CAST(:at AS timestamptz) AS at"
    f" FROM unnest(CAST(:anchors AS text[])) AS path) AS asked {_LATEST}"
)
_LINKS_IN_EFFECT: Final = (
    "SELECT asked.place, latest.description, latest.links::text AS links"
    f" FROM unnest($1::text[], $2::timestamptz[]) WITH ORDINALITY AS asked (path, at, place) {_LATEST}"
)
_HOLD_HOSTS: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('links.host', :tenant))")
_HOLD_HOSTS_ALONE: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('links.host', :tenant))")
_ALIVE: Final = text(
    "SELECT e.anchor, e.links::text AS links FROM links.edition e WHERE e.tenant_id = :tenant"
    " AND e.withdrawn_at IS NULL AND NOT EXISTS (SELECT FROM links.edition later"
    " WHERE later.anchor = e.anchor AND later.withdrawn_at IS NULL AND later.effective_at <= :at"
    " AND (later.effective_at, later.number) > (e.effective_at, e.number))"
)
"""What is in effect, and what will be."""


def _claim(session: Session, author: Author, anchor: Anchor) -> None:
    """Make a key the tenant's, and hold it: two changes of what is said of one key come one by one."""
    session.execute(
        text(
            "INSERT INTO links.key (key, tenant_id, claimed_at) VALUES (:key, :tenant, :now)"
            " ON CONFLICT DO NOTHING"
        ),
        {"key": anchor.key, "tenant": author.tenant_id, "now": author.now},
    )
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 50))"), {"key": anchor.key})
    owner = session.scalar(text("SELECT tenant_id FROM links.key WHERE key = :key"), {"key": anchor.key})
    if owner != author.tenant_id:  # nothing is seen of another tenant's row
        raise KeyTaken(f"{anchor.key}: somebody else says already where it leads.")


def _latest_number(session: Session, anchor: Anchor) -> int:
    return (
        session.scalar(
            text("SELECT max(number) FROM links.edition WHERE anchor = :anchor"), {"anchor": anchor.path}
        )
        or 0
    )


def _at_once(session: Session, author: Author, anchor: Anchor) -> datetime:
    """Return now, but not before what came into effect while this request waited for its turn."""
    before = session.scalar(
        text(
            "SELECT max(effective_at) FROM links.edition WHERE anchor = :anchor AND withdrawn_at IS NULL"
            " AND effective_at <= greatest(:now, clock_timestamp())"
        ),
        {"anchor": anchor.path, "now": author.now},
    )
    return author.now if before is None else max(author.now, before)


def _append(
    session: Session,
    author: Author,
    anchor: Anchor,
    draft: EditionDraft,
    number: int,
    effective_at: datetime,
) -> Edition:
    row = session.execute(
        text(
            "INSERT INTO links.edition (anchor, number, tenant_id, key, effective_at, description, links,"
            " reason, actor, written_at)"
            " VALUES (:anchor, :number, :tenant, :key, :effective_at, :description,"
            f" CAST(:links AS jsonb), :reason, :actor, :now) RETURNING {_COLUMNS}"
        ),
        {
            "anchor": anchor.path,
            "number": number,
            "tenant": author.tenant_id,
            "key": anchor.key,
            "effective_at": effective_at,
            "description": draft.description,
            "links": _encode(draft.links).decode(),
            "reason": draft.reason,
            "actor": author.actor,
            "now": author.now,
        },
    ).one()
    return _edition(row)


def _edition(row: Row[Any]) -> Edition:
    return Edition(
        anchor=row.anchor,
        number=row.number,
        tenant_id=row.tenant_id,
        description=row.description,
        links=tuple(_decode(row.links)),
        reason=row.reason,
        actor=row.actor,
        written_at=row.written_at,
        effective_at=row.effective_at,
        withdrawn_at=row.withdrawn_at,
    )
