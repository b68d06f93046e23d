"""Opening for business: people get accounts, products and partners are imported, and everybody learns ids."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from wuma_world.brand import (
    LINES,
    PARTNERS,
    PRINTING_VENDORS,
    PRODUCTS,
    SITES,
    Brand,
    Line,
    PrintingVendor,
    Product,
)
from wuma_world.client import Desk, Server
from wuma_world.stopped import PlayStopped

IMPORTS: Final = (("products", PRODUCTS), ("sites", SITES), ("lines", LINES), ("partners", PARTNERS))
"""In this order, because lines name their site, and stores their dealer."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody signs in with."""

    email: str
    password: str
    role: str
    name: str


STAFF: Final = (
    ("qa", "质量 林工", "qa"),
    ("line_operator", "产线 石师傅", "line"),
    ("channel_manager", "渠道 高经理", "channel"),
    ("customer_service", "客服 小米", "service"),
    ("auditor", "审计 周老师", "audit"),
)


class ImportFailed(PlayStopped):
    """A file of master data was not taken as a whole; the message has the first faults."""


@dataclass(frozen=True, slots=True)
class Office:
    """The people of the brand at their desks, and the server's names for things."""

    admin: Desk
    quality: Desk
    line_operator: Desk
    vendors: Mapping[PrintingVendor, Desk]
    product_ids: Mapping[str, str]
    """By GTIN."""
    line_ids: Mapping[str, str]
    """By code."""
    imports: Sequence[Mapping[str, Any]]
    """What the server said about each file."""

    def product_id(self, product: Product) -> str:
        """Return the server's name for a product."""
        return self.product_ids[product.gtin]

    def line_id(self, line: Line) -> str:
        """Return the server's name for a line."""
        return self.line_ids[line.code]


async def found_brand(
    server: Server, operator: Credentials, admin: Credentials, brand: Brand, *, at: datetime
) -> None:
    """Have the operator of the platform make the brand and its administrator."""
    desk = await server.sign_in(operator.email, operator.password, at=at)
    names = {"slug": SLUG, "name_zh": brand.name_zh, "name_en": brand.name_en}
    await desk.post("/tenants", names, at=at)
    await desk.request("POST", "/accounts", at=at, headers={"Wuma-Tenant": SLUG}, json=_account(admin))


def _account(person: Credentials) -> dict[str, object]:
    return {
        "email": person.email,
        "name": person.name,
        "roles": [person.role],
        "password": person.password,
    }


SLUG: Final = "xingken"


async def open_office(
    server: Server,
    admin: Credentials,
    staff: Sequence[Credentials],
    vendors: Sequence[Credentials],
    folder: Path,
    *,
    at: datetime,
) -> Office:
    """Make the accounts of everybody, import the brand's files, and sign in."""
    desk = await server.sign_in(admin.email, admin.password, at=at)
    for person in [*staff, *vendors]:
        await desk.post("/accounts", _account(person), at=at)
    by_role = {person.role: person for person in staff}
    imports = [await _import(desk, kind, folder / file, at=at) for kind, file in IMPORTS]
    quality, line_operator = by_role["qa"], by_role["line_operator"]
    return Office(
        admin=desk,
        quality=await server.sign_in(quality.email, quality.password, at=at),
        line_operator=await server.sign_in(line_operator.email, line_operator.password, at=at),
        vendors={
            vendor: await server.sign_in(person.email, person.password, at=at)
            for vendor, person in zip(PRINTING_VENDORS, vendors, strict=True)
        },
        product_ids={item["gtin"]: item["id"] async for item in desk.pages("/products", at=at)},
        line_ids={item["code"]: item["id"] async for item in desk.pages("/lines", at=at)},
        imports=imports,
    )


async def _import(desk: Desk, kind: str, file: Path, *, at: datetime) -> Mapping[str, Any]:
    answer = await desk.request(
        "POST",
        "/imports",
        at=at,
        params={"kind": kind, "filename": file.name},
        headers={"Content-Type": "text/csv"},
        content=await asyncio.to_thread(file.read_bytes),
    )
    report: dict[str, Any] = answer.json()
    if report.get("errors"):
        raise ImportFailed(f"{file.name}: {report['errors'][:5]}")
    return report
