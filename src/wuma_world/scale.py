"""How large a world is played, and how often what happens in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Scale:
    """The size of a world."""

    name: ScaleName
    cans: int
    """Cans produced in the whole time, about."""
    stores: int
    """Of those in the file, the first in every city first."""
    households: int
    hidden_clones: int
    """Genuine hidden codes that somebody copies onto fake cans."""
    open_clones: int
    """Genuine open codes that somebody copies onto fake cans."""
    guesses: int
    """Codes that bots make up and try."""
    leaked_labels: int
    """Labels that leave one printer by the back door."""


ScaleName = Literal["small", "demo", "large"]

SMALL: Final = Scale("small", 1_500, 24, 130, 8, 4, 300, 12)
DEMO: Final = Scale("demo", 45_000, 325, 3_700, 120, 40, 2_400, 60)
LARGE: Final = Scale("large", 600_000, 325, 50_000, 1_000, 300, 20_000, 300)
SCALES: Final[dict[ScaleName, Scale]] = {scale.name: scale for scale in (SMALL, DEMO, LARGE)}

WEEKS: Final = 10
LIFE: Final = timedelta(weeks=WEEKS)
