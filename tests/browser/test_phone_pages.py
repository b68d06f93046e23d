"""The phone pages in a real Chromium: narrow, in the dark, without scripts, before a camera, read aloud."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import segno
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, FilePayload, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from tests.browser.gallery import EPOCHS, LANGUAGES, PAGES, SCAN, WIDTHS
from wuma.chain.codes.alphabet import grouped, spell
from wuma.journeys.scan_code import page as pages
from wuma.journeys.scan_code.texts import Language

CODE: Final = spell(5, 0x2B7E151628AED2A6ABF7, 16)
ASSETS: Final = Path(str(pages.assets_folder()))
AXE: Final = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
START_SECONDS_MAX: Final = 20
TARGET_PX_MIN: Final = 44
TEXT_PX_MIN, HEADLINE_PX_MIN = 17, 26
FIRST_BYTES_MAX: Final = 25_000
"""The page and the script it loads, uncompressed; the page alone is held to one flight elsewhere."""
PHOTO_SIDE_MAX: Final = 1600
SLOW_MS: Final = 20_000  # WebAssembly is compiled on a machine that others use, too


@dataclass
class Site:
    """The pages behind the addresses they will have, and what the phone sent to them."""

    url: str = ""
    checks: list[str] = field(default_factory=list)
    places: list[tuple[str, Any]] = field(default_factory=list)
    reports: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/pages/{name}", self._page),
                Route("/m", self._entrance, methods=["GET", "POST"]),
                Route("/h/{code}", self._hidden, methods=["GET", "POST"]),
                Route("/01/{gtin}/21/{serial}", self._open),
                Route("/m/scans/{scan}/place", self._place, methods=["POST"]),
                Route("/m/reports", self._report, methods=["POST"]),
                Mount("/m/assets", StaticFiles(directory=ASSETS)),
            ]
        )

    async def _page(self, request: Request) -> Response:
        return _html(request, PAGES[request.path_params["name"]](_language(request)))

    async def _entrance(self, request: Request) -> Response:
        if request.method == "POST":
            async with request.form() as form:
                self.checks.append(f"typed {form['code']}")
            return _html(request, PAGES["unknown_mistyped"](_language(request)))
        return _html(request, pages.render_landing(language=_language(request), epochs=EPOCHS))

    async def _hidden(self, request: Request) -> Response:
        if request.method == "POST":
            self.checks.append(request.path_params["code"])
            return _html(request, PAGES["first_genuine"](_language(request)))
        return _html(request, PAGES["open_hidden"](_language(request)))

    async def _open(self, request: Request) -> Response:
        return _html(request, PAGES["registered"](_language(request)))

    async def _place(self, request: Request) -> Response:
        self.places.append((request.path_params["scan"], await request.json()))
        return Response(status_code=204)

    async def _report(self, request: Request) -> Response:
        async with request.form() as form:
            self.reports.append(
                {
                    name: value if isinstance(value, str) else await value.read()
                    for name, value in form.items()
                }
            )
        if "application/json" in request.headers["accept"]:
            return JSONResponse({"reference": "R-1"}, status_code=201)
        return _html(request, PAGES["received"](_language(request)))


def _language(request: Request) -> Language:
    return pages.choose_language(
        request.headers.get("accept-language"), request.query_params.get("lang"), None
    )


def _html(_request: Request, body: bytes) -> Response:
    response = Response(body, media_type="text/html; charset=utf-8")
    response.raw_headers.extend(pages.page_headers())
    return response


@pytest.fixture(scope="module")
def running_site() -> Iterator[Site]:
    if not (ASSETS / "open-hidden.js").is_file():
        pytest.skip(f"the scripts of the phone pages are not built at {ASSETS}: run scripts/build-web")
    site = Site()
    listening = socket.create_server(("127.0.0.1", 0))
    site.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(site.app(), log_level="warning", access_log=False, lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    due_at = time.monotonic() + START_SECONDS_MAX
    while not server.started:
        assert thread.is_alive(), "the server ended while starting"
        assert time.monotonic() < due_at, f"the server did not start within {START_SECONDS_MAX} s"
        time.sleep(0.02)
    yield site
    server.should_exit = True
    thread.join()
    listening.close()


@pytest.fixture
def site(running_site: Site) -> Site:
    running_site.checks.clear()
    running_site.places.clear()
    running_site.reports.clear()
    return running_site


Opens = Callable[..., Page]


@pytest.fixture
def phone(chromium: Browser, site: Site) -> Iterator[Opens]:
    """Take a phone into the hand: ``phone("/m", locale="en", …)``. No page may complain."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(f"{message.location['url']}: {message.text}")

    def take(path: str, *, browser: Browser = chromium, before: str = "", **options: Any) -> Page:
        options = {"locale": "zh-CN", "viewport": {"width": 375, "height": 720}, **options}
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(SLOW_MS)
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if before:
            page.add_init_script(before)
        page.goto(site.url + path)
        return page

    yield take
    for context in contexts:
        context.close()
    assert complaints == []


