"""Namespaces of XML as prefixes of JSON-LD, and back: the same field has the same whole name in both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote, unquote

from wuma.chain.trace.documents.json_ld import PROTECTED_TERMS
from wuma.chain.trace.documents.xml.parsing import (
    EPCIS_NAMESPACES,
    HEADER_NAMESPACE,
    INSTANCE_NAMESPACE,
    Name,
)

STANDARD_CONTEXT: Final = "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
KNOWN: Final[Mapping[str, str]] = {
    "urn:epcglobal:cbv:mda": "cbvmda",
    "urn:epcglobal:cbv:mda:": "cbvmda",
    "https://ref.gs1.org/cbv/": "cbv",
    "https://gs1.org/voc/": "gs1",
    "https://ref.gs1.org/epcis/": "epcis",
}
"""Namespaces that every EPCIS context has a prefix for."""

_SYNTAX: Final = (
    INSTANCE_NAMESPACE,
    "http://www.w3.org/2001/XMLSchema",
    "http://www.w3.org/XML/1998/namespace",
    HEADER_NAMESPACE,
)
"""Namespaces that are about the document, not about what it tells."""
_PREFIX: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_NAME: Final = re.compile(r"[^\W\d][\w.\-]*")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_.\-]+")


class Prefixes:
    """The prefixes of a document, and of the event that is being read, which may add to them."""

    def __init__(self) -> None:
        self.of_document: dict[str, str] = {}
        self.of_event: dict[str, str] = {}
        self._fields: dict[Name, str] = {}

    def declare(self, declared: Iterable[tuple[str, str]]) -> None:
        """Take over what the root of a document declares."""
        for prefix, namespace in declared:
            if _is_usable(prefix, namespace):
                self.of_document[prefix] = namespace

    def context(self) -> list[str | dict[str, str]]:
        """Return the context of the document."""
        own: list[str | dict[str, str]] = [{prefix: uri} for prefix, uri in self.of_document.items()]
        return [STANDARD_CONTEXT, *own]

    def begin_event(self) -> None:
        """Forget what the last event has added."""
        if self.of_event:
            self.of_event = {}
            self._fields.clear()

    def field(self, name: Name) -> str:
        """Return the name of an extension field in JSON."""
        found = self._fields.get(name)
        if found is None:
            local = name.local if _PLAIN_NAME.fullmatch(name.local) else quote(name.local, safe="")
            found = f"{self._prefix(name)}:{local}" if name.namespace else local
            self._fields[name] = found
        return found

    def _prefix(self, name: Name) -> str:
        namespace = name.namespace
        if namespace in KNOWN and KNOWN[namespace] not in self.of_document:
            return KNOWN[namespace]
        both = {**self.of_document, **self.of_event}
        if both.get(name.prefix) == namespace:
            return name.prefix
        for prefix, known in both.items():
            if known == namespace:
                return prefix
        prefix = name.prefix
        if not _PREFIX.fullmatch(prefix) or prefix in both or prefix in PROTECTED_TERMS | _KNOWN_PREFIXES:
            prefix = next(f"ns{n}" for n in range(1, len(both) + 2) if f"ns{n}" not in both)
        self.of_event[prefix] = namespace
        return prefix

    def keep(self, declared: Iterable[tuple[str, str]], written: bytes) -> None:
        """Keep those prefixes that an event declares and that its values use, as compact URIs."""
        for prefix, namespace in declared:
            if (
                prefix not in self.of_event
                and self.of_document.get(prefix) != namespace
                and _is_usable(prefix, namespace)
                and f'"{prefix}:'.encode() in written
            ):
                self.of_event[prefix] = namespace


_KNOWN_PREFIXES: Final = frozenset(KNOWN.values())


def _is_usable(prefix: str, namespace: str) -> bool:
    return (
        _PREFIX.fullmatch(prefix) is not None
        and namespace not in EPCIS_NAMESPACES
        and not namespace.startswith("urn:epcglobal:xsd:")
        and namespace not in _SYNTAX
        and KNOWN.get(namespace) != prefix
        and prefix not in PROTECTED_TERMS
    )


def xml_name(field: str) -> tuple[str, str] | None:
    """Take a JSON field name apart into prefix and XML name; None if XML cannot have that name.

    >>> xml_name("ex:%E6%89%B9%E5%8F%B7"), xml_name("ex:1st")
    (('ex', '批号'), None)
    """
    prefix, colon, local = field.partition(":")
    if not colon:
        prefix, local = "", field
    local = unquote(local)
    return (prefix, local) if _NAME.fullmatch(local) else None
