"""Files of a container that runs the loader: the program, and the adapter list. Pure functions."""

from collections.abc import Iterable
from typing import Any

from ..args import LoRAAdapter

WORKING_DIR = "/opt/lora-loader"
PROGRAM_PATH = f"{WORKING_DIR}/lora_loader"
"""Mount path of the loader: a Python package, run by name from its parent directory."""
LISTS = "lists"
"""Directory with the lists that the adapters of a Job are compared with, below `WORKING_DIR`."""
PUBLISHED = "adapters"
"""Directory of a PVC in which the component keeps adapters."""


def list_specs(adapters: Iterable[Any] | None) -> list[dict[str, Any]]:
    """Return the adapter list of `hf_repo_ids`."""
    return [spec_of(adapter) for adapter in adapters or () if isinstance(adapter, LoRAAdapter)]


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
    if adapter.subfolder is not None:
        spec["subfolder"] = adapter.subfolder
    if adapter.allow_pickle:
        spec["allow_pickle"] = True
    if adapter.locked is None:
        return spec
    records = {name: {"size": file.size, "sha256": file.sha256} for name, file in sorted(adapter.locked.files.items())}
    return {**spec, "revision": adapter.locked.commit, "locked": records}
