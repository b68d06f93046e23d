"""What somebody may see of events: which ones, and which of their fields (ADR 0017).

Nothing is seen that no rule shows. What a rule shows is *as if it had been told so*: the fields that are kept
back are gone before anything looks at the event, so that no query, count or page can ask for them. An event
that would not be valid without them is not shown at all.

This is the one place that decides. Whoever hands events, or anything made of them, to somebody takes that
somebody's `Sight` and asks it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from wuma.chain.trace.documents.json_ld import Json, lacks
from wuma.chain.trace.documents.said import key
from wuma.chain.trace.shelves.chunks import Event
from wuma.chain.trace.vocabulary import bare_word
from wuma.kernel.crypto import Aes256
from wuma.kernel.keys import Keyring
from wuma_gs1.cbv import BizStep, Disposition

EXTENSIONS: Final = "extensions"
"""All fields that are not of the standard, wherever they stand, but for those of ilmd."""
HIDEABLE: Final = (
    "bizStep",
    "disposition",
    "persistentDisposition",
    "readPoint",
    "bizLocation",
    "bizTransactionList",
    "sourceList",
    "destinationList",
    "sensorElementList",
    "ilmd",
    "certificationInfo",
    EXTENSIONS,
)
"""What can be kept back. What happened to which things, when, cannot: then the event is not shown."""

_GLN: Final = re.compile(r"https://id\.gs1\.org/(?:414|417)/(\d{13})(?:/254/.*)?")
_GTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})(?:/.*)?")
_THING_FIELDS: Final = ("parentID", "epcList", "childEPCs", "inputEPCList", "outputEPCList")
_QUANTITY_FIELDS: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Shows events that fit all it asks for; what it does not ask for may be anything."""

    own: bool = False
    """The partner takes part: it is a source or a destination, or it happened at one of its places."""
    places: frozenset[str] = frozenset()
    """GLNs of 13 digits: it was read, or left its things, at one of them or at a part of one."""
    products: frozenset[str] = frozenset()
    """GTINs of 14 digits: it names one of them, and no other product."""
    biz_steps: frozenset[str] = frozenset()
    """Bare words of the CBV, or URIs."""
    dispositions: frozenset[str] = frozenset()
    event_types: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None
    """When it happened: from, and before."""

    def shows(self, event: Event, glns: Collection[str]) -> bool:
        """Whether an event fits; `glns` are those of the partner."""
        said = event.as_told
        return (
            (not self.event_types or event.type in self.event_types)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and (not self.biz_steps or _word(said.get("bizStep"), BizStep) in self.biz_steps)
            and (not self.dispositions or _word(said.get("disposition"), Disposition) in self.dispositions)
            and (not self.places or not self.places.isdisjoint(_glns(_places(said))))
            and (not self.own or not set(glns).isdisjoint(_glns(_parties(said))))
            and (not self.products or self._is_of_products(said))
        )

    def _is_of_products(self, said: Json) -> bool:
        named = {found[1] for name in _things(said) if (found := _GTIN.fullmatch(key(name)))}
        return bool(named) and named <= self.products


def _word(term: Any, vocabulary: Any) -> str | None:
    return None if term is None else bare_word(str(term), vocabulary)


def _glns(names: Iterable[str]) -> Iterator[str]:
    return (found[1] for name in names if (found := _GLN.fullmatch(key(name))))


def _places(said: Json) -> Iterator[str]:
    return (said[name]["id"] for name in ("readPoint", "bizLocation") if name in said)


def _parties(said: Json) -> Iterator[str]:
    yield from _places(said)
    yield from (one["source"] for one in said.get("sourceList", ()))
    yield from (one["destination"] for one in said.get("destinationList", ()))


