"""A server that is fuzzed, and a brand in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.faults.http_workers import HttpWorkers, http_workers
from tests.fuzz.everything import Everything, Maker
from wuma.kernel.runtime import Runtime


@pytest.fixture(scope="session")
def everything(runtime: Runtime, client: TestClient) -> Everything:
    """A brand with data of every kind."""
    return Maker(runtime, client).make()


@pytest.fixture(scope="module")
def worker(runtime: Runtime) -> Iterator[HttpWorkers]:
    """An HTTP worker in a process of its own."""
    with http_workers(runtime.settings) as workers:
        yield workers
