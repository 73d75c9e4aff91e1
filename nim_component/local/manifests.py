"""From the resources of a run to the files that the Kubernetes provider's YAML rendering would write for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2s
from pathlib import Path
from typing import Any

from ..text.field_paths import show_path
from . import kubernetes_provider, markers
from .errors import LocalError
from .normalisation import normalise, to_object
from .resources import Resource, Run
from .schema import UnknownKindError, validate_object
from .yaml_writer import render_yaml


@dataclass(frozen=True)
class Manifest:
    """One object: as the program gave it, as it is rendered, and where its file goes."""

    resource: Resource
    given: Mapping[str, Any]

    @cached_property
    def object(self) -> dict[str, Any]:
        """The normalised object, markers in place."""
        return normalise(self.given)

    @property
    def api_version(self) -> str:
        """Such as `apps/v1`."""
        return str(self.given["apiVersion"])

    @property
    def kind(self) -> str:
        """Such as `Deployment`."""
        return str(self.given["kind"])

    @cached_property
    def safe(self) -> dict[str, Any]:
        """The object with texts in the place of secret and unknown values."""
        return markers.mask(self.object)

    @cached_property
    def text(self) -> str:
        """The file's content."""
        return render_yaml(self.safe)

    @cached_property
    def name(self) -> str:
        """What its file calls it: `serving/llama`. An unknown name gives way to a digest of the URN, so that files stay apart."""
        return f"{self.part('namespace') or 'default'}/{self.part('name')}"

    def part(self, key: str) -> str:
        """A part of the name; unknown and secret ones are not for file names."""
        metadata: Any = self.object.get("metadata")
        value: Any = metadata.get(key) if isinstance(metadata, dict) else markers.UNKNOWN  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if value is None or isinstance(value, str):
            return value or ""
        return f"unknown-{blake2s(self.resource.urn.encode()).hexdigest()[:8]}"

    @property
    def path(self) -> Path:
        """The file's place below the output directory."""
        namespace, _, name = self.name.partition("/")
        group_version = self.api_version.replace("/", "_").replace(":", "_")
        definition = self.kind == "CustomResourceDefinition" and self.api_version in kubernetes_provider.BUILTIN_GROUP_VERSIONS
        return Path("0-crd" if definition else "1-manifest") / f"{group_version}-{self.kind.lower()}-{namespace}-{name}.yaml"

    @cached_property
    def secrets(self) -> list[str]:
        """Paths of the values that are not written because they are secret."""
        return [show_path(path) for path in markers.find_paths(self.object, markers.Secret)]

    @cached_property
    def unknowns(self) -> list[str]:
        """Paths of the values that are not known."""
        return [show_path(path) for path in markers.find_paths(self.object, markers.Unknown)]


def collect_manifests(run: Run) -> list[Manifest]:
    """The objects that a run's program would create. LocalError for names that no file can have, or that the provider refuses."""
    manifests: list[Manifest] = []
    for resource in run.resources:
        if resource.custom and not resource.read and kubernetes_provider.is_object(resource.type):
            api_version, kind = kubernetes_provider.group_version_kind(resource.type, resource.raw)
            manifests.append(Manifest(resource, to_object(resource.inputs, api_version, kind)))
    refuse_names(manifests)
    return manifests


def refuse_names(manifests: Iterable[Manifest]) -> None:
    """What has no name, and what would leave the output directory."""
    for manifest in manifests:
        urn = manifest.resource.urn
        if not manifest.part("name"):
            raise LocalError(
                f"{urn}: the `.metadata.generateName` field is not supported in YAML rendering mode; set `.metadata.name`, or neither"
            )
        if manifest.path.parts[1:] != (manifest.path.name,) or manifest.path.name in ("", ".", ".."):
            raise LocalError(f"{urn}: `.metadata` holds a name with a slash in it, '{manifest.name}', which no object can have")


def find_clashes(manifests: Iterable[Manifest]) -> list[tuple[Path, list[str]]]:
    """Files that more than one resource claims. A cluster refuses the second of them."""
    claims: defaultdict[Path, list[str]] = defaultdict(list)
    for manifest in manifests:
        claims[manifest.path].append(manifest.resource.urn)
    return [(path, urns) for path, urns in claims.items() if len(urns) > 1]


def validate_manifests(manifests: Iterable[Manifest], version: str) -> tuple[list[str], list[str]]:
    """Errors and notes of the strict schema check; each error names resource, field and rule."""
    errors: list[str] = []
    custom: set[str] = set()
    for manifest in manifests:
        try:
            problems = validate_object(manifest.given, version)
        except UnknownKindError as error:
            custom.add(str(error))
            continue
        where = f"{manifest.kind} {manifest.name} ({manifest.resource.urn})"
        errors.extend(f"{where}: {problem.path}: {problem.rule}" for problem in problems)
    notes = [f"{kind} is a custom resource: no schema to check it against" for kind in sorted(custom)]
    return errors, notes
