"""One brand asks for everything of another: it gets nothing, changes nothing, and cannot tell what there is.

The probes are made from the description of the running application and from the tables of the database, so
that a route or a table which nobody thought of fails here: "no probe for ...".

    WUMA_PROBES=100000 pytest tests/conformance/test_cross_tenant.py -s
"""

from __future__ import annotations

import copy
import json
import os
import random
import re
import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2 as httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tests.conftest import SignedInClient, make_account
from tests.fuzz.bodies import IMPORTS, good_body, good_content
from tests.fuzz.everything import Everything, Maker, issue_token, new_gtin
from wuma.kernel.auth.grants import Role
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM, TOKEN_SETTING, Scope, TokenSigner

PROBES: Final = int(os.environ.get("WUMA_PROBES", "4000"))
"""How many probes with hostile text and forged tokens; those with names of the other brand are always all."""
SEED: Final = int(os.environ.get("WUMA_FUZZ_SEED", "20260501"))

THINGS: Final = frozenset(
    {
        "from",
        "account_id", "actor", "alarm_id", "anchor", "batch_id", "capture_id", "codes", "event_id",
        "file_id", "first", "last", "line_id", "order_id", "parent_id", "partner_id", "person",
        "prefix", "product_id", "query_name", "recall_id", "recipient_account", "replaces", "report_id",
        "rule_id", "series_id", "site_id", "subscription_id", "text", "thing", "ticket",
        "token_id", "unit", "uri",
    }
)  # fmt: skip
"""Parameters and members of bodies that name a thing of somebody's."""
HARMLESS: Final = frozenset(
    {
        "direction",
        "depth",
        "accept", "accept_language", "address", "after", "anchors", "archived", "as_of", "at", "brand_en",
        "brand_zh", "case_count", "cases", "channel_note", "code", "codes_per_file", "columns",
        "company_prefix", "context", "contexts", "count", "current_password", "datum", "days",
        "description", "deviation", "dry_run", "effective_at", "email", "entries", "expires_on",
        "extension", "filename", "format", "forwards_query", "gln", "gln_extension", "gtin",
        "has_hidden", "host", "href", "instrument", "is_default", "is_drill", "item", "item_count",
        "json_header", "kind", "known_at", "languages", "latitude", "least", "level", "limit",
        "link_type", "links", "longitude", "measured_at", "media_type", "method", "module_mm", "most",
        "name", "name_en", "name_zh", "net_weight_g", "new_password", "nextPageToken", "note", "notice",
        "number", "operator", "outcome", "pallet", "parent", "password", "perPage", "permissions",
        "place", "positions", "produced_on", "q", "qualifier", "quantity", "reason", "recipient_name",
        "recipient_public_key", "region", "reprint_reason", "right", "risk_class", "roles", "rows",
        "scheme", "setting",
        "scope", "seconds", "shelf_life_days", "since", "slug", "spans", "stage", "state",
        "status", "subject", "template", "title", "to", "totp", "until", "value", "wrong",
        "biz_steps", "hidden", "own", "queries", "rules",
    }
)  # fmt: skip
"""Those that name nothing of anybody's: how many, which kind, since when, which country's division."""
OF_ALL: Final = {"code": "110000", "eventType": "ObjectEvent", "token": "none", "rule": "packed_twice"}
"""What stands in a path and belongs to all: a division, a type of events, a token of nobody."""
QUERIES_UNDESCRIBED: Final = {
    "/epcis/events": ("EQ_eventID", "MATCH_epc", "MATCH_anyEPC", "MATCH_parentID"),
}
"""The parameters of the standard, which are too many to be in our description."""
SHORTEST_SECRET: Final = 8
METHODS: Final = ("get", "post", "put", "patch", "delete")
OURS: Final = (
    "' OR '1'='1", "'; DROP TABLE kernel.tenant; --", "1) OR 1=1 --", "\\'; SELECT pg_sleep(9); --",
    "' UNION SELECT secret_hash::text FROM kernel.api_token --", "%' OR name LIKE '%", "$$ || $$", "\x00",
    "'; SELECT set_config('wuma.token', '1.*.99999999999.0', false); --", ":tenant_id", "{0}", "%s", "\\",
    '"',
)  # fmt: skip


