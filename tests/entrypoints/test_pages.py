"""The console is served compressed, cached for ever where its names allow it, and runs only its own code."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from wuma.entrypoints import pages

GZIP_BYTES_MAX = (
    400_000  # what the first page of any place may cost a phone in a warehouse: 2 s at 1.6 Mbit/s
)
ENTRY = "index.html"


@pytest.fixture
def client() -> Iterator[TestClient]:
    if not (pages.CONSOLE / ENTRY).is_file():
        pytest.skip("the console has not been built: run scripts/build-web")
    with TestClient(Starlette(routes=list(pages.routes))) as client:
        yield client


def test_every_path_that_is_no_file_is_the_page_and_is_asked_for_anew(client: TestClient) -> None:
    answers = [client.get(path) for path in ("/console", "/console/", "/console/code-orders/7?after=x")]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-cache"}
    assert all('<div id="root">' in answer.text for answer in answers)


def test_the_page_runs_no_script_but_our_own(client: TestClient) -> None:
    policy = client.get("/console").headers["content-security-policy"]

    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["script-src"] == "'self'"
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"


def test_an_asset_is_kept_for_ever_and_comes_compressed(client: TestClient) -> None:
    page = client.get("/console").text
    script = re.search(r'src="(/console/assets/[^"]+\.js)"', page)
    assert script is not None

    plain = client.get(script[1], headers={"accept-encoding": "identity"})
    with client.stream("GET", script[1], headers={"accept-encoding": "gzip"}) as answer:
        compressed = b"".join(answer.iter_raw())

    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(compressed) == plain.content


@pytest.mark.parametrize("path", ["assets/none.js", "assets/%2e%2e/.vite/manifest.json"])
def test_what_is_no_asset_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(f"/console/{path}").status_code == 404


def test_the_first_page_of_every_place_is_light(client: TestClient) -> None:
    manifest = json.loads((pages.CONSOLE / ".vite" / "manifest.json").read_text())
    places = [ENTRY, *manifest[ENTRY]["dynamicImports"]]

    weights = {place: _weight(manifest, {ENTRY, place}) for place in places}

    assert {place: weight for place, weight in weights.items() if weight > GZIP_BYTES_MAX} == {}


def _weight(manifest: dict[str, dict[str, object]], entries: set[str]) -> int:
    """Sum the compressed bytes of some chunks and everything they import at once."""
    seen: set[str] = set()
    files: set[str] = set()
    while entries - seen:
        name = (entries - seen).pop()
        seen.add(name)
        chunk = manifest[name]
        entries = entries | set(_names(chunk, "imports"))
        files |= {str(chunk["file"]), *_names(chunk, "css")}
    return sum(_compressed_bytes(pages.CONSOLE / file) for file in files)


def _names(chunk: dict[str, object], member: str) -> list[str]:
    names = chunk.get(member, [])
    assert isinstance(names, list)
    return names


def _compressed_bytes(file: Path) -> int:
    compressed = file.with_name(f"{file.name}.gz")
    return (compressed if compressed.exists() else file).stat().st_size
