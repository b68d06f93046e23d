"""What each Application Identifier takes: its format, its linters, its company and its place in a URI.

The table is data (`ai_table`), the linters are functions (`linters`, `coupons`); here the two meet. The
format of a value is one compiled expression, so a good value costs one match; only a bad one is taken
apart to say what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from wuma_gs1 import coupons, linters
from wuma_gs1.ai_table import ROWS
from wuma_gs1.errors import Code
from wuma_gs1.linters import Flaw, Linter


class Element(NamedTuple):
    """An element string: an Application Identifier and its value."""

    ai: str
    value: str


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a value: `kind` N, X, Y or Z; from `shortest` to `longest` characters; its linters."""

    kind: str
    shortest: int
    longest: int
    optional: bool
    linters: tuple[Linter, ...]


class ApplicationIdentifier:
    """An AI of the General Specifications.

    >>> expiry = AIS["17"]
    >>> expiry.title, expiry.predefined_length, expiry.attribute, expiry.flaw("250230")
    ('USE BY or EXPIRY', True, True, Flaw(code=<Code.ILLEGAL_DAY: 'illegal_day'>, start=4, end=6))
    """

    __slots__ = (
        "_checks",
        "_matches",
        "ai",
        "attribute",
        "components",
        "excludes",
        "longest",
        "path",
        "predefined_length",
        "requires",
        "shortest",
        "title",
    )

    def __init__(
        self,
        ai: str,
        components: tuple[Component, ...],
        flags: str,
        requires: tuple[tuple[str, ...], ...],
        excludes: tuple[str, ...],
        path: tuple[tuple[str, ...], ...] | None,
        title: str,
    ) -> None:
        self.ai = ai
        self.components = components
        self.predefined_length = "*" in flags  # needs no FNC1 after it
        self.attribute = "?" in flags  # may be a query parameter of a Digital Link
        self.requires = requires  # alternatives, each of AI patterns that must all be there
        self.excludes = excludes
        self.path = path  # qualifier sequences of a primary key; None if it is none
        self.title = title
        self.shortest = sum(part.shortest for part in components if not part.optional)
        self.longest = sum(part.longest for part in components)
        # Compiled at first use: most programs meet ten AIs.
        self._matches: Callable[[str], re.Match[str] | None] | None = None
        self._checks = _checks(components)

    def __repr__(self) -> str:
        return f"<AI ({self.ai}) {self.title}>"

    def flaw(self, value: str, *, contents: bool = True) -> Flaw | None:
        """Find the first thing wrong with a value, or None if it is good.

        Without `contents`, only its length and characters are held against the format.
        """
        matches = self._matches
        if matches is None:
            matches = self._matches = _format(self.components).fullmatch
        if matches(value) is None:
            return self._misfit(value)
        if not contents:
            return None
        for start, end, linter in self._checks:
            part = value[start:end]
            if part and (flaw := linter(part)):
                return Flaw(flaw.code, flaw.start + start, flaw.end + start)
        return None

    def _misfit(self, value: str) -> Flaw:
        if not value:
            return Flaw(Code.VALUE_EMPTY, 0, 0)
        if len(value) < self.shortest:
            return linters.whole(Code.VALUE_TOO_SHORT, value)
        if len(value) > self.longest:
            return Flaw(Code.VALUE_TOO_LONG, self.longest, len(value))
        start = 0
        for part in self.components:
            text = value[start : start + part.longest]
            if part.optional and not text:
                break
            if flaw := _CHARACTER_SETS[part.kind](text):
                return Flaw(flaw.code, flaw.start + start, flaw.end + start)
            if len(text) < part.shortest:
                return Flaw(Code.VALUE_TOO_SHORT, start, len(value))
            start += len(text)
        raise AssertionError(f"({self.ai}){value!r} misses its format, yet no component does")


_CHARACTER_SETS: dict[str, Linter] = {
    "N": linters.csetnumeric,
    "X": linters.cset82,
    "Y": linters.cset39,
    "Z": linters.cset64,
}
_CHARACTER_CLASSES = {
    "N": "[0-9]",
    "X": r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]",
    "Y": r"[#\-/0-9A-Z]",
    "Z": r"[\-0-9A-Z_a-z=]",
}
_NAMES_OF_LINTERS = """
    csum csumalpha gcppos1 gcppos2 hasnondigit pcenc nonzero nozeroprefix zero yesno hyphen
    yymmd0 yymmdd yyyymmd0 yyyymmdd hh mi ss hhmi iso3166 iso3166999 iso3166alpha2 iso4217 iso5218
    mediatype packagetype winding importeridx pieceoftotal posinseqslash latitude longitude iban
"""
_LINTERS: dict[str, Linter] = {name: getattr(linters, name) for name in _NAMES_OF_LINTERS.split()}
_LINTERS |= {"couponcode": coupons.couponcode, "couponposoffer": coupons.couponposoffer}


