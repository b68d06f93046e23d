"""Products and how they are packed: making, changing, archiving, finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from wuma.facts.masterdata import ProductsChanged
from wuma.kernel.errors import FieldError, InvalidInput, Refusal
from wuma.kernel.fact import publish
from wuma.kernel.ids import uuid7
from wuma.support.masterdata import versions
from wuma.support.masterdata.models import Level, PackagingRow, ProductRow

CASES_PER_PRODUCT_MAX: Final = 20


class GtinTaken(Refusal):
    """This GTIN is taken."""

    status = HTTPStatus.CONFLICT
    slug = "gtin-taken"


@dataclass(frozen=True, slots=True)
class Case:
    """A case: its GTIN of 14 digits and how many items are in it. Another count is another GTIN."""

    gtin: str
    item_count: int


@dataclass(frozen=True, slots=True)
class Pallet:
    """A pallet: what its SSCCs begin with, and how many cases are on it."""

    company_prefix: str
    extension: int
    case_count: int


@dataclass(frozen=True, slots=True)
class Packaging:
    """How a product is packed at one level: with a GTIN, but a pallet with what its SSCCs begin with."""

    level: Level
    contains_count: int
    """Items in a case, cases on a pallet."""
    gtin: str | None = None
    company_prefix: str | None = None
    extension: int | None = None


@dataclass(frozen=True, slots=True)
class FormerGtin:
    """A GTIN that the item, or a case, once had. It is never given to anything else."""

    gtin: str
    level: Level
    contains_count: int
    since: datetime
    """When it became one."""
    replaced_by: str | None
    """The GTIN in force instead; None for a case that is no longer made."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductDraft:
    """What a tenant says about a product; `gtin` is the item's, of 14 digits, checked."""

    gtin: str
    name_zh: str = ""
    name_en: str = ""
    brand_zh: str = ""
    brand_en: str = ""
    category: str = ""
    stage: int | None = None
    """The stage of infant formula, 1 to 4; None for everything else."""
    age_from_months: int | None = None
    net_weight_g: int | None = None
    shelf_life_days: int | None = None
    cases: tuple[Case, ...] = ()
    pallet: Pallet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product(ProductDraft):
    """A product as it is kept."""

    id: UUID
    tenant_id: int
    version: int
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None
    former_gtins: tuple[FormerGtin, ...] = ()

    def replacement(self, gtin: str) -> str | None:
        """Return the GTIN in force instead of a former one; None when there is none, or no need of one."""
        return next((former.replaced_by for former in self.former_gtins if former.gtin == gtin), None)

    def packaging(self, level: str) -> Packaging | None:
        """Return how it is packed at a level; of several cases, the smallest. None when it is not."""
        match Level(level):
            case Level.ITEM:
                return Packaging(Level.ITEM, 1, gtin=self.gtin)
            case Level.CASE if self.cases:
                smallest = min(self.cases, key=lambda case: case.item_count)
                return Packaging(Level.CASE, smallest.item_count, gtin=smallest.gtin)
            case Level.PALLET if self.pallet is not None:
                pallet = self.pallet
                return Packaging(
                    Level.PALLET,
                    pallet.case_count,
                    company_prefix=pallet.company_prefix,
                    extension=pallet.extension,
                )
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Correction:
    """A GTIN of 14 digits that was wrong, the one that is right, and why."""

    wrong: str
    right: str
    reason: str = ""


def create_product(session: Session, tenant_id: int, draft: ProductDraft, *, now: datetime) -> Product:
    """Make a product.

    Raises:
        GtinTaken: when its GTIN, or that of a case, names something already: here or at another tenant.
    """
    row = ProductRow(
        id=uuid7(), tenant_id=tenant_id, version=1, created_at=now, changed_at=now, **_values(draft)
    )
    with _gtins_free(session):
        session.add(row)
        session.flush()
        session.add(_packaging(row, Level.ITEM, draft.gtin, 1))
        session.add_all(_packaging(row, Level.CASE, case.gtin, case.item_count) for case in draft.cases)
    return _told(session, row)


