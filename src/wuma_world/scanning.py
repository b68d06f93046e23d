"""Scanning what was planned, and keeping what every phone was told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any, Final
from uuid import UUID

from wuma_world.client import Server
from wuma_world.labels import Labels
from wuma_world.scans import CHEAT, Printed, Scan, Side
from wuma_world.world import World

AT_ONCE_MAX: Final = 24
REPORTS_SHARE: Final = 0.3
"""Honest people who are told of doubts, and report them."""
SUSPECT: Final = "suspect"
THROTTLED: Final = "throttled"
"""Not a verdict: too many wrong codes came from there, and nothing was checked."""


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What a phone was told about a scan."""

    scan: Scan
    verdict: str
    reasons: tuple[str, ...]
    scan_id: str | None
    mistyped: bool
    reported: bool


@dataclass(slots=True)
class Crowd:
    """Everybody who scans."""

    world: World
    server: Server
    labels: Labels
    heard: list[Heard] = field(default_factory=list)

    async def scan(self, scans: Sequence[Scan]) -> None:
        """Scan, many at once, yet each code and each phone in the order of time."""
        gate = asyncio.Semaphore(AT_ONCE_MAX)
        latest: dict[object, asyncio.Task[Heard]] = {}
        tasks = []
        async with asyncio.TaskGroup() as group:
            for scan in scans:
                keys = _in_order_by(scan)
                before = {latest[key] for key in keys if key in latest}
                task = group.create_task(self._scan(scan, before, gate))
                latest.update(dict.fromkeys(keys, task))
                tasks.append(task)
        self.heard.extend(task.result() for task in tasks)

    async def _scan(
        self, scan: Scan, before: Iterable[asyncio.Task[Heard]], gate: asyncio.Semaphore
    ) -> Heard:
        for earlier in before:
            await asyncio.wait([earlier])
        async with gate:
            at = self.world.at(scan.at)
            path = self.labels.path(scan.shown, scan.story)
            method = "GET"
            if scan.shown.side is not Side.OPEN:
                method, path = "POST", f"{path}?scan={self._number(scan)}"
            answer = await self.server.scan(scan.phone, method, path, address=scan.address, at=at)
            told: dict[str, Any] = answer.json()
            is_throttled = answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
            verdict = THROTTLED if is_throttled else told["verdict"]
            reported = await self._report(scan, told) if verdict == SUSPECT else False
            return Heard(
                scan, verdict, tuple(told["reasons"]), told["scan_id"], told.get("mistyped", False), reported
            )

    def _number(self, scan: Scan) -> UUID:
        """Return the number that the page gives a scan, so that sent twice it counts once."""
        chance = Random(f"{self.world.seed}/{scan.at}/{scan.phone.number}")
        return UUID(int=chance.getrandbits(128), version=4)

    async def _report(self, scan: Scan, told: dict[str, Any]) -> bool:
        """Let some of those who are told of doubts write to the brand."""
        if scan.story in CHEAT or Random(f"{self.world.seed}/{scan.at}").random() >= REPORTS_SHARE:
            return False
        form = {"scan_id": told["scan_id"], "concern": "code_copied", "text": "扫码提示存疑，请核实。"}
        headers = {
            "X-Forwarded-For": scan.address,
            "User-Agent": scan.phone.agent,
            "Accept": "application/json",
        }
        at = self.world.at(scan.at + 300)
        await self.server.request("POST", "/m/reports", at=at, headers=headers, data=form)
        return True


def _in_order_by(scan: Scan) -> list[object]:
    """Return what a scan must not overtake: earlier ones of the same code, or with the same cookies."""
    keys: list[object] = []
    if isinstance(scan.shown, Printed):
        keys.append((scan.shown.label, scan.shown.side is Side.OPEN))
    if scan.phone.keeps_cookies:
        keys.append(scan.phone.number)
    return keys
