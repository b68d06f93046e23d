"""A brand that orders codes and a vendor that prints them: what tests of printing begin with."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2 as httpx
import pyrage
from sqlalchemy import select, text
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from wuma.chain.codes import orders, print_job
from wuma.chain.codes.models import PrintFile
from wuma.chain.codes.orders import Level, NewOrder
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.tenancy import PLATFORM

GTIN = "06901234567892"


@dataclass
class Vendor:
    """A printing vendor with an account and a key."""

    client: SignedInClient
    account: UUID
    identity: Any = field(default_factory=pyrage.x25519.Identity.generate)

    @property
    def public_key(self) -> str:
        return str(self.identity.to_public())

    def release(self, file_id: str) -> httpx.Response:
        return self.client.post(f"/print-files/{file_id}/release")

    def fetch(self, content_url: str, **options: Any) -> httpx.Response:
        return self.client.get(content_url, **options)

    def open(self, content: bytes) -> str:
        return self.open_bytes(content).decode()

    def open_bytes(self, content: bytes) -> bytes:
        plain: bytes = pyrage.decrypt(content, [self.identity])
        return plain


class PrintShop:
    """One brand, its administrator, and its vendor."""

    def __init__(self, runtime: Runtime, client: TestClient, brand: Brand) -> None:
        self.runtime = runtime
        self.brand = brand
        self._client = client
        self.admin = self.sign_in(Role.BRAND_ADMIN)
        self.vendor = self.new_vendor()

    def sign_in(self, *roles: Role) -> SignedInClient:
        return SignedInClient(self._client, make_account(self.runtime, self.brand.id, *roles))

    def new_vendor(self, *more: Role) -> Vendor:
        client = self.sign_in(Role.PRINTING_VENDOR, *more)
        with self.runtime.database.transaction(PLATFORM) as session:
            account = session.scalars(select(Account.id).where(Account.email == client.email)).one()
        return Vendor(client, account)

    def place(
        self, quantity: int, *, level: Level = Level.ITEM, gtin: str = GTIN, has_hidden: bool = True
    ) -> int:
        """Order codes and return the order's id."""
        is_pallet = level is Level.PALLET
        new = NewOrder(
            tenant_id=self.brand.id,
            product_id=uuid7(),
            level=level,
            quantity=quantity,
            gtin=None if is_pallet else gtin,
            company_prefix=f"69{self.brand.id:07d}" if is_pallet else None,
            has_hidden=has_hidden and not is_pallet,
        )
        with self.runtime.database.transaction(self.brand.scope) as session:
            return orders.place(session, self.runtime.keyring, new, actor="test", now=datetime.now(UTC)).id

    def ask(self, order_id: int, **form: Any) -> httpx.Response:
        """Ask for print files for the vendor."""
        return self.admin.post(f"/code-orders/{order_id}/print-files", json=self.form(**form))

    def form(self, **form: Any) -> dict[str, Any]:
        return {
            "template": "item-open-hidden",
            "recipient_name": "Anhui Print",
            "recipient_public_key": self.vendor.public_key,
            "recipient_account": str(self.vendor.account),
            **form,
        }

    def make(self, file_id: str) -> None:
        """Run the job that makes a file, as the worker does."""
        print_job.make(self.runtime, tenant_id=self.brand.id, print_file_id=file_id)

    def made(self, order_id: int, **form: Any) -> dict[str, Any]:
        """Ask for one file, make it, and return it."""
        answer = self.ask(order_id, **form)
        assert answer.status_code == 201, answer.text
        (file,) = answer.json()
        self.make(file["id"])
        return self.file(file["id"])

    def file(self, file_id: str) -> dict[str, Any]:
        answer = self.admin.get(f"/print-files/{file_id}")
        assert answer.status_code == 200, answer.text
        view: dict[str, Any] = answer.json()
        return view

    def set(self, file_id: str, **values: Any) -> None:
        """Change a row behind the API's back: time has passed."""
        with self.runtime.database.transaction(self.brand.scope) as session:
            file = session.get_one(PrintFile, UUID(file_id))
            for name, value in values.items():
                setattr(file, name, value)

    def rows(self, content: bytes, delimiter: str = ",") -> list[list[str]]:
        """Decrypt a file and read its rows, header and all."""
        return list(csv.reader(io.StringIO(self.vendor.open(content)), delimiter=delimiter))

    def queued(self, file_id: str) -> list[dict[str, Any]]:
        """The jobs that wait for a file."""
        with self.runtime.database.transaction(PLATFORM) as session:
            query = text(
                "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'codes.make_print_file'"
                " AND args ->> 'print_file_id' = :file_id"
            )
            return list(session.scalars(query, {"file_id": file_id}))

    def states(self, order_id: int) -> dict[str, int]:
        """How many codes of an order are in which state."""
        with self.runtime.database.transaction(self.brand.scope) as session:
            query = text(
                "SELECT state, sum(last_unit - first_unit + 1)::int AS count FROM codes.run"
                " WHERE order_id = :order_id GROUP BY state"
            )
            return {row.state: row.count for row in session.execute(query, {"order_id": order_id})}
