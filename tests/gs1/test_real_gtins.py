"""Real GTINs are taken, and a misread digit is noticed. All 4.75 million: benchmarks/gs1_all_gtins.py."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]

from wuma_gs1.check_characters import has_check_digit
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gtin, expand_upc_e

SAMPLED_EVERY = 5_000


def test_real_gtins_are_taken_and_their_misreadings_refused(shared: Path) -> None:
    table = pq.read_table(shared / "products/uhtt_gtins_all_4_75M.parquet", columns=["gtin", "len"])
    rows = zip(
        table["gtin"].to_pylist()[::SAMPLED_EVERY], table["len"].to_pylist()[::SAMPLED_EVERY], strict=True
    )
    wrong: list[str] = []
    count = 0
    for number, length in rows:
        text = f"{number:0{length}}"
        count += 1
        if length == 8 and not has_check_digit(text):
            expand_upc_e(text)
            continue
        assert Gtin.parse(text).value == text.zfill(14)
        wrong += [text for misread in _misread(text) if _is_gtin(misread)]
    assert count > 900
    assert wrong == []


def _misread(text: str) -> list[str]:
    return [
        f"{text[:place]}{other}{text[place + 1 :]}"
        for place, digit in enumerate(text)
        for other in "0123456789"
        if other != digit
    ]


def _is_gtin(text: str) -> bool:
    try:
        Gtin.parse(text)
    except ParseError:
        return False
    return True