def change_product(
    session: Session, tenant_id: int, product_id: UUID, draft: ProductDraft, *, version: int, now: datetime
) -> Product:
    """Replace what is said about a product and how it is packed. Its GTIN stays what it is."""
    row = versions.change(
        session, ProductRow, tenant_id, product_id, _values(draft), version=version, now=now
    )
    rows = _packaging_of(session, product_id)
    gtin = next(one.gtin for one in rows.values() if one.level == Level.ITEM and one.former_since is None)
    if gtin != draft.gtin:
        raise InvalidInput(
            "A GTIN names one product for ever: another product is entered anew, a wrong GTIN is corrected.",
            [FieldError("/gtin", gtin, draft.gtin)],
        )
    made = {case.gtin: case.item_count for case in draft.cases}
    for one in rows.values():
        if one.level == Level.CASE and one.former_since is None and one.gtin not in made:
            one.former_since = now
    with _gtins_free(session):
        for case_gtin, item_count in made.items():
            known = rows.get(case_gtin)
            if known is None:
                session.add(_packaging(row, Level.CASE, case_gtin, item_count))
            elif known.level == Level.CASE:
                _put_in_force(known)
                known.contains_count = item_count
            else:
                raise _taken()
    return _told(session, row)


def correct_gtin(
    session: Session, tenant_id: int, product_id: UUID, correction: Correction, *, version: int, now: datetime
) -> Product:
    """Give the item, or a case, another GTIN than the one that was entered by mistake.

    What was printed with the wrong one stays what it is: the wrong one stays the product's, and names the
    right one. It can be made right again; anything else's it never becomes (GTIN Management Standard 2.2: an
    allocated GTIN is not reallocated).

    Raises:
        InvalidInput: when the wrong GTIN is not in force at this product, or is the right one.
        GtinTaken: when the right one names something else, or another level or count of this product.
        Archived, ChangedMeanwhile, NotFound: as `change_product`.
    """
    row = versions.change(session, ProductRow, tenant_id, product_id, {}, version=version, now=now)
    rows = _packaging_of(session, product_id)
    wrong = rows.get(correction.wrong)
    if wrong is None or wrong.former_since is not None:
        in_force = sorted(one.gtin for one in rows.values() if one.former_since is None)
        raise InvalidInput(
            "The GTIN to correct.", [FieldError("/wrong", " or ".join(in_force), correction.wrong)]
        )
    if correction.right == wrong.gtin:
        raise InvalidInput("Nothing to correct.", [FieldError("/right", "another GTIN", correction.right)])
    wrong.former_since, wrong.replaced_by, wrong.reason = now, correction.right, correction.reason
    for before in rows.values():
        if before.replaced_by == wrong.gtin and before.gtin != correction.right:
            before.replaced_by = correction.right
    session.flush()  # first out, then in: of one product one item is in force
    known = rows.get(correction.right)
    with _gtins_free(session):
        if known is None:
            session.add(_packaging(row, Level(wrong.level), correction.right, wrong.contains_count))
        elif known.former_since and (known.level, known.contains_count) == (
            wrong.level,
            wrong.contains_count,
        ):
            _put_in_force(known)
        else:
            raise _taken()
    return _told(session, row)


def set_product_archived(
    session: Session, tenant_id: int, product_id: UUID, *, archived: bool, now: datetime
) -> Product:
    """Archive a product, or restore it. Its codes stay genuine, its GTINs stay taken."""
    if versions.set_archived(session, ProductRow, tenant_id, product_id, archived=archived, now=now):
        publish(session, ProductsChanged(tenant_id=tenant_id, product_ids=[product_id]))
    return get_product(session, tenant_id, product_id)


