"""The GS1 identification keys as values that cannot be wrong.

Whoever holds a `Gtin` or an `Sscc` holds a key whose length, characters and check digit are right
(General Specifications section 2 and 3). Keys are read with `parse`, put together with `build`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from wuma_gs1.application_identifiers import AIS, Element
from wuma_gs1.check_characters import check_digit, check_pair, has_check_digit
from wuma_gs1.element_strings import bracketed
from wuma_gs1.errors import Code, ParseError, full_width, shown

__all__ = [
    "Cpid",
    "Gcn",
    "Gdti",
    "Giai",
    "Ginc",
    "Gln",
    "Gmn",
    "Grai",
    "Gsin",
    "Gsrn",
    "Gsrnp",
    "Gtin",
    "Itip",
    "Key",
    "ParseError",
    "Sscc",
    "Upui",
    "check_digit",
    "check_pair",
    "expand_upc_e",
    "has_check_digit",
]

COMPANY_PREFIX_DIGITS = range(
    4, 13
)  # a U.P.C. Company Prefix for few items has eleven, a GS1 one up to twelve


@dataclass(frozen=True, slots=True)
class Key:
    """A GS1 identification key; `value` is what its Application Identifier takes.

    Its kinds inherit all that makes it a value; a decorator for each would double the time to import them.
    """

    value: str

    ai: ClassVar[str]
    name: ClassVar[str]
    company_prefix_at: ClassVar[int] = 0
    """Where the GS1 Company Prefix begins in the value."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a key; space around it is ignored.

        Raises:
            ParseError: naming the input, what was expected and what came.
        """
        value = text.strip()
        spec = AIS[cls.ai]
        flaw = spec.flaw(value)
        if flaw is None:
            return cls(value)
        if flaw.code in {Code.VALUE_EMPTY, Code.VALUE_TOO_SHORT, Code.VALUE_TOO_LONG}:
            span = (
                f"{spec.shortest}" if spec.shortest == spec.longest else f"{spec.shortest} to {spec.longest}"
            )
            raise refusal(cls.name, value, flaw.code, f"{span} characters", f"{len(value)}")
        raise refusal(
            cls.name, value, flaw.code, flaw.code.expected, repr(value[flaw.start : flaw.end]), flaw.start
        )

    def __str__(self) -> str:
        return self.value

    @property
    def bracketed(self) -> str:
        """The key as an element string."""
        return bracketed([Element(self.ai, self.value)])

    def company_prefix(self, length: int) -> str:
        """Cut out the GS1 Company Prefix, whose length the key itself does not tell.

        >>> Sscc.parse("069012345678901238").company_prefix(7)
        '6901234'
        """
        if length not in COMPANY_PREFIX_DIGITS:
            raise refusal(
                "company prefix length", str(length), Code.BAD_COMPANY_PREFIX, "4 to 12", str(length)
            )
        return self.value[self.company_prefix_at : self.company_prefix_at + length]

    @property
    def issuer(self) -> str:
        """The GS1 member organisation that manages the prefix; says nothing of where a thing was made.

        >>> Gtin.parse("6901234567892").issuer
        'GS1 China'
        """
        from wuma_gs1.prefixes import member_organisation

        return member_organisation(self.value[self.company_prefix_at :])


class Gtin(Key):
    """A Global Trade Item Number, filled up to 14 digits (General Specifications 3.3.2)."""

    __slots__ = ()
    ai: ClassVar[str] = "01"
    name: ClassVar[str] = "GTIN"
    company_prefix_at: ClassVar[int] = 1

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a GTIN of 8, 12, 13 or 14 digits.

        >>> Gtin.parse("6901234567892").value
        '06901234567892'
        >>> Gtin.parse("6901234567893")
        Traceback (most recent call last):
        wuma_gs1.errors.ParseError: GTIN '6901234567893': expected check digit 2, got 3
        >>> Gtin.parse("６９012348")
        Traceback (most recent call last):
        wuma_gs1.errors.ParseError: GTIN '６９012348': expected ASCII digits, got full-width '６９'
        """
        digits = text.strip()
        if len(digits) in {8, 12, 13, 14} and has_check_digit(digits):
            return cls(digits.zfill(14))
        if digits and not (digits.isascii() and digits.isdigit()):
            raise refusal(cls.name, digits, Code.NON_DIGIT_CHARACTER, "ASCII digits", "other characters")
        if len(digits) not in {8, 12, 13, 14}:
            raise refusal(cls.name, digits, Code.WRONG_LENGTH, "8, 12, 13 or 14 digits", f"{len(digits)}")
        expected = f"check digit {check_digit(digits[:-1])}"
        raise refusal(cls.name, digits, Code.INCORRECT_CHECK_DIGIT, expected, digits[-1], len(digits) - 1)

    @classmethod
    def build(cls, company_prefix: str, item_reference: str, *, indicator: int = 0) -> Self:
        """Put a GTIN together; the item reference is filled up with zeros.

        >>> Gtin.build("6901234", "56789").value
        '06901234567892'
        """
        digits = _one_digit("indicator", indicator) + numbered(cls.name, company_prefix, item_reference, 12)
        return cls(digits + str(check_digit(digits)))

    @property
    def shortest(self) -> str:
        """The GTIN as it is printed below a bar code: without the zeros that fill it up.

        >>> Gtin.parse("00000096385074").shortest, Gtin.parse("06901234567892").shortest
        ('96385074', '6901234567892')
        """
        if self.value.startswith("000000"):
            return self.value[6:]
        return self.value.removeprefix("00") if self.value.startswith("00") else self.value.removeprefix("0")

    @property
    def issuer(self) -> str:
        """The GS1 member organisation that manages the prefix; of a GTIN-8, the GS1-8 Prefix (1.4.3).

        >>> Gtin.parse("69012341").issuer, Gtin.parse("02345673").issuer
        ('GS1 China', 'restricted circulation within a company')
        """
        from wuma_gs1.prefixes import RESTRICTED_IN_COMPANY, member_organisation

        if self.value.startswith("000000"):
            return RESTRICTED_IN_COMPANY if self.value[6] == "0" else member_organisation(self.value[6:])
        return member_organisation(self.value[self.company_prefix_at :])

    @property
    def indicator(self) -> int:
        """0 for a consumer unit, 1 to 8 for a grouping, 9 for variable measure (2.1.6)."""
        return int(self.value[0])


