"""A real Chromium in front of a real server, and people who sit before it.

Chromium is the one named by CHROMIUM, Debian's, or playwright's own; without any, these tests are skipped
by name. With WUMA_SCREENSHOTS=FOLDER every test that takes pictures leaves them there.
"""

from __future__ import annotations

import itertools
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conftest import PASSWORD, make_account
from wuma.entrypoints import pages
from wuma.entrypoints.api import Application, build_app
from wuma.kernel.auth.grants import Role
from wuma.kernel.runtime import Runtime
from wuma_gs1.check_characters import check_digit

START_SECONDS_MAX = 20
ACTION_MS_MAX = 30_000  # a machine that runs other tests beside the browser may be slow
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 812}

_visitors = itertools.count(1)
_gtins = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Server:
    """The application, served over HTTP on a free port."""

    url: str
    application: Application


@pytest.fixture(scope="session")
def server(runtime: Runtime) -> Iterator[Server]:
    """A running server; the pages must have been built."""
    if not (pages.CONSOLE / "index.html").is_file():
        pytest.skip("the console has not been built: run scripts/build-web")
    listening = socket.create_server(("127.0.0.1", 0))
    application = build_app(runtime)
    config = uvicorn.Config(application, log_level="warning", access_log=False)
    uvicorn_server = uvicorn.Server(config)
    thread = threading.Thread(target=uvicorn_server.run, kwargs={"sockets": [listening]})
    thread.start()
    due_at = time.monotonic() + START_SECONDS_MAX
    while not uvicorn_server.started:
        assert thread.is_alive(), "the server ended while starting"
        assert time.monotonic() < due_at, f"the server did not start within {START_SECONDS_MAX} s"
        time.sleep(0.02)
    yield Server(f"http://127.0.0.1:{listening.getsockname()[1]}", application)
    uvicorn_server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture(scope="session")
def server_url(server: Server) -> str:
    """The address of the application."""
    return server.url


@pytest.fixture(scope="package")  # its event loop runs in this thread: it must be gone before other tests
def chromium() -> Iterator[Browser]:
    """One browser for all tests of this folder; each test takes a context, as fresh as a private window."""
    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
        named = os.environ.get("CHROMIUM")
        places = [Path(named)] if named else [Path("/usr/bin/chromium"), own]
        program = next((place for place in places if place.exists()), None)
        if program is None:
            pytest.skip(f"no Chromium at {', '.join(map(str, places))} (CHROMIUM)")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


class Visitor:
    """Somebody before a browser: a page, who they are, and everything the page complained about."""

    def __init__(self, context: BrowserContext, url: str, runtime: Runtime) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.page.set_default_timeout(ACTION_MS_MAX)
        expect.set_options(timeout=ACTION_MS_MAX)
        self.url = url
        self.complaints: list[str] = []
        self._runtime = runtime
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused request is written to the console by the browser itself; pages show those as problems.
        if (
            message.type in {"error", "warning"}
            and "the server responded with a status of" not in message.text
        ):
            self.complaints.append(message.text)

    def sign_in(self, tenant_id: int, *roles: Role) -> str:
        """Become somebody new with these roles, by cookie, and return their e-mail."""
        email = make_account(self._runtime, tenant_id, *roles)
        self.enter(email)
        return email

    def enter(self, email: str) -> None:
        """Open a session of an account and take over its cookie."""
        answer = httpx.post(
            f"{self.url}/api/v1/session",
            json={"email": email, "password": PASSWORD},
            headers={"x-forwarded-for": f"198.51.100.{next(_visitors) % 254}"},
        )
        assert answer.status_code == 204, answer.text
        cookie = re.match(r"(\w+)=([^;]+)", answer.headers["set-cookie"])
        assert cookie is not None
        self.context.add_cookies([{"name": cookie[1], "value": cookie[2], "url": self.url}])

    def go(self, path: str) -> Page:
        """Open a page of the console."""
        self.page.goto(f"{self.url}/console{path}")
        return self.page

    def post(self, what: str, body: dict[str, object]) -> dict[str, object]:
        """Send a change from within the page, as its own code does."""
        made: dict[str, object] = self.page.evaluate(
            """async ([what, body]) => {
                const path = what.startsWith("/") ? what : `/api/v1/${what}`;
                const answer = await fetch(path, {
                    method: "POST",
                    headers: { "content-type": "application/json" },
                    body: JSON.stringify(body),
                });
                if (!answer.ok) throw new Error(await answer.text());
                return answer.json();
            }""",
            [what, body],
        )
        return made


Opens = Callable[..., Visitor]


@pytest.fixture
def visit(chromium: Browser, server_url: str, runtime: Runtime) -> Iterator[Opens]:
    """Open a browser window: ``visit(locale="en", viewport=PHONE)``. No page may complain."""
    visitors: list[Visitor] = []

    def open_window(*, locale: str = "zh-CN", viewport: dict[str, int] = DESKTOP) -> Visitor:
        context = chromium.new_context(
            locale=locale,
            timezone_id="Asia/Shanghai",
            viewport=viewport,  # type: ignore[arg-type]
            reduced_motion="reduce",  # on a busy machine what moves moves for long
            # Sign-ins are limited by address; each visitor comes from one of their own.
            extra_http_headers={"x-forwarded-for": f"203.0.113.{next(_visitors) % 254}"},
            permissions=["clipboard-read", "clipboard-write"],
        )
        visitors.append(Visitor(context, server_url, runtime))
        return visitors[-1]

    yield open_window
    for visitor in visitors:
        visitor.context.close()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


def fresh_gtin(indicator: str = "0") -> str:
    """Return a GTIN-14 that no other test has taken; one names the same thing for all tenants."""
    digits = f"{indicator}699{next(_gtins):09}"
    return digits + str(check_digit(digits))


@pytest.fixture
def photograph() -> Callable[[Page, str], None]:
    """Keep a picture of a page for people to look at, if somebody asked for pictures."""
    folder = os.environ.get("WUMA_SCREENSHOTS")

    def take(page: Page, name: str) -> None:
        if folder is not None:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")

    return take
