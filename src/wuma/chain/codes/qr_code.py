"""The QR symbol of one code that somebody already holds: to show on a screen or in a terminal."""

from __future__ import annotations

import io
from enum import StrEnum
from typing import Final, assert_never

import segno

from wuma.chain.codes.alphabet import LONG_CHARACTERS, SHORT_CHARACTERS, read_typed
from wuma.chain.codes.identify import Identified, Identifier, Kind
from wuma.chain.codes.labels import (
    ForeignLabel,
    HiddenLabel,
    Label,
    OpenLabel,
    SsccLabel,
    identify,
    read_label,
)
from wuma.chain.codes.printed_uris import hidden_prefix_qr, open_prefix_qr, sscc_prefix_qr
from wuma.kernel.errors import NotFound

QUIET_MODULES: Final = 4
PIXELS_PER_MODULE: Final = 8


class QrFormat(StrEnum):
    """How a symbol is drawn."""

    SVG = "svg"
    PNG = "png"
    TEXT = "text"
    """With half blocks, for a terminal."""

    @property
    def media_type(self) -> str:
        """The content type of what `draw` returns."""
        return {"svg": "image/svg+xml", "png": "image/png", "text": "text/plain; charset=utf-8"}[self.value]


def payload_of(identifier: Identifier, text: str, *, public_url: str) -> str:
    """Return what the symbol of a code holds, as it is printed.

    Raises:
        NotFound: the text stands for no code that the identifier's directory knows. It is not repeated, as
            it may be somebody's hidden code with one slip.
    """
    label = read_label(text)
    for found in identify(identifier, label):
        if isinstance(found, Identified):
            return _payload(label, found, public_url)
    raise NotFound("This is no code of this brand.")


def draw(payload: str, form: QrFormat) -> bytes:
    """Draw a symbol with its quiet zone."""
    symbol = segno.make_qr(payload, error="m", mode="alphanumeric")
    if form is QrFormat.TEXT:
        lines = io.StringIO()
        symbol.terminal(lines, border=QUIET_MODULES, compact=True)
        return lines.getvalue().encode()
    file = io.BytesIO()
    symbol.save(file, kind=form.value, border=QUIET_MODULES, scale=PIXELS_PER_MODULE, light="white")
    return file.getvalue()


def _payload(label: Label, found: Identified, public_url: str) -> str:
    match label:
        case SsccLabel(sscc):
            return sscc_prefix_qr(public_url) + sscc
        case OpenLabel(text) if found.kind is Kind.OPEN:
            assert found.order.gtin is not None
            return open_prefix_qr(public_url, found.order.gtin) + read_typed(text)
        case OpenLabel(text) | HiddenLabel(text):
            is_long = len(text.strip()) >= LONG_CHARACTERS
            code = read_typed(text, LONG_CHARACTERS if is_long else SHORT_CHARACTERS)
            return hidden_prefix_qr(public_url) + code
        case ForeignLabel():
            raise AssertionError("a foreign label was identified")
        case _:
            assert_never(label)
