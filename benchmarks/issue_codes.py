"""How fast codes are issued and read on one core, beside what one would otherwise use.

    python benchmarks/issue_codes.py [--rounds 5]

The contestants take turns, round by round, so that a slow minute of the machine falls on all of them; what
counts is the median of the rounds, and the ratio of medians. With WUMA_BENCH_DSN set, random codes kept
unique by PostgreSQL run too. The result is written to benchmarks/results/issue_codes.json.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg
from ff3 import FF3Cipher

from benchmarks import report
from wuma.chain.codes.alphabet import ALPHABET, NotACode, looks_mistyped, read_serial, spell
from wuma.chain.codes.construction import NO_UNIT, Codebook, OrderKeys, Role
from wuma.kernel.keys import Keyring, SealedKeyFile, UnsealFile

CHUNK: Final = 1 << 16
CHUNKS: Final = 16
FF3_CODES: Final = 3_000
RANDOM_CODES: Final = 200_000
READS: Final = 20_000

LIMITS: Final = {"open_text": 3_000_000, "open_long_typed_text": 1_000_000}
"""Per second on one core; the second is in items of three codes."""
RATIO_TO_FF3_MIN: Final = 100

FPE: Final = (
    "does not build on Python 3.11: its src/FPE/ff1.c includes longintrepr.h, which is no longer there"
)


def main() -> int:
    """Run the rounds, write the result, and say by the exit code whether the limits hold."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds

    with tempfile.TemporaryDirectory() as folder:
        codebook, order = fresh_keys(Path(folder))
        contestants = {
            "open_text": lambda: issue(codebook, order, [Role.OPEN]),
            "open_long_typed_text": lambda: issue(codebook, order, list(Role)),
            "check_open_text": lambda: check(codebook, order),
            "read_and_vouch": lambda: read(codebook, order),
            "refuse_forged": lambda: refuse(codebook, forged_codes(codebook)),
            "refuse_mistyped": lambda: refuse(codebook, mistyped_codes()),
            "looks_mistyped": lambda: suspect(mistyped_codes()),
            "ff3": ff3,
            "token_urlsafe": token_urlsafe,
        }
        dsn = os.environ.get("WUMA_BENCH_DSN")
        connection = psycopg.connect(dsn) if dsn else None
        if connection is not None:
            contestants["token_urlsafe_unique_in_postgresql"] = lambda: unique_in_postgresql(connection)
        rates = take_turns(contestants, rounds)
        server = connection.info.parameter_status("server_version") if connection is not None else None

    medians = {name: round(statistics.median(values)) for name, values in rates.items()}
    result: dict[str, Any] = {
        "benchmark": "issue_codes",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": report.machine(),
        "versions": report.versions("wuma", "numpy", "cryptography", "ff3", "psycopg")
        | ({"postgresql": server} if server else {}),
        "rounds": rounds,
        "unit": "per second on one core; open_long_typed_text counts items of three codes",
        "medians": medians,
        "all_rounds": {name: [round(value) for value in values] for name, values in rates.items()},
        "comparison": {
            f"open_text / {peer}": round(medians["open_text"] / medians[peer], 1)
            for peer in ("ff3", "token_urlsafe", "token_urlsafe_unique_in_postgresql")
            if peer in medians
        },
        "not_run": {"fpe": FPE}
        | ({} if server else {"token_urlsafe_unique_in_postgresql": "WUMA_BENCH_DSN is not set"}),
        "limits": LIMITS | {"open_text / ff3": RATIO_TO_FF3_MIN},
    }
    result["within_limits"] = (
        all(medians[name] >= limit for name, limit in LIMITS.items())
        and result["comparison"]["open_text / ff3"] >= RATIO_TO_FF3_MIN
    )
    path = Path(__file__).parent / "results" / "issue_codes.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
    print(json.dumps({key: result[key] for key in ("medians", "comparison", "within_limits")}, indent=2))
    return 0 if result["within_limits"] else 1


