"""What an event says of the making of its items (ILMD): lot, day of production, day of expiry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from wuma.chain.trace.shelves.things import key_of
from wuma_gs1.digital_link import escaped

LOT: Final = ("cbvmda:lotNumber", "gs1:lotNumber", "urn:epcglobal:cbv:mda:lotNumber")
PRODUCED_ON: Final = ("cbvmda:productionDate", "gs1:productionDate")
EXPIRES_ON: Final = ("cbvmda:itemExpirationDate", "gs1:expirationDate")


def first_text(ilmd: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return what is said under the first of some names."""
    return next((ilmd[name] for name in names if isinstance(ilmd.get(name), str)), None)


def lot_keys(fields: Mapping[str, Any]) -> set[str]:
    """Return the keys of the lots that an event's items are of: GTIN and lot number of its ILMD.

    >>> lot_keys({"epcList": ["urn:epc:id:sgtin:6901234.056789.A1"], "ilmd": {"cbvmda:lotNumber": "L7"}})
    {'https://id.gs1.org/01/06901234567892/10/L7'}
    """
    lot = first_text(fields.get("ilmd", {}), LOT)
    if lot is None:
        return set()
    samples: dict[str, str] = {}  # one item of each product is enough, and a lot has 100,000
    for list_name in ("epcList", "outputEPCList"):
        for name in fields.get(list_name, ()):
            stem, serial, _ = name.partition("/21/")
            samples.setdefault(stem if serial else name.rpartition(".")[0], name)
    gtins = {gtin for name in samples.values() if (gtin := gtin_of(key_of(name))) is not None}
    return {key for gtin in gtins if (key := lot_key(gtin, lot)) is not None}


def gtin_of(key: str) -> str | None:
    """Return the GTIN in the key of an item or a lot."""
    stem, found, rest = key.partition("/01/")
    return rest[:14] if found and stem == _STEM else None


def lot_key(gtin: str, lot: str) -> str | None:
    """Return the key of a lot; None when the number is none that GS1 allows."""
    if not 0 < len(lot) <= LOT_CHARACTERS_MAX or not lot.isascii() or not lot.isprintable() or " " in lot:
        return None
    return key_of(f"{_STEM}/01/{gtin}/10/{escaped(lot)}")


LOT_CHARACTERS_MAX: Final = 20  # GS1 AI (10)
_STEM: Final = "https://id.gs1.org"
