"""Whatever the server refuses, the console can say it in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from wuma.entrypoints import addresses, api
from wuma.kernel.errors import Refusal

WORDS = Path(__file__).parents[2] / "web" / "packages" / "ui" / "src" / "problem-words.ts"


def test_every_refusal_has_a_name_in_the_console() -> None:
    assert api
    assert addresses.API_ROUTES, "importing the routes is what makes all refusals known here"
    named = set(re.findall(r'"problem\.([a-z0-9-]+)":', WORDS.read_text(encoding="utf-8")))

    assert {kind.slug for kind in _all(Refusal) if kind.__module__.startswith("wuma.")} - named == set()


def _all(kind: type[Refusal]) -> list[type[Refusal]]:
    return [kind, *(deeper for derived in kind.__subclasses__() for deeper in _all(derived))]
