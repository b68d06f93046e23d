"""A brand with data of every kind: a row in each of its tables, a name for each thing a request can name.

The same brand is fuzzed, and stands by while another brand asks for everything it has.
"""

from __future__ import annotations

import io
import itertools
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import httpx2 as httpx
import pyrage
from PIL import Image
from sqlalchemy import select, text
from starlette.testclient import TestClient

from tests.chain.dossier.written import whole_dossier
from tests.chain.trace.test_capture import document, event
from tests.conftest import Brand, make_account, make_brand
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes import orders, print_job
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level
from wuma.entrypoints import work
from wuma.kernel import outbox
from wuma.kernel.auth import tokens
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM
from wuma.ops.roles import GRANTS
from wuma.support.links.facade import Alias, Author, Scheme, register
from wuma_gs1.check_characters import check_digit
from wuma_gs1.keys import Gtin

JSON: Final = {"accept": "application/json"}
PUBLISHED: Final = "/api/v1"

_glns = itertools.count(secrets.randbelow(10**8) * 100)


@dataclass
class Everything:
    """A brand, its tokens by role, and the names of its things by the parameter that takes them."""

    brand: Brand
    tokens: dict[Role, str] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    cookie: str = ""
    """The cookie of the phone that scanned."""

    def name(self, parameter: str, *values: object) -> None:
        self.names.setdefault(parameter, []).extend(map(str, values))


