"""What a consumer may see of the dossier of a batch that is on the market, grouped as the dossier is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from wuma.chain.codes.facade import BatchFacts, batch_of_lot
from wuma.chain.dossier.facade import (
    BY_ID,
    HEADINGS,
    Finding,
    Item,
    Kind,
    Section,
    Standing,
    items_for,
    judge,
    limit_of,
    named,
    releases_of,
    standing_of,
)
from wuma.kernel.clock import CHINA_TIME, day_in_china
from wuma.support.masterdata import facade as masterdata

SUBJECTS_MAX: Final = 60
"""Lots of material shown: more would be a page nobody reads."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One public item: its name, what it says, and the limit it was held against."""

    zh: str
    en: str
    value: str
    """Texts are as the maker wrote them; `pass` and `fail` are words of ours."""
    limit: str
    is_outside: bool
    is_verdict: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Items of one section, and of one lot where they recur."""

    zh: str
    en: str
    subject: str
    items: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class PublicDossier:
    """The public part of a dossier."""

    product_zh: str
    product_en: str
    lot: str
    groups: tuple[Group, ...]
    released_on: str
    contents: str
    recall_notice: str | None

    @property
    def item_count(self) -> int:
        """How many items are shown."""
        return sum(len(group.items) for group in self.groups)


def public_part(session: Session, gtin: str, lot: str) -> PublicDossier | None:
    """Return the public part of a dossier; None unless the batch is released to the market."""
    found = _find(session, gtin, lot)
    if found is None:
        return None
    batch, product = found
    name = named(batch, product)
    releases = releases_of(session, name)
    if releases.market is None:
        return None
    standing = standing_of(session, name)
    released_on = day_in_china(releases.market.signed_at).isoformat()
    drawn = {
        "product.name": product.name_zh or product.name_en,
        "product.brand": product.brand_zh or product.brand_en,
        "product.gtin": product.gtin.removeprefix("0"),
        "product.stage": "" if product.stage is None else str(product.stage),
        "product.net_weight": "" if product.net_weight_g is None else f"{product.net_weight_g} g",
        "batch.number": batch.number,
        "batch.produced_on": batch.produced_on.isoformat(),
        "batch.expires_on": batch.expires_on.isoformat(),
        "release.quality": day_in_china(releases.quality.signed_at).isoformat() if releases.quality else "",
        "release.market": released_on,
        "recall.notice": (batch.recall_notice or "") if batch.recalled_at else "",
    }
    return PublicDossier(
        product_zh=product.name_zh or product.name_en,
        product_en=product.name_en or product.name_zh,
        lot=batch.number,
        groups=tuple(
            group
            for section in HEADINGS
            for group in _groups(section, standing, drawn, product.stage)
            if group.items
        ),
        released_on=released_on,
        contents=releases.market.contents.hex(),
        recall_notice=batch.recall_notice if batch.recalled_at else None,
    )


def _find(session: Session, gtin: str, lot: str) -> tuple[BatchFacts, masterdata.Product] | None:
    product = masterdata.product_by_gtin(session, gtin)
    batch = None if product is None else batch_of_lot(session, product.id, lot)
    return None if product is None or batch is None else (batch, product)


def _groups(
    section: Section, standing: dict[tuple[str, str], Standing], drawn: dict[str, str], stage: int | None
) -> list[Group]:
    heading = HEADINGS[section]
    items = [item for item in items_for(stage) if item.section is section and item.is_public]
    subjects = [""]
    if heading.recurs:
        subjects = sorted({subject for item, subject in standing if BY_ID[item].section is section})
    groups = []
    for subject in subjects[:SUBJECTS_MAX]:
        found = [_shown(item, subject, standing, drawn, stage) for item in items]
        groups.append(Group(heading.zh, heading.en, subject, tuple(one for one in found if one is not None)))
    return groups


def _shown(
    item: Item,
    subject: str,
    standing: dict[tuple[str, str], Standing],
    drawn: dict[str, str],
    stage: int | None,
) -> Shown | None:
    if item.is_drawn:
        value = drawn.get(item.id, "")
        return Shown(item.zh, item.en, value, "", is_outside=False, is_verdict=False) if value else None
    found = standing.get((item.id, subject))
    if found is None:
        return None
    stated = found.stated
    value = found.entry.value
    if item.kind is Kind.INSTANT:
        value = f"{datetime.fromisoformat(value).astimezone(CHINA_TIME):%Y-%m-%d %H:%M}"
    elif item.kind is not Kind.VERDICT and found.entry.unit:
        value = f"{value} {found.entry.unit}"
    return Shown(
        item.zh,
        item.en,
        value,
        limit_of(stated, stage),
        is_outside=judge(stated, stage) is Finding.OUTSIDE,
        is_verdict=item.kind is Kind.VERDICT,
    )
