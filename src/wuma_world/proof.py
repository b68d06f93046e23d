"""What must hold when the play is over, asked of the server from outside. Each check has a name."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from wuma_world.capture import query
from wuma_world.client import Server
from wuma_world.distribution import CaseTrip, PalletTrip
from wuma_world.logistics import (
    CASES_RECEIVED_HOUR,
    CASES_SHIPPED_HOUR,
    PALLETS_RECEIVED_HOUR,
    PALLETS_SHIPPED_HOUR,
)
from wuma_world.market import LAST_DAY, Sale
from wuma_world.play import Played
from wuma_world.production import Level
from wuma_world.reckoning import Reckoning
from wuma_world.scale import SMALL
from wuma_world.scans import DAY_SECONDS, HOUR_SECONDS, Printed, Story
from wuma_world.website import page_of
from wuma_world.world import END, World

WIDELY_COPIED_CAUGHT_MIN: Final = 0.8
"""Of hidden codes of which six or more fake cans were scanned."""
HONEST_HIDDEN_PEOPLE_MAX: Final = 0.03
HONEST_OPEN_PEOPLE_MAX: Final = 0.05
"""A can on a counter is scanned by many strangers, some of them through addresses that lead elsewhere."""
PUBLIC_ITEMS_MIN: Final = 32
"""What the state's own platform shows of a batch of infant formula."""
HONEST_THROTTLED_MAX: Final = 0.001


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold, with what was expected and what was found."""

    name: str
    expected: str
    actual: str
    holds: bool

    @classmethod
    def equal(cls, name: str, expected: object, actual: object) -> Check:
        """Both must be the same."""
        return cls(name, str(expected), str(actual), expected == actual)

    @classmethod
    def at_most(cls, name: str, bound: float, actual: float) -> Check:
        """It must not be more than the bound."""
        return cls(name, f"at most {bound:g}", f"{actual:.4g}", actual <= bound)

    @classmethod
    def at_least(cls, name: str, bound: float, actual: float) -> Check:
        """It must not be less than the bound."""
        return cls(name, f"at least {bound:g}", f"{actual:.4g}", actual >= bound)

    def as_json(self) -> Mapping[str, object]:
        """Return it for a report."""
        return {"name": self.name, "expected": self.expected, "actual": self.actual, "holds": self.holds}


async def prove(world: World, server: Server, played: Played, found: Reckoning) -> list[Check]:
    """Check everything."""
    checks = _of_verdicts(world, played, found)
    checks += await _of_pages(server, world, played)
    checks += await _of_links(server, world)
    checks += await _of_dossiers(server, world, played)
    checks += await _of_orders(world, played)
    checks += await _of_log(played)
    checks.append(await _of_leak(world, played))
    checks += await _of_trace(world, server, played)
    checks += await _of_recall(world, played)
    if world.scale is not SMALL:  # the watch looks once a minute, which is longer than a small world lives
        checks.append(await _of_alarm(played))
    return checks


def _of_verdicts(world: World, played: Played, found: Reckoning) -> list[Check]:
    widely = found.hidden_clones.by_copies.get("6+")
    checks = [
        Check.equal("scans.all_answered", len(world.scans) + played.attacks, found.scans),
        Check.equal("guesses.accepted", 0, found.guesses.count),
        Check.equal("leak.stolen_labels_told_unknown", found.leaked_unknown.of, found.leaked_unknown.count),
        Check.at_most("honest.throttled", HONEST_THROTTLED_MAX, found.throttled_honest.share),
        Check.at_most(
            "honest.suspected_hidden_people", HONEST_HIDDEN_PEOPLE_MAX, found.honest_hidden.people.interval[0]
        ),
        Check.at_most(
            "honest.suspected_open_people", HONEST_OPEN_PEOPLE_MAX, found.honest_open.people.interval[0]
        ),
    ]
    if widely is not None:
        bound = WIDELY_COPIED_CAUGHT_MIN
        checks.append(Check.at_least("clones.widely_copied_caught", bound, widely.interval[1]))
    return checks


async def _of_pages(server: Server, world: World, played: Played) -> list[Check]:
    """Ask for what every operator, browser and phone asks for first."""
    checks = []
    for path in ("/healthz", "/readyz", "/metrics", "/m", "/console"):
        answer = await server.request("GET", path, at=None)
        checks.append(Check.equal(f"page.{path}", 200, answer.status_code))
        if path == "/metrics":
            counts = "http_request_seconds_count" in answer.text
            checks.append(Check.equal("page./metrics.counts_requests", True, counts))
        if path == "/console":
            script = re.search(r'src="(/console/assets/[^"]+\.js)"', answer.text)
            loaded = await server.request("GET", script[1], at=None) if script else None
            checks.append(Check.equal("page./console.script", 200, loaded.status_code if loaded else None))
    can = next(world.production.cans)
    path = played.labels.path_of_open(can.label)
    page = await server.request("GET", path, at=world.at(END))
    names = can.label.roll.product.brand in page.text
    checks.append(Check.equal("page.can_names_its_brand", True, names))
    return checks


async def _of_links(server: Server, world: World) -> list[Check]:
    """Ask where a code without a serial leads, as phones and programs of two languages do."""
    batch = world.production.batches[0]
    product = batch.roll.product
    checks = []
    for language in ("zh", "en"):
        headers = {"Accept": "text/html", "Accept-Language": language}
        answer = await server.request("GET", f"/01/{product.gtin}", at=world.at(END), headers=headers)
        led = Check.equal(f"links.{language}", page_of(product, language), answer.headers.get("location"))
        checks.append(led)
    path = f"/01/{product.gtin}/10/{batch.number}?linkType=gs1:certificationInfo"
    report = await server.request("GET", path, at=world.at(END))
    of_lot = report.headers.get("location", "").endswith(f"/{batch.number}.pdf")
    checks.append(Check.equal("links.report_of_the_lot", True, of_lot))
    return checks


async def _of_dossiers(server: Server, world: World, played: Played) -> list[Check]:
    """Ask for the score of every formula's dossier, and look at one as a mother does."""
    formula = [batch for batch in world.production.batches if batch.product.stage is not None]
    listed = {one["lot"]: one async for one in played.office.quality.pages("/dossiers")}
    due = [batch for batch in formula if batch.day < LAST_DAY]  # of the last day's nobody was let go
    incomplete = [
        batch.number
        for batch in due
        if (listed[batch.number]["percent"], listed[batch.number]["state"]) != (100, "market")
    ]
    checks = [Check.equal("dossiers.incomplete", "", ", ".join(incomplete))]
    if not due:
        return checks
    batch = due[0]
    headers = {"Accept": "text/html", "Accept-Language": "zh"}
    path = f"/m/dossier/01/{batch.product.gtin}/10/{batch.number}"
    page = await server.request("GET", path, at=world.at(END), headers=headers)
    checks.append(Check.at_least("dossiers.public_items", PUBLIC_ITEMS_MIN, page.text.count("<dt>")))
    can = next(can for case in batch.cases for can in case.cans)
    shown = await server.request(
        "GET", played.labels.path_of_open(can.label), at=world.at(END), headers=headers
    )
    checks.append(Check.equal("dossiers.can_leads_there", True, f'href="{path}"' in shown.text))
    return checks