UNSEEN: Final = "Object.defineProperty(document, 'hidden', { get: () => true });"
"""Nobody looks: the page of a hidden code stays as it is."""


def address(name: str, language: str) -> str:
    return f"/pages/{name}?lang={language}"


# ---- to look at ----------------------------------------------------------------------------------------

_OVERFLOWING = """() => [...document.querySelectorAll("body *")]
  .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5
    && getComputedStyle(element).position !== "absolute")
  .map(element => element.outerHTML.slice(0, 120))"""
_SMALL_TARGETS = """least => [...document.querySelectorAll(
    "button, a, summary, select, textarea, label:has(input), input:not([type=hidden], label input)")]
  .filter(element => element.checkVisibility())
  .filter(element => element.getBoundingClientRect().height < least)
  .map(element => element.outerHTML.slice(0, 120))"""
_SIZES = """() => [document.querySelector("main p, main label"), document.querySelector("h1")]
  .map(element => parseFloat(getComputedStyle(element).fontSize))"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_the_width_of_a_phone_and_is_large_enough_to_read_and_touch(
    phone: Opens, site: Site, language: str
) -> None:
    page = phone("/m", before=UNSEEN)
    for name in PAGES:
        page.goto(site.url + address(name, language))
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 640})
            where = f"{name} at {width} px"

            assert page.evaluate("document.documentElement.scrollWidth") <= width, where
            assert page.evaluate(_OVERFLOWING) == [], where
            assert page.evaluate(_SMALL_TARGETS, TARGET_PX_MIN) == [], where
        text_px, headline_px = page.evaluate(_SIZES)
        assert text_px >= TEXT_PX_MIN, name
        assert headline_px >= HEADLINE_PX_MIN, name


@pytest.mark.parametrize(("scheme", "language"), [("light", "zh"), ("dark", "en")])
def test_no_page_has_a_barrier_that_axe_knows(phone: Opens, site: Site, scheme: str, language: str) -> None:
    if not AXE.is_file():
        pytest.skip(f"axe-core is not at {AXE}: run scripts/build-web")
    page = phone("/m", color_scheme=scheme, bypass_csp=True, before=UNSEEN)
    for name in PAGES:
        page.goto(site.url + address(name, language))
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")

        barriers = [
            (barrier["id"], barrier["impact"], node["html"][:120], node["failureSummary"])
            for barrier in found["violations"]
            for node in barrier["nodes"]
        ]
        assert barriers == [], name
        assert any(rule["id"] == "color-contrast" for rule in found["passes"]), name


def test_whoever_walks_by_keyboard_sees_where_they_are(phone: Opens) -> None:
    page = phone(address("registered", "zh"))

    page.keyboard.press("Tab")

    focused = page.locator(":focus")
    expect(focused).to_have_class("switch")
    assert focused.evaluate("element => parseFloat(getComputedStyle(element).outlineWidth)") >= 2


def test_nothing_moves_for_whoever_wants_stillness(phone: Opens) -> None:
    moving, still = (
        phone(address("received", "zh"), reduced_motion=wish).evaluate(
            "() => { document.body.classList.add('busy'); return document.getAnimations().length }"
        )
        for wish in ("no-preference", "reduce")
    )

    assert (moving, still) == (1, 0)


def test_a_page_loads_little_and_nothing_from_elsewhere(phone: Opens, site: Site) -> None:
    page = phone(address("registered_long", "zh"))
    loaded = page.evaluate(
        """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
             .map(entry => [entry.name, entry.decodedBodySize])"""
    )

    assert [name for name, _ in loaded if not name.startswith(site.url)] == []
    assert sum(size for _, size in loaded) <= FIRST_BYTES_MAX


def test_the_language_changes_in_place(phone: Opens, site: Site) -> None:
    page = phone("/01/06901234567892/21/7Z3K0011QRST0123", locale="en-GB")
    expect(page.locator("h1")).to_have_text("Registered")

    page.get_by_text("中文").click()

    expect(page.locator("h1")).to_have_text("已登记")
    assert page.url == f"{site.url}/01/06901234567892/21/7Z3K0011QRST0123?lang=zh"
    assert page.locator("html").get_attribute("lang") == "zh-CN"


# ---- without scripts -----------------------------------------------------------------------------------


def test_without_scripts_a_hidden_code_is_checked_by_a_tap(phone: Opens, site: Site) -> None:
    page = phone(f"/h/{CODE}", java_script_enabled=False)
    assert site.checks == []

    page.get_by_role("button", name="验真").click()

    expect(page.locator("h1")).to_have_text("正品 · 首次查询")
    assert site.checks == [CODE]


def test_without_scripts_a_code_is_typed_and_a_concern_is_reported(phone: Opens, site: Site) -> None:
    page = phone("/m?lang=en", java_script_enabled=False)
    assert page.get_by_role("button", name="Scan with the camera").count() == 0

    page.get_by_label("The 16 characters under the lid").fill("7000")
    page.get_by_role("button", name="Check").click()
    page.get_by_text("Report a concern").click()
    page.get_by_label("What is it about?").select_option("code_unreadable")
    page.get_by_label("What happened?").fill("Scratched")
    page.get_by_label("Photo (optional, up to 6 MB)").set_input_files(picture(40, 30))
    page.get_by_role("button", name="Send").click()

    expect(page.locator("h1")).to_have_text("We have your report")
    assert site.checks == ["typed 7000"]
    [report] = site.reports
    assert report.pop("photo").startswith(b"\xff\xd8")
    assert report == {"concern": "code_unreadable", "text": "Scratched", "contact": ""}


# ---- the hidden code -----------------------------------------------------------------------------------


def test_with_scripts_a_hidden_code_is_checked_once_and_not_again_on_the_way_back(
    phone: Opens, site: Site
) -> None:
    page = phone("/m")
    page.goto(f"{site.url}/h/{CODE}")
    expect(page.locator("h1")).to_have_text("正品 · 首次查询")

    page.go_back()
    page.wait_for_load_state()

    assert site.checks == [CODE]


@pytest.mark.parametrize(
    ("being", "change"), [("hidden", "visibilitychange"), ("prerendering", "prerenderingchange")]
)
def test_a_page_that_nobody_looks_at_checks_nothing_until_somebody_does(
    phone: Opens, site: Site, being: str, change: str
) -> None:
    page = phone(
        f"/h/{CODE}",
        before=f"""window.unseen = true;
                   Object.defineProperty(document, "{being}", {{ get: () => window.unseen }});""",
    )
    page.wait_for_load_state("networkidle")
    expect(page.locator("h1")).to_have_text("查询盖内的暗码")
    assert site.checks == []

    page.evaluate(f"() => {{ window.unseen = false; document.dispatchEvent(new Event('{change}')) }}")

    expect(page.locator("h1")).to_have_text("正品 · 首次查询")
    assert site.checks == [CODE]


# ---- typing --------------------------------------------------------------------------------------------


def test_a_code_is_spelled_while_it_is_typed_and_sent_when_it_can_be_right(phone: Opens, site: Site) -> None:
    page = phone("/m")
    field = page.get_by_label("盖内的 16 位字符")

    field.press_sequentially(CODE.lower().replace("0", "o").replace("1", "l")[:6])
    expect(page.locator("#code-said")).to_have_text("还差 10 位")
    field.press_sequentially(f" {CODE[6:]}")
    expect(page.locator("#code-said")).to_have_text("已输完，可以查询。")
    expect(field).to_have_value(grouped(CODE))
    field.press("Enter")

    expect(page.locator("h1")).to_have_text("正品 · 首次查询")
    assert site.checks == [CODE]


def test_full_width_letters_are_read(phone: Opens) -> None:
    page = phone("/m")
    field = page.get_by_label("盖内的 16 位字符")

    field.fill("".join(chr(ord(character) + 0xFEE0) for character in CODE))

    expect(field).to_have_value(grouped(CODE))
    expect(page.locator("#code-said")).to_have_text("已输完，可以查询。")


def test_a_typing_error_is_told_before_anything_is_sent_and_may_be_insisted_on(
    phone: Opens, site: Site
) -> None:
    page = phone("/m")
    field = page.get_by_label("盖内的 16 位字符")
    wrong = CODE[:-1] + ("0" if CODE[-1] != "0" else "1")

    field.fill(wrong)
    field.press("Enter")
    expect(page.locator("#code-said")).to_have_text("可能有一位输错了，请与盖内核对。")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert site.checks == []
    field.press("Enter")

    page.wait_for_url(f"**/h/{wrong}?lang=zh")
    assert site.checks == [wrong]


def test_what_cannot_be_a_code_is_never_sent(phone: Opens, site: Site) -> None:
    page = phone("/m?lang=en")
    field = page.get_by_label("The 16 characters under the lid")

    for text, told in [
        ("7000", "12 to go"),
        (CODE + "7", "1 too many: please compare it with the lid."),
        ("7U", "There is no “U” in our codes."),
    ]:
        field.fill(text)
        field.press("Enter")
        expect(page.locator("#code-said")).to_have_text(told)

    assert site.checks == []


def test_a_character_can_be_put_right_in_the_middle(phone: Opens) -> None:
    page = phone("/m")
    field = page.get_by_label("盖内的 16 位字符")
    field.fill(CODE[:5] + CODE[6:])

    field.evaluate("field => field.setSelectionRange(6, 6)")  # behind the fifth character, after the hyphen
    page.keyboard.type(CODE[5])
    page.keyboard.type("Z")
    page.keyboard.press("Backspace")

    expect(field).to_have_value(grouped(CODE))


# ---- scanning ------------------------------------------------------------------------------------------


def symbol(text: str) -> bytes:
    """A photo of a QR code, as PNG."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(picture, kind="png", scale=8, border=6)
    return picture.getvalue()


