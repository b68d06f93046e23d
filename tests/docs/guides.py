"""The parts of the guides that tests run: fenced blocks below a line ``<!-- tested -->``.

``<!-- tested: NAME -->`` sets a block apart, for a test that asks for it by name.
"""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"

_BLOCK = re.compile(r"^<!-- tested(?:: ([^\n]+?))? -->\n```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(guide: str, language: str, name: str = "") -> list[str]:
    """Return the tested blocks of a guide, in their order; those of a name, or those without."""
    text = (DOCS / "how-to" / guide).read_text("utf-8")
    return [found[3] for found in _BLOCK.finditer(text) if found[2] == language and (found[1] or "") == name]
