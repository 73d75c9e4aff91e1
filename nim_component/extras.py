"""Optional dependencies of this package by extra, and the text for a missing one."""

from collections.abc import Mapping, Sequence
from typing import Final

EXTRAS: Final[Mapping[str, Sequence[str]]] = {
    "cli": ("typer", "rich", "yaml", "kubernetes_validate", "deepdiff"),
    "diagnose": ("lightkube",),
    "adapters": ("huggingface_hub",),
}
"""Top-level modules by extra."""


def describe_missing_extra(extra: str, module: str) -> str:
    """Return the error text for a module of an extra that is not installed."""
    return f"{module} is not installed. Run: pip install 'nim-component[{extra}]'"


def explain_import_error(error: ModuleNotFoundError) -> str | None:
    """Return the error text for a module of an extra, or None for another module."""
    module = (error.name or "").partition(".")[0]
    extra = next((extra for extra, modules in EXTRAS.items() if module in modules), None)
    return describe_missing_extra(extra, module) if extra else None
