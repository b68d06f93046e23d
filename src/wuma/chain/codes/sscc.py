"""From a position among a brand's pallets to its SSCC, and back.

An SSCC is an extension digit, the company prefix, a serial reference and a check digit. Extension digit and
serial are one number together, which a permutation makes of the position: pallets cannot be counted outside.
"""

from __future__ import annotations

from typing import Final

from wuma.chain.codes.permutation import DecimalPermutation
from wuma_gs1.keys import Sscc

SSCC_CHARACTERS: Final = 18


def sscc_of(serials: DecimalPermutation, company_prefix: str, position: int) -> str:
    """Return the SSCC at a position."""
    number = serials.forward(position)
    digits = f"{number:0{SSCC_CHARACTERS - 1 - len(company_prefix)}d}"
    return Sscc.build(int(digits[0]), company_prefix, digits[1:]).value


def position_of(serials: DecimalPermutation, company_prefix: str, sscc: str) -> int | None:
    """Return the position of an SSCC whose check digit is right; None under another company prefix."""
    if sscc[1 : 1 + len(company_prefix)] != company_prefix:
        return None
    return serials.backward(int(sscc[0] + sscc[1 + len(company_prefix) : -1]))