class Maker:
    """Makes it through the API, as a brand would; what only a job does is done by the function of the job."""

    def __init__(self, runtime: Runtime, client: TestClient) -> None:
        self.runtime = runtime
        self.client = client
        self.made = Everything(make_brand(runtime))

    def make(self) -> Everything:
        for role in Role:
            if role is not Role.PLATFORM_OPERATOR:
                self._account(role)
        self._master_data()
        self._codes()
        self._links()
        self._print_files()
        self._trace()
        self._dossier()
        self._scans()
        self._recalls()
        self._house()
        return self.made

    def ask(
        self, method: str, path: str, role: Role = Role.BRAND_ADMIN, headers: Any = None, **options: Any
    ) -> Any:
        """Send a request as somebody of the brand; anything but success is a mistake of this file."""
        answer = self.send(method, path, self.made.tokens[role], headers, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None

    def send(self, method: str, path: str, token: str, headers: Any = None, **options: Any) -> httpx.Response:
        path = path if path.startswith("/epcis") else f"{PUBLISHED}{path}"
        self.client.cookies.clear()
        said = {"authorization": f"Bearer {token}", **(headers or {})}
        return self.client.request(method, path, headers=said, **options)

    def _account(self, role: Role) -> None:
        email = make_account(self.runtime, self.made.brand.id, role)
        token, account_id = issue_token(self.runtime, email)
        self.made.tokens[role] = token
        self.made.name("email", email)
        self.made.name("actor", f"account:{account_id}")

    def _master_data(self) -> None:
        for kind in ("factory", "warehouse"):
            body = {"gln": new_gln(), "kind": kind, "name": f"{kind} 一"}
            self.made.name("site_id", self.ask("POST", "/sites", json=body)["id"])
        line = {"site_id": self.made.names["site_id"][0], "code": "L1", "name": "产线一"}
        self.made.name("line_id", self.ask("POST", "/lines", json=line)["id"])
        dealer = {"code": "D1", "kind": "dealer", "name": "经销商一", "gln": new_gln()}
        self.made.name("partner_id", self.ask("POST", "/partners", json=dealer)["id"])
        store = {
            "code": "S1",
            "kind": "store",
            "name": "门店一",
            "parent_id": self.made.names["partner_id"][0],
        }
        self.made.name("partner_id", self.ask("POST", "/partners", json=store)["id"])
        self.made.names["parent_id"] = self.made.names["partner_id"][:1]

    def _codes(self) -> None:
        keyring = self.runtime.keyring
        with self.runtime.database.transaction(self.made.brand.scope) as session:
            product = make_product(session, self.made.brand.id)
            items = place_order(session, keyring, product, 40)
            cases = place_order(session, keyring, product, 2, Level.CASE)
            pallets = place_order(session, keyring, product, 1, Level.PALLET)
            revoked = place_order(session, keyring, product, 5)
            batch = open_batch(session, product)
            bring(
                session,
                [UnitRange(items.first_unit, items.first_unit + 19)],
                CodeState.COMMISSIONED,
                batch.id,
            )
            bring(session, [UnitRange(items.first_unit + 20, items.first_unit + 20)], CodeState.VOID)
            orders.revoke(session, revoked.id, reason="leaked", now=datetime.now(UTC))
        self.client.app.keep_up()  # type: ignore[attr-defined]
        self.made.labels = print_labels(keyring, items)
        self.made.name("product_id", product.id)
        self.made.name("gtin", product.gtin, *(case.gtin for case in product.cases))
        self.made.name("order_id", items.id, cases.id, pallets.id, revoked.id)
        self.made.name("batch_id", batch.id)
        self.made.name("unit", items.first_unit, items.first_unit + 5, items.first_unit + 30)
        for label in self.made.labels[:3]:
            serial = label.open_path.rsplit("/", 1)[1]
            self.made.name("code", f"https://id.wuma.test{label.open_path}", serial, label.hidden_path)
        for parameter in ("text", "codes", "first", "last"):
            self.made.names[parameter] = self.made.names["code"]
        self.made.name("gtin", *(new_gtin() for _ in range(50)))
        self.made.name("gln", *(new_gln() for _ in range(50)))
        self.made.name("number", "L1", "B1")
        self.made.name("produced_on", "2026-01-05")
        self.made.name("if-match", '"1"')

    def _links(self) -> None:
        key, host = f"/01/{self.made.names['gtin'][0]}", f"www.{self.made.brand.slug}.example"
        self.ask("POST", "/links/hosts", json={"host": host})
        link = {"link_type": "gs1:pip", "href": f"https://{host}/p", "title": "产品", "is_default": True}
        for anchor in (key, f"{key}/10/L1"):
            said = {"params": {"anchor": anchor}, "headers": {"if-match": '"0"'}}
            self.ask("PUT", "/links", json={"links": [link], "description": "奶粉"}, **said)
        self.made.name("host", host)
        self.made.name("anchor", key, f"{key}/10/L1")
        self.made.name("uri", key)
        with self.runtime.database.transaction(PLATFORM) as session:  # an operator's to register
            alias = Alias(f"/88.{self.made.brand.id}/", self.made.brand.id, Scheme.HANDLE, key, "21")
            register(session, Author(self.made.brand.id, "operator", datetime.now(UTC)), alias)
        self.made.name("prefix", alias.prefix)

    def _print_files(self) -> None:
        order_id = self.made.names["order_id"][0]
        vendor = self.made.names["actor"][list(self.made.tokens).index(Role.PRINTING_VENDOR)]
        form = {
            "template": "item-open-hidden",
            "first": 25,
            "last": 30,
            "recipient_name": "Anhui Print",
            "recipient_public_key": str(pyrage.x25519.Identity.generate().to_public()),
            "recipient_account": vendor.partition(":")[2],
        }
        for parameter in ("recipient_public_key", "recipient_account", "template"):
            self.made.name(parameter, form[parameter])
        for first, last in ((25, 27), (28, 30)):
            (file,) = self.ask(
                "POST", f"/code-orders/{order_id}/print-files", json={**form, "first": first, "last": last}
            )
            print_job.make(self.runtime, tenant_id=self.made.brand.id, print_file_id=file["id"])
            self.made.name("file_id", file["id"])
        path = f"/print-files/{self.made.names['file_id'][0]}/release"
        released = self.ask("POST", path, Role.PRINTING_VENDOR)
        self.made.name("ticket", released["content_url"].partition("ticket=")[2])

    def _trace(self) -> None:
        uris = [f"https://id.gs1.org{label.open_path}" for label in self.made.labels[:6]]
        case, place = "https://id.gs1.org/00/069012345600000014", "https://id.gs1.org/414/6901234567892"
        named = f"urn:uuid:{uuid7()}"
        words = {
            "bizStep": f"https://brand.example/step/{uuid7()}",
            "disposition": f"https://brand.example/disposition/{uuid7()}",
            "readPoint": f"https://id.gs1.org/414/{new_gln()}",
            "bizLocation": f"https://id.gs1.org/414/{new_gln()}",
        }
        events = (
            event(
                action="ADD", bizStep="commissioning", epcList=uris, eventID=named, bizLocation={"id": place}
            ),
            event("AggregationEvent", action="ADD", bizStep="packing", parentID=case, childEPCs=uris),
            event(at="2026-05-02T08:00:00Z", action="OBSERVE", bizStep="shipping", epcList=[case]),
            event(
                "TransformationEvent",
                at="2026-04-30T08:00:00Z",
                transformationID="urn:x:mixing:1",
                inputQuantityList=[{"epcClass": "urn:epc:class:lgtin:6901234.000017.R1", "quantity": 5}],
                outputEPCList=uris,
            ),
            event(
                at="2026-05-02T09:00:00Z",
                action="OBSERVE",
                epcList=[case],
                bizStep=words["bizStep"],
                disposition=words["disposition"],
                readPoint={"id": words["readPoint"]},
                bizLocation={"id": words["bizLocation"]},
            ),
            event(
                at="2026-05-02T10:00:00Z",
                action="OBSERVE",
                epcList=[case],
                bizStep="shipping",
                bizTransactionList=[{"type": "po", "bizTransaction": "urn:epc:id:gdti:0614141.00001.1"}],
            ),
        )
        kept = {
            "type": "urn:epcglobal:epcis:vtype:BusinessLocation",
            "vocabularyElementList": [{"id": place}],
        }
        brought = {"epcisHeader": {"epcisMasterData": {"vocabularyList": [kept]}}}
        body = json.dumps({**document(*events), **brought})
        ld = {"content-type": "application/ld+json", "idempotency-key": "first"}
        captured = self.ask("POST", "/epcis/capture", content=body, headers=ld)
        self.made.name("capture_id", captured["captureID"])
        self._leave_unfinished(captured["captureID"])
        self.ask("PUT", "/capture-rules/received_otherwise", json={"setting": "warn"})
        self.made.name("rule", "received_otherwise")
        self.made.name("event_id", named)
        self.made.name("epc", uris[0])
        for name, value in words.items():
            self.made.name(name, value)
        sight = {"rules": [{"own": True}], "hidden": ["ilmd"], "queries": []}
        way = f"/partner-sights/{self.made.names['partner_id'][0]}"
        self.ask("PUT", way, json=sight, headers={"if-match": '"0"'})
        query = {"name": f"query-{uuid7()}", "query": {"EQ_eventID": [named]}}
        self.made.name("query_name", self.ask("POST", "/epcis/queries", json=query)["name"])
        address = f"/epcis/queries/{query['name']}/subscriptions"
        once = {"dest": "https://client.example/", "schedule": {"dayOfMonth": "29", "month": "2"}}
        self.made.name("subscription_id", self.ask("POST", address, json=once)["subscriptionID"])
        self.made.name("EQ_eventID", named)
        self.made.name("MATCH_epc", *uris[:2])
        self.made.name("MATCH_anyEPC", case)
        self.made.name("thing", *uris[:3])
        self.made.name("from", *uris[:2])
        self.made.name("MATCH_parentID", case)

    def _dossier(self) -> None:
        dossier = f"/batches/{self.made.names['batch_id'][0]}/dossier"
        self.ask("POST", f"{dossier}/entries", Role.QA, json={"entries": whole_dossier()})
        for round_ in (1, 2):
            for role, kind in ((Role.QA, "quality"), (Role.BRAND_ADMIN, "market")):
                self.ask("POST", f"{dossier}/{kind}-release", role, json={})
            if round_ == 1:
                self.ask("POST", f"{dossier}/withdrawals", Role.QA, json={"reason": "again"})
        place = "https://id.gs1.org/414/6901234567892"
        rule = {"name": "冷库", "quantity": "Temperature", "unit": "CEL", "place": place, "most": 8}
        self.made.name("rule_id", self.ask("POST", "/dossier/rules", json=rule)["id"])
        lot = f"https://id.gs1.org/01/{self.made.names['gtin'][0]}/10/B1"
        warm = {"type": "Temperature", "value": 21.5, "uom": "CEL", "time": "2026-05-03T08:00:00Z"}
        seen = {
            "eventID": f"urn:uuid:{uuid7()}",
            "action": "OBSERVE",
            "bizStep": "sensor_reporting",
            "bizLocation": {"id": place},
            "quantityList": [{"epcClass": lot}],
            "sensorElementList": [{"sensorReport": [warm]}],
        }
        wrong = {**seen, "eventID": f"urn:uuid:{uuid7()}"}
        declared = {**wrong, "errorDeclaration": {"declarationTime": "2026-05-04T08:00:00Z"}}
        ld = {"content-type": "application/ld+json"}
        for one in (seen, wrong, declared):
            body = json.dumps(document(event(**one)))
            self.ask("POST", "/epcis/capture", content=body, headers=ld)

    def _alarms(self) -> None:
        self.made.name("alarm_id", *(one["id"] for one in self.ask("GET", "/dossier/alarms")["items"]))
        self.made.name("series_id", *(one["id"] for one in self.ask("GET", "/dossier/series")["items"]))
        batch = self.made.names["batch_id"][0]
        page = self.ask("GET", f"/batches/{batch}/dossier/entries")
        self.made.name("replaces", *(one["id"] for one in page["items"][:3]))

    def _leave_unfinished(self, capture_id: str) -> None:
        """Leave a trace of a capture under way, as a crash in the middle does."""
        with self.runtime.database.transaction(self.made.brand.scope) as session:
            session.execute(
                text("INSERT INTO trace.unfinished VALUES (:id, -:tenant - 1, -:tenant - 1, :tenant, '[]')"),
                {"id": capture_id, "tenant": self.made.brand.id},
            )

    def _scans(self) -> None:
        self.client.cookies.clear()
        for label in self.made.labels[:3]:
            answer = self.client.post(label.hidden_path, headers=JSON)
            self.made.cookie = answer.headers.get("set-cookie", self.made.cookie).partition(";")[0]
            self.made.name("scan_id", answer.json()["scan_id"])
            self.client.get(label.open_path, headers=JSON)
            self.client.cookies.clear()
        self.client.post(self.made.labels[35].hidden_path, headers=JSON)  # on no item yet: a leak
        self.client.cookies.clear()
        self.client.app.keep_up()  # type: ignore[attr-defined]
        form = {
            "concern": "packaging",
            "text": "盖子坏了",
            "contact": "13800138000",
            "scan_id": self.made.names["scan_id"][0],
        }
        for files in ({"photo": ("can.png", _picture(), "image/png")}, {}):
            answer = self.client.post("/m/reports", data=form, files=files, headers=JSON)
            assert answer.status_code == 201, answer.text
        with self.runtime.database.transaction(self.made.brand.scope) as session:
            session.execute(
                text(
                    "INSERT INTO authenticity.alarm (id, tenant_id, kind, raised_at, facts)"
                    " VALUES (:id, :tenant, 'invalid_share', now(), '{\"share\": 0.5}')"
                ),
                {"id": uuid7(), "tenant": self.made.brand.id},
            )
            people = session.scalars(text("SELECT DISTINCT person FROM authenticity.scan ORDER BY 1")).all()
        self.made.name("person", *people)
        self.made.name("report_id", *(one["id"] for one in self.ask("GET", "/reports")["items"]))

    def _recalls(self) -> None:
        form = {"title": "召回", "reason": "异物", "risk_class": 1, "is_drill": False, "notice": "停止食用"}
        for label in self.made.labels[:2]:
            scope = {"kind": "things", "codes": [f"https://id.gs1.org{label.open_path}"]}
            recall = self.ask("POST", "/recalls", json={**form, "scope": scope})
            self.made.name("recall_id", recall["id"])
            back = {"kind": "returned", "codes": scope["codes"], "at": "2026-05-09T08:00:00Z"}
            self.ask("POST", f"/recalls/{recall['id']}/entries", json=back)
            holders = self.ask("GET", f"/recalls/{recall['id']}/holders")
            for one in holders:
                if one["holder"] is not None:
                    self.made.name("holder", one["holder"])

    def _house(self) -> None:
        victim = {
            "email": f"victim-{uuid7()}@example.cn",
            "name": "某人",
            "roles": ["qa"],
            "password": "long enough!",
        }
        self.made.name("account_id", self.ask("POST", "/accounts", json=victim)["id"])
        email = self.made.names["email"][0]
        token, _ = issue_token(self.runtime, email, only=frozenset({"codes.read"}))
        self.made.name("token_id", UUID(token.split("_")[1]))
        self.made.name("slug", self.made.brand.slug)
        self.made.name("permissions", "codes.read")
        self.client.cookies.clear()
        credentials = {"email": email, "password": "correct horse battery"}
        from_elsewhere = {"x-forwarded-for": f"10.9.{secrets.randbelow(256)}.{secrets.randbelow(256)}"}
        answer = self.client.post(f"{PUBLISHED}/session", json=credentials, headers=from_elsewhere)
        assert answer.status_code == 204, answer.text
        with self.runtime.database.transaction(self.made.brand.scope) as session:
            self.made.name("session_id", session.scalar(text("SELECT id FROM kernel.session")))
        self.client.cookies.clear()
        outbox.register(self.runtime.database, work.SUBSCRIPTIONS)
        for subscription in work.SUBSCRIPTIONS:
            while outbox.deliver(self.runtime.database, subscription):
                pass
        self._alarms()
        for parameter, path in _LISTS.items():
            page = self.ask("GET", path, params={"limit": 1})
            if page["next"] is not None:
                self.made.name(f"after:{parameter}", page["next"])


_LISTS: Final = {
    "orders": "/code-orders",
    "scans": "/scans",
    "reports": "/reports",
    "recalls": "/recalls",
    "sites": "/sites",
    "partners": "/partners",
    "print-files": "/print-files",
    "audit": "/audit",
    "accounts": "/accounts",
}


def issue_token(
    runtime: Runtime, email: str, *, only: frozenset[str] | None = None, days: int = 3
) -> tuple[str, str]:
    """Issue a token for everything somebody may do, or less; return it with the number of the account."""
    with runtime.database.transaction(PLATFORM) as session:
        account = session.scalars(select(Account).where(Account.email == email)).one()
        owner = principal_for(session, account, GRANTS, tenant_slug=None)
        permissions = owner.permissions if only is None else only
        _, token = tokens.issue(
            session, owner, name="test", permissions=permissions, days=days, now=datetime.now(UTC)
        )
        return token, str(account.id)


def new_gtin() -> str:
    """A GTIN that hardly anybody has."""
    return Gtin.build(f"69{secrets.randbelow(10**5):05}", f"{secrets.randbelow(10**5):05}").value


def new_gln() -> str:
    """A GLN that no other test has."""
    digits = f"69{next(_glns) % 10**10:010}"
    return digits + str(check_digit(digits))


def _picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (32, 32), "orange").save(written, "PNG")
    return written.getvalue()
