"""The reckoning counts what happened: caught, warned, wronged, accepted."""

from __future__ import annotations

import json

import pytest

from wuma_world.brand import PRINTING_VENDORS, Brand
from wuma_world.cheats import Cheats
from wuma_world.people import Phone
from wuma_world.production import Label, Level, RollKey
from wuma_world.reckoning import Share, as_json, reckon
from wuma_world.scanning import SUSPECT, THROTTLED, Heard
from wuma_world.scans import DAY_SECONDS, Invented, Printed, Scan, Side, Story


class Scene:
    """A few labels, and what phones were told of them."""

    def __init__(self, brand: Brand) -> None:
        roll = RollKey(brand.products[0], Level.ITEM, PRINTING_VENDORS[0])
        self.labels = [Label(roll, place) for place in range(10)]
        self.city = brand.cities[0]
        self.heard: list[Heard] = []

    def told(
        self,
        day: float,
        person: int,
        shown: Label | None,
        story: Story,
        verdict: str,
        *,
        side: Side = Side.HIDDEN,
        copy: int = 0,
    ) -> None:
        code = Invented(len(self.heard), side) if shown is None else Printed(shown, side)
        scan = Scan(day * DAY_SECONDS, Phone(person, "phone", True), code, self.city, "1.2.4.8", story, copy)
        self.heard.append(Heard(scan, verdict, (), None, mistyped=False, reported=False))


@pytest.fixture
def scene(brand: Brand) -> Scene:
    return Scene(brand)


def test_a_copied_code_is_caught_from_the_first_fake_on(scene: Scene) -> None:
    copied, quiet, never_scanned = scene.labels[:3]
    scene.told(1, 1, copied, Story.OPENED, "first_genuine")
    scene.told(5, 2, copied, Story.COPIED_HIDDEN, "genuine_again", copy=1)
    scene.told(6, 3, copied, Story.COPIED_HIDDEN, "genuine_again", copy=2)
    scene.told(9, 4, copied, Story.COPIED_HIDDEN, SUSPECT, copy=3)
    scene.told(3, 5, quiet, Story.COPIED_HIDDEN, "first_genuine", copy=1)

    found = reckon(scene.heard, Cheats(hidden_clones={copied: 5, quiet: 1, never_scanned: 9}))

    clones = found.hidden_clones
    assert (clones.planted, clones.scanned) == (3, Share(1, 2))
    assert clones.by_copies == {"1": Share(0, 1), "3": Share(1, 1)}
    assert (clones.scans_until, clones.days_until) == (3, 4.0)
    assert clones.fakes_told == Share(1, 4)


def test_doubts_before_the_first_fake_catch_nobody(scene: Scene) -> None:
    copied = scene.labels[0]
    scene.told(1, 1, copied, Story.OPENED, SUSPECT)
    scene.told(5, 2, copied, Story.COPIED_HIDDEN, "genuine_again", copy=1)

    assert reckon(scene.heard, Cheats(hidden_clones={copied: 1})).hidden_clones.scanned == Share(0, 1)


def test_the_owner_of_a_copied_can_is_warned_and_not_wronged(scene: Scene) -> None:
    copied = scene.labels[0]
    scene.told(1, 1, copied, Story.OPENED, "first_genuine")
    scene.told(5, 2, copied, Story.COPIED_HIDDEN, "genuine_again", copy=1)
    scene.told(7, 1, copied, Story.AGAIN, SUSPECT)

    found = reckon(scene.heard, Cheats(hidden_clones={copied: 1}))

    assert found.owners_warned == Share(1, 1)
    assert found.honest_hidden.people == Share(0, 0)


def test_honest_people_are_counted_once_however_often_they_scan(scene: Scene) -> None:
    label = scene.labels[0]
    scene.told(1, 1, label, Story.OPENED, "first_genuine")
    scene.told(2, 1, label, Story.AGAIN, SUSPECT)
    scene.told(3, 1, label, Story.AGAIN, SUSPECT)
    scene.told(4, 2, label, Story.PARTNER, "genuine_again")
    scene.told(4, 3, label, Story.DISPLAY, SUSPECT, side=Side.OPEN)

    found = reckon(scene.heard, Cheats())

    assert found.honest_hidden.people == Share(1, 2)
    assert found.honest_hidden.scans == Share(2, 4)
    assert found.honest_hidden.by_story["again"] == Share(2, 2)
    assert found.honest_open.people == Share(1, 1)


def test_an_invented_code_that_is_believed_is_counted(scene: Scene) -> None:
    scene.told(1, 1, None, Story.GUESS, "unknown")
    scene.told(1, 1, None, Story.GUESS, THROTTLED)
    scene.told(1, 1, None, Story.MUTATED, "first_genuine")
    scene.told(1, 2, None, Story.MISTYPED, THROTTLED, side=Side.TYPED)

    found = reckon(scene.heard, Cheats())

    assert found.guesses == Share(1, 4)
    assert found.throttled_bots == Share(1, 3)
    assert found.throttled_honest == Share(1, 1)


def test_stolen_labels_are_followed_on_both_sides(scene: Scene) -> None:
    stolen = scene.labels[0]
    scene.told(1, 1, stolen, Story.LEAK_TRIED, "unknown")
    scene.told(2, 2, stolen, Story.LEAK_SOLD, "first_genuine", copy=1)
    scene.told(30, 3, stolen, Story.OPENED, SUSPECT)

    found = reckon(scene.heard, Cheats(leaked={stolen}))

    assert found.leaked_unknown == Share(1, 2)
    assert found.owners_of_leaked == Share(1, 1)
    assert found.honest_hidden.people == Share(0, 0)


def test_the_interval_is_wilsons() -> None:
    assert [round(bound, 4) for bound in Share(0, 100).interval] == [0.0, 0.037]
    assert [round(bound, 4) for bound in Share(50, 100).interval] == [0.4038, 0.5962]
    assert [round(bound, 4) for bound in Share(100, 100).interval] == [0.963, 1.0]


def test_a_reckoning_is_json_with_intervals(scene: Scene) -> None:
    scene.told(1, 1, scene.labels[0], Story.OPENED, "first_genuine")

    written = json.loads(json.dumps(as_json(reckon(scene.heard, Cheats()))))

    assert written["honest_hidden"]["people"]["of"] == 1
    assert written["honest_hidden"]["people"]["interval_95"][0] == 0.0
    assert written["verdicts"] == {"first_genuine": 1}
