"""What the tests share: a real PostgreSQL, migrated; tenants of their own; the real application.

Every pytest worker starts one embedded PostgreSQL in a folder of its own and removes it at the end. Tests
that only need tables take `db`, whose transaction is rolled back. Tests that speak HTTP commit; they take
a tenant of their own, so that they do not see each other.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2 as httpx
import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from wuma.entrypoints import wiring
from wuma.entrypoints.api import build_app
from wuma.kernel.auth import accounts
from wuma.kernel.auth.grants import Role
from wuma.kernel.db import Database
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope

PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data, which is beside a checkout and on no user's machine."""
    folder = Path(os.environ.get("WUMA_SHARED", Path(__file__).resolve().parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (WUMA_SHARED)")
    return folder


@pytest.fixture(scope="session")
def data_folder() -> Iterator[Path]:
    """A data folder that the database's user can reach, wherever pytest keeps its own."""
    folder = Path(tempfile.mkdtemp(prefix="wuma-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(data_folder: Path) -> Settings:
    return Settings(data=data_folder, public_url="https://id.wuma.test", log_level="warning")


@pytest.fixture(scope="session")
def postgres(settings: Settings) -> Iterator[EmbeddedPostgres]:
    """A running, empty PostgreSQL. It does not sync: nobody's data is in it."""
    with EmbeddedPostgres(settings.data, fsync=False) as server:
        yield server


@pytest.fixture(scope="session")
def runtime(settings: Settings, postgres: EmbeddedPostgres) -> Iterator[Runtime]:
    """The resources of a running program, on a migrated database."""
    wiring.prepare(settings)
    runtime = wiring.build_runtime(settings)
    yield runtime
    runtime.database.close()


@pytest.fixture(scope="session")
def database(runtime: Runtime) -> Database:
    return runtime.database


@dataclass(frozen=True)
class Brand:
    """A tenant made for one test."""

    id: int
    slug: str

    @property
    def scope(self) -> Scope:
        return Scope.of(self.id)


@pytest.fixture
def brand(runtime: Runtime) -> Brand:
    return make_brand(runtime)


@pytest.fixture
def other_brand(runtime: Runtime) -> Brand:
    return make_brand(runtime)


def make_brand(runtime: Runtime) -> Brand:
    """Make a tenant that no other test knows."""
    slug = f"brand-{os.getpid()}-{next(_numbers)}"
    with runtime.database.transaction(PLATFORM) as session:
        tenant = accounts.create_tenant(
            session, slug=slug, name_zh="测试品牌", name_en="Test brand", now=datetime.now(UTC)
        )
        return Brand(tenant.id, slug)


@pytest.fixture
def db(runtime: Runtime, brand: Brand) -> Iterator[Session]:
    """A session in the scope of the test's brand; nothing of it is kept."""
    with runtime.database.session(brand.scope) as session:
        yield session
        session.rollback()


@pytest.fixture
def platform_db(runtime: Runtime) -> Iterator[Session]:
    """A session that sees all tenants; nothing of it is kept."""
    with runtime.database.session(PLATFORM) as session:
        yield session
        session.rollback()


@pytest.fixture(scope="session")
def client(runtime: Runtime) -> Iterator[TestClient]:
    """The application without anybody signed in."""
    app, ours = build_app(runtime), ("127.0.0.1", 50000)  # as behind a proxy of ours
    with TestClient(app, base_url="https://id.wuma.test", client=ours) as client:
        yield client


class SignedInClient:
    """The application as somebody sees it who is signed in by a session cookie in a page of ours."""

    def __init__(self, client: TestClient, email: str) -> None:
        self._client = client
        self.email = email
        client.cookies.clear()
        # Everybody comes from an address of their own: 30 sign-ins from one in ten minutes are too many.
        number = next(_numbers)
        address = {"x-forwarded-for": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
        credentials = {"email": email, "password": PASSWORD}
        answer = client.post("/api/v1/session", json=credentials, headers=address)
        assert answer.status_code == 204, answer.text
        self.cookie = answer.headers["set-cookie"].split(";")[0]
        client.cookies.clear()

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        headers = {
            "cookie": self.cookie,
            "sec-fetch-site": "same-origin",
            **dict(options.pop("headers", None) or {}),  # type: ignore[call-overload]
        }
        if not path.startswith(("/api/", "/epcis/", "/m/", "/h/", "/01/", "/console")):
            path = f"/api/v1{path}"
        return self._client.request(method, path, headers=headers, **options)  # type: ignore[arg-type]

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: object) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: object) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: object) -> httpx.Response:
        return self.request("DELETE", path, **options)


def make_account(runtime: Runtime, tenant_id: int, *roles: Role) -> str:
    """Make an account and return its e-mail; its password is `PASSWORD`."""
    email = f"someone-{os.getpid()}-{next(_numbers)}@example.cn"
    with runtime.database.transaction(PLATFORM) as session:
        new = accounts.NewAccount(tenant_id, email, "某人", frozenset(roles), PASSWORD)
        accounts.create_account(session, new, now=datetime.now(UTC))
    return email


@pytest.fixture
def admin(runtime: Runtime, client: TestClient, brand: Brand) -> SignedInClient:
    """An administrator of the test's brand."""
    return SignedInClient(client, make_account(runtime, brand.id, Role.BRAND_ADMIN))


@pytest.fixture
def operator(runtime: Runtime, client: TestClient) -> SignedInClient:
    """An operator of the platform."""
    return SignedInClient(client, make_account(runtime, 0, Role.PLATFORM_OPERATOR))
