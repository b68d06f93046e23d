"""The rows of a print file: composed for many codes at a time, and read back before anybody gets them.

All rows of a file are equally wide, so a chunk of them is one array of bytes: the blank row on every line,
and then each column's characters, from arrays of codes, put in their places. What goes out is read from
these same bytes: every code is undone with the keys and must be its unit's, every running number is counted
again, and of each chunk a few rows are parsed as text, cell by cell, the way a scan is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from wuma.chain.codes.alphabet import GROUP_CHARACTERS, NotACode, read_typed
from wuma.chain.codes.construction import (
    Codebook,
    Role,
    index_of_unit,
    sscc_serials,
)
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.labels import HiddenLabel, OpenLabel, SsccLabel, read_label
from wuma.chain.codes.permutation import DecimalPermutation
from wuma.chain.codes.print_template import PrintField, Template
from wuma.chain.codes.printed_uris import hidden_prefix_qr, open_prefix, open_prefix_qr
from wuma.chain.codes.sscc import SSCC_CHARACTERS, position_of, sscc_of
from wuma.kernel.keys import Keyring
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gtin, Sscc

ROWS_AT_A_TIME: Final = 1 << 16
"""Rows composed together: some 10 MB with open and hidden codes, and 20 MB while codes are computed."""
_SPREAD: Final = 40_503
"""Odd, so that the row that is parsed besides the first and the last is another one in every chunk."""

Bytes: TypeAlias = NDArray[np.uint8]
"""Characters, one text a row."""


class WrongRow(Exception):
    """A row that was made does not say what it should; the file must not go out.

    Never expected: we were wrong, or the machine's memory is. The message names the running number and the
    column, and no code.
    """


class Rows:
    """Makes the rows of one order by one template."""

    def __init__(self, template: Template, order: OrderEntry, keyring: Keyring, *, public_url: str) -> None:
        """Prepare.

        Raises:
            EpochRevoked: the order's keys have leaked; none of its codes may be printed any more.
        """
        self._template = template
        self._order = order
        self._codebook = Codebook(keyring)
        self._keys = self._codebook.order(epoch=order.epoch, tenant_id=order.tenant_id, order_id=order.id)
        self._sscc = _sscc_permutation(keyring, order)
        self._number_digits = len(str(order.last_unit - order.first_unit + 1))
        self._form = _form(template, order, public_url, number_digits=self._number_digits)

    @property
    def preamble(self) -> bytes:
        """What the file begins with: the byte order mark and the header, where wanted."""
        mark = "\ufeff" if self._template.byte_order_mark else ""
        header = self._template.header_line + self._template.line_ending.characters
        return (mark + (header if self._template.has_header else "")).encode()

    @property
    def row_bytes(self) -> int:
        """The length of a row with its line ending."""
        return len(self._form.blank)

    def chunks(self, first_unit: int, last_unit: int) -> Iterator[Bytes]:
        """Make the rows of consecutive units, checked, some 2^16 at a time.

        Raises:
            WrongRow: what was made does not read as what it should be.
        """
        for start in range(first_unit, last_unit + 1, ROWS_AT_A_TIME):
            rows = self.compose(start, min(ROWS_AT_A_TIME, last_unit + 1 - start))
            self.check(rows, start)
            yield rows

    def compose(self, first_unit: int, count: int) -> Bytes:
        """Return the rows of consecutive units, unchecked."""
        rows = np.empty((count, self.row_bytes), np.uint8)
        rows[:] = np.frombuffer(self._form.blank, np.uint8)
        made: dict[_Supply, Bytes] = {}
        for column in self._form.columns:
            if column.supply is None:
                continue
            if column.supply not in made:
                made[column.supply] = self._make(column.supply, first_unit, count)
            for place in column.places:
                rows[:, place.at : place.at + place.width] = made[column.supply][
                    :, place.start : place.start + place.width
                ]
        return rows

    def check(self, rows: Bytes, first_unit: int) -> None:
        """Read rows back from their bytes.

        Raises:
            WrongRow: with the running number and the column of the first that is wrong.
        """
        read: dict[_Supply, Bytes] = {}
        for column in self._form.columns:
            if column.supply is None:
                continue
            texts = np.concatenate(
                [rows[:, place.at : place.at + place.width] for place in column.places], axis=1
            )
            if column.supply not in read:
                units = self._read(column.supply, texts)
                right = units == np.arange(first_unit, first_unit + len(rows))
                read[column.supply] = texts
            else:
                right = np.all(texts == read[column.supply], axis=1)
            if not right.all():
                raise self._wrong(first_unit + int(np.argmin(right)), column.field)
        somewhere = first_unit // ROWS_AT_A_TIME * _SPREAD % len(rows)
        for place in sorted({0, somewhere, len(rows) - 1}):
            self._check_as_text(rows[place].tobytes(), first_unit + place)

    # ---- what the variable parts are made from, and read back to ----------------------------------------

    def _make(self, supply: _Supply, first_unit: int, count: int) -> Bytes:
        if supply is _Supply.NUMBER:
            return _digits(self._number_of(first_unit), count, self._number_digits)
        if supply is _Supply.SSCC:
            texts = [self._sscc_of(unit) for unit in range(first_unit, first_unit + count)]
            return _as_bytes(np.array(texts, f"S{SSCC_CHARACTERS}"))
        role = _ROLES[supply]
        return _as_bytes(self._codebook.issue(role, self._keys, index_of_unit(first_unit), count))

    def _read(self, supply: _Supply, texts: Bytes) -> NDArray[np.int64]:
        """Return the units that the texts of a supply stand for, by keys and arithmetic; -1 for none."""
        if supply is _Supply.NUMBER:
            return _numbers(texts) + (self._order.first_unit - 1)
        if supply is _Supply.SSCC:
            return np.array([self._unit_of_sscc(text.tobytes().decode("ascii")) for text in texts], np.int64)
        role = _ROLES[supply]
        return self._codebook.check_many(role, self._keys, texts.view(f"S{role.length}").reshape(-1))

    def _number_of(self, unit: int) -> int:
        return unit - self._order.first_unit + 1

    def _sscc_of(self, unit: int) -> str:
        assert self._sscc is not None
        assert self._order.company_prefix is not None
        assert self._order.first_position is not None
        position = self._order.first_position + unit - self._order.first_unit
        return sscc_of(self._sscc, self._order.company_prefix, position)

    def _unit_of_sscc(self, text: str) -> int:
        assert self._sscc is not None
        assert self._order.company_prefix is not None
        assert self._order.first_position is not None
        try:
            Sscc.parse(text)
        except ParseError:
            return -1
        position = position_of(self._sscc, self._order.company_prefix, text)
        return -1 if position is None else self._order.first_unit + position - self._order.first_position

    # ---- a few rows, as a reader sees them --------------------------------------------------------------

    def _check_as_text(self, row: bytes, unit: int) -> None:
        text = row.decode("ascii").removesuffix(self._template.line_ending.characters)
        delimiter = self._template.delimiter.character
        cells = next(csv.reader([text], delimiter=delimiter)) if delimiter else [text]
        if len(cells) != len(self._template.columns):
            raise WrongRow(
                f"row of code {self._number_of(unit)}: expected {len(self._template.columns)} cells,"
                f" got {len(cells)}"
            )
        for column, cell in zip(self._template.columns, cells, strict=True):
            if not self._says(column.field, cell, unit):
                raise self._wrong(unit, column.field)

    def _says(self, field: PrintField, cell: str, unit: int) -> bool:
        """Whether a cell, read as a scan would be, says this unit (or this product)."""
        match field:
            case PrintField.NUMBER:
                return int(cell) == self._number_of(unit)
            case PrintField.GTIN | PrintField.GTIN13:
                return Gtin.parse(cell).value == self._order.gtin
            case PrintField.SSCC | PrintField.SSCC_ELEMENT:
                label = read_label(cell)
                return isinstance(label, SsccLabel) and self._unit_of_sscc(label.sscc) == unit
            case PrintField.OPEN_SERIAL | PrintField.OPEN_URI | PrintField.OPEN_URI_QR:
                label = read_label(cell)
                return (
                    isinstance(label, OpenLabel)
                    and (label.gtin == self._order.gtin or field is PrintField.OPEN_SERIAL)
                    and self._vouched(Role.OPEN, label.serial, unit)
                )
            case PrintField.HIDDEN_URI:
                label = read_label(cell)
                return isinstance(label, HiddenLabel) and self._vouched(Role.HIDDEN_LONG, label.code, unit)
            case PrintField.HIDDEN_LONG:
                return self._vouched(Role.HIDDEN_LONG, cell, unit)
            case PrintField.HIDDEN_TYPED | PrintField.HIDDEN_TYPED_GROUPED:
                return self._vouched(Role.HIDDEN_TYPED, cell, unit)
            case _:
                assert_never(field)

    def _vouched(self, role: Role, text: str, unit: int) -> bool:
        try:
            claim = self._codebook.read(role, read_typed(text, role.length))
        except NotACode:
            return False
        return claim.unit == unit and self._keys.vouch(claim)

    def _wrong(self, unit: int, field: PrintField) -> WrongRow:
        return WrongRow(
            f"row of code {self._number_of(unit)}, column {field}: it does not read as what it should be"
        )


# ---- the form of a row -----------------------------------------------------------------------------------


class _Supply(StrEnum):
    """What differs from row to row."""

    NUMBER = "number"
    OPEN = "open"
    HIDDEN_LONG = "hidden_long"
    HIDDEN_TYPED = "hidden_typed"
    SSCC = "sscc"


_ROLES: Final = {
    _Supply.OPEN: Role.OPEN,
    _Supply.HIDDEN_LONG: Role.HIDDEN_LONG,
    _Supply.HIDDEN_TYPED: Role.HIDDEN_TYPED,
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where some characters of a supply stand in the row."""

    at: int
    start: int
    width: int


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: which supply fills it, and where. Without a supply it is the same on every row."""

    field: PrintField
    supply: _Supply | None
    places: tuple[_Place, ...]


@dataclass(frozen=True, slots=True)
class _Form:
    """A row with zeros for all that differs, and the columns in it."""

    blank: bytes
    columns: tuple[_Column, ...]


def _form(template: Template, order: OrderEntry, public_url: str, *, number_digits: int) -> _Form:
    blank = bytearray()
    columns: list[_Column] = []
    for number, column in enumerate(template.columns):
        if number:
            blank += template.delimiter.character.encode()
        before, supply, widths, between = _pieces(column.field, order, public_url, number_digits)
        blank += before.encode("ascii")
        places, start = [], 0
        for place, width in enumerate(widths):
            if place:
                blank += between.encode("ascii")
            places.append(_Place(len(blank), start, width))
            blank += b"0" * width
            start += width
        columns.append(_Column(column.field, supply, tuple(places)))
    blank += template.line_ending.characters.encode()
    return _Form(bytes(blank), tuple(columns))


def _pieces(
    field: PrintField, order: OrderEntry, public_url: str, number_digits: int
) -> tuple[str, _Supply | None, tuple[int, ...], str]:
    """Say what a cell is: text in front, a supply in groups of these widths, and text between groups."""
    gtin = order.gtin or ""
    short, long = (Role.OPEN.length,), (Role.HIDDEN_LONG.length,)
    match field:
        case PrintField.NUMBER:
            return "", _Supply.NUMBER, (number_digits,), ""
        case PrintField.GTIN:
            return gtin, None, (), ""
        case PrintField.GTIN13:
            return gtin.removeprefix("0"), None, (), ""
        case PrintField.OPEN_SERIAL:
            return "", _Supply.OPEN, short, ""
        case PrintField.OPEN_URI:
            return open_prefix(public_url, gtin), _Supply.OPEN, short, ""
        case PrintField.OPEN_URI_QR:
            return open_prefix_qr(public_url, gtin), _Supply.OPEN, short, ""
        case PrintField.HIDDEN_URI:
            return hidden_prefix_qr(public_url), _Supply.HIDDEN_LONG, long, ""
        case PrintField.HIDDEN_LONG:
            return "", _Supply.HIDDEN_LONG, long, ""
        case PrintField.HIDDEN_TYPED:
            return "", _Supply.HIDDEN_TYPED, short, ""
        case PrintField.HIDDEN_TYPED_GROUPED:
            groups = Role.HIDDEN_TYPED.length // GROUP_CHARACTERS
            return "", _Supply.HIDDEN_TYPED, (GROUP_CHARACTERS,) * groups, "-"
        case PrintField.SSCC:
            return "", _Supply.SSCC, (SSCC_CHARACTERS,), ""
        case PrintField.SSCC_ELEMENT:
            return "00", _Supply.SSCC, (SSCC_CHARACTERS,), ""
        case _:
            assert_never(field)


def _sscc_permutation(keyring: Keyring, order: OrderEntry) -> DecimalPermutation | None:
    if order.company_prefix is None:
        return None
    return sscc_serials(keyring, tenant_id=order.tenant_id, company_prefix=order.company_prefix)


def _as_bytes(texts: NDArray[np.bytes_]) -> Bytes:
    return texts.view(np.uint8).reshape(len(texts), -1)


def _digits(first: int, count: int, width: int) -> Bytes:
    """Return consecutive numbers as decimal digits with leading zeros."""
    digits = np.empty((count, width), np.uint8)
    left = np.arange(first, first + count, dtype=np.uint32)
    for place in reversed(range(width)):
        tenth = left // np.uint32(10)
        digits[:, place] = left - tenth * np.uint32(10) + np.uint32(ord("0"))
        left = tenth
    return digits


def _numbers(digits: Bytes) -> NDArray[np.int64]:
    """Undo `_digits`."""
    numbers = np.zeros(len(digits), np.uint32)
    for place in range(digits.shape[1]):
        numbers = numbers * np.uint32(10) + (digits[:, place] - np.uint8(ord("0")))
    return numbers.astype(np.int64)
