"""Make the table of Application Identifiers, src/wuma_gs1/ai_table.py, of GS1's Barcode Syntax Dictionary.

    python tools/gs1_tables.py path/to/gs1-syntax-dictionary.txt

Run when GS1 publishes a new dictionary, and read the difference: what an AI means never changes, new ones
come. The dictionary's facts are carried over in a form of our own, one row for a range of AIs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "src" / "wuma_gs1" / "ai_table.py"

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


def main(dictionary: Path) -> None:
    """Write the table."""
    rows = [row(line) for line in dictionary.read_text("utf-8").splitlines() if line[:1].isdigit()]
    TARGET.write_text(HEAD + "".join(rows) + ")\n", "utf-8")


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


if __name__ == "__main__":
    main(Path(sys.argv[1]))