def get_product(session: Session, tenant_id: int, product_id: UUID) -> Product:
    """Return a product of a tenant."""
    return assembled(session, [versions.get(session, ProductRow, tenant_id, product_id)])[0]


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which products of a tenant: `q` is a part of a name or brand, or the beginning of a GTIN."""

    tenant_id: int
    q: str | None = None
    stage: int | None = None
    archived: bool = False


def find_products(
    session: Session, wanted: ProductFilter, *, after: UUID | None, limit: int
) -> list[Product]:
    """Return up to `limit` products after one, by birth."""
    query = select(ProductRow).where(
        ProductRow.tenant_id == wanted.tenant_id,
        ProductRow.archived_at.is_not(None) if wanted.archived else ProductRow.archived_at.is_(None),
    )
    if wanted.stage is not None:
        query = query.where(ProductRow.stage == wanted.stage)
    if wanted.q:
        texts = (ProductRow.name_zh, ProductRow.name_en, ProductRow.brand_zh, ProductRow.brand_en)
        said = [column.icontains(wanted.q, autoescape=True) for column in texts]
        query = query.where(or_(*said, ProductRow.id.in_(_by_gtin_beginning(wanted.tenant_id, wanted.q))))
    if after is not None:
        query = query.where(ProductRow.id > after)
    return assembled(session, session.scalars(query.order_by(ProductRow.id).limit(limit)).all())


def assembled(session: Session, rows: Sequence[ProductRow]) -> list[Product]:
    """Put products together with their packaging, in the order of the rows."""
    parts = defaultdict(list)
    packaging = session.scalars(
        select(PackagingRow)
        .where(PackagingRow.product_id.in_([row.id for row in rows]))
        .order_by(PackagingRow.contains_count, PackagingRow.gtin)
    )
    for part in packaging:
        parts[part.product_id].append(part)
    return [_product(row, parts[row.id]) for row in rows]


def _product(row: ProductRow, parts: Sequence[PackagingRow]) -> Product:
    in_force = [part for part in parts if part.former_since is None]
    items = [part.gtin for part in in_force if part.level == Level.ITEM]
    assert len(items) == 1, f"product {row.id} has {len(items)} GTINs"
    pallet = None
    if row.company_prefix is not None:
        assert row.extension is not None
        assert row.pallet_case_count is not None
        pallet = Pallet(row.company_prefix, row.extension, row.pallet_case_count)
    return Product(
        id=row.id,
        tenant_id=row.tenant_id,
        gtin=items[0],
        name_zh=row.name_zh,
        name_en=row.name_en,
        brand_zh=row.brand_zh,
        brand_en=row.brand_en,
        category=row.category,
        stage=row.stage,
        age_from_months=row.age_from_months,
        net_weight_g=row.net_weight_g,
        shelf_life_days=row.shelf_life_days,
        cases=tuple(Case(part.gtin, part.contains_count) for part in in_force if part.level == Level.CASE),
        pallet=pallet,
        version=row.version,
        created_at=row.created_at,
        changed_at=row.changed_at,
        archived_at=row.archived_at,
        former_gtins=tuple(
            FormerGtin(
                part.gtin,
                Level(part.level),
                part.contains_count,
                part.former_since,
                part.replaced_by,
                part.reason,
            )
            for part in parts
            if part.former_since is not None
        ),
    )


def _told(session: Session, row: ProductRow) -> Product:
    publish(session, ProductsChanged(tenant_id=row.tenant_id, product_ids=[row.id]))
    return assembled(session, [row])[0]


def _values(draft: ProductDraft) -> dict[str, Any]:
    return {
        "name_zh": draft.name_zh,
        "name_en": draft.name_en,
        "brand_zh": draft.brand_zh,
        "brand_en": draft.brand_en,
        "category": draft.category,
        "stage": draft.stage,
        "age_from_months": draft.age_from_months,
        "net_weight_g": draft.net_weight_g,
        "shelf_life_days": draft.shelf_life_days,
        "company_prefix": draft.pallet and draft.pallet.company_prefix,
        "extension": draft.pallet and draft.pallet.extension,
        "pallet_case_count": draft.pallet and draft.pallet.case_count,
    }


def _packaging(row: ProductRow, level: Level, gtin: str, item_count: int) -> PackagingRow:
    return PackagingRow(
        gtin=gtin, tenant_id=row.tenant_id, product_id=row.id, level=level, contains_count=item_count
    )


def _packaging_of(session: Session, product_id: UUID) -> dict[str, PackagingRow]:
    """Return all packaging of a product, by GTIN; whoever changes it holds the product's row."""
    rows = session.scalars(select(PackagingRow).where(PackagingRow.product_id == product_id))
    return {row.gtin: row for row in rows.all()}


def _put_in_force(row: PackagingRow) -> None:
    row.former_since, row.replaced_by, row.reason = None, None, ""


def _gtins_free(session: Session) -> Any:
    return versions.refused_when_taken(session, {"packaging_pkey": _taken()})


def _taken() -> GtinTaken:
    # It is not said whose it is: that would tell a stranger what a competitor is about to launch.
    return GtinTaken("One of the GTINs names another product or packaging already.")


def _by_gtin_beginning(tenant_id: int, digits: str) -> Any:
    """Select products with a GTIN that begins so, as it is printed: with 8, 12, 13 or 14 digits."""
    beginnings = (digits, f"0{digits}", f"00{digits}", f"000000{digits}") if digits.isdecimal() else ()
    return select(PackagingRow.product_id).where(
        PackagingRow.tenant_id == tenant_id,
        or_(False, *(PackagingRow.gtin.startswith(start, autoescape=True) for start in beginnings)),
    )
