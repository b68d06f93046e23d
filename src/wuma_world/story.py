"""The outcome of a world as people tell it, in Chinese and in English."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from wuma_world.play import Played
from wuma_world.reckoning import Catch, Reckoning, Share
from wuma_world.scans import Printed, Story
from wuma_world.world import World

Language = Literal["zh", "en"]

_TEXTS: Final[dict[str, dict[Language, str]]] = {
    "life": {
        "zh": "{brand}的十周：{products} 种产品，{batches} 个批次，{cans} 罐，{cases} 箱，"
        "{pallets} 托；{dealers} 家经销商，{stores} 家门店，{families} 个家庭。",
        "en": "Ten weeks of {brand}: {products} products, {batches} batches, {cans} cans, {cases} cases, "
        "{pallets} pallets; {dealers} dealers, {stores} stores, {families} families.",
    },
    "flow": {
        "zh": "{orders} 个码订单由两家印刷厂各自解密打印；{events} 个 EPCIS 事件；{scans} 次扫码。",
        "en": "{orders} code orders, each decrypted and printed by one of two vendors; "
        "{events} EPCIS events; {scans} scans.",
    },
    "hidden": {
        "zh": "暗码被复制 {planted} 个，其中 {of} 个的假罐被扫过：识破 {caught}；"
        "假罐被扫 6 次以上的：{widely}。识破用了 {scans} 次扫码、{days} 天（中位数）。",
        "en": "{planted} hidden codes were copied; fake cans of {of} were scanned: {caught} caught; "
        "with six or more fake cans scanned: {widely}. It took {scans} scans and {days} days (medians).",
    },
    "open": {
        "zh": "明码被复制 {planted} 个，其中 {of} 个的假罐被扫过：识破 {caught}。",
        "en": "{planted} open codes were copied; fake cans of {of} were scanned: {caught} caught.",
    },
    "refills": {
        "zh": "旧罐灌装（同城、只有一罐）：{caught}。这是最难的一种，没有为它调过任何权重。",
        "en": "Refilled cans (same city, one copy each): {caught} caught. "
        "The hardest kind; nothing was tuned on it.",
    },
    "honest": {
        "zh": "手持真罐的诚实家庭：{people} 被提示存疑；店内扫明码的人：{open_people}。",
        "en": "Honest families with genuine cans: {people} told of doubts; "
        "people scanning open codes in shops: {open_people}.",
    },
    "guesses": {
        "zh": "编造的码 {tries} 个：蒙中 {accepted} 个；机器人被限流 {throttled}，诚实的人被连累 {honest}。",
        "en": "{tries} made-up codes: {accepted} accepted; bots held off {throttled}, honest people hindered "
        "{honest}.",
    },
    "leak": {
        "zh": "印刷厂泄漏 {labels} 枚标签：激活前被扫 {scans} 次，一次都没有答“正品”；来源指向 {vendor}。",
        "en": "{labels} labels leaked at a printer: scanned {scans} times before activation, "
        "never called genuine; traced to {vendor}.",
    },
}


def tell(world: World, played: Played, found: Reckoning, vendor: str, language: Language) -> Iterator[str]:
    """Yield the story, a sentence or two at a time."""

    def say(name: str, **values: object) -> str:
        return _TEXTS[name][language].format(**values)

    yield say(
        "life",
        brand=world.brand.name_zh if language == "zh" else world.brand.name_en,
        products=len(world.brand.products),
        batches=len(world.production.batches),
        cans=f"{sum(1 for _ in world.production.cans):,}",
        cases=f"{sum(1 for batch in world.production.batches for _ in batch.cases):,}",
        pallets=sum(len(batch.pallets) for batch in world.production.batches),
        dealers=len(world.brand.dealers),
        stores=len({trip.store for trip in world.distribution.cases}),
        families=f"{len(world.families):,}",
    )
    yield say("flow", orders=len(played.orders), events=f"{played.event_count:,}", scans=f"{found.scans:,}")
    yield say("hidden", **_caught(found.hidden_clones))
    yield say("refills", **_caught(found.refills))
    yield say("open", **_caught(found.open_clones))
    yield say(
        "honest",
        people=_interval(found.honest_hidden.people),
        open_people=_interval(found.honest_open.people),
    )
    yield say(
        "guesses",
        tries=f"{found.guesses.of:,}",
        accepted=found.guesses.count,
        throttled=_plain(found.throttled_bots),
        honest=_plain(found.throttled_honest),
    )
    stolen = {Story.LEAK_TRIED, Story.LEAK_SOLD}
    yield say(
        "leak",
        labels=len(world.cheats.leaked),
        scans=sum(one.scan.story in stolen for one in played.heard),
        vendor=vendor,
    )


def _caught(catch: Catch) -> dict[str, object]:
    return {
        "planted": catch.planted,
        "of": catch.scanned.of,
        "caught": _plain(catch.scanned),
        "widely": _plain(catch.by_copies.get("6+", Share(0, 0))),
        "scans": "–" if catch.scans_until is None else f"{catch.scans_until:g}",
        "days": "–" if catch.days_until is None else f"{catch.days_until:.1f}",
    }


def _plain(share: Share) -> str:
    """Return a share as people read it.

    >>> _plain(Share(16, 16)), _plain(Share(0, 0))
    ('16/16 (100.0 %)', '0/0')
    """
    return f"{share.count}/{share.of} ({share.share:.1%})".replace("%", " %") if share.of else "0/0"


def _interval(share: Share) -> str:
    low, high = share.interval
    return f"{_plain(share)[:-1]}; 95 %: {low:.2%}–{high:.2%})".replace("%)", " %)") if share.of else "0/0"


@dataclass(frozen=True, slots=True)
class Souvenirs:
    """Addresses of single cans, for whoever wants to try with a phone."""

    genuine_open: str
    genuine_hidden: str
    genuine_typed: str
    copied_hidden: str
    """A code that was copied often: it answers with doubts."""


def souvenirs(world: World, played: Played) -> Souvenirs:
    """Choose a can on a shelf that nobody has scanned, and the hidden code that was copied most."""
    touched = {one.scan.shown.label for one in played.heard if isinstance(one.scan.shown, Printed)}
    shelf = (can for cans in world.market.left.values() for _, can in cans)
    genuine = next(can.label for can in shelf if can.label not in touched | world.cheats.labels)
    copied = max(world.cheats.hidden_clones, key=lambda label: world.cheats.hidden_clones[label])
    row = played.labels.row(genuine)
    return Souvenirs(row.open_uri, row.hidden_uri, row.hidden_typed, played.labels.row(copied).hidden_uri)
