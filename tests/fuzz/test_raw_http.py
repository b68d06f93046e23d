"""Bytes on a socket that no browser sends: the server answers them or hangs up, and never stumbles.

The addresses of scans are open to everybody in the world, so they get the most of it.

    WUMA_FUZZ_RAW=20000 WUMA_FUZZ_SEED=7 pytest tests/fuzz/test_raw_http.py -s
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import pytest
from starlette.testclient import TestClient

from tests.faults.http_workers import HttpWorkers
from tests.fuzz.bodies import IMPORTS, good_body
from tests.fuzz.everything import Everything
from tests.fuzz.sockets import Answer, exchange
from wuma.kernel.auth.grants import Role

COUNT: Final = int(os.environ.get("WUMA_FUZZ_RAW", "350"))
SEED: Final = int(os.environ.get("WUMA_FUZZ_SEED", "20260501"))

JSON_POISONS: Final = {
    "lone surrogate": rb'"\ud800"',
    "two lone surrogates": rb'"a\udfff\ud800z"',
    "NUL": rb'"a\u0000b"',
    "control characters": rb'"\u0001\u001f\u007f\u0085\u2028"',
    "long text": b'"' + b"x" * 10_000 + b'"',
    "very long text": b'"' + b"x" * 1_000_000 + b'"',
    "full-width digits": '"６９０１２３４５６７８９２"'.encode(),
    "bidirectional": rb'"\u202e\u2066 \ufeff"',
    "huge integer": b"9" * 4000,
    "integer beyond 64 bits": b"18446744073709551617",
    "integer at the end of 64 bits": b"9223372036854775807",
    "negative": b"-1",
    "huge float": b"1e999",
    "tiny float": b"1e-400",
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "float": b"1.5",
    "boolean": b"true",
    "null": b"null",
    "empty text": b'""',
    "blank text": b'"   "',
    "empty list": b"[]",
    "empty object": b"{}",
    "list in list": b"[[[[[[]]]]]]",
    "many items": b"[" + b"1," * 50_000 + b"1]",
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "same key twice": b'{"a":1,"a":2}',
    "year 1": b'"0001-01-01T00:00:00+14:00"',
    "year 9999": b'"9999-12-31T23:59:59-14:00"',
    "day 1": b'"0001-01-01"',
    "day 9999": b'"9999-12-31"',
    "leap second": b'"2026-12-31T23:59:60Z"',
    "no such day": b'"2026-02-30"',
    "no UUID": b'"00000000-0000-0000-0000-00000000000g"',
    "nil UUID": b'"00000000-0000-0000-0000-000000000000"',
    "broken address": b'"http://["',
    "digital link, broken": b'"https://[::1/01/06901234567892/21/x"',
    "format string": b'"%s%n{0}{__class__}${jndi:ldap://x}"',
    "quote": b'"\' OR 1=1; --"',
    "path": b'"../../../../etc/passwd"',
    "not UTF-8": b'"\xff\xfe\xc0\x80"',
    "unclosed": b'"',
    "comment": b"/* 1 */ 2",
}
BODY_POISONS: Final = {
    "nothing": b"",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "two documents": b"{} {}",
    "list": b"[]",
    "text": b'"text"',
    "number": b"1",
    "null": b"null",
    "binary": bytes(range(256)) * 16,
    "deep lists": b"[" * 100_000,
    "deep objects": b'{"a":' * 100_000,
    "a million keys": b"{" + b",".join(b'"%d":1' % n for n in range(100_000)) + b"}",
}
HEADER_VALUES: Final = (
    b"",
    b" ",
    b"\xff\xfe\xfd",
    b"a" * 10_000,
    b"a" * 60_000,
    b"\x00",
    b"\x01\x1f",
    b",,,,",
    b";;;=;=;",
    b"1.2.3.4, ::1, fe80::1%eth0, 999.1.1.1, [::1]:80",
    b"wuma_p=" + b"A" * 22 + b"; wuma_p=" + b"B" * 23,
    b"wuma_session=" + b"\xe4\xbd\xa0" * 20,
    b"wuma_lang=zz; wuma_lang=en",
    b"zh-CN;q=abc, en;q=-1, *;q=1e999",
    b"zh" + b"-x" * 90,
    b"Bearer wuma_" + b"0" * 32 + b"_" + b"A" * 43,
    b"Bearer \xe2\x82\xac",
    b"Basic YTpi",
    b"application/json;charset=utf-99",
    b"multipart/form-data",
    b"multipart/form-data; boundary=",
    b"multipart/form-data; boundary=" + b"-" * 5_000,
    b"bytes=0-,1-2,3-4," + b"0-1," * 500,
    b"http://[",
    b"null",
    b"*",
    b"gzip, br;q=0, identity;q=0",
)
HEADER_NAMES: Final = (
    b"accept", b"accept-encoding", b"accept-language", b"authorization", b"content-encoding", b"content-type",
    b"cookie", b"expect", b"forwarded", b"host", b"idempotency-key", b"if-match", b"if-none-match", b"origin",
    b"range", b"referer", b"sec-fetch-site", b"te", b"upgrade", b"user-agent", b"wuma-tenant",
    b"wuma-world-clock", b"x-forwarded-for", b"x-request-id", b"content-length", b"transfer-encoding",
    b"connection",
)  # fmt: skip
METHODS: Final = (
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"PATCH",
    b"HEAD",
    b"OPTIONS",
    b"TRACE",
    b"BREW",
    b"get",
)


class Prober:
    """Sends requests and keeps every answer that is not one."""

    def __init__(self, worker: HttpWorkers) -> None:
        self._worker = worker
        self.statuses = Counter[int]()
        self.flaws: list[str] = []
        self.slowest_seconds = 0.0

    def send(self, sent: bytes, what: str, *, allowed: frozenset[int] = frozenset()) -> Answer:
        """Send one request. A server that hangs up is in its right; one that answers 5xx is not."""
        answer = exchange(self._worker.port, sent)
        self.statuses[answer.status] += 1
        self.slowest_seconds = max(self.slowest_seconds, answer.seconds)
        if answer.status >= 500 and answer.status not in allowed:
            self.flaws.append(f"{what}: {answer.status} {answer.body[:200]!r} to {sent[:300]!r}")
        return answer

    def check(self, name: str) -> None:
        """Assert that all went well, and that the server is as well as before."""
        print(f"\n{name}, seed {SEED}: {dict(sorted(self.statuses.items()))}", end=", ")
        print(f"slowest {self.slowest_seconds:.2f} s (0: the server hung up)")
        assert self.flaws == []
        assert self._worker.bugs() == []
        health = exchange(self._worker.port, request(b"GET", b"/readyz", []))
        assert health.status == 200, health


@pytest.fixture
def prober(worker: HttpWorkers) -> Prober:
    return Prober(worker)


def request(
    method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], body: bytes | None = None
) -> bytes:
    """Write a request as given, right or wrong; Host and Content-Length are added where they are missing."""
    names = {name.lower() for name, _ in headers}
    lines = [method + b" " + target + b" HTTP/1.1"]
    if b"host" not in names:
        lines.append(b"Host: id.wuma.test")
    lines += [name + b": " + value for name, value in headers]
    if body is not None and not names & {b"content-length", b"transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


# ---- every field of every body ---------------------------------------------------------------------------


def _json_routes(client: TestClient) -> list[tuple[str, str]]:
    described = client.get("/api/v1/openapi.json").json()["paths"]
    taking = [
        (method.upper(), path)
        for path, operations in described.items()
        for method, operation in operations.items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    ]
    return sorted(set(taking) - set(IMPORTS))


def _poisoned(body: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Every field of a body replaced by every poison, one at a time, at every depth."""
    for place in _places(body):
        for what, poison in JSON_POISONS.items():
            yield f"{'/'.join(map(str, place))}: {what}", _replaced(body, place, poison)


