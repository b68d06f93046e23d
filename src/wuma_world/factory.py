"""A day at the factory: labels go on cans, cans into cases, cases onto pallets, and Wuma is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wuma_world.capture import capture
from wuma_world.epcis import LINKS, URNS, Event, Naming, Writer
from wuma_world.labels import Labels
from wuma_world.office import Office
from wuma_world.production import Batch, Label
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS
from wuma_world.world import World

STARTS_HOUR: Final = 7
ENDS_HOUR: Final = 15


@dataclass(frozen=True, slots=True)
class Factory:
    """The lines of the brand."""

    world: World
    office: Office
    labels: Labels

    async def make(self, batch: Batch) -> int:
        """Make a batch, tell Wuma what the line told its box, and return how many events that was."""
        at = self.world.at(batch.day * DAY_SECONDS + ENDS_HOUR * HOUR_SECONDS)
        opened = await self.office.line_operator.post(
            "/batches",
            {
                "product_id": self.office.product_id(batch.product),
                "number": batch.number,
                "produced_on": f"{self.world.day(batch.day):%Y-%m-%d}",
                "line_id": self.office.line_id(batch.line),
            },
            at=at,
        )
        await self._take(batch.rejected, "scrapped", "unreadable: taken out behind the applicator", at)
        await self._activate(opened["id"], self._spans(batch), at)
        await self._take([can.label for can in batch.sampled], "sampled", "kept in the laboratory", at)
        events = list(self._events(batch))
        await capture(self.office.line_operator, events, at=at)
        return len(events)

    async def _take(self, labels: Sequence[Label], to: str, reason: str, at: datetime) -> None:
        if labels:
            body = {"to": to, "codes": self.labels.open_uris(labels), "reason": reason}
            await self.office.quality.post("/transitions", body, at=at)

    async def _activate(self, batch_id: str, spans: list[dict[str, str]], at: datetime) -> None:
        await self.office.line_operator.post("/activations", {"batch_id": batch_id, "spans": spans}, at=at)

    def _spans(self, batch: Batch) -> list[dict[str, str]]:
        """Return what was used of each roll, from first to last label."""
        pallets = [pallet.label for pallet in batch.pallets]
        cases = [case.label for case in batch.cases]
        cans = [Label(batch.roll, batch.places[0]), Label(batch.roll, batch.places[-1])]
        return [
            {"first": self._text(labels[0]), "last": self._text(labels[-1])}
            for labels in (cans, cases, pallets)
            if labels
        ]

    def _text(self, label: Label) -> str:
        row = self.labels.row(label)
        return row.sscc or row.open_uri

    def _events(self, batch: Batch) -> Iterator[Event]:
        writer = Writer.on_line(_naming(batch), batch.product.company_prefix, batch.line)
        row = self.labels.row
        begun = self.world.at(batch.day * DAY_SECONDS + STARTS_HOUR * HOUR_SECONDS)
        case_seconds = (ENDS_HOUR - STARTS_HOUR - 1) * HOUR_SECONDS / (sum(1 for _ in batch.cases) + 1)
        packed = 0
        for pallet in batch.pallets:
            for case in pallet.cases:
                packed += 1
                at = begun + timedelta(seconds=round(packed * case_seconds, 3))
                yield writer.packed(row(case.label), [row(can.label) for can in case.cans], at)
            at = begun + timedelta(seconds=round((packed + 0.5) * case_seconds, 3))
            yield writer.packed(row(pallet.label), [row(case.label) for case in pallet.cases], at)


def _naming(batch: Batch) -> Naming:
    """Lines of different age speak differently."""
    return URNS if batch.line.extension.endswith("1") else LINKS
