"""Files of a container that runs the loader: the program, and the adapter list. Pure functions."""

from functools import cache
from importlib.resources import files
from typing import Any

from .. import lora_loader
from ..args import LoRAAdapter

WORKING_DIR = "/opt/lora-loader"
PROGRAM_PATH = f"{WORKING_DIR}/lora_loader"
"""Mount path of the loader: a Python package, run by name from its parent directory."""
PUBLISHED = "adapters"
"""Directory of a PVC in which the component keeps adapters."""


def spec_of(adapter: LoRAAdapter) -> dict[str, Any]:
    """Return the entry of the adapter list for an adapter.

    A locked adapter is listed by commit, with the size and SHA-256 of each file.
    """
    spec: dict[str, Any] = {
        "name": adapter.served_name,
        "repo_id": adapter.repo_id,
        "revision": adapter.revision,
        "files": adapter.files,
    }
    if adapter.locked is None:
        return spec
    records = {name: {"size": file.size, "sha256": file.sha256} for name, file in sorted(adapter.locked.files.items())}
    return {**spec, "revision": adapter.locked.commit, "locked": records}


@cache
def read_program() -> dict[str, str]:
    """Return the text of the loader's files by name: the keys of a ConfigMap."""
    shipped = (file for file in files(lora_loader).iterdir() if file.name.endswith((".py", ".txt")))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(shipped, key=lambda file: file.name)}
