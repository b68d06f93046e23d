"""What can be wrong with an identifier, and how we say it.

Every refusal carries a code that a program can switch on, the Application Identifier and the place it
concerns, and one sentence that names the input, what was expected and what came. One message may have
several faults: a wrong check digit must not hide a wrong date.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice


class Code(StrEnum):
    """What is wrong. Each member knows the words for what was expected instead."""

    expected: str

    def __new__(cls, value: str, expected: str) -> Code:
        """Make a member of its published value and of the words for what it expects."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.expected = expected
        return member

    # --- the frame: how the message as a whole is written
    MALFORMED = "malformed", "another form of identifier"
    WRONG_LENGTH = "wrong_length", "another number of characters"
    FULL_WIDTH = "full_width", "ASCII characters, not full-width ones"
    EMPTY = "empty", "at least one Application Identifier"
    MISSING_FNC1 = "missing_fnc1", "FNC1 in first position, or a symbology identifier"
    MALFORMED_BRACKETS = "malformed_brackets", "(AI)value pairs without a gap"
    UNKNOWN_AI = "unknown_ai", "an Application Identifier of the GS1 General Specifications"
    TOO_MANY_AIS = "too_many_ais", "at most 64 element strings"
    VALUE_EMPTY = "value_empty", "a value"
    VALUE_TOO_SHORT = "value_too_short", "a longer value"
    VALUE_TOO_LONG = "value_too_long", "a shorter value"
    ILLEGAL_SEPARATOR = "illegal_separator", "a value without FNC1, GS or ^"
    UNKNOWN_SYMBOLOGY = "unknown_symbology", "a GS1 symbology identifier"
    # --- the message: how its AIs go together
    CONFLICTING_REPEAT = "conflicting_repeat", "one value for each Application Identifier"
    EXCLUDED_PAIR = "excluded_pair", "AIs that may be used together"
    MISSING_COMPANION = "missing_companion", "the AIs that this one requires"
    SERIAL_MISSING = "serial_missing", "a serialised key beside the digital signature"
    # --- the GS1 Digital Link URI
    ILLEGAL_URI_CHARACTER = "illegal_uri_character", "only characters that RFC 3986 allows"
    ILLEGAL_SCHEME = "illegal_scheme", "http:// or https://"
    MISSING_DOMAIN = "missing_domain", "a domain and a path"
    ILLEGAL_DOMAIN_CHARACTER = "illegal_domain_character", "a host name or address"
    NO_PRIMARY_KEY = "no_primary_key", "a GS1 primary key and its value at the end of the path"
    ILLEGAL_NULL = "illegal_null", "no %00"
    BAD_QUALIFIERS = "bad_qualifiers", "the key's qualifiers, in their order"
    UNKNOWN_NUMERIC_PARAMETER = "unknown_numeric_parameter", "an AI: all-digit names are reserved"
    DUPLICATE_AI = "duplicate_ai", "each AI at most once"
    NOT_AN_ATTRIBUTE = "not_an_attribute", "an AI that may be a data attribute"
    BELONGS_IN_PATH = "belongs_in_path", "the qualifier in the path, not in the query"
    BAD_COMPRESSION = "bad_compression", "a compressed GS1 Digital Link"
    # --- EPC and tags
    BAD_EPC_URI = "bad_epc_uri", "an EPC URI of the Tag Data Standard"
    BAD_COMPANY_PREFIX = "bad_company_prefix", "a GS1 Company Prefix that fits the key"
    COMPANY_PREFIX_NEEDED = "company_prefix_needed", "the length of the GS1 Company Prefix"
    NOT_ENCODABLE = "not_encodable", "values that fit the tag encoding"
    BAD_TAG_MEMORY = "bad_tag_memory", "the EPC memory bank of a tag, as hexadecimal"
    UNKNOWN_HEADER = "unknown_header", "the header of a GS1 tag encoding"
    PATTERN_WITHOUT_KEY = "pattern_without_key", "a pattern that names exactly one class"
    # --- the event hash
    BAD_EPCIS_DOCUMENT = "bad_epcis_document", "an EPCIS document in XML or JSON"
    # --- linters: character sets
    NON_DIGIT_CHARACTER = "non_digit_character", "only the digits 0 to 9"
    INVALID_CSET82_CHARACTER = "invalid_cset82_character", "a character of GS1 AI character set 82"
    INVALID_CSET39_CHARACTER = "invalid_cset39_character", "a character of GS1 AI character set 39"
    INVALID_CSET64_CHARACTER = "invalid_cset64_character", "a character of file-safe base 64"
    INVALID_CSET64_PADDING = "invalid_cset64_padding", "'=' padding to a multiple of three characters"
    REQUIRES_NON_DIGIT_CHARACTER = "requires_non_digit_character", "at least one non-digit"
    INVALID_PERCENT_SEQUENCE = "invalid_percent_sequence", "two hexadecimal digits after '%'"
    # --- linters: check characters and prefixes
    INCORRECT_CHECK_DIGIT = "incorrect_check_digit", "the right check digit"
    TOO_SHORT_FOR_CHECK_DIGIT = "too_short_for_check_digit", "digits before the check digit"
    INCORRECT_CHECK_PAIR = "incorrect_check_pair", "the right check character pair"
    TOO_SHORT_FOR_CHECK_PAIR = "too_short_for_check_pair", "characters before the check pair"
    TOO_LONG_FOR_CHECK_PAIR_IMPLEMENTATION = (
        "too_long_for_check_pair_implementation",
        "at most 99 characters including the check pair",
    )
    TOO_SHORT_FOR_GCP = "too_short_for_gcp", "a GS1 Company Prefix of at least four digits"
    INVALID_GCP_PREFIX = "invalid_gcp_prefix", "digits where the GS1 Company Prefix stands"
    # --- linters: numbers
    ILLEGAL_ZERO_VALUE = "illegal_zero_value", "a number other than zero"
    ILLEGAL_ZERO_PREFIX = "illegal_zero_prefix", "a number without leading zero"
    NOT_ZERO = "not_zero", "zero"
    NOT_ZERO_OR_ONE = "not_zero_or_one", "0 (no) or 1 (yes)"
    NOT_HYPHEN = "not_hyphen", "a hyphen (minus sign) or nothing"
    # --- linters: dates and times
    DATE_TOO_SHORT = "date_too_short", "a complete date"
    DATE_TOO_LONG = "date_too_long", "a date and nothing more"
    ILLEGAL_MONTH = "illegal_month", "a month, 01 to 12"
    ILLEGAL_DAY = "illegal_day", "a day of that month"
    ILLEGAL_HOUR = "illegal_hour", "an hour, 00 to 23"
    ILLEGAL_MINUTE = "illegal_minute", "a minute, 00 to 59"
    ILLEGAL_SECOND = "illegal_second", "a second, 00 to 59"
    HOUR_TOO_SHORT = "hour_too_short", "two digits of hours"
    HOUR_TOO_LONG = "hour_too_long", "two digits of hours"
    MINUTE_TOO_SHORT = "minute_too_short", "two digits of minutes"
    MINUTE_TOO_LONG = "minute_too_long", "two digits of minutes"
    SECOND_TOO_SHORT = "second_too_short", "two digits of seconds"
    SECOND_TOO_LONG = "second_too_long", "two digits of seconds"
    HOUR_WITH_MINUTE_TOO_SHORT = "hour_with_minute_too_short", "hours and minutes, HHMI"
    HOUR_WITH_MINUTE_TOO_LONG = "hour_with_minute_too_long", "hours and minutes, HHMI"
    # --- linters: code lists
    NOT_ISO3166 = "not_iso3166", "an ISO 3166-1 numeric country code"
    NOT_ISO3166_OR_999 = "not_iso3166_or_999", "an ISO 3166-1 numeric country code, or 999"
    NOT_ISO3166_ALPHA2 = "not_iso3166_alpha2", "an ISO 3166-1 alpha-2 country code"
    NOT_ISO4217 = "not_iso4217", "an ISO 4217 numeric currency code"
    INVALID_BIOLOGICAL_SEX_CODE = "invalid_biological_sex_code", "an ISO/IEC 5218 code: 0, 1, 2 or 9"
    INVALID_MEDIA_TYPE = "invalid_media_type", "an AIDC media type, 01 to 10 or 80 to 99"
    INVALID_PACKAGE_TYPE = "invalid_package_type", "a GS1 PackageTypeCode"
    INVALID_WINDING_DIRECTION = "invalid_winding_direction", "a winding direction: 0, 1 or 9"
    IMPORTER_IDX_MUST_BE_ONE_CHARACTER = "importer_idx_must_be_one_character", "one character"
    INVALID_IMPORT_IDX_CHARACTER = "invalid_import_idx_character", "a character of A-Z a-z 0-9 - _"
    # --- linters: structured values
    INVALID_LENGTH_FOR_PIECE_OF_TOTAL = "invalid_length_for_piece_of_total", "piece and total, equally long"
    ZERO_PIECE_NUMBER = "zero_piece_number", "a piece number from 1"
    ZERO_TOTAL_PIECES = "zero_total_pieces", "a total from 1"
    PIECE_NUMBER_EXCEEDS_TOTAL = "piece_number_exceeds_total", "a piece number up to the total"
    POSITION_IN_SEQUENCE_MALFORMED = "position_in_sequence_malformed", "<position>/<end>"
    POSITION_EXCEEDS_END = "position_exceeds_end", "a position up to the end"
    LATITUDE_INVALID_LENGTH = "latitude_invalid_length", "ten digits of latitude"
    INVALID_LATITUDE = "invalid_latitude", "a latitude, 0000000000 to 1800000000"
    LONGITUDE_INVALID_LENGTH = "longitude_invalid_length", "ten digits of longitude"
    INVALID_LONGITUDE = "invalid_longitude", "a longitude, 0000000000 to 3600000000"
    IBAN_TOO_SHORT = "iban_too_short", "an IBAN of more than ten characters"
    IBAN_TOO_LONG = "iban_too_long", "an IBAN of at most 34 characters"
    ILLEGAL_IBAN_COUNTRY_CODE = "illegal_iban_country_code", "an ISO 3166-1 alpha-2 country code"
    INVALID_IBAN_CHARACTER = "invalid_iban_character", "capital letters and digits"
    INCORRECT_IBAN_CHECKSUM = "incorrect_iban_checksum", "the right IBAN check digits (ISO 7064 mod 97-10)"
    # --- linters: North American coupons, AI (8110) and (8112)
    COUPON_MISSING_GCP_VLI = "coupon_missing_gcp_vli", "the length indicator of the primary company prefix"
    COUPON_INVALID_GCP_LENGTH = "coupon_invalid_gcp_length", "a company prefix length indicator, 0 to 6"
    COUPON_TRUNCATED_GCP = "coupon_truncated_gcp", "as many digits as the company prefix has"
    COUPON_TRUNCATED_OFFER_CODE = "coupon_truncated_offer_code", "an offer code of six digits"
    COUPON_MISSING_SAVE_VALUE_VLI = "coupon_missing_save_value_vli", "the length indicator of the save value"
    COUPON_INVALID_SAVE_VALUE_LENGTH = "coupon_invalid_save_value_length", "a save value length, 1 to 5"
    COUPON_TRUNCATED_SAVE_VALUE = "coupon_truncated_save_value", "as many digits as the save value has"
    COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_VLI = (
        "coupon_missing_1st_purchase_requirement_vli",
        "the length indicator of the first purchase requirement",
    )
    COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_LENGTH = (
        "coupon_invalid_1st_purchase_requirement_length",
        "a requirement length, 1 to 5",
    )
    COUPON_TRUNCATED_1ST_PURCHASE_REQUIREMENT = (
        "coupon_truncated_1st_purchase_requirement",
        "as many digits as the requirement has",
    )
    COUPON_MISSING_1ST_PURCHASE_REQUIREMENT_CODE = (
        "coupon_missing_1st_purchase_requirement_code",
        "the first purchase requirement code",
    )
    COUPON_INVALID_1ST_PURCHASE_REQUIREMENT_CODE = (
        "coupon_invalid_1st_purchase_requirement_code",
        "a requirement code, 0 to 4 or 9",
    )
    COUPON_TRUNCATED_1ST_PURCHASE_FAMILY_CODE = (
        "coupon_truncated_1st_purchase_family_code",
        "a family code of three digits",
    )
    COUPON_MISSING_ADDITIONAL_PURCHASE_RULES_CODE = (
        "coupon_missing_additional_purchase_rules_code",
        "the additional purchase rules code",
    )
    COUPON_INVALID_ADDITIONAL_PURCHASE_RULES_CODE = (
        "coupon_invalid_additional_purchase_rules_code",
        "an additional purchase rules code, 0 to 3",
    )
    COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_VLI = (
        "coupon_missing_2nd_purchase_requirement_vli",
        "the length indicator of the second purchase requirement",
    )
    COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_LENGTH = (
        "coupon_invalid_2nd_purchase_requirement_length",
        "a requirement length, 1 to 5",
    )
    COUPON_TRUNCATED_2ND_PURCHASE_REQUIREMENT = (
        "coupon_truncated_2nd_purchase_requirement",
        "as many digits as the requirement has",
    )
    COUPON_MISSING_2ND_PURCHASE_REQUIREMENT_CODE = (
        "coupon_missing_2nd_purchase_requirement_code",
        "the second purchase requirement code",
    )
    COUPON_INVALID_2ND_PURCHASE_REQUIREMENT_CODE = (
        "coupon_invalid_2nd_purchase_requirement_code",
        "a requirement code, 0 to 4 or 9",
    )
    COUPON_TRUNCATED_2ND_PURCHASE_FAMILY_CODE = (
        "coupon_truncated_2nd_purchase_family_code",
        "a family code of three digits",
    )
    COUPON_MISSING_2ND_PURCHASE_GCP_VLI = (
        "coupon_missing_2nd_purchase_gcp_vli",
        "the length indicator of the second company prefix",
    )
    COUPON_INVALID_2ND_PURCHASE_GCP_LENGTH = (
        "coupon_invalid_2nd_purchase_gcp_length",
        "a company prefix length indicator, 0 to 6, or 9 for none",
    )
    COUPON_TRUNCATED_2ND_PURCHASE_GCP = (
        "coupon_truncated_2nd_purchase_gcp",
        "as many digits as the second company prefix has",
    )
    COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_VLI = (
        "coupon_missing_3rd_purchase_requirement_vli",
        "the length indicator of the third purchase requirement",
    )
    COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_LENGTH = (
        "coupon_invalid_3rd_purchase_requirement_length",
        "a requirement length, 1 to 5",
    )
    COUPON_TRUNCATED_3RD_PURCHASE_REQUIREMENT = (
        "coupon_truncated_3rd_purchase_requirement",
        "as many digits as the requirement has",
    )
    COUPON_MISSING_3RD_PURCHASE_REQUIREMENT_CODE = (
        "coupon_missing_3rd_purchase_requirement_code",
        "the third purchase requirement code",
    )
    COUPON_INVALID_3RD_PURCHASE_REQUIREMENT_CODE = (
        "coupon_invalid_3rd_purchase_requirement_code",
        "a requirement code, 0 to 4 or 9",
    )
    COUPON_TRUNCATED_3RD_PURCHASE_FAMILY_CODE = (
        "coupon_truncated_3rd_purchase_family_code",
        "a family code of three digits",
    )
    COUPON_MISSING_3RD_PURCHASE_GCP_VLI = (
        "coupon_missing_3rd_purchase_gcp_vli",
        "the length indicator of the third company prefix",
    )
    COUPON_INVALID_3RD_PURCHASE_GCP_LENGTH = (
        "coupon_invalid_3rd_purchase_gcp_length",
        "a company prefix length indicator, 0 to 6, or 9 for none",
    )
    COUPON_TRUNCATED_3RD_PURCHASE_GCP = (
        "coupon_truncated_3rd_purchase_gcp",
        "as many digits as the third company prefix has",
    )
    COUPON_TOO_SHORT_FOR_EXPIRATION_DATE = (
        "coupon_too_short_for_expiration_date",
        "an expiration date, YYMMDD",
    )
    COUPON_INVALID_EXPIRATION_DATE = "coupon_invalid_expiration_date", "a valid expiration date, YYMMDD"
    COUPON_TOO_SHORT_FOR_START_DATE = "coupon_too_short_for_start_date", "a start date, YYMMDD"
    COUPON_INVALID_START_DATE = "coupon_invalid_start_date", "a valid start date, YYMMDD"
    COUPON_EXPIRATION_BEFORE_START = "coupon_expiration_before_start", "an expiration on or after the start"
    COUPON_MISSING_SERIAL_NUMBER_VLI = (
        "coupon_missing_serial_number_vli",
        "the length indicator of the serial number",
    )
    COUPON_TRUNCATED_SERIAL_NUMBER = "coupon_truncated_serial_number", "as many digits as the serial has"
    COUPON_MISSING_RETAILER_GCP_OR_GLN_VLI = (
        "coupon_missing_retailer_gcp_or_gln_vli",
        "the length indicator of the retailer's company prefix or GLN",
    )
    COUPON_INVALID_RETAILER_GCP_OR_GLN_LENGTH = (
        "coupon_invalid_retailer_gcp_or_gln_length",
        "a retailer length indicator, 1 to 7",
    )
    COUPON_TRUNCATED_RETAILER_GCP_OR_GLN = (
        "coupon_truncated_retailer_gcp_or_gln",
        "as many digits as the retailer's company prefix or GLN has",
    )
    COUPON_MISSING_SAVE_VALUE_CODE = "coupon_missing_save_value_code", "the save value code"
    COUPON_INVALID_SAVE_VALUE_CODE = "coupon_invalid_save_value_code", "a save value code: 0, 1, 2, 5 or 6"
    COUPON_MISSING_SAVE_VALUE_APPLIES_TO_ITEM = (
        "coupon_missing_save_value_applies_to_item",
        "which purchase the save value applies to",
    )
    COUPON_INVALID_SAVE_VALUE_APPLIES_TO_ITEM = (
        "coupon_invalid_save_value_applies_to_item",
        "a purchase that the save value applies to, 0 to 2",
    )
    COUPON_MISSING_STORE_COUPON_FLAG = "coupon_missing_store_coupon_flag", "the store coupon flag"
    COUPON_MISSING_DONT_MULTIPLY_FLAG = "coupon_missing_dont_multiply_flag", "the don't-multiply flag"
    COUPON_INVALID_DONT_MULTIPLY_FLAG = "coupon_invalid_dont_multiply_flag", "a don't-multiply flag, 0 or 1"
    COUPON_EXCESS_DATA = "coupon_excess_data", "nothing after the last optional field"
    COUPON_MISSING_FORMAT_CODE = "coupon_missing_format_code", "the coupon format code"
    COUPON_INVALID_FORMAT_CODE = "coupon_invalid_format_code", "a coupon format code, 0 or 1"
    COUPON_MISSING_FUNDER_VLI = "coupon_missing_funder_vli", "the length indicator of the coupon funder"
    COUPON_INVALID_FUNDER_LENGTH = "coupon_invalid_funder_length", "a funder length indicator, 0 to 6"
    COUPON_TRUNCATED_FUNDER = "coupon_truncated_funder", "as many digits as the coupon funder has"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of an input: what, about which AI, and where.

    `position` counts characters from the start of the *input as given* when the fault has a place there,
    and is None when the fault is an absence (a missing companion AI, say).
    """

    code: Code
    message: str
    ai: str | None = None
    position: int | None = None
    length: int = 0

    def __str__(self) -> str:
        return self.message

    def moved(self, by: int) -> Problem:
        """The same in a text that has so many characters more before it."""
        return self if self.position is None else replace(self, position=self.position + by)


class ParseError(ValueError):
    """An input that is not what it was taken for; `problems` has every fault found, the first one first.

    >>> error = ParseError("GTIN '12': expected 8, 12, 13 or 14 digits, got 2", code=Code.WRONG_LENGTH)
    >>> error.code, str(error)
    (<Code.WRONG_LENGTH: 'wrong_length'>, "GTIN '12': expected 8, 12, 13 or 14 digits, got 2")
    """

    def __init__(
        self,
        message: str,
        *,
        code: Code = Code.MALFORMED,
        ai: str | None = None,
        position: int | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(message)
        self.problems = problems or (Problem(code, message, ai, position),)

    @classmethod
    def of(cls, problems: tuple[Problem, ...]) -> ParseError:
        """Tell all faults in one refusal; their messages are joined, in order."""
        return cls("; ".join(problem.message for problem in problems), problems=problems)

    @property
    def code(self) -> Code:
        """What the first fault is."""
        return self.problems[0].code

    @property
    def ai(self) -> str | None:
        """The Application Identifier that the first fault is about."""
        return self.problems[0].ai

    @property
    def position(self) -> int | None:
        """Where the first fault is in the input."""
        return self.problems[0].position


def shown(text: str) -> str:
    """Quote an input for a message, cut to a length that a log line bears.

    >>> shown("x" * 200).endswith("xxx…' (200 characters)")
    True
    """
    if len(text) <= SHOWN_CHARACTERS_MAX:
        return repr(text)
    return f"{text[:SHOWN_CHARACTERS_MAX] + '…'!r} ({len(text)} characters)"


SHOWN_CHARACTERS_MAX = 120  # longer than any element string a person types, shorter than a log line


def full_width(text: str) -> str:
    """Say which characters of a text are full-width forms, which phones and Excel sheets here produce.

    No more than a message bears.

    >>> full_width("６９0")
    '６９'
    >>> full_width("690")
    ''
    """
    wide = (c for c in text if "\uff01" <= c <= "\uff5e" or c == "\u3000")
    return "".join(islice(wide, SHOWN_CHARACTERS_MAX))
