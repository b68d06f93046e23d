"""``wuma demo``: ten weeks of an invented brand, played against a server that is started for it.

The server is the real one, started by the real command line in a folder of its own; the simulated brand
(`wuma_world`) uses it as every client does, over HTTP. Its clock is the world's, so that weeks pass in
minutes: a server started like this believes whoever tells it the time, and is for demonstrations only.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import segno
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from wuma.entrypoints.wiring import ASSETS
from wuma.kernel.supervise import StartFailed, spawn
from wuma_world.brand import INVENTED, PRINTING_VENDORS, read_brand
from wuma_world.client import Server
from wuma_world.geography import AddressBook
from wuma_world.office import STAFF, Credentials
from wuma_world.play import PARTS, People, Played, play
from wuma_world.proof import Check, prove
from wuma_world.real_data import FileReport, RealDataMissing, check_files, hand_in, prepare
from wuma_world.reckoning import Reckoning, as_json, reckon
from wuma_world.scale import LIFE, SCALES, ScaleName
from wuma_world.stopped import PlayStopped
from wuma_world.story import Language, souvenirs, tell
from wuma_world.world import END, HOME, World, plan_world

PORT: Final = 8080
DOMAIN: Final = "xingken.example"
READY_SECONDS_MAX: Final = 120.0  # a first start creates the database and loads 45,000 divisions
STOP_SECONDS_MAX: Final = 30.0
COMMAND_SECONDS_MAX: Final = 60.0
PASSWORD_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for."""

    data: Path | None = None
    keep: bool = False
    port: int | None = None
    public_url: str | None = None
    lan: bool = False
    scale: ScaleName = "demo"
    seed: int = 7
    check: bool = False
    real: Path | None = None
    language: Language = "en"


class DemoFailed(StartFailed):
    """The demo cannot go on; the message says why, in words for whoever started it."""


def demo(options: Options) -> int:
    """Play the demo; return the exit code of the program."""
    console = Console(stderr=options.check, highlight=False)
    with _stopped_by_sigterm(), _folder(options) as folder, _Running(options, folder) as running:
        console.print(f"Wuma {running.base_url}  ({folder})")
        outcome = _play(options, running, console)
        checks = [*outcome.checks, *running.invariant_checks()]
        if options.check:
            return _report(options, outcome, checks)
        _show(options, running, outcome, checks, console)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()
    return 0


# ---- playing -----------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Outcome:
    """A played world, and what became of it."""

    world: World
    people: People
    played: Played
    found: Reckoning
    checks: list[Check]
    seconds: dict[str, float] = field(default_factory=dict)
    files: list[FileReport] = field(default_factory=list)
    """What became of real data, file by file."""


def _play(options: Options, running: _Running, console: Console) -> Outcome:
    seconds = {"start": running.started_seconds}
    begun = time.monotonic()
    with _brand_files(options) as folder:
        names = {"name_zh": "真实商品", "name_en": "Real products"} if options.real else {}
        world = plan_world(
            read_brand(folder, **names),
            SCALES[options.scale],
            seed=options.seed,
            begins_at=_first_midnight(),
            addresses=AddressBook(ASSETS / "ip2region.xdb"),
        )
        seconds["plan"] = time.monotonic() - begun
        people = _people()
        running.add_operator(people.operator)

        async def live() -> Outcome:
            with _Bars(console) as bars:
                async with Server.at(running.base_url) as server:
                    played = await play(world, server, people, folder, bars.told)
                    seconds["play"] = time.monotonic() - begun
                    found = reckon(played.heard, world.cheats)
                    checks = await prove(world, server, played, found)
                    files = await _hand_in(options, played, folder, world)
                    checks += check_files(files) if files else []
            return Outcome(world, people, played, found, checks, seconds, files)

        try:
            outcome = asyncio.run(live())
        except (PlayStopped, ExceptionGroup) as failure:
            if (why := _why(failure)) is None:
                raise
            raise DemoFailed(why) from failure
    seconds["all"] = time.monotonic() - begun + running.started_seconds
    return outcome


def _why(failure: BaseException) -> str | None:
    """Return why the play stopped, in its own words; None when it is a fault of the program."""
    if isinstance(failure, PlayStopped):
        return str(failure)
    if isinstance(failure, BaseExceptionGroup):
        reasons = [_why(part) for part in failure.exceptions]
        return None if None in reasons else "; ".join(dict.fromkeys(filter(None, reasons)))
    return None


@contextlib.contextmanager
def _brand_files(options: Options) -> Iterator[Path]:
    """Give the folder with the brand's CSV files: the invented one, or one made from real data."""
    if options.real is None:
        yield INVENTED
        return
    with tempfile.TemporaryDirectory(prefix="wuma-brand-") as folder:
        try:
            prepare(options.real, Path(folder))
        except RealDataMissing as missing:
            raise DemoFailed(f"--real {options.real}: {missing}") from None
        yield Path(folder)


async def _hand_in(options: Options, played: Played, folder: Path, world: World) -> list[FileReport]:
    if options.real is None:
        return []
    return await hand_in(played.office.admin, options.real, folder, at=world.at(END))


