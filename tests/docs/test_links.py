"""Every link and picture of the documents leads somewhere, and every guide is reached from the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.guides import DOCS

TOP = DOCS.parent
PAGES = sorted([*TOP.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|src=\"([^\"]+)\"")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_links_lead_somewhere(page: Path) -> None:
    links = {one or other for one, other in LINK.findall(page.read_text("utf-8"))}

    lost = sorted(link for link in links if "://" not in link and not (page.parent / link).exists())

    assert lost == []


@pytest.mark.parametrize(("readme", "ending"), [("README.md", ".md"), ("README.zh-CN.md", ".zh-CN.md")])
def test_the_readme_leads_to_every_guide(readme: str, ending: str) -> None:
    text = (TOP / readme).read_text("utf-8")
    guides = {path.name for path in (DOCS / "how-to").glob(f"*{ending}")}
    if ending == ".md":
        guides -= {path.name for path in (DOCS / "how-to").glob("*.zh-CN.md")}

    assert sorted(name for name in guides if f"how-to/{name}" not in text) == []
