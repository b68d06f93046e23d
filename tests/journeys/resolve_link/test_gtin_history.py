"""A GTIN is corrected: what was printed with the wrong one stays alive, and nothing else ever gets it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from tests.journeys.resolve_link.conftest import HOST, Shelf, link, new_gtin
from tests.labels import bring, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.entrypoints.api import Application
from wuma.entrypoints.work import INVARIANTS
from wuma.kernel import invariants
from wuma.kernel.auth.grants import Role
from wuma.kernel.errors import Refusal
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.support.masterdata import facade as masterdata
from wuma_gs1.keys import Gtin


class Correctable(Shelf):
    """A product of a brand whose GTIN can be wrong."""

    def product(self, gtin: str | None = None) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.admin.get("/products", params={"q": gtin or self.gtin}).json()[
            "items"
        ]
        return found[0]

    def correct(self, wrong: str, right: str, version: int | None = None) -> httpx.Response:
        product = self.product(wrong)
        seen = product["version"] if version is None else version
        return self.admin.post(
            f"/products/{product['id']}/gtin-corrections",
            json={"wrong": wrong, "right": right, "reason": "the number of stage 2"},
            headers={"if-match": f'"{seen}"'},
        )

    def corrected(self, wrong: str, right: str) -> dict[str, Any]:
        answer = self.correct(wrong, right)
        assert answer.status_code == 200, answer.text
        self.take_in()
        told: dict[str, Any] = answer.json()
        return told

    def take_in(self) -> None:
        application = self.client.app
        assert isinstance(application, Application)
        application.keep_up()


@pytest.fixture
def shelf(shelf: Shelf) -> Correctable:
    return Correctable(shelf.client, shelf.admin, shelf.brand, shelf.gtin)


def case_gtin() -> str:
    """Return a GTIN with an indicator digit."""
    return Gtin.build("697" + new_gtin()[4:8], new_gtin()[8:13], indicator=1).value


def test_a_code_printed_with_the_wrong_gtin_stays_genuine(shelf: Correctable, runtime: Runtime) -> None:
    with runtime.database.transaction(shelf.brand.scope) as session:
        product = masterdata.product_by_gtin(session, shelf.gtin)
        assert product is not None
        order = place_order(session, runtime.keyring, product, 1)
        units = [UnitRange(order.first_unit, order.last_unit)]
        bring(session, units, CodeState.ENCODED)
        bring(session, units, CodeState.COMMISSIONED, open_batch(session, product).id)
    (label,) = print_labels(runtime.keyring, order)
    right = new_gtin()

    told = shelf.corrected(shelf.gtin, right)

    assert told["gtin"] == right
    (former,) = told["former_gtins"]
    assert (former["gtin"], former["replaced_by"]) == (shelf.gtin, right)
    assert former["reason"] == "the number of stage 2"
    page = shelf.get(label.open_path, accept="application/json")
    assert (page.status_code, page.json()["product"]["name_zh"]) == (200, "晨牧奶粉"), page.text
    assert page.json()["product"]["gtin"] == shelf.gtin, "as it stands on the pack"


def test_what_is_ordered_next_has_the_right_gtin(shelf: Correctable) -> None:
    right = new_gtin()
    product = shelf.corrected(shelf.gtin, right)

    ordered = shelf.admin.post(
        "/code-orders", json={"product_id": product["id"], "level": "item", "quantity": 10}
    )

    assert (ordered.status_code, ordered.json()["gtin"]) == (201, right), ordered.text


def test_the_links_go_along_and_lead_from_both(shelf: Correctable) -> None:
    shelf.keep("", link(is_default=True), link("gs1:recipeInfo", "/cook"))
    shelf.keep("/10/L7", link("gs1:certificationInfo", "/report"))
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    shelf.keep("", link(path="/new", is_default=True), version=1, effective_at=tomorrow.isoformat())
    right = new_gtin()

    shelf.corrected(shelf.gtin, right)

    for gtin in (shelf.gtin, right):
        assert shelf.get(f"/01/{gtin}").headers["location"] == f"https://{HOST}/p"
        assert shelf.get(f"/01/{gtin}?linkType=gs1:recipeInfo").headers["location"] == f"https://{HOST}/cook"
    report = shelf.scan("/10/L7?linkType=gs1:certificationInfo")
    assert report.headers["location"] == f"https://{HOST}/report"
    assert [one["number"] for one in editions(shelf, shelf.gtin)] == [3, 2, 1], "its history stays"
    assert editions(shelf, shelf.gtin)[1]["withdrawn_at"] is not None
    to_come, now = editions(shelf, right)
    assert datetime.fromisoformat(to_come["effective_at"]) == tomorrow
    assert to_come["links"][0]["href"] == f"https://{HOST}/new"
    assert now["reason"] == "GTIN corrected: the number of stage 2"


def test_what_is_said_of_the_wrong_gtin_afterwards_goes_first(shelf: Correctable) -> None:
    shelf.keep("", link(is_default=True))
    right = new_gtin()
    shelf.corrected(shelf.gtin, right)

    shelf.keep("", link("gs1:recallStatus", "/wrongly-labelled", is_default=True), version=2)

    assert shelf.scan().headers["location"] == f"https://{HOST}/wrongly-labelled"
    assert shelf.get(f"/01/{right}").headers["location"] == f"https://{HOST}/p"
    anchors = [one["anchor"] for one in shelf.scan("?linkType=linkset").json()["linkset"]]
    assert [anchor[-18:] for anchor in anchors] == [f"/01/{shelf.gtin}", f"/01/{right}"]


def test_a_link_of_the_right_gtin_is_filled_with_the_right_gtin(shelf: Correctable) -> None:
    shelf.keep("", link(path="/p/{01}?lot={10}", is_default=True))
    right = new_gtin()
    shelf.corrected(shelf.gtin, right)

    assert shelf.scan("/10/L7").headers["location"] == f"https://{HOST}/p/{right}?lot=L7"


def test_the_preview_says_what_the_phone_gets(shelf: Correctable) -> None:
    shelf.keep("", link(is_default=True))
    right = new_gtin()
    shelf.corrected(shelf.gtin, right)

    told = shelf.admin.get("/links/preview", params={"uri": f"/01/{shelf.gtin}/10/L7"}).json()

    assert told["location"] == shelf.scan("/10/L7").headers["location"] == f"https://{HOST}/p"


def test_corrected_twice_both_lead_to_the_last(shelf: Correctable) -> None:
    shelf.keep("", link(is_default=True))
    second, third = new_gtin(), new_gtin()
    shelf.corrected(shelf.gtin, second)
    told = shelf.corrected(second, third)

    assert {one["gtin"]: one["replaced_by"] for one in told["former_gtins"]} == {
        shelf.gtin: third,
        second: third,
    }
    for gtin in (shelf.gtin, second, third):
        assert shelf.get(f"/01/{gtin}").headers["location"] == f"https://{HOST}/p"


def test_a_correction_that_was_wrong_is_taken_back(shelf: Correctable) -> None:
    shelf.keep("", link(is_default=True))
    other = new_gtin()
    shelf.corrected(shelf.gtin, other)
    told = shelf.corrected(other, shelf.gtin)

    assert told["gtin"] == shelf.gtin
    assert [(one["gtin"], one["replaced_by"]) for one in told["former_gtins"]] == [(other, shelf.gtin)]
    for gtin in (shelf.gtin, other):
        assert shelf.get(f"/01/{gtin}").headers["location"] == f"https://{HOST}/p"


def test_a_former_gtin_is_never_given_to_anything_else(
    shelf: Correctable, runtime: Runtime, client: TestClient, other_brand: Brand
) -> None:
    shelf.corrected(shelf.gtin, new_gtin())
    stranger = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))

    for somebody in (shelf.admin, stranger):
        answer = somebody.post("/products", json={"gtin": shelf.gtin, "name_zh": "别的奶粉"})
        assert (answer.status_code, answer.json()["type"]) == (409, "urn:wuma:problem:gtin-taken")
    made = shelf.admin.post("/products", json={"gtin": new_gtin(), "name_zh": "别的奶粉"}).json()
    assert shelf.correct(made["gtin"], shelf.gtin).status_code == 409


@pytest.mark.parametrize("names", ["another_product", "own_case", "itself", "nothing_there"])
def test_what_is_no_correction_is_refused(shelf: Correctable, names: str) -> None:
    case = case_gtin()
    product = shelf.product()
    changed = shelf.admin.put(
        f"/products/{product['id']}",
        json={"gtin": shelf.gtin, "name_zh": "晨牧奶粉", "cases": [{"gtin": case, "item_count": 6}]},
        headers={"if-match": '"1"'},
    )
    assert changed.status_code == 200, changed.text
    taken = shelf.admin.post("/products", json={"gtin": new_gtin(), "name_zh": "别的奶粉"}).json()["gtin"]
    wrong, right, status = {
        "another_product": (shelf.gtin, taken, 409),
        "own_case": (shelf.gtin, case, 409),
        "itself": (shelf.gtin, shelf.gtin, 422),
        "nothing_there": (new_gtin(), new_gtin(), 422),
    }[names]

    answer = shelf.admin.post(
        f"/products/{product['id']}/gtin-corrections",
        json={"wrong": wrong, "right": right, "reason": "r"},
        headers={"if-match": '"2"'},
    )

    assert answer.status_code == status, answer.text
    after = shelf.product()
    assert (after["gtin"], after["version"], after["former_gtins"]) == (shelf.gtin, 2, [])


def test_a_case_has_its_gtin_corrected_or_dropped_and_taken_up_again(shelf: Correctable) -> None:
    first, second = case_gtin(), case_gtin()
    body = {"gtin": shelf.gtin, "name_zh": "晨牧奶粉"}
    where = f"/products/{shelf.product()['id']}"

    def pack(*gtins: str) -> dict[str, Any]:
        cases = [{"gtin": gtin, "item_count": 6} for gtin in gtins]
        version = shelf.product()["version"]
        answer = shelf.admin.put(where, json={**body, "cases": cases}, headers={"if-match": f'"{version}"'})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    pack(first)
    corrected = shelf.corrected(first, second)
    assert [case["gtin"] for case in corrected["cases"]] == [second]
    dropped = pack()
    assert {one["gtin"]: one["replaced_by"] for one in dropped["former_gtins"]} == {
        first: second,
        second: None,
    }
    assert shelf.admin.post("/products", json={"gtin": second, "name_zh": "x"}).status_code == 409
    assert [case["gtin"] for case in pack(second)["cases"]] == [second]


def test_an_import_neither_revives_a_corrected_gtin_nor_loses_a_case(shelf: Correctable) -> None:
    case, right = case_gtin(), new_gtin()
    said = f"gtin,name_zh,case_gtin,case_item_count\n{shelf.gtin},晨牧奶粉,{case},6\n"
    assert sent(shelf.admin, said).status_code == 200
    product = shelf.product()
    without = {"gtin": shelf.gtin, "name_zh": "晨牧奶粉", "cases": []}
    shelf.admin.put(
        f"/products/{product['id']}", json=without, headers={"if-match": f'"{product["version"]}"'}
    )
    assert [one["gtin"] for one in shelf.product()["former_gtins"]] == [case]

    assert sent(shelf.admin, said).json()["updated_count"] == 1
    assert [one["gtin"] for one in shelf.product()["cases"]] == [case]

    shelf.corrected(shelf.gtin, right)
    refused = sent(shelf.admin, said)
    assert refused.status_code == 422
    assert f"the GTIN in force, {right}" in refused.text
    assert sent(shelf.admin, said.replace(shelf.gtin, right)).json()["unchanged_count"] == 1


def test_of_many_corrections_at_once_one_succeeds(shelf: Correctable, runtime: Runtime) -> None:
    shelf.keep("", link(is_default=True))
    product_id = UUID(shelf.product()["id"])
    rights = [new_gtin() for _ in range(8)]

    def correct(right: str) -> bool:
        correction = masterdata.Correction(shelf.gtin, right, "raced")
        try:
            with runtime.database.transaction(shelf.brand.scope) as session:
                masterdata.correct_gtin(
                    session, shelf.brand.id, product_id, correction, version=1, now=datetime.now(UTC)
                )
        except Refusal:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(correct, rights))

    assert sum(done) == 1
    assert shelf.product()["gtin"] == rights[done.index(True)]
    assert broken(runtime) == []


def test_two_products_that_want_one_gtin_do_not_both_get_it(shelf: Correctable, runtime: Runtime) -> None:
    others = [
        shelf.admin.post("/products", json={"gtin": new_gtin(), "name_zh": "奶粉"}).json() for _ in range(6)
    ]
    right = new_gtin()

    def correct(other: dict[str, Any]) -> int:
        return shelf.correct(other["gtin"], right, 1).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(correct, others))

    assert answers == [200, 409, 409, 409, 409, 409]
    assert broken(runtime) == []


def test_links_that_are_written_while_the_gtin_is_corrected_are_not_lost(
    shelf: Correctable, runtime: Runtime
) -> None:
    shelf.keep("", link(is_default=True))
    right = new_gtin()

    def write(number: int) -> int:
        if number == 3:
            return shelf.correct(shelf.gtin, right, 1).status_code
        said = {"links": [link(path=f"/{number}", is_default=True)]}
        return shelf.admin.put(
            "/links", params={"anchor": shelf.key}, json=said, headers={"if-match": '"1"'}
        ).status_code

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(write, range(6)))
    shelf.take_in()

    assert answers[3] == 200
    written = [f"/{number}" for number, status in enumerate(answers) if status == 200 and number != 3]
    assert len(written) <= 1
    led = shelf.scan().headers["location"]
    assert led == f"https://{HOST}{written[0] if written else '/p'}"
    assert broken(runtime) == []


def sent(admin: SignedInClient, file: str) -> httpx.Response:
    return admin.post("/imports?kind=products", content=file.encode(), headers={"content-type": "text/csv"})


def editions(shelf: Shelf, gtin: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = shelf.admin.get("/links/editions", params={"anchor": f"/01/{gtin}"}).json()
    return told


def broken(runtime: Runtime) -> list[invariants.Checked]:
    ours = [one for one in INVARIANTS if one.name.startswith(("masterdata.", "links."))]
    with runtime.database.transaction(PLATFORM) as session:
        return [result for result in invariants.check(session, ours) if result.violation_count]
