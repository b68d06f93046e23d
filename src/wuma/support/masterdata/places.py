"""Where a named or numbered place of China is, approximately, without asking anybody.

``places.csv`` lists the provinces, the prefecture-level cities and the counties that answer to a province
directly: code, official name, the name on English maps, and the seat of the government rounded to 0.01
degree (about a kilometre).
The coordinates are those of the package cpca (MIT), which does not say whether they are shifted (GCJ-02);
at this precision it makes no difference. Seven young cities of the Xinjiang corps are missing there, and
here.

The four municipalities are one place each. The "市辖区" that statistics put below them is nobody's city, and
Chongqing has two of them.
"""

from __future__ import annotations

import csv
import functools
import importlib.resources
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from typing import Final

from wuma.support.masterdata.division_names import DivisionNames, canonical_code, codes_above


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
    name_en: str
    province: str
    """The official name of the province."""
    province_en: str
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


def nearest_place(longitude: float, latitude: float) -> Place | None:
    """Return the city, or county, whose seat is nearest; None when it is farther than `NEAREST_KM_MAX`.

    Of all county seats 82 % are given their own city, the others a neighbour: good enough to name a place,
    not to convict a dealer. A point abroad, but near China, is given a city of China too.

    >>> nearest_place(114.0, 22.6).name, nearest_place(139.7, 35.7) is None
    ('深圳市', True)
    """
    width = math.cos(math.radians(latitude))

    def distance_km(place: Place) -> float:
        return KM_PER_DEGREE * math.hypot((place.longitude - longitude) * width, place.latitude - latitude)

    nearest = min(_seats(), key=distance_km)
    return nearest if distance_km(nearest) <= NEAREST_KM_MAX else None


def place_names(code: str | None) -> tuple[str, str]:
    """Return how a division, or the city it lies in, is told to people: in Chinese and in English.

    >>> place_names("440305"), place_names("11"), place_names(None)
    (('广东省深圳市', 'Shenzhen, Guangdong'), ('北京市', 'Beijing'), ('', ''))
    """
    place = None if code is None else place_of(code)
    if place is None:
        return "", ""
    if place.name == place.province:
        return place.name, place.name_en
    return f"{place.province}{place.name}", f"{place.name_en}, {place.province_en}"


@functools.cache
def all_places() -> Mapping[str, Place]:
    """Return every place, by code."""
    text = importlib.resources.files("wuma.support.masterdata").joinpath("places.csv").read_text("utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    provinces = {row["code"]: row for row in rows if len(row["code"]) == 2}
    return {
        row["code"]: Place(
            code=row["code"],
            name=row["name"],
            name_en=row["name_en"],
            province=provinces[row["code"][:2]]["name"],
            province_en=provinces[row["code"][:2]]["name_en"],
            precision=Precision.CITY
            if len(row["code"]) > 2 or row["code"] in _MUNICIPALITIES
            else Precision.PROVINCE,
            longitude=float(row["longitude"]),
            latitude=float(row["latitude"]),
        )
        for row in rows
    }


def other_names() -> Iterable[tuple[str, str]]:
    """Return the former and the English names of places, with their codes."""
    return chain(_FORMER, ((place.name_en, place.code) for place in all_places().values()))


KM_PER_DEGREE: Final = 111.2
NEAREST_KM_MAX: Final = 500.0  # 仲巴 in Tibet, the most remote seat of a county on land, is 471 km away

_SAYS_NOTHING: Final = frozenset({"", "0"})
_MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
_FORMER: Final = (
    *(("莱芜市", "3701"), ("莱芜", "3701")),  # a part of Jinan since 2019
    *(("襄樊市", "4206"), ("襄樊", "4206")),  # Xiangyang since 2010
    *(("思茅市", "5308"), ("思茅", "5308")),  # Pu'er since 2007
)
"""Names that lists of addresses have not forgotten."""


@functools.cache
def _seats() -> tuple[Place, ...]:
    """The places that a point can be in: provinces only where nothing smaller is known."""
    divided = {place.province_code for place in all_places().values() if len(place.code) > len("44")}
    return tuple(place for place in all_places().values() if place.code not in divided)


@functools.cache
def _names() -> DivisionNames:
    return DivisionNames({code: place.name for code, place in all_places().items()}, other_names())


@functools.lru_cache(maxsize=4096)  # there are about 420 pairs of names in all of ip2region
def _found(names: tuple[str, ...]) -> Place | None:
    places = all_places()
    code = canonical_code(names[0]) if len(names) == 1 else None
    if code is not None:
        return next((places[above] for above in reversed(codes_above(code)) if above in places), None)
    return places.get(_names().find(*names).code)
