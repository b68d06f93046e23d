"""One number for each thing, in whichever form an event names it.

The number of a code of ours is known from the code itself: it *is* the unit, once its key has vouched for it.
Every other thing gets the next number of a dictionary when it is first named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.chain.codes.facade import (
    NO_UNIT,
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
CODE_CHARACTERS: Final = 16
_PROBE: Final = (
    "0123456789ABCDEF"  # letters and digits, as codes have: no head reads them otherwise than those
)

_SGTIN: Final = re.compile(r"https://id\.gs1\.org/01/(\d{14})/21/([^/?]+)")
_SSCC: Final = re.compile(r"https://id\.gs1\.org/00/(\d{18})")

_KNOWN = text("SELECT key, id FROM trace.thing WHERE tenant_id = :tenant_id AND key = ANY (:keys)")
_ADD = text(
    "INSERT INTO trace.thing (tenant_id, key)"
    " SELECT :tenant_id, k FROM unnest(CAST(:keys AS text[])) AS w (k) ORDER BY k"
    " ON CONFLICT (tenant_id, key) DO NOTHING"
)
_KEYS = text("SELECT id, key FROM trace.thing WHERE id = ANY (:ids)")


class Numbered(NamedTuple):
    """The numbers of some names.

    A name that is a code of ours, spelled as it is printed, has a *style*: it is the style's head and the
    text of its unit. A name of style 0 is only itself.
    """

    numbers: NDArray[np.int64]
    styles: NDArray[np.int32]
    heads: list[str]


class Things:
    """Numbers things for one tenant, within one transaction."""

    def __init__(self, session: Session, keyring: Keyring, tenant_id: int) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._identifier = Identifier(keyring, TenantDirectory(session))
        self._numbers: dict[str, int] = {}
        self._foreign: dict[str, str] = {}  # names that are known to be no codes of ours, with their keys

    def number(self, names: Iterable[str]) -> None:
        """Give every name its number; those that have none yet get one."""
        foreign = self._number_own(names)
        if foreign:
            keys = sorted(set(foreign.values()))
            self._session.execute(_ADD, {"tenant_id": self._tenant_id, "keys": keys})
            self._take_known(foreign)

    def number_all(self, names: Sequence[str]) -> Numbered:
        """Give every name its number; codes of ours are read many at a time."""
        index: dict[str, int] = {}
        of_head = np.array(
            [index.setdefault(name[:-CODE_CHARACTERS], len(index)) for name in names], np.int32
        )
        numbers = np.full(len(names), -1, np.int64)
        styles = np.zeros(len(names), np.int32)
        heads: list[str] = []
        for number, head in enumerate(index):
            gtin = _gtin_of(head)
            if gtin is None:
                continue
            places = np.flatnonzero(of_head == number)
            texts = [names[place][-CODE_CHARACTERS:] for place in places.tolist()]
            joined = "".join(texts)
            if not joined.isascii() or "\0" in joined:
                continue  # one by one, each will be judged
            units = self._identifier.open_codes(gtin, np.frombuffer(joined.encode(), f"S{CODE_CHARACTERS}"))
            is_own = units >= 0
            heads.append(head)
            numbers[places[is_own]] = units[is_own]
            styles[places[is_own]] = len(heads)
            for place in np.flatnonzero(units == NO_UNIT).tolist():
                self._foreign[head + texts[place]] = f"https://id.gs1.org/01/{gtin}/21/{texts[place]}"
        others = np.flatnonzero(numbers < 0).tolist()
        self.number(dict.fromkeys(names[place] for place in others))
        numbers[others] = [self._numbers[names[place]] for place in others]
        return Numbered(numbers, styles, heads)

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
            if name in self._foreign:
                foreign[name] = self._foreign[name]
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


@lru_cache(maxsize=4_096)
def _gtin_of(head: str) -> str | None:
    """Return the GTIN of codes whose names begin so; None if no name of a code begins so."""
    if not head.endswith(("/21/", ".")):
        return None
    probe = head + _PROBE
    found = _SGTIN.fullmatch(key_of(probe))
    return found[1] if found is not None and found[2] == _PROBE else None


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