class Sscc(Key):
    """A Serial Shipping Container Code (3.3.1)."""

    __slots__ = ()
    ai: ClassVar[str] = "00"
    name: ClassVar[str] = "SSCC"
    company_prefix_at: ClassVar[int] = 1

    @classmethod
    def build(cls, extension: int, company_prefix: str, serial_reference: str) -> Self:
        """Put an SSCC together; the serial reference is filled up with zeros.

        >>> Sscc.build(3, "6901234", "42").value
        '369012340000000420'
        """
        digits = _one_digit("extension", extension) + numbered(cls.name, company_prefix, serial_reference, 16)
        return cls(digits + str(check_digit(digits)))


class Gln(Key):
    """A Global Location Number: a party or a place (3.7.9)."""

    __slots__ = ()
    ai: ClassVar[str] = "414"
    name: ClassVar[str] = "GLN"

    @classmethod
    def build(cls, company_prefix: str, location_reference: str) -> Self:
        """Put a GLN together.

        >>> Gln.build("6901234", "1").value
        '6901234000016'
        """
        digits = numbered(cls.name, company_prefix, location_reference, 12)
        return cls(digits + str(check_digit(digits)))


class Grai(Key):
    """A Global Returnable Asset Identifier: asset type and serial (3.9.3)."""

    __slots__ = ()
    ai: ClassVar[str] = "8003"
    name: ClassVar[str] = "GRAI"
    company_prefix_at: ClassVar[int] = 1

    @classmethod
    def build(cls, company_prefix: str, asset_type: str, serial: str = "") -> Self:
        """Put a GRAI together.

        >>> Grai.build("4012345", "22", "334455").value
        '04012345000221334455'
        """
        digits = numbered(cls.name, company_prefix, asset_type, 12)
        return cls.parse(f"0{digits}{check_digit(digits)}{serial}")

    @property
    def serial(self) -> str:
        """Which of the assets of this type; empty if the type is meant."""
        return self.value[14:]


