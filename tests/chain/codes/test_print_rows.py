"""Rows of print files: right to the byte, and a wrong one never leaves unnoticed."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wuma.chain.codes import print_rows
from wuma.chain.codes.alphabet import grouped
from wuma.chain.codes.construction import Codebook, OrderKeys, Role, index_of_unit, sscc_serials, unit_of
from wuma.chain.codes.directory import OrderEntry
from wuma.chain.codes.print_rows import Rows, WrongRow
from wuma.chain.codes.print_template import Column, Delimiter, LineEnding, PrintField, Template
from wuma.kernel.keys import EpochRevoked, Keyring, SealedKeyFile, UnsealFile
from wuma_gs1.digital_link import DigitalLink
from wuma_gs1.keys import Sscc

GTIN = "06901234567892"
PREFIX = "690123456"
ITEMS = OrderEntry(
    id=42,
    tenant_id=7,
    product_id=UUID(int=1),
    level="item",
    gtin=GTIN,
    first_unit=unit_of(3, 1_000_000),
    last_unit=unit_of(3, 1_199_999),
    has_hidden=True,
    company_prefix=None,
    first_position=None,
    is_revoked=False,
)
PALLETS = ITEMS._replace(
    level="pallet", gtin=None, has_hidden=False, company_prefix=PREFIX, first_position=500
)
OF_ITEMS = [field for field in PrintField if not field.value.startswith("sscc")]


def template_of(
    *fields: PrintField, delimiter: Delimiter = Delimiter.COMMA, ending: LineEnding = LineEnding.CRLF
) -> Template:
    columns = [Column(field=field, header=field.value) for field in fields]
    return Template(columns=columns, delimiter=delimiter, line_ending=ending)


def rows_of(template: Template, keyring: Keyring, order: OrderEntry = ITEMS) -> Rows:
    return Rows(template, order, keyring, public_url="https://id.wuma.test/")


def text_of(rows: Rows, first_unit: int, last_unit: int) -> str:
    whole = rows.preamble + b"".join(chunk.tobytes() for chunk in rows.chunks(first_unit, last_unit))
    return whole.decode()


def code_of(codebook: Codebook, keys: OrderKeys, role: Role, unit: int) -> str:
    return str(codebook.issue(role, keys, index_of_unit(unit), 1).astype(str)[0])


def cell_of(field: PrintField, unit: int, codebook: Codebook, keys: OrderKeys) -> str:
    """What a cell should say, put together one code at a time."""
    open_code = code_of(codebook, keys, Role.OPEN, unit)
    long_code = code_of(codebook, keys, Role.HIDDEN_LONG, unit)
    typed_code = code_of(codebook, keys, Role.HIDDEN_TYPED, unit)
    return {
        PrintField.NUMBER: f"{unit - ITEMS.first_unit + 1:06d}",
        PrintField.GTIN: GTIN,
        PrintField.GTIN13: GTIN[1:],
        PrintField.OPEN_SERIAL: open_code,
        PrintField.OPEN_URI: f"https://id.wuma.test/01/{GTIN}/21/{open_code}",
        PrintField.OPEN_URI_QR: f"HTTPS://ID.WUMA.TEST/01/{GTIN}/21/{open_code}",
        PrintField.HIDDEN_URI: f"HTTPS://ID.WUMA.TEST/H/{long_code}",
        PrintField.HIDDEN_LONG: long_code,
        PrintField.HIDDEN_TYPED: typed_code,
        PrintField.HIDDEN_TYPED_GROUPED: grouped(typed_code),
    }[field]


@settings(max_examples=50, deadline=None)
@given(
    fields=st.lists(st.sampled_from(OF_ITEMS), min_size=1, max_size=8, unique=True),
    delimiter=st.sampled_from(Delimiter),
    ending=st.sampled_from(LineEnding),
    first=st.integers(0, 199_990),
    count=st.integers(1, 9),
)
def test_every_cell_says_what_its_column_means(
    frozen_keyring: Keyring,
    codebook: Codebook,
    order: OrderKeys,
    fields: list[PrintField],
    delimiter: Delimiter,
    ending: LineEnding,
    first: int,
    count: int,
) -> None:
    fields = fields[:1] if delimiter is Delimiter.NONE else fields
    units = range(ITEMS.first_unit + first, ITEMS.first_unit + first + count)
    template = template_of(*fields, delimiter=delimiter, ending=ending)

    text = text_of(rows_of(template, frozen_keyring), units[0], units[-1])

    lines = [[field.value for field in fields]]
    lines += [[cell_of(field, unit, codebook, order) for field in fields] for unit in units]
    assert text == "".join([delimiter.character.join(line) + ending.characters for line in lines])


def test_the_codes_of_the_first_day_are_printed_the_same_for_ever(frozen_keyring: Keyring) -> None:
    """Order 42 of tenant 7, from index 0: the same codes as in test_construction.py."""
    whole = ITEMS._replace(first_unit=unit_of(3, 0), last_unit=unit_of(3, 99))
    template = template_of(
        PrintField.NUMBER, PrintField.OPEN_URI_QR, PrintField.HIDDEN_URI, PrintField.HIDDEN_TYPED
    )

    text = text_of(rows_of(template, frozen_keyring, whole), unit_of(3, 0), unit_of(3, 1))

    open_uri, hidden_uri = "HTTPS://ID.WUMA.TEST/01/06901234567892/21/", "HTTPS://ID.WUMA.TEST/H/"
    assert text.splitlines()[1:] == [
        f"001,{open_uri}X7HD9JA8NFDBWPB5,{hidden_uri}N5HVPD5JFE595QKGA66PS0FMWPK,YGE0KH2HK7B7TJB6",
        f"002,{open_uri}BPEZ0J5238QXX7PP,{hidden_uri}T7QTREWRX0VRA2PQHRMDAHM9BH1,ASBFBHFNMZQV0PQS",
    ]


@pytest.mark.parametrize("count", [1, 99, 100, 101, 250])
def test_files_of_any_length_are_whole(
    frozen_keyring: Keyring, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(print_rows, "ROWS_AT_A_TIME", 100)
    template = template_of(PrintField.NUMBER, PrintField.OPEN_URI)

    text = text_of(rows_of(template, frozen_keyring), ITEMS.first_unit, ITEMS.first_unit + count - 1)

    _, *rows = list(csv.reader(io.StringIO(text)))
    assert [int(row[0]) for row in rows] == list(range(1, count + 1))
    assert len({DigitalLink.parse(row[1]).identity for row in rows}) == count


def test_a_byte_order_mark_stands_first_and_only_where_wanted(frozen_keyring: Keyring) -> None:
    columns = [Column(field=PrintField.NUMBER, header="序号")]
    plain = rows_of(Template(columns=columns), frozen_keyring)
    marked = rows_of(Template(columns=columns, byte_order_mark=True), frozen_keyring)
    bare = rows_of(Template(columns=columns, byte_order_mark=True, has_header=False), frozen_keyring)

    assert plain.preamble == "序号\r\n".encode()
    assert marked.preamble == b"\xef\xbb\xbf" + "序号\r\n".encode()
    assert bare.preamble == b"\xef\xbb\xbf"


def test_pallets_have_ssccs_in_a_secret_order(frozen_keyring: Keyring) -> None:
    template = template_of(PrintField.NUMBER, PrintField.SSCC, PrintField.SSCC_ELEMENT)
    rows = rows_of(template, frozen_keyring, PALLETS)

    text = text_of(rows, PALLETS.first_unit + 10, PALLETS.first_unit + 19)

    hidden = sscc_serials(frozen_keyring, tenant_id=7, company_prefix=PREFIX)
    for place, (number, sscc, element) in enumerate(list(csv.reader(io.StringIO(text)))[1:]):
        assert number == f"{11 + place:06d}"
        assert element == f"00{sscc}"
        value = Sscc.parse(sscc).value
        assert value[1:10] == PREFIX
        assert hidden.backward(int(value[0] + value[10:17])) == 510 + place


# ---- a wrong row is found --------------------------------------------------------------------------------

CHECKED = template_of(
    PrintField.NUMBER,
    PrintField.OPEN_URI_QR,
    PrintField.OPEN_SERIAL,
    PrintField.HIDDEN_URI,
    PrintField.HIDDEN_TYPED_GROUPED,
)


def variable_bytes() -> list[tuple[int, PrintField]]:
    """The places in a row of `CHECKED` that differ from row to row, and their columns."""
    row = "000001,HTTPS://ID.WUMA.TEST/01/06901234567892/21/{16},{16},HTTPS://ID.WUMA.TEST/H/{27},{4}-{4}-{4}-{4}"
    fields = [column.field for column in CHECKED.columns]
    places: list[tuple[int, PrintField]] = []
    at = 0
    for field, cell in zip(fields, row.split(","), strict=True):
        if field is PrintField.NUMBER:
            places += [(at + digit, field) for digit in range(6)]
            at += 6
        else:
            for piece in cell.replace("{", "\0{").split("\0"):
                width, _, after = (
                    piece.removeprefix("{").partition("}") if piece.startswith("{") else ("0", "", piece)
                )
                places += [(at + character, field) for character in range(int(width))]
                at += int(width) + len(after)
        at += 1
    return places


@settings(max_examples=200, deadline=None)
@given(row=st.integers(0, 299), place=st.sampled_from(variable_bytes()), other=st.integers(1, 255))
def test_one_wrong_character_anywhere_is_found(
    frozen_keyring: Keyring, row: int, place: tuple[int, PrintField], other: int
) -> None:
    rows = rows_of(CHECKED, frozen_keyring)
    made = rows.compose(ITEMS.first_unit + 50, 300)
    rows.check(made, ITEMS.first_unit + 50)
    at, field = place

    made[row, at] ^= other

    with pytest.raises(WrongRow, match=f"row of code {51 + row}, column ") as caught:
        rows.check(made, ITEMS.first_unit + 50)
    # The two open columns must agree; which of them is wrong cannot always be said.
    assert field.value in str(caught.value) or field in {PrintField.OPEN_URI_QR, PrintField.OPEN_SERIAL}


def test_two_rows_exchanged_are_found(frozen_keyring: Keyring) -> None:
    rows = rows_of(template_of(PrintField.OPEN_SERIAL), frozen_keyring)
    made = rows.compose(ITEMS.first_unit, 100)

    made[[40, 60]] = made[[60, 40]]

    with pytest.raises(WrongRow, match="row of code 41, column open_serial"):
        rows.check(made, ITEMS.first_unit)


def test_codes_of_another_order_are_found(frozen_keyring: Keyring) -> None:
    template = template_of(PrintField.OPEN_SERIAL)
    mine = rows_of(template, frozen_keyring)
    others = rows_of(template, frozen_keyring, ITEMS._replace(id=43))

    with pytest.raises(WrongRow):
        mine.check(others.compose(ITEMS.first_unit, 100), ITEMS.first_unit)


def test_codes_under_another_gtin_are_found(frozen_keyring: Keyring) -> None:
    """The GTIN is the same on every row, so the rows that are parsed as text tell."""
    template = template_of(PrintField.NUMBER, PrintField.OPEN_URI_QR)
    mine = rows_of(template, frozen_keyring)
    others = rows_of(template, frozen_keyring, ITEMS._replace(gtin="06901234567908"))

    with pytest.raises(WrongRow, match="column open_uri_qr"):
        mine.check(others.compose(ITEMS.first_unit, 100), ITEMS.first_unit)


def test_wrong_ssccs_are_found(frozen_keyring: Keyring) -> None:
    rows = rows_of(template_of(PrintField.SSCC), frozen_keyring, PALLETS)
    made = rows.compose(PALLETS.first_unit, 20)

    made[7, 12] = ord("0") + (made[7, 12] - ord("0") + 1) % 10

    with pytest.raises(WrongRow, match="row of code 8, column sscc"):
        rows.check(made, PALLETS.first_unit)


def test_what_is_found_is_told_without_the_code(frozen_keyring: Keyring) -> None:
    rows = rows_of(template_of(PrintField.HIDDEN_LONG), frozen_keyring)
    made = rows.compose(ITEMS.first_unit, 2)
    code = made[1, :27].tobytes().decode()
    made[1, 0] ^= 1

    with pytest.raises(WrongRow) as caught:
        rows.check(made, ITEMS.first_unit)

    assert code[1:] not in str(caught.value)


# ---- keys ------------------------------------------------------------------------------------------------


def test_an_order_is_printed_after_a_rotation_and_never_after_a_revocation(tmp_path: Path) -> None:
    unseal = UnsealFile(tmp_path / "unseal")
    unseal.create()
    key_file = SealedKeyFile.create(tmp_path / "sealed", unseal)
    keyring = Keyring(key_file)
    placed = ITEMS._replace(first_unit=unit_of(1, 0), last_unit=unit_of(1, 999))
    template = template_of(PrintField.NUMBER, PrintField.OPEN_URI, PrintField.HIDDEN_TYPED)
    before = text_of(rows_of(template, keyring, placed), placed.first_unit, placed.last_unit)

    key_file.open_epoch(fresh_root=True)
    keyring.reload()
    after = text_of(rows_of(template, keyring, placed), placed.first_unit, placed.last_unit)
    key_file.revoke_epoch(1)
    keyring.reload()

    assert before == after
    with pytest.raises(EpochRevoked):
        rows_of(template, keyring, placed)


def test_rows_are_equally_wide(frozen_keyring: Keyring) -> None:
    rows = rows_of(template_of(*OF_ITEMS), frozen_keyring)

    made = rows.compose(ITEMS.first_unit, 1000)

    assert made.shape == (1000, rows.row_bytes)
    assert np.array_equal(made[:, -2:], np.tile(np.frombuffer(b"\r\n", np.uint8), (1000, 1)))
