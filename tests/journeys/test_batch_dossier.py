"""The whole dossier: its score and gaps, the list, the PDF that anybody can read and search."""

from __future__ import annotations

import re

import pypdfium2
import pytest
from starlette.testclient import TestClient

from tests.chain.dossier.written import whole_dossier
from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime


@pytest.fixture
def qa(runtime: Runtime, client: TestClient, brand: Brand) -> SignedInClient:
    return SignedInClient(client, make_account(runtime, brand.id, Role.QA))


@pytest.fixture
def batch_id(runtime: Runtime, brand: Brand) -> str:
    with runtime.database.transaction(brand.scope) as session:
        return str(open_batch(session, make_product(session, brand.id)).id)


def _enter(qa: SignedInClient, batch_id: str, *entries: dict[str, str]) -> None:
    answer = qa.post(f"/batches/{batch_id}/dossier/entries", json={"entries": list(entries)})
    assert answer.status_code == 201, answer.text


def test_an_empty_dossier_names_every_gap(qa: SignedInClient, batch_id: str) -> None:
    dossier = qa.get(f"/batches/{batch_id}/dossier").json()

    assert (dossier["percent"], dossier["good_count"]) == (0, 0)
    assert len(dossier["gaps"]) == dossier["required_count"] > 80
    assert {"lab.lead", "material.name", "equipment.name"} <= {gap["item"] for gap in dossier["gaps"]}
    assert dossier["drawn"]["batch.number"] == "B1"


def test_a_whole_dossier_is_complete_and_the_list_says_so(
    qa: SignedInClient, admin: SignedInClient, batch_id: str
) -> None:
    _enter(qa, batch_id, *whole_dossier())
    qa.post(f"/batches/{batch_id}/dossier/quality-release", json={})
    admin.post(f"/batches/{batch_id}/dossier/market-release", json={})

    dossier = qa.get(f"/batches/{batch_id}/dossier").json()
    (listed,) = qa.get("/dossiers").json()["items"]

    assert (dossier["percent"], dossier["gaps"], dossier["releases"]["state"]) == (100, [], "market")
    assert (listed["percent"], listed["gap_count"], listed["state"]) == (100, 0, "market")
    assert dossier["contents"] == dossier["releases"]["market"]["contents"]


def test_complaints_about_its_items_are_drawn_in(
    runtime: Runtime, client: TestClient, brand: Brand, qa: SignedInClient
) -> None:
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 3)
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.first_unit + 1)], CodeState.COMMISSIONED, batch.id)
    client.app.keep_up()  # type: ignore[attr-defined]
    labels = print_labels(runtime.keyring, order)
    for label in (labels[0], labels[2]):  # the third is on no item of the batch
        client.cookies.clear()
        scan = client.post(label.hidden_path, headers={"accept": "application/json"}).json()
        form = {"concern": "unwell", "text": "吐奶", "scan_id": scan["scan_id"] or ""}
        answer = client.post("/m/reports", data=form, headers={"accept": "application/json"})
        assert answer.status_code == 201, answer.text
    client.cookies.clear()

    complaints = qa.get(f"/batches/{batch.id}/dossier").json()["complaints"]

    assert [one["concern"] for one in complaints] == ["unwell"]


def test_the_pdf_is_chinese_text_and_the_same_bytes_twice(
    qa: SignedInClient, admin: SignedInClient, batch_id: str
) -> None:
    _enter(qa, batch_id, *whole_dossier(leave_out=("lab.lead", "process.metal")))
    _enter(qa, batch_id, {"item": "process.metal", "value": "不合格"})
    _enter(qa, batch_id, {"item": "lab.moisture", "value": "3.9", "reason": "抄写错误"})
    signed = qa.post(f"/batches/{batch_id}/dossier/quality-release", json={"deviation": "偏差单 D-7 已关闭"})
    assert signed.status_code == 201

    answer = qa.get(f"/batches/{batch_id}/dossier.pdf")
    again = qa.get(f"/batches/{batch_id}/dossier.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content == again.content
    pages = list(pypdfium2.PdfDocument(answer.content))
    text = re.sub(r"\s", "", "".join(page.get_textpage().get_text_range() for page in pages))
    for word in (
        "婴幼儿配方乳粉批次档案",
        "原辅材料",
        "沙门氏菌",
        "n=5,c=2,m=10,M=100",
        "黄曲霉毒素M",
        "维生素B12",
        "偏差单D-7已关闭",
        "抄写错误",
        f"第{len(pages)}页共{len(pages)}页",
        signed.json()["contents"],
    ):
        assert word in text, word
    assert len(pages) >= 4


def _released_can(
    runtime: Runtime, client: TestClient, brand: Brand, qa: SignedInClient, admin: SignedInClient
) -> tuple[str, str]:
    """Release a batch to the market; return the address on one of its cans, and of its dossier."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 1)
        batch = open_batch(session, product, number="B7-")
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
    client.app.keep_up()  # type: ignore[attr-defined]
    _enter(qa, str(batch.id), *whole_dossier())
    assert qa.post(f"/batches/{batch.id}/dossier/quality-release", json={}).status_code == 201
    (label,) = print_labels(runtime.keyring, order)
    client.cookies.clear()
    assert "/m/dossier/" not in client.get(label.open_path).text
    page = client.get(f"/m/dossier/01/{product.gtin}/10/B7-")
    assert page.status_code == 404
    assert admin.post(f"/batches/{batch.id}/dossier/market-release", json={}).status_code == 201
    return label.open_path, f"/m/dossier/01/{product.gtin}/10/B7-"


def test_a_consumer_sees_the_public_part_of_a_released_batch_and_nothing_else(
    runtime: Runtime,
    client: TestClient,
    brand: Brand,
    qa: SignedInClient,
    admin: SignedInClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wuma.journeys.scan_code.dossiers.KEPT_SECONDS", -1)
    monkeypatch.setattr("wuma.journeys.batch_dossier.phone.KEPT_SECONDS", -1)
    can, address = _released_can(runtime, client, brand, qa, admin)
    client.cookies.clear()

    scanned = client.get(can, headers={"accept-language": "zh"})
    page = client.get(address, headers={"accept-language": "zh"})
    english = client.get(address, headers={"accept-language": "en"})

    assert f'href="{address}"' in scanned.text
    assert len(scanned.content) < 100_000
    assert page.status_code == 200
    assert page.text.count("<dt>") >= 32
    assert len(page.content) < 100_000
    for word in ("原辅材料", "沙门氏菌", "n=5, c=0, m=0", "RM-2601-07", "合格"):
        assert word in page.text, word
    for word in ("Salmonella", "Raw and auxiliary materials", "Conforms"):
        assert word in english.text, word
    for secret in ("person.name", "姓名甲", "灌装", "清洁消毒记录", "进货查验记录甲", "成品仓库"):
        assert secret not in page.text, secret


def test_a_page_of_no_released_batch_tells_nothing(client: TestClient, batch_id: str) -> None:
    for address in (
        "/m/dossier/01/06901234567892/10/B1",
        "/m/dossier/01/69012/10/B1",
        "/m/dossier/01/06901234567892/10/%00",
        "/m/dossier/01/06901234567892/10/" + "B" * 500,
        "/m/dossier/01/%EF%BC%96%EF%BC%99012345678/10/B1",
    ):
        assert client.get(address).status_code in {404, 422}
