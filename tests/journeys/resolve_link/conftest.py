"""A brand with a product whose links are kept, and phones that scan it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient
from wuma.entrypoints.api import Application
from wuma_gs1.check_characters import check_digit

_gtins = itertools.count(1)
HOST = "www.brand.example"


def new_gtin() -> str:
    """Return a GTIN-14 that no other test here has taken."""
    digits = f"0697{next(_gtins):09}"
    return digits + str(check_digit(digits))


@dataclass(frozen=True)
class Shelf:
    """The links of one product, kept through the API and resolved at the root."""

    client: TestClient
    admin: SignedInClient
    brand: Brand
    gtin: str

    @property
    def key(self) -> str:
        return f"/01/{self.gtin}"

    def put(self, qualifiers: str, *links: dict[str, Any], version: int = 0, **said: Any) -> httpx.Response:
        return self.admin.put(
            "/links",
            params={"anchor": self.key + qualifiers},
            json={"links": list(links), **said},
            headers={"if-match": f'"{version}"'},
        )

    def keep(self, qualifiers: str, *links: dict[str, Any], **said: Any) -> None:
        answer = self.put(qualifiers, *links, **said)
        assert answer.status_code == 200, answer.text

    def scan(self, rest: str = "", method: str = "GET", **headers: str) -> httpx.Response:
        """Scan the product's key with qualifiers or a query behind it."""
        return self.get(self.key + rest, method, **headers)

    def get(self, path: str, method: str = "GET", **headers: str) -> httpx.Response:
        """Scan anything."""
        self.client.cookies.clear()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, path, headers=named, follow_redirects=False)


def link(link_type: str = "gs1:pip", path: str = "/p", **said: Any) -> dict[str, Any]:
    """Return a link to the brand's site."""
    return {"link_type": link_type, "href": f"https://{HOST}{path}", "title": "Product", **said}


@pytest.fixture
def shelf(client: TestClient, admin: SignedInClient, brand: Brand) -> Shelf:
    gtin = new_gtin()
    made = admin.post("/products", json={"gtin": gtin, "name_zh": "晨牧奶粉", "name_en": "Morning Meadow"})
    assert made.status_code == 201, made.text
    assert admin.post("/links/hosts", json={"host": HOST}).status_code == 201
    application = client.app
    assert isinstance(application, Application)
    application.keep_up()  # what other processes have changed is taken in from time to time; now, for a test
    return Shelf(client, admin, brand, gtin)
