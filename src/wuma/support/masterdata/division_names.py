"""Finding a division of China by the names that people write.

People write 广东省深圳市南山区, 广东 / 深圳, 德宏, 香港, 440305 or 440300000000. What is written is
followed from the large to the small, a name at a time; a name that could be two divisions is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

NOT_NAMES: Final = frozenset({"市辖区", "县", "省直辖县级行政区划", "自治区直辖县级行政区划"})
"""Statistics put these between a province and its counties; nobody lives there."""
PROVINCE_DIGITS: Final = 2
CITY_DIGITS: Final = 4
COUNTY_DIGITS: Final = 6
STEPS_MAX: Final = 6  # 省, 市 and 县, each written twice at the most ("北京北京市")

_NAME_CHARACTERS_MIN: Final = 2  # a single character begins the names of many divisions
_SUFFIXES: Final = ("特别行政区", "自治区", "自治州", "自治县", "地区", "省", "市", "盟", "县", "区", "旗")
_ABBREVIATED: Final = ("特别行政区", "自治区", "自治州", "地区", "省", "市", "盟")
"""Endings put on names that are cut short: 甘南市 means 甘南藏族自治州, but 朝阳区 is not 朝阳市."""
_SHORT: Final = {"45": "广西", "64": "宁夏", "65": "新疆"}


@dataclass(frozen=True, slots=True)
class Found:
    """The division that was found, ``""`` when none was, and the names that led nowhere."""

    code: str
    unknown: tuple[str, ...]


class DivisionNames:
    """The names of divisions down to counties, and all their codes, to be found by."""

    def __init__(self, names: Mapping[str, str], also: Iterable[tuple[str, str]] = ()) -> None:
        """Take official names by canonical code, and other names with their codes: former, English."""
        self._codes = frozenset(names)
        self._name = {
            code: name for code, name in names.items() if len(code) <= COUNTY_DIGITS and name not in NOT_NAMES
        }
        self._short = {
            code: _SHORT.get(code) or _without_suffix(name, _SUFFIXES) for code, name in self._name.items()
        }
        self._by_beginning: dict[str, list[str]] = {}
        self._by_whole_name: dict[str, list[str]] = {}
        for code, name in sorted(self._name.items()):
            self._by_beginning.setdefault(name[:_NAME_CHARACTERS_MIN], []).append(code)
            self._by_whole_name.setdefault(name, []).append(code)
        for name, code in also:
            self._by_whole_name.setdefault(name.casefold(), []).append(code)

    def find(self, *names: str) -> Found:
        """Follow names from large to small; a code among them is as good as a name.

        >>> divisions = DivisionNames({"44": "广东省", "4403": "深圳市", "440305": "南山区", "22": "吉林省"})
        >>> divisions.find("广东省深圳市南山区").code, divisions.find("广东", "深圳").code
        ('440305', '4403')
        >>> divisions.find("吉林省", "Atlantis")
        Found(code='22', unknown=('Atlantis',))
        """
        code, unknown = "", []
        for name in names:
            said = canonical_code(name)
            below = said if said in self._codes else self._below(code, name, STEPS_MAX)
            if below is not None and below.startswith(code):
                code = below
            elif not self._is_called(code, name):
                unknown.append(name)
        return Found(code, tuple(unknown))

    def _is_called(self, code: str, name: str) -> bool:
        """Whether a division has this name: people write 北京 北京市, and Shanghai 上海."""
        if code not in self._name:
            return False
        return name in {self._name[code], self._short[code]} or code in self._by_whole_name.get(
            name.casefold(), ()
        )

    def _below(self, code: str, text: str, steps: int) -> str | None:
        """Return what the text means below a division, all of the text; None when nothing, or two things."""
        if steps == 0 or self._is_called(code, text):
            return None
        exact = [c for c in self._by_whole_name.get(text.casefold(), ()) if _is_below(c, code)]
        if exact:
            return exact[0] if len(exact) == 1 else None
        cut = _without_suffix(text, _ABBREVIATED)
        candidates = [
            c for c in self._by_beginning.get(text[:_NAME_CHARACTERS_MIN], ()) if _is_below(c, code)
        ]
        for digits in (PROVINCE_DIGITS, CITY_DIGITS, COUNTY_DIGITS):
            level = [candidate for candidate in candidates if len(candidate) == digits]
            meant = {
                end
                for candidate in level
                for name in (self._name[candidate], self._short[candidate])
                if text.startswith(name)
                and (end := self._end(candidate, text[len(name) :], steps)) is not None
            }
            if not meant and len(cut) >= _NAME_CHARACTERS_MIN:
                meant = {candidate for candidate in level if self._name[candidate].startswith(cut)}
            if meant:
                return meant.pop() if len(meant) == 1 else None
        return None

    def _end(self, code: str, rest: str, steps: int) -> str | None:
        return code if not rest or self._is_called(code, rest) else self._below(code, rest, steps - 1)


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
    return code if len(code) < 12 else None


def codes_above(code: str) -> tuple[str, ...]:
    """Return the codes of all divisions that one lies in, itself included, from large to small.

    >>> codes_above("440305001")
    ('44', '4403', '440305', '440305001')
    """
    return tuple(code[:length] for length in (2, 4, 6, 9) if length <= len(code))


def _is_below(code: str, above: str) -> bool:
    return code.startswith(above) and code != above


def _without_suffix(name: str, suffixes: Iterable[str]) -> str:
    for suffix in suffixes:
        if name.endswith(suffix) and len(name) - len(suffix) >= _NAME_CHARACTERS_MIN:
            return name.removesuffix(suffix)
    return name
