"""Templates of print files: every header is read as it was meant, and no column is empty."""

from __future__ import annotations

import csv
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from wuma.chain.codes.models import CodeOrder
from wuma.chain.codes.orders import Level
from wuma.chain.codes.print_template import (
    BUILT_INS,
    COLUMNS_MAX,
    Column,
    Delimiter,
    LineEnding,
    PrintField,
    Template,
    require_fillable,
)
from wuma.kernel.errors import InvalidInput

headers = (
    st.text(st.characters(exclude_categories=["C", "Z"]) | st.sampled_from(' ",;|'), min_size=1, max_size=60)
    .map(str.strip)
    .filter(lambda text: text and text[0] not in "=+-@＝＋－＠")
)


def template_of(*fields: PrintField, **how: object) -> Template:
    columns = [Column(field=field, header=f"column {number}") for number, field in enumerate(fields)]
    return Template.model_validate({"columns": columns, **how})


def order_of(level: Level, *, gtin: str | None = "06901234567892", has_hidden: bool = True) -> CodeOrder:
    return CodeOrder(
        id=42,
        product_id=uuid4(),
        level=level.value,
        gtin=gtin,
        first_unit=1,
        last_unit=9,
        has_hidden=has_hidden,
    )


@given(
    names=st.lists(headers, min_size=1, max_size=COLUMNS_MAX, unique=True),
    delimiter=st.sampled_from([one for one in Delimiter if one is not Delimiter.NONE]),
)
def test_headers_are_read_back_as_they_were_given(names: list[str], delimiter: Delimiter) -> None:
    columns = [Column(field=PrintField.NUMBER, header=name) for name in names]
    template = Template(columns=columns, delimiter=delimiter)

    assert next(csv.reader([template.header_line], delimiter=delimiter.character)) == names


@pytest.mark.parametrize("first", "=+-@＝＋－＠")
@pytest.mark.parametrize("before", ["", " ", "　"])
def test_a_header_that_a_spreadsheet_would_execute_is_refused(first: str, before: str) -> None:
    with pytest.raises(ValidationError, match="a spreadsheet does not execute"):
        Column(field=PrintField.NUMBER, header=f"{before}{first}HYPERLINK(1)")


@pytest.mark.parametrize("character", ["\t", "\r", "\n", "\x00", "\x85", "\u2028"])
def test_a_header_is_one_line_of_text(character: str) -> None:
    with pytest.raises(ValidationError, match="pattern"):
        Column(field=PrintField.NUMBER, header=f"No.{character}1")


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValidationError, match="a delimiter: there are 2 columns"):
        template_of(PrintField.NUMBER, PrintField.SSCC, delimiter="none")
    with pytest.raises(ValidationError, match=r"'No\.' stands on 2 columns"):
        Template(columns=[Column(field=PrintField.NUMBER, header="No.")] * 2)
    with pytest.raises(ValidationError, match="a header on every column"):
        Template(columns=[Column(field=PrintField.NUMBER)])
    with pytest.raises(ValidationError, match="Extra inputs"):
        Template.model_validate({"columns": [{"field": "number", "header": "x", "width": 8}]})
    assert Template(columns=[Column(field=PrintField.NUMBER)], has_header=False).header_line == ""


@pytest.mark.parametrize(
    ("order", "refused"),
    [
        (order_of(Level.ITEM), {"sscc", "sscc_element"}),
        (
            order_of(Level.ITEM, has_hidden=False),
            {"sscc", "sscc_element", "hidden_uri", "hidden_long", "hidden_typed", "hidden_typed_grouped"},
        ),
        (order_of(Level.CASE, gtin="16901234567899"), {"sscc", "sscc_element", "gtin13"}),
        (
            order_of(Level.PALLET, gtin=None, has_hidden=False),
            {field.value for field in PrintField} - {"number", "sscc", "sscc_element"},
        ),
    ],
)
def test_columns_that_an_order_cannot_fill_are_named(order: CodeOrder, refused: set[str]) -> None:
    template = template_of(*PrintField)

    with pytest.raises(InvalidInput) as caught:
        require_fillable(template, order)

    assert {fault.got for fault in caught.value.errors} == refused
    for fault in caught.value.errors:
        place = int(fault.at.removeprefix("/template/columns/").removesuffix("/field"))
        assert template.columns[place].field == fault.got
    require_fillable(template_of(*(field for field in PrintField if field not in refused)), order)


@pytest.mark.parametrize("name", BUILT_INS)
def test_every_built_in_template_fits_an_order(name: str) -> None:
    level = {"case-open": Level.CASE, "pallet-sscc": Level.PALLET}.get(name, Level.ITEM)

    require_fillable(
        BUILT_INS[name].template, order_of(level, gtin=None if level is Level.PALLET else "0" * 14)
    )


def test_the_ending_of_the_name_says_what_it_is() -> None:
    suffixes = {
        delimiter: template_of(PrintField.NUMBER, delimiter=delimiter).suffix for delimiter in Delimiter
    }

    assert suffixes == {
        Delimiter.COMMA: ".csv",
        Delimiter.SEMICOLON: ".csv",
        Delimiter.PIPE: ".csv",
        Delimiter.TAB: ".tsv",
        Delimiter.NONE: ".txt",
    }
    assert [ending.characters for ending in LineEnding] == ["\r\n", "\n"]
