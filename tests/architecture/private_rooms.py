"""A contract for import-linter: a room's views, urls and jobs are private; only `site`, which wires, takes them."""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

PRIVATE = frozenset({"views", "urls", "jobs"})
WIRES = "site"
OPEN = "kernel"  # `kernel.jobs` is the interface to the job queue, for everybody


class PrivateRooms(Contract):
    """No package may import `hark.<other>.views|urls|jobs`."""

    type_name = "private_rooms"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: FBT001 - import-linter's signature
        """Collect every import that crosses into a private module."""
        found = [
            (importer, imported)
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if crosses(importer, imported)
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line a forbidden import."""
        for importer, imported in check.metadata["found"]:
            output.print_error(f"{importer} imports {imported}, which is private to its room")


def crosses(importer: str, imported: str) -> bool:
    """Does `importer` reach into a private module of another room?"""
    here, there = importer.split("."), imported.split(".")
    if len(there) < 3 or there[0] != "hark" or there[2] not in PRIVATE:
        return False
    return there[1] != OPEN and here[1:2] not in ([WIRES], there[1:2])
