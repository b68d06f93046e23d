"""The whole of Wuma from outside: `wuma demo` in a process of its own, as its users start it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world.conftest import REGIONS

PLAY_SECONDS_MAX = 600  # half a minute on a quiet machine; a loaded one takes ten times that
WUMA = (sys.executable, "-m", "wuma.entrypoints.cli")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(PLAY_SECONDS_MAX + 60),
    pytest.mark.skipif(
        not REGIONS.exists(), reason="the address file has not been fetched: scripts/build-web"
    ),
]


def _play(*options: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    done = subprocess.run(
        [*WUMA, "demo", "--check", "--scale", "small", *options],
        capture_output=True,
        text=True,
        timeout=PLAY_SECONDS_MAX,
        cwd="/",
        check=False,
    )
    return done, json.loads(done.stdout) if done.stdout else {}


def test_every_check_of_a_small_world_holds() -> None:
    done, summary = _play()

    assert done.returncode == 0, done.stderr[-4000:]
    assert summary["ok"]
    checks = {check["name"]: check for check in summary["checks"]}
    assert [name for name, check in checks.items() if not check["holds"]] == []
    for name in (
        "scans.all_answered",
        "log.acknowledged_scans_missing",
        "guesses.accepted",
        "leak.vendor",
        "orders.balance",
        "trace.cans_tell_their_way",
        "trace.events_kept",
        "page./console.script",
        "invariant.codes.runs_cover_order",
    ):
        assert name in checks


def test_the_main_job_runs_on_real_products_and_stores(shared: Path) -> None:
    done, summary = _play("--real", str(shared))

    assert done.returncode == 0, done.stderr[-4000:]
    files = {file["file"]: file for file in summary["files"]}
    assert files["products/uhtt_infant_formula.parquet"]["refused"] == 2
    assert files["products.csv"]["accepted"] == 1636


def test_a_folder_that_holds_files_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")

    done = subprocess.run(
        [*WUMA, "demo", "--data", str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )

    assert done.returncode == 1
    assert "expected a new or empty folder" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder for temporary files that the database's own user can get into, unlike pytest's."""
    with tempfile.TemporaryDirectory(prefix="wuma-test-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.faults
def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(open_folder: Path, tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    said = tmp_path / "said"
    with said.open("wb") as output:
        demo = subprocess.Popen(
            [*WUMA, "demo", "--scale", "small", "--port", str(port)],
            env={**os.environ, "TMPDIR": str(open_folder)},
            stdout=output,
            stderr=output,
        )
    _wait(lambda: _listens(port) or demo.poll() is not None)
    assert demo.poll() is None, said.read_text()

    demo.send_signal(signal.SIGTERM)
    demo.wait(120)

    assert not _listens(port)
    assert list(open_folder.glob("wuma-demo-*")) == []


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _wait(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if holds():
            return
        time.sleep(0.2)
    raise AssertionError("it did not come about in four minutes")
