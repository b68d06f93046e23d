"""A recall finds all goods wherever they went, warns whoever scans one, and counts each back once."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.chain.trace.test_capture import capture, event
from tests.conftest import Brand, SignedInClient, make_account
from tests.fuzz.everything import new_gln
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.care import recall as recalls
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

JSON = {"accept": "application/json"}
NOTICE = "请停止食用，联系客服退货。"


@dataclass
class Goods:
    """24 cans in 4 cases; the first two cases went to one dealer, the third to another, the last stayed."""

    batch_id: str
    line_id: str
    cans: list[Label]
    cases: list[Label]
    dealers: list[str]


@pytest.fixture
def goods(admin: SignedInClient, runtime: Runtime, brand: Brand, client: TestClient) -> Goods:
    factory, *dealers = [new_gln() for _ in range(3)]
    for number, gln in enumerate(dealers):
        dealer = {"code": f"D{number}", "kind": "dealer", "name": f"经销商{number}", "gln": gln}
        assert admin.post("/partners", json=dealer).status_code == 201
    site = admin.post("/sites", json={"gln": factory, "kind": "factory", "name": "工厂"}).json()
    line = admin.post("/lines", json={"site_id": site["id"], "code": "L1", "name": "一线"}).json()
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 24)
        case_order = place_order(session, runtime.keyring, product, 4, Level.CASE)
        batch = open_batch(session, product)
        session.execute(
            text("UPDATE codes.batch SET line_id = :line_id WHERE id = :id"),
            {"line_id": line["id"], "id": batch.id},
        )
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
        cans = print_labels(runtime.keyring, order)
        cases = print_labels(runtime.keyring, case_order)
    client.app.keep_up()  # type: ignore[attr-defined]
    made = Goods(str(batch.id), line["id"], cans, cases, dealers)
    place = f"https://id.gs1.org/414/{factory}"
    packing = [
        event(
            "AggregationEvent",
            action="ADD",
            bizStep="packing",
            parentID=uri(case),
            childEPCs=[uri(one) for one in cans[6 * number : 6 * number + 6]],
            bizLocation={"id": place},
        )
        for number, case in enumerate(cases)
    ]
    capture(admin, *packing, *(received(made, dealers[n // 2], n, day=2 + n) for n in range(3)))
    return made


def uri(label: Label) -> str:
    return f"https://id.gs1.org{label.open_path}"


def received(goods: Goods, dealer: str, case: int, *, day: int) -> dict[str, Any]:
    return event(
        at=f"2026-05-{day:02}T08:00:00Z",
        action="OBSERVE",
        bizStep="receiving",
        disposition="in_progress",
        epcList=[uri(goods.cases[case])],
        bizLocation={"id": f"https://id.gs1.org/414/{dealer}"},
        destinationList=[
            {"type": "possessing_party", "destination": f"https://id.gs1.org/417/{dealer}"},
        ],
    )


def open_recall(admin: SignedInClient, scope: dict[str, Any], **more: Any) -> dict[str, Any]:
    form = {
        "title": "金属异物",
        "reason": "客户投诉",
        "risk_class": 1,
        "is_drill": False,
        "scope": scope,
        "notice": NOTICE,
    }
    answer = admin.post("/recalls", json={**form, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def report_of(admin: SignedInClient, recall: dict[str, Any]) -> dict[str, Any]:
    answer = admin.get(f"/recalls/{recall['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def scan(client: TestClient, label: Label) -> dict[str, Any]:
    client.cookies.clear()
    return client.post(label.hidden_path, headers=JSON).json()


def record(admin: SignedInClient, recall: dict[str, Any], kind: str, **more: Any) -> Any:
    body = {"kind": kind, "at": "2026-05-09T08:00:00Z", **more}
    return admin.post(f"/recalls/{recall['id']}/entries", json=body)


def test_a_batch_is_found_with_its_holders_and_whoever_scans_is_warned(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    assert scan(client, goods.cans[0])["verdict"] == "first_genuine"

    recall = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id})

    report = report_of(admin, recall)
    assert report["balance"] == {"affected": 24, "destroyed": 0, "held": 0, "outstanding": 24}
    assert (report["cases"], report["people"], report["scanned_items"]) == (4, 1, 1)
    holders = admin.get(f"/recalls/{recall['id']}/holders").json()
    by_name = {one["name"]: one["balance"]["affected"] for one in holders}
    assert (by_name["经销商0"], by_name["经销商1"]) == (12, 6)
    assert sum(by_name.values()) == 24
    warned = scan(client, goods.cans[23])
    assert (warned["verdict"], warned["batch"]["recall_notice"]) == ("recalled", NOTICE)
    assert report_of(admin, recall)["scans_since"] == 1


def test_a_drill_lists_the_same_and_warns_nobody(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    drill = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id}, is_drill=True)

    assert report_of(admin, drill)["balance"]["affected"] == 24
    assert scan(client, goods.cans[3])["verdict"] == "first_genuine"
    targets = {one["name"]: one["met"] for one in report_of(admin, drill)["targets"]}
    assert targets == {"eu_4h": True, "fsma_24h": True, "cn_notice": None}


@pytest.mark.parametrize("kind", ["case", "line", "can"])
def test_a_part_of_a_batch_is_recalled_and_the_rest_is_not(
    admin: SignedInClient, client: TestClient, goods: Goods, kind: str
) -> None:
    scopes: dict[str, tuple[dict[str, Any], int]] = {
        "case": ({"kind": "things", "codes": [uri(goods.cases[1])]}, 6),
        "can": ({"kind": "things", "codes": [uri(goods.cans[6]), uri(goods.cans[7])]}, 2),
        "line": (
            {
                "kind": "line",
                "line_id": goods.line_id,
                "since": "2020-01-01T00:00:00Z",
                "until": "2100-01-01T00:00:00Z",
            },
            24,
        ),
    }
    scope, count = scopes[kind]

    recall = open_recall(admin, scope)

    assert report_of(admin, recall)["balance"]["affected"] == count
    assert admin.get("/xray", params={"code": uri(goods.cans[6])}).json()["recall_notice"] == NOTICE
    assert scan(client, goods.cans[6])["verdict"] == "recalled"
    assert (scan(client, goods.cans[0])["verdict"] == "recalled") is (kind == "line")


def test_raw_material_leads_to_the_cans_that_were_made_of_it(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    powder = "urn:epc:class:lgtin:4012345.012345.998877"
    capture(
        admin,
        event(
            "TransformationEvent",
            at="2026-04-30T08:00:00Z",
            bizStep="commissioning",
            inputQuantityList=[{"epcClass": powder, "quantity": 1000, "uom": "KGM"}],
            outputEPCList=[uri(one) for one in goods.cans[12:18]],
        ),
    )

    recall = open_recall(admin, {"kind": "material", "name": powder})

    assert report_of(admin, recall)["balance"]["affected"] == 6
    assert scan(client, goods.cans[13])["verdict"] == "recalled"
    assert scan(client, goods.cans[0])["verdict"] != "recalled"


def test_what_a_line_told_by_events_is_found_by_its_hours(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    gln = new_gln()
    site = admin.post("/sites", json={"gln": gln, "kind": "factory", "name": "二厂"}).json()
    line = {"site_id": site["id"], "code": "L2", "name": "二线", "gln_extension": "L2"}
    line_id = admin.post("/lines", json=line).json()["id"]
    read_point = {"id": f"urn:epc:id:sgln:{gln[:7]}.{gln[7:12]}.L2"}
    made = {"action": "ADD", "bizStep": "commissioning", "readPoint": read_point}
    capture(
        admin,
        event(at="2026-05-01T08:59:59Z", epcList=[uri(goods.cans[0])], **made),
        event(at="2026-05-01T09:00:00Z", epcList=[uri(goods.cans[18]), uri(goods.cans[19])], **made),
        event(at="2026-05-01T10:00:00Z", epcList=[uri(goods.cans[20])], **made),
    )
    hours = {"since": "2026-05-01T09:00:00Z", "until": "2026-05-01T10:00:00Z"}

    recall = open_recall(admin, {"kind": "line", "line_id": line_id, **hours})

    assert report_of(admin, recall)["balance"]["affected"] == 2
    assert [scan(client, goods.cans[n])["verdict"] == "recalled" for n in (0, 18, 19, 20)] == [
        False,
        True,
        True,
        False,
    ]


def test_goods_are_counted_back_once_by_can_by_case_and_again(admin: SignedInClient, goods: Goods) -> None:
    recall = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id})

    by_can = record(admin, recall, "returned", codes=[uri(goods.cans[0]), uri(goods.cans[1])])
    by_case = record(admin, recall, "returned", codes=[uri(goods.cases[0])])
    again = record(admin, recall, "returned", codes=[uri(goods.cases[0])])
    record(admin, recall, "destroyed", codes=[uri(goods.cans[1]), uri(goods.cans[12])])

    assert [one.json()["unit_count"] for one in (by_can, by_case, again)] == [2, 4, 0]
    assert report_of(admin, recall)["balance"] == {
        "affected": 24,
        "destroyed": 2,
        "held": 5,
        "outstanding": 17,
    }


def test_what_is_not_recalled_cannot_come_back(
    admin: SignedInClient, runtime: Runtime, brand: Brand, goods: Goods
) -> None:
    recall = open_recall(admin, {"kind": "things", "codes": [uri(goods.cases[0])]})

    answer = record(admin, recall, "returned", codes=[uri(goods.cans[0]), uri(goods.cans[20])])

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"at": "/codes", "expected": "goods of this recall", "got": uri(goods.cans[20])}
    ]
    assert report_of(admin, recall)["balance"]["outstanding"] == 6


def test_goods_that_late_events_bring_in_join_when_listed_again(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    recall = open_recall(admin, {"kind": "things", "codes": [uri(goods.cases[3])]})
    capture(
        admin,
        event(
            "AggregationEvent",
            at="2026-05-01T07:00:00Z",
            action="ADD",
            bizStep="packing",
            parentID=uri(goods.cases[3]),
            childEPCs=["urn:epc:id:sgtin:0614141.012345.62852"],
        ),
    )

    again = admin.post(f"/recalls/{recall['id']}/listings")

    assert again.status_code == 201, again.text
    assert again.json()["listing"] == 2
    assert report_of(admin, recall)["balance"]["affected"] == 7


def test_a_closed_recall_warns_no_longer_unless_another_means_the_same(
    admin: SignedInClient, client: TestClient, goods: Goods
) -> None:
    scope = {"kind": "batch", "batch_id": goods.batch_id}
    first, second = open_recall(admin, scope), open_recall(admin, scope, notice="第二次")

    def close(recall: dict[str, Any]) -> None:
        answer = admin.post(f"/recalls/{recall['id']}/closing", json={"note": "已全部处理"})
        assert answer.status_code == 201, answer.text

    close(second)
    still = scan(client, goods.cans[0])
    close(first)
    close(first)

    assert (still["verdict"], still["batch"]["recall_notice"]) == ("recalled", NOTICE)
    assert scan(client, goods.cans[0])["verdict"] != "recalled"
    assert record(admin, first, "note", note="x").status_code == 409
    kinds = [one["kind"] for one in admin.get(f"/recalls/{first['id']}/entries").json()["items"]]
    assert kinds == ["closed", "listed", "opened"]


def test_holders_are_told_and_answer_and_the_clock_stops(admin: SignedInClient, goods: Goods) -> None:
    recall = open_recall(admin, {"kind": "things", "codes": [uri(goods.cases[0]), uri(goods.cases[2])]})
    holders = [one["holder"] for one in admin.get(f"/recalls/{recall['id']}/holders").json()]

    stranger = record(admin, recall, "notified", holder="https://id.gs1.org/417/4012345000009")
    for holder in holders:
        assert record(admin, recall, "notified", holder=holder).status_code == 201
    record(admin, recall, "answered", holder=holders[0], note="已下架")

    report = report_of(admin, recall)
    assert stranger.status_code == 422
    assert (report["holder_count"], report["notified_count"], report["answered_count"]) == (2, 2, 1)
    assert report["all_notified_at"] is not None


def test_the_sheets_name_every_run_and_cannot_carry_a_formula(admin: SignedInClient, goods: Goods) -> None:
    recall = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id})

    told = admin.get(f"/recalls/{recall['id']}/sheet.csv")
    book = admin.get(f"/recalls/{recall['id']}/sheet.xlsx")

    rows = list(csv.DictReader(io.StringIO(told.content.decode("utf-8-sig"))))
    items = [row for row in rows if row["level"] == "item"]
    assert sum(int(row["quantity"]) for row in items) == 24
    assert {row["holder_name"] for row in items} >= {"经销商0", "经销商1"}
    assert {row["lot"] for row in items} == {"B1"}
    sheet = openpyxl.load_workbook(io.BytesIO(book.content)).active
    assert sheet is not None
    assert sheet.max_row == len(rows) + 2
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {
        "inlineStr",
        "n",
        "s",
    }  # no formula among them


def test_only_those_who_agreed_are_reached(
    admin: SignedInClient, runtime: Runtime, brand: Brand, client: TestClient, goods: Goods
) -> None:
    for can, contact, may_warn in ((goods.cans[0], "13800000001", "yes"), (goods.cans[1], "13800000002", "")):
        scan_id = scan(client, can)["scan_id"]
        form = {"concern": "other", "text": "?", "contact": contact, "scan_id": scan_id, "may_warn": may_warn}
        assert client.post("/m/reports", data=form).status_code == 201
    recall = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id})
    marketer = SignedInClient(client, make_account(runtime, brand.id, Role.MARKETER))

    told = admin.get(f"/recalls/{recall['id']}/reachable").json()

    assert [one["contact"] for one in told] == ["13800000001"]
    assert marketer.get(f"/recalls/{recall['id']}/reachable").status_code == 403
    assert len(admin.get(f"/recalls/{recall['id']}/people").json()["items"]) == 2


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"scope": {"kind": "batch"}}, "/scope/batch/batch_id"),
        ({"scope": {"kind": "weather"}}, "/scope"),
        ({"scope": {"kind": "things", "codes": []}}, "/scope/things/codes"),
        ({"risk_class": 4}, "/risk_class"),
        ({"notice": " "}, "/notice"),
    ],
)
def test_what_cannot_be_recalled_is_refused_naming_the_field(
    admin: SignedInClient, goods: Goods, change: dict[str, Any], at: str
) -> None:
    form = {
        "title": "x",
        "reason": "x",
        "risk_class": 1,
        "is_drill": True,
        "scope": {"kind": "batch", "batch_id": goods.batch_id},
        "notice": "x",
    }

    answer = admin.post("/recalls", json=form | change)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["at"].startswith(f"/body{at}")


def test_a_recall_of_nothing_is_not_opened(admin: SignedInClient, goods: Goods) -> None:
    span = {"since": "2019-01-01T00:00:00Z", "until": "2019-01-02T00:00:00Z"}
    form = {"title": "x", "reason": "x", "risk_class": 1, "is_drill": True, "notice": "x"}

    answer = admin.post(
        "/recalls", json={**form, "scope": {"kind": "line", "line_id": goods.line_id, **span}}
    )

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:wuma:problem:recall-without-goods")
    assert admin.get("/recalls").json()["items"] == []


def test_goods_reported_by_many_at_once_are_counted_once(
    admin: SignedInClient, runtime: Runtime, brand: Brand, goods: Goods
) -> None:
    recall = open_recall(admin, {"kind": "batch", "batch_id": goods.batch_id})
    from datetime import UTC, datetime

    now = datetime(2026, 5, 9, tzinfo=UTC)
    new = recalls.NewEntry("returned", None, [uri(one) for one in goods.cans[:12]], now, "")

    def report(_number: int) -> int:
        with runtime.database.transaction(brand.scope) as session:
            case = recalls.get(session, recall["id"])
            entry = recalls.record(session, runtime.keyring, case, new, actor="test", now=now)
            return entry.unit_count or 0

    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(report, range(8)))

    assert sorted(counts) == [0] * 7 + [12]
    assert report_of(admin, recall)["balance"]["held"] == 12


def test_recalls_opened_at_once_have_numbers_of_their_own(
    admin: SignedInClient, runtime: Runtime, brand: Brand, goods: Goods
) -> None:
    from datetime import UTC, datetime

    from wuma.chain.care.scope import BatchScope

    scope = BatchScope(kind="batch", batch_id=goods.batch_id)  # type: ignore[arg-type]
    new = recalls.NewRecall(brand.id, "t", "r", 1, True, scope, "n")

    def start(_number: int) -> int:
        with runtime.database.transaction(brand.scope) as session:
            now = datetime.now(UTC)
            return recalls.open_recall(session, runtime.keyring, new, actor="test", now=now).number

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(start, range(6)))

    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
