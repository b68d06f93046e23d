"""The library stands alone: nothing but the standard library, unless the batch module is asked for."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys

import wuma_gs1

NEEDS_NUMPY = {"wuma_gs1.batch"}
PROGRAM = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in set(sys.modules) - before})))
"""


def test_only_the_standard_library_is_imported() -> None:
    modules = {found.name for found in pkgutil.iter_modules(wuma_gs1.__path__, "wuma_gs1.")}
    command = [sys.executable, "-c", PROGRAM, *sorted(modules - NEEDS_NUMPY)]
    done = subprocess.run(command, capture_output=True, check=True)
    imported = set(json.loads(done.stdout))
    assert imported - set(sys.stdlib_module_names) == {"wuma_gs1"}


def test_importing_the_package_imports_none_of_its_modules() -> None:
    command = [
        sys.executable,
        "-c",
        "import sys, wuma_gs1; print([n for n in sys.modules if 'wuma_gs1.' in n])",
    ]
    assert subprocess.run(command, capture_output=True, check=True).stdout.strip() == b"[]"
