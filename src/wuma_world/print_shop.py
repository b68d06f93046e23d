"""Ordering codes, and what a printing vendor does: fetch the file once, open it with the own key, print.

The world knows no code from anywhere else.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyrage

from wuma_world.brand import PRINTING_VENDORS, PrintingVendor
from wuma_world.client import Desk
from wuma_world.labels import COLUMNS, BadPrintFile, Labels, read_print_file
from wuma_world.office import Office
from wuma_world.production import Level, Production, RollKey
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS
from wuma_world.stopped import PlayStopped
from wuma_world.world import World

ORDERED_HOUR: Final = 10
RELEASED_DAY: Final = 1
RELEASED_HOUR: Final = 9
POLL_SECONDS: Final = 0.3
POLLS_MAX: Final = 1_000  # five minutes for one file


class PrintFileFailed(PlayStopped):
    """A print file was not made, or is not what its receipt says; the message says which and why."""


@dataclass(frozen=True, slots=True)
class PrintShop:
    """The vendors with their keys; the secret halves never leave them."""

    world: World
    office: Office
    keys: Mapping[PrintingVendor, pyrage.x25519.Identity]

    @classmethod
    def with_new_keys(cls, world: World, office: Office) -> PrintShop:
        """Give every vendor a key."""
        return cls(world, office, {vendor: pyrage.x25519.Identity.generate() for vendor in PRINTING_VENDORS})

    async def print_all(
        self, production: Production, told: Callable[[int, int], None]
    ) -> tuple[Labels, dict[RollKey, int]]:
        """Order the codes of every roll and print them; return the labels, and the orders by roll."""
        labels, orders = Labels(), {}
        files: dict[RollKey, str] = {}
        for roll, count in production.rolls.items():
            orders[roll] = await self._order_codes(roll, count)
            files[roll] = await self._order_file(roll, orders[roll])
        for done, (roll, count) in enumerate(production.rolls.items(), 1):
            labels.rolls[roll] = read_print_file(await self._fetch(roll, files[roll]), roll.level, count)
            told(done, len(files))
        return labels, orders

    async def _order_codes(self, roll: RollKey, count: int) -> int:
        at = self.world.at(ORDERED_HOUR * HOUR_SECONDS)
        body = {
            "product_id": self.office.product_id(roll.product),
            "level": roll.level.value,
            "quantity": count,
            "gtin": roll.product.case_gtin if roll.level is Level.CASE else None,
            "note": f"{roll.vendor.name}, {self.world.day(0):%Y-%m}",
        }
        order = await self.office.admin.post("/code-orders", body, at=at)
        return int(order["id"])

    async def _order_file(self, roll: RollKey, order_id: int) -> str:
        at = self.world.at((ORDERED_HOUR + 1) * HOUR_SECONDS)
        columns = [{"field": name, "header": name} for name in COLUMNS[roll.level]]
        body = {
            "template": {"columns": columns},
            "recipient_name": roll.vendor.name,
            "recipient_public_key": str(self.keys[roll.vendor].to_public()),
            "recipient_account": self.office.vendors[roll.vendor].account_id,
        }
        files = await self.office.admin.post(f"/code-orders/{order_id}/print-files", body, at=at)
        return str(files[0]["id"])

    async def _fetch(self, roll: RollKey, file_id: str) -> bytes:
        """Wait until a file is ready, take it out of the house, and open it."""
        at = self.world.at(RELEASED_DAY * DAY_SECONDS + RELEASED_HOUR * HOUR_SECONDS)
        vendor = self.office.vendors[roll.vendor]
        await _until_ready(vendor, file_id, at)
        released = await vendor.post(f"/print-files/{file_id}/release", at=at)
        sealed = (await vendor.request("GET", released["content_url"], at=at)).content
        claimed = released["receipt"]["claims"]["sha256"]
        found = hashlib.sha256(sealed).hexdigest()
        if found != claimed:
            raise PrintFileFailed(f"print file {file_id}: expected SHA-256 {claimed}, got {found}")
        try:
            return bytes(pyrage.decrypt(sealed, [self.keys[roll.vendor]]))
        except pyrage.DecryptError as failure:
            raise BadPrintFile(
                f"print file {file_id}: {roll.vendor.name} cannot open it: {failure}"
            ) from failure


async def _until_ready(vendor: Desk, file_id: str, at: datetime) -> None:
    file: dict[str, Any] = {}
    for _ in range(POLLS_MAX):
        file = await vendor.get(f"/print-files/{file_id}", at=at)
        if file["state"] == "ready":
            return
        if file["state"] == "failed":
            raise PrintFileFailed(f"print file {file_id}: {file['failure']}")
        await asyncio.sleep(POLL_SECONDS)
    raise PrintFileFailed(
        f"print file {file_id}: still {file.get('state')} after {POLLS_MAX * POLL_SECONDS:.0f} s"
    )
