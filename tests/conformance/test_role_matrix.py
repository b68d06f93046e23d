"""Who may do what, as a table to be read: every route, every role, and everybody who is nobody any more.

The table is written out by hand and not reckoned from the program: a role that is widened by mistake, or a
route that is opened, fails here until somebody has changed the table on purpose.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx2 as httpx
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account, make_brand
from tests.fuzz.everything import issue_token
from wuma.kernel.auth.grants import Role
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

LETTERS: Final = {
    Role.PLATFORM_OPERATOR: "O",
    Role.BRAND_ADMIN: "A",
    Role.MARKETER: "M",
    Role.QA: "Q",
    Role.CHANNEL_MANAGER: "C",
    Role.LINE_OPERATOR: "L",
    Role.CUSTOMER_SERVICE: "S",
    Role.PRINTING_VENDOR: "P",
    Role.AUDITOR: "U",
}
ANYBODY, SIGNED_IN, IN_PERSON = "anybody", "signed-in", "in-person"
"""Also without credentials; with a session or a token; with a session only."""
TABLE: Final = """
anybody   POST   /api/v1/session
anybody   GET    /api/v1/receipts/public-key

signed-in DELETE /api/v1/session
signed-in GET    /api/v1/me
signed-in GET    /api/v1/tokens
in-person PUT    /api/v1/me/password
in-person GET    /api/v1/me/sessions
in-person DELETE /api/v1/me/sessions/{session_id}
in-person POST   /api/v1/me/totp
in-person PUT    /api/v1/me/totp
in-person DELETE /api/v1/me/totp
in-person POST   /api/v1/tokens
in-person DELETE /api/v1/tokens/{token_id}

O........ POST   /api/v1/tenants
O........ GET    /api/v1/tenants
O........ GET    /api/v1/jobs
O.......U GET    /api/v1/invariants
OA....... POST   /api/v1/accounts
OA....... DELETE /api/v1/accounts/{account_id}
OA......U GET    /api/v1/accounts
OA......U GET    /api/v1/audit

OA....... POST   /api/v1/code-orders
OA....... POST   /api/v1/code-orders/{order_id}/revocation
OAMQCLS.U GET    /api/v1/code-orders
OAMQCLS.U GET    /api/v1/code-orders/{order_id}
OAMQCLS.U GET    /api/v1/batches
OAMQCLS.U GET    /api/v1/batches/{batch_id}
OAMQCLS.U GET    /api/v1/home
OAMQCLS.U GET    /api/v1/qr
OAMQCLS.U GET    /api/v1/xray
OA.Q.L... POST   /api/v1/batches
OA.Q.L... POST   /api/v1/activations
OA.Q..... POST   /api/v1/transitions

OA....... POST   /api/v1/code-orders/{order_id}/print-files
OA....... POST   /api/v1/code-orders/{order_id}/sheets
OA....... POST   /api/v1/print-files/{file_id}/retry
OA.....PU GET    /api/v1/print-templates
OA.....PU GET    /api/v1/print-files
OA.....PU GET    /api/v1/print-files/{file_id}
OA.....PU GET    /api/v1/print-files/{file_id}/receipt
.......P. POST   /api/v1/print-files/{file_id}/release
.......P. GET    /api/v1/print-files/{file_id}/content

OAMQC.S.U GET    /api/v1/scans
OAMQC.S.U GET    /api/v1/leaks
OAMQC.S.U GET    /api/v1/alarms
OA.QC.S.. GET    /api/v1/reports
OA.QC.S.. GET    /api/v1/reports/{report_id}/photo
OA.QC.S.. POST   /api/v1/reports/{report_id}/handling

OAMQC.S.U GET    /api/v1/items/{thing}
OAMQC.S.U GET    /api/v1/trace/affected
OAMQC.S.U GET    /api/v1/trace/graph
OAMQC.S.U GET    /api/v1/trace/graph/export
OA.Q..... POST   /api/v1/recalls
OA.Q..... POST   /api/v1/recalls/previews
OA.Q..... POST   /api/v1/recalls/{recall_id}/closing
OA.QC.S.. POST   /api/v1/recalls/{recall_id}/entries
OA.QC.S.. POST   /api/v1/recalls/{recall_id}/listings
OAMQC.S.U GET    /api/v1/recalls
OAMQC.S.U GET    /api/v1/recalls/{recall_id}
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/entries
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/goods
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/holders
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/people
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/sheet.csv
OAMQC.S.U GET    /api/v1/recalls/{recall_id}/sheet.xlsx
OA....S.. GET    /api/v1/recalls/{recall_id}/reachable
OAMQC.S.U GET    /api/v1/captures/{capture_id}/outcomes
OAMQC.S.U GET    /api/v1/capture-rules
OA.Q..... PUT    /api/v1/capture-rules/{rule}

