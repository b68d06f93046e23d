"""Write docs/reference.md: every setting, command, role, fact and invariant, as the program declares them.

python -m tools.reference [--check]
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

import wuma.facts
from wuma.entrypoints import work
from wuma.entrypoints.operations import app
from wuma.kernel.fact import Fact
from wuma.kernel.settings import Settings
from wuma.ops.roles import GRANTS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference.md"


def main() -> int:
    """Write the page; with --check, say by the exit code whether it is as it should be."""
    written = "\n".join(_page()) + "\n"
    if "--check" in sys.argv:
        is_current = PAGE.exists() and PAGE.read_text("utf-8") == written
        if not is_current:
            print(f"{PAGE.name} is not what the program declares: python -m tools.reference")
        return 0 if is_current else 1
    PAGE.write_text(written, "utf-8")
    return 0


def _page() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Written by `python -m tools.reference` from what the program declares; do not edit."
    for title, rows in (
        ("Settings", _settings()),
        ("Commands", _commands()),
        ("Roles", _roles()),
        ("Facts", _facts()),
        ("Invariants", _invariants()),
    ):
        yield ""
        yield f"## {title}"
        yield ""
        yield from rows


def _settings() -> Iterator[str]:
    yield "From the environment; `wuma serve --help` names those that are options, too."
    yield ""
    yield "| variable | default | meaning |"
    yield "| --- | --- | --- |"
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = ", ".join(map(str, default)) if isinstance(default, list) else default
        shown = "" if shown is None else f"`{shown}`"
        yield f"| `WUMA_{name.upper()}` | {shown} | {field.description or ''} |"


def _commands() -> Iterator[str]:
    yield "| command | what it does |"
    yield "| --- | --- |"
    for name, command in _walk(typer.main.get_command(app), "wuma"):
        first_line = (command.help or "").strip().splitlines()
        yield f"| `{name}` | {first_line[0] if first_line else ''} |"


def _walk(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    below = getattr(command, "commands", None)
    if below is None:
        yield name, command
        return
    for part, sub in sorted(below.items()):
        yield from _walk(sub, f"{name} {part}")


def _roles() -> Iterator[str]:
    yield "| role | permissions |"
    yield "| --- | --- |"
    for role, permissions in GRANTS.items():
        yield f"| {role} | {', '.join(f'`{one}`' for one in sorted(permissions))} |"


def _facts() -> Iterator[str]:
    for module in pkgutil.iter_modules(wuma.facts.__path__):
        importlib.import_module(f"wuma.facts.{module.name}")
    yield "| fact | what it tells |"
    yield "| --- | --- |"
    for fact in sorted(Fact.__subclasses__(), key=lambda one: one.name):
        if fact.__module__.startswith("wuma.facts."):
            yield f"| `{fact.name}` | {' '.join(inspect.cleandoc(fact.__doc__ or '').split())} |"


def _invariants() -> Iterator[str]:
    yield "| invariant | promise |"
    yield "| --- | --- |"
    for invariant in work.INVARIANTS:
        yield f"| `{invariant.name}` | {invariant.promise} |"


if __name__ == "__main__":
    sys.exit(main())