def picture(width: int, height: int, *, with_exif: bool = False) -> FilePayload:
    """A photo as a camera leaves it, as JPEG, for a file field."""
    image = Image.effect_noise((width, height), 60).convert("RGB")
    exif = image.getexif()
    if with_exif:
        exif[0x010F] = "Phone of 2018"  # Make
    content = io.BytesIO()
    image.save(content, "JPEG", quality=92, exif=exif)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": content.getvalue()}


def film(text: str, folder: Path) -> Path:
    """What a camera sees that is held before a QR code: one frame in YUV4MPEG2, which Chromium repeats."""
    width, height = 640, 480
    frame = Image.new("L", (width, height), 235)
    code = Image.open(io.BytesIO(symbol(text))).convert("L")
    code = code.resize((360, 360), Image.Resampling.NEAREST)
    frame.paste(code, ((width - 360) // 2, (height - 360) // 2))
    grey = bytes([128]) * (width * height // 2)
    path = folder / "camera.y4m"
    header = f"YUV4MPEG2 W{width} H{height} F30:1 Ip A1:1 C420\n".encode()
    path.write_bytes(header + b"".join(b"FRAME\n" + frame.tobytes() + grey for _ in range(2)))
    return path


@pytest.fixture
def chromium_before(chromium: Browser, tmp_path: Path) -> Iterator[Callable[[str], Browser]]:
    """A Chromium whose camera looks at a QR code with this text."""
    program = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not program.exists():
        pytest.skip(f"no Chromium at {program} (CHROMIUM)")
    opened: list[Browser] = []

    def launch(text: str) -> Browser:
        opened.append(
            chromium.browser_type.launch(
                executable_path=program,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--use-fake-device-for-media-stream",
                    "--use-fake-ui-for-media-stream",
                    f"--use-file-for-fake-video-capture={film(text, tmp_path)}",
                ],
            )
        )
        return opened[-1]

    yield launch
    for browser in opened:
        browser.close()


def test_the_camera_reads_a_hidden_code_and_the_answer_opens(
    phone: Opens, site: Site, chromium_before: Callable[[str], Browser]
) -> None:
    page = phone("/m", browser=chromium_before(f"{site.url}/h/{CODE}"))

    page.get_by_role("button", name="打开相机扫码").click()

    expect(page.locator("h1")).to_have_text("正品 · 首次查询")
    assert site.checks == [CODE]


def test_the_camera_names_what_is_not_ours_and_goes_on_looking(
    phone: Opens, site: Site, chromium_before: Callable[[str], Browser]
) -> None:
    page = phone("/m?lang=en", browser=chromium_before("https://shop.example/01/09506000134352/21/1"))

    page.get_by_role("button", name="Scan with the camera").click()

    expect(page.locator("#scan [role=status]")).to_have_text(
        "This is another maker's product code (shop.example). We did not open it."
    )
    expect(page.locator("video")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("video")).to_be_hidden()
    assert page.url == f"{site.url}/m?lang=en"


def test_a_camera_that_is_not_allowed_leaves_the_other_ways(phone: Opens) -> None:
    page = phone(
        "/m",
        before="""navigator.mediaDevices.getUserMedia =
                    async () => { throw new DOMException("no", "NotAllowedError") };""",
    )

    page.get_by_role("button", name="打开相机扫码").click()

    expect(page.locator("#scan [role=status]")).to_have_text("没有相机权限。您可以从照片识别，或输入暗码。")


def test_a_browser_without_a_camera_for_pages_reads_a_photo(phone: Opens, site: Site) -> None:
    page = phone("/m", before="Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    expect(page.get_by_role("button", name="打开相机扫码")).to_be_hidden()
    photo = page.get_by_label("从照片识别")

    photo.set_input_files(picture(300, 200))
    expect(page.locator("#scan [role=status]")).to_have_text("照片里没有找到码。请靠近一些、避开反光再拍。")
    photo.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.locator("#scan [role=status]")).to_have_text("这张照片打不开，请换一张。")
    photo.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": symbol("6901234567892")})
    expect(page.locator("#scan [role=status]")).to_have_text("这不是我们的商品码：6901234567892")
    item = f"{site.url}/01/06901234567892/21/7Z3K0011QRST0123"
    photo.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": symbol(item)})

    expect(page.locator("h1")).to_have_text("已登记")
    assert page.url == f"{item}?lang=zh"


def test_the_reader_of_codes_is_fetched_only_when_somebody_scans(phone: Opens) -> None:
    page = phone("/m")
    page.wait_for_load_state("networkidle")
    before = _scripts_loaded(page)

    page.get_by_label("从照片识别").set_input_files(picture(300, 200))
    expect(page.locator("#scan [role=status]")).to_have_text("照片里没有找到码。请靠近一些、避开反光再拍。")

    assert [name for name in before if "wasm" in name or "reader" in name or "worker" in name] == []
    assert [name for name in _scripts_loaded(page) if "reader" in name] != []


def _scripts_loaded(page: Page) -> list[str]:
    loaded: list[str] = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    return loaded


# ---- what a person may add -----------------------------------------------------------------------------


def test_a_place_is_asked_for_on_a_tap_only(phone: Opens, site: Site) -> None:
    page = phone(
        address("first_genuine", "zh"),
        geolocation={"longitude": 113.264385123, "latitude": 23.12911, "accuracy": 42.4},
        permissions=["geolocation"],
        before="""const ask = navigator.geolocation.getCurrentPosition.bind(navigator.geolocation);
                  window.asked = 0;
                  navigator.geolocation.getCurrentPosition = (...how) => { window.asked++; ask(...how) };""",
    )
    button = page.get_by_role("button", name="分享位置")
    expect(button).to_be_visible()
    assert page.evaluate("window.asked") == 0

    button.click()

    expect(page.locator("#place [role=status]")).to_have_text("已收到，谢谢。")
    expect(button).to_be_hidden()
    assert site.places == [(str(SCAN), {"longitude": 113.26439, "latitude": 23.12911, "accuracy_m": 42})]


def test_whoever_shares_no_place_loses_nothing(phone: Opens, site: Site) -> None:
    page = phone(address("first_genuine", "en"), permissions=[])

    page.get_by_role("button", name="Share my location").click()

    expect(page.locator("#place [role=status]")).to_have_text(
        "Your location was not shared. The result is the same."
    )
    assert site.places == []


def test_a_photo_is_made_smaller_and_tells_nothing_but_its_picture(phone: Opens, site: Site) -> None:
    page = phone(address("suspect", "zh"))
    page.get_by_text("反馈问题", exact=True).click()
    page.get_by_label("问题类型").select_option("code_copied")
    page.get_by_label("发生了什么").fill("封口像是重新粘过")
    page.get_by_label("照片（可选，不超过 6 MB）").set_input_files(picture(3000, 2250, with_exif=True))
    page.get_by_label("联系方式（可选）").fill("139-0000-0000")

    page.get_by_role("button", name="提交").click()

    expect(page.locator("#report [role=status]")).to_have_text("已收到，感谢您的反馈。")
    expect(page.locator("#report form")).to_be_hidden()
    [report] = site.reports
    sent = Image.open(io.BytesIO(report.pop("photo")))
    assert (sent.format, sent.size, dict(sent.getexif())) == ("JPEG", (PHOTO_SIDE_MAX, 1200), {})
    assert report == {
        "scan_id": str(SCAN),
        "concern": "code_copied",
        "text": "封口像是重新粘过",
        "contact": "139-0000-0000",
    }


def test_a_file_that_is_too_large_even_then_is_not_sent(phone: Opens, site: Site) -> None:
    page = phone(address("suspect", "zh"))
    page.get_by_text("反馈问题", exact=True).click()
    page.get_by_label("问题类型").select_option("other")
    large: FilePayload = {
        "name": "a.heic",
        "mimeType": "image/heic",
        "buffer": bytes(pages.REPORT_PHOTO_BYTES_MAX + 1),
    }
    page.get_by_label("照片（可选，不超过 6 MB）").set_input_files(large)

    page.get_by_role("button", name="提交").click()

    expect(page.locator("#report [role=status]")).to_have_text("照片超过 6 MB，请换一张小一些的照片。")
    expect(page.locator("#report form")).to_be_visible()
    assert site.reports == []


def test_a_report_that_does_not_arrive_keeps_what_was_written(phone: Opens, site: Site) -> None:
    page = phone(address("suspect", "en"))
    page.get_by_text("Report a concern", exact=True).click()
    page.get_by_label("What is it about?").select_option("other")
    page.get_by_label("What happened?").fill("Something")
    page.evaluate("() => { window.fetch = async () => { throw new TypeError('offline') } }")

    page.get_by_role("button", name="Send").click()

    expect(page.locator("#report [role=status]")).to_have_text(
        "It could not be sent. Please check your connection and try again."
    )
    expect(page.get_by_label("What happened?")).to_have_value("Something")
    assert site.reports == []


def test_pictures_for_people(phone: Opens, site: Site, photograph: Callable[[Page, str], None]) -> None:
    for name, language in [("landing", "zh"), ("landing", "en"), ("suspect", "zh")]:
        page = phone(address(name, language))
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        photograph(page, f"phone-{name}-{language}")
        assert page.locator("h1").is_visible()


# ---- all of it, on the real server ---------------------------------------------------------------------


def test_a_code_that_was_never_issued_is_typed_told_and_reported(visit: Callable[..., Any]) -> None:
    visitor = visit(locale="zh-CN", viewport={"width": 375, "height": 720})
    page: Page = visitor.page
    page.goto(f"{visitor.url}/m")
    epoch = (page.locator("#typed").get_attribute("data-epochs") or "").split()[0]

    page.get_by_label("盖内的 16 位字符").fill(spell(int(epoch), 0x2B7E151628AED2A6ABF7, 16))
    page.get_by_role("button", name="验真").click()
    expect(page.locator("h1")).to_have_text("未查询到此码")
    page.get_by_text("反馈问题", exact=True).click()
    page.get_by_label("问题类型").select_option("packaging")
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#report [role=status]")).to_have_text("已收到，感谢您的反馈。")
    page.get_by_role("button", name="English").click()

    expect(page.locator("h1")).to_have_text("Code not found")
