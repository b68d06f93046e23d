"""Labels for tests: a product, an order of codes, and the codes themselves as they would be printed."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from wuma.chain.codes import batches, orders, transitions
from wuma.chain.codes.construction import Codebook, Role, index_of_unit
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.models import Batch, CodeOrder
from wuma.chain.codes.orders import Level, NewOrder
from wuma.kernel.keys import Keyring
from wuma.support.masterdata.products import Case, Pallet, Product, ProductDraft, create_product
from wuma_gs1.keys import Gtin

_references = itertools.count(os.getpid() % 1000 * 10_000)


def make_product(session: Session, tenant_id: int) -> Product:
    """Make a product with a case of six and a pallet, under GTINs that no other test has."""
    reference = f"{next(_references) % 10**7:07}"
    item = Gtin.build("69" + reference[:5], reference[5:] + "001")
    draft = ProductDraft(
        gtin=item.value,
        name_zh="测试婴儿配方奶粉 2段",
        name_en="Test formula, stage 2",
        brand_zh="测试品牌",
        brand_en="Test brand",
        stage=2,
        age_from_months=6,
        net_weight_g=800,
        shelf_life_days=730,
        cases=(Case(Gtin.build("69" + reference[:5], reference[5:] + "001", indicator=1).value, 6),),
        pallet=Pallet("69" + reference[:7], 0, 60),
    )
    return create_product(session, tenant_id, draft, now=datetime.now(UTC))


def place_order(
    session: Session, keyring: Keyring, product: Product, quantity: int, level: Level = Level.ITEM
) -> CodeOrder:
    """Order codes for a product."""
    packaging = product.packaging(level)
    assert packaging is not None
    new = NewOrder(
        tenant_id=product.tenant_id,
        product_id=product.id,
        level=level,
        quantity=quantity,
        gtin=packaging.gtin,
        company_prefix=packaging.company_prefix,
        has_hidden=level is Level.ITEM,
    )
    return orders.place(session, keyring, new, actor="test", now=datetime.now(UTC))


def open_batch(
    session: Session, product: Product, *, number: str = "B1", expires_on: date | None = None
) -> Batch:
    """Open a batch made today."""
    new = batches.NewBatch(
        product.tenant_id, product.id, product.gtin, number, date(2026, 1, 5), 730, expires_on, None
    )
    return batches.open_batch(session, new, now=datetime.now(UTC))


def bring(session: Session, ranges: list[UnitRange], to: CodeState, batch_id: UUID | None = None) -> None:
    """Bring units into a state."""
    now = datetime.now(UTC)
    transitions.change(session, transitions.Asked(ranges, to, batch_id, now, "test"), now=now)


@dataclass(frozen=True)
class Label:
    """What is on one item."""

    unit: int
    open_path: str
    hidden_path: str
    typed_path: str


def print_labels(keyring: Keyring, order: CodeOrder) -> list[Label]:
    """Return the labels of all codes of an item or case order."""
    codebook = Codebook(keyring)
    epoch = order.first_unit >> 38
    keys = codebook.order(epoch=epoch, tenant_id=order.tenant_id, order_id=order.id)
    first = index_of_unit(order.first_unit)
    codes = [codebook.issue(role, keys, first, order.quantity) for role in Role]
    return [
        Label(
            order.first_unit + place,
            f"/01/{order.gtin}/21/{opened.decode()}",
            f"/h/{long.decode()}",
            f"/h/{typed.decode()}",
        )
        for place, (opened, typed, long) in enumerate(zip(*codes, strict=True))
    ]
