"""A brand's EPCIS documents, as lines and warehouses would send them: seeded, as large as is asked for.

Lots of 40,000 cans. A line commissions cans and cases by the thousand, packs six cans into a case and sixty
cases onto a pallet, and rejects one can in two hundred, which is why runs break. Pallets are shipped to
dealers in loads of five and received one by one. So each can is in four events of its own or its parents'
and in one that packs its pallet. Every event has a random eventID and a time in milliseconds: nothing in a
document is made easy to store.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from wuma.chain.codes import orders
from wuma.chain.codes.construction import Codebook, Role, index_of_unit, sscc_serials
from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.orders import Level, NewOrder
from wuma.chain.codes.sscc import sscc_of
from wuma.kernel.keys import Keyring
from wuma.support.masterdata.products import Case, Pallet, Product, ProductDraft, create_product
from wuma_gs1.keys import Gtin

LOT: Final = 40_000
PER_CASE: Final = 6
PER_PALLET: Final = 60
PER_LOAD: Final = 5
PER_COMMISSIONING: Final = 2_000
EVENTS_PER_DOCUMENT: Final = 3_000
REJECTED_ONE_IN: Final = 200
BEGAN: Final = datetime(2026, 1, 5, tzinfo=UTC)
STEM: Final = "https://id.wuma.cn"
FACTORY: Final = "urn:epc:id:sgln:6901234.00001.0"
DEALERS: Final = [f"urn:epc:id:sgln:6901234.{number:05}.0" for number in range(100, 400)]


@dataclass(frozen=True)
class Document:
    """A document, what is in it, and the lot it is of."""

    body: bytes
    event_count: int
    kind: str
    lot: int


@dataclass(frozen=True)
class Plan:
    """What has been ordered for a world."""

    product: Product
    items: CodeOrder
    cases: CodeOrder
    pallets: CodeOrder
    item_count: int
    seed: int = 1

    @property
    def lot_count(self) -> int:
        """How many lots the items are."""
        return -(-self.item_count // LOT)


def order(
    session: Session, keyring: Keyring, tenant_id: int, item_count: int, reference: str = "00001"
) -> Plan:
    """Make a product and order all the codes that its cans, cases and pallets will have."""
    draft = ProductDraft(
        gtin=Gtin.build("6901234", reference).value,
        name_zh="测试婴儿配方奶粉 2段",
        name_en="Test formula, stage 2",
        brand_zh="测试品牌",
        brand_en="Test brand",
        stage=2,
        age_from_months=6,
        net_weight_g=800,
        shelf_life_days=730,
        cases=(Case(Gtin.build("6901234", reference, indicator=1).value, PER_CASE),),
        pallet=Pallet("6901234", 0, PER_PALLET),
    )
    product = create_product(session, tenant_id, draft, now=BEGAN)

    def of(level: Level, quantity: int) -> CodeOrder:
        packaging = product.packaging(level)
        assert packaging is not None
        new = NewOrder(
            tenant_id=tenant_id,
            product_id=product.id,
            level=level,
            quantity=quantity,
            gtin=packaging.gtin,
            company_prefix=packaging.company_prefix,
            has_hidden=level is Level.ITEM,
        )
        return orders.place(session, keyring, new, actor="bench", now=BEGAN)

    cases = -(-item_count // PER_CASE)
    return Plan(
        product,
        of(Level.ITEM, item_count),
        of(Level.CASE, cases),
        of(Level.PALLET, -(-cases // PER_PALLET) + item_count // LOT + 1),
        item_count,
    )


class World:
    """Writes the documents of a plan, lot after lot."""

    def __init__(self, keyring: Keyring, plan: Plan) -> None:
        self._codebook = Codebook(keyring)
        self._plan = plan
        prefix = plan.pallets.company_prefix
        assert prefix is not None
        self._prefix = prefix
        self._ssccs = sscc_serials(keyring, tenant_id=plan.pallets.tenant_id, company_prefix=prefix)

    def uris(self, of: CodeOrder, first: int, count: int) -> list[str]:
        """Return codes of an order, from a place on, as Digital Links."""
        keys = self._codebook.order(epoch=of.first_unit >> 38, tenant_id=of.tenant_id, order_id=of.id)
        texts = self._codebook.issue(Role.OPEN, keys, index_of_unit(of.first_unit) + first, count)
        stem = f"{STEM}/01/{of.gtin}/21/"
        return [stem + text.decode() for text in texts.tolist()]

    def pallet(self, place: int) -> str:
        """Return the pallet at a place of the order of pallets."""
        first = self._plan.pallets.first_position
        assert first is not None
        return f"{STEM}/00/{sscc_of(self._ssccs, self._prefix, first + place)}"

    def documents(self, lots: range | None = None) -> Iterator[Document]:
        """Write the documents of lots, in the order in which they would come."""
        for lot in lots or range(self._plan.lot_count):
            yield from self._lot(lot)

    def commissioning(self, first: int, count: int) -> Document:
        """Write a document of one event that commissions some items of the order."""
        writing = _Writing(random.Random(first), 0)
        writing.commission(self.uris(self._plan.items, first, count), BEGAN)
        return writing.document("commissioning")

    def is_packed(self, place: int) -> bool:
        """Whether the line put the item at a place of the order into a case."""
        lot, within = divmod(place, LOT)
        count = min(LOT, self._plan.item_count - lot * LOT)
        rejected = self._rejected(lot, count)
        if within in rejected:
            return False
        good = within - sum(1 for one in rejected if one < within)
        return good < (count - len(rejected)) // PER_CASE * PER_CASE

    def _rejected(self, lot: int, count: int) -> set[int]:
        chance = random.Random(self._plan.seed * 1_000_003 + lot)
        return set(chance.sample(range(count), count // REJECTED_ONE_IN))

    def _lot(self, lot: int) -> Iterator[Document]:
        chance = random.Random(self._plan.seed * 1_000_033 + lot)
        first = lot * LOT
        count = min(LOT, self._plan.item_count - first)
        began = BEGAN + timedelta(minutes=30 * lot)
        rejected = self._rejected(lot, count)
        cans = [
            uri
            for place, uri in enumerate(self.uris(self._plan.items, first, count))
            if place not in rejected
        ]
        case_count = len(cans) // PER_CASE
        cases = self.uris(self._plan.cases, -(-first // PER_CASE), case_count)
        pallet_first = lot * (LOT // PER_CASE // PER_PALLET + 1)
        writing = _Writing(chance, lot)
        for names in (cans, cases):
            for start in range(0, len(names), PER_COMMISSIONING):
                writing.commission(names[start : start + PER_COMMISSIONING], began)
        yield writing.document("commissioning")
        for place, case in enumerate(cases):
            at = began + timedelta(milliseconds=600 * place + chance.randrange(100))
            writing.pack(case, cans[place * PER_CASE : (place + 1) * PER_CASE], at)
            if writing.event_count == EVENTS_PER_DOCUMENT:
                yield writing.document("packing")
        yield writing.document("packing")
        pallets = []
        for number, start in enumerate(range(0, case_count, PER_PALLET)):
            pallets.append(self.pallet(pallet_first + number))
            at = began + timedelta(seconds=36 * number, hours=2)
            writing.pack(pallets[-1], cases[start : start + PER_PALLET], at)
        yield writing.document("palletising")
        for start in range(0, len(pallets), PER_LOAD):
            at = began + timedelta(days=2, seconds=600 * start + chance.randrange(600))
            dealer = chance.choice(DEALERS)
            writing.ship(pallets[start : start + PER_LOAD], dealer, at)
            for pallet in pallets[start : start + PER_LOAD]:
                writing.receive(pallet, dealer, at + timedelta(days=1, seconds=chance.randrange(20_000)))
        yield writing.document("shipping and receiving")


_text = msgspec.json.Encoder().encode


class _Writing:
    """Writes events of a lot into a document, then into the next one."""

    def __init__(self, chance: random.Random, lot: int) -> None:
        self._chance = chance
        self._lot = lot
        self._events: list[bytes] = []

    @property
    def event_count(self) -> int:
        return len(self._events)

    def document(self, kind: str) -> Document:
        """Close the document."""
        body = (
            b'{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],'
            b'"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2026-05-01T08:00:00Z",'
            b'"epcisBody":{"eventList":[' + b",".join(self._events) + b"]}}"
        )
        document = Document(body, len(self._events), kind, self._lot)
        self._events = []
        return document

    def commission(self, names: list[str], at: datetime) -> None:
        lot = f"L{self._lot:06}"
        self._add(
            "ObjectEvent", "ADD", "commissioning", "active", at, FACTORY,
            b'"epcList":' + _text(names)
            + f',"ilmd":{{"cbvmda:lotNumber":"{lot}","cbvmda:itemExpirationDate":"2028-01-05"}}'.encode(),
        )  # fmt: skip

    def pack(self, parent: str, children: list[str], at: datetime) -> None:
        self._add(
            "AggregationEvent", "ADD", "packing", "in_progress", at, FACTORY,
            f'"parentID":"{parent}","childEPCs":'.encode() + _text(children),
        )  # fmt: skip

    def ship(self, pallets: list[str], dealer: str, at: datetime) -> None:
        order_number = f"urn:epc:id:gdti:6901234.00005.{self._chance.randrange(10**8)}"
        self._add(
            "ObjectEvent", "OBSERVE", "shipping", "in_transit", at, FACTORY,
            b'"epcList":' + _text(pallets)
            + f',"bizTransactionList":[{{"type":"desadv","bizTransaction":"{order_number}"}}]'
            f',"destinationList":[{{"type":"owning_party","destination":"{dealer}"}}]'.encode(),
        )  # fmt: skip

    def receive(self, pallet: str, dealer: str, at: datetime) -> None:
        self._add(
            "ObjectEvent", "OBSERVE", "receiving", "in_progress", at, dealer,
            b'"epcList":' + _text([pallet]),
        )  # fmt: skip

    def _add(
        self, type_: str, action: str, step: str, disposition: str, at: datetime, place: str, things: bytes
    ) -> None:
        event_id = UUID(int=self._chance.getrandbits(128), version=4)
        self._events.append(
            f'{{"type":"{type_}","eventID":"urn:uuid:{event_id}",'
            f'"eventTime":"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",'
            f'"eventTimeZoneOffset":"+08:00",'
            f'"action":"{action}","bizStep":"{step}","disposition":"{disposition}",'
            f'"readPoint":{{"id":"{place}"}},"bizLocation":{{"id":"{place}"}},'.encode()
            + things
            + b"}"
        )
