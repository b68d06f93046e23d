"""Places are found by the names that people and address lists really use."""

from __future__ import annotations

import math
import shutil
import struct
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from wuma.support.masterdata.division_names import canonical_code
from wuma.support.masterdata.places import Precision, all_places, nearest_place, place_of, place_of_ip_region

SPECIAL = ("香港", "澳门", "台湾省")  # known as a whole only


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("北京", "北京市"), "11"),
        (("重庆市",), "50"),
        (("广东", "汕头"), "4405"),
        (("吉林省", "吉林市"), "2202"),
        (("吉林",), "22"),
        (("海南",), "46"),
        (("青海省", "海南"), "6325"),
        (("海南省", "儋州"), "4604"),
        (("内蒙古", "锡林郭勒"), "1525"),
        (("内蒙古自治区", "锡林郭勒盟"), "1525"),
        (("新疆", "克孜勒苏"), "6530"),
        (("西藏", "阿里地区"), "5425"),
        (("甘肃省", "甘南市"), "6230"),
        (("湖北省", "仙桃"), "429004"),
        (("河南省", "济源"), "419001"),
        (("山东省", "莱芜市"), "3701"),
        (("广西壮族自治区", "桂林"), "4503"),
        (("广东省", "深圳市", "南山区"), "4403"),
        (("广东省", "没有这个市"), "44"),
        (("深圳",), "4403"),
        (("0", "深圳市"), "4403"),
        (("香港特别行政区",), "81"),
        (("Guangdong", "SHENZHEN"), "4403"),
        (("Jiangsu", "Suzhou"), "3205"),
        (("Anhui", "Suzhou"), "3413"),
        (("湖北省", "襄樊"), "4206"),
        (("440305",), "4403"),
        (("440305001000",), "4403"),
        (("110105",), "11"),
        (("429004",), "429004"),
        (("659005",), "65"),
    ],
)
def test_a_place_is_found_by_short_and_official_names_and_codes(names: tuple[str, ...], code: str) -> None:
    place = place_of(*names)

    assert place is not None
    assert place.code == code


@pytest.mark.parametrize(
    "names", [(), ("",), ("0", "0"), ("海",), ("Suzhou",), ("Atlantis",), ("999999",), ("四",)]
)
def test_what_is_not_sure_is_nowhere(names: tuple[str, ...]) -> None:
    assert place_of(*names) is None


@pytest.mark.parametrize(
    "region", ["", "中国", "日本|0|东京都|东京|0", "0|0|0|内网IP|内网IP", "中国|0|0|0|0"]
)
def test_a_region_outside_of_china_or_unknown_is_no_place(region: str) -> None:
    assert place_of_ip_region(region) is None


def test_a_code_begins_with_the_codes_of_all_it_lies_in() -> None:
    for place in all_places().values():
        assert canonical_code(place.code) == place.code
        assert canonical_code(place.code.ljust(6, "0")) == place.code
        assert place.code.startswith(place.province_code)


@pytest.mark.parametrize(
    ("longitude", "latitude", "name"),
    [
        (121.47, 31.23, "上海市"),
        (114.17, 22.30, "香港特别行政区"),
        (120.3, 23.0, "台湾省"),
        (113.0, 28.2, "长沙市"),
        (2.35, 48.86, None),
        (-74.0, 40.7, None),
    ],
)
def test_a_point_is_named_by_the_nearest_seat(longitude: float, latitude: float, name: str | None) -> None:
    place = nearest_place(longitude, latitude)

    assert (place and place.name) == name


def test_most_county_seats_are_given_their_own_city(shared: Path) -> None:
    rows = pq.read_table(shared / "geo_cn" / "adcode_coords_cpca.parquet").to_pylist()
    counties = [row for row in rows if row["longitude"] and not row["adcode"].endswith("00000000")]

    own = 0
    for row in counties:
        place = nearest_place(float(row["longitude"]), float(row["latitude"]))
        own += place is not None and row["adcode"].startswith(place.code)

    assert own / len(counties) > 0.8


def test_every_region_of_a_real_ip_list_is_placed(shared: Path, tmp_path: Path) -> None:
    regions = _regions_of_ip2region(shared, tmp_path)

    misplaced = {}
    for region in regions:
        _country, _zero, province, city, _isp = region.split("|")
        place = place_of_ip_region(region)
        expected = None if province == "0" else "province" if city == "0" or province in SPECIAL else "city"
        if province in ("北京", "天津", "上海", "重庆"):
            expected = "city"
        precision = None if place is None else place.precision
        if precision != expected:
            misplaced[region] = place

    assert len(regions) > 400
    assert misplaced == {}


def test_places_lie_where_another_source_puts_them(shared: Path) -> None:
    other = {
        row["adcode"]: row
        for row in pq.read_table(shared / "geo_cn" / "adcode_centroids_datav2021.parquet").to_pylist()
    }

    apart_km = {}
    for place in all_places().values():
        row = other.get(place.code.ljust(6, "0"))
        if row is not None:
            east = (place.longitude - row["center_lng"]) * math.cos(math.radians(place.latitude))
            apart_km[place.name] = 111 * math.hypot(east, place.latitude - row["center_lat"])

    assert len(apart_km) == len(all_places())
    assert max(apart_km.values()) < 50  # 盘锦 moved its government 45 km


def test_places_are_the_divisions_of_the_last_census(shared: Path) -> None:
    rows = pq.read_table(shared / "geo_cn" / "divisions_2023_county_level.parquet").to_pylist()
    provinces = {row["provinceCode"]: row["province"] for row in rows}
    cities = {row["cityCode"]: row["city"] for row in rows}
    ours = {place.code: place.name for place in all_places().values()}

    assert {code: name for code, name in ours.items() if len(code) == 2 and code < "70"} == provinces
    assert {code: name for code, name in ours.items() if len(code) == 4} == {
        code: name
        for code, name in cities.items()
        if code[:2] not in {"11", "12", "31", "50"} and code[2:] != "90"
    }
    assert all(place.precision is Precision.CITY for place in all_places().values() if len(place.code) > 2)


def _regions_of_ip2region(shared: Path, folder: Path) -> list[str]:
    """Read all regions of China out of the database, which is a vector index, segments and strings."""
    if shutil.which("zstd") is None:
        pytest.skip("the program zstd is not installed")
    packed = shared / "ip_region" / "ip2region_v4_2.0.1.xdb.zst"
    subprocess.run(["zstd", "-dq", str(packed), "-o", str(folder / "ip.xdb")], check=True)
    content = (folder / "ip.xdb").read_bytes()
    first, last = struct.unpack_from("<II", content, 8)
    regions = set()
    for at in range(first, last + 14, 14):
        length, pointer = struct.unpack_from("<HI", content, at + 8)
        region = content[pointer : pointer + length].decode()
        if region.startswith("中国|"):
            regions.add("|".join(region.split("|")[:4]) + "|")
    return sorted(regions)
