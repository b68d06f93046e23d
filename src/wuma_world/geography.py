"""Cities, how far apart they are, and the addresses on the internet that lead there.

The server places an address with an ip2region file. The world draws its addresses from the same file, so
that a phone's place is mostly found, and moves a fifth of them elsewhere on purpose, because that is how
often such files are wrong about a phone: two of them agree on the province three times in four.
"""

from __future__ import annotations

import csv
import math
import struct
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wuma_world.stopped import PlayStopped

EARTH_RADIUS_KM: Final = 6371.0


class NotAnAddressFile(PlayStopped):
    """The file of address ranges cannot be read; the message says which and why."""


@dataclass(frozen=True, slots=True, eq=False)
class City:
    """A prefecture or a municipality; coordinates in degrees, residents in millions."""

    code: str
    name: str
    province: str
    longitude: float
    latitude: float
    residents_million: float

    @property
    def province_code(self) -> str:
        """The first two digits of every division in the province."""
        return self.code[:2]

    def distance_km(self, other: City) -> float:
        """Return the great-circle distance.

        >>> beijing = City("11", "北京市", "北京市", 116.41, 39.90, 21.9)
        >>> round(beijing.distance_km(City("4401", "广州市", "广东省", 113.26, 23.13, 18.7)))
        1888
        """
        a, b = math.radians(self.latitude), math.radians(other.latitude)
        across = math.radians(other.longitude - self.longitude)
        chord = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(across / 2) ** 2
        return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def read_cities(file: Path) -> tuple[City, ...]:
    """Read the cities of the world, by code."""
    with file.open(encoding="utf-8", newline="") as rows:
        cities = [
            City(
                row["code"],
                row["name"],
                row["province"],
                float(row["longitude"]),
                float(row["latitude"]),
                float(row["residents_million"]),
            )
            for row in csv.DictReader(rows)
        ]
    return tuple(sorted(cities, key=lambda city: city.code))


class AddressBook:
    """Addresses on the internet by city, province and country, read from an ip2region file (xdb, version 2).

    Such a file is a header, an index of vectors and sorted segments of 14 bytes: first and last address,
    length and place of the text ``country|0|province|city|ISP``.
    """

    def __init__(self, file: Path) -> None:
        content = file.read_bytes()
        if len(content) < HEADER_BYTES:
            raise NotAnAddressFile(f"{file}: expected an ip2region file, got {len(content)} bytes")
        version, first_at, last_at = struct.unpack_from("<H6xII", content)
        count = (last_at - first_at) // SEGMENT.itemsize + 1
        if version not in VERSIONS or not 0 < first_at <= last_at <= len(content) - SEGMENT.itemsize:
            raise NotAnAddressFile(
                f"{file}: expected an ip2region file of version 2 or 3, got version {version}"
            )
        segments = np.frombuffer(content, SEGMENT, count, first_at)
        self._by_place = _ranges_by_place(content, segments)

    def in_city(self, city: City, chance: Random) -> str:
        """Return an address that the file places in a city, or in its province when it knows no better."""
        ranges = self._by_place.get((_short(city.province), _short(city.name)))
        return self.in_province(city.province, chance) if ranges is None else ranges.draw(chance)

    def in_province(self, province: str, chance: Random) -> str:
        """Return an address that the file places in a province, in whichever city."""
        return self._by_place[_short(province), ""].draw(chance)

    def abroad(self, chance: Random) -> str:
        """Return an address outside China: the exit of a private network."""
        return self._by_place["", ""].draw(chance)


VERSIONS: Final = frozenset({2, 3})
HEADER_BYTES: Final = 256
SEGMENT: Final = np.dtype([("first", "<u4"), ("last", "<u4"), ("length", "<u2"), ("at", "<u4")])


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Ranges of addresses, drawn from in proportion to their length."""

    first: NDArray[np.uint32]
    until: NDArray[np.float64]
    """How many addresses there are up to the end of each range."""

    @classmethod
    def of(cls, segments: NDArray[np.void]) -> _Ranges:
        lengths = segments["last"].astype(np.float64) - segments["first"] + 1
        return cls(segments["first"], np.cumsum(lengths))

    def draw(self, chance: Random) -> str:
        place = chance.random() * float(self.until[-1])
        row = int(np.searchsorted(self.until, place, side="right"))
        before = float(self.until[row - 1]) if row else 0.0
        return str(IPv4Address(int(self.first[row]) + int(place - before)))


def _ranges_by_place(content: bytes, segments: NDArray[np.void]) -> dict[tuple[str, str], _Ranges]:
    texts_at, text_of = np.unique(segments["at"], return_inverse=True)
    lengths = np.zeros(len(texts_at), np.int64)
    lengths[text_of] = segments["length"]
    texts_of: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (at, length) in enumerate(zip(texts_at.tolist(), lengths.tolist(), strict=True)):
        for place in _places(content[at : at + length].decode()):
            texts_of[place].append(number)
    by_text = np.argsort(text_of, kind="stable")
    starts = np.searchsorted(text_of[by_text], np.arange(len(texts_at) + 1))
    return {
        place: _Ranges.of(segments[np.concatenate([by_text[starts[t] : starts[t + 1]] for t in texts])])
        for place, texts in texts_of.items()
    }


def _places(region: str) -> Iterable[tuple[str, str]]:
    """Return under which places a region is filed: its city, its province, or abroad."""
    country, _, province, city = region.split("|")[:4]
    if country == "中国":
        if province in {"", "0"}:
            return
        yield _short(province), ""
        if city not in {"", "0"}:
            yield _short(province), _short(city)
    elif country in ABROAD:
        yield "", ""


ABROAD: Final = frozenset({"美国", "日本", "新加坡", "德国"})
"""Where private networks come out."""


def _short(name: str) -> str:
    """Return a name as both sides may write it.

    >>> _short("广西壮族自治区"), _short("内蒙古"), _short("深圳市"), _short("北京")
    ('广西', '内蒙', '深圳', '北京')
    """
    return name[:2]


@dataclass(frozen=True, slots=True)
class Wrong:
    """How often the place of a phone's address is wrong, and how: shares of all addresses."""

    other_city: float = 0.13
    """Another city of the province: carriers bring a province together at one exit."""
    other_province: float = 0.05
    abroad: float = 0.02
    """Private networks, and roaming."""

    @property
    def share(self) -> float:
        """The share of addresses that do not lead to the city of their phone."""
        return self.other_city + self.other_province + self.abroad


class Network:
    """Hands out addresses to people in cities, wrong ones among them."""

    def __init__(self, book: AddressBook, cities: Sequence[City], wrong: Wrong) -> None:
        self._book = book
        self._exits = [city for city in cities if city.name in EXIT_CITIES]
        self._wrong = wrong

    def address(self, city: City, chance: Random) -> str:
        """Return an address for somebody in a city."""
        luck = chance.random()
        if luck < self._wrong.abroad:
            return self._book.abroad(chance)
        if luck < self._wrong.abroad + self._wrong.other_province:
            return self._book.in_city(chance.choice(self._exits), chance)
        if luck < self._wrong.share:
            return self._book.in_province(city.province, chance)
        return self._book.in_city(city, chance)


EXIT_CITIES: Final = frozenset({"北京市", "上海市", "广州市", "西安市", "杭州市"})
"""Where nationwide networks, public Wi-Fi and companies come out."""
