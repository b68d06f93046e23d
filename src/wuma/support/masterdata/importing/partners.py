"""Importing dealers and stores. A store may name a dealer of the same file."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from wuma.facts.masterdata import PartnersChanged
from wuma.support.masterdata.division_names import DivisionNames
from wuma.support.masterdata.importing.cells import degrees, one_of, plain, read_code, read_gln, read_text
from wuma.support.masterdata.importing.header import Field, titles_of
from wuma.support.masterdata.importing.kind import (
    Check,
    ImportKind,
    Kind,
    in_use,
    looks_like,
    once,
    region_reader,
    values,
)

_TITLES: Final = titles_of(ImportKind.PARTNERS)

# No longitude of China could be a latitude of it, so two coordinates that were swapped give themselves away.
_IS_SWAPPED: Final = "s.longitude BETWEEN 3 AND 54 AND s.latitude BETWEEN 73 AND 136"

_read_kind: Final = one_of(
    {
        **dict.fromkeys(["dealer", "distributor", "经销商", "代理商", "分销商", "一级经销商"], "dealer"),
        **dict.fromkeys(
            ["store", "shop", "门店", "终端", "终端门店", "零售店", "零售门店", "母婴店"], "store"
        ),
    },
    "dealer (经销商) or store (门店)",
)
_read_datum: Final = one_of(
    {
        **dict.fromkeys(["wgs-84", "wgs84", "gps", "epsg:4326"], "WGS-84"),
        **dict.fromkeys(
            ["gcj-02", "gcj02", "火星坐标", "火星坐标系", "国测局", "高德", "腾讯", "amap"], "GCJ-02"
        ),
    },
    "WGS-84 or GCJ-02; convert BD-09 (百度) first",
)

_CHECKS: Final = (
    once("code", "code"),
    once("gln", "gln"),
    Check(
        ("parent_code",),
        """
        SELECT s.row_number, 'nothing, for a dealer', s.parent_code
        FROM staged s WHERE s.kind = 'dealer' AND s.parent_code IS NOT NULL
        """,
    ),
    Check(
        ("territory",),
        """
        SELECT s.row_number, 'nothing, for a store', array_to_string(s.territory, ', ')
        FROM staged s WHERE s.kind = 'store' AND s.territory <> '{}'
        """,
    ),
    Check(
        ("longitude", "latitude"),
        """
        SELECT s.row_number, 'longitude and latitude, or neither', coalesce(s.longitude, s.latitude)::text
        FROM staged s WHERE (s.longitude IS NULL) <> (s.latitude IS NULL)
        """,
    ),
    Check(
        ("latitude", "longitude"),
        f"""
        SELECT s.row_number,
               CASE WHEN {_IS_SWAPPED} THEN 'a latitude; longitude and latitude seem to be swapped'
               ELSE 'a latitude, -90 to 90' END,
               'longitude ' || s.longitude || ', latitude ' || s.latitude
        FROM staged s WHERE abs(s.latitude) > 90 OR {_IS_SWAPPED}
        """,
    ),
)

_REFERENCES: Final = (
    in_use("code"),
    Check(
        ("kind",),
        """
        SELECT s.row_number, t.kind || ', as it is kept; a partner stays what it is', s.kind
        FROM staged s JOIN matched m ON m.row_number = s.row_number JOIN masterdata.partner t ON t.id = m.id
        WHERE t.kind <> s.kind
        """,
    ),
    Check(
        ("parent_code",),
        """
        SELECT s.row_number, 'the code of a dealer, in this file or kept already', s.parent_code
        FROM staged s
        LEFT JOIN masterdata.partner d ON d.tenant_id = :tenant_id AND d.code = s.parent_code
        LEFT JOIN staged x ON x.code = s.parent_code
        WHERE s.parent_code IS NOT NULL AND coalesce(d.kind, x.kind) IS DISTINCT FROM 'dealer'
        """,
    ),
    Check(
        ("gln",),
        """
        SELECT s.row_number, 'a GLN that no other partner has', s.gln
        FROM staged s
        JOIN masterdata.partner o ON o.tenant_id = :tenant_id AND o.gln = s.gln AND o.code <> s.code
        """,
    ),
)


def partners(regions: DivisionNames) -> Kind:
    """Return what is particular to partners: they are known by the tenant's own code."""
    read_region = region_reader(regions)
    return Kind(
        fields=(
            Field("code", "text", _TITLES["code"], read_code, required=True),
            Field("kind", "text", _TITLES["kind"], _read_kind, required=True),
            Field("name", "text", _TITLES["name"], read_text, required=True),
            Field("gln", "text", _TITLES["gln"], read_gln, looks_right=looks_like(read_gln)),
            Field("parent_code", "text", _TITLES["parent_code"], read_code),
            Field("region_code", "text", _TITLES["region_code"], read_region),
            Field("address", "text", _TITLES["address"], read_text),
            Field(
                "longitude",
                "float8",
                _TITLES["longitude"],
                degrees("a longitude"),
                looks_right=_lies_between(73, 136),
            ),
            Field(
                "latitude",
                "float8",
                _TITLES["latitude"],
                degrees("a latitude"),
                looks_right=_lies_between(3, 54),
            ),
            Field("datum", "text", _TITLES["datum"], _read_datum),
            Field("territory", "text[]", _TITLES["territory"], _territory_reader(read_region)),
        ),
        needed=(("code",), ("kind",), ("name",)),
        table="masterdata.partner",
        source="""
            staged s
            LEFT JOIN masterdata.partner d ON d.tenant_id = :tenant_id AND d.code = s.parent_code
            LEFT JOIN staged x ON x.code = s.parent_code
        """,
        match="JOIN masterdata.partner t ON t.tenant_id = :tenant_id AND t.code = s.code",
        values={
            **values("code", "kind", "name", "gln", "region_code", "address"),
            **values("longitude", "latitude", "datum", "territory"),
            "parent_id": ("parent_code", "coalesce(d.id, x.id)"),
        },
        checks=_CHECKS,
        references=_REFERENCES,
        fact=lambda tenant_id, ids: PartnersChanged(tenant_id=tenant_id, partner_ids=ids),
    )


_LIST_BREAK: Final = re.compile(r"[;,、|\n]+")


def _territory_reader(read_region: Callable[..., str | None]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        pieces = _LIST_BREAK.split(plain(text))
        return sorted({code for piece in pieces if (code := read_region(piece)) is not None})

    return read


def _lies_between(least: float, most: float) -> Callable[[str], bool]:
    def looks_right(text: str) -> bool:
        try:
            return least <= float(plain(text)) <= most
        except ValueError:
            return False

    return looks_right