class Giai(Key):
    """A Global Individual Asset Identifier (3.9.4)."""

    __slots__ = ()
    ai: ClassVar[str] = "8004"
    name: ClassVar[str] = "GIAI"

    @classmethod
    def build(cls, company_prefix: str, asset_reference: str) -> Self:
        """Put a GIAI together."""
        return cls.parse(checked_company_prefix(cls.name, company_prefix) + asset_reference)


class Gsrn(Key):
    """A Global Service Relation Number of a recipient: a patient, a member (3.9.14)."""

    __slots__ = ()
    ai: ClassVar[str] = "8018"
    name: ClassVar[str] = "GSRN"

    @classmethod
    def build(cls, company_prefix: str, service_reference: str) -> Self:
        """Put a GSRN together.

        >>> Gsrn.build("4012345", "6765").value
        '401234500000067657'
        """
        digits = numbered(cls.name, company_prefix, service_reference, 17)
        return cls(digits + str(check_digit(digits)))


class Gsrnp(Gsrn):
    """A Global Service Relation Number of a provider: a nurse, a driver (3.9.13)."""

    __slots__ = ()
    ai: ClassVar[str] = "8017"
    name: ClassVar[str] = "GSRNP"


class Gdti(Key):
    """A Global Document Type Identifier and serial (3.5.10)."""

    __slots__ = ()
    ai: ClassVar[str] = "253"
    name: ClassVar[str] = "GDTI"

    @classmethod
    def build(cls, company_prefix: str, document_type: str, serial: str = "") -> Self:
        """Put a GDTI together."""
        digits = numbered(cls.name, company_prefix, document_type, 12)
        return cls.parse(f"{digits}{check_digit(digits)}{serial}")

    @property
    def serial(self) -> str:
        """Which of the documents of this type; empty if the type is meant."""
        return self.value[13:]


class Gcn(Gdti):
    """A Global Coupon Number and serial (3.5.11)."""

    __slots__ = ()
    ai: ClassVar[str] = "255"
    name: ClassVar[str] = "GCN"


class Ginc(Giai):
    """A Global Identification Number for Consignment (3.7.2)."""

    __slots__ = ()
    ai: ClassVar[str] = "401"
    name: ClassVar[str] = "GINC"


class Gsin(Key):
    """A Global Shipment Identification Number (3.7.3)."""

    __slots__ = ()
    ai: ClassVar[str] = "402"
    name: ClassVar[str] = "GSIN"

    @classmethod
    def build(cls, company_prefix: str, shipper_reference: str) -> Self:
        """Put a GSIN together.

        >>> Gsin.build("4012345", "222333444").value
        '40123452223334442'
        """
        digits = numbered(cls.name, company_prefix, shipper_reference, 16)
        return cls(digits + str(check_digit(digits)))


class Cpid(Giai):
    """A Component/Part Identifier (3.9.10)."""

    __slots__ = ()
    ai: ClassVar[str] = "8010"
    name: ClassVar[str] = "CPID"


class Gmn(Key):
    """A Global Model Number with its check character pair (3.9.11)."""

    __slots__ = ()
    ai: ClassVar[str] = "8013"
    name: ClassVar[str] = "GMN"

    @classmethod
    def build(cls, company_prefix: str, model_reference: str) -> Self:
        """Put a GMN together.

        >>> Gmn.build("1987654", "Ad4X4bL5ttr2310c").value
        '1987654Ad4X4bL5ttr2310c2K'
        """
        text = checked_company_prefix(cls.name, company_prefix) + model_reference
        return cls.parse(text + check_pair(text))


class Itip(Key):
    """An Individual Trade Item Piece: GTIN, piece number, total of pieces (3.9.7)."""

    __slots__ = ()
    ai: ClassVar[str] = "8006"
    name: ClassVar[str] = "ITIP"
    company_prefix_at: ClassVar[int] = 1

    @classmethod
    def build(cls, gtin: Gtin, piece: int, total: int) -> Self:
        """Put an ITIP together.

        >>> Itip.build(Gtin.parse("06901234567892"), 1, 2).value
        '069012345678920102'
        """
        return cls.parse(f"{gtin.value}{piece:02}{total:02}")

    @property
    def gtin(self) -> Gtin:
        """The trade item that this is a piece of."""
        return Gtin(self.value[:14])

    @property
    def issuer(self) -> str:
        """The GS1 member organisation that manages the prefix of the trade item."""
        return self.gtin.issuer

    @property
    def piece(self) -> int:
        """Which piece, from 1."""
        return int(self.value[14:16])

    @property
    def total(self) -> int:
        """Of how many."""
        return int(self.value[16:])


