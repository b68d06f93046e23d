"""The laboratory and the office behind it: what is written down of each batch, and who lets it go.

What has to be written is asked of the server (its template), not known here: a brand that forgets an item
finds out by the score, as it would in life. Materials and the store's logger speak EPCIS, the rest is typed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from wuma_world.capture import capture
from wuma_world.office import Office
from wuma_world.production import Batch
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS
from wuma_world.stopped import PlayStopped
from wuma_world.world import World

RELEASED_HOUR: Final = 17
LOGGED_HOURS: Final = 24
POLL_SECONDS: Final = 0.25
POLLS_MAX: Final = 240  # a minute for the dossier to hear of an event

_WRITTEN: Final[Mapping[str, str]] = {
    "product.registration_no": "国食注字YP20260001",
    "product.ingredients": "生牛乳、乳糖、脱盐乳清粉、植物油、浓缩乳清蛋白粉、低聚半乳糖、维生素、矿物质",
    "product.producer": "星垦乳业（示例）有限公司",
    "product.address": "示例省示例市牧场路 1 号",
    "product.licence_no": "SC10500000000000",
    "material.supplier": "北坡牧业（示例）",
    "material.origin": "黑龙江",
    "process.route": "湿法工艺",
    "lab.laboratory": "星垦乳业（示例）检验中心",
    "storage.warehouse": "成品一库",
    "storage.conditions": "阴凉干燥处，常温",
}
_MATERIALS: Final = (("SM", "生牛乳"), ("WP", "脱盐乳清粉"))
_MACHINES: Final = (("SD-01", "喷雾干燥塔"), ("FL-01", "灌装机"))
_PEOPLE: Final = (("投料", "赵师傅"), ("灌装", "钱师傅"))
_ENERGY: Final = "275"


class DossierDeaf(PlayStopped):
    """A dossier did not hear what events said of its batch."""


class Laboratory:
    """Fills and signs the dossiers of a brand's batches."""

    def __init__(self, world: World, office: Office) -> None:
        self._world = world
        self._office = office
        self._items: dict[int, list[dict[str, Any]]] = {}

    async def release(self, batch: Batch, batch_id: str) -> int:
        """Write down everything about a batch, and let it go; return how many events were told."""
        product = batch.product
        if product.stage is None:
            return 0
        at = self._world.at((batch.day + 1) * DAY_SECONDS + RELEASED_HOUR * HOUR_SECONDS)
        quality, admin = self._office.quality, self._office.admin
        told = [self._mixed(batch), self._stored(batch)]
        await capture(self._office.line_operator, told, at=at)
        if product.stage not in self._items:
            template = await quality.get("/dossier/template", at=at, stage=product.stage)
            self._items[product.stage] = template["items"]
        await self._until_told(batch_id, at)
        entries = list(self._entries(batch, self._items[product.stage]))
        await quality.post(f"/batches/{batch_id}/dossier/entries", {"entries": entries}, at=at)
        await quality.post(f"/batches/{batch_id}/dossier/quality-release", {"deviation": ""}, at=at)
        await admin.post(f"/batches/{batch_id}/dossier/market-release", {"deviation": ""}, at=at)
        return len(told)

    async def _until_told(self, batch_id: str, at: datetime) -> None:
        """Wait until the dossier has heard what went in: what is signed must be all there is to sign."""
        for _ in range(POLLS_MAX):
            dossier = await self._office.quality.get(f"/batches/{batch_id}/dossier", at=at)
            if sum(entry["item"] == "material.key" for entry in dossier["standing"]) == len(_MATERIALS):
                return
            await asyncio.sleep(POLL_SECONDS)
        raise DossierDeaf(f"batch {batch_id}: its materials were told by EPCIS and are not in its dossier")

    def _entries(self, batch: Batch, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        subjects: Mapping[str, list[tuple[str, str]]] = {
            "material": [(f"{kind}{batch.number}", name) for kind, name in _MATERIALS],
            "equipment": list(_MACHINES),
            "person": list(_PEOPLE),
        }
        entries = []
        for item in items:
            if item["is_drawn"] or item["due"] == "optional":
                continue
            for subject, name in subjects.get(item["section"], [("", "")]):
                entry = {"item": item["id"], "subject": subject, "value": self._value(batch, item, name)}
                if item["needs_limit"] and item["kind"] == "number" and not item["limit"]:
                    entry |= {"least": "1", "most": "1000", "method": "企业标准", "operator": "林工"}
                entries.append(entry)
        return entries

    def _value(self, batch: Batch, item: dict[str, Any], name: str) -> str:
        chance = Random(f"{batch.number} {item['id']} {name}")
        if item["id"].endswith(".name") and name:
            return name
        if item["id"] == "lab.energy":
            return _ENERGY
        match item["kind"]:
            case "number":
                # Below the limits there are, and above the least that a report of ours states.
                return f"{chance.uniform(0.05, 0.4):.2f}" if item["limit"] else f"{chance.uniform(2, 90):.1f}"
            case "date":
                return self._world.day(
                    batch.day + 1 + 365 * item["id"].endswith(("until", "until_on"))
                ).isoformat()
            case "instant":
                hours = 15 if item["id"].endswith("finished_at") else 7
                return self._world.at(batch.day * DAY_SECONDS + hours * HOUR_SECONDS).isoformat()
            case "verdict":
                return "合格"
            case "samples":
                count = int(item["limit"].partition("n=")[2].partition(",")[0])
                return ", ".join(["未检出" if "m=0" in item["limit"] else "<10"] * count)
            case _:
                if item["id"] == "product.standard":
                    return {1: "GB 10765-2021", 2: "GB 10766-2021"}.get(
                        batch.product.stage or 0, "GB 10767-2021"
                    )
                return _WRITTEN.get(item["id"], f"{item['zh']} {batch.number}")

    def _mixed(self, batch: Batch) -> dict[str, Any]:
        at = self._world.at(batch.day * DAY_SECONDS + 6 * HOUR_SECONDS)
        inputs = [
            {"epcClass": f"urn:epc:class:lgtin:9504000.05910{place}.{kind}{batch.number}"}
            for place, (kind, _) in enumerate(_MATERIALS)
        ]
        return {
            "type": "TransformationEvent",
            "eventTime": at.isoformat(),
            "eventTimeZoneOffset": "+08:00",
            "bizLocation": {"id": f"https://id.gs1.org/414/{batch.line.site_gln}"},
            "inputQuantityList": inputs,
            "outputQuantityList": [{"epcClass": self._lot(batch)}],
        }

    def _stored(self, batch: Batch) -> dict[str, Any]:
        begun = self._world.at(batch.day * DAY_SECONDS + 16 * HOUR_SECONDS)
        chance = Random(f"store {batch.number}")
        reports = [
            {
                "type": "Temperature",
                "value": round(18 + chance.uniform(-1.5, 1.5), 1),
                "uom": "CEL",
                "time": (begun + timedelta(hours=hour)).isoformat(),
            }
            for hour in range(LOGGED_HOURS)
        ]
        return {
            "type": "ObjectEvent",
            "action": "OBSERVE",
            "bizStep": "sensor_reporting",
            "eventTime": (begun + timedelta(hours=LOGGED_HOURS)).isoformat(),
            "eventTimeZoneOffset": "+08:00",
            "bizLocation": {"id": f"https://id.gs1.org/414/{batch.line.site_gln}"},
            "quantityList": [{"epcClass": self._lot(batch)}],
            "sensorElementList": [{"sensorReport": reports}],
        }

    @staticmethod
    def _lot(batch: Batch) -> str:
        return f"https://id.gs1.org/01/{batch.product.gtin}/10/{batch.number}"