@dataclass(frozen=True)
class Operation:
    """A method of an address, as described."""

    method: str
    path: str
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    has_body: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass
class Stranger:
    """The other brand, with a token that may do all that a brand may."""

    client: TestClient
    own: Everything
    token: str
    session: SignedInClient
    theirs: Everything
    sent: int = 0

    def send(
        self,
        operation: Operation,
        names: dict[str, str],
        query: dict[str, str] | None = None,
        body: bytes | None = None,
        media_type: str = "application/json",
        *,
        by_cookie: bool = False,
        **headers: str,
    ) -> httpx.Response:
        """Send a request by token, or from a page: some things are refused to any token."""
        self.client.cookies.clear()
        self.sent += 1
        path = operation.path.format_map(names)
        said = {"if-match": '"1"', **headers}
        if body is not None:
            said["content-type"] = media_type
        if by_cookie:
            return self.session.request(operation.method, path, params=query, content=body, headers=said)
        said["authorization"] = f"Bearer {self.token}"
        return self.client.request(operation.method, path, params=query, content=body, headers=said)

    def leaks(self, answer: httpx.Response, *sent: str) -> list[str]:
        """What of the other brand's is in an answer, beside what was sent."""
        own = {value for values in self.own.names.values() for value in values}
        secret_names = {
            value
            for values in self.theirs.names.values()
            for value in values
            if len(value) >= SHORTEST_SECRET and value not in own
        }
        told = answer.text
        return [
            name
            for name in secret_names
            if name in told
            and not any(name in one for one in sent)
            and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", told)
        ]


@pytest.fixture(scope="module")
def operations(client: TestClient) -> list[Operation]:
    description = client.get("/api/v1/openapi.json").json()
    found = []
    for path, item in description["paths"].items():
        for method in METHODS:
            if method in item:
                parameters = [*item.get("parameters", []), *item[method].get("parameters", [])]
                found.append(
                    Operation(
                        method.upper(),
                        path,
                        tuple(one["name"] for one in parameters if one["in"] == "path"),
                        tuple(one["name"] for one in parameters if one["in"] == "query")
                        + QUERIES_UNDESCRIBED.get(path, ()),
                        "requestBody" in item[method],
                    )
                )
    assert len(found) > 60
    return found


@pytest.fixture(scope="module")
def theirs(runtime: Runtime, client: TestClient) -> Everything:
    """The brand that is asked for."""
    return Maker(runtime, client).make()


@pytest.fixture(scope="module")
def stranger(runtime: Runtime, client: TestClient, theirs: Everything) -> Stranger:
    """The brand that asks."""
    own = Maker(runtime, client).make()
    email = make_account(runtime, own.brand.id, *(set(Role) - {Role.PLATFORM_OPERATOR}))
    session = SignedInClient(client, email)
    return Stranger(client, own, issue_token(runtime, email)[0], session, theirs)


@pytest.fixture(autouse=True)
def untouched(runtime: Runtime, theirs: Everything) -> Iterator[None]:
    """After every test here, each row of the brand that is asked for is as it was, byte by byte."""
    before = _rows_of(runtime, theirs.brand.id)
    yield
    after = _rows_of(runtime, theirs.brand.id)
    assert {name for name in before if before[name] != after[name]} == set()
    assert len(before) > 20


@pytest.fixture(scope="module")
def hostile() -> list[str]:
    """Values that have broken other programs; those of the real collections where they are at hand."""
    folder = Path(os.environ.get("WUMA_SHARED", Path(__file__).resolve().parents[3] / "shared" / "data"))
    values = list(OURS)
    file = folder / "sql_firewall" / "sqli_payloads.dev.parquet"
    if file.exists():
        parquet = pytest.importorskip("pyarrow.parquet")
        values += sorted({row["payload"] for row in parquet.read_table(file).to_pylist() if row["label"]})
    random.Random(SEED).shuffle(values)
    return values


# ---- routes ----------------------------------------------------------------------------------------------