@dataclass(frozen=True, slots=True)
class Upui:
    """A unit pack identifier of the EU tobacco directive: GTIN and third-party extension (3.3.2, AI 235)."""

    gtin: Gtin
    extension: str

    @classmethod
    def parse(cls, gtin: str, extension: str) -> Self:
        """Read the two parts."""
        flaw = AIS["235"].flaw(extension)
        if flaw is not None:
            raise refusal("UPUI extension", extension, flaw.code, flaw.code.expected, repr(extension))
        return cls(Gtin.parse(gtin), extension)

    @property
    def bracketed(self) -> str:
        """The identifier as an element string."""
        return bracketed([Element("01", self.gtin.value), Element("235", self.extension)])


def expand_upc_e(digits: str) -> Gtin:
    """Expand a zero-suppressed U.P.C., eight digits with number system and check digit (5.2.2.4.2).

    >>> expand_upc_e("01234565").value
    '00012345000065'

    Raises:
        ParseError: if it is no UPC-E or its check digit, which is that of the full number, is wrong.
    """
    text = digits.strip()
    if not (len(text) == 8 and text.isascii() and text.isdigit() and text[0] in "01"):
        raise refusal("UPC-E", text, Code.WRONG_LENGTH, "8 ASCII digits, the first 0 or 1", "others")
    system, body, last, check = text[0], text[1:6], text[6], text[7]
    if last in "012":
        manufacturer, item = body[:2] + last + "00", "00" + body[2:]
    elif last == "3":
        manufacturer, item = body[:3] + "00", "000" + body[3:]
    elif last == "4":
        manufacturer, item = body[:4] + "0", "0000" + body[4:]
    else:
        manufacturer, item = body, "0000" + last
    return Gtin.parse(system + manufacturer + item + check)


def numbered(name: str, company_prefix: str, reference: str, length: int) -> str:
    """Join company prefix and reference into `length` digits, zeros between them.

    Raises:
        ParseError: if either is not digits, or both together are too long.
    """
    checked_company_prefix(name, company_prefix)
    room = length - len(company_prefix)
    if not (reference.isascii() and (reference.isdigit() or (not reference and not room))):
        raise refusal(f"{name} reference", reference, Code.NON_DIGIT_CHARACTER, "ASCII digits", "others")
    if len(reference) > room:
        expected = f"at most {room} digits after company prefix {company_prefix}"
        raise refusal(f"{name} reference", reference, Code.VALUE_TOO_LONG, expected, f"{len(reference)}")
    return company_prefix + reference.zfill(room)


def checked_company_prefix(name: str, text: str) -> str:
    """Check a GS1 Company Prefix: 4 to 12 digits."""
    if not (text.isascii() and text.isdigit() and len(text) in COMPANY_PREFIX_DIGITS):
        raise refusal(
            f"{name} company prefix", text, Code.BAD_COMPANY_PREFIX, "4 to 12 ASCII digits", shown(text)
        )
    return text


def refusal(
    name: str, text: str, code: Code, expected: str, got: str, position: int | None = None
) -> ParseError:
    """Put a refusal into words; full-width characters are named as such, whatever else is wrong."""
    if wide := full_width(text):
        message = f"{name} {shown(text)}: expected ASCII digits, got full-width {wide!r}"
        return ParseError(message, code=Code.FULL_WIDTH)
    return ParseError(f"{name} {shown(text)}: expected {expected}, got {got}", code=code, position=position)


def _one_digit(name: str, number: int) -> str:
    if not 0 <= number <= 9:
        raise refusal(name, str(number), Code.WRONG_LENGTH, "one digit, 0 to 9", str(number))
    return str(number)