def _format(components: tuple[Component, ...]) -> re.Pattern[str]:
    expression = ""
    closing = ""
    for part in components:
        if part.optional:  # everything after an optional component is optional too
            expression += "(?:"
            closing += ")?"
        expression += f"{_CHARACTER_CLASSES[part.kind]}{{{part.shortest},{part.longest}}}"
    return re.compile(expression + closing)


def _checks(components: tuple[Component, ...]) -> tuple[tuple[int, int, Linter], ...]:
    """Say which slice of a value goes to which linter; only the last component has a varying length."""
    checks: list[tuple[int, int, Linter]] = []
    start = 0
    for part in components:
        named = (linters.cset64, *part.linters) if part.kind == "Z" else part.linters
        if part.kind == "N":  # digits only: what stands where the company prefix does is right
            named = tuple(linter for linter in named if linter not in _COMPANY_PREFIX_LINTERS)
        checks += [(start, start + part.longest, linter) for linter in named]
        start += part.longest
    return tuple(checks)


_COMPANY_PREFIX_LINTERS = {linters.gcppos1, linters.gcppos2}


def _component(text: str) -> Component:
    optional = text.startswith("[")
    shape, *names = text.replace("[", "").replace("]", "").split(":")
    kind, length = shape[0], shape[1:]
    longest = int(length.lstrip("."))
    shortest = 1 if length.startswith("..") else longest
    return Component(kind, shortest, longest, optional, tuple(_LINTERS[name] for name in names))


def _table() -> dict[str, ApplicationIdentifier]:
    table: dict[str, ApplicationIdentifier] = {}
    for first, last, form, flags, required, excluded, path, title in ROWS:
        components = tuple(_component(word) for word in form.split())
        requires = tuple(tuple(group.split("+")) for group in required.split())
        sequences = None
        if path:
            sequences = ((),) if path == "-" else tuple(tuple(way.split(",")) for way in path.split("|"))
        for number in range(int(first), int(last) + 1):
            ai = str(number).zfill(len(first))
            table[ai] = ApplicationIdentifier(
                ai, components, flags, requires, tuple(excluded.split()), sequences, title
            )
    return table


AIS: dict[str, ApplicationIdentifier] = _table()
"""Every Application Identifier, by its digits."""

AI_LENGTH_BY_PREFIX: dict[str, int] = {ai[:2]: len(ai) for ai in AIS}
"""How long the AIs are that begin with two given digits (General Specifications 7.8.2): one length only."""


def ai_at(text: str, position: int = 0) -> ApplicationIdentifier | None:
    """Find the AI that begins at a position of raw data.

    >>> ai_at("3103000195").title
    'NET WEIGHT (kg)'
    """
    length = AI_LENGTH_BY_PREFIX.get(text[position : position + 2])
    return AIS.get(text[position : position + length]) if length else None


PREDEFINED_VALUE_LENGTHS: dict[str, int] = {
    "00": 18, "01": 14, "02": 14, "03": 14, "04": 16,
    **{str(prefix): 6 for prefix in (*range(11, 20), *range(31, 37))},
    "20": 2, "41": 13,
}  # fmt: skip
"""Value lengths fixed for ever by the first two digits of the AI (General Specifications 7.8.5, figure 1)."""


def unknown_ai(ai: str) -> ApplicationIdentifier | None:
    """Make up an AI that the table does not have (yet), if its digits leave room for it.

    >>> unknown_ai("89"), unknown_ai("011"), unknown_ai("3999").longest, unknown_ai("419").longest
    (<AI (89) UNKNOWN>, None, 90, 13)
    """
    if not (2 <= len(ai) <= 4 and ai.isascii() and ai.isdigit()) or ai in AIS:
        return None
    if AI_LENGTH_BY_PREFIX.get(ai[:2], len(ai)) != len(ai):
        return None
    predefined = PREDEFINED_VALUE_LENGTHS.get(ai[:2])
    length = predefined or UNKNOWN_VALUE_CHARACTERS_MAX
    component = Component("X", predefined or 1, length, optional=False, linters=())
    return ApplicationIdentifier(ai, (component,), "*?" if predefined else "?", (), (), None, "UNKNOWN")


UNKNOWN_VALUE_CHARACTERS_MAX = 90  # no AI has more
