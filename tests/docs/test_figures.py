"""The table of figures in the READMEs is made of results, and tells when it is not."""

from __future__ import annotations

import json

import pytest

from tools import figures


def test_every_result_that_is_there_makes_its_rows_in_both_languages() -> None:
    results = {path.stem: json.loads(path.read_text("utf-8")) for path in figures.RESULTS.glob("*.json")}

    for language in figures.PAGES:
        table = "\n".join(figures._table(results, language))
        for figure in figures.FIGURES:
            row = next(line for line in table.splitlines() if figure.what[language] in line)
            assert (figures.MISSING[language] in row) == (figure.source not in results)


def test_a_changed_result_makes_the_readmes_stale(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["figures", "--check"])
    monkeypatch.setattr(figures, "_published", list)

    assert figures.main() == 1
    assert "README.md, README.zh-CN.md, src/wuma_gs1/README.md: other figures" in capsys.readouterr().out
