"""What an event says, as queries look at it: one spelling for each thing, word and field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any, Final

from wuma.chain.trace.documents.json_ld import Json
from wuma.chain.trace.shelves.things import key_of
from wuma_gs1.event_documents import prefixes_of as prefixes_in

KNOWN_PREFIXES: Final = {
    "gs1": "https://ref.gs1.org/voc/",
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "epcis": "https://ref.gs1.org/epcis/",
}
"""What every EPCIS context says."""

key = lru_cache(maxsize=65_536)(key_of)
"""`key_of`, remembered: a query asks for the same places and things of thousands of events."""


class Said:
    """What an event says, as queries look at it: one spelling for each thing, word and field."""

    def __init__(self, fields: Json, context: Any, *, at: datetime, captured_at: datetime) -> None:
        self.fields = fields
        self.at = at
        self.captured_at = captured_at
        self._context = context

    def keys(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the things that fields name one by one."""
        for name in names:
            found = self.fields.get(name, ())
            for uri in [found] if isinstance(found, str) else found:
                yield key(uri)

    def classes(self, names: Iterable[str]) -> Iterator[str]:
        """Yield the things that fields name by class, with a quantity."""
        return (key(element["epcClass"]) for element in self.quantities(names))

    def quantities(self, names: Iterable[str]) -> Iterator[Json]:
        """Yield the quantity elements of fields."""
        for name in names:
            yield from self.fields.get(name, ())

    def place(self, name: str) -> str | None:
        """Return the key of a read point or business location."""
        return key(self.fields[name]["id"]) if name in self.fields else None

    @property
    def error(self) -> Json | None:
        """The declaration that this event was wrong."""
        return self.fields.get("errorDeclaration")

    @property
    def sensor_elements(self) -> Sequence[Json]:
        """The sensor elements."""
        found: Sequence[Json] = self.fields.get("sensorElementList", ())
        return found

    def sensor_metadata(self) -> Iterator[Json]:
        """Yield the metadata of sensor elements that have any."""
        return (one["sensorMetadata"] for one in self.sensor_elements if "sensorMetadata" in one)

    def sensor_reports(self) -> Iterator[Json]:
        """Yield the reports of all sensor elements."""
        return (report for one in self.sensor_elements for report in one["sensorReport"])

    @cached_property
    def prefixes(self) -> Mapping[str, str]:
        """What the prefixes of this event's extension fields stand for."""
        return prefixes_of(self._context, self.fields.get("@context"))


def prefixes_of(*contexts: Any) -> Mapping[str, str]:
    """Return what prefixes stand for under contexts of JSON-LD, the later ones over the earlier."""
    known = dict(KNOWN_PREFIXES)
    for context in contexts:
        known.update(prefixes_in(context))
    return known


def expanded(name: str, prefixes: Mapping[str, str]) -> str:
    """Return the whole name of a field: its namespace and its local name, however the two are joined.

    >>> expanded("ex:mark", {"ex": "https://ns.brand.example/epcis/"})
    'https://ns.brand.example/epcis#mark'
    >>> expanded("https://ns.brand.example/epcis/mark", {})
    'https://ns.brand.example/epcis#mark'
    """
    prefix, _, local = name.partition(":")
    if prefix in prefixes and not local.startswith("//"):
        return f"{prefixes[prefix].rstrip('#/:')}#{local}"
    found = _LAST_PART.fullmatch(name)
    return name if found is None else f"{found[1]}#{found[2]}"


_LAST_PART: Final = re.compile(r"(.+)[#/:]([^#/:]+)")
