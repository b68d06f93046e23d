"""kill -9 of the worker while it makes a print file, anywhere: run again, there is one good file."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.chain.codes.print_shop import PrintShop
from wuma.chain.codes import print_job

ROOT = Path(__file__).resolve().parents[3]
STEPS_MAX = 30

pytestmark = [pytest.mark.faults, pytest.mark.slow]


def victim(shop: PrintShop, file_id: str, *, step: int = 0) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.chain.codes.print_victim"]
    folder = str(shop.runtime.settings.data)
    return subprocess.Popen(
        [*command, folder, str(shop.brand.id), file_id, str(step)], cwd=ROOT, stderr=subprocess.PIPE
    )


def kept(shop: PrintShop, file_id: str) -> list[Path]:
    return sorted(print_job.folder_of(shop.runtime).glob(f"{file_id}.*"))


def assert_one_good_file(shop: PrintShop, file: dict[str, Any], codes: int) -> None:
    assert (file["state"], file["made_count"]) == ("ready", codes)
    (path,) = kept(shop, file["id"])
    content = path.read_bytes()
    assert path.name == f"{file['id']}.age"
    assert (len(content), hashlib.sha256(content).hexdigest()) == (file["size_bytes"], file["sha256"])
    rows = shop.rows(content)[1:]
    assert [int(row[0]) for row in rows] == list(range(1, codes + 1))
    assert len({row[2] for row in rows}) == codes


def test_a_worker_killed_at_any_step_leaves_nothing_half_done(shop: PrintShop) -> None:
    died_at = []
    for step in count(1):
        assert step < STEPS_MAX
        (file,) = shop.ask(shop.place(2000)).json()
        process = victim(shop, file["id"], step=step)
        _, told = process.communicate()
        if process.returncode == 0:
            break
        assert process.returncode == -signal.SIGKILL, told.decode()
        died_at.append(told.decode().split()[-1])
        after_kill = shop.file(file["id"])
        if after_kill["state"] == "ready":
            assert_one_good_file(shop, after_kill, 2000)
        else:
            assert (after_kill["state"], after_kill["sha256"]) == ("making", None)
            assert shop.vendor.release(file["id"]).status_code == 409

        shop.make(file["id"])

        assert_one_good_file(shop, shop.file(file["id"]), 2000)
    # Before the draft and after it, before the rename, after it and not yet committed, and after all.
    assert {"open", "os.rename", "os.remove"} <= set(died_at)
    assert died_at.index("os.rename") < len(died_at) - 2


def test_a_worker_killed_while_it_writes_leaves_nothing_behind(shop: PrintShop) -> None:
    codes = 400_000
    (file,) = shop.ask(shop.place(codes)).json()
    seen = []
    for share in (0.0, 0.3, 0.6, 0.9):
        process = victim(shop, file["id"])
        before = set(kept(shop, file["id"]))
        while not (drafts := [path for path in kept(shop, file["id"]) if path not in before]) or (
            drafts[0].stat().st_size < share * codes * 150
        ):
            assert process.poll() is None, process.communicate()[1].decode()
            time.sleep(0.002)
        process.kill()
        process.communicate()
        seen.append((shop.file(file["id"])["state"], len(kept(shop, file["id"]))))

    shop.make(file["id"])

    assert seen == [("making", 1)] * 4
    assert_one_good_file(shop, shop.file(file["id"]), codes)
