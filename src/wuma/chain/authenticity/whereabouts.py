"""Roughly where an address on the internet is, from a file of regions: better than nothing, proof of nothing.

Two such files agree on the province three times in four. A place found this way is marked `GeoSource.IP`,
with an accuracy that says so, and the judge never acts on one alone.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from ip2region.searcher import Searcher, new_with_buffer
from ip2region.util import IPv4, load_content_from_file

from wuma.chain.authenticity.judge import NOWHERE, GeoSource, Place
from wuma.kernel.http.origin import Packed
from wuma.support.masterdata.facade import place_of_ip_region

CITY_ACCURACY_M: Final = 50_000
PROVINCE_ACCURACY_M: Final = 400_000


class Whereabouts:
    """Looks addresses up in an ip2region file held in memory (11 MB). Safe to share among threads."""

    def __init__(self, file: Path | None) -> None:
        self._searcher: Searcher | None = None
        if file is not None and file.exists():
            self._searcher = new_with_buffer(IPv4, load_content_from_file(str(file)))

    def of(self, address: Packed) -> Place:
        """Return the place of an address; nowhere when the file, of IPv4 only, does not know it."""
        if self._searcher is None or len(address) != IPv4.byte_num:
            return NOWHERE
        return _place_of_region(self._searcher.search(address))


@cache  # some thousands of names; addresses are hardly ever seen again
def _place_of_region(region: str) -> Place:
    found = place_of_ip_region(region)
    if found is None:
        return NOWHERE
    is_city = found.precision == "city"
    return Place(
        region=found.code,
        longitude=found.longitude,
        latitude=found.latitude,
        accuracy_m=CITY_ACCURACY_M if is_city else PROVINCE_ACCURACY_M,
        source=GeoSource.IP,
    )
