"""Human readable interpretation: the text below a symbol (General Specifications 4.14).

AIs in brackets, a space before the value, in the order of the symbol. The brackets are never in the symbol.
"""

from __future__ import annotations

from collections.abc import Sequence

from wuma_gs1.application_identifiers import AIS, Element


def human_readable(elements: Sequence[Element], *, titles: bool = False) -> list[str]:
    """Write one line for each AI, with its data title if asked for.

    >>> human_readable([Element("01", "06901234567892"), Element("17", "260131")])
    ['(01) 06901234567892', '(17) 260131']
    >>> human_readable([Element("17", "260131")], titles=True)
    ['USE BY or EXPIRY (17) 260131']
    """
    lines: list[str] = []
    for ai, value in elements:
        spec = AIS.get(ai)
        title = f"{spec.title} " if titles and spec is not None else ""
        lines.append(f"{title}({ai}) {value}")
    return lines
