"""Whether a value is within its limits: of a standard, of the maker, or of a sampling plan.

A sampling plan is that of GB 4789.1 and ICMSF: of `n` samples at most `c` may be above `m`, none above `M`.
A result such as ``<10`` is below the limit of quantification: within whatever it cannot be above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Finding(StrEnum):
    """What limits say of a value."""

    WITHIN = "within"
    OUTSIDE = "outside"
    NO_LIMIT = "no_limit"
    """There is nothing to hold it against."""
    UNDECIDED = "undecided"
    """It cannot be told: too few samples, another unit, or only known to be below something larger."""


class Result(NamedTuple):
    """A measured number; `below` when the laboratory only knows that it is less than that."""

    number: Decimal
    below: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The least and the most a number may be, both included."""

    least: Decimal | None = None
    most: Decimal | None = None

    def judge(self, result: Result) -> Finding:
        """Hold a result against the limit.

        >>> Limit(most=Decimal(5)).judge(Result(Decimal("5.0")))
        <Finding.WITHIN: 'within'>
        >>> Limit(most=Decimal(5)).judge(Result(Decimal(10), below=True))
        <Finding.UNDECIDED: 'undecided'>
        >>> Limit(least=Decimal(3)).judge(Result(Decimal(3), below=True))
        <Finding.OUTSIDE: 'outside'>
        """
        if self.least is None and self.most is None:
            return Finding.NO_LIMIT
        if result.below:
            if self.least is not None:
                return Finding.OUTSIDE if result.number <= self.least else Finding.UNDECIDED
            assert self.most is not None
            return Finding.WITHIN if result.number <= self.most else Finding.UNDECIDED
        too_low = self.least is not None and result.number < self.least
        too_high = self.most is not None and result.number > self.most
        return Finding.OUTSIDE if too_low or too_high else Finding.WITHIN


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """Of `n` samples at most `c` above `m`, none above `most` (written M in the standards)."""

    n: int
    c: int
    m: Decimal
    most: Decimal | None = None

    def judge(self, results: Sequence[Result]) -> Finding:
        """Hold the results of all samples against the plan.

        >>> plan = SamplingPlan(5, 2, Decimal(10), Decimal(100))
        >>> plan.judge([Result(Decimal(10), below=True)] * 3 + [Result(Decimal(60))] * 2)
        <Finding.WITHIN: 'within'>
        >>> plan.judge([Result(Decimal(11))] * 3 + [Result(Decimal(0))] * 2)
        <Finding.OUTSIDE: 'outside'>
        >>> plan.judge([Result(Decimal(0))] * 4)
        <Finding.UNDECIDED: 'undecided'>
        """
        limit_each = Limit(most=self.m)
        found = [limit_each.judge(result) for result in results]
        above = found.count(Finding.OUTSIDE)
        most = self.most
        if most is not None and any(not one.below and one.number > most for one in results):
            return Finding.OUTSIDE
        if above > self.c:
            return Finding.OUTSIDE
        if len(results) < self.n or Finding.UNDECIDED in found:
            return Finding.UNDECIDED
        return Finding.WITHIN

    def __str__(self) -> str:
        most = "" if self.most is None else f", M={self.most}"
        return f"n={self.n}, c={self.c}, m={self.m}{most}"


def together(findings: Sequence[Finding]) -> Finding:
    """Return what several limits say together: all of them must be kept.

    >>> together([Finding.WITHIN, Finding.NO_LIMIT]), together([])
    (<Finding.WITHIN: 'within'>, <Finding.NO_LIMIT: 'no_limit'>)
    """
    for worst in (Finding.OUTSIDE, Finding.UNDECIDED, Finding.WITHIN):
        if worst in findings:
            return worst
    return Finding.NO_LIMIT