OAMQC.S.U GET    /api/v1/dossiers
OAMQC.S.U GET    /api/v1/batches/{batch_id}/dossier
OAMQC.S.U GET    /api/v1/batches/{batch_id}/dossier.pdf
OAMQC.S.U GET    /api/v1/dossier/template
OAMQC.S.U GET    /api/v1/batches/{batch_id}/dossier/entries
OAMQC.S.U GET    /api/v1/dossier/series
OAMQC.S.U GET    /api/v1/dossier/series/{series_id}/readings
OAMQC.S.U GET    /api/v1/dossier/rules
OAMQC.S.U GET    /api/v1/dossier/alarms
OA.Q..... POST   /api/v1/batches/{batch_id}/dossier/entries
OA.Q..... POST   /api/v1/dossier/imports
OA.Q..... POST   /api/v1/dossier/rules
OA.Q..... POST   /api/v1/dossier/rules/{rule_id}/end
OA.Q..... POST   /api/v1/dossier/alarms/{alarm_id}/handling
OA.Q..... POST   /api/v1/batches/{batch_id}/dossier/withdrawals
...Q..... POST   /api/v1/batches/{batch_id}/dossier/quality-release
.A....... POST   /api/v1/batches/{batch_id}/dossier/market-release

OAMQC.S.U GET    /epcis/events
OAMQC.S.U GET    /epcis/capture
OAMQC.S.U GET    /epcis/capture/{capture_id}
OAMQC.S.U GET    /epcis/events/{event_id}
OAMQC.S.U OPTIONS /epcis/capture
OAMQC.S.U OPTIONS /epcis/events
OA.Q.L... POST   /epcis/events
OA.Q.L... POST   /epcis/capture
OAMQC.S.U OPTIONS /epcis/capture/{capture_id}
OAMQC.S.U OPTIONS /epcis/events/{event_id}
OAMQC.S.U GET    /epcis/queries
OAMQC.S.U GET    /epcis/queries/{query_name}
OAMQC.S.U GET    /epcis/queries/{query_name}/events
OAMQC.S.U OPTIONS /epcis/queries
OAMQC.S.U OPTIONS /epcis/queries/{query_name}
OAMQC.S.U OPTIONS /epcis/queries/{query_name}/events
OAMQC.S.U GET    /epcis/eventTypes
OAMQC.S.U GET    /epcis/eventTypes/{eventType}
OAMQC.S.U GET    /epcis/eventTypes/{eventType}/events
OAMQC.S.U OPTIONS /epcis/eventTypes
OAMQC.S.U OPTIONS /epcis/eventTypes/{eventType}
OAMQC.S.U OPTIONS /epcis/eventTypes/{eventType}/events
OAMQC.S.U GET    /epcis/epcs
OAMQC.S.U GET    /epcis/epcs/{epc}
OAMQC.S.U GET    /epcis/epcs/{epc}/events
OAMQC.S.U OPTIONS /epcis/epcs
OAMQC.S.U OPTIONS /epcis/epcs/{epc}
OAMQC.S.U OPTIONS /epcis/epcs/{epc}/events
OAMQC.S.U GET    /epcis/bizSteps
OAMQC.S.U GET    /epcis/bizSteps/{bizStep}
OAMQC.S.U GET    /epcis/bizSteps/{bizStep}/events
OAMQC.S.U OPTIONS /epcis/bizSteps
OAMQC.S.U OPTIONS /epcis/bizSteps/{bizStep}
OAMQC.S.U OPTIONS /epcis/bizSteps/{bizStep}/events
OAMQC.S.U GET    /epcis/bizLocations
OAMQC.S.U GET    /epcis/bizLocations/{bizLocation}
OAMQC.S.U GET    /epcis/bizLocations/{bizLocation}/events
OAMQC.S.U OPTIONS /epcis/bizLocations
OAMQC.S.U OPTIONS /epcis/bizLocations/{bizLocation}
OAMQC.S.U OPTIONS /epcis/bizLocations/{bizLocation}/events
OAMQC.S.U GET    /epcis/readPoints
OAMQC.S.U GET    /epcis/readPoints/{readPoint}
OAMQC.S.U GET    /epcis/readPoints/{readPoint}/events
OAMQC.S.U OPTIONS /epcis/readPoints
OAMQC.S.U OPTIONS /epcis/readPoints/{readPoint}
OAMQC.S.U OPTIONS /epcis/readPoints/{readPoint}/events
OAMQC.S.U GET    /epcis/dispositions
OAMQC.S.U GET    /epcis/dispositions/{disposition}
OAMQC.S.U GET    /epcis/dispositions/{disposition}/events
OAMQC.S.U OPTIONS /epcis/dispositions
OAMQC.S.U OPTIONS /epcis/dispositions/{disposition}
OAMQC.S.U OPTIONS /epcis/dispositions/{disposition}/events
OAMQC.S.U GET    /epcis/
OAMQC.S.U OPTIONS /epcis/
OAMQC.S.U DELETE /epcis/nextPageToken/{token}
OA..C.... GET    /api/v1/partner-sights
OA..C.... GET    /api/v1/partner-sights/{partner_id}
OA..C.... PUT    /api/v1/partner-sights/{partner_id}
OA..C.... GET    /api/v1/partner-sights/{partner_id}/preview
OA..C.... GET    /api/v1/partner-sights/{partner_id}/tokens
OA..C.... POST   /api/v1/partner-sights/{partner_id}/tokens
OA..C.... DELETE /api/v1/partner-sights/{partner_id}/tokens/{token_id}
OAMQC.S.U GET    /epcis/vocabularies
OAMQC.S.U OPTIONS /epcis/vocabularies
OA.Q..... POST   /epcis/queries
OA.Q..... DELETE /epcis/queries/{query_name}
OAMQC.S.U GET    /epcis/queries/{query_name}/subscriptions
OAMQC.S.U GET    /epcis/queries/{query_name}/subscriptions/{subscription_id}
OAMQC.S.U OPTIONS /epcis/queries/{query_name}/subscriptions
OAMQC.S.U OPTIONS /epcis/queries/{query_name}/subscriptions/{subscription_id}
OA.Q..... POST   /epcis/queries/{query_name}/subscriptions
OA.Q..... DELETE /epcis/queries/{query_name}/subscriptions/{subscription_id}
OA.Q..... POST   /api/v1/queries/{query_name}/subscriptions/{subscription_id}/replay

