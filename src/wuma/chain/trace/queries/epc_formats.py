"""Names of things in the form that is asked for: GS1 Digital Links, or EPC URNs (header GS1-EPC-Format)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from wuma_gs1.company_prefixes import CompanyPrefixTable
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.epc import Epc
from wuma_gs1.errors import ParseError


class EpcFormat(StrEnum):
    """What the header GS1-EPC-Format may say."""

    NO_PREFERENCE = "No_Preference"
    ALWAYS_LINK = "Always_GS1_Digital_Link"
    ALWAYS_URN = "Always_EPC_URN"
    NEVER_TRANSLATES = "Never_Translates"


def in_format(fields: Mapping[str, Any], wanted: EpcFormat, prefixes: CompanyPrefixTable) -> dict[str, Any]:
    """Return an event with the names of its things, places and parties in a form.

    A name that has no other form stays as it is: a URI that is none of GS1's, and a Digital Link of a company
    whose prefix is not known, for a URN has to say where the prefix ends.
    """
    match wanted:
        case EpcFormat.ALWAYS_LINK:
            translate: Callable[[str], str] = as_link
        case EpcFormat.ALWAYS_URN:
            known: dict[str, str] = {}

            def translate(name: str) -> str:
                if name not in known:
                    known[name] = as_urn(name, prefixes)
                return known[name]

        case _:
            return dict(fields)
    return _translated(fields, translate)


def prefixes_in(events: Iterable[Mapping[str, Any]], own: Iterable[str]) -> CompanyPrefixTable:
    """Return the company prefixes that are known: one's own, and those that URNs in events tell."""
    lengths = {prefix: len(prefix) for prefix in own if prefix.isdecimal()}

    def learn(name: str) -> str:
        if name.startswith("urn:epc:"):
            prefix = name.split(":", 4)[-1].partition(".")[0]
            if prefix.isascii() and prefix.isdecimal() and 4 <= len(prefix) <= 12:
                lengths[prefix] = len(prefix)
        return name

    for event in events:
        _translated(event, learn)
    return CompanyPrefixTable(lengths)


@lru_cache(maxsize=65_536)
def as_link(name: str) -> str:
    """Return a name as a GS1 Digital Link, if it is an EPC URN that has one.

    >>> as_link("urn:epc:class:lgtin:4012345.012345.998877")
    'https://id.gs1.org/01/04012345123456/10/998877'
    """
    if not name.startswith("urn:epc:"):
        return name
    try:
        return Epc.parse(name).canonical
    except ParseError:
        return name


def as_urn(name: str, prefixes: CompanyPrefixTable) -> str:
    """Return a name as an EPC URN, if it is a Digital Link of a company whose prefix is known.

    >>> as_urn("https://id.gs1.org/01/04012345123456/10/998877", CompanyPrefixTable({"4012345": 7}))
    'urn:epc:class:lgtin:4012345.012345.998877'
    """
    if not name.startswith(("https://", "http://")):
        return name
    try:
        return Epc.of(DigitalLink.parse(name).elements, table=prefixes).uri
    except ParseError:
        return name


def _translated(fields: Mapping[str, Any], translate: Callable[[str], str]) -> dict[str, Any]:
    found = dict(fields)
    for name in _ONE & fields.keys():
        found[name] = translate(fields[name])
    for name in _LISTS & fields.keys():
        found[name] = [translate(one) for one in fields[name]]
    for name in _OBJECTS.keys() & fields.keys():
        inner = _OBJECTS[name]
        value = fields[name]
        if isinstance(value, list):
            found[name] = [{**one, inner: translate(one[inner])} for one in value]
        else:
            found[name] = {**value, inner: translate(value[inner])}
    return found


_ONE: Final = frozenset({"parentID"})
_LISTS: Final = frozenset({"epcList", "childEPCs", "inputEPCList", "outputEPCList"})
_OBJECTS: Final[Mapping[str, str]] = {
    "quantityList": "epcClass",
    "childQuantityList": "epcClass",
    "inputQuantityList": "epcClass",
    "outputQuantityList": "epcClass",
    "readPoint": "id",
    "bizLocation": "id",
    "sourceList": "source",
    "destinationList": "destination",
    "bizTransactionList": "bizTransaction",
}
