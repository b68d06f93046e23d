"""From a request for a GS1 key to what a resolver answers; GS1-Conformant Resolver 1.0.

Deciding is pure; what is kept of an anchor comes from one read for all levels of many requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple, TypeAlias

from wuma.kernel.batching import Batcher
from wuma.kernel.db import HotPool
from wuma.kernel.tenancy import PLATFORM
from wuma.support.links.facade import Anchor, LinkDraft, anchors_above, level, links_in_effect
from wuma.support.masterdata.facade import ProductCard, ProductDirectory
from wuma_gs1.application_identifiers import Element
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.linkset import Level, Link, choose, wants_linkset

LINKSET: Final = "linkset"
VERIFICATION: Final = "gs1:verificationService"


class Asked(NamedTuple):
    """What a request says besides the key."""

    link_type: str = ""
    context: str = ""
    accept: str = ""
    accept_language: str = ""
    query: str = ""

    @property
    def wants_linkset(self) -> bool:
        """Whether all links are asked for instead of one."""
        return self.link_type in {LINKSET, "all"} or wants_linkset(self.accept)


@dataclass(frozen=True, slots=True)
class WholeSet:
    """All links there are, of every level."""

    levels: Sequence[Level]


@dataclass(frozen=True, slots=True)
class Redirect:
    """The one link that is meant, and where it leads."""

    levels: Sequence[Level]
    link: Link
    location: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Several links are meant equally."""

    levels: Sequence[Level]
    links: Sequence[Link]


@dataclass(frozen=True, slots=True)
class Missing:
    """No link is meant: there are none, or (`levels` is not empty) none of the type that was asked for."""

    levels: Sequence[Level]


Outcome: TypeAlias = WholeSet | Redirect | Choices | Missing


def decide(levels: Sequence[Level], asked: Asked) -> Outcome:
    """Say what a request gets, of the links of its levels, the finest first.

    >>> pip = Link("https://brand.example/p", "Product", "gs1:pip")
    >>> default = Link("https://brand.example/p", "Product", "gs1:defaultLink")
    >>> levels = [Level("https://id.example/01/06901234567892", "Tea", (default, pip))]
    >>> decide(levels, Asked(query="utm=1")).location
    'https://brand.example/p?utm=1'
    >>> decide(levels, Asked(link_type="gs1:recipeInfo")) == Missing(levels)
    True
    """
    present = [one for one in levels if one.links]
    if not present:
        return Missing(())
    if asked.wants_linkset:
        return WholeSet(present)
    chosen = choose(
        present,
        link_type=asked.link_type,
        context=asked.context,
        accept_language=asked.accept_language,
        accept=asked.accept,
    )
    if not chosen and asked.link_type:
        return Missing(present)
    # Whoever asks for nothing in particular is led somewhere, and to one place (SHALL recognise one default).
    links = _distinct(chosen) if chosen else [present[0].links[0]]
    if len(links) > 1 and asked.link_type:
        return Choices(present, links)
    return Redirect(present, links[0], links[0].target(asked.query))


def _distinct(links: Sequence[Link]) -> list[Link]:
    return list({link.href: link for link in reversed(links)}.values())[::-1]


Kept: TypeAlias = tuple[str, Sequence[LinkDraft]] | None
"""What is kept of an anchor: its description, its links."""
_Paths: TypeAlias = list[tuple[str, datetime]]


def walk(link: DigitalLink, replaced_by: str | None) -> list[tuple[Anchor, DigitalLink]]:
    """Return the anchors that speak for a Digital Link, the finest first, each with what it is read for.

    Where its GTIN was corrected (`replaced_by`), the lot and the product speak by the GTIN in force, too,
    after all that is said of the one on the pack. A serial was only ever given out with one of them.

    >>> printed = DigitalLink.parse("https://id.gs1.org/01/06901234567892/10/L7/21/A1")
    >>> [anchor.path for anchor, _ in walk(printed, "06901234567809")][-3:]
    ['/01/06901234567892', '/01/06901234567809/10/L7', '/01/06901234567809']
    """
    walked = [(anchor, link) for anchor in anchors_above(link)]
    if replaced_by is not None:
        others = [element for element in link.elements if element.ai not in {"01", "21"}]
        now = DigitalLink.of([Element("01", replaced_by), *others])
        walked += [(anchor, now) for anchor in anchors_above(now)]
    return walked


def offered(
    link: DigitalLink,
    kept: Sequence[Kept],
    *,
    root: str,
    name: str,
    has_items: bool,
    replaced_by: str | None = None,
) -> list[Level]:
    """Return what the levels of a Digital Link offer, the finest first.

    Args:
        link: what was scanned.
        kept: what is kept of each of its levels, in the order of `walk`.
        root: the address of the resolver, without a slash.
        name: what the product is called, where nobody has described the level.
        has_items: whether serials of this key are items of ours, each with a page of its own.
        replaced_by: the GTIN in force, where that of the link was corrected.
    """
    levels: list[Level] = []
    spoken: DigitalLink | None = None
    values: dict[str, str] = {}
    for (anchor, read_for), found in zip(walk(link, replaced_by), kept, strict=True):
        description, links = found or ("", ())
        if read_for is not spoken:
            spoken, values = read_for, {element.ai: element.value for element in read_for.elements}
        levels.append(level(root + anchor.path, description or name, links, values))
    if has_items and link.qualifiers and link.qualifiers[-1].ai == "21":
        # Without variant and lot: the address where an item is answered, whatever was asked for here.
        levels[0] = _with_item_page(levels[0], root + DigitalLink((link.key, link.qualifiers[-1])).on(""))
    return levels


class LinkDesk:
    """Looks up what is kept of the levels of a Digital Link."""

    def __init__(self, pool: HotPool, products: ProductDirectory, public_url: str) -> None:
        self._pool = pool
        self._products = products
        self._root = public_url.rstrip("/")
        self._batcher: Batcher[_Paths, Sequence[Kept]] = Batcher(self._read_together)

    async def levels(self, link: DigitalLink, *, at: datetime, language: str) -> list[Level]:
        """Return the levels of a link, the finest first, with what each offers this request."""
        card = self._products.by_gtin(link.key.value) if link.key.ai == "01" else None
        replaced_by = card.replaced_by if card else None
        kept = await self._batcher.ask([(anchor.path, at) for anchor, _ in walk(link, replaced_by)])
        return offered(
            link,
            kept,
            root=self._root,
            name=_name(card, language),
            has_items=card is not None,
            replaced_by=replaced_by,
        )

    async def _read_together(self, requests: Sequence[_Paths]) -> Sequence[Sequence[Kept]]:
        # Links are published: every tenant's are read alike, by whoever scans.
        async with self._pool.transaction(PLATFORM) as connection:
            kept = iter(await links_in_effect(connection, [one for request in requests for one in request]))
        return [[next(kept) for _ in request] for request in requests]


def _name(card: ProductCard | None, language: str) -> str:
    if card is None:
        return ""
    return (card.name_zh or card.name_en) if language == "zh" else (card.name_en or card.name_zh)


def _with_item_page(serial: Level, address: str) -> Level:
    """Add the page of the item itself: every serial of a product here can be checked at its own address."""
    page = Link(address, "Check this item · 验真与追溯", VERIFICATION, ("zh", "en"), "text/html")
    has_default = any(link.link_type == "gs1:defaultLink" for link in serial.links)
    default = () if has_default else (Link(address, page.title),)
    return Level(serial.anchor, serial.description, (*default, *serial.links, page))
