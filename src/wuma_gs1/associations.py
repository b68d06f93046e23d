"""Which AIs must, and must not, come together (General Specifications 4.13 and 4.14).

The rules speak of everything that is on one item, so they look at the whole message, after each value has
been found good by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.errors import Code, Problem

SHAPES_CACHED_MAX = 4096  # sets of AIs that come together; a brand uses a dozen
SERIALISED_KEYS_LENGTH = {"253": 13, "255": 13, "8003": 14}
"""Keys whose serial component is optional: the AI and the length of the key without it."""


def association_problems(elements: Sequence[Element]) -> tuple[Problem, ...]:
    """Check a message against the rules of repetition, exclusion and company.

    >>> association_problems([Element("21", "A1")])[0].message
    'AI (21) SERIAL requires AI (01) or (03) or (8006)'
    >>> association_problems([Element("01", "06901234567892"), Element("21", "A1")])
    ()
    """
    ais = tuple([element[0] for element in elements])
    problems = () if _go_together(ais) else _of_ais(ais)
    if len(set(ais)) < len(ais):
        problems = (*_repeats(elements), *problems)
    if "8030" in ais:
        problems = (*problems, *_unsigned_serials(dict(elements)))
    return problems


@lru_cache(maxsize=SHAPES_CACHED_MAX)
def _go_together(ais: tuple[str, ...]) -> bool:
    """Whether no rule is broken; messages of a few shapes make up nearly all traffic.

    What is wrong is said anew each time: kept, the faults of strangers would fill the memory.
    """
    return not _of_ais(ais)


def _of_ais(ais: tuple[str, ...]) -> tuple[Problem, ...]:
    """Check what depends on the AIs alone."""
    present = dict.fromkeys(ais)
    return tuple(problem for ai in present for problem in _of_one_ai(ai, present))


def _of_one_ai(ai: str, present: Collection[str]) -> Iterable[Problem]:
    spec = AIS.get(ai)
    if spec is None:  # an unknown AI has no rules
        return
    for pattern in spec.excludes:
        for other in _matching(pattern, present, besides=ai):
            message = f"AI ({ai}) {spec.title} must not be used together with AI ({other})"
            yield Problem(Code.EXCLUDED_PAIR, message, ai)
    if spec.requires and not any(
        all(any(_matching(pattern, present, besides=ai)) for pattern in group) for group in spec.requires
    ):
        groups = " or ".join("+".join(f"({pattern})" for pattern in group) for group in spec.requires)
        yield Problem(Code.MISSING_COMPANION, f"AI ({ai}) {spec.title} requires AI {groups}", ai)


def _matching(pattern: str, present: Collection[str], *, besides: str) -> Iterable[str]:
    """Say which AIs match a pattern whose trailing `n`s stand for any digit; an AI never matches itself."""
    if pattern in present:
        if pattern != besides:
            yield pattern
        return
    stem = pattern.rstrip("n")
    if stem != pattern:
        for ai in present:
            if ai != besides and len(ai) == len(pattern) and ai.startswith(stem):
                yield ai


def _repeats(elements: Sequence[Element]) -> Iterable[Problem]:
    first: dict[str, str] = {}
    for ai, value in elements:
        if first.setdefault(ai, value) != value:
            message = f"AI ({ai}) comes twice with different values: {first[ai]!r} and {value!r}"
            yield Problem(Code.CONFLICTING_REPEAT, message, ai)


def _unsigned_serials(present: dict[str, str]) -> Iterable[Problem]:
    """A digital signature (8030) signs one instance, so a key that can have a serial must have it."""
    for ai, length in SERIALISED_KEYS_LENGTH.items():
        if ai in present and len(present[ai]) <= length:
            message = f"AI (8030) DIGSIG beside AI ({ai}) {AIS[ai].title} requires its serial component"
            yield Problem(Code.SERIAL_MISSING, message, ai)
