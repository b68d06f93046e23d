"""Divisions are loaded from the files of the npm package, again and again, and none is ever lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from wuma.support.masterdata.divisions import DivisionsUnreadable, Loaded, load_divisions, read_divisions
from wuma.support.masterdata.models import RegionRow
from wuma.support.masterdata.places import all_places

NOW = datetime(2025, 6, 1, tzinfo=UTC)


def write_divisions(folder: Path, **files: Mapping[str, str]) -> Path:
    folder.mkdir(exist_ok=True)
    for name in ("provinces", "cities", "areas", "streets"):
        rows = [{"code": code, "name": label, "more": 1} for code, label in files.get(name, {}).items()]
        (folder / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_divisions(
        tmp_path / "divisions",
        provinces={"44": "广东省"},
        cities={"4403": "深圳市", "4419": "东莞市"},
        areas={"440305": "南山区", "441900": "东莞市"},
        streets={"440305001": "南头街道", "441900003": "东城街道"},
    )


def test_a_division_knows_its_level_its_parent_and_where_it_is(db: Session, folder: Path) -> None:
    load_divisions(db, folder, now=NOW)

    found = {
        row.code: (row.level, row.parent_code, row.name, row.longitude is not None)
        for row in db.scalars(
            select(RegionRow).where(RegionRow.code.like("44%"), RegionRow.name.like("%东%"))
        )
    }
    assert found["44"] == ("province", None, "广东省", True)
    assert found["4419"] == ("city", "44", "东莞市", True)
    assert found["441900003"] == ("street", "4419", "东城街道", False)
    assert "441900" not in found


def test_loading_again_changes_nothing(db: Session, folder: Path) -> None:
    first = load_divisions(db, folder, now=NOW)
    second = load_divisions(db, folder, now=NOW)

    assert second == Loaded(first.region_count, changed_count=0, retired_count=0)


def test_a_division_that_is_no_longer_listed_is_retired_and_comes_back(db: Session, folder: Path) -> None:
    load_divisions(db, folder, now=NOW)
    write_divisions(folder, provinces={"44": "广东省"}, cities={"4403": "深圳市"}, areas={"440305": "南山区"})

    without_streets = load_divisions(db, folder, now=NOW)
    retired = db.scalar(select(RegionRow.retired_at).where(RegionRow.code == "440305001"))
    write_divisions(
        folder,
        provinces={"44": "广东省"},
        cities={"4403": "深圳市"},
        areas={"440305": "南山区"},
        streets={"440305001": "南头街道"},
    )
    with_streets = load_divisions(db, folder, now=NOW)

    assert without_streets.retired_count == 2
    assert retired == NOW
    assert with_streets.changed_count == 1


def test_without_the_fetched_files_there_are_provinces_and_cities(db: Session, tmp_path: Path) -> None:
    load_divisions(db, write_divisions(tmp_path / "empty"), now=NOW)

    codes = set(db.scalars(select(RegionRow.code).where(RegionRow.retired_at.is_(None))))
    assert codes == set(all_places())


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("areas.json", None),
        ("areas.json", "[{]"),
        ("areas.json", '[{"name": "没有代码"}]'),
        ("areas.json", '[{"code": "44030", "name": "五位"}]'),
    ],
)
def test_a_folder_of_another_form_is_named(folder: Path, file: str, content: str | None) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content, encoding="utf-8")

    with pytest.raises(DivisionsUnreadable, match=file):
        read_divisions(folder)


def test_all_real_divisions_load_with_their_parents(db: Session, tmp_path: Path, shared: Path) -> None:
    counties = pq.read_table(shared / "geo_cn" / "divisions_2023_county_level.parquet").to_pylist()
    streets = pq.read_table(shared / "geo_cn" / "divisions_2023_street_level.parquet").to_pylist()
    folder = write_divisions(
        tmp_path / "real",
        provinces={row["provinceCode"]: row["province"] for row in counties},
        cities={row["cityCode"]: row["city"] for row in counties},
        areas={row["code"]: row["name"] for row in counties},
        streets={row["code"]: row["name"] for row in streets},
    )

    load_divisions(db, folder, now=NOW)

    def count(*conditions: object) -> int:
        return db.scalar(select(func.count()).select_from(RegionRow).where(*conditions)) or 0  # type: ignore[arg-type]

    current = RegionRow.retired_at.is_(None)
    assert count(current, RegionRow.level == "province") == 31 + 3
    assert count(current, RegionRow.level == "city") == len({row["cityCode"] for row in counties})
    assert count(current, RegionRow.level == "county") == len(counties) - 3  # 东莞, 中山, 儋州 are cities
    assert count(current, RegionRow.level == "street") == len(streets) - 1  # 金门县 is its own only street
    assert count(current, RegionRow.parent_code.is_(None), RegionRow.level != "province") == 0
    orphans = select(RegionRow.code).where(
        current, RegionRow.parent_code.is_not(None), ~RegionRow.code.startswith(RegionRow.parent_code)
    )
    assert list(db.scalars(orphans)) == []
