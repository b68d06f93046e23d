"""The guide to imports names every column there is, in both languages."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from wuma.support.masterdata.importing.header import titles_of
from wuma.support.masterdata.importing.kind import ImportKind
from wuma.support.masterdata.importing.report import ImportReport

GUIDES = Path(__file__).resolve().parents[3] / "docs" / "how-to"


@pytest.mark.parametrize("guide", ["import-master-data.md", "import-master-data.zh-CN.md"])
@pytest.mark.parametrize("kind", ImportKind)
def test_the_guide_names_every_column(guide: str, kind: ImportKind) -> None:
    text = (GUIDES / guide).read_text("utf-8")
    section = text.partition(f"(`kind={kind}`)")[2] or text.partition(f"`kind={kind}`")[2]
    table = section.partition("\n### ")[0]

    titles = [title for titles in titles_of(kind).values() for title in titles]

    assert table.count("\n| ") == len(titles) + 2
    for title in titles:
        assert f"| {title.zh} | {title.en} | " in table
        assert all(name in table for name in title.also)


@pytest.mark.parametrize("guide", ["import-master-data.md", "import-master-data.zh-CN.md"])
def test_the_guide_explains_every_member_of_the_report(guide: str) -> None:
    text = (GUIDES / guide).read_text("utf-8")

    explained = [field.name for field in fields(ImportReport) if field.name != "kind"]

    assert [name for name in explained if f"`{name}`" not in text and name != "dry_run"] == []
