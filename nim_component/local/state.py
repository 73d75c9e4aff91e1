"""State of the last `up`: a JSON file for each stack, ignored by git, without secrets."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, cast

from . import markers
from .errors import LocalError
from .manifests import Manifest
from .resources import Resource, Run
from .urns import AliasSpec

FOLDER = ".nim-component"
VERSION = 1


@dataclass(frozen=True)
class SavedResource:
    """A resource in the state."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    read: bool
    inputs: Mapping[str, Any]
    """Normalised object for Kubernetes objects, inputs for other resources."""
    protect: bool = False
    retain: bool = False
    provider: str = ""
    """URN of the explicit provider."""
    aliases: tuple[AliasSpec, ...] = ()
    mutable: bool = False


@dataclass(frozen=True)
class State:
    """Resources and outputs of a stack, and the folders of its files."""

    resources: Sequence[SavedResource] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    folders: Sequence[str] = ()


def build_state(run: Run, manifests: Sequence[Manifest], folders: Sequence[str]) -> State:
    """Return the state after a run.

    Secret values are replaced by a fixed text, so a changed secret is not visible in the state.
    """
    objects = {manifest.resource.urn: manifest.masked for manifest in manifests}
    resources = [
        SavedResource(
            resource.urn,
            resource.type,
            resource.name,
            resource.parent,
            resource.custom,
            resource.read,
            objects[resource.urn] if resource.urn in objects else markers.mask(redact_kubeconfig(resource)),
            bool(resource.options.protect),
            bool(resource.options.retain_on_delete),
            resource.provider,
            resource.options.aliases,
            resource.mutable,
        )
        for resource in run.resources
    ]
    return State(resources, markers.mask(dict(run.outputs)), folders)


def redact_kubeconfig(resource: Resource) -> Mapping[str, Any]:
    """Return the inputs; those of a Kubernetes provider without its kubeconfig.

    It contains credentials of a cluster, or a path on one machine.
    """
    inputs = resource.inputs
    has_kubeconfig = resource.type == "pulumi:providers:kubernetes" and "kubeconfig" in inputs
    return {**inputs, "kubeconfig": markers.SECRET_TEXT} if has_kubeconfig else inputs


def find_state_file(project: Path, stack: str) -> Path:
    """Return the path of the state of a stack."""
    return project / FOLDER / f"{stack}.json"


def load_state(file: Path) -> State:
    """Return the last state. It is empty before the first `up`."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise LocalError(
                f"{file}: written by another version of nim-component. Delete the file; the next `up` then shows every resource as new."
            )
        resources = [SavedResource(**cast("dict[str, Any]", entry)) for entry in content["resources"]]
        return State(resources, content["outputs"], content["folders"])
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise LocalError(f"{file}: cannot be read ({error}). Delete the file; the next `up` then shows every resource as new.") from None


def save_state(file: Path, state: State) -> None:
    """Write the state. Aliases are not saved, because the next run of the program declares them."""
    prepare_folder(file.parent)
    resources = [{key: value for key, value in asdict(resource).items() if key != "aliases"} for resource in state.resources]
    content = {"version": VERSION, "resources": resources, "outputs": state.outputs, "folders": list(state.folders)}
    replace_text(file, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False))


def prepare_folder(folder: Path) -> None:
    """Create the folder of the state. Raise LocalError if no file can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        stage_text(ignore, "").unlink()
    except OSError as error:
        raise LocalError(
            f"{folder}: cannot be written: {error.strerror}. Nothing was changed. Make the folder writable; the state is saved there."
        ) from None


def replace_text(file: Path, text: str) -> None:
    """Write a file atomically."""
    stage_text(file, text).replace(file)


def stage_text(file: Path, text: str) -> Path:
    """Write a text to a temporary file in the same folder and return its path.

    Its permissions are those of any new file, not those of `mkstemp`.
    """
    handle, name = tempfile.mkstemp(prefix=f".{file.name[:100]}.", suffix=".tmp", dir=file.parent)
    staged = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        staged.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(file)) from None
    mask = os.umask(0)
    os.umask(mask)
    staged.chmod(0o666 & ~mask)
    return staged
