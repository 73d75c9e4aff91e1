"""Direction of imports: each package imports only packages of the layers below it."""

import pytest

from tests.import_graph import PACKAGE, imports_of, module_of

SHARED = {"args", "extras", "kubernetes", "names", "text"}
ALLOWED: dict[str, set[str]] = {
    # no import of the rest of the package
    "extras": set(),
    "kubernetes": set(),
    "names": {"kubernetes"},
    "text": set(),
    "lora_loader": set(),  # it is copied into the pod
    "shipped_loader": set(),
    # arguments and manifests
    "args": SHARED - {"args"},
    "lora": SHARED | {"lora_loader"},
    "manifests": SHARED | {"lora", "shipped_loader"},
    "fit": SHARED,
    # the local engine, which has no knowledge of NIM
    "local": SHARED - {"args", "names"},
    "testing": {"kubernetes", "local", "names"},
    "review": {"fit", "kubernetes", "local", "names", "shipped_loader", "text"},
    # clusters
    "cluster": SHARED,
    "diagnose": SHARED - {"args"} | {"cluster", "local", "lora_loader"},
    "diagnose.progress": SHARED | {"cluster", "diagnose"},
    "preflight": SHARED - {"args"} | {"cluster", "diagnose", "local"},
    "lora.pvc_check": SHARED | {"cluster", "diagnose", "lora", "lora_loader", "shipped_loader"},
    # the component, stack files and commands
    "component": SHARED | {"diagnose.progress", "fit", "manifests"},
    "stack": SHARED | {"component", "lora"},
    "cli": SHARED | {"cluster", "diagnose", "fit", "local", "lora", "lora.pvc_check", "lora_loader", "preflight", "review", "stack"},
    "provider": SHARED | {"component", "diagnose.progress"},
    "__init__": {"args", "component"},
    "__main__": {"cli", "extras"},
}
"""Package to the packages that it may import. A package is below those that follow it."""
NESTED = [name for name in ALLOWED if "." in name]


def package_of(module: tuple[str, ...]) -> str:
    """Return the package of the table that a module or an imported name belongs to."""
    nested = ".".join(module[:2])
    return nested if nested in NESTED else module[0]


FILES = {name: [file for file in PACKAGE.rglob("*.py") if package_of(module_of(file)) == name] for name in ALLOWED}


def test_table_contains_every_package():
    assert {package_of(module_of(file)) for file in PACKAGE.rglob("*.py")} == ALLOWED.keys()


@pytest.mark.parametrize("package", ALLOWED)
def test_package_imports_only_allowed_packages(package: str):
    found = {
        f"{file.relative_to(PACKAGE)}: {'.'.join(name)}"
        for file in FILES[package]
        for name in imports_of(file)
        if name and package_of(name) not in {*ALLOWED[package], package}
    }
    assert found == set()


def test_allowed_imports_have_no_cycle():
    """Each package may import only packages that precede it in the table."""
    below: set[str] = set()
    for package, allowed in ALLOWED.items():
        assert allowed <= below, package
        below.add(package)
