"""Nobody is sent where they already are: a phone that follows every redirect arrives."""

from __future__ import annotations

import itertools

import httpx2 as httpx

from tests.journeys.resolve_link.conftest import Shelf, link

ROOT = "https://id.wuma.test"
LINKSET = "application/linkset+json"
REDIRECTS_MAX = 3
_phones = itertools.count(1)

SERIALS = [
    "/21/A1",
    "/10/L7/21/A1",
    "/22/V1/21/A1",
    "/22/V1/10/L%2F7/21/A1/",
    "/21/2345678923456789",
    "/21/A%2F1",
]
QUERIES = [
    "",
    "?x=linkType=1",
    "?myLinkType=1&17=261231",
    "?linkType=",
    "?linkType=gs1:verificationService",
    "?context=CN",
]
ACCEPTED = ["text/html", f"{LINKSET};q=0", f"text/html, {LINKSET};q=0.1"]


def _scan(shelf: Shelf, path: str, accept: str) -> httpx.Response:
    """Scan with a phone of its own: who guesses too often is no longer answered."""
    number = next(_phones)
    return shelf.get(path, accept=accept, x_forwarded_for=f"{20 + number % 150}.{number // 150}.7.8")


def _arrives(shelf: Shelf, path: str, accept: str) -> str:
    """Follow redirects on the resolver; return where they end."""
    asked = path
    for _ in range(REDIRECTS_MAX):
        answer = _scan(shelf, path, accept)
        if answer.status_code != 307:
            return path
        target = answer.headers["location"]
        if not target.startswith(ROOT):
            return target
        path = target.removeprefix(ROOT)
    raise AssertionError(f"{asked} with {accept} leads in circles")


def test_every_address_of_a_serial_arrives(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    for serial, query, accept in itertools.product(SERIALS, QUERIES, ACCEPTED):
        end = _arrives(shelf, f"{shelf.key}{serial}{query}", accept)
        assert end.startswith(f"{shelf.key}/"), (
            serial,
            query,
            accept,
        )  # at the item, not at the product's page


def test_an_item_is_answered_whatever_else_its_code_says(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))
    item = "/21/2345678923456789"

    plain = _scan(shelf, shelf.key + item, "application/json")

    for path in (f"/22/V1{item}", f"/10/L7{item}", f"/22/V%2F1/10/L7{item}/"):
        answer = _scan(shelf, shelf.key + path, "application/json")
        assert (answer.status_code, answer.json()["verdict"]) == (
            plain.status_code,
            plain.json()["verdict"],
        ), path
        [verification] = shelf.scan(path, accept=LINKSET).json()["linkset"][0][
            "https://gs1.org/voc/verificationService"
        ]
        assert verification["href"] == f"{ROOT}{shelf.key}{item}"


def test_a_linkset_is_given_to_those_who_want_it_most(shelf: Shelf) -> None:
    shelf.keep("", link(is_default=True))

    for accept, status in [
        (LINKSET, 200),
        (f"{LINKSET}, */*;q=0.1", 200),
        (f"{LINKSET.upper()};q=0.4", 200),
        (f"text/html, {LINKSET};q=0.5", 307),
        (f"{LINKSET};q=0, text/html", 307),
        ("*/*", 307),
    ]:
        assert shelf.scan(accept=accept).status_code == status, accept


def test_an_address_that_is_no_digital_link_is_an_error_though_it_looks_like_an_item(shelf: Shelf) -> None:
    wrong = f"{shelf.gtin[:-1]}{(int(shelf.gtin[-1]) + 1) % 10}"

    for path, status in [
        (f"/01/{shelf.gtin}/21/A1", 200),  # a good address, of an item that nobody made: that is the answer
        (f"/01/{wrong}/21/A1", 400),
        (f"/01/{shelf.gtin}/21/%20", 400),
        (f"/01/{shelf.gtin}/21/A1?17=991399", 400),
        (f"/01/{shelf.gtin}/21/{'A' * 21}", 400),
    ]:
        answer = _scan(shelf, path, "application/json")
        assert (answer.status_code, answer.json()["verdict"]) == (status, "unknown"), path
