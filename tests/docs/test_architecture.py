"""The diagram of the architecture, compared with the imports of the package."""

import re
from functools import cache

from tests.import_graph import PACKAGE, imports_of, module_of

from .pages import ROOT, read

SHARED = {"args", "kubernetes", "text", "__init__", "__main__"}
"""Folders that every folder can import, and the two entry points.

Single modules that import only these are shared too.
"""
Graph = dict[str, set[str]]


def folder_of(parts: tuple[str, ...]) -> str:
    return "diagnose/progress" if parts[:2] == ("diagnose", "progress") else parts[0]


@cache
def read_imports() -> Graph:
    graph: Graph = {}
    for file in PACKAGE.rglob("*.py"):
        names = {folder_of(name) for name in imports_of(file) if name}
        graph.setdefault(folder_of(module_of(file)), set()).update(names)
    shared = SHARED | {name for name, targets in graph.items() if (PACKAGE / f"{name}.py").is_file() and not targets - SHARED}
    return {folder: targets - shared - {folder} for folder, targets in graph.items() if folder not in shared}


def read_diagram() -> Graph:
    diagram = re.findall(r"```mermaid\nflowchart.*?```", read(ROOT / "docs" / "architecture.md"), re.DOTALL)[0]
    names = dict(re.findall(r'(\w+)\["([\w/]+)<br/>', diagram))
    graph: Graph = {name: set() for name in names.values()}
    for line in diagram.splitlines():
        if arrow := re.match(r"\s*(\w+)(?:\[.*?\])? --> (\w+)", line):
            graph[names[arrow[1]]].add(names[arrow[2]])
    return graph


def closure(graph: Graph) -> Graph:
    """Return all folders that each folder reaches."""

    def reach(folder: str, seen: set[str]) -> set[str]:
        for target in graph[folder] - seen:
            seen.add(target)
            reach(target, seen)
        return seen

    return {folder: reach(folder, set()) for folder in graph}


def test_arrows_are_imports():
    imports = read_imports()
    assert {(a, b) for a, targets in read_diagram().items() for b in targets if b not in imports[a]} == set()


def test_every_import_follows_the_arrows():
    imports, reached = read_imports(), closure(read_diagram())
    assert imports.keys() == reached.keys()
    assert {(a, b) for a, targets in imports.items() for b in targets if b not in reached[a]} == set()


def test_there_is_no_cycle():
    assert [folder for folder, reached in closure(read_imports()).items() if folder in reached] == []


def test_contributing_lists_folders_in_import_order():
    """`CONTRIBUTING.md` promises that imports point downwards in its table."""
    rows = re.findall(r"^\| `(\w+)/`", read(ROOT / "CONTRIBUTING.md"), re.MULTILINE)
    order = {folder: index for index, folder in enumerate(rows)}
    edges = {(a.split("/")[0], b.split("/")[0]) for a, targets in read_imports().items() for b in targets if a != "testing"}
    assert {(a, b) for a, b in edges if order[a] > order[b]} == set()
