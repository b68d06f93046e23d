"""Whatever is sent to whichever route: an answer as its description says, or a refusal that says why.

Schemathesis makes requests of every operation of the description, such as fit it and such as do not. Into
most of them real names are put, of a brand with data of every kind, so that they get past the door.

    WUMA_FUZZ_CALLS=20000 WUMA_FUZZ_SEED=7 pytest tests/fuzz/test_openapi.py -s
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from typing import Any, Final

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import make_account
from tests.faults.http_workers import HttpWorkers
from tests.fuzz.everything import Everything, issue_token
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime

CALLS: Final = int(os.environ.get("WUMA_FUZZ_CALLS", "900"))
SEED: Final = int(os.environ.get("WUMA_FUZZ_SEED", "20260501"))
MORE_TURNS_MAX: Final = 20
ANSWER_SECONDS_MAX: Final = 5.0
REAL_NAME_SHARE: Final = 0.6
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO: Final = {"whole_brand": 7, "printing_vendor": 1, "platform_operator": 2, "nobody": 1}
"""Who asks, and how often: mostly somebody with every role of the brand, who gets the furthest."""


class Fuzzer:
    """Sends what was made up, and keeps what is wrong with the answers, once per operation and kind."""

    def __init__(self, url: str, everything: Everything, tokens: dict[str, str]) -> None:
        self._url = url
        self._everything = everything
        self._tokens = tokens
        self._chance = random.Random(SEED)
        self._http = requests.Session()
        self.statuses = Counter[int]()
        self.flaws: dict[tuple[str, str], str] = {}
        self.slowest_seconds = 0.0

    @property
    def sent(self) -> int:
        """How many requests were answered."""
        return sum(self.statuses.values())

    def call(self, case: Any) -> None:
        """Send one request and judge the answer."""
        self._put_real_names(case)
        headers = self._who()
        began_at = time.monotonic()
        try:
            answer = case.call(
                base_url=self._url, session=self._http, headers=headers, timeout=ANSWER_SECONDS_MAX
            )
        except requests.Timeout:
            self._note(case, "hang", f"no answer within {ANSWER_SECONDS_MAX} s")
            return
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began_at)
        self.statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as failures:
            for failure in failures.exceptions:
                self._note(case, type(failure).__name__, str(failure)[:1500])
        if answer.status_code >= 400:
            self._judge_refusal(case, answer)

    def _judge_refusal(self, case: Any, answer: Any) -> None:
        media_type = answer.headers.get("content-type", [""])[0]
        try:
            problem = answer.json()
        except ValueError:
            self._note(
                case, "no problem document", f"{answer.status_code} {media_type} {answer.content[:200]!r}"
            )
            return
        said = {name: problem.get(name) for name in ("type", "title", "status", "detail")}
        if media_type != "application/problem+json" or said["status"] != answer.status_code:
            self._note(case, "no problem document", f"{media_type} {said}")
        if not all(said.values()):
            self._note(case, "empty problem document", f"{said}")

    def _put_real_names(self, case: Any) -> None:
        for place in (case.path_parameters, case.query, case.body):
            self._put_into(place)

    def _put_into(self, place: Any) -> None:
        if isinstance(place, list):
            for one in place:
                self._put_into(one)
        if not isinstance(place, dict):
            return
        for name, value in place.items():
            known = self._everything.names.get(name)
            if known and self._chance.random() < REAL_NAME_SHARE:
                real = self._chance.choice(known)
                place[name] = int(real) if isinstance(value, int) and real.isdecimal() else real
                place[name] = [place[name]] if isinstance(value, list) else place[name]
            else:
                self._put_into(value)

    def _who(self) -> dict[str, str]:
        (who,) = self._chance.choices(list(WHO), list(WHO.values()))
        address = ".".join(str(self._chance.randrange(1, 255)) for _ in range(4))
        headers = {"x-forwarded-for": address}
        if who in self._tokens:
            headers["authorization"] = f"Bearer {self._tokens[who]}"
        if who == "platform_operator" and self._chance.random() < 0.5:
            headers["wuma-tenant"] = self._everything.brand.slug
        return headers

    def _note(self, case: Any, kind: str, what: str) -> None:
        self.flaws.setdefault((case.operation.label, kind), f"{what}\n    {case.as_curl_command()[:1500]}")


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_every_operation_answers_as_described_whatever_it_is_sent(
    worker: HttpWorkers, everything: Everything, runtime: Runtime
) -> None:
    whole_brand = make_account(runtime, everything.brand.id, *(set(Role) - {Role.PLATFORM_OPERATOR}))
    operator = make_account(runtime, 0, Role.PLATFORM_OPERATOR)
    tokens = {
        "whole_brand": issue_token(runtime, whole_brand)[0],
        "printing_vendor": everything.tokens[Role.PRINTING_VENDOR],
        "platform_operator": issue_token(runtime, operator)[0],
    }
    fuzzer = Fuzzer(worker.url, everything, tokens)
    schema = schemathesis.openapi.from_url(f"{worker.url}/api/v1/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    each = max(1, CALLS // (2 * len(operations)))

    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _send(fuzzer, operation, mode, each, seed=SEED)
    # Of some operations there are not so many requests; those that take more make up for them.
    for turn in range(1, MORE_TURNS_MAX):
        for operation in operations:
            if fuzzer.sent < CALLS:
                _send(fuzzer, operation, GenerationMode.POSITIVE, each, seed=SEED + turn)

    sent = fuzzer.sent
    print(
        f"\n{sent} calls of {len(operations)} operations, seed {SEED}, slowest {fuzzer.slowest_seconds:.2f} s"
    )
    print(f"statuses: {dict(sorted(fuzzer.statuses.items()))}")
    for (operation, kind), example in sorted(fuzzer.flaws.items()):
        print(f"\n{operation}: {kind}\n    {example}")
    assert sorted(fuzzer.flaws) == [], worker.bugs()
    assert worker.bugs() == []
    assert sent >= CALLS


def _send(fuzzer: Fuzzer, operation: Any, mode: GenerationMode, count: int, *, seed: int) -> None:
    """Send so many requests of one operation. Where nothing wrong can be sent, nothing is."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        fuzzer.call(case)

    try:
        send()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, operation.label
