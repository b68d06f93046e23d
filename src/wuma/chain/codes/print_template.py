"""What stands in a print file, column by column, and in which dialect of CSV.

A line of a factory reads the file its own way, so everything about the text can be chosen, but not its
encoding: it is UTF-8 (all values are ASCII, headers may be Chinese). Values need no quotes, ever: codes,
digits and URIs contain no delimiter. Headers are quoted by RFC 4180 where they must be.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.orders import Level
from wuma.kernel.errors import FieldError, InvalidInput

COLUMNS_MAX: Final = 20
HEADER_CHARACTERS_MAX: Final = 60

_STARTS_A_FORMULA: Final = "=+-@＝＋－＠"  # what spreadsheets execute, and its full-width twins


class PrintField(StrEnum):
    """What a column holds."""

    NUMBER = "number"
    """The running number in the order: 1 is the order's first code; as wide as the order's last."""
    GTIN = "gtin"
    """The GTIN, 14 digits."""
    GTIN13 = "gtin13"
    """The GTIN as an EAN-13 barcode has it."""
    OPEN_SERIAL = "open_serial"
    """The open code alone: 16 characters, AI (21)."""
    OPEN_URI = "open_uri"
    """The open code as a GS1 Digital Link."""
    OPEN_URI_QR = "open_uri_qr"
    """The same with scheme and host in capitals: QR's alphanumeric mode makes a smaller symbol of it."""
    HIDDEN_URI = "hidden_uri"
    """The hidden code as a URI, in capitals for QR's alphanumeric mode."""
    HIDDEN_LONG = "hidden_long"
    """The hidden code that a phone reads, alone: 27 characters."""
    HIDDEN_TYPED = "hidden_typed"
    """The hidden code that a person types: 16 characters."""
    HIDDEN_TYPED_GROUPED = "hidden_typed_grouped"
    """The same in groups of four, as it should be printed."""
    SSCC = "sscc"
    """The SSCC of a pallet: 18 digits."""
    SSCC_ELEMENT = "sscc_element"
    """The SSCC with its AI, ``00`` and 18 digits: what follows FNC1 in a GS1-128 symbol."""


HIDDEN: Final = frozenset(
    {PrintField.HIDDEN_URI, PrintField.HIDDEN_LONG, PrintField.HIDDEN_TYPED, PrintField.HIDDEN_TYPED_GROUPED}
)
PALLET: Final = frozenset({PrintField.SSCC, PrintField.SSCC_ELEMENT})
OF_GTIN: Final = frozenset(PrintField) - HIDDEN - PALLET - {PrintField.NUMBER}


class Delimiter(StrEnum):
    """What stands between two columns."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"
    PIPE = "pipe"
    NONE = "none"
    """Nothing: a text file of one column."""

    @property
    def character(self) -> str:
        """The character itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "none": ""}[self.value]


class LineEnding(StrEnum):
    """What ends a row, the last one too."""

    CRLF = "crlf"
    LF = "lf"

    @property
    def characters(self) -> str:
        """The characters themselves."""
        return "\r\n" if self is LineEnding.CRLF else "\n"


def _no_formula(header: str) -> str:
    if header and header[0] in _STARTS_A_FORMULA:
        raise ValueError("a header that a spreadsheet does not execute: not beginning with = + - or @")
    return header


Header = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=HEADER_CHARACTERS_MAX,
        pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$",
    ),
    AfterValidator(_no_formula),
]


class Column(BaseModel):
    """One column."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: PrintField
    header: Header = ""


class Template(BaseModel):
    """The columns of a print file and how they are written.

    >>> print(Template(columns=[Column(field=PrintField.NUMBER, header='No. ("序号")')]).header_line)
    "No. (""序号"")"
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: list[Column] = Field(min_length=1, max_length=COLUMNS_MAX)
    delimiter: Delimiter = Delimiter.COMMA
    has_header: bool = True
    line_ending: LineEnding = LineEnding.CRLF
    byte_order_mark: bool = Field(
        False, description="Begin with U+FEFF: Excel then shows Chinese headers right, others may stumble."
    )

    @model_validator(mode="after")
    def _is_one_table(self) -> Self:
        if self.delimiter is Delimiter.NONE and len(self.columns) > 1:
            raise ValueError(f"a delimiter: there are {len(self.columns)} columns to be told apart")
        if self.has_header:
            counts = Counter(column.header for column in self.columns)
            if "" in counts:
                raise ValueError("a header on every column, or has_header false")
            if twice := [header for header, count in counts.items() if count > 1]:
                raise ValueError(f"different headers; {twice[0]!r} stands on {counts[twice[0]]} columns")
        return self

    @property
    def header_line(self) -> str:
        """The first row, without its line ending."""
        return self.delimiter.character.join([self._quoted(column.header) for column in self.columns])

    @property
    def suffix(self) -> str:
        """The ending of the file's name."""
        return {Delimiter.NONE: ".txt", Delimiter.TAB: ".tsv"}.get(self.delimiter, ".csv")

    def _quoted(self, header: str) -> str:
        """Quote a header where RFC 4180 asks for it (section 2, rules 6 and 7)."""
        if '"' in header or (self.delimiter.character and self.delimiter.character in header):
            return '"' + header.replace('"', '""') + '"'
        return header


