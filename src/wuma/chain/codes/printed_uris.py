"""The addresses that stand in symbols: what is printed in front of a code.

Scheme and host in capitals let a QR symbol use its alphanumeric mode, which is a version smaller and so
easier to print and to read. Scans arrive at either spelling.
"""

from __future__ import annotations

from typing import Final

from wuma_gs1.application_identifiers import Element
from wuma_gs1.digital_link import DigitalLink

_ANY_GTIN: Final = "00000000000000"
_ANY_SSCC: Final = "000000000000000000"
_ANY_SERIAL: Final = "0"


def open_prefix(public_url: str, gtin: str) -> str:
    """Return the Digital Link of a product up to where an open code begins.

    >>> open_prefix("https://id.example.cn/", "06901234567892")
    'https://id.example.cn/01/06901234567892/21/'
    """
    return _open_link(gtin).on(public_url).removesuffix(_ANY_SERIAL)


def open_prefix_qr(public_url: str, gtin: str) -> str:
    """Return the same for QR's alphanumeric mode.

    >>> open_prefix_qr("https://id.example.cn", "06901234567892")
    'HTTPS://ID.EXAMPLE.CN/01/06901234567892/21/'

    Raises:
        ParseError: the address has a path in small letters, which must not be changed.
    """
    return _open_link(gtin).qr_alphanumeric(public_url).removesuffix(_ANY_SERIAL)


def hidden_prefix_qr(public_url: str) -> str:
    """Return the address in front of a hidden code, for QR's alphanumeric mode.

    >>> hidden_prefix_qr("https://id.example.cn")
    'HTTPS://ID.EXAMPLE.CN/H/'

    Raises:
        ParseError: as above.
    """
    link = _open_link(_ANY_GTIN)
    return link.qr_alphanumeric(public_url).removesuffix(link.on("")) + "/H/"


def sscc_prefix_qr(public_url: str) -> str:
    """Return the Digital Link of a pallet up to its SSCC, for QR's alphanumeric mode.

    >>> sscc_prefix_qr("https://id.example.cn")
    'HTTPS://ID.EXAMPLE.CN/00/'

    Raises:
        ParseError: as above.
    """
    return DigitalLink.of([Element("00", _ANY_SSCC)]).qr_alphanumeric(public_url).removesuffix(_ANY_SSCC)


def _open_link(gtin: str) -> DigitalLink:
    return DigitalLink.of([Element("01", gtin), Element("21", _ANY_SERIAL)])
