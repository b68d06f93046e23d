"""The brand's web site, as far as codes lead to it: which pages there are of each product."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from wuma_world.brand import Brand, Product
from wuma_world.client import Desk

HOST: Final = "www.xingken.example"


async def lead_codes(desk: Desk, brand: Brand, *, at: datetime) -> None:
    """Have the server lead the codes of all products to their pages."""
    await desk.post("/links/hosts", {"host": HOST}, at=at)
    anchors = [
        {"anchor": f"/01/{product.gtin}", "description": product.name, "links": _pages(product)}
        for product in brand.products
    ]
    await desk.request("POST", "/links/import", at=at, params={"reason": "开业"}, json={"anchors": anchors})


def page_of(product: Product, language: str) -> str:
    """Return the address of the page that says what a product is."""
    return f"https://{HOST}/{language}/products/{product.gtin.lstrip('0')}"


def _pages(product: Product) -> list[Mapping[str, Any]]:
    own = product.gtin.lstrip("0")
    return [
        _link("pip", page_of(product, "zh"), "产品信息", languages=["zh"], is_default=True),
        _link("pip", page_of(product, "en"), "About the product", languages=["en"], is_default=True),
        _link("recipeInfo", f"https://{HOST}/zh/preparing", "冲调方法", languages=["zh"]),
        _link("nutritionalInfo", f"https://{HOST}/zh/products/{own}/nutrition", "营养成分", languages=["zh"]),
        _link(
            "certificationInfo",
            f"https://{HOST}/reports/{own}/{{10}}.pdf",
            "本批检验报告",
            media_type="application/pdf",
        ),
        _link("support", f"https://{HOST}/zh/service", "客户服务", languages=["zh"]),
    ]


def _link(link_type: str, href: str, title: str, **said: Any) -> Mapping[str, Any]:
    return {"link_type": f"gs1:{link_type}", "href": href, "title": title, **said}