class BuiltIn(BaseModel):
    """A template to begin with."""

    name: str
    title_zh: str
    title_en: str
    template: Template


def _built_in(name: str, title_zh: str, title_en: str, headers: dict[PrintField, str], **how: Any) -> BuiltIn:
    columns = [Column(field=field, header=header) for field, header in headers.items()]
    return BuiltIn(name=name, title_zh=title_zh, title_en=title_en, template=Template(columns=columns, **how))


BUILT_INS: Final[dict[str, BuiltIn]] = {
    one.name: one
    for one in (
        _built_in(
            "item-open",
            "单品明码",
            "Items, open code",
            {
                PrintField.NUMBER: "序号 No.",
                PrintField.OPEN_URI_QR: "明码二维码 Open QR",
                PrintField.OPEN_SERIAL: "明码 Open code",
            },
        ),
        _built_in(
            "item-open-hidden",
            "单品明码与暗码",
            "Items, open and hidden code",
            {
                PrintField.NUMBER: "序号 No.",
                PrintField.OPEN_URI_QR: "明码二维码 Open QR",
                PrintField.OPEN_SERIAL: "明码 Open code",
                PrintField.HIDDEN_URI: "暗码二维码 Hidden QR",
                PrintField.HIDDEN_TYPED_GROUPED: "暗码 Hidden code",
            },
        ),
        _built_in(
            "item-hidden",
            "单品暗码(盖内)",
            "Items, hidden code under the lid",
            {
                PrintField.NUMBER: "序号 No.",
                PrintField.HIDDEN_URI: "暗码二维码 Hidden QR",
                PrintField.HIDDEN_TYPED_GROUPED: "暗码 Hidden code",
            },
        ),
        _built_in(
            "case-open",
            "箱码",
            "Cases",
            {
                PrintField.NUMBER: "序号 No.",
                PrintField.GTIN: "GTIN",
                PrintField.OPEN_SERIAL: "箱码 Case code",
                PrintField.OPEN_URI_QR: "箱码二维码 Case QR",
            },
        ),
        _built_in(
            "pallet-sscc",
            "托盘码(SSCC)",
            "Pallets, SSCC",
            {
                PrintField.NUMBER: "序号 No.",
                PrintField.SSCC: "SSCC",
                PrintField.SSCC_ELEMENT: "GS1-128",
            },
        ),
        _built_in(
            "uri-lines",
            "纯文本:每行一个明码网址",
            "Plain text, one open URI a line",
            {PrintField.OPEN_URI_QR: ""},
            delimiter=Delimiter.NONE,
            has_header=False,
        ),
    )
}


def _by_name(given: object) -> object:
    if not isinstance(given, str):
        return given
    if given not in BUILT_INS:
        raise ValueError(f"a template, or the name of one: {', '.join(BUILT_INS)}")
    return BUILT_INS[given].template


TemplateInput = Annotated[Template, BeforeValidator(_by_name, json_schema_input_type=str | Template)]
"""A template in a request: written out, or the name of a built-in one."""


def require_fillable(template: Template, order: CodeOrder) -> None:
    """Refuse a template that the order has no codes for, naming each such column.

    Raises:
        InvalidInput: with the column, what would fill it, and what the order is.
    """
    faults = [
        FieldError(f"/template/columns/{place}/field", missing, column.field.value)
        for place, column in enumerate(template.columns)
        if (missing := _missing(column.field, order)) is not None
    ]
    if faults:
        columns = ", ".join(sorted({fault.got for fault in faults}))
        raise InvalidInput(f"Order {order.id} cannot fill the column(s) {columns}.", faults)


def _missing(field: PrintField, order: CodeOrder) -> str | None:
    is_pallet = order.level == Level.PALLET
    if field in HIDDEN and not order.has_hidden:
        return f"an order with hidden codes; order {order.id} has none"
    if field in PALLET and not is_pallet:
        return f"an order of pallets; order {order.id} is of level {order.level}"
    if field in OF_GTIN and is_pallet:
        return f"an order of items or cases; order {order.id} is of pallets, which have SSCCs"
    if field is PrintField.GTIN13 and order.gtin is not None and not order.gtin.startswith("0"):
        return f"a GTIN of 13 digits; {order.gtin} has an indicator digit"
    return None
