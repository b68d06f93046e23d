"""Make the tables of wuma_gs1 of what GS1 publishes for machines.

    python tools/gs1_tables.py gs1-syntax-dictionary.txt    # Barcode Syntax Dictionary -> ai_table.py
    python tools/gs1_tables.py TDT_TableF.json              # Tag Data Translation, table F -> plus_table.py

Run when GS1 publishes a new one, and read the difference: what an AI means never changes, new ones come.
The facts are carried over in a form of our own: one row for a range of AIs, one for a way of writing them.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parent.parent / "src" / "wuma_gs1"

HEAD = '''"""The Application Identifiers of the GS1 General Specifications: facts only, no logic.

Made by tools/gs1_tables.py; do not edit. One row for a range of AIs: first and last AI; format; flags;
companions required; AIs excluded; qualifiers in a GS1 Digital Link path; data title.

- Format: components `N14:csum:gcppos2`, a type (N digits, X character set 82, Y set 39, Z base 64) with
  its length (`..20`: 1 to 20) and the linters to run on it; `[…]` is optional.
- Flags: `*` predefined length, no FNC1 needed; `?` may be a data attribute of a Digital Link.
- Required: alternatives apart by space, `+` joins what must come together. `n` stands for any digit.
- Path: `-` a primary key without qualifiers; otherwise its qualifiers in order, alternatives apart by `|`.
"""

from __future__ import annotations

ROWS: tuple[tuple[str, str, str, str, str, str, str, str], ...] = (
'''

ENTRY = re.compile(
    r"(?P<first>\d{2,4})(?:-(?P<last>\d{2,4}))?\s+(?P<flags>[*?]*)\s+(?P<rest>[^#]+?)\s*#\s*(?P<title>.+)"
)
COMPONENT = re.compile(r"\[?[NXYZ](?:\.\.)?\d+\]?(?:,\w+)*$")


def main(published: Path) -> None:
    """Write the table that a published file is about."""
    if published.suffix == ".json":
        (PACKAGE / "plus_table.py").write_text(plus_table(json.loads(published.read_text("utf-8"))), "utf-8")
        return
    rows = [row(line) for line in published.read_text("utf-8").splitlines() if line[:1].isdigit()]
    (PACKAGE / "ai_table.py").write_text(HEAD + "".join(rows) + ")\n", "utf-8")


def row(line: str) -> str:
    """Translate one line of the dictionary."""
    entry = ENTRY.fullmatch(line.strip())
    # A coupon's line has no title: the dictionary leaves it out where GS1 gives none.
    if entry is None:
        entry = ENTRY.fullmatch(line.strip() + " # COUPON CODE")
    if entry is None:
        raise SystemExit(f"not understood: {line!r}")
    components: list[str] = []
    attributes: dict[str, list[str]] = {"req": [], "ex": [], "dlpkey": []}
    for word in entry["rest"].split():
        if COMPONENT.match(word):
            components.append(word.replace(",", ":"))
            continue
        key, _, value = word.partition("=")
        attributes[key].append(value or "-")
    if any(len(values) > 1 for values in attributes.values()):
        raise SystemExit(f"an attribute is given twice, which the table has no form for: {line!r}")
    cells = (
        entry["first"],
        entry["last"] or entry["first"],
        " ".join(components),
        entry["flags"],
        " ".join(attributes["req"]).replace(",", " "),
        " ".join(attributes["ex"]).replace(",", " "),
        " ".join(attributes["dlpkey"]),
        entry["title"].strip(),
    )
    return "    (" + ", ".join(f'"{cell}"' for cell in cells) + "),\n"


PLUS_HEAD = '''"""How TDS 2.x writes the value of each AI into a tag: facts only, no logic.

Made by tools/gs1_tables.py of table F of the Tag Data Translation standard 2.2; do not edit. A method is
named by a letter and its figures, two methods for a value of two parts:

- `d18`: 18 digits of four bits each (TDS 14.5.4); `i6`: 6 digits as one integer (14.5.2).
- `a5/20`: characters in the shortest of six ways, their count in 5 bits, at most 20 (14.5.6).
- `n4/12`: digits as one integer, their count in 4 bits, at most 12 (14.5.13); `t`: digits of four bits
  with a terminator, or a delimiter and characters (14.5.5).
- `bit` (14.5.7), `date` (14.5.8), `minute` (14.5.9), `range` (14.5.10), `moment` (14.5.11),
  `country` (14.5.12), `minus` (14.5.14), `sequence` (14.5.15).
"""

from __future__ import annotations

AIS_BY_METHOD: dict[str, str] = {
'''
METHODS = {
    "14.5.2": "i{chars}",
    "14.5.4": "d{chars}",
    "14.5.5": "t",
    "14.5.6": "a{length_bits}/{most}",
    "14.5.7": "bit",
    "14.5.8": "date",
    "14.5.9": "minute",
    "14.5.10": "range",
    "14.5.11": "moment",
    "14.5.12": "country",
    "14.5.13": "n{length_bits}/{most}",
    "14.5.14": "minus",
    "14.5.15": "sequence",
}


def plus_table(published: dict[str, list[dict[str, str]]]) -> str:
    """Group the AIs of table F by the methods of their components."""
    groups: dict[str, list[str]] = {}
    for row in published["rows"]:
        method = METHODS[row["c"]].format(chars=row.get("d"), length_bits=row.get("g"), most=row.get("h"))
        if "j" in row:
            second = METHODS[row["j"]].format(chars=row.get("k"), length_bits=row.get("n"), most=row.get("o"))
            method += " " + second
        groups.setdefault(method, []).append(row["a"])
    return PLUS_HEAD + "".join(entry(method, ais) for method, ais in groups.items()) + "}\n"


def entry(method: str, ais: list[str]) -> str:
    """Write one group, in lines that fit."""
    lines = textwrap.wrap(" ".join(ranges(ais)), 96, break_on_hyphens=False)
    if len(lines) == 1:
        return f'    "{method}": "{lines[0]}",\n'
    body = "".join(f'        "{line} "\n' for line in lines[:-1]) + f'        "{lines[-1]}"\n'
    return f'    "{method}": (\n{body}    ),\n'


def ranges(ais: list[str]) -> Iterable[str]:
    """Write consecutive AIs as first-last."""
    first = last = ais[0]
    for ai in [*ais[1:], ""]:
        if ai and len(ai) == len(last) and int(ai) == int(last) + 1:
            last = ai
            continue
        yield first if first == last else f"{first}-{last}"
        first = last = ai


if __name__ == "__main__":
    main(Path(sys.argv[1]))
