"""The map behind a route in the console is made of the places that master data knows."""

from __future__ import annotations

import re
from pathlib import Path

from wuma.support.masterdata.facade import Precision
from wuma.support.masterdata.places import all_places

MAP = Path(__file__).parents[2] / "web" / "apps" / "console" / "src" / "features" / "trace" / "places.ts"


def test_the_map_of_the_console_shows_every_city_that_master_data_knows() -> None:
    drawn = set(re.findall(r"-?\d+\.\d,-?\d+\.\d", MAP.read_text()))

    known = {
        f"{place.longitude:.1f},{place.latitude:.1f}"
        for place in all_places().values()
        if place.precision is Precision.CITY
    }

    assert known <= drawn
