"""What a container that runs the loader is given as files: the loader itself, and the list of adapters. Pure."""

from functools import cache
from importlib.resources import files
from typing import Any

from .. import lora_loader
from ..args import LoRAAdapter

WORKING_DIR = "/opt/lora-loader"
PROGRAM_PATH = f"{WORKING_DIR}/lora_loader"
"""Where the loader is mounted: a package, run by its name from the folder above it."""
PUBLISHED = "adapters"
"""Directory of a claim in which the component keeps adapters."""


def spec_of(adapter: LoRAAdapter) -> dict[str, Any]:
    """An adapter as the list names it; what is locked is wanted by commit, with the record of each file."""
    spec: dict[str, Any] = {
        "name": adapter.served_name,
        "repo_id": adapter.repo_id,
        "revision": adapter.revision,
        "files": adapter.files,
    }
    if adapter.locked is None:
        return spec
    records = {name: {"size": file.size, "sha256": file.sha256} for name, file in adapter.locked.files.items()}
    return {**spec, "revision": adapter.locked.commit, "locked": records}


@cache
def read_program() -> dict[str, str]:
    """The loader's files by name: the keys of a ConfigMap, mounted as a package."""
    shipped = (file for file in files(lora_loader).iterdir() if file.name.endswith((".py", ".txt")))
    return {file.name: file.read_text(encoding="utf-8") for file in sorted(shipped, key=lambda file: file.name)}
