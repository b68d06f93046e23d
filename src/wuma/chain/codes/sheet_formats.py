"""A4 pages of symbols as PDF, SVG and PNG, exact to the millimetre; and back to pixels.

The PDF writer is our own, because all it needs is paths and one of the fourteen fonts every reader has. Each
symbol is one path, filled once: drawn square by square, many programs show hairlines between the squares.
"""

from __future__ import annotations

import io
import threading
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, assert_never
from xml.sax.saxutils import escape

import numpy as np
import pypdfium2
import resvg_py
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

A4_WIDTH_MM: Final = 210.0
A4_HEIGHT_MM: Final = 297.0
MM_PER_INCH: Final = 25.4
POINTS_PER_INCH: Final = 72.0
PRINT_DPI: Final = 600
READ_PIXELS_PER_MODULE: Final = 4
"""Enough to read any symbol that is well drawn, and no more than a phone would have."""
MODULE_PIXELS_MIN: Final = 4
FOOTER_MM: Final = 2.5
FOOTER_BASELINE_MM: Final = 5.0
"""From the lower edge of the page."""

_PDFIUM: Final = threading.Lock()  # PDFium may not be used by two threads at once


class SheetFormat(StrEnum):
    """The format of sheets."""

    PDF = "pdf"
    """One document, vectors."""
    SVG = "svg"
    """A ZIP file with a page each."""
    PNG = "png"
    """A ZIP file with a page each, black and white at about 600 dpi."""

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return ".pdf" if self is SheetFormat.PDF else f".{self.value}.zip"


@dataclass(frozen=True, slots=True)
class Mark:
    """A symbol and the text below it. Millimetres from the upper left corner of the page."""

    modules: NDArray[np.bool_]
    x_mm: float
    y_mm: float
    text: str
    text_x_mm: float
    """The middle of the text."""
    text_y_mm: float
    """The top of the text."""
    text_mm: float
    """The size of its font."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of symbols."""

    marks: tuple[Mark, ...]
    module_mm: float
    footer: str


def write(form: SheetFormat, pages: Iterable[Page]) -> bytes:
    """Return the document with these pages."""
    match form:
        case SheetFormat.PDF:
            return _pdf(pages)
        case SheetFormat.SVG:
            return _zip("svg", (_svg(page).encode() for page in pages), zipfile.ZIP_DEFLATED)
        case SheetFormat.PNG:
            return _zip("png", (_png(page) for page in pages), zipfile.ZIP_STORED)
        case _:
            assert_never(form)


def rasterise(form: SheetFormat, document: bytes, module_mm: float) -> Iterator[NDArray[np.uint8]]:
    """Return the pages of a document as grey pixels, `READ_PIXELS_PER_MODULE` and more to a module."""
    pixels_per_mm = READ_PIXELS_PER_MODULE / module_mm
    match form:
        case SheetFormat.PDF:
            yield from _pdf_pixels(document, pixels_per_mm)
        case SheetFormat.SVG:
            for page in _unzip(document):
                drawn = resvg_py.svg_to_bytes(
                    svg_string=page.decode(), dpi=pixels_per_mm * MM_PER_INCH, skip_system_fonts=True
                )
                yield _pixels(drawn)
        case SheetFormat.PNG:
            for page in _unzip(document):
                yield _pixels(page)
        case _:
            assert_never(form)


# ---- PDF -------------------------------------------------------------------------------------------------


def _pdf(pages: Iterable[Page]) -> bytes:
    """Write PDF 1.4 (ISO 32000-1): a catalogue, a tree of pages, a font, and two objects a page."""
    objects: list[bytes] = [b"", b"", b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>"]
    kids: list[int] = []
    width, height = (side * POINTS_PER_INCH / MM_PER_INCH for side in (A4_WIDTH_MM, A4_HEIGHT_MM))
    for page in pages:
        content = zlib.compress(_pdf_content(page).encode("ascii"))
        kids.append(len(objects) + 1)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width:.4f} {height:.4f}]"
            f" /Resources << /Font << /F 3 0 R >> >> /Contents {len(objects) + 2} 0 R >>".encode()
        )
        head = f"<< /Length {len(content)} /Filter /FlateDecode >>\nstream\n".encode()
        objects.append(head + content + b"\nendstream")
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    objects[1] = f"<< /Type /Pages /Count {len(kids)} /Kids [{listed}] >>".encode()
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    file = bytearray(b"%PDF-1.4\n%\xe7\x89\xa9\xe7\xa0\x81\n")  # bytes above 127: this is no text
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(file))
        file += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table_at = len(file)
    file += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    file += b"".join([f"{offset:010d} 00000 n \n".encode() for offset in offsets])
    file += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{table_at}\n%%EOF\n".encode()
    return bytes(file)


def _pdf_content(page: Page) -> str:
    """Return the drawing operators of a page, in millimetres with the origin at the lower left."""
    scale = POINTS_PER_INCH / MM_PER_INCH
    lines = [f"{scale:.9f} 0 0 {scale:.9f} 0 0 cm"]
    for mark in page.marks:
        # Inside of q and Q a unit is a module, and y grows downwards.
        module = f"{page.module_mm:.6g}"
        squares = "".join([f"{x} {y} {width} 1 re " for x, y, width in _runs(mark.modules)])
        lines.append(
            f"q {module} 0 0 -{module} {mark.x_mm:.4f} {A4_HEIGHT_MM - mark.y_mm:.4f} cm {squares}f Q"
        )
        left = mark.text_x_mm - len(mark.text) * 0.6 * mark.text_mm / 2
        lines.append(_pdf_text(mark.text, left, A4_HEIGHT_MM - mark.text_y_mm - mark.text_mm, mark.text_mm))
    lines.append(_pdf_text(page.footer, 10, FOOTER_BASELINE_MM, FOOTER_MM))
    return "\n".join(lines)


