"""One number for each thing, in whichever form an event names it.

The number of a code of ours is known from the code itself: it *is* the unit, once its key has vouched for it.
Every other thing gets the next number of a dictionary when it is first named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import (
    Identifier,
    Rejected,
    TenantDirectory,
    WhyNot,
    identify,
    public_names,
    read_label,
)
from wuma.kernel.keys import Keyring
from wuma_gs1.canonical import canonical_key
from wuma_gs1.errors import ParseError

FOREIGN_FROM: Final = 1 << 43
"""Numbers from here on are of the dictionary; below are units of codes."""
KEY_CHARACTERS_MAX: Final = 1000

_SGTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})/21/([^/?]+)")
_SSCC: Final = re.compile(r"https://id\.gs1\.org/00/(\d{18})")

_KNOWN = text("SELECT key, id FROM trace.thing WHERE tenant_id = :tenant_id AND key = ANY (:keys)")
_ADD = text(
    "INSERT INTO trace.thing (tenant_id, key)"
    " SELECT :tenant_id, k FROM unnest(CAST(:keys AS text[])) AS w (k) ORDER BY k"
    " ON CONFLICT (tenant_id, key) DO NOTHING"
)
_KEYS = text("SELECT id, key FROM trace.thing WHERE id = ANY (:ids)")


class Things:
    """Numbers things for one tenant, within one transaction."""

    def __init__(self, session: Session, keyring: Keyring, tenant_id: int) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._identifier = Identifier(keyring, TenantDirectory(session))
        self._numbers: dict[str, int] = {}

    def number(self, names: Iterable[str]) -> None:
        """Give every name its number; those that have none yet get one."""
        foreign = self._number_own(names)
        if foreign:
            keys = sorted(set(foreign.values()))
            self._session.execute(_ADD, {"tenant_id": self._tenant_id, "keys": keys})
            self._take_known(foreign)

    def find(self, names: Iterable[str]) -> dict[str, int]:
        """Return the numbers of those names that have one; nothing new is numbered."""
        wanted = list(names)
        foreign = self._number_own(wanted)
        self._take_known(foreign)
        return {name: self._numbers[name] for name in wanted if name in self._numbers}

    def __getitem__(self, name: str) -> int:
        return self._numbers[name]

    def _number_own(self, names: Iterable[str]) -> dict[str, str]:
        """Number the codes of ours among names, and return the others with their canonical keys."""
        foreign: dict[str, str] = {}
        for name in names:
            if name in self._numbers or name in foreign:
                continue
            key = key_of(name)
            unit = self._unit(key)
            if unit is None:
                foreign[name] = key
            else:
                self._numbers[name] = unit
        return foreign

    def _unit(self, key: str) -> int | None:
        if sgtin := _SGTIN.fullmatch(key):
            found = self._identifier.open_code(sgtin[1], sgtin[2])
        elif sscc := _SSCC.fullmatch(key):
            found = self._identifier.sscc(sscc[1])
        else:
            return None
        if isinstance(found, Rejected) and found.why is WhyNot.WRONG_PRODUCT:
            return None  # a genuine serial under another GTIN names another thing
        return found.unit

    def _take_known(self, foreign: dict[str, str]) -> None:
        if foreign:
            keys = sorted(set(foreign.values()))
            rows = self._session.execute(_KNOWN, {"tenant_id": self._tenant_id, "keys": keys})
            known = {row.key: row.id for row in rows}
            self._numbers.update((name, known[key]) for name, key in foreign.items() if key in known)


def key_of(name: str) -> str:
    """Return the one key of a thing; a name that only looks like one of GS1's stands for itself.

    >>> key_of("urn:epc:id:sgtin:6901234.056789.A1")
    'https://id.gs1.org/01/06901234567892/21/A1'
    >>> key_of("urn:epc:id:sgtin:broken")
    'urn:epc:id:sgtin:broken'
    """
    try:
        key = canonical_key(name)
    except ParseError:
        key = name.strip()
    return key[:KEY_CHARACTERS_MAX]


def foreign_keys(session: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Return the keys of things of the dictionary."""
    ids = sorted({number for number in numbers if number >= FOREIGN_FROM})
    if not ids:
        return {}
    return {row.id: row.key for row in session.execute(_KEYS, {"ids": ids})}


def find_thing(session: Session, keyring: Keyring, tenant_id: int, said: str) -> int | None:
    """Return the number of what somebody names, in whatever form they have it; None when it is unknown here.

    A code of ours is known from its label: URI, element string, bare code, hidden code. Anything else is
    known when an event ever named it, or its lot.
    """
    labelled = next(iter(identify(Identifier(keyring, TenantDirectory(session)), read_label(said))), None)
    if labelled is not None and labelled.unit is not None:
        return labelled.unit
    return Things(session, keyring, tenant_id).find([said]).get(said)


def names_of(session: Session, keyring: Keyring, numbers: Iterable[int]) -> dict[int, str]:
    """Return what things are called: Digital Links where they are codes of ours, keys otherwise."""
    wanted = set(numbers)
    units = {number for number in wanted if number < FOREIGN_FROM}
    return public_names(session, keyring, units) | foreign_keys(session, wanted - units)
