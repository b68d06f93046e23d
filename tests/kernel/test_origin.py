"""Where a request comes from, and whether a page of ours sent it: whatever the headers look like."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from tests.conftest import SignedInClient
from wuma.kernel.http.origin import client_address, sent_by_own_page


def _request(client: TestClient, *headers: tuple[str, str], peer: str = "127.0.0.1") -> Request:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    app = client.app.platform  # type: ignore[attr-defined]
    return Request({"type": "http", "headers": raw, "client": (peer, 1), "app": app, "method": "POST"})


def test_a_proxy_may_add_a_line_of_its_own_below_what_the_client_claims(client: TestClient) -> None:
    claimed, added = ("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "36.7.8.9")

    assert client_address(_request(client, claimed, added)) == "36.7.8.9"


def test_two_proxies_in_a_row_are_both_seen_through(client: TestClient) -> None:
    lines = [("x-forwarded-for", value) for value in ("6.6.6.6, 36.7.8.9", "127.0.0.2")]

    assert client_address(_request(client, *lines)) == "36.7.8.9"


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "https://id.wuma.test"}, False),
        ({"origin": "https://id.wuma.test"}, True),
        ({"origin": "https://id.wuma.test.evil.example"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
        ({"origin": "https://id.wuma.test@evil.example"}, False),
        ({}, False),
    ],
)
def test_a_change_must_come_from_a_page_of_ours(
    client: TestClient, headers: dict[str, str], is_own: bool
) -> None:
    request = _request(client, ("host", "id.wuma.test"), *headers.items())

    assert sent_by_own_page(request) is is_own


def test_an_origin_that_is_no_address_is_a_refusal_and_no_mistake_of_ours(
    client: TestClient, admin: SignedInClient
) -> None:
    answer = client.delete(
        "/api/v1/session", headers={"cookie": admin.cookie, "origin": "http://[", "sec-fetch-mode": "cors"}
    )

    assert answer.status_code == 403
