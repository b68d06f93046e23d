"""Print files are read with suspicion; invented codes look right and never are."""

from __future__ import annotations

from random import Random

import pytest

from wuma.chain.codes.alphabet import epoch_of
from wuma_world.brand import PRINTING_VENDORS, Brand
from wuma_world.labels import (
    ALPHABET,
    BadPrintFile,
    Labels,
    Row,
    one_slip,
    read_print_file,
    varied,
    well_formed,
)
from wuma_world.production import Label, Level, RollKey
from wuma_world.scans import Invented, Printed, Side, Story

OPEN = "7Z3K0011QRST0123"
HIDDEN = "7Z3K0011QRST01237Z3K0011QRS"
TYPED = "AZ3K0011QRST0123"
ITEMS = f"""number,open_uri_qr,hidden_uri,hidden_typed\r
1,HTTPS://ID.TEST/01/09528800108012/21/{OPEN},HTTPS://ID.TEST/H/{HIDDEN},{TYPED}\r
2,HTTPS://ID.TEST/01/09528800108012/21/8{OPEN[1:]},HTTPS://ID.TEST/H/8{HIDDEN[1:]},8{TYPED[1:]}\r
"""


@pytest.fixture
def label(brand: Brand) -> Label:
    return Label(RollKey(brand.products[0], Level.ITEM, PRINTING_VENDORS[0]), 0)


@pytest.fixture
def labels(label: Label) -> Labels:
    return Labels({label.roll: read_print_file(ITEMS.encode(), Level.ITEM, 2)})


def test_a_print_file_is_read_row_by_row() -> None:
    rows = read_print_file(ITEMS.encode(), Level.ITEM, 2)
    pallets = read_print_file(b"number,sscc\n1,095288000000000019\n", Level.PALLET, 1)

    assert rows[0] == Row(
        f"HTTPS://ID.TEST/01/09528800108012/21/{OPEN}", f"HTTPS://ID.TEST/H/{HIDDEN}", TYPED
    )
    assert pallets == [Row(sscc="095288000000000019")]


@pytest.mark.parametrize(
    ("text", "level", "count", "complaint"),
    [
        (ITEMS, Level.ITEM, 3, "expected 3 rows, got 2"),
        (ITEMS, Level.CASE, 2, "expected the columns number, open_uri_qr, got"),
        (ITEMS.replace("\n2,", "\n3,"), Level.ITEM, 2, "row 2: expected running number 2, got 3"),
        ("", Level.ITEM, 0, "expected the columns number, open_uri_qr, hidden_uri, hidden_typed, got None"),
    ],
)
def test_a_print_file_that_is_not_what_was_ordered_is_refused(
    text: str, level: Level, count: int, complaint: str
) -> None:
    with pytest.raises(BadPrintFile, match=complaint):
        read_print_file(text.encode(), level, count)


def test_a_phone_opens_what_is_printed(labels: Labels, label: Label) -> None:
    paths = [labels.path(Printed(label, side), Story.OPENED) for side in Side]

    assert paths == [f"/01/09528800108012/21/{OPEN}", f"/H/{HIDDEN}", f"/h/{TYPED}"]


def test_invented_codes_pass_the_check_of_the_page(labels: Labels, label: Label) -> None:
    for seed in range(200):
        for near in (None, label):
            for side in Side:
                path = labels.path(Invented(seed, side, near), Story.GUESS)
                code = path.rpartition("/")[2]
                assert epoch_of(code) == 1
                assert len(code) == (27 if side is Side.HIDDEN else 16)
                assert code not in {OPEN, HIDDEN, TYPED}


def test_a_slip_is_one_wrong_character_and_a_neighbour_has_up_to_three() -> None:
    for seed in range(200):
        slip, neighbour = one_slip(OPEN, Random(seed)), varied(OPEN, Random(seed))

        assert sum(a != b for a, b in zip(OPEN, slip, strict=True)) == 1
        assert 1 <= sum(a != b for a, b in zip(OPEN, neighbour, strict=True)) <= 3


def test_the_first_character_is_that_of_the_published_rule() -> None:
    chance = Random(1)
    for epoch in range(32):
        body = "".join(chance.choices(ALPHABET, k=15))
        assert epoch_of(well_formed(body, epoch)) == epoch
