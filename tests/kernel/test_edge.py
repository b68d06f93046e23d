"""The outermost layer: every answer has a number, no body is too large, and no NUL gets in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from wuma.kernel.http.edge import BODY_BYTES_MAX, LARGE_BODIES, PATH_BYTES_MAX, Edge
from wuma.kernel.http.reply import Reply

JSON = {"content-type": "application/json"}


async def _counting(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads the whole body and says how much it was."""
    body = await Request(scope, receive).body()
    await PlainTextResponse(str(len(body)))(scope, receive, send)


def _ask(
    path: str = "/x",
    *,
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: Iterable[bytes] = (b"",),
    raw_path: bytes | None = None,
    query: bytes = b"",
    edge: Edge | None = None,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send a request through the edge, its body in these pieces."""
    pieces, sent = list(body), []
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode() if raw_path is None else raw_path,
        "query_string": query,
        "headers": list(headers),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run((edge or Edge(_counting))(scope, receive, send))
    start = sent[0]
    return start["status"], dict(start["headers"]), b"".join(m.get("body", b"") for m in sent[1:])


def test_every_answer_has_a_number_of_its_own_and_the_headers_that_protect(client: TestClient) -> None:
    answers = [client.get(path) for path in ("/healthz", "/api/v1/me", "/no/such/page", "/h/0000")]

    assert len({answer.headers["x-request-id"] for answer in answers}) == len(answers)
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("given_id", "is_kept"),
    [
        (b"request-from.proxy_1", True),
        (b"x" * 64, True),
        (b"short", False),
        (b"x" * 65, False),
        (b"with a blank", False),
        (b'"},{"event":"forged', False),
        ("编号编号编号编号".encode(), False),
    ],
)
def test_a_number_that_a_proxy_gave_is_kept_when_it_can_be_written_into_a_log(
    given_id: bytes, is_kept: bool
) -> None:
    _, headers, _ = _ask(headers=[(b"x-request-id", given_id)])

    assert (headers[b"x-request-id"] == given_id) is is_kept


@pytest.mark.parametrize("path", ["/x", *LARGE_BODIES])
def test_a_body_is_taken_to_its_bound_and_not_a_byte_further(path: str) -> None:
    most = LARGE_BODIES.get(path, BODY_BYTES_MAX)
    declared = [(str(length).encode(), length) for length in (most + 1, 10**30)]

    told = [_ask(path, headers=[(b"content-length", text)])[0] for text, _ in declared]
    fits = _ask(path, headers=[(b"content-length", str(most).encode())])

    assert told == [413, 413]
    assert fits[0] == 200


@pytest.mark.parametrize("length", [None, b"10"])
def test_a_body_that_is_longer_than_it_said_is_refused_while_it_comes(length: bytes | None) -> None:
    how = (b"transfer-encoding", b"chunked") if length is None else (b"content-length", length)
    piece = bytes(1024 * 1024)
    fits = BODY_BYTES_MAX // len(piece)

    exact = _ask(headers=[how], body=[piece] * fits)
    beyond = _ask(headers=[how], body=[*[piece] * fits, b"x", b"y"])

    assert (exact[0], exact[2]) == (200, str(BODY_BYTES_MAX).encode())
    assert beyond[0] == 413
    assert beyond[1][b"content-type"] == b"application/problem+json"


def test_a_quick_route_is_asked_first_and_may_leave_a_request_to_the_application() -> None:
    def at_once(scope: Any, headers: Any, receive: Any) -> Reply | None:
        return None if scope["path"] == "/q/left" else Reply(418, [(b"x-pot", b"1")], b"tea")

    async def later(scope: Any, headers: Any, receive: Any) -> Reply:
        return Reply(418, [], await Request(scope, receive).body())

    edge = Edge(_counting, quick={"/q/": at_once, "/w/": later})
    status, headers, body = _ask("/q/pot", edge=edge)
    waited = _ask("/w/", edge=edge, body=[b"green ", b"tea"], headers=[(b"content-length", b"9")])

    assert (status, body, headers[b"content-length"]) == (418, b"tea", b"3")
    assert headers[b"x-pot"] == b"1"
    assert headers[b"x-frame-options"] == b"DENY"
    assert headers[b"x-request-id"] != waited[1][b"x-request-id"]
    assert waited[2] == b"green tea"
    assert _ask("/q/left", edge=edge)[::2] == (200, b"0")
    assert _ask("/q/pot", edge=edge, query=b"%00")[0] == 422


@pytest.mark.parametrize("place", ["path", "query"])
@pytest.mark.parametrize("nul", [b"\x00", b"%00"])
def test_no_nul_gets_in(place: str, nul: bytes) -> None:
    status, _, body = _ask(
        raw_path=b"/01/" + nul if place == "path" else b"/01/", query=b"q=" + nul if place == "query" else b""
    )

    assert status == 422
    assert b"no NUL" in body


def test_a_path_is_bounded() -> None:
    statuses = [
        _ask(raw_path=b"/" + b"x" * (length - 1))[0] for length in (PATH_BYTES_MAX, PATH_BYTES_MAX + 1)
    ]

    assert statuses == [200, 422]


def test_a_route_that_fails_is_answered_with_its_number_too(client: TestClient) -> None:
    answer = client.post("/api/v1/session", content=b"{", headers={**JSON, "x-request-id": "my-request-7"})

    assert (answer.status_code, answer.headers["x-request-id"]) == (422, "my-request-7")


NAMES = st.sampled_from([b"content-length", b"transfer-encoding", b"x-request-id", b"host", b"x"])


@given(headers=st.lists(st.tuples(NAMES, st.binary(max_size=30)), max_size=6), path=st.binary(max_size=50))
def test_whatever_comes_is_answered(headers: list[tuple[bytes, bytes]], path: bytes) -> None:
    status, told, _ = _ask(headers=headers, raw_path=b"/" + path)

    assert status in {200, 413, 422}
    assert told[b"x-request-id"]
