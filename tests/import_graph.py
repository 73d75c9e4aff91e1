"""Imports between the modules of the package, read from the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "nim_component"


def module_of(file: Path) -> tuple[str, ...]:
    """Return the parts of a module's name below the package, such as `("cluster", "client")`."""
    return file.relative_to(PACKAGE).with_suffix("").parts


def imports_of(file: Path) -> Iterator[tuple[str, ...]]:
    """Yield the names that a module imports from the package.

    A name is a tuple such as `("cluster", "client", "ClusterClient")`. Imports for type checkers,
    and imports inside functions, are included.
    """
    folders = module_of(file)[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
            yield from (name[1:] for name in names if name[0] == "nim_component")
        elif isinstance(node, ast.ImportFrom):
            source = tuple(node.module.split(".")) if node.module else ()
            if node.level:
                base = folders[: len(folders) - node.level + 1] + source
            elif source[:1] == ("nim_component",):
                base = source[1:]
            else:
                continue
            yield from ((*base, alias.name) for alias in node.names)
