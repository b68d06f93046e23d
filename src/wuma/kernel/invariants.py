"""What must always be true of the data, checked while the program runs.

A context declares its invariants as queries that return violations; a job runs them all, keeps the
results and lets a metric tell. An invariant that breaks is a bug, found before a customer finds it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.kernel import telemetry

SAMPLE_COUNT: Final = 5

log = telemetry.logger(__name__)
_violations = telemetry.gauge("invariant_violations", "Rows that break an invariant.", ("invariant",))


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise about the data. `violations` is a SELECT whose every row breaks it."""

    name: str
    promise: str
    violations: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of one invariant found."""

    invariant: Invariant
    violation_count: int
    sample: list[str]


def check(session: Session, invariants: Iterable[Invariant]) -> list[Checked]:
    """Check invariants, keep the results, and return them."""
    results = []
    for invariant in invariants:
        started = time.perf_counter()
        rows = session.execute(
            text(f"SELECT count(*) OVER (), v.* FROM ({invariant.violations}) v LIMIT :n"),
            {"n": SAMPLE_COUNT},
        ).all()
        count = int(rows[0][0]) if rows else 0
        sample = [str(tuple(row)[1:]) for row in rows]
        _violations.labels(invariant.name).set(count)
        if count:
            log.error("invariants.broken", invariant=invariant.name, violation_count=count)
        session.execute(
            text(
                "INSERT INTO kernel.invariant_result (name, checked_at, violation_count, sample, seconds)"
                " VALUES (:name, now(), :count, CAST(:sample AS jsonb), :seconds)"
                " ON CONFLICT (name) DO UPDATE SET checked_at = excluded.checked_at,"
                " violation_count = excluded.violation_count, sample = excluded.sample,"
                " seconds = excluded.seconds"
            ),
            {
                "name": invariant.name,
                "count": count,
                "sample": json.dumps(sample),
                "seconds": time.perf_counter() - started,
            },
        )
        results.append(Checked(invariant, count, sample))
    return results
