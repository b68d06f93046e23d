"""A can's way in plain words: what somebody who has never heard of EPCIS reads on the phone.

Honest and coarse. Only recorded steps are told, places to the city and no names of dealers; what happened
in one place on the way in (arrived, received, stored) is one sentence, and nothing is guessed between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from wuma.journeys.scan_code.answer import Step
from wuma_gs1.cbv import BizStep


class Turn(StrEnum):
    """What a sentence of the story is about."""

    MADE = "made"
    CHECKED = "checked"
    PACKED = "packed"
    LEFT_FACTORY = "left_factory"
    SENT_ON = "sent_on"
    ARRIVED = "arrived"
    SOLD = "sold"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: what happened, when, and in which city."""

    turn: Turn
    at: datetime
    place_zh: str
    place_en: str


_TURNS: Final[dict[str, Turn]] = {
    BizStep.COMMISSIONING: Turn.MADE,
    BizStep.INSPECTING: Turn.CHECKED,
    BizStep.PACKING: Turn.PACKED,
    BizStep.SHIPPING: Turn.SENT_ON,
    BizStep.DEPARTING: Turn.SENT_ON,
    BizStep.ARRIVING: Turn.ARRIVED,
    BizStep.RECEIVING: Turn.ARRIVED,
    BizStep.STORING: Turn.ARRIVED,
    BizStep.RETAIL_SELLING: Turn.SOLD,
}
_ONCE: Final = frozenset({Turn.MADE, Turn.CHECKED, Turn.PACKED, Turn.SOLD})
"""Told the first time: a second packing is of the case, a second inspection of no news to a buyer."""


def story_of(steps: Sequence[Step]) -> list[Sentence]:
    """Tell a way, the earliest step first."""
    return list(_told(steps))


def _told(steps: Sequence[Step]) -> Iterator[Sentence]:
    told: set[Turn] = set()
    last: Sentence | None = None
    for step in steps:
        turn = _TURNS.get(step.step)
        if turn is Turn.SENT_ON and not told & {Turn.LEFT_FACTORY, Turn.SENT_ON, Turn.ARRIVED}:
            turn = Turn.LEFT_FACTORY
        if turn is None or (turn in _ONCE and turn in told):
            continue
        sentence = Sentence(turn, step.at, step.place_zh, step.place_en)
        if last is not None and _is_the_same(last, sentence):
            continue
        told.add(turn)
        last = sentence
        yield sentence


def _is_the_same(before: Sentence, now: Sentence) -> bool:
    """Whether a sentence says again what the one before said: leaving in two steps, arriving in three."""
    leaving = {Turn.LEFT_FACTORY, Turn.SENT_ON}
    if not (before.turn is now.turn or {before.turn, now.turn} <= leaving):
        return False
    return before.place_zh == now.place_zh or not now.place_zh
