"""What went wrong, in words for people and in places for programs."""

from __future__ import annotations

import pytest

from tests.conftest import SignedInClient


@pytest.mark.parametrize(
    ("method", "path", "body", "at", "expected"),
    [
        (
            "POST",
            "/products",
            {"gtin": "6901234567890", "name_zh": "奶粉"},
            "/body/gtin",
            "GTIN '6901234567890': expected check digit 2, got 0",
        ),
        (
            "POST",
            "/activations",
            {
                "codes": ["x"],
                "batch_id": "019b3c4d-5e6f-7890-8a1b-2c3d4e5f6071",
                "at": "0001-01-01T00:00:00Z",
            },
            "/body/at",
            "a year from 1900 to 9998",
        ),
    ],
)
def test_a_check_of_ours_speaks_in_its_own_words(
    admin: SignedInClient, method: str, path: str, body: dict[str, object], at: str, expected: str
) -> None:
    refused = admin.request(method, path, json=body)

    assert refused.status_code == 422
    assert {(fault["at"], fault["expected"]) for fault in refused.json()["errors"]} >= {(at, expected)}
    assert "Value error" not in refused.text


def test_a_place_is_a_json_pointer_and_what_came_is_cut_short(admin: SignedInClient) -> None:
    refused = admin.post("/accounts", json={"email": "x" * 5000, "name": "\n", "roles": ["a/b~c"]})

    faults = refused.json()["errors"]
    assert {fault["at"] for fault in faults} == {
        "/body/email",
        "/body/name",
        "/body/roles/0",
        "/body/password",
    }
    assert all(len(fault["got"]) < 200 for fault in faults)
