"""The main job on real data: products, stores, divisions and EPCIS documents that we did not make up.

Whoever has a folder of such files (Parquet, JSON-LD) points ``wuma demo --real`` at it. The real products
and stores become the brand of the world; everything else in the folder is handed in and asked back, and
every file gets a line: rows, accepted, refused and why, seconds.
"""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gln, Gtin
from wuma_world.brand import CITIES, INVENTED, LINES, PARTNERS, PRODUCTS, SITES
from wuma_world.capture import CaptureFailed, capture_document, query
from wuma_world.client import Desk, Refused
from wuma_world.geography import City, read_cities
from wuma_world.proof import Check
from wuma_world.stopped import PlayStopped

FORMULA: Final = "products/uhtt_infant_formula.parquet"
TERRITORIES: Final = "stores_cn/caterpillar_distributor_territories_cn.parquet"
STORES: Final = {
    "stores_cn/starbucks_greater_china_2017.parquet": (
        *("SB", "Store Name", "City", "Street Address"),
        *("Longitude", "Latitude"),
    ),
    "stores_cn/heytea_stores_2020.parquet": ("HT", "name", "city", "", "lng", "lat"),
    "stores_cn/braun_dealers_cn.parquet": ("BR", "dealername", "city", "dealeraddress", "lng", "lat"),
    "stores_cn/caterpillar_dealers_cn.parquet": ("CA", "name", "city", "address", "lng", "lat"),
}
"""Files of stores: how we number them, and their columns of name, city, address, longitude, latitude."""
COUNTIES: Final = "geo_cn/divisions_2023_county_level.parquet"
DOCUMENTS: Final = "gs1/epcis-docs/gs1-JSON"

PLAYED_PRODUCTS: Final = 6
CASE_ITEMS, PALLET_CASES = 6, 60
COMPANY_PREFIX_DIGITS: Final = 7  # nobody says how long the makers' prefixes are; seven is the commonest
STORE_PREFIX: Final = (
    "9528800"  # GLNs of the stores are not published: these are from GS1's prefix for examples
)
REASONS_SHOWN: Final = 3

_FORMULA_NAMES: Final = re.compile(r"formula|nutrilon|similac|friso|babynat|смесь", re.IGNORECASE)


class RealDataMissing(PlayStopped):
    """The folder cannot be used; the message says what is missing and how to get it."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file."""

    file: str
    rows: int
    accepted: int
    refused: int
    reasons: Sequence[str]
    seconds: float

    def as_json(self) -> Mapping[str, object]:
        """Return it for a report."""
        return asdict(self)


# ---- before the play: real files in the form the world reads -----------------------------------------------


def prepare(folder: Path, into: Path) -> None:
    """Write the CSV files of a brand with real products and stores.

    Raises:
        RealDataMissing: pyarrow is not installed, or a file is not there.
    """
    into.mkdir(parents=True, exist_ok=True)
    for name in (SITES, LINES, CITIES):
        (into / name).write_bytes((INVENTED / name).read_bytes())
    _write(into / PRODUCTS, _PRODUCT_COLUMNS, _products(_rows(folder, FORMULA)))
    cities = {_plain(city.name): city for city in read_cities(INVENTED / CITIES)}
    _write(into / PARTNERS, _PARTNER_COLUMNS, [*_dealers(folder), *_stores(folder, cities)])


_PRODUCT_COLUMNS: Final = (
    *("gtin", "name_zh", "name_en", "brand_zh", "brand_en", "category", "stage", "age_from_months"),
    *("net_weight_g", "shelf_life_days", "case_gtin", "case_item_count", "company_prefix", "extension"),
    "pallet_case_count",
)
_PARTNER_COLUMNS: Final = (
    *("code", "kind", "name", "gln", "parent_code", "region_code", "address", "longitude", "latitude"),
    *("datum", "territory"),
)


def _products(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, object]]:
    """Yield every product whose check digit is right; some of them are packed, and played with."""
    packed = 0
    for row in rows:
        try:
            gtin = Gtin.parse(row["gtin"])
        except ParseError:
            continue
        named = {
            "gtin": gtin.value,
            "name_en": row["name"].strip()[:200],
            "brand_en": row["brand"].strip()[:200],
            "category": "infant formula and the like",
        }
        is_formula = gtin.value[0] == "0" and _FORMULA_NAMES.search(row["name"]) and row["brand"].strip()
        if packed == PLAYED_PRODUCTS or not is_formula or len(row["gtin"]) != len("6901234567892"):
            yield named
            continue
        packed += 1
        prefix = gtin.company_prefix(COMPANY_PREFIX_DIGITS)
        reference = gtin.value[1 + COMPANY_PREFIX_DIGITS : -1]
        yield {
            **named,
            "shelf_life_days": 730,
            "case_gtin": Gtin.build(prefix, reference, indicator=1).value,
            "case_item_count": CASE_ITEMS,
            "company_prefix": prefix,
            "extension": 0,
            "pallet_case_count": PALLET_CASES,
        }