OA..C.... POST   /api/v1/imports
OAMQCLS.U GET    /api/v1/products
OAMQCLS.U GET    /api/v1/products/{product_id}
OA..C.... POST   /api/v1/products
OA..C.... PUT    /api/v1/products/{product_id}
OA..C.... POST   /api/v1/products/{product_id}/archive
OA..C.... POST   /api/v1/products/{product_id}/gtin-corrections
OA..C.... POST   /api/v1/products/{product_id}/restore
OAMQCLS.U GET    /api/v1/sites
OAMQCLS.U GET    /api/v1/sites/{site_id}
OA..C.... POST   /api/v1/sites
OA..C.... PUT    /api/v1/sites/{site_id}
OA..C.... POST   /api/v1/sites/{site_id}/archive
OA..C.... POST   /api/v1/sites/{site_id}/restore
OAMQCLS.U GET    /api/v1/lines
OAMQCLS.U GET    /api/v1/lines/{line_id}
OA..C.... POST   /api/v1/lines
OA..C.... PUT    /api/v1/lines/{line_id}
OA..C.... POST   /api/v1/lines/{line_id}/archive
OA..C.... POST   /api/v1/lines/{line_id}/restore
OAMQCLS.U GET    /api/v1/partners
OAMQCLS.U GET    /api/v1/partners/{partner_id}
OA..C.... POST   /api/v1/partners
OA..C.... PUT    /api/v1/partners/{partner_id}
OA..C.... POST   /api/v1/partners/{partner_id}/archive
OA..C.... POST   /api/v1/partners/{partner_id}/restore
OAMQC.S.U GET    /api/v1/links
OAMQC.S.U GET    /api/v1/links/editions
OAMQC.S.U GET    /api/v1/links/export
OAMQC.S.U GET    /api/v1/links/types
OAMQC.S.U GET    /api/v1/links/preview
OAMQC.S.U GET    /api/v1/links/hosts
OAMQC.S.U GET    /api/v1/links/aliases
OAM...... PUT    /api/v1/links
OAM...... POST   /api/v1/links/withdrawals
OAM...... POST   /api/v1/links/import
OAM...... POST   /api/v1/links/hosts
OAM...... DELETE /api/v1/links/hosts/{host}
O........ POST   /api/v1/links/aliases
O........ DELETE /api/v1/links/aliases

