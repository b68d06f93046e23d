"""The QR symbol of one code: of this brand, as printed, and of nothing else."""

from __future__ import annotations

import io

import numpy as np
import pytest
import resvg_py
import zxingcpp
from PIL import Image
from starlette.testclient import TestClient

from tests.chain.codes.print_shop import GTIN, PrintShop
from tests.conftest import make_brand
from wuma.chain.codes import orders
from wuma.chain.codes.construction import Codebook, Role, epoch_of_unit, index_of_unit
from wuma.chain.codes.orders import Level
from wuma.kernel.runtime import Runtime


def code_of(shop: PrintShop, role: Role) -> str:
    """A code of a new order."""
    order_id = shop.place(5)
    with shop.runtime.database.transaction(shop.brand.scope) as session:
        unit = orders.get(session, order_id).first_unit
    codebook = Codebook(shop.runtime.keyring)
    keys = codebook.order(epoch=epoch_of_unit(unit), tenant_id=shop.brand.id, order_id=order_id)
    return str(codebook.issue(role, keys, index_of_unit(unit), 1).astype(str)[0])


def read_picture(content: bytes) -> str:
    found = zxingcpp.read_barcode(np.asarray(Image.open(io.BytesIO(content)).convert("L")))
    assert found is not None
    return str(found.text)


def test_an_open_code_in_any_form_is_drawn_as_it_is_printed(shop: PrintShop) -> None:
    code = code_of(shop, Role.OPEN)
    forms = [
        code,
        f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}".lower(),
        f"https://id.wuma.test/01/{GTIN}/21/{code}",
        f"(01){GTIN}(21){code}",
    ]

    read = {
        read_picture(shop.admin.get("/qr", params={"text": text, "format": "png"}).content) for text in forms
    }

    assert read == {f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{code}"}


@pytest.mark.parametrize("role", [Role.HIDDEN_LONG, Role.HIDDEN_TYPED])
def test_a_hidden_code_is_drawn_and_kept_nowhere(shop: PrintShop, role: Role) -> None:
    code = code_of(shop, role)

    answer = shop.admin.get("/qr", params={"text": code})

    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["cache-control"] == "private, no-store"
    picture = resvg_py.svg_to_bytes(svg_string=answer.text, skip_system_fonts=True)
    assert read_picture(picture) == f"HTTPS://ID.WUMA.TEST/H/{code}"


def test_a_pallet_is_drawn(shop: PrintShop) -> None:
    file = shop.made(shop.place(1, level=Level.PALLET), template="pallet-sscc")
    content = shop.vendor.fetch(shop.vendor.release(file["id"]).json()["content_url"]).content
    sscc = shop.rows(content)[1][1]

    answer = shop.admin.get("/qr", params={"text": f"(00){sscc}", "format": "png"})

    assert read_picture(answer.content) == f"HTTPS://ID.WUMA.TEST/00/{sscc}"


def test_a_terminal_gets_blocks(shop: PrintShop) -> None:
    answer = shop.admin.get("/qr", params={"text": code_of(shop, Role.OPEN), "format": "text"})

    assert answer.headers["content-type"].startswith("text/plain")
    assert "▀" in answer.text


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "hello", "7Z3K0011QRST0123", "(01)06901234567892", ""]
)
def test_what_is_no_code_of_ours_is_not_drawn(shop: PrintShop, text: str) -> None:
    answer = shop.admin.get("/qr", params={"text": text})

    assert answer.status_code == 404
    assert not text or text not in answer.text


def test_codes_of_others_are_not_drawn(shop: PrintShop, runtime: Runtime, client: TestClient) -> None:
    stranger = PrintShop(runtime, client, make_brand(runtime))

    assert stranger.admin.get("/qr", params={"text": code_of(shop, Role.OPEN)}).status_code == 404
    assert client.get("/api/v1/qr", params={"text": code_of(shop, Role.OPEN)}).status_code == 401