def _first_midnight() -> datetime:
    """Return when a world begins that ends last midnight, at home in China."""
    today = datetime.now(HOME).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - LIFE


def _people() -> People:
    def one(mailbox: str, role: str, name: str) -> Credentials:
        return Credentials(f"{mailbox}@{DOMAIN}", secrets.token_urlsafe(PASSWORD_BYTES), role, name)

    return People(
        operator=one("operator", "platform_operator", "平台 值班"),
        admin=one("admin", "brand_admin", "管理 苏总"),
        staff=tuple(one(mailbox, role, name) for role, name, mailbox in STAFF),
        vendors=tuple(
            Credentials(vendor.email, secrets.token_urlsafe(PASSWORD_BYTES), "printing_vendor", vendor.name)
            for vendor in PRINTING_VENDORS
        ),
    )


class _Bars:
    """Progress bars, one for each part of the play."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description:>9}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._tasks = {part: self._progress.add_task(part, total=None, start=False) for part in PARTS}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def told(self, part: str, done: int, total: int) -> None:
        task = self._tasks[part]
        self._progress.start_task(task)
        self._progress.update(task, completed=done, total=total)


# ---- telling -----------------------------------------------------------------------------------------------


def _report(options: Options, outcome: Outcome, checks: list[Check]) -> int:
    """Write the summary to standard output, the failing checks to standard error."""
    failing = [check for check in checks if not check.holds]
    summary = {
        "ok": not failing,
        "scale": options.scale,
        "seed": options.seed,
        "seconds": {name: round(value, 1) for name, value in outcome.seconds.items()},
        "events": outcome.played.event_count,
        "checks": [check.as_json() for check in checks],
        "files": [file.as_json() for file in outcome.files],
        "reckoning": as_json(outcome.found),
    }
    print(json.dumps(summary, ensure_ascii=False, indent=1))
    for check in failing:
        print(f"{check.name}: expected {check.expected}, got {check.actual}", file=sys.stderr)
    return 1 if failing else 0


_WORDS: Final[dict[str, dict[Language, str]]] = {
    "console": {"zh": "控制台", "en": "console"},
    "phone": {"zh": "手机页面", "en": "phone pages"},
    "genuine": {"zh": "真罐·明码", "en": "genuine can, open code"},
    "hidden": {"zh": "真罐·暗码（首次查询）", "en": "genuine can, hidden code (nobody has scanned it)"},
    "typed": {"zh": "真罐·手输暗码", "en": "the same, to be typed"},
    "copied": {"zh": "被复制的暗码（存疑）", "en": "a hidden code that was copied (doubts)"},
    "sign_in": {"zh": "登录", "en": "sign in as"},
    "loopback": {
        "zh": "手机够不着 localhost；加 --lan 重新运行，同一局域网的手机即可扫描。",
        "en": "A phone cannot reach localhost. Run it with --lan, and phones in this network can scan.",
    },
    "clock": {
        "zh": "演示服务器相信请求里的时间（WUMA_CLOCK=world）：不要让它面对互联网。",
        "en": "This server believes the time it is told (WUMA_CLOCK=world): never show it to the internet.",
    },
    "stop": {"zh": "按 Ctrl-C 结束。", "en": "Ctrl-C ends it."},
    "kept": {"zh": "数据保留在", "en": "the data stays in"},
    "gone": {"zh": "数据随演示一起删除", "en": "the data goes with the demo"},
    "failing": {"zh": "未通过的检查", "en": "checks that do not hold"},
    "checks": {"zh": "项检查全部通过", "en": "checks hold"},
}


def _show(
    options: Options, running: _Running, outcome: Outcome, checks: list[Check], console: Console
) -> None:
    """Tell the story, and where to look and sign in."""

    def word(name: str) -> str:
        return _WORDS[name][options.language]

    def line(name: str, value: str) -> None:
        console.print(f"  [bold]{word(name)}[/]  {value}", soft_wrap=True)

    vendor = next((check.actual for check in checks if check.name == "leak.vendor"), "?")
    console.print()
    for sentence in tell(outcome.world, outcome.played, outcome.found, vendor, options.language):
        console.print(f"• {sentence}", soft_wrap=True)
    for file in outcome.files:
        why = "; ".join(file.reasons)
        numbers = f"{file.accepted}/{file.rows}  {file.seconds:.1f} s"
        console.print(f"  {file.file}  {numbers}  {why}", soft_wrap=True, markup=False)
    failing = [check for check in checks if not check.holds]
    for check in failing:
        console.print(f"[red]{word('failing')}: {check.name}: {check.expected} ≠ {check.actual}[/]")
    if not failing:
        console.print(f"[green]✓ {len(checks)} {word('checks')}[/]")
    console.print()
    taken = souvenirs(outcome.world, outcome.played)
    line("console", f"{running.public_url}/console")
    line("phone", f"{running.public_url}/m")
    line("genuine", taken.genuine_open)
    line("hidden", taken.genuine_hidden)
    line("typed", taken.genuine_typed)
    line("copied", taken.copied_hidden)
    people = outcome.people
    for person in [people.operator, people.admin, *people.staff, *people.vendors]:
        line("sign_in", f"{person.email}  {person.password}  ({person.role})")
    console.print()
    segno.make(taken.genuine_open).terminal(compact=True)
    if not options.lan and options.public_url is None:
        console.print(f"[yellow]{word('loopback')}[/]")
    console.print(f"[yellow]{word('clock')}[/]")
    console.print(f"{word('kept')} {running.folder}" if running.stays else word("gone"))
    console.print(f"[bold]{word('stop')}[/]")


# ---- the server --------------------------------------------------------------------------------------------


class _Running:
    """A server that was started for the demo, and the command line beside it."""

    def __init__(self, options: Options, folder: Path) -> None:
        self.folder = folder
        self.stays = options.data is not None or options.keep
        self.port = _free_port(options.port, everywhere=options.lan)
        self.base_url = f"http://127.0.0.1:{self.port}"
        host = lan_address() if options.lan else "localhost"
        self.public_url = (options.public_url or f"http://{host}:{self.port}").rstrip("/")
        self.started_seconds = 0.0
        self._host = "0.0.0.0" if options.lan else "127.0.0.1"  # noqa: S104 - asked for by --lan
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> _Running:
        begun = time.monotonic()
        with self._log.open("wb") as log:
            self._process = spawn(
                [
                    *(*_COMMAND, "serve", *self._data, "--port", str(self.port)),
                    *("--host", self._host, "--public-url", self.public_url),
                ],
                environment={**os.environ, "WUMA_CLOCK": "world"},
                death_signal=signal.SIGTERM,
                output=log.fileno(),
            )
        try:
            self._wait_until_ready(begun)
        except BaseException:
            self.__exit__()
            raise
        self.started_seconds = time.monotonic() - begun
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def add_operator(self, operator: Credentials) -> None:
        """Make the first account, with the command an operator uses."""
        self._wuma(
            *("account", "add", operator.email, "--role", operator.role, "--name", operator.name),
            stdin=f"{operator.password}\n",
        )

    def invariant_checks(self) -> list[Check]:
        """Check what must always be true of the data, with the command an operator uses."""
        found: Mapping[str, int] = json.loads(self._wuma("invariants", "--json"))
        return [Check.equal(f"invariant.{name}", 0, count) for name, count in found.items()]

    @property
    def _data(self) -> list[str]:
        return ["--data", str(self.folder)]

    def _wuma(self, *words: str, stdin: str = "") -> str:
        done = subprocess.run(
            [*_COMMAND, *words, *self._data],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS_MAX,
            check=False,
        )
        if done.returncode:
            raise DemoFailed(f"wuma {' '.join(words[:2])}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _wait_until_ready(self, begun: float) -> None:
        assert self._process is not None
        while time.monotonic() - begun < READY_SECONDS_MAX:
            if self._process.poll() is not None:
                raise DemoFailed(f"the server did not start: {self._last_words()}")
            if self._is_ready():
                return
            time.sleep(0.2)
        raise DemoFailed(f"the server was not ready after {READY_SECONDS_MAX:.0f} s: {self._last_words()}")

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.base_url}/readyz", timeout=1) as answer:  # noqa: S310 - ours
                return bool(answer.status == 200)
        except OSError:  # refused, reset, or a status that urllib takes for an error
            return False

    def _last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


_COMMAND: Final = (sys.executable, "-m", "wuma.entrypoints.cli")


@contextlib.contextmanager
def _folder(options: Options) -> Iterator[Path]:
    """Give the demo a folder of its own, and remove it unless it shall stay."""
    if options.data is not None:
        folder = options.data.resolve()
        if folder.exists() and any(folder.iterdir()):
            raise DemoFailed(f"--data {options.data}: expected a new or empty folder, and it holds files")
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    folder = Path(tempfile.mkdtemp(prefix="wuma-demo-"))
    folder.chmod(0o755)  # started by root, the database runs as another user, who must get in
    try:
        yield folder
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _stopped_by_sigterm() -> Iterator[None]:
    """Let a SIGTERM end the demo as Ctrl-C does: server stopped, folder removed."""

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _free_port(wanted: int | None, *, everywhere: bool) -> int:
    """Return the wanted port; when nobody asked for one, the usual or, if that is taken, another."""
    host = "0.0.0.0" if everywhere else "127.0.0.1"  # noqa: S104 - asked for by --lan
    if wanted is not None:
        return wanted  # the server itself says so when it is taken
    for port in (PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((host, port))
                probe.listen(1)
                number: int = probe.getsockname()[1]
                return number
    raise DemoFailed("no port is free to listen on")


def lan_address() -> str:
    """Return this machine's address in its network: the one it would use to reach the outside."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # documentation addresses (RFC 5737); nothing is sent
        except OSError:
            raise DemoFailed("--lan: this machine has no network; say --public-url yourself") from None
        return str(probe.getsockname()[0])
