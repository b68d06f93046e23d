"""Where a named or numbered place of China is, approximately, without asking anybody.

``places.csv`` lists the provinces, the prefecture-level cities and the counties that answer to a province
directly: code, official name, and the seat of its government rounded to 0.01 degree (about a kilometre).
The coordinates are those of the package cpca (MIT), which does not say whether they are shifted (GCJ-02);
at this precision it makes no difference. Seven young cities of the Xinjiang corps are missing, there and
here.

The four municipalities are one place each. The "市辖区" that statistics put below them is nobody's city, and
Chongqing has two of them.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Precision(StrEnum):
    """How closely a place is known."""

    PROVINCE = "province"
    CITY = "city"


@dataclass(frozen=True, slots=True)
class Place:
    """A division of China with the approximate coordinates of its seat, in degrees east and north."""

    code: str
    """The division code without trailing zeros: ``44``, ``4403``, ``429004``; of a municipality ``11``."""
    name: str
    province: str
    """The official name of the province."""
    precision: Precision
    longitude: float
    latitude: float

    @property
    def province_code(self) -> str:
        """The code of the province: the first two digits of every code below it."""
        return self.code[:2]


def place_of(*names: str) -> Place | None:
    """Find a place by names from large to small, or by one code; the most precise that is sure, or None.

    Names may be short (广东, 德宏, 香港) or official. A name that says nothing ("", "0") is passed over, and
    one that is not known below its province leaves the province.

    >>> place_of("广东省", "深圳市").code
    '4403'
    >>> place_of("云南", "德宏").name
    '德宏傣族景颇族自治州'
    >>> place_of("重庆", "重庆市").precision
    <Precision.CITY: 'city'>
    >>> place_of("440305").name, place_of("吉林").name, place_of("吉林市").name
    ('深圳市', '吉林省', '吉林市')
    >>> place_of("台湾省", "高雄").precision
    <Precision.PROVINCE: 'province'>
    >>> place_of("Atlantis") is None
    True
    """
    return _found(tuple(said for name in names if (said := name.strip()) not in _SAYS_NOTHING))


def place_of_ip_region(region: str) -> Place | None:
    """Read a region as ip2region writes it, ``country|0|province|city|ISP``; None when not in China.

    >>> place_of_ip_region("中国|0|广东省|深圳市|电信").name
    '深圳市'
    >>> place_of_ip_region("中国|0|0|0|移动") is None
    True
    """
    parts = region.split("|")
    if len(parts) < 4 or parts[0] != "中国":
        return None
    return place_of(parts[2], parts[3])


def canonical_code(code: str) -> str | None:
    """Return a division code without its trailing zeros; None when it is not the form of one.

    Statistics write 2, 4, 6, 9 or 12 digits, GB/T 2260 always 6. Ours is the shortest, so that the code of
    a division begins with the codes of all divisions it lies in.

    >>> canonical_code("440000"), canonical_code("440305001000"), canonical_code("441900003")
    ('44', '440305001', '441900003')
    >>> canonical_code("4403x") is None, canonical_code("44030") is None
    (True, True)
    """
    if not (code.isascii() and code.isdecimal()) or len(code) not in {2, 4, 6, 9, 12} or code[:2] == "00":
        return None
    if len(code) == 12 and code.endswith("000"):
        code = code[:9]
    if len(code) == 9 and code.endswith("000"):
        code = code[:6]
    if len(code) <= 6:
        while code.endswith("00"):
            code = code[:-2]
    return code


def all_places() -> Iterable[Place]:
    """Return every place, by code."""
    return _gazetteer().by_code.values()


_SAYS_NOTHING: Final = frozenset({"", "0"})
_MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
_NAME_CHARACTERS_MIN: Final = 2  # a single character begins the names of many places
_FORMER: Final = {
    ("37", "莱芜"): "3701",  # a city until 2019, now a part of Jinan; lists of IP addresses still name it
    ("34", "巢湖"): "3401",  # a city until 2011, now a part of Hefei
}
_SUFFIXES: Final = ("特别行政区", "自治区", "自治州", "地区", "省", "市", "盟")


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    by_code: dict[str, Place]
    by_official_name: dict[str, Place]
    provinces: tuple[Place, ...]
    cities: dict[str, tuple[Place, ...]]
    """The cities and counties below each province."""


@functools.cache
def _gazetteer() -> _Gazetteer:
    text = importlib.resources.files("wuma.support.masterdata").joinpath("places.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    province_names = {row["code"]: row["name"] for row in rows if len(row["code"]) == 2}
    places = []
    for row in rows:
        province_code = row["code"][:2]
        is_city = len(row["code"]) > 2 or row["code"] in _MUNICIPALITIES
        places.append(
            Place(
                code=row["code"],
                name=row["name"],
                province=province_names[province_code],
                precision=Precision.CITY if is_city else Precision.PROVINCE,
                longitude=float(row["longitude"]),
                latitude=float(row["latitude"]),
            )
        )
    return _Gazetteer(
        by_code={place.code: place for place in places},
        by_official_name={place.name: place for place in places},
        provinces=tuple(place for place in places if len(place.code) == 2),
        cities={
            code: tuple(p for p in places if p.province_code == code and p.code != code)
            for code in province_names
        },
    )


@functools.lru_cache(maxsize=4096)  # there are about 420 pairs of names in all of ip2region
def _found(names: tuple[str, ...]) -> Place | None:
    if not names:
        return None
    gazetteer = _gazetteer()
    if len(names) == 1:
        code = canonical_code(names[0])
        if code is not None:
            return _by_code(code)
        exact = gazetteer.by_official_name.get(names[0])
        if exact is not None:
            return exact
    first, *below = names
    province = _unique(gazetteer.provinces, first)
    if province is None:
        every_city = [place for places in gazetteer.cities.values() for place in places]
        return _unique(every_city, names[-1]) or _unique(every_city, first)
    former = _FORMER.get((province.code, _short(below[0]))) if below else None
    if former is not None:
        return gazetteer.by_code[former]
    for name in reversed(below):
        city = _unique(gazetteer.cities[province.code], name)
        if city is not None:
            return city
    return province


def _by_code(code: str) -> Place | None:
    by_code = _gazetteer().by_code
    return by_code.get(code[:6]) or by_code.get(code[:4]) or by_code.get(code[:2])


def _unique(places: Iterable[Place], name: str) -> Place | None:
    """Return the one place with this name, official or short; None when there is none, or several."""
    candidates = [place for place in places if place.name == name]
    short = _short(name)
    if not candidates and len(short) >= _NAME_CHARACTERS_MIN:
        candidates = [place for place in places if place.name.startswith(short)]
    return candidates[0] if len(candidates) == 1 else None


def _short(name: str) -> str:
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) - len(suffix) >= _NAME_CHARACTERS_MIN:
            return name.removesuffix(suffix)
    return name
