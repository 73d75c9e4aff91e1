"""Optional dependencies of this package by extra, and the text for a missing one."""

from collections.abc import Mapping, Sequence
from typing import Final

EXTRAS: Final[Mapping[str, Sequence[str]]] = {
    "cli": ("typer", "rich", "yaml", "kubernetes_validate", "deepdiff"),
    "diagnose": ("lightkube",),
    "adapters": ("huggingface_hub",),
}
"""Top-level modules by extra."""
COMMAND_EXTRAS: Final[Mapping[str, str]] = {"explain": "cli,diagnose", "check": "cli,diagnose", "adapters": "cli,adapters"}
"""Extras by command, for commands that need more than `cli`."""


def describe_missing_extra(extra: str, module: str) -> str:
    """Return the error text for a module of an extra that is not installed."""
    return f"{module} is not installed. Run: pip install 'nim-component[{extra}]'"


def explain_import_error(error: ModuleNotFoundError, command: str = "") -> str | None:
    """Return the error text for a module of an extra, or None for another module.

    Args:
        error: The error.
        command: Name of the command. Without the extra `cli`, the text contains all of its extras.
    """
    module = (error.name or "").partition(".")[0]
    extra = next((extra for extra, modules in EXTRAS.items() if module in modules), None)
    if extra == "cli":
        extra = COMMAND_EXTRAS.get(command, extra)
    return describe_missing_extra(extra, module) if extra else None
