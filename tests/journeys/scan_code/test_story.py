"""A can's way as a consumer reads it: one sentence a turn, cities and no dealers, nothing guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from wuma.journeys.scan_code.answer import Step
from wuma.journeys.scan_code.story import Turn, story_of

T0 = datetime(2026, 5, 1, tzinfo=UTC)


def way(*steps: tuple[str, str]) -> list[Step]:
    return [Step(step, T0 + timedelta(days=nth), zh, zh) for nth, (step, zh) in enumerate(steps)]


def told(*steps: tuple[str, str]) -> list[tuple[Turn, str]]:
    return [(one.turn, one.place_zh) for one in story_of(way(*steps))]


def test_a_whole_way_is_told_from_the_factory_to_the_store() -> None:
    assert told(
        ("commissioning", "呼和浩特市"),
        ("packing", "呼和浩特市"),
        ("packing", "呼和浩特市"),
        ("shipping", "呼和浩特市"),
        ("departing", ""),
        ("arriving", "上海市"),
        ("receiving", "上海市"),
        ("storing", "上海市"),
        ("shipping", "上海市"),
        ("receiving", "深圳市"),
        ("retail_selling", "深圳市"),
    ) == [
        (Turn.MADE, "呼和浩特市"),
        (Turn.PACKED, "呼和浩特市"),
        (Turn.LEFT_FACTORY, "呼和浩特市"),
        (Turn.ARRIVED, "上海市"),
        (Turn.SENT_ON, "上海市"),
        (Turn.ARRIVED, "深圳市"),
        (Turn.SOLD, "深圳市"),
    ]


def test_a_way_that_is_not_known_is_not_made_up() -> None:
    assert told() == []
    assert told(("receiving", "")) == [(Turn.ARRIVED, "")]
    assert told(("receiving", "上海市"), ("shipping", "上海市")) == [
        (Turn.ARRIVED, "上海市"),
        (Turn.SENT_ON, "上海市"),  # nobody said that it left the factory from here
    ]


def test_coming_back_is_told_again() -> None:
    arrivals = told(("receiving", "上海市"), ("receiving", "深圳市"), ("receiving", "上海市"))

    assert [place for _, place in arrivals] == ["上海市", "深圳市", "上海市"]


def test_words_of_somebodys_own_are_left_out() -> None:
    assert told(("https://brand.example/step/polishing", "上海市"), ("loading", "上海市")) == []
