"""How complete a dossier is, and what exactly is missing: a function of the template and what was entered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple

from wuma.chain.dossier.limits import Finding, Limit, Result, together
from wuma.chain.dossier.template import HEADINGS, Due, Item, Section, items_for
from wuma.chain.dossier.values import Kind

RECURRING: Final = tuple(section for section, heading in HEADINGS.items() if heading.recurs)


class Why(StrEnum):
    """What is wrong with an item."""

    MISSING = "missing"
    NO_SUBJECT = "no_subject"
    """A section whose items recur has none at all: no lot of material, no machine, nobody."""
    OUTSIDE = "outside"
    FAILED = "failed"
    UNDECIDED = "undecided"
    NO_LIMIT = "no_limit"


@dataclass(frozen=True, slots=True)
class Stated:
    """What is stated of an item now, as far as judging it needs."""

    item: Item
    subject: str
    text: str
    results: tuple[Result, ...] = ()
    unit: str = ""
    own_limit: Limit | None = None
    """The limit it was held against, as the one who entered it says."""


class Gap(NamedTuple):
    """One thing that stands between a batch and its release, or will be asked for later."""

    item: str
    subject: str
    why: Why
    due: Due


@dataclass(frozen=True, slots=True)
class Completeness:
    """How much of what is required is there and in order."""

    required: int
    good: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> int:
        """The score, rounded down: 100 only when nothing is missing.

        >>> Completeness(3, 2, ()).percent
        66
        """
        return 100 if not self.required else self.good * 100 // self.required

    def before(self, due: Due) -> list[Gap]:
        """Return the gaps that stand in the way of a release."""
        wanted = {Due.QUALITY} if due is Due.QUALITY else {Due.QUALITY, Due.MARKET}
        return [gap for gap in self.gaps if gap.due in wanted]


def judge(stated: Stated, stage: int | None) -> Finding:
    """Hold one value against every limit there is for it."""
    item = stated.item
    if item.kind is Kind.VERDICT:
        return Finding.OUTSIDE if stated.text == "fail" else Finding.WITHIN
    if item.kind is Kind.SAMPLES:
        return Finding.NO_LIMIT if item.plan is None else item.plan.judge(stated.results)
    if item.kind is not Kind.NUMBER:
        return Finding.NO_LIMIT
    (result,) = stated.results
    findings = []
    if (limit := item.limit(stage)) is not None:
        findings.append(limit.judge(result) if stated.unit in {"", item.unit} else Finding.UNDECIDED)
    if stated.own_limit is not None:
        findings.append(stated.own_limit.judge(result))
    return together(findings)


def completeness(stated: Sequence[Stated], stage: int | None) -> Completeness:
    """Hold what was entered against the template; items that other contexts keep are not asked for."""
    by_place: dict[tuple[str, str], Stated] = {(one.item.id, one.subject): one for one in stated}
    subjects = _subjects(stated)
    gaps: list[Gap] = []
    required = 0
    for section in RECURRING:
        if not subjects[section]:
            required += 1
            first = next(
                item for item in items_for(stage) if item.section is section and item.due is not Due.OPTIONAL
            )
            gaps.append(Gap(first.id, "", Why.NO_SUBJECT, Due.QUALITY))
    for item in items_for(stage):
        if item.is_drawn:
            continue
        for subject in subjects[item.section] if HEADINGS[item.section].recurs else ("",):
            found = by_place.get((item.id, subject))
            if item.due is not Due.OPTIONAL:
                required += 1
            why = _why(item, found, stage)
            if why is not None:
                # What is optional may be left out; what is there and wrong may not.
                gaps.append(
                    Gap(item.id, subject, why, item.due if item.due is not Due.OPTIONAL else Due.QUALITY)
                )
                required += item.due is Due.OPTIONAL
    return Completeness(required, required - len(gaps), tuple(gaps))


def _why(item: Item, found: Stated | None, stage: int | None) -> Why | None:
    if found is None:
        return None if item.due is Due.OPTIONAL else Why.MISSING
    match judge(found, stage):
        case Finding.OUTSIDE:
            return Why.FAILED if item.kind is Kind.VERDICT else Why.OUTSIDE
        case Finding.UNDECIDED:
            return Why.UNDECIDED
        case Finding.NO_LIMIT if item.needs_limit and item.due is not Due.OPTIONAL:
            return Why.NO_LIMIT
        case _:
            return None


def _subjects(stated: Sequence[Stated]) -> Mapping[Section, Sequence[str]]:
    found: defaultdict[Section, set[str]] = defaultdict(set)
    for one in stated:
        found[one.item.section].add(one.subject)
    return defaultdict(list, {section: sorted(subjects) for section, subjects in found.items()})


def own_limit(least: Decimal | None, most: Decimal | None) -> Limit | None:
    """Return the limit that an entry states, if it states one."""
    return None if least is None and most is None else Limit(least, most)