def _pdf_text(text: str, x_mm: float, y_mm: float, size_mm: float) -> str:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /F {size_mm:.3f} Tf {x_mm:.3f} {y_mm:.3f} Td ({escaped}) Tj ET"


def _pdf_pixels(document: bytes, pixels_per_mm: float) -> Iterator[NDArray[np.uint8]]:
    scale = pixels_per_mm * MM_PER_INCH / POINTS_PER_INCH
    with _PDFIUM:
        pdf = pypdfium2.PdfDocument(document)
        page_count = len(pdf)
    try:
        for number in range(page_count):
            with _PDFIUM:
                page = pdf[number]
                bitmap = page.render(scale=scale, grayscale=True)
                pixels = np.asarray(bitmap.to_numpy()).reshape(bitmap.height, bitmap.width).copy()
                bitmap.close()
                page.close()
            yield pixels
    finally:
        with _PDFIUM:
            pdf.close()


# ---- SVG -------------------------------------------------------------------------------------------------


def _svg(page: Page) -> str:
    """Write a page as SVG 1.1, a user unit being a millimetre."""
    width, height = f"{A4_WIDTH_MM:g}", f"{A4_HEIGHT_MM:g}"
    size = f'width="{width}mm" height="{height}mm" viewBox="0 0 {width} {height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        '<rect width="100%" height="100%" fill="#fff"/>',
        '<g font-family="Courier, monospace" text-anchor="middle">',
    ]
    for mark in page.marks:
        squares = "".join([f"M{x} {y}h{width}v1h-{width}z" for x, y, width in _runs(mark.modules)])
        place = f"translate({mark.x_mm:.4f} {mark.y_mm:.4f}) scale({page.module_mm:.6g})"
        lines.append(f'<path transform="{place}" d="{squares}"/>')
        lines.append(_svg_text(mark.text, mark.text_x_mm, mark.text_y_mm + mark.text_mm, mark.text_mm))
    lines.append(_svg_text(page.footer, A4_WIDTH_MM / 2, A4_HEIGHT_MM - FOOTER_BASELINE_MM, FOOTER_MM))
    return "\n".join([*lines, "</g>", "</svg>", ""])


def _svg_text(text: str, x_mm: float, y_mm: float, size_mm: float) -> str:
    return f'<text x="{x_mm:.3f}" y="{y_mm:.3f}" font-size="{size_mm:.3f}">{escape(text)}</text>'


def _runs(modules: NDArray[np.bool_]) -> Iterator[tuple[int, int, int]]:
    """Return the dark stretches of each row: column, row, length."""
    for y, row in enumerate(modules):
        edges = np.flatnonzero(np.diff(np.concatenate(([False], row, [False])))).tolist()
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            yield start, y, end - start


# ---- PNG -------------------------------------------------------------------------------------------------


def _png(page: Page) -> bytes:
    """Draw a page in black and white, a whole number of pixels to a module; its resolution says how large."""
    module = max(MODULE_PIXELS_MIN, round(PRINT_DPI / MM_PER_INCH * page.module_mm))
    pixels_per_mm = module / page.module_mm
    size = (round(A4_WIDTH_MM * pixels_per_mm), round(A4_HEIGHT_MM * pixels_per_mm))
    light = np.ones((size[1], size[0]), np.bool_)
    for mark in page.marks:
        x, y = round(mark.x_mm * pixels_per_mm), round(mark.y_mm * pixels_per_mm)
        square = np.kron(mark.modules, np.ones((module, module), np.bool_))
        light[y : y + len(square), x : x + len(square)] = ~square
    image = Image.fromarray(light)
    draw = ImageDraw.Draw(image)
    for mark in page.marks:
        place = (mark.text_x_mm * pixels_per_mm, mark.text_y_mm * pixels_per_mm)
        font = ImageFont.load_default(mark.text_mm * pixels_per_mm)
        draw.text(place, mark.text, font=font, fill=0, anchor="mt")
    footer = (A4_WIDTH_MM / 2 * pixels_per_mm, (A4_HEIGHT_MM - FOOTER_BASELINE_MM) * pixels_per_mm)
    font = ImageFont.load_default(FOOTER_MM * pixels_per_mm)
    draw.text(footer, page.footer, font=font, fill=0, anchor="mb")
    file = io.BytesIO()
    dpi = pixels_per_mm * MM_PER_INCH
    image.save(file, "PNG", dpi=(dpi, dpi))
    return file.getvalue()


def _pixels(picture: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(picture)) as image:
        return np.asarray(image.convert("L"))


# ---- ZIP -------------------------------------------------------------------------------------------------


def _zip(suffix: str, pages: Iterable[bytes], how: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", how) as archive:
        for number, page in enumerate(pages, 1):
            # A fixed time: the same codes in the same layout are the same bytes.
            archive.writestr(zipfile.ZipInfo(f"page-{number:03d}.{suffix}"), page, how)
    return file.getvalue()


def _unzip(document: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        for name in archive.namelist():
            yield archive.read(name)