def take_turns(contestants: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Run every contestant once a round, the first round to warm up; return their rates."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, run in contestants.items():
            rate = run()
            if number:
                rates[name].append(rate)
                print(f"round {number}  {name:36} {rate:14,.0f}/s", file=sys.stderr)
    return rates


def issue(codebook: Codebook, order: OrderKeys, roles: list[Role]) -> float:
    """Issue codes as fixed-width text, a chunk at a time, as a print file does."""
    start = time.perf_counter()
    for first in range(0, CHUNK * CHUNKS, CHUNK):
        for role in roles:
            codebook.issue(role, order, first, CHUNK)
    return CHUNK * CHUNKS / (time.perf_counter() - start)


def check(codebook: Codebook, order: OrderKeys) -> float:
    """Read a printed file back."""
    codes = codebook.issue(Role.OPEN, order, 0, CHUNK)
    start = time.perf_counter()
    genuine_count = sum(
        int(np.count_nonzero(codebook.check_many(Role.OPEN, order, codes) != NO_UNIT)) for _ in range(CHUNKS)
    )
    seconds = time.perf_counter() - start
    assert genuine_count == CHUNK * CHUNKS
    return genuine_count / seconds


def read(codebook: Codebook, order: OrderKeys) -> float:
    """One genuine code after the other, from the text of a URI to "vouched for"."""
    codes = codebook.issue(Role.OPEN, order, 0, READS).astype(str).tolist()
    start = time.perf_counter()
    genuine_count = sum(order.vouch(codebook.read(Role.OPEN, read_serial(code))) for code in codes)
    seconds = time.perf_counter() - start
    assert genuine_count == READS
    return READS / seconds


def forged_codes(codebook: Codebook) -> tuple[list[str], OrderKeys]:
    """Well-formed codes with a fitting head, and the keys of the order they will be held against."""
    return [spell(1, secrets.randbits(75), 16) for _ in range(READS)], codebook.order(
        epoch=1, tenant_id=7, order_id=42
    )


def mistyped_codes() -> tuple[list[str], None]:
    """Codes whose head does not fit."""
    return [spell(2, secrets.randbits(75), 16) for _ in range(READS)], None


def refuse(codebook: Codebook, forged: tuple[list[str], OrderKeys | None]) -> float:
    """One forged code after the other, from the text of a URI to the refusal."""
    codes, order = forged
    refused_count = 0
    start = time.perf_counter()
    for code in codes:
        try:
            claim = codebook.read(Role.OPEN, read_serial(code))
        except NotACode:
            refused_count += 1
        else:
            refused_count += order is not None and not order.vouch(claim)
    seconds = time.perf_counter() - start
    assert refused_count == len(codes)
    return len(codes) / seconds


def suspect(mistyped: tuple[list[str], None]) -> float:
    """What a server can say of a typed text without any key."""
    codes, _ = mistyped
    start = time.perf_counter()
    mistyped_count = sum(looks_mistyped(code, {1}) for code in codes)
    seconds = time.perf_counter() - start
    assert mistyped_count == len(codes)
    return len(codes) / seconds


def ff3() -> float:
    """The `ff3` package (FF3-1, AES-256) on the same 16 characters of the same alphabet."""
    cipher = FF3Cipher.withCustomAlphabet(secrets.token_hex(32), secrets.token_hex(7), ALPHABET)
    plain = [spell(0, index, 16) for index in range(FF3_CODES)]
    start = time.perf_counter()
    for text in plain:
        cipher.encrypt(text)
    return FF3_CODES / (time.perf_counter() - start)


def token_urlsafe() -> float:
    """Random codes of 16 characters, with nothing to keep them unique or to know them again."""
    start = time.perf_counter()
    for _ in range(RANDOM_CODES):
        secrets.token_urlsafe(12)
    return RANDOM_CODES / (time.perf_counter() - start)


def unique_in_postgresql(connection: psycopg.Connection) -> float:
    """Random codes of 16 characters, stored by COPY under a primary key and committed."""
    with connection.cursor() as cursor:
        cursor.execute('CREATE TABLE IF NOT EXISTS bench_code (code char(16) COLLATE "C" PRIMARY KEY)')
        connection.commit()
        try:
            start = time.perf_counter()
            with cursor.copy("COPY bench_code FROM STDIN") as copy:
                for _ in range(RANDOM_CODES):
                    copy.write_row((secrets.token_urlsafe(12),))
            connection.commit()
            return RANDOM_CODES / (time.perf_counter() - start)
        finally:
            cursor.execute("DROP TABLE bench_code")
            connection.commit()


def fresh_keys(folder: Path) -> tuple[Codebook, OrderKeys]:
    """Make keys that die with the benchmark."""
    unseal = UnsealFile(folder / "unseal")
    unseal.create()
    codebook = Codebook(Keyring(SealedKeyFile.create(folder / "sealed", unseal)))
    return codebook, codebook.order(epoch=1, tenant_id=7, order_id=42)


if __name__ == "__main__":
    sys.exit(main())
