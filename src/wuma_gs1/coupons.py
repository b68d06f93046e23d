"""North American coupon codes: AI (8110), and the positive offer file's AI (8112).

GS1 US, "North American Coupon Application Guideline Using GS1 DataBar Expanded Symbols". A coupon is a
row of digits in which length indicators say how long the next field is; the reader below takes one field
after the other and stops at the first that is missing, impossible or cut short.
"""

from __future__ import annotations

from wuma_gs1.errors import Code
from wuma_gs1.linters import Flaw, csetnumeric, gcppos1, yymmdd


def couponcode(text: str) -> Flaw | None:
    """The coupon of AI (8110).

    >>> couponcode("012345612345611110123")
    >>> couponcode("0123456123456111101234200010").code.value
    'coupon_invalid_start_date'
    """
    reader = _Reader(text)
    try:
        _required_fields(reader)
        _optional_fields(reader)
    except _FlawFoundError as found:
        return found.flaw
    return None


def couponposoffer(text: str) -> Flaw | None:
    """The coupon of AI (8112), whose offer is described in a file, not in the code.

    >>> couponposoffer("001234561234560123456")
    """
    reader = _Reader(text)
    try:
        reader.choice("01", Code.COUPON_MISSING_FORMAT_CODE, Code.COUPON_INVALID_FORMAT_CODE)
        reader.sized(
            "0123456", 6, Code.COUPON_MISSING_FUNDER_VLI, Code.COUPON_INVALID_FUNDER_LENGTH,
            Code.COUPON_TRUNCATED_FUNDER, company_prefix=True,
        )  # fmt: skip
        reader.digits(6, Code.COUPON_TRUNCATED_OFFER_CODE)
        reader.sized(
            "0123456789", 6, Code.COUPON_MISSING_SERIAL_NUMBER_VLI, Code.COUPON_MISSING_SERIAL_NUMBER_VLI,
            Code.COUPON_TRUNCATED_SERIAL_NUMBER,
        )  # fmt: skip
        reader.end()
    except _FlawFoundError as found:
        return found.flaw
    return None


def _required_fields(reader: _Reader) -> None:
    reader.sized(
        "0123456", 6, Code.COUPON_MISSING_GCP_VLI, Code.COUPON_INVALID_GCP_LENGTH,
        Code.COUPON_TRUNCATED_GCP, company_prefix=True,
    )  # fmt: skip
    reader.digits(6, Code.COUPON_TRUNCATED_OFFER_CODE)
    reader.sized(
        "12345", 0, Code.COUPON_MISSING_SAVE_VALUE_VLI, Code.COUPON_INVALID_SAVE_VALUE_LENGTH,
        Code.COUPON_TRUNCATED_SAVE_VALUE,
    )  # fmt: skip
    reader.sized(
        "12345", 0, Code.COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_VLI,
        Code.COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_LENGTH, Code.COUPON_TRUNCATED_1ST_PURCHASE_REQUIREMENT,
    )  # fmt: skip
    reader.choice(
        _REQUIREMENT_CODES,
        Code.COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_CODE,
        Code.COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_CODE,
    )
    reader.digits(3, Code.COUPON_TRUNCATED_1ST_PURCHASE_FAMILY_CODE)


def _optional_fields(reader: _Reader) -> None:
    """Read the optional fields, each announced by its number, in ascending order."""
    expiration: str | None = None
    expiration_at = 0
    if reader.takes("1"):
        _second_purchase(reader)
    if reader.takes("2"):
        _third_purchase(reader)
    if reader.takes("3"):
        expiration_at = reader.position - 1
        expiration = reader.date(
            Code.COUPON_TOO_SHORT_FOR_EXPIRATION_DATE, Code.COUPON_INVALID_EXPIRATION_DATE
        )
    if reader.takes("4"):
        start = reader.date(Code.COUPON_TOO_SHORT_FOR_START_DATE, Code.COUPON_INVALID_START_DATE)
        if expiration is not None and _century_order(expiration) < _century_order(start):
            raise _FlawFoundError(Flaw(Code.COUPON_EXPIRATION_BEFORE_START, expiration_at, reader.position))
    if reader.takes("5"):
        reader.sized(
            "0123456789", 6, Code.COUPON_MISSING_SERIAL_NUMBER_VLI, Code.COUPON_MISSING_SERIAL_NUMBER_VLI,
            Code.COUPON_TRUNCATED_SERIAL_NUMBER,
        )  # fmt: skip
    if reader.takes("6"):
        reader.sized(
            "1234567", 6, Code.COUPON_MISSING_RETAILER_GCP_OR_GLN_VLI,
            Code.COUPON_INVALID_RETAILER_GCP_OR_GLN_LENGTH, Code.COUPON_TRUNCATED_RETAILER_GCP_OR_GLN,
            company_prefix=True,
        )  # fmt: skip
    if reader.takes("9"):
        _miscellaneous(reader)
    reader.end()


