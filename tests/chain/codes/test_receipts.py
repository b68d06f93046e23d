"""Receipts: verified by strangers with what the guide tells them, and with nothing of ours."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.chain.codes.print_shop import GTIN, PrintShop
from wuma.chain.codes import receipts
from wuma.chain.codes.print_files import FileState
from wuma.chain.codes.print_template import BUILT_INS, Delimiter, PrintField
from wuma.chain.codes.sheet_formats import SheetFormat
from wuma.chain.codes.sheets import SheetCode
from wuma.kernel.keys import Keyring, SealedKeyFile, UnsealFile

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to"
GUIDES = [HOW_TO / "order-and-print-codes.md", HOW_TO / "order-and-print-codes.zh-CN.md"]


def verify(
    guide: Path, folder: Path, receipt: dict[str, Any], keys: dict[str, Any]
) -> subprocess.CompletedProcess[str]:
    """Run the program that the guide prints, in a folder with a receipt and the public keys."""
    found = re.search(
        r"<!-- tested: verify-receipt -->\n```python\n(.*?)```", guide.read_text("utf-8"), re.DOTALL
    )
    assert found is not None, guide
    (folder / "receipt.json").write_text(json.dumps(receipt))
    (folder / "keys.json").write_text(json.dumps(keys))
    return subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", found[1]],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_receipt_says_who_got_what_when(shop: PrintShop) -> None:
    order_id = shop.place(100)
    file = shop.made(order_id, first=11, last=60)

    released = shop.vendor.release(file["id"]).json()

    claims = released["receipt"]["claims"]
    assert claims == {
        "print_file_id": file["id"],
        "order_id": order_id,
        "kind": "rows",
        "gtin": GTIN,
        "first_number": 11,
        "last_number": 60,
        "count": 50,
        "reprint_reason": None,
        "sha256": file["sha256"],
        "size_bytes": file["size_bytes"],
        "recipient_name": "Anhui Print",
        "recipient_public_key": shop.vendor.public_key,
        "released_to": str(shop.vendor.account),
        "released_at": claims["released_at"],
        "server": "id.wuma.test",
    }
    assert shop.admin.get(f"/print-files/{file['id']}/receipt").json() == released["receipt"]


def test_there_is_no_receipt_before_the_release(shop: PrintShop) -> None:
    file = shop.made(shop.place(10))

    assert shop.vendor.client.get(f"/print-files/{file['id']}/receipt").status_code == 404


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_anybody_verifies_a_receipt_as_the_guide_says(
    shop: PrintShop, client: TestClient, tmp_path: Path, guide: Path
) -> None:
    receipt = shop.vendor.release(shop.made(shop.place(10), recipient_name="安徽印务")["id"]).json()[
        "receipt"
    ]
    keys = client.get("/api/v1/receipts/public-key").json()  # nobody has signed in

    good = verify(guide, tmp_path, receipt, keys)
    altered = verify(guide, tmp_path, {"jws": with_claim(receipt["jws"], "count", 9)}, keys)

    assert (good.returncode, good.stderr) == (0, "")
    assert json.loads(good.stdout) == receipt["claims"]
    assert altered.returncode != 0
    assert "InvalidSignature" in altered.stderr


def with_claim(jws: str, name: str, value: object) -> str:
    """Alter one claim of a signed receipt."""
    header, claims, signature = jws.split(".")
    members = json.loads(urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    altered = json.dumps({**members, name: value}).encode()
    return ".".join([header, urlsafe_b64encode(altered).rstrip(b"=").decode(), signature])


def test_a_receipt_outlives_its_keys(tmp_path: Path) -> None:
    """A new generation of root keys signs new receipts; the key of the old ones stays published."""
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    old = receipts.sign(keyring, {"count": 1})

    key_file.open_epoch(fresh_root=True)
    keyring.reload()
    new = receipts.sign(keyring, {"count": 2})

    keys = receipts.public_keys(keyring)
    assert [key["kid"] for key in keys["keys"]] == ["1", "2"]
    for jws, count in ((old, 1), (new, 2)):
        verified = verify(GUIDES[0], tmp_path, {"jws": jws}, keys)
        assert json.loads(verified.stdout) == {"count": count}


def test_two_installations_sign_with_different_keys(tmp_path: Path) -> None:
    keyrings = []
    for name in ("one", "other"):
        unseal = UnsealFile(tmp_path / name / "unseal")
        unseal.create()
        keyrings.append(Keyring(SealedKeyFile.create(tmp_path / name / "sealed", unseal)))
    receipt = {"jws": receipts.sign(keyrings[0], {"count": 1})}

    verified = verify(GUIDES[0], tmp_path, receipt, receipts.public_keys(keyrings[1]))

    assert "InvalidSignature" in verified.stderr


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
@pytest.mark.parametrize(
    "words",
    [PrintField, FileState, Delimiter, SheetCode, SheetFormat, BUILT_INS],
    ids=lambda words: str(words)[:20],
)
def test_the_guide_names_everything_there_is(guide: Path, words: Any) -> None:
    text = guide.read_text("utf-8")

    assert [str(word) for word in words if f"`{word}`" not in text and f'"{word}"' not in text] == []
