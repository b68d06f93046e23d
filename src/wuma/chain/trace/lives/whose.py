"""Who and where the keys are that events name: places and parties, as master data knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pydantic import BaseModel
from sqlalchemy.orm import Session

from wuma.support.masterdata import facade as masterdata

_GLN: Final = re.compile(r"https://id\.gs1\.org/41[47]/(\d{13})(?:/254/.+)?")


class PartyView(BaseModel):
    """A place or a party; what master data does not know has no name but its key."""

    key: str
    gln: str | None
    name: str | None
    kind: str | None
    """factory or warehouse, which are the brand's own; dealer or store."""
    region_code: str | None
    region_zh: str
    region_en: str
    longitude: float | None
    latitude: float | None


def gln_of(key: str) -> str | None:
    """Return the GLN in the key of a place or a party.

    >>> gln_of("https://id.gs1.org/414/6901234000009/254/L1"), gln_of("geo:31.2,121.5")
    ('6901234000009', None)
    """
    found = _GLN.fullmatch(key)
    return None if found is None else found[1]


class Parties:
    """Names the places and parties of one answer, all looked up together."""

    def __init__(self, session: Session, tenant_id: int, keys: Iterable[str]) -> None:
        glns = {gln for key in keys if (gln := gln_of(key)) is not None}
        self._owners = masterdata.owners_by_gln(session, tenant_id, glns) if glns else {}

    def view(self, key: str) -> PartyView:
        """Return what is known of a place or a party."""
        gln = gln_of(key)
        owner = None if gln is None else self._owners.get(gln)
        return PartyView(
            key=key,
            gln=gln,
            name=owner and owner.name,
            kind=owner and owner.kind,
            region_code=owner and owner.region_code,
            region_zh=owner.region_zh if owner else "",
            region_en=owner.region_en if owner else "",
            longitude=owner and owner.longitude,
            latitude=owner and owner.latitude,
        )