def test_there_is_a_probe_for_every_parameter_and_every_body(
    operations: list[Operation], stranger: Stranger
) -> None:
    missing = []
    for operation in operations:
        for name in (*operation.in_path, *operation.in_query):
            is_known = name in HARMLESS or name in stranger.theirs.names or name in OF_ALL
            if not is_known:
                missing.append(f"no probe for {operation}: {name}")
        if operation.has_body and (operation.method, operation.path) not in IMPORTS:
            body = good_body(operation.method, operation.path, stranger.own.names)
            if not operation.path.startswith("/epcis"):
                missing += [
                    f"no probe for {operation}: {place[-1]} in the body"
                    for place in _places(body)
                    if isinstance(place[-1], str) and place[-1] not in THINGS | HARMLESS
                ]

    assert missing == []
    assert set() == THINGS & HARMLESS


def test_a_name_of_the_other_brand_is_as_good_as_a_name_of_nobody(
    operations: list[Operation], stranger: Stranger
) -> None:
    wrong = []
    for operation in operations:
        if set(operation.in_path) <= set(OF_ALL):
            continue
        own = {name: stranger.own.names[name][0] for name in operation.in_path}
        for name in operation.in_path:
            for value in stranger.theirs.names[name]:
                nobodys = _of_nobody(value)
                told = [
                    stranger.send(
                        operation,
                        {**own, name: asked},
                        _ticket(operation, stranger.theirs),
                        *_body(operation, stranger),
                        by_cookie=True,
                    )
                    for asked in (value, nobodys)
                ]
                their_answer, answer_of_nobody = _shape(told[0], value), _shape(told[1], nobodys)
                if told[0].status_code != 404 or their_answer != answer_of_nobody:
                    wrong.append(
                        f"{operation} {name}={value}: {their_answer} but of nobody {answer_of_nobody}"
                    )
                wrong += [
                    f"{operation} {name}={value}: leaks {one}" for one in stranger.leaks(told[0], value)
                ]

    assert wrong == []


def test_no_list_holds_anything_of_the_other_brand_whatever_is_asked_for(
    operations: list[Operation], stranger: Stranger
) -> None:
    wrong = []
    after = [v for name, values in stranger.theirs.names.items() if name.startswith("after:") for v in values]
    everything = [v for values in stranger.theirs.names.values() for v in values][:400]
    for operation in operations:
        if operation.method != "GET" or not set(operation.in_path) <= set(OF_ALL):
            continue
        queries: list[dict[str, str]] = [{}]
        for name in operation.in_query:
            values = after if name == "after" else stranger.theirs.names.get(name, [])
            values = everything if name == "q" else values
            queries += [{name: value} for value in values]
        for query in queries:
            answer = stranger.send(operation, OF_ALL, query)
            if answer.status_code >= 500:
                wrong.append(f"{operation} {query}: {answer.status_code}")
            wrong += [f"{operation} {query}: leaks {one}" for one in stranger.leaks(answer, *query.values())]
            of_a_thing = {name for name in query if name in THINGS - {"text"}}
            if of_a_thing and answer.is_success and answer.json().get("items") not in (None, []):
                wrong.append(f"{operation} {query}: found {answer.text[:200]}")

    assert wrong == []


def test_no_body_may_name_a_thing_of_the_other_brand(operations: list[Operation], stranger: Stranger) -> None:
    wrong = []
    tried = Counter[str]()
    for operation in operations:
        if not operation.has_body or (operation.method, operation.path) in IMPORTS:
            continue
        own = {name: stranger.own.names[name][0] for name in operation.in_path}
        good = good_body(operation.method, operation.path, stranger.own.names)
        for place in _places(good):
            name = next(step for step in reversed(place) if isinstance(step, str))
            if name not in THINGS or isinstance(_at(good, place), list):
                continue
            if name in {"first", "last"} and isinstance(_at(good, place), int):
                continue  # a running number in an order, whose name is tried by itself
            for value in stranger.theirs.names[name]:
                body = _with(good, place, int(value) if isinstance(_at(good, place), int) else value)
                answer = stranger.send(operation, own, None, json.dumps(body).encode())
                tried[str(operation)] += 1
                if not 400 <= answer.status_code < 500:
                    wrong.append(f"{operation} {place}={value}: {answer.status_code} {answer.text[:200]}")
                wrong += [
                    f"{operation} {place}: leaks {one}" for one in stranger.leaks(answer, json.dumps(body))
                ]

    print(f"\n{sum(tried.values())} bodies with foreign names: {dict(tried)}")
    assert wrong == []
    assert len(tried) >= 8


