"""What is there once a whole server has started, and what an operator sees of it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import psutil
import psycopg
import pytest

from tests.faults.live_server import Part, live_server
from wuma.entrypoints import wiring
from wuma.entrypoints.work import PARTITIONED
from wuma.kernel.settings import Settings

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties processes to each other"),
    pytest.mark.faults,
]


def test_a_started_server_has_opened_the_month_and_names_its_processes() -> None:
    with live_server(http_workers=2) as server:
        names = [psutil.Process(pid).name() for part in (Part.HTTP, Part.WORKER) for pid in server.pids(part)]
        with psycopg.connect(wiring.owner_dsn(Settings(data=server.data))) as connection:
            rows = connection.execute("SELECT inhrelid::regclass::text FROM pg_inherits").fetchall()
        log = server.log.read_text()

    month = datetime.now(UTC).strftime("%Y%m")
    assert {f"{table}_{month}" for table in PARTITIONED} <= {name for (name,) in rows}
    assert sorted(names) == ["wuma http 1", "wuma http 2", "wuma worker"]
    for line in log.splitlines():
        json.loads(line)  # what it says is JSON from the first line on, and no library chatters between
