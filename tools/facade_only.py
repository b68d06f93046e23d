"""Import contract: a context may be entered through its ``facade`` only.

import-linter knows layers and independence, but not "this package has one door". Within the given
containers (``wuma.chain``, ``wuma.support``) every direct sub-package is a context. A module outside a
context may import ``<context>.facade`` and nothing else of it — except the composition root, which
has to reach routes, tasks and tables to put the program together.
"""

from __future__ import annotations

from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class FacadeOnlyContract(Contract):
    """Refuses imports that enter a context beside its facade."""

    type_name = "facade_only"

    containers = fields.ListField(subfield=fields.StringField())
    composition_roots = fields.ListField(subfield=fields.StringField(), required=False, default=[])

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """List every import that goes round a facade."""
        roots: list[str] = list(self.composition_roots or [])
        trespasses: list[dict[str, Any]] = []
        for container in self.containers or []:
            for context in sorted(graph.find_children(container)):
                output.verbose_print(verbose, f"Looking at the door of {context}...")
                inside = {context} | graph.find_descendants(context)
                for module in sorted(inside - {f"{context}.facade"}):
                    for importer in sorted(graph.find_modules_that_directly_import(module) - inside):
                        if any(importer == root or importer.startswith(f"{root}.") for root in roots):
                            continue
                        lines = [
                            d["line_number"]
                            for d in graph.get_import_details(importer=importer, imported=module)
                        ]
                        trespasses.append({"importer": importer, "imported": module, "lines": lines})
        return ContractCheck(kept=not trespasses, metadata={"trespasses": trespasses})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Say who went round which door, and where."""
        for trespass in check.metadata["trespasses"]:
            lines = ", ".join(f"l.{number}" for number in trespass["lines"])
            output.print_error(
                f"{trespass['importer']} imports {trespass['imported']} ({lines}): use the context's facade"
            )