def _places(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*at, name)
        yield from _places(member, (*at, name))


def _replaced(body: Any, place: tuple[str | int, ...], poison: bytes) -> bytes:
    marker = "@@poison@@"
    copy = json.loads(json.dumps(body))
    inner = copy
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = marker
    return json.dumps(copy).encode().replace(json.dumps(marker).encode(), poison)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_field_of_any_body_can_be_poisoned(
    prober: Prober, everything: Everything, client: TestClient
) -> None:
    chance = random.Random(SEED)
    tests = []
    for method, path in _json_routes(client):
        body = good_body(method, path, everything.names)
        tests += [(method, path, what, poisoned) for what, poisoned in _poisoned(body)]
        tests += [(method, path, what, poisoned) for what, poisoned in BODY_POISONS.items()]
    chance.shuffle(tests)
    token = everything.tokens[Role.BRAND_ADMIN].encode()

    for number, (method, path, what, body) in enumerate(tests[:COUNT]):
        headers = [
            (b"Authorization", b"Bearer " + token),
            (b"Content-Type", b"application/json"),
            (b"If-Match", b'"1"'),
            (b"X-Forwarded-For", b"36.%d.%d.1" % (number >> 8 & 255, number & 255)),
        ]
        target = path.format_map({name: values[0] for name, values in everything.names.items()}).encode()
        prober.send(request(method.encode(), target, headers, body), f"{method} {path} {what}")

    print(f"\n{len(tests)} poisoned bodies there are, {min(COUNT, len(tests))} were sent")
    prober.check("poisoned bodies")


