"""A fact: what happened, told to whoever wants to know, in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self, get_type_hints

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

_INSERT = text(
    "INSERT INTO kernel.fact (tenant_id, name, body) VALUES (:tenant_id, :name, CAST(:body AS jsonb))"
)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """The base of all facts. Subclasses are frozen dataclasses under ``wuma.facts`` with a `name`."""

    name: ClassVar[str]
    tenant_id: int

    def body(self) -> bytes:
        """Return the fact as JSON, without the tenant, which has a column of its own."""
        members = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "tenant_id"
        }
        return msgspec.json.encode(members)

    @classmethod
    def read(cls, tenant_id: int, body: dict[str, Any]) -> Self:
        """Rebuild a fact from its row: fields it does not know are ignored, new ones need a default."""
        hints = get_type_hints(cls)
        members = {
            field.name: msgspec.convert(body[field.name], hints[field.name], strict=False)
            for field in fields(cls)
            if field.name in body
        }
        return cls(tenant_id=tenant_id, **members)


def publish(session: Session, *facts: Fact) -> None:
    """Tell facts; they become visible to subscribers when the caller's transaction commits."""
    if facts:
        session.execute(
            _INSERT,
            [
                {"tenant_id": fact.tenant_id, "name": fact.name, "body": fact.body().decode()}
                for fact in facts
            ],
        )


def telling(first: int) -> str:
    """Return SQL that tells facts as a part of a larger statement, where a round trip is worth the trouble.

    It takes the three columns of `columns_of`, as the parameters from number `first` on.
    """
    return (
        "INSERT INTO kernel.fact (tenant_id, name, body) SELECT tenant_id, name, body::jsonb"
        f" FROM unnest(${first}::bigint[], ${first + 1}::text[], ${first + 2}::text[])"
        " AS told (tenant_id, name, body)"
    )


def columns_of(facts: Sequence[Fact]) -> tuple[list[int], list[str], list[str]]:
    """Return facts as the columns that `telling` takes."""
    return (
        [fact.tenant_id for fact in facts],
        [fact.name for fact in facts],
        [fact.body().decode() for fact in facts],
    )
