"""Direction of imports between the packages that read a cluster."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "nim_component"
FORBIDDEN = {
    "cluster": ("diagnose", "preflight", "component", "cli"),
    "diagnose": ("diagnose.progress", "preflight", "component", "cli"),
    "diagnose.progress": ("preflight", "component", "cli"),
    "preflight": ("diagnose.progress", "component", "cli"),
}
"""Package to the packages that it must not import."""


def imports_of(file: Path) -> Iterator[str]:
    """Yield the imports of a module, such as `cluster.client.ClusterClient`."""
    folders = file.relative_to(PACKAGE).with_suffix("").parts
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*folders[: -node.level], *(node.module or "").split(".")]
            yield from (".".join([*filter(None, base), alias.name]) for alias in node.names)


@pytest.mark.parametrize("package", FORBIDDEN)
def test_package_imports_only_lower_packages(package: str):
    folder = PACKAGE.joinpath(*package.split("."))
    nested = [PACKAGE.joinpath(*other.split(".")) for other in FORBIDDEN if other.startswith(f"{package}.")]
    files = [file for file in folder.rglob("*.py") if not any(file.is_relative_to(each) for each in nested)]
    assert files
    found = {
        f"{file.relative_to(PACKAGE)}: {name}"
        for file in files
        for name in imports_of(file)
        if any(f"{name}.".startswith(f"{other}.") for other in FORBIDDEN[package])
    }
    assert found == set()