# ---- every header ----------------------------------------------------------------------------------------


def _targets(made: Everything) -> list[tuple[bytes, bytes, bytes]]:
    """Method, target and body of requests that everybody may send, and of some that not everybody may."""
    label = made.labels[0]
    return [
        (b"GET", label.open_path.encode(), b""),
        (b"POST", label.hidden_path.encode(), b""),
        (b"POST", label.typed_path.encode(), b'{"longitude": 116.4, "latitude": 39.9}'),
        (b"GET", label.hidden_path.encode(), b""),
        (b"POST", b"/h/" + b"0" * 26, b""),
        (b"GET", b"/m", b""),
        (b"POST", b"/m", b"code=" + b"0" * 16),
        (b"POST", b"/m/reports", b"concern=other&text=x"),
        (
            b"POST",
            b"/m/scans/" + made.names["scan_id"][0].encode() + b"/place",
            b'{"longitude":1,"latitude":1}',
        ),
        (b"GET", b"/console", b""),
        (b"GET", b"/console/assets/x.js", b""),
        (b"GET", b"/m/assets/x.js", b""),
        (b"POST", b"/api/v1/session", b'{"email":"a@b.cn","password":"x"}'),
        (b"DELETE", b"/api/v1/session", b""),
        (b"GET", b"/api/v1/me", b""),
        (b"POST", b"/api/v1/code-orders", b"{}"),
        (b"POST", b"/api/v1/imports?kind=sites", b"gln\n1\n"),
        (b"POST", b"/epcis/capture", b"{}"),
        (b"GET", b"/epcis/events?perPage=1", b""),
        (b"GET", b"/healthz", b""),
        (b"GET", b"/metrics", b""),
    ]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_header_makes_it_stumble(prober: Prober, everything: Everything) -> None:
    chance = random.Random(SEED)
    targets = _targets(everything)
    token = everything.tokens[Role.BRAND_ADMIN].encode()

    for _ in range(COUNT):
        method, target, body = chance.choice(targets)
        if chance.random() < 0.05:
            method = chance.choice(METHODS)
        headers = [(b"Authorization", b"Bearer " + token)] if chance.random() < 0.4 else []
        if body:
            kinds = (
                b"application/json",
                b"application/x-www-form-urlencoded",
                b"multipart/form-data; boundary=b",
            )
            headers.append((b"Content-Type", chance.choice(kinds)))
        for _ in range(chance.randint(1, 3)):
            name, value = chance.choice(HEADER_NAMES), chance.choice(HEADER_VALUES)
            headers += [(name, value)] * chance.choice((1, 1, 1, 2, 20))
        what = b" ".join(name for name, _ in headers).decode()
        prober.send(request(method, target, headers, body or None), what)

    prober.check("headers")


# ---- lies about the body ---------------------------------------------------------------------------------

