"""The commands of an operator: brands, people, keys, codes, imports, and the state of the whole.

They look at or change the data of a server that runs: they find its database in the data folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from wuma.chain.codes.facade import (
    Identified,
    Identifier,
    Level,
    NewOrder,
    TenantDirectory,
    identify,
    place,
    read_label,
)
from wuma.entrypoints import wiring
from wuma.entrypoints.cli import DATA, AsJson, Data, app
from wuma.entrypoints.doctor import examine
from wuma.kernel.auth import accounts, tokens
from wuma.kernel.auth.grants import Role
from wuma.kernel.auth.models import Account, Tenant
from wuma.kernel.auth.principals import principal_for
from wuma.kernel.clock import utc_now
from wuma.kernel.runtime import Runtime
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM
from wuma.ops.housekeeping import check_invariants
from wuma.ops.roles import GRANTS
from wuma.support.masterdata.facade import product_by_gtin
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.load import import_file
from wuma.support.masterdata.importing.report import ImportReport
from wuma_gs1.keys import Gtin

tenant_app = typer.Typer(help="Brands on this platform.", no_args_is_help=True)
account_app = typer.Typer(help="People who can sign in.", no_args_is_help=True)
token_app = typer.Typer(help="API tokens for programs.", no_args_is_help=True)
keys_app = typer.Typer(help="The keys behind all codes.", no_args_is_help=True)
codes_app = typer.Typer(help="Orders of codes, and what a code stands for.", no_args_is_help=True)
app.add_typer(codes_app, name="codes")
app.add_typer(tenant_app, name="tenant")
app.add_typer(account_app, name="account")
app.add_typer(token_app, name="token")
app.add_typer(keys_app, name="keys")


@app.command()
def doctor(data: Data = DATA, as_json: AsJson = False) -> None:
    """Say what this installation consists of, and what is wrong with it."""
    findings = examine(Settings(data=data))
    if as_json:
        print(json.dumps([finding.as_json() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(finding)
    raise typer.Exit(0 if all(finding.is_well for finding in findings) else 1)


@app.command()
def invariants(data: Data = DATA, as_json: AsJson = False) -> None:
    """Check now what must always be true of the data."""
    from wuma.entrypoints.work import INVARIANTS  # imports what every task needs; no other command does

    with _running(data) as runtime:
        results = check_invariants(runtime, INVARIANTS)
    if as_json:
        print(json.dumps({r.invariant.name: r.violation_count for r in results}))
    else:
        for result in results:
            print(f"{result.violation_count:>8}  {result.invariant.name}: {result.invariant.promise}")
    raise typer.Exit(1 if any(result.violation_count for result in results) else 0)


@tenant_app.command("add")
def add_tenant(
    slug: Annotated[str, typer.Argument(help="Its short name: a-z, 0-9, hyphens.")],
    name_zh: Annotated[str, typer.Option(help="Its Chinese name.")],
    name_en: Annotated[str, typer.Option(help="Its English name.")],
    data: Data = DATA,
) -> None:
    """Add a brand."""
    with _running(data) as runtime, runtime.database.transaction(PLATFORM) as session:
        tenant = accounts.create_tenant(session, slug=slug, name_zh=name_zh, name_en=name_en, now=utc_now())
        print(tenant.id)


@account_app.command("add")
def add_account(
    email: Annotated[str, typer.Argument(help="The e-mail address to sign in with.")],
    role: Annotated[list[Role], typer.Option(help="What they are; may be given several times.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    tenant: Annotated[str, typer.Option(help="The brand they belong to.")] = "platform",
    data: Data = DATA,
) -> None:
    """Add somebody who can sign in; the password is read from the terminal, or from standard input."""
    password = _read_password()
    with _running(data) as runtime, runtime.database.transaction(PLATFORM) as session:
        tenant_id = session.scalar(select(Tenant.id).where(Tenant.slug == tenant))
        if tenant_id is None:
            _fail(f"tenant {tenant!r}: there is none of this name")
        new = accounts.NewAccount(tenant_id, email, name, frozenset(role), password)
        print(accounts.create_account(session, new, now=utc_now()).id)


@token_app.command("issue")
def issue_token(
    email: Annotated[str, typer.Argument(help="Whose token it is.")],
    name: Annotated[str, typer.Option(help="What it is for.")],
    permission: Annotated[
        list[str] | None, typer.Option(help="What it may do; by default all its owner may.")
    ] = None,
    days: Annotated[int, typer.Option(help="How long it lives.")] = 90,
    data: Data = DATA,
) -> None:
    """Issue an API token; it is shown this once."""
    with _running(data) as runtime, runtime.database.transaction(PLATFORM) as session:
        account = session.scalar(select(Account).where(Account.email == email.lower()))
        if account is None:
            _fail(f"account {email!r}: there is none")
        owner = principal_for(session, account, GRANTS, tenant_slug=None)
        permissions = frozenset(permission or owner.permissions)
        _, text = tokens.issue(session, owner, name=name, permissions=permissions, days=days, now=utc_now())
        print(text)


@keys_app.command("show")
def show_keys(data: Data = DATA, as_json: AsJson = False) -> None:
    """List the epochs and what they may still do."""
    unsealed = wiring.key_port(Settings(data=data)).load()
    epochs = [
        {"epoch": e.number, "generation": e.generation, "state": e.state.value} for e in unsealed.epochs
    ]
    if as_json:
        print(json.dumps(epochs))
    else:
        for epoch in epochs:
            print("epoch {epoch}  generation {generation}  {state}".format(**epoch))


@keys_app.command("rotate")
def rotate_keys(
    fresh_root: Annotated[
        bool, typer.Option(help="Start a new generation of root secrets: after a leak, not every year.")
    ] = False,
    data: Data = DATA,
) -> None:
    """Open a new epoch: new orders use it, all printed codes go on verifying. Then back up the key file."""
    settings = Settings(data=data)
    port = wiring.key_port(settings)
    number = port.open_epoch(fresh_root=fresh_root)
    wiring.publish_token_key(settings)
    print(f"epoch {number} issues now; keep a copy of {port.path}")


@app.command()
def worker(data: Data = DATA) -> None:
    """Run one more job worker beside a running server."""
    from wuma.entrypoints.worker import work

    work(Settings(data=data))


@app.command("import")
def import_master_data(
    kind: Annotated[ImportKind, typer.Argument(help="What the file holds.")],
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, JSON or JSON lines.", exists=True, dir_okay=False)],
    tenant: Annotated[str, typer.Option(help="The brand it is for.")],
    dry_run: Annotated[bool, typer.Option(help="Only say what would happen.")] = False,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Import master data: all of a file, or nothing of it and the reasons."""
    console = Console(stderr=True)
    with _running(data) as runtime, console.status("reading") as status:
        report = import_file(
            runtime.database,
            file,
            kind,
            tenant_slug=tenant,
            dry_run=dry_run,
            now=utc_now(),
            progress=lambda row_count: status.update(f"{row_count:,} rows"),
        )
    if as_json:
        print(json.dumps(asdict(report), ensure_ascii=False))
    else:
        _print_import(report)
    raise typer.Exit(1 if report.error_count else 0)


