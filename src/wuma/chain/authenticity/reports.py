"""What people report about an item: words, a photograph, perhaps how to reach them."""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from PIL import ExifTags, Image, UnidentifiedImageError
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from wuma.chain.authenticity.models import Report, ScanRow
from wuma.kernel.crypto import Cell, FieldCipher
from wuma.kernel.errors import FieldError, InvalidInput, NotFound
from wuma.kernel.ids import uuid7

PHOTO_BYTES_MAX: Final = 6 * 1024 * 1024
PHOTO_PIXELS_MAX: Final = 50_000_000  # a bomb of a few kB can unfold to gigabytes; phones make 48 million
PHOTO_EDGE_MAX: Final = 1600
TEXT_CHARACTERS_MAX: Final = 2000
CONTACT_CHARACTERS_MAX: Final = 200
SCANNED_CHARACTERS_MAX: Final = 300
SCAN_DAYS_MAX: Final = 400

Image.MAX_IMAGE_PIXELS = PHOTO_PIXELS_MAX
# By itself Pillow refuses twice as many, and only warns below that.
warnings.simplefilter("error", Image.DecompressionBombWarning)


_TURNS: Final = {  # EXIF's orientation, and what undoes it
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_UNREADABLE: Final = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class PhotoTooLarge(InvalidInput):
    """The photograph is too large."""

    slug = "photo-too-large"


@dataclass(frozen=True, slots=True)
class NewReport:
    """What somebody sends us. `scan_id` is the scan it is about; without one, `scanned` is what they saw."""

    concern: str
    text: str
    contact: str | None
    scan_id: UUID | None
    scanned: str | None
    photo: bytes | None
    may_warn: bool = False
    """Whether the contact may be used to tell them of a recall of this item, too."""


def file_report(
    session: Session, cipher: FieldCipher, blobs: Path, new: NewReport, *, now: datetime
) -> Report:
    """Keep a report for the brand whose code was scanned. `session` sees the whole platform.

    The photograph is decoded and written anew: what is kept is a picture, without the place and the device
    that cameras write into it, whatever was sent. The contact is kept encrypted.
    """
    photo = None if new.photo is None else clean_photo(new.photo)
    scan = None if new.scan_id is None else find_scan(session, new.scan_id, now=now)
    report = Report(
        id=uuid7(),
        tenant_id=scan.tenant_id if scan else 0,
        scan_id=scan.id if scan else None,
        unit=scan.unit if scan else None,
        scanned=None if new.scanned is None else new.scanned[:SCANNED_CHARACTERS_MAX],
        at=now,
        concern=new.concern,
        text=new.text[:TEXT_CHARACTERS_MAX],
        photo_sha256=None if photo is None else hashlib.sha256(photo).digest(),
        state="open",
    )
    if new.contact:
        report.contact = cipher.seal(new.contact[:CONTACT_CHARACTERS_MAX].encode(), contact_cell(report))
        report.may_warn = new.may_warn
    if photo is not None:
        write_photo(photo_path(blobs, report.id), photo)
    session.add(report)
    session.flush()
    return report


def contact_cell(report: Report) -> Cell:
    """Say where a report's contact stands."""
    return Cell(report.tenant_id, "authenticity.report", "contact", str(report.id))


def photo_path(blobs: Path, report_id: UUID) -> Path:
    """Return where the photograph of a report is kept."""
    return blobs / "reports" / f"{report_id}.jpg"


def find_scan(session: Session, scan_id: UUID, *, now: datetime) -> ScanRow | None:
    """Return a scan by its number. The months are bounded, so that not every partition is searched."""
    since = now - timedelta(days=SCAN_DAYS_MAX)
    return session.scalar(select(ScanRow).where(ScanRow.id == scan_id, ScanRow.at >= since))


def clean_photo(sent: bytes) -> bytes:
    """Return a photograph as a JPEG of at most `PHOTO_EDGE_MAX` pixels an edge.

    Raises:
        PhotoTooLarge: when it is.
        InvalidInput: when it is no picture.
    """
    if len(sent) > PHOTO_BYTES_MAX:
        fault = FieldError("/photo", f"at most {PHOTO_BYTES_MAX} bytes", f"{len(sent)} bytes")
        raise PhotoTooLarge("Please send a smaller one.", [fault])
    try:
        with Image.open(io.BytesIO(sent), formats=("JPEG", "PNG", "WEBP", "GIF")) as picture:
            upright = _upright(picture)
    except _UNREADABLE as error:
        fault = FieldError("/photo", "a JPEG, PNG, WebP or GIF", type(error).__name__)
        raise InvalidInput("The photograph cannot be read.", [fault]) from None
    upright.info.clear()  # comments and the like, which Pillow would carry over
    upright.thumbnail((PHOTO_EDGE_MAX, PHOTO_EDGE_MAX))
    written = io.BytesIO()
    upright.save(written, "JPEG", quality=82)
    return written.getvalue()


def _upright(picture: Image.Image) -> Image.Image:
    """Return the pixels as the camera was held. Pillow's own way writes EXIF anew, and fails on damaged."""
    held = picture.getexif().get(ExifTags.Base.Orientation)
    turned = _TURNS.get(held) if isinstance(held, int) else None
    pixels = picture.convert("RGB")
    return pixels if turned is None else pixels.transpose(turned)


def write_photo(path: Path, photo: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".part")
    with fresh.open("wb") as file:
        file.write(photo)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def handle(session: Session, report_id: UUID, *, actor: str, note: str, now: datetime) -> Report:
    """Close a report with what was done about it."""
    session.execute(
        update(Report)
        .where(Report.id == report_id, Report.state == "open")
        .values(state="handled", handled_at=now, handled_by=actor, handled_note=note)
    )
    report = session.get(Report, report_id, populate_existing=True)
    if report is None:
        raise NotFound(f"Report {report_id}: there is none.")
    return report


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """A report, as other contexts see it: what about, when, and what became of it; nobody's contact."""

    id: UUID
    at: datetime
    concern: str
    state: str
    handled_note: str | None


def reports_about(session: Session, ranges: Sequence[tuple[int, int]], *, limit: int) -> list[ReportFacts]:
    """Return the reports about items of runs of units, the latest first."""
    if not ranges:
        return []
    rows = session.execute(
        _ABOUT,
        {"firsts": [first for first, _ in ranges], "lasts": [last for _, last in ranges], "limit": limit},
    )
    return [ReportFacts(row.id, row.at, row.concern, row.state, row.handled_note) for row in rows]


_ABOUT = text(
    "SELECT r.id, r.at, r.concern, r.state, r.handled_note FROM authenticity.report r"
    " LEFT JOIN authenticity.scan s ON s.id = r.scan_id"
    " WHERE EXISTS (SELECT FROM"
    " unnest(CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) AS u (first, last)"
    " WHERE coalesce(r.unit, s.unit) BETWEEN u.first AND u.last) ORDER BY r.id DESC LIMIT :limit"
)
