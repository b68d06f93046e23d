"""Units of UN/CEFACT Recommendation 20, as sensors report them, each made into the one we chart.

What is not in the table is kept as it came, under its own code: a wrong conversion is worse than none.

>>> to_base(Decimal("98.6"), "FAH"), to_base(Decimal(0), "KEL")
((Decimal('37.0'), 'CEL'), (Decimal('-273.15'), 'CEL'))
>>> to_base(Decimal(7), "P71")
(Decimal('7'), 'P71')
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Final, NamedTuple


class Unit(NamedTuple):
    """A unit: base = (value + offset) × numerator / denominator."""

    base: str
    numerator: Decimal = Decimal(1)
    denominator: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)


def to_base(value: Decimal, code: str) -> tuple[Decimal, str]:
    """Return a value in the base unit of its dimension, and that unit's code."""
    unit = UNITS.get(code)
    if unit is None:
        return value, code
    with localcontext() as context:
        context.prec = 15
        return (value + unit.offset) * unit.numerator / unit.denominator, unit.base


def is_convertible(code: str, base: str) -> bool:
    """Whether values in one unit can be held against limits in another."""
    return code == base or (code in UNITS and UNITS[code].base == base)


def symbol(code: str) -> str:
    """Return how people write a unit.

    >>> symbol("CEL"), symbol("P71")
    ('°C', 'P71')
    """
    return SYMBOLS.get(code, code)


def _times(base: str, **codes: str) -> dict[str, Unit]:
    return {code: Unit(base, Decimal(factor)) for code, factor in codes.items()}


UNITS: Final[dict[str, Unit]] = {
    "CEL": Unit("CEL"),
    "KEL": Unit("CEL", offset=Decimal("-273.15")),
    "FAH": Unit("CEL", Decimal(5), Decimal(9), Decimal(-32)),
    **_times("P1", P1="1"),
    **_times("A93", A93="1", KMQ="1000", GP="0.001"),
    **_times("KPA", KPA="1", PAL="0.001", A97="0.1", MBR="0.1", BAR="100", MPA="1000", ATM="101.325"),
    **_times("KGM", KGM="1", GRM="0.001", MGM="0.000001", TNE="1000", LBR="0.45359237"),
    **_times("MTR", MTR="1", CMT="0.01", MMT="0.001", KMT="1000", FOT="0.3048", INH="0.0254"),
    **_times("KMH", KMH="1", MTS="3.6", HM="1.609344"),
    **_times("LTR", LTR="1", MLT="0.001", MTQ="1000", CMQ="0.001"),
    **_times("SEC", SEC="1", MIN="60", HUR="3600", DAY="86400"),
    **_times("LUX", LUX="1"),
    **_times("DD", DD="1"),
}
SYMBOLS: Final = {
    "CEL": "°C", "KEL": "K", "FAH": "°F", "P1": "%", "A93": "g/m³", "KPA": "kPa", "KGM": "kg", "MTR": "m",
    "KMH": "km/h", "LTR": "L", "SEC": "s", "LUX": "lx", "DD": "°",
}  # fmt: skip