def _print_import(report: ImportReport) -> None:
    done = "imported" if report.applied else "nothing was imported"
    print(f"{report.row_count} rows: {done}")
    print(f"{report.created_count} new, {report.updated_count} changed, {report.unchanged_count} as before")
    for note in report.notes:
        print(f"note: {note}")
    for fault in report.errors:
        print(fault)
    if report.error_count > len(report.errors):
        print(f"… and {report.error_count - len(report.errors)} more")


@codes_app.command("order")
def order_codes(
    gtin: Annotated[str, typer.Argument(help="The GTIN of an item or a case.")],
    quantity: Annotated[int, typer.Argument(help="How many codes.", min=1)],
    data: Data = DATA,
) -> None:
    """Order codes for a product; they are there at once."""
    digits = Gtin.parse(gtin).value
    with _running(data) as runtime, runtime.database.transaction(PLATFORM) as session:
        product = product_by_gtin(session, digits)
        if product is None:
            _fail(f"GTIN {digits}: no brand here has a product with it")
        if any(former.gtin == digits for former in product.former_gtins):
            _fail(f"GTIN {digits}: no longer in use; in force: {product.replacement(digits) or 'none'}")
        level = Level.ITEM if product.gtin == digits else Level.CASE
        new = NewOrder(
            tenant_id=product.tenant_id,
            product_id=product.id,
            level=level,
            quantity=quantity,
            gtin=digits,
            company_prefix=None,
            has_hidden=level is Level.ITEM,
        )
        order = place(session, runtime.keyring, new, actor="cli", now=utc_now())
        print(json.dumps({"order": order.id, "first_unit": order.first_unit, "last_unit": order.last_unit}))


@codes_app.command("read")
def read_code(
    code: Annotated[str, typer.Argument(help="A code in any form: a link, an element string, bare.")],
    data: Data = DATA,
) -> None:
    """Say what a code stands for, from keys and orders alone; exit code 1 when it is none of ours."""
    with _running(data) as runtime, runtime.database.transaction(PLATFORM) as session:
        found = identify(Identifier(runtime.keyring, TenantDirectory(session)), read_label(code))
    one = found[0] if found else None
    if isinstance(one, Identified):
        print(json.dumps({"kind": one.kind, "unit": one.unit, "order": one.order.id, "gtin": one.order.gtin}))
        return
    print(json.dumps({"kind": one.kind if one else None, "why_not": one.why if one else "foreign"}))
    raise typer.Exit(1)


@contextmanager
def _running(data: Path) -> Iterator[Runtime]:
    """Connect to the installation in a data folder, whose server must be running."""
    runtime = wiring.build_runtime(Settings(data=data))
    try:
        yield runtime
    except OperationalError:
        _fail(f"no database answers in {data}: start it with `wuma serve --data {data}`")
    finally:
        runtime.database.close()


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


def _fail(message: str) -> NoReturn:
    print(f"wuma: {message}", file=sys.stderr)
    raise typer.Exit(1)
