"""What every benchmark writes down beside its figures, and where."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parent / "results"


def machine() -> dict[str, Any]:
    """Say what it ran on, and how busy that was."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return {
        "cpu": next(names, "unknown"),
        "cores": os.cpu_count(),
        "load_1min": round(os.getloadavg()[0], 2),
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(*packages: str) -> dict[str, str]:
    """Say what it ran with."""
    return {"python": platform.python_version()} | {
        name: importlib.metadata.version(name) for name in packages
    }


def write(name: str, result: dict[str, Any], packages: Iterable[str]) -> Path:
    """Write a result to ``benchmarks/results/<name>.json``."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    head = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(*packages),
    }
    path.write_text(json.dumps({**head, **result}, indent=1, ensure_ascii=False) + "\n")
    return path


def spread(figures: list[float]) -> dict[str, float]:
    """Return minimum, median and maximum: on a noisy machine one figure says nothing."""
    return {
        "min": round(min(figures), 3),
        "median": round(statistics.median(figures), 3),
        "max": round(max(figures), 3),
    }