LENGTH_LIES: Final = (
    [(b"Content-Length", b"100")],
    [(b"Content-Length", b"1")],
    [(b"Content-Length", b"-1")],
    [(b"Content-Length", b"+5")],
    [(b"Content-Length", b"0x10")],
    [(b"Content-Length", b"9" * 5_000)],
    [(b"Content-Length", b"99999999999999999999")],
    [(b"Content-Length", b"1000000000")],
    [(b"Content-Length", b"5, 5")],
    [(b"Content-Length", b"5"), (b"Content-Length", b"6")],
    [(b"Content-Length", b"5"), (b"Transfer-Encoding", b"chunked")],
    [(b"Transfer-Encoding", b"chunked")],
    [(b"Transfer-Encoding", b"chunked, chunked")],
    [(b"Transfer-Encoding", b"gzip, chunked")],
    [(b"Transfer-Encoding", b"identity")],
    [(b"Transfer-Encoding", b"chunked"), (b"Expect", b"100-continue")],
)
CHUNKED: Final = (
    b"5\r\nhello\r\n0\r\n\r\n",
    b"5\r\nhello\r\n",
    b"5\r\nhel",
    b"FFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",
    b"-1\r\nx\r\n0\r\n\r\n",
    b"zz\r\nx\r\n0\r\n\r\n",
    b"5;ext=" + b"x" * 70_000 + b"\r\nhello\r\n0\r\n\r\n",
    b"0\r\nTrailer: " + b"x" * 70_000 + b"\r\n\r\n",
    b"".join(b"1\r\n{\r\n" for _ in range(20_000)) + b"0\r\n\r\n",
    b"100000\r\n"
    + b"x" * 0x100000
    + b"\r\n"
    + (b"100000\r\n" + b"x" * 0x100000 + b"\r\n") * 9
    + b"0\r\n\r\n",
)


def test_a_lie_about_the_length_gets_an_answer_or_the_door(prober: Prober, everything: Everything) -> None:
    token = everything.tokens[Role.BRAND_ADMIN].encode()
    for method, target, body in _targets(everything):
        if method != b"POST":
            continue
        for lie in LENGTH_LIES:
            for content in (body, *CHUNKED) if (b"Transfer-Encoding", b"chunked") in lie else (body,):
                headers = [
                    *lie,
                    (b"Authorization", b"Bearer " + token),
                    (b"Content-Type", b"application/json"),
                ]
                prober.send(request(b"POST", target, headers, content), f"{target!r} {lie}")

    prober.check("lies about the length")


def test_a_body_too_large_is_refused_as_such_however_it_comes(
    worker: HttpWorkers, everything: Everything
) -> None:
    token = everything.tokens[Role.BRAND_ADMIN].encode()
    headers = [(b"Authorization", b"Bearer " + token), (b"Content-Type", b"application/json")]
    chunks = b"".join(b"100000\r\n" + b"x" * 0x100000 + b"\r\n" for _ in range(5)) + b"0\r\n\r\n"

    told = [
        exchange(worker.port, request(b"POST", b"/api/v1/code-orders", [*headers, *more], body))
        for more, body in (
            ([(b"Content-Length", b"5000000")], b"{}"),
            ([(b"Transfer-Encoding", b"chunked")], chunks),
        )
    ]

    assert [answer.status for answer in told] == [413, 413]
    assert {json.loads(answer.body)["type"] for answer in told} == {"urn:wuma:problem:body-too-large"}


def test_a_compressed_body_is_not_unpacked_but_by_the_capture_that_bounds_it(
    prober: Prober, everything: Everything
) -> None:
    bomb = gzip.compress(b"[" + b"0," * 20_000_000 + b"0]", 9)
    token = everything.tokens[Role.BRAND_ADMIN].encode()

    for target in (b"/api/v1/code-orders", b"/epcis/capture", b"/m/scans/x/place"):
        for encoding in (b"gzip", b"deflate", b"br", b"gzip, gzip"):
            headers = [
                (b"Authorization", b"Bearer " + token),
                (b"Content-Type", b"application/json"),
                (b"Content-Encoding", encoding),
            ]
            answer = prober.send(request(b"POST", target, headers, bomb), f"{target!r} {encoding!r}")
            if (target, encoding) == (b"/epcis/capture", b"gzip"):  # kept as it came, for a job to unpack
                assert answer.status == 202, answer
                continue
            assert 400 <= answer.status < 500, answer
            assert answer.media_type == "application/problem+json"

    prober.check("bombs")