OAMQCLS.U GET    /api/v1/regions
OAMQCLS.U GET    /api/v1/regions/{code}
"""
READS_CODES: Final = frozenset(
    {
        "/api/v1/code-orders",
        "/api/v1/code-orders/{order_id}",
        "/api/v1/batches",
        "/api/v1/batches/{batch_id}",
        "/api/v1/home",
        "/api/v1/qr",
        "/api/v1/xray",
    }
)
"""What a token may read that was made to read codes, whoever its owner is."""


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    who: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_change(self) -> bool:
        return self.method not in {"GET", "OPTIONS"}

    def admits(self, role: Role, *, by_token: bool) -> bool:
        """Whether somebody of this role gets past the door."""
        if self.who == IN_PERSON:
            return not by_token
        return self.who in {ANYBODY, SIGNED_IN} or LETTERS[role] in self.who


LINES: Final = [Line(*line.split()) for line in TABLE.splitlines() if line]
PEOPLE: Final = [line for line in LINES if line.who != ANYBODY]
_SIGNING_OUT: Final = ("DELETE", "/api/v1/session")


@pytest.fixture(scope="module")
def house(runtime: Runtime) -> Brand:
    return make_brand(runtime)


def _email(runtime: Runtime, house: Brand, role: Role) -> str:
    return make_account(runtime, 0 if role is Role.PLATFORM_OPERATOR else house.id, role)


def _knock(client: TestClient, line: Line, headers: dict[str, str] | None = None) -> httpx.Response:
    """Send a request that gets past the door and no further: it names nothing there is, and says nothing."""
    client.cookies.clear()
    return client.request(line.method, _address(line), content=b"{}", headers=_typed(headers or {}))


def _address(line: Line) -> str:
    nothing = {"order_id": str(2**40), "series_id": str(2**40), "code": "999999"}
    names = [part[1:-1] for part in line.path.split("/") if part.startswith("{")]
    return line.path.format_map({name: nothing.get(name, str(uuid7())) for name in names})


def _typed(headers: dict[str, str]) -> dict[str, str]:
    return {"content-type": "application/json", "if-match": '"1"', **headers}


def _was_let_in(answer: httpx.Response) -> bool:
    """Whether the door was open; what is refused behind it, is refused for another reason."""
    if answer.status_code == 401:
        return answer.json()["type"] == "urn:wuma:problem:wrong-credentials"  # the door itself was answered
    return not (answer.status_code == 403 and answer.json()["detail"].startswith("This needs"))


def test_the_table_holds_every_route_and_no_other(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    described = {(method.upper(), path) for path, item in paths.items() for method in item}

    assert {(line.method, line.path) for line in LINES} == described
    assert len(LINES) == len(described)


@pytest.mark.parametrize("role", Role)
def test_a_token_opens_what_the_table_says(
    runtime: Runtime, client: TestClient, house: Brand, role: Role
) -> None:
    token, _ = issue_token(runtime, _email(runtime, house, role))

    opened = {
        str(line): _was_let_in(_knock(client, line, {"authorization": f"Bearer {token}"})) for line in LINES
    }

    assert opened == {str(line): line.admits(role, by_token=True) for line in LINES}


@pytest.mark.parametrize("role", Role)
def test_a_session_opens_what_the_table_says(
    runtime: Runtime, client: TestClient, house: Brand, role: Role
) -> None:
    somebody = SignedInClient(client, _email(runtime, house, role))
    lines = sorted(LINES, key=lambda line: (line.method, line.path) == _SIGNING_OUT)

    opened = {
        str(line): _was_let_in(
            somebody.request(line.method, _address(line), content=b"{}", headers=_typed({}))
        )
        for line in lines
    }

    assert opened == {str(line): line.admits(role, by_token=False) for line in LINES}


def test_a_token_made_to_read_codes_opens_nothing_else(
    runtime: Runtime, client: TestClient, house: Brand
) -> None:
    email = make_account(runtime, house.id, *(set(Role) - {Role.PLATFORM_OPERATOR}))
    token, _ = issue_token(runtime, email, only=frozenset({"codes.read"}))

    opened = {
        line.path
        for line in PEOPLE
        if line.who != SIGNED_IN and _was_let_in(_knock(client, line, {"authorization": f"Bearer {token}"}))
    }

    assert opened == READS_CODES


def test_whoever_shows_nothing_or_something_made_up_is_asked_to_sign_in(client: TestClient) -> None:
    shown = (
        {},
        {"authorization": f"Bearer wuma_{uuid7().hex}_{'A' * 43}"},
        {"authorization": "Bearer "},
        {"authorization": "Basic YTpi"},
        {"cookie": "wuma_session=made-up", "sec-fetch-site": "same-origin"},
    )

    wrong = [
        f"{line} with {headers}: {answer.status_code}"
        for headers in shown
        for line in PEOPLE
        if (answer := _knock(client, line, headers)).status_code != 401
    ]

    assert wrong == []


def _end_account(runtime: Runtime, email: str) -> None:
    _change(runtime, "UPDATE kernel.account SET disabled_at = now() WHERE email = :email", email)


def _expire(runtime: Runtime, email: str) -> None:
    for table in ("session", "api_token"):
        whose = "(SELECT id FROM kernel.account WHERE email = :email)"
        _change(runtime, f"UPDATE kernel.{table} SET expires_at = now() WHERE account_id = {whose}", email)


def _revoke_and_sign_out(runtime: Runtime, email: str) -> None:
    whose = "account_id = (SELECT id FROM kernel.account WHERE email = :email)"
    _change(runtime, f"UPDATE kernel.api_token SET revoked_at = now() WHERE {whose}", email)
    _change(runtime, f"DELETE FROM kernel.session WHERE {whose}", email)


def _change(runtime: Runtime, statement: str, email: str) -> None:
    with runtime.database.transaction(PLATFORM) as session:
        assert session.execute(text(statement), {"email": email}).rowcount == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("end", [_end_account, _expire, _revoke_and_sign_out])
def test_what_has_ended_opens_nothing(
    runtime: Runtime, client: TestClient, house: Brand, end: Callable[[Runtime, str], None]
) -> None:
    email = make_account(runtime, house.id, *(set(Role) - {Role.PLATFORM_OPERATOR}))
    token, _ = issue_token(runtime, email)
    somebody = SignedInClient(client, email)
    assert somebody.get("/me").status_code == 200

    end(runtime, email)

    by_token = {_knock(client, line, {"authorization": f"Bearer {token}"}).status_code for line in PEOPLE}
    by_cookie = {
        somebody.request(line.method, _address(line), content=b"{}", headers=_typed({})).status_code
        for line in PEOPLE
    }
    assert (by_token, by_cookie) == ({401}, {401})


@pytest.mark.parametrize(
    "evidence",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "same-origin, cross-site"},
        {"sec-fetch-site": "cross-site", "origin": "https://id.wuma.test"},
    ],
)
def test_no_other_page_changes_anything_with_ones_cookie(
    runtime: Runtime, client: TestClient, house: Brand, evidence: dict[str, str]
) -> None:
    somebody = SignedInClient(client, make_account(runtime, house.id, Role.BRAND_ADMIN))

    told = {
        str(line): somebody.request(
            line.method, _address(line), content=b"{}", headers=_typed(evidence)
        ).json()["detail"]
        for line in PEOPLE
        if line.is_change
    }

    assert set(told.values()) == {"A change by session cookie must come from a page of this server."}
    assert somebody.get("/me").status_code == 200


@pytest.mark.parametrize(
    "evidence",
    [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {"referer": "https://id.wuma.test/"}],
)
def test_a_browser_that_does_not_say_whose_page_it_is_changes_nothing(
    runtime: Runtime, client: TestClient, house: Brand, evidence: dict[str, str]
) -> None:
    somebody = SignedInClient(client, make_account(runtime, house.id, Role.BRAND_ADMIN))
    headers = {"cookie": somebody.cookie, **evidence}

    told = {str(line): _knock(client, line, headers).status_code for line in PEOPLE if line.is_change}

    assert set(told.values()) == {403}
    assert somebody.get("/me").status_code == 200
