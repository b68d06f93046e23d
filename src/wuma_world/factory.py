"""A day at the factory: labels go on cans, cans into cases, cases onto pallets, and Wuma is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from wuma_world.capture import capture
from wuma_world.epcis import LINKS, URNS, Event, Naming, Writer
from wuma_world.labels import Labels
from wuma_world.laboratory import Laboratory
from wuma_world.office import Office
from wuma_world.production import Batch, Label
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS
from wuma_world.stopped import PlayStopped
from wuma_world.world import World

STARTS_HOUR: Final = 7
ENDS_HOUR: Final = 15
POLL_SECONDS: Final = 0.25
POLLS_MAX: Final = 240  # a minute for Wuma's codes to hear of an event


class NotCommissioned(PlayStopped):
    """Codes that a line told of are not in use; the message says how many are."""


@dataclass(frozen=True, slots=True)
class Factory:
    """The lines of the brand.

    The first factory activates codes by the platform's own API, from the first to the last label of a
    roll. The second one's software speaks EPCIS only: its commissioning events activate what they name,
    a little later, as soon as Wuma's codes have heard of them.
    """

    world: World
    office: Office
    labels: Labels
    laboratory: Laboratory

    async def run(self, *, sampled: Sequence[Batch], made: Sequence[Batch]) -> int:
        """Do a day's work: yesterday's samples, today's batches; return how many events were told."""
        released = [await self.sample(batch) for batch in sampled]
        return sum(released) + sum([await self.make(batch) for batch in made])

    async def make(self, batch: Batch) -> int:
        """Make a batch, tell Wuma what the line told its box, and return how many events that was."""
        at = self.world.at(batch.day * DAY_SECONDS + ENDS_HOUR * HOUR_SECONDS)
        await self._take(batch.rejected, "scrapped", "unreadable: taken out behind the applicator", at)
        events = list(self._packing(batch))
        if self._speaks_epcis_only(batch):
            events[:0] = self._commissioning(batch)
        else:
            await self._activate(batch, at)
        await capture(self.office.line_operator, events, at=at)
        return len(events)

    async def sample(self, batch: Batch) -> int:
        """Take the laboratory's samples on the day after, let the batch go, and return the events told."""
        at = self.world.at((batch.day + 1) * DAY_SECONDS + STARTS_HOUR * HOUR_SECONDS)
        batch_id = await self._until_commissioned(batch, at)
        await self._take([can.label for can in batch.sampled], "sampled", "kept in the laboratory", at)
        return await self.laboratory.release(batch, batch_id)

    def _speaks_epcis_only(self, batch: Batch) -> bool:
        return batch.line.site_gln != self.world.brand.lines[0].site_gln

    async def _activate(self, batch: Batch, at: datetime) -> None:
        form = {
            "product_id": self.office.product_id(batch.product),
            "number": batch.number,
            "produced_on": self.world.day(batch.day).isoformat(),
            "line_id": self.office.line_id(batch.line),
        }
        opened = await self.office.line_operator.post("/batches", form, at=at)
        body = {"batch_id": opened["id"], "spans": self._spans(batch)}
        await self.office.line_operator.post("/activations", body, at=at)

    async def _until_commissioned(self, batch: Batch, at: datetime) -> str:
        wanted = batch.label_count
        product_id = self.office.product_id(batch.product)
        found: list[int] = []
        for _ in range(POLLS_MAX):
            page = await self.office.quality.get("/batches", at=at, q=batch.number, product_id=product_id)
            found = [item["commissioned_count"] for item in page["items"]]
            if found == [wanted]:
                return str(page["items"][0]["id"])
            await asyncio.sleep(POLL_SECONDS)
        raise NotCommissioned(f"batch {batch.number}: expected {wanted} codes in use, got {found}")

    async def _take(self, labels: Sequence[Label], to: str, reason: str, at: datetime) -> None:
        if labels:
            body = {"to": to, "codes": self.labels.open_uris(labels), "reason": reason}
            await self.office.quality.post("/transitions", body, at=at)

    def _spans(self, batch: Batch) -> list[dict[str, str]]:
        """Return what was used of each roll, from first to last label: rejects in between stay out."""
        cans = [Label(batch.roll, batch.places[0]), Label(batch.roll, batch.places[-1])]
        return [
            {"first": self._text(labels[0]), "last": self._text(labels[-1])}
            for labels in (cans, *batch.labels_used[1:])
        ]

    def _text(self, label: Label) -> str:
        row = self.labels.row(label)
        return row.sscc or row.open_uri

    def _commissioning(self, batch: Batch) -> Iterator[Event]:
        writer = self._writer(batch)
        produced_on = self.world.day(batch.day)
        expires_on = produced_on + timedelta(days=batch.product.shelf_life_days)
        at = self.world.at(batch.day * DAY_SECONDS + STARTS_HOUR * HOUR_SECONDS)
        for labels in batch.labels_used:
            rows = [self.labels.row(label) for label in labels]
            yield writer.commissioned(rows, batch.number, produced_on, expires_on, at)

    def _packing(self, batch: Batch) -> Iterator[Event]:
        writer, row = self._writer(batch), self.labels.row
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

    def _writer(self, batch: Batch) -> Writer:
        return Writer.on_line(_naming(batch), batch.product.company_prefix, batch.line)


def _naming(batch: Batch) -> Naming:
    """Lines of different age speak differently."""
    return URNS if batch.line.extension.endswith("1") else LINKS