# ---- the addresses of scans ------------------------------------------------------------------------------

_BYTES: Final = (
    b"%00", b"%", b"%zz", b"%ff%fe", b"%C0%80", b"%ED%A0%80", b"%F0%9F%98%80", b"%2e%2e%2f", b"..", b"//",
    b"\\", b"%5c", b"'", b'"', b"<script>", b"%3Cscript%3E", b"%0d%0aSet-Cookie:%20x=1", b"%0a", b"%09", b"+",
    b";", b"?", b"&", b"=", b"%EF%BC%96%EF%BC%99", b"%E2%80%8B", b"%E4%BD%A0", b"@@scanned@@", b"{{7*7}}",
    b"\xff", b"a" * 100, b"9" * 14,
)  # fmt: skip


def _scan_target(chance: random.Random, made: Everything) -> bytes:
    label = chance.choice(made.labels)
    path = bytearray(chance.choice((label.open_path, label.hidden_path, label.typed_path)).encode())
    for _ in range(chance.randint(0, 4)):
        place = chance.randrange(1, len(path) + 1)
        match chance.randrange(4):
            case 0:
                path[place:place] = chance.choice(_BYTES)
            case 1:
                del path[place : place + chance.randint(1, 6)]
            case 2:
                path[place:place] = path[:place]
            case _:
                path[place : place + 1] = bytes([chance.choice(b"0123456789ABCXYZabcxyz-._~!$&'()*+,;=:@")])
    target = bytes(path).replace(b" ", b"%20")
    if chance.random() < 0.4:
        names = (b"scan", b"lang", b"linkType", b"17", b"10", b"3103", b"s")
        values = (*_BYTES, made.names["scan_id"][0].encode(), b"zh", b"en", b"all", b"270101")
        pairs = [chance.choice(names) + b"=" + chance.choice(values) for _ in range(chance.randint(1, 4))]
        target += b"?" + b"&".join(pairs)
    return target[:8_000]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_no_address_of_a_scan_makes_it_stumble(prober: Prober, everything: Everything) -> None:
    chance = random.Random(SEED)
    bodies = (None, None, b"", b"{}", b"scan=x", *BODY_POISONS.values())

    for number in range(COUNT):
        method = chance.choice((b"GET", b"POST", b"POST", b"HEAD", b"PUT"))
        headers = [(b"X-Forwarded-For", b"36.%d.%d.1" % (number >> 8 & 255, number & 255))]
        if chance.random() < 0.5:
            headers.append((b"Accept", b"application/json"))
        if chance.random() < 0.5:
            headers.append((b"Content-Type", b"application/json"))
        target = _scan_target(chance, everything)
        prober.send(request(method, target, headers, chance.choice(bodies)), "a scan")

    prober.check("scans")


@pytest.mark.parametrize("poison", ["longitude", "latitude", "accuracy_m", "source", "unknown"])
def test_no_place_of_a_scan_makes_it_stumble(prober: Prober, everything: Everything, poison: str) -> None:
    good = {"longitude": 116.4, "latitude": 39.9, "accuracy_m": 30, "source": "gps_exact", "unknown": None}
    del good["unknown" if poison != "unknown" else "source"]
    for number, (what, value) in enumerate(JSON_POISONS.items()):
        body = _replaced(good, (poison,), value)
        headers = [
            (b"Content-Type", b"application/json"),
            (b"X-Forwarded-For", b"36.200.%d.1" % number),
            (b"Cookie", everything.cookie.encode()),
        ]
        scan_id = everything.names["scan_id"][0]
        for target in (everything.labels[number % 20].hidden_path, f"/m/scans/{scan_id}/place"):
            prober.send(request(b"POST", target.encode(), headers, body), f"{target} {what}")

    prober.check(f"places, {poison}")


