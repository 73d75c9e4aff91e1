"""What the last `up` left: one JSON file a stack, under the project's folder, git-ignored, without a secret in it."""

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
class Snapshot:
    """One resource as it is compared: of a Kubernetes object the normalised object, of anything else the inputs."""

    urn: str
    type: str
    name: str
    parent: str
    custom: bool
    read: bool
    inputs: Mapping[str, Any]
    protect: bool = False
    retain: bool = False
    aliases: tuple[AliasSpec, ...] = ()


@dataclass(frozen=True)
class State:
    """The resources and outputs of a stack, and the folders its files went to."""

    resources: Sequence[Snapshot] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    folders: Sequence[str] = ()


def take_state(run: Run, manifests: Sequence[Manifest], folders: Sequence[str]) -> State:
    """The state after a run. Secrets are texts that say so: a changed secret does not show here, and cannot leak from here."""
    objects = {manifest.resource.urn: manifest.safe for manifest in manifests}
    resources = [
        Snapshot(
            resource.urn,
            resource.type,
            resource.name,
            resource.parent,
            resource.custom,
            resource.read,
            objects[resource.urn] if resource.urn in objects else markers.mask(without_kubeconfig(resource)),
            bool(resource.options.protect),
            bool(resource.options.retain_on_delete),
            resource.options.aliases,
        )
        for resource in run.resources
    ]
    return State(resources, markers.mask(dict(run.outputs)), folders)


def without_kubeconfig(resource: Resource) -> Mapping[str, Any]:
    """The inputs, of a Kubernetes provider without its kubeconfig: a key to the cluster, or a path on somebody's machine."""
    inputs = resource.inputs
    hidden = resource.type == "pulumi:providers:kubernetes" and "kubeconfig" in inputs
    return {**inputs, "kubeconfig": markers.SECRET_TEXT} if hidden else inputs


def state_file(project: Path, stack: str) -> Path:
    """Where a stack's state is kept."""
    return project / FOLDER / f"{stack}.json"


def load_state(file: Path) -> State:
    """The last state; an empty one before the first `up`."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["version"] != VERSION:
            raise LocalError(f"{file}: written by another version of this tool; delete it, and the next `up` shows everything as new")
        resources = [Snapshot(**cast("dict[str, Any]", entry)) for entry in content["resources"]]
        return State(resources, content["outputs"], content["folders"])
    except FileNotFoundError:
        return State()
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise LocalError(f"{file}: cannot be read ({error}); delete it, and the next `up` shows everything as new") from None


def save_state(file: Path, state: State) -> None:
    """Writes the state. Aliases are the program's to say, not the past's."""
    prepare_folder(file.parent)
    resources = [{key: value for key, value in asdict(resource).items() if key != "aliases"} for resource in state.resources]
    content = {"version": VERSION, "resources": resources, "outputs": state.outputs, "folders": list(state.folders)}
    replace_text(file, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False))


def prepare_folder(folder: Path) -> None:
    """Makes the state's folder, so that one that cannot be written is found before anything else is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
        stage_text(ignore, "").unlink()
    except OSError as error:
        raise LocalError(f"{folder}: cannot be written: {error.strerror}; the state is kept there, and nothing was changed") from None


def replace_text(file: Path, text: str) -> None:
    """Writes a file whole or not at all."""
    stage_text(file, text).replace(file)


def stage_text(file: Path, text: str) -> Path:
    """The text in a file beside its destination, ready to take its place. Permissions are those of any new file."""
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
