"""What an event is known by: its eventID, or all it says when it has none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec


def event_key(fields: Mapping[str, Any]) -> UUID:
    """Return what an event is known by: its eventID, or all it says but when we heard it.

    An error declaration carries the eventID of the event it takes back (EPCIS 2.0, section 7.4.1.3): it is
    another event, known by when the error was declared, too.
    """
    if "eventID" not in fields:
        told = {name: value for name, value in fields.items() if name != "recordTime"}
        return _digest(msgspec.json.encode(told, order="sorted"))
    declared = fields.get("errorDeclaration", {}).get("declarationTime")
    name = str(fields["eventID"]).encode()
    return _digest(name if declared is None else name + b"\0error\0" + str(declared).encode())


def name_of(fields: Mapping[str, Any], key: UUID) -> str:
    """Return the eventID of an event; one without is named by what it is known by."""
    return str(fields.get("eventID") or f"urn:uuid:{key}")


def name_key(event_id: str) -> UUID:
    """Return what an event is known by that has this eventID."""
    return _digest(event_id.encode())


def keys_named(event_id: str) -> list[UUID]:
    """Return what events may be known by that are named so: see `name_of`.

    >>> keys_named("urn:uuid:0f5a9c5e-7a59-4f5c-8c9a-1f0f3f2f1a2b")[1].hex[:8]
    '0f5a9c5e'
    """
    try:
        return [name_key(event_id), UUID(event_id)]
    except ValueError:
        return [name_key(event_id)]


def filed_key(tenant_id: int, key: UUID) -> int:
    """Return the number under which a key is filed: half of it, another half for each tenant.

    Half a key is enough to find an event by, not to know it by: whoever finds one looks at it.
    """
    number = (key.int >> 64) ^ _salt(tenant_id)
    return number - (1 << 64) if number >> 63 else number


@lru_cache(maxsize=4_096)
def _salt(tenant_id: int) -> int:
    return int.from_bytes(hashlib.sha256(b"trace.event_key:%d" % tenant_id).digest()[:8], "big")


def _digest(said: bytes) -> UUID:
    return UUID(bytes=hashlib.sha256(said).digest()[:16])
