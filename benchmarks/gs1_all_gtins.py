"""Millions of real GTINs: all are taken, and none of their one-digit misreadings is.

    python -m benchmarks.gs1_all_gtins products/uhtt_gtins_all_4_75M.parquet

Each GTIN is read with `Gtin.parse`; what stands as eight digits without being a GTIN-8 is UPC-E and is
expanded. Of those with 12 and 13 digits, every digit is then replaced by each of the nine others: all of
these half a billion numbers go through the vectorised check, and those of every hundredth GTIN through
`has_check_digit` too. The result is written to benchmarks/results/gs1_all_gtins.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from benchmarks import report
from wuma_gs1.batch import have_check_digit
from wuma_gs1.check_characters import has_check_digit
from wuma_gs1.errors import ParseError
from wuma_gs1.keys import Gtin, expand_upc_e

SAMPLED_EVERY: Final = 100
EXAMPLES_KEPT_MAX: Final = 20


def read_all(texts: list[str]) -> dict[str, Any]:
    """Read every one as what it is."""
    taken: Counter[str] = Counter()
    refused: list[str] = []
    for text in texts:
        try:
            if len(text) == 8 and not has_check_digit(text):
                expand_upc_e(text)
                taken["UPC-E"] += 1
            else:
                Gtin.parse(text)
                taken[f"GTIN-{len(text)}"] += 1
        except ParseError as error:
            refused.append(str(error))
    return {"taken": dict(taken), "refused": len(refused), "examples": refused[:EXAMPLES_KEPT_MAX]}


def mutate_all(numbers: npt.NDArray[np.int64], digits: int) -> tuple[int, int]:
    """Replace every digit by every other; give how many were tried and how many passed."""
    tried = passed = 0
    for place in range(digits):
        unit = 10**place
        digit = numbers // unit % 10
        for change in range(1, 10):
            wrong = numbers + ((digit + change) % 10 - digit) * unit
            tried += len(wrong)
            passed += int(have_check_digit(wrong, digits=digits).sum())
    return tried, passed


def mutate_sample(texts: list[str]) -> tuple[int, int]:
    """The same, digit by digit as text, for a sample."""
    tried = passed = 0
    for text in texts:
        for place, digit in enumerate(text):
            for other in "0123456789".replace(digit, ""):
                tried += 1
                passed += has_check_digit(f"{text[:place]}{other}{text[place + 1 :]}")
    return tried, passed


def main() -> None:
    """Run all three and write the result."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parquet")
    table = pq.read_table(parser.parse_args().parquet, columns=["gtin", "len"])
    numbers, lengths = table["gtin"].to_numpy(), table["len"].to_numpy()
    texts = [f"{number:0{length}}" for number, length in zip(numbers, lengths, strict=True)]
    start = time.process_time()
    result: dict[str, Any] = {"gtins": len(texts), "read": read_all(texts)}
    result["read"]["cpu_seconds"] = round(time.process_time() - start, 1)
    for digits in (12, 13):
        of_length = numbers[lengths == digits]
        tried, passed = mutate_all(of_length, digits)
        sample = [text for text in texts if len(text) == digits][::SAMPLED_EVERY]
        tried_as_text, passed_as_text = mutate_sample(sample)
        result[f"one wrong digit of {digits}"] = {
            "tried": tried,
            "passed": passed,
            "tried_as_text": tried_as_text,
            "passed_as_text": passed_as_text,
        }
    report.write("gs1_all_gtins", result, ("numpy", "pyarrow"))
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
