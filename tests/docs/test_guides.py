"""What the guides tell people to type works, on an installation that was made as a guide says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2 as httpx
import pytest

from tests.docs.conftest import Installation
from tests.docs.guides import DOCS, blocks
from tests.labels import Label, bring, make_product, open_batch, place_order, print_labels
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.orders import Level
from wuma.entrypoints import wiring
from wuma.entrypoints.doctor import examine
from wuma.kernel.auth import accounts, tokens
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.embedded_postgres import EmbeddedPostgres
from wuma.kernel.ids import uuid7
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope
from wuma.ops.roles import GRANTS
from wuma.support.masterdata.products import Product

SECONDS_MAX = 60


@pytest.fixture(scope="module")
def runtime_there(installation: Installation) -> Iterator[Runtime]:
    """Our own access to the installation, to make what a guide takes as given."""
    of = installation.environment
    settings = Settings(data=Path(of["WUMA_DATA"]), dsn=of["WUMA_DSN"], owner_dsn=of["WUMA_OWNER_DSN"])
    runtime = wiring.build_runtime(settings)
    yield runtime
    runtime.database.close()


pytestmark = pytest.mark.xdist_group("guides")  # one installation serves them all

Shell = Callable[..., str]


@pytest.fixture
def shell(installation: Installation, tmp_path: Path) -> Shell:
    """Run blocks one after the other in one shell that stops at the first failure, as `set -e` has it."""
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} on this machine: the guides use it")

    def run(scripts: list[str], **variables: object) -> str:
        assert scripts, "the guide has no tested blocks"
        environment = {name: str(value) for name, value in variables.items()}
        done = subprocess.run(
            ["sh", "-eu"],
            input="\n".join(scripts).encode(),
            env={**installation.environment, "WUMA": installation.url, **environment},
            cwd=tmp_path,
            capture_output=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        said = done.stdout.decode()
        assert done.returncode == 0, f"{said}\n{done.stderr.decode()}"
        return said

    return run


@dataclass(frozen=True)
class GuideBrand:
    """A brand with a product, and labels of it that were printed."""

    runtime: Runtime
    tenant_id: int
    product: Product

    def token(self, role: Role) -> str:
        """Return an API token of somebody new with a role."""
        now = datetime.now(UTC)
        email = f"{role}-{uuid7()}@{self.tenant_id}.guide.test"
        new = accounts.NewAccount(self.tenant_id, email, role, frozenset({role}), "correct horse battery")
        with self.runtime.database.transaction(PLATFORM) as session:
            account = accounts.create_account(session, new, now=now)
            owner = principal_for(session, account, GRANTS, tenant_slug=None)
            _, text = tokens.issue(
                session, owner, name="guide", permissions=owner.permissions, days=1, now=now
            )
            return text

    def printed(self, quantity: int, level: Level = Level.ITEM) -> tuple[CodeOrder, list[Label]]:
        """Order codes and have them printed."""
        with self.runtime.database.transaction(Scope.of(self.tenant_id)) as session:
            order = place_order(session, self.runtime.keyring, self.product, quantity, level)
            bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.ENCODED)
        return order, print_labels(self.runtime.keyring, order)

    def activated(self) -> Label:
        """Return the label of one can of a batch."""
        return self.activated_for("B1")[0]

    def activated_for(self, number: str) -> tuple[Label, UUID]:
        """Return the label of one can of the batch of a number, and the batch."""
        _, (label,) = self.printed(1)
        with self.runtime.database.transaction(Scope.of(self.tenant_id)) as session:
            batch = open_batch(session, self.product, number=number)
            bring(session, [UnitRange(label.unit, label.unit)], CodeState.COMMISSIONED, batch.id)
            return label, batch.id


@pytest.fixture(scope="module")
def guide_brand(runtime_there: Runtime) -> GuideBrand:
    now = datetime.now(UTC)
    with runtime_there.database.transaction(PLATFORM) as session:
        tenant = accounts.create_tenant(session, slug="guides", name_zh="示例", name_en="Guides", now=now)
        return GuideBrand(runtime_there, tenant.id, make_product(session, tenant.id))


def test_run_on_your_own_postgresql(shell: Shell) -> None:
    said = shell(blocks("run-on-your-own-postgresql.md", "sh"))

    assert "BAD" not in said
    assert "a database of your own" in said


def test_users_roles_tokens(shell: Shell) -> None:
    said = shell(blocks("users-roles-tokens.md", "sh"))

    assert '"trace.capture"' in said
    assert "403" in said


def test_activate_and_reconcile(shell: Shell, guide_brand: GuideBrand) -> None:
    order, labels = guide_brand.printed(1000)
    read = {f"LABEL_{n}": f"https://id.wuma.test{labels[n - 1].open_path}" for n in (501, 900, 901, 902, 903)}
    wait = """
    tries=0; until curl -sS $WUMA/api/v1/code-orders/$ORDER -H "Authorization: Bearer $BRAND" |
      jq -e '.reconciliation.used == 898'; do tries=$((tries + 1)); [ $tries -lt 100 ]; sleep 0.1; done
    """
    *doing, reconciling, voiding = blocks("activate-and-reconcile.md", "sh")

    said = shell(
        [*doing, wait, voiding, reconciling],
        BRAND=guide_brand.token(Role.BRAND_ADMIN),
        PRODUCT=guide_brand.product.id,
        ORDER=order.id,
        **read,
    )

    equation = '"ordered":1000,"not_printed":0,"printed":1000,"used":898,"scrapped":5,"void":97,"missing":0'
    assert equation in "".join(said.split())


def test_capture_and_query_epcis(shell: Shell, guide_brand: GuideBrand) -> None:
    _, cans = guide_brand.printed(6)
    _, (case,) = guide_brand.printed(1, Level.CASE)
    names = {f"CAN_{n}": f"https://id.wuma.test{can.open_path}" for n, can in enumerate(cans, start=1)}

    said = shell(
        blocks("capture-and-query-epcis.md", "sh"),
        BRAND=guide_brand.token(Role.QA),
        CASE=f"https://id.wuma.test{case.open_path}",
        **names,
    )

    shipped_with_its_case = f'"shipping",["https://id.gs1.org{case.open_path}"]]'
    assert shipped_with_its_case in said
    assert 'rel="next"' in said


@pytest.mark.parametrize("guide", ["trace-goods.md", "trace-goods.zh-CN.md"])
def test_trace_goods(shell: Shell, guide_brand: GuideBrand, guide: str) -> None:
    _, cans = guide_brand.printed(6)
    _, (case,) = guide_brand.printed(1, Level.CASE)
    names = {f"CAN_{n}": f"https://id.wuma.test{can.open_path}" for n, can in enumerate(cans, start=1)}
    capturing = blocks("capture-and-query-epcis.md", "sh")[0]

    said = shell(
        [capturing, *blocks(guide, "sh")],
        BRAND=guide_brand.token(Role.QA),
        CASE=f"https://id.wuma.test{case.open_path}",
        CAN=names["CAN_1"],
        **names,
    )

    assert '["unknown",null,1,null,null,"shipping"]' in said
    assert '[1,1,false,["contained"]]' in said
    assert "[1,[[null,1]]]" in said


def test_lead_codes_to_pages(shell: Shell, guide_brand: GuideBrand) -> None:
    said = shell(
        blocks("lead-codes-to-pages.md", "sh"),
        BRAND=guide_brand.token(Role.MARKETER),
        GTIN=guide_brand.product.gtin,
    )

    assert "307\nhttps://www.xingchen.example/en/p3\n307 https://www.xingchen.example/en/p3" in said
    assert said.endswith("\n1\n")


def test_answer_a_customer_complaint(
    shell: Shell, guide_brand: GuideBrand, installation: Installation
) -> None:
    label = guide_brand.activated()
    with httpx.Client(base_url=installation.url, headers={"accept": "application/json"}) as phone:
        answer = phone.post(label.typed_path).json()
        while answer["verdict"] == "unknown":  # a process hears of a new order within a second or two
            assert not answer.get("retry_after_seconds"), "the order never became known"
            time.sleep(0.5)
            answer = phone.post(label.typed_path).json()
        complaint = {"concern": "code_copied", "text": "It says in doubt.", "scan_id": answer["scan_id"]}
        assert phone.post("/m/reports", data=complaint).status_code == 201

    said = shell(
        blocks("answer-a-customer-complaint.md", "sh"),
        SERVICE=guide_brand.token(Role.CUSTOMER_SERVICE),
        CODE=label.typed_path.removeprefix("/h/"),
    )

    assert '"outcome": "first_genuine"' in said
    assert "It says in doubt." in said
    assert '"handled"' in said


def test_recall_goods(shell: Shell, guide_brand: GuideBrand) -> None:
    label, batch_id = guide_brand.activated_for("RECALLED")

    said = shell(
        blocks("recall-goods.md", "sh"),
        QA=guide_brand.token(Role.QA),
        BATCH=batch_id,
        CAN=f"https://id.wuma.test{label.open_path}",
    )

    balance = '{"affected":1,"destroyed":0,"held":1,"outstanding":0}'
    assert balance in "".join(said.split())
    assert said.rstrip().endswith('Z"')


def test_keep_a_batch_dossier(shell: Shell, guide_brand: GuideBrand) -> None:
    with guide_brand.runtime.database.transaction(Scope.of(guide_brand.tenant_id)) as session:
        batch = open_batch(session, guide_brand.product, number="D260105")

    said = shell(
        blocks("keep-a-batch-dossier.md", "sh"),
        QA=guide_brand.token(Role.QA),
        ADMIN=guide_brand.token(Role.BRAND_ADMIN),
        BATCH=batch.id,
        LOT=batch.number,
    )

    assert '"limit": "≤ 5.0"' in said
    assert '"created_count": 4' in said
    assert '"kind": "market"' in said
    assert said.endswith("%PDF\n")


def test_keys_are_rotated_and_their_copy_opens(shell: Shell, guide_brand: GuideBrand) -> None:
    label = guide_brand.activated()

    said = shell(
        [*blocks("keys-and-backup.md", "sh"), "curl -sS -X POST -H accept:application/json $WUMA$HIDDEN"],
        HIDDEN=label.typed_path,
    )

    assert said.count("epoch 2  generation 1  issuing") == 2, "shown after the rotation, and from the copy"
    assert '"verdict":"first_genuine"' in said, "codes of before the rotation go on verifying"


def test_a_backup_of_the_embedded_database_can_be_started() -> None:
    folder = Path(tempfile.mkdtemp(prefix="wuma-backup-"))
    folder.chmod(0o755)
    try:
        data, backup, restored = folder / "data", folder / "backup", folder / "restored"
        settings = Settings(data=data)
        with EmbeddedPostgres(data, fsync=False):
            wiring.prepare(settings)
            (data / "blobs").mkdir(exist_ok=True)
            backup.mkdir(mode=0o700)
            (script,) = blocks("keys-and-backup.md", "sh", "with an embedded database")
            programs = Path(sys.executable).parent
            environment = {"PATH": f"{programs}:{os.defpath}", "WUMA_DATA": str(data), "BACKUP": str(backup)}
            subprocess.run(["sh", "-eu", "-c", script], env=environment, check=True, timeout=SECONDS_MAX)
            owner = (data / "pg").stat()

        backup.rename(restored)
        restored.chmod(0o755)
        for path in [restored / "pg", *(restored / "pg").rglob("*")]:
            os.chown(path, owner.st_uid, owner.st_gid)  # as root, the guide has it; otherwise nothing changes
        with EmbeddedPostgres(restored, fsync=False):
            findings = {one.piece: one for one in examine(Settings(data=restored))}

        assert findings["keys"].is_well
        assert findings["database"].is_well, findings["database"].what
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_every_translated_guide_has_the_same_commands() -> None:
    differing = [
        name
        for name in sorted(path.name for path in (DOCS / "how-to").glob("*.zh-CN.md"))
        if blocks(name, "sh") != blocks(name.replace(".zh-CN", ""), "sh")
    ]

    assert differing == []
