"""What a scanner sends: a symbology identifier (ISO/IEC 15424), then the data.

`]Q3` says that GS1 element strings follow, `]Q1` that it is any text, which may be a Digital Link; a
retail bar code `]E0` is 13 digits and may have a companion, the composite component, behind `|]e0`.
General Specifications section 5.1.2 and 7.8.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from wuma_gs1 import element_strings
from wuma_gs1.application_identifiers import Element
from wuma_gs1.associations import association_problems
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.element_strings import GS, Message
from wuma_gs1.errors import Code, ParseError, Problem, shown
from wuma_gs1.linters import csum


class Symbology(StrEnum):
    """The symbols that carry GS1 data, by the identifier that a scanner puts first."""

    GS1_128 = "]C1"
    DATABAR = "]e0"
    """GS1 DataBar, and the composite component of any linear symbol."""
    EAN_13 = "]E0"
    """EAN-13, UPC-A and UPC-E, all sent as 13 digits."""
    EAN_8 = "]E4"
    ITF_14 = "]I1"
    GS1_DATA_MATRIX = "]d2"
    GS1_QR = "]Q3"
    GS1_DOTCODE = "]J1"
    DATA_MATRIX = "]d1"
    QR = "]Q1"
    DOTCODE = "]J0"


IDENTIFIER_CHARACTERS = 3
COMPOSITE = "|]e0"
_OF_ELEMENTS = {
    Symbology.GS1_128,
    Symbology.DATABAR,
    Symbology.GS1_DATA_MATRIX,
    Symbology.GS1_QR,
    Symbology.GS1_DOTCODE,
}
_DIGITS = {Symbology.EAN_13: 13, Symbology.EAN_8: 8, Symbology.ITF_14: 14}


@dataclass(frozen=True, slots=True)
class Scan:
    r"""One scan, taken apart.

    >>> scan = read("]d2010690123456789221A1\x1d17260131")
    >>> scan.symbology.name, scan.message.bracketed
    ('GS1_DATA_MATRIX', '(01)06901234567892(21)A1(17)260131')
    >>> read("]Q1https://example.cn/01/06901234567892/21/A1").message.bracketed
    '(01)06901234567892(21)A1'
    """

    symbology: Symbology
    text: str
    """The data as they came, without the symbology identifier."""
    message: Message
    """What they say in AIs; nothing if they are a text that is no Digital Link."""


def read(text: str) -> Scan:
    """Read scan data; what is wrong with the AIs is in the message.

    Raises:
        ParseError: if there is no symbology identifier that carries GS1 data.
    """
    try:
        symbology = Symbology(text[:IDENTIFIER_CHARACTERS])
    except ValueError:
        raise ParseError(
            f"scan data {shown(text)}: expected a GS1 symbology identifier such as ]d2 or ]Q3",
            code=Code.UNKNOWN_SYMBOLOGY,
            position=0,
        ) from None
    data = text[IDENTIFIER_CHARACTERS:]
    if symbology in _DIGITS:
        message = _digits_message(data, _DIGITS[symbology])
    elif symbology in _OF_ELEMENTS:
        message = _elements_message(data)
    else:
        message = _text_message(data)
    problems = tuple([problem.moved(IDENTIFIER_CHARACTERS) for problem in message.problems])
    return Scan(symbology, data, Message(message.elements, problems))


def _elements_message(data: str, *, associations: bool = True) -> Message:
    if "^" in data:
        at = data.index("^")
        sentence = f"scan data {shown(data)}: '^' cannot be data of an AI"
        return Message((), (Problem(Code.ILLEGAL_SEPARATOR, sentence, position=at),))
    message = element_strings.read(GS + data, associations=associations)
    # A scanner leaves out the first FNC1, so each place is one less here.
    return Message(message.elements, tuple([problem.moved(-1) for problem in message.problems]))


def _digits_message(data: str, length: int) -> Message:
    primary, composite, rest = data.partition(COMPOSITE)
    flaw = csum(primary)
    if len(primary) != length or flaw is not None:
        expected = f"{length} digits with a check digit"
        message = f"scan data {shown(data)}: expected {expected}, got {shown(primary)}"
        code = flaw.code if flaw is not None else Code.WRONG_LENGTH
        return Message((), (Problem(code, message, "01", 0),))
    gtin = Element("01", primary.zfill(14))
    if not composite:
        return Message((gtin,))
    companion = _elements_message(rest, associations=False)
    elements = (gtin, *companion.elements)
    if companion.valid:  # what the composite component requires, the linear symbol may have
        return Message(elements, association_problems(elements))
    return Message(
        elements, tuple([problem.moved(length + len(COMPOSITE)) for problem in companion.problems])
    )


def _text_message(data: str) -> Message:
    if data[:8].lower().startswith(("http://", "https://")):
        try:
            return Message(DigitalLink.parse(data).elements)
        except ParseError:
            return Message(())
    return Message(())


def write(symbology: Symbology, elements: Sequence[Element], *, composite: Sequence[Element] = ()) -> str:
    r"""Write what a scanner sends for a symbol that carries AIs, with its composite component if any.

    >>> write(Symbology.EAN_8, [Element("01", "00000002345673")], composite=[Element("99", "A")])
    ']E402345673|]e099A'
    >>> write(Symbology.GS1_QR, [Element("10", "A"), Element("21", "B")])
    ']Q310A\x1d21B'

    Raises:
        ParseError: if the symbology does not carry these AIs.
    """
    if symbology in _DIGITS:
        length = _DIGITS[symbology]
        if len(elements) != 1 or elements[0].ai != "01" or elements[0].value[: 14 - length].strip("0"):
            listed = element_strings.bracketed(elements)
            raise ParseError(
                f"{symbology.name} cannot carry {shown(listed)}: expected a GTIN of {length} digits",
                code=Code.NOT_ENCODABLE,
            )
        companion = COMPOSITE + _sent(composite) if composite else ""
        return symbology + elements[0].value[14 - length :] + companion
    if symbology not in _OF_ELEMENTS:
        raise ParseError(f"{symbology.name} carries no AIs, only text", code=Code.NOT_ENCODABLE)
    # A linear symbol with its companion is sent as one message (General Specifications 5.1.2).
    first = Symbology.DATABAR if composite and symbology is Symbology.GS1_128 else symbology
    return first + _sent([*elements, *composite])


def _sent(elements: Sequence[Element]) -> str:
    return element_strings.raw(elements, fnc1=GS)[1:]