async def _of_orders(world: World, played: Played) -> list[Check]:
    """Hold the balance of every order against what the lines really did."""
    used: Counter[Any] = Counter()
    scrapped: Counter[Any] = Counter()
    for batch in world.production.batches:
        used[batch.roll] += len(batch.places) - len(batch.rejected)
        scrapped[batch.roll] += len(batch.rejected)
        for pallet in batch.pallets:
            used[pallet.label.roll] += 1
            for case in pallet.cases:
                used[case.label.roll] += 1
    wrong = []
    for roll, order_id in played.orders.items():
        order = await played.office.admin.get(f"/code-orders/{order_id}")
        balance = order["reconciliation"]
        wanted = {
            "ordered": world.production.rolls[roll],
            "printed": world.production.rolls[roll],
            "used": used[roll],
            "scrapped": scrapped[roll],
            "balances": True,
        }
        got = {name: balance[name] for name in wanted}
        if got != wanted:
            wrong.append(f"order {order_id}: expected {wanted}, got {got}")
    return [
        Check.equal("orders.placed", len(world.production.rolls), len(played.orders)),
        Check("orders.balance", "every order as the lines used it", "; ".join(wrong) or "so", not wrong),
        Check.equal(
            "orders.cans_labelled",
            sum(used[roll] for roll in used if roll.level is Level.ITEM),
            sum(
                len(batch.sampled) + sum(len(case.cans) for case in batch.cases)
                for batch in world.production.batches
            ),
        ),
    ]


