"""What may be printed on a label, read in whatever form somebody has it: URI, element string, bare code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from wuma.chain.codes.alphabet import LONG_CHARACTERS, SHORT_CHARACTERS
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.identify import Identified, Identifier, Rejected
from wuma.chain.codes.models import CodeOrder
from wuma_gs1 import element_strings
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Sscc


@dataclass(frozen=True, slots=True)
class OpenLabel:
    """An open code; without a GTIN when only the serial was given."""

    serial: str
    gtin: str | None = None


@dataclass(frozen=True, slots=True)
class HiddenLabel:
    """A hidden code, long or typed."""

    code: str


@dataclass(frozen=True, slots=True)
class SsccLabel:
    """The SSCC of a pallet; its check digit is right."""

    sscc: str


@dataclass(frozen=True, slots=True)
class ForeignLabel:
    """Something else: another maker's identifier, or no code at all."""

    text: str


Label: TypeAlias = OpenLabel | HiddenLabel | SsccLabel | ForeignLabel

_HIDDEN_PATH: Final = re.compile(r"^[^?#]*/h/([^/?#]+)", re.IGNORECASE)  # in the path, wherever it is
_SSCC: Final = re.compile(r"(?:\(00\)|00)?(\d{18})", re.ASCII)
_GROUPING: Final = str.maketrans("", "", " -")


def read_label(text: str) -> Label:
    """Say what kind of label a text is from; whether its code is genuine is for the `Identifier`.

    >>> read_label("https://id.example.cn/01/06901234567892/21/7Z3K0011QRST0123")
    OpenLabel(serial='7Z3K0011QRST0123', gtin='06901234567892')
    >>> read_label("(01)06901234567892(21)7Z3K0011QRST0123").serial
    '7Z3K0011QRST0123'
    >>> read_label("7z3k-0011-qrst-0123")
    OpenLabel(serial='7z3k0011qrst0123', gtin=None)
    >>> read_label("(00)106141412345678908")
    SsccLabel(sscc='106141412345678908')
    """
    text = text.strip()
    if hidden := _HIDDEN_PATH.search(text):
        return HiddenLabel(hidden[1])
    if sscc := _SSCC.fullmatch(text):
        return _sscc(sscc[1], text)
    elements = _elements(text)
    if "00" in elements:
        return SsccLabel(elements["00"])
    if "21" in elements:
        return OpenLabel(elements["21"], elements.get("01"))
    bare = text.translate(_GROUPING)
    if len(bare) == SHORT_CHARACTERS:
        return OpenLabel(bare)
    return HiddenLabel(bare) if len(bare) == LONG_CHARACTERS else ForeignLabel(text)


def _sscc(digits: str, text: str) -> Label:
    try:
        return SsccLabel(Sscc.parse(digits).value)
    except ParseError:
        return ForeignLabel(text)


def _elements(text: str) -> dict[str, str]:
    try:
        if "://" in text:
            return {element.ai: element.value for element in DigitalLink.parse(text).elements}
        if text.startswith(("(", "^", "]")):
            return {element.ai: element.value for element in element_strings.parse(text)}
    except ParseError:
        pass
    return {}


def identify(identifier: Identifier, label: Label) -> list[Identified | Rejected]:
    """Return what a label may stand for, the likeliest first; nothing for a foreign one.

    A bare code of 16 characters may be an open or a hidden one: their keys differ, so at most one is genuine.
    """
    match label:
        case OpenLabel(serial, None):
            found = [identifier.bare_serial(serial), identifier.hidden_code(serial)]
            return sorted(found, key=lambda one: isinstance(one, Rejected))
        case OpenLabel(serial, str(gtin)):
            return [identifier.open_code(gtin, serial)]
        case HiddenLabel(code):
            return [identifier.hidden_code(code)]
        case SsccLabel(sscc):
            return [identifier.sscc(sscc)]
        case _:
            return []


class TenantDirectory:
    """The orders of one tenant, by SQL: for requests that must see what was ordered just now."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._last: OrderEntry | None = None  # codes come by the thousand from one order
        self._prefixes: list[str] | None = None
        self._pallets: list[OrderEntry] = []

    def order_of(self, unit: int) -> OrderEntry | None:
        """Return the order a unit belongs to."""
        if self._last is None or not self._last.first_unit <= unit <= self._last.last_unit:
            self._last = self._find(unit)
        return self._last

    def _find(self, unit: int) -> OrderEntry | None:
        query = select(CodeOrder).where(CodeOrder.first_unit <= unit, CodeOrder.last_unit >= unit)
        return _entry(self._session.scalar(query))

    def orders_of(self, units: Sequence[int]) -> list[OrderEntry]:
        """Return the orders that any of these units belong to, each once."""
        rows = self._session.scalars(_ORDERS_OF, {"units": list(units)})
        return [entry for order in rows if (entry := _entry(order)) is not None]

    def company_prefixes(self) -> list[str]:
        """The company prefixes under which SSCCs were ordered, the longest first."""
        if self._prefixes is None:
            query = select(CodeOrder.company_prefix).where(CodeOrder.company_prefix.is_not(None)).distinct()
            found = [prefix for prefix in self._session.scalars(query) if prefix]
            self._prefixes = sorted(found, key=len, reverse=True)
        return self._prefixes

    def pallet_order_of(self, company_prefix: str, position: int) -> OrderEntry | None:
        """Return the order that holds a position of the SSCCs of a company prefix."""
        entry = next((one for one in self._pallets if _holds(one, company_prefix, position)), None)
        if entry is None and (entry := self._find_pallets(company_prefix, position)) is not None:
            self._pallets.append(entry)
        return entry

    def _find_pallets(self, company_prefix: str, position: int) -> OrderEntry | None:
        query = (
            select(CodeOrder)
            .where(CodeOrder.company_prefix == company_prefix, CodeOrder.first_position <= position)
            .order_by(CodeOrder.first_position.desc())
            .limit(1)
        )
        entry = _entry(self._session.scalar(query))
        return entry if entry is not None and _holds(entry, company_prefix, position) else None


def _holds(order: OrderEntry, company_prefix: str, position: int) -> bool:
    first = order.first_position
    return (
        order.company_prefix == company_prefix
        and first is not None
        and 0 <= position - first <= order.last_unit - order.first_unit
    )


_ORDERS_OF: Final = select(CodeOrder).from_statement(
    text(
        "SELECT DISTINCT o.* FROM unnest(CAST(:units AS bigint[])) AS wanted (unit) CROSS JOIN LATERAL ("
        " SELECT * FROM codes.code_order WHERE first_unit <= wanted.unit ORDER BY first_unit DESC LIMIT 1"
        ") AS o WHERE o.last_unit >= wanted.unit"
    )
)


def _entry(order: CodeOrder | None) -> OrderEntry | None:
    if order is None:
        return None
    return OrderEntry(
        id=order.id,
        tenant_id=order.tenant_id,
        product_id=order.product_id,
        level=order.level,
        gtin=order.gtin,
        first_unit=order.first_unit,
        last_unit=order.last_unit,
        has_hidden=order.has_hidden,
        company_prefix=order.company_prefix,
        first_position=order.first_position,
        is_revoked=order.revoked_at is not None,
    )
