"""`python -m tests.import_graph [ROOT]`: who imports whom in ganzoo, read from the syntax trees and counted.

A module is a file. A room is a folder of `ganzoo/`, or a file at its root. Imports inside functions count, because a
late import only hides a circle. Imports for type checkers are counted apart, because they never run.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

Where = Literal["module", "function", "typing"]
Arrow = tuple[str, str]
Graph = Mapping[str, frozenset[str]]

ROOT = Path(__file__).parents[1]
FACADES = ("__init__", "__main__")
"""Not rooms: the list of public names, and the file behind `python -m ganzoo`."""


def module_files(root: Path, package: str = "ganzoo") -> dict[str, Path]:
    """The dotted name of every file in a package; a package's own is that of its folder."""
    paths = {path: path.relative_to(root).with_suffix("").parts for path in sorted((root / package).rglob("*.py"))}
    return {".".join(parts).removesuffix(".__init__"): path for path, parts in paths.items()}


def statements(node: ast.AST, where: Where = "module") -> Iterator[tuple[ast.Import | ast.ImportFrom, Where]]:
    """Every import below the node with where it stands."""
    for child in ast.iter_child_nodes(node):
        inside: Where = where
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and where == "module":
            inside = "function"
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inside = "typing"
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, where
        yield from statements(child, inside)


def imported(
    statement: ast.Import | ast.ImportFrom, module: str, files: Mapping[str, Path]
) -> Iterator[tuple[str, str]]:
    """Each module that a statement imports, with the name taken from it if any."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, "") for alias in statement.names)
        return
    package = module if files.get(module, Path()).name == "__init__.py" else module.rpartition(".")[0]
    up = package.split(".")[: len(package.split(".")) - statement.level + 1] if statement.level else []
    source = ".".join([*up, *([statement.module] if statement.module else [])])
    for alias in statement.names:
        inner = f"{source}.{alias.name}"
        yield (inner, "") if inner in files else (source, alias.name)


def arrows(sources: Mapping[str, str], files: Mapping[str, Path]) -> dict[Arrow, set[Where]]:
    """Every import of one of the files by another, with where it stands."""
    found: dict[Arrow, set[Where]] = {}
    for module, source in sources.items():
        for statement, where in statements(ast.parse(source)):
            for target, _ in imported(statement, module, files):
                if target in files and target != module:
                    found.setdefault((module, target), set()).add(where)
    return found


def read_arrows(root: Path) -> dict[Arrow, set[Where]]:
    """The arrows of the package `ganzoo` below `root`."""
    files = module_files(root)
    return arrows({module: path.read_text(encoding="utf-8") for module, path in files.items()}, files)


def graph(arrows: Iterable[Arrow]) -> Graph:
    """What each node imports."""
    found: dict[str, set[str]] = {}
    for start, end in arrows:
        found.setdefault(start, set()).add(end)
        found.setdefault(end, set())
    return {node: frozenset(targets) for node, targets in found.items()}


def circles(graph: Graph) -> list[list[str]]:
    """The groups of nodes that all reach each other."""
    reached = {node: _reached(graph, node) for node in graph}
    groups = {frozenset(b for b in reached[a] if a in reached[b]) for a in graph}
    return sorted(sorted(group) for group in groups if group)


def _reached(graph: Graph, node: str) -> set[str]:
    found: set[str] = set()
    waiting = [node]
    while waiting:
        new = graph[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def floors(graph: Graph) -> int:
    """The longest chain of imports; a circle is one floor."""
    home = {node: group[0] for group in circles(graph) for node in group}

    @cache
    def height(floor: str) -> int:
        nodes = [node for node in graph if home.get(node, node) == floor]
        below = {home.get(target, target) for node in nodes for target in graph[node]} - {floor}
        return 1 + max(map(height, below), default=0)

    return max((height(home.get(node, node)) for node in graph), default=0)


def back_arrows(graph: Graph) -> int:
    """The smallest number of arrows that point backwards, whatever the order of the nodes."""
    return sum(_back_arrows(graph, circle) for circle in circles(graph))


def _back_arrows(graph: Graph, circle: list[str]) -> int:
    @cache
    def least(below: frozenset[str]) -> int:
        """The fewest arrows from these nodes to nodes above them, over all orders of these."""
        return min((least(below - {top}) + len(graph[top] & (outside(below))) for top in below), default=0)

    def outside(below: frozenset[str]) -> frozenset[str]:
        return frozenset(circle) - below

    return least(frozenset(circle))


def room(module: str) -> str:
    """The room of a module: the name below `ganzoo`."""
    return [*module.split("."), "__init__"][1]


def rooms(arrows: Iterable[Arrow]) -> Graph:
    """What each room imports of others."""
    pairs = ((room(start), room(end)) for start, end in arrows)
    return graph((start, end) for start, end in pairs if start != end and not {start, end} & {*FACADES})


def counts(root: Path) -> str:
    """One line for modules and one for rooms, without and with the imports for type checkers."""
    found = read_arrows(root)
    lines = []
    for title, kept in (
        ("at run time", [arrow for arrow, where in found.items() if where != {"typing"}]),
        ("with typing", [arrow for arrow in found]),
    ):
        modules, spaces = graph(kept), rooms(kept)
        tied = circles(modules)
        lines += [
            f"{title}: {len(module_files(root))} modules, {len(kept)} imports, {len(tied)} circles of "
            f"{sum(map(len, tied))} modules",
            f"{title}: {len(spaces)} rooms on {floors(spaces)} floors, {sum(map(len, spaces.values()))} arrows, "
            f"{back_arrows(spaces)} back arrows, {len(circles(spaces))} circles of "
            f"{sum(map(len, circles(spaces)))} rooms",
            *(f"  circle: {' '.join(circle)}" for circle in [*tied, *circles(spaces)]),
        ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(counts(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
