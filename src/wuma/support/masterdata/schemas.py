"""The bodies of the API of master data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from wuma.kernel.http.fields import Line as TextLine
from wuma.support.masterdata.division_names import canonical_code
from wuma.support.masterdata.models import Datum, PartnerKind, RegionLevel, SiteKind
from wuma.support.masterdata.partners import TERRITORY_CODES_MAX, PartnerDraft
from wuma.support.masterdata.products import CASES_PER_PRODUCT_MAX, Case, Pallet, ProductDraft
from wuma.support.masterdata.sites import LineDraft, SiteDraft
from wuma_gs1.application_identifiers import AIS
from wuma_gs1.keys import Gln, Gtin


def _gtin(text: str) -> str:
    return Gtin.parse(text).value


def _gln(text: str) -> str:
    return Gln.parse(text).value


def _gln_extension(text: str) -> str:
    flaw = AIS["254"].flaw(text)
    if flaw is not None:
        raise ValueError(f"expected a GLN extension component (AI 254): {flaw.code.expected}")
    return text


def _region_code(text: str) -> str:
    code = canonical_code(text)
    if code is None:
        raise ValueError("expected a division code of 2, 4, 6, 9 or 12 digits")
    return code


GtinField = Annotated[str, Field(max_length=20, examples=["6901234567892"]), AfterValidator(_gtin)]
GlnField = Annotated[str, Field(max_length=20, examples=["6901234000016"]), AfterValidator(_gln)]
GlnExtensionField = Annotated[str, Field(min_length=1, max_length=20), AfterValidator(_gln_extension)]
RegionCodeField = Annotated[str, Field(max_length=12, examples=["440305"]), AfterValidator(_region_code)]
OptionalText = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
CodeField = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")
]


class CaseBody(BaseModel):
    """A case: its own GTIN, and how many items are in it."""

    gtin: GtinField
    item_count: int = Field(ge=1, le=1_000_000)


class PalletBody(BaseModel):
    """A pallet: what its SSCCs begin with, and how many cases are on it."""

    company_prefix: str = Field(pattern=r"^[0-9]{4,12}$", description="The GS1 Company Prefix.")
    extension: int = Field(0, ge=0, le=9, description="The extension digit of the SSCCs.")
    case_count: int = Field(ge=1, le=1_000_000)


class ProductBody(BaseModel):
    """What is said about a product."""

    gtin: GtinField
    name_zh: OptionalText = ""
    name_en: OptionalText = ""
    brand_zh: OptionalText = ""
    brand_en: OptionalText = ""
    category: OptionalText = ""
    stage: int | None = Field(
        None, ge=1, le=4, description="The stage (段) of infant formula; nothing else has one."
    )
    age_from_months: int | None = Field(None, ge=0, le=1200)
    net_weight_g: int | None = Field(None, ge=1, le=2_000_000_000)
    shelf_life_days: int | None = Field(None, ge=1, le=36_500)
    cases: list[CaseBody] = Field([], max_length=CASES_PER_PRODUCT_MAX)
    pallet: PalletBody | None = None

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not (self.name_zh or self.name_en):
            raise ValueError("expected a name, in Chinese (name_zh) or in English (name_en)")
        return self

    def draft(self) -> ProductDraft:
        """Return what was said as a value."""
        said = self.model_dump(exclude={"cases", "pallet"})
        return ProductDraft(
            **said,
            cases=tuple(Case(case.gtin, case.item_count) for case in self.cases),
            pallet=None if self.pallet is None else Pallet(**self.pallet.model_dump()),
        )


class Kept(BaseModel):
    """What the server adds to everything it keeps. Views accept whatever is kept: bodies have the rules."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    version: int = Field(description="Also the ETag; a change names it in If-Match.")
    created_at: datetime
    changed_at: datetime
    archived_at: datetime | None


class CaseView(BaseModel):
    """A case: its own GTIN, and how many items are in it."""

    model_config = ConfigDict(from_attributes=True)

    gtin: str
    item_count: int


class PalletView(BaseModel):
    """A pallet: what its SSCCs begin with, and how many cases are on it."""

    model_config = ConfigDict(from_attributes=True)

    company_prefix: str
    extension: int
    case_count: int


class FormerGtinView(BaseModel):
    """A GTIN that the item, or a case, once had: what was printed with it stays alive."""

    model_config = ConfigDict(from_attributes=True)

    gtin: str
    level: Literal["item", "case"]
    contains_count: int
    since: datetime
    replaced_by: str | None = Field(description="The GTIN in force instead.")
    reason: str


class ProductView(Kept):
    """A product."""

    gtin: str = Field(description="The GTIN of the item, filled up to 14 digits.")
    name_zh: str
    name_en: str
    brand_zh: str
    brand_en: str
    category: str
    stage: int | None
    age_from_months: int | None
    net_weight_g: int | None
    shelf_life_days: int | None
    cases: list[CaseView]
    pallet: PalletView | None
    former_gtins: list[FormerGtinView]


class SiteBody(BaseModel):
    """What is said about a factory or a warehouse."""

    gln: GlnField
    kind: SiteKind
    name: TextLine
    region_code: RegionCodeField | None = None
    address: OptionalText = ""

    def draft(self) -> SiteDraft:
        """Return what was said as a value."""
        return SiteDraft(**self.model_dump())


class SiteView(Kept):
    """A factory or a warehouse."""

    gln: str
    kind: SiteKind
    name: str
    region_code: str | None
    address: str


class LineBody(BaseModel):
    """What is said about a packing line."""

    site_id: UUID
    code: CodeField
    name: TextLine
    gln_extension: GlnExtensionField | None = Field(
        None, description="With the site's GLN, the place of the line in EPCIS events (AI 254)."
    )

    def draft(self) -> LineDraft:
        """Return what was said as a value."""
        return LineDraft(**self.model_dump())


class LineView(Kept):
    """A packing line."""

    site_id: UUID
    code: str
    name: str
    gln_extension: str | None


class PartnerBody(BaseModel):
    """What is said about a dealer or a store."""

    code: CodeField
    kind: PartnerKind
    name: TextLine
    gln: GlnField | None = None
    parent_id: UUID | None = Field(None, description="The dealer who supplies a store.")
    region_code: RegionCodeField | None = None
    address: OptionalText = ""
    longitude: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    latitude: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    datum: Datum | None = Field(None, description="What the coordinates refer to, when it is known.")
    territory: list[RegionCodeField] = Field(
        [], max_length=TERRITORY_CODES_MAX, description="Where a dealer sells: divisions with all in them."
    )

    @model_validator(mode="after")
    def _has_both_coordinates(self) -> Self:
        if (self.longitude is None) != (self.latitude is None):
            raise ValueError("expected longitude and latitude, or neither")
        return self

    def draft(self) -> PartnerDraft:
        """Return what was said as a value."""
        return PartnerDraft(**{**self.model_dump(), "territory": tuple(self.territory)})


class PartnerView(Kept):
    """A dealer or a store."""

    code: str
    kind: PartnerKind
    name: str
    gln: str | None
    parent_id: UUID | None
    region_code: str | None
    address: str
    longitude: float | None
    latitude: float | None
    datum: Datum | None
    territory: list[str]


class RegionView(BaseModel):
    """An administrative division of China."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    level: RegionLevel
    name: str
    path: str = Field(description="The names of all divisions it lies in, and its own.")
    longitude: float | None
    latitude: float | None
    is_retired: bool