async def _of_log(played: Played) -> list[Check]:
    """Look for every scan that was answered with a number in the log of scans."""
    acknowledged = {one.scan_id for one in played.heard if one.scan_id is not None}
    logged = {scan["id"] async for scan in played.office.admin.pages("/scans")}
    reports = [report async for report in played.office.admin.pages("/reports")]
    reported = sum(one.reported for one in played.heard)
    return [
        Check.equal("log.acknowledged_scans_missing", 0, len(acknowledged - logged)),
        Check.equal("reports.kept", reported, len(reports)),
    ]


async def _of_leak(world: World, played: Played) -> Check:
    """Ask whose print file the codes came from that were scanned before any can bore them."""
    stolen = sum(one.scan.story in {Story.LEAK_TRIED, Story.LEAK_SOLD} for one in played.heard)
    leaks = await played.office.admin.get("/leaks")
    if not leaks:
        return Check("leak.vendor", world.cheats.leaking_vendor.name, "no leak found", holds=stolen == 0)
    vendors = sorted({source["recipient_name"] for source in leaks[0]["sources"]})
    return Check.equal("leak.vendor", world.cheats.leaking_vendor.name, ", ".join(vendors))


async def _of_alarm(played: Played) -> Check:
    """Wait for the alarm about the codes that a program tried when the play began."""
    kinds: set[str] = set()
    for _ in range(ALARM_POLLS):
        kinds = {alarm["kind"] for alarm in (await played.office.admin.get("/alarms"))["items"]}
        if "invalid_share" in kinds:
            break
        await asyncio.sleep(ALARM_POLL_SECONDS)
    return Check.equal("guesses.alarm_raised", True, "invalid_share" in kinds)


ALARM_POLL_SECONDS: Final = 3.0
ALARM_POLLS: Final = 40  # two minutes: the watch looks once in one


async def _of_trace(world: World, server: Server, played: Played) -> list[Check]:
    """Ask some sold cans for their way, and for every event that was told."""
    chance = Random(f"{world.seed}/proof")
    sales = chance.sample(world.market.sales, min(CANS_ASKED, len(world.market.sales)))
    trips = {can: trip for trip in world.distribution.cases for can in trip.case.cans}
    pallets = {trip.pallet: trip for trip in world.distribution.pallets}
    wrong = []
    for sale in sales:
        trip = trips[sale.can]
        wanted = _way(world, pallets[trip.pallet], trip)
        path = played.labels.path_of_open(sale.can.label)
        headers = {"Accept": "application/json"}
        told = (await server.request("GET", path, at=world.at(END), headers=headers)).json()
        got = [
            (step["step"], datetime.fromisoformat(step["at"]))
            for step in told["trace"]
            if step["step"] in {"shipping", "receiving"}  # not every line tells how it packed
        ]
        if got != wanted or sale.store.city.name not in told["trace"][-1]["place_zh"]:
            wrong.append(f"{path}: expected {wanted} ending in {sale.store.city.name}, got {told['trace']}")
    flaws = [flaw for sale in sales if (flaw := await _xray_flaw(played, sale, trips[sale.can]))]
    kept = 0
    async for _event in query(played.office.admin):
        kept += 1
    return [
        Check("trace.cans_tell_their_way", f"{len(sales)} cans", wrong[0] if wrong else "so", not wrong),
        Check("xray.cans_complete", f"{len(sales)} cans", flaws[0] if flaws else "so", not flaws),
        Check.equal("trace.events_kept", played.event_count, kept),
    ]


