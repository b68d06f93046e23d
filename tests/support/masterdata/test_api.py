"""The API of master data: kept as it was said, refused with reasons, never overwritten unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata.divisions import load_divisions
from wuma_gs1.keys import Gln, Gtin

_numbers = count(100)


def new_gtin() -> str:
    """Return a GTIN that no other test has: they are unique over all tenants."""
    return Gtin.build("6901234", f"{next(_numbers):05}").value


def product_body(**said: Any) -> dict[str, Any]:
    return {"gtin": new_gtin(), "name_zh": "金装幼儿配方奶粉", "name_en": "Gold toddler formula", **said}


@pytest.fixture(scope="module", autouse=True)
def divisions(runtime: Runtime) -> None:
    with runtime.database.transaction(PLATFORM) as session:
        load_divisions(session, now=datetime.now(UTC))


@pytest.fixture
def competitor(runtime: Runtime, client: TestClient, other_brand: Brand) -> SignedInClient:
    return SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))


def facts_of(runtime: Runtime, brand: Brand) -> list[tuple[str, Any]]:
    with runtime.database.transaction(brand.scope) as session:
        rows = session.execute(
            text("SELECT name, body FROM kernel.fact WHERE tenant_id = :t ORDER BY xid, position"),
            {"t": brand.id},
        )
        return [(row.name, row.body) for row in rows]


def test_a_product_is_kept_with_its_packaging_and_told(
    admin: SignedInClient, runtime: Runtime, brand: Brand
) -> None:
    case_gtin = Gtin.build("6901234", f"{next(_numbers):05}", indicator=1).value
    body = product_body(
        brand_zh="金装",
        stage=3,
        age_from_months=12,
        net_weight_g=900,
        shelf_life_days=730,
        cases=[{"gtin": case_gtin, "item_count": 6}],
        pallet={"company_prefix": "6901234", "extension": 1, "case_count": 40},
    )

    made = admin.post("/products", json=body)

    assert made.status_code == 201, made.text
    assert made.headers["etag"] == '"1"'
    kept = made.json()
    assert {name: kept[name] for name in body} == body
    assert admin.get(f"/products/{kept['id']}").json() == kept
    assert facts_of(runtime, brand) == [("masterdata.products_changed", {"product_ids": [kept["id"]]})]


def test_a_gtin_is_kept_with_fourteen_digits_however_it_was_written(admin: SignedInClient) -> None:
    gtin = new_gtin()

    kept = admin.post("/products", json=product_body(gtin=gtin.removeprefix("0"))).json()

    assert kept["gtin"] == gtin


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"gtin": "6901234567893"}, "/body/gtin"),
        ({"gtin": "６９０１２３４５６７８９２"}, "/body/gtin"),
        ({"stage": 5}, "/body/stage"),
        ({"net_weight_g": 0}, "/body/net_weight_g"),
        ({"name_zh": "", "name_en": " "}, "/body"),
        ({"name_zh": "奶粉\x00"}, "/body/name_zh"),
        ({"cases": [{"gtin": "6901234567892", "item_count": 0}]}, "/body/cases/0/item_count"),
        ({"pallet": {"company_prefix": "123", "case_count": 4}}, "/body/pallet/company_prefix"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(
    admin: SignedInClient, change: dict[str, Any], at: str
) -> None:
    answer = admin.post("/products", json=product_body(**change))

    assert answer.status_code == 422
    assert [error["at"] for error in answer.json()["errors"]] == [at]


def test_a_gtin_of_another_tenant_is_taken_and_nothing_more_is_said(
    admin: SignedInClient, competitor: SignedInClient, other_brand: Brand
) -> None:
    body = product_body()
    theirs = competitor.post("/products", json=body).json()

    answer = admin.post("/products", json=body)

    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:wuma:problem:gtin-taken"
    for secret in (theirs["id"], other_brand.slug, theirs["name_zh"], str(other_brand.id)):
        assert secret not in answer.json()["detail"]
    assert admin.get(f"/products/{theirs['id']}").status_code == 404


def test_the_gtin_of_an_item_cannot_be_the_gtin_of_a_case(admin: SignedInClient) -> None:
    body = product_body()
    assert admin.post("/products", json=body).status_code == 201

    second = product_body(cases=[{"gtin": body["gtin"], "item_count": 6}])

    assert admin.post("/products", json=second).status_code == 409


def test_a_change_names_the_version_it_was_made_on(admin: SignedInClient) -> None:
    kept = admin.post("/products", json=product_body()).json()
    path = f"/products/{kept['id']}"
    body = product_body(gtin=kept["gtin"], name_zh="新名字")

    unnamed = admin.put(path, json=body)
    strange = admin.put(path, json=body, headers={"if-match": "*"})
    changed = admin.put(path, json=body, headers={"if-match": '"1"'})
    stale = admin.put(path, json=body, headers={"if-match": '"1"'})

    assert unnamed.status_code == 428
    assert strange.status_code == 422
    assert (changed.status_code, changed.json()["name_zh"], changed.headers["etag"]) == (200, "新名字", '"2"')
    assert stale.status_code == 412
    assert stale.json()["version"] == 2


def test_of_many_changes_to_one_version_one_wins(
    runtime: Runtime, client: TestClient, admin: SignedInClient
) -> None:
    kept = admin.post("/products", json=product_body()).json()

    def change(number: int) -> int:
        body = product_body(gtin=kept["gtin"], name_zh=f"第{number}个")
        answer = admin.put(f"/products/{kept['id']}", json=body, headers={"if-match": '"1"'})
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(change, range(8)))

    assert sorted(statuses) == [200] + [412] * 7


def test_of_many_who_register_one_gtin_one_wins(admin: SignedInClient, competitor: SignedInClient) -> None:
    body = product_body()

    def register(who: SignedInClient) -> int:
        return who.post("/products", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(register, [admin, competitor] * 4))

    assert sorted(statuses) == [201] + [409] * 7


def test_a_product_keeps_its_gtin_for_life(admin: SignedInClient) -> None:
    kept = admin.post("/products", json=product_body()).json()

    answer = admin.put(f"/products/{kept['id']}", json=product_body(), headers={"if-match": '"1"'})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["expected"] == kept["gtin"]
    assert admin.get(f"/products/{kept['id']}").json() == kept


def test_packaging_is_replaced_as_a_whole(admin: SignedInClient) -> None:
    cases = [
        {"gtin": Gtin.build("6901234", f"{next(_numbers):05}", indicator=1).value, "item_count": n}
        for n in (6, 12)
    ]
    kept = admin.post("/products", json=product_body(cases=cases)).json()
    path = f"/products/{kept['id']}"

    fewer = admin.put(
        path, json=product_body(gtin=kept["gtin"], cases=cases[1:]), headers={"if-match": '"1"'}
    )

    assert kept["cases"] == cases
    assert fewer.json()["cases"] == cases[1:]


def test_an_archived_product_cannot_be_changed_until_it_is_restored(admin: SignedInClient) -> None:
    kept = admin.post("/products", json=product_body()).json()
    path = f"/products/{kept['id']}"
    body = product_body(gtin=kept["gtin"])

    archived = admin.post(f"{path}/archive").json()
    again = admin.post(f"{path}/archive").json()
    refused = admin.put(path, json=body, headers={"if-match": f'"{archived["version"]}"'})
    listed = [product["id"] for product in admin.get("/products").json()["items"]]
    in_archive = [product["id"] for product in admin.get("/products?archived=true").json()["items"]]
    restored = admin.post(f"{path}/restore").json()

    assert archived["archived_at"] is not None
    assert again == archived
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:wuma:problem:archived"
    assert (listed, in_archive) == ([], [kept["id"]])
    assert (restored["archived_at"], restored["version"]) == (None, 3)


def test_a_repeated_order_makes_one_product(admin: SignedInClient) -> None:
    body, key = product_body(), {"idempotency-key": f"make-{next(_numbers)}"}

    first = admin.post("/products", json=body, headers=key)
    second = admin.post("/products", json=body, headers=key)

    assert first.json() == second.json()
    assert len(admin.get("/products").json()["items"]) == 1


def test_products_are_listed_in_pages_and_found_by_words_and_numbers(admin: SignedInClient) -> None:
    made = [
        admin.post("/products", json=product_body(name_zh=name, brand_en=brand, stage=stage)).json()
        for name, brand, stage in [
            ("星星一段", "Star", 1),
            ("星星二段", "Star", 2),
            ("月亮_二段", "Moon 100%", 2),
        ]
    ]

    def ids(query: str) -> list[str]:
        return [product["id"] for product in admin.get(f"/products?{query}").json()["items"]]

    every = [product["id"] for product in made]
    page = admin.get("/products?limit=2").json()
    rest = admin.get(f"/products?limit=2&after={page['next']}").json()
    assert [item["id"] for item in page["items"] + rest["items"]] == every
    assert rest["next"] is None
    assert ids("q=星星") == every[:2]
    assert ids("q=moon") == every[2:]
    assert ids("q=100%25") == every[2:]
    assert ids("q=_") == every[2:]
    assert ids("stage=2") == every[1:]
    assert ids(f"q={made[0]['gtin'].removeprefix('0')}") == every[:1]
    assert ids("q=690123") == every
    assert ids("q=901234") == []
    assert admin.get("/products?after=nonsense").status_code == 422


def test_who_may_only_read_cannot_write(runtime: Runtime, client: TestClient, brand: Brand) -> None:
    reader = SignedInClient(client, make_account(runtime, brand.id, Role.AUDITOR))

    assert reader.get("/products").status_code == 200
    assert reader.post("/products", json=product_body()).status_code == 403
    assert client.get("/api/v1/products").status_code == 401


def test_a_line_belongs_to_a_site_of_the_same_tenant(
    admin: SignedInClient, competitor: SignedInClient
) -> None:
    gln = Gln.build("6901234", "1").value
    body = {"gln": gln, "kind": "factory", "name": "一号工厂", "region_code": "440300", "address": "光明区"}
    site = admin.post("/sites", json=body).json()
    theirs = competitor.post("/sites", json=body).json()  # a warehouse of a third party has one GLN for all
    line = {"site_id": site["id"], "code": "L1", "name": "罐装一线", "gln_extension": "L1"}

    made = admin.post("/lines", json=line)
    twice = admin.post("/lines", json={**line, "gln_extension": None})
    stolen = admin.post("/lines", json={**line, "site_id": theirs["id"]})
    renamed = admin.put(
        f"/lines/{made.json()['id']}", json={**line, "name": "二线"}, headers={"if-match": '"1"'}
    )

    assert site["region_code"] == "4403"
    assert admin.post("/sites", json=body).status_code == 409
    assert made.status_code == 201
    assert (twice.status_code, stolen.status_code) == (409, 422)
    assert renamed.json()["name"] == "二线"
    assert [row["id"] for row in admin.get(f"/lines?site_id={site['id']}").json()["items"]] == [
        made.json()["id"]
    ]
    assert admin.get("/sites?q=一号&kind=factory").json()["items"] == [site]


def test_a_store_has_a_dealer_and_a_dealer_a_territory(admin: SignedInClient) -> None:
    dealer = admin.post(
        "/partners",
        json={"code": "D1", "kind": "dealer", "name": "华南经销商", "territory": ["440000", "4601"]},
    ).json()
    store = {
        "code": "S1",
        "kind": "store",
        "name": "母婴店",
        "parent_id": dealer["id"],
        "region_code": "4403",
        "longitude": 114.05,
        "latitude": 22.54,
        "datum": "GCJ-02",
    }

    made = admin.post("/partners", json=store)

    assert dealer["territory"] == ["44", "4601"]
    assert made.status_code == 201, made.text
    assert [row["code"] for row in admin.get("/partners?region=44").json()["items"]] == ["S1"]
    assert [row["code"] for row in admin.get("/partners?q=华南&kind=dealer").json()["items"]] == ["D1"]
    assert [row["code"] for row in admin.get(f"/partners?parent_id={dealer['id']}").json()["items"]] == ["S1"]


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"parent_id": "01890000-0000-7000-8000-000000000000"}, "/parent_id"),
        ({"territory": ["44"]}, "/territory"),
        ({"kind": "dealer", "territory": ["99"]}, "/territory"),
        ({"region_code": "99"}, "/region_code"),
        ({"longitude": 114.0}, "/body"),
        ({"longitude": 22.5, "latitude": 114.0}, "/body/latitude"),
    ],
)
def test_a_partner_that_cannot_be_is_refused(admin: SignedInClient, change: dict[str, Any], at: str) -> None:
    body = {"code": "S9", "kind": "store", "name": "店", **change}

    answer = admin.post("/partners", json=body)

    assert answer.status_code == 422
    assert [error["at"] for error in answer.json()["errors"]] == [at]


def test_a_partner_does_not_change_its_kind(admin: SignedInClient) -> None:
    body = {"code": "P1", "kind": "store", "name": "店"}
    kept = admin.post("/partners", json=body).json()

    answer = admin.put(
        f"/partners/{kept['id']}", json={**body, "kind": "dealer"}, headers={"if-match": '"1"'}
    )

    assert answer.status_code == 422


def test_regions_are_walked_from_the_provinces_down(admin: SignedInClient) -> None:
    provinces = admin.get("/regions?limit=100").json()["items"]
    below = [row["name"] for row in admin.get("/regions?parent=440000&limit=100").json()["items"]]
    shenzhen = admin.get("/regions/440300").json()

    assert len(provinces) == 34
    assert "深圳市" in below
    assert (shenzhen["path"], shenzhen["level"]) == ("广东省深圳市", "city")
    assert admin.get("/regions?q=深圳&limit=1").json()["items"] == [shenzhen]
    assert admin.get("/regions/99").status_code == 404
    assert admin.get("/regions/4403x").status_code == 422


def test_an_operator_makes_nothing_for_the_platform_itself(
    operator: SignedInClient, admin: SignedInClient, brand: Brand
) -> None:
    site = {"gln": "6901234567892", "kind": "factory", "name": "工厂"}
    partner = {"code": "D1", "kind": "dealer", "name": "经销商"}
    event = {"type": "ObjectEvent", "action": "OBSERVE", "epcList": ["urn:epc:id:sgtin:6901234.056789.A1"]}
    event |= {"eventTime": "2026-05-01T08:00:00Z", "eventTimeZoneOffset": "+08:00"}
    event["@context"] = ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"]

    for path, body in (("/sites", site), ("/partners", partner), ("/epcis/capture", event)):
        refused = operator.post(path, json=body)
        assert (refused.status_code, "Wuma-Tenant" in refused.json()["detail"]) == (403, True), path
    table = b"code,kind,name\nD1,dealer,x\n"
    imported = operator.post("/imports?kind=partners", content=table, headers={"content-type": "text/csv"})
    assert (imported.status_code, "Wuma-Tenant" in imported.text) == (403, True), imported.text
    made = operator.post("/partners", json=partner, headers={"wuma-tenant": brand.slug})

    assert made.status_code == 201, made.text
    assert [one["id"] for one in admin.get("/partners").json()["items"]] == [made.json()["id"]]
