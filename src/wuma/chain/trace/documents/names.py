"""What an event is known by: its eventID, or its hash when it has none."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec

from wuma_gs1.errors import ParseError
from wuma_gs1.event_documents import event_of_json, prefixes_of
from wuma_gs1.event_hash import hash_of


def event_key(fields: Mapping[str, Any], context: Any) -> UUID:
    """Return what an event is known by: its eventID, or else its hash of the CBV, the same in every syntax.

    An error declaration carries the eventID of the event it takes back (EPCIS 2.0, section 7.4.1.3): it is
    another event, known by when the error was declared, too.
    """
    return event_keys(context)(fields)


def event_keys(context: Any) -> Callable[[Mapping[str, Any]], UUID]:
    """Return what gives events of one document their keys; its context is read once."""
    prefixes = prefixes_of(context)

    def key(fields: Mapping[str, Any]) -> UUID:
        declared = fields.get("errorDeclaration", {}).get("declarationTime")
        if "eventID" in fields:
            name = str(fields["eventID"])
        else:
            try:
                name = hash_of(event_of_json(fields, prefixes)).uri
            except ParseError:  # it says what the hash has no form for: it is only itself, then
                told = {field: value for field, value in fields.items() if field != "recordTime"}
                return _digest(msgspec.json.encode(told, order="sorted"))
        return _digest(name.encode() if declared is None else f"{name}\0error\0{declared}".encode())

    return key


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
