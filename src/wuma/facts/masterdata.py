"""What happens to master data.

One fact names up to `IDS_PER_FACT_MAX` things, because an import changes a million of them at once. It says
that they were created, changed, archived or restored; what they are now is asked of the facade.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final
from uuid import UUID

from wuma.kernel.fact import Fact

IDS_PER_FACT_MAX: Final = 1000  # 40 kB of JSON: small enough to handle in one go


@dataclass(frozen=True, kw_only=True)
class ProductsChanged(Fact):
    """Products, or their packaging, are not what they were."""

    name: ClassVar[str] = "masterdata.products_changed"
    product_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class SitesChanged(Fact):
    """Factories or warehouses are not what they were."""

    name: ClassVar[str] = "masterdata.sites_changed"
    site_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class LinesChanged(Fact):
    """Packing lines are not what they were."""

    name: ClassVar[str] = "masterdata.lines_changed"
    line_ids: list[UUID]


@dataclass(frozen=True, kw_only=True)
class PartnersChanged(Fact):
    """Dealers or stores are not what they were."""

    name: ClassVar[str] = "masterdata.partners_changed"
    partner_ids: list[UUID]
