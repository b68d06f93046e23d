"""Files of entries: whatever encoding, all of it or nothing, every fault by row; and garbage."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import make_product, open_batch
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime


@pytest.fixture
def batch_id(runtime: Runtime, brand: Brand) -> str:
    with runtime.database.transaction(brand.scope) as session:
        return str(open_batch(session, make_product(session, brand.id), number="B7").id)


@pytest.fixture
def qa(runtime: Runtime, client: TestClient, brand: Brand) -> SignedInClient:
    return SignedInClient(client, make_account(runtime, brand.id, Role.QA))


def send(qa: SignedInClient, body: bytes, **params: object) -> dict[str, object]:
    answer = qa.post("/dossier/imports", content=body, params=params, headers={"content-type": "text/csv"})
    assert answer.status_code < 500, answer.text
    told: dict[str, object] = answer.json()
    return told


GOOD = """婴幼儿配方乳粉检验记录,,,,,
批号,项目,对象,值,下限,上限,方法,更正原因
B7,水分,,3.1,,,GB 5009.3,
B7,蛋白质,,0.52,0.43,0.72,GB 5009.5,
B7,沙门氏菌,,未检出;未检出;未检出;未检出;未检出,,,GB 4789.4,
B7,material.supplier,RM-1,北坡牧业,,,,
"""


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_file_goes_in_whatever_its_encoding_and_twice_changes_nothing(
    qa: SignedInClient, batch_id: str, codec: str
) -> None:
    body = GOOD.encode(codec)

    dry = send(qa, body, dry_run=True)
    first = send(qa, body)
    again = send(qa, body)

    assert (dry["applied"], dry["created_count"]) == (False, 4)
    assert (first["applied"], first["created_count"], first["error_count"]) == (True, 4, 0)
    assert (again["created_count"], again["unchanged_count"]) == (0, 4)
    items = qa.get(f"/batches/{batch_id}/dossier/entries").json()["items"]
    assert sorted((one["item"], one["value"], one["source"]) for one in items) == [
        ("lab.moisture", "3.1", "file"),
        ("lab.protein", "0.52", "file"),
        ("lab.salmonella", "ND, ND, ND, ND, ND", "file"),
        ("material.supplier", "北坡牧业", "file"),
    ]


def test_every_fault_is_told_by_row_and_nothing_goes_in(qa: SignedInClient, batch_id: str) -> None:
    rows = [
        "batch,item,subject,value,reason",
        "B7,lab.moisture,,damp,",
        "B8,lab.ash,,3,",
        "B7,lab.phlogiston,,3,",
        "B7,material.name,,乳清粉,",
        "B7,lab.ash,,3.5,",
        "B7,lab.ash,,3.6,",
    ]

    told = send(qa, "\n".join(rows).encode())

    assert told["type"] == "urn:wuma:problem:import-refused"
    faults = [(fault["row"], fault["column"]) for fault in told["errors"]]  # type: ignore[attr-defined]
    assert faults == [(2, "value"), (3, "batch"), (4, "item"), (5, "subject"), (7, "item")]
    assert qa.get(f"/batches/{batch_id}/dossier/entries").json()["items"] == []


def test_a_correction_in_a_file_says_why(qa: SignedInClient, batch_id: str) -> None:
    send(qa, b"batch,item,value\nB7,lab.moisture,3.1\n")

    refused = send(qa, b"batch,item,value\nB7,lab.moisture,3.2\n")
    taken = send(qa, "batch,item,value,reason\nB7,lab.moisture,3.2,重检\n".encode())

    assert refused["error_count"] == 1
    assert refused["errors"][0]["row"] == 2  # type: ignore[index]
    assert (taken["updated_count"], taken["error_count"]) == (1, 0)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(
            lambda text: f"batch,item,value\nB7,lab.ash,{text}\n".encode("utf-8", "replace")
        ),
        st.lists(st.text(max_size=12), min_size=3, max_size=9).map(
            lambda cells: ("批号,项目,值\n" + ",".join(cells)).encode("utf-8", "replace")
        ),
    )
)
def test_garbage_is_refused_and_never_a_crash(qa: SignedInClient, batch_id: str, body: bytes) -> None:
    told = send(qa, body, dry_run=True)

    assert told.get("error_count", 1) or told.get("row_count", 0)
