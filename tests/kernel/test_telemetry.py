"""What the program tells about itself: lines for programs, numbers that add up, and nobody's secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Histogram
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from starlette.testclient import TestClient

from tests.conftest import Brand
from wuma.entrypoints import wiring
from wuma.entrypoints.api import build_platform_api
from wuma.kernel import telemetry
from wuma.kernel.db import Database
from wuma.kernel.runtime import Runtime
from wuma.kernel.telemetry import REMOVED, scrub
from wuma.kernel.tenancy import TokenSigner

SECRETS = {
    "a mobile number": "13812345678",
    "a citizen's number": "11010519491231002X",
    "an e-mail address": "wang.li+can@mail.example.cn",
    "an API token": "wuma_0192b3c4d5e67f8090a1b2c3d4e5f607_dGhpcyBpcyBub3QgYSByZWFsIHNlY3JldCBhdCBhbGw",
    "a hidden code": "/h/7K2M9QXW4T8V6B3N5J1H0G2F4D",
}
TELLING_KEYS = (
    "password",
    "new_password",
    "client_secret",
    "api_token",
    "Authorization",
    "set-cookie",
    "phone",
    "mobile_number",
    "email",
    "openid",
    "unionid",
    "id_card",
    "birth_month",
    "address",
    "hidden_code",
)


def _written_by(program: str, **environment: str) -> list[dict[str, Any]]:
    """Return the log lines of a program of its own: logging is set up once for a whole process."""
    start = "from wuma.kernel import telemetry\n"
    ran = subprocess.run(
        [sys.executable, "-c", start + program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in ran.stderr.splitlines()]


def test_every_line_is_an_object_with_a_name_a_level_and_an_instant_in_utc() -> None:
    lines = _written_by(
        "import logging\n"
        "telemetry.configure_logging('info')\n"
        "telemetry.logger('x').info('codes.batch_issued', code_count=3, note='两行\\n字')\n"
        "logging.getLogger('a.library').warning('%s of %d', 'one', 2)\n"
        "telemetry.logger('x').debug('too.quiet')\n"
    )

    assert [(line["event"], line["level"]) for line in lines] == [
        ("codes.batch_issued", "info"),
        ("one of 2", "warning"),
    ]
    assert (lines[0]["code_count"], lines[0]["note"]) == (3, "两行\n字")
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_neither_we_nor_a_library_can_write_a_secret_into_the_log() -> None:
    said = " ".join(SECRETS.values())
    lines = _written_by(
        "import logging\n"
        "telemetry.configure_logging('info')\n"
        f"said = {said!r}\n"
        "telemetry.logger('x').info(said, note=said, deep={'list': [said, (said,)]}, password='pw-pw-pw')\n"
        "logging.getLogger('a.library').warning('sent %s', said)\n"
        "try:\n"
        "    raise ValueError(said)\n"
        "except ValueError:\n"
        "    telemetry.logger('x').exception('x.failed')\n"
    )

    written = json.dumps(lines, ensure_ascii=False)
    assert len(lines) == 3
    assert [kind for kind, secret in SECRETS.items() if secret in written] == []
    assert "pw-pw-pw" not in written
    assert "ValueError" in lines[2]["exception"]


@pytest.mark.parametrize("key", TELLING_KEYS)
def test_a_telling_name_takes_its_value_away_however_deep_it_is(key: str) -> None:
    assert scrub([{"outer": {key: {"any": "thing"}}}]) == [{"outer": {key: REMOVED}}]


@pytest.mark.parametrize(
    "harmless",
    [
        "019b3c4d-5e6f-7890-8a1b-2c3d4e5f6071",  # a number of ours
        "06901234567892",  # a GTIN
        "2026-05-01T08:00:00Z",
        "/01/{gtin}/21/{serial}",
    ],
)
def test_what_is_no_secret_stays_readable(harmless: str) -> None:
    assert scrub(harmless) == harmless


def test_a_failing_statement_does_not_tell_its_values(runtime: Runtime, brand: Brand) -> None:
    with (
        runtime.database.transaction(brand.scope) as session,
        pytest.raises(ProgrammingError) as failed,
    ):
        session.execute(text("SELECT nothing_of_this_name(:value)"), {"value": "correct horse battery"})

    assert "correct horse" not in str(failed.value)


def test_requests_are_counted_by_route_and_never_by_path(client: TestClient) -> None:
    client.get("/api/v1/me")
    client.get("/nobody/has/this/path-38a7")
    client.get(SECRETS["a hidden code"])

    page = client.get("/metrics")

    assert page.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = [
        family for family in text_string_to_metric_families(page.text) if "http_request" in family.name
    ]
    counted = {
        (sample.labels["route"], sample.labels["status"])
        for family in families
        for sample in family.samples
        if sample.labels.get("status")
    }
    assert any(route.endswith("/me") and status == "401" for route, status in counted)
    assert "path-38a7" not in page.text
    assert SECRETS["a hidden code"][3:] not in page.text


def test_the_metrics_of_all_processes_add_up(tmp_path: Path) -> None:
    shared = {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    count = "telemetry.counter('cans_total', 'Cans.').inc(3)\n"
    for _process in range(2):
        _written_by(count, **shared)

    (told,) = _written_by(
        f"import json, sys\n{count}json.dump({{'page': telemetry.metrics_page().decode()}}, sys.stderr)\n",
        **shared,
    )

    assert "wuma_cans_total 9.0" in told["page"]


@given(seconds=st.lists(st.sampled_from([0.0, 0.0009, 0.001, 0.3, 10.0, 11.0, 1e6]), max_size=40))
def test_what_is_noted_and_counted_together_is_what_would_have_been_observed(seconds: list[float]) -> None:
    shelves = [Histogram("wait", "Waits.", registry=None, buckets=(0.001, 0.25, 10.0)) for _ in range(2)]
    tally = telemetry.Tally(shelves[0])

    for second in seconds:
        tally.observe(second)
        shelves[1].observe(second)
    tally.count()
    tally.count()

    counted, observed = (
        {
            (sample.name, *sample.labels.values()): sample.value
            for sample in next(iter(shelf.collect())).samples
        }
        for shelf in shelves
    )
    for samples in (counted, observed):
        samples.pop(("wait_created",), None)
    assert counted == pytest.approx(observed)


def test_nothing_noted_is_lost_or_counted_twice_while_others_note() -> None:
    shelf = Histogram("rush", "Rush.", registry=None, buckets=(1.0,))
    tally = telemetry.Tally(shelf)

    def note() -> None:
        for _ in range(20_000):
            tally.observe(0.5)

    threads = [Thread(target=note) for _ in range(3)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        telemetry.count_tallies()
    for thread in threads:
        thread.join()
    telemetry.count_tallies()

    values = {sample.name: sample.value for sample in next(iter(shelf.collect())).samples}
    assert (values["rush_count"], values["rush_sum"]) == (60_000, 30_000)


@pytest.fixture
def without_database(runtime: Runtime) -> Iterator[TestClient]:
    """The application when nobody listens where its database should be."""
    away = Database("postgresql://wuma_app@127.0.0.1:1/wuma", wiring.token_signer(runtime.keyring))
    with TestClient(build_platform_api(replace(runtime, database=away))) as client:
        yield client
    away.close()


def test_with_its_database_a_process_lives_and_is_ready(client: TestClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/readyz").status_code) == (200, 200)


def test_without_its_database_a_process_lives_and_is_not_ready(without_database: TestClient) -> None:
    lives, ready = without_database.get("/healthz"), without_database.get("/readyz")
    asked = without_database.get("/api/v1/me", headers={"cookie": "wuma_session=whatever"})

    assert (lives.status_code, ready.status_code) == (200, 503)
    assert asked.status_code == 503
    assert asked.json()["type"] == "urn:wuma:problem:database-away"
    assert int(asked.headers["retry-after"]) >= 1


def test_a_database_that_does_not_believe_our_tokens_is_not_ready(runtime: Runtime) -> None:
    stranger = Database(wiring.program_dsn(runtime.settings), TokenSigner(b"x" * 32, kid=1))
    try:
        with TestClient(build_platform_api(replace(runtime, database=stranger))) as client:
            ready = client.get("/readyz")
    finally:
        stranger.close()

    assert (ready.status_code, ready.json()) == (503, {"status": "not ready"})
