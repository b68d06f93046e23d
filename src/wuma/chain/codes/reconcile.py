"""Lot reconciliation (物料平衡 of labels): every code that was ordered is somewhere.

    ordered = not printed + printed
    printed = used + scrapped + void + missing

*Missing* are labels that were given out for printing and have not been heard of since. While a roll is
still on the machine that is normal; once the batch is done, each is a question to the printer or the line.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wuma.chain.codes.lifecycle import CodeState
from wuma.chain.codes.models import CodeOrder, RunRow


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The codes of an order, by what became of them."""

    ordered: int
    not_printed: int
    printed: int
    used: int
    """Commissioned, and whatever became of the item then: sampled or destroyed."""
    scrapped: int
    void: int
    missing: int

    @property
    def balances(self) -> bool:
        """Whether both equations hold. They do, unless we have a bug: an invariant checks it."""
        return (
            self.ordered == self.not_printed + self.printed
            and self.printed == self.used + self.scrapped + self.void + self.missing
        )


def tally(counts: dict[CodeState, int], *, ordered: int) -> Reconciliation:
    """Put the counts of the states into the equation.

    >>> tally({CodeState.COMMISSIONED: 96, CodeState.SCRAPPED: 1, CodeState.ENCODED: 3}, ordered=100)
    Reconciliation(ordered=100, not_printed=0, printed=100, used=96, scrapped=1, void=0, missing=3)
    """
    of = {state: counts.get(state, 0) for state in CodeState}
    return Reconciliation(
        ordered=ordered,
        not_printed=of[CodeState.ALLOCATED],
        printed=sum(count for state, count in of.items() if state is not CodeState.ALLOCATED),
        used=of[CodeState.COMMISSIONED] + of[CodeState.SAMPLED] + of[CodeState.DESTROYED],
        scrapped=of[CodeState.SCRAPPED],
        void=of[CodeState.VOID],
        missing=of[CodeState.ENCODED],
    )


def count_states(session: Session, order_id: int) -> dict[CodeState, int]:
    """Count the codes of an order by state."""
    length = func.sum(RunRow.last_unit - RunRow.first_unit + 1)
    rows = session.execute(
        select(RunRow.state, length).where(RunRow.order_id == order_id).group_by(RunRow.state)
    )
    return {CodeState(state): int(count) for state, count in rows}


def reconcile(session: Session, order_id: int, *, ordered: int) -> Reconciliation:
    """Reconcile an order of `ordered` codes."""
    return tally(count_states(session, order_id), ordered=ordered)


@dataclass(frozen=True, slots=True)
class Totals:
    """All codes of a brand."""

    order_count: int
    codes_ordered: int
    by_state: dict[CodeState, int]


def totals(session: Session) -> Totals:
    """Count all codes in this scope."""
    order_count, ordered = session.execute(
        select(func.count(), func.sum(CodeOrder.last_unit - CodeOrder.first_unit + 1)).select_from(CodeOrder)
    ).one()
    length = func.sum(RunRow.last_unit - RunRow.first_unit + 1)
    rows = session.execute(select(RunRow.state, length).group_by(RunRow.state))
    return Totals(order_count, int(ordered or 0), {CodeState(state): int(count) for state, count in rows})
