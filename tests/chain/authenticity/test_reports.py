"""Reports of consumers: a photograph is a picture and nothing else, and only its brand sees it."""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageOps, ImageStat
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.conftest import Brand, SignedInClient, make_account
from tests.labels import bring, make_product, open_batch, place_order, print_labels
from wuma.chain.authenticity.reports import PHOTO_BYTES_MAX, PHOTO_EDGE_MAX, PhotoTooLarge, clean_photo
from wuma.chain.codes.lifecycle import CodeState, UnitRange
from wuma.kernel.auth.grants import Role
from wuma.kernel.errors import InvalidInput
from wuma.kernel.runtime import Runtime

JSON = {"accept": "application/json"}
ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825


def _picture(kind: str, *, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    """A picture, its left half red, with a green corner below: it looks different from every side."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    picture.paste("green", (0, size[1] // 2, size[0] // 4, size[1]))
    written = io.BytesIO()
    picture.convert(mode).save(written, kind, **options)  # type: ignore[arg-type]
    return written.getvalue()


def _with_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKE] = "Telephone of Wang Li"
    exif.get_ifd(GPS).update({1: "N", 2: (39.0, 54.0, 26.0), 3: "E", 4: (116.0, 23.0, 29.0)})
    return _picture("JPEG", exif=exif, comment=b"at home with Wang Li")


def _bomb(width: int, height: int) -> bytes:
    """A PNG of some hundred bytes that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("JPEG", mode) for mode in ("RGB", "CMYK", "L")),
        *(("PNG", mode) for mode in ("RGB", "RGBA", "P", "1", "I;16")),
        ("WEBP", "RGB"),
        ("GIF", "P"),
    ],
)
def test_what_telephones_send_is_kept_as_a_jpeg(kind: str, mode: str) -> None:
    with Image.open(io.BytesIO(clean_photo(_picture(kind, mode=mode)))) as kept:
        assert (kept.format, kept.mode, kept.size) == ("JPEG", "RGB", (60, 40))


def test_nothing_of_the_camera_is_kept_and_the_picture_stands_upright() -> None:
    kept = clean_photo(_with_exif(6))  # the camera was held on its side

    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (40, 60)
        assert dict(picture.getexif()) == {}
        assert picture.info.keys() & {"exif", "comment", "icc_profile", "xmp"} == set()
        red, _, blue = picture.getpixel((30, 5))  # type: ignore[misc]
        assert red > 200 > 60 > blue, "what was on the left is above now"
    assert b"Wang Li" not in kept


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_the_standard_says(orientation: int) -> None:
    with Image.open(io.BytesIO(_with_exif(orientation))) as sent:
        expected = ImageOps.exif_transpose(sent).convert("RGB")
    with Image.open(io.BytesIO(clean_photo(_with_exif(orientation)))) as kept:
        assert kept.size == expected.size
        assert max(ImageStat.Stat(ImageChops.difference(kept, expected)).mean) < 10


@pytest.mark.parametrize(("size", "kept"), [((4000, 3000), (1600, 1200)), ((9000, 3), (1600, 1))])
def test_a_large_picture_becomes_smaller_and_keeps_its_form(
    size: tuple[int, int], kept: tuple[int, int]
) -> None:
    with Image.open(io.BytesIO(clean_photo(_picture("JPEG", size=size)))) as picture:
        assert picture.size == kept
        assert max(picture.size) <= PHOTO_EDGE_MAX


@pytest.mark.parametrize("size", [(60_000, 60_000), (8_000, 7_000), (2**31 - 1, 1)])
def test_a_few_bytes_that_would_unfold_to_gigabytes_are_refused_unread(size: tuple[int, int]) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        clean_photo(_bomb(*size))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GIF89a",
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04",
        _picture("BMP"),
        _picture("TIFF"),
        _picture("JPEG")[:200],
    ],
)
def test_what_is_no_photograph_is_refused(sent: bytes) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        clean_photo(sent)


def test_more_bytes_than_a_photograph_has_are_refused_by_name() -> None:
    with pytest.raises(PhotoTooLarge):
        clean_photo(b"\xff\xd8" + bytes(PHOTO_BYTES_MAX))