async def _of_recall(world: World, played: Played) -> list[Check]:
    """Drill the recall of a batch: every can of it is found, and every store that has some is named."""
    batch = world.production.batches[0]
    wanted = Counter(
        trip.store.gln
        for trip in world.distribution.cases
        if trip.pallet.batch is batch and trip.received_day * DAY_SECONDS < END
        for _can in trip.case.cans
    )
    product_id = played.office.product_id(batch.product)
    desk = played.office.quality
    found = await desk.get("/batches", q=batch.number, product_id=product_id)
    (batch_id,) = [one["id"] for one in found["items"] if one["number"] == batch.number]
    drill = {
        "title": f"Drill {batch.number}",
        "reason": "Twice a year",
        "risk_class": 2,
        "is_drill": True,
        "scope": {"kind": "batch", "batch_id": batch_id},
        "notice": "-",
    }
    recall = await desk.post("/recalls", drill, at=world.at(END))
    report = await desk.get(f"/recalls/{recall['id']}", at=world.at(END))
    holders = await desk.get(f"/recalls/{recall['id']}/holders", at=world.at(END))
    got = {one["holder"]: one["balance"]["affected"] for one in holders}
    named = Counter({gln: got.get(f"https://id.gs1.org/414/{gln}", 0) for gln in wanted})
    cans = len(batch.labels_used[0])
    return [
        Check.equal("recall.cans_found", cans, report["balance"]["affected"]),
        Check.equal("recall.stores_named", sorted(wanted.items()), sorted(named.items())),
        Check.at_most("recall.seconds", RECALL_SECONDS_MAX, recall["list_ms"] / 1000),
    ]


RECALL_SECONDS_MAX: Final = 5.0
CANS_ASKED: Final = 25


async def _xray_flaw(played: Played, sale: Sale, trip: CaseTrip) -> str | None:
    """Hold the X-ray of a sold can against its true life; return what is wrong with it."""
    label, batch = sale.can.label, trip.pallet.batch
    row = played.labels.row(label)
    seen = await played.office.admin.get("/xray", code=row.open_uri)
    case = played.labels.row(trip.case.label).open_uri.rpartition("/")[2]
    scanned = {
        one.scan_id
        for one in played.heard
        if one.scan_id and isinstance(one.scan.shown, Printed) and one.scan.shown.label == label
    }
    wanted = {
        "state": "commissioned",
        "order": (played.orders[label.roll], label.place + 1),
        "product": label.roll.product.gtin,
        "batch": batch.number,
        "printed by": [label.roll.vendor.name],
        "was in": [case],
        "steps": STEPS_OF_A_CAN,
        "scans missing": set(),
    }
    got = {
        "state": seen["state"],
        "order": (seen["order"]["id"], seen["order"]["number"]),
        "product": seen["product"]["gtin"],
        "batch": seen["batch"]["number"],
        "printed by": [printing["recipient_name"] for printing in seen["printings"]],
        "was in": [stay["parent"]["name"].rpartition("/")[2] for stay in seen["stays"]],
        "steps": sorted(
            event["biz_step"] for event in seen["events"] if event["biz_step"] != "commissioning"
        ),
        "scans missing": scanned - {scan["id"] for scan in seen["scans"]},
    }
    wrong = {name: (wanted[name], got[name]) for name in wanted if wanted[name] != got[name]}
    return f"{row.open_uri}: expected and got {wrong}" if wrong else None


STEPS_OF_A_CAN: Final = sorted(
    ["packing", "packing", "shipping", "receiving", "unpacking", "shipping", "receiving", "unpacking"]
)
"""Into a case, onto a pallet, to the dealer, off the pallet, to the store, out of the case."""


def _way(world: World, pallet: PalletTrip, case: CaseTrip) -> list[tuple[str, datetime]]:
    """Return the steps of a can's way that a consumer is told: from factory to dealer to store."""

    def at(day: int, hour: int) -> datetime:
        return world.at(day * DAY_SECONDS + hour * HOUR_SECONDS)

    return [
        ("shipping", at(pallet.shipped_day, PALLETS_SHIPPED_HOUR)),
        ("receiving", at(pallet.received_day, PALLETS_RECEIVED_HOUR)),
        ("shipping", at(case.shipped_day, CASES_SHIPPED_HOUR)),
        ("receiving", at(case.received_day, CASES_RECEIVED_HOUR)),
    ]
