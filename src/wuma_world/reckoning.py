"""The day of reckoning: what the server said, held against the truth.

Everything here is a function of the planned world and of what phones were told, so that it can be tested
without a server, and recomputed from a file by whoever doubts it.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from statistics import median
from typing import Final

from wuma_world.cheats import Cheats
from wuma_world.production import Label
from wuma_world.scanning import SUSPECT, THROTTLED, Heard
from wuma_world.scans import CHEAT, DAY_SECONDS, FAKE, Invented, Printed, Side, Story

Z_95: Final = 1.959964
GUESSES: Final = frozenset({Story.GUESS, Story.MUTATED, Story.INVENTED_HIDDEN, Story.MISTYPED})
"""Codes that nobody issued; whoever accepts one has been fooled."""
NOT_ACCEPTED: Final = frozenset({"unknown", "void", THROTTLED})


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many, with the interval that 95 of 100 such measurements would hold (Wilson, 1927)."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """The share itself; 0 of nothing."""
        return self.count / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson score interval at 95 %.

        >>> [round(bound, 4) for bound in Share(3, 1000).interval]
        [0.001, 0.0088]
        >>> Share(0, 0).interval
        (0.0, 1.0)
        """
        if not self.of:
            return 0.0, 1.0
        n, p, zz = self.of, self.share, Z_95**2
        middle = (p + zz / (2 * n)) / (1 + zz / n)
        half = Z_95 / (1 + zz / n) * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
        return max(0.0, middle - half), min(1.0, middle + half)

    def as_json(self) -> dict[str, object]:
        """Return it for a report."""
        return {"count": self.count, "of": self.of, "share": self.share, "interval_95": self.interval}


