"""Manifests of a run: the files that the Kubernetes provider writes in YAML rendering mode."""

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
    """A Kubernetes object and its file."""

    resource: Resource
    given: Mapping[str, Any]
    """Object before normalisation."""

    @cached_property
    def object(self) -> dict[str, Any]:
        """Normalised object with its markers."""
        return normalise(self.given)

    @property
    def api_version(self) -> str:
        """`apiVersion`, such as `apps/v1`."""
        return str(self.given["apiVersion"])

    @property
    def kind(self) -> str:
        """`kind`, such as `Deployment`."""
        return str(self.given["kind"])

    @cached_property
    def masked(self) -> dict[str, Any]:
        """Normalised object with texts in place of secret and unknown values."""
        return markers.mask(self.object)

    @cached_property
    def text(self) -> str:
        """Content of the file."""
        return render_yaml(self.masked)

    @cached_property
    def name(self) -> str:
        """Namespace and name in the file name: `serving/llama`.

        In place of an unknown value stands a hash of the URN, so that file names differ.
        """
        return f"{self.name_part('namespace') or 'default'}/{self.name_part('name')}"

    def name_part(self, key: str) -> str:
        """Return `name` or `namespace` for the file name.

        Unknown and secret values are replaced by a hash.
        """
        metadata: Any = self.object.get("metadata")
        value: Any = metadata.get(key) if isinstance(metadata, dict) else markers.UNKNOWN  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if value is None or isinstance(value, str):
            return value or ""
        return f"unknown-{blake2s(self.resource.urn.encode()).hexdigest()[:8]}"

    @property
    def path(self) -> Path:
        """Path of the file below the output folder."""
        namespace, _, name = self.name.partition("/")
        group_version = self.api_version.replace("/", "_").replace(":", "_")
        definition = self.kind == "CustomResourceDefinition" and self.api_version in kubernetes_provider.BUILTIN_GROUP_VERSIONS
        return Path("0-crd" if definition else "1-manifest") / f"{group_version}-{self.kind.lower()}-{namespace}-{name}.yaml"

    @cached_property
    def secrets(self) -> list[str]:
        """Paths of secret values, which are not written."""
        return [show_path(path) for path in markers.find_paths(self.object, markers.Secret)]

    @cached_property
    def unknowns(self) -> list[str]:
        """Paths of unknown values."""
        return [show_path(path) for path in markers.find_paths(self.object, markers.Unknown)]


def collect_manifests(run: Run) -> list[Manifest]:
    """Return the manifests of a run.

    Raises:
        LocalError: The provider does not accept a name, or it cannot be a file name.
    """
    manifests: list[Manifest] = []
    for resource in run.resources:
        if resource.custom and not resource.read and kubernetes_provider.is_object(resource.type):
            api_version, kind = kubernetes_provider.read_api_version_kind(resource.type, resource.raw)
            manifests.append(Manifest(resource, to_object(resource.inputs, api_version, kind)))
    validate_names(manifests)
    return manifests


def validate_names(manifests: Iterable[Manifest]) -> None:
    """Raise LocalError for objects without a name, and for paths outside the output folder."""
    for manifest in manifests:
        urn = manifest.resource.urn
        if not manifest.name_part("name"):
            raise LocalError(
                f"{urn}: the `.metadata.generateName` field is not supported in YAML rendering mode. Set `.metadata.name`, or neither."
            )
        if manifest.path.parts[1:] != (manifest.path.name,) or manifest.path.name in ("", ".", ".."):
            raise LocalError(f"{urn}: `.metadata` contains '{manifest.name}', and names cannot contain a slash. Remove the slash.")


def find_clashes(manifests: Iterable[Manifest]) -> list[tuple[Path, list[str]]]:
    """Return the files to which several resources render, with their URNs.

    A cluster rejects all but the first.
    """
    urns_by_path: defaultdict[Path, list[str]] = defaultdict(list)
    for manifest in manifests:
        urns_by_path[manifest.path].append(manifest.resource.urn)
    return [(path, urns) for path, urns in urns_by_path.items() if len(urns) > 1]


def validate_manifests(manifests: Iterable[Manifest], version: str) -> tuple[list[str], list[str]]:
    """Validate manifests against the schemas of a Kubernetes version. Return errors and notes."""
    errors: list[str] = []
    custom: set[str] = set()
    for manifest in manifests:
        try:
            violations = validate_object(manifest.given, version)
        except UnknownKindError as error:
            custom.add(str(error))
            continue
        where = f"{manifest.kind} {manifest.name} ({manifest.resource.urn})"
        errors.extend(f"{where}: {violation.path}: {violation.problem}" for violation in violations)
    notes = [f"{kind} is a custom resource: not validated, because its schema is not available" for kind in sorted(custom)]
    return errors, notes
