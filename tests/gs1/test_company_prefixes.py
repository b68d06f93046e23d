"""The lengths of company prefixes: GS1's list and one's own."""

from __future__ import annotations

import pytest

from wuma_gs1.application_identifiers import Element
from wuma_gs1.company_prefixes import CompanyPrefixTable
from wuma_gs1.epc import Epc
from wuma_gs1.errors import Code, ParseError

LIST = """{"GCPPrefixFormatList": {"entry": [
    {"prefix": "690", "gcpLength": 7}, {"prefix": "697", "gcpLength": 9}, {"prefix": "6979", "gcpLength": 0}
]}}"""
CAN = [Element("01", "06901234567892"), Element("21", "A1")]


def test_a_urn_is_cut_where_the_table_says() -> None:
    table = CompanyPrefixTable.parse(LIST)
    assert len(table) == 3
    assert Epc.of(CAN, table=table).uri == "urn:epc:id:sgtin:6901234.056789.A1"


@pytest.mark.parametrize("table", [None, CompanyPrefixTable({}), CompanyPrefixTable({"6901": 0})])
def test_an_unknown_prefix_is_said_to_be_needed(table: CompanyPrefixTable | None) -> None:
    with pytest.raises(ParseError) as refusal:
        Epc.of(CAN, table=table)
    assert refusal.value.code is Code.COMPANY_PREFIX_NEEDED


def test_the_longest_entry_wins() -> None:
    table = CompanyPrefixTable.parse(LIST)
    assert (table.length_of("6971234567890"), table.length_of("6979123456789")) == (9, None)


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"GCPPrefixFormatList": {"entry": [{"prefix": "690"}]}}', "[" * 9999,
        '{"GCPPrefixFormatList": {"entry": [{"prefix": "69O", "gcpLength": 7}]}}',
        '{"GCPPrefixFormatList": {"entry": [{"prefix": "690", "gcpLength": 13}]}}',
        '{"GCPPrefixFormatList": {"entry": [{"prefix": "690", "gcpLength": Infinity}]}}',
    ],
)  # fmt: skip
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="company prefix"):
        CompanyPrefixTable.parse(text)


@pytest.mark.parametrize("value", ["", "069", "06901234567893", "0690123456789２"])
def test_no_epc_is_made_of_a_key_that_is_wrong(value: str) -> None:
    with pytest.raises(ParseError, match=r"\(01\) GTIN"):
        Epc.of([Element("01", value), Element("21", "A1")], company_prefix_length=7)