SEEDS = [_with_exif(6), _picture("PNG", mode="RGBA"), _picture("WEBP"), _picture("GIF", mode="P")]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, on damaged EXIF that it skips
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(
        st.tuples(st.integers(0, 300) | st.integers(0, 10**6), st.binary(min_size=1, max_size=4)), max_size=6
    ),
    length=st.integers(0, 10**6),
)
@example(seed=SEEDS[0], changes=[(12, b"\xff\xff")], length=10**6)
def test_a_damaged_photograph_is_mended_or_refused_and_nothing_else(
    seed: bytes, changes: list[tuple[int, bytes]], length: int
) -> None:
    damaged = bytearray(seed)
    for place, written in changes:
        place %= len(damaged)
        damaged[place : place + len(written)] = written

    with suppress(InvalidInput):
        assert clean_photo(bytes(damaged[:length])).startswith(b"\xff\xd8")


@pytest.fixture
def scan_id(runtime: Runtime, brand: Brand, client: TestClient) -> str:
    """A scan of a can of the test's brand."""
    with runtime.database.transaction(brand.scope) as session:
        product = make_product(session, brand.id)
        order = place_order(session, runtime.keyring, product, 2)
        batch = open_batch(session, product)
        bring(session, [UnitRange(order.first_unit, order.last_unit)], CodeState.COMMISSIONED, batch.id)
        label = print_labels(runtime.keyring, order)[0]
    client.app.keep_up()  # type: ignore[attr-defined]
    scanned = client.post(label.hidden_path, headers=JSON).json()["scan_id"]
    client.cookies.clear()
    return str(scanned)


def _report(client: TestClient, scan_id: str | None, photo: bytes | None, number: int = 1) -> int:
    form = {"concern": "packaging", "text": "盖子坏了", "contact": "13800138000"}
    files = {} if photo is None else {"photo": ("../../can.png", photo, "image/png")}
    headers = {**JSON, "x-forwarded-for": f"36.9.{number}.1"}
    if scan_id is not None:
        form["scan_id"] = scan_id
    return client.post("/m/reports", data=form, files=files, headers=headers).status_code


def test_a_report_reaches_the_brand_whose_code_it_is_and_nobody_else(
    runtime: Runtime,
    client: TestClient,
    admin: SignedInClient,
    other_brand: Brand,
    brand: Brand,
    scan_id: str,
) -> None:
    stranger = SignedInClient(client, make_account(runtime, other_brand.id, Role.BRAND_ADMIN))

    assert _report(client, scan_id, _with_exif(1)) == 201

    (kept,) = admin.get("/reports").json()["items"]
    photo = admin.get(f"/reports/{kept['id']}/photo")
    assert (kept["text"], kept["contact"], kept["scan_id"]) == ("盖子坏了", "13800138000", scan_id)
    assert (photo.headers["content-type"], photo.content[:2]) == ("image/jpeg", b"\xff\xd8")
    assert stranger.get("/reports").json()["items"] == []
    assert stranger.get(f"/reports/{kept['id']}/photo").status_code == 404
    assert stranger.post(f"/reports/{kept['id']}/handling", json={"note": "x"}).status_code == 404
    with runtime.database.transaction(brand.scope) as session:
        assert "13800138000" not in str(session.scalar(text("SELECT r::text FROM authenticity.report r")))


def test_a_report_with_a_bad_photograph_is_not_half_kept(
    client: TestClient, admin: SignedInClient, runtime: Runtime, scan_id: str
) -> None:
    folder = runtime.blobs / "reports"
    before = set(folder.glob("*"))

    statuses = [_report(client, scan_id, bad, 2) for bad in (b"no picture", _bomb(9_000, 9_000))]

    assert statuses == [422, 422]
    assert admin.get("/reports").json()["items"] == []
    assert set(folder.glob("*")) == before


def test_a_report_is_handled_once_and_says_by_whom(
    client: TestClient, admin: SignedInClient, scan_id: str
) -> None:
    _report(client, scan_id, None, 3)
    (kept,) = admin.get("/reports", params={"state": "open"}).json()["items"]

    first = admin.post(f"/reports/{kept['id']}/handling", json={"note": "called back"}).json()
    second = admin.post(f"/reports/{kept['id']}/handling", json={"note": "something else"}).json()

    assert first == second
    assert (first["state"], first["handled_note"], first["has_photo"]) == ("handled", "called back", False)
    assert admin.get("/reports", params={"state": "open"}).json()["items"] == []
