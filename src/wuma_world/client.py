"""Speaking to a Wuma server as its users do: people at desks with tokens, phones with cookies.

Every request carries the time of the world, which a server believes that was started for it. A phone's
address goes into X-Forwarded-For, which a server believes from its own machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Final, Self
from uuid import uuid4

import httpx2 as httpx

from wuma_world.people import Phone
from wuma_world.stopped import PlayStopped

WORLD_CLOCK: Final = "Wuma-World-Clock"
CONNECTIONS_MAX: Final = 64
IDLE_SECONDS_MAX: Final = 2.0  # a server hangs up on idle connections, most after five seconds
TIMEOUT_SECONDS: Final = 60.0
REPETITIONS_MAX: Final = 5
PAUSE_SECONDS: Final = 0.25  # doubled each time: 0.25 + 0.5 + … + 4 = 8 s of a busy server
TOKEN_DAYS: Final = 120  # longer than the world lives

_BUSY: Final = frozenset({HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.BAD_GATEWAY})


class Refused(PlayStopped):
    """The server said no to something that the world thought right; the message has its words."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        super().__init__(f"{method} {path}: {answer.status_code} {_words(answer)}")
        self.status = answer.status_code


def _words(answer: httpx.Response) -> str:
    """Return what a problem document says, with its first faults; else the beginning of the text."""
    try:
        problem = answer.json()
        return f"{problem['title']}: {problem['detail']} {problem.get('errors', [])[:FAULTS_SHOWN]}"
    except (ValueError, KeyError, TypeError):
        return answer.text[:BODY_SHOWN]


FAULTS_SHOWN: Final = 5
BODY_SHOWN: Final = 400


class Unreachable(PlayStopped):
    """The server does not answer; the message says what was asked how often."""


class Server:
    """A Wuma server, as it is reached from outside."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._cookies: dict[int, str] = {}

    @classmethod
    @asynccontextmanager
    async def at(cls, base_url: str) -> AsyncIterator[Self]:
        """Open connections to a server, and close them at the end."""
        limits = httpx.Limits(max_connections=CONNECTIONS_MAX, keepalive_expiry=IDLE_SECONDS_MAX)
        no_jar = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # thousands of people share this client
        async with httpx.AsyncClient(
            base_url=base_url, limits=limits, timeout=TIMEOUT_SECONDS, cookies=no_jar
        ) as client:
            yield cls(client)

    async def sign_in(self, email: str, password: str, *, at: datetime) -> Desk:
        """Sign somebody in, and take out a token for everything they may do."""
        body = {"email": email, "password": password}
        signed_in = await self.request("POST", "/api/v1/session", at=at, json=body)
        headers = {"Cookie": signed_in.headers["set-cookie"].split(";")[0], "Sec-Fetch-Site": "same-origin"}
        me = (await self.request("GET", "/api/v1/me", at=at, headers=headers)).json()
        wanted = {"name": "wuma_world", "permissions": me["permissions"], "days": TOKEN_DAYS}
        issued = await self.request("POST", "/api/v1/tokens", at=at, headers=headers, json=wanted)
        return Desk(self, issued.json()["token"], account_id=me["account_id"], name=me["name"])

    async def scan(
        self, phone: Phone, method: str, path: str, *, address: str, at: datetime
    ) -> httpx.Response:
        """Let a phone open an address that is printed on a can; the answer is that for programs."""
        headers = {
            "Accept": "application/json",
            "User-Agent": phone.agent,
            "X-Forwarded-For": address,
        }
        if (cookie := self._cookies.get(phone.number)) is not None:
            headers["Cookie"] = cookie
        answer = await self.request(method, path, at=at, headers=headers, refusals={429})
        if phone.keeps_cookies and cookie is None and (given := answer.headers.get("set-cookie")):
            self._cookies[phone.number] = given.split(";")[0]
        return answer

    async def request(
        self,
        method: str,
        path: str,
        *,
        at: datetime | None,
        headers: Mapping[str, str] | None = None,
        refusals: frozenset[int] | set[int] = frozenset(),
        **options: Any,
    ) -> httpx.Response:
        """Send a request; when the server is busy or the connection breaks, wait and send it again.

        A request that must not be done twice carries what makes it one: an Idempotency-Key, the number
        of a scan.

        Raises:
            Refused: the answer is an error that is not among `refusals`.
            Unreachable: there is no answer.
        """
        said = dict(headers or {})
        if at is not None:
            said[WORLD_CLOCK] = at.isoformat()
        answer = await self._send(method, path, said, **options)
        for turn in range(REPETITIONS_MAX):
            if answer is not None and answer.status_code not in _BUSY:
                break
            await asyncio.sleep(PAUSE_SECONDS * 2**turn)
            answer = await self._send(method, path, said, **options)
        if answer is None:
            raise Unreachable(f"{method} {path}: the server hung up {REPETITIONS_MAX + 1} times")
        if answer.is_error and answer.status_code not in refusals:
            raise Refused(method, path, answer)
        return answer

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str], **options: Any
    ) -> httpx.Response | None:
        """Send a request once; None when the connection broke, and nobody knows how far it came."""
        try:
            return await self._client.request(method, path, headers=headers, **options)
        except httpx.TransportError:
            return None


class Desk:
    """Somebody of the brand, or of a vendor, at work."""

    def __init__(self, server: Server, token: str, *, account_id: str, name: str) -> None:
        self.server = server
        self.account_id = account_id
        self.name = name
        self._authorization = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str, *, at: datetime | None = None, **params: Any) -> Any:
        """Return what is at a path of the platform API, or below ``/epcis``."""
        return (await self.request("GET", path, at=at, params=params)).json()

    async def pages(self, path: str, *, at: datetime | None = None, **params: Any) -> AsyncIterator[Any]:
        """Yield every item of a list, page by page."""
        after: str | None = None
        while True:
            wanted = {**params, "limit": PAGE_ITEMS} | ({"after": after} if after else {})
            page = await self.get(path, at=at, **wanted)
            for item in page["items"]:
                yield item
            after = page.get("next")
            if after is None:
                return

    async def post(self, path: str, body: Any = None, *, at: datetime) -> Any:
        """Do something, once, however often it must be sent."""
        headers = {"Idempotency-Key": uuid4().hex}
        answer = await self.request("POST", path, at=at, headers=headers, json=body)
        return answer.json() if answer.content else None

    async def request(
        self,
        method: str,
        path: str,
        *,
        at: datetime | None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request as this person."""
        full = path if path.startswith(("/api/", "/epcis")) else f"/api/v1{path}"
        return await self.server.request(
            method, full, at=at, headers={**self._authorization, **(headers or {})}, **options
        )


PAGE_ITEMS: Final = 200
