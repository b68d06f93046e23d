"""The pages speak the API that this server speaks."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

CLIENT = Path(__file__).parents[2] / "web" / "packages" / "api-client"


def test_the_types_of_the_client_are_those_of_the_api(tmp_path: Path) -> None:
    if shutil.which("node") is None or not (CLIENT / "node_modules").is_dir():
        pytest.skip("no node, or the web workspace is not installed: run scripts/build-web")
    fresh = tmp_path / "schema.d.ts"

    subprocess.run([CLIENT / "generate", fresh], check=True)

    assert fresh.read_text() == (CLIENT / "src" / "schema.d.ts").read_text(), (
        "the API has changed: run web/packages/api-client/generate"
    )