def test_nobody_acts_for_another_brand_by_naming_it(operations: list[Operation], stranger: Stranger) -> None:
    slug = {"wuma-tenant": stranger.theirs.brand.slug}
    wrong = []
    for operation in operations:
        names = {name: OF_ALL.get(name) or stranger.theirs.names[name][0] for name in operation.in_path}
        for headers in (slug, {"wuma-tenant": "platform"}, {"wuma-tenant": "no-such-brand"}):
            answer = stranger.send(operation, names, None, *_body(operation, stranger), **headers)
            if answer.status_code != 403:
                wrong.append(f"{operation} {headers}: {answer.status_code} {answer.text[:200]}")

    assert wrong == []


def test_no_text_breaks_out_of_its_parameter(
    operations: list[Operation], stranger: Stranger, hostile: list[str]
) -> None:
    """Hostile text in every parameter and every member of every body: refused or taken as what it is."""
    chance = random.Random(SEED)
    wrong = []
    statuses = Counter[int]()
    kept = {str(one): 0 for one in operations}
    for number in range(PROBES // 2):
        operation = operations[number % len(operations)]
        value = hostile[number // len(operations) % len(hostile)]
        names = {name: OF_ALL.get(name) or stranger.own.names[name][0] for name in operation.in_path}
        query, body, media_type = {}, None, "application/json"
        if operation.in_query and (not operation.has_body or chance.random() < 0.3):
            query = {chance.choice(operation.in_query): value}
        elif operation.in_path and chance.random() < 0.3:
            names[chance.choice(operation.in_path)] = (
                httpx.URL("http://x/", params={"v": value}).query.decode()[2:].replace("+", "%20")
            )
        if operation.has_body:
            content, media_type = good_content(operation.method, operation.path, stranger.own.names)
            body = content
            if media_type == "application/json":
                good = json.loads(content)
                texts = [place for place in _places(good) if isinstance(_at(good, place), str)]
                if texts:
                    body = json.dumps(_with(good, chance.choice(texts), value)).encode()
            else:
                body = content + f'{value},factory,"{value}"\n'.encode("utf-8", "surrogatepass")
        answer = stranger.send(operation, names, query, body, media_type)
        statuses[answer.status_code] += 1
        kept[str(operation)] += 1
        if answer.status_code >= 500 and answer.status_code != 501:
            wrong.append(
                f"{operation} {query} {(body or b'')[:200]!r}: {answer.status_code} {answer.text[:200]}"
            )
        wrong += [
            f"{operation} {value!r}: leaks {one}"
            for one in stranger.leaks(answer, value, str(names), str(body))
        ]

    print(f"\n{stranger.sent} probes of routes so far; hostile text: {dict(sorted(statuses.items()))}")
    assert wrong[:20] == []
    assert all(kept.values()) or len(operations) > PROBES // 2


# ---- tables ----------------------------------------------------------------------------------------------

_CLOSED: Final = text(
    "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('jobs', 'public')"
    " AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')"
    " ORDER BY 1"
)


@pytest.fixture(scope="module")
def tables(runtime: Runtime) -> list[str]:
    with runtime.database.transaction(PLATFORM) as session:
        return list(session.scalars(_CLOSED))


def test_there_is_something_to_steal_in_every_table(
    runtime: Runtime, tables: list[str], theirs: Everything
) -> None:
    empty = [name for name, digest in _rows_of(runtime, theirs.brand.id).items() if digest is None]

    assert [f"no row to probe {name} with" for name in empty] == []
    assert len(tables) > 20


def test_no_statement_reaches_a_row_of_the_other_brand(
    runtime: Runtime, tables: list[str], theirs: Everything, stranger: Stranger
) -> None:
    values = {"their": theirs.brand.id, "own": stranger.own.brand.id}
    wrong = []
    moved = "jsonb_build_object('tenant_id', :their)"
    for table in tables:
        for statement in (
            f"SELECT count(*) FROM {table} WHERE tenant_id = :their",
            f"SELECT count(*) FROM {table} WHERE tenant_id <> :own",
            f"UPDATE {table} SET tenant_id = tenant_id WHERE tenant_id = :their",
            f"UPDATE {table} SET tenant_id = :own WHERE tenant_id = :their",
            f"UPDATE {table} SET tenant_id = :their WHERE tenant_id = :own",
            f"UPDATE {table} SET tenant_id = :their",
            f"DELETE FROM {table} WHERE tenant_id = :their",
            f"INSERT INTO {table} SELECT (jsonb_populate_record(t, {moved})).* FROM {table} t LIMIT 1",
            f"INSERT INTO {table} (tenant_id) VALUES (:their)",
            f"SELECT count(*) FROM {table} WHERE tenant_id = :their FOR UPDATE",
            f"TRUNCATE {table}",
            f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
            f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
            f"DROP POLICY tenant ON {table}",
            f"COPY {table} TO PROGRAM 'true'",
        ):
            reached = _reached(runtime, stranger.own.brand.scope, statement, values)
            if reached not in (0, None):
                wrong.append(f"{statement}: {reached}")

    print(f"\n{len(tables)} tables, {15 * len(tables)} statements")
    assert wrong == []


def test_no_forged_token_opens_another_brand(
    runtime: Runtime, tables: list[str], theirs: Everything, stranger: Stranger, hostile: list[str]
) -> None:
    """Whoever can inject a set_config can say anything there but a token they have not been given."""
    own, their = stranger.own.brand.id, theirs.brand.id
    wrong = []
    query = " UNION ALL ".join(
        f"SELECT '{t}' WHERE EXISTS (SELECT FROM {t} WHERE tenant_id = {their})" for t in tables
    )
    tried = 0
    with runtime.database.session(Scope.of(own)) as session:
        for token in _forged(session, runtime, own=own, their=their, hostile=hostile):
            session.execute(text(f"SELECT set_config('{TOKEN_SETTING}', :t, true)"), {"t": token})
            seen = list(session.scalars(text(query)))
            tried += len(tables)
            if seen:
                wrong.append(f"{token!r} opens {seen}")
            if tried >= PROBES // 2:
                break
        session.rollback()

    print(f"\n{tried} probes of tables with forged tokens")
    assert wrong == []


def test_the_key_of_tokens_cannot_be_read_by_the_program(runtime: Runtime) -> None:
    for statement in (
        "SELECT * FROM kernel.token_key",
        "UPDATE kernel.token_key SET inner_pad = outer_pad",
        "INSERT INTO kernel.token_key SELECT 9, repeat('x', 64)::bytea, repeat('x', 64)::bytea",
        "CREATE FUNCTION kernel.verified_scope() RETURNS text LANGUAGE sql RETURN '*'",
        "CREATE TABLE kernel.copy (a int)",
        "CREATE SCHEMA mine",
        "SET ROLE wuma_owner",
        "SET SESSION AUTHORIZATION wuma_owner",
        "SET row_security = off",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT lo_import('/etc/passwd')",
        "ALTER ROLE wuma_app BYPASSRLS",
    ):
        if statement == "SET row_security = off":  # allowed, and then every closed table is an error
            with runtime.database.session(PLATFORM) as session:
                session.execute(text(statement))
                with pytest.raises(DBAPIError, match="row-level security"):
                    session.execute(text("SELECT count(*) FROM codes.code_order"))
                session.rollback()
            continue
        assert _reached(runtime, PLATFORM, statement, {}) is None, statement


def _forged(session: Session, runtime: Runtime, *, own: int, their: int, hostile: list[str]) -> Iterator[str]:
    """Tokens that nobody was given: of other keys, cut, spliced, expired, empty, and not tokens at all."""
    genuine = session.scalar(text(f"SELECT current_setting('{TOKEN_SETTING}')"))
    assert isinstance(genuine, str)
    kid, scope, expiry, mac = genuine.split(".")
    signer = runtime.database._signer
    yield from ("", "*", ".", "...", f"{their}", f"{kid}.{their}.{expiry}", f"{kid}.*.{expiry}", "\n")
    yield signer.sign(Scope.of(their), now_seconds=0)
    yield signer.sign(PLATFORM, now_seconds=0)
    yield signer.sign(Scope.of(own)).replace(f".{own}.", f".{their}.", 1)
    yield signer.sign(Scope.of(own)).replace(f".{own}.", f".{own},{their}.", 1)
    for secret in (b"\0" * 32, b"k" * 32, b"\0" * 64):
        for number in (int(kid), 0, 1, 9999):
            yield TokenSigner(secret, kid=number).sign(Scope.of(their))
            yield TokenSigner(secret, kid=number).sign(PLATFORM)
    for place in range(len(mac)):
        yield f"{kid}.{their}.{expiry}.{mac[:place]}"
        yield f"{kid}.{scope}.{expiry}.{mac[:place]}"
    for tenants in (
        f"{their}",
        f"{own},{their}",
        "*",
        f"{their},",
        f"0{their}",
        f"{own}\n{their}",
        f"{own}.{their}",
    ):
        for when in (expiry, "99999999999", "0", "-1", f"{expiry}0", "1e9", "infinity"):
            for code in (mac, mac.upper(), "0" * 32, "", "NULL", "%", mac + "0", secrets.token_hex(16)):
                yield f"{kid}.{tenants}.{when}.{code}"
    for value in hostile:
        if "\0" not in value:
            yield value
            yield f"{kid}.{their}.{expiry}.{value}"
            yield f"{kid}.{value}.{expiry}.{mac}"


def _reached(runtime: Runtime, scope: Scope, statement: str, values: dict[str, Any]) -> int | None:
    """How many rows a statement reads or changes; None when it is refused. Nothing of it is kept."""
    with runtime.database.session(scope) as session:
        try:
            result = session.execute(text(statement), values)
            count = result.scalar() if statement.startswith("SELECT count") else result.rowcount  # type: ignore[attr-defined]
            return int(count or 0)
        except DBAPIError:
            return None
        finally:
            session.rollback()


def _rows_of(runtime: Runtime, tenant_id: int) -> dict[str, str | None]:
    """A digest of all rows that a brand has in each table."""
    with runtime.database.transaction(PLATFORM) as session:
        return {
            table: session.scalar(
                text(
                    f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t"
                    " WHERE tenant_id = :id"
                ),
                {"id": tenant_id},
            )
            for table in session.scalars(_CLOSED).all()
        }


# ---- helpers ---------------------------------------------------------------------------------------------


def _ticket(operation: Operation, made: Everything) -> dict[str, str] | None:
    return {"ticket": made.names["ticket"][0]} if "ticket" in operation.in_query else None


def _body(operation: Operation, stranger: Stranger) -> tuple[bytes | None, str]:
    if not operation.has_body:
        return None, "application/json"
    return good_content(operation.method, operation.path, stranger.own.names)


def _of_nobody(value: str) -> str:
    """A name like this one, which nothing has."""
    if value.isdecimal() and len(value) == 14:
        return new_gtin()
    if value.isdecimal():
        return str(int(value) + 10**9)
    return str(uuid7())


def _shape(answer: httpx.Response, value: str) -> tuple[int, str]:
    """An answer without what had to be different."""
    said = re.sub(rf"\b{re.escape(value)}\b", "…", answer.text)
    return answer.status_code, re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "…", said)


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*at, name)
        yield from _places(member, (*at, name))


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for step in place:
        value = value[step]
    return value


def _with(value: Any, place: tuple[str | int, ...], new: Any) -> Any:
    changed = copy.deepcopy(value)
    _at(changed, place[:-1])[place[-1]] = new
    return changed
