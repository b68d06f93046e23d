"""Each import contract is broken on purpose, in a copy, to see it refused."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

VIOLATIONS = {
    "the kernel knows business": ("wuma/kernel/clock.py", "import wuma.chain.codes.facade"),
    "a context calls right": ("wuma/chain/codes/batches.py", "import wuma.chain.authenticity.facade"),
    "a context goes round a facade": ("wuma/chain/authenticity/judge.py", "import wuma.chain.codes.models"),
    "a supporting context calls the chain": (
        "wuma/support/masterdata/regions.py",
        "import wuma.chain.codes.facade",
    ),
    "a journey goes round a facade": ("wuma/journeys/home.py", "import wuma.chain.codes.reconcile"),
    "the chain starts a journey": ("wuma/chain/trace/queries/query.py", "import wuma.journeys.home"),
    "an undeclared context": ("wuma/chain/gossip/__init__.py", '"""Not in the order."""'),
    "an undeclared layer": ("wuma/helpers/__init__.py", '"""Not in the order."""'),
    "the library knows the server": ("wuma_gs1/keys.py", "import wuma.kernel.ids"),
    "the world knows the server": ("wuma_world/__init__.py", "import wuma.kernel.ids"),
    "the library knows the world": ("wuma_gs1/keys.py", "import wuma_world"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contracts")
    ignore = shutil.ignore_patterns("__pycache__", "_assets")
    shutil.copytree(ROOT / "src", folder / "src", ignore=ignore)
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=ignore)
    shutil.copy(ROOT / ".importlinter", folder)
    return folder


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    # PYTHONPATH goes before the editable install, so that the copy is looked at and not the checkout.
    environment = {**os.environ, "PYTHONPATH": f"{folder / 'src'}{os.pathsep}{folder}"}
    lint = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [lint, "--no-cache"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_code_as_it_is_keeps_every_contract(copy: Path) -> None:
    done = _lint(copy)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_refused(copy: Path, name: str) -> None:
    place, line = VIOLATIONS[name]
    file = copy / "src" / place
    before = file.read_text("utf-8") if file.exists() else None
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"{before or ''}\n{line}\n", "utf-8")
    try:
        done = _lint(copy)
    finally:
        if before is None:
            shutil.rmtree(file.parent)
        else:
            file.write_text(before, "utf-8")

    assert done.returncode != 0, done.stdout