def _second_purchase(reader: _Reader) -> None:
    reader.choice(
        "0123",
        Code.COUPON_MISSING_ADDITIONAL_PURCHASE_RULES_CODE,
        Code.COUPON_INVALID_ADDITIONAL_PURCHASE_RULES_CODE,
    )
    reader.sized(
        "12345", 0, Code.COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_VLI,
        Code.COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_LENGTH, Code.COUPON_TRUNCATED_2ND_PURCHASE_REQUIREMENT,
    )  # fmt: skip
    reader.choice(
        _REQUIREMENT_CODES,
        Code.COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_CODE,
        Code.COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_CODE,
    )
    reader.digits(3, Code.COUPON_TRUNCATED_2ND_PURCHASE_FAMILY_CODE)
    reader.sized(
        "01234569", 6, Code.COUPON_MISSING_2ND_PURCHASE_GCP_VLI,
        Code.COUPON_INVALID_2ND_PURCHASE_GCP_LENGTH, Code.COUPON_TRUNCATED_2ND_PURCHASE_GCP,
        company_prefix=True, nothing="9",
    )  # fmt: skip


def _third_purchase(reader: _Reader) -> None:
    reader.sized(
        "12345", 0, Code.COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_VLI,
        Code.COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_LENGTH, Code.COUPON_TRUNCATED_3RD_PURCHASE_REQUIREMENT,
    )  # fmt: skip
    reader.choice(
        _REQUIREMENT_CODES,
        Code.COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_CODE,
        Code.COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_CODE,
    )
    reader.digits(3, Code.COUPON_TRUNCATED_3RD_PURCHASE_FAMILY_CODE)
    reader.sized(
        "01234569", 6, Code.COUPON_MISSING_3RD_PURCHASE_GCP_VLI,
        Code.COUPON_INVALID_3RD_PURCHASE_GCP_LENGTH, Code.COUPON_TRUNCATED_3RD_PURCHASE_GCP,
        company_prefix=True, nothing="9",
    )  # fmt: skip


def _miscellaneous(reader: _Reader) -> None:
    reader.choice("01256", Code.COUPON_MISSING_SAVE_VALUE_CODE, Code.COUPON_INVALID_SAVE_VALUE_CODE)
    reader.choice(
        "012",
        Code.COUPON_MISSING_SAVE_VALUE_APPLIES_TO_ITEM,
        Code.COUPON_INVALID_SAVE_VALUE_APPLIES_TO_ITEM,
    )
    reader.choice("0123456789", Code.COUPON_MISSING_STORE_COUPON_FLAG, Code.COUPON_MISSING_STORE_COUPON_FLAG)
    reader.choice("01", Code.COUPON_MISSING_DONT_MULTIPLY_FLAG, Code.COUPON_INVALID_DONT_MULTIPLY_FLAG)


def _century_order(yymmdd_text: str) -> str:
    """Make two-digit years comparable: the dates of a coupon are at most decades apart, 1951 to 2050."""
    return ("19" if yymmdd_text > "501231" else "20") + yymmdd_text


_REQUIREMENT_CODES = "012349"


class _FlawFoundError(Exception):
    """Carries the first flaw out of the reader; never leaves this module."""

    def __init__(self, flaw: Flaw) -> None:
        super().__init__(flaw)
        self.flaw = flaw


class _Reader:
    """Takes the fields of a coupon from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def takes(self, indicator: str) -> bool:
        """Take the indicator of an optional field, if it stands here."""
        if self.text.startswith(indicator, self.position):
            self.position += 1
            return True
        return False

    def choice(self, allowed: str, missing: Code, invalid: Code) -> str:
        """Take one digit out of those allowed."""
        self._digits_only()
        if self.position >= len(self.text):
            self._fail(missing, 0, len(self.text))
        digit = self.text[self.position]
        if digit not in allowed:
            self._fail(invalid, self.position, self.position + 1)
        self.position += 1
        return digit

    def digits(self, count: int, truncated: Code) -> str:
        """Take a field of a known length."""
        field = self.text[self.position : self.position + count]
        if len(field) < count:
            # With nothing left to point at, the message as a whole is to blame.
            self._fail(truncated, self.position if field else 0, len(self.text))
        self.position += count
        return field

    def sized(
        self,
        allowed: str,
        offset: int,
        missing: Code,
        invalid: Code,
        truncated: Code,
        *,
        company_prefix: bool = False,
        nothing: str = "",
    ) -> None:
        """Take a length indicator and the field it announces, `offset` digits longer than it says."""
        indicator = self.choice(allowed, missing, invalid)
        if indicator == nothing:
            return
        start = self.position
        field = self.digits(int(indicator) + offset, truncated)
        if company_prefix and (flaw := gcppos1(field)):
            self._fail(flaw.code, start, self.position)

    def date(self, truncated: Code, invalid: Code) -> str:
        """Take a date."""
        start = self.position
        date = self.digits(6, truncated)
        if yymmdd(date):
            self._fail(invalid, start, self.position)
        return date

    def end(self) -> None:
        """Nothing may follow."""
        if self.position < len(self.text):
            self._fail(Code.COUPON_EXCESS_DATA, self.position, len(self.text))

    def _digits_only(self) -> None:
        if self.position == 0 and (flaw := csetnumeric(self.text)):
            raise _FlawFoundError(flaw)

    def _fail(self, code: Code, start: int, end: int) -> None:
        raise _FlawFoundError(Flaw(code, start, end))
