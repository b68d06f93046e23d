"""Loading a running server over HTTP from a second process on the same machine, with wrk.

Contestants take turns, so that a slow minute of the machine falls on all of them; what counts is the median
of the rounds. At the highest rate latency only says how many are queueing, so the latency that people would
see is measured again, at 70 % of it.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import report

CONNECTIONS: Final = 64
START_SECONDS: Final = 5
CALM_SHARE: Final = 0.7

SCRIPT: Final = """
-- What goes out is written before the clock starts: the load shares the machine with those it measures.
local requests = {{}}
local place = 0
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
  place = math.floor(#requests * {start_share})
end
request = function()
  place = place % #requests + 1
  return requests[place]
end
if threads_delay > 0 then
  delay = function() return math.random() * 2 * threads_delay end
end
"""


@dataclass(frozen=True)
class Contestant:
    """A server's port, and the requests to send: a method, and a file with a path in each line."""

    port: int
    method: str
    lines: Path


def compete(
    folder: Path,
    contestants: Mapping[str, Contestant],
    calm: Sequence[str],
    *,
    rounds: int,
    seconds: int,
) -> dict[str, Any]:
    """Load the contestants in turn, and then those named in `calm` at 70 % of their highest rate."""
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    p99: dict[str, list[float]] = {name: [] for name in contestants}
    errors: dict[str, int] = dict.fromkeys(contestants, 0)
    for number in range(rounds):
        for name, contestant in contestants.items():
            answered = wrk(folder, contestant, seconds=seconds, start_share=number / 8)
            rates[name].append(answered["per_second"])
            p99[name].append(answered["p99_ms"])
            errors[name] += int(answered["errors"])
            _say(f"round {number + 1}", name, answered)
    calmly: dict[str, list[dict[str, float]]] = {name: [] for name in calm}
    for number in range(rounds):
        for name, seen in calmly.items():
            highest = statistics.median(rates[name])
            busy_ms = 1000 * CONNECTIONS / highest
            delay_ms = max(1000 * CONNECTIONS / (CALM_SHARE * highest) - 0.5 * busy_ms, 0.0)
            answered = wrk(
                folder, contestants[name], seconds=seconds, start_share=(number + 5) / 8, delay_ms=delay_ms
            )
            seen.append({"share_of_highest": answered["per_second"] / highest, **answered})
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
            for name, seen in calmly.items()
        },
        "connections": CONNECTIONS,
    }


def judge(checks: Mapping[str, float], limits: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Hold figures against limits: a name with `_max` in it is a ceiling, any other a floor."""
    return {
        name: {
            "limit": limits[name],
            "measured": round(figure, 3),
            "holds": figure <= limits[name] if "_max" in name else figure >= limits[name],
        }
        for name, figure in checks.items()
    }


def print_limits(limits: Mapping[str, Mapping[str, Any]]) -> bool:
    """Print how the figures stand, and say whether all limits hold."""
    for name, figures in limits.items():
        sign = "ok " if figures["holds"] else "BAD"
        print(f"{sign}  {name:34} {figures['measured']:>10}  limit {figures['limit']}")
    return all(figures["holds"] for figures in limits.values())


def require_wrk() -> None:
    """End with a word when the load generator is not installed."""
    if shutil.which("wrk") is None:
        sys.exit("wrk is missing: apt-get install wrk")


def _say(turn: str, name: str, answered: dict[str, float]) -> None:
    print(f"{turn:9} {name:20} {answered['per_second']:>9.0f}/s  p99 {answered['p99_ms']:.0f} ms")


def wrk(
    folder: Path, contestant: Contestant, *, seconds: int, start_share: float, delay_ms: float = 0.0
) -> dict[str, float]:
    """Load a server, and return requests per second, the 99th percentile in ms, and how many failed.

    Args:
        folder: where the script for wrk is written.
        contestant: whom to ask, and what.
        seconds: how long.
        start_share: where in the file of paths to begin, as a share of it.
        delay_ms: the mean wait of a connection between two requests; none to ask as fast as it goes.
    """
    script = folder / "load.lua"
    script.write_text(
        SCRIPT.format(
            paths=contestant.lines,
            seed=random.randrange(10**6),
            start_share=start_share,
            method=contestant.method,
            delay=delay_ms,
        )
    )
    argv = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
        f"http://127.0.0.1:{contestant.port}",
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


@contextmanager
def wuma(data: Path, port: int, http_workers: int) -> Iterator[None]:
    """Run a server on a data folder."""
    argv = [
        shutil.which("wuma") or str(Path(sys.executable).with_name("wuma")),
        "serve",
        "--data",
        str(data),
        "--port",
        str(port),
    ]
    argv += ["--http-workers", str(http_workers)]
    with _running(argv, port, {"WUMA_LOG_LEVEL": "error"}):
        yield


@contextmanager
def peers(name: str, port: int, count: int, *arguments: str) -> Iterator[None]:
    """Run a peer in so many processes."""
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
