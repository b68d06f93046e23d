"""The README's examples do what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

import wuma_gs1


def test_the_examples_of_the_readme() -> None:
    readme = Path(wuma_gs1.__file__).with_name("README.md")
    outcome = doctest.testfile(str(readme), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 20
    assert outcome.failed == 0
