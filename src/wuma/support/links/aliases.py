"""Numbers of other systems for the same items: Ecode (GB/T 31866) and Handle (IDIS, 88.…).

A brand that has printed such numbers registers their common beginning; what follows it is the serial of a
key: `/88.100.1/A1` is `/01/06901234567892/21/A1`. None is registered at first, so the paths are nobody's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.kernel.errors import AlreadyExists, FieldError, InvalidInput, NotFound
from wuma.support.links.editions import Author
from wuma_gs1.application_identifiers import AIS


class Scheme(StrEnum):
    """A numbering system."""

    ECODE = "ecode"
    """物品编码 of GB/T 31866; a resolver meets it as `/ecode/` and its digits."""
    HANDLE = "handle"
    """An identifier of the industrial Internet (IDIS): a prefix under 88, `/`, and what the owner likes."""


_PREFIXES: Final = {
    Scheme.ECODE: (re.compile(r"/ecode/[A-Za-z0-9]{4,60}"), "/ecode/ and the digits all have in common"),
    Scheme.HANDLE: (
        re.compile(r"/88(\.[0-9]{1,12}){1,6}/[A-Za-z0-9._-]{0,60}"),
        "/88.100.1/ and what follows",
    ),
}
_REST: Final = re.compile(r"[A-Za-z0-9._~%!*'()-]{1,60}")


class Alias(NamedTuple):
    """A beginning, and whose serials follow it."""

    prefix: str
    tenant_id: int
    scheme: Scheme
    key: str
    """`/01/06901234567892`"""
    qualifier: str
    """The AI of what follows: 21."""


def register(session: Session, author: Author, alias: Alias) -> None:
    """Register an alias. `session` sees the whole platform: a prefix must not begin with another brand's.

    Raises:
        InvalidInput: the prefix is none of its scheme, or the key takes no such qualifier.
        AlreadyExists: the prefix, or one that begins it or that it begins, is registered.
    """
    pattern, expected = _PREFIXES[alias.scheme]
    if not pattern.fullmatch(alias.prefix):
        raise InvalidInput("The prefix.", [FieldError("/prefix", expected, alias.prefix[:120])])
    ai = alias.key.split("/")[1]
    ways = AIS[ai].path or ()
    if not any(alias.qualifier in way for way in ways):
        expected = "a qualifier of the key: " + ", ".join(sorted({one for way in ways for one in way}))
        raise InvalidInput("The qualifier.", [FieldError("/qualifier", expected, alias.qualifier[:20])])
    session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('links.alias', 0))"))
    overlapping = session.scalar(
        text("SELECT prefix FROM links.alias WHERE starts_with(prefix, :one) OR starts_with(:one, prefix)"),
        {"one": alias.prefix},
    )
    if overlapping is not None:
        raise AlreadyExists(f"{alias.prefix}: {overlapping} is registered.")
    session.execute(
        text(
            "INSERT INTO links.alias (prefix, tenant_id, scheme, key, qualifier, added_by, added_at)"
            " VALUES (:prefix, :tenant, :scheme, :key, :qualifier, :actor, :now)"
        ),
        {
            "prefix": alias.prefix,
            "tenant": author.tenant_id,
            "scheme": alias.scheme,
            "key": alias.key,
            "qualifier": alias.qualifier,
            "actor": author.actor,
            "now": author.now,
        },
    )


def remove(session: Session, prefix: str) -> None:
    """Remove an alias; numbers that begin so are nobody's again."""
    gone = session.execute(
        text("DELETE FROM links.alias WHERE prefix = :prefix RETURNING 1"), {"prefix": prefix}
    ).one_or_none()
    if gone is None:
        raise NotFound(f"{prefix}: no such alias.")


def aliases(session: Session, tenant_id: int | None = None) -> list[Alias]:
    """Return the aliases of a tenant, or all that the session may see."""
    rows = session.execute(
        text(
            "SELECT prefix, tenant_id, scheme, key, qualifier FROM links.alias"
            " WHERE CAST(:tenant AS bigint) IS NULL OR tenant_id = :tenant ORDER BY prefix"
        ),
        {"tenant": tenant_id},
    )
    return [Alias(row.prefix, row.tenant_id, Scheme(row.scheme), row.key, row.qualifier) for row in rows]


@dataclass(slots=True)
class AliasDirectory:
    """The aliases of all tenants, in memory; there are few, and no scan may wait for them."""

    _by_prefix: dict[str, Alias]

    def __init__(self) -> None:
        self._by_prefix = {}

    def refresh(self, session: Session) -> None:
        """Read them anew. `session` sees the whole platform."""
        self._by_prefix = {alias.prefix: alias for alias in aliases(session)}

    def meant_by(self, path: str) -> str | None:
        """Return the path of the Digital Link that a path stands for; None when it is no alias.

        >>> directory = AliasDirectory()
        >>> directory._by_prefix["/88.100.1/"] = Alias(
        ...     "/88.100.1/", 1, Scheme.HANDLE, "/01/06901234567892", "21"
        ... )
        >>> directory.meant_by("/88.100.1/A1"), directory.meant_by("/88.100.2/A1")
        ('/01/06901234567892/21/A1', None)
        """
        for prefix, alias in self._by_prefix.items():
            rest = path.removeprefix(prefix)
            if rest != path and _REST.fullmatch(rest):
                return f"{alias.key}/{alias.qualifier}/{rest}"
        return None