@dataclass(frozen=True, slots=True)
class Catch:
    """One kind of copied codes: how many were caught, and how late."""

    planted: int
    """Codes of which copies were made."""
    scanned: Share
    """Codes caught, of those of which a copy was scanned at all."""
    by_copies: Mapping[str, Share]
    """The same by how many different fake cans were scanned: one copy alone is hard to tell from a gift."""
    scans_until: float | None
    """Median number of scans of the code, from the first of a fake can on, until doubts were spoken."""
    days_until: float | None
    """Median days between the same two."""
    fakes_told: Share
    """Scans of fake cans that were told of doubts."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Honest people with genuine cans who were told of doubts."""

    people: Share
    scans: Share
    by_story: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The outcome of a world."""

    scans: int
    verdicts: Mapping[str, int]
    by_story: Mapping[str, Mapping[str, int]]
    hidden_clones: Catch
    refills: Catch
    open_clones: Catch
    honest_hidden: Suspicion
    honest_open: Suspicion
    owners_warned: Share
    """Scans of the genuine can of a copied code, after a copy, that were told of doubts: rightly."""
    guesses: Share
    """Invented codes that were accepted. Must be none."""
    throttled_bots: Share
    throttled_honest: Share
    """Honest scans that were not checked, because wrong codes came from their neighbourhood."""
    leaked_unknown: Share
    """Scans of stolen labels before activation that were told nothing. Must be all."""
    owners_of_leaked: Share
    """Families with a can whose label was copied at the printer, who were told of doubts."""
    reports: int


def reckon(heard: Sequence[Heard], cheats: Cheats) -> Reckoning:
    """Compare what was told with what is true."""
    by_story: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in heard:
        by_story[one.scan.story.value][one.verdict] += 1
    copied = cheats.labels
    honest = [one for one in heard if _is_honest(one) and _label(one) not in copied]
    bots = [one for one in heard if one.scan.story in {Story.GUESS, Story.MUTATED}]
    invented = [one for one in heard if one.scan.story in GUESSES]
    leaked = [one for one in heard if one.scan.story in {Story.LEAK_TRIED, Story.LEAK_SOLD}]
    return Reckoning(
        scans=len(heard),
        verdicts=Counter(one.verdict for one in heard),
        by_story=by_story,
        hidden_clones=_catch(heard, cheats.hidden_clones, Story.COPIED_HIDDEN),
        refills=_catch(heard, cheats.refills, Story.REFILLED),
        open_clones=_catch(heard, cheats.open_clones, Story.COPIED_OPEN),
        honest_hidden=_suspicion(one for one in honest if not _is_open(one)),
        honest_open=_suspicion(one for one in honest if _is_open(one)),
        owners_warned=_owners_warned(heard, {*cheats.hidden_clones, *cheats.refills}),
        guesses=_share(invented, lambda one: one.verdict not in NOT_ACCEPTED),
        throttled_bots=_share(bots, lambda one: one.verdict == THROTTLED),
        throttled_honest=_share(
            (one for one in heard if one.scan.story not in CHEAT), lambda one: one.verdict == THROTTLED
        ),
        leaked_unknown=_share(leaked, lambda one: one.verdict == "unknown"),
        owners_of_leaked=_share(
            (one for one in heard if _is_honest(one) and _hidden_label(one) in cheats.leaked),
            lambda one: one.verdict == SUSPECT,
        ),
        reports=sum(one.reported for one in heard),
    )


def _catch(heard: Sequence[Heard], labels: Iterable[Label], story: Story) -> Catch:
    """Follow every copied code from the first scan of a fake can."""
    planted = set(labels)
    side_is_open = story is Story.COPIED_OPEN
    of_code: defaultdict[Label, list[Heard]] = defaultdict(list)
    for one in heard:
        label = _label(one)
        if label in planted and _is_open(one) == side_is_open:
            of_code[label].append(one)
    caught_by_copies: defaultdict[str, list[bool]] = defaultdict(list)
    scans_until, days_until = [], []
    fakes = []
    for scans in of_code.values():
        first = next((place for place, one in enumerate(scans) if one.scan.story is story), None)
        if first is None:
            continue
        since = scans[first:]
        caught = next((place for place, one in enumerate(since) if one.verdict == SUSPECT), None)
        copies = len({one.scan.copy for one in since if one.scan.story is story})
        caught_by_copies[_bucket(copies)].append(caught is not None)
        fakes += [one for one in since if one.scan.story is story]
        if caught is not None:
            scans_until.append(caught + 1)
            days_until.append((since[caught].scan.at - since[0].scan.at) / DAY_SECONDS)
    outcomes = [outcome for some in caught_by_copies.values() for outcome in some]
    return Catch(
        planted=len(planted),
        scanned=Share(sum(outcomes), len(outcomes)),
        by_copies={
            bucket: Share(sum(caught_by_copies[bucket]), len(caught_by_copies[bucket]))
            for bucket in BUCKETS
            if bucket in caught_by_copies
        },
        scans_until=median(scans_until) if scans_until else None,
        days_until=median(days_until) if days_until else None,
        fakes_told=_share(fakes, lambda one: one.verdict == SUSPECT),
    )


BUCKETS: Final = ("1", "2", "3", "4-5", "6+")


def _bucket(copies: int) -> str:
    """Return under which heading a number of copies is counted.

    >>> [_bucket(copies) for copies in (1, 3, 5, 20)]
    ['1', '3', '4-5', '6+']
    """
    return str(copies) if copies <= 3 else "4-5" if copies <= 5 else "6+"


def _owners_warned(heard: Sequence[Heard], copied: set[Label]) -> Share:
    seen: set[Label] = set()
    owners = []
    for one in heard:
        label = _label(one)
        if label is None or label not in copied or _is_open(one):
            continue
        if one.scan.story in FAKE:
            seen.add(label)
        elif label in seen and _is_honest(one):
            owners.append(one)
    return _share(owners, lambda one: one.verdict == SUSPECT)


def _suspicion(honest: Iterable[Heard]) -> Suspicion:
    people: dict[int, bool] = {}
    by_story: defaultdict[str, list[bool]] = defaultdict(list)
    for one in honest:
        is_suspected = one.verdict == SUSPECT
        people[one.scan.phone.number] = people.get(one.scan.phone.number, False) or is_suspected
        by_story[one.scan.story.value].append(is_suspected)
    outcomes = [outcome for some in by_story.values() for outcome in some]
    return Suspicion(
        people=Share(sum(people.values()), len(people)),
        scans=Share(sum(outcomes), len(outcomes)),
        by_story={story: Share(sum(some), len(some)) for story, some in sorted(by_story.items())},
    )


def _share(heard: Iterable[Heard], holds: Callable[[Heard], bool]) -> Share:
    outcomes = [holds(one) for one in heard]
    return Share(sum(outcomes), len(outcomes))


def _is_honest(one: Heard) -> bool:
    """Whether an honest person scanned a genuine can; a slip of the finger is nobody's can."""
    return one.scan.story not in CHEAT | FAKE and not isinstance(one.scan.shown, Invented)


def _is_open(one: Heard) -> bool:
    return one.scan.shown.side is Side.OPEN


def _hidden_label(one: Heard) -> Label | None:
    return None if _is_open(one) else _label(one)


def _label(one: Heard) -> Label | None:
    return one.scan.shown.label if isinstance(one.scan.shown, Printed) else None


def as_json(value: object) -> object:
    """Return a reckoning, or a part of one, as JSON has it; every share with its interval."""
    if isinstance(value, Share):
        return value.as_json()
    if is_dataclass(value) and not isinstance(value, type):
        return {part.name: as_json(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): as_json(part) for name, part in value.items()}
    return value