def _things(said: Json) -> Iterator[str]:
    for name in _THING_FIELDS:
        found = said.get(name, ())
        yield from [found] if isinstance(found, str) else found
    for name in _QUANTITY_FIELDS:
        yield from (element["epcClass"] for element in said.get(name, ()))


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees."""

    who: str = ""
    """A page token is good for whom it was made for."""
    rules: tuple[Rule, ...] | None = None
    """None: every event."""
    hidden: frozenset[str] = frozenset()
    """Fields that are kept back, of `HIDEABLE`."""
    queries: frozenset[str] | None = None
    """The named queries that may be asked; None: every one."""
    glns: frozenset[str] = frozenset()
    """The partner's own."""
    aliases: Aliases | None = field(default=None, compare=False)

    @property
    def is_whole(self) -> bool:
        """Whether everything is seen, as it is."""
        return self.rules is None and not self.hidden

    def shown(self, event: Event) -> Event | None:
        """Return an event as it is seen; None when it is not."""
        if self.is_whole:
            return event
        return redact(self, event) if visible(self, event) else None

    def may_ask(self, query_name: str) -> bool:
        """Whether a named query may be asked."""
        return self.queries is None or query_name in self.queries

    def ids_meant(self, names: Iterable[str]) -> set[int]:
        """Return the numbers of events that names of ours may stand for."""
        return set() if self.aliases is None else set(self.aliases.ids(names))


WHOLE: Final = Sight()
"""Everything: what the brand itself sees."""


def visible(sight: Sight, event: Event) -> bool:
    """Whether there is such an event, for somebody."""
    if sight.rules is not None and not any(rule.shows(event, sight.glns) for rule in sight.rules):
        return False
    kept = _kept(event.as_told, sight.hidden)
    return kept == event.as_told or not lacks(event.type, kept)


def redact(sight: Sight, event: Event) -> Event:
    """Return an event without what somebody does not see of it.

    An eventID that was made from all the event says (a hash of the CBV, or ours) would let one try out what
    is kept back: another takes its place, which leads back to the event and says nothing.
    """
    kept = _kept(event.as_told, sight.hidden)
    if kept == event.as_told:
        return event
    if sight.aliases is not None and str(event.as_told.get("eventID", "ni:")).startswith("ni:"):
        kept["eventID"] = sight.aliases.name(event.id)
    elif "eventID" not in kept:
        kept["eventID"] = event.fields["eventID"]
    return event.retold(
        kept,
        context=[] if EXTENSIONS in sight.hidden and "ilmd" in sight.hidden else event.context,
        biz_step=None if "bizStep" in sight.hidden else event.biz_step,
        disposition=None if "disposition" in sight.hidden else event.disposition,
        location=None if sight.hidden & {"bizLocation", "readPoint"} else event.location,
    )


def _kept(said: Json, hidden: frozenset[str]) -> dict[str, Any]:
    kept = {name: value for name, value in said.items() if name not in hidden}
    if EXTENSIONS not in hidden:
        return kept
    ilmd = {"ilmd": kept.pop("ilmd")} if "ilmd" in kept else {}
    if not ilmd:
        kept.pop("@context", None)  # it only says what prefixes of extensions stand for
    return {**_of_the_standard(kept), **ilmd}


def _of_the_standard(value: Any) -> Any:
    """Leave out members with a namespace. Depth is bounded where documents are read."""
    if isinstance(value, Mapping):
        return {name: _of_the_standard(one) for name, one in value.items() if ":" not in name}
    if isinstance(value, list):
        return [_of_the_standard(one) for one in value]
    return value


class Aliases:
    """Names of events for one partner: the number of the event, under a key of the partner's.

    A block of AES holds the number and 64 zero bits: a name that anybody made up leads nowhere, and two
    partners cannot tell by their names that they see the same event.
    """

    __slots__ = ("_cipher",)

    def __init__(self, keyring: Keyring, tenant_id: int, who: str) -> None:
        version = keyring.data_version
        key_of_partner = keyring.data_key(version, ("tenant", tenant_id), ("event aliases", who))
        self._cipher = Aes256(key_of_partner)

    def name(self, event_id: int) -> str:
        """Return what an event is called."""
        encrypt: Callable[[bytes], bytes] = self._cipher.encryptor()
        return f"urn:uuid:{UUID(bytes=encrypt(event_id.to_bytes(16, 'big')))}"

    def ids(self, names: Iterable[str]) -> Iterator[int]:
        """Return the numbers of events by their names, where they are names of ours."""
        decrypt = self._cipher.decryptor()
        for name in names:
            try:
                block = decrypt(UUID(name.removeprefix("urn:uuid:")).bytes)
            except ValueError:
                continue
            if not any(block[:8]) and block[8] < 0x80:
                yield int.from_bytes(block[8:], "big")
