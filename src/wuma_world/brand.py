"""The maker and its trade: products, factories, lines, dealers with territories, stores, printers.

All of it is read from CSV files, the same files that are imported into Wuma: what the world believes and
what it tells the server cannot differ. The files in ``data`` are invented, except cities and coordinates.

Things of the world are compared by identity (``eq=False``): two shops that agree in every word are two shops.
"""

from __future__ import annotations

import csv
import importlib.resources
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from wuma_gs1.keys import Gln, Gtin
from wuma_world.geography import City, read_cities
from wuma_world.stopped import PlayStopped

PRODUCTS: Final = "products.csv"
SITES: Final = "sites.csv"
LINES: Final = "lines.csv"
PARTNERS: Final = "partners.csv"
CITIES: Final = "cities.csv"
SHELF_LIFE_DAYS: Final = 730
"""Of formula whose file does not say."""
INVENTED: Final = Path(str(importlib.resources.files("wuma_world").joinpath("data")))
"""The files of the invented brand."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A product in cans, cases and pallets."""

    gtin: str
    name: str
    brand: str
    stage: int | None
    net_weight_g: int
    shelf_life_days: int
    case_gtin: str
    case_item_count: int
    company_prefix: str
    pallet_case_count: int


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A packing line, with the GLN of its factory."""

    code: str
    name: str
    site_gln: str
    extension: str


@dataclass(frozen=True, slots=True, eq=False)
class Dealer:
    """Somebody who buys pallets and sells cases to the stores of some provinces."""

    code: str
    name: str
    gln: str
    territory: tuple[str, ...]
    """Codes of provinces."""


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """A shop where mothers buy cans."""

    code: str
    name: str
    gln: str
    dealer: Dealer
    city: City


@dataclass(frozen=True, slots=True, eq=False)
class PrintingVendor:
    """Somebody who prints labels, and may lose some."""

    name: str
    email: str


PRINTING_VENDORS: Final = (
    PrintingVendor("京华标识印务", "a@print.xingken.example"),
    PrintingVendor("金柏防伪印刷", "b@print.xingken.example"),
)


@dataclass(frozen=True, slots=True, eq=False)
class Brand:
    """The maker and everybody it deals with."""

    name_zh: str
    name_en: str
    products: tuple[Product, ...]
    lines: tuple[Line, ...]
    dealers: tuple[Dealer, ...]
    stores: tuple[Store, ...]
    cities: tuple[City, ...]

    def stores_in(self, city: City) -> list[Store]:
        """Return the stores of a city."""
        return [store for store in self.stores if store.city == city]


Row = dict[str, str]
Value = TypeVar("Value")


class BadRow(PlayStopped):
    """A row of a file is not what the world needs; the message says where and why."""


def read_brand(folder: Path, *, name_zh: str = "星垦乳业", name_en: str = "Xingken Dairy") -> Brand:
    """Read a brand from its folder of CSV files; cities of one's own are optional.

    Raises:
        BadRow: naming the file, the row and what is wrong with it.
    """
    cities = read_cities(folder / CITIES if (folder / CITIES).exists() else INVENTED / CITIES)
    by_code = {city.code: city for city in cities}
    partners = _rows(folder / PARTNERS)
    dealers = {
        dealer.code: dealer for dealer in _read(folder / PARTNERS, _of_kind(partners, "dealer"), _dealer)
    }

    def store(row: Row) -> Store:
        return Store(
            code=row["code"],
            name=row["name"],
            gln=Gln.parse(row["gln"]).value,
            dealer=dealers[row["parent_code"]],
            city=by_code[_city_code(row["region_code"])],
        )

    return Brand(
        name_zh=name_zh,
        name_en=name_en,
        products=tuple(
            _read(folder / PRODUCTS, [row for row in _rows(folder / PRODUCTS) if row["case_gtin"]], _product)
        ),
        lines=tuple(_read(folder / LINES, _rows(folder / LINES), _line)),
        dealers=tuple(dealers.values()),
        stores=tuple(_read(folder / PARTNERS, _of_kind(partners, "store"), store)),
        cities=cities,
    )


def _product(row: Row) -> Product:
    return Product(
        gtin=Gtin.parse(row["gtin"]).value,
        name=row["name_zh"] or row["name_en"],
        brand=row["brand_zh"] or row["brand_en"],
        stage=int(row["stage"]) if row["stage"] else None,
        net_weight_g=int(row["net_weight_g"] or 0),
        shelf_life_days=int(row["shelf_life_days"] or SHELF_LIFE_DAYS),
        case_gtin=Gtin.parse(row["case_gtin"]).value,
        case_item_count=int(row["case_item_count"]),
        company_prefix=row["company_prefix"],
        pallet_case_count=int(row["pallet_case_count"]),
    )


def _line(row: Row) -> Line:
    return Line(row["code"], row["name"], Gln.parse(row["site_gln"]).value, row["gln_extension"])


def _dealer(row: Row) -> Dealer:
    return Dealer(row["code"], row["name"], Gln.parse(row["gln"]).value, tuple(row["territory"].split(";")))


def _city_code(region_code: str) -> str:
    """Return the city of a division: the municipality, or the prefecture.

    >>> _city_code("110105"), _city_code("440305")
    ('11', '4403')
    """
    return region_code[:2] if region_code[:2] in {"11", "12", "31", "50"} else region_code[:4]


def _rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _of_kind(rows: Sequence[Row], kind: str) -> list[Row]:
    return [row for row in rows if row["kind"] == kind]


def _read(file: Path, rows: Sequence[Row], value: Callable[[Row], Value]) -> list[Value]:
    values = []
    for row in rows:
        try:
            values.append(value(row))
        except (KeyError, ValueError) as flaw:
            raise BadRow(f"{file.name}, {next(iter(row.values()))}: {flaw!r}") from flaw
    return values
