"""Entering, correcting, releasing: what stands, what stays, and who may sign over what."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from tests.chain.dossier.written import whole_dossier
from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import make_product, open_batch
from wuma.chain.dossier import invariants
from wuma.kernel import invariants as kernel_invariants
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM


@pytest.fixture
def batch_id(runtime: Runtime, brand: Brand) -> str:
    with runtime.database.transaction(brand.scope) as session:
        return str(open_batch(session, make_product(session, brand.id)).id)


@pytest.fixture
def qa(runtime: Runtime, client: TestClient, brand: Brand) -> SignedInClient:
    return SignedInClient(client, make_account(runtime, brand.id, Role.QA))


def enter(who: SignedInClient, batch_id: str, *entries: dict[str, Any]) -> Any:
    return who.post(f"/batches/{batch_id}/dossier/entries", json={"entries": list(entries)})


def release(who: SignedInClient, batch_id: str, kind: str, deviation: str = "") -> Any:
    return who.post(f"/batches/{batch_id}/dossier/{kind}-release", json={"deviation": deviation})


def test_what_was_entered_stands_and_entering_it_again_changes_nothing(
    qa: SignedInClient, batch_id: str
) -> None:
    entries = whole_dossier()

    first = enter(qa, batch_id, *entries)
    again = enter(qa, batch_id, *entries)

    assert first.status_code == 201, first.text
    assert first.json() == {"new_count": len(entries), "corrected_count": 0, "unchanged_count": 0}
    assert again.json() == {"new_count": 0, "corrected_count": 0, "unchanged_count": len(entries)}


def test_a_correction_says_why_and_the_first_word_stays(qa: SignedInClient, batch_id: str) -> None:
    moisture = {"item": "lab.moisture", "value": "3.1"}
    enter(qa, batch_id, moisture)

    refused = enter(qa, batch_id, moisture | {"value": "3.4"})
    corrected = enter(qa, batch_id, moisture | {"value": "3.4", "reason": "抄写错误"})
    history = qa.get(f"/batches/{batch_id}/dossier/entries", params={"item": "lab.moisture"}).json()["items"]

    assert refused.json()["type"] == "urn:wuma:problem:correction-without-reason"
    assert corrected.json() == {"new_count": 0, "corrected_count": 1, "unchanged_count": 0}
    assert [(one["value"], one["reason"]) for one in history] == [("3.4", "抄写错误"), ("3.1", "")]
    assert history[0]["replaces"] == history[1]["id"]


def test_who_corrects_what_they_did_not_see_is_told(qa: SignedInClient, batch_id: str) -> None:
    enter(qa, batch_id, {"item": "lab.moisture", "value": "3.1"})
    seen = qa.get(f"/batches/{batch_id}/dossier/entries").json()["items"][0]["id"]
    enter(qa, batch_id, {"item": "lab.moisture", "value": "3.2", "reason": "重检"})

    late = enter(qa, batch_id, {"item": "lab.moisture", "value": "3.3", "reason": "重检", "replaces": seen})

    assert late.status_code == 409
    assert late.json()["type"] == "urn:wuma:problem:corrected-meanwhile"


@pytest.mark.parametrize(
    ("entry", "at", "expected"),
    [
        ({"item": "lab.phlogiston", "value": "1"}, "item", "an item of the template"),
        ({"item": "product.name", "value": "奶粉"}, "item", "an item of the template"),
        ({"item": "lab.moisture", "value": "very little"}, "value", "a number"),
        ({"item": "lab.moisture", "value": "NaN"}, "value", "a number"),
        ({"item": "lab.moisture", "value": "1e999999"}, "value", "a number"),
        ({"item": "lab.moisture", "value": "3", "unit": "mg/kg"}, "unit", "g/100 g"),
        ({"item": "lab.moisture", "value": "3", "least": "5", "most": "4"}, "most", "5 or more"),
        ({"item": "lab.verdict", "value": "maybe"}, "value", "pass or fail"),
        ({"item": "lab.sampled_on", "value": "2026-02-30"}, "value", "a date"),
        ({"item": "process.started_at", "value": "2026-02-03 08:00"}, "value", "an instant with an offset"),
        ({"item": "lab.salmonella", "value": ""}, "value", "the results of 1 to 60 samples"),
        ({"item": "material.name", "value": "乳清粉"}, "subject", "which lot this is of"),
        ({"item": "lab.moisture", "value": "3", "subject": "RM-1"}, "subject", "nothing"),
        ({"item": "product.standard", "value": "a\x07b"}, "value", "text without control characters"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(
    qa: SignedInClient, batch_id: str, entry: dict[str, Any], at: str, expected: str
) -> None:
    answer = enter(qa, batch_id, entry)

    assert answer.status_code == 422
    (fault,) = answer.json()["errors"]
    assert fault["at"] == f"/entries/0/{at}"
    assert fault["expected"].startswith(expected)
    assert qa.get(f"/batches/{batch_id}/dossier/entries").json()["items"] == []


def test_a_batch_is_released_by_quality_and_then_to_the_market_by_somebody_else(
    admin: SignedInClient, qa: SignedInClient, batch_id: str
) -> None:
    enter(qa, batch_id, *whole_dossier())

    too_early = release(admin, batch_id, "market")
    quality = release(qa, batch_id, "quality")
    twice = release(qa, batch_id, "quality")
    market = release(admin, batch_id, "market")

    assert too_early.json()["type"] == "urn:wuma:problem:not-released"
    assert quality.status_code == 201, quality.text
    assert twice.json()["type"] == "urn:wuma:problem:released-already"
    assert market.status_code == 201, market.text
    assert market.json()["contents"] == quality.json()["contents"]
    assert quality.json()["gaps"] == []


def test_nobody_signs_both(runtime: Runtime, client: TestClient, brand: Brand, batch_id: str) -> None:
    both = SignedInClient(client, make_account(runtime, brand.id, Role.QA, Role.BRAND_ADMIN))
    enter(both, batch_id, *whole_dossier())
    release(both, batch_id, "quality")

    answer = release(both, batch_id, "market")

    assert answer.json()["type"] == "urn:wuma:problem:second-person-needed"


@pytest.mark.parametrize(
    ("entries", "gap"),
    [
        (whole_dossier(leave_out=("lab.lead",)), ("lab.lead", "", "missing")),
        (
            [*whole_dossier(leave_out=("lab.moisture",)), {"item": "lab.moisture", "value": "5.1"}],
            ("lab.moisture", "", "outside"),
        ),
        (
            [*whole_dossier(leave_out=("lab.nitrite",)), {"item": "lab.nitrite", "value": "<5"}],
            ("lab.nitrite", "", "undecided"),
        ),
        (
            [*whole_dossier(leave_out=("lab.protein",)), {"item": "lab.protein", "value": "0.5"}],
            ("lab.protein", "", "no_limit"),
        ),
        (
            [*whole_dossier(leave_out=("process.metal",)), {"item": "process.metal", "value": "不合格"}],
            ("process.metal", "", "failed"),
        ),
        (
            [
                *whole_dossier(leave_out=("lab.salmonella",)),
                {"item": "lab.salmonella", "value": "ND, ND, 1, ND, ND"},
            ],
            ("lab.salmonella", "", "outside"),
        ),
        (
            [entry for entry in whole_dossier() if not entry["item"].startswith("person.")],
            ("person.name", "", "no_subject"),
        ),
    ],
)
def test_over_a_gap_nothing_is_released_but_with_a_written_deviation(
    qa: SignedInClient, batch_id: str, entries: list[dict[str, Any]], gap: tuple[str, str, str]
) -> None:
    assert enter(qa, batch_id, *entries).status_code == 201

    refused = release(qa, batch_id, "quality")
    signed = release(qa, batch_id, "quality", "复检合格，见偏差单 D-7")

    assert refused.json()["type"] == "urn:wuma:problem:dossier-incomplete"
    found = [(one["item"], one["subject"], one["why"]) for one in refused.json()["gaps"]]
    assert found == [gap]
    assert signed.status_code == 201, signed.text
    assert [(one["item"], one["why"]) for one in signed.json()["gaps"]] == [(gap[0], gap[2])]


def test_what_is_changed_after_quality_has_signed_is_signed_again(
    admin: SignedInClient, qa: SignedInClient, batch_id: str
) -> None:
    enter(qa, batch_id, *whole_dossier())
    release(qa, batch_id, "quality")
    enter(qa, batch_id, {"item": "lab.moisture", "value": "3.9", "reason": "复检"})

    refused = release(admin, batch_id, "market")
    taken_back = qa.post(f"/batches/{batch_id}/dossier/withdrawals", json={"reason": "复检"})
    again = release(qa, batch_id, "quality")
    market = release(admin, batch_id, "market")

    assert refused.json()["type"] == "urn:wuma:problem:dossier-changed-since-release"
    assert taken_back.json()["round"] == 1
    assert (again.json()["round"], market.json()["round"]) == (2, 2)


def test_the_database_lets_nobody_change_an_entry(
    runtime: Runtime, brand: Brand, qa: SignedInClient, batch_id: str
) -> None:
    enter(qa, batch_id, {"item": "lab.moisture", "value": "3.1"})

    for sql in ("UPDATE dossier.entry SET value = '2'", "DELETE FROM dossier.entry"):
        with (
            pytest.raises(DBAPIError, match="permission denied"),
            runtime.database.transaction(brand.scope) as session,
        ):
            session.execute(text(sql))


def test_the_invariants_hold(
    runtime: Runtime, admin: SignedInClient, qa: SignedInClient, batch_id: str
) -> None:
    enter(qa, batch_id, *whole_dossier())
    release(qa, batch_id, "quality")
    release(admin, batch_id, "market")

    with runtime.database.transaction(PLATFORM) as session:
        checked = kernel_invariants.check(session, invariants.INVARIANTS)

    assert [(one.invariant.name, one.sample) for one in checked if one.violation_count] == []