# ---- reports ---------------------------------------------------------------------------------------------


def _part(chance: random.Random, name: bytes, content: bytes) -> bytes:
    """One part of a form, mostly well made, so that its content gets as far as it can."""
    if chance.random() < 0.85:
        file = b'; filename="a.png"\r\nContent-Type: image/png' if name == b"photo" else b""
        head = b'--b\r\nContent-Disposition: form-data; name="%s"' % name + file
        return head + b"\r\n\r\n" + content + b"\r\n"
    disposition = chance.choice(
        (
            b'form-data; name="%s"' % name,
            b'form-data; name="%s"; filename="a.png"' % name,
            b'form-data; name="%s"; filename="../../x"' % name,
            b'form-data; name="%s"; filename="%s"' % (name, b"\xff" * 300),
            b"form-data; name=\"%s\"; filename*=utf-99''%%ff" % name,
            b"form-data",
            b"attachment",
            b"",
        )
    )
    more = chance.choice(
        (b"", b"Content-Type: image/png\r\n", b"X: " + b"y" * 9_000 + b"\r\n", b"no colon\r\n")
    )
    return b"--b\r\nContent-Disposition: " + disposition + b"\r\n" + more + b"\r\n" + content + b"\r\n"


def _pictures() -> list[bytes]:
    """Pictures that are none, or too much of one."""
    png_header = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    return [
        b"",
        b"\x89PNG\r\n\x1a\n",
        png_header + b"\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\x06\x00\x00\x00" + b"\x00" * 50,
        png_header + b"\x00\x00\x00\x01\x00\x00\x00\x01\x10\x03\xff\xff\xff" + b"\xff" * 50,
        b"\xff\xd8\xff\xe1\xff\xff" + b"Exif\0\0MM\0*" + b"\xff" * 4_000,
        b"GIF89a\xff\xff\xff\xff\xf7\x00\x00" + b"\xff" * 1_000,
        b"RIFF\xff\xff\xff\x7fWEBPVP8 " + b"\xff" * 1_000,
        b"II*\x00\x08\x00\x00\x00" + b"\xff" * 1_000,
        b"%PDF-1.7\n",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"x" * 7_000_000,
    ]


def test_no_report_makes_it_stumble(prober: Prober, everything: Everything) -> None:
    chance = random.Random(SEED)
    fields: dict[bytes, list[bytes]] = {
        b"concern": [*[b"other"] * 8, b"", b"x" * 10_000, b"\xff", b"other\0"],
        b"text": [*[b"words"] * 4, b"\xff\xfe", b"\0", "字".encode() * 5_000, b"\xed\xa0\x80"],
        b"contact": [*[b"13800138000"] * 4, b"\xff", b"\0\0", b"x" * 100_000],
        b"scan_id": [everything.names["scan_id"][0].encode(), b"x", b"", b"\xff" * 16],
        b"scanned": [b"/h/0", b"\xff", b"x" * 10_000, b"\0"],
        b"photo": _pictures(),
    }
    for number in range(min(COUNT, 400)):
        parts = [
            _part(chance, name, chance.choice(contents))
            for name, contents in fields.items()
            for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 1, 2)))
        ]
        chance.shuffle(parts)
        body = b"".join(parts) * chance.choice((1, 1, 1, 1, 1, 30))
        body += chance.choice((*[b"--b--\r\n"] * 6, b"--b", b"", b"\xff" * 100))
        headers = [
            (
                b"Content-Type",
                chance.choice(
                    (*[b"multipart/form-data; boundary=b"] * 9, b"multipart/form-data; boundary=c")
                ),
            ),
            (b"X-Forwarded-For", b"36.%d.%d.1" % (100 + (number >> 8), number & 255)),
            (b"Accept", chance.choice((b"application/json", b"text/html"))),
        ]
        prober.send(request(b"POST", b"/m/reports", headers, body[:8_300_000]), "a report")

    prober.check("reports")
    assert prober.statuses[201] > 0, "no report got through, so nothing behind the door was tried"