def _dealers(folder: Path) -> Iterator[Mapping[str, object]]:
    """Yield the distributors with their real territories."""
    for number, (name, codes) in enumerate(sorted(_territories(folder).items()), 1):
        yield {
            "code": f"D{number}",
            "kind": "dealer",
            "name": name,
            "gln": Gln.build(STORE_PREFIX, f"7{number:04}").value,
            "territory": ";".join(codes),
        }


def _territories(folder: Path) -> dict[str, list[str]]:
    codes = {row["province"][:2]: row["provinceCode"] for row in _rows(folder, COUNTIES)}
    found: dict[str, list[str]] = {}
    for row in _rows(folder, TERRITORIES):
        found.setdefault(row["distributor"], []).append(codes[row["province"][:2]])
    return found


def _stores(folder: Path, cities: Mapping[str, City]) -> Iterator[Mapping[str, object]]:
    """Yield the stores in cities that the world knows; each belongs to the dealer of its province."""
    dealer_of = {
        code: f"D{number}"
        for number, (_, codes) in enumerate(sorted(_territories(folder).items()), 1)
        for code in codes
    }
    number = 0
    for file, (letters, name, city_name, address, longitude, latitude) in STORES.items():
        for place, row in enumerate(_rows(folder, file), 1):
            city = cities.get(_plain(str(row[city_name] or "")))
            if city is None or city.province_code not in dealer_of or not row[longitude] or not row[latitude]:
                continue
            number += 1
            yield {
                "code": f"{letters}{place:05}",
                "kind": "store",
                "name": str(row[name]).strip()[:120],
                "gln": Gln.build(STORE_PREFIX, f"{number:05}").value,
                "parent_code": dealer_of[city.province_code],
                "region_code": city.code,
                "address": str(row[address]).strip()[:200] if address else "",
                "longitude": row[longitude],
                "latitude": row[latitude],
            }


def _plain(city: str) -> str:
    """Return a city's name as all files agree on it.

    >>> _plain("北京"), _plain("贵阳市")
    ('北京', '贵阳')
    """
    return city.strip().removesuffix("市")


def _rows(folder: Path, name: str) -> list[dict[str, Any]]:
    try:
        from pyarrow import parquet  # type: ignore[import-untyped]
    except ImportError:
        raise RealDataMissing("real data is read with pyarrow: pip install pyarrow") from None
    file = folder / name
    if not file.is_file():
        raise RealDataMissing(f"{file}: there is no such file")
    rows: list[dict[str, Any]] = parquet.read_table(file).to_pylist()
    return rows


def _write(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# ---- after the play: everything in the folder is handed in -------------------------------------------------


async def hand_in(desk: Desk, folder: Path, brand_files: Path, *, at: datetime) -> list[FileReport]:
    """Hand in what the folder holds and ask it back; return a line for every file."""
    reports = [await _raw_products(desk, folder, at=at)]
    for name in (PRODUCTS, PARTNERS):
        reports.append(await _imported(desk, brand_files / name, at=at))
    for name in STORES:
        reports.append(await _raw_stores(desk, folder, name, at=at))
    reports.append(await _counties(desk, folder, at=at))
    for file in sorted((folder / DOCUMENTS).rglob("*.jsonld")):
        reports.append(await _document(desk, folder, file, at=at))
    return reports


def check_files(reports: Sequence[FileReport]) -> list[Check]:
    """Check what must hold of real data: what is right was taken, and what was taken is found again."""
    by_file = {report.file: report for report in reports}
    documents = [report for report in reports if report.file.startswith(DOCUMENTS)]
    return [
        Check.equal("real.products_refused", 0, by_file[PRODUCTS].refused),
        Check.equal("real.stores_refused", 0, by_file[PARTNERS].refused),
        Check.equal("real.counties_missing", 0, by_file[COUNTIES].refused),
        Check.equal("real.epcis_events_lost", 0, sum(report.refused for report in documents)),
    ]


async def _raw_products(desk: Desk, folder: Path, *, at: datetime) -> FileReport:
    """Try the file as it was published, wrong check digits and all; nothing is changed."""
    rows = await asyncio.to_thread(_rows, folder, FORMULA)
    columns = ("gtin", "name", "category", "brand")
    wanted = [{column: row[column] for column in columns} for row in rows]
    return await _import(desk, FORMULA, "products", columns, wanted, dry_run=True, at=at)


async def _raw_stores(desk: Desk, folder: Path, name: str, *, at: datetime) -> FileReport:
    """Try a file of stores under its own column names; nothing is changed."""
    rows = await asyncio.to_thread(_rows, folder, name)
    letters, *named = STORES[name]
    columns = ("code", "kind", *(column for column in named if column))
    wanted = [
        {"code": f"{letters}X{place:05}", "kind": "store", **{column: row[column] for column in columns[2:]}}
        for place, row in enumerate(rows, 1)
    ]
    return await _import(desk, name, "partners", columns, wanted, dry_run=True, at=at)


async def _imported(desk: Desk, file: Path, *, at: datetime) -> FileReport:
    """Import once more what the brand was founded with: it is there, so nothing changes."""
    content = await asyncio.to_thread(file.read_bytes)
    kind = "products" if file.name == PRODUCTS else "partners"
    return await _sent(desk, file.name, kind, content, dry_run=False, at=at)


async def _import(
    desk: Desk,
    name: str,
    kind: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, object]],
    *,
    dry_run: bool,
    at: datetime,
) -> FileReport:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return await _sent(desk, name, kind, text.getvalue().encode(), dry_run=dry_run, at=at)


async def _sent(
    desk: Desk, name: str, kind: str, content: bytes, *, dry_run: bool, at: datetime
) -> FileReport:
    begun = time.monotonic()
    answer = await desk.request(
        "POST",
        "/imports",
        at=at,
        params={"kind": kind, "filename": "table.csv", "dry_run": dry_run},
        headers={"Content-Type": "text/csv"},
        content=content,
        refusals={HTTPStatus.UNPROCESSABLE_ENTITY},
    )
    said: dict[str, Any] = answer.json()
    errors: list[dict[str, Any]] = said["errors"]
    bad_rows = len({error["row"] for error in errors})
    reasons = Counter(f"{error['column']}: expected {error['expected']}" for error in errors)
    return FileReport(
        file=name,
        rows=said["row_count"],
        accepted=said["row_count"] - bad_rows,
        refused=bad_rows,
        reasons=[f"{count} × {reason}" for reason, count in reasons.most_common(REASONS_SHOWN)],
        seconds=round(time.monotonic() - begun, 2),
    )


async def _counties(desk: Desk, folder: Path, *, at: datetime) -> FileReport:
    """Look for every county of the file among the server's divisions."""
    begun = time.monotonic()
    wanted = {row["code"]: row["name"] for row in await asyncio.to_thread(_rows, folder, COUNTIES)}
    known: dict[str, str] = {}
    above: list[str | None] = [None]
    for _level in ("province", "city", "county"):
        below: list[str | None] = []
        for parent in above:
            wanted_page = {} if parent is None else {"parent": parent}
            async for region in desk.pages("/regions", at=at, **wanted_page):
                known[region["code"]] = region["name"]
                below.append(region["code"])
        above = [code for code in below if code is not None and len(code) <= len("4403")]
    # A city without counties stands in the file as its own only county: 441900 is 东莞市, 4419.
    missing = [
        f"{code} {name}"
        for code, name in wanted.items()
        if name not in {known.get(code), known.get(code.removesuffix("00"))}
    ]
    return FileReport(
        file=COUNTIES,
        rows=len(wanted),
        accepted=len(wanted) - len(missing),
        refused=len(missing),
        reasons=missing[:REASONS_SHOWN],
        seconds=round(time.monotonic() - begun, 2),
    )


async def _document(desk: Desk, folder: Path, file: Path, *, at: datetime) -> FileReport:
    """Capture a document and ask for each of its events."""
    begun = time.monotonic()
    name = str(file.relative_to(folder))
    document = json.loads(await asyncio.to_thread(file.read_text, encoding="utf-8"))
    events = document.get("epcisBody", {}).get("eventList", [])
    try:
        await capture_document(desk, document, at=at)
    except (Refused, CaptureFailed) as refusal:
        seconds = round(time.monotonic() - begun, 2)
        return FileReport(name, len(events), 0, len(events), [str(refusal)[:300]], seconds)
    lost = [event async for event in _not_found(desk, events)]
    reasons = [f"captured, but not found again: {event.get('type')}" for event in lost[:REASONS_SHOWN]]
    seconds = round(time.monotonic() - begun, 2)
    return FileReport(name, len(events), len(events) - len(lost), len(lost), reasons, seconds)


async def _not_found(desk: Desk, events: Iterable[Mapping[str, Any]]) -> AsyncIterator[Mapping[str, Any]]:
    for event in events:
        wanted = _question_for(event)
        found = [one async for one in query(desk, **wanted)] if wanted else []
        if not any(_instant(one) == _instant(event) for one in found):
            yield event


def _question_for(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the query that must find an event: by its identifier, else by what it is about."""
    if "eventID" in event:
        return {"EQ_eventID": event["eventID"]}
    things = [*event.get("epcList", []), *event.get("childEPCs", []), *event.get("inputEPCList", [])]
    things += event.get("outputEPCList", [])
    if "parentID" in event:
        things.append(event["parentID"])
    if things:
        return {"MATCH_anyEPC": things[0]}
    instant = datetime.fromisoformat(event["eventTime"])
    return {
        "GE_eventTime": instant.isoformat(),
        "LT_eventTime": (instant + timedelta(milliseconds=1)).isoformat(),
    }


def _instant(event: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(event["eventTime"])
